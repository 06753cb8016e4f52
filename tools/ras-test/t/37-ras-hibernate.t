#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-hibernate, with kernels, memory maps, disks and streams that are made here.  No kernel is
loaded."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import stat
import struct
import sys
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, FAILED, USAGE = range(3)
PAGE = 4096
MIB = 1 << 20
# Where the firmware's ranges are in most tests: the usual ones of a machine with 1 GiB.
USUAL = [
    (0, 0x9FBFF, "System RAM"),
    (0x9FC00, 0x9FFFF, "Reserved"),
    (0xF0000, 0xFFFFF, "Reserved"),
    (0x100000, 0x3FFDFFFF, "System RAM"),
    (0x3FFE0000, 0x3FFFFFFF, "ACPI Tables"),
    (0xFFFC0000, 0xFFFFFFFF, "Reserved"),
]
TOKEN = "0123456789abcdef" * 2
EMPTY, DONE, BROKEN = range(3)
# The end of a flattened stream.
LAST = 2**64 - 1
Map = list[tuple[int, int, str]]


def bzimage(size: int = 300000, **fields: int) -> bytes:
    """A kernel with nothing but a setup header; fields are others than the usual ones."""
    usual = {
        "setup_sects": (0x1F1, "B", 3),
        "syssize": (0x1F4, "<I", (size - 2048) // 16),
        "boot_flag": (0x1FE, "<H", 0xAA55),
        "jump": (0x200, "<H", 0x66EB),
        "magic": (0x202, "<I", 0x53726448),
        "version": (0x206, "<H", 0x20F),
        "loadflags": (0x211, "B", 1),
        "align": (0x230, "<I", 2 * MIB),
        "relocatable": (0x234, "B", 1),
        "xloadflags": (0x236, "<H", 1),
        "cmdline_size": (0x238, "<I", 2047),
        "pref_address": (0x258, "<Q", 16 * MIB),
        "init_size": (0x260, "<I", 20 * MIB),
    }
    made = bytearray(random.Random(1).randbytes(size))
    made[0x1F1:0x270] = bytes(0x270 - 0x1F1)
    for name, (at, form, value) in usual.items():
        struct.pack_into(form, made, at, fields.get(name, value))
    return bytes(made)


def flat(*parts: tuple[int, bytes], end: bool = True, head: bytes = b"") -> bytes:
    """A stream as makedumpfile -F writes it."""
    made = head or struct.pack(">16sQQ", b"makedumpfile", 1, 1).ljust(PAGE, b"\0")
    made += b"".join(struct.pack(">QQ", at, len(data)) + data for at, data in parts)
    return made + struct.pack(">QQ", LAST, LAST) * end


def head(
    state: int,
    stream: bytes = b"",
    at: int = 0,
    words: bytes = b"",
    token: bytes = TOKEN.encode(),
    **other: int,
) -> bytes:
    """The first block of a file that has a stream, or of an extent."""
    numbers = (state, other.get("crc", zlib.crc32(stream)), other.get("size", len(stream)), at)
    text = b"RASSNAP1" + token + struct.pack("<IIQQ", *numbers) + words
    text = text.ljust(PAGE - 4, b"\0")
    return text + struct.pack("<I", zlib.crc32(text))


@dataclass
class Bench:
    """Where things are made and the program runs."""

    tap: Tap
    place: Path

    @property
    def root(self) -> Path:
        """What stands for / where the kernel's files are read."""
        return self.place / "root"

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of the kernel."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def memory(self, ranges: Map) -> None:
        """The firmware's memory map."""
        shutil.rmtree(self.root / "sys/firmware/memmap", ignore_errors=True)
        for number, (start, end, name) in enumerate(ranges):
            for what, text in (("start", f"{start:#x}"), ("end", f"{end:#x}"), ("type", name)):
                self.file(f"sys/firmware/memmap/{number}/{what}", f"{text}\n")

    def run(self, *arguments: object, path: str = "") -> Ran:
        """Run the program."""
        env = {"PATH": f"{path}:{os.environ['PATH']}"} if path else {}
        return tools.run([self.place / "ras-hibernate", *arguments], self.place, env, {}, CALL_S)

    def load(self, *options: object, kernel: bytes = b"", initrd: bytes = bytes(5000)) -> Ran:
        """A load of which nothing comes."""
        (self.place / "kernel").write_bytes(kernel or bzimage())
        (self.place / "initrd").write_bytes(initrd)
        argv = ["load", "--root", self.root, "--kernel", "kernel", "--initrd", "initrd"]
        return self.run(*argv, "--dry-run", *options)

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)

    def refused(self, name: str, ran: Ran, words: str) -> None:
        """A test: it was said why, in one line."""
        one = ran.err.count("\n") == 1 and not ran.out
        self.expect(name, ran, FAILED, f"ras-hibernate: .*{words}", one_line=one)


def covered(said: dict[str, object], ranges: list[tuple[int, int]]) -> bool:
    """The segments are these ranges, without a gap."""
    segments = said["segments"]
    assert isinstance(segments, list)
    joined: list[list[int]] = []
    for segment in segments:
        if joined and joined[-1][1] == segment["start"] and (segment["start"] > MIB):
            joined[-1][1] = segment["end"]
        else:
            joined.append([segment["start"], segment["end"]])
        if segment["content"] > segment["end"] - segment["start"]:
            return False
    return joined == [list(one) for one in ranges]


