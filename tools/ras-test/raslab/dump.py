# SPDX-License-Identifier: GPL-2.0
"""The one place that reads dumps: what can be asked of one, and who answers.

crash(8) is the first judge, drgn the second.  What both can say both have to say: where they
disagree the check fails, and shows both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, TypeVar

from raslab.bounded import run_bounded
from raslab.check import Answer, Check, Evidence, Judge, RowError, compiled, matching_line
from raslab.crash import Crash
from raslab.drgn_reader import Cpu, DrgnReader, Report
from raslab.kdump_file import DumpError, KdumpFile
from raslab.lab import LabError
from raslab.pages import compare_pages, ranges
from raslab.registers import Shown, gdb_ip, kdb_ip, kdb_place, table
from raslab.remade import pages_in, pages_with, session_key

MAKEDUMPFILE_S = 60.0
# On this flavour crash 8.0.2 does not find the start of a backtrace, in frames as large as
# KASAN makes them.
WITH_KASAN = "debug"

HANDLER = "ras:   handler"
# The report's last line: what comes then is of CPUs that could not be stopped.
REPORT_ENDS = re.compile("ras:   stop 1 took")

Said = TypeVar("Said")


def modules_of(vmlinux: Path) -> list[Path]:
    """The modules that are built for a kernel of the lab."""
    objects = vmlinux.resolve().parent
    places = [objects.with_name(f"{objects.name}-{kind}") for kind in ("modules", "samples")]
    places.append(objects / "drivers" / "ras-clients")
    return sorted(module for place in places for module in place.glob("*.ko"))


class Dump:
    """A dump, and those who read it."""

    def __init__(self, vmlinux: Path, vmcore: Path, directory: Path) -> None:
        self.vmlinux, self.vmcore, self.directory = vmlinux, vmcore, directory

    @cached_property
    def crash(self) -> Crash:
        """The first judge."""
        return Crash(self.vmlinux, self.vmcore, self.directory)

    @cached_property
    def _reader(self) -> DrgnReader:
        return DrgnReader(self.vmlinux, self.vmcore, modules_of(self.vmlinux), self.directory)

    @property
    def drgn(self) -> Report:
        """The second judge's report."""
        return self._reader.report

    def page_kinds(self) -> Path:
        """A file that says what each page was."""
        return self._reader.page_kinds()

    @cached_property
    def dmesg(self) -> str:
        """The log as makedumpfile takes it out of the dump, for one that crash cannot open."""
        log, said = self.directory / "dmesg", self.directory / "makedumpfile.said"
        self.directory.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        command = ["makedumpfile", "--dump-dmesg", str(self.vmcore), str(log)]
        if run_bounded(command, MAKEDUMPFILE_S, output=said) or not log.exists():
            text = said.read_text(encoding="utf-8", errors="replace").strip()
            raise DumpError(f"makedumpfile finds no log: {text[-300:]}")
        return log.read_text(encoding="utf-8", errors="replace")


@dataclass(frozen=True)
class Found:
    """What came of looking; ``expected`` where it is more than what the check says."""

    ok: bool
    got: str
    expected: str = ""
    note: str = ""


@dataclass(frozen=True)
class Asked:
    """A question with all that can be looked at to answer it."""

    dump: Dump
    # The CPU's number, or the handler's name.
    subject: str
    expected: str
    flavour: str
    directory: Path
    line: str
    gdb: str

    @property
    def cpu(self) -> int:
        """The CPU that is asked about."""
        return int(self.subject)

    @property
    def second(self) -> Cpu:
        """That CPU, as drgn shows it."""
        return self.dump.drgn.cpu(self.cpu)

    def log(self, look: Callable[[str], Said]) -> Said:
        """What both judges' logs give; DumpError if they differ."""
        first, second = self.dump.crash.log, self.dump.drgn.log
        if not first.strip():
            raise DumpError("crash has no log")
        if not second.strip():
            raise DumpError(f"drgn has no log: {self.dump.drgn.trouble}")
        result, other = look(first), look(second)
        if result != other:
            raise DumpError(f"by crash's log {result}, by drgn's {other}")
        return result


def _opens(asked: Asked) -> Found:
    crash = asked.dump.crash
    crash.need()
    match = re.search(r"^ *RELEASE: (\S+)", crash.said("sys"), re.MULTILINE)
    release, banner = match[1] if match else "", asked.dump.drgn.banner
    got = f"crash has the release {release or 'none'}, drgn the banner {banner.strip() or 'none'!r}"
    return Found(bool(release) and f"Linux version {release} " in banner, got)


