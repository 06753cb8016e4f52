#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-hibernate setup, built with sanitizers: settings, the files that it writes, GRUB's entry,
and the hooks of a save.  Nothing outside of a directory is written."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import tools
from raslab.lab import Lab
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, FAILED, USAGE = range(3)
MIB = 1 << 20
CONF = "etc/ras/hibernate.conf"
HOOKS = "etc/ras/hibernate.d"
KERNEL = "/boot/vmlinuz-6.1.0-ras"
UNITS = "etc/systemd/system"
SERVICE = f"{UNITS}/systemd-hibernate.service.d/ras.conf"
LOGIND = f"{UNITS}/systemd-logind.service.d/ras-hibernate.conf"
# What a set-up writes.
WRITTEN = (CONF, "boot/ras-second.cpio", SERVICE, LOGIND)
# What stands for GRUB's functions, and for its programs.
LIBRARY = """prepare_grub_to_access_device() { echo "search --set=root $1"; }
make_system_path_relative_to_its_root() { echo "/@$1"; }
"""
TOOL = '#!/bin/sh\necho "${0##*/} $*" >> "$LOG"\n'
# A hook that tells when it runs, with which argument, and what it has for standard input.
HOOK = """#!/bin/sh
echo "${0##*/} $1 ${RESULT-} $(readlink /proc/self/fd/0)" >> "$LOG"
"""


