# SPDX-License-Identifier: GPL-2.0
"""Laying the framework over a kernel tree: its own files, and hooks in the kernel's.

A hook is a patch of patches/<version>/, or of a series in a directory below that, which does
not need the framework.  Whether a hook is in a tree already is found out by taking it off a
copy, so a tree is changed only after everything has been tried.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from raslab.lab import Lab, LabError
from raslab.step import step
from raslab.target import Target, series

# The directories and files that are laid over a kernel tree.
PARTS = ("Kconfig.ras", "arch", "drivers", "include", "kernel", "Documentation", "samples")

# This hook gives the kernel's include/linux/ras.h another name, since the name is ours
# afterwards.  It has no lines that could be taken off.
RENAME = "rename from include/linux/ras.h\n"

# One call of patch, git or tar takes seconds; this is only there to end a wait.
CALL_S = 600

# What building samples in place leaves behind.
PRODUCTS = (".o", ".ko", ".mod", ".mod.c", ".cmd", ".a", "modules.order", "Module.symvers")

AUTHOR = ("user.name=The RAS stop framework", "user.email=ras-stop@localhost")

MESSAGE = """\
ras: add the stop framework

One way to stop a machine that dies, for all tools that want what is left of
it: a small core parks every CPU by IPI and NMI, saves the registers of each
once, and runs the tools as handlers in the order of their priority.

See Documentation/ras/index.rst. The hooks that use it follow.
"""


@dataclass(frozen=True)
class Hook:
    """One hook, and whether the tree has it already."""

    patch: Path
    applied: bool


def ours(top: Path) -> list[str]:
    """The framework's own files, by their names in a kernel tree."""
    found = []
    for part in PARTS:
        path = top / part
        files = [path] if path.is_file() else path.rglob("*")
        found += [str(file.relative_to(top)) for file in files if file.is_file()]
    return sorted(name for name in found if not name.endswith(PRODUCTS))


def hooked_files(patches: Sequence[Path]) -> list[str]:
    """The files of the kernel that hooks change, by the names they have afterwards."""
    text = "".join(patch.read_text(encoding="utf-8") for patch in patches)
    return sorted(set(re.findall(r"^\+\+\+ b/(.*)$", text, re.M)))


def original_files(patches: Sequence[Path]) -> list[str]:
    """The files of the kernel that hooks change, by the names they have before."""
    text = "".join(patch.read_text(encoding="utf-8") for patch in patches)
    return sorted(set(re.findall(r"^(?:--- a/|rename from )(.*)$", text, re.M)))


def version_of(tree: Path) -> str:
    """The version of a kernel tree, such as 6.1; empty if its Makefile does not say."""
    try:
        text = (tree / "Makefile").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    numbers = [re.search(rf"^{word} = (\d+)", text, re.M) for word in ("VERSION", "PATCHLEVEL")]
    return ".".join(number[1] for number in numbers if number)


