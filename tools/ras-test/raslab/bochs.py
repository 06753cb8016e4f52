# SPDX-License-Identifier: GPL-2.0
"""The machine as Bochs emulates it: the second model.

Bochs executes one instruction after the other, and its clock counts them, IPS to a second:
the same machine does the same each time.  It has an APIC, a serial line and a
MONITOR/MWAIT of its own, which differ from QEMU's.

What it has not: a second serial line to talk over, network, an NMI button.  Its disks are
on the ATA bus, whatever the row says.  A reset ends its life.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from raslab.check import End
from raslab.lab import LabError
from raslab.machine import PSTORE_AT, Life, Machine, make_initrd, suffix
from raslab.target import Target

# Instructions a second of the machine's own time.  Measurements depend on it.
IPS = 50_000_000
CPU_MODEL = "corei7_sandy_bridge_2600k"

PROGRAM = "bochs-bin"
BIOS = Path("/usr/share/bochs/BIOS-bochs-latest")
VGA_BIOS = Path("/usr/share/bochs/VGABIOS-lgpl-latest")
BOOT_LOADER = (
    Path("/usr/lib/ISOLINUX/isolinux.bin"),
    Path("/usr/lib/syslinux/modules/bios/ldlinux.c32"),
)

# Where disks go.  The boot CD is ata1-master.
DISK_PLACES = ("ata0-master", "ata0-slave", "ata1-slave")
TOOL_S = 120
# How long Bochs gets to say where the CPUs were, when it is ended with a running guest.
LAST_WORDS_S = 5

# What of the initial file system only those scripts need that mention it: patterns for the
# name, and for the script.  The machine reads its boot CD at two megabytes a second.
OPTIONAL = {
    r"boot/|bin/kexec|lib64/|lib/x86_64-linux-gnu/": r"load_kdump|\bkexec\b",
    r"bin/load$": r"\bload\b",
    r"bin/user$": r"\buser\b",
    # The kernel's own modules, which are there under two names.
    r"lib/modules/|lib/(?!ras_)[^/]+\.ko$": r"modprobe|insmod /lib/(?!ras_)",
}

# The guest has switched the machine off: to Bochs the last thing that can happen.
_OFF = "ACPI control: soft power off"
_PANIC = re.compile(r"(?m)^[0-9]+p\[(\w+) *\] >>PANIC<< (.*)$")
# Not the one at time zero, with which it begins.
_RESET = re.compile(r"(?m)^0*[1-9][0-9]*i\[SYS +\] bx_pc_system_c::Reset\(")

CONFIGURATION = """\
config_interface: textconfig
display_library: term
cpu: model={model}, count={cpus}, ips={ips}, reset_on_triple_fault=1
memory: guest={memory}, host={memory}
romimage: file={bios}, options=fastboot
vgaromimage: file={vga_bios}
pci: enabled=1, chipset=i440fx
clock: sync=none, time0=1000000000
{disks}ata1-master: type=cdrom, path={cd}, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={console}
sound: driver=dummy
speaker: enabled=0
log: {log}
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
"""


def mebibytes(size: str) -> int:
    """A size of memory, as QEMU's -m takes it."""
    match = re.fullmatch(r"([0-9]+)([MG])?", size)
    if match is None:
        raise LabError(f"{size} is no size of memory")
    return int(match[1]) * (1024 if match[2] == "G" else 1)


def command_line(target: Target, words: str) -> str:
    """The kernel's command line; what the row says comes last and so counts.

    A row that names a console has that one only.  Without a speed the line would have 9600
    baud, and the kernel wait for it.  The clock is given, since the kernel would measure it
    wrongly by one in a thousand.
    """
    console = "" if "console=" in words else f"console={target.console},115200 "
    return (
        f"{console}rdinit=/init crashkernel={target.crashkernel}"
        f" panic=1 memmap=1M${PSTORE_AT:#x} ramoops.mem_address={PSTORE_AT:#x}"
        " ramoops.mem_size=0x100000 ramoops.record_size=0x20000"
        " sysrq_always_enabled loglevel=7 printk.devkmsg=on"
        f" tsc_early_khz={IPS // 1000} cryptomgr.notests=1 {words}"
    )


