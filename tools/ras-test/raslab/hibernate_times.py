# SPDX-License-Identifier: GPL-2.0
"""How long a hibernation to a disk takes, beside the kernel's own: ./ras bench --hibernate.

The clock is the host's: from the line before the save to the end of the emulator, and from the
start of the next emulator to the first line of the program that had asked for the save.  What a
kernel says of its own time is the guest's clock.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from raslab.check import End
from raslab.disk import Disk, disk_path
from raslab.machine import Qemu, script_of
from raslab.stopwatch import Timeline
from raslab.target import Target

CPUS = 2
# One life, on a host that is busy with other things.
LIMIT_S = 500.0
# An emulator whose console is closed ends.
END_S = 30.0
BEGIN = "RT: begins$"
RETURNED = "RT: save: exit ([0-9]+)"
# What a kernel says when it has refused to hibernate, and what a program says of that.
REASONS = (
    r"RT: save: (?!exit|.*: (?:resumed|saved and went on);)(.*)",
    r"(PM: (?:.*pages short|.*[Nn]ot enough.*|.*[Ee]rror.*|.*failed.*))",
)

# Is what was in memory still there?  The program fill compares all of its pages again.
GUEST = """\
@disks
@rehearse
swsusp()
{
	echo shutdown > /sys/power/disk
	(echo disk > /sys/power/state) 2> /tmp/out
	local code=$?
	tell "save: " < /tmp/out
	say "save: exit $code"
}
same()
{
	[ "$(sha256sum < /tmp/ballast)" = "$sum" ] && ! grep -qv ' 0 wrong$' /tmp/fill
}
second_cpus=2
dd if=/dev/urandom of=/tmp/ballast bs=1M count=4 2>/dev/null
sum=$(sha256sum < /tmp/ballast)
: > /tmp/fill
PREPARE
FILL
sleep 2
sync
say "begins"
SAVE
say "swap: $(awk '/SwapTotal/ { total = $2 } /SwapFree/ { print total - $2 }' /proc/meminfo) KiB"
passes=$(wc -l < /tmp/fill)
until [ ! -s /tmp/fill ] || [ $(wc -l < /tmp/fill) -ge $((passes + 2)) ]; do sleep 1; done
say "after: $(same && echo same || echo other)"
"""
FILL = """\
fill ARGUMENTS > /tmp/fill 2> /tmp/err &
filler=$!
until [ -s /tmp/fill ]; do
	kill -0 $filler || { tell "fill: " < /tmp/err; quit; }
	sleep 1
done"""


@dataclass(frozen=True)
class Way:
    """A way to hibernate."""

    name: str
    save: str
    # The command line of the kernel that resumes.
    resume: str
    prepare: str = ""
    # Is it ours?  Then the kernel that resumes has the program's own initial file system, and the
    # machine may not refuse: it can save all memory.
    ours: bool = False

    def run(self, size: Size) -> str:
        """What the guest does before it is saved, and afterwards."""
        fill = FILL.replace("ARGUMENTS", size.fill) if size.fill else ""
        script = GUEST.replace("PREPARE", self.prepare).replace("FILL", fill)
        return script.replace("SAVE", self.save)

    @property
    def place(self) -> str:
        """Its name in the name of a directory."""
        return re.sub("[^a-z0-9]+", "-", self.name.lower())


@dataclass(frozen=True)
class Size:
    """How much of its memory the machine uses."""

    name: str
    # The arguments of the program fill; none: the machine is idle.
    fill: str = ""
    # Only these ways; none: all of them.
    ways: tuple[Way, ...] = ()

    def measures(self, way: Way) -> bool:
        """Is the way measured with it?"""
        return not self.ways or way in self.ways


OWN_INITRD = """\
ras-hibernate initrd /tmp/second.cpio > /dev/null
second_initrd=/tmp/second.cpio
"""


def _ours(method: str) -> Way:
    return Way(
        f"ras-hibernate, {method}",
        f"hibernate save --compress {method} /dev/vda",
        "mem=64M ras_jump.restore ras_hibernate.resume=/dev/vda",
        OWN_INITRD,
        ours=True,
    )


NONE, LZ4, ZSTD = _ours("none"), _ours("lz4"), _ours("zstd")
SWAP = "mkswap /dev/vda > /dev/null\nswapon /dev/vda\n"
LZO = Way("swsusp, LZO", "swsusp", "resume=/dev/vda", SWAP)
PLAIN = Way("swsusp, nocompress", "swsusp", "resume=/dev/vda hibernate=nocompress", SWAP)
WAYS = (NONE, LZ4, ZSTD, LZO, PLAIN)
SIZES = (
    Size("idle"),
    Size("31 % in use", "31"),
    Size("77 % in use", "77"),
    # What is locked nobody can swap out to make the image smaller.
    Size("77 %, locked", "77 lock", (LZ4, LZO)),
)


@dataclass
class Seen:
    """One life of a machine, by the host's clock."""

    started: float = 0.0
    # None: it had to be ended.
    ended: float | None = None
    end: End | None = None
    console: Timeline = field(default_factory=Timeline)

    def since_power_on(self, expression: str) -> float | None:
        """When a line came."""
        at = self.console.at(expression)
        return None if at is None else at - self.started

    def last_line(self) -> str:
        """The last thing that its programs said, if possible with a reason, or else the kernel."""
        lines = [line for _, line in self.console.lines]
        ours = "ras-hibernate: (?!.*not resumed)|(?:saved|checked|restored) "
        for expression in (ours, "RT: (?!end |up |not resumed)", "RT: (?!end )", "."):
            if found := [line for line in lines if re.search(expression, line)]:
                return found[-1]
        return "nothing"


