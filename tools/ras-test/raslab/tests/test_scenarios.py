# SPDX-License-Identifier: GPL-2.0
"""All scenario files are understood, to the last key and check."""

from __future__ import annotations

import unittest
from pathlib import Path

from raslab.judges import accept
from raslab.row import Row
from raslab.scenarios import load_file

TOOLS = Path(__file__).resolve().parents[2]
FILES = sorted((TOOLS / "scenarios").glob("*.toml"))


class Scenarios(unittest.TestCase):
    """The rows of every file."""

    rows: list[Row]

    @classmethod
    def setUpClass(cls) -> None:
        cls.rows = [row for path in FILES for row in load_file(path)]

    def test_names_are_there_once(self) -> None:
        names = [row.name for row in self.rows]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreater(len(names), 760)

    def test_every_check_has_a_judge(self) -> None:
        # Those of generated rows are read by nobody else before they are asked.
        for row in self.rows:
            for check in row.checks:
                with self.subTest(row.name, check=check):
                    accept(check)

    def test_scripts_of_the_guest_are_there(self) -> None:
        for row in self.rows:
            for life in row.lives:
                for line in life.run.splitlines():
                    if line.startswith("@"):
                        self.assertTrue((TOOLS / "guest" / f"{line[1:]}.sh").is_file(), line)

    def test_every_row_is_asked_something(self) -> None:
        for row in self.rows:
            self.assertTrue(row.checks or row.skip, row.name)
            self.assertTrue(row.about, row.name)

    def test_subjects_are_files(self) -> None:
        self.assertEqual({row.subject for row in self.rows}, {path.stem for path in FILES})


if __name__ == "__main__":
    unittest.main()
