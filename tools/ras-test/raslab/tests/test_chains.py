# SPDX-License-Identifier: GPL-2.0
"""Random chains: the same seed makes the same ones, for ever."""

from __future__ import annotations

import unittest
from pathlib import Path
from unittest import mock

from raslab import chains
from raslab.faults import Faults
from raslab.lab import LabError
from raslab.row import Check, Row

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


class Chains(unittest.TestCase):
    """What is drawn, and the rows that are made of it."""

    def setUp(self) -> None:
        self.faults = Faults(SCENARIOS / "faults.toml")

    def rows(self, seed: int, rounds: int = 200) -> dict[str, Row]:
        return {row.name: row for row in chains.generate(seed, rounds, self.faults)}

    def test_the_first_numbers(self) -> None:
        chance = chains.Chance(3)
        self.assertEqual([chance.draw(1000) for _ in range(5)], [747, 107, 365, 312, 622])

    def test_the_chains_of_seed_3(self) -> None:
        drawn = chains.chains(self.faults, 3, 200)
        self.assertEqual(str(drawn[0]), "   1 release nmi     1  int3")
        self.assertEqual(str(drawn[2]), "   3 release hardirq 1  exec smash")
        self.assertEqual(sum(chain.dumped for chain in drawn), 34)

    def test_nobody_is_drawn_where_he_cannot_be(self) -> None:
        for chain in chains.chains(self.faults, 7, 1000):
            hangs = sum(kind.way == "hang" for kind in chain.kinds)
            if chain.context == "nmi":
                self.assertLessEqual(hangs, int(chain.dumped))
            if not chain.dumped:
                self.assertNotIn("sleep", chain.words)
            cell = self.faults.cell(chain.words, chain.context, chain.cpus)
            self.assertEqual(self.faults.reason(cell), "", str(chain))

    def test_a_released_chain_has_a_handler_that_can_be_armed(self) -> None:
        for chain in chains.chains(self.faults, 62111, 200):
            if not chain.dumped:
                self.assertNotEqual(set(chain.words), {chains.NEVER_ARMED}, str(chain))

    def test_machines_of_seed_3(self) -> None:
        rows = self.rows(3)
        self.assertEqual(len(rows), 40)
        released = [row for row in rows.values() if row.name.startswith("seed-3-cpus-")]
        self.assertEqual(len(released), 6)
        members = [
            sum("RT: chain" in str(check.expected) for check in row.checks) for row in released
        ]
        self.assertEqual(sum(members), 166)
        self.assertEqual(max(members), 40)
        self.assertFalse(any(row.represents or row.skip for row in rows.values()))

    def test_a_machine(self) -> None:
        rows = self.rows(3)
        row = rows["seed-3-cpus-1-1"]
        line = "RT: chain 1: f0_int3=failed,1,0; stops 1, missing , threads 1;"
        self.assertEqual(row.checks[0], Check("console", "has", line, "chain 1, nmi: int3"))
        self.assertEqual([check.what for check in row.checks[-5:]], ["has"] * 4 + ["lacks"])
        self.assertTrue(
            row.lives[0].run.startswith("@chains\nchains_begin\nchain 1 nmi int3:2000\n")
        )
        self.assertTrue(row.lives[0].run.endswith("\nchains_end\n"))

    def test_states(self) -> None:
        state = {name: chains.state_after(kind, 1) for name, kind in self.faults.kinds.items()}
        self.assertEqual(state["read"], "failed,1,0")
        self.assertEqual(state["late"], "ok,0,0")
        self.assertEqual(chains.state_after(self.faults.kinds["late"], 2), "failed,0,1")
        self.assertEqual(state["warn"], "ok,0,0")

    def test_a_dumped_chain_is_asked_like_a_cell(self) -> None:
        dumped = [chain for chain in chains.chains(self.faults, 3, 200) if chain.dumped][0]
        cell = self.faults.cell(dumped.words, dumped.context, dumped.cpus)
        row = self.rows(3)[f"seed-3-{dumped.number}-{cell.name}"]
        self.assertEqual(row.checks, self.faults.row(cell).checks)

    def test_seed_of_the_person(self) -> None:
        with mock.patch.dict("os.environ", {chains.SEED_KNOB: "42"}):
            self.assertEqual(chains.chosen_seed(), 42)
            rows = chains.generate_file(SCENARIOS / "chains.toml")
            self.assertTrue(all(row.name.startswith("seed-42-") for row in rows))
        with mock.patch.dict("os.environ", {chains.SEED_KNOB: "many"}):
            self.assertRaises(LabError, chains.chosen_seed)
        with mock.patch.dict("os.environ", {chains.SEED_KNOB: ""}):
            self.assertEqual(chains.chosen_seed(), chains.chosen_seed())


if __name__ == "__main__":
    unittest.main()
