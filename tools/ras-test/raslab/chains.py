# SPDX-License-Identifier: GPL-2.0
"""Rows made by chance: chains of one to four faulty handlers.

Some end in a dump, a machine each, asked as a cell of faults.toml.  The others are released:
up to 40 of them one after the other on one machine under load, which is as healthy afterwards
as after the 1,000 rehearsals of row ``resume``.  The same seed makes the same chains.
"""

from __future__ import annotations

import functools
import os
import time
from dataclasses import dataclass
from pathlib import Path

from raslab.faults import Faults, Kind, read
from raslab.lab import LabError
from raslab.row import Check, LifeRow, Row

SUBJECT = "chains"
# Of a hundred chains so many end in a dump.
DUMPED = 15
CONTEXTS = ("task", "softirq", "hardirq", "nmi")
CPUS = (1, 2, 4)
LENGTH_MAX = 4
# Released chains per machine.
MACHINE_MAX = 40
# A virtual CPU may not be run for longer than what is to hang is given.
DEADLINE_MS = {"hang": 300, "fault": 2000, "next": 2000}
TIME_S = 900
WARNINGS = "handlers that go wrong are what the row is about"
# Its not_ready() is what goes wrong.
NEVER_ARMED = "noready"
REPORTS = (
    "soft lockup|rcu:.*(stall|detected)|blocked for more than|hung_task|unstable.*watchdog"
    "|workqueue lockup|Kernel panic|list_(add|del) corruption"
)
# An environment knob: the seed of the chains; without it every run has another one.
SEED_KNOB = "RAS_SEED"


class Chance:
    """Random numbers that are the same for the same seed, anywhere and for ever."""

    def __init__(self, seed: int) -> None:
        self.x = seed

    def draw(self, count: int) -> int:
        """A number below ``count``, from the upper 15 bits."""
        self.x = (self.x * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.x >> 16) % count


@dataclass(frozen=True)
class Chain:
    """One chain that was drawn."""

    number: int
    dumped: bool
    context: str
    cpus: int
    kinds: tuple[Kind, ...]

    @property
    def words(self) -> list[str]:
        """The kinds by name."""
        return [kind.name for kind in self.kinds]

    def __str__(self) -> str:
        end = "dump" if self.dumped else "release"
        kinds = " ".join(self.words)
        return f"{self.number:4d} {end:<7} {self.context:<7} {self.cpus}  {kinds}"


class Drawing:
    """Composes chains."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.chance = Chance(seed)
        self.kinds = list(faults.kinds.values())
        self.not_alone = {
            kind.name
            for kind in self.kinds
            if faults.reason(faults.cell([kind.name], CONTEXTS[0], 1))
        }

    def chain(self, number: int) -> Chain:
        """The next one.  The order of the draws is what makes a seed repeatable."""
        draw = self.chance.draw
        dumped = draw(100) < DUMPED
        context = CONTEXTS[draw(len(CONTEXTS))]
        cpus = CPUS[draw(len(CPUS))]
        length = draw(LENGTH_MAX) + 1
        chain = Chain(number, dumped, context, cpus, ())
        while len(chain.kinds) < length:
            kind = self.kinds[draw(len(self.kinds))]
            if self._fits(kind, chain, length):
                chain = Chain(number, dumped, context, cpus, (*chain.kinds, kind))
        return chain

    def _fits(self, kind: Kind, chain: Chain, length: int) -> bool:
        """May the chain that is being composed, of so many, have it, too?"""
        others = [other.name for other in chain.kinds]
        if not chain.dumped and [*others, kind.name] == [NEVER_ARMED] * length:
            # A user's stop is refused without a handler that is armed.
            return False
        if chain.cpus == 1 and kind.name in self.not_alone:
            return False
        if kind.way == "hang" and chain.context == "nmi":
            # It takes another CPU each time, and the one that hangs is lost.
            if not chain.dumped or any(other.way == "hang" for other in chain.kinds):
                return False
        # Whoever sleeps leaves a timer on the stack it never comes back to.
        return chain.dumped or kind.name != "sleep"


def chains(faults: Faults, seed: int, rounds: int) -> list[Chain]:
    """The chains of a seed."""
    drawing = Drawing(faults, seed)
    return [drawing.chain(number) for number in range(1, rounds + 1)]


def state_after(kind: Kind, cpus: int) -> str:
    """What the handler's files say after the stop: state, faults, timeouts."""
    return {"fault": "failed,1,0", "hang": "failed,0,1"}.get(kind.way_on(cpus), "ok,0,0")


