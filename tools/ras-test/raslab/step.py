# SPDX-License-Identifier: GPL-2.0
"""Steps of a build: output to a log, progress to the terminal."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Union

from raslab.lab import Lab, LabError

Work = Union[Sequence[str], Callable[[IO[str]], None]]

# How often a step says how far it is: on a terminal, and in a log.
TERMINAL_S = 1.0
LOG_S = 30.0


def _last_line(log: Path) -> str:
    try:
        with open(log, "rb") as file:
            file.seek(max(0, log.stat().st_size - 400))
            lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line.strip()), "")[:50]


class _Progress:
    """One line that renews itself on a terminal, a line every half minute elsewhere."""

    def __init__(self, text: str, log: Path) -> None:
        self.text, self.log = text, log
        self.start = time.monotonic()
        self.terminal = sys.stdout.isatty()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._show, daemon=True)
        self.thread.start()

    def _clock(self) -> str:
        passed = int(time.monotonic() - self.start)
        return f"{self.text:<44} {passed // 60:3d}:{passed % 60:02d}"

    def _show(self) -> None:
        while not self.done.wait(TERMINAL_S if self.terminal else LOG_S):
            if self.terminal:
                print(f"\r\033[K{self._clock()}  {_last_line(self.log)}", end="", flush=True)
            else:
                print(f"{self._clock()}  {_last_line(self.log)}", flush=True)

    def end(self, good: bool) -> None:
        self.done.set()
        self.thread.join()
        if self.terminal:
            print("\r\033[K", end="")
        if good:
            print(self._clock(), flush=True)


def step(
    lab: Lab,
    text: str,
    log: str,
    what: Work,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a command, or a function that writes to the log; raise LabError if it fails.

    A command ends by itself or with ``./ras``: how long a build takes is not known here.
    """
    path = lab.log / log
    good = False
    progress = _Progress(text, path)
    try:
        with open(path, "w", encoding="utf-8", errors="replace") as file:
            if callable(what):
                what(file)
            else:
                subprocess.run(
                    what,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    cwd=cwd,
                    env=env,
                    check=True,
                )
        good = True
    except (LabError, OSError, subprocess.CalledProcessError) as error:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
        if isinstance(error, LabError):
            lines.append(str(error))
        shown = "\n".join(f"  | {line}" for line in lines)
        raise LabError(f"{text}: FAILED. The last lines of {lab.shown(path)}:\n{shown}") from error
    finally:
        progress.end(good)
