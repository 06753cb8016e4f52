#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-dump, with dumps that are made here: what it shows, which damage it finds, and that no
file, whatever is in it, makes it crash, run on or take what there is of memory."""

from __future__ import annotations

import ctypes
import gzip
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
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab, LabError
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, DAMAGED, TROUBLE, CUT = range(4)
PAGE, DESC = 4096, 24
TABLE = 4 * PAGE
RAW, ZLIB, LZO, SNAPPY, INCOMPLETE, ZSTD = 0, 1, 2, 4, 8, 0x20
BITS = 2000
# So that dumps of some hundred pages are large.
SMALL = "-DWINDOW_BYTES=512 -DPLACES=64"
ZEROS = (RAW, bytes(PAGE))
# A page of zeros, as LZO makes it.
LZO_ZEROS = bytes.fromhex(
    "02000000000020000000000000000000000000000000da10000c000000000000000000000000000000110000"
)
# What --json has to say of the dump of most tests, but for what depends on the libraries.
INFO = """{"file": "vmcore", "version": 6, "cut_off": false, "result": "shown",
    "sysname": "Linux", "node": "(none)", "release": "6.1.0", "kernel_version": "#1 SMP",
    "machine": "x86_64", "domain": "(none)", "time": "2026-11-22T09:44:07Z", "time_of": "crash",
    "level": 31, "cpus": 2, "notes": [{"pid": 89}, {"pid": 0}], "page_size": 4096,
    "page_frames": 2000, "memory_pages": 2000, "excluded_pages": 1680, "dumped_pages": 320,
    "missing_pages": 0, "damaged_pages": 0, "zero_pages": 53, "phys_base": 16777216,
    "stored": {"raw": 107, "zlib": 54, "lzo": 53, "snappy": 53, "zstd": 53}}"""
CHECK = """{"file": "vmcore", "problem_count": 1, "pages": 320, "good_pages": 319,
    "problems": ["the header says that there are 3 CPUs, the notes have 2"],
    "damaged_pages": 1, "missing_pages": 0, "unreadable_pages": 0, "cut_off": false,
    "result": "damaged"}"""


def by_library(name: str, function: str, page: bytes) -> bytes:
    """A page as a library compresses it."""
    library = ctypes.CDLL(name)
    out, room = ctypes.create_string_buffer(2 * PAGE), ctypes.c_size_t(2 * PAGE)
    size = ctypes.c_size_t(len(page))
    if function == "ZSTD_compress":
        library.ZSTD_compress.restype = ctypes.c_size_t
        made = library.ZSTD_compress(out, room, page, size, 1)
        return out.raw[:made]
    more = [ctypes.create_string_buffer(1 << 17)] if function == "lzo1x_1_compress" else []
    if getattr(library, function)(page, size, out, ctypes.byref(room), *more) != 0:
        raise LabError(f"{function} does not compress")
    return out.raw[: room.value]


@dataclass
class Bench:
    """Where dumps are made and the program runs."""

    tap: Tap
    place: Path
    maker: ModuleType
    stored: dict[int, tuple[int, bytes]]

    @property
    def sources(self) -> Path:
        """The sources."""
        return Path(self.maker.__file__ or "").parent

    @property
    def stored_bytes(self) -> int:
        """What the pages of most tests take, with the one of zeros."""
        others = (page for page in self.stored.values() if page != ZEROS)
        return PAGE + sum(len(page) for _, page in others)

    @property
    def file(self) -> Path:
        """The dump of most tests."""
        return self.place / "vmcore"

    def dump(self, **change: Any) -> bytes:
        """A good dump of all kinds of pages; changes are those of make-corpus-dump."""
        made: bytes = self.maker.dump(change.pop("stored", self.stored), bits=BITS, **change)
        return made

    def descriptor(self, dump: bytes, rank: int) -> tuple[int, int, int]:
        """Offset, size and flags of a page."""
        offset, size, flags = struct.unpack_from("<QII", dump, TABLE + rank * DESC)
        return offset, size, flags

    def run(
        self, *arguments: object, hook: str = "", memory: int = 0, program: str = "ras-dump"
    ) -> Ran:
        """Run the program."""
        env = {"LD_PRELOAD": str(self.place / "test-hook.so"), "RAS_HOOK": hook} if hook else {}
        *before, name = program.split()
        argv = [*before, self.place / name, *arguments]
        return tools.run(argv, self.place, env, {resource.RLIMIT_AS: memory}, CALL_S)

    def check(self, dump: bytes, *options: str) -> Ran:
        """Check a dump."""
        self.file.write_bytes(dump)
        return self.run("check", "-q", *options, "vmcore")

    def call(self, name: str, *argv: object) -> None:
        """A test that a command succeeds and says nothing on standard error."""
        tools.call(self.tap, self.place, name, *argv)

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)


def pages_of(maker: ModuleType) -> dict[int, tuple[int, bytes]]:
    """Some hundred pages, stored in each way."""
    rand = random.Random(6)
    pfns = sorted(rand.sample(range(BITS), 320))
    stored: dict[int, tuple[int, bytes]] = {}
    for number, pfn in enumerate(pfns):
        page = rand.randbytes(16) * 100 + rand.randbytes(96) + bytes(PAGE - 1696)
        ways = {
            0: lambda page: (RAW, rand.randbytes(PAGE)),
            1: lambda page: (ZLIB, maker.zlib_page(page)),
            2: lambda page: (LZO, by_library("liblzo2.so.2", "lzo1x_1_compress", page)),
            3: lambda page: (SNAPPY, by_library("libsnappy.so.1", "snappy_compress", page)),
            4: lambda page: (ZSTD, by_library("libzstd.so.1", "ZSTD_compress", page)),
            5: lambda page: (RAW, bytes(PAGE)),
        }
        stored[pfn] = ways[number % 6](page)
    return stored


def check_good(bench: Bench) -> None:
    """Dumps that are good."""
    whole = bench.dump()
    count = len(bench.stored)
    one_line = rf"^vmcore: good: all pages are there, {count}\n$"
    bench.expect("a dump of all kinds of pages is good", bench.check(whole), GOOD, one_line)
    ran = bench.run("check", "-q", "vmcore", program="plain/ras-dump")
    bench.expect("built as it is installed, it says the same", ran, GOOD, one_line)
    for version in range(1, 6):
        ran = bench.check(bench.dump(version=version))
        bench.expect(f"version {version} of the format", ran, GOOD)
    for size in (8192, 16384, 65536):
        text = f"PAGESIZE={size}\n".encode()
        stored = {5: (ZLIB, bench.maker.zlib_page(bytes(size))), 9: (RAW, b"\1" * size)}
        stored[12] = (ZLIB, bench.maker.zlib_page(b"\2" * size))
        ran = bench.check(bench.dump(stored=stored, page=size, text=text))
        bench.expect(f"pages of {size} bytes", ran, GOOD, "there, 3$")
    bench.expect("zeros before the pages", bench.check(bench.dump(gap=500)), GOOD)
    ran = bench.check(bench.dump(notes=b"", note_size=0, cpus=0))
    bench.expect("a dump without notes", ran, GOOD)
    bench.expect("a dump without vmcoreinfo", bench.check(bench.dump(text=b"")), GOOD)
    bench.expect("what was erased is listed", bench.check(bench.dump(erased=(TABLE, 9))), GOOD)
    ran = bench.check(bench.dump(level=0, stored={1: (RAW, bytes(PAGE)), 2: (LZO, LZO_ZEROS)}))
    bench.expect("no page", bench.check(bench.dump(stored={})), GOOD, "there, 0$")
    bench.expect("zeros without a shared place", ran, GOOD, "there, 2$")
    some = dict(list(bench.stored.items())[10:60])
    part = (min(some), max(some) + 1)
    made = bench.dump(stored=some, split=1, part=part, dumped=list(bench.stored))
    bench.expect("a part of a dump", bench.check(made), GOOD, "there, 50$")


def check_info(bench: Bench) -> None:
    """What info shows."""
    bench.file.write_bytes(bench.dump(memory=list(range(1800)) + list(bench.stored)))
    memory = len(set(range(1800)) | set(bench.stored))
    ran = bench.run("info", "vmcore")
    shown = dict(line.split(None, 1) for line in ran.out.splitlines())
    count = len(bench.stored)
    expected = {
        "format": f"kdump-compressed, version 6, {bench.file.stat().st_size} bytes",
        "kernel": "Linux 6.1.0 x86_64",
        "version": "#1 SMP",
        "time": "2026-11-22T09:44:07Z",
        "state": "whole",
        "level": "31: zeros, cache, cache with private data, user, free",
        "CPUs": "2, 2 with registers; they ran pids 89 0",
        "memory": f"{memory / 256:.1f} MiB {memory:>12} pages",
        "excluded": f"{(memory - count) / 256:.1f} MiB {memory - count:>12} pages",
        "dumped": f"{count / 256:.1f} MiB {count:>12} pages",
        "addresses": "up to 0x7d0000, pages of 4096 bytes",
        "stored": "107 raw, 54 zlib, 53 lzo, 53 snappy, 53 zstd; "
        "of the raw, 53 are zeros in one place",
        "phys_base": "0x1000000",
    }
    same = {name: shown.get(name) for name in expected}
    bench.tap.same("info shows what there is", expected, same)
    ratio = count * PAGE / bench.stored_bytes
    bench.tap.ok(shown["ratio"].startswith(f"{ratio:.2f}: "), "the ratio is right", ran.out)
    bench.tap.same("info ends well", GOOD, ran.code)
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("no time of the crash", {"text": b"X=1\n"}, r"time +2026-11-22T09:43:20Z \(of the dump\)"),
        ("no number", {"text": b"CRASHTIME=" + b"9" * 20}, r"time +2026-11-22T09:43:20Z \(of"),
        ("a time beyond all", {"text": b"CRASHTIME=9999999999999\n"}, "time +not known"),
        (
            "a cut dump",
            {"status": INCOMPLETE, "table": {3: [0, 0, 0]}},
            "cut off\n.*missing .* 1 p",
        ),
        ("many CPUs", {"notes": many_notes(bench, 20), "cpus": 20}, " 14 15 \\.\\.\\.\n"),
        (
            "names with a bell",
            {"names": (b"\7Lin\xffux",) + (b"\33[2Jx",) * 5},
            r"\?Lin\?ux \?\[2Jx",
        ),
        ("pages that are no memory", {"memory": []}, r"excluded +0\.0 MiB +0 pages"),
        ("a part", {"split": 1, "part": (0, BITS)}, "from 0 to 0x7d0000 of a dump in several"),
    ]
    for name, change, words in cases:
        bench.file.write_bytes(bench.dump(**change))
        bench.expect(f"info: {name}", bench.run("info", "vmcore"), GOOD, words)
    damage: dict[str, dict[str, Any]] = {"notes that end early": {"note_size": 400}}
    damage["a page that cannot be there"] = {"table": {5: [1 << 40, 100, LZO]}}
    for name, change in damage.items():
        bench.file.write_bytes(bench.dump(**change))
        ran = bench.run("info", "vmcore")
        bench.expect(f"info: damage is told: {name}", ran, DAMAGED, "damaged: see ras-dump check")


def many_notes(bench: Bench, count: int) -> bytes:
    """Notes of small CPUs."""
    return b"".join(bench.maker.cpu_note(pid, 40) for pid in range(count))


def check_json(bench: Bench) -> None:
    """The objects."""
    bench.file.write_bytes(bench.dump())
    shown = json.loads(bench.run("info", "--json", "vmcore").out)
    size = bench.file.stat().st_size
    expected = json.loads(INFO) | {"bytes": size, "stored_bytes": bench.stored_bytes}
    bench.tap.same("info --json says all", expected, shown)
    ran = bench.check(bench.dump(table={4: [TABLE, 9, LZO]}, cpus=3), "--json")
    found = json.loads(ran.out)
    page = found.pop("damaged")[0]
    bench.tap.same("check --json says all", json.loads(CHECK), found)
    pfn = sorted(bench.stored)[4]
    reason = page.pop("reason")
    same = page == {"pfn": pfn, "address": pfn * PAGE, "offset": TABLE}
    bench.tap.ok(same and "end of the descriptors" in reason, "of a page as well", f"{page}")
    text = (bench.sources / "ras-dump.8").read_text(encoding="utf-8")
    described = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"^\.(?:It )?Li .*$", text, re.M))))
    lacking = (set(shown) | set(found) | {"damaged", "reason"}) - described
    bench.tap.same("the manual page describes all of it", "", " ".join(sorted(lacking)))
    for result, code, change in (
        ("good", GOOD, {}),
        ("pages missing", CUT, {"status": INCOMPLETE}),
    ):
        ran = bench.check(bench.dump(**change), "--json")
        good = json.loads(ran.out)["result"] == result
        bench.expect(f'check --json says "{result}"', ran, code, good=good)
    for result, code, file in (("refused", TROUBLE, b"x"), ("damaged", DAMAGED, bench.dump()[:99])):
        bench.file.write_bytes(file)
        for command in ("info", "check"):
            ran = bench.run(command, "--json", "vmcore")
            said = json.loads(ran.out)
            good = set(said) == {"file", "result", "error"} and said["result"] == result
            bench.expect(f"{command} --json of what is {result}", ran, code, good=good)
    name = 'a"\\\n\te'
    shutil.copy(bench.file, bench.place / name)
    ran = bench.run("check", "--json", name)
    bench.tap.same("--json has any name", name, json.loads(ran.out)["file"])


def put(file: bytes, at: int, data: bytes) -> bytes:
    """Bytes in the place of others."""
    return file[:at] + data + file[at + len(data) :]


def check_refused(bench: Bench) -> None:
    """Files that are no dump of this format."""
    whole = bench.dump()
    files = {
        "an ELF file": (b"\x7fELF" + bytes(100), "is an ELF file; .*makedumpfile -l -d 31"),
        "a flattened dump": (b"makedumpfile\0\0\0\0" + whole, "flattened format; .*-R NEW < FILE"),
        "one of diskdump": (b"DISKDUMP" + whole[8:], "diskdump"),
        "an area": (b"RASDUMP2" + bytes(5000), "ras-savecore fetches"),
        "one that is compressed": (gzip.compress(whole), "by gzip; decompress it"),
        "an empty file": (b"", "is empty"),
        "seven bytes": (whole[:7], "is no dump"),
        "text": (b"a dump of text\n", "is no dump: it does not begin with"),
        "version 0": (put(whole, 8, bytes(4)), "version 0 of the format; versions 1 to 6"),
        "version 7": (put(whole, 8, b"\7"), "version 7 of the format; versions 1 to 6"),
        "version -1": (put(whole, 8, b"\xff" * 4), "version -1 of the format"),
    }
    for name, (file, words) in files.items():
        bench.file.write_bytes(file)
        for command in ("info", "check"):
            ran = bench.run(command, "vmcore")
            one_line = ran.err.count("\n") == 1 and not ran.out
            bench.expect(f"{command} refuses {name}", ran, TROUBLE, words, one_line=one_line)
    os.mkfifo(bench.place / "fifo")
    strange = {"fifo": "neither a file", ".": "is a directory", "missing": "No such file"}
    for file, words in (strange | {"/proc/self/mem": "no size"}).items():
        ran = bench.run("check", file)
        bench.expect(f"check refuses {file}", ran, TROUBLE, f"^ras-dump: {file}: .*{words}")


def check_unreadable(bench: Bench) -> None:
    """A file that may not be read, errors of the disk, and a signal."""
    whole = bench.dump()
    bench.file.write_bytes(whole)
    bench.file.chmod(0)
    without = "setpriv --bounding-set=-all --inh-caps=-all" if os.geteuid() == 0 else ""
    ran = bench.run("check", "vmcore", program=f"{without} plain/ras-dump")
    bench.expect("check refuses what it may not read", ran, TROUBLE, "vmcore: Permission denied")
    bench.file.chmod(0o600)
    codes = [0] * 100
    wrong, number = [], 0
    while len(wrong) < 4 and number < 3000:
        number += 1
        ran = bench.run("check", "-q", "vmcore", hook=f"fail:{number}:5", program="plain/ras-dump")
        told = "Input/output error" in ran.out + ran.err
        codes[ran.code] += 1
        if not told and ran.code == GOOD and number > 100:
            break
        # One read is made again.
        if told == (ran.code == GOOD) or codes[GOOD] > 1:
            wrong.append(f"read {number}: {ran}")
    good = not wrong and codes[DAMAGED] > 200 and codes[TROUBLE] > 4
    bench.tap.ok(good, "an error of any read is told", f"{codes[:4]}\n" + "\n".join(wrong))
    ran = bench.run("info", "vmcore", hook="fail:4:5", program="plain/ras-dump")
    bench.expect("info tells one as well", ran, TROUBLE, "vmcore: .*Input/output error")
    ran = bench.run("check", "--json", "vmcore", hook="term:200", program="plain/ras-dump")
    said = json.loads(ran.out)
    good = said["error"] == "SIGTERM" and said["result"] == "not checked"
    bench.expect(
        "a signal ends a check", ran, TROUBLE, "not checked to the end: SIGTERM", good=good
    )


def fields() -> list[tuple[str, dict[str, Any], str]]:
    """Headers, notes and bitmaps that are damaged: what, how, and what is said."""
    far, text = 2**64 - 1, b"OSRELEASE=6.1.0\n"
    return [
        ("bitmap_blocks is odd", {"blocks": 3}, "two bitmaps have 3 blocks"),
        ("bitmap_blocks is 0", {"blocks": 0}, "two bitmaps have 0 blocks"),
        ("bitmap_blocks is 2^32-2", {"blocks": 2**32 - 2}, "no page can be found"),
        ("sub_header_blocks is 0", {"sub_blocks": 0}, "second one has 0 blocks"),
        ("sub_header_blocks is 2^31-1", {"sub_blocks": 2**31 - 1}, "no page can be found"),
        ("sub_header_blocks is -1", {"sub_blocks": 2**32 - 1}, "second one has -1 blocks"),
        ("max_mapnr_64 is less", {"bits_64": BITS - 1}, "there are 2000 page frames, .* 1999"),
        ("max_mapnr_64 is 0", {"bits_64": 0}, "there are 2000 page frames, the second one 0"),
        ("max_mapnr_64 is 2^60", {"bits_64": 2**60}, f"there are {2**60} page frames"),
        ("max_mapnr_64 is 2^64-1", {"bits_64": far}, f"there are {far} page frames"),
        ("more page frames than bits", {"bits_64": 40000}, "40000 page frames, .* are for 32768"),
        ("the status is not known", {"status": 0xC2}, "status .* is 0xc2, of which 0xc0"),
        ("the level is 32", {"level": 32}, "level is 32"),
        ("a name has no end", {"names": (b"x" * 65,) * 6}, "the sysname .* has no end"),
        ("PAGESIZE is another", {"text": b"PAGESIZE=8192\n"}, "4096 bytes, vmcoreinfo 8192"),
        ("vmcoreinfo is another", {"noted": text}, "in its note is not the one"),
        (
            "a letter is another",
            {"text": b"X=1\n", "noted": b"X=2\n"},
            "in its note is not the one",
        ),
        ("vmcoreinfo is longer", {"text": text, "noted": text + b"\0"}, "in its note is not"),
        ("there are more CPUs", {"cpus": 1}, "there are 1 CPUs, the notes have 2"),
        ("there are fewer CPUs", {"cpus": 3}, "there are 3 CPUs, the notes have 2"),
        ("there are -1 CPUs", {"cpus": -1}, "there are -1 CPUs"),
        ("the notes end early", {"note_size": 400}, "byte 356 of the notes is no note"),
        ("the notes have a byte more", {"note_size": 5}, "byte 0 of the notes is no note"),
        ("the notes end in the bitmaps", {"note_size": 9000}, "9000 bytes .* between the headers"),
        ("the notes have 2^64-1 bytes", {"note_size": far}, f"notes are said to have {far}"),
        ("what was erased is far", {"erased": (far, far)}, "was erased, .* is not in the file"),
        ("a part that ends first", {"split": 1, "part": (9, 9)}, "from page frame 9 to 9 of 2000"),
        ("a part that is larger", {"split": 1, "part": (0, BITS + 1)}, "frame 0 to 2001 of 2000"),
        (
            "bits behind the last",
            {"dumped": [BITS + 7], "stored": {}},
            "last page frame: 1, .*0x7d7",
        ),
        ("a page is no memory", {"memory": []}, "first bitmap does not have: 320, the first is 0x"),
    ]


def check_headers(bench: Bench) -> None:
    """Each thing that the headers, the notes and the bitmaps may have wrong."""
    for name, change, words in fields():
        ran = bench.check(bench.dump(**change))
        bench.expect(f"headers: {name}", ran, DAMAGED, words)
    cpu, text = bench.maker.cpu_note, b"X=1\n"
    only = bench.dump(notes=cpu(1) + cpu(2, 300))
    bench.expect("a note of a CPU is short", bench.check(only), DAMAGED, "note 2 of a CPU has 300")
    ended = bench.check(bench.dump(notes=cpu(1) + bytes(12) + cpu(2)))
    bench.expect("a note is zeros", ended, DAMAGED, "byte 356 of the notes is no note")
    padded = bench.maker.note(b"VMCOREINFO", 0, text)
    size = 2 * len(cpu(1)) + len(padded)
    ran = bench.check(bench.dump(text=text, note_size=size + 40))
    bench.expect("zeros behind the notes are none", ran, GOOD)
    ran = bench.check(bench.dump(text=text, note_size=2 * len(cpu(1))))
    bench.expect(
        "the note of vmcoreinfo is not there", ran, DAMAGED, "notes do not have vmcoreinfo"
    )
    whole = bench.dump()
    sub = PAGE + 32
    for at, number, words in (
        (sub, 2**63, "vmcoreinfo has .* the file ends"),
        (sub + 8, 2**63, "vmcoreinfo is said to have"),
        (sub, 20000, "vmcoreinfo, .* does not lie between"),
        (sub, 60, "vmcoreinfo, .* does not lie between"),
        (sub + 16, 2**63, "the notes have .* the file ends"),
    ):
        ran = bench.check(put(whole, at, struct.pack("<Q", number)))
        bench.expect(f"byte {at} of the file says {number}", ran, DAMAGED, words)
    for size in (0, 1, 2048, 4097, 12288, 131072, 2**31):
        ran = bench.check(put(whole, 428, struct.pack("<I", size)))
        bench.expect(f"pages of {size} bytes are none", ran, DAMAGED, f"pages have {size} bytes")
    ran = bench.check(whole[: 2 * PAGE] + bytes(PAGE) + whole[2 * PAGE :], "--all")
    bench.expect("the bitmaps are somewhere else", ran, DAMAGED)
    # Each has a block more, which moves the descriptors into what was left free for that.
    end = TABLE + DESC * len(bench.stored)
    wide = put(bench.dump(gap=2 * PAGE), 436, struct.pack("<I", 4))
    moved = wide[3 * PAGE : TABLE] + bytes(PAGE) + wide[TABLE:end] + wide[end + 2 * PAGE :]
    ran = bench.check(wide[: 3 * PAGE] + bytes(PAGE) + moved)
    bench.expect(
        "bitmaps that are larger",
        ran,
        DAMAGED,
        "bitmaps have 4 blocks, [^\n]* need 2\n.*: 320 of 320",
    )


def check_pages(bench: Bench) -> None:
    """Each thing that may be wrong with a page."""
    whole = bench.dump()
    end = TABLE + DESC * len(bench.stored)
    pfns = sorted(bench.stored)
    lzo, raw = bench.descriptor(whole, 8), bench.descriptor(whole, 6)
    last = bench.descriptor(whole, 9)
    far = 2**64 - 1
    cases: list[tuple[str, int, list[int], str]] = [
        ("has no size", 8, [lzo[0], 0, LZO], "takes 0 bytes"),
        ("has a byte more than a page", 8, [lzo[0], PAGE + 1, LZO], "4097 bytes, a page has 4096"),
        ("has the most bytes", 8, [lzo[0], 2**32 - 1, LZO], "4294967295 bytes"),
        ("is raw and small", 6, [raw[0], PAGE - 1, RAW], "4095 bytes and is not compressed"),
        ("has unknown flags", 8, [lzo[0], lzo[1], 0x40], "flags are 0x40"),
        ("has two flags", 8, [lzo[0], lzo[1], LZO | ZLIB], "flags are 0x3"),
        ("has all flags", 8, [lzo[0], lzo[1], 2**32 - 1], "flags are 0xffffffff"),
        ("is in the headers", 8, [lzo[0] - lzo[0], lzo[1], LZO], f"descriptors, which is at {end}"),
        ("is a byte too early", 8, [end - 1, lzo[1], LZO], f"descriptors, which is at {end}"),
        ("is at the end", 8, [len(whole), lzo[1], LZO], f"file ends after {len(whole)}"),
        ("ends a byte behind", 8, [len(whole) - lzo[1] + 1, lzo[1], LZO], "file ends after"),
        ("is beyond all", 8, [far, lzo[1], LZO], "file ends after"),
        ("is cut", 8, [lzo[0], lzo[1] - 1, LZO], "lzo finds it damaged"),
        ("is another's", 8, [last[0], last[1], LZO], "lzo finds "),
    ]
    cases += [
        (f"is taken for {name}", 8, [lzo[0], lzo[1], flags], name)
        for name, flags in (("zlib", ZLIB), ("snappy", SNAPPY), ("zstd", ZSTD))
    ]
    for name, rank, values, words in cases:
        pfn = pfns[rank]
        place = f"physical address {pfn * PAGE:#x}, byte {values[0]} of the file"
        line = rf"page {pfn:#x}, {place}: [^\n]*{words}"
        ran = bench.check(bench.dump(table={rank: values}))
        total = "319 of 320 pages are good, 1 damaged" in ran.out
        bench.expect(f"a page {name}", ran, DAMAGED, line, total=total)


def check_content(bench: Bench) -> None:
    """Pages that do not decompress to a page."""
    maker, page = bench.maker, b"\7" * PAGE
    zlib_page, snappy = maker.zlib_page, maker.snappy_page
    huge = b"\xff\xff\xff\xff\x0f"

    def lzo(data: bytes) -> bytes:
        return by_library("liblzo2.so.2", "lzo1x_1_compress", data)

    cases = [
        ("lzo: a byte less", LZO, lzo(page[1:]), "lzo makes 4095 bytes of it"),
        ("lzo: a byte more", LZO, lzo(page + b"7"), "lzo finds more than a page"),
        ("lzo: a byte behind", LZO, lzo(page) + b"7", "lzo finds it damaged"),
        ("zlib: a byte less", ZLIB, zlib_page(page[1:]), "zlib makes 4095 bytes of it"),
        ("zlib: a byte more", ZLIB, zlib_page(page + b"7"), "zlib finds no end"),
        ("zlib: a byte behind", ZLIB, zlib_page(page) + b"7", "zlib leaves bytes behind"),
        ("zlib: no end", ZLIB, zlib_page(page)[:-1], "zlib finds no end"),
        ("zlib: a wrong sum", ZLIB, zlib_page(page)[:-1] + b"7", "zlib finds it damaged"),
        ("zstd: a byte less", ZSTD, maker.zstd_page(7, PAGE - 1), "zstd makes 4095 bytes of it"),
        ("zstd: a byte more", ZSTD, maker.zstd_page(7, PAGE + 1), "zstd finds it damaged"),
        ("zstd: a byte behind", ZSTD, maker.zstd_page(7, PAGE) + b"7", "zstd finds it damaged"),
        ("snappy: a byte less", SNAPPY, b"\xff\x1f" + snappy(page)[2:], "snappy finds it damaged"),
        ("snappy: a byte more", SNAPPY, b"\x81\x20" + snappy(page)[2:], "snappy finds more than"),
        ("snappy: 4 GiB", SNAPPY, huge + snappy(page), "snappy finds more than a page"),
        ("snappy: no end", SNAPPY, snappy(page)[:-1], "snappy finds it damaged"),
        ("snappy: empty", SNAPPY, b"\0", "snappy makes 0 bytes of it"),
    ]
    for name, flags, data, words in cases:
        ran = bench.check(bench.dump(stored={7: (flags, data)}))
        bench.expect(name, ran, DAMAGED, rf"page 0x7,[^\n]* of the file: {words}.*0 of 1 pages")
    whole = bench.dump()
    for rank, name in ((7, "zlib"), (8, "lzo"), (9, "snappy"), (10, "zstd")):
        offset, size, _ = bench.descriptor(whole, rank)
        spoilt = put(whole, offset, bytes([whole[offset] ^ 0x50]))
        bench.expect(f"{name}: a flipped byte", bench.check(spoilt), DAMAGED, name)
        pfn = sorted(bench.stored)[rank]
        ran = bench.check(put(whole, offset, bytes(size)))
        bench.expect(f"{name}: zeros", ran, DAMAGED, f"page {pfn:#x}.* {name} .*, 1 damaged")


def check_layout(bench: Bench) -> None:
    """Pages and descriptors that do not fit each other."""
    whole = bench.dump()
    pfns = sorted(bench.stored)
    lzo, raw = bench.descriptor(whole, 8), bench.descriptor(whole, 6)
    ran = bench.check(bench.dump(table={12: [raw[0] + 8, PAGE, RAW]}))
    at = rf"page {pfns[12]:#x}, at byte {raw[0] + 8} of the file, overlaps with page {pfns[6]:#x}"
    bench.expect("pages overlap by most of a page", ran, DAMAGED, at)
    ran = bench.check(bench.dump(table={14: [lzo[0], lzo[1] - 1, LZO]}))
    bench.expect("pages begin together", ran, DAMAGED, f"begin at byte {lzo[0]} .* sizes differ")
    ran = bench.check(bench.dump(table={14: list(lzo)}))
    words = f"one place, at byte {lzo[0]} of the file: 2, one is {pfns[8]:#x}; it is not the page"
    bench.expect("pages share a place", ran, DAMAGED, words)
    zeros = bench.descriptor(whole, 5)[0]
    ran = bench.check(put(whole, zeros + 99, b"\1"))
    words = f"one place, at byte {zeros} of the file: 53, one is {pfns[5]:#x}; it is not the page"
    bench.expect("the page of zeros is none", ran, DAMAGED, words)
    order = list(range(12, 300, 6))
    values = [bench.descriptor(whole, rank) for rank in reversed(order)]
    ran = bench.check(bench.dump(table=dict(zip(order, map(list, values)))))
    bench.expect("pages in any order", ran, GOOD)
    for gap in (0, 100):
        ran = bench.check(bench.dump(gap=gap, dumped=pfns[:9] + pfns[10:]))
        words = "there is one more: bitmap 2 does not fit"
        bench.expect(f"a bit less, and {gap} zeros before the pages", ran, DAMAGED, words)
        other = next(pfn for pfn in range(pfns[9], BITS) if pfn not in pfns)
        ran = bench.check(bench.dump(gap=gap, dumped=pfns + [other]))
        words = "320 of 321 pages are there" if gap else "page .*: it.*of 321 pages"
        title = f"a bit more, and {gap} zeros before the pages"
        bench.expect(title, ran, CUT if gap else DAMAGED, words)
    ran = bench.check(put(whole, raw[0], bytes(PAGE)))
    words = f"page {pfns[6]:#x},.*there are zeros, and the dump stores pages of zeros at byte"
    bench.expect("a raw page is zeros elsewhere", ran, DAMAGED, words + ".*319 of 320")
    live = {pfn: (RAW, bytes([pfn // 1000, pfn % 2]) + bytes(PAGE - 2)) for pfn in range(1500)}
    data = b"".join(page for _, page in live.values())
    start = TABLE + DESC * len(live)
    table = {rank: [start + PAGE * rank, PAGE, RAW] for rank in range(len(live))}
    ran = bench.check(bench.dump(stored=live, table=table)[:start] + data)
    bench.expect("which may be in a live dump, which stores each page", ran, GOOD, "there, 1500")
    bench.file.write_bytes(put(whole, raw[0], bytes(PAGE)))
    subprocess.run(["fallocate", "--dig-holes", str(bench.file)], timeout=CALL_S, check=False)
    ran = bench.run("check", "-q", "vmcore")
    bench.expect("nor does a hole hide it", ran, DAMAGED, words)
    bench.file.write_bytes(put(whole, lzo[0], bytes(lzo[1])))
    bench.expect("a hole in a compressed page", bench.run("check", "-q", "vmcore"), DAMAGED, "lzo")


def check_overlaps(bench: Bench) -> None:
    """Wherever in the file pages overlap: it is looked at part by part."""
    whole = bench.dump()
    pfns = sorted(bench.stored)
    wrong = []
    for rank in range(0, len(pfns) - 6, 6):
        start = bench.descriptor(whole, rank)[0]
        # The last byte of a raw page is the first of another.
        ran = bench.check(bench.dump(table={rank + 6: [start + PAGE - 1, PAGE, RAW]}))
        words = f"page {pfns[rank + 6]:#x}, at byte {start + PAGE - 1} of the file, overlaps with"
        if ran.code != DAMAGED or f"{words} page {pfns[rank]:#x}, at byte {start}," not in ran.out:
            wrong.append(f"page {rank}: {ran}")
    bench.tap.same("pages overlap by a byte, anywhere", "", "\n".join(wrong))


def check_cut(bench: Bench) -> None:
    """Dumps that were cut off, and those that have become shorter."""
    missing = {rank: [0, 0, 0] for rank in (3, 50, 319)}
    cut = bench.dump(status=LZO | INCOMPLETE, table=missing)
    words = "good, but cut off: 317 of 320 pages are there and good, 3 missing"
    bench.expect("a dump that was cut off", bench.check(cut), CUT, words)
    words = "good, but pages could not be read: 317 of 320 pages are there and good, 3 missing"
    whole = bench.dump(table=missing)
    bench.expect("a dump that lacks pages", bench.check(whole), CUT, words)
    lzo = bench.descriptor(cut, 8)
    spoilt = put(cut, lzo[0], bytes(lzo[1]))
    words = "damaged: 316 of 320 pages are good, 1 damaged, 3 missing"
    bench.expect("which is damaged besides", bench.check(spoilt), DAMAGED, words)
    whole = bench.dump(gap=PAGE)
    marked = bench.dump(gap=PAGE, status=INCOMPLETE)
    end = TABLE + DESC * len(bench.stored)
    last = bench.descriptor(whole, 200)
    for name, size, there in (
        ("before its last pages", last[0], None),
        ("in a page", last[0] + 1, None),
        ("before its first page", end, 0),
        ("in the descriptors", TABLE + 100, 0),
        ("before the descriptors", TABLE, 0),
    ):
        ran = bench.check(whole[:size])
        words = "the file ends (before its desc|after)"
        bench.expect(f"a file that ends {name}", ran, DAMAGED, words)
        ran = bench.check(marked[:size])
        count = int((re.findall(r"cut off: (\d+) of 320", ran.out) or ["-1"])[0])
        good = count == there if there is not None else 100 < count < 300
        bench.expect(f"and says so, {name}", ran, CUT, f"{320 - count} missing", good=good)
    for name, size in (("bitmaps", TABLE - 1), ("second header", PAGE + 9), ("header", 463)):
        ran = bench.check(marked[:size])
        bench.expect(f"one that ends in the {name}", ran, DAMAGED, "damaged: the file ends")
    far = {8: [1 << 40, 50, LZO]}
    ran = bench.check(bench.dump(status=INCOMPLETE, table=far))
    bench.expect("a page far behind the end is damaged", ran, DAMAGED, "319 of 320 .* 1 damaged")


def check_any_end(bench: Bench) -> None:
    """Wherever a file ends, and whatever a byte of its headers is, there is a verdict."""
    whole = bench.dump()
    rand = random.Random(7)
    sizes = [0, 7, 8, 463, 464, PAGE, PAGE + 104, 2 * PAGE, TABLE, TABLE + 24, len(whole) - 1]
    sizes += rand.sample(range(TABLE), 60) + rand.sample(range(TABLE, TABLE + 9000), 60)
    sizes += rand.sample(range(len(whole)), 200 - len(sizes))
    wrong = []
    for size in sizes:
        for command in ("check", "info"):
            bench.file.write_bytes(whole[:size])
            ran = bench.run(command, "vmcore")
            if ran.code != (TROUBLE if size < 8 else DAMAGED):
                wrong.append(f"{command}, {size} bytes: {ran}")
    bench.tap.same("a file that ends at any of 200 places is damaged", "", "\n".join(wrong))
    places = [*range(8, 12), *range(408, 464), *range(PAGE, PAGE + 104)]
    places += range(TABLE, TABLE + 2 * DESC)
    for at in places:
        ran = bench.check(put(whole, at, bytes([whole[at] ^ 0x81])), "--json")
        if ran.code not in (GOOD, DAMAGED, TROUBLE, CUT) or not json.loads(ran.out):
            wrong.append(f"byte {at}: {ran}")
    title = f"nor does any of {len(places)} bytes of the headers end it otherwise"
    bench.tap.same(title, "", "\n".join(wrong))


def check_bounds(bench: Bench) -> None:
    """What a file claims costs no time and no memory."""
    frames = 2**40
    blocks = frames // 8 // PAGE
    head = put(bench.dump(stored={}, bits_64=frames), 436, struct.pack("<I", 2 * blocks))
    head = put(head, 440, struct.pack("<I", 2**32 - 1))[: 2 * PAGE]
    bitmap = blocks * PAGE
    table = 2 * PAGE + 2 * bitmap
    with open(bench.file, "wb") as file:
        file.write(head)
        for which in (0, 1):
            file.seek(2 * PAGE + which * bitmap + 2**36)
            file.write(b"\1")
        file.seek(table)
        file.write(struct.pack("<QIIQ", table + 100, len(LZO_ZEROS), LZO, 0))
        file.seek(table + 100)
        file.write(LZO_ZEROS)
        file.truncate(2**42)
    words = "good: all pages are there, 1"
    ran = bench.run("check", "-q", "vmcore", program="plain/ras-dump", memory=400 << 20)
    bench.expect("a file of 4 TiB, nearly all of it holes", ran, GOOD, words)
    ran = bench.run("info", "vmcore", program="plain/ras-dump", memory=400 << 20)
    bench.expect("info of it", ran, GOOD, "addresses   up to 0x10000000000000,")
    with open(bench.file, "r+b") as file:
        file.truncate(2 * PAGE)
        file.truncate(table)
    ran = bench.run("check", "-q", "vmcore", program="plain/ras-dump")
    bench.expect("one with nothing but holes", ran, GOOD, "all pages are there, 0")
    bench.file.unlink()
    stored = {pfn: (LZO, LZO_ZEROS + bytes([pfn % 9])) for pfn in range(BITS)}
    many = bench.dump(stored=stored)
    ran = bench.check(many)
    words = "damaged pages that are not shown: 1990; .*0 of 2000 pages are good, 2000 damaged"
    bench.expect("ten pages are shown", ran, DAMAGED, words, ten=ran.out.count("page 0x") == 10)
    ran = bench.check(many, "--all")
    also = {"all": ran.out.count("page 0x") == 2000, "told": "not shown" not in ran.out}
    bench.expect("with --all, all of them", ran, DAMAGED, "2000 damaged", **also)
    notes = many_notes(bench, 30)
    for options, count in (((), 10), (("--all",), 30)):
        ran = bench.check(bench.dump(notes=notes, cpus=30), *options)
        also = {"count": ran.out.count("of a CPU") == count}
        also |= {"told": ("problems that are not shown: 20" in ran.out) == (count == 10)}
        bench.expect(
            f"of 30 problems {count} are shown", ran, DAMAGED, "other problems: 30", **also
        )
    said = json.loads(bench.check(many, "--json").out)
    bench.tap.same(
        "--json shows ten as well", (10, 2000), (len(said["damaged"]), said["damaged_pages"])
    )


def pages_in(dump: bytes, count: int) -> dict[int, tuple[int, bytes]]:
    """The pages of a dump, as they are stored; those that are missing are not there."""
    bitmap = int.from_bytes(dump[3 * PAGE : 4 * PAGE], "little")
    pfns = [pfn for pfn in range(8 * PAGE) if bitmap >> pfn & 1]
    pages = {}
    for rank, pfn in enumerate(pfns[:count]):
        offset, size, flags = struct.unpack_from("<QII", dump, TABLE + rank * DESC)
        if size:
            pages[pfn] = (flags, dump[offset : offset + size])
    return pages


def merge(bench: Bench, *parts: bytes, options: str = "-q", hook: str = "") -> Ran:
    """Merge dumps to the file of most tests."""
    names = [f"part-{number}" for number in range(len(parts))]
    for name, part in zip(names, parts):
        (bench.place / name).write_bytes(part)
    bench.file.unlink(missing_ok=True)
    return bench.run("merge", *options.split(), "vmcore", *names, hook=hook)


def without(bench: Bench, ranks: set[int], **change: Any) -> bytes:
    """A dump that was cut off: some descriptors are not there."""
    table = {rank: [0, 0, 0] for rank in ranks}
    return bench.dump(status=change.pop("status", LZO | INCOMPLETE), table=table, **change)


def check_merge(bench: Bench) -> None:
    """Parts of a dump make the whole."""
    rand, ranks = random.Random(11), set(range(320))
    some = set(rand.sample(range(320), 150))
    others = set(rand.sample(sorted(ranks - some), 120))
    cases: list[tuple[str, list[set[int]], int]] = [
        ("two, that have each what the other lacks", [some, others], 0),
        ("one is whole", [set(), some], 0),
        ("three, and some pages are in none", [some | {1, 2}, some, some | {3}], len(some)),
        ("one has nothing", [ranks, some], len(some)),
    ]
    for name, lacks, missing in cases:
        ran = merge(bench, *(without(bench, lack) for lack in lacks))
        made = bench.file.read_bytes()
        gone = set.intersection(*lacks)
        kept = {
            pfn: page for rank, (pfn, page) in enumerate(bench.stored.items()) if rank not in gone
        }
        good = {"pages": pages_in(made, 320) == kept, "mode": bench.file.stat().st_mode & 0o77 == 0}
        good["status"] = made[424] == LZO | (INCOMPLETE if missing else 0)
        words = f"{320 - missing} of 320 pages are there" if missing else "all pages are there, 320"
        bench.expect(f"merge: {name}", ran, CUT if missing else GOOD, words, **good)
        ran = bench.run("check", "-q", "vmcore")
        bench.expect("check says the same", ran, CUT if missing else GOOD, f"{320 - missing}")


def check_merge_pages(bench: Bench) -> None:
    """Which pages are taken."""
    pfns = list(bench.stored)
    few = dict(list(bench.stored.items())[::3])
    rest = {pfn: page for pfn, page in bench.stored.items() if pfn not in few}
    common = {"level": 31}
    ran = merge(bench, bench.dump(stored=few, **common), bench.dump(stored=rest, level=17))
    made = bench.file.read_bytes()
    good = {"pages": pages_in(made, 320) == bench.stored, "level": made[PAGE + 8] == 17}
    bench.expect("merge: bitmaps that differ", ran, GOOD, "there, 320", **good)
    cut = without(bench, set())
    ran = merge(bench, cut[: len(cut) // 2], bench.dump())
    good = {"pages": pages_in(bench.file.read_bytes(), 320) == bench.stored}
    bench.expect("merge: a file that was cut off", ran, GOOD, "part-1: [1-9].* taken\n", **good)
    bad = bench.dump()
    for rank in (1, 2, 7):
        bad = put(bad, bench.descriptor(bad, rank)[0], b"\xff" * 24)
    ran = merge(bench, bad, bench.dump(), options="-q --json")
    said = json.loads(ran.out)
    good = {"pages": pages_in(bench.file.read_bytes(), 320) == bench.stored}
    parts = [{"file": "part-0", "taken_pages": 317, "damaged_pages": 3}]
    parts += [{"file": "part-1", "taken_pages": 3, "damaged_pages": 0}]
    expected = {"output": "vmcore", "bytes": bench.file.stat().st_size, "files": parts}
    expected |= {"pages": 320, "good_pages": 320, "missing_pages": 0, "result": "good"}
    bench.expect("merge: pages that are damaged", ran, GOOD, **good)
    bench.tap.same("merge --json says all", expected, said)
    text = (bench.sources / "ras-dump.8").read_text(encoding="utf-8")
    text = text[text.index(".Cm merge\nhas:") :]
    names = [*said, *parts[0]]
    lacking = [name for name in names if not re.search(rf"^\.(It )?Li .*\b{name}\b", text, re.M)]
    bench.tap.same("the manual page describes it", [], lacking)
    ran = merge(bench, bad, bad)
    bench.expect("merge: damaged in both", ran, CUT, "317 of 320 .*, 3 missing")
    hole = bench.dump()
    raw = bench.descriptor(hole, 0)
    hole = put(hole, raw[0], bytes(PAGE))
    ran = merge(bench, hole, bench.dump())
    good = {"page": pages_in(bench.file.read_bytes(), 320)[pfns[0]] == bench.stored[pfns[0]]}
    bench.expect("merge: a hole is no page of zeros", ran, GOOD, "part-0: .* 1 are damaged", **good)
    stored = {5: ZEROS, 6: (LZO, LZO_ZEROS)}
    both = [bench.dump(stored=stored), bench.dump(stored={9: ZEROS, 10: ZEROS})]
    ran = merge(bench, *both)
    made = bench.file.read_bytes()
    zeros = {bench.descriptor(made, rank)[0] for rank in (0, 2, 3)}
    bench.expect("merge: zeros are stored once", ran, GOOD, "there, 4", once=len(zeros) == 1)


def check_merge_refused(bench: Bench) -> None:
    """What is not merged."""
    names = [b"Linux", b"(none)", b"6.1.0", b"#1 SMP", b"x86_64", b"(none)"]
    text = bench.maker.TEXT
    later = text.replace(b"CRASHTIME=1795340647", b"CRASHTIME=1795340648")
    cases: list[tuple[str, dict[str, Any], str]] = [
        (f"another {what}", {"names": tuple([*names[:at], b"x", *names[at + 1 :]])}, what)
        for at, what in enumerate(["sysname", "node name", "release", "version", "machine"])
    ]
    cases += [
        ("another place in memory", {"base": 0x2000000}, "phys_base differs"),
        ("another crash", {"text": later}, "vmcoreinfo differs"),
        ("more memory", {"bits_64": BITS + 1, "memory": list(range(BITS))}, "page frames differs"),
        (
            "other memory",
            {"memory": list(range(1, BITS))},
            "first bitmap differs, at page frame 0x0",
        ),
        ("a part of a split dump", {"split": 1, "part": (0, BITS)}, "makedumpfile --reassemble"),
        ("a list of what was erased", {"erased": (TABLE, 9)}, "what was erased"),
        ("another format", {"version": 9}, "version 9 of the format"),
    ]
    for name, change, words in cases:
        version = change.pop("version", 6)
        other = put(bench.dump(**change), 8, bytes([version]))
        ran = merge(bench, bench.dump(), other)
        left = bench.file.exists() or (bench.place / "vmcore.part").exists()
        bench.expect(f"merge refuses {name}", ran, TROUBLE, f"part-1: .*{words}", left=not left)
    page = {"stored": {5: (RAW, b"\1" * 8192)}, "page": 8192}
    ran = merge(bench, bench.dump(), bench.dump(**page))
    bench.expect("merge refuses larger pages", ran, TROUBLE, "part-1: .*size of a page differs")
    ran = merge(bench, *[bench.dump(text=b"PAGESIZE=4096\n")] * 2)
    bench.expect("merge refuses dumps of no known crash", ran, TROUBLE, "has no CRASHTIME")
    ran = merge(bench, bench.dump(), bench.dump()[:99])
    bench.expect("merge refuses half a header", ran, DAMAGED, "part-1: damaged: the file ends")
    ran = merge(bench, bench.dump(), bench.dump(), options="-q --json", hook="fail:pwrite64:28")
    said = json.loads(ran.out)
    good = said == {"file": "vmcore", "result": "refused", "error": "No space left on device"}
    bench.expect("merge: the disk is full", ran, TROUBLE, good=good, left=not bench.file.exists())
    bench.file.write_bytes(b"mine")
    ran = bench.run("merge", "-q", "vmcore", "part-0", "part-1")
    kept = bench.file.read_bytes() == b"mine"
    bench.expect("merge overwrites nothing", ran, TROUBLE, "vmcore: exists; it is not", kept=kept)
    bench.file.unlink()
    ran = bench.run("merge", "-q", "vmcore", "part-0", "part-1", program="without/ras-dump")
    bench.expect("merge without snappy", ran, TROUBLE, "part-0: ras-dump was built without snappy")
    ran = bench.run("merge", "vmcore", *["part-0"] * 17)
    bench.expect("merge: 17 dumps", ran, TROUBLE, "2 to 16 dumps are to be named")
    ran = bench.run("merge", "vmcore", *["part-0"] * 16)
    bench.expect("merge: 16 dumps", ran, GOOD, "merged 1.2 of 1.2 MiB")


def check_merge_errors(bench: Bench) -> None:
    """An error of any read, and a signal, make no dump that is not good."""
    rand = random.Random(12)
    lacks = [set(rand.sample(range(320), 100)) for _ in range(2)]
    parts = [without(bench, lack) for lack in lacks]
    wrong, codes = [], [0] * 100
    for what in ("fail", "term"):
        for number in [*range(1, 40), *rand.sample(range(40, 500), 30)]:
            ran = merge(bench, *parts, hook=f"{what}:{number}:5")
            codes[ran.code] += 1
            good = ran.code in (GOOD, CUT) or not bench.file.exists()
            if ran.code in (GOOD, CUT):
                good = bench.run("check", "-q", "vmcore").code in (GOOD, CUT)
            if not good or ran.code == DAMAGED or (bench.place / "vmcore.part").exists():
                wrong.append(f"{what} at call {number}: {ran}")
    good = not wrong and codes[TROUBLE] > 40 and codes[CUT] > 20
    bench.tap.ok(good, "merge: errors and signals", f"{codes[:4]}\n" + "\n".join(wrong))


def check_options(bench: Bench) -> None:
    """The command line."""
    bench.file.write_bytes(bench.dump())
    bench.expect("--help", bench.run("--help"), GOOD, "usage: ras-dump.* info .* check ")
    ran = bench.run("--version")
    bench.expect("--version", ran, GOOD, r"^ras-dump [0-9]+ \(zlib, lzo, snappy, zstd\)\n$")
    for command in ("info", "check", "merge"):
        ran = bench.run(command, "--help")
        bench.expect(f"{command} --help", ran, GOOD, f"^usage: ras-dump {command} .*Exit status: 0")
    wrong = ["", "what", "--what", "info", "check", "info a b", "check a b", "info --what vmcore"]
    wrong += [
        "check --what vmcore",
        "info --all vmcore",
        "check --json=1 vmcore",
        "check -x vmcore",
        "merge vmcore",
        "merge vmcore a",
        "merge --all vmcore a b",
    ]
    for words in wrong:
        ran = bench.run(*words.split())
        bench.expect(f"usage: {words}", ran, TROUBLE, "--help'", silent=not ran.out)
    argv = ["sh", "-c", 'exec "$@" > /dev/full', "sh", str(bench.place / "ras-dump")]
    done = subprocess.run(
        [*argv, "info", str(bench.file)], capture_output=True, timeout=CALL_S, check=False
    )
    ran = Ran(done.returncode, "", done.stderr.decode())
    bench.expect("standard output is full", ran, TROUBLE, "standard output: cannot be written")
    argv[2] = 'exec "$@" <&- >&- 2>&-'
    done = subprocess.run([*argv, "check", str(bench.file)], timeout=CALL_S, check=False)
    bench.expect("no descriptor is open", Ran(done.returncode, "", ""), GOOD)


def check_terminal(bench: Bench) -> None:
    """The progress, and where there is none."""
    lzo = bench.descriptor(bench.dump(), 302)
    bench.file.write_bytes(put(bench.dump(), lzo[0], bytes(lzo[1])))
    ours, theirs = pty.openpty()
    argv = [str(bench.place / "ras-dump"), "check", str(bench.file)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=theirs, timeout=CALL_S, check=False)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    line = r"\r *[0-9.]+%  .* of 1\.2 MiB  .* MiB/s  ETA [-:0-9]+ *"
    good = re.fullmatch(rf"({line})+\r\n({line})\r\n", shown) is not None
    ran = Ran(done.returncode, done.stdout.decode(), shown)
    bench.expect(
        "on a terminal a line is renewed, and ends before a page is named", ran, DAMAGED, good=good
    )
    for options, words in (((), r"checked 1\.2 of 1\.2 MiB in .* s, .* MiB/s\n$"), (("-q",), "^$")):
        ran = bench.run("check", *options, "vmcore")
        good = re.search(words, ran.err) is not None
        bench.expect(
            f"elsewhere there is one at the end, or none {options}", ran, DAMAGED, good=good
        )


def check_around(bench: Bench) -> None:
    """The inputs of the fuzzer, the manual page, and programs that lack libraries."""
    corpus = sorted((bench.place / "corpus-dump").iterdir())
    bench.tap.ok(len(corpus) >= 70, "the fuzzer has inputs")
    bench.call("they are replayed", bench.place / "replay-dump", *corpus)
    page = bench.sources / "ras-dump.8"
    bench.call("the manual page is clean", "groff", "-ww", "-mandoc", "-Tutf8", "-z", page)
    text = page.read_text(encoding="utf-8")
    pattern = r"^\.It Fl (?:. (?:Ar [a-z]+ )?, Fl )?\\-([a-z]+)"
    described = set(re.findall(pattern, text, re.M)) - {"version"}
    commands = re.findall("^  ([a-z]+) ", bench.run("--help").out, re.M)
    bench.tap.same("--help has all commands", 6, len(commands))
    named = [name for name in commands if not re.search(rf"^\.Ss .*\b{name}\b", text, re.M)]
    bench.tap.same("so has the manual page", [], named)
    options = "".join(bench.run(command, "--help").out for command in commands)
    found = set(re.findall(r"^ +(?:-., |    )--([a-z]+)", options, re.M))
    bench.tap.same("it has all options", sorted(found), sorted(described))
    bench.file.write_bytes(bench.dump())
    ran = bench.run("check", "-q", "vmcore", program="without/ras-dump")
    words = "pages that cannot be checked: 106; ras-dump was built with zlib, lzo\n$"
    bench.expect("a program without snappy and zstd says so", ran, TROUBLE, words)
    ran = bench.run("check", "-q", "--json", "vmcore", program="without/ras-dump")
    said = json.loads(ran.out)
    good = said["unreadable_pages"] == 106 and said["result"] == "not checked"
    bench.expect("also by --json", ran, TROUBLE, good=good and said["good_pages"] == 214)
    bench.file.write_bytes(bench.dump(cpus=7))
    ran = bench.run("check", "-q", "vmcore", program="without/ras-dump")
    bench.expect("damage counts more", ran, DAMAGED, "damaged: .*cannot be checked: 106")


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "ras-dump"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    tools.build_ras_dump(sources, place, SMALL, "replay-dump", "snappy zstd")
    maker = tools.load_maker(sources)
    bench = Bench(tap, place, maker, pages_of(maker))
    check_good(bench)
    check_info(bench)
    check_json(bench)
    check_refused(bench)
    check_unreadable(bench)
    check_headers(bench)
    check_pages(bench)
    check_content(bench)
    check_layout(bench)
    check_overlaps(bench)
    check_cut(bench)
    check_any_end(bench)
    check_bounds(bench)
    check_merge(bench)
    check_merge_pages(bench)
    check_merge_refused(bench)
    check_merge_errors(bench)
    check_options(bench)
    check_terminal(bench)
    check_around(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
