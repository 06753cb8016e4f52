#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""rasdumpd, with clients that are made here and with ras-netdump-load: what it keeps and where,
what it refuses, and that nobody else on the network ends, changes or redirects a dump; nor one
who sends from the address of its machine, if that proves its packets."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.netdump import DATA, FINISHED, HEADER, HERALD, KEY, LOG, NO_LEAKS, USER, WAIT_S
from raslab.netdump import Client, Server
from raslab.netdump import hello, packet
from raslab.proofs import ACCEPTS, RESUMED, Keys, Prover, Relay, siphash
from raslab.sealing import hchacha20, public_of
from raslab.tap import Tap, run_test

USAGE, ERROR = 2, 3
CONTENT = random.Random(1).randbytes(50_000)
STAMP = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
SESSION = bytes(range(16))
PARTIAL = rf"127\.0\.0\.1/guest-{STAMP}\.{SESSION.hex()}\.partial"
LOAD_S = 120
SECRET = random.Random(2).randbytes(32)
PUBLIC = public_of(SECRET)


@dataclass
class Bench:
    """Where the programs are, and where dumps go."""

    tap: Tap
    programs: Path
    place: Path

    @contextmanager
    def server(self, name: str, *options: str, hook: str = "") -> Iterator[Server]:
        """rasdumpd, with a directory of its own."""
        server = Server(self.programs / "rasdumpd", self.place / name, *options, hook=hook)
        server.start()
        try:
            yield server
        finally:
            if server.process is not None:
                status, said = server.stop()
                self.tap.ok(status == 0, f"{name}: rasdumpd ends when it is told to", said)

    @contextmanager
    def proven(self, name: str, *options: str) -> Iterator[Server]:
        """rasdumpd with a key, on one address, so that a relay can have others."""
        with self.server(name, "--key", str(self.key), "--listen", "127.0.0.1", *options) as server:
            yield server

    @property
    def key(self) -> Path:
        """The file of the secret key, which is its owner's only."""
        path = self.place / "key"
        if not path.exists():
            path.touch(0o600)
            path.write_text(f"{SECRET.hex()}\n", encoding="ascii")
        return path

    def load(
        self, server: Server, *options: str, address: str = "127.0.0.1"
    ) -> subprocess.CompletedProcess[str]:
        """Run ras-netdump-load against a server."""
        argv = [str(self.programs / "ras-netdump-load"), *options, f"{address}:{server.port}"]
        env = tools.environment()
        return subprocess.run(
            argv, capture_output=True, text=True, timeout=LOAD_S, env=env, check=False
        )


def until(holds: Callable[[], object]) -> bool:
    """Wait until something holds, but not for good."""
    end = time.monotonic() + WAIT_S
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(holds())


def matches(pattern: str, names: list[str]) -> bool:
    """Whether there is one file, and what it is called."""
    return len(names) == 1 and re.fullmatch(pattern, names[0]) is not None


def check_plain(bench: Bench) -> None:
    """A client as FreeBSD's."""
    tap = bench.tap
    with bench.server("plain") as server:
        client = Client(server.port)
        answer = client.herald(b"rack/seven\0")
        tap.same("a herald is acknowledged by its number alone", struct.pack(">I", 1), answer)
        tap.ok(client.session[1] != server.port, "the answer comes from a port of its own")
        tap.ok(client.herald(b"rack/seven\0"), "a herald that comes again is acknowledged again")
        tap.ok(client.send_file(CONTENT), "what is sent is acknowledged")
        tap.ok(client.ask(DATA, 0, CONTENT[:1400]), "what comes twice, too")
        tap.ok(client.ask(HEADER, 0, bytes(512)), "so is FreeBSD's header")
        tap.ok(client.ask(KEY, 0, b"key"), "and its key")
        tap.ok(client.is_silent(packet(LOG, 99, 0, b"log")), "there is no log without a hello")
        tap.ok(client.is_silent(packet(DATA, 99, 0, bytes(4097))), "nor more than 4096 bytes")
        tap.ok(client.ask(FINISHED), "the end is acknowledged")
        names = server.files()
        good = [rf"127\.0\.0\.1/rack/seven/vmcore-{STAMP}{end}" for end in ("", ".kdh", ".key")]
        found = all(re.fullmatch(*pair) for pair in zip(good, names)) and len(names) == 3
        tap.ok(found, "dump, header and key have names of address and time", "\n".join(names))
        path = server.directory / names[0]
        tap.ok(path.read_bytes() == CONTENT, "the dump is what was sent")
        tap.same("others cannot read it", 0o600, path.stat().st_mode & 0o777)
        changed = packet(DATA, 99, 0, b"changed")
        client.send(changed)
        tap.ok(client.ask(FINISHED), "an answer that was lost can be had again")
        tap.ok(path.read_bytes() == CONTENT, "nothing is changed after the end")


