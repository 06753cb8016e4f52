#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The sources: licences, style, documents, and no warning from the compiler or sparse."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import docutils.core

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import floors, kernel
from raslab.complaints import COMPLAINT, WARNING
from raslab.lab import Lab, LabError
from raslab.tap import Tap, run_test
from raslab.target import Target

CALL_S = 900
# Where the Makefile lists the objects floor by floor.
FLOORS = (
    "kernel/ras",
    "drivers/ras-clients/dump",
    "drivers/ras-clients/dump/block",
    "drivers/ras-clients/dump/net",
    "drivers/ras-clients/jump",
)

# A patch has its licence from the files it changes; scripts/get_abi.pl wants nothing but
# entries in a file of the ABI.
WITHOUT_LICENCE = re.compile(r"LICENSE$|patches/|Documentation/ABI/")
STYLED = re.compile(
    r"(kernel|arch|drivers)/.*\.[chS]$|include/.*\.h$|tools/.*/modules/.*\.c$|samples/.*\.c$"
)

# What docutils writes about a document, but for what only Sphinx and the kernel know.
MALFORMED = re.compile(
    r"(?m)^.*\((?:WARNING|ERROR|SEVERE)/[0-9]\) "
    r'(?!Unknown directive type "(?:toctree|kernel-doc)")'
    r'(?!Unknown interpreted text role "(?:doc|ref|c:[a-z]+)").*$'
)

CHECKPATCH = ["--no-tree", "--strict", "--terse", "--no-summary"]

# The compiler and sparse, afresh, for what is ours.
OURS = ["kernel/ras/", "arch/x86/ras/", "drivers/ras-clients/"]
# What includes the header that was renamed, and what has a hook.
HOOKED = [
    "kernel/panic.o",
    "kernel/kexec_core.o",
    "arch/x86/kernel/reboot.o",
    "arch/x86/kernel/dumpstack_64.o",
    "arch/x86/kernel/cpu/mce/core.o",
    "drivers/ras/",
    "kernel/debug/debug_core.o",
    "kernel/printk/",
]


def all_files(top: Path) -> list[str]:
    """The files of the repository, or of an archive that was made of it."""
    if (top / ".git").exists():
        argv = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
        done = subprocess.run(argv, cwd=top, capture_output=True, timeout=CALL_S, check=True)
        names = done.stdout.decode().split("\0")
    else:
        names = [str(path.relative_to(top)) for path in top.rglob("*")]
        names = [name for name in names if not name.startswith("build/")]
    return sorted(name for name in names if name and (top / name).is_file())


def has_licence(path: Path) -> bool:
    """Is the licence in the first three lines?"""
    head = path.read_bytes().split(b"\n")[:3]
    return any(b"SPDX-License-Identifier" in line for line in head)


def check_licences(lab: Lab, tap: Tap, files: list[str]) -> None:
    """Every file says under what licence it is."""
    files = [name for name in files if not WITHOUT_LICENCE.match(name)]
    files = [name for name in files if "__pycache__" not in name]
    lacking = [name for name in files if not has_licence(lab.top / name)]
    tap.same("every file has its SPDX line", "", "\n".join(lacking))


def without_blanks(text: str) -> str:
    """Documents indent what they show."""
    return text.translate({ord(" "): None, ord("\t"): None}).rstrip("\n")


def check_documents(lab: Lab, tap: Tap) -> None:
    """The client in the documents is the one that is built and run."""
    source = (lab.tools / "modules/ras_where.c").read_text(encoding="utf-8")
    built = without_blanks(source.split("\n", 1)[1])
    client = re.compile(r"^[^\n]*include <linux/module\.h>.*?MODULE_LICENSE[^\n]*$", re.M | re.S)
    for name in ("Documentation/ras/writing-a-client.rst", "README.md"):
        shown = client.findall((lab.top / name).read_text(encoding="utf-8"))
        tap.same(f"the client in {name} is ras_where.c", built, without_blanks("\n".join(shown)))


def malformed(path: Path) -> list[str]:
    """What docutils complains about in a document."""
    complaints = io.StringIO()
    docutils.core.publish_string(
        path.read_text(encoding="utf-8"),
        source_path=path.name,
        writer_name="null",
        settings_overrides={"warning_stream": complaints, "report_level": 2, "halt_level": 5},
    )
    return MALFORMED.findall(complaints.getvalue())