@dataclass
class Bench:
    """Where things are made and the program runs."""

    tap: Tap
    place: Path
    sources: Path

    @property
    def root(self) -> Path:
        """What stands for / ."""
        return self.place / "root"

    @property
    def disk(self) -> Path:
        """What stands for the device."""
        return self.root / "dev/disk"

    @property
    def log(self) -> Path:
        """Where programs write that are called."""
        return self.place / "log"

    def file(self, name: str, content: str | bytes, mode: int = 0o644) -> Path:
        """A file of the machine."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def run(self, command: str, *arguments: object, **env: str) -> Ran:
        """Run the program."""
        self.log.write_text("")
        program = [self.place / "ras-hibernate", command, "--root", self.root]
        env = {"LOG": str(self.log), **env}
        return tools.run([*program, *arguments], self.place, env, {}, CALL_S)

    def setup(self, *arguments: object) -> Ran:
        """Set it up."""
        return self.run("setup", *arguments, self.disk)

    def script(self, name: str, *arguments: str, **env: str) -> Ran:
        """Run a script that is installed with the program; our programs come first."""
        self.log.write_text("")
        env = {
            "RAS_ROOT": str(self.root),
            "PATH": f"{self.place}/bin:{os.environ.get('PATH', '')}",
            "LOG": str(self.log),
            **env,
        }
        argv = ["sh", self.sources / "boot" / name, *arguments]
        return tools.run(argv, self.place, env, {}, CALL_S)

    def text(self, name: str) -> str:
        """The text of a file of the machine; "" if it is not there."""
        path = self.root / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def files(self) -> list[str]:
        """Those that a set-up writes."""
        return [name for name in WRITTEN if (self.root / name).exists()]

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)


def elf() -> bytes:
    """A program that needs no libraries, as far as anybody can see."""
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head.ljust(64, b"\0") + struct.pack("<II6Q", 1, 5, 0, 0, 0, 0, 0, 0)


def machine(bench: Bench) -> None:
    """A machine that is not set up."""
    shutil.rmtree(bench.root, ignore_errors=True)
    bench.file("dev/disk", b"").open("wb").truncate(64 * MIB)
    bench.file(KERNEL[1:], "kernel")
    bench.file("boot/config-6.1.0-ras", "# Linux\nCONFIG_RAS_JUMP=y\n")
    bench.file("proc/meminfo", "MemTotal:          32768 kB\n")
    bench.file("sys/firmware/memmap/0/start", "0x0\n")
    bench.file("sys/kernel/ras/jump/peer", "\n")
    bench.file("sys/power/disk", "[shutdown] jump\n")
    bench.file("program", elf(), 0o755)


def options(bench: Bench) -> list[str]:
    """Those of the set-up of this machine."""
    return ["--kernel", KERNEL, "--program", f"{bench.root}/program"]


def check_setup(bench: Bench) -> None:
    """Set up, again, changed, and undone."""
    machine(bench)
    ran = bench.setup("--dry-run", *options(bench))
    words = rf"cpio: to be made.*{CONF}:\n.*DEVICE={bench.disk}\n.*{SERVICE}:\n.*ExecStart="
    bench.expect("--dry-run", ran, GOOD, words, nothing=not bench.files())
    ran = bench.setup(*options(bench), "--append", "console=ttyS0 nr_cpus=1")
    bench.expect("setup", ran, GOOD, "", all=bench.files() == list(WRITTEN))
    wanted = [f"DEVICE={bench.disk}", f"KERNEL={KERNEL}", "INITRD=/boot/ras-second.cpio"]
    wanted += ["MEMORY=64M", "APPEND=console=ttyS0 nr_cpus=1"]
    wanted += [f"PROGRAM={bench.root}/program", "HOOK_SECONDS=30"]
    bench.tap.same("the settings", wanted, bench.text(CONF).splitlines()[1:])
    words = f"[Service]\nExecStart=\nExecStart={bench.place}/ras-hibernate save\n"
    bench.tap.ok(bench.text(SERVICE).endswith(words), "what systemd is to do")
    words = "Environment=SYSTEMD_BYPASS_HIBERNATION_MEMORY_CHECK=1\n"
    bench.tap.ok(bench.text(LOGIND).endswith(words), "and logind")
    with open(bench.root / "boot/ras-second.cpio", "rb") as archive:
        argv = ["cpio", "-t", "--quiet"]
        done = subprocess.run(argv, stdin=archive, capture_output=True, text=True, check=True)
    bench.tap.ok("init\n" in done.stdout, "an initial file system")
    before = [bench.text(name) for name in WRITTEN]
    ran = bench.run("setup")
    same = before == [bench.text(name) for name in WRITTEN]
    bench.expect("once more, by the settings", ran, GOOD, "(as before.*){3}", same=same)
    ran = bench.setup("--memory", "192M", "--compress", "zstd")
    words = "KERNEL=/boot/vmlinuz-6.1.0-ras\n.*MEMORY=192M\nAPPEND=console.*COMPRESS=zstd\n"
    right = re.search(words, bench.text(CONF), re.S) is not None
    bench.expect("other settings, the rest stays", ran, GOOD, right=right)
    bench.file("boot/vmlinuz-6.2.0", "kernel")
    ran = bench.run("setup", "--update", "--kernel", "/boot/vmlinuz-6.2.0")
    right = "KERNEL=/boot/vmlinuz-6.2.0\n" in bench.text(CONF)
    bench.expect("a new kernel", ran, GOOD, right=right)
    ran = bench.run("setup", "--remove", "--dry-run")
    bench.expect("--remove --dry-run", ran, GOOD, "to be removed", all=len(bench.files()) == 4)
    bench.expect("--remove", bench.run("setup", "--remove"), GOOD, none=not bench.files())
    bench.expect("--remove again", bench.run("setup", "--remove"), GOOD, "^$")
    ran = bench.run("setup", "--update", "--kernel", KERNEL)
    bench.expect("--update of nothing", ran, GOOD, "^$", none=not bench.files())


def check_refusals(bench: Bench) -> None:
    """Machines that cannot be set up: nothing is written."""
    cases = [
        ("no such kernel", KERNEL[1:], None, "vmlinuz-6.1.0-ras: No such file.*--kernel names"),
        ("a kernel without", "boot/config-6.1.0-ras", "A=y\n", "was built without CONFIG_RAS_JUMP"),
        ("this kernel without", "sys/kernel/ras/jump", None, "jump: No such file.*CONFIG_RAS_JUMP"),
        ("no map", "sys/firmware/memmap", None, "memmap: No such.*needs CONFIG_FIRMWARE_MEMMAP"),
        ("no device", "dev/disk", None, "disk: No such file"),
        ("a program with libraries", "program", "#!/bin/sh\n", "is no program without libraries"),
    ]
    for name, path, content, words in cases:
        machine(bench)
        if content is not None:
            bench.file(path, content)
        elif (bench.root / path).is_dir():
            shutil.rmtree(bench.root / path)
        else:
            (bench.root / path).unlink()
        ran = bench.setup(*options(bench))
        bench.expect(f"refused: {name}", ran, FAILED, words, nothing=not bench.files())
    machine(bench)
    ran = bench.run("setup", *options(bench), bench.root / "sys")
    bench.expect("refused: a directory", ran, FAILED, "sys: is no block device")
    bench.file("proc/meminfo", "MemTotal:          99999 kB\n")
    words = "disk: has 64 MiB, and the machine 97 MiB of memory"
    bench.expect("a small device", bench.setup(*options(bench)), GOOD, words)
    ran = bench.run("setup", "--remove")
    bench.expect("usage: no device", bench.run("setup"), USAGE, "Try 'ras-hibernate setup --help'")


def check_settings(bench: Bench) -> None:
    """Lines of the file that make no sense, and who has the last word."""
    cases = [
        ("a name", "DEVICE=/dev/sda\nSIZ=5\n", 'line 2, "SIZ": there is no such setting'),
        ("no value", "DEVICE\n", 'line 1, "DEVICE": it is not NAME=VALUE'),
        ("a device", "# mine\n\nDEVICE=sda\n", 'line 3, "DEVICE": a device has a path'),
        ("a size", "MEMORY=1\n", 'line 1, "MEMORY": the size is too small'),
        ("a method", "COMPRESS=zip\n", 'line 1, "COMPRESS": .*takes none, lz4 or zstd'),
        ("seconds", "HOOK_SECONDS=0\n", 'line 1, "HOOK_SECONDS": it is a number of sec'),
    ]
    machine(bench)
    for name, content, words in cases:
        bench.file(CONF, content)
        for command in ("save", "abort", "load"):
            ran = bench.run(command)
            also = {"one line": ran.err.count("\n") == 1}
            bench.expect(f"{command}: {name}", ran, FAILED, f"{CONF}: {words}", **also)
    bench.file(CONF, f"DEVICE={bench.disk}\nMEMORY=17M\n")
    bench.expect("the device of the settings", bench.run("status"), GOOD, "dev/disk: none")
    other = bench.file("dev/other", bytes(MIB))
    bench.expect("another device", bench.run("status", other), GOOD, "dev/other: none")
    ran = bench.run("save", "--memory", "5")
    bench.expect("the command line is checked first", ran, USAGE, "too small")


def check_hooks(bench: Bench) -> None:
    """Programs around a save that is refused: the device is too small."""
    machine(bench)
    bench.file("proc/meminfo", "MemTotal: 999999 kB\nMemFree: 0 kB\n")
    bench.file(CONF, f"DEVICE={bench.disk}\nHOOK_SECONDS=1\n")
    for name in ("90-last", "50-mine", "10-first"):
        bench.file(f"{HOOKS}/{name}", HOOK, 0o755)
    bench.file("usr/lib/ras/hibernate.d/60-theirs", HOOK, 0o755)
    bench.file("usr/lib/ras/hibernate.d/50-mine", "#!/bin/sh\nexit 1\n", 0o755)
    for name in ("20-backup~", "20.dpkg-old", ".20"):
        bench.file(f"{HOOKS}/{name}", "#!/bin/sh\nexit 1\n", 0o755)
    bench.file(f"{HOOKS}/30-off", "#!/bin/sh\nexit 1\n")
    names = ["10-first", "50-mine", "60-theirs", "90-last"]
    before = [f"{name} pre  /dev/null" for name in names]
    after = [f"{name} post failed /dev/null" for name in reversed(names)]

    ran = bench.run("save")
    log = bench.log.read_text().splitlines()
    bench.expect("hooks: their order", ran, FAILED, order=log == before + after)
    bench.file(f"{HOOKS}/50-mine", HOOK + '[ "$1" = post ] || exit 7\n', 0o755)
    ran = bench.run("save")
    log = bench.log.read_text().splitlines()
    words = "^ras-hibernate: [^ ]*/50-mine: pre: exit status 7\n$"
    bench.expect("one fails", ran, FAILED, words, order=log == before[:2] + after[2:])
    bench.file(f"{HOOKS}/50-mine", HOOK + '[ "$1" = pre ] || exit 7\n', 0o755)
    ran = bench.run("save")
    log = bench.log.read_text().splitlines()
    words = "/50-mine: post: exit status 7\n$"
    bench.expect("one fails afterwards", ran, FAILED, words, order=log == before + after)
    bench.file(f"{HOOKS}/50-mine", HOOK + '[ "$1" = post ] || sleep 30\n', 0o755)
    begun = time.monotonic()
    ran = bench.run("save")
    at_once = time.monotonic() - begun < 20
    words = "/50-mine: pre: was killed after 1 s\n$"
    bench.expect("one hangs", ran, FAILED, words, at_once=at_once)
    bench.file(f"{HOOKS}/50-mine", "#!/bin/sh\nkill -TERM $$\n", 0o755)
    words = "/50-mine: pre: ended by signal 15\n"
    bench.expect("no signal is held back", bench.run("save"), FAILED, words)


def check_trust(bench: Bench) -> None:
    """Hooks that others can write to are refused, and nothing is run."""
    machine(bench)
    bench.file(CONF, f"DEVICE={bench.disk}\n")
    bench.file(f"{HOOKS}/10-first", HOOK, 0o755)
    path = bench.file(f"{HOOKS}/50-mine", HOOK, 0o755)
    for mode in (0o775, 0o757):
        path.chmod(mode)
        ran = bench.run("save")
        words = "^ras-hibernate: [^ ]*/50-mine: is not run: others than root can write to it\n$"
        unrun = not bench.log.read_text()
        bench.expect(f"hooks: mode {mode:o}", ran, FAILED, words, unrun=unrun)
    path.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(path, 12345, 0)
        words = "/50-mine: is not run: others"
        bench.expect("hooks: of somebody", bench.run("save"), FAILED, words)
        os.chown(path, 0, 0)
    path.parent.chmod(0o777)
    ran = bench.run("save")
    unrun = not bench.log.read_text()
    bench.expect("their directory", ran, FAILED, "hibernate.d: is not run: others", unrun=unrun)


def check_grub(bench: Bench) -> None:
    """GRUB's entry, as its own checker has it, and who chooses it."""
    machine(bench)
    library = bench.place / "library"
    library.mkdir()
    (library / "grub-mkconfig_lib").write_text(LIBRARY)
    env = {"pkgdatadir": str(library), "GRUB_DEVICE_BOOT": "/dev/vda1"}
    ran = bench.script("42_ras-hibernate", **env)
    bench.expect("no set-up, no entry", ran, GOOD, "^$")
    setup = bench.setup(*options(bench), "--append", "nr_cpus=1 console=ttyS0 quiet")
    ran = bench.script("42_ras-hibernate", **env)
    words = "menuentry '[^']*' --id ras-hibernate-resume .*search --set=root /dev/vda1\n"
    words += rf"\s*linux /@{KERNEL} mem=64M ras_jump.restore ras_hibernate.resume={bench.disk} "
    words += "console=ttyS0\n\\s*initrd /@/boot/ras-second.cpio\n}\n"
    bench.expect("an entry", ran, GOOD, words, setup=setup.code == GOOD)
    entry = bench.place / "entry.cfg"
    entry.write_text(ran.out)
    checker = shutil.which("grub-script-check")
    if checker:
        done = tools.run([checker, entry], bench.place, {}, {}, CALL_S)
        bench.expect("GRUB takes it", done, GOOD, "^$")
    else:
        bench.tap.ok(True, "GRUB takes it # SKIP there is no grub-script-check")
    (bench.root / KERNEL[1:]).unlink()
    ran = bench.script("42_ras-hibernate", **env)
    bench.expect("no kernel, no entry", ran, GOOD, "no entry", empty=not ran.out)


