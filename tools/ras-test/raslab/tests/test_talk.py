# SPDX-License-Identifier: GPL-2.0
"""Conversations with a made-up kdb at the other end of a socket pair."""

from __future__ import annotations

import re
import socket
import tempfile
import threading
import time
import tomllib
import unittest
from pathlib import Path

from raslab import talk
from raslab.lab import LabError
from raslab.talk import Conversation, Gdb

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
PROMPT = b"\r\n[0]kdb> "


class FakeKdb(threading.Thread):
    """Echoes what is typed, and answers the commands that it knows."""

    def __init__(
        self, line: socket.socket, says: dict[bytes, bytes], first: bytes = PROMPT
    ) -> None:
        super().__init__(daemon=True)
        self.line = line
        self.says = says
        self.first = first
        self.typed: list[bytes] = []
        line.settimeout(5)

    def run(self) -> None:
        with self.line:
            try:
                self._piecemeal(self.first)
                while not self.typed or self.typed[-1] != b"go":
                    self._command()
            except OSError:
                return

    def _command(self) -> None:
        command = b""
        while (key := self.line.recv(1)) not in (b"\r", b""):
            command += key
        if not key:
            raise OSError
        self.typed.append(command)
        self._piecemeal(command + b"\r\n" + self.says.get(command, b"") + PROMPT)

    def _piecemeal(self, text: bytes) -> None:
        # As a serial line has it, and no two tests alike.
        while text:
            self.line.sendall(text[:7])
            text = text[7:]


class TalkTest(unittest.TestCase):
    """With a temporary directory, a socket pair, and a script that has to end."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.transcript = Path(directory.name) / "line.log"
        self.host, self.machine = socket.socketpair()
        self.addCleanup(self.host.close)
        self.addCleanup(self.machine.close)

    def begin(self, script: str, timeout: float = 5) -> Conversation:
        """A conversation that is stopped at the end of the test."""
        conversation = Conversation(self.host, script, self.transcript, timeout)
        conversation.start()
        self.addCleanup(conversation.stop)
        self.addCleanup(self.machine.close)
        return conversation

    def hold(self, script: str, timeout: float = 5, **says: str) -> tuple[Conversation, FakeKdb]:
        """A whole conversation with a kdb that knows some commands, to the end of the line."""
        kdb = FakeKdb(self.machine, {word.encode(): text.encode() for word, text in says.items()})
        conversation = self.begin(script, timeout)
        kdb.start()
        self.until(lambda: conversation.state != "talking")
        if conversation.state == "failed":
            kdb.line.shutdown(socket.SHUT_RDWR)
        conversation.join(10)
        kdb.join(10)
        return conversation, kdb

    def until(self, condition: object) -> None:
        """Wait for what another thread does."""
        end = time.monotonic() + 10
        assert callable(condition)
        while not condition():
            self.assertLess(time.monotonic(), end, "it did not happen")
            time.sleep(0.01)

    def hear(self, count: int) -> bytes:
        """What the machine's end gets."""
        self.machine.settimeout(5)
        heard = b""
        while len(heard) < count:
            heard += self.machine.recv(count - len(heard))
        return heard


