# SPDX-License-Identifier: GPL-2.0
"""What drgn says of a dump: the second judge, which shares no code with crash(8).

drgn itself runs elsewhere, as ``python3 -m raslab.drgn_report``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from raslab.bounded import run_bounded
from raslab.kdump_file import DumpError

# Debian's drgn is for Debian's Python.
PYTHON = "/usr/bin/python3"
# An ordinary report takes half a second.
REPORT_S = 120.0

# Where a stack begins; a trace that does not reach it says nothing of what is behind.
BEGIN = re.compile(r"entry_\w+|ret_from_fork\w*|secondary_startup_64\w*")


@dataclass(frozen=True)
class Unwound:
    """A function of a stack."""

    pc: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Cpu:
    """A CPU as drgn shows it."""

    pid: int
    comm: str
    # From its ELF note: none if it has left none.
    registers: dict[str, int]
    functions: tuple[str, ...]
    frames: tuple[Unwound, ...]

    @property
    def ip(self) -> int | None:
        """The instruction pointer."""
        return self.registers.get("rip")

    @property
    def noted(self) -> str:
        """The function that the note names."""
        if self.ip is None:
            return "no note"
        return self.functions[0] if self.functions else f"no function at {self.ip:#x}"

    @property
    def complete(self) -> bool:
        """Does the trace reach the begin of the stack?"""
        ends = [name for frame in self.frames[-2:] for name in frame.names]
        return any(BEGIN.fullmatch(name) for name in ends)

    @property
    def trace(self) -> list[str]:
        """A line for each function, inlined ones included."""
        return [
            f" #{number} {'/'.join(frame.names) or '?'} at {frame.pc:x}"
            for number, frame in enumerate(self.frames)
        ]

    def has(self, function: str) -> bool:
        """Is the function in the trace?"""
        return any(function in frame.names for frame in self.frames)


def _cpu(data: dict[str, Any]) -> Cpu:
    note = data.get("note") or {"registers": {}}
    return Cpu(
        pid=int(data["pid"]),
        comm=str(data["comm"]),
        registers={str(name): int(value) for name, value in note["registers"].items()},
        functions=tuple(data.get("functions", ())),
        frames=tuple(
            Unwound(frame["pc"], tuple(frame["names"])) for frame in data.get("frames", ())
        ),
    )


@dataclass(frozen=True)
class Report:
    """All that drgn has said of a dump."""

    banner: str
    cpus: dict[int, Cpu]
    # The CPU that has crashed and its process.
    crashed: tuple[int, int] | None
    tasks: list[str]
    log: str
    errors: list[str]

    @classmethod
    def from_json(cls, text: str) -> Report:
        """A report as drgn_report prints it; DumpError if it is none."""
        try:
            data = json.loads(text)
            crashed = data["crashed"]
            return cls(
                banner=str(data["banner"] or ""),
                cpus={int(cpu["cpu"]): _cpu(cpu) for cpu in data["cpus"]},
                crashed=(int(crashed["cpu"]), int(crashed["pid"])) if crashed else None,
                tasks=[str(task["comm"]) for task in data["tasks"] or ()],
                log=str(data["log"] or ""),
                errors=[str(error) for error in data["errors"]],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DumpError(f"drgn's report is none: {error}") from error

    def cpu(self, number: int) -> Cpu:
        """One CPU; DumpError if drgn does not know it."""
        if number not in self.cpus:
            raise DumpError(f"drgn knows no CPU {number}; {self.trouble}")
        return self.cpus[number]

    @property
    def trouble(self) -> str:
        """What drgn could not say, and why."""
        return "; ".join(self.errors) or "it reports no error"


class DrgnReader:
    """Runs drgn on a dump; what it says is kept in a directory."""

    def __init__(self, vmlinux: Path, vmcore: Path, modules: list[Path], directory: Path) -> None:
        self.files = [str(path.resolve()) for path in (vmlinux, vmcore, *modules)]
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def _run(self, *options: str) -> None:
        output = self.directory / "drgn.session"
        command = [PYTHON, "-m", "raslab.drgn_report", *options, *self.files]
        status = run_bounded(command, REPORT_S, output=output, cwd=Path(__file__).parents[1])
        if status:
            how = f"is killed by signal {-status}" if status < 0 else "does not open the dump"
            said = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise DumpError(f"drgn {how}; it says\n" + "\n".join(said[-5:]))

    @cached_property
    def _said(self) -> Report | DumpError:
        path = self.directory / "drgn.json"
        try:
            self._run("--output", str(path.resolve()))
            return Report.from_json(path.read_text(encoding="utf-8"))
        except DumpError as error:
            return error

    @property
    def report(self) -> Report:
        """Everything but the pages; DumpError if drgn does not open the dump, asked once."""
        if isinstance(self._said, DumpError):
            raise self._said
        return self._said

    def page_kinds(self) -> Path:
        """A file with the kind of each page, see pages.py."""
        path = self.directory / "page-kinds"
        self._run("--pages", str(path.resolve()))
        return path
