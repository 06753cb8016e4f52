# SPDX-License-Identifier: GPL-2.0
"""All judges, by the name that a check uses."""

from __future__ import annotations

import re
from typing import Any

from raslab.check import Answer, Check, Judge, RowError, TextJudge
from raslab.disk import DiskJudge
from raslab.dump import DumpJudge
from raslab.network import NetworkJudge
from raslab.peers import PeerJudge
from raslab.talk import GdbJudge, LineJudge


class ConsoleJudge(TextJudge):
    """``console``: of all lives; ``console 2``: of the second."""

    where = "console"
    called = "the console"

    @classmethod
    def accept(cls, check: Check) -> None:
        super().accept(check)
        if check.argument and not re.fullmatch("[1-9]", check.argument):
            raise RowError(f"{check.where!r} names no life")

    def text(self, check: Check) -> str:
        if not check.argument:
            return self.evidence.console
        number = int(check.argument)
        consoles = self.evidence.consoles
        return consoles[number - 1] if number <= len(consoles) else ""


class KunitJudge(Judge):
    """``kunit``: ``suite NAME`` has passed."""

    where = "kunit"

    @classmethod
    def accept(cls, check: Check) -> None:
        if not re.fullmatch("suite [a-z_]+", check.what) or check.expected != "pass":
            raise RowError(f"kunit is asked ['kunit', 'suite NAME', 'pass'], not {check.what!r}")

    def answer(self, check: Check) -> Answer:
        name = check.what.split()[1]
        text = re.sub(r"(?m)^\[ *[0-9.]*\] ", "", self.evidence.console)
        cases: list[str] = []
        # The result of a suite stands in a line of its own, after its cases.
        for line in text.splitlines():
            if re.match(r"(ok|not ok) [0-9]", line):
                if re.fullmatch(rf"(not )?ok [0-9]+ (- )?{name}", line):
                    return self._verdict(name, line, cases)
                cases = []
            elif re.match(r" +(ok|not ok) [0-9]", line):
                cases.append(line)
        return Answer(False, f"KUnit suite {name}", "a result of the suite", "none")

    def _verdict(self, name: str, line: str, cases: list[str]) -> Answer:
        skipped = sum("# SKIP" in case for case in cases)
        bad = [case.strip() for case in cases if case.strip().startswith("not ok")]
        ok = line.startswith("ok") and not bad and len(cases) > skipped
        title = f"KUnit suite {name}: {len(cases)} cases, {skipped} skipped"
        return Answer(ok, title, "all cases pass", "; ".join(bad) or line)


# mypy would have each of them checked for being concrete, one at a time.
_ALL: tuple[Any, ...] = (
    ConsoleJudge,
    KunitJudge,
    LineJudge,
    GdbJudge,
    DumpJudge,
    NetworkJudge,
    PeerJudge,
    DiskJudge,
)
JUDGES: dict[str, type[Judge]] = {judge.where: judge for judge in _ALL}


def accept(check: Check) -> None:
    """Raise RowError if no judge takes the check."""
    judge = JUDGES.get(check.place)
    if judge is None:
        raise RowError(f"nobody judges {check.where!r}; there are {' '.join(JUDGES)}")
    judge.accept(check)
