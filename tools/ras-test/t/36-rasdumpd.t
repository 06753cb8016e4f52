#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""rasdumpd, with clients that are made here and with ras-netdump-load: what it keeps and where,
what it refuses, and that nobody else on the network ends, changes or redirects a dump."""

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
from raslab.tap import Tap, run_test

USAGE, ERROR = 2, 3
CONTENT = random.Random(1).randbytes(50_000)
STAMP = r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d"
SESSION = bytes(range(16))
PARTIAL = rf"127\.0\.0\.1/guest-{STAMP}\.{SESSION.hex()}\.partial"
LOAD_S = 120


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

    def load(self, server: Server, *options: str) -> subprocess.CompletedProcess[str]:
        """Run ras-netdump-load against a server."""
        argv = [str(self.programs / "ras-netdump-load"), *options, f"127.0.0.1:{server.port}"]
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
    for reason in ("short", "long", "type", "offset", "path", "stray", "rate", "full"):
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
    for word in ("--help", "--version"):
        ran = tools.run([program, word], bench.place, {}, {}, WAIT_S)
        tools.judge(tap, f"rasdumpd {word}", ran, 0, "rasdumpd", {"silent": not ran.err})


def check_around(bench: Bench, sources: Path) -> None:
    """The fuzzer's first inputs, the manual pages and the unit."""
    inputs = sorted((bench.programs / "corpus-netdump").iterdir())
    argv = [bench.programs / "fuzz-netdump", *inputs]
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
    tools.build(
        sources,
        [f"O={place}", f"CFLAGS={tools.SANITIZED}", *programs],
        [f"O={place}", f"CFLAGS={tools.PLAIN}", f"{place}/fuzz-netdump", "corpus"],
        [f"O={place}", f"CFLAGS={tools.PLAIN}", f"{place}/test-hook.so"],
    )
    # Not below the checkout, which another user may not be allowed to enter.
    with tempfile.TemporaryDirectory(prefix="rasdumpd-") as scratch:
        os.chmod(scratch, 0o755)
        bench = Bench(tap, place, Path(scratch))
        checks: list[Callable[[Bench], None]] = [check_plain, check_hello, check_refused]
        checks += [check_paths, check_others, check_again, check_ends, check_limits, check_gone]
        checks += [check_disk, check_load]
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
