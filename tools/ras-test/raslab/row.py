# SPDX-License-Identifier: GPL-2.0
"""Rows: what is done to a machine, and what must come of it.  Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

Expected = Union[str, int]


class RowError(Exception):
    """A row that cannot be run as it is written."""


@dataclass(frozen=True)
class Check:
    """Where to look, what to ask, what must come; one TAP subtest each."""

    where: str
    what: str
    expected: Expected = ""
    title: str = ""

    @property
    def place(self) -> str:
        """The judge's name: the first word of ``where``."""
        return self.where.partition(" ")[0]

    @property
    def argument(self) -> str:
        """The rest of ``where``: the name of a disk, the number of a life."""
        return self.where.partition(" ")[2]


@dataclass(frozen=True)
class LifeRow:
    """One boot of the machine, to its end."""

    run: str = ""
    boot: str = ""
    # "off": it switches itself off; "reset": it resets; "cut": the power is cut; without
    # one it ends by itself, one way or the other.
    ends: str = ""
    # The power is cut once a line of the console matches.
    cut: str = ""
    # It has the initial file system of the second kernel, which runs no script; or the one that
    # ras-hibernate makes.
    second: bool = False
    own: bool = False


@dataclass(frozen=True)
class DiskRow:
    """A disk that the machine has besides the one for the dump."""

    name: str
    bus: str
    size: str
    # Where it cannot be written to, such as "6M"; each write there is an error.
    fails_at: str = ""
    # How much can be written in a second, such as "4M"; with very little it hangs.
    writes_per_s: str = ""
    # Is the log of what each life writes kept, for a test that makes the disk anew?
    logged: bool = False


@dataclass(frozen=True)
class Row:
    """One row of a scenario file, or of a generator."""

    name: str
    subject: str
    about: str
    cpus: int
    checks: tuple[Check, ...]
    lives: tuple[LifeRow, ...]
    boot: str = ""
    # Seconds, on a kernel of ordinary speed, after which a life is stuck.
    time: int = 240
    # Likewise, without a byte on the console; 0: however long it is silent.
    silence: int = 0
    kernels: tuple[str, ...] = ("main", "debug")
    models: tuple[str, ...] = ("qemu",)
    memory: str = ""
    options: tuple[str, ...] = ()
    talk: str = ""
    gdb: str = ""
    button: str = ""
    on_console: bool = False
    # How often it boots without being switched off in between.
    boots: int = 1
    # Why the kernel's warnings are no failure in this row; without a reason they are.
    warnings: str = ""
    # By model: why the row is known to fail there.
    known_failure: Mapping[str, str] = field(default_factory=dict)
    disks: tuple[DiskRow, ...] = ()
    # The disk from which the host fetches the dump when the machine has ended, or the peer that
    # has it; or more than one, whose dumps are merged.
    fetch: str = ""
    # The secret key for which the dump is sealed, in hexadecimal digits.
    unseal: str = ""
    cards: tuple[str, ...] = ()
    network: Mapping[str, float] = field(default_factory=dict)
    # What stands between the switch and the peers.
    uplink: Mapping[str, object] = field(default_factory=dict)
    peers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    # Kernels on which the answers are results, not verdicts.
    survey: tuple[str, ...] = ()
    # Why there can be no such row.
    skip: str = ""
    # Does the ordinary check run it?
    represents: bool = False
