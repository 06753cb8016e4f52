# SPDX-License-Identifier: GPL-2.0
"""Programs that get a time and no more."""

from __future__ import annotations

import signal
import tempfile
import time
import unittest
from pathlib import Path

from raslab.bounded import run_bounded


class Bounded(unittest.TestCase):
    """What comes back, and when."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.output = Path(directory.name) / "output"

    def test_output_and_status(self) -> None:
        status = run_bounded(["sh", "-c", "cat; exit 3"], 60, output=self.output, text="said\n")
        self.assertEqual((status, self.output.read_text()), (3, "said\n"))

    def test_a_program_that_does_not_listen(self) -> None:
        self.assertEqual(run_bounded(["true"], 60, output=self.output, text="x" * 200_000), 0)

    def test_out_of_time(self) -> None:
        """The program and what it has started end."""
        start = time.monotonic()
        command = ["sh", "-c", "sleep 600 & echo $!; sleep 600"]
        status = run_bounded(command, 0.5, output=self.output)
        self.assertEqual(status, -signal.SIGKILL)
        self.assertLess(time.monotonic() - start, 60)
        pid, said = self.output.read_text().splitlines()
        self.assertIn("killed after 0.5 s", said)
        state = Path(f"/proc/{pid}/stat")
        deadline = time.monotonic() + 30
        while state.exists() and state.read_text().split()[2] != "Z":
            self.assertLess(time.monotonic(), deadline, "it is still there")
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main()
