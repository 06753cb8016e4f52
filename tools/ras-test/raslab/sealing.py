# SPDX-License-Identifier: GPL-2.0
"""Sealed dumps, made as include/uapi/linux/ras_seal.h says; libsodium has the primitives only."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from raslab.lab import LabError

LIBRARY = "libsodium.so.23"
BEGIN, HEAD, TAG = 4096, 24, 16
PAGES, RECORDS, END = 1, 2, 3
BYTES, SEGMENT = 1, 2
# Where the descriptors begin in a dump of make-corpus-dump, and their size.
TABLE, DESC = 4 * 4096, 24
STATUS, INCOMPLETE = 424, 8


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(LIBRARY)
    if library.sodium_init() < 0:
        raise LabError(f"{LIBRARY} does not start")
    return library


def public_of(secret: bytes, point: bytes = bytes([9]) + bytes(31)) -> bytes:
    """X25519 (RFC 7748); by default with the base point, which makes a public key."""
    out = ctypes.create_string_buffer(32)
    if _library().crypto_scalarmult(out, secret, point):
        raise LabError("X25519 gives no key")
    return out.raw


def hchacha20(key: bytes, text: bytes) -> bytes:
    """HChaCha20, which makes a key of a key and 16 bytes."""
    out = ctypes.create_string_buffer(32)
    _library().crypto_core_hchacha20(out, text, key, None)
    return out.raw


def key_of(secret: bytes, public: bytes, salt: bytes) -> bytes:
    """The key of a dump."""
    return hchacha20(hchacha20(public_of(secret, public), bytes(16)), salt)


def encrypt(text: bytes, head: bytes, nonce: bytes, key: bytes) -> bytes:
    """AEAD_CHACHA20_POLY1305 (RFC 8439): the ciphertext and the tag."""
    out = ctypes.create_string_buffer(len(text) + TAG)
    size = ctypes.c_ulonglong()
    _library().crypto_aead_chacha20poly1305_ietf_encrypt(
        out,
        ctypes.byref(size),
        text,
        ctypes.c_ulonglong(len(text)),
        head,
        ctypes.c_ulonglong(len(head)),
        None,
        nonce,
        key,
    )
    return out.raw[: size.value]


@dataclass(frozen=True)
class Segment:
    """A segment, before it is sealed."""

    number: int
    kind: int
    text: bytes


@dataclass(frozen=True)
class Sealer:
    """Seals for a key."""

    recipient: bytes
    ephemeral: bytes = bytes(range(32))
    attempt: int = 1
    time: int = 1795330800
    version: int = 1
    magic: bytes = b"RASSEAL1"
    salt: bytes = field(default=bytes(range(16)))
    reserved: bytes = field(default=bytes(24))

    @property
    def header(self) -> bytes:
        """struct ras_seal_header"""
        head = struct.pack("<8sII", self.magic, self.version, self.attempt)
        head += self.recipient + public_of(self.ephemeral)
        return head + struct.pack("<Q", self.time) + self.salt + self.reserved

    def segment(self, segment: Segment) -> bytes:
        """A segment, sealed."""
        id_, size = public_of(self.ephemeral)[:8], len(segment.text)
        head = id_ + struct.pack("<QII", segment.number, segment.kind, size)
        nonce = struct.pack("<IQ", self.attempt, segment.number)
        key = key_of(self.ephemeral, self.recipient, self.salt)
        return head + encrypt(segment.text, self.header + head, nonce, key)

    def log(self, segments: Sequence[Segment]) -> bytes:
        """A sealed dump."""
        block = self.header.ljust(BEGIN, b"\0")
        return block + b"".join(self.segment(segment) for segment in segments)


def record(offset: int, number: int, what: int, length: int) -> bytes:
    """struct ras_seal_record"""
    return struct.pack("<QQII", offset, number, what, length)


def bytes_at(offset: int, data: bytes) -> bytes:
    """A record with its bytes."""
    return record(offset, 0, BYTES, len(data)) + data


def records(counter: int, *parts: bytes) -> bytes:
    """What is in a segment with records."""
    return struct.pack("<Q", counter) + b"".join(parts)


def _descriptors(dump: bytes, ranks: int, done: set[int], end: int) -> list[bytes]:
    """Records of the descriptors of pages that lie before a place of the file."""
    made = []
    for rank in range(ranks):
        desc = dump[TABLE + rank * DESC :][:DESC]
        offset, size = struct.unpack_from("<QI", desc)
        if rank not in done and offset + size <= end:
            done.add(rank)
            made.append(bytes_at(TABLE + rank * DESC, desc))
    return made


def segments_of(dump: bytes, ranks: int, chunk: int = 5000, together: int = 3) -> list[Segment]:
    """A dump of make-corpus-dump as the kernel would write it: it is incomplete until its end."""
    status = struct.unpack_from("<I", dump, STATUS)[0]
    head = dump[:STATUS] + struct.pack("<I", status | INCOMPLETE) + dump[STATUS + 4 : TABLE]
    # Numbers are in no order.
    numbers = iter(number * 7919 % 65537 for number in range(1, 65537))
    made = [Segment(next(numbers), RECORDS, records(0, bytes_at(0, head)))]
    at, counter, waiting = TABLE + ranks * DESC, 1, list[bytes]()
    done: set[int] = set()
    while at < len(dump):
        data = dump[at : at + chunk]
        made.append(Segment(next(numbers), PAGES, data))
        waiting.append(record(at, made[-1].number, SEGMENT, len(data)))
        at += len(data)
        if len(waiting) == together or at == len(dump):
            parts = waiting + _descriptors(dump, ranks, done, at)
            made.append(Segment(next(numbers), RECORDS, records(counter, *parts)))
            counter, waiting = counter + 1, []
    last = records(counter, bytes_at(STATUS, struct.pack("<I", status)))
    return [*made, Segment(next(numbers), END, last)]
