# SPDX-License-Identifier: GPL-2.0
"""A case: one row, on one kernel and one machine model, from power-on to its answers."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import traceback
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from raslab.bochs import Bochs
from raslab.check import LOST, Answer, End, Evidence, Judge, matching_line
from raslab.disk import Disk, LostCut, disk_path, remove_disk, tar_extract
from raslab.dump import OF_MEMORY
from raslab.judges import JUDGES
from raslab.lab import Lab, LabError
from raslab.machine import Life, Machine, Qemu, QemuLife, script_of, suffix
from raslab.network import Card, Relay, Switch, card_mac
from raslab.peer import Gateway, Peer
from raslab.peers import PEERS
from raslab.row import LifeRow, Row
from raslab.remade import merge, unseal
from raslab.talk import Conversation, Gdb
from raslab.target import Target
from raslab.uplink import uplink_from_row
from raslab.watch import Watch

# A long grace period, unless the row has its own: on a busy host an NMI would find the
# CPU on its way into the interrupt, and not in its place any more.
GRACE = "ras.ipi_grace_us=1000000"
# What the kernel reports of itself that no row expects, unless it says so.
WARNINGS = (
    r"WARNING: ([^n]|n[^o])|KASAN:|UBSAN:|INFO: possible|suspicious RCU"
    r"|BUG: (sleeping|scheduling)|invalid opcode|Timed out waiting for secondary"
)


class Outcome(str, Enum):
    """What became of a case."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    LOST = "lost"
    KNOWN = "known failure"


@dataclass(frozen=True)
class Case:
    """One row on one kernel and one machine model."""

    row: Row
    kernel: str = "main"
    model: str = "qemu"

    @property
    def name(self) -> str:
        """The row's name, and what is not ordinary about the case."""
        special = [word for word in (self.kernel, self.model) if word not in ("main", "qemu")]
        return f"{self.row.name} ({', '.join(special)})" if special else self.row.name

    def directory(self, lab: Lab) -> Path:
        """Where its machine leaves what it leaves."""
        place = self.kernel if self.model == "qemu" else f"{self.kernel}-{self.model}"
        return lab.run / place / self.row.name


@dataclass
class Result:
    """What came of a case."""

    case: Case
    outcome: Outcome
    answers: list[Answer] = field(default_factory=list)
    reason: str = ""
    seconds: float = 0.0
    # Why an earlier try was lost, if one was.
    lost: str = ""


def clock_fell_back(console: str) -> bool:
    """Has another kernel been started?  Its clock begins anew, and it may be silent else."""
    times = [float(time) for time in re.findall(r"(?m)^\[ *([0-9]+\.[0-9]+)\] ", console)]
    return any(later < earlier - 1 for earlier, later in zip(times, times[1:]))


def other_kernels(console: str, wanted: set[str]) -> list[str]:
    """The banners of kernels that are none of those that were built."""
    banners = re.findall(r"(?m)Linux version .* (#\d+ .*)$", console)
    return sorted(set(banners) - wanted)