def _install(source: Path, target: Path) -> None:
    """Copy a file to a place that may not exist, or that may be a link to elsewhere."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _patch(directory: Path, patch: Path, *options: str) -> bool:
    """Apply a patch, and say whether that went well."""
    argv = ["patch", "-d", str(directory), "-p1", "-f", "-s", "--no-backup-if-mismatch", *options]
    with open(patch, "rb") as file:
        done = subprocess.run(argv, stdin=file, capture_output=True, timeout=CALL_S, check=False)
    return done.returncode == 0


def lay_plan(lab: Lab, tree: Path) -> list[Hook]:
    """Say for each hook whether the tree has it.

    LabError says why the framework cannot be laid over this tree.  Nothing is changed.
    """
    places = ((tree / "Kbuild").is_file(), (tree / "kernel/panic.c").is_file())
    if not all(places) or not (tree / "arch/x86").is_dir():
        raise LabError(f"{tree} is no Linux source tree")
    version = version_of(tree)
    known = sorted(path.name for path in (lab.top / "patches").iterdir() if path.is_dir())
    if version not in known:
        raise LabError(f"{tree} is Linux {version}; there are hooks for {' '.join(known)}")
    patches = series(lab.top, version)
    with tempfile.TemporaryDirectory() as copy:
        return plan_on_copy(tree, Path(copy), patches)


def plan_on_copy(tree: Path, copy: Path, patches: Sequence[Path]) -> list[Hook]:
    """Find out which hooks a tree has, on a copy of the files that they change.

    A hook may change lines next to those of another, so whether one is there shows only
    when those after it have been taken off.
    """
    for name in hooked_files(patches):
        if (tree / name).is_file():
            _install(tree / name, copy / name)
    applied = {patch for patch in reversed(patches) if _take_off(tree, copy, patch)}
    for patch in patches:
        renames = _renames(patch)
        if patch in applied:
            good = renames or _patch(copy, patch)
        elif renames:
            good = _patch(tree, patch, "-F0", "--dry-run")
        else:
            good = _patch(copy, patch, "-F0")
        if not good:
            raise LabError(f"{patch.name} does not apply to {tree}")
    return [Hook(patch, patch in applied) for patch in patches]


def _renames(patch: Path) -> bool:
    return RENAME in patch.read_text(encoding="utf-8")


def _take_off(tree: Path, copy: Path, patch: Path) -> bool:
    """Take a hook off the copy; say whether it was there."""
    if _renames(patch):
        if not (tree / "include/linux/ras_error.h").is_file():
            return False
        header = tree / "include/linux/ras.h"
        return not (header.is_file() and "__RAS_H__" in header.read_text(errors="replace"))
    options = ("-R", "-F0")
    return _patch(copy, patch, *options, "--dry-run") and _patch(copy, patch, *options)


def lay_over(lab: Lab, tree: Path) -> list[str]:
    """Lay hooks and files over a tree, changing only what differs; say what was changed."""
    changed: list[str] = []
    plan = lay_plan(lab, tree)
    try:
        for hook in plan:
            if hook.applied:
                continue
            if not _patch(tree, hook.patch, "-F0"):
                raise LabError(f"{hook.patch.name} does not apply to {tree}")
            changed.append(f"applied  {hook.patch.name}")
        for name in ours(lab.top):
            source, target = lab.top / name, tree / name
            if not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
                _install(source, target)
                changed.append(f"wrote    {name}")
    except (LabError, OSError) as error:
        raise LabError("\n".join([f"failed halfway: {error}; done was:", *changed])) from error
    return changed


def install_into(lab: Lab, directory: Path) -> int:
    """``./ras install-into DIR``"""
    tree = Path(os.path.abspath(directory))
    if not tree.is_dir():
        raise LabError(f"{directory} is no directory")
    try:
        # Everything is tried before anything is changed.
        lay_plan(lab, tree)
    except LabError as error:
        raise LabError(f"{error}; nothing was changed") from error
    changed = lay_over(lab, tree)
    if not changed:
        print(f"{tree} has it all; nothing was changed")
        return 0
    print(*changed, sep="\n")
    print(f'\nNow enable CONFIG_RAS_STOP in {tree} (menu "RAS stop framework").')
    return 0


def need_source(target: Target) -> None:
    """Unpack the kernel's source where the target's tree is to be, if there is none."""
    if not (target.tree / "Makefile").is_file():
        name = f"unpack{'' if target.hooked else '-unmodified'}.log"
        step(target.lab, f"Unpacking {target.package}", name, lambda _: unpack(target, target.tree))


def unpack(target: Target, tree: Path) -> None:
    """Unpack the kernel's source; a tree that is there is all there."""
    beside = tree.with_name(tree.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    argv = ["tar", "-xf", str(target.source), "-C", str(beside), "--strip-components=1"]
    try:
        subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=True)
    except subprocess.CalledProcessError as error:
        raise LabError(f"{target.source} cannot be unpacked: {error.stderr.strip()}") from error
    beside.rename(tree)


class _Repository:
    """A git repository for a moment, which does not ask for the user's own settings."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = dict(os.environ, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        self.git("init", "-q")

    def git(self, *arguments: str, text: str = "") -> None:
        settings = [word for value in AUTHOR for word in ("-c", value)]
        argv = ["git", "-C", str(self.directory), *settings, *arguments]
        subprocess.run(
            argv,
            input=text,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=CALL_S,
            check=True,
        )

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-F", "-", text=message)


def patches(lab: Lab, directory: Path) -> int:
    """``./ras patches DIR``: the framework as a series for "git am"."""
    out = Path(os.path.abspath(directory))
    out.mkdir(parents=True, exist_ok=True)
    if any(out.glob("*.patch")):
        raise LabError(f"{out} has patches already")
    target = Target(lab, "unmodified")
    with lab.lock():
        need_source(target)
    with tempfile.TemporaryDirectory() as directory_of_git:
        try:
            _write_series(target, _Repository(Path(directory_of_git)), out)
        except subprocess.CalledProcessError as error:
            why = (error.stderr.strip().splitlines() or ["git failed"])[-1]
            raise LabError(f"the hooks do not apply to {target.tree}: {why}") from error
    print(*sorted(path.name for path in out.iterdir()), sep="\n")
    return 0


def _write_series(target: Target, repository: _Repository, out: Path) -> None:
    """Commit what the hooks change, the first hook, our own files, and the other hooks."""
    hooks = target.patches
    for name in original_files(hooks):
        _install(target.tree / name, repository.directory / name)
    repository.commit("base")
    repository.git("am", "-q", str(hooks[0]))
    for name in ours(target.lab.top):
        _install(target.lab.top / name, repository.directory / name)
    repository.commit(MESSAGE)
    repository.git("am", "-q", *(str(hook) for hook in hooks[1:]))
    options = ("-q", "--no-signature", "--zero-commit", "-o", str(out))
    repository.git("format-patch", *options, f"HEAD~{len(hooks) + 1}")
