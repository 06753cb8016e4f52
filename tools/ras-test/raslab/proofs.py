# SPDX-License-Identifier: GPL-2.0
"""Proofs of netdump as include/uapi/linux/ras_netdump.h says: a client that proves its packets, and
a network between it and rasdumpd that keeps what it has seen.  libsodium has X25519 and HChaCha20
only."""

from __future__ import annotations

import random
import select
import socket
import struct
import threading
from dataclasses import dataclass, field

from raslab.netdump import HERALD, WAIT_S, Client, hello, packet
from raslab.sealing import hchacha20, public_of

OFFERS, RESUMED, ACCEPTS = 1, 1, 2
ACCEPT, CHALLENGE, PROOF = 32, 16, 8
MASK = 2**64 - 1


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK


def _round(v: list[int]) -> None:
    v[0] = (v[0] + v[1]) & MASK
    v[2] = (v[2] + v[3]) & MASK
    v[1] = _rotate(v[1], 13) ^ v[0]
    v[3] = _rotate(v[3], 16) ^ v[2]
    v[0] = _rotate(v[0], 32)
    v[2] = (v[2] + v[1]) & MASK
    v[0] = (v[0] + v[3]) & MASK
    v[1] = _rotate(v[1], 17) ^ v[2]
    v[3] = _rotate(v[3], 21) ^ v[0]
    v[2] = _rotate(v[2], 32)


def siphash(key: bytes, data: bytes) -> int:
    """SipHash-2-4 (Aumasson and Bernstein, 2012)."""
    low, high = struct.unpack("<QQ", key)
    v: list[int] = [low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D]
    v += [low ^ 0x6C7967656E657261, high ^ 0x7465646279746573]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        _round(v)
        _round(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def proof_of(key: bytes, data: bytes) -> bytes:
    """A proof, as it is sent."""
    return struct.pack(">Q", siphash(key, data))


@dataclass
class Keys:
    """The keys of a dump: those of its session, and those that follow from the challenge."""

    session: bytes
    dump: bytes = b""

    @classmethod
    def of(cls, secret: bytes, public: bytes, session: bytes) -> Keys:
        """Of the two sides."""
        return cls(hchacha20(hchacha20(public_of(secret, public), bytes(16)), session))

    def take(self, challenge: bytes) -> None:
        """A welcome has come."""
        self.dump = hchacha20(self.session, challenge)


class Prover(Client):
    """A machine that proves its packets."""

    def __init__(
        self,
        port: int,
        server_key: bytes,
        session: bytes,
        server: str = "127.0.0.1",
        secret: int = 1,
    ) -> None:
        super().__init__(port, server)
        self.secret = random.Random(secret).randbytes(32)
        self.name, self.keys = session, Keys.of(self.secret, server_key, session)
        self.heralds_sent, self.count = 0, 0
        self.flags, self.challenge, self.accepted_port = 0, b"", 0

    def offer(self, size: int, public: bytes = b"") -> bytes:
        """A herald with an offer, whose count is the next one."""
        self.heralds_sent += 1
        said = bytearray(b"\0" + hello(self.name, size))
        struct.pack_into(">I", said, 1 + 12, OFFERS)
        head = struct.pack(">IIQII", HERALD, 1, 0, len(said) + 41, self.heralds_sent)
        whole = head + said + (public or public_of(self.secret))
        return whole + proof_of(self.keys.session[:16], whole) + b"\0"

    def take_welcome(self, answer: bytes, count: int) -> bool:
        """Whether an answer is a welcome that proves itself, to the herald of this count."""
        if len(answer) != 28 + ACCEPT:
            return False
        seq, magic, _, flags = struct.unpack_from(">I8sII", answer)
        herald, port = struct.unpack_from(">II", answer, 28)
        good = proof_of(self.keys.session[16:], answer[:-PROOF]) == answer[-PROOF:]
        if not good or (seq, magic, herald) != (1, b"RASWLCME", count) or not flags & ACCEPTS:
            return False
        self.flags, self.challenge, self.accepted_port = flags, answer[36:52], port
        self.keys.take(self.challenge)
        return True

    def begin(self, size: int, seconds: float = WAIT_S) -> bool:
        """Send a herald; whether the server accepts the offer."""
        self.socket.sendto(self.offer(size), self.heralds)
        self.seq = max(self.seq, 1)
        answer = self.answer(seconds)
        return (
            self.take_welcome(answer, self.heralds_sent) and self.session[1] == self.accepted_port
        )

    def proven(self, kind: int, seq: int, offset: int, data: bytes, count: int) -> bytes:
        """A packet with its proof."""
        plain = bytearray(packet(kind, seq, offset, data))
        struct.pack_into(">I", plain, 20, count)
        return bytes(plain) + proof_of(self.keys.dump[:16], bytes(plain))

    def acks(self, seq: int, seconds: float = WAIT_S) -> bool:
        """Whether the next answer is an acknowledgment that proves itself."""
        answer, plain = self.answer(seconds), struct.pack(">I", seq)
        return answer == plain + proof_of(self.keys.dump[16:], plain)

    def ask(self, kind: int, offset: int = 0, data: bytes = b"", seconds: float = WAIT_S) -> bool:
        """Send a packet; whether it is acknowledged."""
        self.seq += 1
        self.count += 1
        self.send(self.proven(kind, self.seq, offset, data, self.count))
        return self.acks(self.seq, seconds)


@dataclass
class Relay:
    """A network between one client and the server.

    The server is at 127.0.0.1; the client sees it at 127.0.0.2, with the same ports.  If it lies,
    it sends a changed copy of each answer before the answer itself, and each welcome from another
    port as well; and it loses some acknowledgments.
    """

    port: int
    lies: bool = False
    answers: int = 0
    seen: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.front = self._bound("127.0.0.2", self.port)
        self.back = self._bound("127.0.0.1", 0)
        self.server, self.client = ("127.0.0.1", self.port), ("", 0)
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @staticmethod
    def _bound(address: str, port: int) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((address, port))
        return one

    def _run(self) -> None:
        fronts = [self.front]
        while True:
            ready = select.select([*fronts, self.back, self._woken], [], [])[0]
            if self._woken in ready:
                break
            for one in ready:
                self._pass(one, fronts)
        for one in [*fronts, self.back]:
            one.close()

    def _pass(self, one: socket.socket, fronts: list[socket.socket]) -> None:
        try:
            data, sender = one.recvfrom(65536)
            if one is not self.back:
                self.client = sender
                self.seen.append(data)
                to = self.server if one is not self.front else ("127.0.0.1", self.port)
                self.back.sendto(data, to)
                return
            if sender != self.server:
                self.server = sender
                fronts.append(self._bound("127.0.0.2", sender[1]))
            self._answer(fronts[-1], data)
        except ConnectionError:
            pass

    def _answer(self, front: socket.socket, data: bytes) -> None:
        self.answers += 1
        if self.lies:
            # The last byte in front of the proof: of the number, or of the challenge.
            front.sendto(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], self.client)
        if self.lies and len(data) > 28:
            self.front.sendto(data, self.client)
        if not self.lies or len(data) > 28 or self.answers % 7:
            front.sendto(data, self.client)

    def forge(self, data: bytes, to_heralds: bool = False) -> None:
        """Send something that is not the client's, from the address that the server knows."""
        self.back.sendto(data, ("127.0.0.1", self.port) if to_heralds else self.server)

    def close(self) -> None:
        """The network is gone."""
        self._wake.send(b"x")
        self._thread.join(WAIT_S)
        self._woken.close()
        self._wake.close()
