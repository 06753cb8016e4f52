# SPDX-License-Identifier: GPL-2.0
"""How long a dump takes, beside kdump's in the same run: ./ras bench --dump.

The clock is the host's, from the panic message to the line that says that the dump is there,
because the crashed kernel's clock is no measure of what comes after it.  What the engine says of
its phases, and of live dumps, is the guest's clock.
"""

from __future__ import annotations

import re
import shutil
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from raslab.disk import Disk, disk_path
from raslab.lab import LabError
from raslab.machine import Qemu
from raslab.stopwatch import PANIC, Stopwatch
from raslab.target import Target

# Beyond that it does not come.
LIMIT_S = 300.0
# What a machine of the figures has in a file system of memory, per GiB of its own.
FILE_MIB_PER_GIB = 300
CRASH = "echo c > /proc/sysrq-trigger"


@dataclass(frozen=True)
class Way:
    """A way to a dump."""

    name: str
    # The line at which the dump is there.
    end: str
    words: str
    prepare: str = ""
    # Is there an area on an NVMe disk?
    area: bool = False
    command: str = CRASH
    begin: str = PANIC
    # What the file is full of: the engine leaves out zeros.
    content: str = "/dev/zero"
    # What it runs on, if not on the processor of all other machines.
    cpu: str = ""

    def run(self, gib: int) -> str:
        """What the guest does: it fills its memory, and crashes."""
        size = gib * FILE_MIB_PER_GIB
        fill = f"dd if={self.content} of=/tmp/file bs=1M count={size} 2>/dev/null; sync\n"
        return f"{self.prepare}{fill}{self.command}\n"


DONE = r"ras: +stop 1 took"
DISK = Way("to an NVMe disk", DONE, "crashkernel=0 ras_dump.targets=/dev/nvme0n1", area=True)
# What is in files goes to the disk as it is: as much as the driver can do.
AS_IT_IS = "ras_dump.level=25 ras_dump.compression=none"
RAW = replace(DISK, name="as it is", words=f"{DISK.words} {AS_IT_IS}", content="/dev/urandom")
# LZO clears 16 KiB for each page.  Where there is ERMS the kernel does that by REP STOSB, which
# hardware does by the cache line and QEMU by the byte.
NO_ERMS = replace(DISK, name="the same without ERMS", cpu="max,-erms")
# The region is taken from the machine's memory, as kdump's is.
MEMORY = Way(
    "to memory",
    DONE,
    "crashkernel=0 memmap=192M$0x60000000 ras_dump.memory=192M@0x60000000",
)
KDUMP = Way("kdump, makedumpfile", "RT: captured", "crashkernel=192M", "load_kdump\n")
LIVE = Way(
    "a live dump",
    "live dump: .*: classify",
    "crashkernel=0 ras_dump.live_max_ms=60000",
    command="echo dump > /sys/kernel/ras/trigger",
    begin="live dump: .*of stop",
)


@dataclass
class Taken:
    """What one machine has shown."""

    seconds: float
    console: str
    phases: dict[str, int] = field(default_factory=dict)

    @property
    def memory_kib(self) -> int:
        """What the engine takes of memory, as it said when it was armed."""
        match = re.search(r"armed: .* ([0-9]+) KiB of memory", self.console)
        return int(match[1]) if match else 0

    @property
    def kib(self) -> int:
        """The size of the file."""
        match = re.search(r"dump to \S+ whole: .* pages, ([0-9]+) KiB", self.console)
        return int(match[1]) if match else 0

    @property
    def rate(self) -> float:
        """MiB of the file a second, while pages were written."""
        ms = sum(self.phases.get(name, 0) for name in ("kernel image", "slab", "kernel", "rest"))
        return self.kib / 1024 / (ms / 1000) if ms else 0.0

    @property
    def pages(self) -> int:
        """How many were dumped."""
        match = re.search(
            r"dump to \S+ whole: ([0-9]+) of|dump: ([0-9]+) pages, [0-9]+ ms", self.console
        )
        return int(match[1] or match[2]) if match else 0


def _phases(console: str) -> dict[str, int]:
    match = re.search(r"ras_dump: .* ?ms: (classify .*)", console)
    if not match:
        return {}
    pairs = (part.rsplit(" ", 1) for part in match[1].strip().split(", "))
    return {name: int(value) for name, value in pairs}


def measure(target: Target, way: Way, cpus: int, gib: int) -> Taken:
    """Crash a machine; LabError if the dump does not come."""
    directory = target.lab.run / "bench-dump"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    if way.cpu:
        target = replace(target, processor=way.cpu)
    machine = machine_for(target, directory, cpus, gib, area=way.area)
    return end_of_dump(target, way, machine, way.run(gib), directory)


