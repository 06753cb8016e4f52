# SPDX-License-Identifier: GPL-2.0
"""All scenario files are understood, to the last key and check."""

from __future__ import annotations

import unittest
from pathlib import Path

from raslab.judges import accept
from raslab.row import Row, RowError
from raslab.scenarios import load_file, row_from

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


class Refusals(unittest.TestCase):
    """What is not understood does not run."""

    GOOD = {"about": "it", "cpus": 1, "run": "true", "checks": [["console", "has", "RT"]]}

    def refused(self, why: str, *without: str, **keys: object) -> None:
        table = {key: value for key, value in self.GOOD.items() if key not in without}
        with self.assertRaisesRegex(RowError, why):
            row_from("made-up", "made-up", {**table, **keys}, False)

    def test_good_row(self) -> None:
        self.assertEqual(row_from("made-up", "made-up", self.GOOD, True).cpus, 1)

    def test_keys(self) -> None:
        self.refused("unknown key 'cpu'", cpu=2)
        self.refused("'cpus' is 'two'", cpus="two")
        self.refused("'run' and 'life'", life=[{"run": "true"}])
        self.refused("a life has the unknown key", "run", life=[{"ruin": "true"}])
        self.refused("runs nothing of a row's", "run", life=[{"run": "true", "second": True}])

    def test_checks(self) -> None:
        self.refused("nobody judges 'screen'", checks=[["screen", "has", "RT"]])
        self.refused("console cannot be asked", checks=[["console", "shows", "RT"]])
        self.refused("is no check", checks=[["console"]])
        self.refused("has no meaning|not a regular|is not closed", checks=[["console", "has", "["]])
        self.refused("no check asks about it", checks=[])

    def test_what_is_given_is_judged(self) -> None:
        self.refused("'gdb' is given, and no check", gdb="detach")
        self.refused("'network' is given, and no check", network={"loss": 5}, cards=["e1000"])
        self.refused("no life uses the disk", disks=[{"name": "d", "bus": "nvme", "size": "1M"}])
        self.refused("asks about 'gdb', and the row has none", checks=[["gdb", "has", "x"]])

    def test_network(self) -> None:
        self.refused("no network card 'ne2000'", cards=["ne2000"])
        self.refused("no peer 'oracle'", cards=["e1000"], peers={"oracle": {}})
        stranger = {"cards": ["e1000"], "peers": {"stranger": {}}, "uplink": {"vlan": 5}}
        self.refused("sees no dump behind an uplink", **stranger)
        self.refused("unknown key 'stranger'", stranger={"pings": 1})
        self.refused("no 'luck'", cards=["e1000"], network={"luck": 1})
        self.refused("without a card", peers={"echo": {}}, checks=[["peer echo", "bytes", 1]])

    def test_names_of_other_things(self) -> None:
        self.refused("'kernels' has 'mainn'", kernels=["mainn"])
        self.refused("'models' has 'vmware'", models=["vmware"])
        self.refused("'survey' has 'nix'", survey=["nix"])
        self.refused("no guest/nothing.sh", "run", run="@nothing")
        twin = {"cards": ["e1000"], "peers": {"twin": {"run": "@nobody"}}}
        self.refused("no guest/nobody.sh", **twin)
        disk = {"name": "data", "bus": "isa", "size": "1M"}
        self.refused("no bus 'isa'", "run", run="disk data", disks=[disk])
        self.refused("'cpus' is True", cpus=True)
        self.refused("there is none", button="x")

    def test_what_the_row_has_not(self) -> None:
        self.refused("asks about 'disk data'", checks=[["disk data", "has at 0", "x"]])
        self.refused("there are 1 lives", checks=[["console 2", "has", "x"]])
        self.refused("CPU 7 of 1", checks=[["dump", "cpu 7 in", "panic"]])
        self.refused("CPU 7 of 1", checks=[["dump", "crashed cpu", 7]])

    def test_conversation(self) -> None:
        self.refused("talk, line 1", talk="say hello")


if __name__ == "__main__":
    unittest.main()
