#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""rasctl, with a directory that imitates /sys/kernel/ras and a program that imitates the kernel
behind it: what it shows, what it writes, what it refuses, and what it says then."""

import errno
import fcntl
import json
import os
import pty
import re
import resource
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
YES, NO, TROUBLE = range(3)
BLOCK, EXTENTS = 4096, 992
EMPTY, BEGUN, CUT, WHOLE, TAKEN = range(5)
MIB = 1 << 20
EDGE = 128 * 1024
TRIGGERS = ("panic", "oops", "nmi", "sysrq", "user", "api", "debug", "hibernate")
WRITABLE = {"enabled", "priority", "deadline_ms", "triggers", "wait_s"}
MEMINFO = {"MemTotal": 1 << 20, "MemFree": 1 << 19, "Cached": 1 << 17, "Buffers": 0}
MEMINFO |= {"AnonPages": 1 << 17}
REHEARSED = """echo 7 > last/sequence; echo rehearsal > last/trigger; echo 1 > last/owner
echo 15634075 > last/stop_ns; echo 111235 > last/held_ns; echo 4458226 > last/release_ns
echo 0,2-3 > last/cpus_ipi; echo > last/cpus_nmi; echo > last/cpus_self"""


@dataclass(frozen=True)
class Handler:
    """A handler, as its files show it."""

    priority: int = 300
    enabled: int | str = 1
    armed: int | str = 1
    triggers: str = "panic"
    state: str = "ok"
    reason: str = ""
    verdict: str = "none"
    ns: int = 0
    wait_s: str = ""

    def files(self) -> dict[str, object]:
        """Its files."""
        waits = {"wait_s": self.wait_s} if self.wait_s else {}
        files = {"enabled": self.enabled, "armed": self.armed, "priority": self.priority}
        files |= {"triggers": self.triggers, "state": self.state, "last_verdict": self.verdict}
        return files | {"last_ns": self.ns, "deadline_ms": 10000, "runs": 0} | waits

    def line(self, name: str) -> str:
        """Its line of the plan."""
        said = f"not armed: {self.reason}" if self.reason else "armed"
        return f"  {self.priority:3} {name:<12} {said}\n"


KMSG = Handler(100, verdict="next", ns=17155000)
KDUMP = Handler(900)
NO_KDUMP = Handler(900, armed=0, reason="no crash kernel loaded")


@dataclass
class Bench:
    """Where the imitation is made and the program runs."""

    tap: Tap
    place: Path
    sources: Path
    count: int = 0
    work: Path = field(default_factory=Path)

    @property
    def ras(self) -> Path:
        """The framework's directory."""
        return self.work / "kernel" / "ras"

    def put(self, path: str, value: object, mode: int = 0o600) -> None:
        """A file of the framework's directory."""
        file = self.ras / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n", encoding="utf-8")
        file.chmod(mode)

    def fresh(self, handlers: Mapping[str, Handler], targets: str = "none") -> None:
        """A new directory for the next test."""
        if self.count:
            shutil.rmtree(self.work)
        self.count += 1
        self.work = self.place / f"{self.count}"
        for path, number in (("enabled", 1), ("ipi_grace_us", 10000), ("nmi_timeout_ms", 1000)):
            self.put(path, number)
        self.put("trigger", "", 0o200)
        for name in TRIGGERS:
            self.put(f"triggers/{name}/enabled", int(name != "oops"))
        (self.ras / "handlers").mkdir()
        for name, handler in handlers.items():
            for path, value in handler.files().items():
                mode = 0o600 if path in WRITABLE else 0o400
                self.put(f"handlers/{name}/{path}", value, mode)
        self._plan(handlers)
        for name in ("trigger", "message", "owner", "stop_ns", "held_ns", "release_ns"):
            self.put(f"last/{name}", "", 0o400)
        for name in ("ipi", "nmi", "self", "missing"):
            self.put(f"last/cpus_{name}", "", 0o400)
        self.put("last/sequence", 0, 0o400)
        self.put("../kexec_crash_loaded", 0)
        self._dump(targets)
        self.kernel("")

    def _plan(self, handlers: Mapping[str, Handler]) -> None:
        plan = ""
        for name in TRIGGERS:
            ours = [(one.priority, key) for key, one in handlers.items() if name in one.triggers]
            lines = "".join(handlers[key].line(key) for _, key in sorted(ours))
            plan += f"{name}{' (disabled)' if name == 'oops' else ''}\n"
            plan += lines or "  no handler\n"
        self.put("plan", plan.removesuffix("\n"), 0o400)

    def _dump(self, targets: str) -> None:
        values = {"level": 31, "compression": "lzo", "max_seconds": 0, "helpers": 16}
        for name, value in (values | {"on_success": "next", "targets": targets}).items():
            self.put(f"dump/{name}", value)
        self.put("dump/arena", 1040384, 0o400)
        proc = self.work / "proc"
        (proc / "self").mkdir(parents=True)
        lines = "".join(f"{name}: {kib} kB\n" for name, kib in MEMINFO.items())
        (proc / "meminfo").write_text(lines, encoding="ascii")
        (proc / "swaps").write_text("Filename Type Size\n", encoding="ascii")
        (proc / "self" / "mountinfo").write_text("", encoding="ascii")
        (proc / "cmdline").write_text("ro ras_dump.memory=96M@0x18000000 quiet\n")

    def kernel(self, cases: str) -> None:
        """What the kernel does when VALUE is written to FILE: FILE=VALUE) commands ;;"""
        text = f'#!/bin/sh\ncd {self.ras} || exit 1\nPATH=/usr/bin:/bin\necho "$1=$2" >> ../calls\n'
        text += f'case "$1=$2" in\n{cases}\n*) printf "%s\\n" "$2" > "$1" ;;\nesac\nexit 0\n'
        script = self.work / "kernel.sh"
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)

    def value(self, path: str) -> str:
        """What a file of the framework's directory holds."""
        return (self.ras / path).read_text(encoding="utf-8").strip()

    def calls(self) -> list[str]:
        """What was written."""
        path = self.ras.parent / "calls"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def environment(self, path: str = "") -> dict[str, str]:
        """For the program: the kernel behind its files."""
        env = {"LD_PRELOAD": str(self.place / "test-kernel.so")}
        env |= {"RAS_KERNEL_DIR": str(self.ras), "RAS_KERNEL": str(self.work / "kernel.sh")}
        return env | ({"PATH": path} if path else {})

    def argv(self, *arguments: object) -> list[str]:
        """The program, with the imitation."""
        words = [str(self.place / "rasctl"), "--sysfs", str(self.ras)]
        words += ["--proc", str(self.work / "proc")]
        return [*words, *map(str, arguments)]

    def run(
        self, *arguments: object, before: tuple[str, ...] = (), path: str = "", limit: int = 0
    ) -> Ran:
        """Run the program."""
        argv = [*before, *self.argv(*arguments)]
        return tools.run(
            argv, self.work, self.environment(path), {resource.RLIMIT_FSIZE: limit}, CALL_S
        )

    def call(self, name: str, *argv: object) -> None:
        """A test that a command succeeds and says nothing on standard error."""
        tools.call(self.tap, self.place, name, *argv)

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.M)


def check_saved(bench: Bench) -> None:
    """status: what makes a crash one that would be saved."""
    vdb, nvme = Handler(310, verdict="next", ns=958000000), Handler(300)
    bench.fresh({"kmsg": KMSG, "dump-vdb": vdb, "dump-nvme0n1p3": nvme, "kdump": Handler(5)})
    ran = bench.run("status")
    first = ran.out.split("\n")[0]
    expected = "A crash now would be saved: dump-nvme0n1p3, then dump-vdb, then kdump."
    bench.tap.same("status: who would save it, kdump at the end", expected, first)
    table = "PRIORITY  HANDLER         LAST RESULT           ON A PANIC\n"
    table += "     100  kmsg            next 17.155 ms        armed\n"
    table += "     300  dump-nvme0n1p3  none                  armed, saves memory\n"
    table += "     310  dump-vdb        next 958.000 ms       armed, saves memory\n"
    table += "       5  kdump           none                  armed, saves memory\n"
    bench.expect("status: the table", ran, YES, "", table=table in ran.out, quiet=not ran.err)
    bench.expect("status: the switches", ran, YES, "^framework on, panic trigger on$")
    bench.expect("status: not sealed", ran, YES, "", unsealed="sealed" not in ran.out)
    bench.put("dump/key", "5e" * 32)
    ran = bench.run("status")
    bench.expect("status: sealed", ran, YES, f"^dumps .*of kdump are sealed for {'5e' * 32}$")
    said = json.loads(bench.run("--json", "status").out)
    bench.tap.same("status: JSON: sealed", "5e" * 32, said["sealed_for"])
    bench.fresh({"dump-b": Handler(), "dump-a": Handler()})
    bench.expect("status: equal priorities", bench.run("status"), YES, "dump-a, then dump-b")
    bench.fresh({"kdump": NO_KDUMP, "dump-a": Handler(armed=0, reason="gone"), "dump-b": vdb})
    bench.expect("status: one is enough", bench.run("status"), YES, "saved: dump-b\\.$")
    ran = bench.run("status")
    bench.expect("status: the others' reason", ran, YES, "dump-a .* not armed: gone$")
    bench.fresh({"kdump": Handler(900, triggers="oops panic user"), "other": KMSG})
    bench.expect("status: kdump alone", bench.run("status"), YES, "saved: kdump\\.$")


