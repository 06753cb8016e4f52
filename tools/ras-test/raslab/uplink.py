# SPDX-License-Identifier: GPL-2.0
"""What stands between the switch and the peers: a port of a VLAN, or a router.

Both do what the real ones do to a frame, and nothing else.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping

from raslab.check import RowError

# Where a machine finds the gateway, and so all peers; but for a router.
GATEWAY = "10.0.2.2"
# Likewise, with the option ipv6 of a peer.
GATEWAY6 = "fec0::2"
# What a machine calls itself, on its first card.
MACHINE = "10.0.2.15"
# A network of its own for documents (RFC 5737), behind the router.
ROUTED = "192.0.2.1"
IPV4, TAGGED = b"\x08\x00", b"\x81\x00"
TCP, UDP = 6, 17
# Where the checksum is in the header of a protocol.
CHECKSUM_AT = {TCP: 16, UDP: 6}
VLANS = 4095


def user_network(name: str, *, ipv6: bool = False) -> str:
    """What -netdev of QEMU is told for a network in which the host is the gateway."""
    family = f"on,ipv4=on,ipv6-net=fec0::/64,ipv6-host={GATEWAY6}" if ipv6 else "off"
    return f"user,id={name},ipv6={family},net=10.0.2.0/24,host={GATEWAY}"


def _sum(data: bytes) -> int:
    """The sum of RFC 1071, folded."""
    data += b"\0" * (len(data) % 2)
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 2}H", data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data: bytes) -> int:
    """The checksum of RFC 1071."""
    return 0xFFFF - _sum(data)


def _readdress(packet: bytes, old: bytes, new: bytes, at: int) -> bytes | None:
    """The IPv4 packet with ``new`` in place of the address ``old`` at that offset, and one hop
    further; None if its time is over.  Checksums are mended as in RFC 1624."""
    head = (packet[0] & 15) * 4
    if packet[8] <= 1:
        return None
    header = bytearray(packet[:head])
    rest = bytearray(packet[head:])
    header[at : at + 4] = new
    header[8] -= 1
    header[10:12] = b"\0\0"
    header[10:12] = struct.pack(">H", checksum(bytes(header)))
    where = CHECKSUM_AT.get(header[9])
    if where is not None and len(rest) >= where + 2:
        (check,) = struct.unpack_from(">H", rest, where)
        # UDP without a checksum stays without one.
        if check or header[9] == TCP:
            inverse = bytes(255 - byte for byte in old)
            mended = checksum(struct.pack(">H", 0xFFFF - check) + inverse + new)
            struct.pack_into(">H", rest, where, mended or 0xFFFF)
    return bytes(header + rest)


class Uplink:
    """A cable: it changes nothing."""

    # Where a machine finds the peers.
    address = GATEWAY

    def outward(self, frame: bytes) -> bytes | None:
        """What the peers get of a frame of a machine; None: nothing."""
        return frame

    def inward(self, frame: bytes) -> bytes | None:
        """What the switch gets of a frame of the peers; None: nothing."""
        return frame


class AccessPort(Uplink):
    """The peers' port is in a VLAN, whose tag (IEEE 802.1Q) their frames do not have."""

    def __init__(self, vlan: int) -> None:
        self.vlan = vlan

    def outward(self, frame: bytes) -> bytes | None:
        if frame[12:14] != TAGGED or len(frame) < 18:
            return None
        (tag,) = struct.unpack_from(">H", frame, 14)
        return frame[:12] + frame[16:] if tag & 0xFFF == self.vlan else None

    def inward(self, frame: bytes) -> bytes | None:
        return frame[:12] + TAGGED + struct.pack(">H", self.vlan) + frame[12:]


class Router(Uplink):
    """The peers are behind a router, whose own address is 10.0.2.2, on a host of its own."""

    address = ROUTED

    def outward(self, frame: bytes) -> bytes | None:
        return self._route(frame, 16, ROUTED, GATEWAY)

    def inward(self, frame: bytes) -> bytes | None:
        return self._route(frame, 12, GATEWAY, ROUTED)

    @staticmethod
    def _route(frame: bytes, at: int, old: str, new: str) -> bytes | None:
        """IPv4 that is for, or from, the host behind the router; ARP is the router's own."""
        if frame[12:14] != IPV4:
            return frame
        packet, address = frame[14:], socket.inet_aton(old)
        if len(packet) < 20 or packet[0] & 15 < 5 or packet[at : at + 4] != address:
            return None
        routed = _readdress(packet, address, socket.inet_aton(new), at)
        return frame[:14] + routed if routed is not None else None


def _access_port(value: object) -> Uplink:
    if type(value) is not int or not 0 < value < VLANS:
        raise RowError(f"an uplink has no VLAN {value!r}")
    return AccessPort(value)


def _router(value: object) -> Uplink:
    if value is not True:
        raise RowError(f"'router' of the uplink is {value!r}: it is true, or not there")
    return Router()


KINDS: dict[str, Callable[[object], Uplink]] = {"vlan": _access_port, "router": _router}


def uplink_from_row(options: Mapping[str, object]) -> Uplink:
    """The key ``uplink`` of a row; RowError if it describes none."""
    for key in options:
        if key not in KINDS:
            raise RowError(f"there is no uplink {key!r}; there are {' '.join(KINDS)}")
    if len(options) > 1:
        raise RowError(f"an uplink is one thing, not {' and '.join(options)}")
    for key, value in options.items():
        return KINDS[key](value)
    return Uplink()
