# SPDX-License-Identifier: GPL-2.0
"""./ras bench: what stops cost, in time, in instructions and in bytes."""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from raslab.case import Case, Outcome, run_case
from raslab.disk import Disk, disk_path
from raslab.dump_times import show_dumps
from raslab.hibernate_times import show_hibernation
from raslab.image import need_machine
from raslab.instructions import CPUS, print_table
from raslab.lab import Lab, LabError
from raslab.machine import Qemu
from raslab.net_times import show_net
from raslab.row import Check, LifeRow, Row
from raslab.stopwatch import Stopwatch
from raslab.target import Target

# Columns of the table of stops, as ras_bench.ko names them.
COLUMNS = ("nmi", "stop", "release", "machine", "ipi")
# CPUs, and how many rounds of each measure.
PLAN = ((2, 200), (4, 100), (8, 50), (16, 25))
QUICK_PLAN = ((2, 50), (4, 20))
HEADINGS = """
Stopping all CPUs: microseconds, median and 99th percentile, in one boot a line

                raw NMI           ras_stop()          release        stop_machine()\
        IPI to all      stop/NMI  stop_machine
CPUs rounds      med      p99      med      p99      med      p99      med      p99\
      med      p99               /stop"""

# Ours; KUnit's tests and what they fake are no part of a kernel that somebody uses.
DIRECTORIES = ("kernel/ras", "arch/{arch}/ras", "drivers/ras-clients")
NOT_COUNTED = re.compile(r"_kunit|^fake_|^built-in|\.mod\.o$|\.prelink")

FIRST_LINE_ROUNDS, QUICK_ROUNDS = 5, 2
# A crash kernel that is not there by then does not come.
FIRST_LINE_S = 240.0
TOOL_S = 120.0


@dataclass(frozen=True)
class Figure:
    """What is shown of the rounds of one measure, in the unit of the rounds."""

    median: float
    p99: float


