# SPDX-License-Identifier: GPL-2.0
"""Finds the command of ./ras, once the packages that it needs are there."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys

from raslab.lab import Lab, LabError


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Only the command's own module is loaded: not every command needs every package."""
    signal.signal(signal.SIGTERM, _interrupt)
    name = sys.argv[1]
    command = importlib.import_module(f"raslab.commands.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"./ras {name}")
    try:
        command.add_arguments(parser)
        args = parser.parse_args(sys.argv[2:])
        status: int = command.main(Lab.from_environment(), args)
        return status
    except LabError as error:
        print(f"ras: {name}: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nras: {name}: interrupted", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