def _at(function: str, address: int | None) -> str:
    return function if address is None else f"{function} at {address:#x}"


def _same_note(asked: Asked) -> tuple[bool, str]:
    """Do both notes name the function, with the same registers?  And what they say."""
    crash, second = asked.dump.crash, asked.second
    note, function = crash.note(asked.cpu), crash.noted(asked.cpu)
    got = f"{_at(function, note.ip if note else None)}; drgn's: {_at(second.noted, second.ip)}"
    if note is None:
        return False, got
    differ = [
        name for name in second.registers if note.registers.get(name) != second.registers[name]
    ]
    if differ:
        got += f"; different are {' '.join(differ)}"
    ok = function == asked.expected and asked.expected in second.functions and not differ
    return ok, got


def _cpu_in(asked: Asked) -> Found:
    backtrace, second = asked.dump.crash.backtrace(asked.cpu), asked.second
    ok, notes = _same_note(asked)
    interrupted = backtrace.interrupted or "nothing"
    got = f"crash's backtrace: {interrupted}; crash's ELF note: {notes}"
    process = backtrace.process
    if process != (second.pid, second.comm):
        ok = False
        got += f"; running by crash {process}, by drgn {(second.pid, second.comm)}"
    return Found(ok and interrupted == asked.expected, got, f"{asked.expected} by all of them")


def _note(asked: Asked) -> Found:
    ok, notes = _same_note(asked)
    return Found(ok, f"crash's ELF note: {notes}", f"{asked.expected} by both")


def drgn_denies(function: str, functions: list[str], second: Cpu) -> bool:
    """Should drgn have the function that crash has in a backtrace, and has it not?

    drgn's trace begins where the note was taken, and what that place has called since is in
    crash's only.  A trace that ends on the way says nothing of what is behind.
    """
    if second.has(function) or not second.complete:
        return False
    below = next((at for at, name in enumerate(functions) if name in second.functions), 0)
    return function in functions[below:]


def _backtrace_has(asked: Asked) -> Found:
    second = asked.second
    if asked.flavour == WITH_KASAN:
        asked.dump.crash.need()
        seen = "drgn has it" if second.has(asked.expected) else "drgn's trace lacks it"
        return Found(True, "", note=f"left out: crash is no judge with KASAN; {seen}")
    functions = asked.dump.crash.backtrace(asked.cpu).functions
    denies = drgn_denies(asked.expected, functions, second)
    got = f"crash: {' '.join(functions) or 'nothing'}; drgn:{''.join(second.trace) or ' nothing'}"
    return Found(asked.expected in functions and not denies, got)


def _backtrace_lacks(asked: Asked) -> Found:
    text = asked.dump.crash.backtrace(asked.cpu).text
    if not text.strip():
        return Found(False, "crash has no backtrace")
    trace = "\n".join(asked.second.trace)
    found = matching_line(asked.expected, text) or matching_line(asked.expected, trace)
    return Found(found is None, found or "", f"no line that matches {asked.expected}")


def _crashed_cpu(asked: Asked) -> Found:
    first, second = asked.dump.crash.crashed, asked.dump.drgn.crashed
    shown = [
        f"{who}: {'nothing' if found is None else 'CPU {}, process {}'.format(*found)}"
        for who, found in (("crash", first), ("drgn", second))
    ]
    wanted = int(asked.expected)
    ok = first == second == (wanted, asked.dump.drgn.cpu(wanted).pid)
    return Found(ok, "; ".join(shown), f"CPU {wanted} by both, and the process that it ran")


def _panic(asked: Asked) -> Found:
    crash = asked.dump.crash
    crash.need()
    return Found(matching_line(asked.expected, crash.panic) is not None, crash.panic)


def _task(asked: Asked) -> Found:
    asked.dump.crash.need()
    tasks = asked.dump.drgn.tasks
    if asked.expected in tasks:
        return Found(True, "")
    # crash 8.0.2 lists only the running ones of 6.1.192; but those there are.
    if asked.expected in asked.dump.crash.tasks:
        return Found(False, f"crash lists it, drgn does not: {' '.join(tasks)}")
    return Found(False, " ".join(tasks) or f"no tasks: {asked.dump.drgn.trouble}")


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return "none; the last lines are\n" + "\n".join(lines[-3:])


