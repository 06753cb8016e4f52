# SPDX-License-Identifier: GPL-2.0
"""The initial file systems: of the machine, and in it that of the crash kernel.

A machine's has busybox, guest/init as its first program, kexec, the programs of
guest/*.c, the crash kernel, and every module that was built.  A crash kernel's has busybox,
guest/capture-init, and makedumpfile.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from raslab import kernel
from raslab.lab import LabError
from raslab.step import step
from raslab.target import Target

# Programs of ours in the machine: the name in /bin, the source below guest/, and what the
# compiler has to know besides.
GUEST_PROGRAMS: list[tuple[str, str, list[str]]] = [
    ("load", "load.c", ["-pthread"]),
    ("jump-load", "jump-load.c", []),
    ("user", "user.c", []),
    ("callee", "callee.c", []),
    ("fill", "fill.c", []),
    ("image-map", "image-map.c", []),
]

# The framework's programs for those who run machines, made by tools/ras/Makefile.
TOOLS = ["ras-savecore", "rasctl", "ras-hibernate"]
# Those of them that the crash kernel has, too, for when it is the second kernel of a jump.
CAPTURE_TOOLS = ["ras-hibernate"]
# And those that a row runs on the host.
HOST_TOOLS = ["rasdumpd", "ras-netdump-load", "test-hook.so"]

# Programs of the host, with their shared libraries: into which file system, and which.
HOST_PROGRAMS: list[tuple[str, str]] = [
    ("capture", "kexec"),
    ("capture", "makedumpfile"),
    ("machine", "kexec"),
    ("machine", "swapon"),
]

BUSYBOX = "busybox"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
CALL_S = 600


def find_program(name: str) -> Path:
    """Where the host has a program."""
    path = shutil.which(name, path=f"{SYSTEM_PATH}:{os.environ.get('PATH', '')}")
    if path is None:
        raise LabError(f"there is no program {name} on this machine")
    return Path(path)


def libraries(ldd: str) -> list[Path]:
    """The shared libraries in what ldd(1) says of a program."""
    missing = re.search(r"(\S+) => not found", ldd)
    if missing:
        raise LabError(f"the library {missing[1]} is not on this machine")
    return [Path(name) for name in re.findall(r"/\S+", ldd)]


def _copy(source: Path, target: Path, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def add_program(root: Path, name: str) -> None:
    """Put a program of the host into a file system, with the libraries that it needs."""
    program = find_program(name)
    _copy(program, root / "bin" / name, 0o755)
    # ldd fails for a program without shared libraries.
    ldd = subprocess.run(
        ["ldd", str(program)], capture_output=True, text=True, timeout=CALL_S, check=False
    )
    for library in libraries(ldd.stdout):
        _copy(library, root / str(library).lstrip("/"), 0o755)


def make_cpio(root: Path, archive: Path) -> None:
    """Write what is below a directory as the kernel reads it at boot; all of it is root's."""
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    with open(archive, "wb") as file:
        done = subprocess.run(
            ["cpio", "-o", "-0", "-H", "newc", "-R", "0:0", "--quiet"],
            input="\0".join([".", *names]).encode(),
            stdout=file,
            stderr=subprocess.PIPE,
            cwd=root,
            timeout=CALL_S,
            check=False,
        )
    if done.returncode:
        raise LabError(f"cpio failed: {done.stderr.decode(errors='replace').strip()}")


def listed_modules(directory: Path) -> list[Path]:
    """The modules that a build has made, by its modules.order."""
    order = directory / "modules.order"
    if not order.is_file():
        return []
    lines = order.read_text(encoding="utf-8").split()
    return [(directory / line).with_suffix(".ko") for line in lines]


def _strip(module: Path, target: Path) -> None:
    """Copy a module without its debug information, which only the host reads."""
    target.parent.mkdir(parents=True, exist_ok=True)
    argv = ["objcopy", "--strip-debug", str(module), str(target)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=False)
    if done.returncode:
        raise LabError(f"{module} cannot be copied: {done.stderr.strip()}")


def add_kernel_modules(root: Path, target: Target) -> None:
    """Put the kernel's own modules into /lib, and into the place where modprobe looks."""
    modules = listed_modules(target.objects)
    if not modules:
        return
    release = (target.objects / "include/config/kernel.release").read_text().strip()
    place = root / "lib" / "modules" / release
    place.mkdir(parents=True)
    for module in modules:
        _strip(module, place / module.name)
        os.link(place / module.name, root / "lib" / module.name)
    for name in ("modules.builtin", "modules.builtin.modinfo"):
        _copy(target.objects / name, place / name)
    (place / "modules.order").write_text("".join(f"{module.name}\n" for module in modules))
    argv = [str(find_program("depmod")), "-b", str(root), release]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=CALL_S, check=False)
    if done.returncode:
        raise LabError(f"depmod failed: {done.stderr.strip()}")


