# SPDX-License-Identifier: GPL-2.0
"""Rows made from scenarios/lkdtm.toml: the cases of the kernel's own crash test module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raslab.faults import only, read
from raslab.row import Check, LifeRow, Row, RowError

SUBJECT = "lkdtm"
WARNINGS = "a kernel that goes wrong is what the row is about"
DIRECT = "DIRECT"


@dataclass(frozen=True)
class LkdtmCase:
    """One case at one crash point."""

    name: str
    point: str
    setting: str
    message: str
    shown: tuple[tuple[str, str], ...]

    @property
    def row_name(self) -> str:
        """The crash point is part of the name, unless there is none."""
        return self.name if self.point == DIRECT else f"{self.point}-{self.name}"


@dataclass(frozen=True)
class Never:
    """A case that does not end in a stop, and why."""

    name: str
    reason: str


class Lkdtm:
    """What scenarios/lkdtm.toml says."""

    TABLES = ("subject", "cells", "set", "options", "do", "message", "lkdtm")

    def __init__(self, path: Path) -> None:
        data = read(path, self.TABLES)
        self.represents: list[str] = data["subject"]["represents"]
        self.cells: dict[str, Any] = data["cells"]
        only(self.cells, ("cpus", "silence", "time", "before"), "[cells]")
        self.settings: dict[str, str] = data["set"]
        self.options: dict[str, list[str]] = data["options"]
        self.doing: dict[str, str] = data["do"]
        self.messages: dict[str, str] = data["message"]
        only(data["lkdtm"], ("cases", "never"), "[lkdtm]")
        self.cases = [self._case(*entry) for entry in data["lkdtm"]["cases"]]
        self.never = [
            Never(name if point == DIRECT else point, reason)
            for name, point, reason in data["lkdtm"]["never"]
        ]

    def _case(
        self, name: str, point: str, setting: str, message: str, *shown: tuple[str, str]
    ) -> LkdtmCase:
        if setting and setting not in self.settings:
            raise RowError(f"case {name} at {point}: there is no setting {setting!r}")
        message = self.messages.get(message, message)
        return LkdtmCase(name, point, setting, message, tuple((what, text) for what, text in shown))

    def row(self, case: LkdtmCase, kernel: str = "main") -> Row:
        """The row of a case, for one kernel."""
        place = "" if case.point == DIRECT else f" at {case.point}"
        return Row(
            name=case.row_name,
            subject=SUBJECT,
            about=f"LKDTM: {case.name}{place}",
            cpus=self.cells["cpus"],
            checks=tuple(self._checks(case, kernel)),
            lives=(LifeRow(run=self._script(case)),),
            time=self.cells["time"],
            silence=self.cells["silence"],
            kernels=(kernel,),
            options=("-no-reboot", *self.options.get(case.setting, ())),
            warnings=WARNINGS,
            survey=("unmodified",) if kernel == "unmodified" else (),
            represents=case.row_name in self.represents,
        )

    def _script(self, case: LkdtmCase) -> str:
        setting = f"{self.settings[case.setting]}\n" if case.setting else ""
        doing = self.doing.get(case.name, f"echo {case.name} > $point")
        return (
            f"{self.cells['before']}load_kdump\n{setting}"
            f"point=/sys/kernel/debug/provoke-crash/{case.point}\n"
            "export point\n"
            f"[ -e $point ] || say no crash point {case.point}\n"
            f"pinned '{doing}'\n"
            "sleep 90; say survived\n"
        )

    @staticmethod
    def _checks(case: LkdtmCase, kernel: str) -> Iterator[Check]:
        if kernel == "unmodified":
            title = "there is a dump that opens and has the panic"
            yield Check("dump", "panic", case.message, title)
            return
        yield Check("dump", "panic", case.message)
        yield Check("dump", "log has", "ras: stop 1: ")
        yield Check("dump", "log has", "ras:   handler kdump +leaves this kernel")
        for what, text in case.shown:
            yield Check("dump", what, text)


def generate(path: Path, kernel: str = "main") -> list[Row]:
    """The rows of all cases, as that kernel is asked."""
    lkdtm = Lkdtm(path)
    return [lkdtm.row(case, kernel) for case in lkdtm.cases]
