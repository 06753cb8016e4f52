# SPDX-License-Identifier: GPL-2.0
"""A dump beside the machine's physical memory, page for page.

The reference is what QEMU's dump-guest-memory has written when the crash kernel was done, and
still there.  Nothing is left out of the comparison:

- A page of the dump is equal to the one at its place in memory.
- The exception is memory below 640 KiB, which the crash kernel uses again (its trampoline for
  further CPUs is there).  kexec's purgatory has copied it into the crash kernel's region before,
  and the dump is made from the copy.  So the pages of the dump are looked for there, all of them
  at one distance; if there is no such copy they have to be at their place like all others.
- A page that the dump does not have is one that it may leave out: it holds zeros, or its
  ``struct page`` says that it is free, page cache, or a user's.  Every other page is lost.
- A page that was no memory to the crashed kernel (the crash kernel's region, ramoops, holes) has
  no ``struct page``, or one that is marked reserved.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntFlag
from pathlib import Path

from raslab.kdump_file import PAGE, DumpError, ElfCore, KdumpFile

# The purgatory copies what is below.
LOW = 0xA0000 // PAGE
# How many pages are named of those that are wrong.
NAMED = 8
ZEROS = bytes(PAGE)


class Kind(IntFlag):
    """What a page is; the first five have the values of makedumpfile's dump level."""

    KERNEL = 0
    ZERO = 1
    CACHE = 2
    PRIVATE_CACHE = 4
    USER = 8
    FREE = 16
    # Never dumped: hardware has found an error in it, or it is switched off.
    UNUSABLE = 32
    # Not the page allocator's.  Most of them are the kernel's, but not all are memory.
    RESERVED = 64
    # It has no readable struct page.
    UNKNOWN = 128


MAY_LACK = {
    Kind.ZERO: Kind.ZERO,
    Kind.CACHE: Kind.CACHE | Kind.PRIVATE_CACHE,
    Kind.PRIVATE_CACHE: Kind.PRIVATE_CACHE,
    Kind.USER: Kind.USER,
    Kind.FREE: Kind.FREE,
}
CALLED = {
    Kind.ZERO: "zeros",
    Kind.CACHE: "cache",
    Kind.PRIVATE_CACHE: "cache with private data",
    Kind.USER: "user",
    Kind.FREE: "free",
    Kind.UNUSABLE: "unusable",
}


def ranges(pfns: list[int]) -> str:
    """Page numbers as text, neighbours together."""
    found: list[list[int]] = []
    for pfn in pfns:
        if found and found[-1][1] == pfn - 1:
            found[-1][1] = pfn
        else:
            found.append([pfn, pfn])
    shown = [f"{a:#x}" if a == b else f"{a:#x}-{b:#x}" for a, b in found[:NAMED]]
    return " ".join(shown + ["..."] * (len(found) > NAMED))


@dataclass
class Comparison:
    """What came of comparing a dump with the memory that it is of."""

    # Pages of the dump that are equal, and how many of these only in the copy of low memory.
    equal: int = 0
    copied: int = 0
    different: list[int] = field(default_factory=list)
    # Pages of the dump where the machine had no memory.
    invented: list[int] = field(default_factory=list)
    # Pages that the dump leaves out and may leave out, by the reason.
    missing: Counter[str] = field(default_factory=Counter)
    # Pages that the dump should have.
    lost: list[int] = field(default_factory=list)
    # Pages that are in the dump by name only.
    unreadable: list[int] = field(default_factory=list)
    # Pages that were no memory to the kernel that crashed.
    elsewhere: int = 0

    @property
    def compared(self) -> int:
        """How many pages are in the dump and in the reference."""
        return self.equal + len(self.different)

    @property
    def agrees(self) -> bool:
        """Is the dump what was in memory, and all of it?"""
        wrong = self.different or self.invented or self.lost or self.unreadable
        return bool(self.equal) and not wrong

    def __str__(self) -> str:
        missing = ", ".join(f"{count} {kind}" for kind, count in sorted(self.missing.items()))
        text = (
            f"{self.equal} of {self.compared} pages equal ({self.copied} in the copy of low memory)"
        )
        text += f"; left out: {missing or 'none'}; not the kernel's: {self.elsewhere}"
        for name in ("different", "invented", "lost", "unreadable"):
            wrong: list[int] = getattr(self, name)
            if wrong:
                text += f"; {len(wrong)} {name}: {ranges(wrong)}"
        return text


