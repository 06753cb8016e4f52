# SPDX-License-Identifier: GPL-2.0
"""Reading dumps and cores, good and damaged ones."""

from __future__ import annotations

import ctypes
import random
import tempfile
import unittest
import zlib
from collections.abc import Callable
from pathlib import Path

from raslab.kdump_file import (
    INCOMPLETE,
    LZO,
    PAGE,
    SNAPPY,
    ZLIB,
    ZSTD,
    DumpError,
    ElfCore,
    KdumpFile,
    Note,
    Prstatus,
    notes_in,
)
from raslab.tests.made_dumps import Stored, core, kdump, note, page, prstatus

# Where the second header has the number of pages.
MAPNR = PAGE + 96

RAW = {pfn: (page(f"page {pfn}"), 0) for pfn in (1, 2, 9, 40)}


def lzo(data: bytes) -> bytes:
    """Compressed as makedumpfile -l does it."""
    out, size = ctypes.create_string_buffer(2 * PAGE), ctypes.c_ulong(2 * PAGE)
    work = ctypes.create_string_buffer(1 << 17)
    library = ctypes.CDLL("liblzo2.so.2")
    library.lzo1x_1_compress(data, ctypes.c_ulong(len(data)), out, ctypes.byref(size), work)
    return out.raw[: size.value]


def zstd(data: bytes) -> bytes:
    """Compressed as makedumpfile -z does it."""
    compress = ctypes.CDLL("libzstd.so.1").ZSTD_compress
    compress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(2 * PAGE)
    size: int = compress(out, ctypes.c_size_t(2 * PAGE), data, ctypes.c_size_t(len(data)), 1)
    return out.raw[:size]


def has_library(name: str) -> bool:
    """Is the library installed?"""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


class FileTest(unittest.TestCase):
    """Tests that write one file."""

    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = Path(self.directory.name) / "vmcore"

    def dump(self, data: bytes) -> KdumpFile:
        """A dump of those bytes."""
        self.path.write_bytes(data)
        dump = KdumpFile(self.path)
        self.addCleanup(dump.__exit__, None, None, None)
        return dump

    def core(self, data: bytes) -> ElfCore:
        """A core of those bytes."""
        self.path.write_bytes(data)
        found = ElfCore(self.path)
        self.addCleanup(found.__exit__, None, None, None)
        return found

    def refused(self, data: bytes, reason: str) -> None:
        """No dump, for that reason."""
        with self.assertRaisesRegex(DumpError, reason):
            self.dump(data)