def boot_menu(words: str) -> str:
    """What isolinux does: start the one kernel, at once."""
    lines = ["default ras", "prompt 0", "label ras", " kernel /kernel"]
    return "\n".join([*lines, f" append initrd=/initrd {words}", ""])


def processor(options: Sequence[str]) -> str:
    """The model that a row wants by "-cpu"; no other option but -no-reboot is for Bochs."""
    left = [option for option in options if option != "-no-reboot"]
    if not left:
        return CPU_MODEL
    if len(left) != 2 or left[0] != "-cpu":
        raise LabError(f"options are for QEMU, not for Bochs: {' '.join(left)}")
    return left[1]


def configuration(
    cpus: int, memory: str, disks: Sequence[str], number: int, model: str = CPU_MODEL
) -> str:
    """The bochsrc of a life.  All files are named from the machine's directory."""
    if len(disks) > len(DISK_PLACES):
        raise LabError(f"Bochs has room for {len(DISK_PLACES)} disks")
    return CONFIGURATION.format(
        model=model,
        cpus=cpus,
        ips=IPS,
        memory=mebibytes(memory),
        bios=BIOS,
        vga_bios=VGA_BIOS,
        disks="".join(
            f"{place}: type=disk, mode=flat, path={disk}, biosdetect=none\n"
            for place, disk in zip(DISK_PLACES, disks)
        ),
        cd=f"cd{suffix(number)}.iso",
        console=f"console{suffix(number)}.log",
        log=f"bochs{suffix(number)}.log",
    )


def debugger_commands(cpus: int) -> str:
    """Go on; when interrupted, say where every CPU is, and end."""
    lines = ["continue"]
    for cpu in range(cpus):
        lines += [f"set $cpu = {cpu}", "regs"]
    return "\n".join([*lines, "quit", ""])


def end_of(log: str) -> tuple[End, str] | None:
    """What Bochs' log says of the end of the life, and its cause if the emulator died."""
    panic = _PANIC.search(log)
    reset = _RESET.search(log)
    if reset is not None and (panic is None or reset.start() < panic.start()):
        return End.RESET, ""
    if panic is None:
        return None
    if panic[2].startswith(_OFF):
        return End.OFF, ""
    return End.DIED, f"Bochs panicked: {panic[1]}: {panic[2]}"