class Signs(TalkTest):
    """Each sign of the script."""

    def test_expect_and_say(self) -> None:
        script = "< ^\\[0\\]kdb> \n> cpu\n< ^Available cpus: 0-3$\n< kdb> \n> go"
        conversation, kdb = self.hold(script, cpu="Available cpus: 0-3")
        self.assertEqual(("said", ""), (conversation.state, conversation.failure))
        self.assertEqual([b"cpu", b"go"], kdb.typed)

    def test_matches_are_in_order(self) -> None:
        conversation, _ = self.hold("< kdb> \n> x\n< ^two$\n< ^one$", 0.3, x="one\r\ntwo")
        self.assertEqual("failed", conversation.state)
        self.assertIn("line 4: expected ^one$", conversation.failure)

    def test_never_before(self) -> None:
        conversation, _ = self.hold("! Timed out|late\n< kdb> \n> x\n< kdb> \n> go", x="late")
        self.assertEqual("said", conversation.state)

    def test_never_fails(self) -> None:
        conversation, _ = self.hold("< kdb> \n! Timed out|late\n> x\n< kdb> \n> go", x="too late")
        self.assertEqual("failed", conversation.state)
        self.assertRegex(
            conversation.failure, r"line 2: expected no Timed out\|late\n.*x\ntoo late"
        )

    def test_never_behind_it_is_no_failure(self) -> None:
        conversation, _ = self.hold("< kdb> \n! late\n> x\n< good\n< kdb> \n> go", x="good, late")
        self.assertEqual("said", conversation.state)

    def test_two_nevers_both_count(self) -> None:
        conversation, _ = self.hold("< kdb> \n! late\n! more\n> x\n< kdb> \n> go", x="late")
        self.assertIn("expected no late", conversation.failure)

    def test_say_without_return_and_bytes(self) -> None:
        self.begin(">> $3#33\n>> \\x7fm\\x0d\n>>   two blanks\n> caf\\xe9")
        self.assertEqual(b"$3#33\x7fm\r  two blankscaf\xe9\r", self.hear(25))

    def test_remark(self) -> None:
        conversation, kdb = self.hold("# nothing\n\n< kdb> \n# < never\n> go")
        self.assertEqual(("said", [b"go"]), (conversation.state, kdb.typed))

    def test_hang_up_leaves_the_line(self) -> None:
        conversation = self.begin("< attach\n.")
        self.machine.sendall(b"please attach debugger\r\n")
        self.until(lambda: conversation.state == "hung up")
        conversation.join(5)
        self.machine.sendall(b"$T05#b9")
        self.assertEqual(b"$T05#b9", self.host.recv(100))


class StandingAnswers(TalkTest):
    """They are given while something is waited for, and take nothing away."""

    def test_answers_each_time(self) -> None:
        conversation = self.begin("* more> => \\x20\n< ^end$")
        for _ in range(3):
            self.machine.sendall(b"lines\r\nmore> ")
            self.assertEqual(b" ", self.hear(1))
        self.machine.sendall(b"\r\nend\r\n")
        self.until(lambda: conversation.state == "said")

    def test_the_line_begins_anew_behind_the_answer(self) -> None:
        self.begin("* more> => \\x20\n< ^kdb> \n> go")
        self.machine.sendall(b"more> ")
        self.assertEqual(b" ", self.hear(1))
        self.machine.sendall(b"\rkdb> ")
        self.assertEqual(b"go\r", self.hear(3))

    def test_the_end_of_a_line_comes_in_pieces(self) -> None:
        conversation = self.begin("< ^one$\n< ^$\n< ^two$")
        for piece in (b"one\r", b"\r\n", b"\r", b"\ntwo\r", b"\n"):
            self.machine.sendall(piece)
            time.sleep(0.1)
        self.until(lambda: conversation.state == "said")
        self.assertEqual(b"one\n\ntwo\n", self.transcript.read_bytes())

    def test_leaves_what_is_expected_later(self) -> None:
        conversation = self.begin("* more> => \\x20\n< ^a more> and so on$")
        self.machine.sendall(b"a more> ")
        self.assertEqual(b" ", self.hear(1))
        self.machine.sendall(b"and so on\r\n")
        self.until(lambda: conversation.state == "said")

    def test_expected_text_wins(self) -> None:
        script = "* kdb> => again\\x0d\n< kdb> \n> go\n< ^end$"
        conversation = self.begin(script)
        self.machine.sendall(b"kdb> ")
        self.assertEqual(b"go\r", self.hear(3))
        self.machine.sendall(b"kdb> ")
        self.assertEqual(b"again\r", self.hear(6))
        self.machine.sendall(b"\nend\n")
        self.until(lambda: conversation.state == "said")

    def test_what_comes_with_a_match_is_answered_later(self) -> None:
        self.begin("* more> => \\x20\n< one\n> typed\n< two")
        self.machine.sendall(b"one\r\nmore> ")
        self.assertEqual(b"typed\r ", self.hear(7))

    def test_the_order_is_that_of_the_line(self) -> None:
        self.begin("* second => 2\n* first => 1\n< end")
        self.machine.sendall(b"first second first")
        self.assertEqual(b"121", self.hear(3))

    def test_answers_after_the_end_of_the_script(self) -> None:
        conversation = self.begin("* really => go\\x0d\n< kdb> ")
        self.machine.sendall(b"kdb> ")
        self.until(lambda: conversation.state == "said")
        self.machine.sendall(b"type go a second time if you really mean it")
        self.assertEqual(b"go\r", self.hear(3))


