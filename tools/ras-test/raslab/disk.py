# SPDX-License-Identifier: GPL-2.0
"""Disks of a machine: made sparse, kept over its lives, read afterwards without mounting.

Every disk has a serial number, which is its name: the guest finds it by that, whatever
the kernel calls it (``disk NAME`` of guest/disks.sh).

What a power cut takes
----------------------
To kill the emulator loses nothing that reached it: the host's page cache keeps what a
real disk has in its volatile cache and forgets.  So a disk with ``volatile`` set is run
with QEMU's blklogwrites, which logs each write and each flush in the format of
dm-log-writes.  After a cut, ``power_off(cut=True)`` makes the disk anew from the copy of
what it was when this life began, and the log up to its last flush.  Every write behind
that flush is lost: the least that a disk which keeps its promises has to keep.

A node "raw" stands above the log: the log does not show that a write forces unit access
(FUA), and that node turns such a write into a write and a flush.  What is left:

- QEMU's NVMe (7.2, tried) forgets FUA before anybody can see it, and Linux uses it there,
  for the commit records of a journal and for O_DSYNC.  A cut would take what the guest was
  promised, so a cut of an NVMe disk with a journal on it is refused: put file systems on
  another bus.  Writes and flushes are as they should be.
- A disk that is not ``volatile`` keeps, over a cut, all that reached QEMU.

A disk with ``logged`` set is logged in the same way, and the log of each life is kept beside
it, for tests that make the disk as it was at any instant: see history.py.  When QEMU ends, it
flushes what the guest has not flushed, so the last flush of a log may be QEMU's.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from raslab.check import Answer, Check, Judge, RowError, compiled, matching_line
from raslab.lab import LabError

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
CHUNK = 1 << 20
# For a program that reads a disk of the lab.
TOOL_S = 120

# What the guest discards becomes a hole.
UNMAP: dict[str, object] = {"discard": "unmap"}

# By bus: the devices that the disk needs; the last one is the disk.
DEVICES = {
    "virtio": ["virtio-blk-pci"],
    "nvme": ["nvme"],
    "ahci": ["ahci,id={id}-bus", "ide-hd,bus={id}-bus.0"],
    "usb": ["qemu-xhci,id={id}-bus", "usb-storage,bus={id}-bus.0"],
}


def size_in_bytes(size: str) -> int:
    """A number of bytes, from "64M"; whole sectors only."""
    match = re.fullmatch(r"([1-9][0-9]*)([KMG]?)", size)
    count = int(match[1]) * UNITS[match[2]] if match else 0
    if not count or count % 512:
        raise LabError(f"{size!r} is no size of a disk: say 64M, or 1G")
    return count


def disk_path(directory: Path, name: str) -> Path:
    """Where the disk of that name is, in the directory of its case."""
    return directory / f"{name}.disk"


def kept_log(disk: Path, life: int) -> Path:
    """Where the log of a life is kept, of a disk that is logged."""
    return disk.with_name(f"{disk.name}.log.{life}")


def remove_disk(disk: Path) -> None:
    """Remove what is on a disk, and all logs that were kept."""
    for path in (disk, *disk.parent.glob(f"{disk.name}.log.*")):
        path.unlink(missing_ok=True)


# The log of blklogwrites: a sector with this, then entries, each a sector and its data.
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
MAGIC = 0x6A736677736872
SECTOR = 512
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


class LostCut(LabError):
    """Nobody can say what the disk has to hold after this cut: the case is lost."""


@dataclass(frozen=True)
class Entry:
    """A request to the disk: a flush, a discard, or a write with its data in the log."""

    flags: int
    offset: int
    length: int
    data: int

    @property
    def flushes(self) -> bool:
        """Is everything before it, and itself, on the disk for good?"""
        return bool(self.flags & (FLUSH | FUA))


@dataclass(frozen=True)
class Cut:
    """What came of a power cut."""

    kept_writes: int
    lost_writes: int
    lost_bytes: int


def read_log(log: BinaryIO) -> list[Entry]:
    """The requests in the order of the log, up to the first that did not get into it."""
    magic, version, count, sector = SUPER.unpack(log.read(SUPER.size).ljust(SUPER.size, b"\0"))
    if not magic:
        # Nothing was ever flushed.
        count, sector = 0, SECTOR
    elif magic != MAGIC or version != 1 or not sector:
        raise LabError("the log of a disk is no log of blklogwrites")
    entries = list(_entries(log, sector))
    if len(entries) < count:
        raise LostCut(
            f"the power was cut while write {len(entries)} of {count} went into the log of a disk,"
            " and what follows cannot be found"
        )
    return entries


def _entries(log: BinaryIO, sector: int) -> Iterator[Entry]:
    end = log.seek(0, os.SEEK_END)
    position = sector
    while position + ENTRY.size <= end:
        log.seek(position)
        start, sectors, flags, _ = ENTRY.unpack(log.read(ENTRY.size))
        if not flags and not sectors:
            # A place that was taken for a request, and never written.
            return
        if flags & ~(FLUSH | FUA | DISCARD | MARK):
            raise LabError(f"the log of a disk has an entry with the unknown flags {flags:#x}")
        position += sector
        yield Entry(flags, start * sector, sectors * sector, position)
        if not flags & DISCARD:
            position += sectors * sector


def replay(log: BinaryIO, disk: BinaryIO) -> Cut:
    """Do to the disk what the log says, up to the last flush."""
    entries = read_log(log)
    kept = max((number for number, entry in enumerate(entries, 1) if entry.flushes), default=0)
    for entry in entries[:kept]:
        apply_entry(entry, log, disk)
    # A flush of its own has no length.
    lost = [entry for entry in entries[kept:] if entry.length]
    return Cut(
        kept_writes=sum(1 for entry in entries[:kept] if entry.length),
        lost_writes=len(lost),
        lost_bytes=sum(entry.length for entry in lost),
    )


def apply_entry(entry: Entry, log: BinaryIO, disk: BinaryIO) -> None:
    """Do to the disk what one entry says."""
    for done in range(0, entry.length, CHUNK):
        length = min(CHUNK, entry.length - done)
        if entry.flags & DISCARD:
            data = bytes(length)
        else:
            log.seek(entry.data + done)
            data = log.read(length)
        disk.seek(entry.offset + done)
        # Zeros over zeros would only make a sparse file large.
        if data.strip(b"\0") or disk.read(len(data)).strip(b"\0"):
            disk.seek(entry.offset + done)
            disk.write(data)


@dataclass
class Disk:
    """One disk.

    ``volatile``: a power cut takes what the guest did not flush.  ``fails_at``: a write that
    touches this place is an error.  ``writes_per_s``: so much is written in a second, and the
    guest waits for the rest.  ``logged``: the log of each life is kept.
    """

    name: str
    bus: str
    size: str
    path: Path
    volatile: bool = False
    fails_at: str = ""
    writes_per_s: str = ""
    logged: bool = False
    lives: int = 0

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][a-z0-9-]{0,19}", self.name):
            raise LabError(f"{self.name!r} is no name of a disk: letters, digits, at most 20")
        if self.bus not in DEVICES:
            raise LabError(f"no bus {self.bus!r} for a disk; there are {' '.join(DEVICES)}")
        size_in_bytes(self.size)
        if self.fails_at and size_in_bytes(self.fails_at) >= size_in_bytes(self.size):
            raise LabError(f"disk {self.name}: {self.fails_at!r} is behind its end")
        if (self.fails_at or self.writes_per_s) and self.volatile:
            raise LabError(f"disk {self.name}: one that fails cannot lose its power as well")
        if (self.fails_at or self.writes_per_s) and self.logged:
            raise LabError(f"disk {self.name}: one that fails or is slow has no log")
        if self.fails_at and self.writes_per_s:
            raise LabError(f"disk {self.name}: it is slow, or fails, not both")
        if self.writes_per_s:
            size_in_bytes(self.writes_per_s)

    @property
    def log(self) -> Path:
        """The log of the present life."""
        return self.path.with_name(self.path.name + ".log")

    @property
    def before(self) -> Path:
        """What the disk was when the present life began."""
        return self.path.with_name(self.path.name + ".before")

    def create(self) -> None:
        """Make the disk, empty."""
        self.remove()
        cuts_path(self.path).unlink(missing_ok=True)
        self.lives = 0
        with open(self.path, "wb") as file:
            file.truncate(size_in_bytes(self.size))

    def remove(self) -> None:
        """Remove the disk; what is known about its power cuts stays."""
        remove_disk(self.path)
        for path in (self.log, self.before):
            path.unlink(missing_ok=True)

    def power_on(self) -> None:
        """Before a life: the log is empty, and what is on the disk is kept beside it."""
        self.lives += 1
        if self.volatile:
            copy_sparse(self.path, self.before)
        if self.volatile or self.logged:
            self.log.write_bytes(b"")

    def power_off(self, cut: bool) -> None:
        """After a life, when the emulator is gone; ``cut``: it was killed as a power cut."""
        if cut and self.volatile:
            try:
                with open(self.log, "rb") as log, open(self.before, "r+b") as disk:
                    result = replay(log, disk)
                if self.bus == "nvme" and has_journal(self.path):
                    raise LabError("QEMU's NVMe loses what a journal relies on; take virtio")
            except LabError as error:
                raise type(error)(f"disk {self.name}: {error}") from error
            os.replace(self.before, self.path)
            write_cuts(self.path, [*read_cuts(self.path), result])
        if self.logged:
            os.replace(self.log, kept_log(self.path, self.lives))
        self.log.unlink(missing_ok=True)
        self.before.unlink(missing_ok=True)

    def qemu_args(self, index: int) -> list[str]:
        """The options for QEMU; ``index`` tells the disks of a machine apart."""
        node = f"disk{index}"
        args: list[str] = []
        if self.writes_per_s:
            limits = {"bps-write": size_in_bytes(self.writes_per_s)}
            group = {"qom-type": "throttle-group", "id": f"{node}-limits", "limits": limits}
            args += ["-object", json.dumps(group)]
        for options in self._nodes(node):
            args += ["-blockdev", json.dumps(options)]
        *devices, last = [device.format(id=node) for device in DEVICES[self.bus]]
        for device in devices:
            args += ["-device", device]
        args += ["-device", f"{last},drive={node},serial={self.name},write-cache=on"]
        return args

    def _nodes(self, node: str) -> list[dict[str, object]]:
        file = _file_node(f"{node}-file", self.path)
        if self.fails_at:
            error = {
                "event": "none",
                "iotype": "write",
                "errno": errno.EIO,
                "sector": size_in_bytes(self.fails_at) // SECTOR,
            }
            faulty = {"driver": "blkdebug", "node-name": node, "image": f"{node}-file"}
            return [file, faulty | {"inject-error": [error]} | UNMAP]
        if self.writes_per_s:
            slow = {"driver": "throttle", "node-name": node, "file": f"{node}-file"}
            return [file, slow | {"throttle-group": f"{node}-limits"} | UNMAP]
        if not self.volatile and not self.logged:
            return [file, {"driver": "raw", "node-name": node, "file": f"{node}-file"} | UNMAP]
        return [
            file,
            _file_node(f"{node}-log", self.log),
            {
                "driver": "blklogwrites",
                "node-name": f"{node}-logged",
                "file": f"{node}-file",
                "log": f"{node}-log",
                "log-sector-size": SECTOR,
            }
            | UNMAP,
            {"driver": "raw", "node-name": node, "file": f"{node}-logged"} | UNMAP,
        ]

    def read(self, offset: int, length: int) -> bytes:
        """What is there."""
        return read_range(self.path, offset, length)


def _file_node(name: str, path: Path) -> dict[str, object]:
    # The host does not lose its power: the page cache is as good as its disk, and faster.
    cache = {"direct": False, "no-flush": True}
    return {"driver": "file", "node-name": name, "filename": str(path), "cache": cache} | UNMAP


def copy_sparse(source: Path, copy: Path) -> None:
    """Copy a file, its holes as holes; where the file system can, without copying data."""
    command = ["cp", "--sparse=always", "--reflink=auto", "--", str(source), str(copy)]
    _tool(command, "cannot copy a disk")


def _tool(command: list[str], trouble: str, good: tuple[int, ...] = (0,)) -> bytes:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TOOL_S, check=False
        )
    except FileNotFoundError as error:
        raise LabError(f"{trouble}: there is no {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{trouble}: {command[0]} took longer than {TOOL_S} s") from error
    if done.returncode not in good:
        raise LabError(f"{trouble}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def cuts_path(disk: Path) -> Path:
    """Where the disk's power cuts are noted."""
    return disk.with_name(disk.name + ".cuts.json")


