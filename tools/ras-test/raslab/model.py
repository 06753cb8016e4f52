# SPDX-License-Identifier: GPL-2.0
"""The model of the core, and the model checker SPIN that searches it.

Documentation/ras/model/stop.pml is the model.  A search has to be exhaustive to count: a
defect that was not found is told from a search that was given up.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from raslab.bounded import run_bounded
from raslab.lab import Lab, LabError

MODEL = Path("Documentation/ras/model/stop.pml")
# What pan may take, in MB, and how deep it may go.
MEMORY_MB = 3500
DEPTH = 200_000
COMPILE_S = 300
TRAIL_S = 300
# A bound for the slowest machine; ./ras check is to need two minutes for all of them.
SEARCH_S = 1800

# Partial-order reduction is not sound for a model with "provided".
CFLAGS = ("-w", "-DNOREDUCE", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}")


class Verdict(str, Enum):
    """What a search has come to."""

    NO_ERROR = "no error"
    ERROR = "an error"
    INCOMPLETE = "a search that is not exhaustive"
    BROKEN = "no result"


@dataclass(frozen=True)
class Search:
    """A configuration of the model, with or without a defect, and a formula to check or none."""

    name: str
    about: str
    defines: tuple[str, ...]
    defect: str = ""
    formula: str = ""

    @property
    def wanted(self) -> Verdict:
        """A defect has to be found, and so has what a witness stands for."""
        return Verdict.ERROR if self.defect else Verdict.NO_ERROR

    @property
    def flags(self) -> list[str]:
        """For the preprocessor of SPIN."""
        words = (*self.defines, *((self.defect,) if self.defect else ()))
        return [f"-D{word}" for word in (*words, *(("LTL",) if self.formula else ()))]

    @property
    def title(self) -> str:
        """A line for the reader."""
        return f"{self.defect} is found: {self.about}" if self.defect else self.about


@dataclass(frozen=True)
class Found:
    """What pan says of its search."""

    verdict: Verdict
    states: int = 0
    memory_mb: float = 0.0
    error: str = ""
    seconds: float = 0.0
    trail: Path | None = None


def _number(pattern: str, text: str) -> float:
    match = re.search(pattern, text, re.M)
    return float(match.group(1)) if match else 0.0


def parse(text: str) -> Found:
    """Read what pan has printed."""
    errors = re.search(r"errors: (\d+)", text)
    states = int(_number(r"^ *([0-9.e+]+) states, stored", text))
    memory_mb = _number(r"^ *([0-9.]+)\s+total actual memory usage", text)
    message = re.search(r"^pan:\d+: (.*)$", text, re.M)
    if errors is None:
        return Found(Verdict.BROKEN, error=text.strip().splitlines()[-1] if text.strip() else "")
    error = message.group(1) if message else ""
    if int(errors.group(1)):
        return Found(Verdict.ERROR, states, memory_mb, error)
    # pan goes on without what it has no room or depth for, and says so.
    gaps = re.search(
        r"max search depth too small|memory limit|out of memory|hash factor"
        r"|Search not completed|search was not completed|killed after",
        text,
        re.I,
    )
    if gaps:
        return Found(Verdict.INCOMPLETE, states, memory_mb, gaps.group(0))
    return Found(Verdict.NO_ERROR, states, memory_mb)


def pan_flags(search: Search) -> list[str]:
    """How pan is called: -E, for the model itself says which ends are good."""
    flags = ["-E", f"-m{DEPTH}"]
    return [*flags, "-a", "-N", search.formula] if search.formula else flags


def compile_flags(search: Search) -> list[str]:
    """How pan is compiled: a defect is found before any optimization has paid for itself.

    Without a formula nothing about cycles is needed.
    """
    speed = "-O0" if search.defect else "-O2"
    return [speed, *CFLAGS, "-DNOFAIR" if search.formula else "-DSAFETY"]


class Checker:
    """Runs SPIN in a directory of the lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.place = lab.build / "check" / "model"

    def run(self, search: Search) -> Found:
        """Generate, compile, search.  Where the search fails, its trail is kept."""
        directory = self.place / search.name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        model = directory / MODEL.name
        shutil.copyfile(self.lab.top / MODEL, model)
        start = time.monotonic()
        spin = ["spin", "-a", *search.flags, model.name]
        self._need(spin, directory, "spin.log")
        self._need(["gcc", *compile_flags(search), "-o", "pan", "pan.c"], directory, "gcc.log")
        out = directory / "pan.log"
        run_bounded(["./pan", *pan_flags(search)], SEARCH_S, output=out, cwd=directory)
        found = parse(out.read_text(encoding="utf-8", errors="replace"))
        trail = self._trail(search, directory) if found.verdict is Verdict.ERROR else None
        self._tidy(directory, found.verdict is search.wanted)
        return Found(
            found.verdict,
            found.states,
            found.memory_mb,
            found.error,
            time.monotonic() - start,
            trail,
        )

    def _need(self, command: Sequence[str], directory: Path, log: str) -> None:
        output = directory / log
        # spin runs the preprocessor with what follows, and puts files where it is.
        if run_bounded(command, COMPILE_S, output=output, cwd=directory, env=dict(os.environ)):
            raise LabError(f"{command[0]} failed; see {self.lab.shown(output)}")

    def _trail(self, search: Search, directory: Path) -> Path:
        """The way to the error, step by step."""
        trail = directory / "trail"
        command = ["spin", "-t", "-p", *search.flags, MODEL.name]
        run_bounded(command, TRAIL_S, output=trail, cwd=directory)
        return trail

    @staticmethod
    def _tidy(directory: Path, good: bool) -> None:
        """What spin has generated is needed only where somebody is going to look."""
        for path in directory.glob("pan*" if good else "pan.[bmpt]"):
            if path.name != "pan.log":
                path.unlink()


