# SPDX-License-Identifier: GPL-2.0
"""A machine on the switch that means no good: it floods, and forges answers and ARP.

It is told of every frame, as the switch floods, and so knows the ports of a dump.  What it
forges in answer to a packet of a dump is what a reader of netdump(4) has to refuse: the right
number from another address, from another port, and with a checksum that is wrong; and ARP in
the name of the server.  What it lies about is what only a proof tells from the truth.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from raslab.lab import LabError
from raslab.network import Switch
from raslab.peer import Peer
from raslab.uplink import GATEWAY, IPV4, MACHINE, UDP, checksum

ARP, ARP_REPLY = b"\x08\x06", 2
ICMP, ECHO_REQUEST = 1, 8
MAC = bytes.fromhex("5254007261f0")
ADDRESS = "10.0.2.99"
# It sends in portions, one each so many seconds.
PORTION_S = 0.02
PING_BYTES = 56
# The kernel's client counts packets in steps of 64, and adds the place that a packet has in its
# window: of two that follow each other the second has most often this much more.
NEXT = 65
# A packet of netdump(4) has its number behind its type, both of 32 bits; an answer is a number.
NUMBER_AT = 14 + 20 + 8 + 4
# The end of a dump; see enum ras_netdump_type.
FINISHED = 2


def udp_frame(
    macs: bytes, source: tuple[str, int], target: tuple[str, int], data: bytes, error: int = 0
) -> bytes:
    """A frame with UDP over IPv4; ``error`` is added to the checksum."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    size = 8 + len(data)
    head = struct.pack(">HHHH", source[1], target[1], size, 0)
    pseudo = addresses + struct.pack(">BBH", 0, UDP, size)
    check = (checksum(pseudo + head + data) + error) & 0xFFFF or 0xFFFF
    return ipv4_frame(macs, addresses, UDP, head[:6] + struct.pack(">H", check) + data)


def ipv4_frame(macs: bytes, addresses: bytes, protocol: int, data: bytes) -> bytes:
    """A frame with a packet of IPv4."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 64, protocol, 0)
    check = checksum(head + addresses)
    return macs + IPV4 + head[:10] + struct.pack(">H", check) + addresses + data


def ping_frame(macs: bytes, target: str, number: int) -> bytes:
    """A frame with an echo request."""
    head = struct.pack(">BBHHH", ECHO_REQUEST, 0, 0, 1, number & 0xFFFF)
    data = head + bytes(PING_BYTES)
    data = data[:2] + struct.pack(">H", checksum(data)) + data[4:]
    addresses = socket.inet_aton(ADDRESS) + socket.inet_aton(target)
    return ipv4_frame(macs, addresses, ICMP, data)


def arp_frame(macs: bytes, claimed: str, target: str) -> bytes:
    """A frame that tells the target that ``claimed`` has the stranger's address."""
    head = struct.pack(">HHBBH", 1, 0x800, 6, 4, ARP_REPLY)
    sender = MAC + socket.inet_aton(claimed)
    return macs + ARP + head + sender + macs[:6] + socket.inet_aton(target)


