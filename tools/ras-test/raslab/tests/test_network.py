# SPDX-License-Identifier: GPL-2.0
"""The relay's decisions, the switch between sockets, and what a check may ask."""

from __future__ import annotations

import json
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
from raslab.lab import LabError
from raslab.network import (
    BATCH,
    LONGEST_QUEUE,
    Bounds,
    Card,
    Counts,
    Fate,
    NetworkJudge,
    Relay,
    Switch,
    card_mac,
)


class Relays(unittest.TestCase):
    def test_the_same_seed_decides_the_same(self) -> None:
        one, other = (Relay(seed=7, loss=20, duplicate=5, reorder=5) for _ in range(2))
        fates = [one.fate("card0", number) for number in range(500)]
        # In another order, and after others were asked about.
        other.fate("gateway", 3)
        self.assertEqual(fates[::-1], [other.fate("card0", n) for n in reversed(range(500))])

    def test_what_it_decides_is_fixed(self) -> None:
        # A change here makes the losses of all rows others than they were.
        self.assertEqual(Relay(seed=7, loss=20).lost_frames("card0", 20), [3, 4, 6, 8, 12, 15])

    def test_seeds_and_directions_differ(self) -> None:
        lost = Relay(seed=7, loss=20).lost_frames("card0", 500)
        self.assertNotEqual(lost, Relay(seed=8, loss=20).lost_frames("card0", 500))
        self.assertNotEqual(lost, Relay(seed=7, loss=20).lost_frames("gateway", 500))

    def test_percentages(self) -> None:
        relay = Relay(seed=1, loss=20, duplicate=10, reorder=0.5)
        fates = [relay.fate("card0", number) for number in range(20000)]
        self.assertAlmostEqual(sum(fate.lost for fate in fates) / 200, 20, delta=1)
        # Only of those that are not lost.
        self.assertAlmostEqual(sum(fate.duplicated for fate in fates) / 200, 8, delta=1)
        self.assertAlmostEqual(sum(fate.reordered for fate in fates) / 200, 0.4, delta=0.2)

    def test_more_loss_loses_the_same_and_more(self) -> None:
        few, many = (set(Relay(7, loss).lost_frames("card0", 500)) for loss in (5, 20))
        self.assertLess(few, many)

    def test_nothing_and_everything(self) -> None:
        self.assertEqual(Relay(3).fate("card0", 0), Fate(False, False, False))
        self.assertEqual(Relay(3, loss=100).lost_frames("card0", 9), list(range(9)))

    def test_of_a_row(self) -> None:
        self.assertEqual(Relay.from_row({}), Relay())
        self.assertEqual(Relay.from_row({"seed": 7, "loss": 20}), Relay(7, 20))
        refused: tuple[dict[str, object], ...] = (
            {"lost": 20},
            {"loss": "20"},
            {"loss": 101},
            {"loss": -1},
            {"delay_ms": -1},
            {"seed": True},
        )
        for options in refused:
            with self.assertRaises(RowError, msg=str(options)):
                Relay.from_row(options)


class Bound(unittest.TestCase):
    def test_parse(self) -> None:
        self.assertEqual(Bounds.parse(7), Bounds(7, 7))
        self.assertEqual(Bounds.parse("7"), Bounds(7, 7))
        self.assertEqual(Bounds.parse("7.."), Bounds(7, float("inf")))
        self.assertEqual(Bounds.parse("..9"), Bounds(0, 9))
        self.assertEqual(Bounds.parse("1.5..2 %"), Bounds(1.5, 2, True))
        for wrong in ("", "..", "9..7", "7-9", "%", "-1", "7 9", "many"):
            with self.assertRaises(RowError, msg=wrong):
                Bounds.parse(wrong)

    def test_hold(self) -> None:
        bounds = Bounds.parse("15..25 %")
        self.assertEqual([bounds.hold(n) for n in (14.9, 15, 25, 25.1)], [False, True, True, False])