PARK = ("PARK", "CPUS=2")
WATCH = ("WATCH", "CPUS=2", "HANDLERS=1", "HANGS=1")
TAKEOVERS = ("WATCH", "COARSE", "NMI_PANICS=0")
AGAIN = ("WATCH", "CPUS=2", "COARSE", "NMI_PANICS=0", "HANDLERS=3")
TRIES = (*WATCH, "NMI_PANICS=0", "TRIES=1")
UNWATCHED = (*TRIES, "UNWATCHED", "STRAYS=2")
PREEMPT = ("PREEMPT", "CPUS=2", "HANDLERS=1")
PREEMPT_ALONE = (*PREEMPT, "HANGS=0", "UNWATCHED")
AWAY = ("AWAY", "CPUS=2", "HANDLERS=1", "HANGS=0", "NMI_PANICS=0", "STRAYS=1")
HELP = ("HELP", "CPUS=2")
JOB = ("JOB", "CPUS=2", "HANDLERS=1")
JOB_CRASH = (*JOB, "COARSE", "HANGS=0", "PIECE_HANGS=1", "PIECES=0", "STOPS=0", "PANICS=1")
JOB_TAKEOVER = (*JOB, "COARSE", "HANGS=1", "PIECES=0", "NMI_PANICS=0")

