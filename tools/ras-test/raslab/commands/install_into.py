# SPDX-License-Identifier: GPL-2.0
"""./ras install-into"""

from __future__ import annotations

import argparse
from pathlib import Path

from raslab import hooks
from raslab.lab import Lab


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.description = (
        "Put the framework into a Linux source tree.  A second time changes nothing."
    )
    parser.add_argument("directory", type=Path, help="the tree")


def main(lab: Lab, args: argparse.Namespace) -> int:
    """Everything is tried before anything is changed."""
    return hooks.install_into(lab, args.directory)
