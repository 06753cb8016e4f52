#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""./ras demo, which a newcomer tries first; and every command says what it does."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.lab import Lab
from raslab.tap import Tap

STOP = ("the stop", r"ras:   stopped in [0-9.]+ ms: owner 0 ipi 1,3 nmi 2$")
SHOWN = {
    "kdump": (
        ("the plan", r"^  plan: +900 kdump +armed$"),
        STOP,
        ("the crash kernel", r"^  crash kernel: captured [0-9]+ bytes$"),
        ("where CPU 2 was", r"\[exception RIP: ras_test_place_irqsoff"),
        ("that the dump is right", r"^  ok  CPU 2 was interrupted in ras_test_place_irqsoff$"),
    ),
    "dump": (
        ("the plan", r"^  plan: +300 dump-nvme0n1 +armed$"),
        STOP,
        ("the dump", r"ras_dump: dump to /dev/nvme0n1: whole: [0-9]+ of [0-9]+ pages"),
        ("that it is fetched", r"^  savecore: /dev/nvme0n1: .*saved"),
        ("where the panic was", r"^  #[0-9]+ .* ras_panic|^ +#[0-9]+ .* panic at"),
        ("that the dump is right", r"^  ok  the ELF note of CPU 2 is from ras_test_place_irqsoff$"),
    ),
    "netdump": (
        (
            "the set-up",
            r"^  rasctl: net:10.0.2.2:[0-9]+ +dump-net-10-0-2-2-[0-9]+ +unknown +armed$",
        ),
        STOP,
        ("the dump", r"ras_dump: dump to net:10.0.2.2:[0-9]+: whole: [0-9]+ of [0-9]+ pages"),
        ("what was lost", r"^  ok  the network has lost 3..7 %$"),
        ("that the dump is right", r"^  ok  the ELF note of CPU 2 is from ras_test_place_irqsoff$"),
    ),
    "hibernate": (
        ("what is saved", r"^  saved [6-9][0-9]{2}[.][0-9] MiB in [0-9.]+ s, [0-9.]+ MiB/s$"),
        ("two boots", r"^  The machine is switched on[.]$[^$]*^  The machine is switched on again"),
        ("that it goes on", r"^  save: /dev/vdb: resumed; load [0-9.]+ s"),
        ("that memory is the same", r"^  after: 0 passes with wrong pages$"),
        ("that the connection goes on", r"^  TCP: good$"),
    ),
}
COMMANDS = "demo check bench build shell tables install-into patches clean".split()
# Several times what a demo takes on a busy machine, once its kernel is built.
DEMO_S = 900


def judge_demo(tap: Tap, ras: str, show: str) -> None:
    """Run one of the demonstrations."""
    # The first one is what there is without a word.
    argv = [ras, "demo"] if show == "kdump" else [ras, "demo", show]
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEMO_S
    )
    tap.ok(done.returncode == 0, f"{show}: it comes to its end", done.stdout)
    for what, expression in SHOWN[show]:
        found = re.search(expression, done.stdout, re.MULTILINE)
        tap.ok(found, f"{show}: it shows {what}", done.stdout)
    tap.ok(
        not re.search("No such file|Traceback|: line [0-9]", done.stdout),
        f"{show}: and nothing that it should not",
        done.stdout,
    )


def main() -> int:
    """The demos, and what a newcomer would ask for next."""
    lab, tap = Lab.from_environment(), Tap()
    ras = str(lab.top / "ras")
    for show in SHOWN:
        judge_demo(tap, ras, show)
    for command in COMMANDS:
        for option in ("--help", "-h"):
            done = subprocess.run(
                [ras, command, option], capture_output=True, text=True, timeout=60
            )
            good = done.returncode == 0 and "usage: ./ras" in done.stdout and not done.stderr
            tap.ok(good, f"./ras {command} {option}", done.stdout + done.stderr)
    done = subprocess.run([ras, "nonsense"], capture_output=True, text=True, timeout=60)
    tap.same("a command that there is not", 2, done.returncode)
    return tap.done()


sys.exit(main())
