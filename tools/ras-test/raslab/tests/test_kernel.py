# SPDX-License-Identifier: GPL-2.0
"""When a kernel is configured and built, and whether its options have taken."""

import contextlib
import io
import os
import tempfile
import time
import unittest
from pathlib import Path
from typing import IO
from unittest import mock

from raslab import hooks, kernel
from raslab.lab import LabError
from raslab.target import Target
from raslab.tests import made_up


class OptionsTest(unittest.TestCase):
    """What fragments ask for, and what came of it."""

    def test_the_last_word_counts(self) -> None:
        wanted = kernel.wanted_options(
            [
                'CONFIG_SMP=y\nCONFIG_NR_CPUS=32\nCONFIG_LOCALVERSION="-ras"\n# a comment\n',
                "# CONFIG_SMP is not set\nCONFIG_NR_CPUS=8\nCONFIG_RAS_KDUMP=m\n",
            ]
        )
        expected = {
            "CONFIG_SMP": "n",
            "CONFIG_NR_CPUS": "8",
            "CONFIG_LOCALVERSION": '"-ras"',
            "CONFIG_RAS_KDUMP": "m",
        }
        self.assertEqual(wanted, expected)

    def test_a_fragment_without_a_last_newline(self) -> None:
        self.assertEqual(
            kernel.wanted_options(["CONFIG_A=y", "CONFIG_B=y"]), {"CONFIG_A": "y", "CONFIG_B": "y"}
        )

    def test_options_that_took(self) -> None:
        wanted = {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "n", "CONFIG_D": '"x y"'}
        config = 'CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_D="x y"\n'
        self.assertEqual(kernel.not_taken(wanted, config), [])

    def test_options_that_did_not(self) -> None:
        wanted = {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "m", "CONFIG_D": "32"}
        config = "# CONFIG_A is not set\nCONFIG_B=m\nCONFIG_C=y\nCONFIG_D=320\n"
        self.assertEqual(
            kernel.not_taken(wanted, config),
            ["CONFIG_A=y", "CONFIG_B=n", "CONFIG_C=m", "CONFIG_D=32"],
        )

    def test_a_number_that_is_left_out(self) -> None:
        # Without SMP there is a CONFIG_NR_CPUS that nobody asked for.
        self.assertEqual(kernel.not_taken({"CONFIG_NR_CPUS": "n"}, "CONFIG_NR_CPUS=1\n"), [])


