# SPDX-License-Identifier: GPL-2.0
"""What ./ras bench --hibernate reads from consoles, and makes of it."""

from __future__ import annotations

import io
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from raslab.check import End
from raslab.hibernate_times import (
    LZ4,
    LZO,
    NONE,
    PLAIN,
    SIZES,
    Results,
    Seen,
    Size,
    Taken,
    Way,
    cells,
    lines_of_notes,
    lines_of_steps,
    lines_of_times,
    measure_all,
    median,
    show_hibernation,
)
from raslab.lab import Lab
from raslab.stopwatch import Timeline
from raslab.target import Target

IDLE, HALF = Size("idle"), Size("half", "50")
SAVE = """\
4.0 RT: up 6.1.192-ras 2 CPUs
10.0 RT: begins
15.5 up after 3.19 s
16.0 saved  50 %, 44 of 88 MiB, 44.0 MiB/s, 1 s left
17.0 saved 88.5 MiB in 4.2 s, 20.9 MiB/s"""
RESUME = """\
102.5 up after 1.75 s
105.0 checked 88.5 MiB in 4.2 s, 20.7 MiB/s
112.0 RT: save: /dev/vda: resumed; load 0.507 s, away 35 s by the machine's clock
112.5 RT: save: exit 0, CPUs 2
112.6 RT: swap: 0 KiB
113.0 RT: after: same"""
KERNEL_SAVE = """\
10.0 RT: begins
11.0 PM: Compressing and saving image data (25600 pages)...
12.0 PM: hibernation: Wrote 102400 kbytes in 0.86 seconds (63.24 MB/s)"""
KERNEL_RESUME = """\
101.5 PM: hibernation: resume from hibernation
108.0 RT: save: exit 0
108.1 RT: swap: 20480 KiB
109.0 RT: after: same"""
REFUSED = """\
10.0 RT: begins
11.0 PM: hibernation: Image allocation is 4711 pages short
12.0 RT: save: sh: write error: Cannot allocate memory
12.1 RT: save: exit 1"""


def seen(
    text: str, ended: float | None = None, end: End | None = None, started: float = 0.0
) -> Seen:
    """A life whose lines came at the times before them."""
    one = Seen(started, ended, end)
    for line in text.splitlines():
        at, _, rest = line.partition(" ")
        one.console.hear(f"[    1.5] {rest}\r\n".encode(), float(at))
    return one


def came_back(way: Way = LZ4, save: str = SAVE, resume: str = RESUME) -> Taken:
    """A machine that was off at 18.25, and on again at 100."""
    return Taken(way, seen(save, 18.25, End.OFF), seen(resume, started=100.0))


class Timelines(unittest.TestCase):
    """The lines of a console, and when they came."""

    def test_lines(self) -> None:
        line = Timeline("second")
        line.hear(b"first\r\nsec", 1.0)
        self.assertEqual(line.lines, [(1.0, "first")])
        self.assertFalse(line.done())
        line.hear(b"ond\nsecond\n", 2.0)
        self.assertTrue(line.done())
        self.assertEqual(line.lines[1:], [(2.0, "second"), (2.0, "second")])
        self.assertEqual((line.at("second"), line.at("third")), (2.0, None))
        found = line.find("s(.)c")
        self.assertEqual(found and found[1], "e")

    def test_without_an_end(self) -> None:
        line = Timeline()
        line.hear(b"\n\n", 1.0)
        self.assertFalse(line.done())


