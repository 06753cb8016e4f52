# SPDX-License-Identifier: GPL-2.0
"""Results for readers: JSON, JUnit, and one page that lists every case."""

from __future__ import annotations

import html
import json
import os
import platform
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from raslab.case import Outcome, Result
from raslab.lab import Lab
from raslab.target import Target

Entry = dict[str, Any]

# Of what a check found, as much as a table could want.
GOT_MAX = 200


def commit(lab: Lab) -> str:
    """The commit that is tested, with a plus if the work tree differs from it."""
    command = ["git", "-C", str(lab.top), "describe", "--always", "--dirty=+", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def host(target: Target) -> str:
    """The machine that the machines ran on."""
    try:
        command = [target.qemu, "--version"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        emulator = done.stdout.splitlines()[0].replace("emulator version ", "").split(" (")[0]
    except (OSError, subprocess.SubprocessError):
        emulator = "no QEMU"
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, {emulator}, {target.lab.accel}"


def entry_of(result: Result, lab: Lab) -> Entry:
    """A result as it is stored."""
    row = result.case.row
    implied = len(result.answers) - len(row.checks)
    asked = [("row", "")] * implied + [(check.where, check.what) for check in row.checks]
    if implied < 0:
        # It did not run: there is one answer, which says why.
        asked = [("row", "")]
    panic = next((a.got for a, (_, what) in zip(result.answers, asked) if what == "panic"), "")
    return {
        "row": row.name,
        "subject": row.subject,
        "about": row.about,
        "kernel": result.case.kernel,
        "model": result.case.model,
        "outcome": result.outcome.value,
        "reason": result.reason,
        "lost": result.lost,
        "seconds": round(result.seconds, 1),
        "panic": panic,
        "logs": os.path.relpath(result.case.directory(lab), lab.results),
        "checks": [
            {
                "where": where,
                "what": what,
                "title": answer.title,
                "ok": answer.ok,
                "got": answer.got[:GOT_MAX],
            }
            for answer, (where, what) in zip(result.answers, asked)
        ],
    }


class Store:
    """build/results/: what is known of every case, the newest result of each."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.path = lab.results / "results.json"
        self.entries: dict[str, Entry] = {}
        if self.path.is_file():
            for entry in json.loads(self.path.read_text(encoding="utf-8")):
                self.entries[self._key(entry)] = entry

    @staticmethod
    def _key(entry: Entry) -> str:
        return f"{entry['subject']}/{entry['row']}/{entry['kernel']}/{entry['model']}"

    def add(self, results: Iterable[Result]) -> None:
        """Take in the results of a run, and write all files anew."""
        stamp = {
            "date": time.strftime("%Y-%m-%d"),
            "commit": commit(self.lab),
            "host": host(Target(self.lab)),
        }
        for result in results:
            entry = entry_of(result, self.lab) | stamp
            self.entries[self._key(entry)] = entry
        self.lab.results.mkdir(parents=True, exist_ok=True)
        self._write(self.path, json.dumps(list(self.entries.values()), indent=1))
        self._write(self.lab.results / "junit.xml", self._junit())
        self._write(self.lab.results / "index.html", self._page())

    @staticmethod
    def _write(path: Path, text: str) -> None:
        new = path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.rename(path)

    def _junit(self) -> str:
        suites = ET.Element("testsuites")
        by_subject: dict[str, ET.Element] = {}
        for entry in self.entries.values():
            subject = entry["subject"]
            if subject not in by_subject:
                by_subject[subject] = ET.SubElement(suites, "testsuite", name=subject)
            name = f"{entry['row']} ({entry['kernel']}, {entry['model']})"
            case = ET.SubElement(
                by_subject[subject], "testcase", name=name, time=str(entry["seconds"])
            )
            case.set("classname", subject)
            outcome = entry["outcome"]
            if outcome in (Outcome.SKIP.value, Outcome.KNOWN.value):
                ET.SubElement(case, "skipped", message=f"{outcome}: {entry['reason']}")
            elif outcome == Outcome.LOST.value:
                ET.SubElement(case, "error", message=entry["reason"])
            elif outcome == Outcome.FAIL.value:
                ET.SubElement(case, "failure", message=entry["reason"])
        return ET.tostring(suites, encoding="unicode", xml_declaration=True)

    def _page(self) -> str:
        rows = []
        for entry in self.entries.values():
            logs = html.escape(entry["logs"])
            cells = [
                f'<a href="{logs}/">{html.escape(entry["row"])}</a>',
                *(html.escape(str(entry[key])) for key in ("kernel", "model", "seconds")),
                f'<b class="{entry["outcome"].split()[0]}">{entry["outcome"]}</b>'
                + (" (lost once)" if entry["lost"] else ""),
                html.escape(entry["reason"] or entry["about"]),
                f'<a href="{logs}/console">console</a>',
                html.escape(f"{entry['date']} {entry['commit']}"),
            ]
            rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        heads = ("row", "kernel", "model", "s", "outcome", "", "", "date, commit")
        return PAGE.format(
            heads="".join(f"<th>{head}</th>" for head in heads), rows="\n".join(rows)
        )


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>RAS stop framework: results</title>
<style>
body {{ font: 14px sans-serif; margin: 2em }}
table {{ border-collapse: collapse }}
td, th {{ text-align: left; padding: 2px 10px; border-bottom: 1px solid #ddd }}
.pass {{ color: #070 }} .fail, .lost {{ color: #b00 }} .skip, .known {{ color: #770 }}
</style></head><body><h1>RAS stop framework: results</h1>
<table><tr>{heads}</tr>
{rows}
</table></body></html>
"""
