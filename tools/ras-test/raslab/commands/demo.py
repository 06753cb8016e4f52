# SPDX-License-Identifier: GPL-2.0
"""./ras demo: one crash from beginning to end, in view: with kdump, or with our own dumps; and a
hibernation to a disk."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from raslab.case import Case, Outcome, Result, run_case
from raslab.crash import Crash
from raslab.image import need_machine
from raslab.lab import Lab, LabError
from raslab.machine import suffix
from raslab.row import Check, DiskRow, LifeRow, Row
from raslab.target import Target

ROW = Row(
    name="demo",
    subject="demo",
    about="one crash from beginning to end",
    cpus=4,
    # Short enough for who looks on.
    boot="ras.ipi_grace_us=100000",
    lives=(
        LifeRow(
            run="cat $RAS/plan > /tmp/before\n"
            "load_kdump\n"
            "tell 'plan: ' < $RAS/plan\n"
            "mark 1=spin 2=irqsoff 3=spin\n"
            "fire panic\n"
        ),
    ),
    checks=(
        Check("dump", "opens"),
        Check("dump", "backtrace 0 has", "panic"),
        Check("dump", "cpu 1 in", "ras_test_place_spin"),
        Check("dump", "cpu 2 in", "ras_test_place_irqsoff"),
        Check("dump", "cpu 3 in", "ras_test_place_spin"),
        Check("dump", "log has", "owner 0 ipi 1,3 nmi 2"),
    ),
)

DUMP_ROW = Row(
    name="demo-dump",
    subject="demo",
    about="one crash without a crash kernel, from beginning to end",
    cpus=4,
    boots=2,
    boot="crashkernel=0 ras.ipi_grace_us=100000 ras_dump.targets=/dev/nvme0n1",
    disks=(DiskRow("area", "nvme", "128M"),),
    lives=(
        LifeRow(
            run="@disks\n"
            "@dump\n"
            "area=$(disk area)\n"
            "ras-savecore -q -o /tmp/vmcore $area 2>&1 | tell 'savecore: '\n"
            "if [ -s /tmp/vmcore ]; then\n"
            "\ttar cf /dev/vda -C /tmp vmcore && sync\n"
            "\tquit\n"
            "fi\n"
            "tell 'plan: ' < $RAS/plan\n"
            "mark 1=spin 2=irqsoff 3=spin\n"
            "fire panic\n"
        ),
    ),
    checks=(
        Check("dump", "opens"),
        Check("dump", "backtrace 0 has", "panic"),
        Check("dump", "note 1", "ras_test_place_spin"),
        Check("dump", "note 2", "ras_test_place_irqsoff"),
        Check("dump", "task", "ras_marker/3"),
        Check("dump", "log has", "owner 0 ipi 1,3 nmi 2"),
    ),
)


NET_ROW = Row(
    name="demo-netdump",
    subject="demo",
    about="one crash without a crash kernel, sent over a lossy network",
    cpus=4,
    boot="crashkernel=0 ras.ipi_grace_us=100000",
    options=("-no-reboot",),
    cards=("virtio-net",),
    network={"seed": 5, "loss": 5},
    peers={"rasdumpd": {}},
    fetch="rasdumpd",
    lives=(
        LifeRow(
            run="@net\n"
            "hostname web-7\n"
            "dump_to\n"
            "tell 'plan: ' < $RAS/plan\n"
            "mark 1=spin 2=irqsoff 3=spin\n"
            "fire panic\n"
        ),
    ),
    checks=(
        Check("peer rasdumpd", "complete", 1),
        Check("network", "lost", "3..7 %"),
        Check("dump", "opens"),
        Check("dump", "backtrace 0 has", "panic"),
        Check("dump", "note 1", "ras_test_place_spin"),
        Check("dump", "note 2", "ras_test_place_irqsoff"),
        Check("dump", "log has", "owner 0 ipi 1,3 nmi 2"),
        Check("dump", "pages alike", "250"),
    ),
)


HIBERNATE_ROW = Row(
    name="demo-hibernate",
    subject="demo",
    about="a machine whose memory is full is saved to a disk, switched off, and goes on",
    cpus=2,
    memory="1G",
    boot="crashkernel=0",
    time=600,
    disks=(DiskRow("image", "virtio", "1200M"),),
    lives=(
        LifeRow(
            run="@disks\n"
            "@rehearse\n"
            "@keep\n"
            "keep\n"
            "fill 80 > /tmp/fill &\n"
            "filler=$!\n"
            "until [ -s /tmp/fill ]; do sleep 1; done\n"
            "free -m | tell 'before: '\n"
            "tail -n 1 /tmp/fill | tell 'before: fill: '\n"
            "second_cpus=2\n"
            "hibernate save $(disk image)\n"
            "passes=$(wc -l < /tmp/fill)\n"
            "until [ $(wc -l < /tmp/fill) -ge $((passes + 2)) ]; do sleep 1; done\n"
            "tail -n 1 /tmp/fill | tell 'after: fill: '\n"
            "say \"after: $(grep -vc ' 0 wrong$' /tmp/fill) passes with wrong pages\"\n"
            "kill $filler\n"
            "kept 2>&1\n",
            ends="off",
        ),
        LifeRow(boot="mem=64M ras_jump.restore rt.resume=/dev/vdb", second=True),
    ),
    checks=(
        Check("console 1", "has", "RT: saved [0-9.]+ MiB"),
        Check("console 1", "lacks", "RT: after"),
        Check("console 2", "has", "RT: checked [0-9.]+ MiB"),
        Check("console 2", "has", "RT: save: /dev/vdb: resumed"),
        Check("console 2", "has", "RT: after: fill: pass [0-9]+: [0-9]+ pages, 0 wrong$"),
        Check("console 2", "has", "RT: after: 0 passes with wrong pages$"),
        Check("console 2", "has", "RT: memory: good$"),
        Check("console 2", "has", "RT: unlinked: still here$"),
        Check("console 2", "has", "RT: pipe: good$"),
        Check("console 2", "has", "RT: TCP: good$"),
    ),
)


@dataclass(frozen=True)
class Show:
    """A demonstration: the machine, and what is said of it beforehand; does a dump come of it?"""

    row: Row
    about: str
    dumps: bool = True


SHOWS = {
    "kdump": Show(
        ROW,
        "A machine of 4 CPUs starts.  CPUs 1 and 3 compute, CPU 2 spins with interrupts off,\n"
        "and CPU 0 panics.  What the machine says of it:",
    ),
    "dump": Show(
        DUMP_ROW,
        "A machine of 4 CPUs starts, without a crash kernel.  CPUs 1 and 3 compute, CPU 2 spins\n"
        "with interrupts off, and CPU 0 panics.  The kernel that crashes writes its own memory\n"
        "to an NVMe disk; the machine reboots, and ras-savecore fetches the dump.  What it says:",
    ),
    "netdump": Show(
        NET_ROW,
        "A machine of 4 CPUs starts, without a crash kernel and without a disk.  CPUs 1 and 3\n"
        "compute, CPU 2 spins with interrupts off, and CPU 0 panics.  The kernel that crashes\n"
        "sends its own memory to rasdumpd, over a switch that loses 5 % of the packets of each\n"
        "direction.  What it says:",
    ),
    "hibernate": Show(
        HIBERNATE_ROW,
        "A machine of 2 CPUs and 1 GiB starts.  A program fills the memory to 80 %, and compares\n"
        "it again and again; others have a pipe, a TCP connection, and a file that is deleted.\n"
        "A second kernel saves all that to a disk, and switches the machine off.  A third one\n"
        "restores it, and the programs go on.  What the machine says:",
        dumps=False,
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``./ras demo --help`` says."""
    parser.description = (
        "Build a small kernel, crash a machine of 4 CPUs in QEMU while one of them spins with"
        " interrupts off, and look at the dump with crash.  Or save a machine of 2 CPUs to a"
        " disk, and have it go on.  Ends with 0 if the dump, or the machine, is as it should be."
    )
    parser.add_argument(
        "show",
        nargs="?",
        choices=tuple(SHOWS),
        default="kdump",
        help="the dump by a crash kernel (kdump, the default), or by the crashed kernel itself"
        " to a disk (dump) or over the network (netdump); or a hibernation (hibernate)",
    )


