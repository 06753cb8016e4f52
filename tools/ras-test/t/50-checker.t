#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What reads dumps has to fail where there is something to find: a dump is made, found
good, and then damaged in one way after the other."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.case import Case, Outcome
from raslab.check import Check
from raslab.dump import Dump
from raslab.kdump_file import DESCRIPTOR, LZO, PAGE, KdumpFile
from raslab.lab import Lab
from raslab.run import Run, select_named
from raslab.scenarios import load
from raslab.tap import Tap, run_test
from raslab.target import Target

ROW = "irqsoff"
PAGES = Check("dump", "pages agree", "all")
CALL_S = 600
MARKER = "ras_test_place_spin"
# What the old value of a register is off by, in a note that is damaged.
OFF_BY = 0x1000
# An Elf64_Nhdr of CORE and NT_PRSTATUS with its name; then come 112 bytes and pt_regs, where
# the instruction pointer is the 17th.
NOTE = bytes.fromhex("05000000 50010000 01000000") + b"CORE\0\0\0\0"
NOTE_IP = len(NOTE) + 112 + 16 * 8
# What the processor saves where it is interrupted, from the lowest address on.
FRAME = ("rip", "cs", "flags", "rsp", "ss")
# In a line of the log that crash and drgn have to show.
SAID = "ras: stop 1: panic on CPU 0"


def replace(data: bytearray, good: KdumpFile, pfn: int, page: bytes) -> None:
    """Put another page into the copy of a dump, behind all that is there."""
    DESCRIPTOR.pack_into(data, good.descriptor_at(pfn), len(data), PAGE, 0, 0)
    data += page


