# SPDX-License-Identifier: GPL-2.0
"""What dumps are asked, on what crash and drgn have said of a real one.

The dump is of row irqsoff: CPU 0 panicked in a task, CPU 2 spun with interrupts off.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
import unittest
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from raslab.check import Answer, Check, RowError
from raslab.crash import Backtrace, Crash, Symbols, notes_in_help
from raslab.drgn_reader import DrgnReader, Report
from raslab.dump import (
    Dump,
    DumpJudge,
    answer,
    drgn_denies,
    handlers,
    lines_after_report,
    question,
    title_of,
)
from raslab.kdump_file import DumpError

DATA = Path(__file__).parent / "data" / "dump"


def recorded(name: str) -> str:
    """What crash has said, without the licence."""
    return (DATA / name).read_text(encoding="utf-8").partition("\n")[2]


class RecordedCrash(Crash):
    """Answers with what was recorded; ``edit`` changes it before."""

    def __init__(self, directory: Path, edit: Callable[[str, str], str]) -> None:
        super().__init__(Path("vmlinux"), Path("vmcore"), directory)
        self.edit = edit

    def ask(self, commands: Iterable[str]) -> None:
        for command in commands:
            name = self._file(command).name
            if (DATA / name).exists():
                text = self.edit(command, recorded(name))
                (self.directory / name).write_text(text, encoding="utf-8")


class RecordedDump(Dump):
    """A dump that nobody has to open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(Path("vmlinux"), Path("vmcore"), directory)
        self.edit: Callable[[str, str], str] = lambda command, text: text
        text = (DATA / "drgn.json").read_text(encoding="utf-8")
        self.said: dict[str, Any] = json.loads(text)

    @cached_property
    def crash(self) -> Crash:
        return RecordedCrash(self.directory, self.edit)

    @property
    def drgn(self) -> Report:
        return Report.from_json(json.dumps(self.said))

    def page_kinds(self) -> Path:
        return self.directory / "nowhere"


