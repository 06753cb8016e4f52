# SPDX-License-Identifier: GPL-2.0
"""What is changed in a source, in which order, and when a mutant counts as killed."""

from __future__ import annotations

import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from raslab.lab import LabError
from raslab.mutants import (
    Known,
    Limits,
    Machine,
    Outcome,
    Overlay,
    Said,
    Settings,
    Verdict,
    passed,
    share,
    suites,
    why_killed,
)
from raslab.mutations import Mutant, Source, drawn
from raslab.target import Target
from raslab.tests import made_up

CONSOLE = """\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: ras_stop
    1..2
    ok 1 - one
    ok 2 - two # SKIP needs more
ok 1 - ras_stop
    1..1
    ok 1 - three
ok 2 - ras_chain
"""
# As it comes: with times, and with what follows.
LINES = ["ACPI: 1..2", *CONSOLE.splitlines(), "Kernel panic - not syncing: No working init"]
SERIAL = "".join(f"[    1.234567] {line}\r\n" for line in LINES)


def mutants_in(body: str) -> list[Mutant]:
    """The mutants of a function with this body, which begins in the second line."""
    return Source("a.c", f"static int f(int a)\n{{\n{body}}}\n").mutants()


def changes(body: str) -> set[tuple[str, str]]:
    """By kind, what their lines become."""
    return {(mutant.kind, mutant.after) for mutant in mutants_in(body)}


class ChangesTest(unittest.TestCase):
    """What is changed, and what it becomes."""

    def test_comparison(self) -> None:
        for before, after in (("==", "!="), ("<=", "<"), (">", ">="), ("&&", "||")):
            self.assertEqual(
                changes(f"\treturn a {before} b;\n"), {("compare", f"return a {after} b;")}
            )
            self.assertEqual(
                changes(f"\treturn a {after} b;\n"), {("compare", f"return a {before} b;")}
            )

    def test_shifts_and_arrows_are_no_comparisons(self) -> None:
        self.assertEqual(changes("\treturn a->b << c >> 2;\n"), set())

    def test_condition(self) -> None:
        self.assertEqual(changes("\tif (a & b)\n\t\treturn c;\n"), {("negate", "if (!(a & b))")})
        self.assertEqual(
            changes("\tdo {\n\t\treturn c;\n\t} while (a);\n"), {("negate", "} while (!(a));")}
        )

    def test_condition_of_two_lines(self) -> None:
        mutant = mutants_in("\tif (a &\n\t    b)\n\t\treturn c;\n")[0]
        self.assertEqual((mutant.line, mutant.after), (3, "if (!(a & b))"))

    def test_not(self) -> None:
        self.assertEqual(changes("\treturn !a;\n"), {("drop a !", "return a;")})

    def test_numbers(self) -> None:
        self.assertEqual(
            changes("\treturn a + 1;\n"),
            {("step", "return a - 1;"), ("number", "return a + 0;")},
        )
        self.assertEqual(changes("\treturn 0x10 + 10 + b1 + 1.0;\n"), set())

    def test_return(self) -> None:
        self.assertEqual(changes("\treturn true;\n"), {("return", "return false;")})
        self.assertEqual(changes("\treturn f(true);\n"), set())

    def test_deletion(self) -> None:
        for line in ("foo(a);", "m->arch->foo(a, b(c));", "smp_store_release(&a, b);"):
            self.assertEqual(changes(f"\t{line}\n"), {("delete a call", ";")})
        for line in ("a = b;", "*a = b;", "a->b[c(d)].e |= f;", "a.b[c][d] = e;"):
            self.assertEqual(changes(f"\t{line}\n"), {("delete an assignment", ";")})
        self.assertEqual(changes("\ta->b++;\n"), {("delete a count", ";"), ("count", "a->b--;")})

    def test_what_is_behind_a_head(self) -> None:
        self.assertEqual(
            changes("\tif (a) foo();\n\telse bar();\n"),
            {
                ("negate", "if (!(a)) foo();"),
                ("delete a call", "if (a) ;"),
                ("delete a call", "else ;"),
            },
        )
        self.assertEqual(
            changes("\tfor_each_cpu(cpu, mask)\n\t\tfoo(cpu);\n"), {("delete a call", ";")}
        )
        self.assertEqual(
            changes("\tswitch (a) {\n\tcase B:\n\t\tfoo();\n\t}\nagain:\n\tbar();\n"),
            {("delete a call", ";")},
        )

    def test_what_is_no_statement(self) -> None:
        for line in (
            "int b = foo(a);",
            "struct b c = { .d = foo(a), };",
            "struct b *c = foo(a);",
            "return foo(a);",
            "goto out;",
            "a ? foo(b) : bar(c);",
        ):
            self.assertEqual(changes(f"\t{line}\n"), set(), line)

    def test_a_deletion_keeps_the_lines(self) -> None:
        source = "void f(void)\n{\n\tfoo(a,\n\t    b);\n\tbar();\n}\n"
        first = Source("a.c", source).mutants()[0]
        self.assertEqual(first.before, "foo(a, b);")
        self.assertEqual(first.applied(source), "void f(void)\n{\n\t;\n\n\tbar();\n}\n")

    def test_what_stays(self) -> None:
        for line in (
            "smp_mb();",
            "barrier();",
            "cpu_relax();",
            'pr_warn("a %d", a == b);',
            'seq_buf_printf(s, "a", !a);',
            "WARN_ON(a != 1);",
            "lockdep_assert_held(&a);",
            "/* a == b */",
            "// a == b",
            'return "a == b";',
            "return '0';",
        ):
            self.assertEqual(changes(f"\t{line}\n"), set(), line)

    def test_outside_of_functions(self) -> None:
        text = "#define A(b) (b == 1 && \\\n\t!b)\nstatic int c[] = { 0, 1 };\nenum d { E = 1 };\n"
        self.assertEqual(Source("a.c", text).mutants(), [])

    def test_the_name_of_the_function(self) -> None:
        text = "struct a b = { .c = 1 };\nstatic bool d(int (*e)(void))\n{\n\treturn true;\n}\n"
        (mutant,) = Source("a.c", text).mutants()
        self.assertEqual((mutant.function, mutant.place), ("d", "a.c:4"))


