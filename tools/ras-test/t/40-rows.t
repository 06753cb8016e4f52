#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The rows of scenarios/, as many machines at a time as there are cores."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.lab import Lab
from raslab.run import check, select, select_named
from raslab.scenarios import load
from raslab.tap import run_test


def main() -> int:
    """All that represent their subjects, all with RAS_FULL, or those of RAS_ROWS."""
    lab = Lab.from_environment()
    kernel, names = os.environ.get("RAS_KERNEL", ""), os.environ.get("RAS_ROWS", "").split()
    rows = load(lab, kernel)
    if names:
        return check(lab, select_named(rows, names, kernel))
    return check(lab, select(rows, full=bool(os.environ.get("RAS_FULL")), kernel=kernel))


run_test(main)
