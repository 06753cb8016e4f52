#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A hibernation whose power is cut: the image is resumed if all of it is there, and only once.
A machine hibernates and is resumed, and its disk is made as it may be at any instant of that."""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.case import Case, CaseRun, Outcome, Result
from raslab.disk import SECTOR, Disk, disk_path, kept_log, read_log, read_range
from raslab.disk import remove_disk, size_in_bytes
from raslab.history import Cutting, History
from raslab.lab import Lab, LabError
from raslab.remade import need_host_tool
from raslab.row import Check
from raslab.run import Run, select_named
from raslab.scenarios import load
from raslab.tap import Tap, run_test
from raslab.target import Target
from raslab.tools import Ran

ROW = "hibernate-save-2"
LIVES = (1, 2)
FULL = bool(os.environ.get("RAS_FULL"))
# How many instants of the save, and of a resume, are tried; with --full all of them.
SAVING, RESUMING = 50, 20
# How many images with a part missing are tried, and how many with --full.
MISSING, MISSING_FULL = 20, 200
SEED = int(os.environ.get("RAS_SEED") or 53)
CALL_S = 120
BLOCK = 4096
MIB = 1 << 20
SECTORS = range(BLOCK // SECTOR)
GOOD, FAILED, _, NOTHING = range(4)
# What a process that was killed returns.
KILLED = -9
# The sectors of a block that are on the disk when it is torn: the first ones, and others.
TORN = [tuple(SECTORS[:number]) for number in SECTORS[1:]]
TORN += [(4, 5, 6, 7), (7,), tuple(SECTORS[1:])]
ENTRY = 200 * MIB + 5 * BLOCK + 0x230
JOB = """do=save
disk=disk
device=9:9
token={token}
extent=0:{size}
memory={memory}
levels=4
map=1
release=6.1.0
version=#1
"""


def put(disk: Path, at: int, data: bytes) -> None:
    """Bytes in the place of others."""
    with open(disk, "r+b") as file:
        file.seek(at)
        file.write(data)


def make_root(root: Path, console: str) -> None:
    """The files of the kernel that resumes, as it has shown them on its console."""
    files = {"proc/iomem": "", "proc/cpuinfo": ""}
    for number, start, last, name in re.findall(
        r"(?m)^RT: memmap (\d+) (\S+) (\S+) (.*)$", console
    ):
        for what, text in (("start", start), ("end", last), ("type", name)):
            files[f"sys/firmware/memmap/{number}/{what}"] = f"{text}\n"
    for name in ("iomem", "cpuinfo"):
        lines: list[str] = re.findall(rf"(?m)^RT: {name} (.*)$", console)
        files[f"proc/{name}"] = "".join(f"{line}\n" for line in lines)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")


class Program:
    """ras-hibernate on this host, with the files of a machine."""

    def __init__(self, target: Target, place: Path) -> None:
        self.path = need_host_tool(target, "ras-hibernate")
        self.hook = need_host_tool(target, "test-hook.so")
        self.place, self.root = place, place / "root"
        self.memory = self.root / "dev/ras_image"
        self.calls = place / "calls"

    def run(self, *arguments: object, hook: str = "", file: Path | None = None) -> Ran:
        """Run it, and have something go wrong by test-hook.c, perhaps with this file.

        It runs on one CPU: the hook counts the calls of all threads.
        """
        self.calls.unlink(missing_ok=True)
        env = {"LD_PRELOAD": str(self.hook), "RAS_HOOK": hook, "RAS_HOOK_LOG": str(self.calls)}
        env |= {"RAS_HOOK_FILE": str(file)}
        argv = ["taskset", "-c", min(os.sched_getaffinity(0)), self.path, *arguments]
        return tools.run(argv, self.place, env, {}, CALL_S)

    def on(self, command: str, disk: Path, hook: str = "") -> Ran:
        """Run a command on a disk."""
        return self.run(command, "--root", self.root, disk, hook=hook, file=disk)

    def ask(self, command: str, disk: Path) -> Ran:
        """Run a command that changes nothing, with nothing going wrong."""
        argv = [self.path, command, "--root", self.root, disk]
        return tools.run(argv, self.place, {}, {}, CALL_S)

    def called(self) -> list[str]:
        """The calls of the last run: the function, and the name of the file."""
        if not self.calls.exists():
            return []
        lines = self.calls.read_text(encoding="utf-8").splitlines()
        return [f"{line.split()[0]} {Path(line.split()[-1]).name}" for line in lines]

    def verify(self, disk: Path) -> tuple[bool, str]:
        """Can it be resumed, and why not?  LabError if it says neither clearly."""
        ran = self.ask("verify", disk)
        if ran.code == GOOD and re.search("^checked .* MiB", ran.out, re.M) and not ran.err:
            return True, "it can be resumed"
        if ran.code == NOTHING and re.fullmatch("[^\n]*: no image\n", ran.out) and not ran.err:
            return False, "no image"
        if ran.code == FAILED and re.fullmatch("ras-hibernate: [^\n]*\n", ran.err):
            return False, re.sub("[0-9]+", "N", ran.err.rpartition("disk: ")[2].strip())
        raise LabError(f"verify: {ran.said()}")

    def status(self, disk: Path) -> str:
        """What it calls that which is on the disk."""
        ran = self.ask("status", disk)
        match = re.fullmatch("[^\n]*disk: (none|damaged|saved|consumed)(, [^\n]*)?\n", ran.out)
        if ran.code != GOOD or not match:
            raise LabError(f"status: {ran.said()}")
        return match[1]


@dataclass(frozen=True)
class Saved:
    """A save and a resume, as the log of the disk has them, by the numbers of the requests."""

    history: History
    # What the first block was, for swap; then the first block itself.
    kept: int
    mark: int
    head: int
    consumed: int
    void: int

    @classmethod
    def of(cls, history: History) -> Saved | None:
        """From the log; None if the first block was not written four times, or nothing else."""
        firsts, kept = history.writes(0), history.writes(BLOCK)
        saved = cls(history, kept[0], *firsts) if kept and len(firsts) == 4 else None
        return saved if saved and saved.records else None

    @property
    def off(self) -> int:
        """How many requests there were when the machine was off."""
        return self.history.ends[0]

    @property
    def records(self) -> list[int]:
        """The writes between the mark and the head."""
        return [number for number in self.history.writes() if self.mark < number < self.head]

    def order(self) -> list[str]:
        """What is not in the right order."""
        log, records, wrong = self.history, self.records, []
        for earlier, first, later, then in (
            ("what the first block was", self.kept, "the mark", self.mark),
            ("the mark", self.mark, "the records", records[0]),
            ("a record", records[-1], "the head", self.head),
            ("what consumes the head", self.consumed, "the void", self.void),
        ):
            if log.flushed(then) <= first:
                wrong.append(f"{earlier} is not flushed before {later}")
        if not self.head < self.off <= self.consumed:
            wrong.append("the head is not in the first life, or what consumes it is")
        known = {self.kept, self.mark, self.head, self.consumed, self.void, *records}
        others = set(log.writes()) - known
        if others:
            wrong.append(f"other writes: {sorted(others)}")
        return wrong


class CutRun(CaseRun):
    """A machine whose disks are there already."""

    def __init__(self, lab: Lab, case: Case, content: dict[str, tuple[History, Cutting]]) -> None:
        super().__init__(lab, case)
        self.content = content

    def _disks(self) -> list[Disk]:
        disks = super()._disks()
        for disk in disks:
            if disk.name in self.content:
                history, cutting = self.content[disk.name]
                history.make(disk.path, cutting)
        return disks


class Cuts:
    """The history of a hibernation, and what becomes of it at its instants."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.tap, self.rand = lab, Tap(), random.Random(SEED)
        self.case = select_named(load(lab), [ROW])[0]
        run = Run(lab, [self.case], keep=True)
        run.build()
        self.place = lab.build / "check" / "cut-hibernation"
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self.disk, self.seen = self.place / "disk", Counter[str]()
        self.program = Program(Target(lab), self.place)
        self.result = run.results(lambda result: None)[0]

    def history(self, name: str) -> History:
        """Of a disk of the row."""
        row = next(disk for disk in self.case.row.disks if disk.name == name)
        path = disk_path(self.case.directory(self.lab), name)
        return History([kept_log(path, life) for life in LIVES], size_in_bytes(row.size))

    def run(self) -> int:
        """All instants, of the save and of the resume."""
        tap, good = self.tap, self.result.outcome is Outcome.PASS
        tap.ok(good, "a machine hibernates and is resumed", self.result.reason)
        if not good:
            return tap.done()
        history = self.history("image")
        saved = Saved.of(history)
        firsts = f"it is written by the requests {history.writes(0)}"
        tap.ok(saved, "the first block is written as mark, head, consumed and void", firsts)
        if not saved:
            return tap.done()
        self.saved, self.head = saved, saved.history.data(saved.head)
        tap.comment(f"{len(saved.history.entries)} requests, seed {SEED}")
        console = self.case.directory(self.lab) / "console.2"
        make_root(self.program.root, console.read_text(encoding="utf-8"))
        self.make_data()
        tap.same("what was written before is flushed before what relies on it", [], saved.order())
        for check in (
            self.check_saving,
            self.check_torn,
            self.check_older,
            self.check_missing,
            self.check_resuming,
            self.check_once,
            self.check_calls,
            self.check_second,
            self.check_machines,
        ):
            check()
        self.clean()
        return tap.done()

    def make_data(self) -> None:
        """The disk with a mounted file system, as it was when the machine was off."""
        data, root = self.history("data"), self.program.root
        for directory in ("dev", "sys/class/block/data"):
            (root / directory).mkdir(parents=True)
        data.make(root / "dev/data", Cutting(data.ends[0]))

    def clean(self) -> None:
        """Remove what is large, unless somebody has to look at it."""
        if self.tap.failed:
            return
        shutil.rmtree(self.place)
        for name in ("image", "data"):
            remove_disk(disk_path(self.case.directory(self.lab), name))

    def is_whole(self, cutting: Cutting) -> bool:
        """Is all of the image on the disk, and does its first block say that it was saved?"""
        lost = cutting.lost | cutting.torn.keys()
        return read_range(self.disk, 0, BLOCK) == self.head and lost.isdisjoint(self.saved.records)

    def look(self, whole: bool, must: bool | None = None) -> str:
        """What is wrong with the disk that was made, or with what is said of it."""
        if must is not None and whole != must:
            return "an image may be there" if whole else "the image may be lost"
        try:
            can, words = self.program.verify(self.disk)
            status = self.program.status(self.disk)
        except LabError as error:
            return str(error)
        self.seen[words] += 1
        if can != whole or can and status != "saved":
            return f"{words}; status {status}; the image is {'whole' if whole else 'not whole'}"
        return ""

    def told(self) -> None:
        """A comment: what was said of the disks, and how often."""
        for words, count in sorted(self.seen.items()):
            self.tap.comment(f"{count} times: {words}")
        self.seen.clear()

    def at(self, name: str, instants: Iterable[int], must: bool | None) -> None:
        """A test: all that may be there at these instants."""
        wrong, disks = [], 0
        for made in instants:
            for cutting in self.saved.history.cuttings(made, self.rand):
                self.saved.history.make(self.disk, cutting)
                disks += 1
                if bad := self.look(self.is_whole(cutting), must):
                    wrong.append(f"{made} requests, {len(cutting.lost)} lost: {bad}")
        self.tap.same(f"{name}: {disks} disks", [], wrong)
        self.told()

    def instants(self, fixed: Sequence[int], below: int, number: int) -> list[int]:
        """These instants, and others, so that there are so many; with --full all."""
        if FULL:
            return list(range(below))
        chosen = set(fixed)
        rest = [made for made in range(below) if made not in chosen]
        chosen.update(self.rand.sample(rest, min(len(rest), max(0, number - len(chosen)))))
        return sorted(chosen)

    def check_saving(self) -> None:
        """The power is cut while the image is written."""
        saved = self.saved
        first, last = saved.records[0], saved.records[-1]
        fixed = [0, saved.mark + 1, saved.mark + 2, first + 1, (first + last) // 2, last, last + 1]
        after = range(saved.head + 2, saved.off + 1)
        number = SAVING - 1 - len(after)
        early = self.instants([*fixed, saved.head], saved.head + 1, number)
        self.at("cut before the first block is written", early, False)
        self.at("cut while it is written", [saved.head + 1], None)
        self.at("cut when it was flushed", after, True)

    def torn(self) -> list[tuple[int, ...]]:
        """Parts of a block, in sectors."""
        return TORN + [tuple(self.rand.sample(SECTORS, number)) for number in (2, 3, 4, 5, 6)]

    def check_torn(self) -> None:
        """Of each block that is written to the first place, a part is there."""
        saved, wrong, parts = self.saved, [], self.torn()
        for request in (saved.mark, saved.head, saved.consumed, saved.void):
            for part in parts:
                cutting = Cutting(request + 1, torn={request: part})
                saved.history.make(self.disk, cutting)
                if bad := self.look(self.is_whole(cutting)):
                    wrong.append(f"request {request}, sectors {part}: {bad}")
        self.tap.same(f"a first block that is torn: {4 * len(parts)} disks", [], wrong)
        self.told()

    def check_older(self) -> None:
        """A mark over an image that nobody has resumed."""
        saved, wrong, parts = self.saved, [], self.torn()
        mark = saved.history.data(saved.mark)
        saved.history.make(self.disk, Cutting(saved.off))
        for part in [*parts, tuple(SECTORS)]:
            put(self.disk, 0, self.head)
            for sector in part:
                at = sector * SECTOR
                put(self.disk, at, mark[at : at + SECTOR])
            if bad := self.look(read_range(self.disk, 0, BLOCK) == self.head):
                wrong.append(f"sectors {part}: {bad}")
        self.tap.same(f"a torn mark over an older image: {len(parts) + 1} disks", [], wrong)
        self.told()

    def check_missing(self) -> None:
        """A disk that does not keep its promises: the head is there, a record is not."""
        saved, wrong, disks = self.saved, [], 0
        history, records = saved.history, saved.records
        history.make(self.disk, Cutting(saved.off))
        chosen = [records[0], records[-1], *self.rand.sample(records, len(records))]
        for number in chosen[: MISSING_FULL if FULL else MISSING]:
            entry, data = history.entries[number], history.data(number)
            other = history.data(self.rand.choice(records)).ljust(len(data), b"\0")[: len(data)]
            half = self.rand.randrange(SECTOR, len(data), SECTOR)
            old = [bytes(len(data)), other, data[:half] + bytes(len(data) - half)]
            for what in old:
                if what != data:
                    put(self.disk, entry.offset, what)
                    disks += 1
                    wrong += [f"write {number}: {bad}" for bad in [self.look(False)] if bad]
            put(self.disk, entry.offset, data)
        self.tap.same(f"a write of records is missing, stale or torn: {disks} disks", [], wrong)
        self.tap.same("with all of them it can be resumed", "", self.look(True))
        wrong = []
        for lost in (records, records[::2], records[: len(records) // 2]):
            cutting = Cutting(saved.off, frozenset(lost))
            history.make(self.disk, cutting)
            wrong += [bad for bad in [self.look(self.is_whole(cutting))] if bad]
        self.tap.same("all records are missing, or half of them", [], wrong)
        self.told()

    def check_resuming(self) -> None:
        """The power is cut while the machine is resumed, and afterwards."""
        saved = self.saved
        self.at("cut before a resume", range(saved.off, saved.consumed + 1), True)
        self.at("cut while it is consumed", [saved.consumed + 1], None)
        later = range(saved.consumed + 2, len(saved.history.entries) + 1)
        self.at("cut when a resume has begun, and after it", later, False)

    def fresh(self) -> None:
        """An image that was not resumed, on the disk that has its records, and empty memory."""
        put(self.disk, 0, self.head)
        self.program.memory.write_bytes(b"")

    def check_once(self) -> None:
        """A resume is killed, and must not be done again once it has restored anything."""
        program, tap = self.program, self.tap
        self.saved.history.make(self.disk, Cutting(self.saved.off))
        self.fresh()
        ran = program.on("resume", self.disk)
        self.called = program.called()
        tap.ok(ran.code == GOOD and program.memory.stat().st_size, "it is resumed", ran.said())
        ran = program.on("resume", self.disk)
        again = ran.code == FAILED and "a resume of this image has begun before" in ran.err
        tap.ok(again, "it is not resumed again", ran.said())
        marks = [number for number, call in enumerate(self.called) if call == "pwrite64 disk"]
        tap.ok(len(marks) == 1, "it writes to the disk once", str(marks))
        total = len(self.called)
        near = range(marks[0] - 1, marks[0] + 5) if marks else []
        wrong = []
        for call in self.instants([0, *near, total - 1], total, RESUMING):
            if bad := self.killed(call, marks[0] if marks else total):
                wrong.append(f"killed before call {call + 1} of {total}: {bad}")
        tap.same("a resume that is killed", [], wrong)
        self.told()

    def killed(self, call: int, mark: int) -> str:
        """Kill a resume before a call: what is wrong then?"""
        self.fresh()
        ran = self.program.on("resume", self.disk, hook=f"kill:{call + 1}")
        if ran.code != KILLED:
            return ran.said()
        if self.program.memory.stat().st_size and "fsync disk" not in self.called[:call]:
            return "memory is restored, and the image may still be resumed"
        return self.look(call <= mark)

    def check_calls(self) -> None:
        """What is written is flushed, and read back, before memory is restored; a void, too."""
        order = [call for call in self.called if not call.startswith("pread64")]
        right = ["pwrite64 disk", "fsync disk"] + ["pwrite64 ras_image"] * (len(order) - 2)
        self.tap.ok(order == right, "consumed, flushed, and then restored", " ".join(order[:9]))
        self.fresh()
        ran = self.program.on("resume", self.disk, hook="fail:fsync:5")
        untouched = ran.code == FAILED and not self.program.memory.stat().st_size
        self.tap.ok(untouched, "nothing is restored if the flush fails", ran.said())
        self.fresh()
        call = self.called.index("fsync disk") + 2 if "fsync disk" in self.called else 1
        ran = self.program.on("resume", self.disk, hook=f"change:{call}")
        untouched = ran.code == FAILED and not self.program.memory.stat().st_size
        untouched &= "its first block is not what was written there" in ran.err
        self.tap.ok(untouched, "nothing is restored if something else is read back", ran.said())
        self.fresh()
        ran = self.program.on("abort", self.disk)
        order = [call for call in self.program.called() if not call.startswith("pread64")]
        self.tap.same("abort writes and flushes", right[:2], order)
        self.tap.same("there is no image then", "", self.look(False))

    def second(self, hook: str = "") -> Ran:
        """What the second kernel does, with little memory to save."""
        program, size, memory = self.program, 16 * MIB, ENTRY // MIB * MIB
        token = self.saved.history.data(self.saved.mark)[8:40].decode()
        text = JOB.format(token=token, size=size, memory=memory)
        (program.root / "ras-hibernate.job").write_text(text, encoding="ascii")
        words = f"kexec_jump_back_entry={ENTRY:#x}\n"
        (program.root / "proc/cmdline").write_text(words, encoding="ascii")
        disk = program.root / "dev/disk"
        disk.write_bytes(self.saved.history.data(self.saved.mark).ljust(size, b"\0"))
        self.fresh()
        with open(program.memory, "r+b") as file:
            file.seek(memory)
            file.write(self.rand.randbytes(4 * MIB))
        return program.run("second", "--dry-run", "--root", program.root, hook=hook)

    def check_second(self) -> None:
        """The second kernel's flushes: QEMU adds one when the machine is off, which hides if the
        last one is missing."""
        ran = self.second()
        all_calls = self.program.called()
        order = [call for call in all_calls if call in ("pwrite64 disk", "fsync disk")]
        runs = re.sub(r"(pwrite64 disk )+", "write ", " ".join([*order, ""])).strip()
        right = "write fsync disk write fsync disk"
        self.tap.ok(ran.code == GOOD and runs == right, "each write is flushed", f"{runs}\n{ran}")
        for number, call in enumerate(all_calls, 1):
            if call == "fsync disk":
                ran = self.second(hook=f"fail:{number}:5")
                failed = ran.code == FAILED and "Input/output error" in ran.err
                self.tap.ok(failed, f"a flush that fails is told, call {number}", ran.said())

    def check_machines(self) -> None:
        """Machines with the disk as it was cut."""
        saved = self.saved
        middle = saved.records[len(saved.records) // 2]
        half = {saved.head: SECTORS[:4]}
        cases = [
            ("records", Cutting(middle), "no image"),
            ("torn", Cutting(saved.head + 1, torn=half), "its first block is damaged"),
            ("saved", Cutting(saved.off), ""),
            ("consumed", Cutting(saved.consumed + 2), "a resume of this image has begun before"),
        ]
        if FULL:
            lost = frozenset([middle])
            torn = Cutting(saved.consumed + 1, torn={saved.consumed: SECTORS[:1]})
            cases += [
                ("nothing", Cutting(0), "no image"),
                ("missing", Cutting(saved.off, lost), "record [0-9]+ of [0-9]+: "),
                ("torn-consumed", torn, "its first block is damaged"),
                ("voided", Cutting(saved.void + 2), "no image"),
            ]
        for name, cutting, words in cases:
            self.boot(name, cutting, words)

    def boot(self, name: str, cutting: Cutting, words: str) -> None:
        """A machine with the disk resumes, or it says these words and boots as always."""
        back = [("has", "RT: save: exit 0, CPUs 2$"), ("has", "RT: tmpfs: same$")]
        back += [("has", "RT: process: same, and goes on$"), ("lacks", "RT: not resumed")]
        refused = [("has", f"RT: .*/dev/vd.: {words}"), ("has", "RT: not resumed$")]
        refused += [("lacks", "RT: (resumed|tmpfs|restored)")]
        checks = [Check("console", *check) for check in (refused if words else back)]
        row = replace(self.case.row, name=f"hibernate-cut-{name}", checks=tuple(checks))
        row = replace(row, lives=self.case.row.lives[1:])
        data = self.history("data")
        content = {
            "data": (data, Cutting(data.ends[0])),
            "image": (self.saved.history, cutting),
        }
        result = self.booted(Case(row), content)
        self.tap.subtest(row.name, result.answers)
        about = f"a machine with this disk: {name}, {words or 'resumed'}, {result.seconds:.0f} s"
        self.tap.ok(result.outcome is Outcome.PASS, about, result.reason)
        path = disk_path(result.case.directory(self.lab), "image")
        self.written(path, cutting, not words)
        if not self.tap.failed:
            shutil.rmtree(result.case.directory(self.lab))

    def booted(self, case: Case, content: dict[str, tuple[History, Cutting]]) -> Result:
        """Run a machine; once more if it is lost."""
        result = CutRun(self.lab, case, content).run()
        if result.outcome is Outcome.LOST:
            result = CutRun(self.lab, case, content).run()
        return result

    def written(self, path: Path, cutting: Cutting, back: bool) -> None:
        """A test: what the machine has written to the disk of the image."""
        self.saved.history.make(self.disk, cutting)
        with open(kept_log(path, 1), "rb") as log:
            writes = [entry.offset for entry in read_log(log) if entry.length]
        self.tap.same(
            "it writes to the first block only, or nothing", [0, 0] if back else [], writes
        )
        first = bytes(BLOCK) if back else read_range(self.disk, 0, BLOCK)
        same = read_range(path, 0, BLOCK) == first
        self.tap.ok(same, "there is no image then" if back else "the first block is as it was")


run_test(lambda: Cuts(Lab.from_environment()).run())
