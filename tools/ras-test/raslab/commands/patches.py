# SPDX-License-Identifier: GPL-2.0
"""./ras patches"""

from __future__ import annotations

import argparse
from pathlib import Path

from raslab import hooks
from raslab.lab import Lab


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = 'Write the framework as a series for "git am".'
    parser.add_argument("directory", type=Path, help="where to; made if it is not there")


def main(lab: Lab, args: argparse.Namespace) -> int:
    """Write it, unless there are patches already."""
    return hooks.patches(lab, args.directory)
