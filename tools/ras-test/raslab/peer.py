# SPDX-License-Identifier: GPL-2.0
"""Peers: whatever a machine talks to over the network.

They live on the loopback interface of the host, with the host's own TCP and UDP; the
gateway connects that to the switch.  A machine hears of them by words of its kernel's
command line, as "rt.echo=10.0.2.2:40001".
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from raslab.check import RowError
from raslab.lab import LabError
from raslab.network import Switch
from raslab.nfs import NfsExport
from raslab.target import Target
from raslab.uplink import GATEWAY, GATEWAY6, Uplink, user_network

LOOPBACK = "127.0.0.1"
# Of QEMU's user network: 52:55 and the address of IPv4; 52:56 and the end of that of IPv6.
GATEWAY_MACS = (b"\x52\x55" + socket.inet_aton(GATEWAY), b"\x52\x56\0\0\0\x02")
# A connection over which nothing comes for so long is given up.
IDLE_S = 60.0
# How soon a thread sees that it has to stop.
LOOK_S = 0.2
# At the end, what has been sent and not been read yet gets this time.
LATE_S = 3.0
# What a peer keeps of what it is sent.
MOST_BYTES = 1 << 30


class Peer(ABC):
    """What a machine talks to.  Started before the first boot, stopped after the last."""

    name: ClassVar[str]
    # Its options in a row, with what they are when the row does not say.
    options: ClassVar[Mapping[str, object]] = {}
    # What it counts, and a check can ask about.
    counters: ClassVar[tuple[str, ...]] = ()

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        self.accept(options)
        self.chosen = {**self.options, **options}
        self.directory = directory
        # Of what it is sent and serves.
        self.files = directory / f"peer-{self.name}"
        self.counts: Counter[str] = Counter()
        self.failure = ""
        self.lock = threading.Lock()
        # Where the project's own programs for the host are.
        self.programs = Path()
        # The kernel of the row's machine, and what that is told of the peers before this one.
        self.target: Target | None = None
        self.told = ""
        # Where a machine finds it.
        self.address = GATEWAY

    @classmethod
    def accept(cls, options: Mapping[str, object]) -> None:
        """Raise RowError for options that it does not have."""
        for key, value in options.items():
            if key not in cls.options:
                raise RowError(f"the peer {cls.name!r} has no option {key!r}")
            if type(value) is not type(cls.options[key]):
                raise RowError(f"{key!r} of the peer {cls.name!r} is {value!r}")

    def join(self, switch: Switch) -> None:
        """Take a port of the switch.  Most take none: they are behind the gateway."""

    @abstractmethod
    def start(self) -> None:
        """It is reachable when this returns."""

    @abstractmethod
    def stop(self) -> None:
        """Stop for sure, and leave what it knows in the directory.  May be called twice."""

    def words(self) -> str:
        """What the machine's kernel is told of it."""
        return ""

    def trouble(self) -> str | None:
        """Why it failed, if it did."""
        return self.failure or None

    def count(self, what: str, number: int = 1) -> None:
        """It has happened again."""
        with self.lock:
            self.counts[what] += number

    def save(self) -> None:
        """What it counted, for its judge and for a person."""
        counts = {what: self.counts[what] for what in self.counters}
        path = self.directory / f"peer-{self.name}.json"
        path.write_text(json.dumps(counts) + "\n", encoding="ascii")


def to_gateway(frame: bytes) -> bool:
    """Is the frame for its card, and ARP, or IP to the gateway itself, or to the group that asks
    for its address?

    QEMU's user network would take it whatever card it is for.  And what a machine gets must
    not depend on the world outside: QEMU would also answer DHCP and DNS, and connect the
    machine to the Internet.
    """
    kind = frame[12:14]
    # The first bit that goes over the wire: it is for more than one.
    if frame[:6] not in GATEWAY_MACS and not frame[0] & 1:
        return False
    if kind == b"\x86\xdd":
        gateway = socket.inet_pton(socket.AF_INET6, GATEWAY6)
        group = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + gateway[13:]
        return frame[38:54] in (gateway, group)
    return kind == b"\x08\x06" or (
        kind == b"\x08\x00" and frame[30:34] == socket.inet_aton(GATEWAY)
    )


