# SPDX-License-Identifier: GPL-2.0
"""Where things are, and what the environment says."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# The lab removes and overwrites only directories that hold this file.
MARK = ".made-by-ras"
# No build takes as long on any machine that is of use.
LOCK_S = 7200


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


class LabError(Exception):
    """Something that the person at the terminal has to know: one clear line."""


@dataclass(frozen=True)
class Lab:
    """The repository, the place for everything that is built, and how much runs at a time."""

    top: Path
    build: Path
    jobs: int
    accel: str

    @classmethod
    def from_environment(cls) -> Lab:
        """RAS_BUILD, RAS_JOBS and RAS_ACCEL, as ``./ras help`` describes them."""
        top = Path(__file__).resolve().parents[3]
        build = Path(os.environ.get("RAS_BUILD") or top / "build")
        jobs = os.environ.get("RAS_JOBS") or str(os.cpu_count() or 1)
        if not jobs.isdigit() or int(jobs) < 1:
            raise LabError(f"RAS_JOBS={jobs} is not a number of processes")
        accel = os.environ.get("RAS_ACCEL") or "tcg,thread=multi"
        lab = cls(top, Path(os.path.abspath(build)), int(jobs), accel)
        lab.claim()
        return lab

    @property
    def tools(self) -> Path:
        """The directory of the lab itself."""
        return self.top / "tools" / "ras-test"

    @property
    def log(self) -> Path:
        """What builds have printed."""
        return self.build / "log"

    @property
    def run(self) -> Path:
        """What machines have left, by kernel and row."""
        return self.build / "run"

    @property
    def results(self) -> Path:
        """The results of the last check, for readers."""
        return self.build / "results"

    def claim(self) -> None:
        """Make the build directory, or refuse one that holds something else."""
        if self.build.is_dir() and not (self.build / MARK).exists():
            if any(self.build.iterdir()):
                raise LabError(f"{self.build} is in use and was not made by ./ras; see RAS_BUILD")
        self.log.mkdir(parents=True, exist_ok=True)
        (self.build / MARK).touch()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep two commands from building into each other; the second one waits."""
        until = time.monotonic() + LOCK_S
        with open(self.build / "lock", "w", encoding="ascii") as file:
            while not _locked(file):
                if time.monotonic() > until:
                    raise LabError(f"another ./ras builds in {self.build} for {LOCK_S} s")
                time.sleep(0.5)
            yield

    def shown(self, path: Path) -> str:
        """A path as the person would type it."""
        try:
            return str(path.relative_to(self.top))
        except ValueError:
            return str(path)
