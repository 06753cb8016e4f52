#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-hibernate, with images of kernels that hibernate: saved, checked, restored, and spoiled.
Files stand for disks and for memory.  No kernel is loaded, and no machine is switched off."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, FAILED, USAGE, NOTHING = range(4)
SAVED, CONSUMED, BROKEN, STAYED = range(1, 5)
PLAIN, ZSTD, LZ4 = range(3)
PAGE = 4096
# Where the first record is; the block before it has what the first block was, if that is swap.
FIRST = 2 * PAGE
MIB = 1 << 20
END = 64 * MIB
RAM_END = 96 * MIB
TOKEN = b"0123456789abcdef" * 2
# Where the kernel goes on, which has to be in memory that was saved.
ENTRY = END + 5 * PAGE + 0x230
DISK_PAGES = 3000
# The firmware's ranges: start, last, name.
RANGES = [
    (0, 0x9FBFF, "System RAM"),
    (0x100000, END + 10 * MIB - 1, "System RAM"),
    (END + 10 * MIB, RAM_END - 1, "System RAM"),
    (RAM_END, RAM_END + MIB - 1, "Reserved"),
]
Ranges = list[tuple[int, int, str]]
# How struct image_head is stored, but for its magic, its token and what is behind.
NUMBERS = [
    ("state", "I"),
    ("levels", "I"),
    ("entry", "Q"),
    ("memory_end", "Q"),
    ("stored", "Q"),
    ("bytes", "Q"),
    ("records", "Q"),
    ("when", "Q"),
    ("crc", "I"),
    ("map_crc", "I"),
]
FORM = "<" + "".join(form for _, form in NUMBERS)
# A file system that was mounted: name, numbers and checksum; and where they are.
MOUNT = struct.Struct("<32sIII")
MOUNTS_AT = 40 + struct.calcsize(FORM) + 72 + 72 + 256


def map_crc(ranges: Ranges) -> int:
    """The checksum of a memory map."""
    kinds = {"System RAM": 1, "Reserved": 2}
    parts = (struct.pack("<QQQ", start, last + 1, kinds[name]) for start, last, name in ranges)
    return zlib.crc32(b"".join(parts))


@dataclass(frozen=True)
class Record:
    """A record; what is None is as it should be."""

    address: int
    memory: bytes
    content: bytes | None = None
    size: int | None = None
    stored: int | None = None
    method: int = PLAIN
    crc: int | None = None

    def head(self) -> bytes:
        """What is before the content."""

        def of(value: int | None, right: int) -> int:
            return right if value is None else value

        size = of(self.size, len(self.memory))
        stored = of(self.stored, len(self.body()))
        crc = of(self.crc, zlib.crc32(self.memory))
        return struct.pack("<QIIII", self.address, size, stored, self.method, crc)

    def body(self) -> bytes:
        """The content, as it is stored."""
        return self.memory if self.content is None else self.content


def image(
    parts: list[Record],
    words: bytes = b"",
    token: bytes = TOKEN,
    behind: bytes = b"",
    release: bytes = b"6.1.0",
    **other: int,
) -> bytes:
    """An image; other has numbers of its first block that are not as they should be."""
    text = b"".join(record.head() + record.body() for record in parts) + behind
    right = {
        "state": SAVED,
        "levels": 4,
        "entry": ENTRY,
        "memory_end": END,
        "stored": len(text),
        "bytes": sum(len(record.memory) for record in parts),
        "records": len(parts),
        "when": 1_700_000_000,
        "crc": zlib.crc32(b"".join(record.head() for record in parts)),
        "map_crc": map_crc(RANGES),
    }
    numbers = struct.pack(FORM, *(other.get(name, right[name]) for name, _ in NUMBERS))
    head = b"RASIMG01" + token + numbers
    head += release.ljust(72, b"\0") + b"#1 SMP".ljust(72, b"\0") + words
    head = head.ljust(PAGE - 4, b"\0")
    return head + struct.pack("<I", zlib.crc32(head)) + bytes(PAGE) + text


@dataclass(frozen=True)
class Head:
    """The first block of an image."""

    numbers: dict[str, int]
    release: str
    message: str

    @classmethod
    def of(cls, disk: bytes) -> Head | None:
        """From a disk; None if there is none."""
        right = struct.unpack("<I", disk[PAGE - 4 : PAGE])[0] == zlib.crc32(disk[: PAGE - 4])
        if disk[:8] != b"RASIMG01" or not right:
            return None
        size = struct.calcsize(FORM)
        numbers = struct.unpack(FORM, disk[40 : 40 + size])
        at = 40 + size
        texts = [disk[at : at + 72], disk[at + 144 : at + 400]]
        release, message = (text.rstrip(b"\0").decode() for text in texts)
        return cls(dict(zip((name for name, _ in NUMBERS), numbers)), release, message)


@dataclass
class Bench:
    """Where things are made and the program runs."""

    tap: Tap
    place: Path
    rand: random.Random = field(default_factory=lambda: random.Random(7))

    @property
    def root(self) -> Path:
        """What stands for / where the kernel's files are read."""
        return self.place / "root"

    @property
    def disk(self) -> Path:
        """What stands for the device."""
        return self.root / "dev/disk"

    @property
    def memory(self) -> Path:
        """What stands for the memory."""
        return self.root / "dev/ras_image"

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of the kernel."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def machine(self, ranges: Ranges, end: int = END, words: str = "fpu lm") -> None:
        """The firmware's memory map, that of a kernel with mem=, and the CPU."""
        shutil.rmtree(self.root / "sys/firmware/memmap", ignore_errors=True)
        for number, (start, last, name) in enumerate(ranges):
            for what, text in (("start", f"{start:#x}"), ("end", f"{last:#x}"), ("type", name)):
                self.file(f"sys/firmware/memmap/{number}/{what}", f"{text}\n")
        text = f"00001000-0009fbff : System RAM\n00100000-{end - 1:08x} : System RAM\n"
        self.file("proc/iomem", text + "  01000000-01ffffff : Kernel code\n")
        self.file("proc/cpuinfo", f"flags\t\t: {words}\n")

    def run(self, *arguments: object) -> Ran:
        """Run the program."""
        return self.with_program(self.place / "ras-hibernate", *arguments)

    def with_program(self, path: Path, *arguments: object) -> Ran:
        """Run another program than the usual one."""
        return tools.run([path, *arguments], self.place, {}, {}, CALL_S)

    def on(self, command: str, *options: object) -> Ran:
        """Run a command on the disk."""
        return self.run(command, "--root", self.root, *options, self.disk)

    def insert(self, content: bytes, pages: int = DISK_PAGES) -> None:
        """Have this on the disk, and no memory restored."""
        self.file("dev/disk", content.ljust(pages * PAGE, b"\0"))
        self.file("dev/ras_image", b"")

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)

    def refused(self, name: str, ran: Ran, words: str, **also: object) -> None:
        """A test: it was said why, in one line."""
        also["one line"] = ran.err.count("\n") == 1
        self.expect(name, ran, FAILED, f"ras-hibernate: .*{words}", **also)


