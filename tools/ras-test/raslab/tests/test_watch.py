# SPDX-License-Identifier: GPL-2.0
"""What somebody who watches a life does about it; the life is made up."""

import tempfile
import threading
import time
import unittest
from pathlib import Path

from raslab.check import End
from raslab.lab import LabError
from raslab.machine import Life
from raslab.row import LifeRow, Row
from raslab.watch import Watch, stopping


class MadeUpLife(Life):
    """Prints what the test says, and never ends by itself unless told to."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, 1)
        self.end: End | None = None
        self.done: list[str] = []

    def poll(self) -> End | None:
        return self.end

    def kill(self) -> None:
        self.done.append("kill")

    def nmi(self) -> None:
        self.done.append("nmi")

    def machine_check(self, cpu: int, address: int) -> None:
        self.done.append(f"machine check {cpu} {address:#x}")

    def plug(self, card: int, is_in: bool) -> None:
        self.done.append(f"card {card} {'in' if is_in else 'out'}")

    def prints(self, text: str) -> None:
        with open(self.console, "ab") as file:
            file.write(text.encode())


def row(**fields: object) -> Row:
    """A row with some keys."""
    plain: dict[str, object] = {"name": "a", "subject": "b", "about": "c", "cpus": 1}
    plain |= {"checks": (), "lives": (LifeRow(),)}
    return Row(**(plain | fields))  # type: ignore[arg-type]


class WatchTest(unittest.TestCase):
    """Time, silence, the button, the power, and the person's Ctrl-C."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.life = MadeUpLife(Path(place.name))

    def watch(self, plan: LifeRow = LifeRow(), **fields: object) -> Watch:
        return Watch(row(**fields), self.life, plan, 1)

    def test_end_by_itself(self) -> None:
        self.life.end = End.OFF
        self.assertIs(self.watch().run(), End.OFF)

    def test_time_is_up(self) -> None:
        start = time.monotonic()
        self.assertIs(self.watch(time=1).run(), End.STUCK)
        self.assertGreaterEqual(time.monotonic() - start, 0.9)

    def test_silence(self) -> None:
        self.life.prints("hello\n")
        self.assertIs(self.watch(time=60, silence=1).run(), End.SILENT)

    def test_power_is_cut_at_a_line(self) -> None:
        watch = self.watch(LifeRow(ends="cut", cut="RT: flushed"))
        timer = threading.Timer(0.3, self.life.prints, ["[ 1.0] RT: flu"])
        timer2 = threading.Timer(0.6, self.life.prints, ["shed\r\n"])
        timer.start()
        timer2.start()
        self.assertIs(watch.run(), End.CUT)
        self.assertEqual(self.life.done, ["kill"])

    def test_button_is_pressed_once_when_asked_for(self) -> None:
        self.life.prints("[ 1.0] RT: want nmi\n")
        self.watch(time=1).run()
        self.assertEqual(self.life.done, ["nmi"])

    def test_machine_check_is_reported_once_when_asked_for(self) -> None:
        self.life.prints("[ 1.0] RT: want machine check on CPU 1 at 0x1f")
        timer = threading.Timer(0.3, self.life.prints, ["00\r\nmore\r\n"])
        timer.start()
        self.watch(time=1).run()
        self.assertEqual(self.life.done, ["machine check 1 0x1f00"])

    def test_cable_is_pulled_out_once_and_plugged_in_again(self) -> None:
        self.life.prints("[ 1.0] RT: want card 0 unplugged for 1 s\n")
        timer = threading.Timer(2, setattr, [self.life, "end", End.OFF])
        timer.start()
        self.assertIs(self.watch(time=30).run(), End.OFF)
        self.assertEqual(self.life.done, ["card 0 out", "card 0 in"])

    def test_cable_stays_out(self) -> None:
        self.life.prints("[ 1.0] ras_spoil: RT: want card 1 unplugged\n")
        self.watch(time=1).run()
        self.assertEqual(self.life.done, ["card 1 out"])

    def test_interrupted(self) -> None:
        stopping.set()
        self.addCleanup(stopping.clear)
        with self.assertRaises(LabError):
            self.watch().run()
