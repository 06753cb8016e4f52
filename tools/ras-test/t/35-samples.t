#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The sample module, as somebody builds it who has a distribution's package of kernel
headers and nothing else of the kernel or the framework."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import kernel
from raslab.complaints import COMPLAINT
from raslab.lab import Lab, LabError
from raslab.tap import Tap, run_test
from raslab.target import Target

CALL_S = 600
REFUSAL = "GPL-incompatible module ras_peek.ko uses GPL-only symbol 'ras_"
HOOKS = """ras_crash_kexec ras_hibernate ras_hibernate_complete ras_hibernate_prepare ras_kgdb_cpus
    ras_kgdb_exception ras_kgdb_may_join ras_kgdb_panic ras_nmi_poll ras_panic ras_panic_in_handler
    ras_panic_lost"""


def symbols(path: Path, *options: str) -> list[tuple[str, str]]:
    """The symbols of an object: the letter of nm(1), and the name."""
    argv = ["nm", *options, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=False)
    words = (line.split()[-2:] for line in done.stdout.splitlines())
    return [(letter, name) for letter, name in words]


def exports(headers: Path) -> dict[str, str]:
    """What the kernel itself exports of the framework, and for whom."""
    lines = (headers / "Module.symvers").read_text(encoding="utf-8").splitlines()
    fields = (line.split("\t") for line in lines)
    mine = [field for field in fields if field[1].startswith("ras_") and field[2] == "vmlinux"]
    return {field[1]: field[3] for field in mine}


def declared(target: Target) -> set[str]:
    """The functions that linux/ras.h declares and the kernel has."""
    header = (target.lab.top / "include/linux/ras.h").read_text(encoding="utf-8")
    names = re.findall(r"^[a-z].*[ *](ras_[a-z_]*)\(", header, re.M)
    return set(names) & {name for letter, name in symbols(target.vmlinux) if letter == "T"}


def build(target: Target, work: Path, out: Path, *arguments: str) -> bool:
    """Build the sample against the headers."""
    with open(out, "w", encoding="utf-8") as log:
        argv = ["make", "-C", str(work), f"KDIR={target.headers}", *arguments]
        try:
            kernel.run(log, argv)
        except LabError as error:
            log.write(f"{error}\n")
            return False
    return True


def check_headers(target: Target, tap: Tap) -> None:
    """The headers are those of a distribution."""
    found = [str(path.relative_to(target.headers)) for path in target.headers.rglob("*")]
    own = [name for name in found if re.search(r"kernel/ras|ras-clients", name)]
    tap.ok(bool(found) and not own, "the headers have none of the framework's own", "\n".join(own))
    included = []
    for path in sorted((target.lab.top / "samples/ras").glob("*.c")):
        text = path.read_text(encoding="utf-8")
        included += re.findall(r'^#include [<"](.*ras.*)[>"]', text, re.M)
    name = "of the framework the sample includes linux/ras.h"
    tap.same(name, "linux/ras.h", "\n".join(included))


def check_build(target: Target, tap: Tap, work: Path, out: Path) -> None:
    """It builds, without a warning."""
    kernel.copy_changed(target.lab.top / "samples/ras", work)
    module = work / "ras_peek.ko"
    good = build(target, work, out, "W=1", "C=1") and module.exists()
    tap.ok(good and module.stat().st_size > 0, "it builds", out)
    said = out.read_text(encoding="utf-8", errors="replace")
    tap.ok(not COMPLAINT.search(said), "without a warning, W=1 and sparse", out)


def check_exports(target: Target, tap: Tap, work: Path) -> None:
    """What is exported, and for whom."""
    exported = exports(target.headers)
    given = {name for name, kind in exported.items() if kind == "EXPORT_SYMBOL_GPL"}
    undefined = symbols(work / "ras_peek.ko", "-u")
    wanted = sorted(name for _, name in undefined if name.startswith("ras_"))
    name = "what it takes from the framework is exported, for the GPL"
    tap.same(name, "\n".join(wanted), "\n".join(sorted(set(wanted) & given)))
    name = "what linux/ras.h declares is exported, but the hooks"
    tap.same(name, " ".join(HOOKS.split()), " ".join(sorted(declared(target) - given)))
    name = "nothing of the framework is exported for anybody else"
    tap.same(name, "", "\n".join(sorted(set(exported) - given)))


def check_closed(target: Target, tap: Tap, work: Path, out: Path) -> None:
    """The same module, if it is not free."""
    kernel.copy_changed(target.lab.top / "samples/ras", work)
    source = work / "ras_peek.c"
    text = source.read_text(encoding="utf-8")
    closed = text.replace('MODULE_LICENSE("GPL")', 'MODULE_LICENSE("Proprietary")')
    source.write_text(closed, encoding="utf-8")
    refused = not build(target, work, out)
    said = out.read_text(encoding="utf-8", errors="replace")
    tap.ok(refused and REFUSAL in said, "a module that is not free is refused", out)


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    target, place = Target(lab), lab.build / "check"
    place.mkdir(exist_ok=True)
    kernel.need_kernel(target)
    out, work, closed = place / "samples.log", place / "samples", place / "samples.closed"
    for path in (work, closed):
        shutil.rmtree(path, ignore_errors=True)
    try:
        check_headers(target, tap)
        check_build(target, tap, work, out)
        check_exports(target, tap, work)
        check_closed(target, tap, closed, out)
    finally:
        for path in (work, closed):
            shutil.rmtree(path, ignore_errors=True)
    return tap.done()


run_test(main)
