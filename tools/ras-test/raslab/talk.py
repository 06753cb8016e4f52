# SPDX-License-Identifier: GPL-2.0
"""Conversations with a machine over its serial line, and gdb on the same line.

The script of a conversation, line by line:

  < REGEX           wait until this extended regular expression matches what has come since
                    the last match; ^ and $ are the ends of lines
  ! REGEX           fail if it matches what came before the next thing expected
  > TEXT            say TEXT and a carriage return; \\xHH is a byte
  >> TEXT           the same without carriage return
  * REGEX => TEXT   from here on, whenever REGEX comes, say TEXT
  .                 hang up, for gdb to take the line
  # ...             a remark

At the end of the script the conversation listens on, still answering, until the line goes
dead: what was said last would be lost with the line.
"""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pexpect import EOF, TIMEOUT, fdpexpect  # type: ignore[import]

from raslab.check import Check, RowError, TextJudge
from raslab.expression import ExpressionError, compiled
from raslab.lab import LabError

State = Literal["talking", "said", "hung up", "failed"]

# One byte of the line is one character.
CODE = "latin-1"
# Of what came instead, for the person who reads the failure.
SHOWN = 600
# More than this between two things expected is a machine that has gone wild.
HEARD_MAX = 1024 * 1024
# How soon a thread notices that it is to stop.
MOMENT_S = 0.2
# A machine that prints byte by byte is read in pieces, not in bytes.
GATHER_S = 0.002
# gdb says good-bye, and the line with it, before the process ends.
GOODBYE_S = 10.0


@dataclass(frozen=True)
class Step:
    """A line of a script."""

    number: int
    sign: str
    text: str
    pattern: re.Pattern[str] | None = None
    said: bytes = b""


def unescape(text: str) -> bytes:
    """What is said for a text of the script."""
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda at: chr(int(at[1], 16)), text).encode(CODE)


def _step(number: int, line: str) -> Step:
    found = re.match(r"(<|!|>>|>|\*|\.$) ?(.*)", line)
    if not found:
        raise ValueError("begins with none of < ! > >> * . #")
    sign, text = found[1], found[2]
    if sign in ("<", "!"):
        return Step(number, sign, text, compiled(text))
    if sign == "*":
        heard, arrow, answer = text.partition(" => ")
        if not arrow:
            raise ValueError("is not REGEX => TEXT")
        return Step(number, sign, heard, compiled(heard), unescape(answer))
    return Step(number, sign, text, None, unescape(text) + (b"\r" if sign == ">" else b""))


