# SPDX-License-Identifier: GPL-2.0
"""The judges of consoles and of KUnit, with what a console may have."""

import unittest
from pathlib import Path

from raslab.check import Answer, Check, Evidence
from raslab.judges import JUDGES
from raslab.lab import Lab
from raslab.row import LifeRow, Row
from raslab.target import Target

TOP = Path(__file__).resolve().parents[4]
KUNIT = """\
[    1.0]     ok 1 - first
[    1.1]     ok 2 - second # SKIP too few CPUs
[    1.2] ok 1 - ras_good
[    1.3]     ok 1 - first
[    1.4]     not ok 2 - second
[    1.5] not ok 2 - ras_bad
[    1.6]     ok 1 - only # SKIP too few CPUs
[    1.7] ok 3 - ras_skipped
"""


def answer(check: Check, *consoles: str) -> Answer:
    """What the judge of its place says."""
    row = Row("a", "b", "c", 1, (check,), (LifeRow(),) * len(consoles))
    target = Target(Lab(TOP, Path("/nowhere"), 1, "tcg"))
    evidence = Evidence(Path("/nowhere"), target, row, consoles=list(consoles))
    return JUDGES[check.place](evidence).answer(check)


class KunitTest(unittest.TestCase):
    """A suite has passed if its line says so, and its cases do."""

    def passes(self, suite: str, console: str = KUNIT) -> bool:
        return answer(Check("kunit", f"suite {suite}", "pass"), console).ok

    def test_suites(self) -> None:
        self.assertTrue(self.passes("ras_good"))
        self.assertFalse(self.passes("ras_bad"))
        self.assertFalse(self.passes("ras_skipped"), "no case was run")
        self.assertFalse(self.passes("ras_absent"))

    def test_line_that_hides_a_failed_case(self) -> None:
        self.assertFalse(self.passes("ras_bad", KUNIT.replace("] not ok 2 - r", "] ok 2 - r")))

    def test_count(self) -> None:
        title = answer(Check("kunit", "suite ras_good", "pass"), KUNIT).title
        self.assertEqual(title, "KUnit suite ras_good: 2 cases, 1 skipped")


class ConsoleTest(unittest.TestCase):
    """Of all lives, or of one."""

    def test_has_and_lacks(self) -> None:
        for what, expected, ok in (
            ("has", "^two$", True),
            ("has", "^three$", False),
            ("lacks", "^three$", True),
            ("lacks", "^two$", False),
        ):
            with self.subTest(what, expected=expected):
                self.assertIs(answer(Check("console", what, expected), "one\ntwo\n").ok, ok)

    def test_nothing_is_lacking_in_silence(self) -> None:
        self.assertFalse(answer(Check("console", "lacks", "x"), "").ok)

    def test_lives(self) -> None:
        lives = ("first\n", "second\n")
        self.assertTrue(answer(Check("console 2", "has", "second"), *lives).ok)
        self.assertFalse(answer(Check("console 2", "has", "first"), *lives).ok)
        self.assertFalse(answer(Check("console 3", "has", "first"), *lives).ok)
