#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-hibernate initrd, built with sanitizers: the initial file systems that it makes."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, FAILED, USAGE = range(3)
PROGRAM = "needs no libraries, as far as anybody can see"
# What stands for modprobe(8).
MODPROBE = """#!/bin/sh
[ "$1 $2" = "-D --" ] || exit 9
case "$3" in
two) echo "builtin virtio"; echo "insmod PLACE/one.ko "; echo "insmod PLACE/two.ko speed=5" ;;
three) echo "insmod PLACE/one.ko"; echo "insmod PLACE/three.ko" ;;
in) echo "builtin in" ;;
*) exit 1 ;;
esac
"""


def elf(*kinds: int, size: int = 64, at: int = 64, parts: int | None = None) -> bytes:
    """A program with such program headers."""
    count = len(kinds) if parts is None else parts
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, at, 0, 0, size, 56, count, 0, 0, 0)
    body = b"".join(struct.pack("<II6Q", kind, 5, 0, 0, 0, 0, 0, 0) for kind in kinds)
    return head.ljust(64, b"\0") + body + PROGRAM.encode()


@dataclass
class Bench:
    """Where things are made and the program runs."""

    tap: Tap
    place: Path

    def file(self, name: str, content: str | bytes) -> Path:
        """A file."""
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *arguments: object) -> Ran:
        """Run the program, which finds our modprobe."""
        path = {"PATH": f"{self.place}/bin:{os.environ.get('PATH', '')}"}
        argv = [self.place / "ras-hibernate", *arguments]
        return tools.run(argv, self.place, path, {}, CALL_S)

    def make(self, *arguments: object) -> Ran:
        """Have an archive made of the program that needs no libraries."""
        self.archive.unlink(missing_ok=True)
        return self.run("initrd", "--program", "program", *arguments)

    @property
    def archive(self) -> Path:
        """What is made."""
        return self.place / "made.cpio"

    def expect(self, name: str, ran: Ran, code: int, words: str, **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)

    def refused(self, name: str, ran: Ran, words: str) -> None:
        """A test: it was said why, in one line, and nothing is left behind."""
        also = {
            "one line": ran.err.count("\n") == 1,
            "nothing": not self.archive.exists() and not list(self.place.glob("*.part")),
        }
        self.expect(name, ran, FAILED, f"ras-hibernate: .*{words}", **also)

    def listed(self) -> list[str]:
        """What cpio(1) finds in the archive: kind and permissions, device, name."""
        with open(self.archive, "rb") as archive:
            argv = ["cpio", "-tv", "--quiet"]
            done = subprocess.run(argv, stdin=archive, capture_output=True, text=True, check=True)
        lines = [line.split() for line in done.stdout.splitlines()]
        return [" ".join([line[0], *line[4:-4], line[-1]]) for line in lines]

    def unpacked(self, name: str) -> bytes:
        """The content of a file of the archive."""
        with open(self.archive, "rb") as archive:
            argv = ["cpio", "-i", "--quiet", "--to-stdout", name]
            return subprocess.run(argv, stdin=archive, capture_output=True, check=True).stdout


def check_archive(bench: Bench) -> None:
    """What is in an archive."""
    program = bench.file("program", elf(1, 1))
    ran = bench.make(bench.archive)
    size = f"{bench.archive.stat().st_size / (1 << 20):.1f}"
    bench.expect("an archive", ran, GOOD, rf"^{bench.archive}: {size} MiB, modules: 0\n$")
    size = str(len(program.read_bytes()))
    wanted = [f"drwxr-xr-x 0 {name}" for name in ("dev", "proc", "sys", "modules")]
    wanted += ["crw------- 5, 1 dev/console", f"-rwxr-xr-x {size} init"]
    bench.tap.same("all that it has", wanted, bench.listed())
    bench.tap.same("the program", program.read_bytes(), bench.unpacked("init"))
    before = bench.archive.read_bytes()
    ran = bench.run("initrd", "--program", "program", bench.archive)
    same = bench.archive.read_bytes() == before
    bench.expect("a second time", ran, FAILED, "exists; it is not overwritten", same=same)
    bench.archive.unlink()
    ran = bench.run("initrd", bench.archive)
    bench.refused("a program with libraries", ran, "exe: is no program without libraries; build")


