#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-hibernate, with images in files: where they are on their device, which files are refused, and
what becomes of a list of parts that is spoiled.  A sparse file stands for the device of the real
file system.  No kernel is loaded, and no machine is switched off."""

from __future__ import annotations

import array
import fcntl
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, FAILED, USAGE, NOTHING = range(4)
PAGE = 4096
MIB = 1 << 20
END, RAM_END = 64 * MIB, 96 * MIB
# A save wants room for its own memory, and some more.
SIZE = 84 * MIB
ENTRY = END + 0x230
RANGES = [(0x100000, RAM_END - 1)]
MAP_CRC = zlib.crc32(struct.pack("<QQQ", RANGES[0][0], RANGES[0][1] + 1, 1))
# Where the first block has the number of the parts, with the checksum of the list behind it.
PARTS_AT = 40 + 64 + 72 + 72 + 256 + 64 * 44 + 4
LIST_AT = 2 * PAGE
FIEMAP = 0xC020660B
Parts = list[tuple[int, int]]


def parts_of(path: Path) -> Parts:
    """Where a file is: the place and the length of each part."""
    size, most = path.stat().st_size, 512
    asked = array.array("B", struct.pack("<QQIIII", 0, size, 1, 0, most, 0) + bytes(56 * most))
    with open(path, "rb") as file:
        fcntl.ioctl(file, FIEMAP, asked)
    count = struct.unpack_from("<I", asked, 20)[0]
    found = [struct.unpack_from("<QQQ", asked, 32 + 56 * number) for number in range(count)]
    return [(physical, length) for _, physical, length in found]


def fragmented(path: Path, first: int, size: int = SIZE) -> Parts:
    """Make a file in several parts, by others that are written in between."""
    path.unlink(missing_ok=True)
    done, piece, number = 0, first, 0
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    while done < size:
        other = path.with_suffix(f".other{number}")
        for name, length in ((path, min(piece, size - done)), (other, MIB)):
            with open(name, "ab") as file:
                file.write(b"\x5a" * length)
                file.flush()
                os.fsync(file.fileno())
        done, piece, number = done + piece, 7 * MIB, number + 1
    for other in path.parent.glob(f"{path.stem}.other*"):
        other.unlink()
    return parts_of(path)


def bzimage() -> bytes:
    """A kernel with nothing but a setup header."""
    made = bytearray(300000)
    for at, form, value in (
        (0x1F1, "B", 3),
        (0x1F4, "<I", (len(made) - 2048) // 16),
        (0x1FE, "<H", 0xAA55),
        (0x200, "<H", 0x66EB),
        (0x202, "<I", 0x53726448),
        (0x206, "<H", 0x20F),
        (0x211, "B", 1),
        (0x230, "<I", 2 * MIB),
        (0x234, "B", 1),
        (0x236, "<H", 1),
        (0x238, "<I", 2047),
        (0x258, "<Q", 16 * MIB),
        (0x260, "<I", 20 * MIB),
    ):
        struct.pack_into(form, made, at, value)
    return bytes(made)


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
    def image(self) -> Path:
        """The file for the image."""
        return self.place / "image"

    @property
    def device(self) -> Path:
        """What stands for the device of the file system."""
        return self.root / "dev/vdz1"

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of the kernel."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, command: str, *arguments: object) -> Ran:
        """Run a command."""
        argv = [self.place / "ras-hibernate", command, "--root", self.root, *arguments]
        return tools.run(argv, self.place, {}, {}, CALL_S)

    def read(self, at: int, size: int = PAGE) -> bytes:
        """What the device has there."""
        with open(self.device, "rb") as file:
            return os.pread(file.fileno(), size, at)

    def write(self, at: int, data: bytes) -> None:
        """Have this there."""
        with open(self.device, "r+b") as file:
            os.pwrite(file.fileno(), data, at)

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)

    def refused(self, name: str, ran: Ran, words: str, **also: object) -> None:
        """A test: it was said why, in one line."""
        also["one line"] = ran.err.count("\n") == 1
        self.expect(name, ran, FAILED, f"ras-hibernate: .*{words}", **also)


def make_machine(bench: Bench) -> None:
    """The files of a kernel, and memory in use."""
    for what, text in (
        ("start", f"{RANGES[0][0]:#x}"),
        ("end", f"{RANGES[0][1]:#x}"),
        ("type", "System RAM"),
    ):
        bench.file(f"sys/firmware/memmap/0/{what}", f"{text}\n")
    bench.file("proc/iomem", f"00100000-{END - 1:08x} : System RAM\n")
    bench.file("proc/cpuinfo", "flags\t\t: fpu lm\n")
    bench.file("proc/cmdline", f"kexec_jump_back_entry={ENTRY:#x}\n")
    bench.file("proc/1/mountinfo", "")
    total = (RAM_END - 0x100000) // 1024
    bench.file("proc/meminfo", f"MemTotal: {total} kB\nMemFree: {total} kB\n")
    (bench.place / "kernel").write_bytes(bzimage())
    (bench.place / "initrd").write_bytes(bytes(5000))
    number = bench.place.stat().st_dev
    link = bench.root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../devices/pci0000:00/block/vdz/vdz1")


def fill(bench: Bench) -> bytes:
    """Memory in use, of noise; and a device without an image."""
    memory = bench.rand.randbytes(10 * MIB + 3 * PAGE)
    with open(bench.file("dev/ras_image", b""), "r+b") as file:
        os.pwrite(file.fileno(), memory, END)
    bench.file("dev/vdz1", b"")
    os.truncate(bench.device, max(at + length for at, length in parts_of(bench.image)))
    return memory


def second(bench: Bench, parts: Parts, *more: str) -> Ran:
    """What the second kernel does."""
    lines = ["do=save", "disk=vdz1", "device=9:9", f"memory={END}", "levels=4", f"map={MAP_CRC}"]
    lines += ["release=6.1.0", "version=#1 SMP", "compress=none", *more]
    lines += [f"token={bench.read(parts[0][0])[8:40].decode()}"]
    lines += [f"extent={at}:{length}" for at, length in parts]
    bench.file("ras-hibernate.job", "".join(f"{line}\n" for line in lines))
    return bench.run("second", "--dry-run")


def save(bench: Bench, meanwhile: Callable[[], None], *options: object) -> Ran:
    """Save; meanwhile is called when the kernel is to jump."""
    disk, state = bench.file("sys/power/disk", "[platform] jump\n"), bench.root / "sys/power/state"
    state.unlink(missing_ok=True)
    os.mkfifo(state)
    ended = threading.Event()

    def run() -> None:
        while not disk.read_text(encoding="ascii").startswith("jump"):
            if ended.wait(0.01):
                return
        meanwhile()
        # Until then the program waits to open it.
        state.read_text(encoding="ascii")

    thread = threading.Thread(target=run)
    thread.start()
    try:
        argv = ["--kernel", "kernel", "--initrd", "initrd", *options, bench.image]
        return bench.run("save", *argv)
    finally:
        ended.set()
        thread.join(CALL_S)
        state.unlink()


def check_round(bench: Bench, parts: Parts) -> None:
    """All the way, and what each command says meanwhile."""
    memory = fill(bench)
    start = parts[0][0]
    name = f"{bench.device}@{start}"
    bench.write(start, b"mine")
    bench.tap.ok(len(parts) > 2, f"the file has {len(parts)} parts")
    bench.expect("where", bench.run("where", bench.image), GOOD, f"^{name}\n$")

    def meanwhile() -> None:
        marks = [bench.read(at)[:8] == b"RASSNAP1" for at, _ in parts]
        bench.expect("second", second(bench, parts), GOOD, "saved 10.0 MiB", marks=all(marks))
        bench.file("dev/ras_image", b"")
        for place, said in ((name, name), (bench.image, f"image at {name}")):
            bench.expect("verify", bench.run("verify", place), GOOD, "^checked 10.0 MiB")
            ran = bench.run("status", place)
            bench.expect("status", ran, GOOD, f"{said}: saved, .*, 10.0 MiB in 10.0 MiB")
        bench.expect("another place", bench.run("verify", f"{bench.device}@4096"), NOTHING)
        bench.expect("resume", bench.run("resume", name), GOOD, "restored 10.0 MiB")

    ran = save(bench, meanwhile)
    good = {"void": bench.read(start) == bytes(PAGE)}
    good["memory"] = (bench.root / "dev/ras_image").read_bytes()[END:] == memory
    words = f"image: the image begins at {name}\n.*image: resumed; load"
    bench.expect("a file: all the way", ran, GOOD, words, **good)
    ran = bench.run("status", "--json", bench.image)
    told = json.loads(ran.out)
    right = told["on"] == str(bench.device) and told["offset"] == start
    bench.expect("status --json", ran, GOOD, right=right and told["state"] == "none")


def check_swap(bench: Bench, parts: Parts) -> None:
    """A swap file, which is one again."""
    fill(bench)
    header = b"label".ljust(PAGE - 10, b"\7") + b"SWAPSPACE2"
    bench.write(parts[0][0], header)
    bench.file("proc/swaps", f"Filename Type Size Used Priority\n{bench.image} file 9 0 5\n")
    with open(bench.root / "proc/meminfo", "a", encoding="ascii") as file:
        file.write("MemAvailable: 65536 kB\n")
    kept = []

    def meanwhile() -> None:
        second(bench, parts, "stay=1")
        kept.append(bench.read(parts[0][0] + PAGE))

    ran = save(bench, meanwhile, "--no-power-off")
    good = {"kept": kept == [header], "again": bench.read(parts[0][0]) == header}
    bench.expect("a swap file", ran, GOOD, "saved and went on; 10 MiB", **good)
    bench.file("proc/swaps", "")
    token = b"0123456789abcdef" * 2
    for place in (bench.image, f"{bench.device}@{parts[0][0]}"):
        bench.write(parts[0][0], b"RASSNAP1" + token + bytes(PAGE - 40) + header)
        ran = bench.run("abort", place)
        again = bench.read(parts[0][0]) == header
        bench.expect("abort: a swap file", ran, GOOD, "voided", again=again)


def check_spoiled(bench: Bench, parts: Parts) -> None:
    """The list of parts is not as it was written, with a checksum that is wrong or right."""
    fill(bench)
    start, end = parts[0][0], bench.device.stat().st_size
    name = f"{bench.device}@{start}"
    images: list[bytes] = []

    def keep() -> None:
        second(bench, parts)
        images.append(bench.read(start, 3 * PAGE))

    save(bench, keep)
    good = images[0]
    table = bytearray(good[LIST_AT : 3 * PAGE])
    written = [struct.unpack_from("<QQ", table, 16 * i) for i in range(len(parts))]
    bench.tap.same("the list has all parts", parts, written)

    def with_list(changed: bytes, count: int = len(parts), *, has_crc: bool = True) -> None:
        head = bytearray(good[: PAGE - 4])
        if has_crc:
            struct.pack_into("<II", head, PARTS_AT, count, zlib.crc32(changed))
        text = bytes(head) + struct.pack("<I", zlib.crc32(head)) + good[PAGE:LIST_AT]
        bench.write(start, text + changed)

    with_list(table)
    bench.expect("the list as it was", bench.run("verify", name), GOOD)
    for at in range(0, 16 * len(parts) + 20, 7):
        spoiled = bytearray(table)
        spoiled[at] ^= 1 << at % 8
        with_list(spoiled, has_crc=False)
        words = "list of its parts is damaged: its checksum is wrong"
        bench.refused(f"a bit of byte {at}", bench.run("verify", name), words)
    block = parts[1][0]
    for what, at, value, words in (
        ("behind the device", 16, end, "part 1 of it is not on the device"),
        ("its end behind the device", 24, end - block + PAGE, "part 1 of it is not on the dev"),
        ("no place for a block", 16, block + 512, "makes no sense at part 1"),
        ("no length", 24, 0, "makes no sense at part 1"),
        ("a huge length", 24, 1 << 63, "makes no sense at part 1"),
        ("another beginning", 0, start + PAGE, "the list of its parts is of another place"),
        ("a first part that is too short", 8, LIST_AT, "the list of its parts is of another pl"),
        ("other parts", 24, PAGE, "record [0-9]+ of [0-9]+: "),
    ):
        changed = bytearray(table)
        struct.pack_into("<Q", changed, at, value)
        with_list(changed)
        bench.refused(f"a list: {what}", bench.run("verify", name), words)
        before = bench.read(start, 3 * PAGE)
        bench.refused(f"a list: {what}: resume", bench.run("resume", name), words)
        bench.tap.same(f"a list: {what}: the image stays", before, bench.read(start, 3 * PAGE))
    with_list(table, 1)
    bench.refused("a list that ends too early", bench.run("verify", name), "is larger than the pa")
    with_list(table, 1025)
    bench.refused("too many parts", bench.run("verify", name), "has too many parts")
    with_list(table, 1024)
    os.truncate(bench.device, start + 3 * PAGE)
    bench.refused("a device that ends in it", bench.run("verify", name), "list of its parts cannot")
    os.truncate(bench.device, start + LIST_AT + 512)
    bench.refused("a device that ends before it", bench.run("verify", name), "is too small for an")


def check_refused(bench: Bench, parts: Parts) -> None:
    """Files that cannot have an image."""
    fill(bench)
    bench.file("sys/power/disk", "[platform] jump\n")
    argv = ["--kernel", "kernel", "--initrd", "initrd"]
    start = parts[0][0]
    bench.write(start, b"mine")

    def refused(name: str, path: object, words: str, command: str = "where") -> None:
        ran = bench.run(command, *(argv if command == "save" else []), path)
        kept = bench.read(start)[:4] == b"mine"
        bench.refused(f"refused: {name}", ran, words, kept=kept)

    image = bench.image
    image.chmod(0o640)
    refused("a file that others can read", image, "can be read or changed by others", "save")
    image.chmod(0o600)
    words = "has to be named as a file, or a device as a whole"
    refused("a place on a device", f"{bench.device}@{start}", words, "save")
    refused("to resume a file", image, "has to be named as DEVICE@OFFSET", "resume")
    for text in ("4095", "x", "", "-4096"):
        words = "what is behind the @ is no multiple of 4096"
        refused(f"@{text}", f"{bench.device}@{text}", words, "verify")
    end = bench.device.stat().st_size
    for command in ("verify", "resume", "abort", "status"):
        refused(f"{command}: no room", f"{bench.device}@{end - PAGE}", "is too small for", command)
    other = bench.place / "other"
    other.write_bytes(b"x" * 3 * MIB)
    other.chmod(0o600)
    os.truncate(bench.device, max(end, *(at + size for at, size in parts_of(other))))
    refused("a small file", other, "other: has 3 MiB, the image may have ", "save")
    os.truncate(other, 3 * MIB - 1)
    refused("no whole blocks", other, "or its size is no multiple of 4096")
    os.truncate(other, 2 * PAGE)
    refused("two blocks", other, "other: is too small for an image")
    other.write_bytes(b"x" * MIB)
    with open(other, "r+b") as file:
        file.seek(3 * MIB)
        file.write(b"x" * MIB)
    refused("a hole", other, "its part at byte 3145728 does not follow the one before it")
    other.write_bytes(b"x" * MIB)
    os.truncate(other, 2 * MIB)
    refused("a hole at its end", other, "only 1048576 of its 2097152 bytes have a place on")
    with open(other, "r+b") as file:
        os.posix_fallocate(file.fileno(), MIB, MIB)
    refused("a part without data", other, "its part at byte 1048576 was not written")
    if len(fragmented(other, PAGE, 4 * MIB)) > 1:
        refused("a short first part", other, "its first part on the disk is too short for the list")
    else:
        bench.tap.skip("refused: a short first part", "the file system has made one part")
    end = max(at + size for at, size in parts)
    os.truncate(bench.device, end - PAGE)
    refused("the device is smaller", image, "image: has a part that is not on .*/vdz1")
    check_no_disk(bench)


def check_no_disk(bench: Bench) -> None:
    """As on tmpfs, so on btrfs: the numbers of the file are no block device's."""
    place = Path("/dev/shm")
    if not place.is_dir() or os.major(place.stat().st_dev):
        bench.tap.skip("refused: tmpfs", "needs a tmpfs")
        return
    file = place / f"ras-hibernate-file.{os.getpid()}"
    file.write_bytes(b"x" * MIB)
    argv = [bench.place / "ras-hibernate", "where", file]
    ran = tools.run(argv, bench.place, {}, {}, CALL_S)
    file.unlink()
    bench.refused("refused: tmpfs", ran, "its file system is on no block device of its own")