def add_test_modules(root: Path, target: Target) -> None:
    """Put the test modules and the samples into /lib."""
    for module in listed_modules(target.modules) + listed_modules(target.samples):
        _strip(module, root / "lib" / module.name)


def compile_programs(target: Target, root: Path, log: IO[str]) -> None:
    """Compile the machine's own programs; they need no libraries there."""
    guest = target.lab.tools / "guest"
    for name, source, options in GUEST_PROGRAMS:
        argv = ["gcc", "-O2", "-Wall", "-Wextra", "-static", *options]
        kernel.run(log, [*argv, "-o", str(root / "bin" / name), str(guest / source)])


def compile_tools(target: Target, log: IO[str]) -> Path:
    """Compile the framework's programs; where they are."""
    built = target.objects / "tools"
    make = ["make", "-s", "-C", str(target.lab.top / "tools/ras"), f"O={built}"]
    kernel.run(log, [*make, "LDFLAGS=-static", *(str(built / name) for name in TOOLS)])
    kernel.run(log, [*make, *(str(built / name) for name in HOST_TOOLS)])
    return built


def add_tools(root: Path, built: Path, names: list[str]) -> None:
    """Put some of the framework's programs into a file system."""
    for name in names:
        _copy(built / name, root / "bin" / name, 0o755)


def _add_base(target: Target, root: Path, which: str, init: str) -> None:
    """What both file systems have: a shell, the first program, and programs of the host."""
    _copy(find_program(BUSYBOX), root / "bin" / BUSYBOX, 0o755)
    _copy(target.lab.tools / "guest" / init, root / "init", 0o755)
    (root / "lib").mkdir(exist_ok=True)
    for name in (name for place, name in HOST_PROGRAMS if place == which):
        add_program(root, name)


def make_images(target: Target, log: IO[str]) -> None:
    """Make machine.cpio, and in it capture.cpio."""
    root = target.objects / "root"
    shutil.rmtree(root, ignore_errors=True)
    capture, machine = root / "capture", root / "machine"
    crash = target.capture
    built = compile_tools(target, log)
    _add_base(target, capture, "capture", "capture-init")
    add_tools(capture, built, CAPTURE_TOOLS)
    add_kernel_modules(capture, crash)
    (machine / "boot").mkdir(parents=True)
    make_cpio(capture, target.second_initrd)
    os.link(target.second_initrd, machine / "boot" / "capture.cpio")
    # The program overwrites nothing.
    target.own_initrd.unlink(missing_ok=True)
    kernel.run(log, [str(built / "ras-hibernate"), "initrd", str(target.own_initrd)])

    _add_base(target, machine, "machine", "init")
    _copy(crash.image, machine / "boot" / crash.image.name)
    compile_programs(target, machine, log)
    add_tools(machine, built, TOOLS)
    add_test_modules(machine, target)
    add_kernel_modules(machine, target)
    make_cpio(machine, target.initrd)
    shutil.rmtree(root)


def _parts(target: Target) -> Iterator[Path]:
    """The files that a machine is made of, other than its kernels.

    Shell scripts of guest/ are not among them: rows bring those with them.
    """
    guest = target.lab.tools / "guest"
    yield from (path for path in guest.rglob("*") if path.is_file() and path.suffix != ".sh")
    yield from (guest / source for _, source, _ in GUEST_PROGRAMS)
    tools = target.lab.top / "tools/ras"
    yield from (path for path in tools.iterdir() if path.suffix in (".c", ".h", ".S"))
    yield tools / "Makefile"
    for header in ("ras_dump.h", "ras_netdump.h", "ras_seal.h"):
        yield target.lab.top / "include/uapi/linux" / header
    yield from (find_program(name) for name in (BUSYBOX, *(name for _, name in HOST_PROGRAMS)))
    yield Path(__file__)


def image_stamp(target: Target) -> str:
    """From what the machine's file systems are made."""
    builds = [each.objects / ".built" for each in (target, target.capture)]
    times = [str(path.stat().st_mtime_ns) for path in builds]
    return " ".join([kernel.digest(set(_parts(target)), target.lab.top), *times])


def need_machine(target: Target) -> None:
    """Have a machine there that can boot: build what is not up to date."""
    with target.lab.lock():
        if target.capture != target:
            kernel.build_if_changed(target.capture)
        kernel.build_if_changed(target)
        stamp, made = image_stamp(target), target.objects / ".machine"
        files = (target.initrd, target.second_initrd, target.own_initrd)
        if all(file.exists() for file in files) and kernel.read_stamp(made) == stamp:
            return
        kernel.forget(made)
        text = f"Making the {target.flavour} machine's file systems"
        log = f"images-{target.flavour}.log"
        step(target.lab, text, log, lambda file: make_images(target, file))
        kernel.write_stamp(made, stamp)
