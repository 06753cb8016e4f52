# SPDX-License-Identifier: GPL-2.0
"""Registers as kdb, gdb, crash and drgn show them."""

from __future__ import annotations

import unittest
from dataclasses import replace

from raslab.registers import Shown, gdb_ip, kdb_ip, kdb_place, table

LINE = """\
[0]kdb> btc
Available cpus: 0-3
CPU: 0 PID: 81 Comm: sh Tainted: G           OE      6.1.192-ras #1
Call Trace:
CPU: 1 PID: 77 Comm: ras_marker/1
RIP: 0010:ras_test_place_spin+0xb/0x39 [ras_test]
CPU: 2 PID: 78 Comm: ras_marker/2
RIP: 0010:ras_test_place_irqsoff+0xa/0xc [ras_test]
[0]kdb> rd
ax: ffffffff81470bf0  bx: 0000000000000000  cx: 0000000000000000
ip: ffffffff810c1aa2  flags: 00000007  cs: 00000010
[0]kdb> cpu 1
Entering kdb (current=0x0000000000000000, pid 77) on processor 1
RIP: 0010:nowhere+0x1/0x2
[1]kdb> rd
ax: 0000000000000000  ip: ffffffffa000006b
[1]kdb> go
ip: 1234
"""
GDB = "Remote debugging\ngdb CPU 0 ffffffff810c1aa2\ngdb CPU 1 ffffffffa000006b\n"

ALIKE = Shown(1, "a", "a", "a", "a", "f+0xb", "f+0xb")


class Parsing(unittest.TestCase):
    """What kdb and gdb have said."""

    def test_kdb(self) -> None:
        self.assertEqual(kdb_ip(LINE, 0), "ffffffff810c1aa2")
        self.assertEqual(kdb_ip(LINE, 1), "ffffffffa000006b")
        self.assertEqual(kdb_ip(LINE, 2), "")
        self.assertEqual(kdb_place(LINE, 0), "")
        self.assertEqual(kdb_place(LINE, 1), "ras_test_place_spin+0xb")
        self.assertEqual(kdb_place(LINE, 2), "ras_test_place_irqsoff+0xa")

    def test_gdb(self) -> None:
        self.assertEqual(gdb_ip(GDB, 1), "ffffffffa000006b")
        self.assertEqual(gdb_ip(GDB, 2), "")


class Agreement(unittest.TestCase):
    """When they agree."""

    def test_alike(self) -> None:
        self.assertEqual(ALIKE.wrong, "")
        # CPU 1 was stopped by IPI: crash shows no exception there.
        self.assertEqual(replace(ALIKE, bt="").wrong, "")
        self.assertEqual(replace(ALIKE, cpu=0, btc="", bt="").wrong, "")

    def test_not_alike(self) -> None:
        for who in ("kdb", "gdb", "crash", "drgn"):
            self.assertEqual(replace(ALIKE, **{who: "b"}).wrong, "registers differ")
            self.assertEqual(replace(ALIKE, **{who: ""}).wrong, "one has nothing to say")
        self.assertEqual(replace(ALIKE, bt="f+0xc").wrong, "backtraces differ")
        self.assertIn("nobody says", replace(ALIKE, btc="", bt="").wrong)

    def test_table(self) -> None:
        lines = table([ALIKE, replace(ALIKE, gdb="")]).splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[2].split()[:5], ["1", "a", "-", "a", "a"])


if __name__ == "__main__":
    unittest.main()
