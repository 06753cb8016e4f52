# SPDX-License-Identifier: GPL-2.0
"""The floors of the core and of the dump engine: calls go one way down.

A Makefile lists its objects from the top floor to the lowest.  What an object
calls and what it defines is read from its symbol table, so macros and inline functions count
as well.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CALL_S = 60
OBJECT = re.compile(r"\b([a-z0-9_]+)\.o\b")
# The tests are above all floors.
LINE = re.compile(r"obj-(y|\$\(CONFIG_(?!RAS_KUNIT_TEST)\w+\))\s")


@dataclass(frozen=True)
class Symbols:
    """What an object defines for others, and what it takes from them."""

    defined: frozenset[str]
    wanted: frozenset[str]


def floors(makefile: str) -> list[str]:
    """The objects in the Makefile's order, without the tests."""
    text = makefile.replace("\\\n", " ")
    lines = [line for line in text.splitlines() if LINE.match(line)]
    return [name for line in lines for name in OBJECT.findall(line)]


def read_symbols(obj: Path) -> Symbols:
    """As nm(1) has them."""
    argv = ["nm", "-g", str(obj)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=True)
    defined: set[str] = set()
    wanted: set[str] = set()
    for line in done.stdout.splitlines():
        *_, kind, name = line.split()
        (wanted if kind == "U" else defined).add(name)
    return Symbols(frozenset(defined), frozenset(wanted))


def calls_up(order: Sequence[str], symbols: Mapping[str, Symbols]) -> list[str]:
    """The calls that do not go down, in words."""
    found = []
    for at, name in enumerate(order):
        for above in order[:at]:
            for symbol in sorted(symbols[name].wanted & symbols[above].defined):
                found.append(f"{name}.c calls {symbol}() of {above}.c, which is above it")
    return found


def check(makefile: Path, objects: Path) -> list[str]:
    """What is wrong with the floors in a build directory; objects are those of the Makefile."""
    order = floors(makefile.read_text(encoding="utf-8"))
    missing = [name for name in order if not (objects / f"{name}.o").is_file()]
    if missing or not order:
        return [f"no object {name}.o" for name in missing] or ["no object in the Makefile"]
    return calls_up(order, {name: read_symbols(objects / f"{name}.o") for name in order})
