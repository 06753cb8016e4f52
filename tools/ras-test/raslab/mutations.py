# SPDX-License-Identifier: GPL-2.0
"""What can be changed in a C source so that a test ought to notice.

A small tokenizer and no parser: it knows functions, statements, and what is neither code nor
a number.  A mutant is one change of one place; lines keep their numbers.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

TOKEN = re.compile(
    r"""
    (?P<skip> \s+ | /\*.*?\*/ | //[^\n]* | ^[ \t]*\#(?:\\\n|[^\n])* )
  | (?P<text> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' )
  | (?P<number> \d[\w.]* )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<sign> <<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|. )
    """,
    re.X | re.S | re.M,
)

CLOSERS = {"(": ")", "[": "]", "{": "}"}

SWAPPED = {"==": "!=", "<": "<=", ">": ">=", "&&": "||"}
SWAPPED |= {after: before for before, after in SWAPPED.items()}
STEPS = {"+": "-", "-": "+"}
COUNTS = {"++": "--", "--": "++"}
NUMBERS = {"0": "1", "1": "0"}
BOOLS = {"true": "false", "false": "true"}

HEADS = ("if", "while", "for", "switch")
KEYWORDS = (*HEADS, "return", "goto", "break", "continue", "sizeof", "typeof", "case", "default")
ASSIGNMENT = re.compile(r"(?:<<|>>|[-+*/%&|^])?=")

# Calls that stay as they are, with all that is between their parentheses.  Without a barrier
# the machines of the lab do the same; the words of a message are no behaviour; and an
# assertion is there for a defect that has to be put in first.
KEPT = re.compile(
    r"barrier|smp_(?:[rw]?mb|mb__\w+|read_barrier\w*)|cpu_relax|READ_ONCE"
    r"|pr_\w+|printk|seq_buf_\w+"
    r"|WARN\w*|BUG\w*|BUILD_BUG\w*|static_assert|lockdep_\w+|rcu_dereference_\w+|might_\w+"
)


@dataclass(frozen=True)
class Mutant:
    """One change: the text from ``start`` to ``end`` becomes ``new``."""

    file: str
    line: int
    function: str
    kind: str
    start: int
    end: int
    new: str
    before: str
    after: str
    # There may be the same change in the same function more than once.
    number: int = 0

    @property
    def place(self) -> str:
        """Where it is, for the reader."""
        return f"{self.file}:{self.line}"

    @property
    def key(self) -> str:
        """What it is, wherever the function stands."""
        return f"{self.function} {self.kind} {self.before} {self.after} {self.number}"

    def applied(self, text: str) -> str:
        """The source with the change."""
        return text[: self.start] + self.new + text[self.end :]


@dataclass(frozen=True)
class Token:
    """A piece of code, and where it is in the text."""

    kind: str
    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """The code of a source: no comments, no lines of the preprocessor, no white space."""
    return [
        Token(match.lastgroup or "", match[0], match.start(), match.end())
        for match in TOKEN.finditer(text)
        if match.lastgroup != "skip"
    ]


def matches_of(tokens: list[Token]) -> dict[int, int]:
    """For each bracket that opens the one that closes it, and the other way round."""
    found, stack = dict[int, int](), list[int]()
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text in CLOSERS:
            stack.append(index)
        elif token.kind == "sign" and token.text in CLOSERS.values() and stack:
            opener = stack.pop()
            found[opener], found[index] = index, opener
    return found


class Source:
    """A C source, and the changes that can be made in it."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.tokens = tokens_of(text)
        self.match = matches_of(self.tokens)
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def mutants(self) -> list[Mutant]:
        """All of them, from the first line to the last."""
        found, seen = list[Mutant](), Counter[str]()
        for name, first, last in self.functions():
            made = [*self._deletions(name, first, last), *self._swaps(name, first, last)]
            for mutant in sorted(made, key=lambda mutant: (mutant.start, mutant.end)):
                found.append(replace(mutant, number=seen[mutant.key]))
                seen[mutant.key] += 1
        return found

    def _is(self, index: int, *texts: str) -> bool:
        return index < len(self.tokens) and self.tokens[index].text in texts

    def functions(self) -> Iterator[tuple[str, int, int]]:
        """The name of each, its first token, and its last."""
        index = 0
        while index < len(self.tokens):
            if self._is(index, "{") and index in self.match:
                close = self.match[index]
                opener = self.match.get(index - 1, 0) if self._is(index - 1, ")") else 0
                if opener and self.tokens[opener - 1].kind == "word":
                    yield self.tokens[opener - 1].text, index + 1, close
                index = close
            index += 1

    def statements(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The first token of each simple statement, and its semicolon."""
        index = first
        while index < last:
            if self._is(index, "{", "}", ";", "else", "do"):
                index += 1
            elif self._is(index, "case", "default"):
                index = self._next(":", index, last) + 1
            elif self.tokens[index].kind == "word" and self._is(index + 1, ":"):
                index += 2
            elif self._is_head(index):
                index = self.match[index + 1] + 1
            else:
                end = self._next(";", index, last)
                yield index, end
                index = end + 1

    def _next(self, text: str, index: int, last: int) -> int:
        """The next such token that is in no bracket."""
        while index < last and not self._is(index, text):
            index = 1 + (self.match.get(index, index) if self._is(index, *CLOSERS) else index)
        return index

    def _is_head(self, index: int) -> bool:
        """Does a statement follow on this one's parentheses: if (...), for_each_cpu(...)?"""
        if self.tokens[index].kind != "word" or index + 1 not in self.match:
            return False
        if not self._is(index + 1, "("):
            return False
        behind = self.match[index + 1] + 1
        return self._is(index, *HEADS) or self._is(behind, "{") or self._word_at(behind)

    def _word_at(self, index: int) -> bool:
        return index < len(self.tokens) and self.tokens[index].kind == "word"

    def _deletions(self, name: str, first: int, last: int) -> Iterator[Mutant]:
        for start, end in self.statements(first, last):
            target = self._target(start, end)
            if target is None:
                continue
            kind = self._kind(target, end)
            if kind:
                gone = self.text[self.tokens[start].start : self.tokens[end].end]
                # What is behind it stays in its line.
                yield self._mutant(name, kind, start, end, ";" + "\n" * gone.count("\n"))
            if kind == "delete a count":
                operator = self.tokens[end - 1].text
                yield self._mutant(name, "count", end - 1, end - 1, COUNTS[operator])

    def _target(self, index: int, end: int) -> int | None:
        """The last word of what is assigned to, or called: a, *a, a->b, a.b[c]."""
        index += self._is(index, "*")
        target = None
        while index < end and self._word_at(index) and not self._is(index, *KEYWORDS):
            target = index
            index += 1
            while self._is(index, "[") and index in self.match:
                index = self.match[index] + 1
            if not self._is(index, "->", "."):
                return target
            index += 1
        return None

    def _kind(self, target: int, end: int) -> str:
        """What would be deleted; empty if nothing that is."""
        behind = target + 1
        if self._is(behind, "("):
            plain = self.match.get(behind) == end - 1
            kept = KEPT.fullmatch(self.tokens[target].text)
            return "delete a call" if plain and not kept else ""
        while self._is(behind, "["):
            behind = self.match[behind] + 1
        if self._is(behind, *COUNTS) and behind == end - 1:
            return "delete a count"
        return "delete an assignment" if ASSIGNMENT.fullmatch(self.tokens[behind].text) else ""

    def _swaps(self, name: str, first: int, last: int) -> Iterator[Mutant]:
        index = first
        while index < last:
            if KEPT.fullmatch(self.tokens[index].text) and self._is(index + 1, "("):
                index = self.match[index + 1]
            else:
                yield from self._swaps_at(name, index)
            index += 1

    def _swaps_at(self, name: str, index: int) -> Iterator[Mutant]:
        token = self.tokens[index]
        if token.kind == "sign" and token.text in SWAPPED:
            yield self._mutant(name, "compare", index, index, SWAPPED[token.text])
        elif token.kind == "sign" and token.text in STEPS and self._is(index + 1, "1"):
            yield self._mutant(name, "step", index, index, STEPS[token.text])
        elif token.kind == "sign" and token.text == "!":
            yield self._mutant(name, "drop a !", index, index, "")
        elif token.kind == "number" and token.text in NUMBERS:
            yield self._mutant(name, "number", index, index, NUMBERS[token.text])
        elif token.text in BOOLS and self._is(index - 1, "return"):
            yield self._mutant(name, "return", index, index, BOOLS[token.text])
        elif token.text in ("if", "while") and self._is(index + 1, "("):
            last = self.match[index + 1]
            condition = self.text[self.tokens[index + 1].start : self.tokens[last].end]
            yield self._mutant(name, "negate", index + 1, last, f"(!{condition})")

    def _mutant(self, name: str, kind: str, first: int, last: int, new: str) -> Mutant:
        start, end = self.tokens[first].start, self.tokens[last].end
        begin = self.text.rfind("\n", 0, start) + 1
        stop = (self.text + "\n").find("\n", end)
        before = self.text[begin:stop]
        after = self.text[begin:start] + new + self.text[end:stop]
        line = bisect.bisect_right(self.lines, start)
        before, after = (" ".join(part.split()) for part in (before, after))
        return Mutant(self.file, line, name, kind, start, end, new, before, after)


def drawn(mutants: Iterable[Mutant], seed: int) -> list[Mutant]:
    """All mutants, in the order of a seed.

    The place of each depends on itself alone: who changes a function leaves the others where
    they were.
    """
    return sorted(
        mutants, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.key}".encode()).digest()
    )
