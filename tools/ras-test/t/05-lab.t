#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The lab itself: its types, its format, the length of its functions, its unit tests."""

import ast
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab.lab import Lab
from raslab.tap import Tap, run_test

LONGEST = 60
CALL_S = 600


def run(lab: Lab, out: Path, *argv: str) -> bool:
    """Run a command in the directory of the lab; what it writes goes beside the results."""
    cache = out.parent / "cache"
    env = dict(os.environ, PYTHONPYCACHEPREFIX=str(cache / "python"), BLACK_CACHE_DIR=str(cache))
    with open(out, "w", encoding="utf-8") as file:
        done = subprocess.run(
            argv,
            cwd=lab.tools,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            timeout=CALL_S,
            check=False,
        )
    return done.returncode == 0


def long_functions(path: Path) -> list[str]:
    """The functions of a file that nobody reads at a glance."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST:
                found.append(f"{path.name}: {node.name}() has {lines} lines")
    return found


def python_files(directory: Path) -> list[Path]:
    """The Python files of a directory, whatever their names end in."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return [
        path
        for path in files
        if path.suffix == ".py"
        or (path.suffix == ".t" and path.read_bytes().startswith(b"#!/usr/bin/python3"))
    ]


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    out = lab.build / "check" / "lab.log"
    out.parent.mkdir(exist_ok=True)
    cache = str(out.parent / "cache" / "mypy")
    mypy = ("/usr/bin/mypy", "--strict", "--cache-dir", cache)
    tap.ok(run(lab, out, *mypy, "raslab"), "the types of raslab are right", out)

    files = python_files(lab.tools / "raslab") + python_files(lab.tools / "t")
    black = ("/usr/bin/black", "--check", "-l", "100")
    tap.ok(run(lab, out, *black, *map(str, files)), "black would change nothing", out)
    too_long = [function for path in files for function in long_functions(path)]
    tap.same(f"no function has more than {LONGEST} lines", "", "\n".join(too_long))

    tests = ("-m", "unittest", "discover", "-s", "raslab/tests", "-t", ".")
    tap.ok(run(lab, out, "/usr/bin/python3", *tests), "the unit tests pass", out)
    return tap.done()


run_test(main)