def check_hello(bench: Bench) -> None:
    """A client of ours."""
    tap = bench.tap
    with bench.server("hello") as server:
        client = Client(server.port)
        answer = client.herald(b"\0" + hello(SESSION, len(CONTENT), 1400))
        _, magic, version, flags, payload, window = struct.unpack(">I8sIIII", answer)
        tap.same("a hello is answered with a welcome", (b"RASWLCME", 1), (magic, version))
        tap.same("it has the payload that the client can send", 1400, payload)
        tap.ok(4 <= window <= 64, "and a window", str(window))
        tap.same("the file is a new one", 0, flags)
        tap.ok(matches(PARTIAL, server.files()), "a dump is partial at first")
        tap.ok(client.ask(LOG, 0, b"panic"), "a log is taken")
        tap.ok(client.is_silent(packet(DATA, 99, 0, bytes(1401))), "a larger packet is not")
        beyond = packet(DATA, 99, len(CONTENT) - 10, bytes(11))
        tap.ok(client.is_silent(beyond), "nor is a byte beyond what the hello has said")
        tap.ok(client.send_file(CONTENT) and client.ask(FINISHED), "it is sent")
        names = server.files()
        path = server.directory / names[0]
        tap.ok(re.fullmatch(rf"127\.0\.0\.1/guest-{STAMP}", names[0]), "it has the host's name")
        tap.ok(path.read_bytes() == CONTENT, "the dump is what was sent")
        tap.same("so is the log", b"panic", Path(f"{path}.log").read_bytes())
        six = Client(server.port, "::1")
        strange = b"../et/c\xff x"
        tap.ok(six.herald(b"\0" + hello(bytes(16), 9, host=strange)), "IPv6 is received as well")
        found = [name for name in server.files() if name.startswith("--1/")]
        wanted = rf"--1/_\._et_c__x-{STAMP}\.{bytes(16).hex()}\.partial"
        tap.ok(matches(wanted, found), "a strange name is made plain", str(found))


@dataclass(frozen=True)
class Refused:
    """Something that no herald is, and the reason in the metrics."""

    about: str
    data: bytes
    reason: str


HERALDS = [
    Refused("nothing", b"", "short"),
    Refused("half a head", packet(HERALD, 1)[:23], "short"),
    Refused("less than the head says", packet(HERALD, 1, size=1), "short"),
    Refused("more than the head says", packet(HERALD, 1, data=b"a\0", size=1), "long"),
    Refused("too much", packet(HERALD, 1, data=bytes(8193)), "long"),
    Refused("a type that there is not", packet(6, 1), "type"),
    Refused("an offset that no file has", packet(HERALD, 1, 2**63), "offset"),
    Refused("a path without an end", packet(HERALD, 1, data=b"a" * 10), "path"),
    Refused("a path that is too long", packet(HERALD, 1, data=b"a" * 256 + b"\0"), "path"),
    Refused("bytes of a dump", packet(DATA, 1, data=b"a"), "stray"),
    Refused("the end of a dump", packet(FINISHED, 1), "stray"),
]


REASONS = ("short", "long", "type", "offset", "path", "stray", "rate", "full", "proof", "replay")


def metrics_of(path: Path) -> dict[str, int]:
    """The counters, by name with labels."""
    lines = path.read_text(encoding="ascii").splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if not line.startswith("#")]
    return {name: int(value) for name, value in pairs}


def check_refused(bench: Bench) -> None:
    """What comes to the port for heralds, and is none."""
    tap = bench.tap
    metrics = bench.place / "metrics" / "rasdumpd.prom"
    server = Server(bench.programs / "rasdumpd", metrics.parent, "--metrics", str(metrics))
    server.start()
    client = Client(server.port)
    for row in HERALDS:
        client.socket.sendto(row.data, client.heralds)
    good = client.herald()
    tap.same("of all that only the herald is answered", struct.pack(">I", 1), good)
    tap.same("rasdumpd ends", 0, server.stop()[0])
    counters = metrics_of(metrics)
    for reason in REASONS:
        wanted = sum(row.reason == reason for row in HERALDS)
        got = counters[f'rasdumpd_refused_packets_total{{reason="{reason}"}}']
        tap.same(f"the metrics have the packets refused for {reason}", wanted, got)
    tap.same("and the dump", 1, counters['rasdumpd_dumps_total{result="partial"}'])


def check_paths(bench: Bench) -> None:
    """Where a client wants its dump, and where it may be."""
    tap = bench.tap
    with bench.server("paths") as server:
        outside = bench.place / "outside"
        outside.mkdir(mode=0o777)
        outside.chmod(0o777)
        address = server.directory / "127.0.0.1"
        address.mkdir()
        (address / "link").symlink_to(outside)
        if not os.geteuid():
            os.chown(address, pwd.getpwnam(USER).pw_uid, -1)
        for path in (
            "../outside",
            "/tmp",
            "a/../../outside",
            "link",
            "link/x",
            "a\x01b",
            "1/2/3/4/5",
        ):
            client = Client(server.port)
            name = path.encode() + b"\0"
            tap.ok(client.herald(name), f'a dump for "{path}" is received'.replace("\x01", "^A"))
            client.close()
        names = server.files()
        tap.same("nothing is outside of the directory", [], list(outside.iterdir()))
        inside = [name for name in names if re.fullmatch(rf"127\.0\.0\.1/vmcore-{STAMP}.*", name)]
        tap.same("all have the place of those that do not mind", 7, len(inside))


def check_others(bench: Bench) -> None:
    """What others on the network send."""
    tap = bench.tap
    with bench.server("others") as server:
        client, other = Client(server.port), Client(server.port)
        client.herald(b"\0" + hello(SESSION, len(CONTENT)))
        tap.ok(client.send_file(CONTENT, 0, 14000), "a dump begins")
        other.session = client.session
        other.send(packet(DATA, 1, 0, b"forged"))
        other.send(packet(FINISHED, 2))
        tap.same("who is not its client is not answered", b"", other.answer(0.5))
        other.socket.sendto(packet(HERALD, 3, data=b"\0" + hello(SESSION, 5)), other.heralds)
        tap.same("nor does its session go to another", b"", other.answer(0.5))
        late = packet(HERALD, 1, data=b"\0" + hello(bytes(16), 5))
        client.socket.sendto(late, client.heralds)
        tap.ok(client.send_file(CONTENT, 14000), "a herald of another session ends nothing")
        tap.ok(client.ask(FINISHED), "the dump is complete")
        names = server.files()
        tap.ok(len(names) == 1, "there is no other", str(names))
        tap.ok((server.directory / names[0]).read_bytes() == CONTENT, "it is what was sent")
        client.socket.sendto(
            packet(HERALD, 1, data=b"\0" + hello(SESSION, len(CONTENT))), client.heralds
        )
        tap.ok(client.ask(FINISHED), "a herald that was under way for long changes nothing")
        tap.same("the files are the same", names, server.files())