class Gateway(Peer):
    """The way from the switch to the loopback interface of the host.

    A QEMU without a machine, whose user-mode network is the port "gateway": a machine
    reaches TCP and UDP port N of 127.0.0.1 as port N of 10.0.2.2, and nobody needs root.
    With ``ipv6`` it reaches port N of ::1 as port N of fec0::2, too; QEMU then advertises
    itself as a router, which machines without IPv6 do not see.
    """

    name = "gateway"
    options = {"ipv6": False}

    def __init__(
        self,
        directory: Path,
        switch: Switch,
        program: str,
        options: Mapping[str, object],
        uplink: Uplink,
    ) -> None:
        super().__init__(directory, options)
        self.uplink = uplink
        self.socket = switch.connect(self.name, self._outward, uplink.inward)
        self.log = directory / "gateway.log"
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None

    def _outward(self, frame: bytes) -> bytes | None:
        leaves = self.uplink.outward(frame)
        return leaves if leaves is not None and to_gateway(leaves) else None

    def command(self) -> list[str]:
        """No machine, but a hub between the user-mode network and the switch."""
        # Should ./ras be killed, it is killed with it.
        command = ["setpriv", "--pdeathsig", "KILL", "--", self.program]
        command += ["-machine", "none", "-nodefaults", "-no-user-config"]
        command += ["-display", "none", "-sandbox", "on,spawn=deny,elevateprivileges=deny"]
        command += ["-netdev", user_network("user", ipv6=bool(self.chosen["ipv6"]))]
        end = f"dgram,id=switch,local.type=fd,local.str={self.socket.fileno()}"
        command += ["-netdev", end]
        for name in "user", "switch":
            command += ["-netdev", f"hubport,hubid=0,id=hub-{name},netdev={name}"]
        return command

    def start(self) -> None:
        """Frames that come before QEMU is ready wait in the socket."""
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self.socket.fileno(),),
                # A person's Ctrl-C is for ./ras.
                start_new_session=True,
            )

    def stop(self) -> None:
        """Kill it: it has nothing to lose."""
        if self.process is not None and self.process.returncode is None:
            self._look()
            self.process.kill()
            self.process.wait(10)

    def trouble(self) -> str | None:
        self._look()
        return self.failure or None

    def _look(self) -> None:
        """It has no reason to end by itself."""
        if self.process is None or self.process.returncode is not None:
            return
        status = self.process.poll()
        if status is not None:
            said = self.log.read_text(encoding="utf-8", errors="replace").strip()
            self.failure = f"it ended with status {status}: {said}"