def check_choice(bench: Bench) -> None:
    """The hook that has GRUB resume at the next boot."""
    machine(bench)
    tool_place = bench.place / "bin"
    tool_place.mkdir()
    for name in ("grub-reboot", "grub-editenv", "ras-hibernate"):
        (tool_place / name).write_text(TOOL)
        (tool_place / name).chmod(0o755)
    ran = bench.script("50-grub", "pre")
    bench.expect("no set-up, no choice", ran, GOOD, "^$", log=not bench.log.read_text())
    bench.file(CONF, "DEVICE=/dev/disk\n")
    ran = bench.script("50-grub", "pre")
    unrun = not bench.log.read_text()
    bench.expect("no entry", ran, FAILED, "has no entry ras-hibernate-resume: run", unrun=unrun)
    bench.file("boot/grub/grub.cfg", "menuentry 'R' --id ras-hibernate-resume {\n}\n")
    bench.expect("it is chosen", bench.script("50-grub", "pre"), GOOD, "^$")
    bench.tap.same("by GRUB", "grub-reboot ras-hibernate-resume\n", bench.log.read_text())
    bench.expect("no more", bench.script("50-grub", "post"), GOOD, "^$")
    bench.tap.same("by it, too", "grub-editenv - unset next_entry\n", bench.log.read_text())
    ran = bench.script("initramfs-premount")
    bench.expect("an ordinary boot", ran, GOOD, "^$")
    wanted = f"ras-hibernate abort {bench.root}/dev/disk\n"
    bench.tap.same("voids the image", wanted, bench.log.read_text())


