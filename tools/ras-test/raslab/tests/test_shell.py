# SPDX-License-Identifier: GPL-2.0
"""What ./ras shell makes of its arguments."""

from __future__ import annotations

import argparse
import contextlib
import io
import unittest

from raslab.commands import shell
from raslab.commands.shell import Wishes


def parsed(*arguments: str) -> argparse.Namespace:
    """As ./ras parses them."""
    parser = argparse.ArgumentParser()
    shell.add_arguments(parser)
    return parser.parse_args(arguments)


class Arguments(unittest.TestCase):
    """The command line."""

    def test_default(self) -> None:
        args = parsed()
        self.assertEqual((4, False, [], False, False), tuple(vars(args).values()))

    def test_all(self) -> None:
        args = parsed("2", "--net", "--disk", "nvme", "--disk", "usb", "--debugger")
        self.assertEqual((2, True, ["nvme", "usb"], True, False), tuple(vars(args).values()))

    def test_refused(self) -> None:
        for wrong in (["0"], ["x"], ["--disk", "floppy"], ["2", "3"]):
            with self.subTest(wrong), contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit):
                    parsed(*wrong)


class Machines(unittest.TestCase):
    """What the machine gets."""

    def test_plain(self) -> None:
        wishes = Wishes()
        self.assertEqual(["-serial", "mon:stdio"], wishes.options)
        self.assertEqual(("", shell.TERMINAL), (wishes.words, wishes.script))

    def test_script_ends_with_the_terminal(self) -> None:
        wishes = Wishes(net=True, disks=["usb"])
        self.assertIn("modprobe -a xhci-pci", wishes.script)
        self.assertIn("dev eth0", wishes.script)
        self.assertTrue(wishes.script.endswith("\n" + shell.TERMINAL))

    def test_debugger(self) -> None:
        wishes = Wishes(debugger=True)
        self.assertIn("kgdboc=ttyS1", wishes.words)
        # The console is the first serial line.
        self.assertEqual(["-serial", "mon:stdio"], wishes.options[:2])
        self.assertEqual(["-serial", "chardev:line"], wishes.options[-2:])