def check_not_saved(bench: Bench) -> None:
    """status: each of what it takes is missing alone."""
    cases: list[tuple[str, Handler, str]] = [
        ("not armed", NO_KDUMP, "kdump: no crash kernel loaded"),
        ("disabled", Handler(enabled=0, armed=0, reason="disabled"), "kdump: disabled"),
        ("enabled says no, armed says yes", Handler(enabled=0), "kdump: disabled"),
        ("failed", Handler(state="failed"), "kdump: failed, to be enabled again"),
        ("not for a panic", Handler(triggers="oops user"), "kdump: not for a panic"),
        ("for a trigger of a similar name", Handler(triggers="panicked"), "kdump: not for a panic"),
        ("no reason in the plan", Handler(armed=0), "kdump: not ready"),
    ]
    for name, handler, reason in cases:
        bench.fresh({"kdump": handler, "kmsg": KMSG})
        words = rf"\AA crash now would NOT be saved: {reason}\.$"
        bench.expect(f"status: {name}", bench.run("status"), NO, words)
    for name, path, reason in (
        ("the framework is off", "enabled", "the framework is switched off"),
        ("the trigger is off", "triggers/panic/enabled", "the panic trigger is switched off"),
    ):
        bench.fresh({"kdump": KDUMP, "dump-a": Handler()})
        bench.put(path, 0)
        bench.expect(f"status: {name}", bench.run("status"), NO, rf"NOT be saved: {reason}\.$")
    bench.fresh({"kdump": NO_KDUMP, "dump-a": Handler(armed=0, reason="gone")})
    words = "saved: dump-a: gone; kdump: no crash"
    bench.expect("status: all reasons", bench.run("status"), NO, words)
    others: list[dict[str, Handler]] = [{}, {"kmsg": KMSG, "kdumper": KMSG, "dumper": KMSG}]
    for handlers in others:
        bench.fresh(handlers)
        title = f"status: {len(handlers)} handlers that do not save memory"
        bench.expect(title, bench.run("status"), NO, "there is no handler that saves memory")


def check_by_kernel(bench: Bench) -> None:
    """status: a crash kernel that starts without the framework."""
    for name, handlers, path, line in (
        ("the framework is off", {"kdump": KDUMP}, "enabled", True),
        ("the trigger is off", {"kdump": KDUMP}, "triggers/panic/enabled", True),
        ("there is no handler kdump", {"kmsg": KMSG}, "", True),
        ("kdump is disabled", {"kdump": Handler(enabled=0, armed=0)}, "", False),
    ):
        bench.fresh(handlers)
        if path:
            bench.put(path, 0)
        for loaded in (1, 0):
            bench.put("../kexec_crash_loaded", loaded)
            ran = bench.run("status")
            said = "The kernel itself would start the crash kernel" in ran.out
            by = "NOT be saved by the framework" in ran.out
            good = said == by == (line and bool(loaded))
            bench.expect(f"status: {name}, crash kernel: {loaded}", ran, NO, good=good)


def check_plan_reasons(bench: Bench) -> None:
    """status: reasons come from the plan, whatever that is; nothing else does."""
    bench.fresh({"kdump": NO_KDUMP, "dump-a": Handler()})
    for name, plan in (
        ("armed", "panic\n  300 dump-a       not armed: lies\n  900 kdump        armed"),
        ("of another trigger", "panic\n  no handler\noops\n  900 kdump   not armed: lies"),
        ("of another handler", "panic\n  900 kdump2   not armed: lies"),
        ("without a reason", "panic\n  900 kdump   not armed: "),
        ("empty", ""),
        ("rubbish", "panic\n  \n panic\n\n  900\n  900 kdump\n\0\xff not armed: lies"),
        ("cut", "panic\n(cut here: the plan is too long)"),
    ):
        bench.put("plan", plan, 0o400)
        ran = bench.run("status")
        words = r"saved: dump-a\.$[\s\S]*kdump .* not armed: not ready$"
        bench.expect(f"status: a plan that is {name}", ran, YES, words, l="lies" not in ran.out)
    (bench.ras / "plan").unlink()
    bench.expect("status: no plan", bench.run("status"), YES, "not armed: not ready$")
    held = "holds a dump that was not fetched"
    bench.fresh({"dump-a": Handler(armed=0, reason=held), "kdump": KDUMP})
    ran = bench.run("status")
    bench.expect("status: a dump waits", ran, YES, f"^dump-a {held}, see ras-savecore")
    kdb = Handler(200, wait_s="auto", triggers="panic oops")
    bench.fresh({"kdb": kdb, "kdump": KDUMP})
    ran = bench.run("status")
    bench.expect("status: somebody waits for a person", ran, YES, "^kdb waits for a person")
    kdb = Handler(200, wait_s="auto", reason="panic= is set: waits for nobody")
    bench.fresh({"kdb": kdb, "kdump": KDUMP})
    ran = bench.run("status")
    quiet = "person" not in ran.out
    words = "kdb .*not armed: panic= is set: waits"
    bench.expect("status: nobody does with panic=", ran, YES, words, quiet=quiet)


def check_status_trouble(bench: Bench) -> None:
    """status: what cannot be read."""
    for path, value, words in (
        ("enabled", "x", 'enabled: "x" is not a number'),
        ("enabled", "", 'enabled: "" is not a number'),
        ("triggers/panic/enabled", "2", "2 is neither 0 nor 1"),
        ("handlers/kdump/armed", "-1", '"-1" is not a number'),
        ("handlers/kdump/priority", "1x", '"1x" is not a number'),
        ("handlers/kdump/last_ns", str(2**64), "is not a number"),
    ):
        bench.fresh({"kdump": KDUMP})
        bench.put(path, value)
        ran = bench.run("status")
        bench.expect(f'status: "{value}" in {path}', ran, TROUBLE, words, quiet=not ran.out)
    for path in (
        "enabled",
        "triggers/panic/enabled",
        *(f"handlers/kdump/{f}" for f in KDUMP.files()),
    ):
        if path.endswith(("deadline_ms", "runs")):
            continue
        bench.fresh({"kdump": KDUMP})
        (bench.ras / path).unlink()
        ran = bench.run("status")
        bench.expect(f"status: no {path}", ran, TROUBLE, f"{path}: there is no such file")
    bench.fresh({"kdump": KDUMP})
    if os.geteuid() or not shutil.which("setpriv"):
        bench.tap.skip("status: not root", "needs root and setpriv")
    else:
        user = ("setpriv", "--reuid", "65534", "--clear-groups")
        ran = bench.run("status", before=user)
        bench.expect("status: not root", ran, TROUBLE, "enabled: .*Permission denied; .* root")
        ran = bench.run("dump", "setup", "memory", before=user)
        bench.expect("dump setup: not root", ran, TROUBLE, "dump/targets: .*Permission denied;")
        ran = bench.run("set", "enabled", "0", before=user)
        bench.expect("set: not root", ran, TROUBLE, "enabled: .*Permission denied; .* root")
    shutil.rmtree(bench.ras)
    words = "ras: No such file .*does not have the RAS stop framework"
    bench.expect("status: no framework", bench.run("status"), TROUBLE, words)


def check_status_json(bench: Bench) -> None:
    """status for programs."""
    held = 'holds a "dump" that was not fetched'
    dump = Handler(armed=0, reason=held, verdict="next", ns=5)
    bench.fresh({"dump-a": dump, "kdump": KDUMP, "kdb": Handler(triggers="oops")})
    ran = bench.run("--json", "status")
    said = json.loads(ran.out)
    same = bench.run("status", "--json").out == ran.out
    bench.tap.ok(same, "status: --json behind it")
    names = "framework handlers kernel_starts_kdump not_fetched panic reason saved sealed_for"
    bench.tap.same("status: JSON has", names, " ".join(sorted(said)))
    first = {"name": "dump-a", "priority": 300, "enabled": True, "armed": False, "failed": False}
    first |= {"saves": True, "reason": held, "last_verdict": "next", "last_ns": 5}
    good = said["handlers"][0] == first and said["handlers"][1]["reason"] is None
    also = {"count": len(said["handlers"]) == 2, "fetched": said["not_fetched"] == ["dump-a"]}
    also |= {"saved": said["saved"] is True and said["reason"] is None and said["framework"]}
    bench.expect("status: JSON says", ran, YES, good=good, **also)
    bench.put("enabled", 0)
    bench.put("../kexec_crash_loaded", 1)
    ran = bench.run("--json", "status")
    said = json.loads(ran.out)
    good = [said[key] for key in ("saved", "framework", "kernel_starts_kdump", "panic")]
    right = good == [False, False, True, True] and "switched off" in said["reason"]
    bench.expect("status: JSON says no", ran, NO, right=right)


def check_plan(bench: Bench) -> None:
    """plan, whole and in parts."""
    bench.fresh({"kdump": NO_KDUMP, "kmsg": Handler(100, triggers="panic nmi")})
    ran = bench.run("plan")
    bench.expect("plan: whole", ran, YES, same=ran.out == bench.value("plan") + "\n")
    for trigger, lines in (
        ("panic", "panic\n  100 kmsg         armed\n  900 kdump        not armed: no crash .*\n"),
        ("oops", "oops \\(disabled\\)\n  no handler\n"),
        ("debug", "debug\n  no handler\n"),
    ):
        ran = bench.run("plan", trigger)
        same = re.fullmatch(lines, ran.out) is not None
        bench.expect(f"plan: {trigger}", ran, YES, same=same)
    for trigger in ("pan", "panics", "nosuch", "", "../triggers/panic", "panic/", "no"):
        ran = bench.run("plan", trigger)
        words = "there is no trigger .*; there are .*sysrq"
        bench.expect(f'plan: "{trigger}"', ran, TROUBLE, words, quiet=not ran.out)
    bench.put("plan", "panic\n  no handler\n(cut here: the plan is too long)", 0o400)
    bench.expect("plan: cut", bench.run("plan", "user"), TROUBLE, "nothing about .* user")
    bench.put("plan", "panics\n  1 x armed\npanic\n  no handler", 0o400)
    ran = bench.run("plan", "panic")
    same = ran.out == "panic\n  no handler\n"
    bench.expect("plan: a similar name", ran, YES, same=same)
    long = "panic\n" + 5000 * "  900 kdump        armed\n" + "user\n  no handler"
    bench.put("plan", long, 0o400)
    ran = bench.run("plan", "panic")
    bench.expect("plan: a long one", ran, YES, count=ran.out.count("\n") == 5001)


