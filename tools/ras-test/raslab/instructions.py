# SPDX-License-Identifier: GPL-2.0
"""What a stop costs, counted in instructions.

In Bochs every CPU executes one instruction for each time stamp, and the same machine does
the same each time: the figures depend on the kernel's code alone, not on the host.  The
CPUs take turns after five instructions, so that is how fine the figures are.
"""

from __future__ import annotations

import re
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from raslab.bochs import Bochs
from raslab.check import End
from raslab.lab import Lab, LabError
from raslab.machine import Life
from raslab.target import Target
from raslab.watch import LOOK_S, stopping

CPUS = (2, 4, 8)
ROUNDS = 20
# Wall-clock; an idle host needs half a minute.
LIMIT_S = 1800

# No grace period, as in the wall-clock table.  MWAIT is hidden: Bochs does not wake a CPU
# that waits so.
WORDS = "clearcpuid=131 ras.ipi_grace_us=0 ras.nmi_timeout_ms=30000 loglevel=4"
SCRIPT = f"""\
taskset 1 insmod /lib/ras_bench.ko rounds={ROUNDS} 2>/dev/null
dmesg | grep -o 'ras_bench: .*' | tell
quit
"""

# What ras_bench.ko measures, and how the table calls it.
MEASURES = {
    "nmi": "raw NMI",
    "stop": "ras_stop()",
    "release": "release",
    "machine": "stop_machine()",
    "ipi": "IPI to all",
    "guard": "a handler",
    "watched": "with deadline",
}


@dataclass(frozen=True)
class Figures:
    """Instructions by measure: the median, and how far the rounds lie apart."""

    cpus: int
    rounds: int
    median: dict[str, int]
    spread: dict[str, int]

    @property
    def ratio(self) -> float:
        """A stop beside the floor."""
        return self.median["stop"] / self.median["nmi"]


def parse(console: str, cpus: int) -> Figures:
    """The figures in what the module has printed."""
    # The rounds before that are to warm up.
    part = re.search(r"(?s)RT: ras_bench: begin, .* of ([0-9]+) kHz(.*)RT: ras_bench: end", console)
    lines = re.findall(r"RT: ras_bench: (nmi [a-z0-9 ]+)", part[2]) if part else []
    if part is None or not lines:
        raise LabError("ras_bench.ko has not come to its end")
    values: dict[str, list[int]] = {measure: [] for measure in MEASURES}
    for line in lines:
        for measure, nanoseconds in re.findall(r"([a-z]+) ([0-9]+)", line):
            values[measure].append(round(int(nanoseconds) * int(part[1]) / 1e6))
    return Figures(
        cpus,
        len(lines),
        {measure: statistics.median_low(each) for measure, each in values.items()},
        {measure: max(each) - min(each) for measure, each in values.items()},
    )


def _await(life: Life, limit: float) -> End:
    while life.seconds < limit:
        if stopping.is_set():
            raise LabError("interrupted")
        end = life.poll()
        if end is not None:
            return end
        time.sleep(LOOK_S)
    return End.STUCK


def measure(lab: Lab, target: Target, cpus: int, directory: Path | None = None) -> Figures:
    """Boot a machine of so many CPUs in Bochs, and measure."""
    directory = directory or lab.run / f"bench-bochs-{cpus}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    life = Bochs(target, directory, cpus).boot(WORDS, SCRIPT)
    try:
        end = _await(life, LIMIT_S)
    finally:
        life.kill()
        (directory / "initrd").unlink(missing_ok=True)
    where = lab.shown(life.console)
    if end is not End.OFF:
        raise LabError(f"the machine of {cpus} CPUs in Bochs {end.value}: {life.cause or where}")
    try:
        return parse(life.console.read_text(encoding="utf-8", errors="replace"), cpus)
    except LabError as error:
        raise LabError(f"{error}; see {where}") from error


def table(figures: Sequence[Figures]) -> list[str]:
    """The figures, a line for each number of CPUs."""
    heads = ["CPUs", *MEASURES.values(), "stop/NMI"]
    rows = [
        [str(each.cpus), *(str(each.median[name]) for name in MEASURES), f"{each.ratio:.2f}"]
        for each in figures
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows)]
    lines = [
        "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths)) for row in [heads, *rows]
    ]
    spread = max((max(each.spread.values()) for each in figures), default=0)
    rounds = figures[0].rounds if figures else 0
    apart = "every round has the same" if not spread else f"the rounds differ by {spread} at most"
    return [*lines, "", f"{rounds} rounds, medians; {apart}"]


def print_table(
    lab: Lab,
    target: Target,
    counts: Sequence[int] = CPUS,
    show: Callable[[str], None] = print,
) -> list[Figures]:
    """Measure with each number of CPUs, and print the table."""
    figures = [measure(lab, target, cpus) for cpus in counts]
    for line in table(figures):
        show(line)
    return figures
