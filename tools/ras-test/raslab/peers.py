# SPDX-License-Identifier: GPL-2.0
"""All peers, by the name that a row uses, and what a check may ask of them."""

from __future__ import annotations

import json
import re

from raslab.check import Answer, Check, Evidence, Judge, RowError, compiled, matching_line
from raslab.network import Bounds
from raslab.peer import Echo, NfsServer, Peer, Receiver
from raslab.rasdumpd import NextRasdumpd, Rasdumpd
from raslab.stranger import Stranger
from raslab.twin import Twin

PEERS: dict[str, type[Peer]] = {
    Echo.name: Echo,
    Receiver.name: Receiver,
    NfsServer.name: NfsServer,
    Rasdumpd.name: Rasdumpd,
    NextRasdumpd.name: NextRasdumpd,
    Stranger.name: Stranger,
    Twin.name: Twin,
}


class PeerJudge(Judge):
    """``peer NAME``: what a peer counted, and what it was sent.

    ``["peer echo", COUNTER, BOUNDS]``: the counters are those of the peer's class, the bounds
    those of network.Bounds, without a percentage. ``["peer nfs", "file NAME", REGEX]``: a
    line of that file of the peer's directory matches.
    """

    where = "peer"

    @classmethod
    def accept(cls, check: Check) -> None:
        peer = PEERS.get(check.argument)
        if peer is None:
            raise RowError(f"{check.where!r} is no peer; there are {' '.join(PEERS)}")
        if re.fullmatch(r"file [\w.-]+", check.what):
            compiled(check.expected)
        elif check.what not in peer.counters:
            raise RowError(f"{check.where} counts {', '.join(peer.counters)}, not {check.what!r}")
        elif Bounds.parse(check.expected).percent:
            raise RowError(f"{check.what!r} of a peer is no percentage")

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence)
        self.counts: dict[str, dict[str, int]] = {}
        for name in evidence.row.peers:
            path = evidence.directory / f"peer-{name}.json"
            if path.is_file():
                self.counts[name] = json.loads(path.read_text(encoding="ascii"))

    def answer(self, check: Check) -> Answer:
        kind, _, name = check.what.partition(" ")
        title = check.title or f"the {check.where} has {check.what} {check.expected}"
        if kind == "file":
            return self._file(check, name, title)
        wanted = f"{check.what} {check.expected}"
        counts = self.counts.get(check.argument)
        if counts is None:
            return Answer(False, title, wanted, "the peer has left no count")
        number = counts[check.what]
        good = Bounds.parse(check.expected).hold(number)
        return Answer(good, title, wanted, f"{number} of {counts}")

    def _file(self, check: Check, name: str, title: str) -> Answer:
        wanted = f"a line that matches {check.expected}"
        path = self.evidence.directory / f"peer-{check.argument}" / name
        if not path.is_file():
            return Answer(False, title, wanted, "no such file")
        with open(path, "rb") as file:
            text = file.read(1 << 20).decode(errors="replace")
        line = matching_line(str(check.expected), text)
        return Answer(line is not None, title, wanted, line or f"none; it ends {text[-100:]!r}")
