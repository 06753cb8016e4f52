# SPDX-License-Identifier: GPL-2.0
"""What stands between the switch and the peers, and the stranger, frame by frame."""

from __future__ import annotations

import json
import socket
import struct
import tempfile
import time
import unittest
from collections.abc import Mapping
from pathlib import Path

from raslab.check import RowError
from raslab.lab import LabError
from raslab.network import Relay, Switch
from raslab.stranger import ADDRESS, MAC, Packet, Stranger, arp_frame, ping_frame, udp_frame
from raslab.uplink import GATEWAY, ROUTED, Router, Uplink, checksum, uplink_from_row

MACS = bytes(range(12))
MACHINE = ("10.0.2.15", 40000)


def is_good(frame: bytes) -> bool:
    """Are both checksums of the UDP packet right?"""
    packet = frame[14:]
    pseudo = packet[12:20] + struct.pack(">BBH", 0, 17, len(packet) - 20)
    return checksum(packet[:20]) == 0 and checksum(pseudo + packet[20:]) == 0


class Uplinks(unittest.TestCase):
    """Frames both ways."""

    def test_cable(self) -> None:
        self.assertEqual(uplink_from_row({}).outward(b"any"), b"any")
        self.assertEqual(Uplink().inward(b"any"), b"any")
        self.assertEqual(Uplink().address, GATEWAY)

    def test_vlan(self) -> None:
        uplink = uplink_from_row({"vlan": 5})
        tagged = MACS + b"\x81\x00\x60\x05\x08\x06rest"
        self.assertEqual(uplink.outward(tagged), MACS + b"\x08\x06rest")
        for other in (tagged.replace(b"\x05", b"\x06"), MACS + b"\x08\x06rest", tagged[:15]):
            self.assertIsNone(uplink.outward(other))
        self.assertEqual(uplink.inward(MACS + b"\x08\x06"), MACS + b"\x81\x00\x00\x05\x08\x06")

    def test_router_there_and_back(self) -> None:
        router = Router()
        for data in (b"x", b"even", bytes(1001)):
            sent = udp_frame(MACS, MACHINE, (ROUTED, 20023), data)
            self.assertTrue(is_good(sent))
            arrived = router.outward(sent) or b""
            self.assertEqual(arrived[30:34], socket.inet_aton(GATEWAY))
            self.assertEqual(arrived[22], sent[22] - 1)
            self.assertTrue(is_good(arrived))
            answer = router.inward(udp_frame(MACS, (GATEWAY, 1), MACHINE, data)) or b""
            self.assertEqual(answer[26:30], socket.inet_aton(ROUTED))
            self.assertTrue(is_good(answer))

    def test_router_refuses(self) -> None:
        router = Router()
        direct = udp_frame(MACS, MACHINE, (GATEWAY, 20023), b"x")
        self.assertIsNone(router.outward(direct))
        self.assertIsNone(router.outward(direct[:30]))
        old = bytearray(udp_frame(MACS, MACHINE, (ROUTED, 20023), b"x"))
        old[22] = 1
        self.assertIsNone(router.outward(bytes(old)))
        arp = arp_frame(MACS, GATEWAY, MACHINE[0])
        self.assertEqual(router.outward(arp), arp)

    def test_no_uplink(self) -> None:
        bad: list[dict[str, object]] = [{"vlan": 0}, {"vlan": 4095}, {"vlan": True}, {"cable": 1}]
        bad += [{"router": 1}, {"router": True, "vlan": 5}]
        for options in bad:
            with self.subTest(options), self.assertRaises(RowError):
                uplink_from_row(options)