@dataclass
class Taken:
    """What one machine has shown in its lives: until it was off, and after it was on again."""

    way: Way
    first: Seen
    second: Seen | None = None

    @property
    def off(self) -> float | None:
        """From the beginning to power-off."""
        begin = self.first.console.at(BEGIN)
        if begin is None or self.first.ended is None or self.first.end is not End.OFF:
            return None
        return self.first.ended - begin

    @property
    def back(self) -> float | None:
        """From power-on to the first line of what was saved."""
        return self.second.since_power_on("RT: save: ") if self.second else None

    @property
    def mib(self) -> float | None:
        """How much memory went into the image."""
        if match := self.first.console.find("saved ([0-9.]+) MiB in"):
            return float(match[1])
        match = self.first.console.find(r"aving image data(?: pages)? \(([0-9]+) pages")
        return int(match[1]) / 256 if match else None

    @property
    def swapped(self) -> float | None:
        """MiB that were swapped out besides, as the machine found when it went on."""
        match = self.second.console.find("RT: swap: ([0-9]+) KiB") if self.second else None
        return int(match[1]) / 1024 if match else None

    @property
    def refusal(self) -> str:
        """Why the save command failed, if the machine went on and was not switched off."""
        returned = self.first.console.find(RETURNED)
        if returned is None or self.second is not None or not int(returned[1]):
            return ""
        found = [self.first.console.find(expression) for expression in REASONS]
        return "; ".join(match[1].strip() for match in found if match) or returned[0]

    @property
    def failure(self) -> str:
        """Why there are no figures; "" if there are, or the machine has refused and may."""
        if self.refusal:
            return f"refused: {self.refusal}" if self.way.ours else ""
        return self._not_off() or self._not_back()

    def _not_off(self) -> str:
        if self.first.console.find(RETURNED):
            return "the save returned, and the machine was not switched off"
        if self.first.console.at(BEGIN) is None:
            return f"it did not begin: {self.first.last_line()}"
        if self.off is None:
            return f"not switched off: {self.first.last_line()}"
        return ""

    def _not_back(self) -> str:
        if self.second is None:
            return "it was not switched on again"
        returned = self.second.console.find(RETURNED)
        if returned is None:
            return f"it did not go on: {self.second.last_line()}"
        if int(returned[1]):
            return f"it goes on, and the save has failed with {returned[1]}"
        if not self.second.console.find("RT: after: same$"):
            return "it goes on, and memory is not what it was"
        return ""


def live(machine: Qemu, words: str, script: str, until: str) -> Seen:
    """One life, to a line or its end."""
    seen = Seen(console=Timeline(until))
    life = machine.boot(f"crashkernel=0 {words}", script, on_console=True)
    try:
        seen.started = life.started
        seen.console.listen(life, LIMIT_S)
        if not seen.console.done():
            _wait_for_end(life.process, seen)
            seen.end = life.poll()
    finally:
        life.kill()
        life.close()
    return seen


def _wait_for_end(process: subprocess.Popen[bytes], seen: Seen) -> None:
    try:
        process.wait(END_S)
        seen.ended = time.monotonic()
    except subprocess.TimeoutExpired:
        # The limit has ended the wait for a line, and the machine still runs.
        return


def measure(target: Target, way: Way, size: Size) -> Taken:
    """Save a machine, and have it resume.  The consoles stay, for who asks why it failed."""
    place = re.sub("[^a-z0-9]+", "-", size.name.lower())
    directory = target.lab.run / "bench-hibernate" / f"{way.place}-{place}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    disk = Disk("image", "virtio", "1200M", disk_path(directory, "image"))
    disk.create()
    disk.power_on()
    machine = Qemu(target, directory, CPUS, disks=[disk], memory="1G")
    try:
        script = script_of(target.lab, way.run(size))
        taken = Taken(way, live(machine, "", script, RETURNED))
        if taken.off is not None:
            machine.initrd = target.own_initrd if way.ours else target.initrd
            script = "" if way.ours else "say 'not resumed'\n"
            taken.second = live(machine, way.resume, script, "RT: after: |not resumed")
    finally:
        disk.remove()
        for name in ("initrd", "scenario"):
            (directory / name).unlink(missing_ok=True)
    return taken


# By way and size: one for each round.
Results = dict[tuple[Way, Size], list[Taken]]


def median(values: Iterable[float | None], digits: int = 1) -> str:
    """The median of the values that there are, as a cell of a table."""
    there = [value for value in values if value is not None]
    return f"{statistics.median_low(there):.{digits}f}" if there else "-"


