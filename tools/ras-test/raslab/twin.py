# SPDX-License-Identifier: GPL-2.0
"""A second machine of a row, with the same kernel, on the same switch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from raslab.check import End
from raslab.lab import LabError
from raslab.machine import Life, Qemu, script_of
from raslab.network import Card, Switch, card_mac
from raslab.peer import Peer
from raslab.watch import LOOK_S, stopping

# The number of its card, which no card of the row's machine has.
CARD = 16
# On a kernel of ordinary speed it has ended by then.
LIMIT_S = 240.0


class Twin(Peer):
    """Runs ``run``, which ends with a crash, on so many ``cpus``.

    Its card has the number 16.  It is told of the peers that stand before it in the row.  What
    it prints is the file console.log of the directory peer-twin.
    """

    name = "twin"
    options = {"run": "", "cpus": 2}

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        super().__init__(directory, options)
        self._card: Card | None = None
        self._life: Life | None = None

    def join(self, switch: Switch) -> None:
        self._card = Card("virtio-net", card_mac(CARD), switch.connect(self.name))

    def start(self) -> None:
        if self.target is None or self._card is None:
            raise LabError(f"the {self.name} is on no switch")
        self.files.mkdir()
        script = script_of(self.target.lab, str(self.chosen["run"]))
        cpus = int(str(self.chosen["cpus"]))
        options = ["-no-reboot"]
        machine = Qemu(self.target, self.files, cpus, cards=[self._card], options=options)
        self._life = machine.boot(f"crashkernel=0{self.told}", script)

    def stop(self) -> None:
        """Let it come to its end, if that is within the limit."""
        life, self._life = self._life, None
        if life is None or self.target is None:
            return
        try:
            end = self._end_of(life, LIMIT_S * self.target.slow)
        finally:
            life.kill()
            life.close()
        if end is not End.RESET:
            self.failure = f"it {(end or End.STUCK).value}"
        for name in ("initrd", "scenario"):
            (self.files / name).unlink(missing_ok=True)

    @staticmethod
    def _end_of(life: Life, limit: float) -> End | None:
        while (end := life.poll()) is None and life.seconds < limit and not stopping.is_set():
            time.sleep(LOOK_S)
        return end