class Strangers(unittest.TestCase):
    """What it sends."""

    def on_a_switch(self, options: Mapping[str, object]) -> tuple[Stranger, socket.socket]:
        """One that is started, and the machine's card."""
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        switch = Switch(Relay(), Path(place.name))
        self.addCleanup(switch.stop)
        card = switch.connect("card0")
        card.settimeout(5)
        stranger = Stranger(Path(place.name), options)
        stranger.join(switch)
        self.addCleanup(stranger.stop)
        stranger.start()
        switch.start()
        return stranger, card

    def test_sees_packets_of_a_dump_only(self) -> None:
        frame = udp_frame(MACS, MACHINE, (GATEWAY, 20023), b"typ!\0\0\0\7more")
        packet = Packet.of(frame)
        self.assertEqual(packet, Packet(MACS[6:], MACHINE, (GATEWAY, 20023), 7, frame))
        for other in (frame[:49], ping_frame(MACS, GATEWAY, 1), arp_frame(MACS, GATEWAY, ROUTED)):
            self.assertIsNone(Packet.of(other))
        self.assertIsNone(Packet.of(udp_frame(MACS, MACHINE, (ADDRESS, 1), b"typ!more")))

    def test_lies_are_of_either_side(self) -> None:
        packet = Packet.of(udp_frame(MACS, MACHINE, (GATEWAY, 20023), b"typ!\0\0\0\7more"))
        assert packet is not None
        *answers, again, end, _ = packet.lies()
        self.assertEqual([frame[45] for frame in answers], [72] * 2)
        self.assertEqual(again[12:], packet.frame[12:])
        self.assertEqual(end[:6], MACS[:6])
        # Type 2, from the machine to the server.
        self.assertEqual(end[42:46], b"\0\0\0\2")
        self.assertEqual(end[26:34], packet.frame[26:34])
        # A herald is no reason to lie.
        herald = Packet(MACS[6:], MACHINE, (GATEWAY, 20023), 0, packet.frame)
        self.assertEqual(herald.lies(), [])

    def test_forged_answers_are_wrong_in_one_thing_each(self) -> None:
        packet = Packet(MACS[6:], MACHINE, (GATEWAY, 20023), 7, b"")
        *answers, arp = packet.forged()
        self.assertEqual([frame[45] for frame in answers], [7, 72] * 3)
        address, port, check = answers[::2]
        self.assertEqual(address[26:30], socket.inet_aton(ADDRESS))
        self.assertEqual(port[34:36], struct.pack(">H", 20022))
        self.assertEqual([is_good(frame) for frame in (address, port, check)], [True, True, False])
        self.assertEqual(arp[28:32], socket.inet_aton(GATEWAY))
        self.assertEqual(arp[22:28], MAC)

    def test_floods_once_the_dump_begins(self) -> None:
        stranger, card = self.on_a_switch({"pings": 200})
        time.sleep(0.1)
        self.assertEqual(stranger.counts["sent"], 0)
        card.send(udp_frame(MACS, MACHINE, (GATEWAY, 20023), b"typ!more"))
        frame = card.recv(2048)
        self.assertEqual((frame[:6], frame[23]), (MACS[6:], 1))

    def test_counts_what_it_sends(self) -> None:
        stranger, card = self.on_a_switch({"forges": True})
        card.send(ping_frame(MACS, GATEWAY, 1))
        for number in (b"\0\0\0\0", b"\0\0\0\1"):
            card.send(udp_frame(MACS, MACHINE, (GATEWAY, 20023), b"typ!" + number + b"more"))
        # Of a herald, whose number is 0, two fewer.
        frames = [card.recv(2048) for _ in range(5 + 7)]
        self.assertTrue(all(frame[:12] == MACS[6:] + MAC for frame in frames))
        stranger.stop()
        stranger.stop()
        self.assertIsNone(stranger.trouble())
        counts = (stranger.directory / "peer-stranger.json").read_text(encoding="ascii")
        self.assertEqual(json.loads(counts), {"sent": 0, "forged": 5 + 7})

    def test_needs_a_switch(self) -> None:
        stranger = Stranger(Path(), {})
        stranger.stop()
        with self.assertRaisesRegex(LabError, "on no switch"):
            stranger.start()

    def test_options(self) -> None:
        bad: list[dict[str, object]] = [{"pings": True}, {"forges": 1}, {"lies": 1}]
        for options in bad:
            with self.subTest(options), self.assertRaises(RowError):
                Stranger.accept(options)
