# SPDX-License-Identifier: GPL-2.0
"""Test Anything Protocol, version 14, the little of it that is needed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from raslab.check import Answer
from raslab.lab import LabError

# Of a log that a failure shows.
SHOWN_LINES = 40


def clean(text: str) -> str:
    """A description in which nothing looks like a directive."""
    return " ".join(text.split()).replace("#", "\\#")


class Tap:
    """Writes results to standard output."""

    def __init__(self) -> None:
        self.count = 0
        self.failed = 0

    def _result(self, good: bool, name: str, directive: str = "") -> None:
        self.count += 1
        self.failed += not good and not directive.startswith("TODO")
        mark = f" # {directive}" if directive else ""
        print(f"{'ok' if good else 'not ok'} {self.count} - {clean(name)}{mark}", flush=True)

    def comment(self, text: str, indent: int = 0) -> None:
        """Lines for the reader."""
        for line in text.splitlines():
            print(f"{' ' * indent}# {line}", flush=True)

    def ok(self, condition: object, name: str, detail: Path | str | None = None) -> None:
        """A test; where it fails, its lines or those of its file say what came."""
        self._result(bool(condition), name)
        if condition or detail is None:
            return
        if isinstance(detail, Path):
            detail = (
                detail.read_text(encoding="utf-8", errors="replace")
                if detail.is_file()
                else f"no file {detail.name}"
            )
        self.comment("\n".join(f"  {line}" for line in detail.splitlines()[-SHOWN_LINES:]))

    def same(self, name: str, expected: object, got: object) -> None:
        """A test that two things are equal."""
        self.ok(expected == got, name, f"expected {expected}\ngot      {got}")

    def skip(self, name: str, reason: str) -> None:
        """A test that was not run."""
        self._result(True, name, f"SKIP {clean(reason)}")

    def todo(self, name: str, reason: str) -> None:
        """A test whose failure is known."""
        self._result(False, name, f"TODO {clean(reason)}")

    def subtest(self, name: str, answers: Sequence[Answer]) -> None:
        """The checks of a row, indented, before the line of the row."""
        print(f"# Subtest: {clean(name)}")
        for number, answer in enumerate(answers, 1):
            print(f"    {'ok' if answer.ok else 'not ok'} {number} - {clean(answer.title)}")
            if not answer.ok:
                self.comment(f"  expected {answer.expected}\n  got      {answer.got}", 4)
        print(f"    1..{len(answers)}", flush=True)

    def done(self) -> int:
        """The plan; the exit status of the test."""
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0

    @staticmethod
    def skip_all(reason: str) -> int:
        """Instead of all tests."""
        print(f"1..0 # SKIP {reason}", flush=True)
        return 0


def run_test(main: Callable[[], int]) -> NoReturn:
    """Run a test program, and exit with its status.

    SIGTERM is an interrupt, so that what the test has started is ended on the way out.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except LabError as error:
        print(f"Bail out!  {error}")
        sys.exit(1)
