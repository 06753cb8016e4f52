# SPDX-License-Identifier: GPL-2.0
"""Rows made from scenarios/faults.toml: handlers that go wrong, one machine each.

A cell is one kind of handler, or a chain of them, in one context of the panic, on a number
of CPUs.  Its row asks the dump for the trigger, for every other CPU, and for each handler
for the line in the log that its kind says.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raslab.row import Check, LifeRow, Row, RowError

SUBJECT = "faults"
WAYS = ("fault", "hang", "next")
MS = "[0-9.]+ ms"
# Nobody is in the backtrace of the trigger that belongs to a handler or to the framework's
# way of calling one.
GUARD = " (faulty|ras_call|ras_on_stack|ras_guard)"
# A CPU that could not be stopped may print, until the crash kernel is started.
LINES_AFTER = 100
WARNINGS = "handlers that go wrong are what the row is about"


def only(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    """Raise RowError if the table has a key that nobody reads."""
    for key in table:
        if key not in known:
            raise RowError(f"{what} has the unknown key {key!r}")


def read(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """A file for a generator: its tables, and no others."""
    with open(path, "rb") as file:
        data = tomllib.load(file)
    only(data, keys, "the file")
    return data


@dataclass(frozen=True)
class Kind:
    """A faulty handler, and what its line in the log must be."""

    name: str
    way: str
    report: str = ""
    line: str = ""
    alone: str = ""

    def __post_init__(self) -> None:
        for way in (self.way, self.alone or self.way):
            if way not in WAYS:
                raise RowError(f"{way!r} is none of the ways {' '.join(WAYS)}")
        if self.way != "next" and not self.report:
            raise RowError("it says nothing of what the log reports")

    def way_on(self, cpus: int) -> str:
        """What becomes of it, on a machine with so many CPUs."""
        return self.alone if cpus == 1 and self.alone else self.way

    def expectation(self, context: str, cpus: int, hangs: int) -> str:
        """What the line must match behind the name; ``hangs`` were before it in the chain."""
        if self.line:
            return self.line
        way = self.way_on(cpus)
        if way == "next":
            return f"next +{MS}$"
        report = self.report
        if way == "hang":
            # The first one; whoever took over is no longer in NMI context.
            if context == "nmi" and hangs == 0:
                report = ", CPU 0 does not answer, CPU [1-9][0-9]* took over"
            report = f"deadline of [0-9]+ ms passed{report}"
        return f"abandoned after {MS}: {report}"


@dataclass(frozen=True)
class Cell:
    """Handlers in one chain, the context of the panic, and the number of CPUs."""

    name: str
    kinds: tuple[Kind, ...]
    context: str
    cpus: int

    @property
    def words(self) -> list[str]:
        """The kinds by name, in the order of the chain."""
        return [kind.name for kind in self.kinds]

    @property
    def handlers(self) -> list[str]:
        """The names that ras_faulty.ko gives to its handlers."""
        return [f"f{number}_{name}" for number, name in enumerate(self.words)]


@dataclass(frozen=True)
class Impossible:
    """Cells that there cannot be, and why."""

    because: str
    way: str = ""
    kind: str = ""
    hangs: int = 0
    context: str = ""
    cpus: int = 0

    def holds(self, cell: Cell) -> bool:
        """Is the cell one of them?"""
        if self.context not in ("", cell.context) or self.cpus not in (0, cell.cpus):
            return False
        if self.hangs:
            return sum(kind.way == "hang" for kind in cell.kinds) >= self.hangs
        return any(self._excludes(kind, cell.cpus) for kind in cell.kinds)

    def _excludes(self, kind: Kind, cpus: int) -> bool:
        if cpus == 1 and kind.alone:
            return False
        return kind.way == self.way or kind.name == self.kind


class Faults:
    """What scenarios/faults.toml says."""

    TABLES = ("subject", "cells", "context", "kind", "impossible", "chain")

    def __init__(self, path: Path) -> None:
        data = read(path, self.TABLES)
        self.represents: list[str] = data["subject"]["represents"]
        self.cells_table = data["cells"]
        only(self.cells_table, ("cpus", "silence", "time"), "[cells]")
        self.contexts: dict[str, dict[str, str]] = data["context"]
        for context in self.contexts.values():
            only(context, ("fire", "frame"), "[context]")
        self.kinds = {name: self._kind(name, table) for name, table in data["kind"].items()}
        self.impossible = [Impossible(**table) for table in data["impossible"]]
        self.chains: dict[str, list[str]] = data["chain"]

    @staticmethod
    def _kind(name: str, table: Mapping[str, str]) -> Kind:
        try:
            return Kind(name, **table)
        except (RowError, TypeError) as error:
            raise RowError(f"kind {name}: {error}") from error

    def cell(self, kinds: Sequence[str], context: str, cpus: int, name: str = "") -> Cell:
        """A cell of those kinds; without a name it is called after them."""
        for kind in kinds:
            if kind not in self.kinds:
                raise RowError(f"chain {name}: there is no kind {kind!r}")
        name = name or f"{'+'.join(kinds)}-{context}-{cpus}"
        return Cell(name, tuple(self.kinds[kind] for kind in kinds), context, cpus)

    def lines(self) -> dict[str, list[str]]:
        """The lines of the table of cells: kinds, then chains, each with its kinds."""
        return {name: [name] for name in self.kinds} | self.chains

    def cells(self) -> Iterator[Cell]:
        """All cells, in the order of the table."""
        for name, kinds in self.lines().items():
            for context, cpus in itertools.product(self.contexts, self.cells_table["cpus"]):
                yield self.cell(kinds, context, cpus, f"{name}-{context}-{cpus}")

    def reason(self, cell: Cell) -> str:
        """Why there can be no such cell; empty if there can."""
        return next((entry.because for entry in self.impossible if entry.holds(cell)), "")

    def row(self, cell: Cell, kernel: str = "main", subject: str = SUBJECT) -> Row:
        """The row of a cell, for one kernel."""
        skip = self.reason(cell)
        return Row(
            name=cell.name,
            subject=subject,
            about=f"{', '.join(cell.words)}: panic in {cell.context}, {cell.cpus} CPUs",
            cpus=cell.cpus,
            checks=() if skip else tuple(self._checks(cell, kernel)),
            lives=(LifeRow(run=self._script(cell)),),
            boot="crash_kexec_post_notifiers",
            time=self.cells_table["time"],
            silence=self.cells_table["silence"],
            kernels=(kernel,),
            options=("-no-reboot",),
            warnings=WARNINGS,
            survey=("unmodified",) if kernel == "unmodified" else (),
            skip=skip,
            represents=cell.name in self.represents,
        )

    def _script(self, cell: Cell) -> str:
        return (
            "insmod /lib/ras_faulty.ko; load_kdump\n"
            f"echo 'add {' '.join(cell.words)}' > /proc/ras_faulty || say 'add failed'\n"
            f"mark all=spin; fire {self.contexts[cell.context]['fire']}\n"
        )

    def _checks(self, cell: Cell, kernel: str) -> Iterator[Check]:
        panic = f"ras_test: panic in {cell.context}"
        if kernel == "unmodified":
            yield Check("dump", "panic", panic, "there is a dump that opens and has the panic")
            return
        # What crash calls the panic is the first line in the log that looks like one, and
        # BUG() has written such a line before anybody can abandon it.
        if "bug" in cell.words:
            yield Check("dump", "log has", f"Kernel panic - not syncing: {panic}")
        else:
            yield Check("dump", "panic", panic)
        # Whoever took over, it is the one that has panicked.
        yield Check("dump", "crashed cpu", 0)
        yield Check("dump", "backtrace 0 has", self.contexts[cell.context]["frame"])
        for cpu in range(1, cell.cpus):
            yield Check("dump", f"cpu {cpu} in", "ras_test_place_spin")
        yield from self._handler_checks(cell, kernel)
        yield Check("dump", "lines after the report", LINES_AFTER)
        yield Check("dump", "backtrace 0 lacks", GUARD)

    @staticmethod
    def _handler_checks(cell: Cell, kernel: str) -> Iterator[Check]:
        hangs = 0
        for kind, handler in zip(cell.kinds, cell.handlers):
            line = kind.expectation(cell.context, cell.cpus, hangs)
            if kernel == "debug":
                # With KASAN it is the look into the shadow of that address that faults.
                line = line.replace("page fault at 0*8", "general protection fault")
            yield Check("dump", f"handler {handler}", line)
            hangs += kind.way == "hang"
        yield Check("dump", "handler kdump", "leaves this kernel")
        yield Check("dump", "handlers", " ".join(["kmsg", *cell.handlers, "kdump"]))


def generate(path: Path, kernel: str = "main") -> list[Row]:
    """The rows of all cells, as that kernel is asked; those that cannot be have a reason.

    The unmodified kernel is surveyed: is there a dump that opens and has the panic?
    """
    faults = Faults(path)
    rows = [faults.row(cell, kernel) for cell in faults.cells()]
    missing = set(faults.represents) - {row.name for row in rows}
    if missing:
        raise RowError(f"{' '.join(sorted(missing))} represents the subject, and is not there")
    return rows
