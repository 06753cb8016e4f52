# SPDX-License-Identifier: GPL-2.0
"""Machines and their lives.  This file has the one that QEMU emulates."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from raslab.check import End
from raslab.disk import Disk
from raslab.lab import Lab, LabError
from raslab.network import Card
from raslab.qmp import Qmp, QmpError
from raslab.target import Target

# The region of ramoops: reserved from the kernel, kept over a reset.
PSTORE_AT = 0x1F000000

# A machine check: a data load in error that can be mended (SRAR), at an address that is
# given, reported to one CPU.  Intel, Software Developer's Manual, volume 3B, sections
# "Machine-Check Architecture" and "Architecturally Defined SRAR Errors".
MC_BANK = 9
# VAL, UC, EN, MISCV, ADDRV, S, AR; MCA error code: data load
MC_STATUS = 0xBD80_0000_0000_0134
# RIPV, EIPV, MCIP, LMCE_S
MCG_STATUS = 0xF
# A physical address, a page of it.
MC_MISC = 0x8C


def command_line(target: Target, words: str) -> str:
    """The kernel's command line; what the row says comes last and so counts."""
    return (
        f"console={target.console} rdinit=/init crashkernel={target.crashkernel} panic=1"
        f" memmap=1M${PSTORE_AT:#x} ramoops.mem_address={PSTORE_AT:#x}"
        " ramoops.mem_size=0x100000 ramoops.record_size=0x20000"
        f" sysrq_always_enabled loglevel=7 {target.words} printk.devkmsg=on {words}"
    )


def script_of(lab: Lab, run: str) -> str:
    """What the guest runs; a line "@name" stands for guest/name.sh."""
    lines = []
    for line in run.splitlines():
        if line.startswith("@"):
            path = lab.tools / "guest" / f"{line[1:].strip()}.sh"
            if not path.is_file():
                raise LabError(f"there is no guest/{path.name}")
            line = path.read_text(encoding="utf-8")
        lines.append(line)
    return "\n".join(lines) + "\n"


def make_initrd(base: Path, script: str, into: Path) -> None:
    """An initial file system, and behind it one that holds /scenario."""
    scenario = into.with_name("scenario")
    scenario.write_text(script, encoding="utf-8")
    with open(into, "wb") as file:
        with open(base, "rb") as initrd:
            while block := initrd.read(1 << 20):
                file.write(block)
        # The kernel skips zeros between archives, up to a multiple of four.
        file.write(bytes(-file.tell() % 4))
        file.flush()
        if script:
            subprocess.run(
                ["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"],
                input=b"scenario\n",
                stdout=file,
                cwd=into.parent,
                check=True,
                timeout=60,
            )


def suffix(number: int) -> str:
    """Files of the first life have plain names."""
    return "" if number == 1 else f".{number}"


class Life(ABC):
    """One boot of a machine, to its end."""

    def __init__(self, directory: Path, number: int) -> None:
        self.directory = directory
        self.number = number
        self.started = time.monotonic()
        # The host's end of the second serial line, or of the console.
        self.line: socket.socket | None = None
        # Why the emulator died, for the person who reads of it.
        self.cause = ""

    @property
    def console(self) -> Path:
        """What the machine has printed so far."""
        return self.directory / f"console{suffix(self.number)}.log"

    @property
    def seconds(self) -> float:
        """Since it was switched on, by the host's clock."""
        return time.monotonic() - self.started

    @abstractmethod
    def poll(self) -> End | None:
        """How it ended, or None while it goes on."""

    @abstractmethod
    def kill(self) -> None:
        """End it for sure.  May be called more than once."""

    def close(self) -> None:
        """Give up the line, when nobody talks over it any more."""
        if self.line is not None:
            self.line.close()
            self.line = None

    def nmi(self) -> None:
        """Press the NMI button, where the model has one."""
        raise NotImplementedError

    def machine_check(self, cpu: int, address: int) -> None:
        """Report to a CPU that the memory which it reads now is poisoned."""
        raise NotImplementedError

    def plug(self, card: int, is_in: bool) -> None:
        """Plug the cable of a network card in, or pull it out."""
        raise NotImplementedError

    def cut(self) -> None:
        """Cut the power."""
        self.kill()


class Machine(ABC):
    """One machine; it is booted as often as its row says."""

    def __init__(
        self,
        target: Target,
        directory: Path,
        cpus: int,
        *,
        memory: str | None = None,
        disks: Sequence[Disk] = (),
        cards: Sequence[Card] = (),
        options: Sequence[str] = (),
    ) -> None:
        self.target = target
        self.directory = directory
        self.cpus = cpus
        self.memory = memory or target.memory
        self.disks = list(disks)
        self.cards = list(cards)
        self.options = list(options)
        self.initrd = target.initrd
        self.lives = 0

    @abstractmethod
    def boot(
        self, words: str, script: str, *, line: bool = False, on_console: bool = False
    ) -> Life:
        """Switch it on.  With ``line`` somebody talks over its second serial line, with
        ``on_console`` over the one that is the console."""