class DumpTest(unittest.TestCase):
    """Tests with the recorded dump."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.place = Path(directory.name)
        self.dump = RecordedDump(self.place / "crash")

    def ask(self, what: str, expected: str | int = "", **more: str) -> Answer:
        """The answer to a check that the judge accepts."""
        check = Check("dump", what, expected)
        DumpJudge.accept(check)
        return answer(check, self.dump, self.place, **more)

    def good(self, what: str, expected: str | int = "", **more: str) -> None:
        """It holds."""
        result = self.ask(what, expected, **more)
        self.assertTrue(result.ok, result)

    def bad(self, what: str, expected: str | int = "", got: str = "^", **more: str) -> None:
        """It does not hold, and the answer says what was found."""
        result = self.ask(what, expected, **more)
        self.assertFalse(result.ok, result)
        self.assertRegex(result.got, got)

    def crash_says(self, command: str, old: str, new: str) -> None:
        """Change what crash says."""
        self.assertIn(old, recorded(self.dump.crash._file(command).name))
        self.dump.edit = lambda asked, text: text.replace(old, new) if asked == command else text
        self.dump.__dict__.pop("crash", None)


class TheDump(DumpTest):
    """What holds for it, and what does not."""

    def test_opens(self) -> None:
        self.good("opens")
        self.crash_says("sys", "6.1.192-ras", "6.1.191-ras")
        self.bad("opens", got="6.1.191-ras, drgn the banner 'Linux version 6.1.192-ras")

    def test_crash_has_nothing_in_its_hands(self) -> None:
        self.crash_says("sys", "PANIC:", "PANICS:")
        for what, expected in (("opens", ""), ("panic", "in task"), ("log has", "ras: stop")):
            self.bad(what, expected, "crash does not open the dump")

    def test_cpu_in(self) -> None:
        self.good("cpu 1 in", "ras_test_place_spin")
        self.good("cpu 2 in", "ras_test_place_irqsoff")
        self.bad("cpu 1 in", "ras_test_place_irqsoff", "drgn's: ras_test_place_spin at 0xffffff")
        self.bad("cpu 0 in", "ras_panic", "crash's backtrace: test_write;")
        self.bad("cpu 4 in", "ras_test_place_spin", "drgn knows no CPU 4")

    def test_note(self) -> None:
        self.good("note 0", "ras_panic")
        self.good("note 2", "ras_test_place_irqsoff")
        self.bad("note 0", "panic", "crash's ELF note: ras_panic at .* drgn's: ras_panic at")

    def test_crashed_cpu(self) -> None:
        self.good("crashed cpu", 0)
        self.bad("crashed cpu", 1, "crash: CPU 0, process 80; drgn: CPU 0, process 80")
        self.bad("crashed cpu", 4, "drgn knows no CPU 4")

    def test_panic_and_task(self) -> None:
        self.good("panic", "ras_test: panic in task")
        self.bad("panic", "in hardirq", "panic in task")
        self.good("task", "ras_marker/2")
        # Only running ones are in crash's list of this kernel.
        self.assertNotIn("kthreadd", self.dump.crash.tasks)
        self.good("task", "kthreadd")
        self.bad("task", "ras_marker/9", "kthreadd")
        self.bad("task", "ras_marker", "ras_marker/1")

    def test_log(self) -> None:
        self.good("log has", "owner 0 ipi 1,3 nmi 2$")
        self.bad("log has", "no such line", "stop 1 took")
        self.good("log lacks", "no such line")
        self.bad("log lacks", "owner [0-9]", "owner 0 ipi")

    def test_handlers(self) -> None:
        self.good("handlers", "kmsg kdump")
        self.bad("handlers", "kdump kmsg", "kmsg kdump")
        self.good("handler kmsg", "next +[0-9.]+ ms$")
        self.bad("handler kmsg", "ext", "next")
        self.bad("handler kmsg", "next$|leaves", "next")
        self.bad("handler f0_read", "next", "no such handler")
        self.good("lines after the report", 100)
        self.good("lines after the report", 1)

    def test_backtrace(self) -> None:
        self.good("backtrace 0 has", "panic")
        self.good("backtrace 0 has", "proc_reg_write")
        self.good("backtrace 2 has", "ras_machine_stopped")
        self.bad("backtrace 0 has", "sysrq_handle_crash", "crash: panic test_write")
        self.good("backtrace 0 lacks", " (faulty|ras_call|ras_on_stack|ras_guard)")
        self.bad("backtrace 0 lacks", "test_write", "test_write")
        # Inlined: only drgn shows it.
        self.bad("backtrace 0 lacks", "test_fire", "#6 test_fire at")

    def test_backtrace_with_kasan(self) -> None:
        result = self.ask("backtrace 0 has", "proc_reg_write", flavour="debug")
        self.assertTrue(result.ok)
        self.assertIn("left out: crash is no judge with KASAN; drgn has it", result.title)
        self.assertTrue(self.ask("backtrace 0 has", "nowhere", flavour="debug").ok)
        self.bad("backtrace 0 lacks", "test_write", flavour="debug")
        self.bad("cpu 1 in", "nowhere", flavour="debug")

    def test_pages_without_a_reference(self) -> None:
        self.bad("pages agree", "all", "cannot be read")


class Disagreement(DumpTest):
    """Where crash and drgn disagree the check fails, and shows both."""

    def drgn_cpu(self, number: int) -> Any:
        """Of drgn's report, to be changed."""
        return self.dump.said["cpus"][number]

    def test_registers(self) -> None:
        self.drgn_cpu(1)["note"]["registers"]["rip"] += 1
        self.bad("cpu 1 in", "ras_test_place_spin", "6b; .*6c; different are rip")
        self.bad("note 1", "ras_test_place_spin")
        self.good("cpu 2 in", "ras_test_place_irqsoff")

    def test_another_register(self) -> None:
        self.crash_says("help -n", "ffffc900002fbd08", "ffffc900002fbd00")
        self.bad("cpu 1 in", "ras_test_place_spin", "different are rbp")

    def test_function(self) -> None:
        self.drgn_cpu(1)["functions"] = ["ras_test_place_nmi"]
        self.bad("cpu 1 in", "ras_test_place_spin", "drgn's: ras_test_place_nmi at")
        # One place, two names.
        self.drgn_cpu(1)["functions"] = ["ras_test_place_nmi", "ras_test_place_spin"]
        self.good("cpu 1 in", "ras_test_place_spin")

    def test_damaged_notes(self) -> None:
        """The backtrace is right, and both notes are not."""
        self.crash_says("help -n", "ffffffffa000006b", "ffffffffa000106b")
        self.drgn_cpu(1)["note"]["registers"]["rip"] += 0x1000
        self.drgn_cpu(1)["functions"] = []
        self.bad("cpu 1 in", "ras_test_place_spin", "backtrace: ras_test_place_spin; .*no function")

    def test_process(self) -> None:
        self.drgn_cpu(1)["comm"] = "ras_marker/3"
        self.bad("cpu 1 in", "ras_test_place_spin", "running by crash .*marker/1.*by drgn .*ker/3")

    def test_crashed_cpu(self) -> None:
        self.dump.said["crashed"]["cpu"] = 1
        self.bad("crashed cpu", 0, "crash: CPU 0, process 80; drgn: CPU 1, process 80")
        self.bad("crashed cpu", 1)
        self.dump.said["crashed"] = None
        self.bad("crashed cpu", 0, "drgn: nothing")
        self.dump.said["crashed"] = {"cpu": 0, "pid": 80}
        self.crash_says("set -p", " (PANIC)", "")
        self.bad("crashed cpu", 0, "crash: nothing; drgn: CPU 0")

    def test_crashed_cpu_ran_something_else(self) -> None:
        self.drgn_cpu(0)["pid"] = 81
        self.bad("crashed cpu", 0, "crash: CPU 0, process 80; drgn: CPU 0, process 80")

    def test_no_note(self) -> None:
        del self.drgn_cpu(1)["note"], self.drgn_cpu(1)["functions"], self.drgn_cpu(1)["frames"]
        self.bad("cpu 1 in", "ras_test_place_spin", "drgn's: no note")

    def test_log(self) -> None:
        self.dump.said["log"] = self.dump.said["log"].replace("owner 0 ipi 1,3", "owner 0 ipi 1")
        self.bad("log has", "ipi 1,3", "by crash's log True, by drgn's False")
        self.bad("log lacks", "ipi 1,3", "by crash's log False")
        self.dump.said["log"] += "one more\n"
        self.bad("lines after the report", 100, "by crash's log 1, by drgn's 2")
        self.dump.said["log"] = None
        self.dump.said["errors"] = ["the log: FaultError"]
        self.bad("log lacks", "nothing", "drgn has no log: the log: FaultError")

    def test_task(self) -> None:
        self.dump.said["tasks"] = [{"pid": 1, "comm": "init"}]
        self.bad("task", "ras_marker/2", "crash lists it, drgn does not: init")
        self.dump.said.update(tasks=None, errors=["the tasks: FaultError"])
        self.bad("task", "kthreadd", "the tasks: FaultError")

    def test_backtrace(self) -> None:
        """crash is led astray by what an earlier call has left on the stack."""
        self.crash_says("bt -c 0", "vfs_write", "handle_mm_fault")
        self.bad(
            "backtrace 0 has", "handle_mm_fault", "crash: .*handle_mm_fault.*; drgn:.*vfs_write"
        )

    def test_drgn_does_not_open_it(self) -> None:
        with self.assertRaisesRegex(DumpError, "drgn's report is none"):
            Report.from_json("{}")
        with self.assertRaisesRegex(DumpError, "drgn's report is none"):
            Report.from_json(
                '{"banner": "", "cpus": [{}], "crashed": null, "tasks": [], "log": "", "errors": []}'
            )


