# SPDX-License-Identifier: GPL-2.0
"""The history of a disk: what may be there when the power is cut."""

from __future__ import annotations

import random
import tempfile
import unittest
from pathlib import Path

from raslab.history import Cutting, History
from raslab.tests.test_disk import FLUSH, Log, block


class Made(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.disk = Path(directory.name) / "disk"
        first, second = Log(), Log()
        first.add(0, block(b"a") + block(b"b"))
        first.add(0, flags=FLUSH)
        first.add(4, block(b"c"))
        second.add(0, block(b"d"))
        second.add(0, flags=FLUSH)
        second.add(5, block(b"e"))
        logs = []
        for number, log in enumerate((first, second)):
            logs.append(Path(directory.name) / f"log.{number}")
            logs[-1].write_bytes(log.file().getvalue())
        self.history = History(logs, 8 * 512)

    def made(self, cutting: Cutting) -> str:
        self.history.make(self.disk, cutting)
        data = self.disk.read_bytes()
        self.assertEqual(len(data), 8 * 512)
        return "".join(chr(byte or ord(".")) for byte in data[::512])

    def test_all(self) -> None:
        kept = [self.made(Cutting(made)) for made in range(7)]
        right = ["........", "ab......", "ab......", "ab..c...", "db..c...", "db..c..."]
        self.assertEqual(kept, [*right, "db..ce.."])

    def test_lost_and_torn(self) -> None:
        self.assertEqual(self.made(Cutting(6, frozenset([0, 2]))), "d....e..")
        self.assertEqual(self.made(Cutting(3, torn={0: [1]})), ".b..c...")
        self.assertEqual(self.made(Cutting(3, torn={0: []})), "....c...")

    def test_lives(self) -> None:
        self.assertEqual(self.history.ends, [3, 6])
        self.assertEqual(self.history.data(3), block(b"d"))
        self.assertEqual(self.history.data(0), block(b"a") + block(b"b"))

    def test_writes(self) -> None:
        self.assertEqual(self.history.writes(), [0, 2, 3, 5])
        self.assertEqual(self.history.writes(0), [0, 3])

    def test_flushed(self) -> None:
        self.assertEqual([self.history.flushed(made) for made in range(7)], [0, 0, 2, 2, 2, 5, 5])
        self.assertEqual(self.history.unflushed(1), [0])
        # The end of a life is no flush.
        self.assertEqual(self.history.unflushed(4), [2, 3])
        self.assertEqual(self.history.unflushed(6), [5])

    def test_cuttings(self) -> None:
        rand = random.Random(1)
        self.assertEqual(self.history.cuttings(2, rand), [Cutting(2)])
        found = self.history.cuttings(1, rand)
        self.assertEqual(found, [Cutting(1), Cutting(1, frozenset([0]))])
        some = {cutting.lost for _ in range(50) for cutting in self.history.cuttings(4, rand)}
        every = {frozenset[int](), frozenset([2]), frozenset([3]), frozenset([2, 3])}
        self.assertEqual(some, every)
