# SPDX-License-Identifier: GPL-2.0
"""./ras check"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
from pathlib import Path

from raslab.kernel import need_tree
from raslab.lab import Lab
from raslab.run import Run, select, select_named
from raslab.scenarios import load
from raslab.target import Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Run the tests, or some of them.  A TEST is a file of tools/ras-test/t/ without .t;"
        " a ROW is a row of tools/ras-test/scenarios/, and may be a glob."
    )
    parser.add_argument("names", nargs="*", metavar="TEST|ROW", help="default: all tests")
    parser.add_argument(
        "--full",
        action="store_true",
        help="every row on every kernel it is for, whole kernels of every flavour,"
        " random configurations, and 200 random chains: hours",
    )
    parser.add_argument("--kernel", default="", help="run rows on this flavour only")
    parser.add_argument("--list", action="store_true", help="list tests and rows, run nothing")


def _list(lab: Lab, names: list[str], full: bool, kernel: str) -> int:
    rows = load(lab, kernel)
    if not names:
        for test in sorted((lab.tools / "t").glob("*.t")):
            print(test.stem)
    chosen = select_named(rows, names, kernel) if names else select(rows, full=full, kernel=kernel)
    for case in chosen:
        print(f"  {case.row.subject:<18} {case.name:<30} {case.row.skip or case.row.about}")
    return 0


def _prove(lab: Lab, tests: list[Path], full: bool, rows: list[str], kernel: str) -> int:
    environment = os.environ | {
        "RAS_FULL": "1" if full else "",
        "RAS_ROWS": " ".join(rows),
        "RAS_KERNEL": kernel,
        "RAS_BUILD": str(lab.build),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = ["prove", "--timer", "--verbose", *map(str, tests)]
    process = subprocess.Popen(command, cwd=lab.top, env=environment)
    while True:
        try:
            # Every test has bounds of its own.
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has told the tests as well; they end their machines.
            process.send_signal(signal.SIGTERM)


def main(lab: Lab, args: argparse.Namespace) -> int:
    """Run tests by prove(1), rows among them."""
    if args.kernel:
        Target(lab, args.kernel)
    if args.list:
        return _list(lab, args.names, args.full, args.kernel)
    tests = [lab.tools / "t" / f"{name}.t" for name in args.names]
    rows = [name for name, test in zip(args.names, tests) if not test.is_file()]
    tests = [test for test in tests if test.is_file()]
    if rows:
        select_named(load(lab, args.kernel), rows, args.kernel)
        tests = list(dict.fromkeys([*tests, lab.tools / "t" / "40-rows.t"]))
    if not tests:
        tests = sorted((lab.tools / "t").glob("*.t"))
        need_tree(Target(lab, "unmodified"))
        # Together, so that a broken build is seen before an hour of tests.
        Run(lab, select(load(lab, args.kernel), full=args.full, kernel=args.kernel)).build()
    print()
    return _prove(lab, tests, args.full, rows, args.kernel)
