# SPDX-License-Identifier: GPL-2.0
"""Which cases are run, and how they are reported."""

import contextlib
import io
import unittest
from pathlib import Path

from raslab.case import Case, Outcome, Result
from raslab.check import Answer, Check
from raslab.lab import Lab, LabError
from raslab.row import LifeRow, Row
from raslab.run import report, select, select_named
from raslab.tap import Tap

LAB = Lab(Path("/repository"), Path("/repository/build"), 2, "tcg")


def row(name: str, **fields: object) -> Row:
    """A row of which only some fields matter."""
    plain = Row(
        name=name,
        subject="made-up",
        about="something",
        cpus=1,
        checks=(Check("console", "has", "x"),),
        lives=(LifeRow(run="true"),),
    )
    return Row(**{**vars(plain), **fields})


def names(cases: list[Case]) -> list[str]:
    """As the reader sees them."""
    return [case.name for case in cases]


ROWS = [
    row("plain", represents=True),
    row("both", represents=True, models=("qemu", "bochs")),
    row("rare"),
    row("special", kernels=("modules",), represents=True),
    row("beside-a", kernels=("main", "unmodified")),
]


class SelectTest(unittest.TestCase):
    """The ordinary check, the full one, and rows by name."""

    def test_ordinary(self) -> None:
        self.assertEqual(names(select(ROWS, full=False)), ["plain", "both", "both (bochs)"])

    def test_full(self) -> None:
        wanted = ["plain", "plain (debug)", "both", "both (bochs)", "both (debug)", "rare"]
        wanted += ["rare (debug)", "special (modules)", "beside-a", "beside-a (unmodified)"]
        self.assertEqual(names(select(ROWS, full=True)), wanted)

    def test_named(self) -> None:
        self.assertEqual(
            names(select_named(ROWS, ["special", "r*"])), ["special (modules)", "rare"]
        )
        self.assertEqual(names(select_named(ROWS, ["rare"], "debug")), ["rare (debug)"])

    def test_no_such_row(self) -> None:
        with self.assertRaisesRegex(LabError, "nothing-like-it"):
            select_named(ROWS, ["nothing-like-it"])
        with self.assertRaisesRegex(LabError, "not for the off kernel"):
            select_named(ROWS, ["rare"], "off")


class ReportTest(unittest.TestCase):
    """Each outcome has its line."""

    def reported(self, result: Result) -> tuple[str, int]:
        output, tap = io.StringIO(), Tap()
        with contextlib.redirect_stdout(output):
            report(tap, LAB, result)
            status = tap.done()
        return output.getvalue(), status

    def result(self, outcome: Outcome, **fields: object) -> Result:
        good = outcome is Outcome.PASS
        answers = [Answer(good, "a line # with a sign", "this", "that")]
        return Result(Case(ROWS[0]), outcome, answers, "because", **fields)  # type: ignore[arg-type]

    def test_pass(self) -> None:
        text, status = self.reported(self.result(Outcome.PASS))
        self.assertIn(
            "    ok 1 - a line \\# with a sign\n    1..1\nok 1 - plain: something\n", text
        )
        self.assertEqual(status, 0)

    def test_fail_says_what_came(self) -> None:
        text, status = self.reported(self.result(Outcome.FAIL))
        self.assertIn("    not ok 1 - a line", text)
        self.assertIn("expected this\n    #   got      that", text)
        self.assertIn("not ok 1 - fail: plain: something", text)
        self.assertEqual(status, 1)

    def test_lost_once_is_said(self) -> None:
        text, status = self.reported(self.result(Outcome.PASS, lost="QEMU died of SIGSEGV"))
        self.assertIn("ok 1 - plain: something (lost once: QEMU died of SIGSEGV; run again)", text)
        self.assertEqual(status, 0)

    def test_lost_fails(self) -> None:
        text, status = self.reported(self.result(Outcome.LOST))
        self.assertIn("not ok 1 - lost: plain", text)
        self.assertEqual(status, 1)

    def test_known_failure_is_no_failure(self) -> None:
        text, status = self.reported(self.result(Outcome.KNOWN))
        self.assertIn("not ok 1 - plain: something # TODO because", text)
        self.assertEqual(status, 0)

    def test_skip(self) -> None:
        text, status = self.reported(self.result(Outcome.SKIP))
        self.assertIn("ok 1 - plain: something # SKIP because", text)
        self.assertEqual(status, 0)
