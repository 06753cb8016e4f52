#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Whole kernels of the other flavours, and what is ours in random configurations.  The rows
that are for those kernels are in 40-rows."""

import contextlib
import os
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import image, kernel, randconfig
from raslab.complaints import of_ours
from raslab.lab import Lab, LabError
from raslab.tap import Tap, run_test
from raslab.target import Target

FLAVOURS = ("off", "up", "modules", "distro")


def builds(target: Target, out: Path) -> bool:
    """Does the kernel build, without a warning about what is ours?"""
    with open(out, "w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        try:
            image.need_machine(target)
        except LabError as error:
            log.write(f"{error}\n")
            return False
    said = kernel.build_log(target).read_text(encoding="utf-8", errors="replace")
    found = of_ours(said, target.patches)
    out.write_text("\n".join(found), encoding="utf-8")
    return not found


def main() -> int:
    """Run the checks."""
    if not os.environ.get("RAS_FULL"):
        return Tap.skip_all("whole kernels only with --full; t/10-sources.t compiles what is ours")
    lab, tap = Lab.from_environment(), Tap()
    place = lab.build / "check"
    place.mkdir(exist_ok=True)
    for flavour in FLAVOURS:
        out = place / f"{flavour}.log"
        tap.ok(builds(Target(lab, flavour), out), f"the {flavour} kernel builds", out)
    for name, good, out in randconfig.compile_configurations(lab):
        tap.ok(good, f"no warning with W=1 and sparse, {name}", out)
    return tap.done()


run_test(main)