def check_rehearse(bench: Bench) -> None:
    """rehearse."""

    def begin(more: str = "", sequence: int = 6) -> None:
        bench.fresh({})
        bench.put("last/sequence", sequence, 0o400)
        bench.kernel(f"trigger=rehearse) {REHEARSED}; echo > last/cpus_missing; {more} ;;")

    begin()
    ran = bench.run("rehearse")
    lines = "stop 7: stopped in 15.634 ms, held for 0.111 ms, released in 4.458 ms\n"
    lines += "owner    1\nipi      0,2-3\nnmi      none\nself     none\nmissing  none\n"
    said = "every CPU stops for a moment" in ran.err
    also = {"lines": ran.out == lines, "said": said, "calls": bench.calls() == ["trigger=rehearse"]}
    bench.expect("rehearse: no CPU is missing", ran, YES, "", **also)
    begin()
    said_json = json.loads(bench.run("--json", "rehearse").out)
    expected = {"sequence": 7, "owner": 1, "ipi": "0,2-3", "nmi": "", "self": "", "missing": ""}
    expected |= {"stop_ns": 15634075, "held_ns": 111235, "release_ns": 4458226}
    bench.tap.same("rehearse: JSON", expected, said_json)
    begin("echo 4-5 > last/cpus_missing; echo 9 > last/cpus_nmi; echo 8 > last/cpus_self")
    ran = bench.run("rehearse")
    words = "^nmi      9\nself     8\nmissing  4-5\n[\\s\\S]*not answered: 4-5"
    bench.expect("rehearse: CPUs are missing", ran, NO, words)
    refusals = [(errno.EPERM, "switched off"), (errno.EBUSY, "another CPU owned a stop")]
    for number, words in [*refusals, (errno.ECANCELED, "a handler hung")]:
        begin()
        bench.kernel(f"trigger=rehearse) exit {number} ;;")
        ran = bench.run("rehearse")
        bench.expect(f"rehearse: {os.strerror(number)}", ran, NO, words, quiet=not ran.out)
    for name, more, words in (
        ("nothing has happened", "echo 6 > last/sequence", "rehearsed no stop"),
        ("another stop came", "echo panic > last/trigger", "a stop by panic"),
        ("no number", "echo x > last/stop_ns", "is not a number"),
        ("no sequence", "echo > last/sequence", "is not a number"),
    ):
        begin(more)
        ran = bench.run("rehearse")
        bench.expect(f"rehearse: {name}", ran, TROUBLE, words, quiet=not ran.out)
    begin()
    (bench.ras / "trigger").unlink()
    bench.expect("rehearse: no trigger", bench.run("rehearse"), TROUBLE, "no rehearsal")


def check_live(bench: Bench) -> None:
    """dump --live."""
    content = bytes(range(256)) * 9000

    def begin(commands: str = "", state: str = "empty", size: int = len(content)) -> Path:
        bench.fresh({})
        bench.put("dump/live/state", state)
        bench.put("dump/live/size", size, 0o400)
        (bench.ras / "dump/live/file").write_bytes(content)
        done = "echo whole > dump/live/state; echo 1500000 > last/stop_ns"
        done += "; echo 20000000 > last/held_ns"
        bench.kernel(f"trigger=dump) {commands or done} ;;")
        return bench.work / "vmcore"

    file = begin()
    ran = bench.run("dump", "--live", file)
    same = file.exists() and file.read_bytes() == content
    mode = file.exists() and file.stat().st_mode & 0o777 == 0o600
    calls = bench.calls() == ["trigger=dump", "dump/live/state=taken"]
    words = f"^{file}: {len(content)} bytes; the machine was stopped for 21.5 ms$"
    bench.expect("live: it is copied", ran, YES, words, same=same, mode=mode, calls=calls)
    file = begin()
    said = json.loads(bench.run("--json", "dump", "--live", file).out)
    expected = {"file": str(file), "bytes": len(content), "stopped_ns": 21500000}
    bench.tap.same("live: JSON", expected, said)
    for number, words in (
        (errno.EFBIG, "would take longer|too long|live_max_ms"),
        (errno.ENOMEM, "memory"),
        (errno.EIO, "abandoned|failed"),
        (errno.EPERM, "switched off"),
    ):
        file = begin(f"exit {number}")
        ran = bench.run("dump", "--live", file)
        also = {"no_file": not file.exists(), "calls": bench.calls() == ["trigger=dump"]}
        bench.expect(f"live: {os.strerror(number)}", ran, NO, words, **also)
    file = begin(state="whole")
    ran = bench.run("dump", "--live", file)
    also = {"no_file": not file.exists(), "calls": not bench.calls()}
    bench.expect("live: there is one", ran, NO, "set dump/live/state taken", **also)
    file = begin()
    file.write_text("mine")
    ran = bench.run("dump", "--live", file)
    also = {"kept": file.read_text() == "mine", "calls": not bench.calls()}
    bench.expect("live: the file exists", ran, NO, "cannot be made: File exists", **also)
    file = begin()
    ran = bench.run("dump", "--live", file, limit=1 << 20)
    also = {"no_file": not file.exists(), "calls": bench.calls() == ["trigger=dump"]}
    bench.expect("live: no room", ran, NO, "the kernel keeps the dump in dump/live/file", **also)
    file = begin(size=len(content) + 1)
    ran = bench.run("dump", "--live", file)
    also = {"no_file": not file.exists(), "calls": bench.calls() == ["trigger=dump"]}
    bench.expect("live: the dump is short", ran, NO, "ends before its size", **also)
    file = begin()
    shutil.rmtree(bench.ras / "dump" / "live")
    ran = bench.run("dump", "--live", file)
    bench.expect("live: no engine", ran, TROUBLE, "no dump engine", no_file=not file.exists())
    begin()
    bench.expect("live: no file is named", bench.run("dump", "--live"), TROUBLE, "more arguments")


def check_switches(bench: Bench) -> None:
    """enable and disable."""
    for arguments, path in (
        (("kdb",), "handlers/kdb/enabled"),
        (("oops",), "triggers/oops/enabled"),
        (("framework",), "enabled"),
        (("handler", "kdb"), "handlers/kdb/enabled"),
        (("trigger", "oops"), "triggers/oops/enabled"),
        (("handler", "nmi"), "handlers/nmi/enabled"),
        (("trigger", "nmi"), "triggers/nmi/enabled"),
    ):
        bench.fresh({"kdb": Handler(), "nmi": Handler()})
        words = " ".join(arguments)
        for command, before, value in (("disable", 1, 0), ("enable", 0, 1)):
            bench.put(path, before)
            ran = bench.run(command, *arguments)
            good = bench.calls()[-1:] == [f"{path}={value}"]
            line = f"^{path}: {before} -> {value}$"
            bench.expect(f"{command} {words}", ran, YES, line, good=good)
    for arguments, said in (
        (("nmi",), "more than one thing"),
        (("nosuch",), "no handler and no trigger"),
        (("trigger", "kdb"), 'no trigger "kdb"'),
        (("handler", "oops"), 'no handler "oops"'),
        (("",), "no handler and no trigger"),
        (("../handlers/kdb",), "no handler and no trigger"),
        (("kdb/",), "no handler and no trigger"),
        (("framework", "x"), "neither handler nor trigger"),
        ((), "takes more"),
        (("handler", "kdb", "x"), "takes fewer"),
    ):
        ran = bench.run("enable", *arguments)
        bench.expect(f"enable {' '.join(arguments)}", ran, TROUBLE, said)
    bench.tap.ok(len(bench.calls()) == 2, "nothing was written for these", bench.calls().__repr__())
    bench.kernel(f"handlers/kdb/enabled=1) exit {errno.EBUSY} ;;")
    ran = bench.run("enable", "kdb")
    words = (
        'handlers/kdb/enabled: the kernel has refused "1": Device or resource busy: a CPU that hung'
    )
    bench.expect("enable: refused", ran, NO, words)


def check_get_and_set(bench: Bench) -> None:
    """get and set: files, and what are none."""
    bench.fresh({"kdump": KDUMP})
    ran = bench.run("set", "handlers/kdump/deadline_ms", "5000")
    words = "^handlers/kdump/deadline_ms: 10000 -> 5000$"
    bench.expect("set: old and new", ran, YES, words)
    bench.expect("get", bench.run("get", "handlers/kdump/deadline_ms"), YES, "^5000$")
    bench.kernel("enabled=off) echo 0 > enabled ;;")
    bench.expect("set: what is read back", bench.run("set", "enabled", "off"), YES, "1 -> 0$")
    ran = bench.run("set", "nmi_timeout_ms", "-1")
    bench.expect("set: a value that looks like an option", ran, YES, "1000 -> -1$")
    said = json.loads(bench.run("--json", "get", "dump/compression").out)
    bench.tap.same("get: JSON", {"file": "dump/compression", "value": "lzo"}, said)
    bench.expect("get: of a trigger", bench.run("get", "trigger"), TROUBLE, "only be written")
    ran = bench.run("set", "trigger", "stop")
    bench.expect("set trigger", ran, YES, "^trigger: stop was written$")
    ran = bench.run("set", "handlers/kdump/armed", "1")
    bench.expect("set: a file that is read-only", ran, NO, "can only be read")
    ran = bench.run("set", "enabled", 4095 * "x")
    bench.expect("set: a value that is too long", ran, NO, "too long")
    bench.kernel("")
    bench.expect("set: the longest value", bench.run("set", "enabled", 4094 * "x"), YES, "-> xxx")
    before = bench.calls()
    outside = bench.work / "outside"
    outside.write_text("secret\n")
    (bench.ras / "link").symlink_to(outside)
    (bench.ras / "inside").symlink_to("enabled")
    (bench.ras / "up").symlink_to("..")
    for path in ("../../outside", "link", "up/kexec_crash_loaded", str(outside), "/etc/hostname"):
        for command in (("get", path), ("set", path, "x")):
            ran = bench.run(*command)
            good = "secret" not in ran.out and outside.read_text() == "secret\n"
            words = "is not a path below"
            title = f"{command[0]} {path}".replace(str(bench.work), "")
            bench.expect(title, ran, TROUBLE, words, good=good)
    for path in ("handlers/../enabled", "..", "dump/.."):
        bench.expect(f"get {path}", bench.run("get", path), TROUBLE, "is not a path below")
    for path in ("nosuch", "", "handlers/none/enabled", "enabled/x"):
        for command in (("get", path), ("set", path, "1")):
            ran = bench.run(*command)
            good = not (bench.ras / "nosuch").exists()
            words = "no such file|Not a directory"
            bench.expect(f'{command[0]} "{path}"', ran, TROUBLE, words, good=good)
    for path in ("handlers", "."):
        bench.expect(f"get {path}", bench.run("get", path), TROUBLE, "Is a directory")
        bench.expect(f"set {path}", bench.run("set", path, "1"), TROUBLE, "Is a directory")
    bench.tap.same("nothing was written for these", before, bench.calls())


