# SPDX-License-Identifier: GPL-2.0
"""Peers that are rasdumpd, and receive the dumps of a row."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from raslab.lab import LabError
from raslab.netdump import Server
from raslab.peer import LOOPBACK, Peer
from raslab.twin import Twin

# Where other machines are that dump.
OTHERS = "127.0.0.2"
# They take seconds.
LOAD_S = 60.0


def most_at_once(events: Sequence[Mapping[str, str]]) -> int:
    """How many dumps were received at the same time, at most, by the log of rasdumpd."""
    # One that goes on begins twice.
    begun: set[str] = set()
    most = renamed = 0
    for event in events:
        if event["event"] == "begins":
            begun.add(event["file"])
        elif event["file"] in begun:
            begun.remove(event["file"])
        elif event["event"] in ("complete", "failed"):
            renamed += 1
        most = max(most, len(begun) - renamed)
    return most


class Rasdumpd(Peer):
    """rasdumpd, which receives dumps, below the directory peer-rasdumpd.

    ``dies_at``: it is killed when it has received so many bytes, and started again after
    ``back_s`` seconds, if that is not 0.  ``dies_in``: it is killed when it first calls that
    function, one of tools/ras/test-hook.c.  ``ipv6``: machines reach it by IPv6 as well.
    ``others``: so many clients of ras-netdump-load send their dumps from OTHERS while the
    machine does.  ``key``: its secret key, in hexadecimal digits.

    It counts the dumps that were ``complete``, ``partial`` and ``failed``, by its log, how many
    of these were ``proven``, how many it received ``at_once``, the ``logs`` of machines, and how
    often it was ``killed``.  At the end the last dump of the row's machine, complete or not, is the
    file vmcore of the directory, and its log the file log.
    """

    name = "rasdumpd"
    options = {
        "dies_at": 0,
        "dies_in": "",
        "back_s": 0,
        "arguments": "",
        "others": 0,
        "ipv6": False,
        "key": "",
    }
    counters: ClassVar[tuple[str, ...]] = (
        "complete",
        "partial",
        "failed",
        "proven",
        "at_once",
        "logs",
        "killed",
    )

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self.server: Server | None = None
        self.stopping = threading.Event()
        # Threads that wait for the dump to begin, or to have some size.
        self.waiting: list[threading.Thread] = []

    def start(self) -> None:
        program = self.programs / Rasdumpd.name
        if not program.is_file():
            raise LabError(f"{program} was not built")
        arguments = str(self.chosen["arguments"]).split()
        if self.chosen["key"]:
            key = self.directory / f"peer-{self.name}.key"
            key.write_text(f"{self.chosen['key']}\n", encoding="ascii")
            arguments += ["--key", str(key)]
        hook = f"kill:{self.chosen['dies_in']}" if self.chosen["dies_in"] else ""
        self.server = Server(program, self.files, "--json", *arguments, hook=hook)
        self.server.start()
        for option, what in ("dies_at", self._kill), ("others", self._load):
            if self.chosen[option]:
                self._wait_in_thread(what, self.server)

    def _wait_in_thread(self, what: Callable[[Server], None], server: Server) -> None:
        self.waiting.append(threading.Thread(target=what, args=(server,), daemon=True))
        self.waiting[-1].start()

    def words(self) -> str:
        port = self.server.port if self.server is not None else 0
        return f"rt.{self.name}={self.address}:{port}"

    def _received(self) -> int:
        """How much of a dump; -1: none was begun."""
        sizes = [path.stat().st_size for path in self.files.rglob("*.partial")]
        return sum(sizes) if sizes else -1

    def _has_received(self, least: int) -> bool:
        """Wait until it has begun, and has so much; false if the machine ends before."""
        while not self.stopping.wait(0.005):
            try:
                if self._received() >= least:
                    return True
            except FileNotFoundError:
                # It was renamed just now.
                continue
        return False

    def _load(self, server: Server) -> None:
        """Other machines crash, too."""
        if not self._has_received(1):
            return
        command = [str(self.programs / "ras-netdump-load"), "--clients", str(self.chosen["others"])]
        command += ["--bytes", "2M", "--from", OTHERS, f"{LOOPBACK}:{server.port}"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=LOAD_S, check=False
            )
        except subprocess.TimeoutExpired:
            self.failure = f"ras-netdump-load was not done after {LOAD_S:.0f} s"
            return
        if done.returncode:
            self.failure = f"ras-netdump-load: {done.stdout[-200:]}{done.stderr[-200:]}"

    def _kill(self, server: Server) -> None:
        """Kill it when it has so much, and perhaps start it again."""
        most, back_s = int(str(self.chosen["dies_at"])), int(str(self.chosen["back_s"]))
        if not self._has_received(most):
            return
        server.stop(signal.SIGKILL)
        self.count("killed")
        if back_s and not self.stopping.wait(back_s):
            try:
                server.start()
            except LabError as error:
                self.failure = str(error)

    def stop(self) -> None:
        if self.server is None:
            return
        self.stopping.set()
        for thread in self.waiting:
            thread.join(2 * LOAD_S)
        server, self.server = self.server, None
        status, said = server.stop()
        if self.chosen["dies_in"] and status == -signal.SIGKILL:
            self.count("killed")
        elif status:
            self.failure = f"it ended with {status}: {said}"
        self._look(server.log.read_text(encoding="utf-8"))
        self.save()

    def _look(self, events: str) -> None:
        """What it has received, by its log."""
        last = ""
        told = [json.loads(line) for line in events.splitlines()]
        self.counts["at_once"] = most_at_once(told)
        for event in told:
            self.count(event["event"])
            if event["event"] in ("complete", "partial", "failed") and event["proven"]:
                self.count("proven")
            others = event["file"].startswith(OTHERS) or event["host"] == Twin.name
            if event["event"] in ("complete", "partial") and not others:
                last = event["file"]
        if not last:
            last = next((str(path) for path in self.files.rglob("*.partial")), "")
        if last and (self.files / last).is_file():
            (self.files / last).rename(self.files / "vmcore")
        for log in self.files.rglob("*.log"):
            self.count("logs")
            log.rename(self.files / "log")


class NextRasdumpd(Rasdumpd):
    """Another rasdumpd, whose turn it is when the peer ``rasdumpd`` has died.

    It counts in ``late_ms`` how long after the last bytes of that one its own dump begins.
    """

    name = "next"
    counters = (*Rasdumpd.counters, "late_ms")

    def start(self) -> None:
        super().start()
        if self.server is not None:
            self._wait_in_thread(self._note_begin, self.server)

    def _note_begin(self, _: Server) -> None:
        if not self._has_received(0):
            return
        now, first = time.time(), self.directory / f"peer-{Rasdumpd.name}"
        last = max((path.stat().st_mtime for path in first.rglob("*.partial")), default=now)
        self.count("late_ms", round(1000 * (now - last)))