def read_cuts(disk: Path) -> list[Cut]:
    """The power cuts of a disk, in order."""
    path = cuts_path(disk)
    if not path.exists():
        return []
    return [Cut(**cut) for cut in json.loads(path.read_text(encoding="ascii"))]


def write_cuts(disk: Path, cuts: list[Cut]) -> None:
    """Note the power cuts of a disk."""
    text = json.dumps([vars(cut) for cut in cuts], indent=1)
    cuts_path(disk).write_text(text + "\n", encoding="ascii")


def read_range(disk: Path, offset: int, length: int) -> bytes:
    """What is on the disk there."""
    with open(disk, "rb") as file:
        file.seek(offset)
        return file.read(length)


def sha256(disk: Path, offset: int, length: int) -> str:
    """The checksum of a range of the disk."""
    digest = hashlib.sha256()
    with open(disk, "rb") as file:
        file.seek(offset)
        while length > 0 and (data := file.read(min(CHUNK, length))):
            digest.update(data)
            length -= len(data)
    return digest.hexdigest()


def has_journal(disk: Path) -> bool:
    """Does an ext3 or ext4 file system fill the disk?"""
    superblock = read_range(disk, 1024, 1024).ljust(1024, b"\0")
    magic, compatible = struct.unpack_from("<H34xI", superblock, 56)
    return bool(magic == 0xEF53 and compatible & 4)


