# SPDX-License-Identifier: GPL-2.0
"""Peers on loopback, what they count, and what a check may ask of them."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import tempfile
import time
import unittest
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from raslab.check import Check, Evidence, RowError
from raslab.network import Relay, Switch
from raslab.nfs import EXIST, INVAL, NOENT, NOTSUPP, OK, STALE, NfsExport, opaque, u32, u64
from raslab.peer import (
    GATEWAY_MACS,
    LOOPBACK,
    Echo,
    Gateway,
    NfsServer,
    Receiver,
    TcpPeer,
    to_gateway,
)
from raslab.peers import PEERS, PeerJudge
from raslab.uplink import Uplink


class InDirectory(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = Path(place.name)

    def started(self, kind: type[TcpPeer], options: Mapping[str, object]) -> TcpPeer:
        peer = kind(self.directory, options)
        self.addCleanup(peer.stop)
        peer.start()
        return peer

    def counts(self, peer: TcpPeer) -> Any:
        """What it has left, after its stop."""
        peer.stop()
        path = self.directory / f"peer-{peer.name}.json"
        return json.loads(path.read_text(encoding="ascii"))


def talk(port: int, data: bytes) -> bytes:
    """Send, say that this was all, and take all that comes back."""
    with socket.create_connection((LOOPBACK, port), 5) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


class Echoes(InDirectory):
    def test_bytes_come_back(self) -> None:
        peer = self.started(Echo, {"bytes": 300000})
        one, other = os.urandom(300000), os.urandom(300000)
        for data in (one, other, one):
            self.assertEqual(talk(peer.port, data), data)
        self.assertEqual(
            self.counts(peer),
            {"connections": 3, "broken": 0, "complete": 3, "bytes": 900000, "different": 2},
        )

    def test_their_sum_comes_back(self) -> None:
        peer = self.started(Echo, {"bytes": 5, "answer": "sha256"})
        wanted = hashlib.sha256(b"hello").hexdigest().encode() + b"\n"
        self.assertEqual(talk(peer.port, b"hello"), wanted)

    def test_too_few_are_not_answered(self) -> None:
        peer = self.started(Echo, {"bytes": 5})
        self.assertEqual(talk(peer.port, b"hell"), b"")
        counts = self.counts(peer)
        self.assertEqual((counts["connections"], counts["broken"]), (1, 1))
        self.assertEqual((counts["complete"], counts["bytes"]), (0, 0))

    def test_stops_while_somebody_is_connected(self) -> None:
        peer = self.started(Echo, {})
        with socket.create_connection((LOOPBACK, peer.port), 5) as connection:
            connection.sendall(b"and no more")
            start = time.monotonic()
            peer.stop()
        self.assertLess(time.monotonic() - start, 5)
        self.assertIsNone(peer.trouble())
        peer.stop()

    def test_words(self) -> None:
        peer = self.started(Echo, {})
        self.assertEqual(peer.words(), f"rt.echo=10.0.2.2:{peer.port}")

    def test_options(self) -> None:
        refused: tuple[dict[str, object], ...] = (
            {"byte": 1},
            {"bytes": "1"},
            {"bytes": True},
            {"answer": "md5"},
        )
        for options in refused:
            with self.assertRaises(RowError, msg=str(options)):
                Echo(self.directory, options)


class Receivers(InDirectory):
    def test_keeps_what_it_is_sent(self) -> None:
        peer = self.started(Receiver, {})
        data = os.urandom(200000)
        self.assertEqual(talk(peer.port, data), b"")
        self.assertEqual(talk(peer.port, b"second"), b"")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for datagram in (b"one", b"two"):
                udp.sendto(datagram, (LOOPBACK, peer.port))
        # Stopping takes what is there already.
        counts = self.counts(peer)
        self.assertEqual((counts["connections"], counts["bytes"]), (2, 200006))
        self.assertEqual((counts["datagrams"], counts["datagram bytes"]), (2, 6))
        kept = self.directory / "peer-receiver"
        self.assertEqual((kept / "tcp-1").read_bytes(), data)
        self.assertEqual((kept / "tcp-2").read_bytes(), b"second")
        self.assertEqual((kept / "udp").read_bytes(), b"onetwo")

    def test_does_not_fill_the_disk(self) -> None:
        peer = cast(Receiver, self.started(Receiver, {}))
        peer.room = 10
        self.assertEqual(talk(peer.port, bytes(11)), b"")
        peer.stop()
        self.assertIn("was sent more than", peer.trouble() or "")


class Gateways(InDirectory):
    def test_what_it_takes(self) -> None:
        arp = bytes(6) + b"\x08\x06" + bytes(28)
        self.assertTrue(to_gateway(b"\xff" * 6 + arp))
        self.assertTrue(to_gateway(GATEWAY_MACS[0] + arp))
        self.assertFalse(to_gateway(b"\x52\x54\0\x72\x61\xf0" + arp))
        for address, good in (("10.0.2.2", True), ("10.0.2.3", False), ("255.255.255.255", False)):
            frame = GATEWAY_MACS[0] + bytes(6) + b"\x08\x00" + bytes(16) + socket.inet_aton(address)
            self.assertIs(to_gateway(frame), good, address)
        for address, good in (
            ("fec0::2", True),
            ("ff02::1:ff00:2", True),
            ("fec0::3", False),
            ("ff02::1:ff00:3", False),
            ("ff02::2", False),
        ):
            target = socket.inet_pton(socket.AF_INET6, address)
            frame = GATEWAY_MACS[1] + bytes(6) + b"\x86\xdd" + bytes(24) + target
            self.assertIs(to_gateway(frame), good, address)
        self.assertFalse(to_gateway(GATEWAY_MACS[0]))

    def test_ipv6_is_asked_for(self) -> None:
        for ipv6, words in ((False, "ipv6=off,"), (True, "ipv6=on,ipv4=on,ipv6-net=fec0::/64,")):
            switch = Switch(Relay(), self.directory)
            self.addCleanup(switch.stop)
            gateway = Gateway(self.directory, switch, "false", {"ipv6": ipv6}, Uplink())
            self.assertIn(words, " ".join(gateway.command()))

    def test_its_end_is_trouble(self) -> None:
        switch = Switch(Relay(), self.directory)
        self.addCleanup(switch.stop)
        gateway = Gateway(self.directory, switch, "false", {}, Uplink())
        gateway.start()
        self.addCleanup(gateway.stop)
        deadline = time.monotonic() + 10
        while gateway.trouble() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        gateway.stop()
        self.assertIn("ended with status 1", gateway.trouble() or "")


class Nfs(InDirectory):
    """The answers of the export, without a network."""

    def setUp(self) -> None:
        super().setUp()
        self.export = NfsExport(self.directory, lambda what, number: None)
        self.root = opaque(u64(1))

    def call(self, procedure: int, body: bytes, program: int = 100003) -> tuple[int, bytes]:
        """The status of NFS, and what follows."""
        head = u32(99, 0, 2, program, 3, procedure, 1, 0, 0, 0)
        reply = self.export.reply(head + body) or b""
        self.assertEqual(reply[:24], u32(99, 1, 0, 0, 0, 0))
        return struct.unpack_from(">I", reply, 24)[0], reply[28:]

    def create(self, name: bytes, how: bytes = u32(0, 0, 0, 0, 0, 0, 0)) -> tuple[int, bytes]:
        """The status and the handle, as an argument."""
        status, body = self.call(8, self.root + opaque(name) + how)
        return status, body[4:16]

    def test_mount(self) -> None:
        status, body = self.call(1, opaque(b"/"), program=100005)
        self.assertEqual((status, body[:12]), (OK, self.root))

    def test_a_file(self) -> None:
        status, handle = self.create(b"name")
        self.assertEqual(status, OK)
        data = os.urandom(1001)
        status, _ = self.call(7, handle + u64(3) + u32(1001, 2) + opaque(data))
        self.assertEqual(status, OK)
        self.assertEqual((self.directory / "name").read_bytes(), bytes(3) + data)
        status, body = self.call(6, handle + u64(500) + u32(4096))
        self.assertEqual((status, body[88:100]), (OK, u32(504, 1, 504)))
        self.assertEqual(body[100:604], (bytes(3) + data)[500:])
        # Cut to two bytes.
        status, _ = self.call(2, handle + u32(0, 0, 0, 1) + u64(2) + u32(0, 0, 0))
        self.assertEqual((status, (self.directory / "name").stat().st_size), (OK, 2))

    def test_names(self) -> None:
        self.assertEqual(self.call(3, self.root + opaque(b"none"))[0], NOENT)
        _, handle = self.create(b"old")
        status, _ = self.call(14, self.root + opaque(b"old") + self.root + opaque(b"new"))
        self.assertEqual(status, OK)
        status, body = self.call(3, self.root + opaque(b"new"))
        self.assertEqual((status, body[:12]), (OK, handle))
        status, body = self.call(16, self.root + u64(0) + bytes(8) + u32(4096))
        self.assertIn(opaque(b"new"), body)
        self.assertNotIn(opaque(b"old"), body)
        self.assertEqual(self.call(12, self.root + opaque(b"new"))[0], OK)
        self.assertEqual(self.call(1, handle)[0], STALE)
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_a_long_directory_in_parts(self) -> None:
        names = [f"file-{number:03}" for number in range(50)]
        for name in names:
            (self.directory / name).touch()
        seen: list[str] = []
        for _ in range(50):
            cookie = u64(len(seen))
            status, body = self.call(16, self.root + cookie + bytes(8) + u32(512))
            self.assertEqual(status, OK)
            seen += [name for name in names if name.encode() in body]
            if body.endswith(u32(0, 1)):
                break
        self.assertEqual(seen, names)

    def test_exclusive_creation(self) -> None:
        self.assertEqual(self.create(b"mine", u32(2) + b"verifier")[0], OK)
        # The same client asks again; then another one.
        self.assertEqual(self.create(b"mine", u32(2) + b"verifier")[0], OK)
        self.assertEqual(self.create(b"mine", u32(2) + b"another!")[0], EXIST)

    def test_nothing_outside_the_directory(self) -> None:
        for name in (b"../x", b"..", b".", b"/etc/passwd", b"a/b", b"a\0b", b"", b"x" * 201):
            self.assertEqual(self.create(name)[0], INVAL, name)
            self.assertEqual(self.call(3, self.root + opaque(name))[0], INVAL, name)
        self.assertEqual(self.call(1, opaque(u64(77)))[0], STALE)
        self.assertEqual(self.call(1, opaque(b"odd"))[0], STALE)

    def test_what_it_does_not_have(self) -> None:
        self.assertEqual(self.call(9, self.root + opaque(b"directory"))[0], NOTSUPP)
        head = u32(99, 0, 2)
        for call, answer in (
            (u32(100000, 2, 3), u32(1)),
            (u32(100003, 4, 1), u32(2, 3, 3)),
            (u32(100003, 3, 99), u32(3)),
            (u32(100003, 3, 1), u32(4)),
        ):
            reply = self.export.reply(head + call + u32(0, 0, 0, 0)) or b""
            self.assertEqual(reply[20:], answer)

    def test_no_call(self) -> None:
        whole = u32(99, 0, 2, 100003, 3, 0, 0, 0, 0, 0)
        self.assertIsNotNone(self.export.reply(whole))
        for length in range(len(whole)):
            self.assertIsNone(self.export.reply(whole[:length]))
        self.assertIsNone(self.export.reply(u32(99, 1, 2) + whole[12:]))

    def test_anything_at_all(self) -> None:
        """Whatever comes from a machine, there is an answer or none, and no exception."""
        for number in range(2000):
            noise = hashlib.sha512(str(number).encode()).digest()
            head = u32(number, 0, 2, 100003, 3, number % 23, 0, 0, 0, 0)
            self.export.reply(head + noise[: number % 64])
            self.export.reply(head + self.root + noise[: number % 64])


class NfsServers(InDirectory):
    def test_calls_in_fragments(self) -> None:
        peer = self.started(NfsServer, {"files": {"host": "text"}})
        call = u32(5, 0, 2, 100003, 3, 0, 0, 0, 0, 0)
        parts = u32(8) + call[:8] + u32(len(call) - 8 | 0x80000000) + call[8:]
        reply = talk(peer.port, parts + parts)
        self.assertEqual(reply, 2 * (u32(24 | 0x80000000) + u32(5, 1, 0, 0, 0, 0)))
        counts = self.counts(peer)
        self.assertEqual((counts["calls"], counts["broken"]), (2, 0))
        self.assertEqual((self.directory / "peer-nfs" / "host").read_text(), "text")

    def test_nonsense_ends_the_connection(self) -> None:
        peer = self.started(NfsServer, {})
        self.assertEqual(talk(peer.port, u32(0x80000004, 7)), b"")
        self.assertEqual(talk(peer.port, u32(0xFFFFFFFF)), b"")
        self.assertEqual(self.counts(peer)["broken"], 2)

    def test_options(self) -> None:
        for files in ({"../x": ""}, {"a/b": ""}, {".": ""}, ["x"]):
            with self.assertRaises(RowError):
                NfsServer(self.directory, {"files": files})


class Judging(InDirectory):
    def judge(self, counts: Mapping[str, int] | None) -> PeerJudge:
        if counts is not None:
            text = json.dumps(counts)
            (self.directory / "peer-echo.json").write_text(text, encoding="ascii")
        row = SimpleNamespace(peers={"echo": {}})
        return PeerJudge(Evidence(self.directory, cast(Any, None), cast(Any, row)))

    def test_counters(self) -> None:
        counts = {"connections": 2, "broken": 0, "complete": 2, "bytes": 200, "different": 2}
        for expected, good in ((200, True), ("100..", True), ("..199", False), (0, False)):
            check = Check("peer echo", "bytes", cast(Any, expected))
            PeerJudge.accept(check)
            self.assertIs(self.judge(counts).answer(check).ok, good, expected)

    def test_a_peer_that_left_nothing(self) -> None:
        self.assertFalse(self.judge(None).answer(Check("peer echo", "broken", 0)).ok)

    def test_files(self) -> None:
        (self.directory / "peer-nfs").mkdir()
        (self.directory / "peer-nfs" / "name").write_text("one\ntwo\n", encoding="ascii")
        for name, expected, good in (
            ("name", "^two$", True),
            ("name", "three", False),
            ("other", ".", False),
        ):
            check = Check("peer nfs", f"file {name}", expected)
            PeerJudge.accept(check)
            self.assertIs(self.judge(None).answer(check).ok, good)

    def test_grammar(self) -> None:
        for where, what, expected in (
            ("peer", "bytes", 1),
            ("peer nobody", "bytes", 1),
            ("peer echo", "calls", 1),
            ("peer stranger", "lies", 1),
            ("peer echo", "bytes", "some"),
            ("peer echo", "bytes", "50 %"),
            ("peer nfs", "file ../x", "."),
            ("peer nfs", "file x", ""),
        ):
            with self.assertRaises(RowError, msg=f"{where} {what}"):
                PeerJudge.accept(Check(where, what, cast(Any, expected)))

    def test_names(self) -> None:
        self.assertEqual({name: kind.name for name, kind in PEERS.items()}, {n: n for n in PEERS})


if __name__ == "__main__":
    unittest.main()
