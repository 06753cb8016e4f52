# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor protocol, as much of it as the lab needs.

See "QEMU Machine Protocol Specification", docs/interop/qmp-spec.txt in QEMU's source.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """One end of a socket pair whose other end QEMU holds.  Used by one thread."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._socket.setblocking(False)
        self._buffer = b""
        self._closed = False
        self._number = 0
        self.events: list[dict[str, Any]] = []
        # Before this QEMU sends no event.
        self._send("qmp_capabilities", {})

    def _send(self, command: str, arguments: dict[str, Any]) -> int:
        self._number += 1
        request = {"execute": command, "arguments": arguments, "id": self._number}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        return self._number

    def close(self) -> None:
        """Give up the line."""
        self._closed = True
        self._socket.close()

    def _read(self) -> None:
        if self._closed:
            return
        try:
            while data := self._socket.recv(65536):
                self._buffer += data
            self._closed = True
        except BlockingIOError:
            pass
        except OSError:
            self._closed = True

    def _messages(self) -> list[dict[str, Any]]:
        self._read()
        *lines, self._buffer = self._buffer.split(b"\n")
        return [json.loads(line) for line in lines if line.strip()]

    def poll(self) -> list[dict[str, Any]]:
        """Take in what has come; the events so far, the oldest first."""
        self._answer(0)
        return self.events

    def _answer(self, number: int) -> dict[str, Any] | None:
        """The answer to that command, if it has come; events are kept."""
        answer = None
        for message in self._messages():
            if "event" in message:
                self.events.append(message)
            elif message.get("id") == number:
                answer = message
        return answer

    def execute(self, command: str, timeout: float = 30.0, **arguments: Any) -> Any:
        """Carry out a command and wait for its answer, ``timeout`` seconds at most."""
        until = time.monotonic() + timeout
        try:
            number = self._send(command, arguments)
        except OSError as error:
            raise QmpError(f"{command}: QEMU is gone") from error
        while time.monotonic() < until:
            answer = self._answer(number)
            if answer is not None:
                if "error" in answer:
                    raise QmpError(f"{command}: {answer['error'].get('desc')}")
                return answer["return"]
            if self._closed:
                raise QmpError(f"{command}: QEMU is gone")
            time.sleep(0.01)
        raise QmpError(f"{command}: no answer within {timeout:.0f} s")
