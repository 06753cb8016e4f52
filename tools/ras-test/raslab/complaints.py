# SPDX-License-Identifier: GPL-2.0
"""What gcc, sparse, objtool and modpost complain about, in the log of a build."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

# gcc and sparse name a line of a source, objtool names an object.
WARNING = re.compile(r"\.(?:[chS]:[0-9].*|o: *)warning:|WARNING: modpost:")
COMPLAINT = re.compile(r"\.(?:[chS]:[0-9].*|o: *)(?:warning|error):|(?:WARNING|ERROR): modpost:")

# What gcc says before a warning: the function, and where that was inlined or included.
CONTEXT = re.compile(r"\S+: (?:In|At) |In (?:function|file included)|\s+(?:from|inlined from) ")

OURS = r"\b(?:kernel/ras|arch/x86/ras|drivers/ras-clients)/|\b(?:asm/|linux/)ras\.h:|\b_*ras_\w"


def complaints(log: str) -> list[str]:
    """Each with the lines before it that belong to it."""
    found, before = [], list[str]()
    for line in log.splitlines():
        if COMPLAINT.search(line):
            found.append("\n".join([*before, line]))
            before = []
        elif CONTEXT.match(line):
            before.append(line)
        else:
            before = []
    return found


def hooked(patches: Iterable[Path]) -> list[str]:
    """The sources that patches change."""
    names: set[str] = set()
    for patch in patches:
        names.update(re.findall(r"^\+\+\+ b/(\S+\.[chS])$", patch.read_text(), re.M))
    return sorted(names)


def of_ours(log: str, patches: Iterable[Path]) -> list[str]:
    """The complaints about what is ours, or about a source that a hook is in."""
    names = [OURS, *(rf"\b{re.escape(name)}\b" for name in hooked(patches))]
    ours = re.compile("|".join(names))
    return [complaint for complaint in complaints(log) if ours.search(complaint)]
