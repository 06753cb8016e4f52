# SPDX-License-Identifier: GPL-2.0
"""What there is to the machine in Bochs besides Bochs."""

from __future__ import annotations

import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from raslab import bochs
from raslab.bochs import BochsLife, end_of, trimmed
from raslab.check import End
from raslab.lab import LabError

# As Bochs 2.7 has written them.
BEGIN = """\
00000000000i[      ] Bochs x86 Emulator 2.7
00000000000i[SYS   ] bx_pc_system_c::Reset(HARDWARE) called
00000000000i[CPU0  ] cpu hardware reset
00285541870i[CPU1  ] cpu software reset
"""
OFF = """\
01661813129p[ACPI  ] >>PANIC<< ACPI control: soft power off
01661813129i[CPU1  ] | RIP=ffffffff8101bc62 (ffffffff8101bc62)
01661813129i[SIM   ] quit_sim called with exit code 1
"""
RESET = """\
00340044316i[KBD   ] io write 0x64: command 0xfe: reset cpu
00340044316i[SYS   ] bx_pc_system_c::Reset(SOFTWARE) called
"""
TRIPLE_FAULT = """\
00340897531e[CPU0  ] exception(): 3rd (13) exception with no resolution, shutdown status is 00h, resetting
00340897531i[SYS   ] bx_pc_system_c::Reset(HARDWARE) called
"""
PANIC = "00476448031p[HD    ] >>PANIC<< ata0-0: could not open hard drive image file 'disk'\n"


class EndTest(unittest.TestCase):
    """The end of a life, from the log."""

    def test_goes_on(self) -> None:
        self.assertIsNone(end_of(""))
        self.assertIsNone(end_of(BEGIN))

    def test_off(self) -> None:
        self.assertEqual(end_of(BEGIN + OFF), (End.OFF, ""))

    def test_reset(self) -> None:
        self.assertEqual(end_of(BEGIN + RESET), (End.RESET, ""))
        self.assertEqual(end_of(BEGIN + TRIPLE_FAULT), (End.RESET, ""))
        self.assertEqual(end_of(BEGIN + RESET + PANIC), (End.RESET, ""))

    def test_panic_of_the_emulator(self) -> None:
        end = end_of(BEGIN + PANIC + RESET)
        assert end is not None
        self.assertEqual(end[0], End.DIED)
        self.assertIn("HD: ata0-0: could not open", end[1])


class ConfigurationTest(unittest.TestCase):
    """What Bochs is told."""

    def test_lines(self) -> None:
        text = bochs.configuration(4, "640M", ["dump.disk", "data.disk"], 1)
        for line in (
            "cpu: model=corei7_sandy_bridge_2600k, count=4, ips=50000000, reset_on_triple_fault=1",
            "memory: guest=640, host=640",
            "ata0-master: type=disk, mode=flat, path=dump.disk, biosdetect=none",
            "ata0-slave: type=disk, mode=flat, path=data.disk, biosdetect=none",
            "ata1-master: type=cdrom, path=cd.iso, status=inserted",
            "com1: enabled=1, mode=file, dev=console.log",
            "log: bochs.log",
        ):
            self.assertIn(line, text.splitlines())

    def test_second_life(self) -> None:
        text = bochs.configuration(1, "1G", [], 2)
        self.assertIn("dev=console.2.log\n", text)
        self.assertIn("log: bochs.2.log\n", text)
        self.assertIn("path=cd.2.iso,", text)
        self.assertIn("guest=1024,", text)
        self.assertNotIn("type=disk", text)

    def test_too_many_disks(self) -> None:
        with self.assertRaises(LabError):
            bochs.configuration(1, "640M", ["a", "b", "c", "d"], 1)

    def test_processor(self) -> None:
        self.assertEqual(bochs.processor([]), bochs.CPU_MODEL)
        self.assertEqual(bochs.processor(["-no-reboot", "-cpu", "tigerlake"]), "tigerlake")
        for options in (["-cpu"], ["-smp", "2"], ["-cpu", "tigerlake", "-S"]):
            with self.assertRaises(LabError):
                bochs.processor(options)
        text = bochs.configuration(1, "1G", [], 1, "tigerlake")
        self.assertIn("cpu: model=tigerlake, count=1", text)

    def test_memory(self) -> None:
        self.assertEqual(bochs.mebibytes("640M"), 640)
        self.assertEqual(bochs.mebibytes("2G"), 2048)
        self.assertEqual(bochs.mebibytes("512"), 512)
        for size in ("", "M", "640K", "-1M"):
            with self.assertRaises(LabError):
                bochs.mebibytes(size)

    def test_command_line(self) -> None:
        target = mock.Mock(console="ttyS0", crashkernel="192M")
        words = bochs.command_line(target, "idle=halt").split()
        self.assertIn("console=ttyS0,115200", words)
        self.assertIn("tsc_early_khz=50000", words)
        self.assertEqual(words[-1], "idle=halt")
        words = bochs.command_line(target, "console=null quiet").split()
        self.assertEqual([word for word in words if "console=" in word], ["console=null"])

    def test_boot_menu(self) -> None:
        self.assertIn(" append initrd=/initrd quiet\n", bochs.boot_menu("quiet"))

    def test_debugger(self) -> None:
        lines = bochs.debugger_commands(2).splitlines()
        self.assertEqual(lines[0], "continue")
        self.assertEqual(lines[-1], "quit")
        self.assertIn("set $cpu = 1", lines)