class _Comparer:
    def __init__(self, dump: KdumpFile, memory: ElfCore, kinds: bytes | None) -> None:
        self.dump, self.memory, self.kinds = dump, memory, kinds
        self.result = Comparison()

    def compare(self) -> Comparison:
        """Both ways: what the dump has, and what it has not."""
        self._what_it_has()
        for pfn in self.memory.pfns():
            if not self.dump.is_memory(pfn):
                self._elsewhere(pfn)
            elif not self.dump.holds(pfn):
                self._missing(pfn)
        self.result.lost.sort()
        return self.result

    def _what_it_has(self) -> None:
        self.result.unreadable = self.dump.unreadable()
        copy = self._copy_of_low_memory()
        for pfn, data in self.dump.pages():
            here = self.memory.page(pfn)
            if here is None:
                self.result.invented.append(pfn)
            elif data == here and (copy is None or pfn >= LOW):
                self.result.equal += 1
            elif copy is not None and pfn < LOW and data == self.memory.page(pfn + copy):
                self.result.equal += 1
                self.result.copied += data != here
            else:
                self.result.different.append(pfn)

    def _copy_of_low_memory(self) -> int | None:
        """How far above its place low memory was copied, if it was."""
        low: dict[bytes, int] = {}
        for pfn in self.dump.pfns():
            if pfn >= LOW:
                break
            data = self.dump.page(pfn)
            # One that holds the same byte all over is everywhere.
            if data != data[:1] * PAGE:
                low[data] = pfn
        votes: Counter[int] = Counter()
        for pfn in self.memory.pfns():
            if low and pfn >= LOW and not self.dump.is_memory(pfn):
                at = low.get(self.memory.page(pfn) or b"")
                if at is not None:
                    votes[pfn - at] += 1
        # A page of the copy that is not equal is then found, and named.
        return next((far for far, count in votes.most_common(1) if 2 * count > len(low)), None)

    def _kind(self, pfn: int) -> Kind:
        if self.kinds is None or pfn >= len(self.kinds):
            return Kind.UNKNOWN
        return Kind(self.kinds[pfn])

    def _missing(self, pfn: int) -> None:
        kind = self._kind(pfn)
        is_zeros = Kind.ZERO & self.dump.level and self.memory.page(pfn) == ZEROS
        if kind != Kind.UNUSABLE and is_zeros:
            kind = Kind.ZERO
        if kind == Kind.UNUSABLE or MAY_LACK.get(kind, Kind.KERNEL) & self.dump.level:
            self.result.missing[CALLED[kind]] += 1
        elif kind == Kind.UNKNOWN and self.kinds is None:
            self.result.missing["of unknown kind"] += 1
        else:
            self.result.lost.append(pfn)

    def _elsewhere(self, pfn: int) -> None:
        if self._kind(pfn) in (Kind.UNKNOWN, Kind.RESERVED):
            self.result.elsewhere += 1
        else:
            self.result.lost.append(pfn)


def compare_pages(dump: Path, reference: Path, kinds: Path | None = None) -> Comparison:
    """Compare a dump with QEMU's own; DumpError if one of them cannot be read.

    ``kinds`` is a file with a byte for each page of the machine, a Kind, as page_kinds.py writes
    it.  Without it nobody says whether the dump may leave out what it does not have.
    """
    try:
        known = kinds.read_bytes() if kinds else None
    except OSError as error:
        raise DumpError(f"the kinds of pages cannot be read: {error}") from error
    with KdumpFile(dump) as opened, ElfCore(reference) as memory:
        if opened.incomplete:
            raise DumpError(f"{dump.name} is incomplete: makedumpfile ran out of space")
        return _Comparer(opened, memory, known).compare()