def tar_names(disk: Path) -> list[str]:
    """The files in the tar archive that was written onto the disk itself; [] if there is none."""
    try:
        with tarfile.open(disk, "r:") as archive:
            return [member.name for member in archive if member.isfile()]
    except tarfile.TarError:
        return []


def tar_extract(disk: Path, to: Path) -> list[str]:
    """Unpack the plain files of that archive into one directory; say which there were."""
    names = []
    try:
        with tarfile.open(disk, "r:") as archive:
            for member in archive:
                name = Path(member.name).name
                source = archive.extractfile(member) if member.isfile() else None
                if source is None or not name:
                    continue
                to.mkdir(parents=True, exist_ok=True)
                with source, open(to / name, "wb") as target:
                    shutil.copyfileobj(source, target, CHUNK)
                names.append(name)
    except tarfile.TarError:
        # The rest of the archive never got onto the disk.
        pass
    return names


def ext4_file(disk: Path, name: str) -> str | None:
    """A file of the ext2, ext3 or ext4 file system that fills the disk; None: there is none.

    What is only in the journal is in the file system for every kernel that mounts it, so
    the journal of a copy is replayed first.
    """
    with tempfile.TemporaryDirectory(dir=disk.parent) as directory:
        header = _tool(["debugfs", "-R", "stats -h", str(disk)], "cannot read a file system")
        if b"needs_recovery" in header:
            copy = Path(directory) / "disk"
            copy_sparse(disk, copy)
            command = ["e2fsck", "-y", "-E", "journal_only", str(copy)]
            # 1: it mended something.
            _tool(command, "cannot replay a journal", good=(0, 1))
            disk = copy
        into = Path(directory) / "file"
        _tool(["debugfs", "-R", f"dump {name} {into}", str(disk)], "cannot read a file system")
        return into.read_text(encoding="utf-8", errors="replace") if into.exists() else None