def _log_has(asked: Asked) -> Found:
    found = asked.log(lambda log: matching_line(asked.expected, log) is not None)
    return Found(found, "" if found else _last(asked.dump.crash.log))


def _log_lacks(asked: Asked) -> Found:
    asked.log(lambda log: matching_line(asked.expected, log) is None)
    line = matching_line(asked.expected, asked.dump.crash.log)
    return Found(line is None, line or "", f"no line that matches {asked.expected}")


def _dmesg_has(asked: Asked) -> Found:
    log = asked.dump.dmesg
    found = matching_line(asked.expected, log) is not None
    return Found(found, "" if found else _last(log))


def _dmesg_lacks(asked: Asked) -> Found:
    log = asked.dump.dmesg
    line = matching_line(asked.expected, log)
    ok = line is None and bool(log.strip())
    return Found(ok, line or "no log", f"no line that matches {asked.expected}")


def handler_line(name: str, log: str) -> str:
    """The last line of the log for a handler."""
    lines = [line for line in log.splitlines() if f"{HANDLER} {name} " in line]
    return lines[-1] if lines else ""


def handlers(log: str) -> list[str]:
    """The handlers in the order of their first lines."""
    found = re.findall(f"{HANDLER} ([^ \n]*) (.*)", log)
    # Nobody is there for a debugger.
    kept = [
        name
        for name, text in found
        if name not in ("kdb", "kgdb") or not text.lstrip().startswith("not armed: ")
    ]
    return list(dict.fromkeys(kept))


def lines_after_report(log: str) -> int:
    """How many lines of the log there are from the end of the report on."""
    lines = log.rstrip("\n").split("\n")
    ends = [at for at, line in enumerate(lines) if REPORT_ENDS.search(line)]
    return len(lines) - (ends[-1] if ends else 0)


def _handler(asked: Asked) -> Found:
    line = asked.log(lambda log: handler_line(asked.subject, log).strip())
    found = matching_line(f"{HANDLER} {asked.subject} +({asked.expected})", line)
    return Found(bool(line) and found is not None, line or "no such handler in the log")


def _handlers(asked: Asked) -> Found:
    names = asked.log(handlers)
    return Found(names == asked.expected.split(), " ".join(names))


def _lines_after(asked: Asked) -> Found:
    count = asked.log(lines_after_report)
    return Found(count <= int(asked.expected), str(count), f"no more than {asked.expected}")


def _registers(asked: Asked) -> Found:
    rows = []
    for cpu in range(int(asked.expected)):
        note, second = asked.dump.crash.note(cpu), asked.dump.drgn.cpu(cpu)
        rows.append(
            Shown(
                cpu,
                kdb_ip(asked.line, cpu),
                gdb_ip(asked.gdb, cpu),
                "" if note is None else f"{note.ip:x}",
                "" if second.ip is None else f"{second.ip:x}",
                kdb_place(asked.line, cpu),
                asked.dump.crash.backtrace(cpu).exception,
            )
        )
    shown = table(rows)
    (asked.directory / "registers").write_text(shown + "\n", encoding="utf-8")
    return Found(not any(row.wrong for row in rows), shown, "the same by all of them")


def _pages(asked: Asked) -> Found:
    reference = asked.directory / "reference.elf"
    result = compare_pages(asked.dump.vmcore, reference, asked.dump.page_kinds())
    return Found(result.agrees, str(result), "every page equal, and none lost", str(result))


def _pages_alike(asked: Asked) -> Found:
    """For a dump that the kernel itself has written: it has changed some pages meanwhile."""
    reference = asked.directory / "reference.elf"
    result = compare_pages(asked.dump.vmcore, reference, asked.dump.page_kinds())
    good = bool(result.equal) and not result.invented and not result.lost
    good = good and len(result.different) <= int(str(asked.expected))
    good = good and len(result.unreadable) <= UNREADABLE_MAX
    wanted = f"no page lost, and no more than {asked.expected} that differ"
    return Found(good, str(result), wanted, str(result))


def _pages_marked(asked: Asked) -> Found:
    """Pages that begin with a text, which the row's module has put there."""
    mark = asked.subject.encode() + b"\0"
    with KdumpFile(asked.dump.vmcore) as opened:
        count = sum(page.startswith(mark) for _, page in opened.pages())
    return Found(count == int(asked.expected), f"{count} pages", f"{asked.expected} pages")


