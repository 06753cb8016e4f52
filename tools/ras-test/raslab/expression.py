# SPDX-License-Identifier: GPL-2.0
"""Extended regular expressions as POSIX and ``grep -E`` have them, by Python's ``re``.

A match lies within one line: neither ``.`` nor ``[^x]`` nor ``\\S`` matches a newline, and ^
and $ are the ends of lines.  ``$`` wants the newline to be there: what has come of a line so
far is not its end.  What the two languages understand differently is refused.
"""

from __future__ import annotations

import re
import string

# The same in both, but that none may match a newline here.
_ESCAPES = {
    "w": r"\w",
    "W": r"[^\w\n]",
    "s": r"[^\S\n]",
    "S": r"\S",
    "b": r"\b",
    "B": r"\B",
    "<": r"\b(?=\w)",
    ">": r"\b(?<=\w)",
}
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": re.escape(string.punctuation),
    "space": r" \t\v\f\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_REPEATS = "*+?{"


class ExpressionError(ValueError):
    """An expression that is wrong, or that the two languages read differently."""


class _Reader:
    """Reads an expression sign by sign and writes it in Python's language."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def translate(self) -> str:
        parts: list[str] = []
        while self.at < len(self.text):
            parts.append(self._next())
        return "".join(parts)

    def _next(self) -> str:
        sign = self.text[self.at]
        if sign == "\\":
            return self._escape()
        if sign == "[":
            return self._bracket()
        self.at += 1
        following = self.text[self.at : self.at + 1]
        if sign == "\n":
            raise ExpressionError("an expression is about one line")
        if sign == "(" and following == "?" or sign in "*+?}" and following in tuple(_REPEATS):
            raise ExpressionError(f"{sign}{following} has no meaning, or another one in Python")
        return r"(?=\n)" if sign == "$" else sign

    def _escape(self) -> str:
        sign = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if sign in _ESCAPES and sign:
            return _ESCAPES[sign]
        if not sign or sign.isalnum() or sign in "`'":
            raise ExpressionError(f"\\{sign} has no meaning, or another one in Python")
        return re.escape(sign)

    def _bracket(self) -> str:
        self.at += 1
        negated = self.text.startswith("^", self.at)
        self.at += negated
        first = self.at
        inside = ""
        # A bracket that comes first is one of the characters.
        while self.text[self.at : self.at + 1] != "]" or self.at == first:
            inside += self._member()
        self.at += 1
        return f"[^{inside}\\n]" if negated else f"[{inside}]"

    def _member(self) -> str:
        if self.at >= len(self.text):
            raise ExpressionError("a [ is not closed")
        sign = self.text[self.at]
        following = self.text[self.at + 1 : self.at + 2]
        if sign == "[" and following in (":", ".", "="):
            return self._class()
        self.at += 1
        return sign if sign == "-" else re.escape(sign)

    def _class(self) -> str:
        found = re.compile(r"\[:([a-z]+):\]").match(self.text, self.at)
        if found is None or found[1] not in _CLASSES:
            raise ExpressionError("a class of characters is not known")
        self.at = found.end()
        return _CLASSES[found[1]]


def compiled(text: str) -> re.Pattern[str]:
    """Compile an expression; ExpressionError says what is wrong with it."""
    try:
        pattern = re.compile(_Reader(text).translate(), re.MULTILINE | re.ASCII)
    except re.error as error:
        raise ExpressionError(f"{error}") from error
    if pattern.search("") or not text:
        raise ExpressionError("it matches nothing at all, and so always")
    return pattern
