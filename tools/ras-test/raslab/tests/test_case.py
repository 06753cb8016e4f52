# SPDX-License-Identifier: GPL-2.0
"""From evidence to an outcome; no machine is started."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from raslab.case import (
    Case,
    CaseRun,
    Outcome,
    Result,
    clock_fell_back,
    other_kernels,
)
from raslab.check import Answer, Check, End
from raslab.lab import Lab, LabError
from raslab.machine import script_of
from raslab.row import LifeRow, Row

TOP = Path(__file__).resolve().parents[4]
LAB = Lab(TOP, Path("/nowhere"), 1, "tcg")
CONSOLE = "RT: up 6.1 4 CPUs\nRT: hello\nRT: end\n"


def row(**fields: object) -> Row:
    """A row that expects "hello" of a machine that switches itself off."""
    plain: dict[str, object] = {"name": "a", "subject": "b", "about": "c", "cpus": 1}
    plain |= {"checks": (Check("console", "has", "hello"),), "lives": (LifeRow(run="say hello"),)}
    return Row(**(plain | fields))  # type: ignore[arg-type]


def judged(
    end: End, console: str = CONSOLE, *, kernel: str = "main", model: str = "qemu", **fields: object
) -> Result:
    """What the lab makes of such a console and such an end."""
    run = CaseRun(LAB, Case(row(**fields), kernel, model))
    run.evidence.ends.append(end)
    run.evidence.consoles.append(console)
    answers = run._answers()
    return run._result(answers)


def bad(answers: list[Answer]) -> list[str]:
    """The titles of what does not hold."""
    return [answer.title for answer in answers if not answer.ok]


class OutcomeTest(unittest.TestCase):
    """Each outcome, and what holds for every row without its saying so."""

    def test_pass(self) -> None:
        result = judged(End.OFF)
        self.assertEqual((result.outcome, bad(result.answers)), (Outcome.PASS, []))

    def test_a_check_that_does_not_hold(self) -> None:
        result = judged(End.OFF, CONSOLE.replace("hello", "goodbye"))
        self.assertIs(result.outcome, Outcome.FAIL)

    def test_a_kernel_that_was_not_built_here(self) -> None:
        banner = "[    0.000000] Linux version 6.1 (ras@ras) (gcc) #11 SMP 1970-01-01\n"
        result = judged(End.OFF, banner + CONSOLE)
        self.assertEqual(bad(result.answers), ["the kernel is the one that was built"])
        self.assertEqual(other_kernels(banner, {"#12 SMP 1970-01-01"}), ["#11 SMP 1970-01-01"])
        self.assertEqual(other_kernels(banner + banner, {"#11 SMP 1970-01-01"}), [])

    def test_emulator_died_is_lost_whatever_the_answers(self) -> None:
        self.assertIs(judged(End.DIED).outcome, Outcome.LOST)

    def test_no_answer_is_lost(self) -> None:
        self.assertIs(judged(End.STUCK).outcome, Outcome.LOST)

    def test_silence_beyond_what_the_row_allows_is_a_verdict(self) -> None:
        self.assertIs(judged(End.SILENT, silence=20).outcome, Outcome.FAIL)

    def test_a_second_boot_fails(self) -> None:
        result = judged(End.OFF, CONSOLE + CONSOLE)
        self.assertEqual(bad(result.answers), ["it boots once"])

    def test_a_second_boot_that_is_wanted(self) -> None:
        self.assertIs(judged(End.OFF, CONSOLE + CONSOLE, boots=2).outcome, Outcome.PASS)
        result = judged(End.OFF, CONSOLE, boots=2)
        self.assertEqual(bad(result.answers), ["it boots 2 times"])

    def test_warning_of_the_kernel(self) -> None:
        console = CONSOLE + "[ 1.0] WARNING: CPU: 1 PID: 5 at kernel/panic.c:1\n"
        self.assertEqual(bad(judged(End.OFF, console).answers), ["the kernel has no warning"])
        self.assertIs(judged(End.OFF, console, warnings="wanted").outcome, Outcome.PASS)

    def test_dump_that_nobody_wants(self) -> None:
        run = CaseRun(LAB, Case(row()))
        run.evidence.ends.append(End.OFF)
        run.evidence.consoles.append(CONSOLE)
        run.evidence.vmcore = Path("vmcore")
        self.assertEqual(bad(run._answers()), ["there is no dump"])

    def test_end_other_than_the_life_says(self) -> None:
        lives = (LifeRow(run="", ends="reset"),)
        self.assertIs(judged(End.OFF, lives=lives).outcome, Outcome.FAIL)
        self.assertIs(judged(End.RESET, lives=lives).outcome, Outcome.PASS)

    def test_known_failure(self) -> None:
        known = {"bochs": "MWAIT"}
        stuck = judged(End.STUCK, model="bochs", known_failure=known)
        self.assertIs(stuck.outcome, Outcome.KNOWN)
        passes = judged(End.OFF, model="bochs", known_failure=known)
        self.assertIs(passes.outcome, Outcome.FAIL)
        self.assertIn("passes", passes.reason)

    def test_survey_has_answers_and_no_verdict(self) -> None:
        result = judged(End.STUCK, "", kernel="unmodified", survey=("unmodified",))
        self.assertIs(result.outcome, Outcome.PASS)
        self.assertEqual(len(bad(result.answers)), 1)

    def test_survey_given_up_in_the_crash_kernel(self) -> None:
        console = "[   12.500000] Kernel panic\n[    0.000000] ACPI: nothing\n"
        result = judged(End.STUCK, console, kernel="unmodified", survey=("unmodified",))
        self.assertIs(result.outcome, Outcome.FAIL)


class FetchTest(unittest.TestCase):
    """What peers have received."""

    def fetched(self, fetch: str, *peers: str) -> tuple[list[str], list[str]]:
        """The files of the directory, and those that were merged, if any."""
        with tempfile.TemporaryDirectory() as place:
            run = CaseRun(LAB, Case(row(fetch=fetch, peers={name: {} for name in peers})))
            run.directory = Path(place)
            for name in peers:
                (run.directory / f"peer-{name}").mkdir()
                (run.directory / f"peer-{name}" / "vmcore").touch()
            (run.directory / "dump").mkdir()
            with mock.patch("raslab.case.merge") as merge:
                run._fetch(run.directory / "dump" / "vmcore")
            parts = merge.call_args[0][1] if merge.called else []
            left = sorted(path.name for path in (run.directory / "dump").iterdir())
            return left, [part.name for part in parts]

    def test_one(self) -> None:
        self.assertEqual(self.fetched("rasdumpd", "rasdumpd", "next"), (["vmcore"], []))
        self.assertEqual(self.fetched("rasdumpd"), ([], []))

    def test_two(self) -> None:
        both = ["next", "rasdumpd"]
        self.assertEqual(self.fetched("rasdumpd next", *both), (both, both[::-1]))


class ScriptTest(unittest.TestCase):
    """What the guest runs, and whose clock that is."""

    def test_included_file(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            guest = Path(place) / "tools" / "ras-test" / "guest"
            guest.mkdir(parents=True)
            (guest / "load.sh").write_text("inner\n", encoding="ascii")
            lab = Lab(Path(place), Path("/nowhere"), 1, "tcg")
            self.assertEqual(script_of(lab, "a=1\n@load\nsay b"), "a=1\ninner\n\nsay b\n")
            with self.assertRaisesRegex(LabError, "guest/nothing.sh"):
                script_of(lab, "@nothing")

    def test_clock(self) -> None:
        self.assertFalse(clock_fell_back("[    1.5] a\nRT: b\n[    1.4] c\n[    9.0] d\n"))
        self.assertTrue(clock_fell_back("[   10.5] a\n[    0.1] c\n"))
