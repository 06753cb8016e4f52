# SPDX-License-Identifier: GPL-2.0
"""Netdump as include/uapi/linux/ras_netdump.h says: a client, and rasdumpd as a process."""

from __future__ import annotations

import os
import pwd
import select
import signal
import socket
import struct
import subprocess
from pathlib import Path

from raslab.lab import LabError
from raslab.tools import SANITIZER, environment

HERALD, FINISHED, DATA, HEADER, KEY = range(1, 6)
LOG = 16
WAIT_S = 20
# Who rasdumpd becomes if the test is run by root.
USER = "nobody"
# The search for leaks cannot look at a program that has become another user.
NO_LEAKS = {} if os.geteuid() else {"ASAN_OPTIONS": f"{SANITIZER}:detect_leaks=0"}


def packet(
    kind: int, seq: int, offset: int = 0, data: bytes = b"", size: int | None = None
) -> bytes:
    """A packet of a client; the size in it may be another than it has."""
    size = len(data) if size is None else size
    return struct.pack(">IIQII", kind, seq, offset, size, 0) + data


def hello(
    session: bytes, size: int = 0, payload: int = 8192, host: bytes = b"guest", version: int = 1
) -> bytes:
    """What is behind the path in a herald."""
    head = struct.pack(">8sII16sQII", b"RASHELLO", version, 0, session, size, payload, 0)
    return head + host.ljust(64, b"\0") + b"\0"


class Client:
    """A machine that sends a dump."""

    def __init__(self, port: int, server: str = "127.0.0.1", local: str = "") -> None:
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((local or ("::1" if ":" in server else "127.0.0.1"), 0))
        self.socket.settimeout(WAIT_S)
        self.heralds = (server, port)
        self.session: tuple[str, int] = ("", 0)
        self.seq = 0

    def close(self) -> None:
        """The machine is gone."""
        self.socket.close()

    def answer(self, seconds: float = WAIT_S) -> bytes:
        """What the server has said; b"" if it says nothing for so long."""
        self.socket.settimeout(seconds)
        try:
            data, address = self.socket.recvfrom(1000)
        except TimeoutError:
            return b""
        self.session = address[:2]
        return data

    def herald(self, data: bytes = b"") -> bytes:
        """Begin a dump; the answer."""
        self.seq += 1
        self.socket.sendto(packet(HERALD, self.seq, data=data), self.heralds)
        return self.answer()

    def send(self, data: bytes) -> None:
        """Send any bytes to where the answer to the herald came from."""
        self.socket.sendto(data, self.session)

    def ask(self, kind: int, offset: int = 0, data: bytes = b"", seconds: float = WAIT_S) -> bool:
        """Send a packet; whether it is acknowledged."""
        self.seq += 1
        before = self.session
        self.send(packet(kind, self.seq, offset, data))
        answer = self.answer(seconds)
        return answer == struct.pack(">I", self.seq) and self.session == before

    def is_silent(self, *packets: bytes) -> bool:
        """Whether the server answers none of these, but what comes behind them."""
        for data in packets:
            self.send(data)
        return self.ask(DATA)

    def send_file(self, content: bytes, first: int = 0, end: int | None = None) -> bool:
        """Send the bytes from @first to @end; whether each is acknowledged."""
        end = len(content) if end is None else end
        return all(
            self.ask(DATA, offset, content[offset : min(offset + 1400, end)])
            for offset in range(first, end, 1400)
        )


class Server:
    """rasdumpd, on a port that nobody else has."""

    def __init__(self, program: Path, directory: Path, *options: str, hook: str = "") -> None:
        # What goes wrong in its calls; see tools/ras/test-hook.c.
        self.env = dict(NO_LEAKS)
        if hook:
            self.env |= {"LD_PRELOAD": str(program.with_name("test-hook.so")), "RAS_HOOK": hook}
        self.directory, self.log = directory, directory.parent / f"{directory.name}.log"
        self.argv = [str(program), "--directory", str(directory), "--keep-free", "1"]
        self.argv += options
        self.process: subprocess.Popen[bytes] | None = None
        self.port = self._free_port()
        directory.mkdir(exist_ok=True)
        if not os.geteuid():
            self.argv += ["--user", USER]
            os.chown(directory, pwd.getpwnam(USER).pw_uid, -1)

    @staticmethod
    def _free_port() -> int:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::", 0))
            port: int = probe.getsockname()[1]
        return port

    def start(self) -> None:
        """Start it, and wait until it receives."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.argv, "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.PIPE,
                env=environment(**self.env),
            )
        err = self.process.stderr
        if err is None or not select.select([err], [], [], WAIT_S)[0]:
            raise LabError("rasdumpd does not start")
        line = err.readline().decode()
        if "receives on port" not in line:
            raise LabError(f"rasdumpd does not start: {line}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it: its status, and what it has said since it was started."""
        if self.process is None:
            return 0, ""
        self.process.send_signal(how)
        _, err = self.process.communicate(timeout=WAIT_S * 2)
        status, self.process = self.process.returncode, None
        return status, err.decode()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.process is not None:
            self.process.send_signal(number)

    def files(self) -> list[str]:
        """What is below the directory."""
        paths = sorted(path for path in self.directory.rglob("*") if path.is_file())
        return [str(path.relative_to(self.directory)) for path in paths]