@dataclass(frozen=True)
class Packet:
    """A packet of a dump, as the stranger sees it."""

    mac: bytes
    source: tuple[str, int]
    target: tuple[str, int]
    number: int
    frame: bytes

    @classmethod
    def of(cls, frame: bytes) -> Packet | None:
        """None if the frame is none: UDP over IPv4 for the gateway."""
        if len(frame) < NUMBER_AT + 4 or frame[12:15] != IPV4 + b"\x45" or frame[23] != UDP:
            return None
        addresses = [socket.inet_ntoa(frame[at : at + 4]) for at in (26, 30)]
        ports = struct.unpack_from(">HH", frame, 34)
        if addresses[1] != GATEWAY:
            return None
        ends = [(address, port) for address, port in zip(addresses, ports)]
        (number,) = struct.unpack_from(">I", frame, NUMBER_AT)
        return cls(frame[6:12], ends[0], ends[1], number, frame)

    def forged(self) -> list[bytes]:
        """Answers that no machine may believe."""
        macs = self.mac + MAC
        name, port = self.target
        # Of the next packet, too: it may be on its way, and it may be lost.
        answers = [struct.pack(">I", self.number + ahead & 0xFFFFFFFF) for ahead in (0, NEXT)]
        return [
            *(udp_frame(macs, (ADDRESS, port), self.source, answer) for answer in answers),
            # A herald, whose number is 0, is answered from a port that is not known before.
            *(
                udp_frame(macs, (name, port ^ 1), self.source, answer)
                for answer in answers
                if self.number
            ),
            *(udp_frame(macs, (name, port), self.source, answer, 1) for answer in answers),
            arp_frame(macs, name, self.source[0]),
        ]

    def lies(self) -> list[bytes]:
        """Answers of the server and packets of the machine, which lack nothing but the proof.

        Those of the machine are its packet once more, and the end of the dump.
        """
        if not self.number:
            return []
        ahead = self.number + NEXT & 0xFFFFFFFF
        answers = [struct.pack(">I", ahead), struct.pack(">IQ", ahead, self.number)]
        end = struct.pack(">IIQII", FINISHED, ahead, 0, 0, ahead)
        macs = self.frame[:6] + MAC
        return [
            *(udp_frame(self.mac + MAC, self.target, self.source, answer) for answer in answers),
            macs + self.frame[12:],
            udp_frame(macs, self.source, self.target, end),
            udp_frame(macs, self.source, self.target, end + bytes(8)),
        ]


class Stranger(Peer):
    """Sends from the first packet of a dump on, until it is stopped.

    ``pings``: echo requests a second; ``forges``: answers to each packet of a dump; ``lies``:
    answers and packets that nothing but a proof shows to be forged.  It counts the echo requests
    that it ``sent``, and the frames that it ``forged``.
    """

    name = "stranger"
    options = {"pings": 0, "forges": False, "lies": False}
    counters = ("sent", "forged")

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self.pings = int(str(self.chosen["pings"]))
        self.forges = bool(self.chosen["forges"])
        self.lies = bool(self.chosen["lies"])
        self._mac = b""
        self._number = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self, switch: Switch) -> None:
        end = switch.connect(self.name)
        end.settimeout(PORTION_S)
        self._thread = threading.Thread(target=self._run, args=(end,), name=self.name, daemon=True)

    def start(self) -> None:
        if self._thread is None:
            raise LabError("the stranger is on no switch")
        self._thread.start()

    def stop(self) -> None:
        """It is silent when this returns."""
        self._stopping.set()
        if self._thread is None or not self._thread.ident:
            return
        self._thread.join(10)
        if self._thread.is_alive():
            self.failure = "its thread does not end"
        self.save()

    def _run(self, end: socket.socket) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._send(end, "forged", self._answers(end.recv(1 << 16)))
            except TimeoutError:
                pass
            except OSError:
                # The switch has closed it.
                return
            if self._mac and time.monotonic() >= due:
                self._send(end, "sent", self._portion())
                # A switch that is too slow for that gets less, and not all of it later.
                due = max(due + PORTION_S, time.monotonic())

    def _portion(self) -> list[bytes]:
        """Of the echo requests."""
        size = max(1, round(self.pings * PORTION_S)) if self.pings else 0
        first, self._number = self._number + 1, self._number + size
        return [ping_frame(self._mac + MAC, MACHINE, first + number) for number in range(size)]

    def _answers(self, frame: bytes) -> list[bytes]:
        """What is forged when this is heard."""
        packet = Packet.of(frame)
        if packet is None or packet.source[0] != MACHINE:
            return []
        self._mac = packet.mac
        answers = packet.forged() if self.forges else []
        return answers + packet.lies() if self.lies else answers

    def _send(self, end: socket.socket, what: str, frames: list[bytes]) -> None:
        """Count those that the switch takes."""
        for frame in frames:
            try:
                end.send(frame)
            except OSError:
                # It is busy, or gone: a frame less.
                continue
            self.count(what)
