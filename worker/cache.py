"""Built programs on disk, found by the content they came from. Shared by processes; bounded, oldest use goes first.

An entry is one file, written aside and renamed, so a reader sees all of it or nothing. Limits: the entry of a program is
trusted as far as the folder's permissions go (0700); system headers that change under an unchanged compiler are not noticed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"codepar-program-1\n"
_SWEEP_EVERY = 32


@dataclass(frozen=True)
class Program:
    """What a build made: files by name, those that are executable, and the name of the one to start."""

    name: str
    files: Mapping[str, bytes]
    executables: frozenset[str]
    messages: str = ""

    @property
    def content(self) -> bytes:
        """The file to start; empty where it is one of the project's own."""
        return self.files.get(self.name, b"")


def key_of(parts: Mapping[str, object]) -> str:
    """The key of everything that decides what a build makes; values must be JSON."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class ProgramCache:
    """Programs by key in ``folder``, at most ``capacity_bytes`` (0 keeps nothing). A full disk loses entries, never a result."""

    def __init__(self, folder: Path, capacity_bytes: int) -> None:
        self._folder = folder
        self._capacity = capacity_bytes
        self._writes = 0

    def get(self, key: str) -> Program | None:
        """The program, or None. A damaged entry counts as absent."""
        path = self._folder / key
        try:
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return _decode(content)

    def put(self, key: str, program: Program) -> None:
        content = _encode(program)
        if len(content) > self._capacity:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._folder, key, content)
        self._writes += 1
        if self._writes % _SWEEP_EVERY == 1:
            self.sweep()

    def sweep(self) -> None:
        """Remove the entries used longest ago until the rest fits."""
        entries = sorted(_entries(self._folder), key=lambda entry: entry.stat.st_mtime)
        excess = sum(entry.stat.st_size for entry in entries) - self._capacity
        for entry in entries:
            if excess <= 0:
                return
            entry.path.unlink(missing_ok=True)
            excess -= entry.stat.st_size


@dataclass(frozen=True)
class _Entry:
    path: Path
    stat: os.stat_result


def _entries(folder: Path) -> list[_Entry]:
    entries = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                entries.append(_Entry(path, path.stat()))
    return entries


def _write(folder: Path, key: str, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=folder, prefix="new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(folder / key)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _encode(program: Program) -> bytes:
    names = sorted(program.files)
    header = {
        "name": program.name,
        "executables": sorted(program.executables),
        "messages": program.messages,
        "files": [[name, len(program.files[name])] for name in names],
    }
    body = b"".join(program.files[name] for name in names)
    line = json.dumps({**header, "sha256": hashlib.sha256(body).hexdigest()}).encode()
    return _MAGIC + line + b"\n" + body


def _decode(content: bytes) -> Program | None:
    if not content.startswith(_MAGIC):
        return None
    end = content.find(b"\n", len(_MAGIC))
    try:
        header = json.loads(content[len(_MAGIC) : end])
        body = content[end + 1 :]
        if hashlib.sha256(body).hexdigest() != header["sha256"]:
            return None
        files: dict[str, bytes] = {}
        start = 0
        for name, size in header["files"]:
            files[name] = body[start : start + size]
            start += size
        return Program(header["name"], files, frozenset(header["executables"]), header["messages"])
    except (ValueError, KeyError, TypeError):
        return None