def check_again(bench: Bench) -> None:
    """rasdumpd is killed in the middle of a dump; or the machine crashes once more."""
    tap = bench.tap
    with bench.server("again") as server:
        client = Client(server.port)
        client.herald(b"\0" + hello(SESSION, len(CONTENT)))
        tap.ok(client.send_file(CONTENT, 0, 28000), "a dump begins")
        tap.same("rasdumpd is killed", -signal.SIGKILL, server.stop(signal.SIGKILL)[0])
        tap.ok(matches(PARTIAL, server.files()), "what there is is kept")
        server.start()
        tap.ok(not client.ask(DATA, 28000, CONTENT[28000:29400], 0.5), "the new one knows nothing")
        client.answer(0.1)
        answer = client.herald(b"\0" + hello(SESSION, len(CONTENT)))
        tap.same("a herald goes on with it", 1, struct.unpack(">I8sIIII", answer)[3])
        tap.ok(client.send_file(CONTENT, 28000) and client.ask(FINISHED), "and the rest comes")
        names = server.files()
        tap.ok(matches(rf"127\.0\.0\.1/guest-{STAMP}", names), "it is complete", str(names))
        path = server.directory / names[0]
        tap.ok(path.read_bytes() == CONTENT, "it is what was sent")

        # What was written before the machine was started is not known to be on the disk.
        client.close()
        old = path.with_name(f"{path.name}.{bytes(16).hex()}.partial")
        path.rename(old)
        os.utime(old, (1, 1))
        client = Client(server.port)
        answer = client.herald(b"\0" + hello(bytes(16), len(CONTENT)))
        tap.same("a dump of an earlier boot begins anew", 0, struct.unpack(">I8sIIII", answer)[3])
        tap.ok(client.send_file(CONTENT) and client.ask(FINISHED), "it is sent")
        tap.ok(old.exists(), "what there was is kept")
        tap.same("beside the new one", 2, len(server.files()))

        client = Client(server.port)
        client.herald()
        tap.ok(client.send_file(CONTENT, 0, 14000), "a client of FreeBSD's begins")
        client.socket.sendto(packet(HERALD, 1), client.heralds)
        tap.same("its herald cannot end that", b"", client.answer(0.5))
        time.sleep(5.5)
        tap.ok(client.herald(), "but after it was silent for five seconds")
        tap.same("then there are two, and those before", 4, len(server.files()))


HOOK = """#!/bin/sh
echo "$1 $RAS_ADDRESS $RAS_HOST $RAS_BYTES $(wc -c < "$2") $RAS_REASON" >> {0}
"""


def check_ends(bench: Bench) -> None:
    """A machine that falls silent, one that finishes, one that has no more room: what is told."""
    tap = bench.tap
    said, hook = bench.place / "said", bench.place / "hook"
    said.touch()
    said.chmod(0o666)
    hook.write_text(HOOK.format(said), encoding="ascii")
    hook.chmod(0o755)
    options = ("--hook", str(hook), "--silence", "1", "--quota", "100000", "--json")
    with bench.server("ends", *options) as server:
        whole, dead, large = (Client(server.port) for _ in range(3))
        whole.herald(b"\0" + hello(bytes([1] * 16), 0, host=b"whole"))
        whole.send_file(CONTENT)
        tap.ok(whole.ask(FINISHED), "a dump is complete")
        dead.herald(b"\0" + hello(bytes([2] * 16), 0, host=b"dead"))
        dead.send_file(CONTENT, 0, 2800)
        large.herald(b"\0" + hello(bytes([3] * 16), 0, host=b"large"))
        taken = 0
        while taken < 60000 and large.ask(DATA, taken, bytes(1400), 2):
            taken += 1400
        # A block of the file system for each file counts, too.
        tap.ok(20000 < taken < 48000, "another is taken until the quota", str(taken))
        tap.ok(until(lambda: said.read_text().count("\n") == 3), "three dumps have ended")
        lines = sorted(said.read_text(encoding="ascii").splitlines())
        wanted = ["complete 127.0.0.1 whole 50000 50000 "]
        wanted += [f"failed 127.0.0.1 large {taken} {taken} no room, or not as much as is allowed"]
        wanted += ["partial 127.0.0.1 dead 2800 2800 "]
        tap.same("the hook was told of each", "\n".join(wanted), "\n".join(lines))
        events = [json.loads(line) for line in server.log.read_text().splitlines()]
        ends = sorted(event["event"] for event in events if event["event"] != "begins")
        tap.same("so was the log", ["complete", "failed", "partial"], ends)
        names = [event["file"] for event in events if event["event"] == "complete"]
        path = server.directory / names[0]
        tap.ok(path.read_bytes() == CONTENT, "which has the names of the files", str(names))


def check_limits(bench: Bench) -> None:
    """How many heralds, and how many dumps at a time."""
    tap = bench.tap
    with bench.server("heralds", "--heralds", "2") as server:
        answered = 0
        clients = [Client(server.port) for _ in range(40)]
        for client in clients:
            client.socket.sendto(packet(HERALD, 1), client.heralds)
        for client in clients:
            answered += bool(client.answer(0.05))
        # They may have come in two or three seconds.
        tap.ok(
            2 <= answered <= 6,
            "of 40 heralds of an address those of the limit are answered",
            str(answered),
        )
    with bench.server("clients", "--clients", "3") as server:
        clients = [Client(server.port) for _ in range(3)]
        tap.ok(all(client.herald() for client in clients), "as many dumps as are allowed begin")
        fourth = Client(server.port)
        fourth.socket.sendto(packet(HERALD, 1), fourth.heralds)
        tap.same("and no other", b"", fourth.answer(0.5))
        tap.ok(clients[0].ask(FINISHED), "when one has ended")
        tap.ok(fourth.herald(), "the next may begin")


