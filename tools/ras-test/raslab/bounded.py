# SPDX-License-Identifier: GPL-2.0
"""Programs that get a time and no more."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_bounded(
    command: Sequence[str],
    seconds: float,
    *,
    output: Path,
    cwd: Path | None = None,
    text: str = "",
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a program on ``text``; what it prints goes to the file.

    Returns its exit status, negative for a signal, -SIGKILL if its time was up.  Whatever it
    has started ends with it.
    """
    with open(output, "wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )
        try:
            process.communicate(text.encode(), timeout=seconds)
        except subprocess.TimeoutExpired:
            os.write(file.fileno(), f"killed after {seconds:g} s\n".encode())
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.communicate()
    return process.returncode