class QemuLife(Life):
    """A process of QEMU's, with a monitor."""

    def __init__(self, directory: Path, number: int) -> None:
        super().__init__(directory, number)
        self.process: subprocess.Popen[bytes]
        self.monitor: Qmp
        # The emulator stays, paused, when the guest has switched itself off.
        self.lingers = False
        self._ended: End | None = None

    def poll(self) -> End | None:
        if self._ended is not None:
            return self._ended
        code = self.process.poll()
        reason = self._shutdown_reason()
        if code is None and not (self.lingers and reason):
            return None
        self._ended = self._end_of(code, reason)
        return self._ended

    def _shutdown_reason(self) -> str:
        for event in self.monitor.poll():
            if event["event"] == "SHUTDOWN":
                return str(event["data"]["reason"])
        return ""

    def _end_of(self, code: int | None, reason: str) -> End:
        if reason == "guest-shutdown" and not code:
            return End.OFF
        if reason == "guest-reset" and not code:
            return End.RESET
        if code is not None and code < 0:
            self.cause = f"QEMU died of {signal.Signals(-code).name}"
        else:
            log = self.directory / f"qemu{suffix(self.number)}.log"
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            self.cause = f"QEMU ended with status {code} {reason}: {' '.join(said)}"
        return End.DIED

    def nmi(self) -> None:
        """Press the NMI button.  The machine may be ending at this moment."""
        try:
            self.monitor.execute("inject-nmi")
        except QmpError:
            pass

    def machine_check(self, cpu: int, address: int) -> None:
        """Report to a CPU that the memory which it reads now is poisoned."""
        command = f"mce {cpu} {MC_BANK} {MC_STATUS:#x} {MCG_STATUS:#x} {address:#x} {MC_MISC:#x}"
        arguments: dict[str, Any] = {"command-line": command}
        self.monitor.execute("human-monitor-command", **arguments)

    def plug(self, card: int, is_in: bool) -> None:
        """Plug the cable of a network card in, or pull it out."""
        try:
            self.monitor.execute("set_link", name=f"net{card}", up=is_in)
        except QmpError:
            # The machine may be ending at this moment.
            pass

    def reset(self) -> None:
        """Press the reset button."""
        self.monitor.execute("system_reset")

    def dump_memory(self, into: Path) -> None:
        """Write the memory of the machine, which is paused meanwhile, as an ELF file."""
        self.monitor.execute("stop")
        self.monitor.execute(
            "dump-guest-memory", timeout=300, paging=False, protocol=f"file:{into}"
        )
        if not self.lingers:
            self.monitor.execute("cont")

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=60)
        self.monitor.close()


class Qemu(Machine):
    """The machine as QEMU emulates it."""

    # With this the emulator is still there, paused, after the guest has switched itself
    # off, so that its memory can be compared with a dump.
    lingers = False

    def boot(
        self, words: str, script: str, *, line: bool = False, on_console: bool = False
    ) -> QemuLife:
        self.lives += 1
        life = QemuLife(self.directory, self.lives)
        life.lingers = self.lingers
        initrd = self.directory / "initrd"
        make_initrd(self.initrd, script, initrd)
        monitor, qemu_monitor = socket.socketpair()
        life.monitor = Qmp(monitor)
        inherited = [qemu_monitor]
        arguments = self.arguments(words, initrd)
        arguments += ["-chardev", f"socket,id=qmp,fd={qemu_monitor.fileno()}"]
        arguments += ["-mon", "chardev=qmp,mode=control"]
        line_end: socket.socket | None = None
        if line or on_console:
            life.line, line_end = socket.socketpair()
            inherited.append(line_end)
        arguments += self._serial_lines(life.console, line_end, on_console)
        # Serial lines are counted in this order: those of the row come behind ours.
        arguments += self.options
        try:
            life.process = self._start(life, arguments, inherited)
        finally:
            for end in inherited:
                end.close()
        return life

    def _serial_lines(
        self, console: Path, line: socket.socket | None, on_console: bool
    ) -> list[str]:
        if line is None:
            return ["-serial", f"file:{console.name}"]
        chardev = f"socket,id=line,fd={line.fileno()}"
        if on_console:
            return ["-chardev", f"{chardev},logfile={console.name}", "-serial", "chardev:line"]
        return ["-serial", f"file:{console.name}", "-chardev", chardev, "-serial", "chardev:line"]

    def _start(
        self, life: Life, arguments: list[str], inherited: list[socket.socket]
    ) -> subprocess.Popen[bytes]:
        fds = [end.fileno() for end in inherited] + [card.socket.fileno() for card in self.cards]
        log: IO[bytes]
        with open(self.directory / f"qemu{suffix(life.number)}.log", "wb") as log:
            life.started = time.monotonic()
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                pass_fds=fds,
                # A person's Ctrl-C is for ./ras, which ends its machines itself.
                start_new_session=True,
            )
        (self.directory / "qemu.pid").write_text(f"{process.pid}\n", encoding="ascii")
        return process

    def arguments(self, words: str, initrd: Path) -> list[str]:
        """The command line of QEMU, up to the monitor and the serial lines."""
        target = self.target
        # Should ./ras be killed, its machines are killed with it.
        arguments = ["setpriv", "--pdeathsig", "KILL", "--", target.qemu]
        arguments += ["-accel", target.lab.accel, "-cpu", target.cpu]
        arguments += ["-smp", str(self.cpus), "-m", self.memory]
        arguments += ["-display", "none", "-no-user-config", "-nodefaults"]
        arguments += ["-kernel", os.fspath(target.image), "-initrd", os.fspath(initrd)]
        arguments += ["-append", command_line(target, words)]
        for index, disk in enumerate(self.disks):
            arguments += disk.qemu_args(index)
        for index, card in enumerate(self.cards):
            arguments += card.qemu_args(index)
        if self.lingers:
            arguments.append("-no-shutdown")
        return arguments