def check_load(bench: Bench) -> None:
    """What would be loaded."""
    bench.memory(USUAL)
    ran = bench.load("--json", "--append", "console=ttyS0")
    said = json.loads(ran.out)
    low = [(0x1000, 0x9F000), (MIB, 64 * MIB)]
    good: dict[str, object] = {"covered": covered(said, low), "loaded": said["loaded"] is False}
    good["start"] = said["start"] == MIB and said["entry"] == 16 * MIB + 0x200
    good["initrd"] = said["initrd"] == 64 * MIB - 2 * PAGE and said["initrd_bytes"] == 5000
    words = "console=ttyS0 mem=65536K kexec_jump_back_entry=0x" + 16 * "0"
    good["line"] = said["command_line"] == words
    good["names"] = [each["name"] for each in said["segments"]] == [
        None,
        "boot data",
        "kernel",
        "initrd",
    ]
    bench.expect("a usual machine", ran, GOOD, **good)
    memory = [(each["type"], each["start"], each["end"]) for each in said["memory"]]
    expected = [
        (1, 0, 0x9FC00),
        (2, 0x9FC00, 0xA0000),
        (2, 0xF0000, MIB),
        (1, MIB, 64 * MIB),
        (2, 64 * MIB, 0x3FFE0000),
        (3, 0x3FFE0000, 0x40000000),
        (2, 0xFFFC0000, 2**32),
    ]
    bench.tap.same("the second kernel's memory map: RAM above is reserved", expected, memory)
    ran = bench.load()
    text = "segment kernel +0x1000000 to +0x3ffe000, 297952 bytes.*start +0x100000, then 0x1000200"
    bench.expect("the same for people", ran, GOOD, text)
    ran = bench.load("--json", "--memory", "128M")
    good = {"covered": covered(json.loads(ran.out), [low[0], (MIB, 128 * MIB)])}
    bench.expect("more memory", ran, GOOD, " mem=131072K|mem=131072K", **good)
    bench.file("sys/kernel/ras/jump/peer", "0x000000003fe7c000\n")
    bench.file("sys/firmware/efi/systab", "ACPI20=0x3fbfa014\nACPI=0x3fbfa000\nSMBIOS=0x1\n")
    said = json.loads(bench.load("--json").out)
    text = "mem=65536K ras_jump.peer=0x000000003fe7c000 kexec_jump_back_entry=0x" + 16 * "0"
    bench.tap.same("the page for the status", text, said["command_line"])
    bench.tap.same("ACPI's tables of an EFI machine", 0x3FBFA014, said["acpi"])
    shutil.rmtree(bench.root)
    bench.memory(USUAL)
    big = random.Random(2).randbytes(50 * MIB)
    ran = bench.load("--json", "--memory", "80M", initrd=big)
    bench.refused("no room for the initial file system", ran, "initrd: 51200 KiB of it have no")
    ran = bench.load("--json", initrd=big[: 10 * MIB], kernel=bzimage(init_size=45 * MIB))
    said = json.loads(ran.out)
    good = {"below": said["initrd"] == 6 * MIB, "covered": covered(said, low)}
    bench.expect("it goes below the kernel if there is room", ran, GOOD, **good)


