# SPDX-License-Identifier: GPL-2.0
"""Files of frames, for a person with tshark or Wireshark."""

from __future__ import annotations

import struct
import time
from pathlib import Path
from typing import IO

# There has to be an end: of the frames, and of each of them.
MOST_FRAMES = 20000
LONGEST = 128


class Capture:
    """A pcapng file of all frames as they came in, with what the relay did to them."""

    def __init__(self, path: Path) -> None:
        self.file: IO[bytes] = open(path, "wb")
        self.frames = 0
        self.ports: dict[str, int] = {}
        self._block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))

    def _block(self, kind: int, body: bytes) -> None:
        length = struct.pack("<I", len(body) + 12)
        self.file.write(struct.pack("<I", kind) + length + body + length)

    @staticmethod
    def _option(code: int, text: str) -> bytes:
        value = text.encode()
        padded = value + bytes(-len(value) % 4)
        return struct.pack("<HH", code, len(value)) + padded + bytes(4)

    def port(self, name: str) -> None:
        """A port becomes an interface of the file."""
        self.ports[name] = len(self.ports)
        self._block(1, struct.pack("<HHI", 1, 0, LONGEST) + self._option(2, name))

    def frame(self, name: str, frame: bytes, comment: str) -> None:
        """A frame that came in at this port just now."""
        if self.frames >= MOST_FRAMES:
            return
        self.frames += 1
        now = time.time_ns() // 1000
        part = frame[:LONGEST]
        head = struct.pack(
            "<IIIII", self.ports[name], now >> 32, now & 0xFFFFFFFF, len(part), len(frame)
        )
        body = head + part + bytes(-len(part) % 4)
        self._block(6, body + (self._option(1, comment) if comment else b""))

    def close(self) -> None:
        """The file is complete."""
        self.file.close()