def put(file: bytes, at: int, data: bytes) -> bytes:
    """Bytes in the place of others."""
    return file[:at] + data + file[at + len(data) :]


def usual(bench: Bench) -> list[Record]:
    """Records of some memory, one of them with the place where the kernel goes on."""
    places = [(END, 8), (END + 20 * PAGE, 1), (END + 10 * MIB - PAGE, 256), (RAM_END - PAGE, 1)]
    return [Record(at, bench.rand.randbytes(pages * PAGE)) for at, pages in places]


def job(bench: Bench, pages: int = DISK_PAGES, **other: str) -> None:
    """A job for the second kernel, and a disk with its mark; other has other lines."""
    lines = {
        "do": "save",
        "disk": "disk",
        "device": "9:9",
        "token": TOKEN.decode(),
        "extent": f"0:{pages * PAGE}",
        "memory": str(END),
        "levels": "4",
        "map": str(map_crc(RANGES)),
        "release": "6.1.0",
        "version": "#1 SMP",
        **other,
    }
    bench.file("ras-hibernate.job", "".join(f"{name}={text}\n" for name, text in lines.items()))
    head = b"RASSNAP1" + TOKEN + bytes(PAGE - 4 - 40)
    bench.insert(head + struct.pack("<I", zlib.crc32(head)), pages)


