# SPDX-License-Identifier: GPL-2.0
"""./ras tables"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from raslab.lab import Lab, LabError
from raslab.tables import DOCUMENTS, Tables, load_entries, rewrite


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ./ras tables."""
    parser.description = (
        "Write the tables of Documentation/ras/ anew from the results in build/results/."
        "  A table of which the results lack a cell stays as it is."
    )
    parser.add_argument("names", nargs="*", metavar="TABLE", help="with --show; default: all")
    parser.add_argument(
        "--show", action="store_true", help="print tables, as far as their rows were run"
    )


def main(lab: Lab, args: argparse.Namespace) -> int:
    """Show tables, or write them into the documents."""
    tables = Tables(lab.tools / "scenarios", load_entries(lab.results / "results.json"))
    if args.show:
        show(tables, args.names or list(tables.makers))
        return 0
    if args.names:
        raise LabError("names of tables are for --show")
    for name in DOCUMENTS:
        path = lab.top / "Documentation" / "ras" / name
        old = path.read_text(encoding="utf-8")
        new, notes = rewrite(old, tables)
        if new != old:
            path.write_text(new, encoding="utf-8")
        for note in notes:
            print(f"{name}: {note}")
    return 0


def show(tables: Tables, names: Sequence[str]) -> None:
    """Print tables, as far as there is something in them."""
    for name in names:
        table = tables.make(name)
        print(f"\n{name}\n\n{table.text}", end="")
        if table.origin():
            print(f"\n{table.origin()}")