class TcpPeer(Peer):
    """A TCP server on loopback, on a port that the kernel chooses; a thread a connection."""

    counters: ClassVar[tuple[str, ...]] = ("connections", "broken")

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self.listener: socket.socket | None = None
        self.port = 0
        self.stopping = threading.Event()
        # When even what still comes is not read any more.
        self.until = float("inf")
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        """Listen, and accept in a thread."""
        self.listener = socket.create_server((LOOPBACK, self.port), backlog=256)
        self.listener.settimeout(LOOK_S)
        self.port = self.listener.getsockname()[1]
        self._spawn(self._accept, self.listener)

    def stop(self) -> None:
        """What has been sent is still read; then every thread ends within LOOK_S."""
        self.until = min(self.until, time.monotonic() + LATE_S)
        self.stopping.set()
        while self.threads:
            # The one that accepts is the first, and may have started another just now.
            thread = self.threads.pop(0)
            thread.join(2 * LATE_S)
            if thread.is_alive():
                self.failure = "one of its threads does not end"
        if self.listener is not None:
            self.listener.close()
            self.save()

    def words(self) -> str:
        return f"rt.{self.name}={self.address}:{self.port}"

    def _spawn(self, run: Callable[[socket.socket], None], end: socket.socket) -> None:
        thread = threading.Thread(target=run, args=(end,), name=self.name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                self.failure = f"it cannot accept: {error}"
                return
            self.count("connections")
            self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(LOOK_S)
            try:
                self.serve(connection)
            except OSError:
                # The machine has gone, or the network lost too much: no fault of the peer.
                self.count("broken")

    @abstractmethod
    def serve(self, connection: socket.socket) -> None:
        """Talk over one connection, by way of receive(); an OSError ends it."""

    def receive(self, connection: socket.socket, most: int) -> bytes:
        """What comes, at most so many bytes; nothing at the end of the connection."""
        for _ in range(int(IDLE_S / LOOK_S)):
            if time.monotonic() > self.until:
                break
            try:
                return connection.recv(most)
            except TimeoutError:
                if self.stopping.is_set():
                    break
        raise TimeoutError("nothing comes any more")

    def receive_all(self, connection: socket.socket, length: int) -> bytes:
        """Exactly so many bytes; fewer if the connection ends before."""
        parts: list[bytes] = []
        while length:
            part = self.receive(connection, min(length, 1 << 16))
            if not part:
                break
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def send(self, connection: socket.socket, data: bytes) -> None:
        """All of it, or an OSError."""
        view = memoryview(data)
        for _ in range(int(IDLE_S / LOOK_S)):
            try:
                while view:
                    view = view[connection.send(view[: 1 << 16]) :]
                return
            except TimeoutError:
                if self.stopping.is_set():
                    break
        raise TimeoutError("nothing is taken any more")


class Echo(TcpPeer):
    """Reads ``bytes`` bytes from each connection, and answers.

    ``answer = "bytes"``: with the same bytes; ``"sha256"``: with their SHA-256 and a newline.
    It counts ``connections``; those that were ``complete``: all bytes came, and the answer
    was given to the host's TCP; ``broken`` ones; ``bytes`` of the complete ones; and how
    many ``different`` contents those had.
    """

    name = "echo"
    options = {"bytes": 1 << 20, "answer": "bytes"}
    counters = (*TcpPeer.counters, "complete", "bytes", "different")

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self.length = int(str(self.chosen["bytes"]))
        self.sums: set[str] = set()

    @classmethod
    def accept(cls, options: Mapping[str, object]) -> None:
        super().accept(options)
        if options.get("answer", "bytes") not in ("bytes", "sha256"):
            raise RowError(f"the echo cannot answer with {options['answer']!r}")

    def serve(self, connection: socket.socket) -> None:
        data = self.receive_all(connection, self.length)
        if len(data) < self.length:
            self.count("broken")
            return
        digest = hashlib.sha256(data).hexdigest()
        answer = f"{digest}\n".encode() if self.chosen["answer"] == "sha256" else data
        self.send(connection, answer)
        with self.lock:
            self.sums.add(digest)
            self.counts.update(complete=1, bytes=len(data))
            self.counts["different"] = len(self.sums)


class Receiver(TcpPeer):
    """Keeps whatever it is sent, on a TCP and a UDP port of the same number.

    The TCP connections go to files tcp-1, tcp-2 ... of the directory peer-receiver, the
    datagrams one behind the other to the file udp. It counts ``connections``, ``bytes`` of
    them, ``datagrams`` and ``datagram bytes``.
    """

    name = "receiver"
    counters = (*TcpPeer.counters, "bytes", "datagrams", "datagram bytes")

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.room = MOST_BYTES

    def start(self) -> None:
        """The kernel chooses the UDP port; then TCP has to get the same."""
        self.files.mkdir()
        for attempt in range(20):
            self.udp.close()
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind((LOOPBACK, 0))
            self.port = self.udp.getsockname()[1]
            try:
                super().start()
                break
            except OSError as error:
                if attempt == 19:
                    raise LabError(f"no port is free for the receiver: {error}") from error
        self.udp.settimeout(LOOK_S)
        self._spawn(self._datagrams, self.udp)

    def stop(self) -> None:
        super().stop()
        self.udp.close()

    def _keep(self, length: int) -> bool:
        """Is there room for so many bytes more?"""
        with self.lock:
            self.room -= length
        if self.room < 0:
            self.failure = f"it was sent more than {MOST_BYTES} bytes"
        return self.room >= 0

    def serve(self, connection: socket.socket) -> None:
        with self.lock:
            self.counts["files"] += 1
            path = self.files / f"tcp-{self.counts['files']}"
        with open(path, "wb") as file:
            while data := self.receive(connection, 1 << 16):
                if not self._keep(len(data)):
                    return
                file.write(data)
                self.count("bytes", len(data))

    def _datagrams(self, end: socket.socket) -> None:
        with open(self.files / "udp", "wb") as file:
            while time.monotonic() < self.until:
                try:
                    data = end.recv(1 << 16)
                except TimeoutError:
                    if self.stopping.is_set():
                        return
                    continue
                except OSError as error:
                    self.failure = f"it cannot receive: {error}"
                    return
                if not self._keep(len(data)):
                    return
                file.write(data)
                file.flush()
                self.count("datagrams")
                self.count("datagram bytes", len(data))


class NfsServer(TcpPeer):
    """Serves the directory peer-nfs by NFS version 3; see raslab/nfs.py.

    ``files`` are names and texts of files that are there at the start.  It counts
    ``connections``, ``calls``, ``bytes_read`` and ``bytes_written``.
    """

    name = "nfs"
    options = {"files": {}}
    counters = (*TcpPeer.counters, "calls", "bytes_read", "bytes_written")

    @classmethod
    def accept(cls, options: Mapping[str, object]) -> None:
        super().accept(options)
        files = options.get("files", {})
        for name in files if isinstance(files, dict) else ():
            if re.fullmatch(r"[\w-][\w.-]*", name) is None:
                raise RowError(f"{name!r} is no name of a file for the peer {cls.name!r}")

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self.export = NfsExport(self.files, self.count)

    def start(self) -> None:
        """The files, then the server."""
        self.files.mkdir()
        files = self.chosen["files"]
        if isinstance(files, dict):
            for name, text in files.items():
                (self.files / name).write_text(str(text), encoding="utf-8")
        super().start()

    def serve(self, connection: socket.socket) -> None:
        """Calls, each in fragments behind their lengths, of which the last is marked."""
        call = b""
        while True:
            head = self._wait(connection)
            if not head:
                return
            mark = int.from_bytes(head + self.receive_all(connection, 4 - len(head)), "big")
            length = mark & 0x7FFFFFFF
            if len(call) + length > 4 << 20:
                raise OSError("longer than any call")
            call += self.receive_all(connection, length)
            if not mark & 0x80000000:
                continue
            reply = self.export.reply(call)
            if reply is None:
                raise OSError("not a call")
            self.send(connection, (len(reply) | 0x80000000).to_bytes(4, "big") + reply)
            call = b""

    def _wait(self, connection: socket.socket) -> bytes:
        """The first byte of what comes next, for as long as the machine has nothing to ask."""
        while not self.stopping.is_set():
            try:
                return connection.recv(1)
            except TimeoutError:
                continue
        return b""
