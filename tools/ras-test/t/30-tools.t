#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-savecore, with areas that are files, made here: what it fetches, what it refuses, and
that no end of a run, wherever it comes, costs a dump."""

import errno
import fcntl
import json
import os
import pty
import random
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 30
BLOCK, EXTENTS = 4096, 992
EMPTY, BEGUN, CUT, WHOLE, TAKEN = range(5)
DUMP, NONE, USAGE, ERROR = range(4)
# 2026-11-22T07:00:00Z
TIME = 1795330800
NAME = "vmcore-2026-11-22-07-00-00"
UUID = bytes(range(0x10, 0x20))
# The program is built to copy, and to note what it has copied, in smaller pieces than it does.
CHUNK, NOTE = 8192, 20000
# Bytes of a stamp, by field.
FIELDS = {"magic": 0, "version": 8, "crc": 12, "uuid": 16, "armed": 32, "extent": 40}
FIELDS |= {"extents": 44, "state": 48, "reserved": 52, "bytes": 56, "time": 64, "pad": 72}
FIELDS |= {"the first of blocks": 128, "the last of blocks": 4092}


@dataclass(frozen=True)
class Stamp:
    """The stamp of an extent."""

    blocks: tuple[int, ...]
    state: int = WHOLE
    size: int = 0
    time: int = TIME
    magic: bytes = b"RASDUMP2"
    version: int = 1
    uuid: bytes = UUID
    armed: int = 7
    extent: int = 0
    extents: int | None = None
    reserved: int = 0

    def pack(self) -> bytes:
        """The block, with a right checksum."""
        count = len(self.blocks) if self.extents is None else self.extents
        head = struct.pack("<8sII16s", self.magic, self.version, 0, self.uuid)
        head += struct.pack("<QIIII", self.armed, self.extent, count, self.state, self.reserved)
        head += struct.pack("<QQ", self.size, self.time)
        table = struct.pack(f"<{len(self.blocks)}I", *self.blocks).ljust(4 * EXTENTS, b"\0")
        block = head.ljust(BLOCK - 4 * EXTENTS, b"\0") + table
        return block[:12] + struct.pack("<I", zlib.crc32(block)) + block[16:]


def dump_of(size: int) -> bytes:
    """A dump, as far as the program knows."""
    return random.Random(size).randbytes(size)


def area_of(
    stamp: Stamp, dump: bytes, further: Callable[[Stamp], Stamp] = lambda own: own
) -> bytes:
    """An area: the stamps, and the dump around them; what is behind the dump is not zero."""
    rest, parts = dump, []
    for number, blocks in enumerate(stamp.blocks):
        own = replace(stamp, extent=number, state=EMPTY, size=0, time=0)
        parts.append((further(own) if number else stamp).pack())
        room = (blocks - 1) * BLOCK
        parts.append(rest[:room].ljust(room, b"\xa5"))
        rest = rest[room:]
    return b"".join(parts)


def held(path: Path) -> bytes | None:
    """What a file holds, if there is one."""
    return path.read_bytes() if path.is_file() else None


@dataclass
class Bench:
    """Where areas and files are made and the program runs."""

    tap: Tap
    place: Path
    program: Path
    hook: Path
    count: int = 0
    work: Path = field(default_factory=Path)

    def fresh(self) -> None:
        """A new directory for the next test."""
        if self.count:
            shutil.rmtree(self.work)
        self.count += 1
        self.work = self.place / f"{self.count}"
        self.work.mkdir()

    @property
    def area(self) -> Path:
        """The area of most tests."""
        return self.work / "area"

    @property
    def file(self) -> Path:
        """The file that most tests copy to."""
        return self.work / "out"

    def run(self, *arguments: object, hook: str = "", limit: int = 0, quiet: bool = True) -> Ran:
        """Run the program."""
        env: dict[str, str] = {}
        if hook:
            env |= {"LD_PRELOAD": str(self.hook), "RAS_HOOK": hook}
            env |= {"RAS_HOOK_FILE": str(self.area), "RAS_HOOK_MAKE": str(self.file)}
            env |= {"RAS_HOOK_LOG": str(self.place / "calls")}
        argv = [self.program, *(["-q"] if quiet else []), *arguments]
        return tools.run(argv, self.work, env, {resource.RLIMIT_FSIZE: limit}, CALL_S)

    def fetch(self, *arguments: object, hook: str = "", limit: int = 0) -> Ran:
        """Fetch the area of most tests to the file of most tests."""
        return self.run("-o", self.file, *arguments, self.area, hook=hook, limit=limit)

    def call(self, name: str, *argv: object) -> None:
        """A test that a command succeeds and says nothing on standard error."""
        tools.call(self.tap, self.place, name, *argv)

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: bool) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also)

    def left(self) -> list[str]:
        """What a run has left, but for the area."""
        return sorted(path.name for path in self.work.iterdir() if path != self.area)

    def marked(self, before: bytes) -> bool:
        """The area is what it was, but marked as taken."""
        after = self.area.read_bytes()
        stamp = before[:12] + bytes(4) + before[16:48] + struct.pack("<I", TAKEN) + before[52:BLOCK]
        crc = struct.pack("<I", zlib.crc32(stamp))
        return after == stamp[:12] + crc + stamp[16:] + before[BLOCK:]


def check_fetch(bench: Bench) -> None:
    """What there may be in an area, in one extent and in several."""
    cases = {"whole": WHOLE, "cut off": CUT, "interrupted": BEGUN}
    for name, state in cases.items():
        bench.fresh()
        dump = dump_of(70001)
        before = area_of(Stamp((20,), state, len(dump)), dump)
        bench.area.write_bytes(before)
        ran = bench.fetch()
        same = held(bench.file) == dump
        title = f"a dump that is {name} is fetched, byte for byte"
        bench.expect(title, ran, DUMP, rf"\({name}\)", same=same, marked=bench.marked(before))
    layouts = {"three extents": (4, 2, 9), "the most extents": (2,) * EXTENTS}
    for name, blocks in layouts.items():
        room = sum(blocks) * BLOCK - len(blocks) * BLOCK
        for size in (room, 3 * BLOCK, 3 * BLOCK + 1):
            bench.fresh()
            dump = dump_of(size)
            before = area_of(Stamp(blocks, WHOLE, size), dump)
            bench.area.write_bytes(before + b"behind")
            ran = bench.fetch()
            same = held(bench.file) == dump
            marked = bench.marked(before + b"behind")
            bench.expect(f"{name}, {size} bytes", ran, DUMP, same=same, marked=marked)
    bench.fresh()
    bench.area.write_bytes(area_of(Stamp((2,), BEGUN, 0), b""))
    ran = bench.fetch()
    is_empty = held(bench.file) == b""
    bench.expect("a dump that has not come to its first byte", ran, DUMP, "inter", empty=is_empty)


def check_nothing(bench: Bench) -> None:
    """Areas that have no dump, and runs that change nothing."""
    for name, state in (("empty", EMPTY), ("taken", TAKEN)):
        bench.fresh()
        before = area_of(Stamp((5,), state, 4000), dump_of(4000))
        bench.area.write_bytes(before)
        ran = bench.fetch()
        same = bench.area.read_bytes() == before
        bench.expect(f"an area that is {name}", ran, NONE, name, same=same, left=not bench.left())
    for name, option, files in (("--dry-run", "-n", []), ("--keep", "--keep", ["out"])):
        bench.fresh()
        before = area_of(Stamp((5,), WHOLE, 4000), dump_of(4000))
        bench.area.write_bytes(before)
        ran = bench.fetch(option)
        same = bench.area.read_bytes() == before
        left = bench.left() == files
        bench.expect(f"{name} leaves the area as it is", ran, DUMP, "whole", same=same, left=left)
    ran = bench.run("-n", "-d", bench.work, bench.area)
    bench.expect("--dry-run names the file", ran, DUMP, f"{NAME}$")
    bench.area.write_bytes(area_of(Stamp((5,), EMPTY), b""))
    bench.expect("--dry-run of an empty area", bench.run("-n", bench.area), NONE, "empty")


def refused(bench: Bench, name: str, area: bytes, words: str) -> None:
    """A test that an area is refused, and left alone."""
    bench.fresh()
    bench.area.write_bytes(area)
    ran = bench.fetch()
    same = bench.area.read_bytes() == area
    one_line = ran.err.count("\n") == 1 and not ran.out
    named = str(bench.area) in ran.err
    kept = {"same": same, "one line": one_line, "named": named, "left": not bench.left()}
    bench.expect(name, ran, ERROR, words, **kept)


def check_damage(bench: Bench) -> None:
    """Stamps that are damaged, field by field."""
    dump = dump_of(9000)
    good = area_of(Stamp((4, 5), WHOLE, len(dump)), dump)
    reasons = {"magic": "RASDUMP2", "version": "version"}
    for name, offset in FIELDS.items():
        for extent, start in enumerate((0, 4 * BLOCK)):
            at = start + offset
            bad = good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :]
            words = f"extent {extent} .*{reasons.get(name, 'damaged')}"
            refused(bench, f"extent {extent}: {name} is damaged", bad, words)
    for name, size in (("nothing", 0), ("less than a stamp", 4095), ("half of it", len(good) // 2)):
        refused(bench, f"of the area there is {name}", good[:size], "too small|are there")


def check_strange(bench: Bench) -> None:
    """Stamps that somebody has made with a right checksum."""
    dump = dump_of(9000)
    good = Stamp((4, 5), WHOLE, len(dump))
    room = 7 * BLOCK
    most = 2**64 - 1
    first = [
        ("version 2", replace(good, version=2), "version 2"),
        ("extent 1", replace(good, extent=1), "is of extent 1"),
        ("no extents", replace(good, extents=0), "0 extents"),
        ("993 extents", replace(good, extents=993), "993 extents"),
        ("2^32-1 extents", replace(good, extents=2**32 - 1), "4294967295 extents"),
        ("3 extents, the last without blocks", replace(good, extents=3), "extent 2 has 0 blocks"),
        ("state 5", replace(good, state=5), "state 5"),
        ("state 2^32-1", replace(good, state=2**32 - 1), "state 4294967295"),
        ("something reserved", replace(good, reserved=1), "reserved"),
        ("a byte more than there is room", replace(good, size=room + 1), "28673 bytes"),
        ("2^64-1 bytes", replace(good, size=most), f"{most} bytes"),
        ("the year 10000", replace(good, time=253402300800), "9999"),
        ("the end of time", replace(good, time=most), "9999"),
        ("a first extent without a block", replace(good, blocks=(0, 9)), "0 has 0 blocks"),
        ("a last extent of a block", replace(good, blocks=(8, 1)), "1 has 1 blocks"),
        ("a block more than there is", replace(good, blocks=(4, 6)), "40960 bytes, of which 36864"),
        ("2^32-1 blocks", replace(good, blocks=(4, 2**32 - 1)), "are there"),
        ("all the blocks that can be", Stamp((2**32 - 1,) * EXTENTS), "are there"),
    ]
    tail = area_of(good, dump)[BLOCK:]
    for name, stamp, words in first:
        refused(bench, f"strange: {name}", stamp.pack() + tail, words)
    further: list[tuple[str, Callable[[Stamp], Stamp], str]] = [
        ("of another area", lambda own: replace(own, uuid=bytes(16)), "UUID"),
        ("of another time", lambda own: replace(own, armed=6), "armed"),
        ("of another place", lambda own: replace(own, extent=2), "is of extent 2"),
        ("of another version", lambda own: replace(own, version=3), "version 3"),
    ]
    for name, change, words in further:
        refused(bench, f"strange: a second stamp {name}", area_of(good, dump, change), words)
    bench.fresh()
    bench.area.write_bytes(area_of(replace(good, size=room), dump_of(room)))
    bench.expect("not strange: an area that is full", bench.fetch(), DUMP)


def check_files(bench: Bench) -> None:
    """What the program does to files, and what it leaves alone."""
    bench.fresh()
    before = area_of(Stamp((5,), WHOLE, 4000), dump_of(4000))
    bench.area.write_bytes(before)
    bench.file.write_bytes(b"mine")
    ran = bench.fetch()
    same = bench.area.read_bytes() == before and held(bench.file) == b"mine"
    left = bench.left() == ["out"]
    bench.expect(
        "a file that exists is not overwritten", ran, ERROR, "exists", same=same, left=left
    )
    bench.file.unlink(missing_ok=True)
    bench.file.symlink_to("elsewhere")
    ran = bench.fetch()
    left = bench.left() == ["out"] and bench.file.is_symlink()
    bench.expect("nor is a link to nowhere followed", ran, ERROR, "exists", left=left)
    bench.file.unlink(missing_ok=True)
    for name in ("out.part", "out.part.state"):
        (bench.work / name).unlink(missing_ok=True)
        (bench.work / name).symlink_to("elsewhere")
        ran = bench.fetch()
        left = not (bench.work / "elsewhere").exists() and not bench.file.exists()
        bench.expect(f"nor is {name}, if it is a link", ran, ERROR, "symbolic", left=left)
        (bench.work / name).unlink(missing_ok=True)
    (bench.work / "out.part").write_bytes(b"mine")
    ran = bench.fetch()
    left = bench.left() == ["out.part"] and held(bench.work / "out.part") == b"mine"
    bench.expect("a .part that somebody else has made is left", ran, ERROR, "not of", left=left)
    (bench.work / "out.part").unlink(missing_ok=True)
    with open(bench.work / "out.part.state", "w", encoding="ascii") as state:
        fcntl.flock(state, fcntl.LOCK_EX)
        ran = bench.fetch()
        bench.expect("two runs do not write to one file", ran, ERROR, "another ras-savecore")
    ran = bench.run("-d", bench.work, bench.area)
    made = bench.work / NAME
    mode = stat.S_IMODE(made.stat().st_mode) if made.exists() else 0
    title = "the file has the dump's time in its name, and is its owner's"
    bench.expect(title, ran, DUMP, NAME, mode=mode == 0o600, marked=bench.marked(before))
    os.mkfifo(bench.work / "fifo")
    for strange in ("fifo", ".", "missing"):
        ran = bench.run("-o", "new", strange)
        bench.expect(f"an area that is {strange}", ran, ERROR, "neither|directory|No such")


def noted(bench: Bench) -> tuple[int, int]:
    """How much FILE.part.state says is durable, by the newer of its blocks; and which it is."""
    path = bench.work / "out.part.state"
    data = path.read_bytes() if path.exists() else b""
    blocks = []
    for number in range(len(data) // BLOCK):
        values = struct.unpack_from("<8sQQ16sQQQQQ", data, number * BLOCK)
        if values[0] == b"RASPART1":
            blocks.append((values[2], values[7], number))
    return max(blocks, default=(0, 0, 0))[1:]


def spoil(bench: Bench) -> None:
    """What is not known to be durable may be anything after a power failure."""
    part = bench.work / "out.part"
    if part.exists() and part.stat().st_size:
        part.write_bytes(part.read_bytes()[: noted(bench)[0]] + b"garbage" * 20000)


def resumed(bench: Bench, name: str, dump: bytes, first: int) -> None:
    """A test that the next run goes on, and comes to the end."""
    before = bench.area.read_bytes()
    ran = bench.fetch("--json")
    said = json.loads(ran.out) if ran.out else {}
    also = {"same": held(bench.file) == dump}
    also |= {"left": bench.left() == ["out"], "marked": bench.marked(before)}
    bench.expect(name, ran, DUMP, "", **also, resumed=said.get("resumed") == first)


def check_resume(bench: Bench) -> None:
    """Runs that end before the dump is copied, and those after them."""
    dump = dump_of(70001)
    before = area_of(Stamp((6, 20), WHOLE, len(dump)), dump)
    cases = {
        "a limit of 30000 bytes": (30000, "", "File too large"),
        "SIGTERM": (0, "term:25", "SIGTERM"),
    }
    for name, (limit, hook, words) in cases.items():
        bench.fresh()
        bench.area.write_bytes(before)
        ran = bench.fetch(hook=hook, limit=limit)
        first = noted(bench)[0]
        part = bench.work / "out.part"
        also = {
            "known": first > 0 and held(part) == dump[:first],
            "limit": limit in (0, first),
        }
        also |= {"same": bench.area.read_bytes() == before, "one line": ran.err.count("\n") == 1}
        bench.expect(f"{name}: what was copied is kept", ran, ERROR, words, **also)
        bench.area.write_bytes(area_of(Stamp((6, 20), WHOLE, len(dump), TIME + 1), dump))
        kept = held(part)
        ran = bench.fetch()
        same = held(part) == kept and noted(bench)[0] == first
        bench.expect(f"{name}: not for another dump", ran, ERROR, "not of this dump", same=same)
        bench.area.write_bytes(before)
        spoil(bench)
        resumed(bench, f"{name}: the next run goes on", dump, first)


def check_resume_strange(bench: Bench) -> None:
    """What an interrupted run has left is not always what it was."""
    dump = dump_of(70001)
    before = area_of(Stamp((20,), WHOLE, len(dump)), dump)

    def begin(hook: str = "", limit: int = 30000) -> None:
        bench.fresh()
        bench.area.write_bytes(before)
        bench.fetch(hook=hook, limit=limit)

    begin()
    first, newest = noted(bench)
    state = bytearray((bench.work / "out.part.state").read_bytes())
    state[newest * BLOCK + 64] ^= 1
    (bench.work / "out.part.state").write_bytes(state)
    older = struct.unpack_from("<Q", state, (1 - newest) * BLOCK + 64)[0]
    bench.tap.ok(0 < older < first, "the state has a block that says less")
    resumed(bench, "a state whose newer block is torn: the older counts", dump, older)
    begin()
    os.truncate(bench.work / "out.part", 10)
    resumed(bench, "a .part that was shortened: all is copied", dump, 0)
    begin()
    (bench.work / "out.part").unlink(missing_ok=True)
    resumed(bench, "a .part that was removed: all is copied", dump, 0)
    begin()
    (bench.work / "out.part.state").unlink(missing_ok=True)
    ran = bench.fetch()
    same = bench.area.read_bytes() == before
    bench.expect("a .part without its state", ran, ERROR, "not of this dump", same=same)
    begin("kill:renameat2", 0)
    shutil.copy(bench.work / "out.part", bench.file)
    ran = bench.fetch()
    same = bench.area.read_bytes() == before
    bench.expect(
        "a file that came meanwhile is not taken for ours", ran, ERROR, "exists", same=same
    )
    for second, how in (("", ""), (",kill:unlinkat", ", and a run dies")):
        begin(f"fail:renameat2:22{second}", 0)
        if second:
            bench.tap.same(
                "a run dies when the file has two names",
                2,
                bench.file.exists() and bench.file.stat().st_nlink,
            )
            bench.fetch()
        also = {"same": held(bench.file) == dump, "left": bench.left() == ["out"]}
        also |= {"marked": bench.marked(before)}
        ran = bench.fetch("-n")
        bench.expect(
            f"where nothing can be renamed so, it is linked{how}", ran, NONE, "taken", **also
        )


def whole_if_marked(bench: Bench, before: bytes, dump: bytes) -> bool:
    """The area is what it was; or it is marked, and the dump is in its file."""
    if bench.area.read_bytes() == before:
        return True
    return bench.marked(before) and held(bench.file) == dump


def sweep(bench: Bench, action: str, calls: int) -> tuple[int, list[str]]:
    """Runs in which each of the calls goes wrong in turn; how many there were, and what came."""
    dump = dump_of(45001)
    before = area_of(Stamp((6, 20), WHOLE, len(dump)), dump)
    wrong: list[str] = []
    for number in range(1, calls + 1):
        bench.fresh()
        bench.area.write_bytes(before)
        ran = bench.fetch(hook=action.replace("NUMBER", str(number)))
        if action.startswith("kill") and ran.code == DUMP:
            return number - 1, wrong
        if ran.code not in (DUMP, ERROR, -signal.SIGKILL):
            wrong.append(f"call {number}: {ran.said()}")
        if not whole_if_marked(bench, before, dump):
            wrong.append(f"call {number}: the area is marked, or changed: {ran.said()}")
        taken = bench.area.read_bytes() != before
        spoil(bench)
        ran = bench.fetch()
        same = held(bench.file) == dump and bench.marked(before)
        left = taken or bench.left() == ["out"]
        if ran.code != (NONE if taken else DUMP) or not same or not left:
            wrong.append(f"after call {number}: {bench.left()} {ran.said()}")
    return calls, wrong


def check_sweeps(bench: Bench) -> None:
    """Whatever call a run dies in, or that fails: no dump is lost, and the next run ends well."""
    calls, wrong = sweep(bench, "kill:NUMBER", 1000)
    good = 30 < calls < 1000 and not wrong
    said = "\n".join([f"{calls} calls", *wrong])
    bench.tap.ok(good, "a run that is killed before any of its calls costs nothing", said)
    _, wrong = sweep(bench, "fail:NUMBER:28", calls)
    title = "nor does one that finds the disk full at any of them"
    bench.tap.ok(good and not wrong, title, "\n".join(wrong))


def check_order(bench: Bench) -> None:
    """What a power failure would show, and no killed program: is all durable in time?"""
    bench.fresh()
    dump = dump_of(70001)
    bench.area.write_bytes(area_of(Stamp((20,), WHOLE, len(dump)), dump))
    (bench.place / "calls").unlink(missing_ok=True)
    ran = bench.fetch(hook="none:0")
    done = (bench.place / "calls").read_text(encoding="utf-8")
    names = {"out.part.state": "S", "out.part": "P", "area": "A", bench.work.name: "D"}
    kinds = {"pwrite64": "w", "fdatasync": "s", "fsync": "s", "renameat2": "r", "unlinkat": "u"}
    calls = [(line.split()[0], Path(line.split()[1]).name) for line in done.splitlines()]
    text = " ".join(f"{kinds[call]}{names[name]}" for call, name in calls if call in kinds)
    # The state twice at first; as often as there is something to note, the dump and the state;
    # then the name, the mark, and no state any more.
    note = r"(wP )+sP wS sS "
    order = rf"wS sS wS sS ({note})+(sP wS sS )?sP rD sD wA sA uD"
    good = re.fullmatch(order, text) is not None and text.count("sS") > 4
    name = "each step is durable before the next one begins"
    bench.expect(name, Ran(ran.code, text, ran.err), DUMP, good=good)
    bench.fresh()
    before = area_of(Stamp((20,), WHOLE, len(dump)), dump)
    bench.area.write_bytes(before)
    ran = bench.fetch(hook=f"fail:{calls.index(('pwrite64', 'area')) + 1}:{errno.ETXTBSY}")
    good = bench.area.read_bytes() == before and held(bench.file) == dump
    bench.expect("a file that is armed cannot be marked", ran, ERROR, "armed", good=good)
    ran = bench.fetch()
    good = bench.marked(before) and bench.left() == ["out"]
    bench.expect("the next run only marks it", ran, DUMP, "taken$", good=good)


def check_changed(bench: Bench) -> None:
    """Somebody writes to the area while it is copied."""
    bench.fresh()
    dump = dump_of(9000)
    before = area_of(Stamp((5,), WHOLE, len(dump)), dump)
    bench.area.write_bytes(before)
    ran = bench.fetch(hook="change:renameat2")
    after = bench.area.read_bytes()
    also = {"same": after[BLOCK:] == before[BLOCK:] and after[48:52] == before[48:52]}
    also |= {"changed": after != before, "there": held(bench.file) == dump}
    bench.expect("a stamp that has changed meanwhile is not marked", ran, ERROR, "changed", **also)
    for way in ("", "fail:renameat2:22,"):
        bench.fresh()
        bench.area.write_bytes(before)
        ran = bench.fetch(hook=f"{way}make:fsync")
        also = {"same": bench.area.read_bytes() == before}
        also |= {"theirs": held(bench.file) == b""}
        how = "linked" if way else "renamed"
        title = f"a file that comes meanwhile is not overwritten ({how})"
        bench.expect(title, ran, ERROR, "exists", **also)


def memory_of(bench: Bench, state: str, size: str, dump: bytes) -> Path:
    """A region of memory, as the kernel shows it."""
    bench.fresh()
    place = bench.work / "memory"
    place.mkdir()
    (place / "state").write_text(f"{state}\n", encoding="ascii")
    (place / "size").write_text(f"{size}\n", encoding="ascii")
    (place / "file").write_bytes(dump)
    return place


def check_memory(bench: Bench) -> None:
    """A dump in a region of memory."""
    dump = dump_of(70001)
    for state in ("whole", "cut off", "interrupted"):
        place = memory_of(bench, state, "70001", dump)
        ran = bench.run("-o", bench.file, f"--memory={place}")
        same = held(bench.file) == dump
        taken = (place / "state").read_text(encoding="ascii") == "taken\n"
        bench.expect(f"memory: {state}", ran, DUMP, rf"\({state}\)", same=same, taken=taken)
    for state in ("empty", "taken"):
        place = memory_of(bench, state, "0", b"")
        ran = bench.run("-o", bench.file, f"--memory={place}")
        bench.expect(f"memory: {state}", ran, NONE, state, left=not bench.file.exists())
    strange = [("whole", "70002", "ended"), ("whole", "-1", "number"), ("whole", "7x", "number")]
    strange += [
        ("whole", "", "number"),
        ("whole", str(2**63), "number"),
        ("hole", "9", "not known"),
    ]
    for state, size, words in strange:
        place = memory_of(bench, state, size, dump)
        ran = bench.run("-o", bench.file, f"--memory={place}")
        taken = "taken" in (place / "state").read_text(encoding="ascii")
        bench.expect(f'memory: {state}, size "{size}"', ran, ERROR, words, left=not taken)
    for name in ("file", "size", "state"):
        place = memory_of(bench, "whole", "70001", dump)
        (place / name).unlink(missing_ok=True)
        ran = bench.run("-o", bench.file, f"--memory={place}")
        bench.expect(f"memory: no {name}", ran, ERROR, name, left=not bench.file.exists())
    place = memory_of(bench, "whole", "70001", dump)
    bench.area.symlink_to(place / "file")
    ran = bench.run("-o", bench.file, f"--memory={place}", hook="change:renameat2")
    taken = "taken" in (place / "state").read_text(encoding="ascii")
    bench.expect(
        "memory: one that has changed is not marked", ran, ERROR, "changed", left=not taken
    )
    for number in (1, 2):
        place = memory_of(bench, "whole", "70001", dump)
        bench.run("-o", bench.file, f"--memory={place}", limit=30000)
        other = bytes([dump[0] ^ 1]) + dump[1:] if number == 2 else dump
        (place / "file").write_bytes(other)
        ran = bench.run("--json", "-o", bench.file, f"--memory={place}")
        title = ("memory: a run goes on", "memory: not with another dump")[number - 1]
        code, words = ((DUMP, '"resumed": 30000'), (ERROR, "not of this dump"))[number - 1]
        bench.expect(title, ran, code, words)


def check_options(bench: Bench) -> None:
    """The command line, and files of areas."""
    bench.fresh()
    bench.area.write_bytes(area_of(Stamp((5,), WHOLE, 4000), dump_of(4000)))
    before = bench.area.read_bytes()
    bench.expect("--help", bench.run("--help"), DUMP, "usage: ras-savecore.*\n")
    bench.expect("--version", bench.run("--version"), DUMP, "^ras-savecore [0-9]")
    wrong: list[tuple[object, ...]] = [(), ("--what",), ("-o",), ("-n", "-x", bench.area)]
    wrong += [("-o", "one", bench.area, bench.area), ("-o", "one", "-d", "two", bench.area)]
    wrong += [("--keep=1", bench.area), ("-o", "one", bench.area, "--memory")]
    for arguments in wrong:
        ran = bench.run(*arguments)
        title = f"usage: {' '.join(str(argument) for argument in arguments)}"
        good = not ran.out and bench.area.read_bytes() == before and not bench.left()
        bench.expect(title.replace(str(bench.work), ""), ran, USAGE, "--help", good=good)
    for name in ("", "..", "out/", "missing/out"):
        ran = bench.run("-o", name, bench.area)
        bench.expect(
            f'an output that is "{name}"', ran, ERROR, "no name|No such", left=not bench.left()
        )
    config = bench.work / "areas"
    cases = [
        ("blank lines and comments", f"\n# no\n  \t\n {bench.area} \t\n#", DUMP, "whole"),
        ("a last line without an end", f"# no\n{bench.area}", DUMP, "whole"),
        ("no area", "# none\n", NONE, ""),
        ("a relative path", "area\n", USAGE, "line 1: .*absolute"),
        ("a byte that is 0", f"\n{bench.area}\0\n", USAGE, "line 2 .*0"),
        ("memory", "memory\n", ERROR, "/sys/kernel/ras/dump/memory"),
    ]
    for name, text, code, words in cases:
        config.write_text(text, encoding="ascii")
        ran = bench.run("-n", "--config", config)
        if name == "memory" and Path("/sys/kernel/ras/dump/memory").exists():
            bench.tap.skip(f"--config: {name}", "this kernel has such a region")
        else:
            bench.expect(f"--config: {name}", ran, code, words)
    bench.expect("--config: no file", bench.run("--config", "missing"), ERROR, "missing: No such")


def check_several(bench: Bench) -> None:
    """Several areas in one run."""
    bench.fresh()
    dump = dump_of(4000)
    kinds = {"whole": WHOLE, "later": CUT, "empty": EMPTY, "bad": 9}
    for number, (name, state) in enumerate(kinds.items()):
        stamp = Stamp((5,), state, len(dump), TIME + number)
        (bench.work / name).write_bytes(area_of(stamp, dump))
    ran = bench.run("--json", "-d", ".", "bad", "whole", "empty", "later")
    said = [json.loads(line) for line in ran.out.splitlines()]
    results = [f"{one['area']} {one['result']} {one['marked']}" for one in said]
    expected = "bad failed False, whole fetched True, empty nothing False, later fetched True"
    bench.expect(
        "of several areas, each is fetched", ran, ERROR, good=", ".join(results) == expected
    )
    left = held(bench.work / NAME) == dump
    bench.expect(
        "what is there counts more", bench.run("-n", "empty", "whole"), NONE, "taken", l=left
    )
    keys = "area armed bytes extents file kind marked result resumed saved state time uuid"
    whole = said[1]
    bench.tap.same("--json says all", keys, " ".join(sorted(whole)))
    found = [whole[key] for key in ("bytes", "armed", "extents", "state", "time", "uuid", "kind")]
    uuid = "10111213-1415-1617-1819-1a1b1c1d1e1f"
    expected_values = [4000, 7, 1, "whole", "2026-11-22T07:00:00Z", uuid, "file"]
    bench.tap.same("and right", expected_values, found)
    name = 'a"b\\c\nd\té€\U0001f600'
    (bench.work / name).write_bytes(area_of(Stamp((5,), EMPTY), b""))
    ran = bench.run("-n", "--json", name)
    bench.tap.same("--json has any name", name, json.loads(ran.out)["area"])
    raw = bytes(bench.work) + b"/\xc0\xaf\xe0\x80\xaf\xed\xa0\x80\xff\xe2\x82"
    Path(os.fsdecode(raw)).write_bytes(b"")
    done = subprocess.run([bench.program, "--json", raw], capture_output=True, timeout=CALL_S)
    shown = json.loads(done.stdout.decode())["area"]
    bench.tap.same("--json has names that are no text", f"{bench.work}/" + 11 * "\ufffd", shown)


def check_terminal(bench: Bench) -> None:
    """What is shown where, and where there is nothing to show it on."""
    bench.fresh()
    dump = dump_of(90000)
    before = area_of(Stamp((30,), WHOLE, len(dump)), dump)
    bench.area.write_bytes(before)
    ours, theirs = pty.openpty()
    argv = [str(bench.program), "-o", str(bench.file), str(bench.area)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=theirs, timeout=CALL_S, check=False)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    ran = Ran(done.returncode, done.stdout.decode(), shown)
    lines = re.fullmatch(r"(\r *[0-9.]+%  .* of 0\.1 MiB  .* MiB/s  ETA [-:0-9]+ *)+\r\n", shown)
    bench.expect("on a terminal a line is renewed", ran, DUMP, good=lines is not None)
    for quiet, count in ((False, 1), (True, 0)):
        bench.file.unlink(missing_ok=True)
        bench.area.write_bytes(before)
        ran = bench.run("-o", bench.file, bench.area, quiet=quiet)
        good = ran.err.count("\n") == count and "\r" not in ran.err
        bench.expect(f"elsewhere there are {count} lines, quiet: {quiet}", ran, DUMP, good=good)
    bench.file.unlink(missing_ok=True)
    bench.area.write_bytes(before)
    argv = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *argv]
    done = subprocess.run(argv, timeout=CALL_S, check=False)
    good = bench.marked(before) and held(bench.file) == dump
    bench.expect("no message goes to the area", Ran(done.returncode, "", ""), DUMP, good=good)


def loop_device(image: Path) -> str:
    """A block device that is a file; nothing, if there can be none."""
    argv = ["losetup", "--find", "--show", str(image)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def check_device(bench: Bench) -> None:
    """An area that is a block device."""
    bench.fresh()
    dump = dump_of(70001)
    first = area_of(Stamp((20,), EMPTY), b"")
    bench.area.write_bytes(first)
    device = loop_device(bench.area)
    titles = ("one extent", "a second one is refused")
    if not device:
        for title in titles:
            bench.tap.skip(f"a block device: {title}", "needs root and a loop device")
        return
    try:
        # It has pages of before, as a disk has to which a dump went past this kernel; they
        # stay as long as it is open.
        with open(device, "rb") as opened:
            old = opened.read()
            before = area_of(Stamp((20,), WHOLE, len(dump)), dump)
            bench.area.write_bytes(before)
            ran = bench.run("--json", "-o", bench.file, device)
        same = old == first and held(bench.file) == dump
        also = {"same": same, "marked": bench.marked(before)}
        bench.expect(f"a block device: {titles[0]}", ran, DUMP, '"kind": "device"', **also)
        bench.area.write_bytes(area_of(Stamp((10, 10), WHOLE, len(dump)), dump))
        ran = bench.run("-n", device)
        bench.expect(f"a block device: {titles[1]}", ran, ERROR, "2 extents")
    finally:
        subprocess.run(["losetup", "--detach", device], timeout=CALL_S, check=False)


def check_around(bench: Bench, sources: Path) -> None:
    """The inputs of the fuzzer, and what is installed beside the program."""
    corpus = sorted((bench.place / "corpus").iterdir())
    bench.tap.ok(len(corpus) >= 12, "the fuzzer has inputs")
    bench.call("they are replayed", bench.place / "replay-area", *corpus)
    page = sources / "ras-savecore.8"
    bench.call("the manual page is clean", "groff", "-ww", "-mandoc", "-Tutf8", "-z", page)
    options = re.findall(r"^ +(?:-., |    )--([a-z-]+)", bench.run("--help").out, re.M)
    text = page.read_text(encoding="utf-8")
    described = re.findall(r"^\.It (?:Fl . , )?Fl \\-([a-z-]+)", text, re.M)
    bench.tap.same("it has all options", sorted(options), sorted(described))
    root = bench.place / "root"
    shutil.rmtree(root, ignore_errors=True)
    make = ("make", "-s", "-C", sources, f"O={bench.place}/plain", "install")
    bench.call(
        "it is installed",
        *make,
        f"PREFIX={root}/usr",
        f"CRASHDIR={root}/crash",
        f"SYSCONFDIR={root}/etc",
    )
    unit = root / "usr/lib/systemd/system/ras-savecore.service"
    bench.call("systemd takes the unit", "systemd-analyze", "verify", "--man=no", unit)


def build(sources: Path, place: Path) -> None:
    """Build the programs twice, and what goes with them."""
    plain = f"CFLAGS={tools.PLAIN}"
    sizes = f"CPPFLAGS=-DCOPY_CHUNK={CHUNK} -DCOPY_NOTE={NOTE}"
    tools.build(
        sources,
        [f"O={place}", f"CFLAGS={tools.SANITIZED}", sizes, "all", "corpus"],
        [f"O={place}", plain, f"{place}/replay-area", f"{place}/test-hook.so"],
        [f"O={place}/plain", plain],
    )


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "tools"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    build(sources, place)
    bench = Bench(tap, place, place / "ras-savecore", place / "test-hook.so")
    check_fetch(bench)
    check_nothing(bench)
    check_damage(bench)
    check_strange(bench)
    check_files(bench)
    check_resume(bench)
    check_resume_strange(bench)
    check_sweeps(bench)
    check_order(bench)
    check_changed(bench)
    check_memory(bench)
    check_options(bench)
    check_several(bench)
    check_terminal(bench)
    check_device(bench)
    check_around(bench, sources)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