def _key_hidden(asked: Asked) -> Found:
    """The machine's memory has the key in one place, which the dump lacks.

    The dump may have a copy: the stack of a CPU that was encrypting when that page was stored.
    """
    place = asked.dump.vmcore.parent
    secret = bytes.fromhex((place / "secret").read_text(encoding="utf-8"))
    key = session_key(place / "sealed", secret)
    pages = pages_with(asked.directory / "reference.elf", key)
    dumped = pages_in(asked.dump.vmcore, pages)
    got = f"memory has it in {ranges(pages)}, of which the dump has {ranges(dumped) or 'none'}"
    return Found(len(pages) == 1 and not dumped, got, "in one page, which is not dumped")


def _takes_expression(expected: object) -> None:
    compiled(expected)


def _takes_name(expected: object) -> None:
    if not isinstance(expected, str) or not re.fullmatch(r"[^\s=]+", expected):
        raise RowError(f"{expected!r} is no name")


def _takes_names(expected: object) -> None:
    if not isinstance(expected, str) or not expected.split():
        raise RowError(f"{expected!r} are no names")


def _takes_cpu(expected: object) -> None:
    if not re.fullmatch("[0-9]+", str(expected)) or isinstance(expected, bool):
        raise RowError(f"{expected!r} is no CPU")


def _takes_count(expected: object) -> None:
    if not re.fullmatch("[1-9][0-9]*", str(expected)) or isinstance(expected, bool):
        raise RowError(f"{expected!r} is no number")


def _takes_all(expected: object) -> None:
    if expected != "all":
        raise RowError(f"all pages are compared, not {expected!r}")


def _takes_nothing(expected: object) -> None:
    if expected != "":
        raise RowError(f"nothing is expected, but {expected!r}")


@dataclass(frozen=True)
class Question:
    """A kind of check: its form, what it takes, its title, and who looks."""

    form: str
    takes: Callable[[object], None]
    title: str
    look: Callable[[Asked], Found]
    # What crash has to be asked for it.
    commands: str = "sys"

    def match(self, what: str) -> re.Match[str] | None:
        """Is this the question?"""
        pattern = self.form.replace("NAME", r"([a-z0-9_]+)").replace("N", r"(\d+)")
        return re.fullmatch(pattern, what)

    def needs(self, subject: str, expected: str) -> list[str]:
        """The commands for crash."""
        cpus = range(int(expected)) if self.look is _registers else [subject]
        commands = self.commands.split(", ") if self.commands else []
        return [command.replace("CPU", str(cpu)) for command in commands for cpu in cpus]


_REGISTERS = "sys, bt -c CPU, help -n, sym -l"
QUESTIONS = (
    Question("opens", _takes_nothing, "the dump opens", _opens),
    Question(
        "cpu N in", _takes_name, "CPU {subject} was interrupted in {expected}", _cpu_in, _REGISTERS
    ),
    Question(
        "note N",
        _takes_name,
        "the ELF note of CPU {subject} is from {expected}",
        _note,
        _REGISTERS,
    ),
    Question(
        "backtrace N has",
        _takes_name,
        "CPU {subject} has {expected} in its backtrace",
        _backtrace_has,
        "sys, bt -c CPU",
    ),
    Question(
        "backtrace N lacks",
        _takes_expression,
        "CPU {subject} has no {expected} in its backtrace",
        _backtrace_lacks,
        "sys, bt -c CPU",
    ),
    Question("crashed cpu", _takes_cpu, "CPU {expected} has crashed", _crashed_cpu, "sys, set -p"),
    Question("panic", _takes_expression, "the message of the panic has {expected}", _panic),
    Question("task", _takes_name, "the dump has the task {expected}", _task, "sys, ps"),
    Question(
        "log has", _takes_expression, "the log in the dump has {expected}", _log_has, "sys, log"
    ),
    Question(
        "log lacks",
        _takes_expression,
        "the log in the dump lacks {expected}",
        _log_lacks,
        "sys, log",
    ),
    Question(
        "dmesg has",
        _takes_expression,
        "the log that makedumpfile finds has {expected}",
        _dmesg_has,
        "",
    ),
    Question(
        "dmesg lacks",
        _takes_expression,
        "the log that makedumpfile finds lacks {expected}",
        _dmesg_lacks,
        "",
    ),
    Question(
        "handler NAME",
        _takes_expression,
        "the handler {subject} has the line {expected}",
        _handler,
        "sys, log",
    ),
    Question("handlers", _takes_names, "the handlers are {expected}", _handlers, "sys, log"),
    Question(
        "lines after the report",
        _takes_count,
        "no more than {expected} lines come after the report",
        _lines_after,
        "sys, log",
    ),
    Question(
        "registers agree",
        _takes_count,
        "kdb, gdb, crash and drgn show the same registers on {expected} CPUs",
        _registers,
        _REGISTERS,
    ),
    Question("pages agree", _takes_all, "the dump is what was in memory, page by page", _pages, ""),
    Question(
        "pages alike",
        _takes_count,
        "the dump is what was in memory, but for {expected} pages",
        _pages_alike,
        "",
    ),
    Question(
        "pages marked NAME",
        _takes_count,
        "the dump has all {expected} pages that begin with {subject}",
        _pages_marked,
        "",
    ),
    Question(
        "key hidden",
        _takes_nothing,
        "the dump lacks the key that it was sealed with",
        _key_hidden,
        "",
    ),
)
NONE = "none"
# Pages that are out of the direct map at that moment, such as code that is being freed.
UNREADABLE_MAX = 16
# These look at what was in memory when the machine ended.
OF_MEMORY = ("pages agree", "pages alike", "key hidden")