def cells(taken: Sequence[Taken]) -> tuple[str, str, str]:
    """To power-off, to user space, MiB of the image; or one word instead."""
    if not taken:
        return "-", "-", "-"
    if any(one.failure for one in taken):
        return "failed", "", ""
    if any(one.refusal for one in taken):
        return "refused", "", ""
    return (
        median(one.off for one in taken),
        median(one.back for one in taken),
        median((one.mib for one in taken), 0),
    )


def lines_of_times(results: Results, ways: Sequence[Way], sizes: Sequence[Size]) -> list[str]:
    """The table of ways and sizes."""
    lines = [f"{'':26}" + "".join(f"{size.name:>24}" for size in sizes)]
    lines.append(f"{'':26}" + f"{'off':>10}{'back':>8}{'MiB':>6}" * len(sizes))
    for way in ways:
        line = f"  {way.name:24}"
        for size in sizes:
            off, back, mib = cells(results.get((way, size), []))
            line += f"{off:>10}{back:>8}{mib:>6}"
        lines.append(line.rstrip())
    return lines


def lines_of_notes(results: Results) -> list[str]:
    """What the table has no room for: refusals, failures, and what was swapped out."""
    lines = []
    for (way, size), taken in results.items():
        swapped = median((one.swapped for one in taken), 0)
        if not way.ours and swapped not in ("-", "0"):
            lines.append(f"  {way.name}, {size.name}: {swapped} MiB were swapped out besides")
        for one in taken:
            if one.failure:
                lines.append(f"  {way.name}, {size.name}: failed: {one.failure}")
            elif one.refusal:
                lines.append(f"  {way.name}, {size.name}: refused: {one.refusal}")
    return lines


def _number(seen: Seen | None, expression: str) -> float | None:
    match = seen.console.find(expression) if seen else None
    return float(match[1]) if match else None


def _to_second(one: Taken) -> float | None:
    begin, up = one.first.console.at(BEGIN), one.first.console.at("up after [0-9]")
    return None if begin is None or up is None else up - begin


def _since_power_on(one: Taken, expression: str) -> float | None:
    return one.second.since_power_on(expression) if one.second else None


# What each step costs, and where that is found; of a way that has no such step it is not.
STEPS: tuple[tuple[str, Callable[[Taken], float | None]], ...] = (
    ("loading the second kernel *", lambda one: _number(one.second, "; load ([0-9.]+) s")),
    ("the second kernel's boot *", lambda one: _number(one.first, "up after ([0-9.]+) s")),
    ("both, and the jump", _to_second),
    (
        "boot of the kernel that resumes *",
        lambda one: _number(one.second, "up after ([0-9.]+) s"),
    ),
    ("the same from power-on", lambda one: _since_power_on(one, "up after [0-9]")),
    (
        "swsusp: from power-on to the image",
        lambda one: _since_power_on(one, "PM: hibernation: resume from hibernation"),
    ),
)


def lines_of_steps(results: Results, sizes: Sequence[Size]) -> list[str]:
    """What the boots cost that a hibernation takes, by size."""
    lines = [f"{'':38}" + "".join(f"{size.name:>14}" for size in sizes)]
    for name, found in STEPS:
        line = f"  {name:36}"
        for size in sizes:
            taken = [one for (_, of), rounds in results.items() if of == size for one in rounds]
            line += f"{median((found(one) for one in taken), 2):>14}"
        lines.append(line)
    return lines


def measure_all(
    ways: Sequence[Way],
    sizes: Sequence[Size],
    rounds: int,
    hibernate: Callable[[Way, Size], Taken],
) -> Results:
    """Each round has all ways: what disturbs one disturbs all."""
    results: Results = {}
    for _ in range(rounds):
        for size in sizes:
            for way in ways:
                if size.measures(way):
                    taken = hibernate(way, size)
                    results.setdefault((way, size), []).append(taken)
                    said = " ".join(cells([taken])).strip()
                    print(f"{way.name}, {size.name}: {said}", file=sys.stderr)
    return results


def show_hibernation(target: Target, quick: bool) -> int:
    """./ras bench --hibernate; the exit status says whether all that were saved came back."""
    rounds = 1 if quick else 3
    print(f"\nA hibernation of a machine of 1 GiB, {CPUS} CPUs: seconds, median of {rounds}.  off:")
    print("from the beginning to power-off; back: from power-on to the first line of the program")
    print("that has saved; MiB: the memory in the image.\n", flush=True)
    results = measure_all(WAYS, SIZES, rounds, lambda way, size: measure(target, way, size))
    print("\n".join(lines_of_times(results, WAYS, SIZES)))
    if notes := lines_of_notes(results):
        print("\n" + "\n".join(notes))
    print("\nOf that, the boots: seconds, median of all ways; *: by the guest's own clock\n")
    print("\n".join(lines_of_steps(results, SIZES)), flush=True)
    failed = [one for taken in results.values() for one in taken if one.failure]
    if failed:
        print(f"\n{len(failed)} failed; see {target.lab.shown(target.lab.run)}/bench-hibernate/")
    return 1 if failed else 0