def check_gone(bench: Bench) -> None:
    """Machines that do not wait for an answer; and those of whom there is a herald only."""
    tap = bench.tap
    # The disk takes its time: the error comes while the dump is being made safe.
    with bench.server("gone", "--silence", "1", hook="slow:fsync") as server:
        clients = [Client(server.port) for _ in range(40)]
        for number, client in enumerate(clients):
            client.herald(b"gone\0" + hello(bytes([number] * 16), 4096, host=b"gone"))
        # They are gone when rasdumpd sees what they have sent: each answer comes back as an error.
        server.signal(signal.SIGSTOP)
        for client in clients:
            client.send(packet(DATA, 98, 0, bytes(1024)))
            client.send(packet(FINISHED, 99))
            client.close()
        server.signal(signal.SIGCONT)
        tap.ok(
            until(lambda: sum(not name.endswith(".partial") for name in server.files()) == 40),
            "40 dumps are complete whose machines are gone",
            "\n".join(server.files()),
        )
        only = Client(server.port)
        only.herald(b"only/this\0" + hello(SESSION, 0, host=b"only"))
        place = server.directory / "127.0.0.1" / "only"
        tap.ok(place.exists(), "a herald makes a file")
        tap.ok(until(lambda: not place.exists()), "of which nothing stays if nothing follows it")
        tap.same("the others are still there", 40, len(server.files()))
    with bench.server("same") as server:
        same = [Client(server.port) for _ in range(4)]
        for number, client in enumerate(same):
            client.herald(b"same\0" + hello(bytes([100 + number] * 16), 4096, host=b"same"))
        for number, client in enumerate(same):
            tap.ok(client.ask(LOG, 0, bytes([number])), "of the same second: a log")
            good = client.ask(DATA, 0, bytes([number] * 4096)) and client.ask(FINISHED)
            tap.ok(good, "and a dump")
        found = sorted((server.directory / "127.0.0.1" / "same").iterdir())
        pairs = [path for path in found if path.suffix != ".log"]
        kept = {path.read_bytes()[:1] + Path(f"{path}.log").read_bytes() for path in pairs}
        wanted = {bytes([number, number]) for number in range(4)}
        tap.ok(kept == wanted, "each with its own name and its own log", str(found))


def check_disk(bench: Bench) -> None:
    """A disk that does not keep what it was given."""
    tap = bench.tap
    with bench.server("disk", "--json", hook="fail:fsync:5") as server:
        client = Client(server.port)
        client.herald(b"\0" + hello(SESSION, len(CONTENT)))
        tap.ok(client.send_file(CONTENT), "a dump is sent")
        tap.ok(not client.ask(FINISHED, seconds=1), "its end is not acknowledged")
        failed = rf"127\.0\.0\.1/guest-{STAMP}\.{SESSION.hex()}\.failed"
        tap.ok(matches(failed, server.files()), "what there is says so", str(server.files()))
        events = [json.loads(line) for line in server.log.read_text().splitlines()]
        wanted = ("failed", "sync: Input/output error")
        tap.same("so does the log", wanted, (events[-1]["event"], events[-1]["reason"]))
        answer = client.herald(b"\0" + hello(SESSION, len(CONTENT)))
        tap.same("nobody goes on with it", 0, struct.unpack(">I8sIIII", answer)[3])
        tap.same("a new file begins", 2, len(server.files()))


def check_load(bench: Bench) -> None:
    """Many machines at the same time, on a network that loses, doubles and reorders."""
    tap = bench.tap
    trouble = ["--loss", "10", "--duplicate", "5", "--reorder", "5"]
    many = ["--clients", "200", "--bytes", "64K", "--from", "127.1.0.1", "--log", "5000"]
    with bench.server("load") as server:
        ran = bench.load(server, *many, *trouble, "--json")
        tap.ok(ran.returncode == 0, "200 machines send their dumps", ran.stdout + ran.stderr)
        dumps = [name for name in server.files() if not name.endswith(".log")]
        logs = [name for name in server.files() if name.endswith(".log")]
        partial = [name for name in dumps if name.endswith(".partial")]
        tap.same("all are complete", (200, 200, 0), (len(dumps), len(logs), len(partial)))
        wrong = 0
        for number in range(0, 200, 10):
            argv = [str(bench.programs / "ras-netdump-load"), "--content", str(number)]
            done = subprocess.run(
                [*argv, "--bytes", "64K"], capture_output=True, env=tools.environment(), check=True
            )
            address = f"127.1.0.{number + 1}/"
            found = [name for name in dumps if name.startswith(address)]
            digest = hashlib.sha256(done.stdout).digest()
            got = [hashlib.sha256((server.directory / name).read_bytes()) for name in found]
            wrong += [one.digest() for one in got] != [digest]
        tap.same("each is what its machine has sent", 0, wrong)
        ran = bench.load(server, "--plain", "--bytes", "1M", *trouble)
        tap.ok(ran.returncode == 0, "so does one as FreeBSD's", ran.stdout + ran.stderr)