def figure(rounds: Iterable[float]) -> Figure:
    """The median and the 99th percentile: figures that were measured, none between two."""
    ordered = sorted(rounds)
    return Figure(statistics.median_low(ordered), ordered[max(1, len(ordered) * 99 // 100) - 1])


def parse_rounds(console: str) -> dict[str, list[int]]:
    """The nanoseconds of each round, by measure: "RT: ras_bench: nmi 9700 stop 12500 ..."."""
    rounds: dict[str, list[int]] = {}
    for line in re.findall(r"(?m)RT: ras_bench: (nmi .*)$", console):
        words = line.split()
        for name, value in zip(words[::2], words[1::2]):
            rounds.setdefault(name, []).append(int(value))
    return rounds


def line_of_stops(cpus: int, rounds: dict[str, list[int]]) -> str:
    """A line of the table."""
    figures = {name: figure(rounds[name]) for name in COLUMNS}
    cells = (f"{each.median / 1000:9.1f} {each.p99 / 1000:9.1f}" for each in figures.values())
    stop = figures["stop"].median
    ratios = f"{stop / figures['nmi'].median:8.2f} {figures['machine'].median / stop:10.1f}"
    return f"{cpus:4d} {len(rounds['nmi']):6d} {''.join(cells)}  {ratios}"


def line_of_guards(cpus: int, rounds: dict[str, list[int]]) -> str:
    """What a handler more costs."""
    guard, watched = figure(rounds["guard"]).median, figure(rounds["watched"]).median
    return f"  {cpus:3d} CPUs: {guard:5.0f} ns without a deadline, {watched:5.0f} ns with one"


def row_of_stops(cpus: int, rounds: int) -> Row:
    """One boot that measures."""
    return Row(
        name=f"bench-{cpus}",
        subject="bench",
        about="stops, and what else stops CPUs",
        cpus=cpus,
        boot="ras.ipi_grace_us=0 ras.nmi_timeout_ms=30000 loglevel=4 log_buf_len=4M",
        time=1200,
        lives=(
            LifeRow(
                run=f"taskset 1 insmod /lib/ras_bench.ko rounds={rounds} 2>/dev/null\n"
                "dmesg | sed -n '/ras_bench: begin/,/ras_bench: end/s/^.*ras_bench: nmi/nmi/p' |"
                " tell 'ras_bench: '\n"
            ),
        ),
        checks=(Check("console", "has", "^RT: ras_bench: nmi "),),
    )


def measure_stops(lab: Lab, cpus: int, rounds: int) -> dict[str, list[int]]:
    """Boot a machine, and take down what it has measured."""
    case = Case(row_of_stops(cpus, rounds))
    result = run_case(lab, case)
    console = case.directory(lab) / "console"
    if result.outcome is not Outcome.PASS:
        raise LabError(f"the machine of {cpus} CPUs: {result.reason}; see {lab.shown(console)}")
    return parse_rounds(console.read_text(encoding="utf-8"))


def show_stops(lab: Lab, plan: Sequence[tuple[int, int]]) -> None:
    """The table of stops, and that of guards."""
    print(HEADINGS, flush=True)
    guards = []
    for cpus, rounds in plan:
        measured = measure_stops(lab, cpus, rounds)
        print(line_of_stops(cpus, measured), flush=True)
        guards.append(line_of_guards(cpus, measured))
    print("\nOne handler more in the chain, its guard included: median\n")
    print("\n".join(guards))


def counted_objects(target: Target) -> list[Path]:
    """The framework's objects and those of its clients, at any depth."""
    arch = target.image.relative_to(target.objects).parts[1]
    found: list[Path] = []
    for directory in DIRECTORIES:
        found += (target.objects / directory.format(arch=arch)).rglob("*.o")
    return sorted(path for path in found if not NOT_COUNTED.search(path.name))


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOOL_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LabError(f"{command[0]} failed: {error}") from error
    return done.stdout.decode()


def show_bytes(target: Target) -> None:
    """Bytes of the kernel, and of each CPU."""
    print("\nBytes\n")
    total = _output(["size", "-t", *map(str, counted_objects(target))]).splitlines()[-1].split()
    print(f"  text {total[0]}, data {total[1]}, bss {total[2]}", end=" ")
    print("(the records of the machine included)")
    sizes = r'printf "%d %d\n", sizeof(struct ras_slot), sizeof(struct ras_cpu)'
    said = _output(["gdb", "-nx", "-batch", "-ex", sizes, str(target.vmlinux)])
    slot, registers = said.splitlines()[-1].split()
    print(f"  per CPU {slot}, of which the record of its registers is {registers}")


def measure_first_line(target: Target, words: str) -> float:
    """Crash a machine of two CPUs; seconds by the host's clock."""
    directory = target.lab.run / "bench-first-line"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    disk = Disk("dump", "virtio", "1G", disk_path(directory, "dump"))
    disk.create()
    disk.power_on()
    machine = Qemu(target, directory, 2, disks=[disk])
    life = machine.boot(
        words, "load_kdump loglevel=8\necho c > /proc/sysrq-trigger\n", on_console=True
    )
    first = Stopwatch("Linux version")
    try:
        first.listen(life, FIRST_LINE_S)
    finally:
        life.kill()
        life.close()
    if first.seconds is None:
        raise LabError(f"the crash kernel said nothing; see {target.lab.shown(life.console)}")
    shutil.rmtree(directory)
    return first.seconds


def line_of_first_lines(name: str, seconds: Sequence[float]) -> str:
    """The median of the rounds, and how far apart they are."""
    median = figure(seconds).median
    return f"  {name:<34} median {median:.3f}  ({min(seconds):.3f} to {max(seconds):.3f})"


def show_first_lines(lab: Lab, quick: bool) -> None:
    """How long the way to the crash kernel is, with the framework and without."""
    rounds = QUICK_ROUNDS if quick else FIRST_LINE_ROUNDS
    print("\nFrom the panic message to the crash kernel's first line: seconds, 2 CPUs,", end=" ")
    print(f"{rounds} rounds\n", flush=True)
    main, unmodified = Target(lab), Target(lab, "unmodified")
    kinds = [
        ("unmodified kernel", unmodified, ""),
        ("framework off (ras.enabled=0)", main, "ras.enabled=0"),
        ("framework, kdump alone armed", main, "ras.handlers.kmsg.enabled=0"),
        ("framework, kmsg and kdump", main, ""),
    ][quick:]
    measured: dict[str, list[float]] = {name: [] for name, _, _ in kinds}
    # In turn, so that what disturbs the host disturbs all of them.
    for _ in range(rounds):
        for name, target, words in kinds:
            measured[name].append(measure_first_line(target, words))
    for name, seconds in measured.items():
        print(line_of_first_lines(name, seconds))


def show_instructions(target: Target, quick: bool) -> None:
    """The same in instructions, on the machine model that counts them."""
    print("\nThe same in instructions, counted by Bochs: median\n", flush=True)
    print_table(target.lab, target, CPUS[:2] if quick else CPUS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``./ras bench --help`` says."""
    parser.description = (
        "Stops, measured in one boot for each number of CPUs: the raw NMI rendezvous, a stop of"
        " the framework without grace period, its release, stop_machine(), and an IPI to all;"
        " what the guard of a handler costs; the same in instructions, on the machine model"
        " that counts them; then bytes, and the way from a panic to the crash kernel."
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="2 and 4 CPUs, fewer rounds, no unmodified kernel beside it",
    )
    parser.add_argument(
        "--dump",
        action="store_true",
        help="instead: how long a dump takes, beside kdump's; with the size of the machine; and"
        " how long a live dump stops it",
    )
    parser.add_argument(
        "--hibernate",
        action="store_true",
        help="instead: how long a hibernation to a disk takes, beside the kernel's own; the exit"
        " status is 1 if a machine did not come back",
    )


def main(lab: Lab, args: argparse.Namespace) -> int:
    """./ras bench"""
    target = Target(lab)
    need_machine(target)
    if args.dump:
        show_dumps(target, args.quick)
        show_net(target, 4, (4, 2, 1) if not args.quick else (2,), 3 if not args.quick else 1)
        return 0
    if args.hibernate:
        return show_hibernation(target, args.quick)
    if not args.quick:
        need_machine(Target(lab, "unmodified"))
    show_stops(lab, QUICK_PLAN if args.quick else PLAN)
    show_instructions(target, args.quick)
    show_bytes(target)
    show_first_lines(lab, args.quick)
    return 0
