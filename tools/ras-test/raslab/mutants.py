# SPDX-License-Identifier: GPL-2.0
"""Mutants of the core: does KUnit notice that something is wrong with it?

A mutant's source stands in the kernel's build directory, where make finds it before the one
of the tree.  So neither the repository nor the tree ever has a mutant, and each costs one
object, one link and one boot.  A mutant that makes no other object than there was before is
none, and one that does not compile says nothing about the suites: for both another is drawn.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any

from raslab import kernel
from raslab.lab import Lab, LabError
from raslab.mutations import Mutant, Source, drawn
from raslab.results import commit, host
from raslab.step import step
from raslab.target import Target

PLACE = Path("kernel/ras")
# How many are judged, if not as many as mutants.toml says.
COUNT_KNOB = "RAS_MUTANTS"

# The fake machine needs more CPUs that are possible than there are.  When the suites are over
# there is no init, so the kernel panics: that prints what is still on its way to the console,
# which switching off would not.  On a busy host the emulator's timers fail the kernel's checks.
WORDS = (
    "kunit.enable=1 kunit.filter_glob=ras* possible_cpus=8 panic=-1" " tsc=reliable no_timer_check"
)

# Of what the kernel without a mutant needs, and in seconds: its time, and its silence.
LIMIT_TIMES = 5.0
LIMIT_S = 20.0
# For that kernel itself, on the slowest host.
FIRST_S = 600.0
LOOK_S = 0.1
# Something else is wrong if so many more do not compile than do.
BROKEN_MAX = 20

SIGNS = re.compile(r".*(?:\bnot ok \d|Kernel panic|\bBUG:|\bOops|WARNING:).*")
STAMP = re.compile(r"(?m)^\[ *[0-9.]*\] ?")
PLAN = re.compile(r"(?m)^1\.\.(\d+)$")


class Outcome(str, Enum):
    """What came of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    BROKEN = "does not compile"
    EQUIVALENT = "equivalent"


COUNTED = (Outcome.KILLED, Outcome.SURVIVED)


@dataclass(frozen=True)
class Known:
    """A survivor that KUnit cannot see."""

    function: str
    before: str
    after: str
    why: str
    # Of the same change in the same function, counted from 0.
    number: int = 0

    def is_about(self, mutant: Mutant) -> bool:
        """Is it this one?"""
        mine = (self.function, self.before, self.after, self.number)
        return mine == (mutant.function, mutant.before, mutant.after, mutant.number)