def check_systemd(bench: Bench) -> None:
    """systemd has one thing to do for a hibernation: what was set up."""
    name = "systemd-hibernate.service"
    places = (Path("/usr/lib/systemd/system"), Path("/lib/systemd/system"))
    unit = next((place / name for place in places if (place / name).is_file()), None)
    verifier = shutil.which("systemd-analyze")
    if not unit or not verifier:
        bench.tap.ok(True, "systemd takes it # SKIP there is no systemd")
        return
    machine(bench)
    ran = bench.setup(*options(bench))
    copy = bench.file(f"{UNITS}/{name}", unit.read_text(encoding="utf-8"))
    done = tools.run([verifier, "verify", "--man=no", copy], bench.place, {}, {}, CALL_S)
    bench.expect("systemd takes it", done, GOOD, "^$", setup=ran.code == GOOD)
    text = bench.text(SERVICE).replace(f"{bench.place}/ras-hibernate", "/nowhere/ras-hibernate")
    bench.file(SERVICE, text)
    done = tools.run([verifier, "verify", "--man=no", copy], bench.place, {}, {}, CALL_S)
    words = "Command /nowhere/ras-hibernate is not executable"
    once = done.err.count("not executable") == 1
    bench.expect("and calls this program", done, 1, words, once=once)


