# SPDX-License-Identifier: GPL-2.0
"""What each page of a crashed machine was, by its ``struct page``: asked of drgn.

The rules are those of makedumpfile's dump levels, written down again; the comparison of pages
takes from here which pages a dump may leave out.
"""

from __future__ import annotations

from pathlib import Path

import drgn

from raslab.kdump_file import KdumpFile
from raslab.pages import Kind

# struct page is read by this many at a time; a hole in memory is never smaller.
AT_ONCE = 64
PAGE_STRUCT = 64

PAGE_MAPPING_ANON = 1
COMPOUND_TAIL = 1


class _Fields:
    """Where in struct page the fields are, and what they mean in this kernel."""

    def __init__(self, program: drgn.Program, vmcoreinfo: dict[str, str]) -> None:
        kind = program.type("struct page")
        if drgn.sizeof(kind) != PAGE_STRUCT:
            raise ValueError(f"struct page has {drgn.sizeof(kind)} bytes")
        self.flags, self.mapping, self.private, self.head = (
            drgn.offsetof(kind, name) // 8
            for name in ("flags", "mapping", "private", "compound_head")
        )
        self.mapcount = drgn.offsetof(kind, "_mapcount") // 4
        self.buddy = int(vmcoreinfo["NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)"])
        # What is no longer the machine's, or must not be in a dump.
        self.offline = int(vmcoreinfo.get("NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)", ~0x100))

        def mask(*names: str) -> int:
            return sum(1 << program[name].value_() for name in names if name in program)

        self.cache = mask("PG_lru", "PG_swapcache")
        self.has_private, self.slab = mask("PG_private"), mask("PG_slab")
        self.unusable, self.reserved = mask("PG_hwpoison"), mask("PG_reserved")


class PageKinds:
    """The kinds of all pages of a dump."""

    def __init__(self, program: drgn.Program, vmcoreinfo: dict[str, str], pages: int) -> None:
        self.program = program
        self.fields = _Fields(program, vmcoreinfo)
        self.start: int = program["vmemmap"].value_()
        self.kinds = bytearray([Kind.UNKNOWN]) * pages
        self.tails: list[tuple[int, int]] = []
        self.free: list[tuple[int, int]] = []

    def find(self) -> bytes:
        """One byte for each page."""
        for first in range(0, len(self.kinds), AT_ONCE):
            count = min(AT_ONCE, len(self.kinds) - first)
            try:
                data = self.program.read(self.start + first * PAGE_STRUCT, count * PAGE_STRUCT)
            except drgn.FaultError:
                continue
            self._some(first, data)
        # The tail of a compound page is what its head is.
        for pfn, head in self.tails:
            self.kinds[pfn] = self.kinds[head] if head < len(self.kinds) else Kind.UNKNOWN
        for pfn, count in self.free:
            last = min(pfn + count, len(self.kinds))
            self.kinds[pfn:last] = bytes([Kind.FREE]) * (last - pfn)
        return bytes(self.kinds)

    def _some(self, first: int, data: bytes) -> None:
        fields = self.fields
        words, ints = memoryview(data).cast("Q"), memoryview(data).cast("i")
        for index in range(len(data) // PAGE_STRUCT):
            pfn, at = first + index, 8 * index
            head = words[at + fields.head]
            if ints[2 * at + fields.mapcount] == fields.buddy:
                self.free.append((pfn, 1 << min(words[at + fields.private], 20)))
            elif ints[2 * at + fields.mapcount] == fields.offline:
                self.kinds[pfn] = Kind.UNUSABLE
            elif head & COMPOUND_TAIL:
                self.tails.append((pfn, (head - COMPOUND_TAIL - self.start) // PAGE_STRUCT))
            else:
                self.kinds[pfn] = self._kind(words[at + fields.flags], words[at + fields.mapping])

    def _kind(self, flags: int, mapping: int) -> Kind:
        fields = self.fields
        if flags & fields.unusable:
            return Kind.UNUSABLE
        if flags & fields.slab:
            return Kind.KERNEL
        if mapping & PAGE_MAPPING_ANON:
            return Kind.USER
        if flags & fields.cache:
            return Kind.PRIVATE_CACHE if flags & fields.has_private else Kind.CACHE
        return Kind.RESERVED if flags & fields.reserved else Kind.KERNEL


def write_kinds(program: drgn.Program, vmcore: Path, path: Path) -> None:
    """Write a byte for each page of the dump's machine."""
    with KdumpFile(vmcore) as dump:
        vmcoreinfo, pages = dump.vmcoreinfo, dump.max_mapnr
    path.write_bytes(PageKinds(program, vmcoreinfo, pages).find())
