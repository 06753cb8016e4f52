# SPDX-License-Identifier: GPL-2.0
"""./ras shell: an interactive machine on the terminal, and the way to its second line."""

from __future__ import annotations

import argparse
import os
import select
import socket
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from raslab.disk import DEVICES, Disk, disk_path
from raslab.image import need_machine
from raslab.lab import Lab, LabError
from raslab.machine import Qemu, make_initrd
from raslab.target import Target

# What brings them up in the guest.  QEMU's user-mode network has these addresses.
NET_SCRIPT = """\
ip link set lo up
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.2.2
"""
USB_SCRIPT = "modprobe -a xhci-pci usb-storage\n"
# As init does for a machine without a scenario.
TERMINAL = "exec setsid cttyhack sh\n"
# Leaves the second line: Ctrl-].
LEAVE = b"\x1d"


@dataclass(frozen=True)
class Wishes:
    """What the person wants the machine to have."""

    cpus: int = 4
    net: bool = False
    disks: Sequence[str] = ()
    debugger: bool = False

    @property
    def words(self) -> str:
        """For the kernel's command line.  With panic= set kdb waits for nobody."""
        return "panic=0 kgdboc=ttyS1" if self.debugger else ""

    @property
    def script(self) -> str:
        """What the guest does before it gives the terminal away."""
        net = NET_SCRIPT if self.net else ""
        return net + (USB_SCRIPT if "usb" in self.disks else "") + TERMINAL

    @property
    def options(self) -> list[str]:
        """QEMU's terminal, network, and second line."""
        options = ["-serial", "mon:stdio"]
        if self.net:
            options += ["-netdev", "user,id=net0"]
            options += ["-device", "virtio-net-pci,netdev=net0,romfile="]
        if self.debugger:
            options += ["-chardev", "socket,id=line,path=line,server=on,wait=off"]
            options += ["-serial", "chardev:line"]
        return options


def _cpus(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of CPUs")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``./ras shell --help`` says."""
    parser.description = (
        "Start a machine on this terminal.  Ctrl-A X ends it, Ctrl-A C is QEMU's monitor."
    )
    parser.add_argument("cpus", nargs="?", type=_cpus, default=4, help="default: 4")
    parser.add_argument(
        "--net", action="store_true", help="a card, on QEMU's user-mode network: needs no root"
    )
    parser.add_argument(
        "--disk",
        action="append",
        choices=sorted(DEVICES),
        default=[],
        help="a disk of 1G on that bus, kept in build/run/shell/; may be given for each bus",
    )
    parser.add_argument(
        "--debugger",
        action="store_true",
        help="kdb and kgdb on a second serial line, and how to talk to them",
    )
    parser.add_argument(
        "--attach",
        action="store_true",
        help="talk over the second line of the machine that runs with --debugger; Ctrl-] leaves",
    )


def directory_of(lab: Lab) -> Path:
    """Where the machine's disks and its line are."""
    return lab.run / "shell"


def hints(lab: Lab, target: Target, wishes: Wishes) -> list[str]:
    """What the person is told."""
    lines = [
        f"A machine of {wishes.cpus} CPUs; Ctrl-A X ends it, Ctrl-A C is QEMU's monitor.  Try:",
        "  cat /sys/kernel/ras/plan;  echo rehearse > /sys/kernel/ras/trigger",
    ]
    if wishes.net:
        lines.append("Its card eth0 has 10.0.2.15; port N of this host is port N of 10.0.2.2.")
    for bus in wishes.disks:
        path = lab.shown(disk_path(directory_of(lab), bus))
        lines.append(f"Its {bus} disk is kept: {path}; see /proc/partitions there.")
    if wishes.debugger:
        line = lab.shown(directory_of(lab) / "line")
        lines += [
            "kdb comes with  echo stop > /sys/kernel/ras/trigger  or a panic.  Talk to it, in",
            "another terminal, with  ./ras shell --attach  (Ctrl-] leaves).  For gdb, say kgdb",
            f"to kdb, leave, and  gdb {lab.shown(target.vmlinux)} -ex 'target remote {line}'",
        ]
    return lines


def run_shell(lab: Lab, wishes: Wishes) -> int:
    """Start the machine and wait for the person to end it; QEMU's exit status."""
    target = Target(lab)
    need_machine(target)
    directory = directory_of(lab)
    directory.mkdir(parents=True, exist_ok=True)
    disks = [Disk("dump", "virtio", "1G", disk_path(directory, "dump"))]
    for bus in dict.fromkeys(wishes.disks):
        disks.append(Disk(bus, bus, "1G", disk_path(directory, bus)))
    for disk in disks:
        if not disk.path.exists():
            disk.create()
        disk.power_on()
    initrd = directory / "initrd"
    make_initrd(target.initrd, wishes.script, initrd)
    machine = Qemu(target, directory, wishes.cpus, disks=disks, options=wishes.options)
    print("\n".join(hints(lab, target, wishes)), flush=True)
    return _on_terminal(machine.arguments(wishes.words, initrd) + machine.options, directory)


def _on_terminal(arguments: list[str], directory: Path) -> int:
    with _terminal_restored():
        process = subprocess.Popen(arguments, cwd=directory)
        try:
            # The person ends it, and nobody else.
            return process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(timeout=60)


@contextmanager
def _terminal_restored() -> Iterator[None]:
    """Leave the terminal as it was, whatever has become of who used it."""
    if not sys.stdin.isatty():
        yield
        return
    settings = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)


def attach(lab: Lab) -> int:
    """Be a terminal on the second line of the machine, until the person or the machine ends."""
    path = directory_of(lab) / "line"
    with socket.socket(socket.AF_UNIX) as line:
        try:
            # The whole path may be too long for a socket.
            place = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                line.connect(f"/proc/self/fd/{place}/{path.name}")
            finally:
                os.close(place)
        except OSError as error:
            raise LabError("no machine of ./ras shell --debugger is running") from error
        print("Ctrl-] leaves.", flush=True)
        with _terminal_restored():
            if sys.stdin.isatty():
                tty.setraw(sys.stdin)
            _relay(line)
    print()
    return 0


def _relay(line: socket.socket) -> None:
    while True:
        for end in select.select([line, sys.stdin], [], [])[0]:
            if end is line:
                data = _received(line)
                os.write(sys.stdout.fileno(), data)
            else:
                data, leave, _ = os.read(sys.stdin.fileno(), 4096).partition(LEAVE)
                line.sendall(data)
                if leave:
                    return
            if not data:
                return


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(4096)
    except ConnectionError:
        return b""


def main(lab: Lab, args: argparse.Namespace) -> int:
    """./ras shell"""
    if args.attach:
        return attach(lab)
    return run_shell(lab, Wishes(args.cpus, args.net, args.disk, args.debugger))
