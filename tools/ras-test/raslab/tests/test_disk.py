# SPDX-License-Identifier: GPL-2.0
"""Disks: the replay of a log, what is read from them, and what a check may ask."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from raslab import disk
from raslab.check import Check, Evidence, RowError
from raslab.disk import Disk, DiskJudge
from raslab.lab import LabError

FLUSH, FUA, DISCARD = 1, 2, 4


class Log:
    """A made-up log, as blklogwrites would write it."""

    def __init__(self) -> None:
        self.body, self.count = b"", 0

    def add(
        self, sector: int, data: bytes = b"", flags: int = 0, sectors: int | None = None
    ) -> None:
        length = len(data) // 512 if sectors is None else sectors
        self.body += struct.pack("<QQQQ", sector, length, flags, 0).ljust(512, b"\0") + data
        self.count += 1

    def file(self, count: int | None = None) -> io.BytesIO:
        """With so many entries in its first sector; 0: that was never written."""
        count = self.count if count is None else count
        head = struct.pack("<QQQI", disk.MAGIC, 1, count, 512) if count else b""
        return io.BytesIO(head.ljust(512, b"\0") + self.body)


def block(letter: bytes) -> bytes:
    return letter * 512


class Replay(unittest.TestCase):
    def replay(self, log: io.BytesIO, start: bytes = bytes(4096)) -> tuple[bytes, disk.Cut]:
        target = io.BytesIO(start)
        cut = disk.replay(log, target)
        return target.getvalue(), cut

    def test_up_to_the_last_flush(self) -> None:
        log = Log()
        log.add(0, block(b"a"))
        log.add(1, block(b"b") * 2)
        log.add(0, flags=FLUSH)
        log.add(0, block(b"c"))
        log.add(5, block(b"d") * 2)
        data, cut = self.replay(log.file(3))
        self.assertEqual(data, (block(b"a") + block(b"b") * 2).ljust(4096, b"\0"))
        self.assertEqual(cut, disk.Cut(kept_writes=2, lost_writes=2, lost_bytes=1536))

    def test_later_write_wins(self) -> None:
        log = Log()
        log.add(0, block(b"a"))
        log.add(0, block(b"b"))
        log.add(0, flags=FLUSH)
        self.assertEqual(self.replay(log.file())[0][:512], block(b"b"))

    def test_forced_unit_access(self) -> None:
        log = Log()
        log.add(0, block(b"a"))
        log.add(1, block(b"b"), flags=FUA)
        data, cut = self.replay(log.file())
        self.assertEqual(data[:1024], block(b"a") + block(b"b"))
        self.assertEqual((cut.kept_writes, cut.lost_writes), (2, 0))

    def test_discard_has_no_data(self) -> None:
        log = Log()
        log.add(1, flags=DISCARD, sectors=2)
        log.add(4, block(b"x"))
        log.add(0, flags=FLUSH)
        data, _ = self.replay(log.file(), b"o" * 4096)
        self.assertEqual(data[:512], b"o" * 512)
        self.assertEqual(data[512:1536], bytes(1024))
        self.assertEqual(data[2048:2560], block(b"x"))

    def test_never_flushed(self) -> None:
        log = Log()
        log.add(0, block(b"a"))
        data, cut = self.replay(log.file(0))
        self.assertEqual(data, bytes(4096))
        self.assertEqual(cut, disk.Cut(0, 1, 512))
        self.assertEqual(self.replay(io.BytesIO())[1], disk.Cut(0, 0, 0))

    def test_torn_end(self) -> None:
        log = Log()
        log.add(0, block(b"a"))
        log.add(0, flags=FLUSH)
        log.add(1, block(b"b") * 4)
        torn = io.BytesIO(log.file(2).getvalue()[:-1000])
        data, cut = self.replay(torn)
        self.assertEqual(data[:1024], block(b"a") + bytes(512))
        self.assertEqual(cut.lost_writes, 1)

    def test_hole_before_the_last_flush(self) -> None:
        log = Log()
        log.add(0, block(b"a"))
        log.add(0, sectors=0)
        log.add(0, flags=FLUSH)
        with self.assertRaisesRegex(disk.LostCut, "write 1 of 3"):
            self.replay(log.file())

    def test_no_log(self) -> None:
        with self.assertRaises(LabError):
            self.replay(io.BytesIO(b"x" * 1024))
        log = Log()
        log.add(0, block(b"a"), flags=64)
        with self.assertRaisesRegex(LabError, "0x40"):
            self.replay(log.file())


class InDirectory(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def disk(self, **more: Any) -> Disk:
        values: dict[str, Any] = {"name": "data", "bus": "nvme", "size": "1M"} | more
        made = Disk(path=disk.disk_path(self.directory, values["name"]), **values)
        made.create()
        return made


class Life(InDirectory):
    def test_sizes(self) -> None:
        self.assertEqual(disk.size_in_bytes("512"), 512)
        self.assertEqual(disk.size_in_bytes("64M"), 64 << 20)
        self.assertEqual(disk.size_in_bytes("1G"), 1 << 30)
        for bad in ("", "0", "1T", "100", "M", "1.5G", "-1M"):
            with self.assertRaises(LabError):
                disk.size_in_bytes(bad)

    def test_created_sparse(self) -> None:
        made = self.disk(size="1G")
        self.assertEqual(made.path.stat().st_size, 1 << 30)
        self.assertLess(made.path.stat().st_blocks, 100)

    def test_bad_names(self) -> None:
        for values in ({"name": "Data"}, {"name": "x" * 21}, {"bus": "floppy"}, {"size": "x"}):
            with self.assertRaises(LabError):
                self.disk(**values)

    def test_cut(self) -> None:
        made = self.disk(volatile=True)
        made.power_on()
        made.path.write_bytes(b"what the emulator wrote".ljust(1 << 20, b"\0"))
        log = Log()
        log.add(2, block(b"f"))
        log.add(0, flags=FLUSH)
        log.add(4, block(b"u"))
        made.log.write_bytes(log.file().getvalue())
        made.power_off(cut=True)
        self.assertEqual(made.read(0, 2560), bytes(1024) + block(b"f") + bytes(1024))
        self.assertEqual(disk.read_cuts(made.path), [disk.Cut(1, 1, 512)])
        self.assertEqual(sorted(os.listdir(self.directory)), ["data.disk", "data.disk.cuts.json"])

    def test_next_life_begins_with_what_was_kept(self) -> None:
        made = self.disk(volatile=True)
        for letter in (b"1", b"2"):
            made.power_on()
            log = Log()
            log.add(int(letter), block(letter))
            log.add(0, flags=FLUSH)
            made.log.write_bytes(log.file().getvalue())
            made.power_off(cut=True)
        self.assertEqual(made.read(512, 1024), block(b"1") + block(b"2"))
        self.assertEqual(len(disk.read_cuts(made.path)), 2)

    def test_no_cut_keeps_all(self) -> None:
        made = self.disk(volatile=True)
        made.power_on()
        with open(made.path, "r+b") as file:
            file.write(b"all")
        made.power_off(cut=False)
        self.assertEqual(made.read(0, 3), b"all")
        self.assertEqual(os.listdir(self.directory), ["data.disk"])

    def test_logs_are_kept(self) -> None:
        made = self.disk(logged=True)
        for life in (1, 2):
            made.power_on()
            made.log.write_bytes(b"log %d" % life)
            made.power_off(cut=False)
        logs = [disk.kept_log(made.path, life) for life in (1, 2)]
        self.assertEqual([log.read_bytes() for log in logs], [b"log 1", b"log 2"])
        self.assertEqual(len(os.listdir(self.directory)), 3)
        made.create()
        self.assertEqual(os.listdir(self.directory), ["data.disk"])

    def test_logged_and_cut(self) -> None:
        made = self.disk(logged=True, volatile=True)
        made.power_on()
        log = Log()
        log.add(2, block(b"f"))
        log.add(0, flags=FLUSH)
        made.log.write_bytes(log.file().getvalue())
        made.power_off(cut=True)
        self.assertEqual(made.read(1024, 512), block(b"f"))
        self.assertTrue(disk.kept_log(made.path, 1).exists())
        self.assertFalse(made.before.exists())


class Options(InDirectory):
    def nodes(self, args: list[str]) -> list[dict[str, Any]]:
        pairs = zip(args[::2], args[1::2])
        return [json.loads(value) for key, value in pairs if key == "-blockdev"]

    def devices(self, args: list[str]) -> list[str]:
        return [value for key, value in zip(args[::2], args[1::2]) if key == "-device"]

    def test_devices(self) -> None:
        expected = {
            "virtio": ["virtio-blk-pci,drive=disk1,serial=data,write-cache=on"],
            "nvme": ["nvme,drive=disk1,serial=data,write-cache=on"],
            "ahci": [
                "ahci,id=disk1-bus",
                "ide-hd,bus=disk1-bus.0,drive=disk1,serial=data,write-cache=on",
            ],
            "usb": [
                "qemu-xhci,id=disk1-bus",
                "usb-storage,bus=disk1-bus.0,drive=disk1,serial=data,write-cache=on",
            ],
        }
        for bus, devices in expected.items():
            self.assertEqual(self.devices(self.disk(bus=bus).qemu_args(1)), devices)

    def test_plain(self) -> None:
        made = self.disk()
        nodes = self.nodes(made.qemu_args(0))
        self.assertEqual([node["driver"] for node in nodes], ["file", "raw"])
        self.assertEqual(nodes[0]["filename"], str(made.path))
        self.assertEqual(nodes[-1]["node-name"], "disk0")

    def test_volatile(self) -> None:
        made = self.disk(volatile=True)
        nodes = self.nodes(made.qemu_args(3))
        self.assertEqual(
            [node["driver"] for node in nodes], ["file", "file", "blklogwrites", "raw"]
        )
        self.assertEqual(nodes[1]["filename"], str(made.log))
        self.assertEqual((nodes[2]["file"], nodes[2]["log"]), ("disk3-file", "disk3-log"))
        self.assertEqual((nodes[3]["node-name"], nodes[3]["file"]), ("disk3", "disk3-logged"))
        # A flush has to come as far as the log.
        self.assertNotIn("cache", nodes[2] | nodes[3])

    def test_logged(self) -> None:
        made = self.disk(logged=True)
        self.assertEqual(made.qemu_args(0), self.disk(volatile=True).qemu_args(0))
        with self.assertRaisesRegex(LabError, "has no log"):
            self.disk(size="8M", fails_at="6M", logged=True)

    def test_one_that_fails(self) -> None:
        made = self.disk(size="8M", fails_at="6M")
        nodes = self.nodes(made.qemu_args(0))
        self.assertEqual([node["driver"] for node in nodes], ["file", "blkdebug"])
        self.assertEqual((nodes[1]["node-name"], nodes[1]["image"]), ("disk0", "disk0-file"))
        error = nodes[1]["inject-error"][0]
        self.assertEqual((error["iotype"], error["sector"]), ("write", 6 << 11))
        with self.assertRaises(LabError):
            self.disk(size="8M", fails_at="8M")
        with self.assertRaises(LabError):
            self.disk(size="8M", fails_at="6M", volatile=True)

    def test_one_that_is_slow(self) -> None:
        args = self.disk(size="8M", writes_per_s="4M").qemu_args(2)
        nodes = self.nodes(args)
        self.assertEqual([node["driver"] for node in nodes], ["file", "throttle"])
        group = json.loads(args[args.index("-object") + 1])
        self.assertEqual((group["id"], nodes[1]["throttle-group"]), ("disk2-limits",) * 2)
        self.assertEqual(group["limits"], {"bps-write": 4 << 20})
        for wrong in ({"writes_per_s": "much"}, {"writes_per_s": "4M", "fails_at": "6M"}):
            with self.assertRaises(LabError):
                self.disk(size="8M", **wrong)


class Archive(InDirectory):
    def archive(self, made: Disk) -> None:
        with open(made.path, "r+b") as file, tarfile.open(fileobj=file, mode="w") as archive:
            for name, text in (("vmcore", b"core"), ("../evil", b"evil")):
                member = tarfile.TarInfo(name)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))

    def test_tar(self) -> None:
        made = self.disk()
        self.assertEqual(disk.tar_names(made.path), [])
        self.assertEqual(disk.tar_extract(made.path, self.directory / "to"), [])
        self.archive(made)
        self.assertEqual(disk.tar_names(made.path), ["vmcore", "../evil"])
        disk.tar_extract(made.path, self.directory / "to")
        self.assertEqual((self.directory / "to" / "vmcore").read_bytes(), b"core")
        self.assertEqual((self.directory / "to" / "evil").read_bytes(), b"evil")

    @unittest.skipUnless(shutil.which("debugfs") and shutil.which("mke2fs"), "needs e2fsprogs")
    def test_ext4(self) -> None:
        made = self.disk(size="8M")
        hello = self.directory / "hello"
        hello.write_text("hello, disk\n", encoding="ascii")
        for command in (
            ["mke2fs", "-q", "-t", "ext4", str(made.path)],
            ["debugfs", "-w", "-R", f"write {hello} hello", str(made.path)],
        ):
            subprocess.run(command, check=True, capture_output=True)
        self.assertEqual(disk.ext4_file(made.path, "/hello"), "hello, disk\n")
        self.assertIsNone(disk.ext4_file(made.path, "/other"))
        self.assertTrue(disk.has_journal(made.path))
        subprocess.run(["mke2fs", "-q", "-t", "ext2", str(made.path)], check=True)
        self.assertFalse(disk.has_journal(made.path))

    def test_no_cut_with_a_journal_on_nvme(self) -> None:
        made = self.disk(bus="nvme", volatile=True)
        made.power_on()
        with open(made.path, "r+b") as file:
            file.seek(1024 + 56)
            file.write(struct.pack("<H34xI", 0xEF53, 4))
        with self.assertRaisesRegex(LabError, "disk data: .*journal"):
            made.power_off(cut=True)


class Judging(InDirectory):
    def ask(self, what: str, expected: str, console: str = "") -> bool:
        check = Check("disk data", what, expected)
        DiskJudge.accept(check)
        evidence = cast(Evidence, SimpleNamespace(directory=self.directory, console=console))
        return DiskJudge(evidence).answer(check).ok

    def test_bytes(self) -> None:
        made = self.disk()
        with open(made.path, "r+b") as file:
            file.seek(4096)
            file.write(b"flushed")
        self.assertTrue(self.ask("has at 4096", "flushed"))
        self.assertTrue(self.ask("has at 4K", "flush"))
        self.assertFalse(self.ask("has at 0", "flushed"))
        self.assertTrue(self.ask("lacks at 0", "flushed"))
        self.assertFalse(self.ask("lacks at 4096", "flushed"))

    def test_checksum(self) -> None:
        self.disk()
        right = hashlib.sha256(bytes(4096)).hexdigest()
        self.assertTrue(self.ask("sha256 0 4K", right))
        self.assertFalse(self.ask("sha256 512 8K", right))
        self.assertTrue(self.ask("sha256 0 4K", "RT: sum ([0-9a-f]{64})", f"RT: sum {right}"))
        self.assertFalse(self.ask("sha256 0 4K", "RT: sum ([0-9a-f]{64})", "RT: sum none"))

    def test_writes(self) -> None:
        made = self.disk()
        self.assertFalse(self.ask("lost writes", "0.."))
        disk.write_cuts(made.path, [disk.Cut(1, 2, 1024), disk.Cut(3, 1, 512)])
        self.assertTrue(self.ask("lost writes", "3"))
        self.assertTrue(self.ask("lost writes", "1.."))
        self.assertTrue(self.ask("kept writes", "1..4"))
        self.assertFalse(self.ask("kept writes", "1..3"))

    def test_tar(self) -> None:
        made = self.disk()
        self.assertFalse(self.ask("tar vmcore", "core"))
        Archive.archive(cast(Archive, self), made)
        self.assertTrue(self.ask("tar vmcore", "^core$"))
        self.assertFalse(self.ask("tar vmcore", "apple"))

    def test_no_disk(self) -> None:
        self.assertFalse(self.ask("lacks at 0", "x"))

    def test_refused(self) -> None:
        for where, what, expected in (
            ("disk", "has at 0", "x"),
            ("disk data", "has at", "x"),
            ("disk data", "has at 0x10", "x"),
            ("disk data", "has at 0", ""),
            ("disk data", "has", "x"),
            ("disk data", "sha256 0", "ab"),
            ("disk data", "sha256 0 512", "abcd"),
            ("disk data", "tar a b", "x"),
            ("disk data", "file hello", "x"),
            ("disk data", 'file /a"b', "x"),
            ("disk data", "file /hello", "("),
            ("disk data", "lost writes", "many"),
            ("disk data", "lost bytes", "1"),
        ):
            with self.assertRaises(RowError, msg=f"{where} {what} {expected}"):
                DiskJudge.accept(Check(where, what, expected))


if __name__ == "__main__":
    unittest.main()
