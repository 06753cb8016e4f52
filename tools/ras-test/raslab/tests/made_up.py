# SPDX-License-Identifier: GPL-2.0
"""A small repository and a small kernel tree, for tests of what lays one over the other."""

from __future__ import annotations

import difflib
from pathlib import Path

from raslab.lab import Lab

TARGETS = """\
[version."6.1"]
package = "linux-source-6.1"
source = "/nowhere/linux-source-6.1.tar.xz"
[arch.x86_64]
kernel = "arch/x86/boot/bzImage"
qemu = "qemu-system-x86_64"
cpu = "max"
console = "ttyS0"
words = ""
[flavour.main]
about = "with everything"
fragments = ["base", "ras"]
[flavour.unmodified]
about = "without"
fragments = ["base"]
hooks = false
"""

PANIC = "".join(f"line {number}\n" for number in range(1, 13))
FIRST = PANIC.replace("line 6\n", "line 6\nfirst hook\n")
SECOND = FIRST.replace("first hook\n", "first hook\nsecond hook\n")

KERNEL_HEADER = "#ifndef __RAS_H__\n#endif\n"

RENAME = """\
diff --git a/include/linux/ras.h b/include/linux/ras_error.h
similarity index 100%
rename from include/linux/ras.h
rename to include/linux/ras_error.h
"""

TREE = {
    "Makefile": "# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\n",
    "Kbuild": "obj-y += kernel/\n",
    "kernel/panic.c": PANIC,
    "kernel/configs/tiny-base.config": "CONFIG_EMBEDDED=y\n",
    "arch/x86/Kbuild": "obj-y += entry/\n",
    "include/linux/ras.h": KERNEL_HEADER,
}

OURS = {
    "Kconfig.ras": "config RAS_STOP\n\tbool\n",
    "include/linux/ras.h": "#ifndef _LINUX_RAS_H\n#endif\n",
    "kernel/ras/stop.c": "int stopped;\n",
    "Documentation/ras/index.rst": "A document.\n",
    "samples/ras/ras_peek.c": "int peeked;\n",
    "tools/ras-test/modules/ras_test.c": "int tested;\n",
    "tools/ras-test/modules/Kbuild": "obj-m := ras_test.o\n",
    "tools/ras-test/targets/targets.toml": TARGETS,
    "tools/ras-test/targets/base.config": "CONFIG_64BIT=y\n",
    "tools/ras-test/targets/ras.config": "CONFIG_RAS_STOP=y\n",
}


def write(top: Path, files: dict[str, str]) -> None:
    """Write files below a directory."""
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")


def hook(before: str, after: str) -> str:
    """A patch of kernel/panic.c."""
    name = "kernel/panic.c"
    lines = before.splitlines(True), after.splitlines(True)
    return "".join(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}"))


def repository(place: Path) -> Lab:
    """A repository with three hooks, the last two in neighbouring lines."""
    hooks = {
        "0001-rename.patch": RENAME,
        "0002-first.patch": hook(PANIC, FIRST),
        "0003-second.patch": hook(FIRST, SECOND),
    }
    top = place / "top"
    write(top, OURS)
    write(top / "patches" / "6.1", hooks)
    lab = Lab(top, place / "build", 1, "tcg")
    lab.claim()
    return lab


def kernel_tree(tree: Path) -> Path:
    """An unmodified kernel tree."""
    write(tree, TREE)
    return tree


def state(tree: Path) -> dict[str, str]:
    """What is in a tree."""
    files = [path for path in tree.rglob("*") if path.is_file()]
    return {str(path.relative_to(tree)): path.read_text(encoding="utf-8") for path in files}
