# SPDX-License-Identifier: GPL-2.0
"""What ./ras bench --dump reads from a console, and what takes kdump's dump."""

from __future__ import annotations

import io
import socket
import time
import unittest
from contextlib import redirect_stdout

from raslab.dump_times import RAW, Taken, Way, _phases, show_medians
from raslab.net_times import SEALED, Sink

CONSOLE = """\
[    1.5] ras_dump: armed: dump-nvme0n1, level 31, 1912 KiB of memory
[   12.8] ras_dump: dump to /dev/nvme0n1: kernel: 100 of 200 pages, 1 MiB, 38610 KiB/s, 6 s left
[   12.8] ras_dump: dump to /dev/nvme0n1: whole: 10200 of 10200 pages, 20480 KiB in 2210 ms
[   12.8] ras_dump: dump to /dev/nvme0n1: ms: classify 93, start 204, kernel image 353, slab 147, kernel 500, rest 1000
"""


class Consoles(unittest.TestCase):
    """Figures of one machine."""

    def test_a_dump(self) -> None:
        taken = Taken(2.5, CONSOLE, _phases(CONSOLE))
        self.assertEqual((taken.memory_kib, taken.pages, taken.kib), (1912, 10200, 20480))
        self.assertEqual(taken.phases["kernel image"], 353)
        # 20 MiB in the two seconds in which pages were written.
        self.assertAlmostEqual(taken.rate, 10.0)

    def test_sealed(self) -> None:
        text = CONSOLE.replace("20480 KiB in", "20480 KiB, sealed, in")
        self.assertEqual(Taken(2.5, text, {}).kib, 20480)

    def test_cut_off(self) -> None:
        text = CONSOLE.replace("whole:", "cut off: no room:")
        taken = Taken(2.5, text, _phases(text))
        self.assertEqual((taken.kib, taken.pages, taken.rate), (0, 0, 0.0))

    def test_nothing(self) -> None:
        taken = Taken(2.5, "", _phases(""))
        self.assertEqual((taken.memory_kib, taken.pages, taken.kib, taken.rate), (0, 0, 0, 0.0))

    def test_scripts(self) -> None:
        self.assertIn("dd if=/dev/zero of=/tmp/file bs=1M count=600", SEALED.run(2))
        self.assertIn("dd if=/dev/urandom", RAW.run(1))
        self.assertTrue(Way("a", "b", "", "first\n", command="last").run(1).startswith("first\n"))


class Tables(unittest.TestCase):
    """What a person sees of several rounds."""

    def test_medians(self) -> None:
        order: list[tuple[str, int]] = []

        def crash(way: Way, cpus: int) -> Taken:
            order.append((way.name, cpus))
            return Taken(float(len(order)), "")

        ways = (Way("one", "", ""), Way("other", "", ""))
        with redirect_stdout(io.StringIO()) as said:
            taken = show_medians(ways, (2, 1), 3, crash)
        self.assertEqual(order, [("one", 2), ("other", 2), ("one", 1), ("other", 1)] * 3)
        self.assertEqual([one.seconds for one in taken["other", 2]], [2.0, 6.0, 10.0])
        head, *lines = said.getvalue().splitlines()
        self.assertEqual(head.split(), ["2", "CPUs", "1", "CPU"])
        self.assertEqual(
            [line.split() for line in lines], [["one", "5.00", "7.00"], ["other", "6.00", "8.00"]]
        )


class Sinks(unittest.TestCase):
    """What takes kdump's dump."""

    def test_takes_and_closes(self) -> None:
        sink = Sink()
        self.addCleanup(sink.close)
        with socket.create_connection(("127.0.0.1", sink.port)) as sender:
            sender.sendall(bytes(100000))
            sender.shutdown(socket.SHUT_WR)
            sender.settimeout(10)
            # nc waits for this.
            self.assertEqual(sender.recv(1), b"")
        self.assertEqual(sink.bytes, 100000)

    def test_nobody_comes(self) -> None:
        sink = Sink()
        begin = time.monotonic()
        sink.close()
        self.assertLess(time.monotonic() - begin, 4)