class Failures(TalkTest):
    """What the person reads when it went wrong, and that nothing hangs."""

    def test_what_came_instead(self) -> None:
        conversation = self.begin("< ^good$", 0.3)
        self.machine.sendall(b"\0x" * 1000 + b"bad\r\n")
        self.until(lambda: conversation.state == "failed")
        text = "x" * (talk.SHOWN - 4) + "bad\n"
        self.assertEqual(f"talk, line 1: expected ^good$\ngot      {text}", conversation.failure)

    def test_nothing_came(self) -> None:
        conversation = self.begin("< x", 0.1)
        self.until(lambda: conversation.state == "failed")
        self.assertRegex(conversation.failure, r"got      nothing$")

    def test_line_goes_dead(self) -> None:
        conversation = self.begin("< x", 60)
        self.machine.sendall(b"died")
        self.machine.close()
        self.until(lambda: conversation.state == "failed")
        self.assertRegex(conversation.failure, r"the line went dead; expected x\ngot +died")

    def test_nobody_takes_it(self) -> None:
        self.machine.close()
        conversation = self.begin("> x", 60)
        self.until(lambda: conversation.state == "failed")
        self.assertIn("nobody took x", conversation.failure)

    def test_a_dead_line_ends(self) -> None:
        conversation = self.begin("< ^no newline$")
        self.machine.sendall(b"no newline")
        self.machine.close()
        self.until(lambda: conversation.state != "talking")
        self.assertEqual("", conversation.failure)

    def test_half_a_line_has_no_end(self) -> None:
        conversation = self.begin("< ^cpus: 0-1$", 0.5)
        self.machine.sendall(b"cpus: 0-1")
        time.sleep(0.1)
        self.machine.sendall(b", 2(D)\r\n")
        self.until(lambda: conversation.state == "failed")

    def test_a_wild_machine(self) -> None:
        conversation = self.begin("< x", 60)
        self.machine.settimeout(10)
        self.machine.sendall(b"y\n" * talk.HEARD_MAX)
        self.until(lambda: conversation.state == "failed")
        self.assertIn("far too much came", conversation.failure)

    def test_stop_hears_to_the_end(self) -> None:
        conversation = self.begin("< ^last$\n< ^words$", 60)
        self.machine.sendall(b"last\nwords\n")
        self.machine.close()
        conversation.stop()
        self.assertEqual("said", conversation.state)
        self.assertEqual(b"last\nwords\n", self.transcript.read_bytes())

    def test_stop_does_not_hang(self) -> None:
        conversation = self.begin("< x", 600)
        conversation.stop()
        self.assertFalse(conversation.is_alive())
        self.assertIn("the machine ended before", conversation.failure)

    def test_caller_may_close_the_line(self) -> None:
        conversation = self.begin("< x")
        self.host.close()
        self.machine.sendall(b"x")
        self.until(lambda: conversation.state == "said")

    def test_drained_and_written_after_failure(self) -> None:
        conversation = self.begin("< x\n> never", 0.1)
        self.until(lambda: conversation.state == "failed")
        self.machine.settimeout(5)
        # More than a socket holds.
        self.machine.sendall(b"y" * 99 + b"\r\0\n" + b"z" * 500_000)
        self.machine.close()
        conversation.join(10)
        self.assertEqual(b"y" * 99 + b"\n" + b"z" * 500_000, self.transcript.read_bytes())


GDB = """#!/usr/bin/python3
import re, socket, sys
script = open(sys.argv[sys.argv.index("-x") + 1]).read()
print(script)
line = socket.socket(socket.AF_UNIX)
line.connect(re.search("target remote (.*)", script)[1])
line.settimeout(5)
line.sendall(b"$?#3f")
print("it said", line.recv(100).decode())
line.sendall(b"+$D#44" + b"x" * int(script.split()[-1]))
if "hang" in script:
    import time
    time.sleep(60)
"""