class Checker:
    """A good dump, a place for bad ones, and the tests."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.tap = lab, Tap()
        self.vmlinux = Target(lab).vmlinux
        self.place = lab.build / "check" / "checker"
        shutil.rmtree(self.place, ignore_errors=True)
        (self.place / "dump").mkdir(parents=True)
        self.bad = self.place / "dump" / "vmcore"
        self.out = self.place / "said"
        case = self._case()
        self.directory = case.directory(lab)
        self.dump = self.directory / "dump" / "vmcore"
        run = Run(lab, [case], keep=True)
        run.build()
        self.result = run.results(lambda result: None)[0]

    def _case(self) -> Case:
        case = select_named(load(self.lab), [ROW])[0]
        if PAGES in case.row.checks:
            return case
        checks = (*case.row.checks, PAGES)
        return dataclasses.replace(case, row=dataclasses.replace(case.row, checks=checks))

    def clean(self) -> None:
        """Dumps and what they are compared with take space."""
        shutil.rmtree(self.place, ignore_errors=True)
        for path in (self.dump, self.directory / "reference.elf"):
            path.unlink(missing_ok=True)

    def ask(self, vmcore: Path, *checks: str) -> int:
        """The exit status of check-dump; what it says is in a file."""
        command = [str(self.lab.tools / "check-dump"), str(self.vmlinux), str(vmcore), *checks]
        with open(self.out, "w", encoding="utf-8") as file:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                timeout=CALL_S,
                check=False,
            )
        return done.returncode

    def expect(self, name: str, wanted: tuple[int, ...], vmcore: Path, *checks: str) -> None:
        """One call of check-dump, and the status it has to end with."""
        self.tap.ok(self.ask(vmcore, *checks) in wanted, name, self.out)

    def write(self, change: Callable[[bytearray, KdumpFile], None]) -> None:
        """A copy of the good dump, with a change."""
        data = bytearray(self.dump.read_bytes())
        with KdumpFile(self.dump) as good:
            change(data, good)
        self.bad.write_bytes(data)

    def good_dump(self) -> None:
        """What is so."""
        tap = self.tap
        tap.ok(self.result.outcome is Outcome.PASS, "there is a dump", self.result.reason)
        self.expect(
            "a good dump passes",
            (0,),
            self.dump,
            *(f"cpu 1 in={MARKER}", "cpu 2 in=ras_test_place_irqsoff", "panic=in task"),
            "crashed cpu=0",
        )
        self.expect("a task that sleeps is found", (0,), self.dump, "task=kthreadd")

    def wrong_checks(self) -> None:
        """What is not so; in one call, since each takes its time."""
        wrong = {
            "the wrong function": "cpu 1 in=ras_test_place_irqsoff",
            "the wrong CPU": "cpu 3 in=ras_test_place_irqsoff",
            "the wrong function in a note": "note 2=ras_test_place_spin",
            "the wrong CPU that has crashed": "crashed cpu=1",
            "the wrong panic message": "panic=in hardirq",
            "a task that is not there": "task=ras_marker/9",
            "a line that is not in the log": "log has=no such line",
            "a line that the log has and should lack": f"log lacks={SAID}",
            "a function that is not in the backtrace": "backtrace 0 has=sysrq_handle_crash",
            "a function that should not be there": "backtrace 0 lacks=vfs_write",
            "handlers in the wrong order": "handlers=kdump kmsg",
            "the wrong line of a handler": "handler kdump=next",
            "registers that kdb and gdb do not show": "registers agree=4",
        }
        status = self.ask(self.dump, *wrong.values())
        said = self.out.read_text(encoding="utf-8").splitlines()
        lines = [line for line in said if line.startswith(("ok - ", "not ok - "))]
        self.tap.same("what is wrong ends with status 1", 1, status)
        self.tap.same("and has a line for each check", 1 + len(wrong), len(lines))
        for name, line in zip(wrong, lines[1:]):
            self.tap.ok(line.startswith("not ok"), f"{name} fails", self.out)
        for check in ("ps=init", "panic=(", "cpu 1 in"):
            self.expect(f"{check} is no check", (2,), self.dump, check)

    def cut_off(self) -> None:
        """Less of a dump."""
        data = self.dump.read_bytes()
        self.bad.write_bytes(data[: len(data) // 3])
        self.expect("a dump cut off fails", (1, 2), self.bad, f"cpu 1 in={MARKER}")
        self.bad.write_bytes(b"")
        self.expect("an empty dump fails", (1, 2), self.bad, f"cpu 1 in={MARKER}")

    def damaged_notes(self) -> None:
        """Where the kernel's notes are, other addresses."""
        seen = 0

        def change(data: bytearray, good: KdumpFile) -> None:
            nonlocal seen
            at = data.find(NOTE)
            while at >= 0:
                ip = slice(at + NOTE_IP, at + NOTE_IP + 8)
                data[ip] = (int.from_bytes(data[ip], "little") + OFF_BY).to_bytes(8, "little")
                seen += 1
                at = data.find(NOTE, at + 1)

        self.write(change)
        self.tap.ok(seen >= 4, "the ELF notes of a copy are damaged", f"{seen} notes")
        wanted = f"cpu 1 in={MARKER}"
        self.expect("registers that are not what the stack says fail", (1,), self.bad, wanted)
        first, second = (
            Dump(self.vmlinux, vmcore, self.place / "drgn").drgn.cpu(1)
            for vmcore in (self.dump, self.bad)
        )
        self.tap.same("drgn sees them as well", (first.ip or 0) + OFF_BY, second.ip)
        self.tap.ok(MARKER not in second.functions, "and finds no function there", second.noted)

    def damaged_stack(self) -> None:
        """The notes are right, and what a CPU's stack says of the interrupted place is not."""
        drgn = Dump(self.vmlinux, self.dump, self.place / "drgn").drgn
        saved, other = drgn.cpu(1).registers, drgn.cpu(2).registers["rip"]
        # The processor aligns the stack, and pushes these, the last one first.
        frame = b"".join(saved[name].to_bytes(8, "little") for name in FRAME)
        at = (saved["rsp"] // 16 * 16 - len(frame)) % PAGE
        seen = 0

        def change(data: bytearray, good: KdumpFile) -> None:
            nonlocal seen
            for pfn, content in good.pages():
                if content[at : at + len(frame)] == frame:
                    page = bytearray(content)
                    page[at : at + 8] = other.to_bytes(8, "little")
                    replace(data, good, pfn, page)
                    seen += 1

        self.write(change)
        self.tap.same("the stack of a CPU is damaged in a copy", 1, seen)
        self.expect("the notes are still right", (0,), self.bad, f"note 1={MARKER}")
        wanted = "a stack that is not what the notes say fails"
        self.expect(wanted, (1,), self.bad, f"cpu 1 in={MARKER}")
        message = f"crash's backtrace: ras_test_place_irqsoff; crash's ELF note: {MARKER} "
        said = self.out.read_text(encoding="utf-8")
        self.tap.ok(message in said, f"... and said: {message}", self.out)

    def damaged_pages(self) -> None:
        """One page is another, one cannot be read, and one of the log cannot be read."""
        (self.place / "reference.elf").symlink_to(self.directory / "reference.elf")
        with KdumpFile(self.dump) as good:
            packed = [pfn for pfn in good.pfns() if good.descriptor(pfn).flags == LZO]
            victim = packed[len(packed) // 2]
            log = [pfn for pfn, data in good.pages() if SAID.encode() in data]

        def flip(data: bytearray, good: KdumpFile) -> None:
            page = bytearray(good.page(victim))
            page[PAGE // 3] ^= 0x10
            replace(data, good, victim, page)

        def damage(pfns: list[int]) -> Callable[[bytearray, KdumpFile], None]:
            def change(data: bytearray, good: KdumpFile) -> None:
                for pfn in pfns:
                    at = good.descriptor(pfn)
                    data[at.offset : at.offset + at.size] = b"\xff" * at.size

            return change

        for name, change, check, message in (
            ("one flipped bit is found", flip, "pages agree=all", f"1 different: {victim:#x}"),
            ("a damaged page is found", damage([victim]), "pages agree=all", "is damaged"),
            ("a damaged page of the log is found", damage(log), f"log has={SAID}", "got "),
        ):
            self.write(change)
            self.expect(name, (1, 2), self.bad, check)
            said = self.out.read_text(encoding="utf-8")
            self.tap.ok(message in said, f"... and said: {message}", self.out)


def main() -> int:
    """Run the checks."""
    checker = Checker(Lab.from_environment())
    try:
        checker.good_dump()
        checker.wrong_checks()
        checker.cut_off()
        checker.damaged_notes()
        checker.damaged_stack()
        checker.damaged_pages()
    finally:
        checker.clean()
    return checker.tap.done()


run_test(main)
