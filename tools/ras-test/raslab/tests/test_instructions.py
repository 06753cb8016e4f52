# SPDX-License-Identifier: GPL-2.0
"""Instructions from what ras_bench.ko prints."""

from __future__ import annotations

import unittest

from raslab.instructions import parse, table
from raslab.lab import LabError

# As two CPUs in Bochs have printed it, but for the first round and the third.
CONSOLE = """\
[    3.101000] RT: ras_bench: nmi 9900 stop 40000 release 9000 machine 99900 ipi 9000 guard 99999 watched 99999
[    3.104000] RT: ras_bench: begin, time stamps of 50000 kHz
[    3.107000] RT: ras_bench: nmi 5800 stop 21200 release 5200 machine 44500 ipi 8600 guard 30000 watched 20400
[    3.110000] RT: ras_bench: nmi 5800 stop 21200 release 5200 machine 44500 ipi 8600 guard 30000 watched 20400
[    3.113000] RT: ras_bench: nmi 5900 stop 21200 release 5200 machine 47100 ipi 8600 guard 30000 watched 20400
[    3.116000] RT: ras_bench: end
"""


class ParseTest(unittest.TestCase):
    """The module's lines."""

    def test_figures(self) -> None:
        figures = parse(CONSOLE, 2)
        self.assertEqual((figures.cpus, figures.rounds), (2, 3))
        self.assertEqual(figures.median["nmi"], 290)
        self.assertEqual(figures.median["stop"], 1060)
        self.assertEqual(figures.median["machine"], 2225)
        self.assertEqual(figures.spread["nmi"], 5)
        self.assertEqual(figures.spread["machine"], 130)
        self.assertEqual(figures.spread["stop"], 0)
        self.assertAlmostEqual(figures.ratio, 3.655, 3)

    def test_clock(self) -> None:
        figures = parse(CONSOLE.replace("50000 kHz", "100000 kHz"), 2)
        self.assertEqual(figures.median["nmi"], 580)

    def test_not_finished(self) -> None:
        for missing in ("RT: ras_bench: end", "RT: ras_bench: begin", "RT: ras_bench: nmi"):
            with self.assertRaises(LabError):
                parse(CONSOLE.replace(missing, "RT: nothing"), 2)


class TableTest(unittest.TestCase):
    """The table."""

    def test_columns(self) -> None:
        lines = table([parse(CONSOLE, 2), parse(CONSOLE, 4)])
        self.assertEqual(len({len(line) for line in lines[:3]}), 1)
        self.assertEqual(lines[0].split()[:3], ["CPUs", "raw", "NMI"])
        self.assertEqual(lines[1].split()[:4], ["2", "290", "1060", "260"])
        self.assertEqual(lines[2].split()[-1], "3.66")
        self.assertLessEqual(max(map(len, lines)), 100)
        self.assertIn("3 rounds", lines[-1])
        self.assertIn("differ by 130", lines[-1])


if __name__ == "__main__":
    unittest.main()
