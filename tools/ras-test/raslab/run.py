# SPDX-License-Identifier: GPL-2.0
"""Running rows: which, on which kernels, as many at a time as the cores carry."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from raslab.case import Case, Outcome, Result, run_case
from raslab.image import need_machine
from raslab.lab import Lab, LabError
from raslab.results import Store
from raslab.row import Row
from raslab.scenarios import load
from raslab.tap import Tap
from raslab.target import Target
from raslab.watch import stopping

# An emulator may die once in a while.  More than these in a run are no accident.
LOST_MAX = 5
# Rows with at least this limit start first, so that none of them is left over at the end.
LONG_S = 500

Seen = Callable[[Result], None]


def cases_of(row: Row, kernels: Sequence[str]) -> list[Case]:
    """The row on those of the kernels that it is for; other models have the first only."""
    cases = []
    for kernel in kernels:
        if kernel in row.kernels:
            models = row.models if kernel == row.kernels[0] else row.models[:1]
            cases += [Case(row, kernel, model) for model in models]
    return cases


def select(rows: Sequence[Row], *, full: bool, kernel: str = "") -> list[Case]:
    """What ``./ras check`` runs: the representing rows on the main kernel; in full, all."""
    cases: list[Case] = []
    for row in rows:
        if full:
            cases += cases_of(row, [kernel] if kernel else row.kernels)
        elif row.represents:
            cases += cases_of(row, [kernel or "main"])
    return cases


def select_named(rows: Sequence[Row], names: Sequence[str], kernel: str = "") -> list[Case]:
    """The rows of those names, which may be globs; without a kernel on the row's first."""
    cases: list[Case] = []
    for name in names:
        found = [row for row in rows if fnmatch.fnmatchcase(row.name, name)]
        if not found:
            raise LabError(f"no row is called {name}; see ./ras check --list")
        for row in found:
            if kernel and kernel not in row.kernels:
                raise LabError(f"{row.name} is not for the {kernel} kernel")
            cases += cases_of(row, [kernel or row.kernels[0]])
    return cases


class Run:
    """Runs cases in parallel.  Results come in the order of the cases."""

    def __init__(self, lab: Lab, cases: Sequence[Case], *, keep: bool = False) -> None:
        self.lab, self.cases, self.keep = lab, list(cases), keep
        self.machines = int(os.environ.get("RAS_MACHINES") or lab.jobs)

    def build(self) -> None:
        """Every kernel and file system that is needed, before the first machine starts."""
        for kernel in dict.fromkeys(case.kernel for case in self.cases if not case.row.skip):
            need_machine(Target(self.lab, kernel))

    def results(self, seen: Seen) -> list[Result]:
        """Run all; ``seen`` gets each result as soon as those before it are there."""
        results: list[Result] = []
        pool = ThreadPoolExecutor(self.machines)
        try:
            futures = self._submit(pool)
            for case in self.cases:
                results.append(futures[case.name].result())
                seen(results[-1])
        finally:
            stopping.set()
            pool.shutdown(wait=True, cancel_futures=True)
            stopping.clear()
            if results:
                Store(self.lab).add(results)
        return results

    def _submit(self, pool: ThreadPoolExecutor) -> dict[str, Future[Result]]:
        long_first = sorted(self.cases, key=lambda case: case.row.time < LONG_S)
        return {case.name: pool.submit(self._run, case) for case in long_first}

    def _run(self, case: Case) -> Result:
        result = run_case(self.lab, case, keep=self.keep)
        if result.outcome is not Outcome.SKIP and not stopping.is_set():
            # At once: a long silence looks like a hang.
            lost = f"  after a lost try: {result.lost}" if result.lost else ""
            print(
                f"# {case.name:<40} {result.outcome.value:<5} {result.seconds:4.0f} s{lost}",
                flush=True,
            )
        return result


def run_rows(
    lab: Lab, names: Sequence[str], *, kernel: str = "", keep: bool = False
) -> list[Result]:
    """Run rows by name, for tests and commands of the lab."""
    run = Run(lab, select_named(load(lab, kernel), names, kernel), keep=keep)
    run.build()
    return run.results(lambda result: None)


def report(tap: Tap, lab: Lab, result: Result) -> None:
    """A case's subtest and its line."""
    name = f"{result.case.name}: {result.case.row.about}"
    if result.outcome is Outcome.SKIP:
        tap.skip(name, result.reason)
        return
    if result.lost:
        name += f" (lost once: {result.lost}; run again)"
    tap.subtest(result.case.name, result.answers)
    if result.outcome is Outcome.KNOWN:
        tap.todo(name, result.reason)
        return
    good = result.outcome is Outcome.PASS
    tap.ok(good, name if good else f"{result.outcome.value}: {name}", result.reason)
    if not good:
        tap.comment(f"  see {lab.shown(result.case.directory(lab))}/console")


def check(lab: Lab, cases: Sequence[Case]) -> int:
    """Run cases and write TAP; the exit status."""
    tap = Tap()
    start = time.monotonic()
    run = Run(lab, cases)
    run.build()
    results = run.results(lambda result: report(tap, lab, result))
    lost = [result.case.name for result in results if result.lost]
    tap.ok(
        len(lost) <= LOST_MAX,
        f"no more than {LOST_MAX} machines are lost; {len(lost)} were",
        "\n".join(lost),
    )
    ran = sum(result.outcome is not Outcome.SKIP for result in results)
    tap.comment(
        f"{ran} machines in {time.monotonic() - start:.0f} s; {lab.shown(lab.results)}/index.html"
    )
    return tap.done()
