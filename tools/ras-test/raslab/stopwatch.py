# SPDX-License-Identifier: GPL-2.0
"""The time from one line of a console to another, by the host's clock."""

from __future__ import annotations

import re
import select
import time

from raslab.machine import Life

PANIC = "Kernel panic - not syncing"


class Stopwatch:
    """Takes the time between two lines as they arrive here, which two expressions find."""

    def __init__(self, end: str, begin: str = PANIC) -> None:
        self._expressions = re.compile(begin.encode()), re.compile(end.encode())
        self._rest = b""
        self._begun: float | None = None
        self.seconds: float | None = None
        self.heard = b""

    def hear(self, data: bytes, now: float) -> None:
        """Some of the console.  A line counts when all of it is there."""
        begin, end = self._expressions
        self.heard += data
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._begun is None:
                if begin.search(line):
                    self._begun = now
            elif self.seconds is None and end.search(line):
                self.seconds = now - self._begun

    def listen(self, life: Life, limit_s: float) -> None:
        """Until the second line is there, or the machine has ended, or time is over."""
        assert life.line is not None
        until = time.monotonic() + limit_s
        while self.seconds is None and time.monotonic() < until:
            if select.select([life.line], [], [], 1.0)[0]:
                try:
                    data = life.line.recv(65536)
                except ConnectionError:
                    break
                if not data:
                    break
                self.hear(data, time.monotonic())
