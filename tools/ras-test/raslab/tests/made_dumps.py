# SPDX-License-Identifier: GPL-2.0
"""Small dumps and cores, for tests of what reads them."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from raslab.kdump_file import (
    DESCRIPTOR,
    ELF_HEADER,
    HEADER,
    NOTE,
    PAGE,
    PT_LOAD,
    SEGMENT,
    SUB_HEADER,
)

# A page as it is stored: the bytes, and how.
Stored = tuple[bytes, int]


def page(text: str) -> bytes:
    """A page that begins with a text."""
    return text.encode().ljust(PAGE, b".")


def note(name: bytes, kind: int, data: bytes) -> bytes:
    """An ELF note."""
    name += b"\0"
    fill = -len(name) % 4
    return NOTE.pack(len(name), len(data), kind) + name + bytes(fill) + data + bytes(-len(data) % 4)


def prstatus(pid: int, ip: int) -> bytes:
    """The note of a CPU."""
    data = bytearray(336)
    struct.pack_into("<i", data, 32, pid)
    struct.pack_into("<Q", data, 112 + 16 * 8, ip)
    return note(b"CORE", 1, bytes(data))


def _bitmap(pfns: set[int], blocks: int) -> bytes:
    bits = sum(1 << pfn for pfn in pfns)
    return bits.to_bytes(PAGE * blocks, "little")


def kdump(
    pages: Mapping[int, Stored],
    *,
    mapnr: int = 64,
    blocks: int = 2,
    memory: set[int] | None = None,
    notes: bytes = b"",
    vmcoreinfo: bytes = b"",
    **fields: int,
) -> bytes:
    """A dump in makedumpfile's format; ``fields`` are for headers that are wrong."""
    header = HEADER.pack(
        fields.get("signature", int.from_bytes(b"KDUMP   ", "little")).to_bytes(8, "little"),
        *(fields.get("version", 6), 0, 0, fields.get("status", 1)),
        *(fields.get("block_size", PAGE), fields.get("sub_blocks", 1)),
        fields.get("bitmap_blocks", blocks),
        *(mapnr, 0, 0, 0, 0, 2),
    )
    at = PAGE + SUB_HEADER.size
    sub = SUB_HEADER.pack(
        *(0, fields.get("level", 31), 0, 0, 0),
        *(at if vmcoreinfo else 0, fields.get("vmcoreinfo_size", len(vmcoreinfo))),
        *(at + len(vmcoreinfo) if notes else 0, fields.get("notes_size", len(notes))),
        *(0, 0, 0, 0, mapnr),
    )
    before = header.ljust(PAGE, b"\0") + (sub + vmcoreinfo + notes).ljust(PAGE, b"\0")
    before += _bitmap(set(range(mapnr)) if memory is None else memory, blocks // 2)
    before += _bitmap(set(pages), blocks // 2)
    table, data = b"", b""
    start = len(before) + DESCRIPTOR.size * len(pages)
    for _, (stored, flags) in sorted(pages.items()):
        table += DESCRIPTOR.pack(start + len(data), len(stored), flags, 0)
        data += stored
    return before + table + data


def core(memory: Mapping[int, bytes], **fields: int) -> bytes:
    """An ELF core; ``memory`` is what begins at which physical address."""
    start = ELF_HEADER.size + SEGMENT.size * len(memory)
    header = ELF_HEADER.pack(
        b"\x7fELF\x02\x01\x01".ljust(16, b"\0"),
        *(fields.get("type", 4), 62, 1, 0, fields.get("table", ELF_HEADER.size), 0),
        *(0, ELF_HEADER.size, SEGMENT.size, fields.get("segments", len(memory)), 0, 0, 0),
    )
    table, data = b"", b""
    for address, content in sorted(memory.items()):
        size = fields.get("size", len(content))
        table += SEGMENT.pack(PT_LOAD, 0, start + len(data), 0, address, size, size, 0)
        data += content
    return header + table + data
