# SPDX-License-Identifier: GPL-2.0
"""The network of a row: cards and peers on a switch, whose relay loses frames by a seed.

One Ethernet frame is one datagram on a pair of sockets: QEMU has one end, the switch has
the other.  The switch floods: what comes in at one port goes out at all others.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import re
import selectors
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple, Optional

from raslab.check import Answer, Check, Evidence, Judge, RowError
from raslab.lab import LabError
from raslab.pcapng import Capture

# Longer than any Ethernet frame.
LONGEST_FRAME = 65536
# Frames that wait for a port that does not read; more than these are lost.
LONGEST_QUEUE = 1000
# Frames that the switch takes from one port before it looks at the others.
BATCH = 64
# A frame that is to be overtaken is not held for longer when nothing follows it.
HELD_S = 0.02
# What a row calls a card, and what QEMU calls it.
CARDS = {"virtio-net": "virtio-net-pci", "e1000": "e1000", "e1000e": "e1000e"}
# Of the lost frames that network.json lists: there has to be an end.
MOST_LOST = 10000


class Fate(NamedTuple):
    """What the relay does to one frame."""

    lost: bool
    duplicated: bool
    reordered: bool


@dataclass(frozen=True)
class Relay:
    """Decides what happens to frames; the key ``network`` of a row.

    ``loss``, ``duplicate`` and ``reorder`` are percentages of the frames of each
    direction; a reordered frame is overtaken by the one that follows it.  ``delay_ms``
    is how long each frame takes.  Frames of more than ``longest`` bytes are lost whatever the
    dice say, if that is not 0.  The fate of frame ``number`` of a direction depends
    on the seed, the direction's name and that number, and on nothing else.
    """

    seed: int = 0
    loss: float = 0
    duplicate: float = 0
    reorder: float = 0
    delay_ms: float = 0
    longest: float = 0

    @classmethod
    def from_row(cls, options: Mapping[str, object]) -> Relay:
        """The relay that a row describes; RowError if it describes none."""
        known = [entry.name for entry in fields(cls)]
        values: dict[str, float] = {}
        for key, value in options.items():
            if key not in known:
                raise RowError(f"a network has no {key!r}; it has {' '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise RowError(f"{key!r} of the network is {value!r}, which is no number")
            if key in ("loss", "duplicate", "reorder") and not 0 <= value <= 100:
                raise RowError(f"{key!r} of the network is {value}, which is no percentage")
            if value < 0:
                raise RowError(f"{key!r} of the network is {value}, which is less than none")
            values[key] = value
        seed = int(values.pop("seed", 0))
        return cls(seed, **values)

    def fate(self, direction: str, number: int) -> Fate:
        """What happens to this frame, whenever and however often it is asked."""
        name = f"{self.seed}/{direction}/{number}".encode()
        dice = struct.unpack("<3I", hashlib.blake2b(name, digest_size=12).digest())
        loss, duplicate, reorder = (number * 100 / 2**32 for number in dice)
        if loss < self.loss:
            return Fate(True, False, False)
        return Fate(False, duplicate < self.duplicate, reorder < self.reorder)

    def lost_frames(self, direction: str, frames: int) -> list[int]:
        """The numbers of the frames that are lost, as network.json lists them."""
        numbers = (n for n in range(frames) if self.fate(direction, n).lost)
        return list(itertools.islice(numbers, MOST_LOST))


@dataclass
class Counts:
    """The frames of one port in one life: what came from it, and what became of that.

    ``too_long`` ones are not among the ``lost``.
    ``refused`` and ``overflowed`` count frames to the port: it does not take such a frame;
    it did not read in time.
    """

    frames: int = 0
    bytes: int = 0
    lost: int = 0
    duplicated: int = 0
    delayed: int = 0
    reordered: int = 0
    too_long: int = 0
    refused: int = 0
    overflowed: int = 0
    lost_frames: list[int] = field(default_factory=list)


Change = Callable[[bytes], Optional[bytes]]


def unchanged(frame: bytes) -> bytes:
    """What a port does to a frame if nothing else is said."""
    return frame


@dataclass
class Port:
    """A place on the switch: its own end, the end that is given away, what waits for it."""

    name: str
    near: socket.socket
    far: socket.socket
    # What goes out of it, and what comes in by it, of a frame; None: it is refused.
    outward: Change
    inward: Change
    counts: Counts = field(default_factory=Counts)
    queue: deque[bytes] = field(default_factory=deque)
    # A frame (twice, if duplicated) that the next one of this port overtakes, and when it
    # goes in any case.
    held: list[bytes] = field(default_factory=list)
    held_until: float = 0.0
    watched: int = selectors.EVENT_READ


def _drain(end: socket.socket) -> None:
    """Throw away what nobody has read."""
    for _ in range(LONGEST_QUEUE):
        try:
            end.recv(LONGEST_FRAME, socket.MSG_DONTWAIT)
        except OSError:
            return


class Switch:
    """Forwards frames between its ports, by way of the relay.  A context manager.

    Call next_life() between two lives of the machine.  stop() leaves network.json and
    network.pcapng in the directory, and closes both ends of all ports.
    """

    def __init__(self, relay: Relay, directory: Path) -> None:
        self.relay = relay
        self.directory = directory
        self.ports: dict[str, Port] = {}
        # By life and port.
        self.lives: list[dict[str, Counts]] = [{}]
        self.failure = ""
        self._capture = Capture(directory / "network.pcapng")
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._lock = threading.Lock()
        # (when it is due, number for the order, from which port, frame)
        self._due: list[tuple[float, int, str, bytes]] = []
        self._number = 0
        self._running = False
        self._thread = threading.Thread(target=self._run, name="switch", daemon=True)

    def __enter__(self) -> Switch:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def connect(
        self, name: str, outward: Change = unchanged, inward: Change = unchanged
    ) -> socket.socket:
        """A new port; returns the machine's or peer's end, which stays the switch's to close.

        ``outward`` makes the frame that the port is given, ``inward`` what the switch gets
        from it; None is a frame that the port does not take, or that is not one for others.
        """
        if name in self.ports:
            raise LabError(f"two ports of the switch are called {name!r}")
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        near.setblocking(False)
        for end in near, far:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with self._lock:
            port = self.ports[name] = Port(name, near, far, outward, inward)
            self.lives[-1][name] = port.counts
            self._capture.port(name)
            self._selector.register(near, selectors.EVENT_READ, port)
        return far

    def start(self) -> None:
        """From here on frames are forwarded; what has come before waits in the sockets."""
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._running = True
        self._thread.start()

    def next_life(self) -> None:
        """The machine has ended and will boot again: forget what is on its way, count anew."""
        with self._lock:
            self._due.clear()
            for port in self.ports.values():
                _drain(port.near)
                _drain(port.far)
                port.queue.clear()
                port.held = []
                port.counts = Counts()
            self.lives.append({name: port.counts for name, port in self.ports.items()})

    def stop(self) -> None:
        """Stop, and leave the statistics.  May be called twice."""
        if self._running:
            self._running = False
            self._wake.send(b"x")
            self._thread.join(10)
            self._save()
        self._capture.close()
        self._selector.close()
        for port in self.ports.values():
            port.near.close()
            port.far.close()
        self._wake.close()
        self._woken.close()

    def _save(self) -> None:
        lives = [{name: vars(counts) for name, counts in life.items()} for life in self.lives]
        text = json.dumps({"relay": vars(self.relay), "failure": self.failure, "lives": lives})
        (self.directory / "network.json").write_text(text + "\n", encoding="ascii")

    def _run(self) -> None:
        try:
            while self._running:
                with self._lock:
                    patience = self._patience()
                events = self._selector.select(patience)
                with self._lock:
                    self._round(events)
        except Exception as error:
            # Whatever it is: a row with a switch that has ended is no result.
            self.failure = f"the switch failed: {error!r}"

    def _patience(self) -> float:
        """Seconds until something is due; a second if nothing is."""
        times = [port.held_until for port in self.ports.values() if port.held]
        times += [self._due[0][0]] if self._due else []
        return min([1.0, *(max(0.0, when - time.monotonic()) for when in times)])

    def _round(self, events: list[tuple[selectors.SelectorKey, int]]) -> None:
        for key, mask in events:
            if isinstance(key.data, Port) and mask & selectors.EVENT_READ:
                self._read(key.data)
        now = time.monotonic()
        for port in self.ports.values():
            if port.held and port.held_until <= now:
                self._release(port, now)
        while self._due and self._due[0][0] <= now:
            _, _, source, frame = heapq.heappop(self._due)
            self._flood(source, frame)
        for port in self.ports.values():
            self._write(port)

    def _read(self, port: Port) -> None:
        for _ in range(BATCH):
            try:
                frame = port.near.recv(LONGEST_FRAME)
            except OSError:
                # Nothing more; or the reader at the other end has gone, which is its affair.
                return
            if frame and (frame := port.inward(frame) or b""):
                self._arrived(port, frame)

    def _arrived(self, port: Port, frame: bytes) -> None:
        counts = port.counts
        fate = self.relay.fate(port.name, counts.frames)
        when = time.monotonic() + self.relay.delay_ms / 1000
        comment = " ".join(what for what, true in zip(Fate._fields, fate) if true)
        self._capture.frame(port.name, frame, f"{port.name} {counts.frames}: {comment or 'pass'}")
        if fate.lost and len(counts.lost_frames) < MOST_LOST:
            counts.lost_frames.append(counts.frames)
        counts.frames += 1
        counts.bytes += len(frame)
        counts.lost += fate.lost
        counts.duplicated += fate.duplicated
        too_long = 0 < self.relay.longest < len(frame)
        counts.too_long += too_long and not fate.lost
        if fate.lost or too_long:
            return
        counts.delayed += self.relay.delay_ms > 0
        copies = [frame] * (1 + fate.duplicated)
        if fate.reordered and not port.held:
            port.held, port.held_until = copies, when + HELD_S
            return
        self._later(port, when, copies)
        counts.reordered += bool(port.held)
        self._release(port, when)

    def _release(self, port: Port, when: float) -> None:
        """The frame that was held back has been overtaken, or has waited enough."""
        self._later(port, when, port.held)
        port.held = []

    def _later(self, port: Port, when: float, frames: list[bytes]) -> None:
        for frame in frames:
            self._number += 1
            heapq.heappush(self._due, (when, self._number, port.name, frame))

    def _flood(self, source: str, frame: bytes) -> None:
        for port in self.ports.values():
            if port.name == source:
                continue
            leaves = port.outward(frame)
            if leaves is None:
                port.counts.refused += 1
            elif len(port.queue) >= LONGEST_QUEUE:
                port.counts.overflowed += 1
            else:
                port.queue.append(leaves)

    def _write(self, port: Port) -> None:
        while port.queue:
            try:
                port.near.send(port.queue[0])
            except BlockingIOError:
                break
            except OSError:
                # Nobody is at the other end.
                port.counts.overflowed += 1
            port.queue.popleft()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if port.queue else 0)
        if wanted != port.watched:
            port.watched = wanted
            self._selector.modify(port.near, wanted, port)


@dataclass(frozen=True)
class Card:
    """A network card of a machine; the socket is the machine's end of a port."""

    model: str
    mac: str
    socket: socket.socket

    def qemu_args(self, index: int) -> list[str]:
        """QEMU inherits the socket: give its number to Popen as one of pass_fds."""
        if self.model not in CARDS:
            raise LabError(f"there is no network card {self.model!r}; there are {' '.join(CARDS)}")
        # Without romfile= QEMU wants a program to boot from the network.
        device = f"{CARDS[self.model]},netdev=net{index},mac={self.mac},romfile="
        return [
            "-netdev",
            f"dgram,id=net{index},local.type=fd,local.str={self.socket.fileno()}",
            "-device",
            device,
        ]