def parse(script: str) -> list[Step]:
    """The steps of a script; LabError names the line that is none."""
    steps = []
    for number, line in enumerate(script.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        try:
            steps.append(_step(number, line))
        except (ValueError, ExpressionError) as error:
            raise LabError(f"talk, line {number}: {line!r}: {error}") from error
    signs = [step.sign for step in steps]
    if "!" in signs and "<" not in signs[len(signs) - signs[::-1].index("!") :]:
        raise LabError("talk: nothing is expected behind the last !")
    if "." in signs and signs[-1] != "." or signs.count(".") > 1:
        raise LabError("talk: who has hung up says nothing more")
    return steps


def send(line: socket.socket, data: bytes, timeout: float) -> bool:
    """Write all of it within the time.  False if there is nobody to take it."""
    until = time.monotonic() + timeout
    while data:
        left = until - time.monotonic()
        if left <= 0 or not select.select([], [line], [], left)[1]:
            return False
        try:
            data = data[line.send(data, socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            continue
        except OSError:
            return False
    return True


class Mismatch(Exception):
    """The conversation did not go as its script says."""


class Stopped(Exception):
    """The lab does not need the conversation any more."""


class _Ear(fdpexpect.fdspawn):  # type: ignore[misc]
    """The host's end of the line, for pexpect.  NUL is no part of lines.

    CR before LF belongs to the end of the line.  Any other CR begins the line anew, as
    kdb does behind its "more> ", and what was there before is taken as a line of its own.
    """

    def __init__(self, line: socket.socket, transcript: IO[bytes]) -> None:
        super().__init__(line, maxread=4096, encoding=CODE, use_poll=True)
        self.delayafterread = GATHER_S
        self.transcript = transcript
        self.dead = False
        # So many times something has come.
        self.reads = 0
        # What has come last ends with a CR, whose meaning the next character tells.
        self._returned = False

    def read_nonblocking(self, size: int = 1, timeout: float = -1) -> str:
        try:
            heard: str = super().read_nonblocking(size, timeout)
        except (EOF, ConnectionError) as error:
            # The line that has come last ends here, too.
            if not self.dead:
                self.dead = True
                return "\n"
            raise EOF("the line is dead") from error
        self.reads += 1
        heard = self._lines(heard)
        self.transcript.write(heard.encode(CODE))
        return heard

    def _lines(self, heard: str) -> str:
        heard = "\r" * self._returned + heard.replace("\0", "")
        self._returned = heard.endswith("\r")
        return re.sub(r"\r+\n|\r+(?!\r*$)", "\n", heard).rstrip("\r")

    @property
    def unmatched(self) -> str:
        """What has come since the last match."""
        heard: str = self._before.getvalue()
        return heard

    @property
    def too_much(self) -> bool:
        """Has more come than a person would read?"""
        return bool(self._before.tell() > HEARD_MAX)

    def forget(self) -> None:
        """Keep the last line only."""
        rest = self.unmatched.rpartition("\n")[2]
        self._before, self._buffer = self.buffer_type(), self.buffer_type()
        self._before.write(rest)
        self._buffer.write(rest)


@dataclass
class _Answer:
    """A standing answer, and how far in what has come it has looked."""

    pattern: re.Pattern[str]
    said: bytes
    seen: int = 0

    def matches(self, heard: str, end: int) -> Iterator[tuple[int, bytes]]:
        """Where it is to be given, before ``end``.  Each place is named once."""
        while found := self.pattern.search(heard, self.seen):
            if found.start() >= end:
                return
            self.seen = found.end()
            yield found.start(), self.said
        # A match lies within a line.
        self.seen = max(self.seen, heard.rfind("\n") + 1)


class _Listener:
    """What pexpect looks for: the text expected, while the standing answers are given.

    An answer leaves what it answers in place, for the text expected may need it.  It is
    given to what comes before the text expected, and not to that itself.
    """

    # pexpect raises exceptions for these.
    eof_index = timeout_index = -1

    def __init__(
        self,
        expected: re.Pattern[str] | None,
        answers: list[_Answer],
        say: Callable[[bytes], None],
    ) -> None:
        self.expected = expected
        self.answers = answers
        self.say = say
        self.start = self.end = 0
        self.match: re.Match[str] | None = None
        # A match lies within a line: lines that were looked at need no second look.
        self._looked = 0

    def search(self, heard: str, _fresh: int, _window: int | None = None) -> int:
        """Index of the pattern found, or -1; called whenever something has come."""
        if self.expected:
            self.match = self.expected.search(heard, self._looked)
        self._looked = heard.rfind("\n") + 1
        self._answer(heard, self.match.start() if self.match else len(heard))
        if not self.match:
            return -1
        self.start, self.end = self.match.span()
        for answer in self.answers:
            answer.seen = max(0, answer.seen - self.end)
        return 0

    def _answer(self, heard: str, end: int) -> None:
        due = [given for answer in self.answers for given in answer.matches(heard, end)]
        for _, said in sorted(due, key=lambda given: given[0]):
            self.say(said)


class Conversation(threading.Thread):
    """Somebody who talks to a machine over its serial line, as a script says.

    The line is the host's end of a socket pair; the caller may close it at any time, for
    the conversation has a descriptor of its own.  Each thing expected has ``timeout``
    seconds to come.  Once the state is no longer "talking", ``failure`` says what went
    wrong, or nothing.
    """

    def __init__(self, line: socket.socket, script: str, transcript: Path, timeout: float) -> None:
        super().__init__(name="conversation", daemon=True)
        self.steps = parse(script)
        self.line = line.dup()
        self.transcript = transcript
        self.timeout = timeout
        self.state: State = "talking"
        self.failure = ""
        self._stop_asked = threading.Event()
        self._stop_by = 0.0
        self._answers: list[_Answer] = []
        self._never: list[Step] = []

    def stop(self) -> None:
        """End it.  What the machine has said before is heard first."""
        self._stop_by = time.monotonic() + GOODBYE_S
        self._stop_asked.set()
        if self.is_alive():
            self.join(timeout=3 * GOODBYE_S)
        elif not self.ident:
            self.line.close()

    def run(self) -> None:
        try:
            with open(self.transcript, "wb", buffering=0) as transcript:
                ear = _Ear(self.line, transcript)
                self._try_to_hold(ear)
                if self.state != "hung up":
                    self._listen_on(ear)
        except OSError as error:
            self._failed(f"talk: {error}")
        finally:
            self.line.close()

    def _try_to_hold(self, ear: _Ear) -> None:
        try:
            self.state = self._hold(ear)
        except Mismatch as mismatch:
            self._failed(str(mismatch))
        except Stopped:
            self._failed("talk: the machine ended before the conversation did")

    def _failed(self, why: str) -> None:
        self._answers.clear()
        self.failure = why
        self.state = "failed"

    def _hold(self, ear: _Ear) -> State:
        for step in self.steps:
            if step.sign == ".":
                return "hung up"
            if step.sign == "<":
                self._expect(ear, step)
            elif step.sign == "!":
                self._never.append(step)
            elif step.sign == "*":
                assert step.pattern is not None
                self._answers.append(_Answer(step.pattern, step.said))
            elif not send(self.line, step.said, self.timeout):
                raise self._mismatch(step, "nobody took", ear.unmatched)
        return "said"

    def _expect(self, ear: _Ear, step: Step) -> None:
        until = time.monotonic() + self.timeout
        listener = _Listener(step.pattern, self._answers, self._say)
        found = False
        while not found:
            if time.monotonic() > until:
                raise self._mismatch(step, "expected", ear.unmatched)
            if ear.too_much:
                raise self._mismatch(step, "far too much came; expected", ear.unmatched)
            try:
                found = self._attend(ear, listener)
            except EOF as dead:
                raise self._mismatch(step, "the line went dead; expected", ear.before) from dead
        self._judge_never(ear)

    def _attend(self, ear: _Ear, listener: _Listener) -> bool:
        """Listen for a moment.  True if what is expected has come; raises EOF and Stopped."""
        reads = ear.reads
        try:
            return bool(ear.expect_loop(listener, MOMENT_S) == 0)
        except TIMEOUT:
            if self._stop_asked.is_set():
                if ear.reads == reads or time.monotonic() > self._stop_by:
                    raise Stopped from None
            return False

    def _judge_never(self, ear: _Ear) -> None:
        heard = ear.before + ear.after + ear.buffer
        never, self._never = self._never, []
        for step in never:
            assert step.pattern is not None
            bad = step.pattern.search(heard)
            if bad and bad.start() < len(ear.before):
                raise self._mismatch(step, "expected no", heard[: bad.start() + SHOWN // 2])

    def _mismatch(self, step: Step, what: str, heard: str) -> Mismatch:
        got = heard[-SHOWN:] if heard.strip() else "nothing"
        return Mismatch(f"talk, line {step.number}: {what} {step.text}\ngot      {got}")

    def _say(self, said: bytes) -> None:
        # Who is not there to hear it will not say what is expected, either.
        send(self.line, said, self.timeout)

    def _listen_on(self, ear: _Ear) -> None:
        try:
            while True:
                self._attend(ear, _Listener(None, self._answers, self._say))
                if ear.too_much:
                    ear.forget()
                    for answer in self._answers:
                        answer.seen = 0
        except (EOF, Stopped):
            return


class Gdb(threading.Thread):
    """gdb on the machine's line, with the commands of a row; what it says is in gdb.log.

    With a conversation it waits until that has hung up; without one it begins at once, and
    it is the caller who waits for the machine to say "RT: gdb".  After gdb has gone the
    line is still drained until ``stop()``: with the end of a socket QEMU drops what it has
    not read from it yet, and that is gdb's last word.
    """

    PROGRAM = "gdb"
    HEAD = ("set pagination off", "set confirm off", "set remotetimeout 60")
    SOCKET = "gdb.socket"

    def __init__(
        self,
        line: socket.socket,
        commands: str,
        vmlinux: Path,
        directory: Path,
        timeout: float,
        conversation: Conversation | None = None,
    ) -> None:
        super().__init__(name="gdb", daemon=True)
        self.line = line.dup()
        self.commands = commands
        self.vmlinux = vmlinux
        self.directory = directory
        self.timeout = timeout
        self.conversation = conversation
        # Why gdb had no part, or was killed.
        self.failure = "gdb: nobody has started it"
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """End gdb: by itself, for its line goes dead, or it is killed."""
        self._stop_asked.set()
        if self.is_alive():
            self.join(timeout=3 * GOODBYE_S)
        elif not self.ident:
            self.line.close()

    def run(self) -> None:
        self.failure = ""
        until = time.monotonic() + self.timeout
        try:
            if self._line_is_free(until):
                with self._listener() as listener, self._gdb() as gdb:
                    self._relay(listener, gdb, time.monotonic() + self.timeout)
                self._drain()
        except (OSError, subprocess.SubprocessError) as error:
            self.failure = f"gdb: {error}"
        finally:
            self.line.close()

    def _line_is_free(self, until: float) -> bool:
        """Wait for the conversation to leave the line."""
        if self.conversation is None:
            return True
        while self.conversation.state == "talking":
            if self._stop_asked.wait(MOMENT_S) or time.monotonic() > until:
                self.failure = "gdb: the conversation did not leave it the line"
                return False
        if self.conversation.state == "failed":
            self.failure = "gdb: the conversation failed"
            return False
        self.conversation.stop()
        return True

    @contextmanager
    def _listener(self) -> Iterator[socket.socket]:
        path = self.directory / self.SOCKET
        path.unlink(missing_ok=True)
        # The whole path may be too long for a socket.
        place = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(f"/proc/self/fd/{place}/{self.SOCKET}")
                listener.listen(1)
                yield listener
        finally:
            os.close(place)
            path.unlink(missing_ok=True)

    @contextmanager
    def _gdb(self) -> Iterator[subprocess.Popen[bytes]]:
        script = [*self.HEAD, f"target remote ./{self.SOCKET}", self.commands]
        (self.directory / "gdb.script").write_text("\n".join(script) + "\n", encoding="utf-8")
        with open(self.directory / "gdb.log", "wb") as log:
            gdb = subprocess.Popen(
                [self.PROGRAM, "-nx", "-q", "-batch", "-x", "gdb.script", os.fspath(self.vmlinux)],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield gdb
        finally:
            if gdb.poll() is None:
                gdb.kill()
            gdb.wait(timeout=GOODBYE_S)

    def _relay(self, listener: socket.socket, gdb: subprocess.Popen[bytes], until: float) -> None:
        """Be the wire between gdb and the machine, until one of them is gone."""
        peer: socket.socket | None = None
        while not self._stop_asked.is_set():
            if time.monotonic() > until:
                self.failure = f"gdb: killed after {self.timeout:.0f} s"
                break
            if peer is not None:
                if not self._pass_on(peer):
                    break
            elif gdb.poll() is None:
                peer = self._accept(listener)
            else:
                break
        if peer is not None:
            peer.close()
        if not self.failure:
            self._see_off(gdb)

    def _see_off(self, gdb: subprocess.Popen[bytes]) -> None:
        """gdb has no line any more, and goes on to the end of its commands."""
        try:
            gdb.wait(timeout=GOODBYE_S)
        except subprocess.TimeoutExpired:
            self.failure = "gdb: killed, for it did not end when its line did"

    def _accept(self, listener: socket.socket) -> socket.socket | None:
        ready = select.select([listener], [], [], MOMENT_S)[0]
        return listener.accept()[0] if ready else None

    def _pass_on(self, peer: socket.socket) -> bool:
        """Pass on what has come.  False if one of the two is gone."""
        for end in select.select([peer, self.line], [], [], MOMENT_S)[0]:
            data = _received(end)
            if not data or not send(self.line if end is peer else peer, data, GOODBYE_S):
                return False
        return True

    def _drain(self) -> None:
        while not self._stop_asked.is_set():
            if select.select([self.line], [], [], MOMENT_S)[0] and not _received(self.line):
                return


def _received(end: socket.socket) -> bytes:
    """What has come, or nothing if the other end is gone."""
    try:
        return end.recv(4096)
    except OSError:
        return b""


class LineJudge(TextJudge):
    """``line``: what went over the line of the conversation."""

    where = "line"
    called = "the line"

    def text(self, check: Check) -> str:
        return self.evidence.line


class GdbJudge(TextJudge):
    """``gdb``: what gdb has said."""

    where = "gdb"
    called = "gdb"

    @classmethod
    def accept(cls, check: Check) -> None:
        super().accept(check)
        if check.what != "has":
            raise RowError(f"gdb cannot be asked {check.what!r}: what it lacks it may have missed")

    def text(self, check: Check) -> str:
        return self.evidence.gdb