class Patience(DumpTest):
    """Who does not answer is asked once more, and no oftener."""

    def test_crash(self) -> None:
        asked: list[str] = []

        class Silent(Crash):
            """Says nothing."""

            def ask(self, commands: Iterable[str]) -> None:
                asked.extend(commands)

        crash = Silent(Path("vmlinux"), Path("vmcore"), self.place / "silent")
        crash.ask(["sys", "bt -c 1"])
        for _ in range(3):
            self.assertEqual(crash.said("bt -c 1"), "")
            with self.assertRaisesRegex(DumpError, "crash does not open the dump"):
                crash.need()
        self.assertEqual(asked, ["sys", "bt -c 1", "bt -c 1", "sys"])

    def test_drgn(self) -> None:
        runs: list[tuple[str, ...]] = []

        class Dying(DrgnReader):
            """Is brought down by the dump."""

            def _run(self, *options: str) -> None:
                runs.append(options)
                raise DumpError("drgn is killed by signal 11")

        reader = Dying(Path("vmlinux"), Path("vmcore"), [], self.place / "dying")
        for _ in range(3):
            with self.assertRaisesRegex(DumpError, "signal 11"):
                self.assertIsNone(reader.report)
        self.assertEqual(len(runs), 1)


class Backtraces(DumpTest):
    """What is in a backtrace, and what drgn can say of it."""

    def test_past_what_stops(self) -> None:
        for text, function in (
            (" #0 [f] crash_nmi_callback at 1\n #1 [f] asm_sysvec_x86_platform_ipi at 1", ""),
            (
                " #0 [f] crash_nmi_callback at 1\n #1 [f] ras_test_place_spin at 2",
                "ras_test_place_spin",
            ),
            (" #0 [f] ras_park at 1\n    [exception RIP: memcpy+10]\n", "memcpy"),
            (" #0 [f] panic at 1\n #1 [f] test_write.cold at 2 [ras_test]", "test_write"),
            ("#10 [f] exc_nmi at 1\n    [exception RIP: do_work.cold+1]", "do_work"),
            ("    [exception RIP: unknown or invalid address]\n", "unknown"),
            ("bt: invalid cpu specification: 9", ""),
        ):
            self.assertEqual(Backtrace(text).interrupted, function, text)

    def test_recorded(self) -> None:
        backtrace = Backtrace(recorded("bt-c-2.said"))
        self.assertEqual(backtrace.process, (77, "ras_marker/2"))
        self.assertEqual(backtrace.exception, "ras_test_place_irqsoff+0xa")
        self.assertEqual(backtrace.functions[-2:], ["kthread", "ret_from_fork"])

    def test_symbols(self) -> None:
        symbols = Symbols(recorded("sym-l.said"))
        for address, function in (
            (0xFFFFFFFFA0000000, "ras_test_place_irqsoff"),
            (0xFFFFFFFFA000000F, "ras_test_place_irqsoff"),
            (0xFFFFFFFFA0000010, "ras_test_place_nmi"),
            (0xFFFFFFFFA0000990, "test_write"),
            (0xFFFFFFFF00000000, ""),
        ):
            self.assertEqual(symbols.function(address), function)

    def test_notes(self) -> None:
        notes = notes_in_help(recorded("help-n.said"))
        self.assertEqual([note.pid for note in notes], [80, 76, 77, 78])
        self.assertEqual(notes[2].registers["rsp"], 0xFFFFC9000030BF10)
        self.assertEqual(len(notes[0].registers), 27)

    def test_notes_of_idle_cpus(self) -> None:
        """Each of them runs a process 0, and has a note at its own place."""
        crash = self.dump.crash
        crash.said("help -n")
        path = self.place / "crash" / "help-n.said"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("pid: 76 ", "pid: 0 ").replace("pid: 78 ", "pid: 0 "))
        for cpu, pid in ((1, 76), (3, 78)):
            said = recorded(f"bt-c-{cpu}.said").replace(f"PID: {pid} ", "PID: 0 ")
            (self.place / "crash" / f"bt-c-{cpu}.said").write_text(said, encoding="utf-8")
        for cpu in (1, 3):
            note = crash.note(cpu)
            assert note is not None
            self.assertEqual(note.registers["r9"], notes_in_help(text)[cpu].registers["r9"])
        # One CPU has left none: nobody knows whose the others are.
        path.write_text(path.read_text().replace("notes[2]:", "nothing:"), encoding="utf-8")
        crash.__dict__.pop("_notes")
        self.assertIsNone(crash.note(1))

    def test_what_drgn_denies(self) -> None:
        cpu = self.dump.drgn.cpu(0)
        self.assertTrue(cpu.complete)
        functions = ["machine_kexec", "__crash_kexec", "panic", "stray", "vfs_write"]
        self.assertTrue(drgn_denies("stray", functions, cpu))
        self.assertFalse(drgn_denies("vfs_write", functions, cpu))
        # Called since the note was taken.
        noted = dataclasses.replace(cpu, functions=("__crash_kexec",))
        self.assertFalse(drgn_denies("machine_kexec", functions, noted))
        self.assertTrue(drgn_denies("stray", functions, noted))
        # It ends on another stack.
        cut = dataclasses.replace(cpu, frames=cpu.frames[:5])
        self.assertFalse(cut.complete)
        self.assertFalse(drgn_denies("stray", functions, cut))