def card_mac(index: int) -> str:
    """The address of the machine's card of this number."""
    return f"52:54:00:72:61:{index:02x}"


@dataclass(frozen=True)
class Bounds:
    """What a number may be: ``"7"``, ``"7.."``, ``"..9"``, ``"7..9"``, each also as `` %``."""

    low: float
    high: float
    percent: bool = False

    @classmethod
    def parse(cls, expected: object) -> Bounds:
        """RowError if these are no bounds."""
        number = r"(\d+(?:\.\d+)?)?"
        match = re.fullmatch(rf"{number}(\.\.)?{number}( ?%)?", str(expected))
        if match is None or not (match[1] or match[3]) or (match[3] and not match[2]):
            raise RowError(f"{expected!r} are no bounds: 7, 7.., ..9 or 7..9, with or without %")
        low = float(match[1] or 0)
        high = float(match[3] or "inf") if match[2] else low
        if high < low:
            raise RowError(f"nothing is within {expected!r}")
        return cls(low, high, bool(match[4]))

    def hold(self, number: float) -> bool:
        """Is the number within them?"""
        return self.low <= number <= self.high


def all_counts(lives: Sequence[Mapping[str, Counts]], port: str) -> list[Counts]:
    """Of one port in all those lives; of all ports without a name."""
    return [counts for life in lives for name, counts in life.items() if port in ("", name)]


