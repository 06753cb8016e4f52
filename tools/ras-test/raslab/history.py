# SPDX-License-Identifier: GPL-2.0
"""What was written to a disk, over some lives, and what the disk has if the power is cut.

The lives were logged by QEMU, see disk.py.  A disk keeps what was flushed.  Of what was written
since then it may have any part, in any order: sectors are written whole, and nothing else is
promised.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from raslab.disk import SECTOR, Entry, apply_entry, read_log

# By request, which of its sectors are on the disk; of those that are not named, all are.
Torn = Mapping[int, Collection[int]]


@dataclass(frozen=True)
class Cutting:
    """The first ``made`` requests were made; some of them are lost, or in part."""

    made: int
    lost: frozenset[int] = frozenset()
    torn: Torn = field(default_factory=dict)


class History:
    """All requests to a disk, counted from 0 over all lives."""

    def __init__(self, logs: Sequence[Path], size: int) -> None:
        self.logs, self.size = list(logs), size
        self.entries: list[Entry] = []
        # The number of the log of each entry, and how many entries there are up to its end.
        self._log_of: list[int] = []
        self.ends: list[int] = []
        for number, path in enumerate(self.logs):
            with open(path, "rb") as log:
                found = read_log(log)
            self.entries += found
            self._log_of += [number] * len(found)
            self.ends.append(len(self.entries))

    def writes(self, offset: int | None = None) -> list[int]:
        """The requests that write, or that write to this place."""
        return [
            number
            for number, entry in enumerate(self.entries)
            if entry.length and offset in (None, entry.offset)
        ]

    def data(self, number: int) -> bytes:
        """What a request writes."""
        entry = self.entries[number]
        with open(self.logs[self._log_of[number]], "rb") as log:
            log.seek(entry.data)
            return log.read(entry.length)

    def flushed(self, made: int) -> int:
        """How many requests were flushed when so many were made."""
        kept = [number for number in range(made) if self.entries[number].flushes]
        return kept[-1] + 1 if kept else 0

    def unflushed(self, made: int) -> list[int]:
        """The writes that may be lost."""
        return [n for n in range(self.flushed(made), made) if self.entries[n].length]

    def cuttings(self, made: int, rand: random.Random) -> list[Cutting]:
        """What may be there: all, the least, and something between."""
        loose = self.unflushed(made)
        some = frozenset(number for number in loose if rand.random() < 0.5)
        found = [Cutting(made), Cutting(made, frozenset(loose)), Cutting(made, some)]
        return [cutting for at, cutting in enumerate(found) if cutting not in found[:at]]

    def make(self, disk: Path, cutting: Cutting) -> None:
        """Make the disk, which was empty before all."""
        disk.unlink(missing_ok=True)
        with ExitStack() as stack:
            logs = [stack.enter_context(open(path, "rb")) for path in self.logs]
            file = stack.enter_context(open(disk, "w+b"))
            file.truncate(self.size)
            for number, entry in enumerate(self.entries[: cutting.made]):
                if number not in cutting.lost:
                    log = logs[self._log_of[number]]
                    self._apply(entry, cutting.torn.get(number), log, file)

    @staticmethod
    def _apply(
        entry: Entry, sectors: Collection[int] | None, log: BinaryIO, disk: BinaryIO
    ) -> None:
        if sectors is None:
            apply_entry(entry, log, disk)
            return
        for sector in sectors:
            at = sector * SECTOR
            part = Entry(entry.flags, entry.offset + at, SECTOR, entry.data + at)
            apply_entry(part, log, disk)
