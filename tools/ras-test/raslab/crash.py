# SPDX-License-Identifier: GPL-2.0
"""What crash(8) says of a dump.

Most of crash's time goes into its start, so it is asked all in one session.  What it does not
get to, because a damaged dump leads it astray, is asked again alone.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from raslab.bounded import run_bounded
from raslab.kdump_file import DumpError

# How long a session may take; an ordinary one takes 4 s, and more where machines run beside it.
SESSION_S = 300.0

# Frames that stop a CPU: what it was doing is behind them.
STOPPING = re.compile(
    r"crash_nmi_callback|(?!ras_test_)ras_.*|panic|default_do_nmi|exc_nmi|asm_exc_nmi|end_repeat_nmi"
    r"|asm_sysvec_x86_platform_ipi"
)
FRAME = re.compile(r" *#\d+ \[[0-9a-f]*\] (\S*) at ")
EXCEPTION = re.compile(r" *\[exception RIP: ([^]+ ]*)(?:\+(\d+))?")
PANICKED = re.compile(r" *PID: (\d+)\n(?:.*\n)*? *CPU: (\d+)\n *STATE: .*\(PANIC\)")
PROCESS = re.compile(r'PID: *(\d+) .*CPU: *(\d+) +COMMAND: "(.*)"')
SYMBOL = re.compile(r"([0-9a-f]{16}) \([tTwW?]\) +(\S+)")


def whole(function: str) -> str:
    """A function's name; what the compiler has moved out of its way is still that function."""
    return function.removesuffix(".cold")


@dataclass(frozen=True)
class Frame:
    """A line of a backtrace, or the place where an exception has come."""

    function: str
    exception: bool = False
    offset: int | None = None


@dataclass(frozen=True)
class Backtrace:
    """What ``bt -c`` prints."""

    text: str

    @cached_property
    def frames(self) -> list[Frame]:
        """One for each function, and for each exception."""
        found = []
        for line in self.text.splitlines():
            if match := FRAME.match(line):
                found.append(Frame(whole(match[1])))
            elif match := EXCEPTION.match(line):
                found.append(Frame(whole(match[1]), True, int(match[2]) if match[2] else None))
        return found

    @property
    def functions(self) -> list[str]:
        """The functions, without saying which were interrupted."""
        return [frame.function for frame in self.frames]

    @property
    def interrupted(self) -> str:
        """What the CPU was doing: past the frames that have stopped it."""
        for frame in self.frames:
            if frame.exception or not STOPPING.fullmatch(frame.function):
                return frame.function
        return ""

    @property
    def exception(self) -> str:
        """The first interrupted place, function+offset as kdb writes it."""
        for frame in self.frames:
            if frame.exception and frame.offset is not None:
                return f"{frame.function}+{frame.offset:#x}"
        return ""

    @property
    def process(self) -> tuple[int, str] | None:
        """Number and name of the process that the CPU ran."""
        match = PROCESS.search(self.text)
        return (int(match[1]), match[3]) if match else None


@dataclass(frozen=True)
class CrashNote:
    """What ``help -n`` shows of an ELF note."""

    pid: int
    registers: dict[str, int]

    @property
    def ip(self) -> int:
        """The instruction pointer."""
        return self.registers["rip"]


def notes_in_help(text: str) -> list[CrashNote]:
    """The notes with registers that ``help -n`` prints, in the order of the file."""
    found = []
    for part in re.split(r"^ *notes\[\d+\]: [0-9a-f]+ \(NT_PRSTATUS\)$", text, flags=re.M)[1:]:
        pid = re.search(r"\bpid: (\d+)", part)
        registers = {
            {"rflags": "flags"}.get(name.lower(), name.lower()): int(value, 16)
            for name, value in re.findall(r"\b([A-Z][A-Z0-9_]+): ([0-9a-f]+)\b", part)
        }
        if pid and "rip" in registers:
            found.append(CrashNote(int(pid[1]), registers))
    return found


class Symbols:
    """The functions of ``sym -l``, those of modules included."""

    def __init__(self, text: str) -> None:
        found = [(int(match[1], 16), match[2]) for match in SYMBOL.finditer(text)]
        found.sort(key=lambda symbol: symbol[0])
        self._addresses = [address for address, _ in found]
        self._names = [name for _, name in found]

    def function(self, address: int) -> str:
        """The last function that does not begin behind the address."""
        at = bisect.bisect_right(self._addresses, address)
        return whole(self._names[at - 1]) if at else ""


