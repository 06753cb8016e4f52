# SPDX-License-Identifier: GPL-2.0
"""Building kernels, the test modules, and the samples.

Each target has a build directory of its own.  Two stamps in it say from what it was made:
.fragments for its configuration, .built for its sources.  They are checksums of contents,
so neither a file's time nor a document starts a build.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

from raslab import hooks
from raslab.lab import LabError
from raslab.step import step
from raslab.target import Target

# What a kernel is built from.  Everything else may change without a build.
SOURCES = ("*.c", "*.h", "*.S", "*.lds", "Kconfig*", "Makefile*", "Kbuild*", "*.patch")

# Without the locations of local variables, which no check asks for, a build takes a tenth
# less.
KCFLAGS = "-fno-var-tracking-assignments"

# A kernel of every option takes an hour on one core; this is only there to end a wait.
MAKE_S = 6 * 3600.0
# What make has to clean up takes less.
END_S = 10.0


def run(
    log: IO[str], argv: list[str], cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a command of a build, its output to the log."""
    log.flush()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        env=env,
        start_new_session=True,
    )
    try:
        status = process.wait(MAKE_S)
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]} did not end within {MAKE_S / 3600:g} hours") from error
    finally:
        _end(process)
    if status:
        raise LabError(f"{argv[0]} failed with status {status}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it has started: a make that is killed leaves others behind.

    First politely, so that make removes what is half made.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(END_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def is_source(path: Path) -> bool:
    """Is a kernel to be built again when this file changes?"""
    return any(fnmatch.fnmatchcase(path.name, pattern) for pattern in SOURCES)


def digest(files: Iterable[Path], top: Path) -> str:
    """A checksum of the names and contents of files."""
    whole = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        whole.update(f"{os.path.relpath(path, top)} {len(content)}\n".encode())
        whole.update(content)
    return whole.hexdigest()


def read_stamp(path: Path) -> str:
    """What a stamp says; empty if there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def write_stamp(path: Path, stamp: str) -> None:
    """Write down from what something was made, after it was made."""
    path.write_text(stamp + "\n", encoding="ascii")


def forget(*stamps: Path) -> None:
    """Before something is made: if that fails, what is there was made from nobody knows what."""
    for path in stamps:
        path.unlink(missing_ok=True)


def sources(target: Target) -> list[Path]:
    """What this kernel and its modules are built from, of what is ours."""
    lab = target.lab
    found = [path for path in (lab.tools / "modules").iterdir() if path.is_file()]
    if target.hooked:
        # Nothing but the test modules is ours in an unmodified kernel.
        found += [lab.top / name for name in hooks.ours(lab.top)]
        found += target.patches
    return [path for path in found if is_source(path)]


def options_sources(target: Target) -> list[Path]:
    """What the configuration of a target is made from, of what is ours."""
    return target.fragments + [path for path in sources(target) if path.match("Kconfig*")]


def need_tree(target: Target) -> None:
    """Have the source of a kernel there, with the framework laid over it as it is now."""
    with target.lab.lock():
        _need_tree(target)


def _need_tree(target: Target) -> None:
    hooks.need_source(target)
    if not target.hooked:
        return
    # A hook that is not there any more could not be taken off.
    if _laid_hooks(target) <= _hooks(target) and _lay(target):
        return
    # A hook has changed, and nobody knows any more what the one was that is in there.
    text = f"Unpacking {target.package} anew"
    step(target.lab, text, "unpack.log", lambda _: _renew(target))
    if not _lay(target):
        why = (target.lab.log / "lay.log").read_text(encoding="utf-8").strip()
        raise LabError(f"the hooks do not apply to {target.package}: {why}")


def _hooks(target: Target) -> set[str]:
    """A checksum of what each hook changes, without what it says about that."""
    texts = (patch.read_text(encoding="utf-8") for patch in target.patches)
    changes = (re.split(r"^(?:diff|---) .*/", text, 1, re.M)[-1] for text in texts)
    return {hashlib.sha256(change.encode()).hexdigest() for change in changes}


def _hooks_file(target: Target) -> Path:
    """Which hooks were laid over the tree last."""
    return target.tree.with_name(f"{target.tree.name}-hooks")


def _laid_hooks(target: Target) -> set[str]:
    return set(read_stamp(_hooks_file(target)).split())


def _lay(target: Target) -> bool:
    """Lay the framework over the tree; log/lay.log says what was done, or why not."""
    with open(target.lab.log / "lay.log", "w", encoding="utf-8") as log:
        try:
            changed = hooks.lay_over(target.lab, target.tree)
        except LabError as error:
            log.write(f"{error}\n")
            return False
        log.writelines(f"{line}\n" for line in changed)
    write_stamp(_hooks_file(target), "\n".join(sorted(_hooks(target))))
    return True


def _renew(target: Target) -> None:
    """Unpack the source anew.

    A file that has lost its hook has the archive's time afterwards, which is older than the
    object made from it.  So whatever had another time in the tree before is touched.
    """
    tree = target.tree
    fresh, old = tree.with_name(tree.name + ".fresh"), tree.with_name(tree.name + ".old")
    for path in (fresh, old):
        shutil.rmtree(path, ignore_errors=True)
    hooks.unpack(target, fresh)
    for directory, _, names in os.walk(fresh):
        for name in names:
            path = Path(directory, name)
            before = tree / path.relative_to(fresh)
            if path.is_symlink():
                continue
            if not before.exists() or before.stat().st_mtime_ns != path.stat().st_mtime_ns:
                os.utime(path)
    tree.rename(old)
    fresh.rename(tree)
    shutil.rmtree(old)


def kmake(target: Target, log: IO[str], *arguments: str, objects: Path | None = None) -> None:
    """Run the kernel's make for a target, by default in the target's build directory."""
    ccache = shutil.which("ccache")
    env = dict(
        os.environ,
        CCACHE_BASEDIR=str(target.lab.build),
        # Not CCACHE_DEPEND: without the preprocessor ccache does not see that piggy.S includes
        # the compressed kernel, and brings back an earlier one of the same size.  What was
        # stored in that way is not looked at: it is in no namespace.
        CCACHE_NAMESPACE="ras",
        CCACHE_NOHASHDIR="1",
        CCACHE_SLOPPINESS="time_macros",
        KBUILD_BUILD_TIMESTAMP="1970-01-01",
        KBUILD_BUILD_USER="ras",
        KBUILD_BUILD_HOST="ras",
    )
    argv = ["make", "-C", str(target.tree), f"O={objects or target.objects}"]
    argv += [f"-j{target.lab.jobs}", f"CC={ccache} gcc" if ccache else "CC=gcc"]
    argv.append(f"KCFLAGS={KCFLAGS}")
    run(log, argv + list(arguments), env=env)


def wanted_options(fragments: Iterable[str]) -> dict[str, str]:
    """What fragments ask for.  The last word on an option is what counts."""
    wanted: dict[str, str] = {}
    for line in "\n".join(fragments).splitlines():
        unset = re.fullmatch(r"# (CONFIG_[A-Z0-9_]+) is not set", line)
        asked = re.fullmatch(r"(CONFIG_\w+)=(.*)", line)
        if unset:
            wanted[unset[1]] = "n"
        elif asked:
            wanted[asked[1]] = asked[2]
    return wanted


def not_taken(wanted: Mapping[str, str], config: str) -> list[str]:
    """Which options are not in a configuration as they were asked for."""
    lines = set(config.splitlines())
    refused = []
    for option, value in wanted.items():
        if value == "n":
            taken = not lines & {f"{option}=y", f"{option}=m"}
        else:
            taken = f"{option}={value}" in lines
        if not taken:
            refused.append(f"{option}={value}")
    return refused


def configure(target: Target, log: IO[str], objects: Path | None = None) -> None:
    """As tinyconfig: nothing but what is asked for.  All of that has to have taken."""
    into = objects or target.objects
    into.mkdir(parents=True, exist_ok=True)
    fragments = [path.read_text(encoding="utf-8") for path in target.fragments]
    tiny = (target.tree / "kernel/configs/tiny-base.config").read_text(encoding="utf-8")
    wanted = into / ".wanted"
    wanted.write_text("".join([tiny, *fragments]), encoding="utf-8")
    kmake(target, log, "-s", f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig", objects=into)
    config = (into / ".config").read_text(encoding="utf-8")
    refused = not_taken(wanted_options(fragments), config)
    if refused:
        raise LabError(f"{target.flavour}: {' '.join(refused)} did not take")


def up_to_date(target: Target, stamp: str) -> bool:
    """Was this target built, and from what is there now?"""
    return target.vmlinux.exists() and read_stamp(target.objects / ".built") == stamp


def need_kernel(target: Target) -> None:
    """Configure and build a kernel, as far as something has changed."""
    with target.lab.lock():
        build_if_changed(target)


def build_if_changed(target: Target) -> None:
    """As need_kernel(), for somebody who has the lock."""
    lab, name = target.lab, target.flavour
    # Before anything is read: what changes meanwhile is for the next time.
    options = f"{digest(options_sources(target), lab.top)} {KCFLAGS}"
    stamp = f"{options} {digest(sources(target), lab.top)}"
    _need_tree(target)
    fragments = target.objects / ".fragments"
    if read_stamp(fragments) != options:
        forget(fragments, target.objects / ".built")
        text = f"Configuring the {name} kernel"
        step(lab, text, f"config-{name}.log", lambda log: configure(target, log))
        write_stamp(fragments, options)
    # Asking make takes seconds; comparing checksums does not.
    if not up_to_date(target, stamp):
        forget(target.objects / ".built")
        text = f"Building the {name} kernel"
        step(lab, text, build_log(target).name, lambda log: build_kernel(target, log))
        write_stamp(target.objects / ".built", stamp)


def build_log(target: Target) -> Path:
    """What the last build of this kernel said."""
    return target.lab.log / f"build-{target.flavour}.log"


def build_kernel(target: Target, log: IO[str]) -> None:
    """Build the kernel; if it takes modules, those of the test, and where there is a
    framework, the samples."""
    kmake(target, log, "all")
    options = (target.objects / ".config").read_text(encoding="utf-8").splitlines()
    if "CONFIG_MODULES=y" not in options:
        return
    # Outside the source directory, which stays clean.
    copy_changed(target.lab.tools / "modules", target.modules)
    kmake(target, log, f"M={target.modules}", "modules")
    if "CONFIG_RAS_STOP=y" in options:
        install_headers(target, target.headers, log)
        build_samples(target, target.headers, target.samples, log)


def copy_changed(source: Path, into: Path) -> None:
    """Copy the files of a directory; what is the same keeps its time, for make."""
    into.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        target = into / path.name
        if not path.is_file() or path.name.endswith(hooks.PRODUCTS):
            continue
        if not target.is_file() or target.read_bytes() != path.read_bytes():
            shutil.copyfile(path, target)


def source_arch(target: Target) -> str:
    """What the kernel's source calls the architecture: the image's path has it."""
    return target.image.relative_to(target.objects).parts[1]


def _header_files(tree: Path, arch: str) -> list[str]:
    """The files of the source that a package of headers has; see scripts/package/builddeb."""
    base = tree / "arch" / arch
    found = [*tree.glob("Makefile*"), *base.glob("Makefile*")]
    for directory in ("include", "scripts"):
        found += (tree / directory).rglob("*")
        for inner in base.rglob(directory):
            found += inner.rglob("*")
    found += [*base.rglob("Kbuild.platforms"), *base.rglob("Platform")]
    return sorted({str(path.relative_to(tree)) for path in found if _is_plain(path)})


def _is_plain(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _object_files(objects: Path, arch: str) -> list[str]:
    """The files of the build directory that a package of headers has."""
    found = [objects / "Module.symvers", objects / "tools/objtool/objtool"]
    for directory in (f"arch/{arch}/include", "include", "scripts"):
        found += (objects / directory).rglob("*")
    return sorted(str(path.relative_to(objects)) for path in found if _is_file(path))


def install_headers(target: Target, directory: Path, log: IO[str]) -> None:
    """Make what a distribution's package of kernel headers holds."""
    arch = source_arch(target)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for source, names in (
        (target.tree, _header_files(target.tree, arch)),
        (target.objects, _object_files(target.objects, arch)),
    ):
        for name in names:
            into = directory / name
            into.parent.mkdir(parents=True, exist_ok=True)
            into.unlink(missing_ok=True)
            shutil.copy2(source / name, into, follow_symlinks=False)
    shutil.copy2(target.objects / ".config", directory / ".config")
    log.write(f"{directory} has the headers\n")


def build_samples(
    target: Target, headers: Path, directory: Path, log: IO[str], *arguments: str
) -> None:
    """Build the samples as somebody would who has those headers only."""
    copy_changed(target.lab.top / "samples" / "ras", directory)
    run(log, ["make", "-C", str(directory), f"KDIR={headers}", *arguments])