def _entries(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """The entries of cpio archives one behind the other: name, and header with data.

    Their times and inodes are made the same on every host: the kernel that reads them
    takes an instruction more for some digits than for others.
    """
    at = 0
    inodes: dict[bytes, int] = {}
    while at < len(archive):
        if archive[at : at + 4] == b"\0\0\0\0":
            at += 4
            continue
        header = archive[at : at + 110]
        if header[:6] != b"070701":
            raise LabError(f"no cpio archive at byte {at} of an initial file system")
        size, length = (int(header[n : n + 8], 16) for n in (54, 94))
        name = archive[at + 110 : at + 109 + length].decode()
        end = (((at + 110 + length + 3) & ~3) + size + 3) & ~3
        # Names of the same file have the same inode on the same device.
        inode = inodes.setdefault(header[6:14] + header[62:78], len(inodes) + 1)
        numbers = b"%08X" % inode + header[14:46] + b"0" * 8 + header[54:62] + b"0" * 16
        yield name, header[:6] + numbers + archive[at + 78 : end]
        at = end


def trimmed(archive: bytes, script: str) -> bytes:
    """An initial file system without what its script does not need."""
    unneeded = [names for names, needs in OPTIONAL.items() if not re.search(needs, script)]
    names = re.compile("|".join(unneeded) or "(?!)")
    return b"".join(entry for name, entry in _entries(archive) if not names.match(name))


def _tool(command: Sequence[str], cwd: Path) -> None:
    try:
        subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TOOL_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or b""
        raise LabError(f"{error} {said.decode(errors='replace').strip()}") from error


class BochsLife(Life):
    """A process of Bochs'."""

    def __init__(self, directory: Path, number: int) -> None:
        super().__init__(directory, number)
        self.process: subprocess.Popen[bytes]
        self._read = 0
        self._ended: End | None = None

    @property
    def _files(self) -> list[Path]:
        """What nobody needs after the life."""
        cd = self.directory / f"cd{suffix(self.number)}.iso"
        return [cd, *self.directory.glob("*.lock")]

    def poll(self) -> End | None:
        if self._ended is None:
            # In this order: what it says before it ends is in the log.
            code = self.process.poll()
            end = end_of(self._new_lines())
            if end is None and code is not None:
                end = End.DIED, self._death(code)
            if end is not None:
                self._ended, self.cause = end
        return self._ended

    def _new_lines(self) -> str:
        """What the log has got since the last time; a line at a time."""
        try:
            with open(self.directory / f"bochs{suffix(self.number)}.log", "rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return ""
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.decode(errors="replace")

    def _death(self, code: int) -> str:
        if code < 0:
            return f"Bochs died of {signal.Signals(-code).name}"
        path = self.directory / f"bochs{suffix(self.number)}.out"
        said = path.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
        return f"Bochs ended with status {code}: {' '.join(said)}"

    def kill(self) -> None:
        if self._ended is None and self.process.poll() is None:
            # It stops in its debugger, and goes on with debugger_commands().
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=LAST_WORDS_S)
            except subprocess.TimeoutExpired:
                pass
        self.cut()

    def cut(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=60)
        for path in self._files:
            path.unlink(missing_ok=True)


class Bochs(Machine):
    """The machine as Bochs emulates it."""

    def boot(
        self, words: str, script: str, *, line: bool = False, on_console: bool = False
    ) -> BochsLife:
        self._refuse(line or on_console)
        self.lives += 1
        life = BochsLife(self.directory, self.lives)
        make_initrd(self.initrd, script, self.directory / "initrd")
        self._make_cd(command_line(self.target, words), script)
        disks = [os.path.relpath(disk.path, self.directory) for disk in self.disks]
        model = processor(self.options)
        text = configuration(self.cpus, self.memory, disks, self.lives, model)
        (self.directory / f"bochsrc{suffix(self.lives)}").write_text(text, encoding="ascii")
        commands = debugger_commands(self.cpus)
        (self.directory / "bochs.commands").write_text(commands, encoding="ascii")
        for path in self.directory.glob("*.lock"):
            path.unlink()
        life.process = self._start()
        return life

    def _refuse(self, line: bool) -> None:
        if self.target.arch != "x86_64":
            raise LabError(f"Bochs has no {self.target.arch}")
        for path in (BIOS, VGA_BIOS, *BOOT_LOADER):
            if not path.is_file():
                raise LabError(f"there is no {path}, which a machine of Bochs' needs")
        if line or self.cards:
            raise LabError("nobody talks to a machine of Bochs': it has no line and no network")
        processor(self.options)

    def _make_cd(self, words: str, script: str) -> None:
        """The boot CD: isolinux, the kernel, the initial file system."""
        root = self.directory / "cd"
        shutil.rmtree(root, ignore_errors=True)
        (root / "isolinux").mkdir(parents=True)
        for part in BOOT_LOADER:
            # genisoimage writes into the first of them.
            shutil.copyfile(part, root / "isolinux" / part.name)
        (root / "isolinux" / "isolinux.cfg").write_text(boot_menu(words), encoding="ascii")
        shutil.copyfile(self.target.image, root / "kernel")
        initrd = (self.directory / "initrd").read_bytes()
        (root / "initrd").write_bytes(trimmed(initrd, script))
        options = ["-quiet", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"]
        options += ["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat"]
        output = f"cd{suffix(self.lives)}.iso"
        _tool(["genisoimage", *options, "-o", output, "cd"], self.directory)
        shutil.rmtree(root)

    def _start(self) -> subprocess.Popen[bytes]:
        # Should ./ras be killed, its machines are killed with it.
        arguments = ["setpriv", "--pdeathsig", "KILL", "--", PROGRAM, "-q"]
        arguments += ["-f", f"bochsrc{suffix(self.lives)}", "-rc", "bochs.commands"]
        with open(self.directory / f"bochs{suffix(self.lives)}.out", "wb") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                # For its display, which nobody sees.
                env=os.environ | {"TERM": "vt100"},
                # A person's Ctrl-C is for ./ras, which ends its machines itself.
                start_new_session=True,
            )
        (self.directory / "bochs.pid").write_text(f"{process.pid}\n", encoding="ascii")
        return process