def check_refusals(bench: Bench, page: str) -> None:
    """set: what the kernel's errors mean, by the file."""
    bench.fresh({"kdump": KDUMP, "dump-a": Handler(), "kdb": Handler(wait_s="auto")})
    for path, value in (
        ("memory/state", "whole"),
        ("live/state", "empty"),
        ("live_max_ms", 2000),
        ("key", "none"),
        ("server_key", "none"),
    ):
        bench.put(f"dump/{path}", value)
    cases = [
        ("trigger", errno.EPERM, "switched off"),
        ("trigger", errno.ENOENT, "no handler is armed for the user trigger"),
        ("trigger", errno.EBUSY, "another CPU owned"),
        ("trigger", errno.ECANCELED, "another CPU has finished"),
        ("trigger", errno.EEXIST, "a live dump already"),
        ("trigger", errno.ENOMEM, "not twice the memory"),
        ("trigger", errno.EFBIG, "for too long"),
        ("trigger", errno.EIO, "was abandoned, or has failed"),
        ("enabled", errno.EBUSY, "the machine is stopped"),
        ("dump/level", errno.EBUSY, "the machine is stopped"),
        ("handlers/kdump/priority", errno.EBUSY, "the machine is stopped"),
        ("handlers/kdump/priority", errno.ENODEV, "the handler is gone"),
        ("handlers/kdump/enabled", errno.EBUSY, "hung in the handler"),
        ("handlers/dump-a/enabled", errno.EEXIST, "holds something else"),
        ("dump/compression", errno.ENOMEM, "working memory of a compressor"),
        ("dump/memory/state", errno.ENOENT, "no dump to be taken"),
        ("dump/live/state", errno.ENOENT, "no dump to be taken"),
        ("dump/targets", errno.EEXIST, "holds something else"),
        ("dump/targets", errno.EBUSY, "mounted"),
        ("dump/targets", errno.EOPNOTSUPP, "no polled driver"),
        ("dump/targets", errno.ENODATA, "hole"),
        ("dump/targets", errno.E2BIG, "more than four"),
        ("dump/targets", errno.EFBIG, "too many pieces"),
        ("dump/targets", errno.ENOSPC, "too small"),
        ("dump/targets", errno.EINVAL, "no such target"),
        ("dump/server_key", errno.EINVAL, "it takes a public key of 64 hexadecimal digits"),
    ]
    for path, number, words in cases:
        bench.kernel(f"{path}=bad) exit {number} ;;")
        ran = bench.run("set", path, "bad")
        said = rf'^rasctl: {path}: the kernel has refused "bad": {os.strerror(number)}: .*{words}'
        bench.expect(f"set {path}: {errno.errorcode[number]}", ran, NO, said)
    bench.kernel(f"*) exit {errno.EIO} ;;")
    ran = bench.run("set", "enabled", "1")
    bench.expect("set: an error that is not known", ran, NO, '"1": Input/output error$')
    bench.kernel(f"*) exit {errno.EINVAL} ;;")
    files = dict.fromkeys(re.findall(r"^What:\s+/sys/kernel/ras/(\S+[a-z])$", page, re.M))
    for path in files:
        entry = page.split(f"/sys/kernel/ras/{path}\n", 1)[1].split("What:")[0]
        if "(RW)" not in entry and "(WO)" not in entry:
            continue
        name = path.replace("<handler>", "kdb").replace("<trigger>", "nmi")
        ran = bench.run("set", name, "bad")
        numbers = re.search(r"(\d+) to\s+(\d+)", entry)
        words = f"{numbers[1]} to {numbers[2]}" if numbers else ""
        if "y, on" in " ".join(entry.split()):
            words = "0, n, off, 1, y or on"
        bench.expect(f"set {name}: what it takes", ran, NO, f"it takes .*{words}")


def stamp(blocks: tuple[int, ...], extent: int = 0, state: int = EMPTY, size: int = 0) -> bytes:
    """The stamp of an extent."""
    head = struct.pack("<8sII16s", b"RASDUMP2", 1, 0, bytes(range(0x10, 0x20)))
    head += struct.pack("<QIIII", 7, extent, len(blocks), state, 0)
    head += struct.pack("<QQ", size, 0)
    table = struct.pack(f"<{len(blocks)}I", *blocks).ljust(4 * EXTENTS, b"\0")
    block = head.ljust(BLOCK - 4 * EXTENTS, b"\0") + table
    return block[:12] + struct.pack("<I", zlib.crc32(block)) + block[16:]


def area_of(blocks: tuple[int, ...], state: int = EMPTY) -> bytes:
    """An area without a dump in it."""
    parts = [stamp(blocks, at, state if not at else EMPTY) for at in range(len(blocks))]
    return b"".join(part.ljust(count * BLOCK, b"\0") for part, count in zip(parts, blocks))


def check_show(bench: Bench) -> None:
    """dump setup without a target."""
    bench.fresh({})
    ran = bench.run("dump", "setup")
    bench.expect(
        "dump setup: there is none", ran, NO, "There is no target", b="boot" not in ran.out
    )
    handlers = {"dump-memory": Handler(armed=0, reason="holds a dump"), "dump-area": Handler()}
    bench.fresh(handlers)
    area = bench.work / "area"
    area.write_bytes(area_of((200, 300)))
    bench.put("dump/targets", f"{area} memory")
    ran = bench.run("dump", "setup")
    width = len(str(area))
    lines = [f"{'TARGET':<{width}}  HANDLER      ROOM        STATE"]
    lines += [f"{area}  dump-area    1.9 MiB     armed"]
    lines += [f"{'memory':<{width}}  dump-memory  96.0 MiB    not armed: holds a dump"]
    lines += ["the engine has 1016.0 KiB of memory", "a dump now would take about 152.0 MiB"]
    bench.tap.same("dump setup: what there is", lines, ran.out.splitlines()[:5])
    bench.expect("dump setup: one is not armed", ran, NO, "^at boot: no parameter does it")
    said = json.loads(bench.run("--json", "dump", "setup").out)
    first = {"name": str(area), "handler": "dump-area", "armed": True, "reason": None}
    second = {"name": "memory", "handler": "dump-memory", "armed": False, "reason": "holds a dump"}
    expected = {"targets": [first | {"room": 498 * BLOCK}, second | {"room": 96 * MIB - BLOCK}]}
    expected_all = expected | {"arena": 1040384, "need": 152 * MIB, "boot": None}
    bench.tap.same("dump setup: JSON", expected_all, said)
    bench.fresh({"dump-memory": Handler()}, "memory")
    ran = bench.run("dump", "setup")
    bench.expect("dump setup: at boot", ran, YES, "^at boot: ras_dump.targets=memory$")
    shown = json.loads(bench.run("--json", "dump", "setup").out)
    bench.tap.same("dump setup: JSON at boot", "ras_dump.targets=memory", shown["boot"])
    for text in ("ras_dump.memory=lots", "ras_dump.memory=96M", "ras_dump.memory=4K@1M", "quiet"):
        (bench.work / "proc" / "cmdline").write_text(f"{text}\n")
        ran = bench.run("dump", "setup")
        bench.expect(f"dump setup: room by {text}", ran, YES, "memory +dump.*unknown")
    for name, handler in (("a.b_c-d 9", "dump-a-b_c-d"), ("aé×÷", "dump-a\ufffd-\ufffd-\ufffd-")):
        bench.fresh({})
        bench.put("dump/targets", f"/nowhere/{name}")
        shown = json.loads(bench.run("--json", "dump", "setup").out)
        title = f"dump setup: the handler of {name}"
        bench.tap.same(title, handler, shown["targets"][0]["handler"])
    for path in ("dump/targets", "dump/level", "dump/arena", "dump/compression"):
        bench.fresh({"dump-memory": Handler()}, "memory")
        (bench.ras / path).unlink()
        ran = bench.run("dump", "setup")
        words = "CONFIG_RAS_DUMP" if "targets" in path else "no such file"
        bench.expect(f"dump setup: no {path}", ran, TROUBLE, words, quiet=not ran.out)


def check_need(bench: Bench) -> None:
    """dump setup: how large a dump would be, by level and compression."""
    for level, compression, mib in (
        (31, "none", 304),
        (31, "zstd", 152),
        (0, "none", 1072),
        (16, "none", 560),
        (8, "none", 944),
        (6, "none", 944),
        (2, "none", 1072),
    ):
        bench.fresh({})
        bench.put("dump/level", level)
        bench.put("dump/compression", compression)
        said = json.loads(bench.run("--json", "dump", "setup").out)
        title = f"a dump of level {level}, {compression}"
        bench.tap.same(title, mib, said["need"] / MIB)
    (bench.work / "proc" / "meminfo").write_text("MemFree: 7 kB\n")
    ran = bench.run("dump", "setup")
    bench.expect("no MemTotal", ran, TROUBLE, "does not say how much memory")


