# SPDX-License-Identifier: GPL-2.0
"""The time from one line of a console to another, by the host's clock."""

from __future__ import annotations

import re
import select
import time
from abc import ABC, abstractmethod

from raslab.machine import Life

PANIC = "Kernel panic - not syncing"


class Listener(ABC):
    """Takes in a console as it arrives here."""

    @abstractmethod
    def hear(self, data: bytes, now: float) -> None:
        """Some of the console.  A line counts when all of it is there."""

    @abstractmethod
    def done(self) -> bool:
        """Is all there that was waited for?"""

    def listen(self, life: Life, limit_s: float) -> None:
        """Until it is done, or the machine has ended, or time is over."""
        assert life.line is not None
        until = time.monotonic() + limit_s
        while not self.done() and time.monotonic() < until:
            if select.select([life.line], [], [], 1.0)[0]:
                try:
                    data = life.line.recv(65536)
                except ConnectionError:
                    break
                if not data:
                    break
                self.hear(data, time.monotonic())


class Stopwatch(Listener):
    """Takes the time between two lines, which two expressions find."""

    def __init__(self, end: str, begin: str = PANIC) -> None:
        self._expressions = re.compile(begin.encode()), re.compile(end.encode())
        self._rest = b""
        self._begun: float | None = None
        self.seconds: float | None = None
        self.heard = b""

    def hear(self, data: bytes, now: float) -> None:
        begin, end = self._expressions
        self.heard += data
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._begun is None:
                if begin.search(line):
                    self._begun = now
            elif self.seconds is None and end.search(line):
                self.seconds = now - self._begun

    def done(self) -> bool:
        return self.seconds is not None


class Timeline(Listener):
    """Keeps all lines, each with its time; done at a line that an expression finds."""

    def __init__(self, end: str = "(?!)") -> None:
        self._end = re.compile(end)
        self._rest = b""
        self.lines: list[tuple[float, str]] = []

    def hear(self, data: bytes, now: float) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [(now, line.decode(errors="replace").rstrip("\r")) for line in lines]

    def done(self) -> bool:
        return self.find(self._end.pattern) is not None

    def at(self, expression: str) -> float | None:
        """When the first line came that the expression finds."""
        found = (now for now, line in self.lines if re.search(expression, line))
        return next(found, None)

    def find(self, expression: str) -> re.Match[str] | None:
        """What it finds in the first such line."""
        found = (re.search(expression, line) for _, line in self.lines)
        return next((match for match in found if match), None)
