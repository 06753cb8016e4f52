# SPDX-License-Identifier: GPL-2.0
"""What drgn says of a dump, as JSON.

usage: python3 -m raslab.drgn_report [--output FILE] [--pages FILE] VMLINUX VMCORE [MODULE.ko...]

A program of its own, because a damaged dump may bring down the libraries that read it, or keep
them busy for ever: drgn_reader.py runs it for a while and takes what it writes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import drgn
from drgn.helpers.linux.cpumask import for_each_present_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.percpu import per_cpu, per_cpu_ptr
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg

from raslab.kdump_file import KdumpFile, Note, Prstatus
from raslab.page_kinds import write_kinds

# More frames than any stack of the kernel has.
DEEPEST = 200


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _unsuffixed(name: str) -> str:
    return name.removesuffix(".cold")


class ModuleSymbols:
    """The functions of the modules that were loaded, by the kernel's own tables.

    For modules without a file: drgn 0.0.22 names addresses only by debug information.
    """

    def __init__(self, program: drgn.Program) -> None:
        self.modules = [
            (module.core_layout.base.value_(), module.core_layout.size.value_(), module)
            for module in list_for_each_entry(
                "struct module", program["modules"].address_of_(), "list"
            )
        ]

    def names(self, address: int) -> list[str]:
        """The last functions that do not begin behind the address."""
        for base, size, module in self.modules:
            if base <= address < base + size:
                return self._names(module.kallsyms, address)
        return []

    def _names(self, table: drgn.Object, address: int) -> list[str]:
        best, names = 0, list[str]()
        for index in range(table.num_symtab.value_()):
            symbol = table.symtab[index]
            value = symbol.st_value.value_()
            if chr(table.typetab[index].value_() & 0x7F) not in "tTwW" or value > address:
                continue
            if value > best:
                best, names = value, []
            if value == best:
                names.append(_text((table.strtab + symbol.st_name).string_()))
        return names


class Report:
    """Asks one part after the other; what fails costs that part only."""

    def __init__(self, vmlinux: Path, vmcore: Path, modules: list[Path]) -> None:
        self.vmcore = vmcore
        self.errors: list[str] = []
        self.program = drgn.Program()
        self.program.set_core_dump(str(vmcore))
        self.program.load_debug_info([str(vmlinux)])
        if modules:
            self._try("the modules' debug information", lambda: self._load(modules))
        self.by_tables: ModuleSymbols | None = None
        self.all_noted = False

    def _load(self, modules: list[Path]) -> None:
        self.program.load_debug_info([str(module) for module in modules])

    def _try(self, what: str, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except Exception as error:  # drgn raises that very class for most of what it finds
            self.errors.append(f"{what}: {type(error).__name__}: {error}")
        return None

    def names(self, address: int) -> list[str]:
        """The function at an address, with all the names that it has."""
        if address <= 0:
            # What stood in the place of a return address.
            return []
        try:
            start = self.program.symbol(address).address
            names = [
                symbol.name for symbol in self.program.symbols(start) if symbol.address == start
            ]
        except LookupError:
            if self.by_tables is None:
                self.by_tables = ModuleSymbols(self.program)
            names = self.by_tables.names(address)
        return [_unsuffixed(name) for name in names]

    def _notes(self) -> dict[int, Note]:
        """The note of each CPU: the kernel's own memory says which CPUs have left one."""
        with KdumpFile(self.vmcore) as dump:
            in_file = [note for note in dump.notes if note.is_prstatus]
        left = []
        for cpu in for_each_present_cpu(self.program):
            place = per_cpu_ptr(self.program["crash_notes"], cpu)
            if int.from_bytes(self.program.read(place.value_(), 4), "little"):
                left.append(cpu)
        if len(left) != len(in_file):
            raise ValueError(f"{len(in_file)} notes in the dump, of {len(left)} CPUs")
        # drgn itself takes the first note for CPU 0, the second for CPU 1, and so on.
        self.all_noted = left == list(range(len(left)))
        return dict(zip(left, in_file))

    def _frames(self, note: Note) -> Iterator[dict[str, object]]:
        kind = self.program.type("struct pt_regs")
        data = note.data[112 : 112 + drgn.sizeof(kind)]
        trace = self.program.stack_trace(drgn.Object.from_bytes_(self.program, kind, data))
        for frame in list(trace)[:DEEPEST]:
            try:
                pc = frame.pc
            except LookupError:
                # It is on another stack, and drgn has not found the way there.
                return
            # Behind a call is the instruction to which it returns.
            names = {_unsuffixed(frame.name)} if frame.name else set[str]()
            if not frame.is_inline:
                names.update(self.names(pc if frame.interrupted else pc - 1))
            yield {"pc": pc, "names": sorted(names)}

    def _cpu(self, cpu: int, notes: dict[int, Note]) -> dict[str, object]:
        task = per_cpu(self.program["runqueues"], cpu).curr
        found: dict[str, object] = {
            "cpu": cpu,
            "pid": task.pid.value_(),
            "comm": _text(task.comm.string_()),
        }
        if cpu in notes:
            registers = Prstatus.of(notes[cpu])
            found["note"] = {"pid": registers.pid, "registers": registers.registers}
            found["functions"] = self.names(registers.ip)
            own = self.program.stack_trace(task)[0].pc if self.all_noted else registers.ip
            if own != registers.ip:
                raise ValueError(f"its note has {registers.ip:#x}, and drgn finds {own:#x}")
            frames = self._try(f"the stack of CPU {cpu}", lambda: list(self._frames(notes[cpu])))
            found["frames"] = frames or []
        return found

    def _cpu_or_none(self, cpu: int, notes: dict[int, Note]) -> Any:
        return self._try(f"CPU {cpu}", lambda: self._cpu(cpu, notes))

    def _crashed(self) -> dict[str, object]:
        """The CPU that has crashed, by the kernel's memory, and the process, by drgn."""
        cpu = self.program["crashing_cpu"].value_()
        return {"cpu": cpu, "pid": self.program.crashed_thread().tid}

    def _tasks(self) -> list[dict[str, object]]:
        return [
            {"pid": task.pid.value_(), "comm": _text(task.comm.string_())}
            for task in for_each_task(self.program)
        ]

    def everything(self) -> dict[str, object]:
        """All that can be said."""
        notes: dict[int, Note] = self._try("the notes", self._notes) or {}
        cpus = self._try("the CPUs", lambda: list(for_each_present_cpu(self.program))) or []
        return {
            "banner": self._try(
                "the banner", lambda: _text(self.program["linux_banner"].string_())
            ),
            "cpus": [found for cpu in cpus if (found := self._cpu_or_none(cpu, notes))],
            "crashed": self._try("the CPU that has crashed", self._crashed),
            "tasks": self._try("the tasks", self._tasks),
            "log": self._try("the log", lambda: _text(get_dmesg(self.program))),
            "errors": self.errors,
        }


def main(arguments: list[str]) -> int:
    """Write the report, or the kinds of pages; 1 if drgn does not open the dump."""
    parser = argparse.ArgumentParser(prog="drgn_report")
    parser.add_argument("--output", type=Path, default=Path("/dev/stdout"))
    parser.add_argument("--pages", type=Path)
    parser.add_argument("vmlinux", type=Path)
    parser.add_argument("vmcore", type=Path)
    parser.add_argument("modules", nargs="*", type=Path)
    given = parser.parse_args(arguments)
    try:
        report = Report(given.vmlinux, given.vmcore, given.modules)
        if given.pages:
            write_kinds(report.program, given.vmcore, given.pages)
        else:
            given.output.write_text(json.dumps(report.everything()), encoding="utf-8")
    except Exception as error:  # as above: it is for the one who has asked
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