class Good(FileTest):
    """What is in a good dump."""

    def test_header(self) -> None:
        dump = self.dump(kdump(RAW, vmcoreinfo=b"OSRELEASE=6.1\nPAGESIZE=4096\nrubbish\n"))
        self.assertEqual((dump.count, dump.level, dump.max_mapnr, dump.cpus), (4, 31, 64, 2))
        self.assertEqual(dump.vmcoreinfo, {"OSRELEASE": "6.1", "PAGESIZE": "4096"})
        self.assertFalse(dump.incomplete)
        self.assertTrue(self.dump(kdump(RAW, status=1 | INCOMPLETE)).incomplete)

    def test_notes(self) -> None:
        notes = prstatus(7, 0x1234) + prstatus(8, 0x5678) + note(b"VMCOREINFO", 0, b"A=1\n")
        dump = self.dump(kdump(RAW, notes=notes))
        self.assertEqual([note.name for note in dump.notes], [b"CORE", b"CORE", b"VMCOREINFO"])
        self.assertEqual([(s.pid, s.ip) for s in dump.prstatus], [(7, 0x1234), (8, 0x5678)])
        self.assertEqual(self.dump(kdump(RAW)).notes, [])

    def test_padding_ends_the_notes(self) -> None:
        self.assertEqual(len(list(notes_in(prstatus(1, 2) + bytes(64)))), 1)

    def test_pages(self) -> None:
        dump = self.dump(kdump(RAW, memory=set(range(41))))
        self.assertEqual(list(dump.pfns()), [1, 2, 9, 40])
        self.assertEqual(dict(dump.pages()), {pfn: data for pfn, (data, _) in RAW.items()})
        for pfn, (data, _) in RAW.items():
            self.assertEqual(dump.page(pfn), data)
        self.assertTrue(dump.is_memory(3))
        self.assertFalse(dump.is_memory(41) or dump.is_memory(10**9) or dump.is_memory(-1))
        with self.assertRaisesRegex(DumpError, "page 0x3 is not in the dump"):
            dump.page(3)

    def test_bitmaps_of_several_pages(self) -> None:
        far = 8 * PAGE + 5
        pages = {pfn: (page(str(pfn)), 0) for pfn in (0, 8 * PAGE - 1, far - 5, far)}
        dump = self.dump(kdump(pages, mapnr=far + 1, blocks=4))
        self.assertEqual(list(dump.pfns()), sorted(pages))
        for pfn in pages:
            self.assertEqual(dump.page(pfn), page(str(pfn)))

    def stored(self, compress: Callable[[bytes], bytes], flags: int) -> None:
        """Pages that are stored in that way are found."""
        wanted = {1: page("one"), 2: bytes(PAGE), 5: page("five")}
        pages: dict[int, Stored] = {pfn: (compress(data), flags) for pfn, data in wanted.items()}
        self.assertEqual(dict(self.dump(kdump(pages)).pages()), wanted)

    def test_zlib(self) -> None:
        self.stored(zlib.compress, ZLIB)

    @unittest.skipUnless(has_library("liblzo2.so.2"), "no liblzo2")
    def test_lzo(self) -> None:
        self.stored(lzo, LZO)

    @unittest.skipUnless(has_library("libzstd.so.1"), "no libzstd")
    def test_zstd(self) -> None:
        self.stored(zstd, ZSTD)


