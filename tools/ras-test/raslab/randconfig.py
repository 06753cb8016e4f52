# SPDX-License-Identifier: GPL-2.0
"""Compiling the framework in configurations that nobody would think of.

Ten random ones, always the same, and allmodconfig.  Only what is ours is compiled, with
all warnings of gcc and sparse.  All share one build directory, so that the kernel's own
programs are built once.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import IO

from raslab import kernel
from raslab.complaints import COMPLAINT
from raslab.lab import Lab, LabError
from raslab.target import Target

OURS = ("kernel/ras/", "arch/x86/ras/", "drivers/ras-clients/")

# Of the first forty numbers those that differ most in what the framework is compiled
# differently for (see WORTH): with SMP and without, with each client and without it.
SEEDS = (4, 6, 7, 8, 9, 10, 12, 21, 29, 39)

# The log of each names those of these options that it has.
WORTH = (
    "SMP PREEMPT_COUNT KASAN FORTIFY_SOURCE X86_KERNEL_IBT HOTPLUG_CPU KEXEC_CORE CRASH_DUMP KGDB"
    " KGDB_KDB KUNIT MODULES PARAVIRT TRACING FUNCTION_GRAPH_TRACER RETHOOK LOCKDEP DEBUG_FS"
    " PRINTK KALLSYMS CPUMASK_OFFSTACK WERROR"
).split()

# What a random configuration does not choose by itself.
FORCED = (
    "CONFIG_64BIT=y",
    "CONFIG_SYSFS=y",
    "CONFIG_KASAN_VMALLOC=y",
    "CONFIG_RAS_STOP=y",
    "CONFIG_RAS_KGDB=y",
    "CONFIG_RAS_KUNIT_TEST=y",
)


def forced(seed: int) -> list[str]:
    """What is forced for a seed; what depends on something else is taken where it can be."""
    how = "ym"[seed % 2]
    return [*FORCED, f"CONFIG_RAS_KMSG={how}", f"CONFIG_RAS_KDUMP={how}"]


def configure(target: Target, objects: Path, seed: int | None, log: IO[str]) -> None:
    """Make the random configuration of a seed, or allmodconfig."""
    wanted = objects / ".wanted"
    wanted.write_text("\n".join(FORCED if seed is None else forced(seed)) + "\n", encoding="ascii")
    arguments = [f"KCONFIG_ALLCONFIG={wanted}"]
    arguments += ["allmodconfig"] if seed is None else [f"KCONFIG_SEED={seed}", "randconfig"]
    kernel.kmake(target, log, "-s", *arguments, objects=objects)


def options_of(objects: Path) -> set[str]:
    """The options that a configuration has, as y or m."""
    config = (objects / ".config").read_text(encoding="utf-8")
    return set(re.findall(r"^CONFIG_(\w+)=[ym]$", config, re.M))


def compile_ours(target: Target, objects: Path, log: IO[str]) -> None:
    """Compile all that is ours anew; sparse sees only what is compiled."""
    kernel.kmake(target, log, "-s", "prepare", objects=objects)
    for name in OURS:
        shutil.rmtree(objects / name, ignore_errors=True)
    kernel.kmake(target, log, "W=1", "C=1", *OURS, objects=objects)


def compile_configuration(target: Target, objects: Path, seed: int | None, out: Path) -> bool:
    """Compile what is ours in one configuration; say whether there was no warning."""
    with open(out, "w", encoding="utf-8") as log:
        try:
            configure(target, objects, seed, log)
            options = options_of(objects)
            log.write(f"has {' '.join(sorted(options.intersection(WORTH)))}\n")
            if "RAS_STOP" not in options:
                raise LabError("this configuration cannot have the framework")
            compile_ours(target, objects, log)
        except LabError as error:
            log.write(f"{error}\n")
            return False
    return not COMPLAINT.search(out.read_text(encoding="utf-8", errors="replace"))


def compile_configurations(lab: Lab) -> list[tuple[str, bool, Path]]:
    """Compile what is ours in every configuration: its name, whether it went well, its log."""
    target = Target(lab)
    kernel.need_tree(target)
    objects = target.base / "random"
    objects.mkdir(parents=True, exist_ok=True)
    results = []
    for seed in (*SEEDS, None):
        name = "allmodconfig" if seed is None else f"randconfig {seed}"
        out = lab.log / f"{name.replace(' ', '-')}.log"
        with lab.lock():
            results.append((name, compile_configuration(target, objects, seed, out), out))
    return results
