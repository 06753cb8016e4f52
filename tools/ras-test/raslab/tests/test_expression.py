# SPDX-License-Identifier: GPL-2.0
"""Extended regular expressions: the same lines as grep -E finds."""

from __future__ import annotations

import subprocess
import unittest

from raslab.expression import ExpressionError, compiled

LINES = (
    "stop 1: panic on CPU 0: ras_test: panic in task",
    "  handler kdb          runs",
    "  handler kdump        not armed: no crash kernel",
    "[0]kdb> cpu",
    "Available cpus: 0-1, 2(D), 3",
    "RIP: 0010:ras_test_place_irqsoff+0xa/0x10 [ras_test]",
    "WARNING: no task for cpu 2",
    "WARNING: CPU: 2 PID: 1 at kernel/x.c:1",
    "^a$ \\ back {1} tab\there",
    "",
)
EXPRESSIONS = (
    r"^stop [0-9]+: (panic|nmi) on CPU 0",
    r"handler kdb +runs$",
    r"^\[0\]kdb> ",
    r"2\(D\), 3$",
    r"place_irqsoff\+0x[0-9a-f]{1,3}/",
    r"WARNING: ([^n]|n[^o])",
    r"[^]x]$",
    r"[]^]",
    r"[\]",
    r"[a\+]0xa",
    r"[[:digit:]]-[[:digit:]],",
    r"[[:space:]]here",
    r"\bno\b",
    r"\<no\>",
    r"\s\S\w\W",
    r"\^a\$ \\",
    r"n{2}|u{2,}|s{1}t",
    r"[0-9-]-",
    r"[-x]1,",
    r"&&|a.*b|~~",
    r"(a(b|c))*task$",
)


class Expressions(unittest.TestCase):
    """By line, in one text, beside grep."""

    def found(self, expression: str) -> list[str]:
        """The lines with a match that begins there, and none that goes over their end."""
        text = "".join(f"{line}\n" for line in LINES)
        pattern = compiled(expression)
        for match in pattern.finditer(text):
            self.assertNotIn("\n", match[0])
        return [line for line in LINES if pattern.search(f"{line}\n")]

    def test_beside_grep(self) -> None:
        for expression in EXPRESSIONS:
            with self.subTest(expression):
                grep = subprocess.run(
                    ["grep", "-E", "--", expression],
                    input="".join(f"{line}\n" for line in LINES),
                    capture_output=True,
                    text=True,
                    timeout=10,
                    check=False,
                )
                self.assertEqual("", grep.stderr)
                self.assertEqual(grep.stdout.splitlines(), self.found(expression))

    def test_refused(self) -> None:
        for expression in ("", "x*", "a+?", "(?:x)", r"\d", r"(a)\1", "[a", "[[:x:]]", "(", "a\nb"):
            with self.subTest(expression), self.assertRaises(ExpressionError):
                compiled(expression)
