# SPDX-License-Identifier: GPL-2.0
"""./ras build"""

from __future__ import annotations

import argparse

from raslab.image import need_machine
from raslab.kernel import need_kernel
from raslab.lab import Lab
from raslab.target import Target, flavours


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = "Build a kernel, and the file systems of a machine that runs it."
    parser.add_argument("flavour", nargs="?", default="main", help="default: main")
    shown = (f"  {name:<12} {about}" for name, about in flavours(Lab.from_environment()).items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["flavours:", *shown])


def main(lab: Lab, args: argparse.Namespace) -> int:
    """Build what is not up to date."""
    target = Target(lab, args.flavour)
    need_kernel(target)
    need_machine(target)
    print(f"{lab.shown(target.vmlinux)}, {lab.shown(target.image)}")
    return 0
