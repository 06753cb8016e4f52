#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The model of the core: SPIN finds no error in it, and finds the defects that are put back."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.lab import Lab
from raslab.model import SEARCHES, Checker, Found, Search
from raslab.tap import Tap, run_test


def report(tap: Tap, lab: Lab, search: Search, found: Found) -> None:
    """A search's line, and where the way to an error is that should not be there."""
    detail = f"wanted {search.wanted.value}, and got {found.verdict.value}: {found.error}"
    if found.trail:
        detail += f"\nsee {lab.shown(found.trail)}"
    tap.ok(found.verdict is search.wanted, search.title, detail)
    tap.comment(
        f"  {search.name}: {found.states} states, {found.memory_mb:.0f} MB, {found.seconds:.0f} s"
    )


def main() -> int:
    """Run the searches, as many at a time as the lab may use cores."""
    lab, tap = Lab.from_environment(), Tap()
    checker = Checker(lab)
    start = time.monotonic()
    with ThreadPoolExecutor(min(lab.jobs, 2)) as pool:
        for search, found in zip(SEARCHES, pool.map(checker.run, SEARCHES)):
            report(tap, lab, search, found)
    tap.comment(f"{len(SEARCHES)} searches in {time.monotonic() - start:.0f} s")
    return tap.done()


run_test(main)