SEARCHES = (
    Search(
        "park",
        "PARK, 3 CPUs: one stop, CPUs that are late or missing, a store that MWAIT misses",
        ("PARK", "NMI_PANICS=0"),
    ),
    Search(
        "park-stops",
        "PARK, 2 CPUs: two stops, then a panic in an NMI",
        (*PARK, "STOPS=2"),
    ),
    Search(
        "park-crash",
        "PARK, 2 CPUs: a stop, a fatal oops and a panic in an NMI",
        (*PARK, "PANICS=1"),
    ),
    Search(
        "park-panics",
        "PARK, 2 CPUs: a stop, and a panic in an NMI on each",
        (*PARK, "NMI_PANICS=2"),
    ),
    Search(
        "park-button",
        "PARK, 2 CPUs: a stop, a stop in an NMI and a panic in an NMI",
        (*PARK, "NMI_STOPS=1"),
    ),
    Search("watch", "WATCH, 2 CPUs: a stop, a panic in an NMI, handlers that hang", WATCH),
    Search(
        "watch-takeovers",
        "WATCH, 3 CPUs, coarse: a stop, one takeover",
        (*TAKEOVERS, "HANGS=1"),
    ),
    Search(
        "watch-crash",
        "WATCH, 3 CPUs, coarse: a crash, takeover of a takeover, hand-over",
        (*TAKEOVERS, "STOPS=0", "PANICS=1"),
    ),
    Search(
        "watch-again",
        "WATCH, 2 CPUs, coarse: a stop, takeover by a CPU that is in a handler it has lost",
        AGAIN,
    ),
    Search(
        "watch-again-crash",
        "WATCH, 2 CPUs, coarse: the same in a crash, and hand-over",
        (*AGAIN, "STOPS=0", "PANICS=1"),
    ),
    Search("try", "WATCH, 2 CPUs: a handler tries something, and hangs there or behind it", TRIES),
    Search(
        "try-unwatched",
        "WATCH, 2 CPUs: the same, nobody watches, and NMIs come that nobody has sent",
        UNWATCHED,
    ),
    Search(
        "preempt",
        "PREEMPT, 2 CPUs: a handler that takes minutes, a panic in an NMI, a takeover",
        (*PREEMPT, "HANGS=1"),
    ),
    Search(
        "preempt-stops",
        "PREEMPT, 2 CPUs: two stops, the same, and nobody watches",
        (*PREEMPT_ALONE, "STOPS=2"),
    ),
    Search(
        "away",
        "AWAY, 2 CPUs, one of which goes offline; an NMI that nobody has sent",
        AWAY,
    ),
    Search(
        "job",
        "JOB, 2 CPUs: two pieces, one of which hangs, and nobody watches",
        (*JOB, "HANGS=0", "NMI_PANICS=0", "PIECE_HANGS=1", "UNWATCHED"),
    ),
    Search(
        "job-jobs",
        "JOB, 2 CPUs, coarse: two jobs for the CPU that watches, and a piece that hangs",
        (*JOB, "COARSE", "HANGS=0", "NMI_PANICS=0", "PIECE_HANGS=1", "JOBS=2"),
    ),
    Search(
        "job-crash",
        "JOB, 2 CPUs, coarse: a crash, a panic in an NMI, a piece that hangs in the NMI",
        JOB_CRASH,
    ),
    Search(
        "job-takeover",
        "JOB, 2 CPUs, coarse: the CPU that watches and helps takes over",
        JOB_TAKEOVER,
    ),
    Search(
        "job-helper",
        "JOB, 3 CPUs, coarse: a crash, one CPU takes over while another one helps",
        ("JOB", "COARSE", "HANDLERS=1", "HANGS=1", "PIECES=0", "NMI_PANICS=0")
        + ("STOPS=0", "PANICS=1"),
    ),
    Search("help", "HELP, 2 CPUs: two helps, and a panic in an NMI", HELP),
    Search("registry", "REGISTRY: a handler is removed while it runs", ("REGISTRY",)),
    Search("ends", "every stop ends", (*PARK, "PANICS=1"), formula="every_stop_ends"),
    Search("watched", "every watched stop ends", (*WATCH, "NMI_PANICS=0"), "", "every_stop_ends"),
    Search("leaves", "nobody stays parked", (*PARK, "PANICS=1"), formula="nobody_stays"),
    Search("panics", "a panic ends in a crash", PREEMPT_ALONE, formula="panic_is_crash"),
    Search(
        "comes-back",
        "who is away comes back",
        (*AWAY, "UNWATCHED"),
        formula="who_is_away_is_back",
    ),
    Search("defect-2", "parking stays set on an owner", WATCH, "DEFECT_2"),
    Search("defect-3", "one guard, and a CPU watches that is in a lost call", AGAIN, "DEFECT_3"),
    Search("defect-10", "unregistering clears handler->entry", ("REGISTRY",), "DEFECT_10"),
    Search("defect-12", "nobody is nudged", PARK, "DEFECT_12"),
    Search("defect-13", "no second look at the command", HELP, "DEFECT_13"),
    Search(
        "witness-takeovers",
        "there are takeovers of a takeover",
        (*TAKEOVERS, "STOPS=0", "PANICS=1"),
        "WITNESS_TAKEOVERS",
    ),
    Search(
        "witness-preempted",
        "a handler is left for a panic",
        PREEMPT_ALONE,
        "WITNESS_PREEMPTED",
    ),
    Search("witness-away", "the machine is left, and comes back", AWAY, "WITNESS_AWAY"),
    Search("witness-lost", "a helper that is lost goes on", JOB_CRASH, "WITNESS_LOST"),
    Search(
        "witness-helper-owns",
        "a CPU that has helped takes over",
        JOB_TAKEOVER,
        "WITNESS_HELPER_OWNS",
    ),
    Search("break-yield", "a panic waits for the handler", PREEMPT_ALONE, "BREAK_YIELD"),
    Search("break-budget", "an NMI lands a CPU that is away", AWAY, "BREAK_BUDGET"),
    Search("break-online", "a CPU is parked while the machine is away", AWAY, "BREAK_ONLINE"),
    Search("break-work", "no second look at the job", JOB_CRASH, "BREAK_WORK"),
    Search(
        "break-unjoined",
        "no second look at who joins late",
        JOB_CRASH,
        "BREAK_UNJOINED",
    ),
    Search(
        "break-quarantine",
        "the buffer of a lost helper is used",
        JOB_CRASH,
        "BREAK_QUARANTINE",
    ),
    Search("race-nudge", "who is late is not nudged", PARK, "RACE_NUDGE"),
    Search(
        "race-nmi-loser",
        "who panics in an NMI and loses does not park",
        (*PARK, "PANICS=1"),
        "RACE_NMI_LOSER",
    ),
    Search("race-nmi-watch", "who panics in an NMI watches no more", WATCH, "RACE_NMI_WATCH"),
    Search("race-two-words", "nobody owns a stop", WATCH, "RACE_TWO_WORDS"),
    Search(
        "race-skip",
        "two CPUs own a stop",
        (*WATCH, "NMI_PANICS=0", "RACE_TWO_WORDS"),
        "RACE_SKIP",
    ),
    Search(
        "race-handover",
        "a CPU that has lost shoots down the owner",
        WATCH,
        "RACE_HANDOVER",
    ),
    Search("race-call-end", "a CPU that has lost gives commands", TAKEOVERS, "RACE_CALL_END"),
    Search("race-recall", "who is asked to leave a help stays", HELP, "RACE_RECALL"),
    Search("race-guard", "a guarded call in the middle of one", HELP, "RACE_GUARD"),
    Search("race-record", "MWAIT in an NMI, by the record of an IPI", PARK, "RACE_RECORD"),
    Search(
        "race-land",
        "an NMI takes a CPU out of its park",
        (*AGAIN, "STOPS=0", "PANICS=1"),
        "RACE_LAND",
    ),
    Search("race-strike", "the outer call is left for the inner one", UNWATCHED, "RACE_STRIKE"),
    Search("race-close", "an inner call stays open", TRIES, "RACE_CLOSE"),
    Search("race-same-call", "a call is taken for what it was before", TRIES, "RACE_SAME_CALL"),
    Search(
        "race-panicked", "a panic is not recorded for this stop", PREEMPT_ALONE, "RACE_PANICKED"
    ),
    Search("race-own-panic", "an owner waits for itself to park", WATCH, "RACE_OWN_PANIC"),
    Search(
        "race-help-state",
        "a CPU that has lost gives helpers up",
        (*JOB, "HANGS=0", "PIECES=0", "NMI_PANICS=0"),
        "RACE_HELP_STATE",
    ),
    Search(
        "race-help-handover",
        "a helper stays in its piece when the machine is handed over",
        JOB_CRASH,
        "RACE_HELP_HANDOVER",
    ),
    Search(
        "race-abandoned", "a handler is removed in abandoned()", ("REGISTRY",), "RACE_ABANDONED"
    ),
)