def check_install(bench: Bench) -> None:
    """What is installed, and that it is described."""
    to = bench.place / "installed"
    argv = ["make", "-s", "-C", bench.sources, f"O={bench.place}/plain", "install"]
    argv += [f"CFLAGS={tools.PLAIN}", f"DESTDIR={to}", "PREFIX=/usr"]
    ran = tools.run(argv, bench.place, {}, {}, tools.BUILD_S)
    names = [
        "grub.d/42_ras-hibernate",
        "ras/hibernate.d/50-grub",
        "kernel/postinst.d/ras-hibernate",
    ]
    names += ["initramfs-tools/hooks/ras-hibernate"]
    names += ["initramfs-tools/scripts/local-premount/ras-hibernate"]
    modes = [os.stat(to / "etc" / name).st_mode & 0o777 for name in names]
    bench.expect("it is installed", ran, GOOD, "", modes=modes == [0o755] * 5)
    text = (to / "etc" / names[2]).read_text()
    bench.tap.ok("\n/usr/sbin/ras-hibernate setup" in text, "with the program's place")
    page = (bench.sources / "ras-hibernate.8").read_text(encoding="utf-8")
    ran = bench.run("setup", "--help")
    bench.expect("setup --help", ran, GOOD, "^usage: ras-hibernate setup.*Exit stat")
    named = re.findall(r"^ +--([a-z-]+)", ran.out, re.M)
    lacking = [name for name in named if "\\-" + name not in page]
    bench.tap.same("its options are in the manual page", [], lacking)
    settings = re.findall(r'^\t\{ "([A-Z_]+)"', (bench.sources / "wish.c").read_text(), re.M)
    lacking = [name for name in settings if f"Li {name}=" not in page]
    bench.tap.same("and all settings", [], lacking)


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    if os.uname().machine != "x86_64":
        return tap.skip_all("ras-hibernate is for x86-64")
    place = lab.build / "check" / "hibernate-setup"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    sources = lab.top / "tools" / "ras"
    tools.build(sources, [f"O={place}", f"CFLAGS={tools.SANITIZED}", f"{place}/ras-hibernate"])
    bench = Bench(tap, place, sources)
    for check in (check_setup, check_refusals, check_settings, check_hooks, check_trust):
        check(bench)
    for check in (check_grub, check_choice, check_systemd, check_install):
        check(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