def question(check: Check) -> tuple[Question, str]:
    """The question of a check, and its subject; RowError if there is no such question."""
    for one in QUESTIONS:
        if match := one.match(check.what):
            return one, match[1] if match.groups() else ""
    forms = ", ".join(one.form for one in QUESTIONS)
    raise RowError(f"a dump cannot be asked {check.what!r}; there are {NONE}, {forms}")


class DumpJudge(Judge):
    """``dump``: what the crash kernel has saved."""

    where: ClassVar[str] = "dump"

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence)
        self._dump: Dump | None = None

    @classmethod
    def accept(cls, check: Check) -> None:
        if check.argument:
            raise RowError(f"there is one dump, and not {check.where!r}")
        if check.what == NONE:
            _takes_nothing(check.expected)
            return
        question(check)[0].takes(check.expected)

    def _opened(self) -> Dump | None:
        evidence = self.evidence
        if self._dump is None and evidence.vmcore is not None:
            place = evidence.directory / "crash"
            self._dump = Dump(evidence.target.vmlinux, evidence.vmcore, place)
            ask_at_once(self._dump, [c for c in evidence.row.checks if c.place == self.where])
        return self._dump

    def answer(self, check: Check) -> Answer:
        if check.what == NONE:
            there = self.evidence.vmcore is not None
            return Answer(not there, check.title or "there is no dump", "none", "a dump")
        evidence, dump = self.evidence, self._opened()
        if dump is None:
            return Answer(False, title_of(check), "a dump", "none")
        return answer(
            check, dump, evidence.directory, evidence.line, evidence.gdb, evidence.target.flavour
        )


def title_of(check: Check) -> str:
    """What the reader sees of the check."""
    asked, subject = question(check)
    return check.title or asked.title.format(subject=subject, expected=check.expected)


def ask_at_once(dump: Dump, checks: Iterable[Check]) -> None:
    """Have crash asked in one session all that the checks need."""
    commands: dict[str, None] = {}
    for check in checks:
        if check.what != NONE:
            asked, subject = question(check)
            commands.update(dict.fromkeys(asked.needs(subject, str(check.expected))))
    if commands:
        dump.crash.ask(commands)


def answer(
    check: Check, dump: Dump, directory: Path, line: str = "", gdb: str = "", flavour: str = ""
) -> Answer:
    """Look; what cannot be read is an answer, too.

    The directory has what else is compared with the dump; line and gdb are what went over the
    second serial line, and what gdb has said.
    """
    asked, subject = question(check)
    title, expected = title_of(check), str(check.expected)
    try:
        found = asked.look(Asked(dump, subject, expected, flavour, directory, line, gdb))
    except (LabError, OSError) as error:
        return Answer(False, title, expected, str(error))
    if found.note:
        title += f" ({found.note})"
    return Answer(found.ok, title, found.expected or expected, found.got)
