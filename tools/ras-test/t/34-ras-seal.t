#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ras-dump, with sealed dumps that are made here: keys, unsealing, and that no change of a file,
by whoever has the public key or has not, makes another dump of it."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from raslab import sealing, tools
from raslab.lab import Lab
from raslab.sealing import BYTES, END, PAGES, RECORDS, SEGMENT, Sealer, Segment
from raslab.sealing import bytes_at, record, records
from raslab.tap import Tap, run_test
from raslab.tools import Ran

CALL_S = 60
GOOD, DAMAGED, TROUBLE, CUT = range(4)
PAGE = 4096
SECRET = bytes(range(100, 132))
# RFC 8439, 2.8.2
RFC_TEXT = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
RFC_TEXT += b"future, sunscreen would be it."
FAR = 2**64 - 1
# draft-irtf-cfrg-xchacha, 2.2.1
HCHACHA = (bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927"))


@dataclass
class Bench:
    """Where dumps are made and the program runs."""

    tap: Tap
    place: Path
    maker: ModuleType

    @property
    def sealed(self) -> Path:
        """The sealed dump of most tests."""
        return self.place / "sealed"

    @property
    def out(self) -> Path:
        """The ordinary dump of most tests."""
        return self.place / "out"

    @property
    def sealer(self) -> Sealer:
        """Seals for the key of most tests."""
        return Sealer(sealing.public_of(SECRET))

    def dump(self) -> tuple[bytes, int]:
        """A dump, and how many pages it has."""
        rand = random.Random(8)
        pages = self.maker.WITH_ZEROS | {pfn: (0, rand.randbytes(PAGE)) for pfn in (9, 30, 31)}
        return self.maker.dump(pages), len(pages)

    def segments(self) -> list[Segment]:
        """What is sealed of it."""
        return sealing.segments_of(*self.dump())

    def run(
        self, *arguments: object, hook: str = "", program: str = "ras-dump", memory: int = 0
    ) -> Ran:
        """Run the program."""
        env = {"LD_PRELOAD": str(self.place / "test-hook.so"), "RAS_HOOK": hook} if hook else {}
        argv = [self.place / program, *arguments]
        return tools.run(argv, self.place, env, {resource.RLIMIT_AS: memory}, CALL_S)

    def unseal(self, sealed: bytes, *options: str, hook: str = "", fast: bool = False) -> Ran:
        """Unseal a dump; what an earlier call has made goes before."""
        self.sealed.write_bytes(sealed)
        for name in ("out", "out.part"):
            (self.place / name).unlink(missing_ok=True)
        program = "plain/ras-dump" if fast else "ras-dump"
        arguments = ["unseal", "-q", "--key", "key", *options, "sealed", "out"]
        return self.run(*arguments, hook=hook, program=program)

    def left(self) -> bool:
        """There is an output, or a part of one."""
        return self.out.exists() or (self.place / "out.part").exists()

    def expect(self, name: str, ran: Ran, code: int, words: str = "", **also: object) -> None:
        """A test: how it has ended, what it has said, and what else has to be."""
        tools.judge(self.tap, name, ran, code, words, also, re.S)

    def refused(self, name: str, ran: Ran, code: int, words: str) -> None:
        """A test: there is no output, and it was said why, in one line."""
        one = ran.err.count("\n") == 1 and not ran.out
        self.expect(name, ran, code, words, nothing=not self.left(), one_line=one)


def check_vectors(bench: Bench) -> None:
    """The primitives are those of the RFCs."""
    same = bench.tap.same
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    out = "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    same("X25519: RFC 7748, 5.2", out, sealing.public_of(scalar, point).hex())
    key = "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    same("HChaCha20: draft-irtf-cfrg-xchacha, 2.2.1", key, sealing.hchacha20(*HCHACHA).hex())
    head = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    nonce = bytes.fromhex("070000004041424344454647")
    made = sealing.encrypt(RFC_TEXT, head, nonce, bytes(range(0x80, 0xA0)))
    parts = (made[:16].hex(), made[-16:].hex())
    expected = ("d31a8d34648e60db7b86afbc53ef7ec2", "1ae10b594f09e26a7e902ecbd0600691")
    same("AEAD_CHACHA20_POLY1305: RFC 8439, 2.8.2", expected, parts)


def check_keys(bench: Bench) -> None:
    """keygen and pubkey."""
    file = bench.place / "made"
    ran = bench.run("keygen", "made")
    mode = stat.S_IMODE(file.stat().st_mode)
    text = file.read_text(encoding="ascii")
    public = sealing.public_of(bytes.fromhex(text)).hex()
    good = {"mode": mode == 0o600, "text": re.fullmatch("[0-9a-f]{64}\n", text)}
    bench.expect("keygen makes a pair", ran, GOOD, f"^{public}\n$", **good)
    bench.expect("pubkey shows it again", bench.run("pubkey", "made"), GOOD, f"^{public}\n$")
    ran = bench.run("pubkey", "--json", "made")
    said = json.loads(ran.out) == {"file": "made", "public_key": public}
    bench.expect("pubkey --json", ran, GOOD, same=said)
    ran = bench.run("keygen", "made")
    kept = file.read_text(encoding="ascii") == text and not ran.out
    bench.expect("keygen overwrites nothing", ran, TROUBLE, "made: exists; it is not", kept=kept)
    (bench.place / "link").symlink_to("elsewhere")
    ran = bench.run("keygen", "link")
    kept = not (bench.place / "elsewhere").exists()
    bench.expect("keygen follows no link", ran, TROUBLE, "exists", kept=kept)
    ran = bench.run("keygen", "--json", "no/such")
    said = json.loads(ran.out)["result"] == "refused"
    bench.expect("keygen: no directory", ran, TROUBLE, "No such file", said=said)
    ran = bench.run("keygen", "--json", "other")
    said = json.loads(ran.out)["public_key"] != public
    bench.expect("keygen --json makes another", ran, GOOD, other=said)
    ran = bench.run("keygen", "failed", hook="fail:fsync:5")
    gone = not (bench.place / "failed").exists()
    bench.expect("keygen leaves no file that may be lost", ran, TROUBLE, "output error", gone=gone)
    for name, held in (("short", "12\n"), ("long", "0" * 65), ("text", "g" * 64), ("empty", "")):
        (bench.place / name).write_text(held, encoding="ascii")
        ran = bench.run("pubkey", name)
        bench.expect(f"pubkey refuses a key that is {name}", ran, TROUBLE, "is no key")
    (bench.place / "upper").write_text(SECRET.hex().upper(), encoding="ascii")
    ran = bench.run("pubkey", "upper")
    words = sealing.public_of(SECRET).hex()
    bench.expect("a key in capitals, without a newline", ran, GOOD, words)


def check_good(bench: Bench) -> None:
    """Sealed dumps that are good."""
    dump = bench.dump()[0]
    log = bench.sealer.log(bench.segments())
    ran = bench.unseal(log)
    good = {"same": bench.out.read_bytes() == dump, "silent": not ran.err}
    good["mode"] = stat.S_IMODE(bench.out.stat().st_mode) == 0o600
    good["no part"] = not (bench.place / "out.part").exists()
    words = f"^out: whole, {len(dump)} bytes\n$"
    bench.expect("a sealed dump is unsealed, byte for byte", ran, GOOD, words, **good)
    ran = bench.run("check", "-q", "out")
    bench.expect("check finds it good", ran, GOOD, "all pages are there")
    ran = bench.unseal(log + bench.sealer.segment(Segment(1, 9, b"")) + bytes(70000))
    same = bench.out.read_bytes() == dump
    bench.expect("what is behind the end does not count", ran, GOOD, same=same)
    chunks: dict[str, tuple[int, int]] = {"small": (100, 7), "large": (128 * 1024, 1)}
    for name, sizes in (chunks | {"of a page": (PAGE, 16)}).items():
        ran = bench.unseal(bench.sealer.log(sealing.segments_of(*bench.dump(), *sizes)))
        same = bench.out.read_bytes() == dump
        bench.expect(f"segments that are {name}", ran, GOOD, same=same)
    extra = [Segment(FAR, PAGES, b""), Segment(FAR - 1, PAGES, b"unused")]
    ran = bench.unseal(replace(bench.sealer, attempt=2**32 - 1).log(extra + bench.segments()))
    same = bench.out.read_bytes() == dump
    bench.expect("any number, and segments that no record names", ran, GOOD, same=same)
    ran = bench.unseal(log, "--json")
    said = json.loads(ran.out)
    expected = {"file": "sealed", "output": "out", "result": "whole", "attempt": 1}
    expected |= {"segments": len(bench.segments()), "end": len(log), "bytes": len(dump)}
    bench.tap.same("unseal --json says all", expected, said)
    page = (Path(bench.maker.__file__ or "").parent / "ras-dump.8").read_text(encoding="utf-8")
    text = page[page.index(".Cm unseal\nhas:") :]
    lacking = [name for name in said if not re.search(rf"^\.It Li .*\b{name}\b", text, re.M)]
    bench.tap.same("the manual page describes it", [], lacking)


def check_told(bench: Bench) -> None:
    """What other commands say of a sealed dump."""
    log = bench.sealer.log(bench.segments())
    bench.sealed.write_bytes(log)
    key = bench.sealer.recipient.hex()
    for command in ("info", "check"):
        ran = bench.run(command, "sealed")
        words = f"is sealed for the key {key} since 2026-11-22T07:00:00Z; .ras-dump unseal. makes"
        bench.expect(f"{command} of a sealed dump", ran, TROUBLE, words)
        ran = bench.run(command, "--json", "sealed")
        said = json.loads(ran.out)["result"] == "refused"
        bench.expect(f"{command} --json of one", ran, TROUBLE, key, said=said)
    bench.sealed.write_bytes(replace(bench.sealer, time=FAR).log([]))
    ran = bench.run("info", "sealed")
    bench.expect("a time that is none", ran, TROUBLE, f"{key}; .ras-dump unseal")
    bench.sealed.write_bytes(log[:100])
    ran = bench.run("info", "sealed")
    bench.expect("one that ends in its header", ran, DAMAGED, "the file ends in the header")
    ran = bench.run("check", "/proc/sys/kernel/ostype")
    bench.expect("a file without a size is read", ran, TROUBLE, "is no dump")


def check_refused(bench: Bench) -> None:
    """What is no sealed dump for this key."""
    sealer, segments = bench.sealer, bench.segments()
    log = sealer.log(segments)
    zeros = bytes(32)
    cases: list[tuple[str, bytes, int, str]] = [
        ("an empty file", b"", TROUBLE, "no sealed dump"),
        ("an ordinary dump", bench.dump()[0], TROUBLE, "no sealed dump"),
        ("another magic", replace(sealer, magic=b"RASSEAL2").log(segments), TROUBLE, "no sealed"),
        ("version 0", replace(sealer, version=0).log(segments), TROUBLE, "of version 0;"),
        ("version 2", replace(sealer, version=2).log(segments), TROUBLE, "of version 2;"),
        ("what is reserved", replace(sealer, reserved=b"\1" * 24).log(segments), DAMAGED, "reserv"),
        ("a byte behind the header", put(log, 200, b"x"), DAMAGED, "behind it there is not 0"),
        ("no key of the dump", put(log, 48, zeros), DAMAGED, "the key of the dump is none"),
        ("another key of the dump", put(log, 48, b"\1\2"), DAMAGED, "too little"),
        ("one with a header only", sealer.log([]), DAMAGED, "cut off at byte 4096.*too little"),
        ("half a header", log[:64], DAMAGED, "the file ends in the header"),
    ]
    for name, sealed, code, words in cases:
        bench.refused(f"unseal refuses {name}", bench.unseal(sealed), code, words)
    other = replace(sealer, recipient=sealing.public_of(bytes(range(32))))
    words = f"sealed: is sealed for another key: {other.recipient.hex()}\n$"
    bench.refused("unseal refuses another's", bench.unseal(other.log(segments)), TROUBLE, words)
    bench.sealed.write_bytes(log)
    bench.out.write_bytes(b"mine")
    argv = ["unseal", "-q", "--key", "key", "sealed"]
    ran = bench.run(*argv, "out")
    kept = bench.out.read_bytes() == b"mine"
    bench.expect("nothing is overwritten", ran, TROUBLE, "out: exists; it is not", kept=kept)
    bench.out.rename(bench.place / "out.part")
    ran = bench.run(*argv, "out")
    part = bench.place / "out.part"
    kept = part.exists() and part.read_bytes() == b"mine"
    bench.expect("nor is another's part", ran, TROUBLE, "its .part exists", kept=kept)
    ran = bench.run("unseal", "-q", "--json", "--key", "missing", "sealed", "out")
    said = json.loads(ran.out)
    same = said == {"file": "missing", "result": "refused", "error": "No such file or directory"}
    bench.expect("no key", ran, TROUBLE, same=same)
    for words in ("", "sealed out", "--key key sealed", "--key key a b c", "--key"):
        ran = bench.run("unseal", *words.split())
        bench.expect(f"usage: unseal {words}", ran, TROUBLE, "--help'", silent=not ran.out)


def put(file: bytes, at: int, data: bytes) -> bytes:
    """Bytes in the place of others."""
    return file[:at] + data + file[at + len(data) :]


def check_errors(bench: Bench) -> None:
    """Errors of files, and a signal."""
    log = bench.sealer.log(bench.segments())
    for name, hook, words in (
        ("a write", "fail:pwrite64:28", "out: No space left"),
        ("a read", "fail:9:5", "sealed: cannot be read: Input/output"),
        ("durability", "fail:fsync:5", "out: Input/output"),
        ("the name", "fail:renameat2:17", "out: File exists"),
        ("a signal", "term:12", "sealed: SIGTERM"),
    ):
        ran = bench.unseal(log, hook=hook)
        bench.refused(f"an error: {name}", ran, TROUBLE, words)
    ran = bench.unseal(log, "--json", hook="fail:pwrite64:28")
    said = json.loads(ran.out)
    same = said == {"file": "out", "result": "refused", "error": "No space left on device"}
    bench.expect("also by --json", ran, TROUBLE, same=same, left=not bench.left())
    ran = bench.unseal(log, hook="fail:renameat2:22")
    good = {"same": bench.out.read_bytes() == bench.dump()[0]}
    good["part"] = not (bench.place / "out.part").exists()
    bench.expect("a file system that can only link", ran, GOOD, **good)


def boundaries(bench: Bench) -> list[int]:
    """Where the segments begin, and the end."""
    places = [sealing.BEGIN]
    for segment in bench.segments():
        places.append(places[-1] + sealing.HEAD + len(segment.text) + sealing.TAG)
    return places


def check_cut(bench: Bench) -> None:
    """Wherever a sealed dump ends, what there is of it can be used."""
    log, places = bench.sealer.log(bench.segments()), boundaries(bench)
    older = replace(bench.sealer, ephemeral=bytes(range(1, 33)), attempt=2).log(bench.segments())
    rand, wrong = random.Random(9), list[str]()
    sizes = [*places[:-1], *rand.sample(range(len(log)), 200), 0, 7, 8, 127, 128, 4095]
    counts = [0] * 100
    for number, size in enumerate(sizes):
        # Behind the cut there is nothing, something, or an older dump.
        behind = [b"", rand.randbytes(300), older[size:]][number % 3]
        # A segment of which there is a part cannot be told from one that was changed.
        if behind and size not in places:
            behind = b""
        ran = bench.unseal(log[:size] + behind, fast=True)
        counts[ran.code] += 1
        enough = size >= places[1]
        good = ran.code == CUT if enough else ran.code in (TROUBLE, DAMAGED) and not bench.left()
        if good and enough:
            checked = bench.run("check", "-q", "out", program="plain/ras-dump")
            good = (
                checked.code == CUT
                and f"cut off at byte {max(filter(size.__ge__, places))}:" in ran.err
            )
        if not good:
            wrong.append(f"{size}: {ran}")
    bench.tap.same(f"a dump that ends at any of {len(sizes)} places", "", "\n".join(wrong))
    bench.tap.ok(counts[CUT] > 50 and counts[TROUBLE] > 1, "most could be used", f"{counts[:4]}")
    ran = bench.unseal(log[: places[4]] + older[places[4] :])
    words = f"^sealed: is cut off at byte {places[4]}: what is there is not of this dump"
    ran_json = bench.unseal(log[: places[4]], "--json")
    bench.expect("an older dump behind the cut", ran, CUT, words.replace("^", "ras-dump: "))
    said = json.loads(ran_json.out)
    same = said["result"] == "cut off" and said["end"] == places[4] and said["segments"] == 4
    bench.expect("a cut, by --json", ran_json, CUT, same=same and "cut off" in said["error"])
    bench.sealed.write_bytes(log[: places[4]])
    with open(bench.sealed, "r+b") as file:
        file.truncate(2**42)
    bench.out.unlink()
    ran = bench.run("unseal", "-qk", "key", "sealed", "out", program="plain/ras-dump")
    bench.expect("4 TiB of holes behind the cut", ran, CUT, "cut off at byte")


def check_flips(bench: Bench) -> None:
    """No bit of the file can be another."""
    log, places = bench.sealer.log(bench.segments()), boundaries(bench)
    rand, wrong = random.Random(10), list[str]()
    heads = [at for place in places[:-1] for at in range(place, place + sealing.HEAD)]
    tags = [at for place in places[1:] for at in range(place - sealing.TAG, place)]
    chosen = [8 * at + rand.randrange(8) for at in [*range(128), *heads, *tags]]
    chosen += rand.sample(range(8 * len(log)), 300)
    counts = [0] * 100
    for number, bit in enumerate(chosen):
        at = bit // 8
        ran = bench.unseal(put(log, at, bytes([log[at] ^ 1 << bit % 8])), fast=number % 10 != 0)
        counts[ran.code] += 1
        # Of the last segment nobody can tell whether it was changed, or was not written.
        last = places[-2] <= at < places[-2] + sealing.HEAD
        good = ran.code in (DAMAGED, TROUBLE) and not bench.left() or last and ran.code == CUT
        if not good:
            wrong.append(f"bit {bit % 8} of byte {at}: {ran}")
    bench.tap.same(f"any of {len(chosen)} bits changed is seen", "", "\n".join(wrong))
    bench.tap.ok(counts[DAMAGED] > 10 * counts[TROUBLE], "as damage", f"{counts[:4]}")


def check_changed(bench: Bench) -> None:
    """What was changed is named, and what is before it can be kept."""
    log, places = bench.sealer.log(bench.segments()), boundaries(bench)
    whole = [log[start:end] for start, end in zip(places, places[1:])]
    name = rf"segment {bench.segments()[5].number} \(pages\), bytes {places[5]} to {places[6]}"
    foreign = replace(bench.sealer, ephemeral=bytes(range(7, 39))).log(bench.segments())
    torn = f"bytes {places[5]} to {places[6]}: were changed"
    cases = [
        ("a byte of it", put(log, places[5] + 99, b"\0\0"), f"{name}: was changed"),
        ("its id", put(log, places[5], b"\0" * 8), torn),
        ("all of it", put(log, places[5], bytes(len(whole[5]))), torn),
        ("its length, too large", put(log, places[5] + 20, b"\1\0\2\0"), "was changed"),
        ("its length, beyond the file", put(log, places[5] + 20, b"\0\0\2\0"), torn),
        ("its length, 0", put(log, places[5] + 20, bytes(4)), "was changed"),
        ("another dump's", put(log, places[5], foreign[places[5] : places[6]]), torn),
    ]
    for what, sealed, words in cases:
        ran = bench.unseal(sealed)
        bench.refused(f"a segment changed: {what}", ran, DAMAGED, f"sealed: damaged: .*{words}")
        ran = bench.unseal(sealed, "--until-damage")
        size = bench.out.stat().st_size
        pairs = zip(bench.out.read_bytes()[PAGE:], bench.dump()[0][PAGE:])
        good = {"right": all(one in (0, other) for one, other in pairs)}
        checked = bench.run("check", "-q", "out")
        good |= {
            "check": checked.code == CUT,
            "some": size > 3 * PAGE,
            "said": "cut off" in ran.out,
        }
        bench.expect(f"--until-damage: {what}", ran, CUT, f"sealed: .*{words}", **good)
    early = put(log, places[0] + 30, b"\0\0")
    ran = bench.unseal(early, "--until-damage")
    bench.refused(
        "--until-damage: the first segment", ran, DAMAGED, "changed; before that, .*little"
    )
    ran = bench.unseal(cases[0][1], "--json")
    said = json.loads(ran.out)
    same = said["result"] == "damaged" and "was changed" in said["error"]
    bench.expect("what was changed, by --json", ran, DAMAGED, same=same, left=not bench.left())


def orders(segments: list[Segment]) -> list[tuple[str, list[Segment], str]]:
    """Whole segments that are not where they should be: how, and what is said."""
    spots = [at for at, segment in enumerate(segments) if segment.kind == RECORDS]
    one, two = spots[1], spots[2]

    def swapped(left: int, right: int) -> list[Segment]:
        changed = list(segments)
        changed[left], changed[right] = changed[right], changed[left]
        return changed

    again = replace(segments[one], number=70000)
    return [
        ("two with records swapped", swapped(one, two), "segments before it are not there"),
        ("records before their pages", swapped(one - 1, one), "was not there before"),
        ("records dropped", segments[:one] + segments[one + 1 :], "segments before it are not"),
        ("pages dropped", segments[: one - 1] + segments[one:], "was not there before"),
        ("pages twice", [*segments[:one], segments[one - 1], *segments[one:]], "number was used"),
        ("records twice", [*segments[:two], segments[one], *segments[two:]], "number was used"),
        ("records again", [*segments[:two], again, *segments[two:]], "it was there before"),
        ("the end first", [segments[0], segments[-1], *segments[1:]], "before it are not there"),
    ]


def check_orders(bench: Bench) -> None:
    """Segments that were sealed, in another order."""
    segments = bench.segments()
    for name, changed, words in orders(segments):
        ran = bench.unseal(bench.sealer.log(changed))
        bench.refused(f"order: {name}", ran, DAMAGED, f"segment .*bytes .*{words}")
    spots = [at for at, segment in enumerate(segments) if segment.kind == PAGES]
    segments[spots[0]], segments[spots[1]] = segments[spots[1]], segments[spots[0]]
    ran = bench.unseal(bench.sealer.log(segments))
    same = bench.out.read_bytes() == bench.dump()[0]
    bench.expect("order: pages swapped, before their records: the same dump", ran, GOOD, same=same)


def crafted() -> list[tuple[str, bytes, str]]:
    """Records that somebody has sealed who has the public key: what, them, what is said."""
    data = bytes_at(0, b"x")
    place, second = "of a place that no dump has", "a record names a segment"
    return [
        ("nothing", b"", "no place in the order"),
        ("half a record", records(1, data, data[:20]), "a record is not whole"),
        ("fewer bytes", records(1, record(0, 0, BYTES, 5) + b"1234"), "bytes .* are not whole"),
        ("2^32-1 bytes", records(1, record(0, 0, BYTES, 2**32 - 1)), "bytes .* are not whole"),
        ("kind 0", records(1, record(0, 0, 0, 0)), "of no known kind"),
        ("kind 3", records(1, record(0, 0, 3, 0)), "of no known kind"),
        ("bytes with a number", records(1, record(0, 5, BYTES, 0)), "of no known kind"),
        ("2^64-1", records(1, bytes_at(FAR, b"x")), place),
        ("2^60", records(1, bytes_at(2**60, b"x")), place),
        ("2^44", records(1, bytes_at(2**44, b"x")), place),
        ("2^44-1, two bytes", records(1, bytes_at(2**44 - 1, b"xy")), place),
        ("pages at 2^60", records(1, record(2**60, 900, SEGMENT, 50)), place),
        ("no segment", records(1, record(0, 901, SEGMENT, 50)), f"{second} that was not there"),
        ("itself", records(1, record(0, 902, SEGMENT, 50)), f"{second} that is used, or has no"),
        ("fewer pages", records(1, record(0, 900, SEGMENT, 49)), f"{second} of another length"),
        ("more pages", records(1, record(0, 900, SEGMENT, 51)), f"{second} of another length"),
        ("pages twice", records(1, record(0, 900, SEGMENT, 50) * 2), f"{second} that is used"),
        ("another counter", records(FAR, data), "segments before it are not there"),
        ("counter 0", records(0, data), "it was there before"),
    ]


def check_crafted(bench: Bench) -> None:
    """What anybody can seal who has the public key."""
    first = Segment(1, RECORDS, bench.segments()[0].text)
    pages = Segment(900, PAGES, b"p" * 50)
    head = bench.segments()[0].text[32:]
    for kind, text in ((RECORDS, "records"), (END, "end")):
        for name, content, words in crafted():
            log = bench.sealer.log([first, pages, Segment(902, kind, content)])
            ran = bench.unseal(log)
            bench.refused(f"sealed {text}: {name}", ran, DAMAGED, f"segment 902 .*: .*{words}")
    for kind in (0, 4, 2**32 - 1):
        ran = bench.unseal(bench.sealer.log([first, Segment(902, kind, records(1))]))
        bench.refused(f"a segment of kind {kind}", ran, DAMAGED, "no known kind")
    both = records(1, bytes_at(0, b"z" * 99), bytes_at(2**60, b"x"))
    ran = bench.unseal(bench.sealer.log([first, Segment(2, RECORDS, both)]), "--until-damage")
    same = bench.out.read_bytes() == head
    bench.expect("of a segment that is wrong, nothing is written", ran, CUT, same=same)
    last = records(1, bytes_at(2**44 - 1, b"x"))
    ran = bench.unseal(bench.sealer.log([first, Segment(2, END, last)]), fast=True)
    # No file of ext4 is as large.
    good = ran.code == GOOD and bench.out.stat().st_blocks < 1000 or ran.code == TROUBLE
    bench.tap.ok(good, "the last byte that a dump may have", ran.said())
    bench.out.unlink(missing_ok=True)


def check_memory(bench: Bench) -> None:
    """A dump that is larger than the memory that it takes."""
    pages = [Segment(number, PAGES, bytes([number % 256]) * 131072) for number in range(600)]
    parts = [record(PAGE * 9 + 131072 * number, number, SEGMENT, 131072) for number in range(600)]
    first = Segment(601, RECORDS, records(0, bytes_at(0, bench.dump()[0][: 4 * PAGE])))
    last = Segment(602, END, records(1, *parts))
    bench.sealed.write_bytes(bench.sealer.log([first, *pages, last]))
    bench.out.unlink(missing_ok=True)
    argv = ["unseal", "-qk", "key", "sealed", "out"]
    ran = bench.run(*argv, program="plain/ras-dump", memory=40 << 20)
    same = bench.out.exists() and bench.out.read_bytes()[9 * PAGE :] == b"".join(
        segment.text for segment in pages
    )
    bench.expect("75 MiB are unsealed in 40 MiB of memory", ran, GOOD, same=same)
    bench.out.unlink()
    many = [Segment(number, PAGES, b"") for number in range(5000)]
    ran = bench.unseal(bench.sealer.log([*many, first, *many[:1]]))
    words = "number was used before"
    bench.refused("thousands of segments are remembered", ran, DAMAGED, words)


def check_around(bench: Bench) -> None:
    """The inputs of the fuzzer, the help, and a program that lacks the library."""
    corpus = sorted((bench.place / "corpus-seal").iterdir())
    bench.tap.ok(len(corpus) >= 30, "the fuzzer has inputs")
    argv = [bench.place / "replay-unseal", *corpus]
    tools.call(bench.tap, bench.place, "they are replayed", *argv)
    bench.sealed.write_bytes(bench.sealer.log(bench.segments()))
    bench.out.unlink(missing_ok=True)
    for command, arguments in (
        ("unseal", ["--key", "key", "sealed", "out"]),
        ("keygen", ["new"]),
        ("pubkey", ["key"]),
    ):
        ran = bench.run(command, "--help")
        bench.expect(f"{command} --help", ran, GOOD, f"^usage: ras-dump {command} .*Exit status: 0")
        ran = bench.run(command, *arguments, program="without/ras-dump")
        words = "was built without libsodium"
        left = bench.left() or (bench.place / "new").exists()
        bench.expect(f"{command} without libsodium", ran, TROUBLE, words, left=not left)
    ran = bench.run("info", "sealed", program="without/ras-dump")
    bench.expect("info without libsodium", ran, TROUBLE, "is sealed for the key")
    ran = bench.run("unseal", "-k", "key", "sealed", "out")
    bench.expect("the progress", ran, GOOD, "sealed: unsealed 0.0 of 0.0 MiB in .* MiB/s")


def main() -> int:
    """Run the checks."""
    lab, tap = Lab.from_environment(), Tap()
    sources, place = lab.top / "tools" / "ras", lab.build / "check" / "ras-seal"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    tools.build_ras_dump(sources, place, "-DWINDOW_BYTES=512", "replay-unseal", "sodium")
    (place / "key").write_text(f"{SECRET.hex()}\n", encoding="ascii")
    bench = Bench(tap, place, tools.load_maker(sources))
    checks: list[Callable[[Bench], None]] = [check_vectors, check_keys, check_good, check_told]
    checks += [check_refused, check_errors, check_cut, check_flips, check_changed, check_orders]
    checks += [check_crafted, check_memory, check_around]
    for check in checks:
        check(bench)
    if not tap.failed:
        shutil.rmtree(place)
    return tap.done()


run_test(main)
