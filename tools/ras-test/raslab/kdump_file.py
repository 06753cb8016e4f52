# SPDX-License-Identifier: GPL-2.0
"""The files that hold a machine's memory, read without any tool: dumps in makedumpfile's format
(kdump-compressed, version 6, x86-64), and the ELF cores that QEMU writes.

Both are input from outside: whatever is wrong with a file raises DumpError, and nothing else.
They are mapped, not read: what a file takes in memory is its bitmaps.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeVar

from raslab.lab import LabError

PAGE = 4096

# How a page is stored: one of these, or as it is.
ZLIB, LZO, SNAPPY, ZSTD = 0x01, 0x02, 0x04, 0x20
# In the header's status: the file ends before the memory does.
INCOMPLETE = 0x08

NT_PRSTATUS = 1

# struct disk_dump_header: signature, version, utsname, time, status, block_size, sub_hdr_size,
# bitmap_blocks, max_mapnr, total_ram_blocks, device_blocks, written_blocks, current_cpu, nr_cpus
HEADER = struct.Struct("<8si390x6xqqIiiIIIIIii")
# struct kdump_sub_header: phys_base, dump_level, split, start_pfn, end_pfn, then offset and size
# of vmcoreinfo, notes and what was erased, then start, end and number of pfns in 64 bits
SUB_HEADER = struct.Struct("<QiiQQQQQQQQQQQ")
# struct page_desc: offset, size, flags, page_flags
DESCRIPTOR = struct.Struct("<qIIQ")
NOTE = struct.Struct("<III")

ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT = struct.Struct("<IIQQQQQQ")
PT_LOAD, PT_NOTE = 1, 4

# pt_regs, as NT_PRSTATUS has them behind 112 bytes; the pid is at 32.
REGISTERS = "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs flags rsp ss"
PRSTATUS_PID = 32
PRSTATUS_REGISTERS = 112


class DumpError(LabError):
    """A file that does not hold what it should."""


class Descriptor(NamedTuple):
    """Where a page is in the file, and how it is stored."""

    offset: int
    size: int
    flags: int


UNREADABLE = Descriptor(0, 0, 0)


class Note(NamedTuple):
    """An ELF note."""

    name: bytes
    type: int
    data: bytes

    @property
    def is_prstatus(self) -> bool:
        """Are these the registers of a CPU?"""
        return self.type == NT_PRSTATUS and self.name == b"CORE"


@dataclass(frozen=True)
class Prstatus:
    """Registers of a CPU at the stop, and the process that it ran."""

    pid: int
    registers: dict[str, int]

    @classmethod
    def of(cls, note: Note) -> Prstatus:
        """What an NT_PRSTATUS note says."""
        names = REGISTERS.split()
        if len(note.data) < PRSTATUS_REGISTERS + 8 * len(names):
            raise DumpError(f"a note of {len(note.data)} bytes has no registers")
        pid: int = struct.unpack_from("<i", note.data, PRSTATUS_PID)[0]
        values = struct.unpack_from(f"<{len(names)}Q", note.data, PRSTATUS_REGISTERS)
        return cls(pid, dict(zip(names, values)))

    @property
    def ip(self) -> int:
        """The instruction pointer."""
        return self.registers["rip"]


def notes_in(data: bytes) -> Iterator[Note]:
    """The notes one after the other, as a PT_NOTE segment has them."""
    at = 0
    while at + NOTE.size <= len(data):
        name_size, size, kind = NOTE.unpack_from(data, at)
        if name_size == 0 and size == 0 and kind == 0:
            return
        start = at + NOTE.size + _round_up(name_size, 4)
        if start + size > len(data):
            raise DumpError(f"the note at byte {at} of the notes ends behind them")
        name = data[at + NOTE.size : at + NOTE.size + name_size].rstrip(b"\0")
        yield Note(name, kind, data[start : start + size])
        at = start + _round_up(size, 4)


def _round_up(value: int, to: int) -> int:
    return (value + to - 1) // to * to


def _library(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as error:
        raise DumpError(f"a page needs {name}, which is not installed") from error


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, PAGE + 1)
    except zlib.error as error:
        raise DumpError(str(error)) from error


def _lzo(data: bytes) -> bytes:
    out, size = ctypes.create_string_buffer(PAGE), ctypes.c_ulong(PAGE)
    result: int = _library("liblzo2.so.2").lzo1x_decompress_safe(
        data, ctypes.c_ulong(len(data)), out, ctypes.byref(size), None
    )
    if result != 0:
        raise DumpError(f"lzo says {result}")
    return out.raw[: size.value]


def _zstd(data: bytes) -> bytes:
    decompress = _library("libzstd.so.1").ZSTD_decompress
    decompress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(PAGE)
    size: int = decompress(out, ctypes.c_size_t(PAGE), data, ctypes.c_size_t(len(data)))
    if size > PAGE:
        raise DumpError("zstd finds it damaged")
    return out.raw[:size]


DECOMPRESS: dict[int, Callable[[bytes], bytes]] = {ZLIB: _inflated, LZO: _lzo, ZSTD: _zstd}

SomeFile = TypeVar("SomeFile", bound="MappedFile")


class MappedFile:
    """A file that is read at places which the file itself names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                # Nothing can be mapped of an empty file.
                if self.size == 0:
                    raise DumpError(f"{path.name} is empty")
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise DumpError(f"{path.name} cannot be read: {error}") from error

    def __enter__(self: SomeFile) -> SomeFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._map.close()

    def error(self, text: str) -> DumpError:
        """What is wrong with this file."""
        return DumpError(f"{self.path.name}: {text}")

    def take(self, what: str, offset: int, size: int) -> bytes:
        """Bytes of the file; DumpError if it does not have them."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise self.error(f"{what}, {size} bytes at {offset}, is not within {self.size} bytes")
        return self._map[offset : offset + size]


class KdumpFile(MappedFile):
    """A dump as makedumpfile writes it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._read_header()
            self._read_sub_header()
            self._read_bitmaps()
        except DumpError:
            self._map.close()
            raise

    def _read_header(self) -> None:
        header = HEADER.unpack(self.take("the header", 0, HEADER.size))
        signature, version = header[:2]
        if signature == b"makedump":
            raise self.error("is flattened; makedumpfile -R makes a dump of it")
        if signature != b"KDUMP   ":
            raise self.error(f"begins with {signature!r}, not as a dump")
        if version != 6:
            raise self.error(f"has version {version} of the format, not 6")
        self.status, self.block_size, self.sub_blocks, self.bitmap_blocks = header[4:8]
        self.max_mapnr, self.cpus = header[8], header[13]
        if self.block_size != PAGE:
            raise self.error(f"has pages of {self.block_size} bytes, not {PAGE}")
        if self.sub_blocks < 1 or self.bitmap_blocks < 2 or self.bitmap_blocks % 2:
            raise self.error(
                f"has {self.sub_blocks} + {self.bitmap_blocks} blocks before its pages"
            )

    def _read_sub_header(self) -> None:
        sub = SUB_HEADER.unpack(self.take("the second header", PAGE, SUB_HEADER.size))
        self.phys_base, self.level = sub[:2]
        vmcoreinfo = self.take("vmcoreinfo", sub[5], sub[6]) if sub[5] else b""
        self.vmcoreinfo = dict(
            line.split("=", 1)
            for line in vmcoreinfo.decode("ascii", "replace").splitlines()
            if "=" in line
        )
        self._notes = self.take("the notes", sub[7], sub[8]) if sub[7] else b""
        self.max_mapnr = sub[13] or self.max_mapnr

    def _read_bitmaps(self) -> None:
        size: int = PAGE * self.bitmap_blocks // 2
        if self.max_mapnr > 8 * size:
            raise self.error(f"has {self.max_mapnr} pages in bitmaps for {8 * size}")
        start: int = PAGE * (1 + self.sub_blocks)
        used = (self.max_mapnr + 7) // 8
        self._memory = self.take("the first bitmap", start, size)[:used]
        self._dumped = self.take("the second bitmap", start + size, size)[:used]
        self._table = start + 2 * size
        # Of page n the descriptor is the one behind those of all dumped pages before it.
        counts = (
            int.from_bytes(self._dumped[at : at + PAGE], "little").bit_count()
            for at in range(0, used, PAGE)
        )
        self._before: list[int] = [0, *itertools.accumulate(counts)]
        self.take("the table of pages", self._table, self._before[-1] * DESCRIPTOR.size)

    @property
    def count(self) -> int:
        """How many pages are in the dump."""
        return self._before[-1]

    @property
    def incomplete(self) -> bool:
        """Did makedumpfile run out of space?"""
        return bool(self.status & INCOMPLETE)

    @property
    def notes(self) -> list[Note]:
        """The ELF notes: of each CPU that has left its registers, and of the kernel."""
        return list(notes_in(self._notes))

    @property
    def prstatus(self) -> list[Prstatus]:
        """The registers, in the order of CPUs; CPUs that left none are not counted."""
        return [Prstatus.of(note) for note in self.notes if note.is_prstatus]

    def is_memory(self, pfn: int) -> bool:
        """Was the page memory to the kernel that crashed?"""
        return self._bit(self._memory, pfn)

    def holds(self, pfn: int) -> bool:
        """Is the page in the dump?"""
        return self._bit(self._dumped, pfn)

    @staticmethod
    def _bit(bitmap: bytes, pfn: int) -> bool:
        return 0 <= pfn < 8 * len(bitmap) and bool(bitmap[pfn >> 3] >> (pfn & 7) & 1)

    def pfns(self) -> Iterator[int]:
        """The pages of the dump, from the lowest."""
        for at, byte in enumerate(self._dumped):
            if byte:
                yield from (8 * at + bit for bit in range(8) if byte >> bit & 1)

    def descriptor_at(self, pfn: int) -> int:
        """Where in the file the descriptor of the page is."""
        if not self.holds(pfn):
            raise self.error(f"page {pfn:#x} is not in the dump")
        block, byte = divmod(pfn >> 3, PAGE)
        before = self._dumped[block * PAGE : block * PAGE + byte]
        here = self._dumped[pfn >> 3] & ((1 << (pfn & 7)) - 1)
        index = (
            self._before[block] + int.from_bytes(before, "little").bit_count() + here.bit_count()
        )
        return self._table + index * DESCRIPTOR.size

    def descriptor(self, pfn: int) -> Descriptor:
        """How the page is stored."""
        data = self.take("a descriptor", self.descriptor_at(pfn), DESCRIPTOR.size)
        return Descriptor(*DESCRIPTOR.unpack(data)[:3])

    def page(self, pfn: int) -> bytes:
        """What was in the page."""
        return self._page(pfn, self.descriptor(pfn))

    def _descriptors(self) -> Iterator[tuple[int, Descriptor]]:
        for index, pfn in enumerate(self.pfns()):
            where = self._table + index * DESCRIPTOR.size
            fields = DESCRIPTOR.unpack(self._map[where : where + DESCRIPTOR.size])
            yield pfn, Descriptor(*fields[:3])

    def pages(self) -> Iterator[tuple[int, bytes]]:
        """All pages with their numbers, from the lowest, but for those that are unreadable."""
        for pfn, where in self._descriptors():
            if where != UNREADABLE:
                yield pfn, self._page(pfn, where)

    def unreadable(self) -> list[int]:
        """The pages that the kernel could not read: their descriptors are zeros."""
        return [pfn for pfn, where in self._descriptors() if where == UNREADABLE]

    def _page(self, pfn: int, where: Descriptor) -> bytes:
        what = f"page {pfn:#x}"
        if not 0 < where.size <= PAGE:
            raise self.error(f"{what} takes {where.size} bytes")
        data = self.take(what, where.offset, where.size)
        if where.flags:
            decompress = DECOMPRESS.get(where.flags)
            if decompress is None:
                raise self.error(f"{what} is stored in an unknown way, {where.flags:#x}")
            try:
                data = decompress(data)
            except DumpError as error:
                raise self.error(f"{what} is damaged: {error}") from error
        if len(data) != PAGE:
            raise self.error(f"{what} has {len(data)} bytes")
        return data