class Crash:
    """A dump as crash shows it; its answers are kept in a directory."""

    def __init__(self, vmlinux: Path, vmcore: Path, directory: Path) -> None:
        self.vmlinux, self.vmcore, self.directory = vmlinux.resolve(), vmcore.resolve(), directory
        self._asked_alone: set[str] = set()
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.iterdir():
            if old.suffix == ".said":
                old.unlink()

    def _file(self, command: str) -> Path:
        return self.directory / f"{re.sub('[^a-z0-9]+', '-', command)}.said"

    def ask(self, commands: Iterable[str]) -> None:
        """All of them in one session."""
        lines = [f"{command} > {self._file(command).name}" for command in commands]
        run_bounded(
            ["crash", "-s", str(self.vmlinux), str(self.vmcore)],
            SESSION_S,
            output=self.directory / "session",
            cwd=self.directory,
            text="\n".join([*lines, "quit", ""]),
        )

    def said(self, command: str) -> str:
        """The answer to one command, or nothing."""
        path = self._file(command)
        if command not in self._asked_alone and not (path.exists() and path.stat().st_size):
            self._asked_alone.add(command)
            self.ask([command])
        if not path.exists():
            return ""
        return path.read_text(encoding="utf-8", errors="replace")

    @cached_property
    def opens(self) -> bool:
        """Has crash a machine in its hands?  Some damage makes it go on with none."""
        return bool(self.panic)

    @property
    def why_not(self) -> str:
        """The last that crash has said, where it does not open the dump."""
        session = self.directory / "session"
        if not session.exists():
            return "nothing"
        lines = session.read_text(encoding="utf-8", errors="replace").split("\n")
        return "\n".join([line for line in lines if line.strip()][-5:])

    @cached_property
    def panic(self) -> str:
        """The message of the panic, as ``sys`` has it."""
        match = re.search(r"^ *PANIC: (.*)$", self.said("sys"), re.MULTILINE)
        return match[1] if match else ""

    def need(self) -> None:
        """Raise DumpError if crash does not open the dump."""
        if not self.opens:
            raise DumpError(f"crash does not open the dump; it says\n{self.why_not}")

    @property
    def crashed(self) -> tuple[int, int] | None:
        """The CPU that has crashed and its process, if crash has found the task."""
        self.need()
        match = PANICKED.search(self.said("set -p"))
        return (int(match[2]), int(match[1])) if match else None

    @cached_property
    def log(self) -> str:
        """The kernel's log."""
        self.need()
        return self.said("log")

    @cached_property
    def tasks(self) -> list[str]:
        """The names that ``ps`` lists: with crash 8.0.2 and Linux 6.1.192 only those that run."""
        self.need()
        last = [line.split()[-1] for line in self.said("ps").splitlines()[1:] if line.strip()]
        return [name[1:-1] if re.fullmatch(r"\[.*\]", name) else name for name in last]

    @cached_property
    def _symbols(self) -> Symbols:
        return Symbols(self.said("sym -l"))

    @cached_property
    def _notes(self) -> list[CrashNote]:
        return notes_in_help(self.said("help -n"))

    @property
    def cpus(self) -> int:
        """How many CPUs crash sees, 0 if it does not say."""
        match = re.search(r"^ *CPUS: (\d+)", self.said("sys"), re.MULTILINE)
        return int(match[1]) if match else 0

    def backtrace(self, cpu: int) -> Backtrace:
        """What the CPU was doing, by its stack."""
        self.need()
        return Backtrace(self.said(f"bt -c {cpu}"))

    def note(self, cpu: int) -> CrashNote | None:
        """The CPU's ELF note, which the process that it ran tells.

        Several CPUs run a process 0: then it is by place, if each CPU has a note.
        """
        process = self.backtrace(cpu).process
        if process is None:
            return None
        notes = [note for note in self._notes if note.pid == process[0]]
        if len(notes) > 1:
            notes = self._notes[cpu : cpu + 1] if len(self._notes) == self.cpus else []
        return notes[0] if notes and notes[0].pid == process[0] else None

    def noted(self, cpu: int) -> str:
        """The function that the CPU's note names."""
        note = self.note(cpu)
        return "no note" if note is None else self._symbols.function(note.ip)
