# SPDX-License-Identifier: GPL-2.0
"""Targets: kernel version x architecture x flavour, read from targets/targets.toml."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raslab.lab import Lab, LabError

VERSION = "6.1"
ARCH = "x86_64"


@functools.lru_cache(maxsize=None)
def _data(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        return tomllib.load(file)


def flavours_in(directory: Path) -> dict[str, str]:
    """The flavours that there are, and what each is."""
    data = _data(directory / "targets.toml")
    return {name: table["about"] for name, table in data["flavour"].items()}


def flavours(lab: Lab) -> dict[str, str]:
    """Those of the lab."""
    return flavours_in(lab.tools / "targets")


def series(top: Path, version: str) -> list[Path]:
    """The hooks for a version in order: the framework's, then each series of its own."""
    place = top / "patches" / version
    return [*sorted(place.glob("*.patch")), *sorted(place.glob("*/*.patch"))]


@dataclass(frozen=True)
class Target:
    """One kernel, and how to start it."""

    lab: Lab
    flavour: str = "main"
    version: str = VERSION
    arch: str = ARCH
    # Instead of the processor that the emulator has for this architecture.
    processor: str = ""

    def __post_init__(self) -> None:
        for kind, name in (
            ("flavour", self.flavour),
            ("version", self.version),
            ("arch", self.arch),
        ):
            known = _data(self.directory / "targets.toml")[kind]
            if name not in known:
                raise LabError(f"no {kind} {name}; there are {' '.join(known)}")

    def _of(self, kind: str, name: str) -> dict[str, Any]:
        table: dict[str, Any] = _data(self.directory / "targets.toml")[kind][name]
        return table

    @property
    def directory(self) -> Path:
        """The data of targets."""
        return self.lab.tools / "targets"

    @property
    def _flavour(self) -> dict[str, Any]:
        return self._of("flavour", self.flavour)

    @property
    def _arch(self) -> dict[str, Any]:
        return self._of("arch", self.arch)

    @property
    def hooked(self) -> bool:
        """Has this kernel the framework's hooks?"""
        return bool(self._flavour.get("hooks", True))

    @property
    def package(self) -> str:
        """The Debian package of the source."""
        return str(self._of("version", self.version)["package"])

    @property
    def source(self) -> Path:
        """The archive that the package brings."""
        return Path(self._of("version", self.version)["source"])

    @property
    def patches(self) -> list[Path]:
        """The hooks for this version, in order."""
        return series(self.lab.top, self.version)

    @property
    def tree(self) -> Path:
        """The kernel's source."""
        return self.lab.build / f"linux-{self.version}{'' if self.hooked else '-unmodified'}"

    @property
    def base(self) -> Path:
        """What is built for this version and architecture."""
        return self.lab.build / f"{self.version}-{self.arch}"

    @property
    def objects(self) -> Path:
        """The kernel's build directory."""
        return self.base / self.flavour

    @property
    def modules(self) -> Path:
        """The test modules' build directory."""
        return self.base / f"{self.flavour}-modules"

    @property
    def headers(self) -> Path:
        """What a distribution's package of kernel headers would hold."""
        return self.base / f"{self.flavour}-headers"

    @property
    def samples(self) -> Path:
        """The samples, built against those headers."""
        return self.base / f"{self.flavour}-samples"

    @property
    def vmlinux(self) -> Path:
        """The kernel with its debug information."""
        return self.objects / "vmlinux"

    @property
    def banner_ends(self) -> str:
        """What the banner of the kernel ends with if it is the one that was built last: the
        number of the build is in it.  "" if none was built."""
        try:
            header = (self.objects / "include/generated/utsversion.h").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        return header.split('"')[1]

    @property
    def image(self) -> Path:
        """The kernel as a boot loader takes it."""
        return self.objects / str(self._arch["kernel"])

    @property
    def initrd(self) -> Path:
        """The initial file system of the machine."""
        return self.objects / "machine.cpio"

    @property
    def second_initrd(self) -> Path:
        """The initial file system of a crash kernel, and of a second one."""
        return self.objects / "capture.cpio"

    @property
    def own_initrd(self) -> Path:
        """The one that ras-hibernate makes."""
        return self.objects / "own.cpio"

    @property
    def fragments(self) -> list[Path]:
        """The configuration, on top of tiny-base.config."""
        return [self.directory / f"{name}.config" for name in self._flavour["fragments"]]

    @property
    def capture(self) -> Target:
        """The target whose kernel is the crash kernel."""
        return Target(self.lab, self._flavour.get("capture", self.flavour), self.version, self.arch)

    @property
    def slow(self) -> int:
        """How many times slower than main this kernel is; limits are multiplied by it."""
        return int(self._flavour.get("slow", 1))

    @property
    def memory(self) -> str:
        """How much the machine has, as QEMU's -m takes it."""
        return str(self._flavour.get("memory", "640M"))

    @property
    def crashkernel(self) -> str:
        """How much is reserved for the crash kernel."""
        return str(self._flavour.get("crashkernel", "192M"))

    @property
    def qemu(self) -> str:
        """The emulator's program."""
        return str(self._arch["qemu"])

    @property
    def cpu(self) -> str:
        """The emulator's processor model."""
        return self.processor or str(self._arch["cpu"])

    @property
    def console(self) -> str:
        """The kernel's name for the first serial line."""
        return str(self._arch["console"])

    @property
    def words(self) -> str:
        """What every command line of this architecture needs."""
        return str(self._arch["words"])
