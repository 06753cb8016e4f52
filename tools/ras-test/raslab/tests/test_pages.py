# SPDX-License-Identifier: GPL-2.0
"""Comparing a dump with memory, page for page."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from raslab.kdump_file import INCOMPLETE, PAGE, DumpError
from raslab.pages import LOW, Comparison, Kind, compare_pages, ranges
from raslab.tests.made_dumps import Stored, core, kdump, page

PAGES = 0x200
# The crash kernel's region, and the copy of low memory in it.
REGION = range(0x120, 0x1F0)
COPY = 0x130
# Pages of the kernel, above low memory; and what the dump has of low memory.
KERNEL = [0x100, 0x101, 0x110]
DUMPED_LOW = [1, 2, 3]


class PagesTest(unittest.TestCase):
    """A machine of 512 pages, which may be changed before it is looked at."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.place = Path(directory.name)
        self.memory = {pfn: bytes(PAGE) for pfn in range(PAGES)}
        self.memory |= {pfn: page(f"kernel {pfn}") for pfn in [*KERNEL, *DUMPED_LOW]}
        self.dumped = {pfn: self.memory[pfn] for pfn in [*KERNEL, *DUMPED_LOW]}
        self.kinds = bytearray([Kind.KERNEL]) * PAGES
        for pfn in REGION:
            self.kinds[pfn] = Kind.RESERVED
        self.level = 31

    def copy_low_memory(self) -> None:
        """As kexec's purgatory does it; then the crash kernel uses the place."""
        for pfn in range(LOW):
            self.memory[COPY + pfn] = self.memory[pfn]
        self.memory[2] = page("trampoline of the crash kernel")

    def compare(self, kinds: bool = True, status: int = 1) -> Comparison:
        """Write the files, and compare them."""
        pages: dict[int, Stored] = {pfn: (data, 0) for pfn, data in self.dumped.items()}
        memory = set(range(PAGES)) - set(REGION)
        dump = kdump(pages, mapnr=PAGES, memory=memory, level=self.level, status=status)
        (self.place / "vmcore").write_bytes(dump)
        whole = b"".join(self.memory[pfn] for pfn in range(PAGES))
        (self.place / "reference").write_bytes(core({0: whole}))
        (self.place / "kinds").write_bytes(self.kinds)
        known = self.place / "kinds" if kinds else None
        return compare_pages(self.place / "vmcore", self.place / "reference", known)

    def test_equal(self) -> None:
        result = self.compare()
        self.assertTrue(result.agrees, str(result))
        self.assertEqual((result.equal, result.copied, result.compared), (6, 0, 6))
        self.assertEqual(result.missing["zeros"], PAGES - len(REGION) - 6)
        self.assertEqual(result.elsewhere, len(REGION))

    def test_low_memory_is_in_the_copy(self) -> None:
        self.copy_low_memory()
        result = self.compare()
        self.assertTrue(result.agrees, str(result))
        self.assertEqual((result.equal, result.copied), (6, 1))

    def test_low_memory_without_a_copy(self) -> None:
        self.memory[2] = page("something else")
        self.assertEqual(self.compare().different, [2])

    def test_a_flipped_bit_in_the_copy(self) -> None:
        self.copy_low_memory()
        self.dumped[3] = page("not that")
        self.assertEqual(self.compare().different, [3])

    def test_the_copy_is_for_low_memory_only(self) -> None:
        self.copy_low_memory()
        self.memory[COPY + 0x100] = self.memory[0x100]
        self.memory[0x100] = page("changed since")
        self.assertEqual(self.compare().different, [0x100])

    def test_a_flipped_bit(self) -> None:
        data = bytearray(self.dumped[0x101])
        data[77] ^= 1
        self.dumped[0x101] = bytes(data)
        result = self.compare()
        self.assertEqual((result.different, result.equal), ([0x101], 5))
        self.assertFalse(result.agrees)
        self.assertIn("1 different: 0x101", str(result))

    def test_a_lost_page(self) -> None:
        del self.dumped[0x110]
        result = self.compare()
        self.assertEqual(result.lost, [0x110])
        self.assertFalse(result.agrees)

    def test_pages_that_may_lack(self) -> None:
        for pfn, kind in enumerate(
            (Kind.FREE, Kind.CACHE, Kind.PRIVATE_CACHE, Kind.USER, Kind.UNUSABLE), 0x102
        ):
            self.memory[pfn] = page(f"not dumped {pfn}")
            self.kinds[pfn] = kind
        result = self.compare()
        self.assertTrue(result.agrees, str(result))
        left_out = result.missing
        self.assertEqual([left_out[name] for name in ("free", "cache", "user")], [1, 1, 1])
        # A dump of level 1 leaves out zeros only.
        self.level = 1
        self.assertEqual(self.compare().lost, [0x102, 0x103, 0x104, 0x105])
        self.level = 0
        self.assertIn(0x10F, self.compare().lost)

    def test_cache_by_two_levels(self) -> None:
        self.memory[0x102] = page("cache")
        self.kinds[0x102] = Kind.CACHE
        self.level = Kind.ZERO | Kind.PRIVATE_CACHE
        self.assertTrue(self.compare().agrees)
        self.kinds[0x102] = Kind.PRIVATE_CACHE
        self.level = Kind.ZERO | Kind.CACHE
        self.assertEqual(self.compare().lost, [0x102])

    def test_without_kinds(self) -> None:
        self.memory[0x102] = page("what is it?")
        result = self.compare(kinds=False)
        self.assertTrue(result.agrees)
        self.assertEqual(result.missing["of unknown kind"], 1)

    def test_memory_that_the_dump_takes_for_none(self) -> None:
        self.kinds[REGION[5]] = Kind.USER
        self.assertEqual(self.compare().lost, [REGION[5]])

    def test_a_page_where_there_is_no_memory(self) -> None:
        self.dumped[PAGES - 1] = page("invented")
        whole = b"".join(self.memory[pfn] for pfn in range(PAGES - 1))
        self.compare()
        (self.place / "reference").write_bytes(core({0: whole}))
        result = compare_pages(self.place / "vmcore", self.place / "reference")
        self.assertEqual(result.invented, [PAGES - 1])
        self.assertFalse(result.agrees)

    def test_nothing_is_no_agreement(self) -> None:
        self.assertFalse(Comparison().agrees)

    def test_files_that_cannot_be_used(self) -> None:
        with self.assertRaisesRegex(DumpError, "ran out of space"):
            self.compare(status=1 | INCOMPLETE)
        with self.assertRaisesRegex(DumpError, "cannot be read"):
            compare_pages(self.place / "vmcore", self.place / "nowhere")
        with self.assertRaisesRegex(DumpError, "kinds of pages"):
            compare_pages(self.place / "vmcore", self.place / "reference", self.place / "nowhere")

    def test_ranges(self) -> None:
        self.assertEqual(ranges([1, 2, 3, 7]), "0x1-0x3 0x7")
        self.assertEqual(ranges(list(range(0, 40, 2))).count(" "), 8)


if __name__ == "__main__":
    unittest.main()
