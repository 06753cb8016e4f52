# SPDX-License-Identifier: GPL-2.0
"""Reading scenario files.  Whatever is not understood is an error, before anything runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from raslab import chains, faults, lkdtm
from raslab.disk import Disk
from raslab.judges import accept
from raslab.lab import Lab, LabError
from raslab.network import CARDS, Relay
from raslab.peers import PEERS
from raslab.row import Check, DiskRow, LifeRow, Row, RowError
from raslab.remade import KEY_BYTES, is_key
from raslab.talk import parse
from raslab.target import flavours_in
from raslab.uplink import uplink_from_row

# Key of a row, and its type in the file.
KEYS: dict[str, type | tuple[type, ...]] = {
    "about": str,
    "cpus": int,
    "boot": str,
    "run": str,
    "life": list,
    "time": int,
    "silence": int,
    "checks": list,
    "kernels": list,
    "models": list,
    "memory": str,
    "options": list,
    "talk": str,
    "gdb": str,
    "button": str,
    "on_console": bool,
    "boots": int,
    "warnings": str,
    "known_failure": dict,
    "disks": list,
    "fetch": str,
    "unseal": str,
    "cards": list,
    "uplink": dict,
    "network": dict,
    "peers": dict,
    "survey": list,
    "skip": str,
}
SUBJECT_KEYS = ("about", "represents", "generator")
# What a case can be run on.
MODELS = ("qemu", "bochs")
TOOLS = Path(__file__).resolve().parents[1]
GUEST = TOOLS / "guest"
FLAVOURS = flavours_in(TOOLS / "targets")
ENDS = ("", "off", "reset", "cut")
GENERATORS: dict[str, Callable[[Path, str], list[Row]]] = {
    "faults": faults.generate,
    "lkdtm": lkdtm.generate,
    "chains": chains.generate_file,
}


def _only(table: Mapping[str, Any], known: Mapping[str, Any] | tuple[str, ...], what: str) -> None:
    for key in table:
        if key not in known:
            raise RowError(f"{what} has the unknown key {key!r}")


def _check(entry: Any) -> Check:
    if not isinstance(entry, list) or not 2 <= len(entry) <= 4:
        raise RowError(f"{entry!r} is no check: [where, what, expected, title]")
    check = Check(*entry)
    accept(check)
    return check


def _life(table: Mapping[str, Any]) -> LifeRow:
    _only(table, LifeRow.__dataclass_fields__, "a life")
    life = LifeRow(**table)
    if life.ends not in ENDS:
        raise RowError(f"a life ends off, reset or cut, not {life.ends!r}")
    if bool(life.cut) != (life.ends == "cut"):
        raise RowError("'cut' says when the power is cut, in a life that ends so")
    if (life.second or life.own) and life.run:
        raise RowError("the second kernel's initial file system runs nothing of a row's")
    return life


def _lives(table: Mapping[str, Any]) -> tuple[LifeRow, ...]:
    if "life" in table:
        if "run" in table:
            raise RowError("'run' and 'life' both say what the guest does")
        return tuple(_life(life) for life in table["life"])
    return (LifeRow(run=table.get("run", "")),)


def _judged(row: Row) -> None:
    """What is given has to be judged by somebody."""
    places = {check.place for check in row.checks}
    # That one compares what gdb said with the dump.
    if any(check.what == "registers agree" for check in row.checks):
        places.add("gdb")
    for key, given, place in (
        ("gdb", row.gdb, "gdb"),
        ("network", row.network, "network"),
        ("peers", row.peers, "peer"),
        ("checks", not row.checks and not row.skip, "anything"),
    ):
        if given and place not in places:
            raise RowError(f"{key!r} is given, and no check asks about it")
    for place, given in (
        ("gdb", row.gdb),
        ("line", row.talk),
        ("network", row.cards),
        ("peer", row.peers),
    ):
        if place in places and not given:
            raise RowError(f"a check asks about {place!r}, and the row has none")
    for name in row.fetch.split():
        if name not in [disk.name for disk in row.disks] and name not in row.peers:
            raise RowError(f"the dump is to be fetched from {name!r}, and there is no such disk")
    if row.unseal and not is_key(row.unseal):
        raise RowError(f"{row.unseal!r} is no key of {2 * KEY_BYTES} hexadecimal digits")
    for disk in row.disks:
        used = rf"\bdisk {re.escape(disk.name)}\b"
        if disk.name not in row.fetch.split() and not any(
            re.search(used, life.run) for life in row.lives
        ):
            raise RowError(f"no life uses the disk {disk.name!r}")
    if row.button and not row.talk:
        raise RowError("'button' looks at a conversation, and there is none")
    for model in row.known_failure:
        if model not in row.models:
            raise RowError(f"a failure is known on {model!r}, where the row does not run")


def _known(row: Row) -> None:
    """Names that stand for something else: there has to be such a thing."""
    for key, names, known in (
        ("kernels", row.kernels, FLAVOURS),
        ("survey", row.survey, row.kernels),
        ("models", row.models, MODELS),
    ):
        for name in names:
            if name not in known:
                raise RowError(f"{key!r} has {name!r}; there are {' '.join(known)}")
    for disk in row.disks:
        try:
            Disk(disk.name, disk.bus, disk.size, Path())
        except LabError as error:
            raise RowError(str(error)) from error
    twin = str(row.peers.get("twin", {}).get("run", ""))
    for run in (*(life.run for life in row.lives), twin):
        for name in re.findall(r"(?m)^@(.*)$", run):
            if not (GUEST / f"{name.strip()}.sh").is_file():
                raise RowError(f"there is no guest/{name.strip()}.sh")
    if row.talk:
        try:
            parse(row.talk)
        except LabError as error:
            raise RowError(str(error)) from error


def _asked_of_it(row: Row) -> None:
    """A check asks about a CPU, a disk or a life that the row has."""
    for check in row.checks:
        if check.place == "disk" and check.argument not in [disk.name for disk in row.disks]:
            raise RowError(f"a check asks about {check.where!r}, and the row has none")
        if check.place in ("console", "network") and check.argument > str(len(row.lives)):
            raise RowError(f"a check asks about {check.where!r}: there are {len(row.lives)} lives")
        cpu = re.match("(?:cpu|note|backtrace) ([0-9]+)", check.what)
        if check.place == "dump" and cpu and int(cpu[1]) >= row.cpus:
            raise RowError(f"a check asks about CPU {cpu[1]} of {row.cpus}")
        if check.what == "crashed cpu" and int(check.expected) >= row.cpus:
            raise RowError(f"a check asks about CPU {check.expected} of {row.cpus}")


def _network(row: Row) -> None:
    """The switch, and who is on it."""
    Relay.from_row(row.network)
    uplink_from_row(row.uplink)
    for card in row.cards:
        if card not in CARDS:
            raise RowError(f"there is no network card {card!r}; there are {' '.join(CARDS)}")
    for name, options in row.peers.items():
        if name not in PEERS:
            raise RowError(f"there is no peer {name!r}; there are {' '.join(PEERS)}")
        PEERS[name].accept(options)
    if (row.peers or row.network) and not row.cards:
        raise RowError("a machine without a card is on no network")
    if "stranger" in row.peers and row.uplink:
        raise RowError("a stranger sees no dump behind an uplink")
    if row.uplink.get("router") and any(peer.get("ipv6") for peer in row.peers.values()):
        raise RowError("the router knows no IPv6")
    if row.uplink and not row.peers:
        raise RowError("an uplink leads to peers, and there is none")


def row_from(name: str, subject: str, table: Mapping[str, Any], represents: bool) -> Row:
    """A row of a file; RowError says what is wrong with it."""
    _only(table, KEYS, "the row")
    for key, value in table.items():
        if not isinstance(value, KEYS[key]) or (KEYS[key] is int and isinstance(value, bool)):
            raise RowError(f"{key!r} is {value!r}")
    plain = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key not in ("run", "life", "checks", "disks", "about", "cpus")
    }
    try:
        row = Row(
            name=name,
            subject=subject,
            about=table["about"],
            cpus=table["cpus"],
            checks=tuple(_check(entry) for entry in table["checks"]),
            lives=_lives(table),
            disks=tuple(DiskRow(**disk) for disk in table.get("disks", ())),
            represents=represents,
            **plain,
        )
    except KeyError as error:
        raise RowError(f"the row lacks {error}") from error
    except TypeError as error:
        raise RowError(str(error)) from error
    _known(row)
    _network(row)
    _judged(row)
    _asked_of_it(row)
    return row


def load_file(path: Path, kernel: str = "main") -> list[Row]:
    """The rows of one file, in its order; generated ones for this kernel."""
    with open(path, "rb") as file:
        try:
            data = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise LabError(f"{path.name}: {error}") from error
    subject = data.get("subject", {})
    name = "subject"
    try:
        _only(subject, SUBJECT_KEYS, "the subject")
        if "generator" in subject:
            return GENERATORS[subject["generator"]](path, kernel)
        _only(data, ("subject", "row"), "the file")
        represents = subject["represents"]
        rows = []
        for name, table in data["row"].items():
            chosen = represents == "all" or name in represents
            rows.append(row_from(name, path.stem, table, chosen))
        for name in () if represents == "all" else represents:
            if name not in data["row"]:
                raise RowError("the row represents the subject, and is not there")
        return rows
    except RowError as error:
        raise LabError(f"{path.name}: {name}: {error}") from error
    except KeyError as error:
        raise LabError(f"{path.name}: {name}: {error} is missing or unknown") from error


def load(lab: Lab, kernel: str = "") -> list[Row]:
    """All rows of all files, generated ones for this kernel (default: main).

    The same name twice is an error.
    """
    rows: dict[str, Row] = {}
    for path in sorted((lab.tools / "scenarios").glob("*.toml")):
        for row in load_file(path, kernel or "main"):
            if row.name in rows:
                raise LabError(
                    f"{path.name}: {row.name} is in {rows[row.name].subject}.toml as well"
                )
            rows[row.name] = row
    return list(rows.values())
