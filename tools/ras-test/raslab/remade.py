# SPDX-License-Identifier: GPL-2.0
"""Dumps that ras-dump has to work on: sealed ones, and those that are in several parts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from raslab.kdump_file import DumpError, ElfCore, KdumpFile
from raslab.lab import LabError
from raslab.sealing import key_of
from raslab.target import Target

MAGIC = b"RASSEAL1"
KEY_BYTES = 32
EPHEMERAL_AT, SALT_AT, SALT_BYTES = 48, 88, 16
MAKE_S = 300
# As ras-dump's exit codes go: all of it, and as much as there was.
MADE = (0, 3)


def is_key(text: str) -> bool:
    """Can it be a key, in hexadecimal digits?"""
    return bool(re.fullmatch(f"[0-9a-f]{{{2 * KEY_BYTES}}}", text))


def need_host_tool(target: Target, name: str) -> Path:
    """A program of tools/ras for this host."""
    place = target.objects / "host-tools"
    program = place / name
    make = ["make", "-s", "-C", str(target.lab.top / "tools/ras"), f"O={place}", str(program)]
    with target.lab.lock():
        done = subprocess.run(make, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{name} does not build:\n{done.stderr.strip()}")
    return program


def need_ras_dump(target: Target) -> Path:
    """The program that works on dumps."""
    return need_host_tool(target, "ras-dump")


def _make(target: Target, arguments: list[str], dump: Path, log: Path) -> None:
    argv = [str(need_ras_dump(target)), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=MAKE_S, check=False)
    log.write_text(f"{done.stdout}{done.stderr}exit {done.returncode}\n", encoding="utf-8")
    if done.returncode not in MADE:
        dump.unlink(missing_ok=True)


def unseal(target: Target, secret: str, dump: Path, log: Path) -> None:
    """Make the ordinary dump of a sealed one, which is kept beside it."""
    sealed, key = dump.with_name("sealed"), dump.with_name("secret")
    dump.rename(sealed)
    key.write_text(secret + "\n", encoding="utf-8")
    words = ["unseal", "--quiet", "--key", str(key), str(sealed), str(dump)]
    _make(target, words, dump, log)


def merge(target: Target, parts: list[Path], dump: Path, log: Path) -> None:
    """Make one dump of the parts of it, which are kept."""
    _make(target, ["merge", "--quiet", str(dump), *map(str, parts)], dump, log)


def session_key(sealed: Path, secret: bytes) -> bytes:
    """The key that a dump was sealed with."""
    with open(sealed, "rb") as file:
        header = file.read(SALT_AT + SALT_BYTES)
    if header[: len(MAGIC)] != MAGIC:
        raise DumpError(f"{sealed} is not sealed")
    public = header[EPHEMERAL_AT : EPHEMERAL_AT + KEY_BYTES]
    return key_of(secret, public, header[SALT_AT:])


def pages_with(memory: Path, key: bytes) -> list[int]:
    """The page frames of the machine's memory that have a key."""
    with ElfCore(memory) as core:
        pages = ((pfn, core.page(pfn)) for pfn in core.pfns())
        return [pfn for pfn, page in pages if page and key in page]


def pages_in(dump: Path, pfns: list[int]) -> list[int]:
    """Those that are in a dump."""
    with KdumpFile(dump) as opened:
        return [pfn for pfn in pfns if opened.holds(pfn)]
