# SPDX-License-Identifier: GPL-2.0
"""The programs of tools/ras, for their tests: how they are built, and what a run has come to."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from raslab.lab import LabError
from raslab.tap import Tap

BUILD_S = 300
PLAIN = "-O2 -g -Werror"
# How a program with sanitizers behaves; see environment().
SANITIZER = "verify_asan_link_order=0:exitcode=99"
SANITIZED = f"{PLAIN} -fsanitize=address,undefined -fno-sanitize-recover=all"


@dataclass(frozen=True)
class Ran:
    """What a program has done."""

    code: int
    out: str
    err: str

    @classmethod
    def of(cls, done: subprocess.CompletedProcess[bytes]) -> Ran:
        """From a run whose output was kept, or not."""
        return cls(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())

    def said(self) -> str:
        """For a test that fails."""
        return f"exit {self.code}\n{self.out}{self.err}"


def environment(**more: str) -> dict[str, str]:
    """What a program with sanitizers is run in; they stand a library that is loaded first."""
    return {**os.environ, "ASAN_OPTIONS": SANITIZER, **more}


def run(
    argv: Sequence[object],
    cwd: Path,
    env: Mapping[str, str],
    limits: Mapping[int, int],
    seconds: float,
) -> Ran:
    """Run a program for so long at most, without umask; a limit of setrlimit(2) counts that is
    not 0."""

    def in_child() -> None:
        os.umask(0)
        for which, limit in limits.items():
            if limit:
                resource.setrlimit(which, (limit, limit))

    done = subprocess.run(
        [str(word) for word in argv],
        cwd=cwd,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=seconds,
        preexec_fn=in_child,
        check=False,
    )
    return Ran.of(done)


def judge(
    tap: Tap,
    name: str,
    ran: Ran,
    code: int,
    words: str,
    also: Mapping[str, object],
    flags: int = 0,
) -> None:
    """A test: how a program has ended, what it has said, and what else has to be."""
    wrong = [what for what, right in also.items() if not right]
    good = ran.code == code and re.search(words, ran.out + ran.err, flags) and not wrong
    detail = f"{ran.said()}expected exit {code}, /{words}/\nwrong: {', '.join(wrong)}"
    tap.ok(good, name, detail)


def call(tap: Tap, place: Path, name: str, *argv: object) -> None:
    """A test that a command succeeds and says nothing on standard error; skipped without it."""
    if not shutil.which(str(argv[0])):
        tap.skip(name, f"needs {argv[0]}")
        return
    words = [str(word) for word in argv]
    done = subprocess.run(words, cwd=place, capture_output=True, timeout=BUILD_S, check=False)
    ran = Ran(done.returncode, done.stdout.decode()[-2000:], done.stderr.decode()[-2000:])
    judge(tap, name, ran, 0, "", {"silent": not ran.err})


def build(tools: Path, *calls: Sequence[str]) -> None:
    """Call make; an error or a warning ends the test."""
    for arguments in calls:
        argv = ["make", "-s", "-C", str(tools), *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=BUILD_S, check=False)
        if done.returncode or done.stderr:
            raise LabError(f"tools/ras does not build:\n# {done.stderr.strip()}")


def build_ras_dump(sources: Path, place: Path, small: str, fuzzer: str, without: str) -> None:
    """Build ras-dump with sanitizers, plain, and without some libraries; with sanitizers such
    that small dumps are large.  And a fuzzer with its first inputs."""
    lacking = f"{place}/without"
    build(
        sources,
        [f"O={place}", f"CFLAGS={SANITIZED}", f"CPPFLAGS={small}", f"{place}/ras-dump"],
        [f"O={place}", f"CFLAGS={PLAIN}", f"{place}/{fuzzer}", f"{place}/test-hook.so", "corpus"],
        [f"O={place}/plain", f"CFLAGS={PLAIN}", f"{place}/plain/ras-dump"],
        [f"O={lacking}", f"CFLAGS={PLAIN}", f"WITHOUT={without}", f"{lacking}/ras-dump"],
    )


def load_maker(sources: Path) -> ModuleType:
    """make-corpus-dump, which makes the first inputs of a fuzzer, makes dumps for tests, too."""
    path = sources / "make-corpus-dump"
    loader = importlib.machinery.SourceFileLoader("make_corpus_dump", str(path))
    spec = importlib.util.spec_from_loader("make_corpus_dump", loader)
    if spec is None:
        raise LabError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
