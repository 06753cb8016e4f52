# SPDX-License-Identifier: GPL-2.0
"""The monitor's protocol, with a made-up QEMU at the other end."""

import json
import socket
import threading
import unittest
from typing import Any

from raslab.qmp import Qmp, QmpError


class MadeUpQemu(threading.Thread):
    """Answers each command from a table; an event goes out before each answer."""

    def __init__(self, end: socket.socket, answers: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.end, self.answers = end, answers
        self.start()

    def run(self) -> None:
        self.end.sendall(b'{"QMP": {"version": {}, "capabilities": []}}\r\n')
        for line in self.end.makefile("rb"):
            request = json.loads(line)
            command = request["execute"]
            answer = self.answers.get(command, {"return": {}})
            if answer is None:
                break
            answer = answer | {"id": request["id"]}
            event = {"event": "SEEN", "data": {"what": command}}
            text = json.dumps(event) + "\r\n" + json.dumps(answer) + "\r\n"
            # In pieces, as a socket may deliver it.
            self.end.sendall(text[:7].encode())
            self.end.sendall(text[7:].encode())
        self.end.shutdown(socket.SHUT_RDWR)
        self.end.close()


class QmpTest(unittest.TestCase):
    """Commands, events, errors, and a QEMU that goes away."""

    def qmp(self, **answers: Any) -> Qmp:
        ours, theirs = socket.socketpair()
        MadeUpQemu(theirs, answers)
        qmp = Qmp(ours)
        self.addCleanup(qmp.close)
        return qmp

    def test_answer_and_events(self) -> None:
        qmp = self.qmp(stop={"return": {"value": 7}})
        self.assertEqual(qmp.execute("stop"), {"value": 7})
        seen = [event["data"]["what"] for event in qmp.poll()]
        self.assertEqual(seen, ["qmp_capabilities", "stop"])

    def test_error_is_raised(self) -> None:
        qmp = self.qmp(nmi={"error": {"class": "x", "desc": "no such thing"}})
        with self.assertRaisesRegex(QmpError, "no such thing"):
            qmp.execute("nmi")

    def test_gone(self) -> None:
        qmp = self.qmp(quit=None)
        with self.assertRaisesRegex(QmpError, "gone"):
            qmp.execute("quit", timeout=5)

    def test_no_answer_is_bounded(self) -> None:
        ours, theirs = socket.socketpair()
        self.addCleanup(theirs.close)
        qmp = Qmp(ours)
        self.addCleanup(qmp.close)
        with self.assertRaisesRegex(QmpError, "no answer"):
            qmp.execute("stop", timeout=0.1)
