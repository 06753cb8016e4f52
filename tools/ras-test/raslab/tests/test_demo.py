# SPDX-License-Identifier: GPL-2.0
"""What ./ras demo shows of a console and of what crash says."""

from __future__ import annotations

import unittest

from raslab.commands import demo

CONSOLE = """[    0.000000] Linux version 6.1
RT: plan: panic
RT: plan:   100 kmsg         armed
RT: plan:   900 kdump        armed
RT: plan: oops
RT: plan:   100 kmsg         not for this
[    1.000000] something else
[    1.868165] Kernel panic - not syncing: ras_test: panic in task
[    1.871914] ras: stop 1: panic on CPU 0: ras_test: panic in task
RT: capture kernel up at 1.02
RT: captured 11414551 bytes
RT: something
"""
CRASH = """
      KERNEL: vmlinux
        CPUS: 4
     RELEASE: 6.1.192-ras
       PANIC: "Kernel panic - not syncing"
         PID: 82
PID: 82       TASK: ffff888027940000  CPU: 0    COMMAND: "sh"
 #0 [ffffc900002abd48] panic at ffffffff81470d58
    [exception RIP: ras_test_place_irqsoff+10]
    RIP: ffffffffa000000a  RSP: ffffc9000023bf10  RFLAGS: 00000002
    R10: 0000000000000000  R11: 0000000000000000  R12: ffff888027910000
    ORIG_RAX: ffffffffffffffff  CS: 0010  SS: 0018
--- <NMI exception stack> ---
"""


class Shown(unittest.TestCase):
    """The lines that a person needs."""

    def test_console(self) -> None:
        self.assertEqual(
            [
                "  plan: panic",
                "  plan:   100 kmsg         armed",
                "  plan:   900 kdump        armed",
                "  [    1.868165] Kernel panic - not syncing: ras_test: panic in task",
                "  [    1.871914] ras: stop 1: panic on CPU 0: ras_test: panic in task",
                "  crash kernel: capture kernel up at 1.02",
                "  crash kernel: captured 11414551 bytes",
            ],
            list(demo.said(CONSOLE)),
        )

    def test_hibernation(self) -> None:
        console = (
            "[    0.000000] Linux version 6.1\nRT: up 6.1.192-ras 2 CPUs\nRT: before: 80 %\n"
            "RT: saved   4 %, 36 of 922 MiB, 35.9 MiB/s, 25 s left\n"
            "RT: saved 922.3 MiB in 24.2 s, 38.1 MiB/s\nRT: end \n"
            "RT: resuming: up at 2.57\n"
        )
        self.assertEqual(
            ["  before: 80 %", "  saved 922.3 MiB in 24.2 s, 38.1 MiB/s"], list(demo.told(console))
        )

    def test_crash(self) -> None:
        self.assertEqual(
            [
                "          CPUS: 4",
                '         PANIC: "Kernel panic - not syncing"',
                "",
                '  PID: 82       TASK: ffff888027940000  CPU: 0    COMMAND: "sh"',
                "   #0 [ffffc900002abd48] panic at ffffffff81470d58",
                "      [exception RIP: ras_test_place_irqsoff+10]",
                "  --- <NMI exception stack> ---",
            ],
            list(demo.shown(CRASH)),
        )
