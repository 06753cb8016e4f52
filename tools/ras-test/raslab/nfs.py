# SPDX-License-Identifier: GPL-2.0
"""What an NFS server says: version 3 of NFS and MOUNT (RFC 1813), over TCP, of one directory.

Debian's server needs root, and its server in user space starts a port mapper for all to see;
a test needs neither.  The directory has files and no directories; files belong to the user
who runs the lab, whatever the client thinks of owners.  Nothing is flushed: the host is not
what loses power here.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path

NFS_PROGRAM, MOUNT_PROGRAM = 100003, 100005
VERSION = 3
# What the answer to a call may say, RFC 5531.
SUCCESS, NO_PROGRAM, WRONG_VERSION, NO_PROCEDURE, GARBAGE = range(5)
# What NFS may say.
OK, NOENT, IO, EXIST, INVAL, FBIG, NOSPC, STALE, NOTSUPP = 0, 2, 5, 17, 22, 27, 28, 70, 10004
ROOT = 1
MOST_BYTES = 1 << 20
LARGEST_FILE = 1 << 31
MOST_FILES = 10000
EXCLUSIVE = 2
FILE_SYNC = 2


class NfsError(Exception):
    """A call that fails with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"NFS status {status}")
        self.status = status


class Arguments:
    """Reads what a call carries; struct.error if that is too short."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def unpack(self, kind: str) -> int:
        """A number."""
        (value,) = struct.unpack_from(f">{kind}", self.data, self.at)
        self.at += struct.calcsize(f">{kind}")
        return int(value)

    def u32(self) -> int:
        """A number of 32 bits."""
        return self.unpack("I")

    def u64(self) -> int:
        """A number of 64 bits."""
        return self.unpack("Q")

    def take(self, length: int) -> bytes:
        """So many bytes, and what fills up the last word."""
        value = self.data[self.at : self.at + length]
        if len(value) < length:
            raise struct.error("the call is too short")
        self.at += length + -length % 4
        return value

    def opaque(self) -> bytes:
        """Bytes behind their number."""
        return self.take(self.u32())


def u32(*values: int) -> bytes:
    """Numbers of 32 bits, for an answer."""
    return struct.pack(f">{len(values)}I", *values)


def u64(*values: int) -> bytes:
    """Numbers of 64 bits, for an answer."""
    return struct.pack(f">{len(values)}Q", *values)


def opaque(value: bytes) -> bytes:
    """Bytes behind their number, for an answer."""
    return u32(len(value)) + value + bytes(-len(value) % 4)


class NfsExport:
    """A directory, and the answers to calls about it.  Calls may come from several threads."""

    def __init__(self, directory: Path, count: Callable[[str, int], None]) -> None:
        self.directory = directory
        self.count = count
        self.lock = threading.Lock()
        # What the number of a file stands for; handles and fileids are these numbers.
        self.names: dict[int, str] = {}
        self.last = ROOT
        # Says that this is still the same server.
        self.verifier = os.urandom(8)
        self.made: dict[int, bytes] = {}
        self.mount: dict[int, Callable[[Arguments], bytes]] = {1: self._mnt, 3: lambda _: b""}
        self.nfs: dict[int, Callable[[Arguments], bytes]] = {
            1: self._getattr,
            2: self._setattr,
            3: self._lookup,
            4: self._access,
            6: self._read,
            7: self._write,
            8: self._create,
            12: self._remove,
            14: self._rename,
            16: self._readdir,
            18: self._fsstat,
            19: self._fsinfo,
            20: self._pathconf,
            21: self._commit,
        }

    def reply(self, record: bytes) -> bytes | None:
        """The answer to a call; None to what is no call."""
        call = Arguments(record)
        try:
            number, kind, rpc, program, version, procedure = (call.u32() for _ in range(6))
            for _ in range(2):
                call.u32()
                call.opaque()
        except struct.error:
            return None
        if kind != 0 or rpc != 2:
            return None
        status, body = self._dispatch(program, version, procedure, call)
        return u32(number, 1, 0, 0, 0, status) + body

    def _dispatch(
        self, program: int, version: int, procedure: int, call: Arguments
    ) -> tuple[int, bytes]:
        procedures = {NFS_PROGRAM: self.nfs, MOUNT_PROGRAM: self.mount}.get(program)
        if procedures is None:
            return NO_PROGRAM, b""
        if version != VERSION:
            return WRONG_VERSION, u32(VERSION, VERSION)
        self.count("calls", 1)
        if procedure == 0:
            return SUCCESS, b""
        if procedure not in procedures:
            # What NFS has and this server has not fails; the zeros are absent attributes.
            known = program == NFS_PROGRAM and procedure <= 21
            return (SUCCESS, u32(NOTSUPP, 0, 0, 0)) if known else (NO_PROCEDURE, b"")
        try:
            with self.lock:
                return SUCCESS, procedures[procedure](call)
        except NfsError as error:
            return SUCCESS, u32(error.status, 0, 0, 0, 0)
        except FileNotFoundError:
            return SUCCESS, u32(STALE, 0, 0, 0, 0)
        except OSError:
            return SUCCESS, u32(IO, 0, 0, 0, 0)
        except struct.error:
            return GARBAGE, b""

    # Files, by number and by name.

    def _file(self, call: Arguments) -> int:
        """The number in a handle."""
        handle = call.opaque()
        number = int.from_bytes(handle, "big") if len(handle) == 8 else 0
        if number != ROOT and number not in self.names:
            raise NfsError(STALE)
        return number

    def _path(self, number: int) -> Path:
        return self.directory if number == ROOT else self.directory / self.names[number]

    def _name(self, call: Arguments) -> str:
        """A name in the directory, behind the handle of the directory."""
        if self._file(call) != ROOT:
            raise NfsError(INVAL)
        name = call.opaque().decode("utf-8", "surrogateescape")
        if name in ("", ".", "..") or len(name) > 200 or "/" in name or "\0" in name:
            raise NfsError(INVAL)
        return name

    def _number(self, name: str) -> int:
        """The number of a file that is there."""
        if not (self.directory / name).is_file():
            raise NfsError(NOENT)
        for number, known in self.names.items():
            if known == name:
                return number
        self.last += 1
        self.names[self.last] = name
        return self.last

    def _forget(self, name: str) -> None:
        self.names = {number: known for number, known in self.names.items() if known != name}

    # Parts of answers.

    def _attributes(self, number: int) -> bytes:
        info = os.stat(self._path(number))
        kind = 2 if number == ROOT else 1
        times = [(at // 10**9, at % 10**9) for at in (info.st_atime_ns, info.st_mtime_ns)]
        times.append((info.st_ctime_ns // 10**9, info.st_ctime_ns % 10**9))
        return (
            u32(kind, info.st_mode & 0o7777, info.st_nlink, 0, 0)
            + u64(info.st_size, info.st_blocks * 512, 0, 1, number)
            + b"".join(u32(*at) for at in times)
        )

    def _after(self, number: int) -> bytes:
        """The attributes, where an answer may be without."""
        return u32(1) + self._attributes(number)

    def _change(self, number: int) -> bytes:
        """The attributes after a change; those before it are not known."""
        return u32(0) + self._after(number)

    def _set(self, path: Path, call: Arguments) -> None:
        """The attributes that a client sets: mode and size; owners and times are as they are."""
        mode = call.u32() if call.u32() else None
        for _ in range(2):
            if call.u32():
                call.u32()
        size = call.u64() if call.u32() else None
        if mode is not None:
            # The lab reads and writes it in any case.
            os.chmod(path, mode & 0o777 | 0o600)
        if size is not None:
            if size > LARGEST_FILE:
                raise NfsError(FBIG)
            os.truncate(path, size)

    # Procedures.

    def _mnt(self, call: Arguments) -> bytes:
        call.opaque()
        # No authentication but what the client says of its user.
        return u32(OK) + opaque(u64(ROOT)) + u32(1, 1)

    def _getattr(self, call: Arguments) -> bytes:
        return u32(OK) + self._attributes(self._file(call))

    def _setattr(self, call: Arguments) -> bytes:
        number = self._file(call)
        if number != ROOT:
            self._set(self._path(number), call)
        return u32(OK) + self._change(number)

    def _lookup(self, call: Arguments) -> bytes:
        number = self._number(self._name(call))
        return u32(OK) + opaque(u64(number)) + self._after(number) + self._after(ROOT)

    def _access(self, call: Arguments) -> bytes:
        number = self._file(call)
        return u32(OK) + self._after(number) + u32(call.u32())

    def _read(self, call: Arguments) -> bytes:
        number = self._file(call)
        offset, length = call.u64(), min(call.u32(), MOST_BYTES)
        with open(self._path(number), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = os.pread(file.fileno(), length, min(offset, size))
        self.count("bytes_read", len(data))
        end = int(offset + len(data) >= size)
        return u32(OK) + self._after(number) + u32(len(data), end) + opaque(data)

    def _write(self, call: Arguments) -> bytes:
        number = self._file(call)
        offset = call.u64()
        call.u32()
        call.u32()
        data = call.opaque()
        if offset + len(data) > LARGEST_FILE:
            raise NfsError(FBIG)
        with open(self._path(number), "r+b") as file:
            file.seek(offset)
            file.write(data)
        self.count("bytes_written", len(data))
        return u32(OK) + self._change(number) + u32(len(data), FILE_SYNC) + self.verifier

    def _create(self, call: Arguments) -> bytes:
        name = self._name(call)
        path = self.directory / name
        how = call.u32()
        verifier = call.take(8) if how == EXCLUSIVE else b""
        if path.exists() and how:
            # A client that asks again, because it has not heard the answer, has made it.
            if not verifier or self.made.get(self._number(name)) != verifier:
                raise NfsError(EXIST)
        if self.last >= MOST_FILES:
            raise NfsError(NOSPC)
        path.touch()
        number = self._number(name)
        if how == EXCLUSIVE:
            self.made[number] = verifier
        else:
            self._set(path, call)
        handle = u32(1) + opaque(u64(number))
        return u32(OK) + handle + self._after(number) + self._change(ROOT)

    def _remove(self, call: Arguments) -> bytes:
        name = self._name(call)
        self._number(name)
        (self.directory / name).unlink()
        self._forget(name)
        return u32(OK) + self._change(ROOT)

    def _rename(self, call: Arguments) -> bytes:
        name, new = self._name(call), self._name(call)
        number = self._number(name)
        (self.directory / name).rename(self.directory / new)
        self._forget(new)
        self.names[number] = new
        return u32(OK) + self._change(ROOT) + self._change(ROOT)

    def _readdir(self, call: Arguments) -> bytes:
        if self._file(call) != ROOT:
            raise NfsError(INVAL)
        cookie = call.u64()
        call.take(8)
        room = min(call.u32(), MOST_BYTES) - 200
        names = sorted(path.name for path in self.directory.iterdir() if path.is_file())
        body = u32(OK) + self._after(ROOT) + bytes(8)
        for place, name in enumerate(names[cookie:], cookie + 1):
            text = opaque(name.encode("utf-8", "surrogateescape"))
            entry = u32(1) + u64(self._number(name)) + text + u64(place)
            if len(body) + len(entry) > room:
                return body + u32(0, 0)
            body += entry
        return body + u32(0, 1)

    def _fsstat(self, call: Arguments) -> bytes:
        number = self._file(call)
        sizes = u64(LARGEST_FILE, LARGEST_FILE, LARGEST_FILE, 1000, 1000, 1000)
        return u32(OK) + self._after(number) + sizes + u32(0)

    def _fsinfo(self, call: Arguments) -> bytes:
        number = self._file(call)
        sizes = u32(MOST_BYTES, MOST_BYTES, 4096, MOST_BYTES, MOST_BYTES, 4096, 8192)
        # All files are alike, with times of a nanosecond.
        return u32(OK) + self._after(number) + sizes + u64(LARGEST_FILE) + u32(0, 1, 8)

    def _pathconf(self, call: Arguments) -> bytes:
        return u32(OK) + self._after(self._file(call)) + u32(1, 200, 1, 1, 0, 1)

    def _commit(self, call: Arguments) -> bytes:
        return u32(OK) + self._change(self._file(call)) + self.verifier