class Damaged(FileTest):
    """What is wrong raises DumpError, and says what it is."""

    def test_files(self) -> None:
        with self.assertRaisesRegex(DumpError, "cannot be read"):
            KdumpFile(self.path)
        self.refused(b"", "empty")
        self.refused(b"KDUMP   ", "the header")
        self.refused(bytes(8 * PAGE), "not as a dump")
        self.refused(b"makedumpfile".ljust(8 * PAGE, b"\0"), "flattened")

    def test_headers(self) -> None:
        self.refused(kdump(RAW, version=5), "version 5")
        self.refused(kdump(RAW, block_size=8192), "8192 bytes")
        self.refused(kdump(RAW, sub_blocks=0), "0 .* blocks")
        self.refused(kdump(RAW, sub_blocks=1 << 20), "first bitmap")
        self.refused(kdump(RAW, bitmap_blocks=3), "3 blocks")
        self.refused(kdump(RAW, bitmap_blocks=1 << 30), "bitmap")
        self.refused(kdump(RAW, vmcoreinfo=b"A=1", vmcoreinfo_size=1 << 40), "vmcoreinfo")
        self.refused(kdump(RAW, notes=b"1234", notes_size=1 << 40), "the notes")

    def test_more_pages_than_bits(self) -> None:
        data = bytearray(kdump(RAW))
        data[MAPNR : MAPNR + 8] = b"\xff" * 8
        self.refused(bytes(data), "pages in bitmaps")

    def test_table_cut_off(self) -> None:
        self.refused(kdump(RAW)[: 4 * PAGE + 30], "table of pages")

    def test_notes(self) -> None:
        dump = self.dump(kdump(RAW, notes=prstatus(1, 2)[:-8]))
        with self.assertRaisesRegex(DumpError, "ends behind"):
            self.assertEqual(dump.notes, None)
        with self.assertRaisesRegex(DumpError, "no registers"):
            Prstatus.of(Note(b"CORE", 1, bytes(100)))

    def page_refused(self, stored: Stored, reason: str) -> None:
        """The page cannot be read, for that reason; another can."""
        dump = self.dump(kdump({1: RAW[1], 7: stored}))
        self.assertEqual(dump.page(1), RAW[1][0])
        with self.assertRaisesRegex(DumpError, reason):
            dump.page(7)
        with self.assertRaises(DumpError):
            list(dump.pages())

    def test_pages(self) -> None:
        self.page_refused((b"", 0), "0 bytes")
        self.page_refused((bytes(PAGE - 1), 0), "4095 bytes")
        self.page_refused((bytes(PAGE + 1), 0), "4097 bytes")
        self.page_refused((b"rubbish", ZLIB), "page 0x7 is damaged")
        self.page_refused((zlib.compress(bytes(PAGE - 1)), ZLIB), "4095 bytes")
        self.page_refused((zlib.compress(bytes(1 << 24))[:PAGE], ZLIB), "4097 bytes")
        self.page_refused((b"rubbish", SNAPPY), "unknown way, 0x4")
        self.page_refused((b"rubbish", ZLIB | LZO), "unknown way, 0x3")

    @unittest.skipUnless(has_library("liblzo2.so.2"), "no liblzo2")
    def test_lzo(self) -> None:
        self.page_refused((b"rubbish", LZO), "lzo says")
        self.page_refused((lzo(page("long"))[:-4], LZO), "lzo says")

    @unittest.skipUnless(has_library("libzstd.so.1"), "no libzstd")
    def test_zstd(self) -> None:
        self.page_refused((b"rubbish", ZSTD), "zstd")

    def test_page_behind_the_end(self) -> None:
        data = kdump(RAW)
        dump = self.dump(data[: len(data) - 10])
        self.assertEqual(dump.page(9), RAW[9][0])
        with self.assertRaisesRegex(DumpError, "not within"):
            dump.page(40)

    def test_no_other_exception(self) -> None:
        """Whatever is changed at random: a dump, or DumpError."""
        pages = RAW | {11: (zlib.compress(page("eleven")), ZLIB)}
        good = kdump(pages, notes=prstatus(1, 2), vmcoreinfo=b"A=1\n")
        chance = random.Random(10)
        for _ in range(300):
            data = bytearray(good)
            for _ in range(chance.randrange(1, 8)):
                # Where the file says how it is made, more often than not.
                at = chance.choice((chance.randrange(464), PAGE + chance.randrange(500)))
                at = chance.choice(
                    (at, 4 * PAGE + chance.randrange(120), chance.randrange(len(data)))
                )
                data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))
            self.path.write_bytes(
                data[: chance.choice((len(data), chance.randrange(1, len(data))))]
            )
            try:
                with KdumpFile(self.path) as dump:
                    self.assertIsInstance(dump.prstatus, list)
                    for _ in dump.pages():
                        pass
            except DumpError:
                pass


class Core(FileTest):
    """Cores as QEMU writes them."""

    def test_pages(self) -> None:
        low, high = page("low") + page("second") + b"rest", page("high")
        found = self.core(core({0: low, 0x10_0000: high}))
        self.assertEqual(list(found.pfns()), [0, 1, 0x100])
        self.assertEqual((found.page(1), found.page(0x100)), (page("second"), high))
        self.assertIsNone(found.page(2))
        self.assertIsNone(found.page(0x101))

    def test_damaged(self) -> None:
        good = core({0: page("low")})
        for data, reason in (
            (b"\x7fELF", "the header"),
            (bytes(PAGE), "no ELF file"),
            (core({0: page("low")}, type=2), "no core"),
            (core({0: page("low")}, table=1 << 40), "table of segments"),
            (core({0: page("low")}, segments=1000), "table of segments"),
            (core({0: page("low")}, size=1 << 50), "memory at 0x0 is not within"),
            (core({}), "no memory"),
            (good[:-1], "not within"),
        ):
            with self.subTest(reason), self.assertRaisesRegex(DumpError, reason):
                self.core(data)


if __name__ == "__main__":
    unittest.main()