def fill_memory(bench: Bench) -> dict[int, bytes]:
    """Memory in use: pages of zeros, of text and of noise, alone and in long runs."""
    runs = {
        END: bench.rand.randbytes(6 * PAGE),
        END + 10 * PAGE: bytes(PAGE),
        END + 5 * MIB: b"text " * (3 * MIB // 5 // PAGE * PAGE),
        END + 10 * MIB - PAGE: bench.rand.randbytes(2 * MIB + 2 * PAGE),
        RAM_END - PAGE: b"x" * PAGE,
    }
    runs = {at: data[: len(data) // PAGE * PAGE] for at, data in runs.items()}
    bench.memory.unlink(missing_ok=True)
    with open(bench.memory, "wb") as file:
        for at, data in runs.items():
            file.seek(at)
            file.write(data)
    return runs


def has_memory(path: Path, runs: dict[int, bytes]) -> bool:
    """Is all of it there, and nothing else?"""
    content, at = path.read_bytes(), 0
    for start, data in runs.items():
        if content[at:start].strip(b"\0") or content[start : start + len(data)] != data:
            return False
        at = start + len(data)
    return len(content) == at


def second(bench: Bench) -> Ran:
    """What the second kernel does."""
    return bench.run("second", "--dry-run", "--root", bench.root)


def check_saving(bench: Bench) -> None:
    """From the memory to the disk, and back."""
    bench.machine(RANGES)
    bench.file("proc/cmdline", f"kexec_jump_back_entry={ENTRY:#x}\n")
    job(bench)
    runs = fill_memory(bench)
    ran = second(bench)
    head = Head.of(bench.disk.read_bytes())
    assert head, ran.said()
    numbers = head.numbers
    total = sum(map(len, runs.values()))
    records = sum((len(data) + MIB - 1) // MIB for data in runs.values())
    good = {
        "state": numbers["state"] == SAVED and head.release == "6.1.0" and not head.message,
        "counts": numbers["bytes"] == total and numbers["records"] == records,
        "smaller": numbers["stored"] < total,
        "machine": numbers["entry"] == ENTRY and numbers["memory_end"] == END,
    }
    words = rf"^back    {ENTRY:#x}\nsaved {total / MIB:.1f} MiB in [0-9.]+ s, [0-9.]+ MiB/s\n$"
    bench.expect("memory is saved", ran, GOOD, words, **good)
    bench.memory.rename(bench.place / "memory")
    bench.file("dev/ras_image", b"")
    bench.expect("verify: it can be resumed", bench.on("verify"), GOOD, "^checked [0-9.]+ MiB")
    bench.tap.same("nothing was restored by that", b"", bench.memory.read_bytes())
    ran = bench.on("status")
    words = r"disk: saved, 20..-..-..T..:..:..Z, 6\.1\.0, 5\.[0-9] MiB in 2\.[0-9] MiB, ratio 2\."
    bench.expect("status: saved", ran, GOOD, words)
    ran = bench.on("resume")
    good = {"memory": has_memory(bench.memory, runs)}
    good["before"] = has_memory(bench.place / "memory", runs)
    words = rf"^checked .*\nback    {ENTRY:#x}\nrestored [0-9.]+ MiB in .*\n$"
    bench.expect("resume: all memory is restored", ran, GOOD, words, **good)
    head = Head.of(bench.disk.read_bytes())
    bench.tap.same("the image is consumed", CONSUMED, head and head.numbers["state"])
    bench.memory.write_bytes(b"")
    ran = bench.on("resume")
    untouched = bench.memory.read_bytes() == b""
    bench.refused("it is not resumed again", ran, "a resume of this image has", same=untouched)
    bench.expect("status: consumed", bench.on("status"), GOOD, "disk: consumed, ")
    bench.expect("abort", bench.on("abort"), GOOD, "disk: voided\n$")
    for command in ("resume", "verify", "abort"):
        ran = bench.on(command)
        bench.expect(f"{command}: none", ran, NOTHING, "^[^\n]*disk: no image\n$")
    bench.expect("status: none", bench.on("status"), GOOD, "disk: none\n$")
    job(bench, stay="1")
    fill_memory(bench)
    second(bench)
    head = Head.of(bench.disk.read_bytes())
    bench.tap.same("stay=1", STAYED, head and head.numbers["state"])
    bench.refused("what went on is not resumed", bench.on("resume"), "the kernel went on after")


def methods_of(disk: bytes) -> list[int]:
    """How the contents of an image are stored, record by record."""
    head = Head.of(disk)
    found, at = [], FIRST
    for _ in range(head.numbers["records"] if head else 0):
        stored, method = struct.unpack("<II", disk[at + 12 : at + 20])
        found.append(method)
        at += 24 + stored
    return found


def check_methods(bench: Bench) -> None:
    """Each method to store memory, and what becomes no smaller."""
    # Noise of 6 pages; zeros; text, in 3 records; noise, in 3 records; a letter.
    small = [False, True, True, True, True, False, False, False, True]
    cases: list[tuple[str, dict[str, Any], int, str]] = [
        ("none", {"compress": "none"}, PLAIN, "5.0 MiB in 5.0 MiB, ratio 1.00"),
        ("lz4", {"compress": "lz4"}, LZ4, "5.0 MiB in 2.0 MiB, ratio 2.4"),
        ("zstd", {"compress": "zstd"}, ZSTD, "5.0 MiB in 2.0 MiB, ratio 2.4"),
        ("nobody has chosen", {}, LZ4, "5.0 MiB in 2.0 MiB, ratio 2.4"),
    ]
    for name, other, method, words in cases:
        job(bench, **other)
        runs = fill_memory(bench)
        ran = second(bench)
        right = methods_of(bench.disk.read_bytes()) == [method if is_ else 0 for is_ in small]
        bench.expect(f"compress: {name}", ran, GOOD, "saved 5.0 MiB", methods=right)
        bench.expect(f"compress: status: {name}", bench.on("status"), GOOD, words)
        bench.file("dev/ras_image", b"")
        ran = bench.on("resume")
        bench.expect(f"compress: resume: {name}", ran, GOOD, same=has_memory(bench.memory, runs))


def check_order(bench: Bench) -> None:
    """Of several records that are damaged, the first is named, whoever is faster."""
    noise = [bench.rand.randbytes(MIB) for _ in range(10)]
    records = [Record(END + number * MIB, data) for number, data in enumerate(noise)]
    # The checksum of a page is there long before that of 1 MiB.
    bad = [replace(records[3], crc=1)]
    bad += [replace(each, memory=each.memory[:PAGE], crc=1) for each in records[4:]]
    said = set()
    for _ in range(20):
        bench.insert(image([*records[:3], *bad]))
        said.add(bench.on("verify").err.split("dev/disk: ")[-1])
    right = {"record 3 of 10: is damaged: its checksum is wrong\n"}
    bench.tap.same("the first of several damaged records is named", right, said)
    bench.insert(image([*records[:9], replace(records[9], memory=b"x" * PAGE, method=ZSTD)]))
    bench.refused("the last of many records", bench.on("verify"), "record 9 of 10: the size of")


def on_cpus(some: list[int]) -> list[str]:
    """How a program is run on some CPUs only."""
    return ["taskset", "-c", ",".join(map(str, some))]


def with_limits(bench: Bench, some: list[int]) -> tuple[list[str], int]:
    """How saves on some CPUs end, with each MiB that the program may have; and how many different
    images there are."""
    program = bench.place / "without/ras-hibernate"
    argv = [*on_cpus(some), program, "second", "--dry-run", "--root", bench.root]
    images, ends = set(), []
    for limit in range(2, 50):
        job(bench)
        bench.rand.seed(7)
        fill_memory(bench)
        ran = tools.run(argv, bench.place, {}, {resource.RLIMIT_AS: limit * MIB}, CALL_S)
        disk = bench.disk.read_bytes()
        head = Head.of(disk)
        if ran.code == GOOD:
            ends.append("saved")
            images.add(zlib.crc32(disk[FIRST:]))
        elif head and head.numbers["state"] == BROKEN and head.message == "no memory":
            ends.append("told")
        else:
            ends.append("other" if "saved" in ends or "told" in ends else "not begun")
    return ends, len(images)


def check_memory(bench: Bench) -> None:
    """With little memory it goes on as well as it can, or says so."""
    cpus = sorted(os.sched_getaffinity(0))
    least = set()
    for some in (cpus[:1], cpus):
        ends, images = with_limits(bench, some)
        order = [end for at, end in enumerate(ends) if at == 0 or ends[at - 1] != end]
        name = f"little memory, {len(some)} of {len(cpus)} CPUs"
        bench.tap.same(f"{name}: how saves end", ["not begun", "told", "saved"], order)
        bench.tap.same(f"{name}: all images are the same", 1, images)
        least.add(order and ends.index("saved"))
    bench.tap.same("with more CPUs no more memory is needed", 1, len(least))


def zeros(bench: Bench, mib: int) -> None:
    """Memory that is in use; much of it takes its time."""
    job(bench)
    bench.memory.unlink(missing_ok=True)
    with open(bench.memory, "wb") as file:
        file.seek(END)
        for _ in range(mib):
            file.write(bytes(MIB))


def check_threads(bench: Bench) -> None:
    """As many threads as CPUs, and one that writes."""
    cpus = sorted(os.sched_getaffinity(0))
    for some in (cpus[:1], cpus):
        zeros(bench, 192)
        argv = [*on_cpus(some), str(bench.place / "ras-hibernate")]
        argv += ["second", "--dry-run", "--root", str(bench.root)]
        most = 0
        with subprocess.Popen(
            argv, env=tools.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        ) as process:
            begun = time.monotonic()
            while process.poll() is None and time.monotonic() - begun < CALL_S:
                # A process that has ended has a directory until it is waited for.
                most = max(most, len(os.listdir(f"/proc/{process.pid}/task")))
                time.sleep(0.001)
            process.kill()
        code = process.returncode
        right = (GOOD, 1 + min(len(some), 16))
        bench.tap.same(f"threads on {len(some)} of {len(cpus)} CPUs", right, (code, most))


@dataclass(frozen=True)
class Typing:
    """What was typed on the console of the second kernel, and what has come of it."""

    ran: Ran
    was_raw: bool
    is_restored: bool

    @classmethod
    def do(cls, bench: Bench, early: bytes, late: bytes, often: int) -> Typing:
        """Type before the program begins, and when it says that Esc aborts; that as often as
        said, as a key is that is held down."""
        argv = on_cpus(sorted(os.sched_getaffinity(0))[:1])
        argv += [str(bench.place / "ras-hibernate"), "second", "--dry-run", "--root"]
        argv.append(str(bench.root))
        master, slave = pty.openpty()
        os.write(master, early)
        before = termios.tcgetattr(slave)
        with subprocess.Popen(
            argv,
            env=tools.environment(),
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout
            said = process.stdout.readline() + process.stdout.readline()
            was_raw = not termios.tcgetattr(slave)[3] & (termios.ICANON | termios.ECHO)
            while often and process.poll() is None:
                os.write(master, late)
                # Less than what belongs to one key may take.
                time.sleep(0.04)
                often -= 1
            try:
                out, err = process.communicate(timeout=CALL_S)
            finally:
                process.kill()
        is_restored = termios.tcgetattr(slave) == before
        os.close(master)
        os.close(slave)
        ran = Ran(process.returncode, (said + out).decode(), err.decode())
        return cls(ran, was_raw, is_restored)


def check_esc(bench: Bench) -> None:
    """Esc on the console aborts a save; other keys do not."""
    cases = [
        ("nothing", b"", b"", False),
        ("Esc", b"", b"\x1b", True),
        ("Esc, held down", b"", b"\x1b", True),
        ("Esc before it begins", b"\x1b", b"", True),
        ("Esc, and the save is over", b"\x1b", b"", True),
        ("Esc twice", b"", b"\x1b", True),
        ("Esc and Esc at once", b"", b"\x1b\x1b", True),
        ("letters, and then Esc", b"", b"save" * 15 + b"me\x1b", True),
        ("a cursor key", b"", b"\x1b[A", False),
        ("cursor keys", b"", b"\x1b[A\x1b[B\x1bOP", False),
        ("64 bytes that end in the middle of a cursor key", b"", b"x" * 63 + b"\x1b[A", False),
        ("letters", b"", b"abc\x03\r", False),
    ]
    for name, early, late, is_end in cases:
        mib = 1 if "is over" in name else 192
        zeros(bench, mib)
        times = 200 if "held" in name else 2 if "twice" in name else 1
        typing = Typing.do(bench, early, late, times)
        head = Head.of(bench.disk.read_bytes())
        good: dict[str, object] = {"restored": typing.is_restored}
        good["raw"] = typing.was_raw or early
        good["state"] = head and head.numbers["state"] == (BROKEN if is_end else SAVED)
        good["message"] = head and head.message == ("aborted by Esc" if is_end else "")
        words = "^back .*\nEsc aborts\n"
        words += "(?!.*saved [0-9]+.0 MiB).*disk: aborted by Esc\n$" if is_end else "(saved .*\n)+$"
        saved = head.numbers["bytes"] if head else 0
        good["at once"] = mib == 1 or (saved < mib * MIB) == is_end
        verify = bench.on("verify")
        good["refused"] = not is_end or "was not saved: aborted by Esc" in verify.err
        bench.expect(f"typed: {name}", typing.ran, FAILED if is_end else GOOD, words, **good)
    zeros(bench, 192)
    with open(bench.file("keys", b"\x1b"), "rb") as keys:
        argv = [bench.place / "ras-hibernate", "second", "--dry-run", "--root", bench.root]
        env = tools.environment()
        done = subprocess.run(
            list(map(str, argv)),
            stdin=keys,
            capture_output=True,
            env=env,
            timeout=CALL_S,
            check=False,
        )
        right = keys.tell() == 0
    bench.expect("what is no terminal is not read", Ran.of(done), GOOD, "192.0 MiB", unread=right)


def check_without(bench: Bench) -> None:
    """A program that was built without the libraries."""
    program, argv = bench.place / "without/ras-hibernate", ["--root", bench.root]
    for name in ("lz4", "zstd"):
        job(bench, compress=name)
        fill_memory(bench)
        second(bench)
        ran = bench.with_program(program, "verify", *argv, bench.disk)
        words = f"disk: record 1 of 9: is compressed by {name}, and this program was built without"
        bench.refused(f"without {name}, what is compressed", ran, words)
        job(bench, compress=name)
        ran = bench.with_program(program, "second", "--dry-run", *argv)
        head = Head.of(bench.disk.read_bytes())
        words = f"the second kernel's program was built without {name}"
        told = head and head.numbers["state"] == BROKEN and head.message == words
        bench.refused(f"without {name}, a job that wants it", ran, words, told=told)
        bench.insert(b"mine")
        ran = bench.with_program(program, "save", "--compress", name, *argv, bench.disk)
        words = f"--compress: this program was built without {name}$"
        kept = bench.disk.read_bytes()[:4] == b"mine"
        bench.refused(f"without {name}, save --compress {name}", ran, words, kept=kept)
    job(bench)
    runs = fill_memory(bench)
    ran = bench.with_program(program, "second", "--dry-run", *argv)
    right = methods_of(bench.disk.read_bytes()) == 9 * [PLAIN]
    bench.expect("memory is saved without a library", ran, GOOD, "saved 5.0 MiB", methods=right)
    bench.file("dev/ras_image", b"")
    ran = bench.on("resume")
    bench.expect("a program with them restores it", ran, GOOD, same=has_memory(bench.memory, runs))


def check_failures(bench: Bench) -> None:
    """What the second kernel cannot save, the first is told."""

    def failed(name: str, words: str) -> None:
        ran = second(bench)
        head = Head.of(bench.disk.read_bytes())
        good = head and head.numbers["state"] == BROKEN and re.search(words, head.message)
        bench.expect(f"saving: {name}", ran, FAILED, words, told=good)
        bench.refused(f"resume: {name}", bench.on("resume"), f"was not saved: .*{words}")
        bench.expect(f"status: {name}", bench.on("status"), GOOD, f"disk: failed: .*{words}")

    job(bench)
    bench.memory.unlink()
    failed("no memory", "/dev/ras_image: No such file or directory; the second kernel cannot")
    job(bench)
    failed("memory is empty", "/dev/ras_image: shows no memory in use")
    job(bench)
    fill_memory(bench)
    with open(bench.memory, "r+b") as file:
        file.truncate(RAM_END - 5)
    failed("half a page", "makes no sense")
    job(bench, memory=str(END + PAGE))
    fill_memory(bench)
    failed("the second kernel's memory", f"from {END:#x} to .* makes no sense")
    job(bench, pages=300)
    fill_memory(bench)
    failed("a small disk", "the image is larger than the 1 MiB of the device")
    job(bench)
    fill_memory(bench)
    bench.file("dev/disk", bytes(DISK_PAGES * PAGE))
    ran = second(bench)
    same = bench.disk.read_bytes() == bytes(DISK_PAGES * PAGE)
    bench.expect("saving: no mark", ran, FAILED, "has not the marks", untouched=same)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("no end of memory", {"memory": "0"}, "its line 6 makes no sense"),
        ("half a page of memory", {"memory": "5000"}, "its line 6 makes no sense"),
        ("no levels", {"levels": "3"}, "its line 7 makes no sense"),
        ("many levels", {"levels": "6"}, "its line 7 makes no sense"),
        ("a large checksum", {"map": str(2**32)}, "its line 8 makes no sense"),
        ("no release", {"release": ""}, "its line 9 makes no sense"),
        ("a long release", {"release": "6" * 65}, "its line 9 makes no sense"),
        ("stay=0", {"stay": "0"}, "its line 11 makes no sense"),
        ("something else", {"go": "1"}, "its line 11 makes no sense"),
        ("an unknown method", {"compress": "zip"}, "its line 11 makes no sense"),
        ("no method", {"compress": ""}, "its line 11 makes no sense"),
    ]
    for name, other, words in wrong:
        job(bench, **other)
        ran = second(bench)
        same = Head.of(bench.disk.read_bytes()) is None
        bench.expect(f"a job: {name}", ran, FAILED, words, untouched=same)
    for name in ("memory", "levels", "extent"):
        job(bench)
        text = (bench.root / "ras-hibernate.job").read_text(encoding="ascii")
        bench.file("ras-hibernate.job", text.replace(f"{name}=", f"#{name}="))
        words = "a save needs disk=, token=, extent=, memory= and levels="
        bench.expect(f"a job: no {name}=", second(bench), FAILED, words)


def check_machine(bench: Bench) -> None:
    """Not the machine, or not the kernel, for an image."""
    good = image(usual(bench))

    def refused(name: str, words: str, state: int | None = SAVED) -> None:
        bench.insert(good)
        verify, ran = bench.on("verify"), bench.on("resume")
        disk = bench.disk.read_bytes()
        head = Head.of(disk)
        said = re.search(words, verify.err) is not None
        right = {"verify": verify.code == FAILED and said}
        right["state"] = (head and head.numbers["state"]) == state
        right["memory"] = bench.memory.read_bytes() == b""
        bench.expect(f"resume: {name}", ran, FAILED, words, **right)

    bench.machine(RANGES)
    bench.insert(good)
    bench.expect("an image that is made here", bench.on("verify"), GOOD)
    bench.machine(RANGES, END - PAGE)
    bench.expect("less memory than the second kernel had", bench.on("verify"), GOOD)
    bench.machine(RANGES, END + PAGE)
    refused("more memory", "this kernel has memory up to 64 MiB, and has .* mem=64M")
    bench.file("proc/iomem", "00000000-00000000 : System RAM\n")
    refused("nobody knows how much memory", "iomem: shows no memory")
    bench.machine(RANGES, words="fpu la57 lm")
    refused("5 levels", "has page tables of 4 levels, this one of 5")
    changed = "has changed the memory map since it was saved.*the image was voided"
    bench.machine([*RANGES[:3], (RAM_END, RAM_END + 2 * MIB - 1, "Reserved")])
    bench.insert(good)
    ran = bench.on("verify")
    head = Head.of(bench.disk.read_bytes())
    bench.expect("verify voids nothing", ran, FAILED, changed[:40], kept=head is not None)
    ran = bench.on("resume")
    head = Head.of(bench.disk.read_bytes())
    bench.expect("resume: another memory map", ran, FAILED, changed, void=head is None)
    shutil.rmtree(bench.root / "sys/firmware/memmap")
    refused("no memory map", "memmap: is not there: this kernel has no CONFIG_FIRMWARE_MEMMAP")
    bench.machine(RANGES)
    bench.insert(good)
    bench.memory.unlink()
    ran = bench.on("resume")
    head = Head.of(bench.disk.read_bytes())
    kept = head is not None and head.numbers["state"] == SAVED
    words = "/dev/ras_image: No such file or directory; has this kernel .*ras_jump.restore"
    bench.expect("resume: a kernel that cannot restore", ran, FAILED, words, kept=kept)
    bench.insert(good)
    bench.memory.unlink()
    bench.memory.symlink_to("/dev/full")
    ran = bench.on("resume")
    head = Head.of(bench.disk.read_bytes())
    gone = head is not None and head.numbers["state"] == CONSUMED
    words = f"memory at {END:#x} cannot be restored: No space.*the image is lost"
    bench.expect("resume: memory that cannot be restored", ran, FAILED, words, consumed=gone)
    bench.memory.unlink()
    check_commands(bench)


def check_commands(bench: Bench) -> None:
    """What is no device, and what is no command line."""
    for command in ("save", "resume", "verify", "status", "abort"):
        ran = bench.run(command, "/dev/null")
        words = "null: (is no block device|Invalid argument)"
        bench.expect(f"{command}: no device", ran, FAILED, words if command != "save" else "")
        ran = bench.run(command)
        bench.expect(f"usage: {command}", ran, USAGE, "so many names do not fit")
        ran = bench.run(command, "--help")
        bench.expect(f"{command} --help", ran, GOOD, f"^usage: ras-hibernate {command} .*Exit st")
    ran = bench.run("save", "--compress", "zip", bench.disk)
    bench.expect("usage: --compress", ran, USAGE, "--compress takes none, lz4 or zstd\n")
    ran = bench.run("status", "--root", bench.root, bench.place / "none")
    bench.refused("no device", ran, "none: No such file or directory")
    bench.file("dev/disk", bytes(FIRST))
    bench.refused("a device of two blocks", bench.on("status"), "is too small for an image")


def spoiled_records(bench: Bench) -> list[tuple[str, bytes, str]]:
    """Images with records that make no sense."""
    records = usual(bench)
    first, one, last = records[0], records[1], records[-1]

    def with_first(**other: object) -> bytes:
        return image([replace(first, **other), *records[1:]])

    noise = bench.rand.randbytes(PAGE)
    return [
        ("an odd address", with_first(address=END + 1), "address or size makes no sense"),
        ("a far address", with_first(address=2**64 - PAGE), "address or size makes no sense"),
        ("no bytes", with_first(size=0), "address or size makes no sense"),
        ("half a page", with_first(size=PAGE // 2), "address or size makes no sense"),
        ("too many bytes", with_first(size=MIB + PAGE), "address or size makes no sense"),
        ("memory below", with_first(address=END - PAGE), "is of memory that the image does"),
        ("memory at 0", with_first(address=0), "is of memory that the image does not have"),
        ("the wrong order", image([one, first, last]), "record 1 of 3: is not in the order"),
        ("an overlap", image([first, replace(one, address=END + 7 * PAGE)]), "or overlaps"),
        ("twice the same", image([first, one, one]), "or overlaps another"),
        ("reserved memory", image([first, replace(one, address=RAM_END)]), "is of what is no"),
        ("half of it RAM", image([first, replace(last, memory=2 * noise)]), "is of what is no"),
        ("an unknown method", with_first(method=3), "in a way that nobody knows"),
        ("no content", with_first(stored=0), "the size of its content makes no sense"),
        ("more content", with_first(stored=9 * PAGE), "the size of its content makes no"),
        ("less content", with_first(stored=PAGE), "the size of its content makes no sense"),
        ("compressed to the same", with_first(method=ZSTD), "the size of its content makes"),
        ("what is no zstd", with_first(method=ZSTD, content=noise), "its checksum is wrong"),
        ("what is no lz4", with_first(method=LZ4, content=noise), "its checksum is wrong"),
        ("a checksum", with_first(crc=1), "record 0 of 4: is damaged: its checksum"),
        ("cut off", image(records, stored=20000), "record 0 of 4: is longer than what is left"),
        ("less of a head", image([first], stored=32768 + 23, records=1), "longer than what"),
        ("half a head", image(records, stored=8 * PAGE + 24 + 5), "record 1 of 4: is longer"),
        ("more behind", image(records, behind=b"x"), "has something behind its last record"),
        ("no entry", image(records[1:]), f"no record of {ENTRY:#x}, where the kernel goes on"),
    ]


def spoiled_heads(bench: Bench) -> list[tuple[str, bytes, str]]:
    """Images with a first block that makes no sense."""
    records = usual(bench)
    size = len(image(records)) - FIRST
    senseless = "the numbers in its first block make no sense"
    return [
        ("a state of 0", image(records, state=0), "its first block is damaged"),
        ("an unknown state", image(records, state=5), "its first block is damaged"),
        ("a bit", put(image(records), 99, b"x"), "its first block is damaged"),
        ("other levels", image(records, levels=5), "has page tables of 5 levels, this one of 4"),
        ("no end of memory", image(records, memory_end=0), senseless),
        ("an odd end of memory", image(records, memory_end=END + 1), senseless),
        ("a low end of memory", image(records, memory_end=END - PAGE), "booted with mem=63M"),
        ("a high end of memory", image(records, memory_end=END + PAGE), "is of memory that"),
        ("a low entry", image(records, entry=END - 1), senseless),
        ("another entry", image(records, entry=END + 9 * PAGE), "no record of "),
        ("no records", image(records, records=0), senseless),
        ("many records", image(records, records=2**60), senseless),
        ("a record more", image(records, records=5), "record 4 of 5: is longer than"),
        ("a record less", image(records, records=3), "has something behind its last record"),
        ("less stored", image(records, stored=size - 1), "record 3 of 4: is longer than what"),
        ("more stored", image(records, stored=size + 1), "has something behind its last record"),
        ("stored beyond", image(records, stored=2**63), "is larger than the device"),
        ("all stored", image(records, stored=2**64 - 1), "is larger than the device"),
        ("other bytes", image(records, bytes=PAGE), "the checksum of all records is wrong"),
        ("another checksum", image(records, crc=1), "the checksum of all records is wrong"),
        ("another map", image(records, map_crc=1), "has changed the memory map"),
    ]


def check_spoiled(bench: Bench) -> None:
    """Images that make no sense; nothing is restored, and they are not consumed."""
    bench.machine(RANGES)
    for name, content, words in [*spoiled_records(bench), *spoiled_heads(bench)]:
        bench.insert(content)
        ran = bench.on("resume")
        head = Head.of(bench.disk.read_bytes())
        good = {"memory": bench.memory.read_bytes() == b""}
        good["not consumed"] = head is None or head.numbers["state"] != CONSUMED
        bench.expect(f"an image with {name}", ran, FAILED, f"disk: .*{words}", **good)
    records = usual(bench)
    content = image(records)
    bench.insert(content, len(content) // PAGE)
    bench.refused("a disk that is too short", bench.on("resume"), "is larger than the device")
    wrong = []
    for at in bench.rand.sample([*range(8, PAGE), *range(FIRST, len(content))], 100):
        bench.insert(put(content, at, bytes([content[at] ^ 1 << bench.rand.randrange(8)])))
        ran = bench.on("verify")
        if ran.code != FAILED:
            wrong.append(f"{at}: {ran.said()}")
    bench.tap.same("any of 100 bits changed is seen", [], wrong)
    bench.insert(image(records, words=b"no \x1b[31m disk", state=BROKEN, release=b"\xff\n6"))
    bench.expect("what is no text is not shown", bench.on("status"), GOOD, r"no \?\[31m disk\n$")
    said = json.loads(bench.on("status", "--json").out)
    right = said["state"] == "failed" and said["release"] == "??6" and said["records"] == 4
    bench.tap.ok(right, "status --json", str(said))
    bench.insert(put(content, 99, b"x"))
    bench.expect("status: damaged", bench.on("status"), GOOD, "disk: damaged\n$")
    bench.expect("what is damaged can be voided", bench.on("abort"), GOOD, "voided")


def bzimage(size: int = 300000) -> bytes:
    """A kernel with nothing but a setup header."""
    fields = [
        (0x1F1, "B", 3),
        (0x1F4, "<I", (size - 2048) // 16),
        (0x1FE, "<H", 0xAA55),
        (0x202, "<I", 0x53726448),
        (0x200, "<H", 0x66EB),
        (0x206, "<H", 0x20F),
        (0x211, "B", 1),
        (0x230, "<I", 2 * MIB),
        (0x234, "B", 1),
        (0x236, "<H", 1),
        (0x238, "<I", 2047),
        (0x258, "<Q", 16 * MIB),
        (0x260, "<I", 20 * MIB),
    ]
    made = bytearray(size)
    for at, form, value in fields:
        struct.pack_into(form, made, at, value)
    return bytes(made)


def save(bench: Bench, meanwhile: Callable[[bytes], bytes], *options: object) -> Ran:
    """Save; meanwhile makes of the first block what the second kernel leaves there."""
    disk, state = bench.file("sys/power/disk", "[platform] jump\n"), bench.root / "sys/power/state"
    state.unlink(missing_ok=True)
    os.mkfifo(state)
    ended = threading.Event()

    def run() -> None:
        while not disk.read_text(encoding="ascii").startswith("jump"):
            if ended.wait(0.01):
                return
        with open(bench.disk, "r+b") as file:
            first = meanwhile(file.read(PAGE))
            file.seek(0)
            file.write(first)
        # Until then the program waits to open it.
        bench.tap.same("the write to state", "disk", state.read_text(encoding="ascii"))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        return bench.on("save", "--kernel", "kernel", "--initrd", "initrd", *options)
    finally:
        ended.set()
        thread.join(CALL_S)
        state.unlink()


def check_save(bench: Bench) -> None:
    """What the first kernel makes of what the second has left; there is no image then."""
    bench.machine(RANGES)
    (bench.place / "kernel").write_bytes(bzimage())
    (bench.place / "initrd").write_bytes(bytes(5000))
    bench.file("sys/power/disk", "[platform] jump\n")
    bench.file("proc/1/mountinfo", "")
    ram = sum(last + 1 - start for start, last, name in RANGES if name == "System RAM") // 1024
    bench.file("proc/meminfo", f"MemTotal: {ram} kB\nMemFree: {ram - 20 * 1024} kB\n")
    need = (84 * MIB + 84 * MIB // 128 + 16 * MIB + MIB - 1) // MIB
    argv = ["--kernel", "kernel", "--initrd", "initrd"]
    bench.insert(b"mine", (need - 1) * MIB // PAGE)
    ran = bench.on("save", *argv)
    kept = bench.disk.read_bytes()[:4] == b"mine"
    words = f"disk: has {need - 1} MiB, the image may have {need} MiB"
    bench.refused("save: a small device", ran, words, kept=kept)
    pages = need * MIB // PAGE
    bench.insert(b"mine", pages)
    (bench.place / "initrd").write_bytes(b"")
    ran = bench.on("save", *argv)
    kept = bench.disk.read_bytes()[:4] == b"mine"
    bench.refused("save: nothing is written before a refusal", ran, "initrd: is empty", kept=kept)
    (bench.place / "initrd").write_bytes(bytes(5000))
    records = usual(bench)

    def leaves(**other: object) -> Callable[[bytes], bytes]:
        def meanwhile(first: bytes) -> bytes:
            return image(records, **{"token": first[8:40], **other})[:PAGE]  # type: ignore

        return meanwhile

    cases: list[tuple[str, Callable[[bytes], bytes], list[str], int, str]] = [
        ("resumed", leaves(state=CONSUMED), [], GOOD, "disk: resumed; load .* away 0 s by the"),
        ("went on", leaves(state=STAYED), ["--no-power-off"], GOOD, "disk: saved and went on; "),
        ("went on by itself", leaves(state=STAYED), [], FAILED, "saved and went on; 1 MiB in"),
        ("failed", leaves(state=BROKEN, words=b"no disk"), [], FAILED, "second kernel: no disk"),
        ("saved and came back", leaves(), [], FAILED, "has saved everything and came back, nobo"),
        ("nothing", lambda first: first, [], FAILED, "the second kernel has saved nothing"),
        ("no sense", lambda first: bytes(PAGE), [], FAILED, "something that makes no sense"),
        ("another's", leaves(state=CONSUMED, token=TOKEN), [], FAILED, "image of another kernel"),
    ]
    for name, meanwhile, options, code, words in cases:
        bench.insert(b"mine", pages)
        ran = save(bench, meanwhile, *options)
        void = bench.disk.read_bytes()[:PAGE] == bytes(PAGE)
        bench.expect(f"save: {name}", ran, code, words, void=void)
    check_refusals(bench, argv, pages)


def check_refusals(bench: Bench, argv: list[str], pages: int) -> None:
    """The kernel does not jump; there is no image either."""
    bench.insert(b"mine", pages)
    bench.file("sys/power/disk", "[platform] jump\n")
    (bench.root / "sys/power/state").symlink_to("/dev/full")
    ran = bench.on("save", *argv)
    void = bench.disk.read_bytes()[:PAGE] == bytes(PAGE)
    bench.refused("save: the kernel refuses", ran, "state: No space left on device", void=void)
    bench.file("sys/power/disk", "[platform] shutdown\n")
    bench.refused("save: no mode", bench.on("save", *argv), 'there is no mode "jump"')
    bench.file("sys/power/disk", "[platform] jump\n")
    shutil.rmtree(bench.root / "sys/firmware/memmap")
    ran = bench.on("save", *argv)
    bench.refused("save: no memory map", ran, "this kernel has no CONFIG_FIRMWARE_MEMMAP")


def mounts_of(disk: bytes) -> dict[str, tuple[int, int, int]]:
    """The file systems that the first block names: their numbers and checksums."""
    at = MOUNTS_AT
    count = struct.unpack("<I", disk[at + 64 * MOUNT.size : at + 64 * MOUNT.size + 4])[0]
    entries = [MOUNT.unpack_from(disk, at + i * MOUNT.size) for i in range(count)]
    return {name.rstrip(b"\0").decode(): (major, minor, crc) for name, major, minor, crc in entries}


def superblock(bench: Bench, name: str, numbers: str, text: bytes) -> Path:
    """A block device with a file system."""
    bench.file(f"sys/class/block/{name}/dev", f"{numbers}\n")
    link = bench.root / "sys/dev/block" / numbers
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(f"../../devices/{name}")
    return bench.file(f"dev/{name}", text.ljust(48 * PAGE, b"\0"))


def check_mounts(bench: Bench) -> None:
    """A file system that the kernel has mounted must be as it was."""
    bench.machine(RANGES)
    device = superblock(bench, "sda1", "8:1", b"first")
    other = superblock(bench, "sdb", "8:16", b"other")
    # One that is gone, one that has another name here, and one that comes twice.
    names = ["8:99:gone", "8:1:sda1", "8:16:hda", "8:1:sda1"]
    job(bench, mount="\nmount=".join(names))
    fill_memory(bench)
    ran = second(bench)
    disk = bench.disk.read_bytes()
    crcs = [zlib.crc32(path.read_bytes()[: 32 * PAGE]) for path in (device, other)]
    right = mounts_of(disk) == {"sda1": (8, 1, crcs[0]), "hda": (8, 16, crcs[1])}
    words = "gone: is not there: nobody sees whether its file system is mounted while"
    bench.expect("mounts: noted", ran, GOOD, words, right=right)
    bench.memory.write_bytes(b"")

    def changed(name: str, data: bytes, *, refused: bool) -> None:
        bench.disk.write_bytes(disk)
        device.write_bytes(data)
        before = bench.disk.read_bytes()
        verify = bench.on("verify")
        kept = bench.disk.read_bytes() == before
        words = "the file system on sda1 was mounted or changed since it was saved"
        if not refused:
            bench.expect(f"mounts: {name}", verify, GOOD, kept=kept)
            return
        bench.refused(f"mounts: {name}", verify, words, kept=kept)
        ran = bench.on("resume")
        void = bench.disk.read_bytes()[:PAGE] == bytes(PAGE)
        words += ".*the image was voided"
        bench.expect(f"mounts: {name}, resume", ran, FAILED, words, void=void)

    good = device.read_bytes()
    changed("as it was", good, refused=False)
    changed("the first byte", put(good, 0, b"F"), refused=True)
    changed("the last byte that counts", put(good, 32 * PAGE - 1, b"x"), refused=True)
    changed("what is behind it", put(good, 32 * PAGE, b"x"), refused=False)
    bench.disk.write_bytes(disk)
    device.unlink()
    ran = bench.on("resume")
    words = "sda1, which has a file system of the kernel that was saved, is not there"
    bench.refused("mounts: gone", ran, words, kept=bench.disk.read_bytes() == disk)
    superblock(bench, "vda1", "8:1", b"first")
    bench.expect("mounts: the numbers have another name", bench.on("verify"), GOOD)
    device.write_bytes(other.read_bytes())
    bench.expect("mounts: another name, in another's place", bench.on("verify"), GOOD)
    check_mount_forms(bench, disk)


def check_mount_forms(bench: Bench, disk: bytes) -> None:
    """Names of file systems in a first block, and in a job, that make no sense."""
    for name, at, data in (
        ("too many", 64 * MOUNT.size, struct.pack("<I", 65)),
        ("no name", 0, bytes(32)),
        ("a path", 0, b"../x"),
    ):
        head = put(disk[: PAGE - 4], MOUNTS_AT + at, data)
        bench.disk.write_bytes(head + struct.pack("<I", zlib.crc32(head)) + disk[PAGE:])
        bench.refused(f"mounts: {name}", bench.on("verify"), "its first block is damaged")
    for text in ("8:1", "8:1:", "8:1:a/b", "8:1:.", "x:1:sda1", "8:x:sda1", "8:1:" + "s" * 32):
        job(bench, mount=text)
        words = "its line 11 makes no sense"
        bench.expect(f"a job: mount={text:.12}", second(bench), FAILED, words)
    lines = "\nmount=".join(f"8:{number}:sd{number}" for number in range(65))
    job(bench, mount=lines)
    bench.expect("a job: 65 mounts", second(bench), FAILED, "its line 75 makes no sense")


def check_mounted(bench: Bench) -> None:
    """Which file systems the first kernel has mounted."""
    bench.machine(RANGES)
    line = "20 1 {0} / /{1} rw - {2} {1} rw\n"
    many = "".join(line.format(f"8:{i}", f"sd{i}", "ext4") for i in range(64))
    for i in range(64):
        superblock(bench, f"sd{i}", f"8:{i}", b"")
    for name, numbers, inside in (
        ("loop0", "7:0", "loop"),
        ("dm-0", "253:0", "dm"),
        ("md0", "9:0", "md"),
        ("vdb2", "254:18", ""),
    ):
        superblock(bench, name, numbers, b"")
        bench.file(f"sys/class/block/{name}/{inside}/x", "")
    note = ": nobody sees whether its file system is mounted while the machine is off\n"
    cases = [
        ("a loop device", line.format("7:0", "/dev/loop0", "ext4"), GOOD, "disk: resumed"),
        ("dm", line.format("253:0", "/dev/dm-0", "xfs"), GOOD, f"dm-0{note}"),
        ("md", line.format("9:0", "/dev/md0", "xfs"), GOOD, f"md0{note}"),
        ("no device", line.format("0:20", "tmpfs", "tmpfs"), GOOD, "disk: resumed"),
        ("no block device", line.format("0:20", "/dev/kvm", "x"), GOOD, "disk: resumed"),
        ("the same again", line.format("8:5", "sd5", "ext4"), GOOD, "disk: resumed"),
        ("another", line.format("254:18", "vdb2", "ext4"), FAILED, "more than 64 block dev"),
        ("btrfs", line.format("0:41", "/dev/vdb2", "btrfs"), FAILED, "more than 64 block dev"),
    ]
    pages = bench.disk.stat().st_size // PAGE
    for name, more, code, words in cases:
        bench.file("proc/1/mountinfo", many + more)
        bench.insert(b"mine", pages)
        leave = lambda first: image(usual(bench), token=first[8:40], state=CONSUMED)[:PAGE]
        bench.expect(f"mounted: {name}", save(bench, leave), code, words)
    bench.file("proc/1/mountinfo", "")


def check_swap(bench: Bench) -> None:
    """The device is swap, in use or not, and is that again whatever has become of the image."""
    header = (b"boot" + b"label").ljust(PAGE - 10, b"\7") + b"SWAPSPACE2"
    pages = bench.disk.stat().st_size // PAGE
    line = "{0} partition 99999 {1} {2}\n"
    heading = "Filename Type Size Used Priority\n"
    available = "MemAvailable: 65536 kB\n"
    meminfo = (bench.root / "proc/meminfo").read_text(encoding="ascii")
    others = line.format("/dev/none", 9 << 20, 5) + line.format("/proc/swaps", 9 << 20, 5)
    cases: list[tuple[str, str, str, int, str]] = [
        ("not in use", heading + others, "", GOOD, "disk: resumed"),
        ("nothing in it", heading + others + line.format(bench.disk, 0, -2), available, GOOD, ""),
        ("something in it", line.format(bench.disk, 32768, -2), available, GOOD, "resumed"),
        (
            "too much in it",
            line.format(bench.disk, 32769, 5),
            available,
            FAILED,
            "is swap with 32 " "MiB in it, which do not fit into the 64 MiB",
        ),
        ("nobody knows what is free", line.format(bench.disk, 0, 5), "", FAILED, "into the 0 MiB"),
    ]
    kept = []

    def leave(first: bytes) -> bytes:
        with open(bench.disk, "rb") as file:
            file.seek(PAGE)
            kept.append(file.read(PAGE))
        return image(usual(bench), token=first[8:40], state=CONSUMED)[:PAGE]

    for name, swaps, more, code, words in cases:
        bench.file("proc/swaps", swaps)
        bench.file("proc/meminfo", meminfo + more)
        bench.insert(header, pages)
        kept.clear()
        ran = save(bench, leave)
        right = {"header": bench.disk.read_bytes()[:PAGE] == header}
        right["kept"] = kept == ([header] if code == GOOD else [])
        bench.expect(f"swap: {name}", ran, code, words, **right)
    bench.file("proc/meminfo", meminfo)
    bench.file("proc/swaps", heading)
    bench.insert(b"x" * PAGE + header, pages)
    kept.clear()
    bench.expect("no swap", save(bench, leave), GOOD, "disk: resumed")
    bench.tap.same("nothing is kept", [bytes(PAGE)], kept)
    head = bench.disk.read_bytes()[:PAGE]
    bench.tap.same("and nothing is put back", bytes(PAGE), head)
    check_swap_again(bench, header)


def check_swap_again(bench: Bench, header: bytes) -> None:
    """Who voids an image in swap leaves swap."""
    pages = bench.disk.stat().st_size // PAGE
    job(bench)
    mark = bench.disk.read_bytes()[:PAGE]
    for name, first in (("an image", image(usual(bench))[:PAGE]), ("a mark", mark)):
        bench.insert(first + header, pages)
        leave = lambda first: image(usual(bench), token=first[8:40], state=CONSUMED)[:PAGE]
        ran = save(bench, leave)
        again = bench.disk.read_bytes()[:PAGE] == header
        bench.expect(f"swap: a save over {name}", ran, GOOD, "disk: resumed", again=again)
        bench.insert(first + header)
        bench.expect(f"abort: {name} on swap", bench.on("abort"), GOOD, "disk: voided\n$")
        right_now = bench.disk.read_bytes()[:PAGE] == header
        bench.tap.ok(right_now, f"abort: {name}: it is swap again")
    ran = bench.on("abort")
    bench.expect(
        "abort: swap", ran, NOTHING, "no image", kept=bench.disk.read_bytes()[:PAGE] == header
    )
    bench.machine([*RANGES[:3], (RAM_END, RAM_END + 2 * MIB - 1, "Reserved")])
    text = image(usual(bench))
    bench.insert(text[:PAGE] + header + text[FIRST:])
    ran = bench.on("resume")
    again = bench.disk.read_bytes()[:PAGE] == header
    bench.expect("swap: an image that is refused for ever", ran, FAILED, "was voided", again=again)
    bench.machine(RANGES)


def check_waiting(bench: Bench) -> None:
    """The device may be there only later."""
    bench.machine(RANGES)
    bench.insert(image(usual(bench)))
    hidden = bench.disk.rename(bench.place / "hidden")
    bench.refused("no device", bench.on("verify"), "disk: No such file or directory")
    bench.refused("no device for a second", bench.on("verify", "--wait", "1"), "disk: No such file")
    timer = threading.Timer(1, lambda: hidden.rename(bench.disk))
    timer.start()
    bench.expect("the device is late", bench.on("verify", "--wait", str(CALL_S)), GOOD)
    timer.join()
    for text in ("x", "-1", "3601", ""):
        ran = bench.on("resume", "--wait", text)
        words = "--wait takes a number of seconds, at most an hour"
        bench.expect(f"usage: --wait {text!r}", ran, USAGE, words)


def check_manual(bench: Bench) -> None:
    """The manual page has all options."""
    page = Path(__file__).resolve().parents[2] / "ras" / "ras-hibernate.8"
    text = page.read_text(encoding="utf-8")
    for command in ("save", "resume", "verify", "status", "abort"):
        options = re.findall(r"^ +--([a-z-]+)", bench.run(command, "--help").out, re.M)
        lacking = [name for name in options if "\\-" + name not in text]
        bench.tap.same(f"{command}: its options are in the manual page", [], lacking)
        bench.tap.ok(f".It Cm {command}" in text, f"{command} is in the manual page")


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    if os.uname().machine != "x86_64":
        return tap.skip_all("ras-hibernate is for x86-64")
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "hibernate-image"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    program = f"{place}/ras-hibernate"
    without = [f"O={place}/without", f"CFLAGS={tools.PLAIN}", "WITHOUT=lz4 zstd"]
    tools.build(
        sources,
        [f"O={place}", f"CFLAGS={tools.SANITIZED}", program],
        [*without, f"{place}/without/ras-hibernate"],
    )
    bench = Bench(tap, place)
    checks: list[Callable[[Bench], None]] = [check_saving, check_methods, check_order, check_memory]
    checks += [check_threads, check_esc, check_without, check_failures, check_machine]
    checks += [check_spoiled, check_mounts, check_save, check_mounted, check_swap]
    checks += [check_waiting, check_manual]
    for check in checks:
        check(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