def check_setup_names(bench: Bench) -> None:
    """dump setup: names, and what the kernel says of them."""
    bench.fresh({"dump-memory": Handler()})
    ran = bench.run("dump", "setup", "memory")
    good = bench.calls() == ["dump/targets=memory"]
    bench.expect("dump setup memory", ran, YES, "^memory +dump-memory .*armed$", good=good)
    ran = bench.run("dump", "setup", "none")
    good = bench.calls()[-1] == "dump/targets=none"
    bench.expect("dump setup none", ran, YES, "There is no target", good=good)
    before = bench.calls()
    for arguments, words in (
        (("none", "memory"), "none stands alone"),
        (("area",), "no absolute path, net:SERVER"),
        (("/a,b",), "blank or a comma"),
        (("/a b",), "blank or a comma"),
        (("memory", "memory"), "there twice"),
        (("--create", "1M"), "only target"),
        (("--create", "1M", "memory"), "only target"),
        (("--create", "1M", "/a", "/b"), "only target"),
        (("--create", "1M", "--wipe", "/a"), "exclude each other"),
        (("--wipe",), "needs a target"),
        (("--what", "/a"), "--help"),
        (("--create",), "--help"),
        *((("--create", size, "/a"), "is not a size") for size in BAD_SIZES),
    ):
        ran = bench.run("dump", "setup", *arguments)
        bench.expect(f"dump setup {' '.join(arguments)}", ran, TROUBLE, words)
    ran = bench.run("dump", "setup", bench.work / "none")
    bench.expect("dump setup: no such file", ran, NO, "none: No such file")
    names = [f"/{letter * 1300}" for letter in "abcd"]
    bench.put("dump/targets", " ".join(names))
    ran = bench.run("dump", "setup", *names)
    bench.expect("dump setup: long names", ran, NO, "the names are too long$")
    bench.put("dump/targets", "none")
    bench.tap.same("dump setup: nothing was written for these", before, bench.calls())
    (bench.work / "file").write_bytes(bytes(8192))
    bench.kernel(f"dump/targets=/*) exit {errno.ENODATA} ;;")
    ran = bench.run("dump", "setup", bench.work / "file")
    bench.expect(
        "dump setup: the kernel refuses", ran, NO, "No data available: the file has a hole"
    )
    ran = bench.run("dump", "setup", "--wipe", "--yes", bench.work / "file")
    bench.expect("dump setup: no file is wiped", ran, NO, "for partitions")
    handlers = {"dump-memory": Handler(armed=0, reason="holds a dump that was not fetched")}
    bench.fresh(handlers)
    ran = bench.run("dump", "setup", "memory")
    bench.expect("dump setup: set up, and not armed", ran, NO, "not armed: holds a dump")


def check_net_names(bench: Bench) -> None:
    """A handler has a name that is made of its receiver's, as the kernel makes it."""
    for name, handler in (
        ("net:[2001:db8::7]", "dump-net-2001-db8--7"),
        ("net:[2001:db8::7]:7%eth1", "dump-net-2001-db8--7-7-eth1"),
        # As long as it may be, without the brackets.
        ("net:[2001:db8:1:2:3:4:55:6]", "dump-net-2001-db8-1-2-3-4-55-6"),
        # What is too long ends in four digits of the CRC-32 of it.
        ("net:[2001:db8:1:2:3:4:5:7]:20024", "dump-net-2001-db8-1-2-3-4--94e7"),
        ("net:[2001:db8:1:2:3:4:5:77]:20024", "dump-net-2001-db8-1-2-3-4--4b8a"),
        ("net:10.100.100.100%a.long.vlan.5", "dump-net-10-100-100-100-a--9dd6"),
    ):
        bench.fresh({handler: Handler(), "dump-memory": Handler()})
        ran = bench.run("dump", "setup", name, "memory")
        words = f"^{re.escape(name)} +{handler} +unknown +armed$"
        bench.expect(f"dump setup {name}", ran, YES, words)


def check_server_key(bench: Bench) -> None:
    """netdump setup --server-key: the key is there before a target is armed."""
    key, file = "a0" * 32, bench.work / "key"
    file.write_text(f"{key}\n", encoding="ascii")
    bench.put("dump/server_key", "none")
    for word in (key, file):
        bench.put("dump/targets", "memory")
        ran = bench.run("netdump", "setup", "--server-key", word, "192.0.2.7")
        good = bench.calls()[-2:] == [f"dump/server_key={key}", "dump/targets=net:192.0.2.7 memory"]
        title = "a file" if word == file else "itself"
        bench.expect(f"netdump setup: the key as {title}", ran, YES, "^net:", good=good)
    ran = bench.run("netdump", "setup", "192.0.2.7")
    kept = bench.value("dump/server_key") == key
    bench.expect("netdump setup: the key stays", ran, YES, "^net:", kept=kept)
    before = bench.calls()
    for content, words in (
        (key[1:], "is no key: it is not 64 hexadecimal digits"),
        (f"{key}0", "is no key"),
        (f"{key}\n{key}\n", "is no key"),
        ("x" * 64, "is no key"),
        ("", "is no key"),
    ):
        file.write_text(content, encoding="ascii")
        ran = bench.run("netdump", "setup", "--server-key", file, "192.0.2.7")
        bench.expect(f'netdump setup: "{content[:9]}" as a key', ran, TROUBLE, words)
    ran = bench.run("netdump", "setup", "--server-key", bench.work / "none", "192.0.2.7")
    bench.expect("netdump setup: no file of a key", ran, TROUBLE, "No such file")
    (bench.ras / "dump/server_key").unlink()
    ran = bench.run("netdump", "setup", "--server-key", key, "192.0.2.7")
    words = "dump/server_key: there is no such file"
    bench.expect("netdump setup: a kernel without proofs", ran, NO, words)
    bench.tap.same("netdump setup: nothing was armed for these", before, bench.calls())


def check_netdump(bench: Bench) -> None:
    """netdump setup: the server comes first, and what there was stays."""
    bench.fresh({"dump-memory": Handler(), "dump-net-192-0-2-7": Handler()})
    bench.put("dump/targets", "memory net:192.0.2.7")
    for arguments, targets in (
        (("192.0.2.7",), "net:192.0.2.7 memory"),
        (("--port", "20023", "192.0.2.7"), "net:192.0.2.7 memory"),
        (("--port", "7", "192.0.2.7"), "net:192.0.2.7:7 memory net:192.0.2.7"),
        (("--interface", "eth1", "192.0.2.7"), "net:192.0.2.7%eth1 memory net:192.0.2.7"),
        (("--port=7", "--interface=e", "1.1.1.1"), "net:1.1.1.1:7%e memory net:192.0.2.7"),
        (("2001:db8::7",), "net:[2001:db8::7] memory net:192.0.2.7"),
        # One spelling, so that it is not there twice.
        (("2001:DB8:0:0:0:0:0:7",), "net:[2001:db8::7] memory net:192.0.2.7"),
        (("--port=7", "--interface=e", "fe80::1"), "net:[fe80::1]:7%e memory net:192.0.2.7"),
    ):
        bench.put("dump/targets", "memory net:192.0.2.7")
        ran = bench.run("netdump", "setup", *arguments)
        good = bench.calls()[-1] == f"dump/targets={targets}"
        title = f"netdump setup {' '.join(arguments)}"
        # Those that are new have no handler here.
        code = YES if targets == "net:192.0.2.7 memory" else NO
        bench.expect(title, ran, code, "^net:.* dump-net-", good=good)
    check_server_key(bench)
    bench.put("dump/targets", "memory net:192.0.2.7")
    ran = bench.run("dump", "setup", "net:192.0.2.7", "memory")
    good = bench.calls()[-1] == "dump/targets=net:192.0.2.7 memory"
    words = "^net:192.0.2.7 +dump-net-192-0-2-7 +unknown +armed$"
    bench.expect("dump setup net:", ran, YES, words, good=good)
    bench.expect("dump setup net: at boot", ran, YES, "^at boot: no parameter does it")
    bench.fresh({"dump-memory": Handler(), "dump-net-192-0-2-7": Handler()})
    before = bench.calls()
    for arguments, words in (
        ((), "takes more arguments"),
        (("a", "b"), "takes one server"),
        (("",), "is not an IP address"),
        (("1.1.1.1:7",), "is not an IP address"),
        (("1.1.1.1%e",), "is not an IP address"),
        (("[2001:db8::7]",), "is not an IP address"),
        (("[1.1.1.1]",), "is not an IP address"),
        (("2001:db8::7%e",), "is not an IP address"),
        (("2001:db8:7",), "is not an IP address"),
        (("1.1.1.1,2.2.2.2",), "is not an IP address"),
        (("--interface", "a b", "1.1.1.1"), "is not an interface"),
        *((("--port", port, "1.1.1.1"), "is not a port") for port in ("0", "65536", "x", "")),
        (("--what", "1.1.1.1"), "--help"),
        (("x" * 300,), "too long"),
    ):
        ran = bench.run("netdump", "setup", *arguments)
        bench.expect(f"netdump setup {' '.join(arguments)[:30]}", ran, TROUBLE, words)
    bench.tap.same("netdump setup: nothing was written for these", before, bench.calls())
    bench.kernel(f"dump/targets=*) exit {errno.ENETUNREACH} ;;")
    ran = bench.run("netdump", "setup", "192.0.2.7")
    bench.expect("netdump setup: the kernel refuses", ran, NO, "Network is unreachable")


BAD_SIZES = ("0", "+8192", "8191", "-1", "1X", "1MB", "", "x", "99999999999999999999", "16777216T")


def extents(path: Path) -> list[tuple[int, int, int]]:
    """Where a file is: place in the file, length, flags."""
    count = 200
    request = struct.pack("<QQIIII", 0, 2**64 - 1, 1, 0, count, 0) + bytes(56 * count)
    with open(path, "rb") as file:
        buffer = bytearray(request)
        fcntl.ioctl(file, 0xC020660B, buffer)
    mapped = struct.unpack_from("<I", buffer, 20)[0]
    found = [struct.unpack_from("<QQQQQIIII", buffer, 32 + 56 * at) for at in range(mapped)]
    return [(one[0], one[2], one[5]) for one in found]


def is_written(path: Path, size: int) -> bool:
    """Has each block a place on the disk, and was it written?"""
    end = 0
    for start, length, flags in extents(path):
        # UNKNOWN, DELALLOC, UNWRITTEN
        if start != end or flags & (0x2 | 0x4 | 0x800):
            return False
        end = start + length
    return end == size


