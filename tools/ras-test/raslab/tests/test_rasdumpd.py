# SPDX-License-Identifier: GPL-2.0
"""Peers that are rasdumpd: what is made of their logs and files."""

from __future__ import annotations

import os
import tempfile
import threading
import time
import unittest
from pathlib import Path

from raslab.rasdumpd import NextRasdumpd, most_at_once


class Receptions(unittest.TestCase):
    """What the log of rasdumpd tells."""

    def test_how_many_at_once(self) -> None:
        def most(*told: str) -> int:
            pairs = (one.split() for one in told)
            return most_at_once([{"event": event, "file": file} for event, file in pairs])

        self.assertEqual(most(), 0)
        self.assertEqual(most("begins a", "complete a", "begins b", "complete b"), 1)
        self.assertEqual(most("begins a", "begins b", "complete a", "partial b"), 2)
        self.assertEqual(most("begins a", "begins a", "complete a"), 1)
        self.assertEqual(most("begins a", "refused none", "begins b"), 2)
        self.assertEqual(most("begins a", "partial a", "begins a", "begins b"), 2)
        self.assertEqual(most("begins a.partial", "complete a", "begins b.partial"), 1)
        self.assertEqual(most("begins a.partial", "failed a.failed", "begins b.partial"), 1)


class NextOnes(unittest.TestCase):
    """The receiver that is next, without a program."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = Path(place.name)

    def late_ms(self, *names: str) -> int:
        """With these files, of which the one of the first receiver is 12 s old."""
        for name in names:
            path = self.directory / name
            path.parent.mkdir()
            path.touch()
            if "rasdumpd" in name:
                os.utime(path, (0, time.time() - 12))
        peer = NextRasdumpd(self.directory, {})
        thread = threading.Thread(target=peer._note_begin, args=(None,))
        thread.start()
        time.sleep(0.1)
        peer.stopping.set()
        thread.join(5)
        return peer.counts["late_ms"]

    def test_how_late_it_begins(self) -> None:
        late = self.late_ms("peer-rasdumpd/a.partial", "peer-next/b.partial")
        self.assertTrue(12000 <= late < 13000, late)

    def test_no_dump(self) -> None:
        self.assertEqual(self.late_ms("peer-rasdumpd/a.partial"), 0)

    def test_nothing_before(self) -> None:
        self.assertEqual(self.late_ms("peer-next/b.partial"), 0)


if __name__ == "__main__":
    unittest.main()