class Machines(unittest.TestCase):
    """Figures of one machine, and what has become of it."""

    def test_came_back(self) -> None:
        one = came_back()
        self.assertEqual((one.off, one.back, one.mib, one.swapped), (8.25, 12.0, 88.5, 0.0))
        self.assertEqual((one.failure, one.refusal), ("", ""))

    def test_swsusp(self) -> None:
        one = came_back(LZO, KERNEL_SAVE, KERNEL_RESUME)
        self.assertEqual((one.off, one.back, one.mib, one.swapped), (8.25, 8.0, 100.0, 20.0))
        self.assertEqual((one.failure, one.refusal), ("", ""))
        save = KERNEL_SAVE.replace(
            "Compressing and saving image data (", "Saving image data pages ("
        )
        self.assertEqual(came_back(PLAIN, save, KERNEL_RESUME).mib, 100.0)

    def test_refused(self) -> None:
        reason = "sh: write error: Cannot allocate memory; "
        reason += "PM: hibernation: Image allocation is 4711 pages short"
        one = Taken(LZO, seen(REFUSED))
        self.assertEqual((one.refusal, one.failure, one.off), (reason, "", None))
        # Ours can save all memory, so this is none of its results.
        one = Taken(LZ4, seen(REFUSED))
        self.assertEqual(one.failure, f"refused: {reason}")
        silent = "10.0 RT: begins\n11.0 RT: save: exit 16"
        self.assertEqual(Taken(LZO, seen(silent)).refusal, "RT: save: exit 16")

    def test_not_off(self) -> None:
        never = seen("4.0 RT: up\n5.0 RT: fill: usage\n6.0 RT: end ", 7.0, End.OFF)
        self.assertIn("did not begin: [    1.5] RT: fill: usage", Taken(LZ4, never).failure)
        for ended, end in ((None, None), (18.0, End.RESET), (18.0, End.DIED)):
            one = Taken(LZ4, seen(SAVE, ended, end))
            self.assertEqual(one.off, None)
            self.assertIn("not switched off: [    1.5] saved 88.5", one.failure)
        stayed = Taken(LZO, seen(SAVE + "\n18.0 RT: save: exit 0"))
        self.assertIn("the machine was not switched off", stayed.failure)

    def test_not_back(self) -> None:
        one = Taken(LZ4, seen(SAVE, 18.25, End.OFF))
        self.assertIn("not switched on again", one.failure)
        why = "105.0 ras-hibernate: vda: record 7 is damaged"
        one = came_back(resume=f"{why}\n106.0 vda: was not resumed: the machine starts anew")
        self.assertIn("it did not go on: [    1.5] ras-hibernate: vda: record 7", one.failure)
        self.assertEqual(one.back, None)
        one = came_back(LZO, KERNEL_SAVE, "104.0 RT: up 6.1\n105.0 RT: not resumed\n105.1 RT: end ")
        self.assertEqual(one.failure, "it did not go on: [    1.5] RT: not resumed")
        self.assertEqual(came_back(resume="").failure, "it did not go on: nothing")
        one = came_back(resume="101.0 Linux version")
        self.assertEqual(one.failure, "it did not go on: [    1.5] Linux version")
        one = came_back(resume=RESUME.replace("exit 0", "exit 1"))
        self.assertIn("the save has failed with 1", one.failure)
        for last in ("after: other", "swap: 0 KiB"):
            one = came_back(resume=RESUME.replace("after: same", last))
            self.assertIn("memory is not what it was", one.failure)

    def test_scripts(self) -> None:
        script = LZ4.run(HALF)
        self.assertIn("\nfill 50 > /tmp/fill", script)
        begin = script.index('say "begins"')
        self.assertLess(begin, script.index("hibernate save --compress lz4 /dev/vda"))
        self.assertNotIn("mkswap", script)
        script = LZO.run(IDLE)
        self.assertNotIn("\nfill", script)
        self.assertIn('say "begins"\nswsusp\n', script)
        self.assertLess(script.index("swapon /dev/vda"), script.index('say "begins"'))
        for word in ("PREPARE", "FILL", "ARGUMENTS", "SAVE"):
            self.assertNotIn(word, script)