def _line(chain: Chain) -> str:
    """What guest/chains.sh says of a chain that was released as it should be."""
    states = "".join(
        f" f{number}_{kind.name}={state_after(kind, chain.cpus)}"
        for number, kind in enumerate(chain.kinds)
    )
    return f"RT: chain {chain.number}:{states}; stops 1, missing , threads {chain.cpus};"


def _script(members: list[Chain]) -> str:
    lines = []
    for chain in members:
        words = " ".join(f"{kind.name}:{DEADLINE_MS[kind.way]}" for kind in chain.kinds)
        lines.append(f"chain {chain.number} {chain.context} {words}\n")
    return f"@chains\nchains_begin\n{''.join(lines)}chains_end\n"


def _checks(members: list[Chain]) -> list[Check]:
    checks = [
        Check(
            "console",
            "has",
            _line(chain),
            f"chain {chain.number}, {chain.context}: " f"{' '.join(chain.words)}",
        )
        for chain in members
    ]
    cpus = members[0].cpus
    for words in ("checksums: ok", "clocks: ok", f"CPUs: {cpus}"):
        checks.append(Check("console", "has", f"RT: {words}"))
    checks.append(Check("console", "has", "RT: handlers left: dump jump kdb kdump kgdb kmsg"))
    checks.append(Check("console", "lacks", REPORTS))
    return checks


def _released(name: str, members: list[Chain]) -> Row:
    """The row of one machine, on which chains are released one after the other."""
    cpus = members[0].cpus
    return Row(
        name=name,
        subject=SUBJECT,
        about=f"{len(members)} chains released on a machine with {cpus} CPUs under load",
        cpus=cpus,
        checks=tuple(_checks(members)),
        lives=(LifeRow(run=_script(members)),),
        boot="ras.ipi_grace_us=10000",
        time=TIME_S,
        kernels=("main",),
        options=("-no-reboot",),
        warnings=WARNINGS,
    )


def _machines(drawn: list[Chain]) -> dict[str, list[Chain]]:
    """The released chains by machine: the name of the machine, and its chains."""
    machines: dict[str, list[Chain]] = {}
    counts = dict.fromkeys(CPUS, 0)
    for chain in drawn:
        if not chain.dumped:
            number = counts[chain.cpus] // MACHINE_MAX + 1
            counts[chain.cpus] += 1
            machines.setdefault(f"cpus-{chain.cpus}-{number}", []).append(chain)
    return machines


def generate(seed: int, rounds: int, faults: Faults) -> list[Row]:
    """The rows of a seed.  Its number is in their names, so that one can be run again."""
    drawn = chains(faults, seed, rounds)
    prefix = f"seed-{seed}"
    rows = [_released(f"{prefix}-{name}", members) for name, members in _machines(drawn).items()]
    for chain in drawn:
        if chain.dumped:
            cell = faults.cell(chain.words, chain.context, chain.cpus)
            name = f"{prefix}-{chain.number}-{cell.name}"
            cell = faults.cell(chain.words, chain.context, chain.cpus, name)
            rows.append(faults.row(cell, subject=SUBJECT))
    return rows


@functools.lru_cache(maxsize=None)
def _default_seed() -> int:
    """Another one for each run, and the same throughout it."""
    return int(time.time()) % 100000


def chosen_seed() -> int:
    """The seed that the person wants, or one by chance."""
    text = os.environ.get(SEED_KNOB, "")
    if text and not text.isdigit():
        raise LabError(f"{SEED_KNOB}={text} is not a number")
    return int(text) if text else _default_seed()


def generate_file(path: Path, kernel: str = "main") -> list[Row]:
    """The rows of scenarios/chains.toml, with the kinds of faults.toml beside it."""
    rounds = read(path, ("subject", "chains"))["chains"]["rounds"]
    if kernel != "main":
        return []
    return generate(chosen_seed(), rounds, Faults(path.with_name("faults.toml")))