def check_moved(bench: Bench, parts: Parts) -> None:
    """The file changes between the first look at it and the jump."""
    fill(bench)
    start = parts[0][0]
    bench.write(start, b"mine")
    argv = [bench.place / "ras-hibernate", "save", "--root", bench.root]
    argv += ["--kernel", "kernel", "--initrd", "initrd", bench.image]
    reader, writer = os.pipe()
    # The program says where the file is, and waits: nobody has read what is in the pipe.
    os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ)))
    with subprocess.Popen(
        [str(word) for word in argv],
        cwd=bench.place,
        env=tools.environment(),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        os.close(writer)
        until = time.monotonic() + CALL_S
        asked = Path(f"/proc/{program.pid}/syscall")
        while not asked.read_text(encoding="ascii").startswith("1 0x1 "):
            assert time.monotonic() < until, "the program says nothing"
            time.sleep(0.01)
        os.truncate(bench.image, SIZE // 2)
        while os.read(reader, 1 << 16):
            pass
        os.close(reader)
        ran = Ran(program.wait(), "", program.stderr.read() if program.stderr else "")
    kept = bench.read(start)[:4] == b"mine"
    words = f"only {SIZE // 2} of its {SIZE} bytes have a place on the disk"
    bench.refused("refused: a file that has changed", ran, words, kept=kept)


def check_making(bench: Bench) -> None:
    """A file that is made."""
    made = bench.place / "made"
    # Nobody knows where it will be.
    os.truncate(bench.device, 1 << 43)
    ran = bench.run("make-file", made)
    bench.expect("make-file: no size", ran, USAGE, "--size is needed", gone=not made.exists())
    ran = bench.run("make-file", "--size", "8M", made)
    parts = parts_of(made)
    good = {"size": sum(length for _, length in parts) == 8 * MIB}
    good["private"] = made.stat().st_mode & 0o777 == 0o600
    words = f"^{bench.device}@{parts[0][0]}\n$"
    bench.expect("make-file", ran, GOOD, words, **good)
    bench.expect("where it is", bench.run("where", made), GOOD, words)
    bench.refused("it exists", bench.run("make-file", "--size", "8M", made), "File exists")
    ran = bench.run("make-file", "--size", "8M", "/proc/made")
    bench.refused("make-file: no file system for it", ran, "would not be on ext4 or xfs")


def check_manual(bench: Bench) -> None:
    """The manual page has the commands."""
    page = Path(__file__).resolve().parents[2] / "ras" / "ras-hibernate.8"
    text = page.read_text(encoding="utf-8")
    for command in ("make-file", "where"):
        ran = bench.run(command, "--help")
        bench.expect(f"{command} --help", ran, GOOD, f"^usage: ras-hibernate {command} .*Exit st")
        name = command.replace("-", "\\-")
        bench.tap.ok(f".It Cm {name}" in text, f"{command} is in the manual page")


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    if os.uname().machine != "x86_64":
        return tap.skip_all("ras-hibernate is for x86-64")
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "hibernate-file"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    program = f"{place}/ras-hibernate"
    tools.build(sources, [f"O={place}", f"CFLAGS={tools.SANITIZED}", program])
    bench = Bench(tap, place)
    make_machine(bench)
    ran = bench.run("make-file", "--size", "1M", place / "try")
    if "would not be on" in ran.err:
        return tap.skip_all("needs ext4 or xfs with blocks of 4096 bytes")
    parts = fragmented(bench.image, MIB)
    check_round(bench, parts)
    check_swap(bench, parts)
    check_spoiled(bench, parts)
    check_making(bench)
    check_manual(bench)
    check_refused(bench, parts)
    check_moved(bench, parts)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
