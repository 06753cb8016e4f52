# SPDX-License-Identifier: GPL-2.0
"""Tables: what stands in them, and when a document is written anew."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from raslab import chains, faults, lkdtm, tables
from raslab.commands import tables as command
from raslab.lab import Lab, LabError

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
DOCUMENTS = SCENARIOS.parents[2] / "Documentation" / "ras"
STAMP = {"date": "2026-11-22", "commit": "0123456789ab", "host": "2 x a CPU, QEMU 7.2"}


def entry(row: str, kernel: str = "main", outcome: str = "pass", **more: object) -> tables.Entry:
    """A result as results.json has it."""
    checks = [{"where": "dump", "what": "panic", "title": "the panic", "ok": True}]
    made: tables.Entry = {"row": row, "kernel": kernel, "model": "qemu", "outcome": outcome}
    return made | {"seconds": 4.0, "checks": checks, "panic": ""} | STAMP | more


def all_cells(kernel: str) -> list[tables.Entry]:
    """A result for each cell of the table of handlers."""
    rows = faults.generate(SCENARIOS / "faults.toml", kernel)
    return [entry(row.name, kernel) for row in rows if not row.skip]


def made(name: str, entries: list[tables.Entry]) -> tables.Table:
    return tables.Tables(SCENARIOS, entries).make(name)


class Handlers(unittest.TestCase):
    """Kinds and chains by context and CPUs."""

    def test_all_of_it(self) -> None:
        table = made("faults-main", all_cells("main"))
        self.assertEqual(table.missing, [])
        lines = table.text.splitlines()
        self.assertEqual(len(lines), 52)
        head = "main kernel       task                softirq             hardirq             nmi"
        self.assertEqual(lines[0], head)
        cells = "-     ok    ok      -     ok    ok      -     ok    ok      -     -     ok"
        self.assertIn(f"two-hangs         {cells}", lines)
        origin = "Measured 2026-11-22, commit 0123456789ab, on 2 x a CPU, QEMU 7.2."
        self.assertEqual(table.origin(), origin)

    def test_what_was_not_run(self) -> None:
        table = made("faults-main", all_cells("main")[1:])
        self.assertEqual(table.missing, ["read-task-1 on main"])
        self.assertIn("read              .     ok    ok ", table.text)

    def test_lost_is_no_measurement(self) -> None:
        entries = [entry("read-task-1", outcome="lost"), *all_cells("main")[1:]]
        self.assertEqual(made("faults-main", entries).missing, ["read-task-1 on main"])

    def test_failure(self) -> None:
        entries = [entry("read-task-1", outcome="fail"), *all_cells("main")[1:]]
        self.assertIn("read              FAIL  ok    ok ", made("faults-main", entries).text)

    def test_another_model_is_another_machine(self) -> None:
        entries = [*all_cells("main"), entry("read-task-1", outcome="fail", model="bochs")]
        self.assertNotIn("FAIL", made("faults-main", entries).text)

    def test_survey(self) -> None:
        entries = all_cells("unmodified")
        entries[0]["checks"] = [entries[0]["checks"][0] | {"ok": False}]
        entries[1]["outcome"] = "fail"
        table = made("faults-unmodified", entries)
        self.assertIn("read              none  FAIL  dump ", table.text)

    def test_mixed_origin(self) -> None:
        entries = all_cells("main")
        entries[0] |= {"date": "2026-11-20", "commit": "cafe"}
        origin = made("faults-main", entries).origin()
        self.assertIn("2026-11-20 to 2026-11-22, commits cafe, 0123456789ab,", origin)

    def test_impossible(self) -> None:
        table = made("faults-impossible", [])
        self.assertEqual((table.missing, table.origin()), ([], ""))
        self.assertIn("  two-hangs three-hangs\n", table.text)
        self.assertLessEqual(table.text.count("\n\n"), 2)


class Others(unittest.TestCase):
    """The other tables."""

    def test_lkdtm(self) -> None:
        rows = lkdtm.generate(SCENARIOS / "lkdtm.toml")
        message = '"Kernel panic - not syncing: dumptest"'
        entries = [entry(row.name, "main", panic=message) for row in rows]
        entries += [entry(row.name, "unmodified") for row in rows]
        table = made("lkdtm", entries)
        self.assertEqual(table.missing, [])
        lines = table.text.splitlines()
        self.assertEqual(len(lines), 1 + 62 + 45)
        self.assertEqual(lines[1], f"{'PANIC':<34} {'ok':<10} {'dump':<11} {message}")
        reason = "hrtimer_start() is an inline function: no such symbol"
        self.assertEqual(lines[-1], f"{'TIMERADD':<34} {'-':<10} {'-':<11} {reason}")

    def test_debuggers(self) -> None:
        def answered(kernel: str) -> tables.Entry:
            titles = {"kdb is there": kernel == "main", "the dump comes by itself": True}
            checks = [{"title": title, "ok": ok} for title, ok in titles.items()]
            return entry("beside-wait", kernel, checks=checks)

        table = made("debuggers", [answered("main"), answered("unmodified")])
        about = "the same, and a person has three seconds"
        found = table.text.split(f"\n{about}\n")[1].splitlines()[:2]
        self.assertEqual(found[0], f"  {'kdb is there':<50} {'no':>10} {'yes':>10}")
        self.assertEqual(found[1], f"  {'the dump comes by itself':<50} {'yes':>10} {'yes':>10}")
        self.assertIn("beside-task on main", table.missing)
        self.assertNotIn("beside-wait on main", table.missing)

    def test_chains(self) -> None:
        rows = chains.generate(3, 200, faults.Faults(SCENARIOS / "faults.toml"))
        entries = [entry(row.name) for row in rows] + [entry("seed-9-cpus-1-1")]
        table = made("chains", entries)
        first = "seed 3: 200 chains, 34 dumped, 166 released on 6 machines, 40 at the most on one"
        self.assertEqual(table.lines, [first, "seed 3: 40 machines, 0 failed"])
        self.assertEqual(table.missing, [])
        self.assertTrue(made("chains", entries[1:]).missing)
        self.assertTrue(made("chains", []).missing)

    def test_no_such_table(self) -> None:
        self.assertRaises(LabError, made, "soups", [])


class Documents(unittest.TestCase):
    """Blocks between marks."""

    def test_written_if_complete(self) -> None:
        old = "before\n\n" + tables.marked("faults-main", "old\n") + "\nafter\n"
        made_of = tables.Tables(SCENARIOS, all_cells("main"))
        new, notes = tables.rewrite(old, made_of)
        self.assertEqual(notes, ["faults-main: written"])
        self.assertTrue(new.startswith("before\n\n..  begin table faults-main "))
        self.assertTrue(new.endswith("\n..  end table faults-main\n\nafter\n"))
        self.assertIn("\n\nMeasured 2026-11-22, commit 0123456789ab, on ", new)
        self.assertIn("\n\n::\n\n    main kernel ", new)
        self.assertEqual(tables.rewrite(new, made_of), (new, ["faults-main: the same"]))

    def test_left_if_not(self) -> None:
        old = tables.marked("faults-main", "old\n") + tables.marked("lkdtm", "older\n")
        new, notes = tables.rewrite(old, tables.Tables(SCENARIOS, all_cells("main")[2:]))
        self.assertEqual(new, old)
        note = "left as it is; the results lack 2 cells, such as read-task-1 on main"
        self.assertEqual(notes[0], f"faults-main: {note}")
        self.assertEqual(len(notes), 2)

    def test_the_documents_have_every_table(self) -> None:
        made_of = tables.Tables(SCENARIOS, [])
        found = []
        for name in tables.DOCUMENTS:
            text = (DOCUMENTS / name).read_text(encoding="utf-8")
            _, notes = tables.rewrite(text, made_of)
            found += [note.partition(":")[0] for note in notes]
        self.assertEqual(sorted(found), sorted(made_of.makers))


class Command(unittest.TestCase):
    """./ras tables"""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.lab = Lab(Path(directory.name), Path(directory.name) / "build", 1, "tcg")
        self.lab.results.mkdir(parents=True)
        (self.lab.top / "tools" / "ras-test").mkdir(parents=True)
        (self.lab.tools / "scenarios").symlink_to(SCENARIOS)
        documents = self.lab.top / "Documentation" / "ras"
        documents.mkdir(parents=True)
        for name in tables.DOCUMENTS:
            (documents / name).write_text(tables.marked("faults-main", "old\n"), encoding="utf-8")
        self.document = documents / tables.DOCUMENTS[0]

    def run_with(self, entries: list[tables.Entry], *words: str) -> str:
        path = self.lab.results / "results.json"
        path.write_text(json.dumps(entries), encoding="utf-8")
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertEqual(command.main(self.lab, parser.parse_args(words)), 0)
        return said.getvalue()

    def test_documents(self) -> None:
        said = self.run_with(all_cells("main"))
        self.assertIn("reliability.rst: faults-main: written\n", said)
        self.assertIn("    noready-hang-ok   -     ok", self.document.read_text(encoding="utf-8"))

    def test_nothing_was_run(self) -> None:
        self.assertIn("left as it is", self.run_with([]))
        self.assertIn("\nold\n", self.document.read_text(encoding="utf-8"))

    def test_show(self) -> None:
        said = self.run_with([entry("read-task-2")], "--show", "faults-main")
        self.assertIn("read              .     ok    .", said)
        self.assertIn("Measured 2026-11-22", said)
        self.assertIn("\nold\n", self.document.read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
