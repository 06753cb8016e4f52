# SPDX-License-Identifier: GPL-2.0
"""Checks: what a judge is asked, from what it answers, and what it answers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar

from raslab import expression as expressions
from raslab.row import Check as Check
from raslab.row import Row as Row
from raslab.row import RowError as RowError
from raslab.target import Target


class End(str, Enum):
    """How a life ended."""

    OFF = "switched itself off"
    RESET = "reset"
    CUT = "had its power cut"
    STUCK = "was still running when its time was up"
    SILENT = "had said nothing for too long"
    HANGUP = "was ended because its conversation failed"
    DIED = "lost its emulator"


# Ends after which nobody knows what the kernel would have done.
LOST = (End.STUCK, End.SILENT, End.DIED)


@dataclass(frozen=True)
class Answer:
    """What came of a check."""

    ok: bool
    title: str
    expected: str = ""
    got: str = ""


@dataclass
class Evidence:
    """What a machine and its peers have left of one case."""

    directory: Path
    target: Target
    row: Row
    model: str = "qemu"
    ends: list[End] = field(default_factory=list)
    # By life: what the console had, without carriage returns and the time of RT lines.
    consoles: list[str] = field(default_factory=list)
    line: str = ""
    gdb: str = ""
    seconds: float = 0.0
    vmcore: Path | None = None

    @property
    def console(self) -> str:
        """The consoles of all lives."""
        return "\n".join(self.consoles)


class Judge(ABC):
    """Answers the checks about one place.  One judge per case, made after its end."""

    where: ClassVar[str]

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    @classmethod
    @abstractmethod
    def accept(cls, check: Check) -> None:
        """Raise RowError if the check is not of this judge's grammar."""

    @abstractmethod
    def answer(self, check: Check) -> Answer:
        """Look, and say what was found."""


def compiled(expression: object) -> re.Pattern[str]:
    """An extended regular expression; RowError says what is wrong with it."""
    if not isinstance(expression, str):
        raise RowError(f"{expression!r} is not a regular expression")
    try:
        return expressions.compiled(expression)
    except expressions.ExpressionError as error:
        raise RowError(f"{expression!r}: {error}") from error


def matching_line(expression: str, text: str) -> str | None:
    """The first line of the text that matches, as grep has it."""
    if not text.endswith("\n"):
        text += "\n"
    match = compiled(expression).search(text)
    if match is None:
        return None
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return text[start : end if end >= 0 else len(text)]


class TextJudge(Judge):
    """A judge of text: ``has`` and ``lacks`` a line that matches."""

    # What the text is called in a sentence.
    called: ClassVar[str]

    @classmethod
    def accept(cls, check: Check) -> None:
        if check.what not in ("has", "lacks"):
            raise RowError(f"{cls.where} cannot be asked {check.what!r}; it has or lacks")
        compiled(check.expected)

    @abstractmethod
    def text(self, check: Check) -> str:
        """Where to look."""

    def answer(self, check: Check) -> Answer:
        text, expression = self.text(check), str(check.expected)
        line = matching_line(expression, text)
        title = check.title or f"{self.called} {check.what} {expression}"
        if check.what == "has":
            got = line or self._last(text)
            return Answer(line is not None, title, f"a line that matches {expression}", got)
        # Nothing is lacking in what never said anything.
        ok = line is None and bool(text.strip())
        return Answer(ok, title, f"no line that matches {expression}", line or self._last(text))

    def _last(self, text: str) -> str:
        lines = [line for line in text.splitlines() if line.strip()]
        return f"none; {self.called} ends with {lines[-1]!r}" if lines else "nothing at all"
