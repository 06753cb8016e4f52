#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Mutants of the core: the KUnit suites kill nine of ten, and it is known why not the others."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.lab import Lab
from raslab.mutants import Outcome, Run, Verdict, share
from raslab.tap import Tap, run_test


def tell(tap: Tap, run: Run, verdict: Verdict) -> None:
    """A survivor, with the reason if it is known; of the others a line each."""
    mutant = verdict.mutant
    if verdict.outcome is not Outcome.SURVIVED:
        tap.comment(f"  {verdict.outcome.value}: {mutant.function}(): {verdict.why}")
        return
    why = run.settings.why(mutant)
    tap.comment(f"  survived: {why or 'nobody knows why'}")
    tap.comment(f"    {mutant.place}, {mutant.function}()\n  - {mutant.before}\n  + {mutant.after}")
    if not why:
        tap.todo(f"a survivor in {mutant.place} is in mutants.toml", mutant.kind)


def main() -> int:
    """Run the mutants."""
    if not os.environ.get("RAS_FULL"):
        return Tap.skip_all("mutants only with --full: a kernel and a machine for each")
    lab, tap = Lab.from_environment(), Tap()
    run = Run(lab)
    run.run(lambda verdict: tell(tap, run, verdict))
    tap.ok(run.wanted, "the suites pass without a mutant")
    numbers = ", ".join(f"{run.number_of(outcome)} {outcome.value}" for outcome in Outcome)
    killed, wanted = share(run.verdicts), run.settings.wanted
    tap.ok(killed >= wanted, f"{killed:.0f} % of {run.judged} mutants are killed")
    tap.comment(f"{numbers}; {wanted} % have to be killed")
    return tap.done()


run_test(main)
