#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""An emulator that dies is lost: seen, said, run again once.  Here it is killed."""

import contextlib
import io
import os
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.lab import Lab
from raslab.run import check, select_named
from raslab.scenarios import load
from raslab.tap import Tap

ROW = "sysrq-key"


class ScratchLab(Lab):
    """The results of these runs are nobody else's."""

    @property
    def run(self) -> Path:
        return self.build / "check" / "lost"

    @property
    def results(self) -> Path:
        return self.build / "check" / "lost" / "results"


def kill_first(pid_file: Path, how: signal.Signals, times: int, done: threading.Event) -> None:
    """Kill so many emulators, one after the other, once their guests have started."""
    killed: set[int] = set()
    while len(killed) < times and not done.wait(0.05):
        try:
            pid = int(pid_file.read_text(encoding="ascii"))
            if pid not in killed and (pid_file.parent / "console.log").stat().st_size > 1000:
                os.kill(pid, how)
                killed.add(pid)
        except (OSError, ValueError):
            continue


def run_and_kill(lab: Lab, how: signal.Signals, times: int) -> tuple[int, str]:
    """The exit status and the TAP of a run of one row."""
    cases = select_named(load(lab), [ROW])
    pid_file = cases[0].directory(lab) / "qemu.pid"
    pid_file.unlink(missing_ok=True)
    done, output = threading.Event(), io.StringIO()
    killer = threading.Thread(target=kill_first, args=(pid_file, how, times, done))
    killer.start()
    try:
        with contextlib.redirect_stdout(output):
            status = check(lab, cases)
    finally:
        done.set()
        killer.join()
    return status, output.getvalue()


def main() -> int:
    """Killed by SIGSEGV as QEMU once was, by SIGTERM as a person would, and twice."""
    tap = Tap()
    plain = Lab.from_environment()
    lab = ScratchLab(plain.top, plain.build, plain.jobs, plain.accel)
    start = time.monotonic()
    for how, reason in (
        (signal.SIGSEGV, "QEMU died of SIGSEGV"),
        (signal.SIGTERM, "QEMU ended with status 0 host-signal"),
    ):
        status, text = run_and_kill(lab, how, 1)
        tap.same(f"killed once by {how.name}, the run passes", 0, status)
        tap.ok(
            f"lost once: {reason}" in text and "run again" in text, "and says what was lost", text
        )
    status, text = run_and_kill(lab, signal.SIGSEGV, 2)
    tap.same("killed twice, the run fails", 1, status)
    tap.ok(f"not ok 1 - lost: {ROW}" in text, "and the row counts as lost, not as failed", text)
    tap.comment(f"{time.monotonic() - start:.0f} s")
    return tap.done()


sys.exit(main())
