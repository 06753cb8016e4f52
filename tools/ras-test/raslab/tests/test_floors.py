# SPDX-License-Identifier: GPL-2.0
"""Tests of raslab.floors."""

import unittest

from raslab.floors import Symbols, calls_up, floors

MAKEFILE = """\
# comment.o
obj-y := stop.o chain.o \\
\t guard.o
obj-$(CONFIG_X) += tests/
"""


def symbols(defined: str, wanted: str) -> Symbols:
    """From words."""
    return Symbols(frozenset(defined.split()), frozenset(wanted.split()))


class FloorsTest(unittest.TestCase):
    """The Makefile's order, and calls against it."""

    def test_order(self) -> None:
        self.assertEqual(floors(MAKEFILE), ["stop", "chain", "guard"])

    def test_calls(self) -> None:
        table = {
            "stop": symbols("ras_finish", "ras_run_chain memcpy"),
            "chain": symbols("ras_run_chain", "ras_call"),
            "guard": symbols("ras_call", "memcpy"),
        }
        self.assertEqual(calls_up(["stop", "chain", "guard"], table), [])
        table["guard"] = symbols("ras_call", "ras_finish")
        self.assertEqual(
            calls_up(["stop", "chain", "guard"], table),
            ["guard.c calls ras_finish() of stop.c, which is above it"],
        )


if __name__ == "__main__":
    unittest.main()
