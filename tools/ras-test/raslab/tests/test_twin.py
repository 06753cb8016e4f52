# SPDX-License-Identifier: GPL-2.0
"""The second machine of a row; what runs it is made up."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from raslab.check import End
from raslab.lab import Lab, LabError
from raslab.machine import Life
from raslab.network import Relay, Switch
from raslab.target import Target
from raslab.twin import Twin

LAB = Lab(Path(__file__).resolve().parents[4], Path("/nowhere"), 1, "tcg")


class MadeUpLife(Life):
    """Ends as the test says."""

    def __init__(self, directory: Path, end: End | None) -> None:
        super().__init__(directory, 1)
        self.end = end
        self.killed = False

    def poll(self) -> End | None:
        return self.end

    def kill(self) -> None:
        self.killed = True


class TwinTest(unittest.TestCase):
    """From the switch to its end."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = Path(place.name)
        self.twin = Twin(self.directory, {"run": "say hello"})
        self.twin.target, self.twin.told = Target(LAB), " rt.rasdumpd=10.0.2.2:5"

    def stopped(self, end: End | None) -> MadeUpLife:
        """Its life, when it was stopped."""
        switch = Switch(Relay(), self.directory)
        self.addCleanup(switch.stop)
        self.twin.join(switch)
        life = MadeUpLife(self.directory, end)
        with mock.patch("raslab.twin.Qemu") as qemu, mock.patch("raslab.twin.LIMIT_S", 0.3):
            qemu.return_value.boot.return_value = life
            self.twin.start()
            words = "crashkernel=0 rt.rasdumpd=10.0.2.2:5"
            qemu.return_value.boot.assert_called_once_with(words, "say hello\n")
            self.assertEqual(qemu.call_args[1]["cards"][0].mac, "52:54:00:72:61:10")
            self.twin.stop()
            self.twin.stop()
        self.assertTrue(life.killed)
        return life

    def test_it_crashes(self) -> None:
        self.stopped(End.RESET)
        self.assertIsNone(self.twin.trouble())

    def test_it_ends_otherwise(self) -> None:
        self.stopped(End.OFF)
        self.assertEqual(self.twin.trouble(), "it switched itself off")

    def test_it_does_not_end(self) -> None:
        self.stopped(None)
        self.assertIn("still running", self.twin.trouble() or "")

    def test_needs_a_switch(self) -> None:
        self.twin.stop()
        with self.assertRaisesRegex(LabError, "on no switch"):
            self.twin.start()