class DrawTest(unittest.TestCase):
    """The order of the draw."""

    TEXT = "int f(int a)\n{\n\tg(a);\n\th(a);\n\tg(a);\n\treturn a == 1;\n}\n"

    def test_a_seed(self) -> None:
        mutants = Source("a.c", self.TEXT).mutants()
        self.assertEqual(len({mutant.key for mutant in mutants}), len(mutants))
        self.assertEqual(drawn(mutants, 1), drawn(reversed(mutants), 1))
        self.assertNotEqual(drawn(mutants, 1), drawn(mutants, 2))

    def test_another_file_or_line_changes_nothing(self) -> None:
        here = drawn(Source("a.c", self.TEXT).mutants(), 1)
        there = drawn(Source("b.c", "int x;\n\n" + self.TEXT).mutants(), 1)
        self.assertEqual([mutant.key for mutant in here], [mutant.key for mutant in there])


class JudgeTest(unittest.TestCase):
    """What a kernel has said, and what is made of it."""

    def test_passed(self) -> None:
        cases = {"ok 1 - one", "ok 2 - two # SKIP needs more", "ok 1 - three"}
        self.assertEqual(passed(CONSOLE), cases | {"ok 1 - ras_stop", "ok 2 - ras_chain"})

    def test_the_end_of_the_suites(self) -> None:
        self.assertEqual(suites(SERIAL), ("ACPI: 1..2\n" + CONSOLE, True))
        self.assertFalse(suites(SERIAL[: SERIAL.index("ok 2 - ras_chain")])[1])
        self.assertFalse(suites(SERIAL[: SERIAL.index("KTAP")])[1])
        self.assertEqual(suites(""), ("", False))
        self.assertTrue(suites(SERIAL.replace("ok 2 - ras", "not ok 2 - ras"))[1])

    def why(self, console: str, ended: bool = True) -> str:
        """Why a mutant that said this is killed."""
        return why_killed(Said(console, ended, 21.4), passed(CONSOLE))

    def test_survivor(self) -> None:
        self.assertEqual(self.why(CONSOLE), "")

    def test_a_case_fails(self) -> None:
        console = CONSOLE.replace("ok 1 - one", "not ok 1 - one")
        self.assertEqual(self.why(console), "not ok 1 - one")

    def test_a_case_is_skipped(self) -> None:
        console = CONSOLE.replace("- one", "- one # SKIP why not")
        self.assertEqual(self.why(console), "no 'ok 1 - one'")

    def test_the_kernel_complains(self) -> None:
        for line in ("WARNING: CPU: 0", "BUG: spinlock bad magic", "Kernel panic - not syncing"):
            self.assertEqual(self.why(f"{CONSOLE}{line}\n"), line)

    def test_it_hangs(self) -> None:
        self.assertEqual(self.why(CONSOLE, ended=False), "hung after 21 s")

    def test_it_ends_early(self) -> None:
        self.assertEqual(self.why(""), "no 'ok 1 - one'")

    def test_limits(self) -> None:
        runs = [Said("", True, 3.0, 2.0), Said("", True, 10.0, 5.0)]
        self.assertEqual(Limits.of(runs), Limits(50, 25))
        self.assertEqual(Limits.of(runs[:1]), Limits(20, 20))

    def test_share(self) -> None:
        mutant = mutants_in("\treturn !a;\n")[0]
        outcomes = [Outcome.KILLED] * 3 + [Outcome.SURVIVED, Outcome.BROKEN, Outcome.EQUIVALENT]
        self.assertEqual(share(Verdict(mutant, outcome) for outcome in outcomes), 75)
        self.assertEqual(share([]), 0)