def check_create(bench: Bench) -> None:
    """dump setup --create."""
    bench.fresh({"dump-area": Handler()})
    area = bench.work / "area"
    kind = subprocess.run(
        ["stat", "-f", "-c", "%T %s", str(bench.work)], capture_output=True, text=True, check=True
    ).stdout.strip()
    if kind not in ("ext2/ext3 4096", "xfs 4096"):
        bench.tap.skip("dump setup --create", f"the file system is {kind}")
        return
    ran = bench.run("dump", "setup", "--create", "5000K", area)
    stat = area.stat()
    also = {"size": stat.st_size == 5000 * 1024, "mode": stat.st_mode & 0o777 == 0o600}
    also |= {"written": is_written(area, 5000 * 1024), "zeros": not area.read_bytes().strip(b"\0")}
    also |= {"calls": bench.calls() == [f"dump/targets={area}"]}
    # No stamp is written by an imitation.
    bench.expect("--create: a file that is written", ran, YES, "no stamp", **also)
    for size, expected in (("8192", 8192), ("10000", 12288), ("1M", MIB), ("0x3000", 0x3000)):
        area.unlink()
        bench.put("dump/targets", "none")
        bench.run("dump", "setup", "--create", size, area)
        bench.tap.same(f"--create {size}", expected, area.stat().st_size)
    bench.put("dump/targets", "none")
    area.write_bytes(b"mine")
    ran = bench.run("dump", "setup", "--create", "1M", area)
    good = area.read_bytes() == b"mine"
    bench.expect("--create: a file that exists", ran, NO, "File exists", good=good)
    bench.put("dump/targets", area)
    before = bench.calls()
    ran = bench.run("dump", "setup", "--create", "1M", area)
    good = area.read_bytes() == b"mine" and bench.calls() == before
    bench.expect("--create: a file that is a target", ran, NO, "File exists", good=good)
    bench.put("dump/targets", "none")
    area.unlink()
    area.symlink_to("elsewhere")
    ran = bench.run("dump", "setup", "--create", "1M", area)
    good = not (bench.work / "elsewhere").exists()
    bench.expect("--create: a link to nowhere", ran, NO, "File exists", good=good)
    area.unlink()
    ran = bench.run("dump", "setup", "--create", "1000T", area, limit=2 * MIB)
    bench.expect("--create: too large", ran, NO, "room for .* only", good=not area.exists())
    ran = bench.run("dump", "setup", "--create", "5M", area, limit=2 * MIB)
    good = not area.exists() and len(bench.calls()) == 5
    bench.expect("--create: an error leaves no file", ran, NO, "File too large", good=good)
    ran = bench.run("dump", "setup", "--create", "5M", bench.work / "none" / "area")
    bench.expect("--create: no directory", ran, NO, "No such file")
    bench.kernel(f"dump/targets=*) exit {errno.EOPNOTSUPP} ;;")
    ran = bench.run("dump", "setup", "--create", "1M", area)
    words = "no polled driver[\\s\\S]*was made, and is left"
    bench.expect("--create: the kernel refuses", ran, NO, words, good=area.stat().st_size == MIB)
    check_tmpfs(bench)


def check_tmpfs(bench: Bench) -> None:
    """A file system that cannot have an area."""
    place = Path("/dev/shm")
    if not os.access(place, os.W_OK):
        bench.tap.skip("--create: on tmpfs", "no /dev/shm")
        return
    area = place / f"rasctl-test-{os.getpid()}"
    ran = bench.run("dump", "setup", "--create", "1M", area)
    good = not area.exists()
    area.unlink(missing_ok=True)
    bench.expect("--create: on tmpfs", ran, NO, "not be on ext4 or xfs", good=good)


@contextmanager
def loop(image: Path, *options: str) -> Iterator[str]:
    """A block device that is a file; nothing, if there can be none."""
    argv = ["losetup", "--find", "--show", *options, str(image)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=False)
        device = done.stdout.strip() if not done.returncode else ""
    except FileNotFoundError:
        device = ""
    try:
        yield device
    finally:
        if device:
            subprocess.run(["losetup", "--detach", device], timeout=CALL_S, check=False)


def put(device: str, offset: int, data: bytes) -> None:
    """Write to a device, through."""
    with open(device, "r+b", buffering=0) as file:
        file.seek(offset)
        file.write(data)
        os.fsync(file.fileno())


def get(device: str, offset: int, size: int) -> bytes:
    """Read what a device holds."""
    with open(device, "rb", buffering=0) as file:
        file.seek(offset)
        return file.read(size)


def check_devices(bench: Bench) -> None:
    """dump setup on block devices."""
    bench.fresh({})
    images = [bench.place / name for name in ("one.img", "other.img")]
    for image in images:
        image.write_bytes(bytes(4 * MIB + 512))
    with loop(images[0]) as one, loop(images[1]) as other:
        if not one or not other:
            bench.tap.skip("dump setup on block devices", "needs root and loop devices")
            return
        check_contents(bench, one, images[0])
        check_harmless(bench, one, images[0])
        check_question(bench, one)
        check_used(bench, one, other)
    check_partitions(bench, images[0])


def check_contents(bench: Bench, device: str, image: Path) -> None:
    """What a device may hold, and what is wiped."""
    size = image.stat().st_size // BLOCK * BLOCK
    name = f"dump-{Path(device).name}"
    bench.fresh({name: Handler()})
    ran = bench.run("dump", "setup", device)
    good = bench.calls() == [f"dump/targets={device}"]
    bench.expect("a device of zeros", ran, YES, f"{name} .*armed$", good=good)
    bench.expect("its boot parameter", ran, YES, f"^at boot: ras_dump.targets={device}$")
    link = bench.work / "by-name"
    link.symlink_to(device)
    bench.put("dump/targets", link)
    ran = bench.run("dump", "setup")
    bench.expect("its own name at boot", ran, NO, f"^at boot: ras_dump.targets={device}$")
    for what, offset, data, words in (
        ("ext4", 1080, b"\x53\xef", "ext2, ext3 or ext4"),
        ("xfs", 0, b"XFSB", "xfs"),
        ("btrfs", 65600, b"_BHRfS_M", "btrfs"),
        ("swap", 4086, b"SWAPSPACE2", "swap space"),
        ("LUKS", 0, b"LUKS\xba\xbe", "LUKS"),
        ("a partition table", 510, b"\x55\xaa", "partition table"),
        ("a stamp that is damaged", 0, stamp((1024,))[:100], "a damaged area"),
        ("a byte", 0, b"x", "something else"),
        ("a byte before 128 KiB", EDGE - 1, b"x", "something else"),
        ("a byte at the end", size - 1, b"x", "at its end"),
        ("a byte 128 KiB before the end", size - EDGE, b"x", "at its end"),
    ):
        bench.fresh({name: Handler()})
        put(device, 0, bytes(size))
        put(device, 2 * MIB, b"middle")
        put(device, offset, data)
        ran = bench.run("dump", "setup", device)
        good = get(device, offset, len(data)) == data and not bench.calls()
        bench.expect(f"it holds {what}", ran, NO, f"holds .*{words}.*--wipe$", good=good)
        ran = bench.run("dump", "setup", "--wipe", "--yes", device)
        wiped = not get(device, 0, EDGE).strip(b"\0") and not get(device, size - EDGE, EDGE).strip(
            b"\0"
        )
        also = {"wiped": wiped, "middle": get(device, 2 * MIB, 6) == b"middle"}
        also |= {"calls": bench.calls() == [f"dump/targets={device}"]}
        bench.expect(f"it held {what}", ran, YES, "armed$", **also)