class NetworkJudge(Judge):
    """``network``: of all lives; ``network 2``: of the second.

    ``["network", WHAT, BOUNDS]``, where WHAT is ``frames``, ``bytes``, ``lost``,
    ``duplicated``, ``delayed``, ``reordered`` or ``too_long``: how many frames of all ports
    that was; with `` from PORT``, only of those that came from that port. ``refused`` and
    ``overflowed``, alone or with `` to PORT``, are frames that a port did not take. BOUNDS are
    as Bounds has them; with `` %``, of all frames of the same ports. Ports are ``card0`` (the
    machine's first card), ``card1`` ..., ``gateway`` (all peers on the host), ``stranger`` and
    ``twin``.

    ``["network", "same losses", LIVES]``: there were that many lives, each lost frames, and
    those were the frames which the row's seed loses: computed anew here, and the same in
    all lives as far as those had frames.
    """

    where = "network"

    SAME = "same losses"
    WHAT = re.compile(
        r"(frames|bytes|lost|duplicated|delayed|reordered|too_long)( from (?P<source>\w+))?"
        r"|(refused|overflowed)( to (?P<target>\w+))?"
    )

    @classmethod
    def accept(cls, check: Check) -> None:
        if check.argument and not re.fullmatch("[1-9]", check.argument):
            raise RowError(f"{check.where!r} names no life")
        if check.what == cls.SAME:
            if check.argument or not isinstance(check.expected, int) or check.expected < 1:
                raise RowError(f"{cls.SAME!r} is asked of all lives, and expects their number")
            return
        if cls.WHAT.fullmatch(check.what) is None:
            raise RowError(f"the network cannot be asked {check.what!r}")
        if Bounds.parse(check.expected).percent and re.match(
            "frames|bytes|refused|over", check.what
        ):
            raise RowError(f"{check.what!r} is no part of the frames: no percentage")

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence)
        self.lives: list[dict[str, Counts]] = []
        self.failure = "there is no network.json"
        path = evidence.directory / "network.json"
        if path.is_file():
            data = json.loads(path.read_text(encoding="ascii"))
            self.failure = data["failure"]
            for life in data["lives"]:
                self.lives.append({name: Counts(**counts) for name, counts in life.items()})

    def answer(self, check: Check) -> Answer:
        if check.what == self.SAME:
            return self._same_losses(check)
        title = check.title or f"the {check.where} has {check.what} {check.expected}"
        wanted = f"{check.what} {check.expected}"
        lives = self.lives
        if check.argument:
            lives = lives[int(check.argument) - 1 : int(check.argument)]
        match = self.WHAT.fullmatch(check.what)
        port = (match["source"] or match["target"] or "") if match is not None else ""
        chosen = all_counts(lives, port)
        if self.failure or not chosen:
            return Answer(False, title, wanted, self.failure or "no such life or port")
        bounds = Bounds.parse(check.expected)
        number = sum(getattr(counts, check.what.split()[0]) for counts in chosen)
        frames = sum(counts.frames for counts in chosen)
        share = 100 * number / frames if frames else 0.0
        got = f"{number}, {share:.1f} % of {frames} frames" if bounds.percent else str(number)
        return Answer(bounds.hold(share if bounds.percent else number), title, wanted, got)

    def _same_losses(self, check: Check) -> Answer:
        title = check.title or f"{check.expected} lives lose what the seed says"
        trouble = self.failure or self._differences(int(check.expected))
        losses = [sum(counts.lost for counts in life.values()) for life in self.lives]
        got = f"{' and '.join(map(str, losses))} frames, as the seed says"
        return Answer(not trouble, title, "the same losses in each life", trouble or got)

    def _differences(self, expected: int) -> str:
        """What is not as it should be, if anything."""
        if len(self.lives) != expected:
            return f"{len(self.lives)} lives"
        relay = Relay.from_row(self.evidence.row.network)
        for number, life in enumerate(self.lives, 1):
            if not any(counts.lost for counts in life.values()):
                return f"life {number} lost nothing"
            for name, counts in life.items():
                if counts.lost_frames != relay.lost_frames(name, counts.frames):
                    return f"life {number} lost other frames from {name} than the seed says"
        for before, after in itertools.pairwise(self.lives):
            for name in before.keys() & after.keys():
                both = min(before[name].frames, after[name].frames)
                lost = [[n for n in life[name].lost_frames if n < both] for life in (before, after)]
                if lost[0] != lost[1]:
                    return f"two lives lost different frames from {name}"
        return ""
