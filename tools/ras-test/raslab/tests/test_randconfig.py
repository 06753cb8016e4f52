# SPDX-License-Identifier: GPL-2.0
"""Random configurations, with the kernel's make replaced."""

import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import IO
from unittest import mock

from raslab import kernel, randconfig
from raslab.lab import LabError
from raslab.target import Target
from raslab.tests import made_up

CONFIG = "CONFIG_SMP=y\nCONFIG_RAS_STOP=y\nCONFIG_RAS_KMSG=m\nCONFIG_KGDB_KDB=n\n"


class ForcedTest(unittest.TestCase):
    """What is forced, and what a configuration has."""

    def test_clients_are_built_in_or_modules(self) -> None:
        self.assertIn("CONFIG_RAS_KMSG=y", randconfig.forced(4))
        self.assertIn("CONFIG_RAS_KDUMP=m", randconfig.forced(7))
        hows = {randconfig.forced(seed)[-1][-1] for seed in randconfig.SEEDS}
        self.assertEqual(hows, {"y", "m"})

    def test_ten_different_seeds(self) -> None:
        self.assertEqual(len(set(randconfig.SEEDS)), 10)


class CompileTest(unittest.TestCase):
    """What is called, and what counts as a warning."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.lab = made_up.repository(Path(directory.name))
        self.calls: list[Sequence[str]] = []
        self.config, self.said, self.broken = CONFIG, "", False
        for name, function in (("kmake", self.kmake), ("need_tree", lambda _: None)):
            patcher = mock.patch.object(kernel, name, function)
            patcher.start()
            self.addCleanup(patcher.stop)

    def kmake(self, target: Target, log: IO[str], *arguments: str, objects: Path) -> None:
        """Takes the place of make."""
        self.calls.append(arguments)
        (objects / ".config").write_text(self.config, encoding="utf-8")
        if "W=1" not in arguments:
            return
        self.assertFalse((objects / "kernel/ras").exists(), "all is compiled anew")
        (objects / "kernel/ras").mkdir(parents=True)
        log.write(self.said)
        if self.broken:
            raise LabError("make failed with status 2")

    def results(self) -> list[bool]:
        """Whether each went well."""
        return [good for _, good, _ in randconfig.compile_configurations(self.lab)]

    def test_all_of_them(self) -> None:
        names = [name for name, _, _ in randconfig.compile_configurations(self.lab)]
        self.assertEqual(names[0], f"randconfig {randconfig.SEEDS[0]}")
        self.assertEqual(names[-1], "allmodconfig")
        self.assertEqual(len(names), 11)
        self.assertIn(f"KCONFIG_SEED={randconfig.SEEDS[0]}", self.calls[0])
        self.assertEqual(self.calls[2], ("W=1", "C=1", *randconfig.OURS))

    def test_no_warning(self) -> None:
        self.said = "  CC      kernel/ras/stop.o\n  CHECK   kernel/ras/stop.c\n"
        self.assertEqual(self.results(), [True] * 11)

    def test_the_log_names_what_the_configuration_has(self) -> None:
        _, _, log = randconfig.compile_configurations(self.lab)[0]
        self.assertIn("has SMP\n", log.read_text())

    def test_a_warning(self) -> None:
        for said in (
            "kernel/ras/stop.c:7:1: warning: unused variable 'x' [-Wunused-variable]\n",
            "../include/linux/fortify-string.h:430:25: warning: call to '__write_overflow_field'\n",
            "kernel/ras/park.o: warning: objtool: ras_park+0x7: unreachable instruction\n",
            "../kernel/ras/park.c:9:5: error: marked inline, but without a definition\n",
        ):
            self.said = said
            self.assertEqual(self.results(), [False] * 11, said)

    def test_a_build_that_fails(self) -> None:
        self.broken = True
        self.assertEqual(self.results(), [False] * 11)

    def test_a_configuration_without_the_framework(self) -> None:
        self.config = "# CONFIG_RAS_STOP is not set\nCONFIG_SMP=y\n"
        self.assertEqual(self.results(), [False] * 11)
        self.assertFalse([call for call in self.calls if "W=1" in call])


if __name__ == "__main__":
    unittest.main()
