#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""./ras install-into and ./ras patches, on unmodified, patched and foreign trees."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import kernel
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.target import VERSION, Target

CALL_S = 600

# As much of a tree as the hooks touch.
PART = ("Kbuild", "Kconfig", "Makefile", "kernel", "arch/x86", "drivers/Makefile", "include/linux")
PART += ("Documentation/subsystem-apis.rst",)


class Install:
    """What the checks share: the lab, a place for trees, and what a command said last."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.tap = lab, Tap()
        self.place = lab.build / "check"
        self.place.mkdir(exist_ok=True)
        self.out = self.place / "install.log"
        self.hooks = lab.top / "patches" / VERSION
        self.trees = [self.place / name for name in ("tree", "damaged", "series", "repo", "empty")]
        self.tree, self.damaged, self.series, self.repo, self.empty = self.trees

    def clean(self) -> None:
        """Remove the trees."""
        for path in self.trees:
            shutil.rmtree(path, ignore_errors=True)

    def part(self, tree: Path) -> None:
        """Make the part of an unmodified tree that the hooks touch."""
        source = Target(self.lab, "unmodified").tree
        for name in PART:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            if (source / name).is_dir():
                shutil.copytree(source / name, tree / name, symlinks=True)
            else:
                shutil.copy2(source / name, tree / name)

    def run(self, *argv: str, cwd: Path | None = None, append: bool = False) -> int:
        """Run a command, and keep what it says."""
        env = dict(os.environ, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
        with open(self.out, "a" if append else "w", encoding="utf-8") as log:
            return subprocess.run(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=CALL_S,
                check=False,
            ).returncode

    def ras(self, command: str, directory: Path) -> int:
        """Run ./ras."""
        return self.run(str(self.lab.top / "ras"), command, str(directory))

    def said(self, expression: str) -> bool:
        """Did the last command say that?"""
        return re.search(expression, self.out.read_text(encoding="utf-8")) is not None

    def git_am(self, tree: Path, series: Path) -> bool:
        """Does git take a series on a tree?"""
        patches = sorted(map(str, series.glob("*.patch")))
        commands = [
            ("init", "-q"),
            ("config", "user.name", "x"),
            ("config", "user.email", "x@localhost"),
            ("add", "-A"),
            ("commit", "-q", "-m", "base"),
            ("am", "-q", *patches),
        ]
        self.out.write_text("")
        done = (self.run("git", *words, cwd=tree, append=True) for words in commands)
        return bool(patches) and all(status == 0 for status in done)


def state(tree: Path) -> str:
    """A checksum of everything in a tree."""
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return kernel.digest([path for path in files if ".git" not in path.parts], tree)


def check_install(test: Install) -> None:
    """An unmodified tree, the same again, and with a change."""
    tap, tree, out = test.tap, test.tree, test.out
    test.part(tree)
    tap.ok(test.ras("install-into", tree) == 0, "a pristine tree takes it", out)
    tap.ok(test.said("applied  0003-panic"), "it says what it changed", out)
    before = state(tree)
    tap.ok(test.ras("install-into", tree) == 0, "a second time is no error", out)
    tap.ok(test.said("nothing was changed"), "and says that nothing was changed", out)
    tap.same("and changes nothing", before, state(tree))

    with open(tree / "kernel/ras/stop.c", "a", encoding="utf-8") as file:
        file.write("/* local change */\n")
    test.ras("install-into", tree)
    first = out.read_text(encoding="utf-8").split("\n", 1)[0]
    name = "only the file that differs is written again"
    tap.same(name, "wrote    kernel/ras/stop.c", first)


def check_refusals(test: Install) -> None:
    """A tree that has changed where a hook belongs, and what is no tree."""
    tap, tree, out = test.tap, test.damaged, test.out
    test.part(tree)
    panic = tree / "kernel/panic.c"
    text = panic.read_text(encoding="utf-8")
    word = "_crash_kexec_post_notifiers"
    panic.write_text(text.replace(f"{word})", f"{word} )"), encoding="utf-8")
    before = state(tree)
    status = test.ras("install-into", tree)
    tap.same("a tree whose panic() has changed is refused", 1, status)
    tap.ok(test.said("0003-panic.*does not apply"), "with the hook that does not apply", out)
    tap.same("and is not changed", before, state(tree))

    test.empty.mkdir()
    tap.same("what is no kernel tree is refused", 1, test.ras("install-into", test.empty))
    tap.ok(test.said("is no Linux source tree"), "with that reason", out)
    tap.same("and so is what is not there", 1, test.ras("install-into", test.place / "nowhere"))


def check_series(test: Install) -> None:
    """The same as patches for git."""
    tap, out = test.tap, test.out
    tap.ok(test.ras("patches", test.series) == 0, "the series is written", out)
    test.part(test.repo)
    tap.ok(test.git_am(test.repo, test.series), "git am takes it", out)
    test.ras("install-into", test.tree)
    name = "and comes to the same as install-into"
    tap.same(name, state(test.tree), state(test.repo))


def check_apart(test: Install) -> None:
    """A series of its own does not need the framework."""
    for series in sorted(path for path in test.hooks.iterdir() if path.is_dir()):
        shutil.rmtree(test.repo)
        test.part(test.repo)
        good = test.git_am(test.repo, series)
        test.tap.ok(good, f"git am takes {series.name} alone", test.out)


def main() -> int:
    """Run the checks."""
    lab = Lab.from_environment()
    kernel.need_tree(Target(lab, "unmodified"))
    test = Install(lab)
    test.clean()
    try:
        check_install(test)
        check_refusals(test)
        check_series(test)
        check_apart(test)
    finally:
        test.clean()
    return test.tap.done()


run_test(main)
