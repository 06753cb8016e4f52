# SPDX-License-Identifier: GPL-2.0
"""What is read out of what the model checker prints, and how it is called."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from raslab.model import MODEL, SEARCHES, Search, Verdict, compile_flags, pan_flags, parse

GOOD = """
State-vector 124 byte, depth reached 348, errors: 0
   628318 states, stored
   418171 states, matched
  166.452	total actual memory usage

pan: elapsed time 1.72 seconds
"""
BAD = """pan:1: assertion violated ((claim/32)==(_pid%2)) (at depth 210)
pan: wrote stop.pml.trail
State-vector 124 byte, depth reached 270, errors: 1
    12264 states, stored
  137.937	total actual memory usage
"""
SHALLOW = "error: max search depth too small\n" + GOOD
FULL = "pan: reached -DMEMLIM bound\n\tmemory limit 3500 MB\n" + GOOD


# What a define puts back, takes out, or makes an error of.
PUT_BACK = ("DEFECT_", "RACE_", "BREAK_", "WITNESS_")

TOP = Path(__file__).resolve().parents[4]


class ParseTest(unittest.TestCase):
    """An exhaustive search, an error, and a search that was given up."""

    def test_no_error(self) -> None:
        found = parse(GOOD)
        self.assertIs(found.verdict, Verdict.NO_ERROR)
        self.assertEqual((found.states, found.memory_mb), (628318, 166.452))

    def test_error(self) -> None:
        found = parse(BAD)
        self.assertIs(found.verdict, Verdict.ERROR)
        self.assertIn("claim", found.error)

    def test_many_states(self) -> None:
        found = parse(GOOD.replace("628318", "1.30e+07"))
        self.assertEqual(found.states, 13_000_000)

    def test_not_exhaustive(self) -> None:
        for text in (SHALLOW, FULL, GOOD + "killed after 1800 s\n"):
            self.assertIs(parse(text).verdict, Verdict.INCOMPLETE, text)

    def test_an_error_counts_though_the_search_ended(self) -> None:
        self.assertIs(parse("error: max search depth too small\n" + BAD).verdict, Verdict.ERROR)

    def test_no_result(self) -> None:
        self.assertIs(parse("").verdict, Verdict.BROKEN)
        self.assertEqual(parse("Killed\n").error, "Killed")
        self.assertIs(parse("killed after 1800 s\n").verdict, Verdict.BROKEN)


class SearchTest(unittest.TestCase):
    """Defines and options."""

    def test_defect(self) -> None:
        search = Search("a", "something", ("PARK", "CPUS=2"), "DEFECT_12")
        self.assertEqual(search.flags, ["-DPARK", "-DCPUS=2", "-DDEFECT_12"])
        self.assertIs(search.wanted, Verdict.ERROR)
        self.assertEqual(search.title, "DEFECT_12 is found: something")
        self.assertIn("-DSAFETY", compile_flags(search))

    def test_formula(self) -> None:
        search = Search("a", "something", ("PARK",), formula="every_stop_ends")
        self.assertEqual(search.flags, ["-DPARK", "-DLTL"])
        self.assertEqual(pan_flags(search)[-3:], ["-a", "-N", "every_stop_ends"])
        self.assertNotIn("-DSAFETY", compile_flags(search))
        self.assertIs(search.wanted, Verdict.NO_ERROR)

    def test_the_model_knows_every_define(self) -> None:
        """A define that is misspelt would put nothing back, and change nothing."""
        text = (TOP / MODEL).read_text(encoding="utf-8")
        known = set(re.findall(r"^#(?:ifdef|ifndef|if) +(\w+)", text, re.M))
        known |= set(re.findall(r"defined\((\w+)\)", text))
        for search in SEARCHES:
            words = [flag[2:].split("=")[0] for flag in search.flags]
            self.assertLessEqual(set(words), known, search.name)
        put_back = {word for word in known if word.startswith(PUT_BACK)}
        self.assertEqual(put_back, {search.defect for search in SEARCHES if search.defect})

    def test_names(self) -> None:
        names = [search.name for search in SEARCHES]
        self.assertEqual(len(names), len(set(names)))


class NamesTest(unittest.TestCase):
    """The table of the model names what the model and the code have."""

    def setUp(self) -> None:
        self.text = (TOP / MODEL).read_text(encoding="utf-8")
        table = self.text.split("Which part is which function:")[1].split("*/")[0]
        row = re.compile(r"^ \*\t(\w+)\t+(\w+\(\)(?:, \w+\(\))*)\s+(\w+\.c(?:, \w+\.c)*)$", re.M)
        self.rows = row.findall(table)

    def test_the_table_is_read(self) -> None:
        self.assertGreater(len(self.rows), 40)

    def test_functions(self) -> None:
        for _, functions, files in self.rows:
            code = "".join(
                (TOP / "kernel/ras" / name).read_text(encoding="utf-8")
                for name in files.split(", ")
            )
            for function in functions.split(", "):
                defined = rf"^\w[\w \t*]*[ *]{re.escape(function[:-1])}"
                self.assertRegex(code, re.compile(defined, re.M), files)

    def test_labels(self) -> None:
        parts = re.findall(
            r"^(?:inline |#define |active .*proctype )?(\w+)(?=\(|:)", self.text, re.M
        )
        parts += re.findall(r"^#define (\w+)", self.text, re.M)
        named = {label for label, _, _ in self.rows}
        self.assertLessEqual(named, set(parts))
        self.assertLessEqual({part for part in parts if part.startswith("ras_")}, named)


if __name__ == "__main__":
    unittest.main()