class Logs(unittest.TestCase):
    """What is found in a log."""

    def test_handlers(self) -> None:
        log = """\
[    1.0] ras:   handler kmsg         next   9.1 ms
[    1.0] ras:   handler f0_read      abandoned after 1.0 ms: page fault
[    1.0] ras:   handler kdb          not armed: panic= is set: waits for nobody
[    1.0] ras:   handler kgdb         not armed: kdb has the line
[    1.0] ras:   handler f0_read      once more
[    1.0] ras:   handler kdump        leaves this kernel
"""
        self.assertEqual(handlers(log), ["kmsg", "f0_read", "kdump"])
        self.assertEqual(handlers(log.replace("not armed: kdb has", "next has"))[2], "kgdb")
        self.assertEqual(handlers(""), [])

    def test_lines_after_the_report(self) -> None:
        self.assertEqual(lines_after_report("a\nras:   stop 1 took 3 ms\n"), 1)
        self.assertEqual(lines_after_report("ras:   stop 1 took 3 ms\nb\nc\n"), 3)
        self.assertEqual(lines_after_report("a\nb\nc\nd\n"), 4)


class Grammar(unittest.TestCase):
    """What a dump can be asked."""

    def test_accepted(self) -> None:
        good: list[tuple[str, str | int]] = [
            ("none", ""),
            ("opens", ""),
            ("cpu 11 in", "do_work.isra.0"),
            ("crashed cpu", 0),
            ("crashed cpu", "11"),
            ("handler f0_read", "next|leaves"),
            ("handlers", "kmsg kdump"),
            ("registers agree", 4),
            ("pages agree", "all"),
        ]
        for what, expected in good:
            DumpJudge.accept(Check("dump", what, expected))

    def test_refused(self) -> None:
        wrong: list[tuple[str, str | int]] = [
            ("cpu in", "panic"),
            ("cpu two in", "panic"),
            ("cpu 2", "panic"),
            ("cpu 2 in", ""),
            ("cpu 2 in", 7),
            ("crashed cpu", "-1"),
            ("crashed cpu", "panic"),
            ("crashed cpu", True),
            ("handler", "x"),
            ("handlers", ""),
            ("log has", "("),
            ("log has", ""),
            ("log lacks", 3),
            ("lines after the report", "many"),
            ("registers agree", 0),
            ("pages agree", "some"),
            ("opens", "wide"),
            ("none", "x"),
            ("ps", "init"),
        ]
        for what, expected in wrong:
            with self.subTest(f"{what}={expected}"), self.assertRaises(RowError):
                DumpJudge.accept(Check("dump", what, expected))
        with self.assertRaises(RowError):
            DumpJudge.accept(Check("dump second", "opens"))

    def test_titles(self) -> None:
        self.assertEqual(
            title_of(Check("dump", "cpu 2 in", "panic")), "CPU 2 was interrupted in panic"
        )
        self.assertEqual(title_of(Check("dump", "opens", "", "it comes")), "it comes")
        self.assertEqual(title_of(Check("dump", "log has", "a{3}")), "the log in the dump has a{3}")

    def test_what_crash_is_asked(self) -> None:
        asked, subject = question(Check("dump", "cpu 2 in", "panic"))
        self.assertEqual(asked.needs(subject, "panic"), ["sys", "bt -c 2", "help -n", "sym -l"])
        asked, subject = question(Check("dump", "registers agree", 2))
        self.assertIn("bt -c 1", asked.needs(subject, "2"))
        asked, subject = question(Check("dump", "dmesg has", "x"))
        self.assertEqual(asked.needs(subject, "x"), [])


if __name__ == "__main__":
    unittest.main()
