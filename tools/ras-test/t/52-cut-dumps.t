#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A dump of the engine that ends anywhere opens from some place on, and shows nothing that is
not so: the machine may die, or the disk be full, at any byte of it."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.bounded import run_bounded
from raslab.case import Outcome
from raslab.crash import Crash
from raslab.drgn_reader import DrgnReader
from raslab.kdump_file import DESCRIPTOR, INCOMPLETE, PAGE, DumpError, KdumpFile
from raslab.lab import Lab
from raslab.remade import need_ras_dump
from raslab.run import Run, select_named
from raslab.scenarios import load
from raslab.tap import Tap, run_test
from raslab.target import Target

ROW = "dump-virtio"
# Where the header has the status: behind the signature, the version and six names.
STATUS_AT = 8 + 4 + 6 * 65 + 6 + 16
# How many places are tried, and how many with --full.
PLACES, PLACES_FULL = 3, 200
# What the kernel says of the passes: with the first two of them a dump has to open.
PASSES = re.compile(r"dump to \S+ bytes: front (\d+), kernel image (\d+), slab (\d+),")
# Pages that are missing, which each reader is asked for.
ASKED = 4
CHECK_S = 120
LOG, FRAME = "sysrq: Trigger a crash", "sysrq_handle_crash"
ZEROS = re.compile(r"^ *[0-9a-f]+: +0{16}", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What the readers make of a dump that is cut off."""

    opens: bool
    wrong: tuple[str, ...]


class Cuts:
    """A good dump, and what is left of it."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.tap = lab, Tap()
        self.target = Target(lab)
        self.place = lab.build / "check" / "cut"
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir(parents=True)
        self.vmcore = self.place / "vmcore"
        case = select_named(load(lab), [ROW])[0]
        run = Run(lab, [case], keep=True)
        run.build()
        self.result = run.results(lambda result: None)[0]
        self.good = case.directory(lab) / "dump" / "vmcore"
        self.console = case.directory(lab) / "console"

    def read(self) -> None:
        """The dump, and where its pages are."""
        self.data = self.good.read_bytes()
        with KdumpFile(self.good) as dump:
            self.pages = [
                (pfn, dump.descriptor_at(pfn), dump.descriptor(pfn)) for pfn in dump.pfns()
            ]
        match = PASSES.search(self.console.read_text(encoding="utf-8"))
        self.opens_at = sum(map(int, match.groups())) if match else 0
        self.begin = min(each.offset for _, _, each in self.pages)

    def cut(self, end: int, hole: bool) -> list[int]:
        """What is there if the machine died when so much was written: a descriptor comes after
        its page.  Returns the pages that are missing."""
        data, missing = bytearray(self.data), []
        data[end:] = bytes(len(data) - end if hole else 0)
        status = int.from_bytes(data[STATUS_AT : STATUS_AT + 4], "little") | INCOMPLETE
        data[STATUS_AT : STATUS_AT + 4] = status.to_bytes(4, "little")
        for pfn, at, page in self.pages:
            if page.offset + page.size > end:
                data[at : at + DESCRIPTOR.size] = bytes(DESCRIPTOR.size)
                missing.append(pfn)
        self.vmcore.write_bytes(data)
        return missing

    def _crash(self, missing: list[int]) -> tuple[bool, list[str]]:
        crash = Crash(self.target.vmlinux, self.vmcore, self.place / "crash")
        asked = [f"rd -p {pfn * PAGE:x}" for pfn in missing[:ASKED]]
        crash.ask(["sys", "log", "bt", *asked])
        wrong = [f"crash shows zeros: {each}" for each in asked if ZEROS.search(crash.said(each))]
        session = (self.place / "crash" / "session").read_text(errors="replace")
        if "egmentation" in session or "SIG" in session:
            wrong.append("crash dies of a signal")
        return crash.opens and LOG in crash.said("log") and FRAME in crash.said("bt"), wrong

    def _drgn(self) -> list[str]:
        try:
            DrgnReader(self.target.vmlinux, self.vmcore, [], self.place / "drgn").report
        except DumpError as error:
            return [str(error)] if "signal" in str(error) else []
        return []

    def _ras_dump(self) -> list[str]:
        said = self.place / "ras-dump.said"
        argv = [str(need_ras_dump(self.target)), "check", "--quiet", str(self.vmcore)]
        code = run_bounded(argv, CHECK_S, output=said)
        return [] if code == 3 else [f"ras-dump check: exit {code}: {said.read_text()[-300:]}"]

    def look(self, end: int, hole: bool) -> Seen:
        """Cut the dump, and have it read by all."""
        missing = self.cut(end, hole)
        opens, wrong = self._crash(missing)
        return Seen(opens, (*wrong, *self._drgn(), *self._ras_dump()))

    def ends(self) -> list[int]:
        """Where to cut: from the first page on, in the middle of pages, and where it has to
        open."""
        number = PLACES_FULL if os.environ.get("RAS_FULL") else PLACES
        size = len(self.data) - self.begin
        places = [self.begin + size * step // number + step % 7 for step in range(number)]
        return sorted([*places, self.opens_at])

    def run(self) -> int:
        """All places, in both ways by turns."""
        tap = self.tap
        good = self.result.outcome is Outcome.PASS
        tap.ok(good, "there is a dump", self.result.reason)
        if not good:
            return tap.done()
        self.read()
        tap.ok(self.opens_at > self.begin, "the log tells of the passes", self.console)
        opened: list[int] = []
        closed: list[int] = []
        for number, end in enumerate(self.ends()):
            hole = bool(number % 2)
            seen = self.look(end, hole)
            share = 100 * (end - self.begin) // (len(self.data) - self.begin)
            how = "with a hole behind" if hole else "cut off"
            tap.ok(not seen.wrong, f"{share} % of the pages, {how}", "\n".join(seen.wrong))
            tap.comment(f"crash {'opens it' if seen.opens else 'does not open it'}")
            (opened if seen.opens else closed).append(end)
        self.order(opened, closed)
        shutil.rmtree(self.place)
        self.good.unlink(missing_ok=True)
        return tap.done()

    def order(self, opened: list[int], closed: list[int]) -> None:
        """From the end of the second pass on it opens; what opens goes on to open."""
        late = [end for end in closed if end >= self.opens_at]
        self.tap.ok(not late, f"it opens from byte {self.opens_at} on", f"not at {late}")
        first = min(opened, default=len(self.data))
        lost = [end for end in closed if end > first]
        self.tap.ok(not lost, "what opens goes on to open when there is more", f"not at {lost}")


run_test(lambda: Cuts(Lab.from_environment()).run())