def told(console: str) -> Iterator[str]:
    """What programs said in a machine that hibernates: not each step of the way."""
    for line in console.splitlines():
        if line.startswith("RT: ") and not re.search(
            "RT: (end |up |resuming: )|[0-9] s left$", line
        ):
            yield f"  {line.removeprefix('RT: ')}"


def said(console: str) -> Iterator[str]:
    """What the machine said of the crash: the plan, the report, and the crash kernel."""
    lines = console.splitlines()
    planned = (line.removeprefix("RT: plan: ") for line in lines if line.startswith("RT: plan: "))
    here = False
    for line in planned:
        here = line == "panic" or here and line.startswith("  ")
        if here:
            yield f"  plan: {line}"
    for line in lines:
        if re.match(r"\[ *[0-9.]+\] (Kernel panic |ras: |ras_dump: )", line):
            yield f"  {line}"
        elif found := re.match("RT: ((capture kernel|captured).*)", line):
            yield f"  crash kernel: {found[1]}"
        elif line.startswith(("RT: savecore: ", "RT: rasctl: ")):
            yield f"  {line.removeprefix('RT: ')}"


def shown(crash: str) -> Iterator[str]:
    """The machine and the backtraces as crash shows them, without registers."""
    for line in crash.splitlines():
        if re.match(" *(R[A-Z0-9]+|ORIG_RAX):", line):
            continue
        if line.startswith("PID:"):
            yield ""
        if re.match(r"PID:|  *#|  *\[exc|---", line) or re.search("PANIC:|CPUS:|UPTIME:", line):
            yield f"  {line}"