def check_maps(bench: Bench) -> None:
    """Memory maps of all kinds."""
    iomem = "".join(f"{start:08x}-{end:08x} : {name}\n" for start, end, name in USUAL)
    iomem = iomem.replace("ff : Reserved\n", "ff : Reserved\n  000f0000-000fffff : Reserved\n")
    shutil.rmtree(bench.root)
    bench.file("proc/iomem", iomem + "c0000000-febfffff : PCI Bus 0000:00\n")
    said = json.loads(bench.load("--json").out)
    good = covered(said, [(0x1000, 0x9F000), (MIB, 64 * MIB)]) and len(said["memory"]) == 7
    bench.tap.ok(good, "/proc/iomem, if there is no other map", str(said))
    bench.file("proc/iomem", "00000000-00000000 : System RAM\n" * 3)
    bench.refused("/proc/iomem without addresses", bench.load(), "iomem: shows no memory")
    (bench.root / "proc/iomem").unlink()
    bench.refused("no map at all", bench.load(), "iomem: cannot be read: No such file")
    bench.memory([*USUAL, (0x3FFE1000, 0x3FFE1FFF, "System RAM")])
    bench.refused("an overlap", bench.load(), "0x3ffe1000 is empty or overlaps another")
    bench.memory([*USUAL, (2**33, 2**33 - 1, "System RAM")])
    bench.refused("an empty range", bench.load(), "0x200000000 is empty or overlaps")
    bench.memory([(start, end, name) for start, end, name in USUAL if name != "System RAM"])
    bench.refused("no RAM", bench.load(), "no RAM right below 0x4000000")
    bench.memory([(0, 48 * MIB - 1, "System RAM")])
    bench.refused("too little RAM", bench.load(), "no RAM right below 0x4000000")
    parts: Map = [(0, 30 * MIB - 1, "System RAM"), (31 * MIB, 45 * MIB - 1, "System RAM")]
    bench.memory([*parts, (46 * MIB, 2**30, "System RAM")])
    bench.refused("no RAM in one piece for the kernel", bench.load(), "20480 KiB of it have no")
    said = json.loads(bench.load("--json", kernel=bzimage(init_size=12 * MIB)).out)
    ends = [(each["start"] // MIB, each["end"] // MIB) for each in said["segments"]]
    expected = [(0, 1), (1, 16), (16, 30), (31, 45), (46, 63), (63, 64)]
    bench.tap.same("a hole in RAM is in no segment", expected, ends)
    holes: Map = [(at * MIB, at * MIB + MIB // 2 - 1, "System RAM") for at in range(1, 15)]
    bench.memory([*holes, (16 * MIB, 2**30, "System RAM")])
    bench.expect("16 segments", bench.load(), GOOD)
    holes.append((15 * MIB, 15 * MIB + MIB // 2, "System RAM"))
    bench.memory([*holes, (16 * MIB, 2**30, "System RAM")])
    bench.refused("17 segments", bench.load(), "more than 16 segments would be needed")
    bench.memory([(at * PAGE, at * PAGE + 9, "Reserved") for at in range(129)])
    bench.refused("129 ranges", bench.load(), "has more than 128 ranges")
    many: Map = [(at << 32, (at << 32) + 9, "Reserved") for at in range(1, 128)]
    bench.memory([(0, 2**30, "System RAM"), *many])
    bench.refused("129 ranges for the second kernel", bench.load(), "has more than 128 ranges")
    bench.memory([(0, 2**30, "System RAM"), *many[1:]])
    bench.expect("128 ranges", bench.load(), GOOD, "type 2 +0x7f00000000 to")
    bench.memory([(0, 2**30, "System RAM"), (2**32, 2**33, "something new")])
    said = json.loads(bench.load("--json").out)
    bench.tap.same("a type that nobody knows is reserved", 2, said["memory"][-1]["type"])
    bench.file("sys/firmware/memmap/1/end", "12x\n")
    ran = bench.load()
    bench.expect("no address", ran, FAILED, 'memmap/1/end: "12x" is no address')
    bench.memory(USUAL)


def check_kernels(bench: Bench) -> None:
    """Files that are no kernel to be loaded."""
    cases: list[tuple[str, bytes, str]] = [
        ("an empty file", b" ", "is no bzImage"),
        ("no magic", bzimage(magic=0), "is no bzImage"),
        ("no boot sector", bzimage(boot_flag=0), "is no bzImage"),
        ("an old boot protocol", bzimage(version=0x20B), "older than 2.12"),
        ("a zImage", bzimage(loadflags=0), "is a zImage"),
        ("a 32-bit kernel", bzimage(xloadflags=0), "has no 64-bit entry"),
        ("one that is not relocatable", bzimage(relocatable=0), "is not relocatable"),
        ("no size", bzimage(init_size=0), "how much memory it needs"),
        ("a huge size", bzimage(init_size=2**31), "how much memory it needs"),
        ("no alignment", bzimage(align=0), "how it is to be aligned"),
        ("an odd alignment", bzimage(align=3 * MIB), "how it is to be aligned"),
        ("an address above all", bzimage(pref_address=2**40), "wants to be above 1 GiB"),
        ("a file that is cut off", bzimage()[:100000], "is cut off"),
        ("one that ends in its setup", bzimage(setup_sects=255)[:100000], "is cut off"),
        ("one that is larger than it says", bzimage(init_size=PAGE), "does not fit"),
        ("an address that leaves no room", bzimage(pref_address=45 * MIB), "have no place"),
    ]
    for name, kernel, words in cases:
        bench.refused(f"a kernel: {name}", bench.load(kernel=kernel), words)
    said = json.loads(bench.load("--json", kernel=bzimage(align=16 * MIB, pref_address=1)).out)
    bench.tap.same("a kernel is aligned", 16 * MIB + 0x200, said["entry"])
    said = json.loads(bench.load("--json", kernel=bzimage(align=PAGE, pref_address=MIB)).out)
    places = (said["entry"], said["start"])
    bench.tap.same("a kernel where the boot data would be", (MIB + 0x200, 21 * MIB), places)
    ran = bench.load(kernel=bzimage(align=MIB, pref_address=MIB, init_size=63 * MIB))
    bench.refused("room below 1 MiB only", ran, "initrd: 8 KiB of it have no place")
    bench.refused("an initial file system that is empty", bench.load(initrd=b""), "is empty")
    (bench.place / "initrd").unlink()
    argv = ["load", "--dry-run", "--root", bench.root, "--kernel", "kernel", "--initrd"]
    bench.refused("none", bench.run(*argv, "initrd"), "initrd: cannot be read: No such file")
    argv[-2:] = ["no", "--initrd"]
    bench.refused("no kernel", bench.run(*argv, "initrd"), "no: cannot be read: No such file")


def check_words(bench: Bench) -> None:
    """The command line, and that of the program."""
    for word in ("mem=1G", "kexec_jump_back_entry=0x1", "ras_jump.peer=1"):
        bench.refused(f"--append {word}", bench.load("--append", f"a {word}"), "by this program")
    bench.refused("the second of two", bench.load("--append", "xmem=1 mem=1"), "by this program")
    bench.expect("--append memmap=1M", bench.load("--append", "xmem=1 memmap=1M"), GOOD)
    room = 2047 - len("mem=65536K kexec_jump_back_entry=0x" + 16 * "0") - 1
    bench.expect("the longest command line", bench.load("--append", "a" * room), GOOD)
    ran = bench.load("--append", "a" * (room + 1))
    bench.refused("one byte more", ran, "would have 2048 bytes, the kernel takes 2047")
    for size in ("64X", "64MB", "", "16M", "65000K", "4G", "-64M"):
        ran = bench.load("--memory", size)
        bench.expect(f"usage: --memory '{size}'", ran, USAGE, "size.*--help'")
    for words in ("", "fly", "load x", "snapshot", "take x", "load --size 1M", "--json"):
        ran = bench.run(*words.split())
        bench.expect(f"usage: {words}", ran, USAGE, "Try 'ras-hibernate", silent=not ran.out)
    bench.expect("--help", bench.run("--help"), GOOD, "^usage: .*Exit status: 0")
    bench.expect("--version", bench.run("--version"), GOOD, "^ras-hibernate 1\n")
    page = Path(__file__).resolve().parents[2] / "ras" / "ras-hibernate.8"
    text = page.read_text(encoding="utf-8")
    for command in ("load", "rehearse", "snapshot", "take", "second", "back"):
        ran = bench.run(command, "--help")
        bench.expect(f"{command} --help", ran, GOOD, f"^usage: ras-hibernate {command} .*Exit st")
        options = re.findall(r"^ +--([a-z-]+)", ran.out, re.M)
        lacking = [name for name in options if "\\-" + name not in text]
        bench.tap.same(f"{command}: its options are in the manual page", [], lacking)
    argv = ["groff", "-ww", "-mandoc", "-Tutf8", "-z", page]
    tools.call(bench.tap, bench.place, "the manual page is clean", *argv)


def check_paging(bench: Bench) -> None:
    """Both kernels have page tables of as many levels."""
    four, both = bzimage(xloadflags=1), bzimage(xloadflags=0x61)

    def words(ran: Ran) -> str:
        return json.loads(ran.out)["command_line"] if ran.out else ran.err

    bench.file("proc/cpuinfo", "flags\t\t: fpu la57x xla57 lm\nbugs\t\t:\n")
    bench.tap.ok("no5lvl" not in words(bench.load("--json", kernel=four)), "4 levels, and 4")
    ran = bench.load("--json", "--append", "a", kernel=both)
    bench.tap.ok("a no5lvl mem=" in words(ran), "4 levels, and 4 or 5", ran.said())
    bench.file("proc/cpuinfo", "flags\t\t: fpu la57 lm\nbugs\t\t:\n")
    bench.refused("5 levels, and 4", bench.load(kernel=four), "kernel: it has no page tables of 5")
    ran = bench.load(kernel=bzimage(xloadflags=0x21))
    bench.refused("5 levels, and 4 in spite of a decompressor that knows", ran, "tables of 5")
    ran = bench.load("--append", "no5lvl", kernel=both)
    bench.refused("5 levels, and 4 if it were for the user", ran, "needs 5 levels of page tables")
    bench.tap.ok("no5lvl" not in words(bench.load("--json", kernel=both)), "5 levels, and 4 or 5")
    bench.file("proc/cpuinfo", "flags\t\t: fpu lm la57\n")
    bench.refused("5 levels, the last word", bench.load(kernel=four), "tables of 5")
    (bench.root / "proc/cpuinfo").unlink()


def check_jobs(bench: Bench) -> None:
    """Jobs, good and bad."""
    job = bench.place / "job"
    shot = f"do=snapshot\ndisk=vda\ndevice=254:0\ntoken={TOKEN}\nextent=8192:4096\n"
    job.write_text("# nothing\n\ndo=rehearse", encoding="ascii")
    for size in (5000, 4999, 4998, 4997, 0x1000 * 300):
        ran = bench.load("--json", "--job", job, initrd=bytes(size))
        aligned = (size + 3) // 4 * 4
        # Two heads with their names, and the job with what it is filled up by.
        added = 110 + 18 + 24 + 110 + 11 + 3
        said = json.loads(ran.out)["initrd_bytes"] if ran.out else 0
        bench.expect(f"a job behind {size} bytes", ran, GOOD, good=said == aligned + added)
    job.write_text(shot, encoding="ascii")
    bench.expect("a snapshot", bench.load("--job", job), GOOD)
    cases = [
        ("empty", "", "does not say what to do"),
        ("nothing to do", "disk=vda\n", "does not say what to do"),
        ("an unknown one", "do=fly\n", "its line 1 makes no sense"),
        ("no value", "do=rehearse\nnow\n", "its line 2 makes no sense"),
        ("an unknown name", "do=rehearse\nnow=1\n", "its line 2 makes no sense"),
        ("no extent", shot.replace("extent", "#"), "needs disk=, token= and extent="),
        ("no disk", shot.replace("disk", "#"), "needs disk=, token= and extent="),
        ("no token", shot.replace("token", "#"), "needs disk=, token= and extent="),
        ("a disk elsewhere", shot.replace("vda", "../vda"), "its line 2 makes no"),
        ("a disk below", shot.replace("vda", "a/vda"), "its line 2 makes no"),
        ("a directory", shot.replace("vda", ".."), "its line 2 makes no"),
        ("a long token", shot.replace("0123", "01233", 1), "its line 4 makes no"),
        ("more than a token", shot.replace(TOKEN, f"{TOKEN}x"), "its line 4 makes no"),
        ("a long name", shot.replace("vda", "v" * 64), "its line 2 makes no"),
        ("odd numbers", shot.replace("254:", "254"), "its line 3 makes no sense"),
        ("a short token", shot.replace("0123", "012"), "its line 4 makes no sense"),
        ("another token", shot.replace("0123", "g123"), "its line 4 makes no sense"),
        ("an empty extent", shot.replace("4096", "0"), "its line 5 makes no sense"),
        ("an odd extent", shot.replace("4096", "4095"), "its line 5 makes no sense"),
        ("an odd address", shot.replace("8192", "512"), "its line 5 makes no sense"),
        ("a sign", shot.replace("8192", "-8192"), "its line 5 makes no sense"),
        ("a large address", shot.replace("8192", str(2**63 - 4096)), "its line 5 makes no"),
        ("too many extents", shot + 1024 * "extent=0:4096\n", "its line 1029 makes no"),
        ("a zero", "do=rehearse\n\0", "is no text"),
        ("too long", "#" * 70000, "cannot be read: File too large"),
    ]
    for name, text, words in cases:
        job.write_text(text, encoding="ascii")
        bench.refused(f"a job: {name}", bench.load("--job", job), f"job: .*{words}")


class Taker:
    """Streams that are put in order."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.rand = random.Random(3)
        self.parts = [(at * 70000, self.rand.randbytes(70000)) for at in range(40)]
        self.text = flat(*self.rand.sample(self.parts, len(self.parts)))
        self.stream, self.out = bench.place / "stream", bench.place / "out"

    @property
    def dump(self) -> bytes:
        """What the usual stream is put in order to."""
        return b"".join(data for _, data in self.parts)

    def take(self, text: bytes, first: bytes = b"", *options: str) -> Ran:
        """Take a stream; first is the first block of its file, if not the usual one."""
        self.out.unlink(missing_ok=True)
        self.stream.write_bytes((first or head(DONE, text)) + text)
        return self.again(*options)

    def again(self, *options: str) -> Ran:
        """Take what is there."""
        return self.bench.run("take", *options, "stream", "out")

    def refused(self, name: str, ran: Ran, words: str) -> None:
        """A test: it makes no sense, and nothing is left."""
        self.bench.refused(name, ran, words)
        left = self.out.exists() or (self.bench.place / "out.part").exists()
        self.bench.tap.ok(not left, f"nothing is left: {name}")


def check_take(bench: Bench) -> None:
    """A stream is put in order."""
    taker = Taker(bench)
    out, dump, text = taker.out, taker.dump, taker.text
    ran = taker.take(text)
    good = {"same": out.read_bytes() == dump, "mode": stat.S_IMODE(out.stat().st_mode) == 0o600}
    bench.expect("a stream is put in order", ran, GOOD, f"^out: {len(dump)} bytes\n$", **good)
    kept = out.read_bytes() == dump
    bench.expect("nothing is overwritten", taker.again(), FAILED, "out: exists; it is", kept=kept)
    ran = taker.take(flat(*taker.parts, (0, b"new"), (len(dump) + PAGE, b""), (10, b"")))
    bench.expect("what comes last counts", ran, GOOD, same=out.read_bytes() == b"new" + dump[3:])
    said = json.loads(taker.take(text, b"", "--json").out)
    bench.tap.same("take --json", {"file": "out", "bytes": len(dump)}, said)
    ran = taker.take(flat((5 * MIB, b"far"), (0, b"near")))
    same = out.read_bytes() == b"near" + bytes(5 * MIB - 4) + b"far"
    bench.expect("holes are zeros", ran, GOOD, same=same)
    bench.expect("an empty dump", taker.take(flat()), GOOD, same=out.read_bytes() == b"")
    ran = taker.take(text + bytes(9999), head(DONE, text))
    bench.expect("what is behind the stream does not count", ran, GOOD)
    long = flat((0, bytes(5 * MIB)))
    ran = taker.take(long[:9000], head(DONE, long))
    taker.refused("a file that is cut off", ran, "the file cannot be read, at byte")
    taker.stream.write_bytes(b"short")
    taker.refused("a file that is too short", taker.again(), "is too short")
    taker.refused("no file", bench.run("take", "none", "out"), "none: No such file")


def check_bad_streams(bench: Bench) -> None:
    """A stream, or the first block of its file, makes no sense."""
    taker = Taker(bench)
    text, parts = taker.text, taker.parts
    other = struct.pack(">16sQQ", b"makedumpfile", 1, 2).ljust(PAGE, b"\0")
    typed = struct.pack(">16sQQ", b"makedumpfile", 2, 1).ljust(PAGE, b"\0")
    cases: list[tuple[str, bytes, str]] = [
        ("another signature", b"x" + text[1:], "not of makedumpfile -F"),
        ("another version", flat(head=other), "not of makedumpfile -F"),
        ("another type", flat(head=typed), "not of makedumpfile -F"),
        ("half a header", flat()[:2000], "not of makedumpfile -F"),
        ("nothing", b"", "not of makedumpfile -F"),
        ("no end", flat(*parts, end=False), "ends without a last part"),
        ("half an end", text[:-8], "ends without a last part"),
        ("half a part", flat((0, b"abc"), end=False)[:-1], "is longer than what is left"),
        ("more behind the end", flat((0, b"abc")) + b"x", "something behind its end"),
        ("a size that is too large", flat(end=False) + bytes(15) + b"\1", "is longer than what"),
        ("a negative size", flat(end=False) + struct.pack(">QQ", 0, LAST), "is longer than"),
        ("a negative offset", flat((LAST, b"abc")), "has no place in a dump"),
        ("a far offset", flat((2**46, b"abc")), "has no place in a dump"),
    ]
    for name, stream, words in cases:
        taker.refused(f"a stream with {name}", taker.take(stream), words)
    firsts: list[tuple[str, bytes, str]] = [
        ("no first block", bytes(PAGE), "first block is not one of a snapshot, or is dam"),
        ("one that is changed", put(head(DONE, text), 99, b"x"), "is not one of a snapshot"),
        ("one of another place", head(DONE, text, at=PAGE), "is not one of a snapshot"),
        ("an unknown state", head(3, text), "is not one of a snapshot"),
        ("a state that is empty", head(EMPTY, text), "the second kernel has written nothing"),
        ("a failure", head(BROKEN, text, words=b"no disk"), "the second kernel: no disk\n"),
        ("a wrong checksum", head(DONE, text, crc=5), "its checksum is wrong"),
        ("a size beyond the file", head(DONE, text, size=2**40), "something behind its end"),
        ("a size that is cut", head(DONE, text, size=5000), "a part is longer than what is left"),
    ]
    for name, first, words in firsts:
        taker.refused(f"a file with {name}", taker.take(text, first), words)
    wrong = []
    for at in taker.rand.sample(range(len(text)), 100):
        changed = put(text, at, bytes([text[at] ^ 1 << taker.rand.randrange(8)]))
        ran = taker.take(changed, head(DONE, text))
        if ran.code != FAILED or taker.out.exists():
            wrong.append(f"{at}: {ran.said()}")
    bench.tap.same("any of 100 bits changed is seen", [], wrong)


def put(file: bytes, at: int, data: bytes) -> bytes:
    """Bytes in the place of others."""
    return file[:at] + data + file[at + len(data) :]


def check_second(bench: Bench) -> None:
    """What the second kernel does, on a file that stands for a disk."""
    entry = "0x000000003fe01230"
    bench.file("proc/cmdline", f"console=ttyS0 kexec_jump_back_entry={entry}\n")
    argv = ["--dry-run", "--root", bench.root]
    bench.expect("back", bench.run("back", *argv), GOOD, "^back    0x3fe01230\n")
    bench.file("ras-hibernate.job", "do=rehearse\n")
    bench.expect("second: a rehearsal", bench.run("second", *argv), GOOD, "^back    0x3fe01230\n$")
    bench.file("ras-hibernate.job", "do=fly\n")
    ran = bench.run("second", *argv)
    words = "^back .*job: its line 1 makes no sense"
    bench.expect("second: a bad job; it would go back", ran, FAILED, words)
    (bench.root / "ras-hibernate.job").unlink()
    ran = bench.run("second", *argv)
    bench.expect("second: no job; it would go back", ran, FAILED, "^back .*job: cannot be read")
    words = "kexec_jump_back_entry="
    others = ["x", "", "0", "0x12z", "0x1" + 16 * "0", f"{entry} {words}{entry}"]
    for words in ("quiet", f"a{words}{entry}", *(words + other for other in others)):
        bench.file("proc/cmdline", f"{words}\n")
        bench.refused(f"no way back: {words}", bench.run("back", *argv), "was not jumped to")
        ran = bench.run("second", *argv)
        bench.refused(f"nor for second: {words}", ran, "was not jumped to")
    bench.file("proc/cmdline", f"kexec_jump_back_entry={entry}\n")
    check_writing(bench)


# Where the extents are in the disk, in blocks: in no order, and of different lengths.
EXTENTS = [(600, 100), (10, 3), (300, 200), (20, 1)]


def disk_with_marks(bench: Bench) -> bytes:
    """A disk with the marks of a file, and a job for it."""
    disk, at = bytearray(random.Random(4).randbytes(800 * PAGE)), 0
    text = f"do=snapshot\ndisk=disk\ndevice=9:9\ntoken={TOKEN}\n"
    for start, count in EXTENTS:
        disk[start * PAGE : (start + 1) * PAGE] = head(EMPTY, at=at)
        text += f"extent={start * PAGE}:{count * PAGE}\n"
        at += count * PAGE
    bench.file("ras-hibernate.job", text)
    bench.file("dev/disk", bytes(disk))
    return bytes(disk)


def file_of(disk: bytes) -> bytes:
    """The file on the disk."""
    return b"".join(disk[start * PAGE : (start + count) * PAGE] for start, count in EXTENTS)


def outside(disk: bytes) -> list[bytes]:
    """What is on the disk and not of the file."""
    ours = {at for start, count in EXTENTS for at in range(start, start + count)}
    return [disk[at * PAGE : at * PAGE + PAGE] for at in range(800) if at not in ours]


def check_writing(bench: Bench) -> None:
    """A dump goes to the extents and nowhere else."""
    path, fake = bench.place / "path", bench.place / "path" / "makedumpfile"
    path.mkdir(exist_ok=True)
    argv: list[object] = ["second", "--dry-run", "--root", bench.root]
    bench.file("dev/ras_peer", "")

    def second(script: str) -> tuple[Ran, bytes, bytes]:
        fake.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        fake.chmod(0o755)
        before = disk_with_marks(bench)
        ran = bench.run(*argv, path=str(path))
        after = (bench.root / "dev/disk").read_bytes()
        bench.tap.same("nothing else was written", outside(before), outside(after))
        return ran, file_of(before), file_of(after)

    text = flat((0, random.Random(5).randbytes(303 * PAGE - 5000)))
    full = flat((0, random.Random(5).randbytes(303 * PAGE - 32 - PAGE)))
    for name, stream in (("a dump", text), ("one that just fits", full)):
        (bench.place / "text").write_bytes(stream)
        ran, _, after = second(f'echo "$@" > {bench.place}/words; cat {bench.place}/text')
        words = (bench.place / "words").read_text(encoding="utf-8")
        good = {"head": after[:PAGE] == head(DONE, stream), "stream": stream in after}
        good["line"] = words == f"-F -l -d 31 {bench.root}/dev/ras_peer\n"
        bench.expect(f"{name} is written", ran, GOOD, **good)
        (bench.place / "stream").write_bytes(after)
        (bench.place / "out").unlink(missing_ok=True)
        bench.expect(f"{name} is taken", bench.run("take", "stream", "out"), GOOD)
    (bench.place / "text").write_bytes(full + b"x")
    cases = [
        ("one byte more", f"cat {bench.place}/text", "larger than the 1 MiB of the file"),
        ("an endless dump", "cat /dev/zero", "larger than the 1 MiB of the file"),
        ("a failure", "echo one >&2; printf 'two\\rno good\\n\\n' >&2; exit 3", "le: no good"),
        ("a silent failure", "exit 3", "makedumpfile: it has said nothing"),
        ("a hang", f"head -c 9000 {bench.place}/text; exec sleep 60", "it was silent for 3 s"),
        ("a signal", "kill -9 $$", "makedumpfile: it has said nothing"),
        ("a failure in the middle", f"cat {bench.place}/text | head -c 9000; exit 1", "nothing"),
    ]
    for name, script, words in cases:
        ran, _, after = second(script)
        bench.expect(f"second: {name}", ran, FAILED, words)
        (bench.place / "stream").write_bytes(after)
        ran = bench.run("take", "stream", "out")
        bench.expect(f"the first kernel knows: {name}", ran, FAILED, f"second kernel: .*{words}")
    check_disks(bench, argv, fake, text)


def check_disks(bench: Bench, argv: list[object], fake: Path, text: bytes) -> None:
    """The right disk, and what is missing."""
    path = fake.parent
    for number, (start, _) in enumerate(EXTENTS):
        before = disk_with_marks(bench)
        wrong = put(before, start * PAGE + 20, b"x")
        bench.file("dev/disk", wrong)
        ran = bench.run(*argv, path=str(path))
        same = (bench.root / "dev/disk").read_bytes() == wrong
        words = "disk: is not there, or has not the marks"
        bench.expect(f"extent {number} has no mark", ran, FAILED, words, untouched=same)
    disk_with_marks(bench)
    (bench.root / "dev/disk").rename(bench.root / "dev/other")
    (bench.root / "sys/dev/block").mkdir(parents=True, exist_ok=True)
    (bench.root / "sys/dev/block/9:9").symlink_to("../../devices/virtual/block/other")
    (bench.place / "text").write_bytes(text)
    fake.write_text(f"#!/bin/sh\ncat {bench.place}/text\n", encoding="ascii")
    ran = bench.run(*argv, path=str(path))
    after = file_of((bench.root / "dev/other").read_bytes())
    bench.expect("a disk is found by its numbers", ran, GOOD, done=after[:PAGE] == head(DONE, text))
    fake.unlink()
    (bench.root / "dev/ras_peer").unlink()
    disk_with_marks(bench)
    ran = bench.run(*argv, path=str(path))
    bench.expect("no memory to dump", ran, FAILED, "/dev/ras_peer: No such file")


def check_jump(bench: Bench) -> None:
    """What is refused before a kernel is loaded."""
    argv: list[object] = ["--root", bench.root, "--kernel", "kernel", "--initrd", "initrd"]
    bench.file("sys/power/disk", "[platform] shutdown reboot\n")
    bench.refused("rehearse: no mode", bench.run("rehearse", *argv), 'is no mode "jump"')
    bench.file("sys/power/disk", "[disabled]\n")
    ran = bench.run("rehearse", *argv)
    bench.refused("rehearse: no hibernation", ran, 'is no mode "jump": hibernation is disabled: by')
    for command in ("rehearse", "snapshot new", "save disk"):
        bench.file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
        name, *rest = command.split()
        ran = bench.run(name, *argv, *rest)
        words = r"lockdown: the kernel is locked down [(]integrity[)]: it neither hibernates nor"
        bench.refused(f"{name}: the kernel is locked down", ran, words)
    bench.file("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
    bench.file("sys/power/disk", "[platform] shutdown jump\n")
    bench.file("sys/kernel/kexec_loaded", "1\n")
    ran = bench.run("rehearse", *argv)
    bench.refused("rehearse: another kernel", ran, "a kernel is loaded already")
    (bench.place / "old").write_text("", encoding="ascii")
    ran = bench.run("snapshot", *argv, "old")
    bench.refused("snapshot: the file exists", ran, "old: exists; it is not overwritten")
    ran = bench.run("snapshot", *argv, "new")
    bench.refused("snapshot: another kernel", ran, "a kernel is loaded already")
    bench.file("sys/kernel/kexec_loaded", "0\n")
    ran = bench.run("snapshot", *argv, "--size", "1M", "/proc/new")
    words = "/proc/new.stream: would not be on ext4 or xfs"
    bench.refused("snapshot: a file system that cannot", ran, words)
    bench.file("sys/power/disk", "[platform] shutdown jump\n")
    bench.load()
    (bench.root / "sys/power/state").symlink_to("/dev/full")
    ran = bench.run("rehearse", *argv)
    words = "state: No space left on device: the kernel has no special reason; .*log has more"
    mode = (bench.root / "sys/power/disk").read_text(encoding="ascii")[:8]
    bench.refused("rehearse: the kernel refuses", ran, words)
    bench.tap.same("the mode of other hibernations is as before", "platform", mode)
    (bench.root / "sys/power/state").unlink()
    ran = bench.run("rehearse", *argv)
    bench.refused("rehearse: a reason of the kernel", ran, "No such file.*no kernel to jump to is")
    check_rehearsal(bench, argv)
    check_stream_file(bench, argv)
    check_snapshot(bench, argv)


def jump(bench: Bench, meanwhile: Callable[[], None], *argv: object) -> Ran:
    """Run a command that jumps; what happens while the machine is away."""
    disk, state = bench.file("sys/power/disk", "[platform] jump\n"), bench.root / "sys/power/state"
    state.unlink(missing_ok=True)
    os.mkfifo(state)
    ended = threading.Event()

    def second() -> None:
        while not disk.read_text(encoding="ascii").startswith("jump"):
            if ended.wait(0.01):
                return
        meanwhile()
        # Until then the program waits to open it.
        bench.tap.same("the write to state", "disk", state.read_text(encoding="ascii"))

    thread = threading.Thread(target=second)
    thread.start()
    try:
        return bench.run(*argv)
    finally:
        ended.set()
        thread.join(CALL_S)
        state.unlink()


def check_rehearsal(bench: Bench, argv: list[object]) -> None:
    """Devices that are back, or not."""
    bench.file("sys/class/block/vda/size", "2048\n")
    bench.file("sys/bus/pci/devices/0000:00:03.0/device", "0x1001\n")
    (bench.root / "sys/bus/pci/devices/0000:00:03.0/driver").symlink_to("../../drivers/virtio-pci")
    cpus = bench.file("sys/devices/system/cpu/online", "0-1\n")
    ram = (0x9FC00 + 0x3FFE0000 - 0x100000) // 1024
    bench.file("proc/meminfo", f"MemTotal: {2**19} kB\nMemFree: {ram - 100 * 1024} kB\n")
    driver = bench.root / "sys/bus/pci/devices/0000:00:03.0/driver"
    words = "^load .*whole .*away    0 s.*image   100 MiB.*devices same, of 3\n$"
    ran = jump(bench, lambda: None, "rehearse", *argv)
    mode = (bench.root / "sys/power/disk").read_text(encoding="ascii")[:8]
    bench.expect("rehearse: all is as before", ran, GOOD, words, mode=mode == "platform")
    ran = jump(bench, lambda: None, "rehearse", "--json", *argv)
    said = json.loads(ran.out)
    names = ["load_ns", "whole_ns", "away_ns", "image_bytes", "devices", "differ"]
    right = list(said) == names and said["differ"] == [] and said["image_bytes"] == 100 * MIB
    bench.expect("rehearse --json", ran, GOOD, right=right)

    def lose() -> None:
        cpus.write_text("0\n", encoding="ascii")
        driver.unlink()
        bench.file("sys/class/net/eth0/address", "52:54:00:12:34:56\n")

    ran = jump(bench, lose, "rehearse", *argv)
    words = "missing: CPUs 0-1\n.*missing: PCI device 0000:00:03.0 0x1001 virtio-pci\n"
    bench.expect("rehearse: devices are missing", ran, FAILED, words)
    words = "new: CPUs 0\n.*new: PCI device 0000:00:03.0 0x1001\n.*new: network interface eth0 52:"
    bench.expect("others are new", ran, FAILED, words)
    bench.expect("it is said how many", ran, FAILED, "devices: 5 are not as before\n$")
    ran = jump(
        bench, lambda: shutil.rmtree(bench.root / "sys/class/net"), "rehearse", "--json", *argv
    )
    differ = [{"device": "network interface eth0 52:54:00:12:34:56", "new": False}]
    said = json.loads(ran.out)["differ"]
    bench.expect("rehearse --json: one is missing", ran, FAILED, same=said == differ)


def check_snapshot(bench: Bench, argv: list[object]) -> None:
    """A dump that comes, or does not; it is written to the file, not to its disk."""
    stream, new = bench.place / "new.stream", bench.place / "new"
    if not (bench.root / "sys/dev").exists():
        bench.tap.skip("snapshot: a dump", "needs ext4 or xfs with blocks of 4096 bytes")
        return
    options = ["snapshot", *argv, "--size", "3M", "new"]
    text = flat((0, b"a dump"))

    def write(first: Callable[[bytes], bytes]) -> Callable[[], None]:
        def meanwhile() -> None:
            with open(stream, "r+b") as file:
                token = file.read(PAGE)[8:40]
                file.seek(0)
                file.write(first(token) + text)

        return meanwhile

    def with_token(state: int, words: bytes = b"") -> Callable[[bytes], bytes]:
        return lambda token: head(state, text, words=words, token=token)

    ran = jump(bench, write(with_token(DONE)), *options)
    good = {"gone": not stream.exists(), "same": new.read_bytes() == b"a dump"}
    bench.expect("snapshot: a dump", ran, GOOD, "^new: 6 bytes; load .*order", **good)
    new.unlink()
    ran = jump(bench, write(with_token(DONE)), *options, "--json")
    said = json.loads(ran.out)
    names = ["file", "bytes", "load_ns", "whole_ns", "away_ns", "order_ns"]
    bench.expect("snapshot --json", ran, GOOD, same=list(said) == names and said["bytes"] == 6)
    new.unlink()
    cases: list[tuple[str, Callable[[bytes], bytes], str]] = [
        ("another's token", lambda token: head(DONE, text), "is not one of a snapshot"),
        ("a failure", with_token(BROKEN, b"no disk"), "the second kernel: no disk"),
        ("nothing", with_token(EMPTY), "the second kernel has written nothing"),
    ]
    for name, first, words in cases:
        ran = jump(bench, write(first), *options)
        left = stream.exists() or new.exists()
        bench.expect(f"snapshot: {name}", ran, FAILED, f"new.stream: .*{words}", left=not left)

    def occupy() -> None:
        write(with_token(DONE))()
        new.write_bytes(b"mine")

    ran = jump(bench, occupy, *options)
    words = "new: exists; it is not overwritten\n.*has the dump; .ras-hibernate take. makes"
    bench.expect("snapshot: no place for the dump", ran, FAILED, words, kept=stream.exists())
    ran = bench.run("take", "new.stream", "out2")
    same = (bench.place / "out2").read_bytes() == b"a dump"
    bench.expect("what was left is taken", ran, GOOD, same=same)


def check_stream_file(bench: Bench, argv: list[object]) -> None:
    """A file for the second kernel."""
    stream = bench.place / "new.stream"
    options = [*argv, "--size", "3M", "new"]
    shutil.rmtree(bench.root / "sys/dev", ignore_errors=True)
    ran = bench.run("snapshot", *options)
    if "would not be on" in ran.err:
        bench.tap.skip("snapshot: a file", "needs ext4 or xfs with blocks of 4096 bytes")
        return
    words = "new.stream: its file system is on no block device of its own\n$"
    bench.expect("snapshot: no block device", ran, FAILED, words, gone=not stream.exists())
    number = bench.place.stat().st_dev
    link = bench.root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../devices/pci0000:00/block/vda/vda1")
    ran = bench.run("snapshot", *options)
    words = "written 3.0 of 3.0 MiB.*state: No such file or directory: no kernel to jump to"
    bench.expect("snapshot: all is ready", ran, FAILED, words, gone=not stream.exists())
    ran = bench.run("snapshot", "--json", *options)
    bench.refused("snapshot: without progress", ran, "state: No such file")
    stream.write_bytes(b"mine")
    ran = bench.run("snapshot", *options)
    kept = stream.read_bytes() == b"mine"
    bench.expect("snapshot: another's file", ran, FAILED, "cannot be made: File ex", kept=kept)
    stream.unlink()
    ran = bench.run("snapshot", *argv, "--size", "1000T", "new")
    bench.expect("snapshot: no room", ran, FAILED, "there is room for", gone=not stream.exists())
    bench.memory([*USUAL, (2**40, 2**41 - 1, "Reserved")])
    bench.file("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 1048000 kB\nCached: 99999999999 kB\n")
    ran = bench.run("snapshot", *argv, "new")
    bench.expect("snapshot: the least size", ran, FAILED, "written 32.0 of 32.0 MiB")
    bench.file(
        "proc/meminfo", f"MemFree: {1047000 - 8 * 1024} kB\nBuffers: 0 kB\nAnonPages: 0 kB\n"
    )
    ran = bench.run("snapshot", *argv, "new")
    bench.expect("snapshot: an estimate", ran, FAILED, "written (42|43).0 of")


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    if os.uname().machine != "x86_64":
        return tap.skip_all("ras-hibernate is for x86-64")
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "ras-hibernate"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    program = f"{place}/ras-hibernate"
    tools.build(
        sources, [f"O={place}", f"CFLAGS={tools.SANITIZED}", "CPPFLAGS=-DQUIET_MS=3000", program]
    )
    bench = Bench(tap, place)
    checks: list[Callable[[Bench], None]] = [check_load, check_maps, check_kernels, check_words]
    checks += [check_paging, check_jobs, check_take, check_bad_streams, check_second, check_jump]
    for check in checks:
        check(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