def entry(name: str, data: bytes = b"", inode: int = 1, time: int = 0, links: int = 1) -> bytes:
    """An entry of a cpio archive."""
    device = 8 if time else 0
    fields = [inode, 0o100644, 0, 0, links, time, len(data), 0, device, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    header += bytes(-len(header) % 4)
    return header + data + bytes(-len(data) % 4)


class TrimmedTest(unittest.TestCase):
    """The initial file system without what the script does not need."""

    END = entry("TRAILER!!!")
    BASE = entry("init", b"#!/bin/sh") + entry("bin/busybox", b"12345") + entry("lib/ras_test.ko")
    KDUMP = entry("boot/bzImage", b"kernel") + entry("bin/kexec", b"x") + entry("lib64/ld.so")
    LOAD = entry("bin/load", b"load")
    MODULES = entry("lib/nfs.ko") + entry("lib/modules/6.1/nfs.ko", b"nfs")
    SCENARIO = entry("scenario", b"the script")

    def trim(self, script: str) -> bytes:
        parts = self.BASE + self.KDUMP + self.LOAD + self.MODULES + self.END
        archives = parts + bytes(512 - len(parts) % 512)
        return trimmed(archives + self.SCENARIO + self.END + bytes(64), script)

    def test_nothing_wanted(self) -> None:
        wanted = self.BASE + self.END + self.SCENARIO + self.END
        self.assertEqual(self.trim("echo rehearse > $RAS/trigger"), wanted)

    def test_kdump(self) -> None:
        wanted = self.BASE + self.KDUMP + self.END + self.SCENARIO + self.END
        self.assertEqual(self.trim("load_kdump; fire panic"), wanted)

    def test_programs(self) -> None:
        self.assertIn(self.LOAD, self.trim("load -d /dev/sda"))
        self.assertIn(self.MODULES, self.trim("modprobe nfs"))
        self.assertIn(self.MODULES, self.trim("insmod /lib/nfs.ko"))
        self.assertNotIn(self.MODULES, self.trim("insmod /lib/ras_test.ko"))

    def test_same_on_every_host(self) -> None:
        made = entry("a", b"A", 0xABC, 0x65000000, 2) + entry("b", b"B", 0x99, 0x6500000F)
        made += entry("c", b"", 0xABC, 0x65000000, 2)
        wanted = entry("a", b"A", 1, links=2) + entry("b", b"B", 2) + entry("c", b"", 1, links=2)
        self.assertEqual(trimmed(made, ""), wanted)
        self.assertEqual(trimmed(made, "load_kdump; load; user; modprobe nfs"), wanted)

    def test_no_archive(self) -> None:
        with self.assertRaises(LabError):
            trimmed(self.BASE + b"rubbish", "")


class LifeTest(unittest.TestCase):
    """A life, with another program in the place of Bochs."""

    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = Path(place.name)
        self.life = BochsLife(self.directory, 1)
        self.addCleanup(lambda: self.life.cut())

    def start(self, script: str) -> None:
        with open(self.directory / "bochs.out", "wb") as out:
            self.life.process = subprocess.Popen(
                ["sh", "-c", script],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def test_log_in_pieces(self) -> None:
        self.start("exec sleep 60")
        self.assertIsNone(self.life.poll())
        with open(self.directory / "bochs.log", "w", encoding="ascii") as log:
            log.write(BEGIN + OFF[:40])
            log.flush()
            self.assertIsNone(self.life.poll())
            log.write(OFF[40:])
            log.flush()
            self.assertIs(self.life.poll(), End.OFF)
            log.write(PANIC)
            log.flush()
            self.assertIs(self.life.poll(), End.OFF)

    def test_signal(self) -> None:
        self.start("kill -SEGV $$")
        self.life.process.wait(timeout=10)
        self.assertIs(self.life.poll(), End.DIED)
        self.assertEqual(self.life.cause, "Bochs died of SIGSEGV")

    def test_status(self) -> None:
        self.start("echo no such file; exit 127")
        self.life.process.wait(timeout=10)
        self.assertIs(self.life.poll(), End.DIED)
        self.assertEqual(self.life.cause, "Bochs ended with status 127: no such file")

    def test_killed_for_sure(self) -> None:
        self.start("trap '' INT; echo ready; while :; do sleep 0.1; done")
        for _ in range(100):
            if "ready" in (self.directory / "bochs.out").read_text(encoding="ascii"):
                break
            time.sleep(0.1)
        (self.directory / "cd.iso").touch()
        (self.directory / "dump.disk.lock").touch()
        with mock.patch("raslab.bochs.LAST_WORDS_S", 0.2):
            self.life.kill()
        self.assertIsNotNone(self.life.process.returncode)
        self.assertEqual([path.name for path in self.directory.iterdir()], ["bochs.out"])
        self.life.kill()


if __name__ == "__main__":
    unittest.main()