def check_modules(bench: Bench) -> None:
    """Modules, and what they need."""
    modprobe = bench.file("bin/modprobe", MODPROBE.replace("PLACE", str(bench.place)))
    modprobe.chmod(0o755)
    for number, name in enumerate(("one", "two", "three", "my"), 1):
        bench.file(f"{name}.ko", name * number * 1000)
    ran = bench.make(bench.archive, "two", "./my.ko", "in", "three", "./my.ko")
    bench.expect("modules", ran, GOOD, "modules: 4\n")
    names = ["one", "two", "my", "three"]
    wanted = [f"modules/{number:03}-{name}.ko" for number, name in enumerate(names)]
    bench.tap.same("their order", wanted, [line.split()[-1] for line in bench.listed()[6:]])
    good = [
        bench.unpacked(path) == (bench.place / f"{name}.ko").read_bytes()
        for path, name in zip(wanted, names)
    ]
    bench.tap.same("their contents", [True] * 4, good)
    bench.file("my.ko.xz", "compressed")
    cases = [
        ("an unknown module", ["four"], "four: modprobe.8. knows no such module"),
        ("a module with a quote", ["it's"], "it's: modprobe.8. knows no such module"),
        ("a command", ["$(touch made.part)"], "knows no such module"),
        ("a long name", ["m" * 3000], "knows no such module"),
        ("a compressed module", ["./my.ko.xz"], "my.ko.xz: is no module, or a compressed one"),
        ("no module", ["./program"], "program: is no module, or a compressed one"),
        ("a file that is not there", ["./none.ko"], "none.ko: .*No such file or directory"),
        ("a device that is not there", ["--for", "none"], "none: No such file or directory"),
        ("no block device", ["--for", "program"], "program: is no block device"),
        ("a character device", ["--for", "/dev/null"], "/dev/null: is no block device"),
    ]
    for name, words, wanted_words in cases:
        bench.refused(name, bench.make(bench.archive, *words), wanted_words)


def check_programs(bench: Bench) -> None:
    """Programs that cannot be the first one."""
    good = elf(1, 1)
    cases = {
        "no file": None,
        "an empty file": b"",
        "a script": b"#!/bin/sh\n".ljust(200, b"\n"),
        "half a head": good[:63],
        "32 bits": good[:4] + b"\1" + good[5:],
        "no parts": elf(),
        "parts beyond the end": elf(1, parts=9000),
        "parts far beyond the end": elf(1, at=2**64 - 8),
        "an interpreter": elf(1, 3, 1),
        "only an interpreter": elf(3),
    }
    for name, content in cases.items():
        (bench.place / "program").unlink(missing_ok=True)
        if content is not None:
            bench.file("program", content)
        words = "is no program without libraries" if content is not None else "No such file"
        bench.refused(f"a program: {name}", bench.make(bench.archive), f"program: .*{words}")
    bench.file("program", good)
    bench.refused("no directory", bench.make(bench.place / "none/x"), "No such file or directory")


def check_usage(bench: Bench) -> None:
    """What the commands say of themselves, and init where it has no place."""
    for arguments in ([], ["--for"], ["--nonsense", "x"]):
        ran = bench.run("initrd", *arguments)
        bench.expect(f"usage: {arguments}", ran, USAGE, "Try 'ras-hibernate initrd --help'")
    ran = bench.run("init")
    bench.refused("init", ran, "init: is for the first program of a kernel only")
    manual = Path(__file__).resolve().parents[2] / "ras" / "ras-hibernate.8"
    page = manual.read_text(encoding="utf-8")
    for command in ("initrd", "init"):
        ran = bench.run(command, "--help")
        bench.expect(f"{command} --help", ran, GOOD, f"^usage: ras-hibernate {command}.*Exit stat")
        options = re.findall(r"^ +--([a-z-]+)", ran.out, re.M)
        lacking = [name for name in options if "\\-" + name not in page]
        bench.tap.same(f"{command}: its options are in the manual page", [], lacking)
        bench.tap.ok(f".It Cm {command}" in page, f"{command} is in the manual page")


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    if os.uname().machine != "x86_64":
        return tap.skip_all("ras-hibernate is for x86-64")
    place = lab.build / "check" / "hibernate-initrd"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    flags = [f"O={place}", f"CFLAGS={tools.SANITIZED}", f"{place}/ras-hibernate"]
    tools.build(lab.top / "tools" / "ras", flags)
    bench = Bench(tap, place)
    for check in (check_archive, check_modules, check_programs, check_usage):
        check(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