def received(end: socket.socket, count: int) -> list[bytes]:
    """So many frames, or those that come within a time that is long enough for them."""
    end.settimeout(5)
    frames = []
    try:
        for _ in range(count):
            frames.append(end.recv(2000))
        end.settimeout(0.1)
        frames.append(end.recv(2000))
    except TimeoutError:
        pass
    return frames


class Switches(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = Path(place.name)

    def switch(self, relay: Relay, *names: str) -> tuple[Switch, list[socket.socket]]:
        switch = Switch(relay, self.directory)
        self.addCleanup(switch.stop)
        return switch, [switch.connect(name) for name in names]

    def saved(self) -> Any:
        return json.loads((self.directory / "network.json").read_text(encoding="ascii"))

    def test_floods_to_all_but_the_source(self) -> None:
        switch, (one, two, three) = self.switch(Relay(), "one", "two", "three")
        with switch:
            one.send(b"from one")
            self.assertEqual(received(two, 1), [b"from one"])
            self.assertEqual(received(three, 1), [b"from one"])
            two.send(b"from two")
            self.assertEqual(received(one, 1), [b"from two"])
        life = self.saved()["lives"][0]
        self.assertEqual((life["one"]["frames"], life["one"]["bytes"]), (1, 8))
        self.assertEqual((life["two"]["frames"], life["three"]["frames"]), (1, 0))

    def test_what_is_too_long_is_lost(self) -> None:
        switch, (one, two) = self.switch(Relay(longest=8), "one", "two")
        with switch:
            one.send(b"nine long")
            one.send(b"as it is")
            self.assertEqual(received(two, 1), [b"as it is"])
        counts = self.saved()["lives"][0]["one"]
        self.assertEqual((counts["frames"], counts["too_long"], counts["lost"]), (2, 1, 0))

    def test_what_comes_before_the_start_waits(self) -> None:
        switch, (one, two) = self.switch(Relay(), "one", "two")
        one.send(b"early")
        with switch:
            self.assertEqual(received(two, 1), [b"early"])

    def test_a_port_is_added_to_a_running_switch(self) -> None:
        switch, (one,) = self.switch(Relay(), "one")
        with switch:
            late = switch.connect("late")
            one.send(b"frame")
            self.assertEqual(received(late, 1), [b"frame"])
            with self.assertRaises(LabError):
                switch.connect("late")

    def test_loses_what_the_seed_says(self) -> None:
        relay = Relay(seed=7, loss=20)
        switch, (one, two) = self.switch(relay, "one", "two")
        lost = relay.lost_frames("one", 300)
        with switch:
            for number in range(300):
                one.send(number.to_bytes(2, "big"))
            came = [int.from_bytes(frame, "big") for frame in received(two, 300 - len(lost))]
        self.assertEqual(came, [number for number in range(300) if number not in lost])
        counts = self.saved()["lives"][0]["one"]
        self.assertEqual((counts["lost"], counts["lost_frames"]), (len(lost), lost))

    def test_each_life_begins_anew(self) -> None:
        relay = Relay(seed=7, loss=50)
        switch, (one, two) = self.switch(relay, "one", "two")
        lost = relay.lost_frames("one", 40)
        with switch:
            for life in range(2):
                for number in range(40):
                    one.send(bytes([life, number]))
                self.assertEqual(len(received(two, 40 - len(lost))), 40 - len(lost))
                if life == 0:
                    two.send(b"nobody reads this before the next life")
                    deadline = time.monotonic() + 5
                    while not switch.lives[0]["two"].frames and time.monotonic() < deadline:
                        time.sleep(0.01)
                    switch.next_life()
            self.assertEqual(received(one, 0), [])
        lives = self.saved()["lives"]
        self.assertEqual([life["one"]["lost_frames"] for life in lives], [lost, lost])
        self.assertEqual([life["two"]["frames"] for life in lives], [1, 0])

    def test_duplicates(self) -> None:
        switch, (one, two) = self.switch(Relay(duplicate=100), "one", "two")
        with switch:
            one.send(b"frame")
            self.assertEqual(received(two, 2), [b"frame", b"frame"])
        self.assertEqual(self.saved()["lives"][0]["one"]["duplicated"], 1)

    def test_reorders(self) -> None:
        relay = Relay(seed=2, reorder=20)
        switch, (one, two) = self.switch(relay, "one", "two")
        expected: list[int] = []
        held: list[int] = []
        for number in range(BATCH):
            if relay.fate("one", number).reordered and not held:
                held = [number]
            else:
                expected += [number, *held]
                held = []
        # The switch finds them all at once: on a busy host it would not wait for the next.
        for number in range(BATCH):
            one.send(bytes([number]))
        with switch:
            came = [frame[0] for frame in received(two, BATCH)]
        # At the end there may be nothing that overtakes the last one.
        self.assertEqual(came, expected + held)
        overtaken = sum(after < before for before, after in zip(came, came[1:]))
        self.assertGreater(overtaken, 5)
        self.assertEqual(self.saved()["lives"][0]["one"]["reordered"], overtaken)

    def test_a_frame_that_nothing_follows_is_not_held_for_ever(self) -> None:
        switch, (one, two) = self.switch(Relay(reorder=100), "one", "two")
        with switch:
            one.send(b"alone")
            self.assertEqual(received(two, 1), [b"alone"])
        self.assertEqual(self.saved()["lives"][0]["one"]["reordered"], 0)

    def test_delays(self) -> None:
        switch, (one, two) = self.switch(Relay(delay_ms=100), "one", "two")
        with switch:
            start = time.monotonic()
            one.send(b"a")
            one.send(b"b")
            self.assertEqual(received(two, 2), [b"a", b"b"])
            self.assertGreaterEqual(time.monotonic() - start, 0.1)
        self.assertEqual(self.saved()["lives"][0]["one"]["delayed"], 2)

    def test_who_does_not_read_loses(self) -> None:
        switch, (one, _) = self.switch(Relay(), "one", "two")
        sent = 2 * LONGEST_QUEUE
        with switch:
            for number in range(sent):
                one.send(bytes(1500))
            deadline = time.monotonic() + 5
            while switch.lives[0]["one"].frames < sent and time.monotonic() < deadline:
                time.sleep(0.01)
        life = self.saved()["lives"][0]
        self.assertEqual(life["one"]["frames"], sent)
        self.assertGreater(life["two"]["overflowed"], 0)
        self.assertEqual(life["one"]["overflowed"], 0)

    def test_a_port_may_refuse(self) -> None:
        switch = Switch(Relay(), self.directory)
        self.addCleanup(switch.stop)
        one = switch.connect("one")
        two = switch.connect("two", lambda frame: frame if frame != b"bad" else None)
        with switch:
            for frame in (b"good", b"bad", b"fine"):
                one.send(frame)
            self.assertEqual(received(two, 2), [b"good", b"fine"])
        self.assertEqual(self.saved()["lives"][0]["two"]["refused"], 1)

    def test_stop_twice_and_without_a_start(self) -> None:
        switch, _ = self.switch(Relay(), "one")
        switch.stop()
        switch.stop()

    def test_the_capture_can_be_read(self) -> None:
        switch, (one, two) = self.switch(Relay(seed=7, loss=20), "one", "two")
        with switch:
            for number in range(10):
                one.send(bytes([number]) * 300)
            received(two, 10)
        data = (self.directory / "network.pcapng").read_bytes()
        kinds, frames, at = [], [], 0
        while at < len(data):
            kind, length = struct.unpack_from("<II", data, at)
            self.assertEqual(struct.unpack_from("<I", data, at + length - 4), (length,))
            kinds.append(kind)
            if kind == 6:
                frames.append(struct.unpack_from("<5I", data, at + 8)[::4] + (data[at + 28],))
            at += length
        self.assertEqual(kinds, [0x0A0D0D0A, 1, 1] + 10 * [6])
        self.assertEqual(frames, [(0, 300, number) for number in range(10)])


class Cards(unittest.TestCase):
    def test_arguments(self) -> None:
        near, far = socket.socketpair()
        with near, far:
            card = Card("virtio-net", card_mac(1), near)
            netdev, device = card.qemu_args(1)[1::2]
            self.assertEqual(netdev, f"dgram,id=net1,local.type=fd,local.str={near.fileno()}")
            self.assertRegex(device, "^virtio-net-pci,netdev=net1,mac=52:54:00:72:61:01,")
            with self.assertRaises(LabError):
                Card("ne2000", card_mac(0), near).qemu_args(0)


class Judging(unittest.TestCase):
    def setUp(self) -> None:
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = Path(place.name)
        self.relay = Relay(seed=7, loss=20)

    def counts(self, name: str, frames: int) -> Counts:
        lost = self.relay.lost_frames(name, frames)
        return Counts(frames=frames, bytes=frames * 100, lost=len(lost), lost_frames=lost)

    def judge(self, *lives: Mapping[str, Counts], failure: str = "") -> NetworkJudge:
        made = [{name: vars(counts) for name, counts in life.items()} for life in lives]
        text = json.dumps({"failure": failure, "lives": made})
        (self.directory / "network.json").write_text(text, encoding="ascii")
        row = SimpleNamespace(network={"seed": 7, "loss": 20})
        evidence = Evidence(self.directory, cast(Any, None), cast(Any, row))
        return NetworkJudge(evidence)

    def two_lives(self) -> list[dict[str, Counts]]:
        return [
            {"card0": self.counts("card0", 1000), "gateway": self.counts("gateway", 800)},
            {"card0": self.counts("card0", 1200), "gateway": self.counts("gateway", 700)},
        ]

    def test_numbers(self) -> None:
        judge = self.judge(*self.two_lives())
        for where, what, expected, good in (
            ("network", "frames", 3700, True),
            ("network", "frames", 3701, False),
            ("network 2", "frames from card0", 1200, True),
            ("network", "frames from card0", 2200, True),
            ("network", "lost", "15..25 %", True),
            ("network", "lost", "..1 %", False),
            ("network 1", "lost from gateway", "100..", True),
            ("network", "overflowed", 0, True),
            ("network", "overflowed to card0", "1..", False),
            ("network 3", "frames", "0..", False),
            ("network", "frames from card1", "0..", False),
        ):
            check = Check(where, what, cast(Any, expected))
            NetworkJudge.accept(check)
            self.assertIs(judge.answer(check).ok, good, check)

    def test_same_losses(self) -> None:
        check = Check("network", "same losses", 2)
        self.assertTrue(self.judge(*self.two_lives()).answer(check).ok)
        self.assertFalse(self.judge(*self.two_lives()[:1]).answer(check).ok)
        # One frame was lost that the seed does not lose.
        lives = self.two_lives()
        lives[1]["card0"].lost_frames[3] += 1
        answer = self.judge(*lives).answer(check)
        self.assertFalse(answer.ok)
        self.assertIn("life 2 lost other frames from card0", answer.got)

    def test_no_losses_are_not_the_same_losses(self) -> None:
        check = Check("network", "same losses", 2)
        lives = [{"card0": Counts(frames=0)}, {"card0": Counts(frames=0)}]
        self.assertIn("lost nothing", self.judge(*lives).answer(check).got)

    def test_without_a_network_nothing_holds(self) -> None:
        check = Check("network", "overflowed", 0)
        self.assertFalse(self.judge(*self.two_lives(), failure="broken").answer(check).ok)
        (self.directory / "network.json").unlink()
        evidence = Evidence(self.directory, cast(Any, None), cast(Any, None))
        self.assertFalse(NetworkJudge(evidence).answer(check).ok)

    def test_grammar(self) -> None:
        for where, what, expected in (
            ("network x", "frames", 1),
            ("network", "dropped", 1),
            ("network", "frames to card0", 1),
            ("network", "overflowed from card0", 1),
            ("network", "frames", "many"),
            ("network", "frames", "50 %"),
            ("network 1", "same losses", 2),
            ("network", "same losses", "all"),
        ):
            with self.assertRaises(RowError, msg=what):
                NetworkJudge.accept(Check(where, what, cast(Any, expected)))


if __name__ == "__main__":
    unittest.main()