class Debugger(TalkTest):
    """A made-up gdb on the line of a conversation."""

    def gdb(
        self, commands: str, conversation: Conversation | None = None, timeout: float = 5
    ) -> Gdb:
        """A gdb that is stopped at the end of the test."""
        # Too long a path for a socket.
        directory = self.transcript.parent / ("d" * 120)
        directory.mkdir()
        program = directory / "gdb"
        program.write_text(GDB)
        program.chmod(0o755)
        gdb = Gdb(self.host, commands, Path("vmlinux"), directory, timeout, conversation)
        gdb.PROGRAM = str(program)
        self.addCleanup(gdb.stop)
        self.addCleanup(self.machine.close)
        return gdb

    def said(self, gdb: Gdb) -> str:
        """What is in gdb.log."""
        return (gdb.directory / "gdb.log").read_text()

    def test_after_the_conversation(self) -> None:
        conversation = self.begin("< attach\n.")
        gdb = self.gdb("print 1\ndetach 0", conversation)
        gdb.start()
        self.machine.sendall(b"please attach")
        self.assertEqual(b"$?#3f", self.hear(5))
        self.machine.sendall(b"$T05#b9")
        self.assertEqual(b"+$D#44", self.hear(6))
        # gdb goes; the machine's end must not.
        self.machine.settimeout(5)
        self.machine.sendall(b"y" * 500_000)
        gdb.stop()
        self.assertEqual("", gdb.failure)
        self.assertIn("it said $T05#b9", self.said(gdb))
        self.assertRegex(self.said(gdb), "set pagination off\nset confirm off\n")
        self.assertFalse((gdb.directory / gdb.SOCKET).exists())

    def test_last_words_arrive(self) -> None:
        gdb = self.gdb("print 150000")
        gdb.start()
        self.machine.sendall(b"$T05#b9")
        gdb.join(1)
        self.assertEqual(b"$?#3f+$D#44" + b"x" * 150_000, self.hear(150_011))
        gdb.stop()
        self.assertEqual("", gdb.failure)

    def test_failed_conversation(self) -> None:
        gdb = self.gdb("x 0", self.begin("< attach\n.", 0.1))
        gdb.start()
        gdb.join(5)
        self.assertEqual("gdb: the conversation failed", gdb.failure)

    def test_one_that_hangs_is_killed(self) -> None:
        gdb = self.gdb("hang 0", timeout=1)
        gdb.start()
        self.machine.sendall(b"$T05#b9")
        self.hear(11)
        self.until(lambda: gdb.failure)
        self.assertEqual("gdb: killed after 1 s", gdb.failure)

    def test_never_started(self) -> None:
        gdb = self.gdb("x 0")
        gdb.stop()
        self.assertIn("nobody has started it", gdb.failure)

    def test_not_there(self) -> None:
        gdb = self.gdb("x 0")
        gdb.PROGRAM = "no-such-gdb"
        gdb.start()
        gdb.join(5)
        self.assertIn("no-such-gdb", gdb.failure)


class Scripts(unittest.TestCase):
    """What is no script is refused before a machine runs."""

    def test_refused(self) -> None:
        for script, why in (
            ("cpu", "begins with none of"),
            ("< (", "unterminated|missing"),
            ("< ", "matches nothing at all"),
            ("* more>", "REGEX => TEXT"),
            ("< x\n! y\n> z", "behind the last !"),
            ("< x\n.\n> z", "nothing more"),
            ("> \u20ac", "encode"),
        ):
            with self.subTest(script), self.assertRaisesRegex(LabError, why):
                talk.parse(script)

    def test_error_names_the_line(self) -> None:
        with self.assertRaisesRegex(LabError, "line 3: 'x'"):
            talk.parse("\n< y\nx")

    def test_all_rows(self) -> None:
        for path in sorted(SCENARIOS.glob("*.toml")):
            for name, row in tomllib.loads(path.read_text()).get("row", {}).items():
                with self.subTest(row=name):
                    steps = talk.parse(row.get("talk", ""))
                    self.assertEqual("talk" in row, bool(steps))
                    for step in steps:
                        self.assertEqual(step.sign in "<!*", isinstance(step.pattern, re.Pattern))
