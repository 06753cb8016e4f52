# SPDX-License-Identifier: GPL-2.0
"""How long a dump over the network takes, beside kdump's: ./ras bench --dump.

The machine is on QEMU's own user network, which has no limit of its own, and not on the lab's
switch.  rasdumpd, and what takes kdump's dump, run on the host.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from raslab.dump_times import AS_IT_IS, Taken, Way, end_of_dump, machine_for, show_medians
from raslab.lab import LabError
from raslab.netdump import Server
from raslab.target import Target
from raslab.uplink import GATEWAY, MACHINE, user_network

KEY = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
CARD = (
    "-netdev",
    user_network("net0"),
    "-device",
    "virtio-net-pci,netdev=net0,romfile=",
)
UP = f"ifconfig eth0 {MACHINE} netmask 255.255.255.0 up\nsleep 1\n"
DONE = r"ras: +stop 1 took"
SEND = UP + f"rasctl netdump setup --port PORT {GATEWAY}\n"
PLAIN = Way("to rasdumpd", DONE, "crashkernel=0", SEND)
SEALED = Way("the same, sealed", DONE, f"crashkernel=0 ras_dump.key={KEY}", SEND)
KDUMP = Way(
    "kdump, makedumpfile, nc",
    "RT: captured",
    "crashkernel=192M",
    f"load_kdump rt.send={GATEWAY}:PORT\n",
)
RAW = replace(PLAIN, name="as it is", words=f"crashkernel=0 {AS_IT_IS}", content="/dev/urandom")


class Sink:
    """Takes one connection, and throws away what comes; then the other end may close."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.bytes = 0
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self.listener.accept()[0] as connection:
                while data := connection.recv(1 << 16):
                    self.bytes += len(data)
        except OSError:
            # It was closed before anybody came, or the machine was switched off.
            return

    def close(self) -> None:
        """Nobody is waited for any more."""
        # Without this accept() goes on.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join(5)


def measure(target: Target, way: Way, cpus: int, gib: int) -> Taken:
    """Crash a machine; LabError if the dump does not come."""
    directory = target.lab.run / "bench-net"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    if way is KDUMP:
        sink = Sink()
        try:
            taken = _crash(target, way, cpus, gib, directory, sink.port)
        finally:
            sink.close()
        if not sink.bytes:
            raise LabError(f"{way.name}: nothing has come")
        return taken
    server = Server(target.objects / "tools/rasdumpd", directory / "received", "--json")
    try:
        server.start()
        return _crash(target, way, cpus, gib, directory, server.port)
    finally:
        server.stop()


def _crash(target: Target, way: Way, cpus: int, gib: int, directory: Path, port: int) -> Taken:
    machine = machine_for(target, directory, cpus, gib, options=CARD)
    script = way.run(gib).replace("PORT", str(port))
    return end_of_dump(target, way, machine, script, directory)


def show_net(target: Target, gib: int, cpus: Sequence[int], rounds: int) -> None:
    """The table of ways over the network."""
    ways = (PLAIN, SEALED, KDUMP)
    print(
        f"\nOver the network: seconds, median of {rounds}, a machine of {gib} GiB, level 31, LZO\n"
    )
    taken = show_medians(ways, cpus, rounds, lambda way, n: measure(target, way, n, gib))
    plain, sealed = (taken[way.name, cpus[0]][0].rate for way in (PLAIN, SEALED))
    raw = measure(target, RAW, cpus[0], 1).rate
    print(f"\n  MiB of the file a second, {cpus[0]} CPUs: {plain:.0f}, sealed {sealed:.0f};")
    print(f"  files as they are: {raw:.0f}", flush=True)