def machine_for(
    target: Target,
    directory: Path,
    cpus: int,
    gib: int,
    *,
    area: bool = False,
    options: Sequence[str] = (),
) -> Qemu:
    """A machine with a disk for kdump, and perhaps an area for the engine."""
    disks = [Disk("dump", "virtio", "1G", disk_path(directory, "dump"))]
    if area:
        disks.append(Disk("area", "nvme", "1G", disk_path(directory, "area")))
    for disk in disks:
        disk.create()
        disk.power_on()
    return Qemu(target, directory, cpus, disks=disks, memory=f"{gib}G", options=options)


def end_of_dump(target: Target, way: Way, machine: Qemu, script: str, directory: Path) -> Taken:
    """Crash the machine, and wait for its dump; LabError if it does not come."""
    life = machine.boot(f"{way.words} loglevel=8", script, on_console=True)
    watch = Stopwatch(way.end, way.begin)
    try:
        watch.listen(life, LIMIT_S)
    finally:
        life.kill()
        life.close()
    console = watch.heard.decode(errors="replace").replace("\r", "")
    if watch.seconds is None:
        (directory / "console").write_text(console, encoding="utf-8")
        raise LabError(f"{way.name}: no dump; see {target.lab.shown(directory / 'console')}")
    shutil.rmtree(directory)
    return Taken(watch.seconds, console, _phases(console))


def show_medians(
    ways: Sequence[Way], cpus: Sequence[int], rounds: int, crash: Callable[[Way, int], Taken]
) -> dict[tuple[str, int], list[Taken]]:
    """The table of the seconds of each way, by number of CPUs; what was taken, by the same.

    Each round has all ways: what disturbs one disturbs all.
    """
    print(f"{'':26}" + "".join(f"{n:>4} CPU{'s' if n > 1 else ' '}" for n in cpus), flush=True)
    taken: dict[tuple[str, int], list[Taken]] = {}
    for _ in range(rounds):
        for number in cpus:
            for way in ways:
                taken.setdefault((way.name, number), []).append(crash(way, number))
    for way in ways:
        cells = (statistics.median_low(t.seconds for t in taken[way.name, n]) for n in cpus)
        print(f"  {way.name:24}" + "".join(f"{seconds:9.2f}" for seconds in cells), flush=True)
    return taken


def show_ways(target: Target, gib: int, cpus: Sequence[int], rounds: int) -> None:
    """The table of ways that need no network."""
    ways = (DISK, NO_ERMS, MEMORY, KDUMP)
    print(f"\nFrom the panic message to the whole dump: seconds, median of {rounds}, a machine of")
    print(f"{gib} GiB with {gib * FILE_MIB_PER_GIB} MiB in files, level 31, LZO\n")
    taken = show_medians(ways, cpus, rounds, lambda way, n: measure(target, way, n, gib))
    first = taken[DISK.name, cpus[0]][0]
    print(f"\n  memory that is taken for it: {first.memory_kib} KiB; by kdump: 196608 KiB")
    phases = ", ".join(f"{name} {ms}" for name, ms in first.phases.items())
    print(f"  to the disk, {cpus[0]} CPUs, ms: {phases}")
    raw = measure(target, RAW, cpus[0], 1).rate
    print(
        f"  MiB of the file a second: {first.rate:.0f}; files as they are: {raw:.0f}",
        flush=True,
    )


def show_growth(target: Target, sizes: Sequence[int]) -> None:
    """How the time grows with the memory of the machine."""
    print("\nWith the size of the machine: to the disk, 2 CPUs\n")
    print("  GiB    pages  seconds  classify ms  memory KiB", flush=True)
    for gib in sizes:
        one = measure(target, DISK, 2, gib)
        classify = one.phases.get("classify", 0)
        print(
            f"  {gib:3d} {one.pages:8d} {one.seconds:8.2f} {classify:12d} {one.memory_kib:11d}",
            flush=True,
        )


def show_live(target: Target, sizes: Sequence[int]) -> None:
    """How long a live dump stops the machine."""
    print("\nA live dump, 2 CPUs: how long it stops the machine\n")
    print("  GiB    pages  classify ms  copy ms", flush=True)
    for gib in sizes:
        one = measure(target, LIVE, 2, gib)
        classify, copy = one.phases.get("classify", 0), one.phases.get("copy", 0)
        print(f"  {gib:3d} {one.pages:8d} {classify:12d} {copy:8d}", flush=True)


def show_dumps(target: Target, quick: bool) -> None:
    """./ras bench --dump"""
    show_ways(target, 4, (4, 2, 1) if not quick else (2,), 3 if not quick else 1)
    show_growth(target, (1, 2, 4, 8, 16) if not quick else (1, 2))
    show_live(target, (1, 2, 4) if not quick else (1,))