class SettingsTest(unittest.TestCase):
    """mutants.toml"""

    FILE = Path(__file__).resolve().parents[2] / "mutants.toml"

    def test_the_file(self) -> None:
        settings = Settings.read(self.FILE)
        self.assertTrue(all(known.why for known in settings.known))
        keys = [replace(known, why="") for known in settings.known]
        self.assertEqual(len(keys), len(set(keys)))

    def test_a_word_that_is_not_known(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "mutants.toml")
            path.write_text("seed = 1\ncounts = 2\n", encoding="utf-8")
            with self.assertRaisesRegex(LabError, "counts"):
                Settings.read(path)

    def test_a_known_survivor(self) -> None:
        mutant = mutants_in("\treturn !a;\n")[0]
        known = Known("f", "return !a;", "return a;", "nobody asks")
        settings = Settings(1, 1, 90, {}, [known])
        self.assertEqual(settings.why(mutant), "nobody asks")
        self.assertEqual(settings.why(mutants_in("\treturn !b;\n")[0]), "")

    def test_the_second_of_two(self) -> None:
        first, second = mutants_in("\tg();\n\tg();\n")
        settings = Settings(1, 1, 90, {}, [Known("f", "g();", ";", "it is idle", 1)])
        self.assertEqual((settings.why(first), settings.why(second)), ("", "it is idle"))


class BootTest(unittest.TestCase):
    """What is booted a second time."""

    DEAD = None
    EARLY = Said("Kernel panic - not syncing: the timer does not work\n", False, 1.0)
    DONE = Said(CONSOLE, True, 3.0)
    FAILED = Said("1..2\nnot ok 1 - one\n", False, 2.0)

    def boot(self, *boots: Said | None) -> tuple[Said, int]:
        """What comes of these boots, and how many there were."""
        with tempfile.TemporaryDirectory() as directory:
            machine = Machine(Target(made_up.repository(Path(directory))))
            with mock.patch.object(machine, "_boot", side_effect=boots) as boot:
                return machine.boot(Limits()), boot.call_count

    def test_once(self) -> None:
        self.assertEqual(self.boot(self.DONE), (self.DONE, 1))
        self.assertEqual(self.boot(self.FAILED), (self.FAILED, 1))

    def test_the_emulator_dies(self) -> None:
        self.assertEqual(self.boot(self.DEAD, self.DONE), (self.DONE, 2))
        with self.assertRaisesRegex(LabError, "died twice"):
            self.boot(self.DEAD, self.DEAD)

    def test_the_suites_do_not_begin(self) -> None:
        self.assertEqual(self.boot(self.EARLY, self.DONE), (self.DONE, 2))
        self.assertEqual(self.boot(self.EARLY, self.EARLY), (self.EARLY, 2))
        self.assertEqual(self.boot(self.EARLY, self.DEAD), (self.EARLY, 2))


class OverlayTest(unittest.TestCase):
    """Where a mutant's source stands, and that nothing of it stays."""

    def test_put_and_restore(self) -> None:
        source = "int f(int a)\n{\n\treturn !a;\n}\n"
        with tempfile.TemporaryDirectory() as directory:
            target = Target(made_up.repository(Path(directory)))
            before = made_up.state(target.lab.top)
            overlay = Overlay(target, {"stop.c": source})
            overlay.lay()
            path = overlay.place / "stop.c"
            mutant = Source("stop.c", source).mutants()[0]
            overlay.put(mutant)
            self.assertEqual(path.read_text(encoding="utf-8"), source.replace("!a", "a"))
            overlay.restore(mutant)
            self.assertEqual(path.read_text(encoding="utf-8"), source)
            path.with_suffix(".o").write_bytes(b"object")
            overlay.clear()
            self.assertEqual(list(overlay.place.iterdir()), [])
            self.assertEqual(made_up.state(target.lab.top), before)


if __name__ == "__main__":
    unittest.main()