class CaseRun:
    """Runs a case once."""

    def __init__(self, lab: Lab, case: Case) -> None:
        self.lab, self.case, self.row = lab, case, case.row
        self.target = Target(lab, case.kernel)
        self.directory = case.directory(lab)
        self.evidence = Evidence(self.directory, self.target, self.row, case.model)
        self.cause = ""
        self.talk_failure = ""
        self.gdb_failure = ""
        self.peers: list[Peer] = []
        self.surveyed = case.kernel in case.row.survey

    def run(self) -> Result:
        """From power-on to the answers."""
        start = time.monotonic()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.disks = self._disks()
        with ExitStack() as stack:
            self._machine_and_peers(stack)
        self._collect()
        answers = self._answers()
        self.evidence.seconds = time.monotonic() - start
        return self._result(answers)

    def _disks(self) -> list[Disk]:
        # What a cut takes is known of disks that are logged, which is slower.
        volatile = any(plan.ends == "cut" for plan in self.row.lives)
        disks = [Disk("dump", "virtio", "1G", disk_path(self.directory, "dump"))]
        for wanted in self.row.disks:
            path = disk_path(self.directory, wanted.name)
            made = Disk(wanted.name, wanted.bus, wanted.size, path, volatile)
            made = replace(made, fails_at=wanted.fails_at, writes_per_s=wanted.writes_per_s)
            disks.append(replace(made, logged=wanted.logged))
        for disk in disks:
            disk.create()
        return disks

    def _network(self, stack: ExitStack) -> tuple[Switch | None, list[Card]]:
        """The switch, with the machine's cards and a way to the peers on the host."""
        if not self.row.cards:
            return None, []
        switch = Switch(Relay.from_row(self.row.network), self.directory)
        stack.callback(switch.stop)
        cards = []
        for index, model in enumerate(self.row.cards):
            port = switch.connect(f"card{index}")
            cards.append(Card(model, card_mac(index), port))
        if self.row.peers:
            uplink = uplink_from_row(self.row.uplink)
            ipv6 = any(options.get("ipv6") for options in self.row.peers.values())
            options: dict[str, object] = {"ipv6": ipv6}
            gateway = Gateway(self.directory, switch, self.target.qemu, options, uplink)
            stack.callback(gateway.stop)
            gateway.start()
            self.peers.append(gateway)
        return switch, cards

    def _start_peers(self, switch: Switch | None, stack: ExitStack) -> str:
        """Start them; what the kernel's command line says of them."""
        words = ""
        for name, options in self.row.peers.items():
            peer = PEERS[name](self.directory, options)
            peer.programs = self.target.objects / "tools"
            peer.address = uplink_from_row(self.row.uplink).address
            peer.target, peer.told = self.target, words
            stack.callback(peer.stop)
            if switch is not None:
                peer.join(switch)
            peer.start()
            self.peers.append(peer)
            words += f" {peer.words()}"
        return words

    def _machine_and_peers(self, stack: ExitStack) -> None:
        switch, cards = self._network(stack)
        words = self._start_peers(switch, stack)
        if switch is not None:
            switch.start()
        machine = self._machine(cards)
        for plan in self.row.lives:
            if switch is not None and machine.lives:
                switch.next_life()
            end = self._live(machine, plan, words)
            self.evidence.ends.append(end)
            if not self._ended_well(end, plan):
                break

    def _machine(self, cards: list[Card]) -> Machine:
        kind = {"qemu": Qemu, "bochs": Bochs}[self.case.model]
        machine = kind(
            self.target,
            self.directory,
            self.row.cpus,
            memory=self.row.memory or None,
            disks=self.disks,
            cards=cards,
            options=self.row.options,
        )
        if isinstance(machine, Qemu):
            machine.lingers = any(check.what in OF_MEMORY for check in self.row.checks)
        return machine

    def _live(self, machine: Machine, plan: LifeRow, words: str) -> End:
        on_line = bool(self.row.talk or self.row.gdb)
        boot = f"{GRACE} {self.row.boot} {plan.boot}{words}"
        for disk in self.disks:
            disk.power_on()
        machine.initrd = self._initrd(plan)
        life = machine.boot(
            boot,
            script_of(self.lab, plan.run),
            line=on_line and not self.row.on_console,
            on_console=self.row.on_console,
        )
        watch = Watch(self.row, life, plan, self.target.slow)
        try:
            self._attach(watch, life)
            end = watch.run()
            if end in (End.OFF, End.RESET) and isinstance(life, QemuLife) and life.lingers:
                life.dump_memory(self.directory / "reference.elf")
        finally:
            life.kill()
            self._detach(watch)
            life.close()
        for disk in self.disks:
            disk.power_off(end is End.CUT)
        self.cause = life.cause
        self.evidence.consoles.append(self._console_of(life))
        return end

    def _initrd(self, plan: LifeRow) -> Path:
        if plan.own:
            return self.target.own_initrd
        return self.target.second_initrd if plan.second else self.target.initrd

    def _attach(self, watch: Watch, life: Life) -> None:
        if life.line is None:
            return
        limit = watch.limit * 2 / 3
        if self.row.talk:
            transcript = self.directory / "line.log"
            watch.talk = Conversation(life.line, self.row.talk, transcript, limit)
            watch.talk.start()
        if self.row.gdb:
            watch.gdb = Gdb(
                life.line,
                self.row.gdb,
                self.target.vmlinux,
                self.directory,
                watch.limit,
                watch.talk,
            )

    def _detach(self, watch: Watch) -> None:
        if watch.gdb is not None:
            watch.gdb.stop()
            self.gdb_failure = watch.gdb.failure
        if watch.talk is not None:
            watch.talk.stop()
            self.talk_failure = watch.talk.failure

    def _ended_well(self, end: End, plan: LifeRow) -> bool:
        wanted = {"off": (End.OFF,), "reset": (End.RESET,), "cut": (End.CUT,)}
        return end in wanted.get(plan.ends, (End.OFF, End.RESET))

    def _console_of(self, life: Life) -> str:
        """What it printed, and what its programs said without the time."""
        try:
            data = life.console.read_bytes()
        except FileNotFoundError:
            return ""
        text = data.decode(errors="replace").replace("\r", "")
        text = re.sub(r"(?m)^\[ *[0-9.]*\] RT: ", "RT: ", text)
        (self.directory / f"console{suffix(life.number)}").write_text(text, encoding="utf-8")
        return text

    def _collect(self) -> None:
        """Take what is on the disk and the lines; of a machine that was given up it would
        be half of a dump."""
        evidence = self.evidence
        for name in ("line", "gdb"):
            log = self.directory / f"{name}.log"
            if log.is_file():
                text = log.read_bytes().decode(errors="replace")
                setattr(evidence, name, text.replace("\r", "").replace("\0", ""))
        if not any(end in LOST for end in evidence.ends):
            into = self.directory / "dump"
            into.mkdir(exist_ok=True)
            tar_extract(self.disks[0].path, into)
            vmcore = into / "vmcore"
            if self.row.fetch:
                self._fetch(vmcore)
            if self.row.unseal and vmcore.is_file():
                log = self.directory / "unseal.log"
                unseal(self.target, self.row.unseal, vmcore, log)
            if vmcore.is_file() and vmcore.stat().st_size:
                evidence.vmcore = vmcore
        self.disks[0].remove()
        for name in ("initrd", "scenario"):
            (self.directory / name).unlink(missing_ok=True)

    def _fetch(self, vmcore: Path) -> None:
        """Fetch the dump from where it is; or the parts of one, and put them together."""
        vmcore.unlink(missing_ok=True)
        names = self.row.fetch.split()
        parts = [vmcore.with_name(name) for name in names] if len(names) > 1 else [vmcore]
        for name, part in zip(names, parts):
            received = self.directory / f"peer-{name}" / "vmcore"
            if name not in PEERS:
                self._savecore(name, part)
            elif received.is_file():
                # The machine was not asked for it.
                received.rename(part)
        if len(parts) > 1:
            merge(self.target, parts, vmcore, self.directory / "merge.log")

    def _savecore(self, disk: str, part: Path) -> None:
        """Fetch a dump from a disk, as the machine would at its next boot."""
        savecore = self.target.objects / "tools" / "ras-savecore"
        area = disk_path(self.directory, disk)
        argv = [str(savecore), "--quiet", "--keep", "--output", str(part), str(area)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
        with open(self.directory / "savecore.log", "a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)

    def _answers(self) -> list[Answer]:
        judges: dict[str, Judge] = {}
        answers = [] if self.surveyed else self._implied()
        for check in self.row.checks:
            if check.place not in judges:
                judges[check.place] = JUDGES[check.place](self.evidence)
            answers.append(judges[check.place].answer(check))
        return answers

    def _implied(self) -> list[Answer]:
        """What holds for every row, without its saying so."""
        row, evidence = self.row, self.evidence
        answers = []
        for plan, end in zip(row.lives, evidence.ends):
            wanted = f"it {plan.ends or 'ends by itself'}"
            answers.append(
                Answer(self._ended_well(end, plan), "the machine ends", wanted, end.value)
            )
        # One that resets and succeeds the second time has failed the first time.
        boots = [len(re.findall("(?m)^RT: up ", text)) for text in evidence.consoles]
        good = max(boots) == row.boots or row.boots == 1 and not any(boots)
        times = "once" if row.boots == 1 else f"{row.boots} times"
        answers.append(Answer(good, f"it boots {times}", "that", f"{max(boots)} boots"))
        # A cache of compiled files has been seen to bring back the image of an earlier build.
        built = {self.target.banner_ends, self.target.capture.banner_ends}
        others = other_kernels(evidence.console, built)
        if others:
            title = "the kernel is the one that was built"
            answers.append(Answer(False, title, ", ".join(sorted(built)), ", ".join(others)))
        if row.talk and not row.survey:
            failure = self.talk_failure
            answers.append(Answer(not failure, "the conversation goes as written", "", failure))
        if row.gdb:
            failure = self.gdb_failure
            answers.append(Answer(not failure, "gdb has the line", "", failure))
        if not row.warnings:
            line = matching_line(WARNINGS, evidence.console)
            answers.append(Answer(line is None, "the kernel has no warning", "none", line or ""))
        if not any(check.place == "dump" for check in row.checks):
            answers.append(Answer(evidence.vmcore is None, "there is no dump", "none", "a dump"))
        for peer in self.peers:
            trouble = peer.trouble() or ""
            answers.append(Answer(not trouble, f"the peer {peer.name} has no trouble", "", trouble))
        return answers

    def _result(self, answers: list[Answer]) -> Result:
        case, seconds = self.case, self.evidence.seconds
        end = self.evidence.ends[-1]
        bad = [answer.title for answer in answers if not answer.ok]
        if end is End.DIED:
            return Result(case, Outcome.LOST, answers, self.cause, seconds)
        known = self.row.known_failure.get(case.model, "")
        if known:
            if bad:
                return Result(case, Outcome.KNOWN, answers, known, seconds)
            return Result(
                case, Outcome.FAIL, answers, f"known to fail, and passes: {known}", seconds
            )
        # A row with a limit for silence knows what is normal: beyond it is a verdict.
        if end in LOST and not self.surveyed and not self.row.silence:
            limit = self.row.time * self.target.slow
            reason = f"the machine {end.value} ({limit} s at most)"
            return Result(case, Outcome.LOST, answers, reason, seconds)
        if self.surveyed:
            return self._survey(answers)
        outcome = Outcome.FAIL if bad else Outcome.PASS
        return Result(case, outcome, answers, "; ".join(bad), seconds)

    def _survey(self, answers: list[Answer]) -> Result:
        """The answers are the result, but a machine that was given up too early has none."""
        started = clock_fell_back(self.evidence.console)
        if started and self.evidence.vmcore is None and self.evidence.ends[-1] in LOST:
            reason = "the crash kernel was started, and the machine given up"
            return Result(self.case, Outcome.FAIL, answers, reason, self.evidence.seconds)
        return Result(self.case, Outcome.PASS, answers, "", self.evidence.seconds)


def run_case(lab: Lab, case: Case, *, keep: bool = False) -> Result:
    """Run a case; once more if it is lost.  ``keep``: also the dump of one that passes."""
    if case.row.skip:
        return Result(case, Outcome.SKIP, reason=case.row.skip)
    result = _run_once(lab, case)
    if result.outcome is Outcome.LOST:
        # What the lost try has left is evidence, too.
        lost, directory = result.reason, case.directory(lab)
        shutil.rmtree(f"{directory}.lost", ignore_errors=True)
        directory.rename(f"{directory}.lost")
        result = _run_once(lab, case)
        result.lost = lost
    if result.outcome in (Outcome.PASS, Outcome.KNOWN) and not keep:
        for disk in case.row.disks:
            remove_disk(disk_path(case.directory(lab), disk.name))
        for path in ("dump/vmcore", "dump/sealed", "reference.elf"):
            (case.directory(lab) / path).unlink(missing_ok=True)
    return result


def _run_once(lab: Lab, case: Case) -> Result:
    try:
        return CaseRun(lab, case).run()
    except LostCut as error:
        # The cut fell into the middle of a write to the log: nobody knows what was kept.
        return Result(
            case, Outcome.LOST, [Answer(False, "the case runs", "", str(error))], str(error)
        )
    except LabError as error:
        reason = str(error)
    except Exception:  # A fault of the lab costs this case, and not the run.
        reason = traceback.format_exc()
    return Result(case, Outcome.FAIL, [Answer(False, "the case runs", "a result", reason)], reason)
