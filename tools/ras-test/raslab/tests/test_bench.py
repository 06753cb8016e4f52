# SPDX-License-Identifier: GPL-2.0
"""Figures of ./ras bench: read from a console, and put into lines."""

from __future__ import annotations

import random
import subprocess
import tempfile
import unittest
from pathlib import Path

from raslab.commands import bench
from raslab.lab import Lab
from raslab.stopwatch import Stopwatch
from raslab.target import Target

CONSOLE = """RT: up 6.1.192-ras 2 CPUs
RT: ras_bench: nmi 9700 stop 12500 release 3400 machine 25100 ipi 8100 guard 2175 watched 1403
RT: ras_bench: nmi 9900 stop 12700 release 3600 machine 25300 ipi 8300 guard 2177 watched 1405
RT: ras_bench: nmi 70500 stop 77000 release 5000 machine 79300 ipi 68700 guard 9999 watched 9998
RT: end
"""
# As bench.sh had it: which of the sorted values, counted from one.
AWK = """
{ v[NR] = $1 }
END { p = int(NR * 0.99); if (p < 1) p = 1; print v[int((NR + 1) / 2)], v[p] }
"""


class Figures(unittest.TestCase):
    """Median and 99th percentile."""

    def test_known(self) -> None:
        self.assertEqual(bench.Figure(2, 3), bench.figure([4, 1, 3, 2]))
        self.assertEqual(bench.Figure(3, 4), bench.figure([5, 4, 3, 2, 1]))
        self.assertEqual(bench.Figure(7, 7), bench.figure([7]))
        self.assertEqual(bench.Figure(100, 198), bench.figure(range(1, 201)))
        self.assertEqual(bench.Figure(13, 24), bench.figure(range(1, 26)))

    def test_as_awk_had_it(self) -> None:
        seeded = random.Random(10)
        for count in (1, 2, 3, 20, 25, 50, 99, 100, 101, 200):
            values = sorted(seeded.randrange(10**7) for _ in range(count))
            awk = subprocess.run(
                ["awk", AWK],
                input="".join(f"{value}\n" for value in values),
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
            found = bench.figure(values)
            self.assertEqual(awk.stdout.split(), [str(found.median), str(found.p99)], count)


class Lines(unittest.TestCase):
    """The lines of the tables."""

    def test_stops(self) -> None:
        known = {
            "nmi": (9700, 70500),
            "stop": (12460, 77000),
            "release": (3400, 5000),
            "machine": (25100, 79300),
            "ipi": (8100, 68700),
        }
        rounds = {name: [median] * 197 + [p99] * 3 for name, (median, p99) in known.items()}
        self.assertEqual(
            "   2    200       9.7      70.5     12.5      77.0      3.4       5.0     25.1      79.3"
            "      8.1      68.7      1.28        2.0",
            bench.line_of_stops(2, rounds),
        )

    def test_guards(self) -> None:
        self.assertEqual(
            "    2 CPUs:  2177 ns without a deadline,  1405 ns with one",
            bench.line_of_guards(2, bench.parse_rounds(CONSOLE)),
        )

    def test_first_lines(self) -> None:
        self.assertEqual(
            "  framework, kmsg and kdump          median 0.615  (0.588 to 0.647)",
            bench.line_of_first_lines("framework, kmsg and kdump", [0.647, 0.588, 0.615]),
        )

    def test_nothing_measured(self) -> None:
        self.assertEqual({}, bench.parse_rounds("RT: up\nras_bench: nmi 1 stop 2\n"))


class FirstLines(unittest.TestCase):
    """From the panic message to the crash kernel's first line."""

    def test_time_of_whole_lines(self) -> None:
        first = Stopwatch("Linux version")
        first.hear(b"[    0.0] Linux version 6.1\r\n[ 1.0] Kernel panic - not ", 1.0)
        first.hear(b"syncing: x\r\n", 2.0)
        first.hear(b"[ 0.0] Linux ver", 2.5)
        self.assertIsNone(first.seconds)
        first.hear(b"sion 6.1\r\nmore\r\nLinux version", 2.75)
        first.hear(b"\n", 9.0)
        self.assertEqual(0.75, first.seconds)


class Objects(unittest.TestCase):
    """What is counted, and what is not."""

    def test_ours_at_any_depth(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            top = Path(__file__).resolve().parents[4]
            target = Target(Lab(top, Path(directory), 1, "tcg"))
            for name in (
                "kernel/ras/stop.o",
                "kernel/ras/stop_kunit.o",
                "kernel/ras/fake_arch.o",
                "kernel/ras/built-in.a",
                "kernel/panic.o",
                "arch/x86/ras/ops.o",
                "drivers/ras-clients/kmsg.o",
                "drivers/ras-clients/ras_kmsg.mod.o",
                "drivers/ras-clients/kgdb/line.o",
                "drivers/ras-clients/a/b/c.o",
            ):
                (target.objects / name).parent.mkdir(parents=True, exist_ok=True)
                (target.objects / name).touch()
            found = [
                str(path.relative_to(target.objects)) for path in bench.counted_objects(target)
            ]
        self.assertEqual(
            [
                "arch/x86/ras/ops.o",
                "drivers/ras-clients/a/b/c.o",
                "drivers/ras-clients/kgdb/line.o",
                "drivers/ras-clients/kmsg.o",
                "kernel/ras/stop.o",
            ],
            found,
        )