class Refusals:
    """How many packets a server has refused; it is ended to know that."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.path = bench.place / f"{name}-metrics" / "rasdumpd.prom"
        self.path.parent.mkdir(mode=0o777)
        self.path.parent.chmod(0o777)
        self.option = ("--metrics", str(self.path))

    def of(self, server: Server) -> dict[str, int]:
        """By the reason, without those that there were none of."""
        server.stop()
        counters = metrics_of(self.path)
        name = 'rasdumpd_refused_packets_total{{reason="{}"}}'
        found = {reason: counters[name.format(reason)] for reason in REASONS}
        return {reason: count for reason, count in found.items() if count}


def events_of(server: Server) -> list[dict[str, object]]:
    """What it has told."""
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def check_proven_load(bench: Bench) -> None:
    """Machines that prove their packets, and those that do not, at the same receiver."""
    tap, refusals = bench.tap, Refusals(bench, "proven-load")
    vector = siphash(bytes(range(16)), bytes(range(15)))
    tap.same("SipHash of this test is that of the paper", 0xA129CA6149BE45E5, vector)
    key = ("--server-key", PUBLIC.hex())
    trouble = ("--loss", "5", "--duplicate", "5", "--reorder", "5")
    many = ("--clients", "20", "--from", "127.2.0.1", "--log", "5000")
    size, twice = ("--bytes", "200K", "--json"), 0
    with bench.proven("proven-load", "--json", *refusals.option) as server:
        for name, options in (
            ("a machine proves its packets", key),
            ("20 machines do, on a bad network", (*key, *many, *trouble, "--seed", "2")),
            ("one does that has large packets", (*key, "--payload", "8192", "--seed", "3")),
            ("one does not", ("--seed", "4")),
            ("one is as FreeBSD's", ("--plain", "--seed", "5")),
        ):
            ran = bench.load(server, *size, *options)
            said = json.loads(ran.stdout)
            good = ran.returncode == 0 and said["strange"] == 0
            tap.ok(good, name, ran.stdout + ran.stderr)
            twice += said["twice"]
        ends = [event for event in events_of(server) if event["event"] == "complete"]
        proven = [event["proven"] for event in ends]
        tap.same("the log says which were proven", [True] * 22 + [False] * 2, proven)
        # One run after the other, the second with twenty machines.
        seeds = [1] + [2] * 20 + [3, 4, 5]
        wrong = [
            str(event["file"])
            for event, seed in zip(ends, seeds)
            if not is_of_load(bench, server, event, seed)
        ]
        tap.same("each is what its machine has sent", [], wrong)
        found = refusals.of(server)
        # One that comes while the disk is waited for is not looked at.
        good = set(found) <= {"replay", "stray"} and twice - 40 < found.get("replay", 0) <= twice
        tap.ok(good, "what the network has doubled is not taken twice", f"{twice}: {found}")


def is_of_load(bench: Bench, server: Server, event: dict[str, object], seed: int) -> bool:
    """Whether a dump is what ras-netdump-load has sent with 200K and this seed."""
    content = (server.directory / str(event["file"])).read_bytes()
    address = str(event["address"])
    number = int(address.rsplit(".", 1)[1]) - 1 if address.startswith("127.2.") else 0
    argv = [str(bench.programs / "ras-netdump-load"), "--content", str(number), "--bytes", "200K"]
    done = subprocess.run(
        [*argv, "--seed", str(seed)], capture_output=True, env=tools.environment(), check=True
    )
    return done.stdout == content


def check_unproven(bench: Bench) -> None:
    """Receivers and machines whose keys do not fit."""
    tap = bench.tap
    few = ("--bytes", "64K", "--json", "--silence", "2.5")
    key = bench.place / "public"
    key.write_text(f"{PUBLIC.hex()}\n", encoding="ascii")
    other = public_of(random.Random(3).randbytes(32)).hex()
    with bench.server("no-key", "--json") as server:
        ran = bench.load(server, *few, "--server-key", str(key))
        unanswered = json.loads(ran.stdout)["reasons"]["unanswered"]
        tap.same("a receiver without a key is not believed", (1, 1), (ran.returncode, unanswered))
        proven = [event["proven"] for event in events_of(server)]
        tap.ok(proven and not any(proven), "it has taken a herald as it is", str(proven))
    refusals = Refusals(bench, "other-key")
    with bench.proven("other-key", *refusals.option) as server:
        ran = bench.load(server, *few, "--server-key", other)
        unanswered = json.loads(ran.stdout)["reasons"]["unanswered"]
        tap.same(
            "a receiver with another key does not answer", (1, 1), (ran.returncode, unanswered)
        )
        client = Prover(server.port, PUBLIC, SESSION)
        # With that, the key that both sides have is known to everybody.
        weak = Prover(server.port, PUBLIC, SESSION)
        weak.keys = Keys(hchacha20(hchacha20(bytes(32), bytes(16)), SESSION))
        client.socket.sendto(weak.offer(9, bytes(32)), client.heralds)
        tap.same("nor to a public key that is no good", b"", client.answer(0.5))
        client.socket.sendto(client.offer(9)[:-20], client.heralds)
        half = bytearray(client.offer(9)[:-9])
        struct.pack_into(">I", half, 16, len(half) - 24)
        client.socket.sendto(half, client.heralds)
        tap.same("nor to half an offer", b"", client.answer(0.5))
        tap.ok(client.begin(9), "it answers to one that is whole")
        tap.same("of the others there are no files", 1, len(server.files()))
        found = refusals.of(server)
        tap.ok(found.pop("proof") >= 4, "the metrics have the wrong proofs")
        tap.same("and the packet that was cut off", {"short": 1}, found)
    refusals = Refusals(bench, "only")
    with bench.proven("only", "--proven-only", *refusals.option) as server:
        for data in (b"", b"\0" + hello(SESSION, 5)):
            plain = Client(server.port)
            plain.socket.sendto(packet(HERALD, 1, data=data), plain.heralds)
            tap.same("--proven-only: no answer to a plain herald", b"", plain.answer(0.5))
        ran = bench.load(server, *few, "--server-key", str(key))
        tap.same("but to one with an offer", 0, ran.returncode)
        tap.same("the metrics have the plain ones", {"proof": 2}, refusals.of(server))


@contextmanager
def through_relay(server: Server) -> Iterator[tuple[Prover, Relay]]:
    """A machine that proves its packets, on a network that keeps them."""
    relay = Relay(server.port)
    try:
        yield Prover(server.port, PUBLIC, SESSION, "127.0.0.2"), relay
    finally:
        relay.close()


def check_forged(bench: Bench) -> None:
    """What is sent from the address of the machine, but not by the machine."""
    tap, refusals = bench.tap, Refusals(bench, "forged")
    with bench.proven("forged", *refusals.option) as server, through_relay(server) as both:
        client, relay = both
        tap.ok(client.begin(len(CONTENT)), "a dump begins")
        tap.ok(client.begin(len(CONTENT)), "its herald comes again")
        herald = relay.seen[-1]
        tap.ok(client.send_file(CONTENT, 0, 14000), "its packets are taken")
        data = relay.seen[-1]
        other = Client(server.port)
        changed = bytearray(data)
        struct.pack_into(">I", changed, 20, 1000)
        changed[30] ^= 1
        forged = [
            ("a copy of a packet", "replay", data, False),
            ("a packet that was changed, with a new count", "proof", bytes(changed), False),
            ("a packet without a proof", "proof", packet(DATA, 5, 0, b"forged"), False),
            ("a packet that is nothing but a proof", "proof", data[-8:], False),
            ("the end without a proof", "proof", packet(FINISHED, 9), False),
            ("the end with the proof of another packet", "proof", data[:4] + data[-8:], False),
            ("a copy of the herald, to the dump", "replay", herald, False),
            ("a copy of the herald", "replay", herald, True),
            ("a herald without an offer, to the dump", "stray", packet(HERALD, 1), False),
            ("a herald without an offer", "stray", packet(HERALD, 1), True),
            ("a hello without an offer", "stray", plain_hello(), True),
            ("the proof of another herald", "proof", herald[:60] + b"x" + herald[61:], True),
        ]
        for name, _, sent, to_heralds in forged:
            relay.forge(sent, to_heralds)
            tap.same(f"{name} is not answered", b"", client.answer(0.3))
        other.socket.sendto(herald, other.heralds)
        tap.same("nor is a copy of the herald from elsewhere", b"", other.answer(0.3))
        tap.ok(client.send_file(CONTENT, 14000) and client.ask(FINISHED), "the dump goes on")
        names = server.files()
        tap.ok(matches(rf"127\.0\.0\.1/guest-{STAMP}", names), "there is no other", str(names))
        tap.ok((server.directory / names[0]).read_bytes() == CONTENT, "it is what was sent")
        relay.forge(relay.seen[-1])
        tap.same("a copy of its end is not answered", b"", client.answer(0.3))
        tap.ok(client.ask(FINISHED), "but one that is proven anew")
        relay.forge(packet(HERALD, 1), True)
        tap.same("nor makes a plain herald the receiver forget it", b"", client.answer(0.3))
        tap.ok(client.ask(FINISHED), "which it does not")
        wanted = {reason: sum(row[1] == reason for row in forged) for reason in REASONS}
        wanted["replay"] += 2
        wanted["stray"] += 1
        wanted = {reason: count for reason, count in wanted.items() if count}
        tap.same("the metrics have each of them", wanted, refusals.of(server))


def plain_hello() -> bytes:
    """A herald of the session that the other clients have, by who has no key."""
    return packet(HERALD, 1, data=b"\0" + hello(SESSION, 5))


def check_counts(bench: Bench) -> None:
    """Which counts a packet may have."""
    tap = bench.tap
    with bench.proven("counts") as server:
        client = Prover(server.port, PUBLIC, SESSION)
        tap.ok(client.begin(0), "a dump begins")
        for count, good, name in (
            (0, True, "the first may have 0"),
            (0, False, "no other one"),
            (70, True, "counts may be left out"),
            (69, True, "and come later"),
            (70, False, "but not twice"),
            (69, False, "that one neither"),
            (4000, True, "there may be many in between"),
            (6, True, "of which the oldest is known still"),
            (6, False, "and known then"),
            (4101, True, "the window goes on"),
            (4102, True, "by one"),
            (6, False, "what leaves it is not taken"),
            (7, True, "but what is the last in it"),
            (4166, True, "it goes on by more"),
            (4165, True, "what is at the place of an old one there is new"),
            (2**31, True, "the window is left as a whole"),
            (4165, False, "what was in it is not taken"),
            (2**31 - 4096, False, "nor is what is just behind the new one"),
            (2**31 - 4095, True, "but what is the last in that"),
            (2**31 - 4096 + 70, True, "what is at the place of an old one there is new"),
            (2**32 - 1, True, "there is a highest one"),
            (2**32 - 1, False, "which is taken once"),
            (1, False, "after which nothing begins anew"),
        ):
            client.send(client.proven(LOG, 7, 0, b"log", count))
            tap.same(f"count {count}: {name}", good, client.acks(7, 2 if good else 0.3))


def check_proven_again(bench: Bench) -> None:
    """A receiver that is killed in the middle of a proven dump."""
    tap, refusals = bench.tap, Refusals(bench, "proven-again")
    with bench.proven("proven-again", *refusals.option) as server:
        with through_relay(server) as (client, relay):
            tap.ok(client.begin(len(CONTENT)), "a dump begins")
            tap.same("it is new", ACCEPTS, client.flags)
            challenge = client.challenge
            tap.ok(client.begin(len(CONTENT)), "a herald that comes again is answered again")
            tap.same("with the same challenge", challenge, client.challenge)
            tap.ok(client.send_file(CONTENT, 0, 28000), "it is sent")
            old = relay.seen[-1]
            tap.same("rasdumpd is killed", -signal.SIGKILL, server.stop(signal.SIGKILL)[0])
            server.start()
            thief = Prover(server.port, PUBLIC, SESSION, secret=9)
            tap.ok(thief.begin(len(CONTENT)), "another machine begins with the same session")
            tap.same("it does not go on with the dump", ACCEPTS, thief.flags)
            plain = Client(server.port)
            answer = plain.herald(b"\0" + hello(SESSION, len(CONTENT)))
            tap.same("nor does one without a key", 0, struct.unpack(">I8sIIII", answer)[3])
            tap.ok(client.begin(len(CONTENT)), "the machine itself")
            tap.same("goes on with it", ACCEPTS | RESUMED, client.flags)
            tap.ok(client.challenge != challenge, "there is a new challenge")
            relay.forge(old)
            tap.same("a packet of before is worth nothing", b"", client.answer(0.5))
            tap.ok(client.send_file(CONTENT, 28000) and client.ask(FINISHED), "the rest comes")
            whole = [name for name in server.files() if not name.endswith(".partial")]
            tap.ok(matches(rf"127\.0\.0\.1/guest-{STAMP}", whole), "it is complete", str(whole))
            path = server.directory / whole[0]
            tap.ok(path.read_bytes() == CONTENT, "it is what was sent")
            tap.same("the metrics have that packet", {"proof": 1}, refusals.of(server))


def check_liar(bench: Bench) -> None:
    """A network that changes answers, loses some, and says where they do not come from."""
    tap = bench.tap
    with bench.proven("liar") as server:
        relay = Relay(server.port, lies=True)
        options = ("--server-key", PUBLIC.hex(), "--json", "--bytes", "200K", "--silence", "5")
        try:
            ran = bench.load(server, *options, address="127.0.0.2")
        finally:
            relay.close()
        tap.ok(ran.returncode == 0, "a machine finds its server", ran.stdout + ran.stderr)
        said = json.loads(ran.stdout)
        tap.ok(said["strange"] > 100 and said["again"] > 10, "and no other", ran.stdout)
        whole = [name for name in server.files() if not name.endswith(".partial")]
        event: dict[str, object] = {"file": whole[0] if whole else "", "address": "127.0.0.1"}
        good = len(whole) == 1 and is_of_load(bench, server, event, 1)
        tap.ok(good, "which has what it has sent")


def check_place(bench: Bench) -> None:
    """A receiver that has no room for one more."""
    tap = bench.tap
    with bench.proven("place", "--clients", "1") as server:
        client, plain = Prover(server.port, PUBLIC, SESSION), Client(server.port)
        tap.ok(client.begin(9) and client.ask(FINISHED), "a proven dump has ended")
        plain.socket.sendto(packet(HERALD, 1), plain.heralds)
        tap.same("it makes no room for one that is not", b"", plain.answer(0.5))
        tap.ok(client.ask(FINISHED), "its machine can still ask for its end")
        tap.ok(Prover(server.port, PUBLIC, bytes(16)).begin(9), "for one that is proven it does")


def check_precedence(bench: Bench) -> None:
    """Whose dump ends whose, at the same address."""
    tap = bench.tap
    with bench.proven("precedence") as server:
        client = Prover(server.port, PUBLIC, SESSION)
        client.socket.sendto(plain_hello(), client.heralds)
        tap.ok(len(client.answer()) == 28, "somebody has begun a dump from this address")
        client.send(packet(DATA, 2, 0, b"12345"))
        tap.same("and sends", struct.pack(">I", 2), client.answer())
        tap.ok(client.begin(len(CONTENT), 2), "a proven herald does not wait for that")
        first = client.session
        late = Prover(server.port, PUBLIC, bytes(16))
        late.socket.close()
        late.socket = client.socket
        tap.ok(
            late.begin(9, 2), "it was a herald only: a proven one of another session comes first"
        )
        tap.ok(client.begin(len(CONTENT), 2) and client.session != first, "and this one again")
        tap.ok(client.send_file(CONTENT, 0, 14000), "now packets are proven")
        tap.ok(not late.begin(9, 0.5), "now it does not")
        elsewhere = Prover(server.port, PUBLIC, SESSION)
        elsewhere.heralds_sent = client.heralds_sent
        tap.ok(not elsewhere.begin(9, 0.5), "nor does the same session from elsewhere")
        client.heralds_sent = elsewhere.heralds_sent
        time.sleep(5.5)
        client.socket.sendto(plain_hello(), client.heralds)
        tap.same("a plain herald ends not even one that is quiet", b"", client.answer(0.5))
        tap.ok(client.send_file(CONTENT, 14000, 28000), "it goes on")
        time.sleep(5.5)
        tap.ok(elsewhere.begin(len(CONTENT), 2), "when it is quiet, its session may go elsewhere")
        tap.same("where it goes on", ACCEPTS | RESUMED, elsewhere.flags)
        good = elsewhere.send_file(CONTENT, 28000) and elsewhere.ask(FINISHED)
        tap.ok(good, "to its end")
        whole = [name for name in server.files() if not name.endswith(".partial")]
        content = [(server.directory / name).read_bytes() for name in whole]
        tap.ok(content == [CONTENT], "it is what was sent", str(whole))


@dataclass(frozen=True)
class Bad:
    """A command line that makes no sense."""

    words: str
    code: int
    says: str


BAD = [
    Bad("--nonsense", USAGE, "unrecognized option"),
    Bad("more", USAGE, "rasdumpd: more: not an option"),
    Bad("--port 0", USAGE, '"0" makes no sense'),
    Bad("--port 65536", USAGE, '"65536" makes no sense'),
    Bad("--port 1x", USAGE, '"1x" makes no sense'),
    Bad("--quota lots", USAGE, '"lots" makes no sense'),
    Bad("--keep-free 0", USAGE, '"0" makes no sense'),
    Bad("--max-size -1", USAGE, '"-1" makes no sense'),
    Bad("--listen example.org", USAGE, '"example.org" makes no sense'),
    Bad("--silence 0", USAGE, '"0" makes no sense'),
    Bad("--clients 1000001", USAGE, '"1000001" makes no sense'),
    Bad("--heralds -", USAGE, '"-" makes no sense'),
    Bad("--proven-only", USAGE, "rasdumpd: --proven-only: needs --key"),
    Bad("--key /nowhere/key", ERROR, "/nowhere/key: No such file or directory"),
    Bad("--key /dev/null", ERROR, "/dev/null: is no key: it is not 64 hexadecimal digits"),
    Bad("--directory /nowhere/at/all", ERROR, "/nowhere/at/all: No such file or directory"),
]


def check_options(bench: Bench) -> None:
    """Command lines."""
    tap = bench.tap
    user = [] if os.geteuid() else ["--user", "nobody"]
    rows = BAD + (
        [] if os.geteuid() else [Bad("--user root", ERROR, "there is none, or it is root")]
    )
    rows += [] if os.geteuid() else [Bad("--user nobody99", ERROR, "there is none, or it is root")]
    program = bench.programs / "rasdumpd"
    for row in rows:
        argv = [program, *(user if "--user" not in row.words else []), *row.words.split()]
        ran = tools.run(argv, bench.place, NO_LEAKS, {}, WAIT_S)
        tools.judge(tap, f"rasdumpd {row.words}", ran, row.code, re.escape(row.says), {})
    if not os.geteuid():
        ran = tools.run([program, "-d", bench.place], bench.place, {}, {}, WAIT_S)
        tools.judge(tap, "root has to name a user", ran, ERROR, "does not run as root", {})
    lacking = [bench.programs / "without" / "rasdumpd", *user, "--key", bench.key]
    ran = tools.run(lacking, bench.place, {}, {}, WAIT_S)
    tools.judge(tap, "--key without libsodium", ran, ERROR, "was built without libsodium", {})
    load = bench.programs / "ras-netdump-load"
    for words, code, says in (
        ("--server-key /nowhere/key", 2, "/nowhere/key: No such file"),
        (f"--server-key {PUBLIC.hex()} --plain", 2, "a plain client can prove nothing"),
        (f"--server-key {bytes(32).hex()}", 1, "--server-key is no good key"),
    ):
        ran = tools.run([load, *words.split(), "127.0.0.1"], bench.place, {}, {}, WAIT_S)
        tools.judge(tap, f"ras-netdump-load {words}", ran, code, says, {})
    for word in ("--help", "--version"):
        ran = tools.run([program, word], bench.place, {}, {}, WAIT_S)
        tools.judge(tap, f"rasdumpd {word}", ran, 0, "rasdumpd", {"silent": not ran.err})


def check_around(bench: Bench, sources: Path) -> None:
    """The fuzzer's first inputs, the manual pages and the unit."""
    inputs = sorted((bench.programs / "corpus-netdump").iterdir())
    argv = [bench.programs / "replay-netdump", *inputs]
    ran = tools.run(argv, bench.place, {}, {}, WAIT_S)
    found = {"there are some": len(inputs) > 10}
    tools.judge(bench.tap, "the fuzzer's first inputs", ran, 0, f"{len(inputs)} files", found)
    for page in ("rasdumpd.8", "ras-netdump-load.1"):
        tools.call(
            bench.tap, bench.place, page, "mandoc", "-T", "lint", "-W", "warning", sources / page
        )
    unit = (sources / "rasdumpd.service").read_text(encoding="ascii").replace("@SBINDIR@", "/bin")
    unit = re.sub(r"(?m)^ExecStart=/bin/rasdumpd", "ExecStart=/bin/true", unit)
    path = bench.place / "rasdumpd.service"
    path.write_text(unit, encoding="ascii")
    tools.call(bench.tap, bench.place, "the unit", "systemd-analyze", "verify", "--man=no", path)


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "rasdumpd"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    programs = [f"{place}/rasdumpd", f"{place}/ras-netdump-load"]
    lacking = f"{place}/without"
    tools.build(
        sources,
        [f"O={place}", f"CFLAGS={tools.SANITIZED}", *programs],
        [f"O={place}", f"CFLAGS={tools.PLAIN}", f"{place}/replay-netdump", "corpus"],
        [f"O={place}", f"CFLAGS={tools.PLAIN}", f"{place}/test-hook.so"],
        [f"O={lacking}", f"CFLAGS={tools.PLAIN}", "WITHOUT=sodium", f"{lacking}/rasdumpd"],
    )
    # Not below the checkout, which another user may not be allowed to enter.
    with tempfile.TemporaryDirectory(prefix="rasdumpd-") as scratch:
        os.chmod(scratch, 0o755)
        bench = Bench(tap, place, Path(scratch))
        checks: list[Callable[[Bench], None]] = [check_plain, check_hello, check_refused]
        checks += [check_paths, check_others, check_again, check_ends, check_limits, check_gone]
        checks += [check_disk, check_load]
        checks += [check_proven_load, check_unproven, check_forged, check_counts]
        checks += [check_proven_again, check_liar, check_place, check_precedence]
        checks += [check_options]
        for check in checks:
            check(bench)
        check_around(bench, sources)
        if tap.failed:
            shutil.copytree(scratch, place / "left", symlinks=True)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