def check_harmless(bench: Bench, device: str, image: Path) -> None:
    """What a device may hold, and is left as it is."""
    size = image.stat().st_size // BLOCK * BLOCK
    name = f"dump-{Path(device).name}"
    for what, offset in (
        ("behind 128 KiB", EDGE),
        ("more than 128 KiB before the end", size - EDGE - 1),
        ("of a block that is not whole", size),
    ):
        bench.fresh({name: Handler()})
        put(device, 0, bytes(size + 512))
        put(device, offset, b"x")
        ran = bench.run("dump", "setup", "--wipe", "--yes", device)
        same = get(device, offset, 1) == b"x"
        bench.expect(f"a byte {what} does no harm", ran, YES, "armed$", same=same)
    bench.fresh({name: Handler()})
    put(device, 0, bytes(size + 512))
    put(device, 0, stamp((size // BLOCK,), state=WHOLE, size=9000))
    put(device, BLOCK, b"a dump")
    before = get(device, 0, size)
    ran = bench.run("dump", "setup", "--wipe", "--yes", device)
    same = get(device, 0, size) == before
    bench.expect("an area of ours is not wiped", ran, YES, "armed$", same=same)
    put(device, 0, bytes(2 * BLOCK))


def talk(bench: Bench, answer: bytes, *arguments: object) -> Ran:
    """Run the program on a terminal."""
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    done = subprocess.run(
        bench.argv(*arguments),
        env=tools.environment(**bench.environment()),
        stdin=theirs,
        capture_output=True,
        timeout=CALL_S,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    return Ran.of(done)


def check_question(bench: Bench, device: str) -> None:
    """--wipe asks."""
    name = f"dump-{Path(device).name}"
    for answer, is_wiped in ((b"y\n", True), (b"yes\n", True), (b"n\n", False), (b"\n", False)):
        bench.fresh({name: Handler()})
        put(device, 0, b"XFSB")
        ran = talk(bench, answer, "dump", "setup", "--wipe", device)
        good = (get(device, 0, 4) == bytes(4)) == is_wiped == bool(bench.calls())
        words = f"{device} holds a file system: xfs, which is lost .* \\[y/N\\]"
        title = f"--wipe asks, and the answer is {answer!r}"
        bench.expect(title, ran, YES if is_wiped else NO, words, good=good)
    bench.fresh({name: Handler()})
    put(device, 0, b"XFSB")
    ran = bench.run("dump", "setup", "--wipe", device)
    good = get(device, 0, 4) == b"XFSB" and not bench.calls()
    bench.expect("--wipe without a terminal", ran, NO, "nobody is there to be asked", good=good)
    ran = talk(bench, b"\x04", "dump", "setup", "--wipe", device)
    bench.expect("--wipe: the end of the input", ran, NO, "left as it is", good=not bench.calls())
    put(device, 0, bytes(4))


def check_used(bench: Bench, one: str, other: str) -> None:
    """Devices that somebody uses."""
    wipe = ("dump", "setup", "--wipe", "--yes")
    name = f"dump-{Path(one).name}"
    numbers = os.stat(one).st_rdev
    number = f"{os.major(numbers)}:{os.minor(numbers)}"
    put(one, 0, b"XFSB")

    def refused(title: str, ran: Ran, words: str) -> None:
        good = get(one, 0, 4) == b"XFSB" and not bench.calls()
        bench.expect(title, ran, NO, words, good=good)

    for title, line in (
        ("mounted", f"36 35 {number} / /srv/some rw - ext4 /dev/root rw"),
        ("mounted, by its name", f"36 35 0:77 / /srv/some rw - btrfs {one} rw"),
    ):
        bench.fresh({name: Handler()})
        (bench.work / "proc/self/mountinfo").write_text(f"1 1 0:5 / / rw - tmpfs no rw\n{line}\n")
        refused(f"it is {title}", bench.run(*wipe, one), f"{one}: is mounted on /srv/some$")
    bench.fresh({name: Handler()})
    (bench.work / "proc/swaps").write_text(f"Filename\tType\n{one}  partition 5 0 -2\n")
    refused("it is swap", bench.run(*wipe, one), f"{one}: is swap space in use")
    bench.fresh({name: Handler()})
    with open(os.open(one, os.O_RDONLY | os.O_EXCL), "rb"):
        refused("somebody has it alone", bench.run(*wipe, one), "busy: somebody has it")
    put(other, 0, b"XFSB")
    bench.fresh({name: Handler()})
    with open(os.open(other, os.O_RDONLY | os.O_EXCL), "rb"):
        ran = bench.run(*wipe, one, other)
        refused("nothing is wiped if a second one cannot be", ran, f"{other}: .*busy")
    ran = bench.run("dump", "setup", "--wipe", "--yes", one, "/nowhere")
    refused("nor if there is no second one", ran, "/nowhere: No such")
    # What is a target already is the kernel's, who has it for himself.
    bench.fresh({name: Handler(), "dump-memory": Handler()}, one)
    with open(os.open(one, os.O_RDONLY | os.O_EXCL), "rb"):
        ran = bench.run(*wipe, "memory", one)
        good = get(one, 0, 4) == b"XFSB" and bench.calls() == [f"dump/targets=memory {one}"]
        bench.expect("a target of before is left alone", ran, YES, "no stamp", good=good)
    check_mounted(bench, one, wipe)


def check_mounted(bench: Bench, device: str, wipe: tuple[str, ...]) -> None:
    """A device that is really mounted, where nobody else sees it."""
    bench.fresh({})
    title = "it is really mounted"
    if not shutil.which("mkfs.ext4") or not shutil.which("unshare"):
        bench.tap.skip(title, "needs mkfs.ext4 and unshare")
        return
    subprocess.run(["mkfs.ext4", "-q", "-F", device], check=True, timeout=CALL_S)
    (bench.work / "mnt").mkdir()
    script = 'mount "$1" mnt || exit 77; shift; "$@"; code=$?; umount mnt; exit $code'
    before = ("unshare", "-m", "sh", "-c", script, "sh", device)
    ran = bench.run("--proc", "/proc", *wipe, device, before=before)
    if ran.code == 77:
        bench.tap.skip(title, "nothing can be mounted here")
    else:
        magic = get(device, 1080, 2) == b"\x53\xef"
        bench.expect(title, ran, NO, "is mounted on .*/mnt$", magic=magic)
    put(device, 0, bytes(EDGE))


def has_partition(device: str) -> bool:
    """Have the kernel make a partition of a device."""
    try:
        argv = ["addpart", device, "1", "2048", "4096"]
        done = subprocess.run(argv, capture_output=True, timeout=CALL_S, check=False)
    except FileNotFoundError:
        return False
    name = Path(device).name
    return not done.returncode and (Path("/sys/block") / name / f"{name}p1").exists()


def check_partitions(bench: Bench, image: Path) -> None:
    """A disk that is divided into partitions."""
    bench.fresh({})
    title = "a disk with partitions"
    image.write_bytes(b"XFSB".ljust(4 * MIB, b"\0"))
    with loop(image, "--partscan") as device:
        if not device or not has_partition(device):
            bench.tap.skip(title, "needs root, loop devices and addpart")
            return
        ran = bench.run("dump", "setup", "--wipe", "--yes", device)
        good = get(device, 0, 4) == b"XFSB" and not bench.calls()
        bench.expect(title, ran, NO, "is a disk with partitions, as loop[0-9]+p1;", good=good)
        subprocess.run(["delpart", device, "1"], timeout=CALL_S, check=False)


@dataclass
class Trial:
    """A set-up that `dump test` finds nothing wrong with."""

    bench: Bench
    area: Path = field(default_factory=Path)

    def begin(self, handlers: Mapping[str, Handler], area: bytes, missing: str = "") -> None:
        """Make it."""
        bench = self.bench
        bench.fresh(handlers)
        self.area = bench.work / "area"
        self.area.write_bytes(area)
        bench.put("dump/targets", f"{self.area} memory")
        bench.put("dump/memory/state", "empty")
        bench.put("dump/memory/size", 0)
        (bench.work / "proc" / "cmdline").write_text("ras_dump.memory=960M@0x18000000\n")
        (bench.work / "proc" / "meminfo").write_text("MemTotal: 1000 kB\n")
        bench.kernel(f"trigger=rehearse) {REHEARSED}; echo {missing} > last/cpus_missing ;;")
        (bench.work / "areas").write_text(f"{self.area}\nmemory\n")
        (bench.work / "bin").mkdir()
        self.program("ras-savecore", "exit 0")
        self.program("systemctl", 'test "$1 $2" = "is-enabled ras-savecore.service"')

    def program(self, name: str, text: str) -> None:
        """A program that is installed."""
        path = self.bench.work / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        path.chmod(0o755)

    def run(self) -> Ran:
        """dump test."""
        bench = self.bench
        config = bench.work / "areas"
        return bench.run("dump", "test", "--config", config, path=str(bench.work / "bin"))


ARMED = {"dump-area": Handler(), "dump-memory": Handler()}
# Room for the estimate.
LARGE = (5000, 2000)


def check_dump_test(bench: Bench) -> None:
    """dump test: all that it looks at, and each of it wrong."""
    trial = Trial(bench)
    trial.begin(ARMED, area_of(LARGE))
    ran = trial.run()
    area = trial.area
    lines = [
        f"ok         {area}: dump-area is armed",
        f"ok         {area}: 2 stamps on the disk: area 10111213-1415-1617-1819-1a1b1c1d1e1f,"
        " armed 7 times",
        f"ok         {area}: holds no dump",
        f"ok         {area}: room for 27.3 MiB; a dump now would take about 16.5 MiB",
        f"ok         {area}: {bench.work}/areas names it",
        "ok         memory: dump-memory is armed",
        "ok         memory: holds no dump",
        "ok         memory: room for 960.0 MiB; a dump now would take about 16.5 MiB",
        f"ok         memory: {bench.work}/areas names it",
        "ok         rehearsal: every CPU stopped, within 15.634 ms",
        "ok         ras-savecore: is installed",
        "ok         ras-savecore.service: is enabled",
        "not tried  write: a polled driver resets the device, and the kernel's own could not go on",
        "All that could be tried is as it has to be.",
    ]
    bench.tap.same("dump test: nothing is wrong", lines, ran.out.splitlines())
    bench.tap.same("dump test: it ends with 0", YES, ran.code)
    same = area.read_bytes() == area_of(LARGE) and bench.calls() == ["trigger=rehearse"]
    bench.tap.ok(same, "dump test: nothing is changed", ran.said())
    check_test_areas(bench, trial)
    check_test_around(bench, trial)


def failed(bench: Bench, title: str, ran: Ran, words: str) -> None:
    """A test that one line has FAILED, and what it says."""
    count = len(re.findall("^FAILED ", ran.out, re.M))
    end = ran.out.endswith("A dump would fail, or would not be fetched: see above.\n")
    bench.expect(f"dump test: {title}", ran, NO, f"^FAILED     .*{words}", one=count == 1, end=end)


def check_test_areas(bench: Bench, trial: Trial) -> None:
    """dump test: what may be wrong with an area."""
    good = area_of(LARGE)
    second = LARGE[0] * BLOCK
    trial.begin(ARMED | {"dump-area": Handler(armed=0, reason="gone")}, good)
    failed(bench, "not armed", trial.run(), "dump-area is not armed: gone$")
    trial.begin({"dump-memory": Handler()}, good)
    failed(bench, "no handler", trial.run(), "dump-area is not armed: the kernel does not")
    for title, at in (("a stamp is damaged", 33), ("a second stamp is damaged", second + 33)):
        trial.begin(ARMED, good[:at] + b"\xff" + good[at + 1 :])
        failed(bench, title, trial.run(), "area: the stamp of extent . is damaged")
    other = stamp(LARGE, 1).replace(bytes(range(0x10, 0x20)), bytes(16))
    other = other[:12] + bytes(4) + other[16:]
    other = other[:12] + struct.pack("<I", zlib.crc32(other)) + other[16:]
    trial.begin(ARMED, good[:second] + other + good[second + BLOCK :])
    failed(bench, "a stamp of another area", trial.run(), "UUID of another area")
    for state, words in ((WHOLE, "whole"), (CUT, "cut off"), (BEGUN, "interrupted")):
        trial.begin(ARMED, area_of(LARGE, state))
        failed(bench, f"a dump that is {words}", trial.run(), rf"holds a dump \({words}\)")
    trial.begin(ARMED, area_of(LARGE, TAKEN))
    failed(bench, "a dump that was taken", trial.run(), "was taken: arm it again")
    trial.begin(ARMED, good + bytes(BLOCK))
    failed(bench, "the area has grown", trial.run(), "stamps are of 28672000 bytes, and it has")
    trial.begin(ARMED, good + bytes(BLOCK - 1))
    bench.expect("dump test: a part of a block does not count", trial.run(), YES)
    trial.begin(ARMED, area_of((100, 100)))
    failed(bench, "no room", trial.run(), "room for 792.0 KiB; .* 16.5 MiB, and would be cut off$")
    trial.begin(ARMED, good)
    trial.area.unlink()
    ran = trial.run()
    words = "^FAILED +.*area: No such file[\\s\\S]*^FAILED .*does not name it"
    bench.expect("dump test: no area", ran, NO, words)
    trial.begin(ARMED, good)
    bench.put("dump/memory/state", "whole")
    failed(bench, "a dump in memory", trial.run(), r"memory: holds a dump \(whole\) that was not")
    trial.begin(ARMED, good)
    bench.put("dump/memory/state", "taken")
    bench.expect("dump test: a dump in memory was taken", trial.run(), YES)
    trial.begin(ARMED, good)
    (bench.work / "proc" / "cmdline").write_text("ras_dump.memory=1M@0x18000000\n")
    failed(bench, "no room in memory", trial.run(), "memory: room for 1020.0 KiB; .*cut off$")
    trial.begin(ARMED, good)
    (bench.work / "proc" / "meminfo").write_text("")
    ran = trial.run()
    bench.expect("dump test: no estimate", ran, YES, "^not tried .*nobody knows how large a dump")


def check_test_around(bench: Bench, trial: Trial) -> None:
    """dump test: what may be wrong besides."""
    good = area_of(LARGE)
    trial.begin(ARMED, good, "3")
    failed(bench, "a CPU is missing", trial.run(), "rehearsal: CPUs that have not answered: 3$")
    trial.begin(ARMED, good)
    bench.kernel(f"trigger=rehearse) exit {errno.EPERM} ;;")
    failed(bench, "no rehearsal", trial.run(), "rehearsal: .*switched off")
    trial.begin(ARMED, good)
    trial.program("systemctl", "exit 1")
    failed(bench, "the unit is not enabled", trial.run(), "service: is not enabled$")
    trial.begin(ARMED, good)
    (bench.work / "bin" / "systemctl").unlink()
    bench.expect("dump test: no systemctl", trial.run(), YES, "^not tried .*there is no systemctl")
    trial.begin(ARMED, good)
    (bench.work / "bin" / "ras-savecore").unlink()
    if any(Path(place, "ras-savecore").exists() for place in ("/usr/sbin", "/usr/local/sbin")):
        bench.tap.skip("dump test: no ras-savecore", "it is installed here")
    else:
        failed(bench, "no ras-savecore", trial.run(), "ras-savecore: is not installed$")
    for kept, lost in (("memory", "area"), ("area", "memory")):
        trial.begin(ARMED, good)
        line = "memory" if kept == "memory" else str(trial.area)
        (bench.work / "areas").write_text(f"{line}\n")
        failed(bench, f"{lost} is not fetched", trial.run(), f"{lost}: .*does not name it$")
    trial.begin(ARMED, good)
    (bench.work / "link").symlink_to(trial.area)
    (bench.work / "areas").write_text(f"{bench.work}/link\nmemory\n")
    bench.expect("dump test: another name of the area", trial.run(), YES)
    trial.begin({"dump-memory": Handler()}, good)
    bench.put("dump/targets", "memory")
    ran = trial.run()
    bench.expect("dump test: memory alone", ran, YES, "^not tried  write: only a reboot shows")
    trial.begin({}, good)
    bench.put("dump/targets", "none")
    failed(bench, "no target", trial.run(), "dump/targets: there is no target$")
    (bench.work / "areas").unlink()
    trial.begin(ARMED, good)
    (bench.work / "areas").unlink()
    bench.expect("dump test: no list of areas", trial.run(), NO, "areas: No such file")
    for arguments in (("x",), ("--what",), ("--config",)):
        ran = bench.run("dump", "test", *arguments)
        bench.expect(f"dump test {' '.join(arguments)}", ran, TROUBLE, "--help")
    shutil.rmtree(bench.ras / "dump")
    bench.expect("dump test: no dump engine", bench.run("dump", "test"), TROUBLE, "CONFIG_RAS_DUMP")


def check_command_line(bench: Bench) -> None:
    """Options and commands."""
    bench.fresh({"kdump": KDUMP})
    bench.expect("--help", bench.run("--help"), YES, "^usage: rasctl")
    bench.expect("--version", bench.run("--version"), YES, "^rasctl [0-9]+$")
    for arguments, words in (
        ((), "no command is named"),
        (("what",), 'no command "what"'),
        (("dump",), "dump what"),
        (("dump", "what"), 'no command "dump what"'),
        (("status", "x"), "takes fewer"),
        (("get",), "takes more"),
        (("set", "enabled"), "takes more"),
        (("plan", "a", "b"), "takes fewer"),
        (("--json", "plan"), "does not write JSON"),
        (("--json", "set", "enabled", "1"), "does not write JSON"),
        (("--json", "dump", "test"), "does not write JSON"),
        (("--what",), "--help"),
        (("--sysfs",), "--help"),
    ):
        ran = bench.run(*arguments)
        title = f"usage: {' '.join(arguments)}"
        bench.expect(title, ran, TROUBLE, words, quiet=not ran.out, calls=not bench.calls())
    with open("/dev/full", "w", encoding="ascii") as full:
        argv = bench.argv("status")
        env = tools.environment(**bench.environment())
        code = subprocess.run(
            argv, env=env, stdout=full, stderr=subprocess.PIPE, timeout=CALL_S, check=False
        )
    ran = Ran(code.returncode, "", code.stderr.decode())
    bench.expect("no room for the output", ran, TROUBLE, "standard output: cannot be written")


def complete(bench: Bench, line: str) -> list[str]:
    """What bash offers behind a command line, whose last word may be empty."""
    words = line.split(" ")
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rasctl\n'
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    argv = ["bash", "-uc", script, "bash", str(bench.sources / "rasctl.bash")]
    argv += ["rasctl", "--sysfs", str(bench.ras), *words[1:]]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=False)
    return sorted(done.stdout.split()) + ([done.stderr] if done.stderr else [])


def check_completion(bench: Bench) -> None:
    """The completion, in a real bash."""
    bench.fresh({"kdb": Handler(), "kdump": KDUMP})
    commands = (
        "--help --json --proc --sysfs --version disable dump enable get hibernate netdump plan"
        " rehearse set status"
    )
    triggers = " ".join(sorted(TRIGGERS))
    for line, expected in (
        ("rasctl ", commands),
        ("rasctl st", "status"),
        ("rasctl hibernate se", "setup"),
        ("rasctl hibernate setup --u", "--update"),
        ("rasctl --json d", "disable dump"),
        ("rasctl plan ", triggers),
        ("rasctl plan n", "nmi"),
        ("rasctl enable ", f"framework handler kdb kdump trigger {triggers}"),
        ("rasctl disable handler ", "kdb kdump"),
        ("rasctl enable trigger s", "sysrq"),
        ("rasctl enable handler kdb ", ""),
        (
            "rasctl set handlers/kdump/",
            " ".join(f"handlers/kdump/{n}" for n in WRITABLE - {"wait_s"}),
        ),
        ("rasctl get handlers/kdump/a", "handlers/kdump/armed"),
        ("rasctl set t", " ".join(["trigger", *(f"triggers/{name}/enabled" for name in TRIGGERS)])),
        ("rasctl set enabled ", ""),
        ("rasctl netdump ", "setup"),
        ("rasctl netdump setup --", "--interface --port --server-key"),
        ("rasctl netdump setup --port ", ""),
        (f"rasctl netdump setup --server-key {bench.ras}/ena", f"{bench.ras}/enabled"),
        ("rasctl dump ", "setup test --live"),
        ("rasctl dump test --", "--config"),
        ("rasctl dump setup --", "--create --wipe --yes"),
        ("rasctl dump setup m", "memory"),
        ("rasctl dump setup --create ", ""),
        (f"rasctl dump setup {bench.ras}/ena", f"{bench.ras}/enabled"),
        (f"rasctl --sysfs {bench.work}/kern", f"{bench.work}/kernel"),
        ("rasctl status ", ""),
    ):
        shown = line.replace(str(bench.work), "")
        bench.tap.same(f'completion of "{shown}"', sorted(expected.split()), complete(bench, line))
    shutil.rmtree(bench.ras)
    bench.tap.same("completion without the framework", [], complete(bench, "rasctl get "))


def check_around(bench: Bench) -> None:
    """The manual page, and what is installed."""
    page = bench.sources / "rasctl.8"
    text = page.read_text(encoding="utf-8")
    help_text = bench.run("--help").out
    options = set(re.findall(r"--([a-z]+)", help_text))
    described = set(re.findall(r"Fl \\-([a-z]+)", text))
    bench.tap.same("the manual page has all options", sorted(options), sorted(described))
    listed = set(re.findall(r"^  ([a-z]+(?: setup| test| --live)?) ", help_text, re.M))
    lines = text.replace("dump Fl \\-live Ar file", "dump --live")
    named = set(re.findall(r"^\.It Cm ([a-z -]+?)(?: ,.*)?$", lines, re.M)) | {"disable"}
    bench.tap.same("and all commands", sorted(listed), sorted(named))
    name = "the manual page is clean"
    argv = ["groff", "-ww", "-mandoc", "-Tutf8", "-z", str(page)]
    bench.call(name, *argv)
    root = bench.place / "root"
    argv = ["make", "-s", "-C", str(bench.sources), f"O={bench.place}/plain", "install"]
    argv += [f"CFLAGS={tools.PLAIN}", f"DESTDIR={root}", "PREFIX=/usr"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=tools.BUILD_S, check=False)
    ran = Ran(done.returncode, done.stdout, done.stderr)
    files = ("sbin/rasctl", "share/man/man8/rasctl.8", "share/bash-completion/completions/rasctl")
    good = all((root / "usr" / name).is_file() for name in files)
    quiet = not done.stderr
    bench.expect("it is installed", ran, 0, good=good, quiet=quiet)


def build(sources: Path, place: Path) -> None:
    """Build the program, and the kernel behind its files."""
    tools.build(
        sources,
        [f"O={place}", f"CFLAGS={tools.SANITIZED}", f"{place}/rasctl"],
        [f"O={place}", f"CFLAGS={tools.PLAIN}", f"{place}/test-kernel.so"],
    )


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "rasctl"
    page = (lab.top / "Documentation/ABI/testing/sysfs-kernel-ras").read_text(encoding="utf-8")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    build(sources, place)
    bench = Bench(tap, place.resolve(), sources)
    check_saved(bench)
    check_not_saved(bench)
    check_by_kernel(bench)
    check_plan_reasons(bench)
    check_status_trouble(bench)
    check_status_json(bench)
    check_plan(bench)
    check_rehearse(bench)
    check_live(bench)
    check_switches(bench)
    check_get_and_set(bench)
    check_refusals(bench, page)
    check_show(bench)
    check_need(bench)
    check_setup_names(bench)
    check_netdump(bench)
    check_net_names(bench)
    check_create(bench)
    check_devices(bench)
    check_dump_test(bench)
    check_command_line(bench)
    check_completion(bench)
    check_around(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