@dataclass(frozen=True)
class Settings:
    """What mutants.toml says."""

    seed: int
    count: int
    # Per cent that have to be killed.
    wanted: int
    left_out: dict[str, str]
    known: list[Known]

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Read the file; LabError says what is wrong with it."""
        with open(path, "rb") as file:
            data = tomllib.load(file)
        try:
            known = [Known(**table) for table in data.pop("survivor", [])]
            return cls(**data, known=known)
        except TypeError as error:
            raise LabError(f"{path.name}: {error}") from error

    def why(self, mutant: Mutant) -> str:
        """Why a survivor could not be seen; empty if nobody knows."""
        return next((known.why for known in self.known if known.is_about(mutant)), "")


@dataclass(frozen=True)
class Verdict:
    """A mutant, what came of it, and why."""

    mutant: Mutant
    outcome: Outcome
    why: str = ""
    build_s: float = 0.0
    boot_s: float = 0.0

    def entry(self) -> dict[str, Any]:
        """As it is stored."""
        mutant = self.mutant
        return {
            "file": mutant.file,
            "line": mutant.line,
            "function": mutant.function,
            "kind": mutant.kind,
            "before": mutant.before,
            "after": mutant.after,
            "number": mutant.number,
            "outcome": self.outcome.value,
            "why": self.why,
            "build_s": round(self.build_s, 1),
            "boot_s": round(self.boot_s, 1),
        }


@dataclass(frozen=True)
class Said:
    """What a kernel has said up to the end of its suites, and whether it got there."""

    console: str
    ended: bool
    seconds: float
    # The longest time between two lines.
    silence: float = 0.0


@dataclass(frozen=True)
class Limits:
    """After which time, and after which silence, a kernel hangs; in seconds."""

    time: float = FIRST_S
    silence: float = FIRST_S

    @classmethod
    def of(cls, runs: Sequence[Said]) -> Limits:
        """From what the kernel without a mutant needs."""
        time_s = max(said.seconds for said in runs)
        silence = max(said.silence for said in runs)
        return cls(*(max(LIMIT_S, LIMIT_TIMES * seconds) for seconds in (time_s, silence)))


def suites(console: str) -> tuple[str, bool]:
    """The console without times, up to the result of the last suite; and is that there?"""
    text = STAMP.sub("", console.replace("\r", ""))
    plan = PLAN.search(text)
    if plan is None:
        return text, False
    last = re.compile(rf"(?m)^(?:not )?ok {plan[1]} .*\n").search(text, plan.end())
    return (text[: last.end()], True) if last else (text, False)


def passed(console: str) -> frozenset[str]:
    """The lines of what has passed: cases, their parameters, and suites."""
    lines = (line.strip() for line in console.splitlines())
    return frozenset(line for line in lines if re.match(r"ok \d", line))


def why_killed(said: Said, wanted: frozenset[str]) -> str:
    """What gives a mutant away; empty if nothing does."""
    sign = SIGNS.search(said.console)
    if sign:
        return sign[0].strip()
    if not said.ended:
        return f"hung after {said.seconds:.0f} s"
    missing = sorted(wanted - passed(said.console))
    return f"no {missing[0]!r}" if missing else ""


def share(verdicts: Iterable[Verdict]) -> float:
    """Per cent of the mutants that were killed."""
    counted = Counter(verdict.outcome for verdict in verdicts if verdict.outcome in COUNTED)
    return 100 * counted[Outcome.KILLED] / max(1, counted.total())


class Overlay:
    """Sources in the build directory, which make takes instead of those of the tree."""

    def __init__(self, target: Target, sources: dict[str, str]) -> None:
        self.place = target.objects / PLACE
        self.sources = sources

    def lay(self) -> None:
        """Put all sources there, without a mutant: what is compiled has one name only."""
        self.place.mkdir(parents=True, exist_ok=True)
        for name, text in self.sources.items():
            (self.place / name).write_text(text, encoding="utf-8")

    def clear(self) -> None:
        """Take all of them away, with what was made of them."""
        for path in self.place.glob("*.c"):
            path.unlink()
            path.with_suffix(".o").unlink(missing_ok=True)

    def put(self, mutant: Mutant) -> None:
        """Put a mutant there."""
        text = mutant.applied(self.sources[mutant.file])
        (self.place / mutant.file).write_text(text, encoding="utf-8")

    def restore(self, mutant: Mutant) -> None:
        """And take it away."""
        (self.place / mutant.file).write_text(self.sources[mutant.file], encoding="utf-8")

    def made(self, name: str) -> str:
        """A checksum of the object that was made of a source."""
        return hashlib.sha256((self.place / name).with_suffix(".o").read_bytes()).hexdigest()


class Machine:
    """Boots the kernel with its suites, and looks at it until something is wrong."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.directory = target.lab.run / target.flavour / "kunit"
        self.directory.mkdir(parents=True, exist_ok=True)
        self.console = self.directory / "console.log"

    def arguments(self) -> list[str]:
        """The command line of QEMU."""
        target = self.target
        words = f"console={target.console} {target.words} {WORDS}"
        arguments = ["setpriv", "--pdeathsig", "KILL", "--", target.qemu]
        arguments += ["-accel", target.lab.accel, "-cpu", target.cpu, "-m", target.memory]
        arguments += ["-display", "none", "-no-user-config", "-nodefaults", "-no-reboot"]
        arguments += ["-kernel", os.fspath(target.vmlinux), "-append", words]
        return [*arguments, "-serial", f"file:{self.console.name}"]

    def boot(self, limits: Limits) -> Said:
        """Boot it once; a second time if the emulator dies, or the suites do not begin."""
        last: Said | None = None
        for _ in range(2):
            said = self._boot(limits)
            if said is not None and PLAN.search(said.console):
                return said
            last = said or last
        if last is None:
            place = self.target.lab.shown(self.directory)
            raise LabError(f"the emulator died twice; see {place}")
        return last

    def _boot(self, limits: Limits) -> Said | None:
        self.console.unlink(missing_ok=True)
        start = grew = time.monotonic()
        size, silence = 0, 0.0
        process = self._start()
        try:
            while process.poll() is None and time.monotonic() - start < limits.time:
                said, ended = self._said()
                if len(said) > size:
                    size, grew = len(said), time.monotonic()
                silence = max(silence, time.monotonic() - grew)
                if ended or SIGNS.search(said) or silence > limits.silence:
                    break
                time.sleep(LOOK_S)
            code = process.poll()
        finally:
            process.kill()
            process.wait()
        return None if code else Said(*self._said(), time.monotonic() - start, silence)

    def _start(self) -> subprocess.Popen[bytes]:
        with open(self.directory / "qemu.log", "wb") as log:
            return subprocess.Popen(
                self.arguments(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,
            )

    def _said(self) -> tuple[str, bool]:
        try:
            return suites(self.console.read_bytes().decode(errors="replace"))
        except FileNotFoundError:
            return "", False


class Run:
    """A run: the kernel as it is, then one mutant after the other."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.target = Target(lab, "mutants")
        self.settings = Settings.read(lab.tools / "mutants.toml")
        self.sources = {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted((lab.top / PLACE).glob("*.c"))
        }
        self.overlay = Overlay(self.target, self.sources)
        self.machine = Machine(self.target)
        self.objects: dict[str, set[str]] = {}
        self.wanted = frozenset[str]()
        self.limits = Limits()
        self.verdicts: list[Verdict] = []

    @property
    def count(self) -> int:
        """How many mutants are to be judged."""
        text = os.environ.get(COUNT_KNOB, "")
        if text and not text.isdigit():
            raise LabError(f"{COUNT_KNOB}={text} is not a number")
        return int(text) if text else self.settings.count

    def all_mutants(self) -> list[Mutant]:
        """Every mutant that there is, in the order in which they are drawn."""
        missing = sorted(set(self.settings.left_out) - set(self.sources))
        if missing:
            raise LabError(f"mutants.toml leaves out {' '.join(missing)}: there is no such file")
        found = list[Mutant]()
        for name, text in self.sources.items():
            if name not in self.settings.left_out:
                found += Source(name, text).mutants()
        return drawn(found, self.settings.seed)

    def prepare(self) -> None:
        """Build the kernel without a mutant, and boot it twice."""
        self.overlay.clear()
        step(self.lab, "Configuring the mutants kernel", "config-mutants.log", self._configure)
        self.overlay.lay()
        step(self.lab, "Building the mutants kernel", "build-mutants.log", self._make)
        self.objects = {name: {self.overlay.made(name)} for name in self.sources}
        step(self.lab, "Running the suites without a mutant", "kunit.log", self._first_boots)

    def _configure(self, log: IO[str]) -> None:
        kernel.forget(self.target.objects / ".built")
        kernel.configure(self.target, log)

    def _make(self, log: IO[str]) -> None:
        kernel.kmake(self.target, log, "vmlinux")

    def _first_boots(self, log: IO[str]) -> None:
        runs = [self.machine.boot(self.limits) for _ in range(2)]
        self.wanted = passed(runs[0].console) & passed(runs[1].console)
        for said in runs:
            log.write(said.console)
            why = why_killed(said, self.wanted)
            if why or not self.wanted:
                raise LabError(f"the suites fail without a mutant: {why or 'no result'}")
        self.limits = Limits.of(runs)

    def judge(self, mutant: Mutant, log: IO[str]) -> Verdict:
        """Compile, compare, boot."""
        start = time.monotonic()
        self.overlay.put(mutant)
        try:
            self._make(log)
        except LabError as error:
            return Verdict(mutant, Outcome.BROKEN, str(error), time.monotonic() - start)
        finally:
            # Compiled together with the next mutant.
            self.overlay.restore(mutant)
        build_s = time.monotonic() - start
        made = self.overlay.made(mutant.file)
        if made in self.objects[mutant.file]:
            return Verdict(mutant, Outcome.EQUIVALENT, "the same object code", build_s)
        self.objects[mutant.file].add(made)
        said = self.machine.boot(self.limits)
        log.write(said.console)
        why = why_killed(said, self.wanted)
        outcome = Outcome.KILLED if why else Outcome.SURVIVED
        return Verdict(mutant, outcome, why, build_s, said.seconds)

    def run(self, tell: Callable[[Verdict], None]) -> None:
        """Judge mutants until there are enough of them."""
        mutants = self.all_mutants()
        kernel.need_tree(self.target)
        with self.lab.lock():
            try:
                self.prepare()
                for mutant in mutants:
                    if self.judged == self.count:
                        break
                    self.verdicts.append(self._next(mutant))
                    tell(self.verdicts[-1])
                    self.write()
            finally:
                self.overlay.clear()

    @property
    def judged(self) -> int:
        """How many mutants have been killed, or have survived."""
        return sum(verdict.outcome in COUNTED for verdict in self.verdicts)

    def number_of(self, outcome: Outcome) -> int:
        """How many have come to this."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)

    def _next(self, mutant: Mutant) -> Verdict:
        if self.number_of(Outcome.BROKEN) > BROKEN_MAX + self.judged:
            raise LabError("hardly a mutant compiles; see log/mutant.log")
        found = list[Verdict]()
        killed = self.number_of(Outcome.KILLED)
        text = f"Mutant {self.judged + 1}, {killed} killed: {mutant.place}"
        step(self.lab, text, "mutant.log", lambda log: found.append(self.judge(mutant, log)))
        return found[0]

    def write(self) -> None:
        """build/results/mutants.json"""
        data = {
            "date": time.strftime("%Y-%m-%d"),
            "commit": commit(self.lab),
            "host": host(self.target),
            "seed": self.settings.seed,
            "limit_s": round(self.limits.time, 1),
            "silence_s": round(self.limits.silence, 1),
            "killed_per_cent": round(share(self.verdicts), 1),
            "numbers": {outcome.value: self.number_of(outcome) for outcome in Outcome},
            "mutants": [verdict.entry() for verdict in self.verdicts],
        }
        self.lab.results.mkdir(parents=True, exist_ok=True)
        path = self.lab.results / "mutants.json"
        new = path.with_suffix(".new")
        new.write_text(json.dumps(data, indent=1), encoding="utf-8")
        new.rename(path)