def _number(text: str) -> int:
    match = re.fullmatch(r"([0-9]+)([KMG]?)", text)
    if not match:
        raise RowError(f"{text!r} is no place on a disk: say 4096, or 1M")
    return int(match[1]) * UNITS[match[2]]


def in_range(count: int, expected: str) -> bool:
    """Is it "3", or in "1..", or in "1..5"?"""
    low, dots, high = expected.partition("..")
    return int(low) <= count <= (int(high) if high else count if dots else int(low))


def _found(expression: str, text: str) -> bool:
    # The end of a file is the end of its last line.
    return matching_line(expression, text if text.endswith("\n") else text + "\n") is not None


class DiskJudge(Judge):
    """``disk NAME``, as it is after the last life.  What it can be asked:

    ["disk data", "has at 4096", "text"]          these bytes are there (4096, or 4K, 1M ...)
    ["disk data", "lacks at 4096", "text"]        something else is there
    ["disk data", "sha256 0 1M", "ba78..."]       the checksum of 1M from 0 on; or a regular
                                                  expression for the console, with one group:
                                                  ["...", "sha256 0 1M", 'RT: sum ([0-9a-f]{64})']
    ["disk data", "tar NAME", "regex"]            the tar archive on the disk has that file,
                                                  and the expression is found in it
    ["disk data", "file /hello", "regex"]         so has the ext4 file system
    ["disk data", "file /hello", "none"]          ... or it has no such file
    ["disk data", "lost writes", "1.."]           so many writes did the power cuts take
    ["disk data", "kept writes", "1..100"]        so many were flushed in lives that were cut
    """

    where = "disk"

    @classmethod
    def accept(cls, check: Check) -> None:
        if not re.fullmatch("[a-z][a-z0-9-]*", check.argument):
            raise RowError(f"{check.where!r} names no disk: say 'disk data'")
        _question(check.what).accept(str(check.expected))

    def answer(self, check: Check) -> Answer:
        path = disk_path(self.evidence.directory, check.argument)
        title = check.title or f"disk {check.argument} {check.what} {check.expected}"
        if not path.exists():
            return Answer(False, title, str(check.expected), f"there is no disk {check.argument}")
        question = _question(check.what)
        try:
            ok, got = question.answer(path, str(check.expected), self.evidence.console)
        except LabError as error:
            ok, got = False, str(error)
        return Answer(ok, title, str(check.expected), got)


