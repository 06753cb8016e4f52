# SPDX-License-Identifier: GPL-2.0
"""Do kdb, gdb, crash(8) and drgn show the same registers for the same CPU of the same stop?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

PROMPT = "kdb> "


def kdb_ip(line: str, cpu: int) -> str:
    """The instruction pointer, as kdb's ``rd`` on that CPU has it."""
    here = False
    for text in line.splitlines():
        if PROMPT in text:
            here = text.startswith(f"[{cpu}]kdb> rd")
        if here and (match := re.search(r"ip: ([0-9a-f]+)", text)):
            return match[1]
    return ""


def kdb_place(line: str, cpu: int) -> str:
    """Where the CPU was interrupted, as kdb's ``btc`` has it: function+offset."""
    btc = here = False
    for text in line.splitlines():
        if PROMPT in text:
            btc = "kdb> btc" in text
        if btc and (match := re.match(r"CPU: (\d+)", text)):
            here = int(match[1]) == cpu
        if btc and here and (match := re.match(r"RIP: 0010:([^/]+)", text)):
            return match[1]
    return ""


def gdb_ip(log: str, cpu: int) -> str:
    """The instruction pointer that gdb has printed as "gdb CPU <n> <address>"."""
    match = re.search(rf"^gdb CPU {cpu} (\S+)$", log, re.MULTILINE)
    return match[1] if match else ""


@dataclass(frozen=True)
class Shown:
    """What each of them shows of a CPU; empty where it shows nothing."""

    cpu: int
    kdb: str
    gdb: str
    crash: str
    drgn: str
    # Where it was interrupted, by kdb's backtrace and by crash's.
    btc: str
    bt: str

    @property
    def wrong(self) -> str:
        """What does not agree, or nothing."""
        addresses = {self.kdb, self.gdb, self.crash, self.drgn}
        if "" in addresses:
            return "one has nothing to say"
        if len(addresses) > 1:
            return "registers differ"
        if self.btc and self.bt and self.btc != self.bt:
            return "backtraces differ"
        # The one that panicked in a task was not interrupted.
        if self.cpu and not (self.btc or self.bt):
            return "nobody says where it was interrupted"
        return ""


def table(rows: Sequence[Shown]) -> str:
    """All of them, for the reader."""
    line = "{:<4} {:<17} {:<17} {:<17} {:<17} {:<30} {:<30} {}"
    head = ("CPU", "kdb, rd", "gdb", "crash, ELF note", "drgn", "kdb, btc", "crash, bt", "")
    lines = [line.format(*head)]
    for row in rows:
        cells = (row.kdb, row.gdb, row.crash, row.drgn, row.btc, row.bt)
        lines.append(line.format(row.cpu, *(cell or "-" for cell in cells), row.wrong))
    return "\n".join(text.rstrip() for text in lines)
