"""The bytes between the host and pid 1 of a box: the request that goes in, the records that come out.

The layout is that of ``init.c``: little-endian 64-bit numbers, texts as length, bytes and a NUL. Limits: knows nothing of
processes; names are checked here and nowhere else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from codepar.errors import InvalidInput
from worker.runner import Command

MAX_INHERITED = 96
MAX_NAME_BYTES = 4000
INODES = 200_000
_GROUP_SLACK = 64  # the control group refuses, and counts what it refuses, before RLIMIT_NPROC does
_HEADER = struct.Struct("<4Q8I")
_RECORD = struct.Struct("<2Q")
_ENDING = struct.Struct("<5Q")


class Hit(IntEnum):
    """The bound that pid 1 saw exceeded."""

    NONE = 0
    MEMORY = 1
    PROCESSES = 2
    FILES = 3


class _Artifact(IntEnum):
    MISSING = 0
    SENT = 1
    TOO_LARGE = 2
    REFUSED = 3


@dataclass(frozen=True)
class Ending:
    """How the command ended as pid 1 saw it. ``failure`` is the errno with which it could not be started, else 0."""

    failure: int
    status: int
    hit: Hit
    cpu_s: float
    peak_memory_bytes: int


@dataclass
class Answer:
    """The records read so far. ``too_large`` names artifacts that did not fit; peak and CPU time are those of a command that
    still runs."""

    started: bool = False
    peak_memory_bytes: int = 0
    cpu_s: float = 0.0
    ending: Ending | None = None
    artifacts: dict[str, bytes] = field(default_factory=dict)
    too_large: list[str] = field(default_factory=list)


def check_name(name: str) -> None:
    """Refuse a file name that is not plainly inside the working folder. Raises ``InvalidInput``."""
    parts = name.split("/")
    if not name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise InvalidInput(f"file name {name!r} is not a plain relative path", remedy="use a path below the project's folder")
    if len(name.encode(errors="surrogateescape")) > MAX_NAME_BYTES:
        raise InvalidInput(f"file name {name[:40]!r}... is longer than {MAX_NAME_BYTES} bytes", remedy="shorten it")


def _text(value: str) -> bytes:
    if "\0" in value:
        raise InvalidInput(f"{value[:80]!r} holds a NUL", remedy="remove it")
    raw = value.encode(errors="surrogateescape")
    return struct.pack("<Q", len(raw)) + raw + b"\0"


def _files(command: Command) -> Iterator[bytes]:
    for name, data in command.files.items():
        check_name(name)
        yield struct.pack("<Q", 0o755 if name in command.executables else 0o644)
        yield _text(name)
        yield struct.pack("<Q", len(data))
        yield data


def encode(command: Command, environment: Mapping[str, str], poll_ms: int) -> Iterable[bytes]:
    """The request as pieces. ``poll_ms`` 0 leaves memory and processes to the host's control groups."""
    if not command.argv:
        raise InvalidInput("the command is empty", remedy="name a program")
    if len(command.inherit) > MAX_INHERITED:
        raise InvalidInput(f"{len(command.inherit)} inherited descriptors; at most {MAX_INHERITED}", remedy="pass fewer")
    for name in command.artifacts:
        check_name(name)
    bounds, variables = command.bounds, [f"{name}={value}" for name, value in environment.items()]
    yield _HEADER.pack(
        *(bounds.memory_bytes, bounds.file_bytes, bounds.artifact_bytes, INODES),
        *(
            bounds.processes + (0 if poll_ms else _GROUP_SLACK),
            command.address_space and poll_ms > 0,
            poll_ms,
            len(command.files),
        ),
        *(len(command.argv), len(variables), len(command.artifacts), len(command.inherit)),
    )
    yield struct.pack(f"<{len(command.inherit)}Q", *command.inherit)
    for value in (*command.argv, *variables, *command.artifacts):
        yield _text(value)
    yield from _files(command)


class Decoder:
    """Reads the records of pid 1 as they arrive into ``answer``."""

    def __init__(self, artifacts: tuple[str, ...]) -> None:
        self.answer = Answer()
        self._names = iter(artifacts)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while self._record():
            pass

    def _record(self) -> bool:
        if len(self._buffer) < _RECORD.size:
            return False
        kind, size = _RECORD.unpack_from(self._buffer)
        if len(self._buffer) < _RECORD.size + size:
            return False
        body = bytes(memoryview(self._buffer)[_RECORD.size : _RECORD.size + size])
        del self._buffer[: _RECORD.size + size]
        self._accept(kind, body)
        return True

    def _accept(self, kind: int, body: bytes) -> None:
        if kind == ord("S"):
            self.answer.started = True
        elif kind == ord("P"):
            self.answer.peak_memory_bytes, cpu_us = struct.unpack("<2Q", body)
            self.answer.cpu_s = max(self.answer.cpu_s, cpu_us / 1e6)
        elif kind == ord("E"):
            failure, status, hit, cpu_us, peak = _ENDING.unpack(body)
            self.answer.ending = Ending(failure, status, Hit(hit), cpu_us / 1e6, peak)
        else:
            self._artifact(_Artifact(kind), body)

    def _artifact(self, state: _Artifact, body: bytes) -> None:
        name = next(self._names)
        if state is _Artifact.SENT:
            self.answer.artifacts[name] = body
        elif state is _Artifact.TOO_LARGE:
            self.answer.too_large.append(name)