class _Question:
    """One kind of question about a disk."""

    pattern = ""

    def __init__(self, *words: str) -> None:
        self.words = words

    def accept(self, expected: str) -> None:
        """Raise RowError if that cannot be expected."""
        compiled(expected)

    def answer(self, disk: Path, expected: str, console: str) -> tuple[bool, str]:
        """Is it so, and what is there?"""
        raise NotImplementedError


class _Text(_Question):
    pattern = r"(has|lacks) at (\S+)"

    def accept(self, expected: str) -> None:
        _number(self.words[1])
        if not expected:
            raise RowError("no text is everywhere on a disk")

    def answer(self, disk: Path, expected: str, console: str) -> tuple[bool, str]:
        text = expected.encode()
        found = read_range(disk, _number(self.words[1]), len(text))
        got = "zeros" if found and not any(found) else repr(found.decode(errors="replace"))
        return (found == text) == (self.words[0] == "has"), got


class _Sha256(_Question):
    pattern = r"sha256 (\S+) (\S+)"

    def accept(self, expected: str) -> None:
        for word in self.words:
            _number(word)
        if not re.fullmatch("[0-9a-f]{64}", expected) and compiled(expected).groups != 1:
            raise RowError(f"{expected!r} is no SHA-256, and no expression with one group")

    def answer(self, disk: Path, expected: str, console: str) -> tuple[bool, str]:
        if not re.fullmatch("[0-9a-f]{64}", expected):
            match = compiled(expected).search(console)
            if match is None:
                return False, "no such checksum on the console"
            expected = match[1]
        got = sha256(disk, _number(self.words[0]), _number(self.words[1]))
        return got == expected, got


class _Tar(_Question):
    pattern = r"tar (\S+)"

    def answer(self, disk: Path, expected: str, console: str) -> tuple[bool, str]:
        with tempfile.TemporaryDirectory(dir=disk.parent) as directory:
            names = tar_extract(disk, Path(directory))
            if self.words[0] not in names:
                return False, f"an archive of {' '.join(names) or 'nothing'}"
            path = Path(directory) / self.words[0]
            text = path.read_text(encoding="utf-8", errors="replace")
        return _found(expected, text), text[:200]


class _File(_Question):
    pattern = r"file (/[^\s\"]+)"

    def answer(self, disk: Path, expected: str, console: str) -> tuple[bool, str]:
        text = ext4_file(disk, self.words[0])
        if text is None:
            return expected == "none", "no such file"
        shown = text.replace("\0", "")[:200]
        return expected != "none" and _found(expected, text), shown


class _Writes(_Question):
    pattern = r"(lost|kept) writes"

    def accept(self, expected: str) -> None:
        if not re.fullmatch(r"[0-9]+(\.\.[0-9]*)?", expected):
            raise RowError(f"{expected!r} is no number: say 3, 1.. or 1..5")

    def answer(self, disk: Path, expected: str, console: str) -> tuple[bool, str]:
        cuts = read_cuts(disk)
        if not cuts:
            return False, "no power cut"
        kept = self.words[0] == "kept"
        count = sum(cut.kept_writes if kept else cut.lost_writes for cut in cuts)
        return in_range(count, expected), str(count)


def _question(what: str) -> _Question:
    for kind in (_Text, _Sha256, _Tar, _File, _Writes):
        if match := re.fullmatch(kind.pattern, what):
            return kind(*match.groups())
    raise RowError(f"a disk cannot be asked {what!r}; see DiskJudge")