def demo(lab: Lab, show: Show) -> int:
    """Crash, and show; the exit status."""
    target = Target(lab)
    need_machine(target)
    print(f"\n{show.about}\n", flush=True)
    case = Case(show.row)
    directory = case.directory(lab)
    result = run_case(lab, case, keep=True)
    if result.lost:
        print(f"  (The first machine was lost, and this is another: {result.lost}.)")
    _show_consoles(directory, show)
    if not show.dumps:
        print()
        return _show_answers(lab, directory, result, "last check")
    vmcore = directory / "dump" / "vmcore"
    if not vmcore.exists():
        reason = f" ({result.reason})" if result.reason else ""
        raise LabError(f"no dump came of it{reason}; see {lab.shown(directory)}/console.log")
    _show_dump(lab, target, vmcore)
    return _show_answers(lab, directory, result, "checked dump")


def _show_consoles(directory: Path, show: Show) -> None:
    """Of a dump it is the first one that counts."""
    for number in range(1, 2 if show.dumps else len(show.row.lives) + 1):
        console = directory / f"console{suffix(number)}"
        if not console.exists():
            continue
        text = console.read_text(encoding="utf-8", errors="replace")
        if not show.dumps:
            print(f"  The machine is switched on{' again' if number > 1 else ''}.")
        print("\n".join(said(text) if show.dumps else told(text)))


def _show_dump(lab: Lab, target: Target, vmcore: Path) -> None:
    print("\nThe dump, as the crash utility reads it", end=" ")
    print(f"(crash {lab.shown(target.vmlinux)} {lab.shown(vmcore)}):")
    crash = Crash(target.vmlinux, vmcore, vmcore.parent.parent / "shown")
    crash.ask(["sys", "bt -a"])
    print("\n".join(shown(crash.said("sys") + crash.said("bt -a"))), end="\n\n")


def _show_answers(lab: Lab, directory: Path, result: Result, end: str) -> int:
    for answer in result.answers:
        print(f"  {'ok ' if answer.ok else 'BAD'} {answer.title}")
        if not answer.ok:
            print(f"      expected {answer.expected}\n      got      {answer.got}")
    if result.outcome is not Outcome.PASS:
        raise LabError(f"the machine or its dump is not as it should be: {result.reason}")
    print(f"\nFrom power-on to the {end} in {result.seconds:.0f} s.", end="  ")
    print(f"Console: {lab.shown(directory)}/console.log")
    return 0


def main(lab: Lab, args: argparse.Namespace) -> int:
    """./ras demo"""
    return demo(lab, SHOWS[args.show])