def runs(stat: Path) -> bool:
    """Does a process run, by its file in /proc?"""
    try:
        return stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class RunTest(unittest.TestCase):
    """Commands of a build."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.log = Path(directory.name, "log")

    def run_command(self, script: str) -> str:
        """Run a shell script as a command of a build; what it wrote."""
        with open(self.log, "w", encoding="utf-8") as log:
            log.write("before\n")
            kernel.run(log, ["sh", "-c", script])
        return self.log.read_text(encoding="utf-8")

    def test_what_it_writes_is_in_the_log_in_order(self) -> None:
        self.assertEqual(self.run_command("echo out; echo err >&2"), "before\nout\nerr\n")

    def test_a_failure_is_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "^sh failed with status 3$"):
            self.run_command("exit 3")

    def test_nothing_is_left_when_the_time_is_up(self) -> None:
        # The first ignores the polite way.
        script = "sh -c 'trap : TERM; while :; do sleep 1; done' & echo $!; sleep 100"
        with mock.patch.multiple(kernel, MAKE_S=0.5, END_S=0.5):
            with self.assertRaisesRegex(LabError, "did not end"):
                self.run_command(script)
        child = Path("/proc", self.log.read_text(encoding="utf-8").split()[-1], "stat")
        deadline = time.monotonic() + 10
        while runs(child):
            self.assertLess(time.monotonic(), deadline, "the child runs on")
            time.sleep(0.05)


class SourceTest(unittest.TestCase):
    """What a kernel is built from."""

    def test_kinds_of_files(self) -> None:
        for name in (
            "stop.c ras.h land.S vmlinux.lds Kconfig Kconfig.ras Makefile Kbuild 1.patch"
        ).split():
            self.assertTrue(kernel.is_source(Path("kernel/ras", name)), name)
        for name in "index.rst README.md check-dump testing.rst.txt init soak.sh sysfs-ras".split():
            self.assertFalse(kernel.is_source(Path("Documentation/ras", name)), name)


class RebuildTest(unittest.TestCase):
    """need_kernel(), with the compiler replaced by a note of what it was called for."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.lab = made_up.repository(Path(directory.name))
        self.target = Target(self.lab)
        self.tree = made_up.kernel_tree(self.target.tree)
        made_up.kernel_tree(Target(self.lab, "unmodified").tree)
        self.calls: list[str] = []
        self.broken = ""
        for name in ("configure", "build_kernel"):
            patcher = mock.patch.object(kernel, name, self.compiler(name))
            patcher.start()
            self.addCleanup(patcher.stop)

    def compiler(self, name: str) -> object:
        """A function that takes the place of one that calls make."""

        def called(target: Target, log: IO[str]) -> None:
            log.write(name)
            self.calls.append(name)
            target.objects.mkdir(parents=True, exist_ok=True)
            target.vmlinux.touch()
            if self.broken == name:
                raise LabError("an error in the source")

        return called

    def need(self, flavour: str = "main") -> list[str]:
        """What need_kernel() called."""
        self.calls = []
        with contextlib.redirect_stdout(io.StringIO()):
            kernel.need_kernel(Target(self.lab, flavour))
        return self.calls

    def change(self, name: str, text: str = "other\n") -> None:
        """Change a file of the repository."""
        made_up.write(self.lab.top, {name: text})

    def fails(self, name: str) -> None:
        """need_kernel() does not get past this."""
        self.broken = name
        with self.assertRaisesRegex(LabError, "an error in the source"):
            self.need()
        self.broken = ""

    def test_first_everything_and_then_nothing(self) -> None:
        self.assertEqual(self.need(), ["configure", "build_kernel"])
        self.assertEqual(self.need(), [])
        self.assertTrue((self.tree / "kernel/ras/stop.c").exists())

    def test_a_document_starts_no_build(self) -> None:
        self.need()
        self.change("Documentation/ras/index.rst")
        self.change("Documentation/ABI/testing/sysfs-ras")
        self.change("README.md")
        self.change("tools/ras-test/guest/init")
        self.assertEqual(self.need(), [])
        self.assertEqual((self.tree / "Documentation/ras/index.rst").read_text(), "other\n")

    def test_a_new_time_starts_no_build(self) -> None:
        self.need()
        os.utime(self.lab.top / "kernel/ras/stop.c")
        self.assertEqual(self.need(), [])

    def test_sources_start_a_build(self) -> None:
        self.need()
        for name in (
            "kernel/ras/stop.c",
            "kernel/ras/new.h",
            "kernel/ras/Makefile",
            "arch/x86/ras/land.S",
            "samples/ras/ras_peek.c",
            "tools/ras-test/modules/ras_test.c",
            "tools/ras-test/modules/Kbuild",
        ):
            self.change(name)
            self.assertEqual(self.need(), ["build_kernel"], name)
            self.assertEqual(self.need(), [], name)

    def test_a_source_that_is_gone_starts_a_build(self) -> None:
        self.need()
        (self.lab.top / "kernel/ras/stop.c").unlink()
        self.assertEqual(self.need(), ["build_kernel"])

    def test_options_start_both(self) -> None:
        self.need()
        for name in ("tools/ras-test/targets/ras.config", "Kconfig.ras"):
            self.change(name, "CONFIG_B=y\n")
            self.assertEqual(self.need(), ["configure", "build_kernel"], name)

    def test_an_unmodified_kernel_has_only_the_modules_of_ours(self) -> None:
        self.assertEqual(self.need("unmodified"), ["configure", "build_kernel"])
        self.change("kernel/ras/stop.c")
        self.change("Kconfig.ras")
        self.assertEqual(self.need("unmodified"), [])
        self.assertFalse((Target(self.lab, "unmodified").tree / "kernel/ras").exists())
        self.change("tools/ras-test/modules/ras_test.c")
        self.assertEqual(self.need("unmodified"), ["build_kernel"])

    def test_a_failed_build_is_not_forgotten(self) -> None:
        self.need()
        before = (self.lab.top / "kernel/ras/stop.c").read_text()
        self.change("kernel/ras/stop.c")
        self.fails("build_kernel")
        # The objects are of the other source, though the source is as before.
        self.change("kernel/ras/stop.c", before)
        self.assertEqual(self.need(), ["build_kernel"])

    def test_a_failed_configuration_is_not_forgotten(self) -> None:
        self.need()
        name = "tools/ras-test/targets/ras.config"
        before = (self.lab.top / name).read_text()
        self.change(name, "CONFIG_B=y\n")
        self.fails("configure")
        self.change(name, before)
        self.assertEqual(self.need(), ["configure", "build_kernel"])

    def test_a_kernel_that_was_removed_is_built(self) -> None:
        self.need()
        self.target.vmlinux.unlink()
        self.assertEqual(self.need(), ["build_kernel"])

    def unpack(self, target: Target, tree: Path) -> None:
        """Takes the place of hooks.unpack(): every file has the time of the archive."""
        for path in made_up.kernel_tree(tree).rglob("*"):
            os.utime(path, (1000, 1000))

    def test_a_changed_hook_has_the_source_unpacked_anew(self) -> None:
        self.unpack(self.target, self.tree)
        self.need()
        third = made_up.FIRST.replace("first hook\n", "first hook\nthird hook\n")
        panic = self.tree / "kernel/panic.c"
        for name, text in (
            ("0003-second.patch", made_up.hook(made_up.FIRST, third)),
            (
                "0003-second.patch",
                "--- a/Kbuild\n+++ b/Kbuild\n@@ -1 +1 @@\n-obj-y += kernel/\n+\n",
            ),
            (
                "0002-first.patch",
                "--- a/Kbuild\n+++ b/Kbuild\n@@ -1 +1 @@\n-obj-y += kernel/\n+y\n",
            ),
        ):
            self.change(f"patches/6.1/{name}", text)
            if name.startswith("0002"):
                (self.lab.top / "patches/6.1/0003-second.patch").unlink()
            with mock.patch.object(hooks, "unpack", self.unpack):
                self.assertEqual(self.need(), ["build_kernel"])
        # It has lost its hooks, and is still newer than the object that had them.
        self.assertEqual(panic.read_text(), made_up.PANIC)
        self.assertGreater(panic.stat().st_mtime, 1000)
        self.assertEqual((self.tree / "Makefile").stat().st_mtime, 1000)
        leavings = [path.name for path in self.lab.build.iterdir() if "linux-6.1." in path.name]
        self.assertEqual(leavings, [])

    def test_a_hook_that_is_gone_has_the_source_unpacked_anew(self) -> None:
        self.unpack(self.target, self.tree)
        far = made_up.SECOND.replace("line 12", "line twelve")
        self.change("patches/6.1/apart/0001-far.patch", made_up.hook(made_up.SECOND, far))
        self.need()
        panic = self.tree / "kernel/panic.c"
        self.assertEqual(panic.read_text(), far)
        (self.lab.top / "patches/6.1/apart/0001-far.patch").unlink()
        with mock.patch.object(hooks, "unpack", self.unpack):
            self.assertEqual(self.need(), ["build_kernel"])
        self.assertEqual(panic.read_text(), made_up.SECOND)

    def test_hooks_that_do_not_apply(self) -> None:
        self.change("patches/6.1/0003-second.patch", made_up.hook("nowhere\n", "somewhere\n"))
        with mock.patch.object(hooks, "unpack", self.unpack):
            with self.assertRaisesRegex(LabError, "do not apply to linux-source-6.1: 0003-second"):
                self.need()


class CopyTest(unittest.TestCase):
    """What is the same keeps its time."""

    def test_only_what_differs_is_copied(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            source, into = Path(name, "source"), Path(name, "into")
            made_up.write(source, {"same.c": "1", "other.c": "2", "built.ko": ""})
            made_up.write(into, {"same.c": "1", "other.c": "1"})
            os.utime(into / "same.c", (1000, 1000))
            kernel.copy_changed(source, into)
            self.assertEqual(made_up.state(into), {"same.c": "1", "other.c": "2"})
            self.assertEqual((into / "same.c").stat().st_mtime, 1000)


if __name__ == "__main__":
    unittest.main()