class Tables(unittest.TestCase):
    """What a person sees."""

    def results(self) -> Results:
        """Three rounds that came back, one that was refused, one that failed."""
        slow, fast = came_back(), came_back()
        slow.first.ended, fast.first.ended = 28.25, 14.25
        return {
            (LZ4, IDLE): [slow, came_back(), fast],
            (LZO, IDLE): [came_back(LZO, KERNEL_SAVE, KERNEL_RESUME)],
            (LZO, HALF): [Taken(LZO, seen(REFUSED))],
            (LZ4, HALF): [came_back(), Taken(LZ4, seen(SAVE))],
        }

    def test_median(self) -> None:
        self.assertEqual(median([3.0, None, 1.0, 2.0]), "2.0")
        self.assertEqual(median([2.0, 1.0], 2), "1.00")
        self.assertEqual(median([None]), "-")

    def test_cells(self) -> None:
        results = self.results()
        self.assertEqual(cells(results[LZ4, IDLE]), ("8.2", "12.0", "88"))
        self.assertEqual(cells(results[LZO, HALF]), ("refused", "", ""))
        self.assertEqual(cells(results[LZ4, HALF]), ("failed", "", ""))
        self.assertEqual(cells([]), ("-", "-", "-"))

    def test_times(self) -> None:
        names, head, *lines = lines_of_times(self.results(), (LZ4, LZO, NONE), (IDLE, HALF))
        self.assertEqual(names.split(), ["idle", "half"])
        self.assertEqual(head.split(), ["off", "back", "MiB"] * 2)
        self.assertEqual(
            [line.split() for line in lines],
            [
                ["ras-hibernate,", "lz4", "8.2", "12.0", "88", "failed"],
                ["swsusp,", "LZO", "8.2", "8.0", "100", "refused"],
                ["ras-hibernate,", "none", *"------"],
            ],
        )

    def test_notes(self) -> None:
        swapped, refused, failed = lines_of_notes(self.results())
        self.assertEqual(swapped, "  swsusp, LZO, idle: 20 MiB were swapped out besides")
        self.assertIn("swsusp, LZO, half: refused: sh: write error: Cannot allo", refused)
        self.assertIn("ras-hibernate, lz4, half: failed: not switched off: ", failed)

    def test_steps(self) -> None:
        names, *lines = lines_of_steps(self.results(), (IDLE, HALF))
        self.assertEqual(names.split(), ["idle", "half"])
        found = [line.split()[-2:] for line in lines]
        times = ["0.51", "3.19", "5.50", "1.75", "2.50"]
        self.assertEqual(found, [[time, time] for time in times] + [["1.50", "-"]])

    def test_rounds(self) -> None:
        order: list[tuple[str, str]] = []

        def hibernate(way: Way, size: Size) -> Taken:
            order.append((way.name, size.name))
            return came_back(way)

        few = Size("few", "9", (LZO,))
        with redirect_stderr(io.StringIO()):
            results = measure_all((LZ4, LZO), (IDLE, few), 2, hibernate)
        one_round = [(LZ4.name, "idle"), (LZO.name, "idle"), (LZO.name, "few")]
        self.assertEqual(order, one_round * 2)
        self.assertEqual({key: len(taken) for key, taken in results.items()}[LZO, few], 2)
        self.assertNotIn((LZ4, few), results)

    def test_sizes(self) -> None:
        self.assertEqual([size.measures(NONE) for size in SIZES], [True, True, True, False])
        self.assertEqual(len({size.name for size in SIZES}), len(SIZES))


class Commands(unittest.TestCase):
    """What the command says, and how it ends."""

    def show(self, bad: dict[Way, Taken]) -> tuple[int, str]:
        """The exit status, and the output, of one round; what is bad is so for each size."""
        top = Path(__file__).resolve().parents[4]
        target = Target(Lab(top, top / "build", 1, "tcg"))

        def measure(_: Target, way: Way, size: Size) -> Taken:
            good = came_back(way) if way.ours else came_back(way, KERNEL_SAVE, KERNEL_RESUME)
            return bad.get(way, good)

        with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()):
            with patch("raslab.hibernate_times.measure", measure):
                status = show_hibernation(target, True)
        return status, said.getvalue()

    def test_good(self) -> None:
        status, said = self.show({LZO: Taken(LZO, seen(REFUSED))})
        self.assertEqual(status, 0)
        self.assertRegex(said, "(?m)^  ras-hibernate, lz4( +8.2 +12.0 +88){4}$")
        self.assertIn("77 %, locked: refused: ", said)
        self.assertNotIn("failed", said)

    def test_bad(self) -> None:
        status, said = self.show({LZ4: Taken(LZ4, seen(SAVE))})
        self.assertEqual(status, 1)
        self.assertRegex(said, "(?m)^  ras-hibernate, lz4( +failed){4}$")
        self.assertIn("4 failed; see build/run/bench-hibernate/", said)
