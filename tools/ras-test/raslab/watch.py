# SPDX-License-Identifier: GPL-2.0
"""Looking after one life of a machine: its time, its button, its power, its faults, its gdb."""

from __future__ import annotations

import math
import re
import threading
import time
from pathlib import Path

from raslab.check import End, matching_line
from raslab.lab import LabError
from raslab.machine import Life
from raslab.row import LifeRow, Row
from raslab.talk import Conversation, Gdb

# How often a running machine is looked at.
LOOK_S = 0.1
# Set when the person has had enough: every machine ends within a look.
stopping = threading.Event()


class Watch:
    """Looks at one life until its end, and does what only the host can do."""

    def __init__(self, row: Row, life: Life, plan: LifeRow, slow: int) -> None:
        self.row, self.life, self.plan = row, life, plan
        self.limit = float(row.time * slow)
        self.silence = float(row.silence * slow)
        self.talk: Conversation | None = None
        self.gdb: Gdb | None = None
        self._seen = ""
        self._size = 0
        self._grew = time.monotonic()
        self._pressed = 0.0
        self._button_wanted = False
        self._check_reported = False
        # When to plug the cable in again; inf: never; None: it was not pulled out.
        self._plug_in_at: float | None = None
        self._gdb_started = False

    def run(self) -> End:
        """The end of the life.  It is over within the row's time, one way or the other."""
        while True:
            if stopping.is_set():
                raise LabError("interrupted")
            end = self.life.poll() or self._time_is_up() or self._act()
            if end is not None:
                return end
            time.sleep(LOOK_S)

    def _console(self) -> str:
        try:
            with open(self.life.console, "rb") as file:
                file.seek(self._size)
                data = file.read()
        except FileNotFoundError:
            return self._seen
        if data:
            self._size += len(data)
            self._grew = time.monotonic()
            self._seen += data.decode(errors="replace").replace("\r", "")
        return self._seen

    def _time_is_up(self) -> End | None:
        self._console()
        if self.life.seconds > self.limit:
            return End.STUCK
        if self.silence and time.monotonic() - self._grew > self.silence:
            return End.SILENT
        return None

    def _act(self) -> End | None:
        if self.talk is not None and self.talk.state == "failed":
            # It may be at its end; nobody will say what it waits for.
            time.sleep(2)
            return self.life.poll() or End.HANGUP
        if self.plan.cut and matching_line(self.plan.cut, self._seen):
            self.life.cut()
            return End.CUT
        self._press_button()
        self._report_machine_check()
        self._unplug()
        if self.gdb is not None and not self._gdb_started:
            # With a conversation it waits for that by itself.
            if self.talk is not None or " RT: gdb" in self._seen:
                self._gdb_started = True
                self.gdb.start()
        return None

    def _press_button(self) -> None:
        now = time.monotonic()
        if " RT: want nmi" in self._seen and not self._button_wanted:
            self._button_wanted = True
            self.life.nmi()
        # Not once the kernel is left: an NMI before the crash kernel has its own handlers
        # resets the machine.
        pressing = self.row.button and "leaves this kernel" not in self._seen
        if pressing and self.talk is not None and now - self._pressed > 1:
            if matching_line(self.row.button, self._heard(self.talk.transcript)):
                self._pressed = now
                self.life.nmi()

    def _report_machine_check(self) -> None:
        wanted = re.search(r" RT: want machine check on CPU (\d+) at 0x([0-9a-f]+)\n", self._seen)
        if wanted and not self._check_reported:
            self._check_reported = True
            self.life.machine_check(int(wanted[1]), int(wanted[2], 16))

    def _unplug(self) -> None:
        """Pull out the cable of a card; plug it in again if the machine has said when."""
        wanted = re.search(r" RT: want card (\d+) unplugged(?: for (\d+) s)?\n", self._seen)
        if wanted is None:
            return
        card, now = int(wanted[1]), time.monotonic()
        if self._plug_in_at is None:
            self.life.plug(card, False)
            self._plug_in_at = now + int(wanted[2]) if wanted[2] else math.inf
        elif now >= self._plug_in_at:
            self.life.plug(card, True)
            self._plug_in_at = math.inf

    @staticmethod
    def _heard(transcript: Path) -> str:
        try:
            return transcript.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""