def check_format(lab: Lab, tap: Tap, files: list[str]) -> None:
    """The documents are what Sphinx can read."""
    documents = [lab.top / name for name in files if name.endswith(".rst")]
    found = [complaint for path in documents for complaint in malformed(path)]
    good = bool(documents) and not found
    tap.ok(good, "docutils has nothing to say of the documents", "\n".join(found))


def checkpatch(lab: Lab, out: Path, *arguments: str, patch: Path | None = None) -> bool:
    """Does the kernel's own checker keep silent?"""
    script = str(Target(lab).tree / "scripts/checkpatch.pl")
    argv = ["perl", script, *CHECKPATCH, *arguments]
    with open(out, "w", encoding="utf-8") as log, open(patch or os.devnull, "rb") as text:
        done = subprocess.run(
            argv, cwd=lab.top, stdin=text, stdout=log, stderr=log, timeout=CALL_S, check=False
        )
    return done.returncode == 0


def check_style(lab: Lab, tap: Tap, out: Path, files: list[str]) -> None:
    """checkpatch, for our own files and for the hooks."""
    styled = [name for name in files if STYLED.match(name)]
    # Without a tree it does not know which names in mixed case are the kernel's own.
    good = checkpatch(lab, out, "--ignore", "FILE_PATH_CHANGES,CAMELCASE", "-f", *styled)
    tap.ok(good and bool(styled), "checkpatch --strict has nothing to say", out)
    for patch in sorted((lab.top / "patches").rglob("*.patch")):
        # Labels of hibernate.c, for one, begin with a capital.
        types = "FILE_PATH_CHANGES,EMBEDDED_FILENAME,CAMELCASE"
        ignored = ["--no-signoff", "--ignore", types]
        good = checkpatch(lab, out, *ignored, "-", patch=patch)
        tap.ok(good, f"checkpatch --strict has nothing to say of {patch.name}", out)


def compile_ours(target: Target, objects: Path, out: Path) -> bool:
    """Compile what is ours with all warnings; say whether there was none."""
    directories = [] if target.flavour == "off" else OURS
    with open(out, "w", encoding="utf-8") as log:
        try:
            kernel.configure(target, log, objects)
            kernel.kmake(target, log, "prepare", objects=objects)
            for name in directories:
                shutil.rmtree(objects / name, ignore_errors=True)
            if directories:
                kernel.kmake(target, log, "W=1", "C=1", *directories, objects=objects)
        except LabError as error:
            log.write(f"{error}\n")
            return False
    return not COMPLAINT.search(out.read_text(encoding="utf-8", errors="replace"))


def compile_hooked(target: Target, objects: Path, out: Path) -> bool:
    """Compile the kernel's files that we change or disturb."""
    with open(out, "w", encoding="utf-8") as log:
        try:
            kernel.kmake(target, log, *HOOKED, objects=objects)
        except LabError as error:
            log.write(f"{error}\n")
            return False
    return not WARNING.search(out.read_text(encoding="utf-8", errors="replace"))


def check_compilers(lab: Lab, tap: Tap, out: Path) -> None:
    """gcc and sparse, for each way to configure the framework."""
    for flavour in ("main", "off", "up", "modules"):
        target = Target(lab, flavour)
        objects = target.base / f"warn-{flavour}"
        with lab.lock():
            good = compile_ours(target, objects, out)
            tap.ok(good, f"no warning with W=1 and sparse, {flavour} kernel", out)
            if flavour != "off":
                for place in FLOORS:
                    found = floors.check(lab.top / place / "Makefile", objects / place)
                    title = f"calls in {place} go down only, {flavour} kernel"
                    tap.same(title, "", "\n".join(found))
            good = compile_hooked(target, objects, out)
            tap.ok(good, f"the hooked files build, {flavour} kernel", out)


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    kernel.need_tree(Target(lab))
    out = lab.build / "check" / "sources.log"
    out.parent.mkdir(exist_ok=True)
    files = all_files(lab.top)
    check_licences(lab, tap, files)
    check_documents(lab, tap)
    check_format(lab, tap, files)
    check_style(lab, tap, out, files)
    check_compilers(lab, tap, out)
    return tap.done()


run_test(main)