class Segment(NamedTuple):
    """A range of physical memory in an ELF core."""

    start: int
    size: int
    offset: int


class ElfCore(MappedFile):
    """Physical memory as QEMU's dump-guest-memory writes it with paging off."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self.segments = self._segments()
        except DumpError:
            self._map.close()
            raise

    def _segments(self) -> list[Segment]:
        header = ELF_HEADER.unpack(self.take("the header", 0, ELF_HEADER.size))
        if header[0][:6] != b"\x7fELF\x02\x01":
            raise self.error("is no ELF file of 64 bits")
        table, entry_size, entries = header[5], header[9], header[10]
        if header[1] != 4 or entry_size != SEGMENT.size:
            raise self.error("is no core")
        data = self.take("the table of segments", table, entries * SEGMENT.size)
        found = []
        for kind, _, offset, _, start, size, _, _ in SEGMENT.iter_unpack(data):
            if kind == PT_LOAD:
                if offset + size > self.size:
                    raise self.error(f"the memory at {start:#x} is not within {self.size} bytes")
                found.append(Segment(start, size, offset))
        if not found:
            raise self.error("has no memory in it")
        return sorted(found)

    def pfns(self) -> Iterator[int]:
        """The whole pages that there are, from the lowest."""
        for segment in self.segments:
            first = _round_up(segment.start, PAGE) // PAGE
            yield from range(first, (segment.start + segment.size) // PAGE)

    def page(self, pfn: int) -> bytes | None:
        """What is in the page, or None if it is not in the file."""
        address = pfn * PAGE
        for segment in self.segments:
            if segment.start <= address and address + PAGE <= segment.start + segment.size:
                at = segment.offset + address - segment.start
                return self._map[at : at + PAGE]
        return None
