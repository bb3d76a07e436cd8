"""Starts one box: opens everything as the worker, hands it over as descriptors, and lets go of it.

As root the box gets a user of its own first; folders that only root can reach are opened here and bound by descriptor.
Limits: knows nothing of how the box ends.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fcntl import F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, fcntl
from pathlib import Path

from codepar.errors import SandboxUnavailable
from worker.runner import Bounds, Command
from worker.sandbox import bubblewrap, wire
from worker.sandbox.bubblewrap import Bind, Bubblewrap, Sizes
from worker.sandbox.cgroups import Group

_SLOT_BASE, _SLOT_COUNT = 1_880_000_000, 1 << 27  # above the ranges of system accounts and containers
_SEALS = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL
_PAGE = 4096
_KEEP_USER = -1


@dataclass(frozen=True)
class Equipment:
    """What every box of a runner shares. ``poll_ms`` 0: control groups count; else pid 1 does, that often."""

    bubblewrap: Bubblewrap
    box: Path
    accounts: Path
    filter: bytes
    binds: tuple[Path, ...]
    environment: Mapping[str, str]
    poll_ms: int


@dataclass(frozen=True)
class Pipes:
    """One end of each pipe of a box."""

    stdout: int
    stderr: int
    result: int
    info: int


@dataclass(frozen=True)
class Started:
    """A started box. The caller closes the pipes and waits for the process."""

    process: subprocess.Popen[bytes]
    pipes: Pipes


class _Descriptors(ExitStack):
    """Open descriptors, closed together."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []

    def keep(self, descriptor: int) -> int:
        self.callback(os.close, descriptor)
        self.numbers.append(descriptor)
        return descriptor

    def path(self, path: Path) -> int:
        try:
            return self.keep(os.open(path, os.O_PATH | os.O_CLOEXEC))
        except OSError as error:
            raise SandboxUnavailable(
                f"{path} cannot be bound into the box: {error.strerror}", remedy="check CODEPAR_SANDBOX_BINDS"
            ) from error

    def memory(self, name: str, pieces: Iterable[bytes]) -> int:
        """A sealed file in memory, at its start."""
        descriptor = self.keep(os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING))
        with open(descriptor, "wb", closefd=False) as file:
            file.writelines(pieces)
        fcntl(descriptor, F_ADD_SEALS, _SEALS)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor


def slot_uid() -> int:
    """A user for one box of a root worker: one that no account has, inside the range that this host maps."""
    first, _, count = (int(part) for part in Path("/proc/self/uid_map").read_text().splitlines()[-1].split())
    if first + count > _SLOT_BASE + _SLOT_COUNT:
        return _SLOT_BASE + secrets.randbelow(_SLOT_COUNT)
    return first + count - 2 - secrets.randbelow(max(1, min(count // 2, 4096)))


def sizes(bounds: Bounds, files: Mapping[str, bytes]) -> Sizes:
    """What the command may write in each place, and in /box what it is given besides."""
    given = sum(len(data) for data in files.values()) + _PAGE * (2 * len(files) + 16)
    return Sizes(bounds.file_bytes + given, bounds.file_bytes + 16 * _PAGE, max(bounds.file_bytes, bounds.memory_bytes // 2))


def _binds(equipment: Equipment, command: Command, ours: _Descriptors) -> list[Bind]:
    binds = []
    for place in dict.fromkeys((*equipment.binds, *command.read_only)):
        bubblewrap.check_place(place)
        if not place.is_relative_to("/usr"):
            binds.append(Bind(ours.path(place), place))
    return binds


def _pipes(ends: _Descriptors, ours: _Descriptors, uid: int) -> tuple[Pipes, Pipes]:
    pairs = [os.pipe() for _ in range(4)]
    reading = Pipes(*(ends.keep(read) for read, _ in pairs))
    writing = Pipes(*(ours.keep(write) for _, write in pairs))
    if uid != _KEEP_USER:  # programs open /dev/stdout, which checks the owner
        for descriptor in (writing.stdout, writing.stderr):
            os.fchown(descriptor, uid, uid)
    return reading, writing


def _line(equipment: Equipment, command: Command, group: Group | None, ours: _Descriptors, writing: Pipes, uid: int) -> list[str]:
    request = ours.memory("request", wire.encode(command, {**equipment.environment, **command.environment}, equipment.poll_ms))
    entrances = [str(ours.keep(descriptor)) for descriptor in (group.entrances() if group is not None else ())]
    program = ours.keep(os.open(equipment.bubblewrap.program, os.O_RDONLY | os.O_CLOEXEC))
    inner = bubblewrap.arguments(
        sizes(command.bounds, command.files),
        _binds(equipment, command, ours),
        box=ours.path(equipment.box),
        accounts=ours.path(equipment.accounts),
        seccomp=ours.memory("filter", [equipment.filter]),
        info=writing.info,
    )
    outer = [str(equipment.box), "launch", str(uid), str(uid), str(program), str(len(entrances)), *entrances, "--", "bwrap"]
    return [*outer, *inner, bubblewrap.BOX_PROGRAM, "init", str(request), str(writing.result)]


def _host_environment(equipment: Equipment, ours: _Descriptors) -> dict[str, str]:
    """For bubblewrap itself: nothing but where its libraries are; the command's own variables travel in the request."""
    if equipment.bubblewrap.libraries is None:
        return {}
    return {"LD_LIBRARY_PATH": f"/proc/self/fd/{ours.path(equipment.bubblewrap.libraries)}"}


def start(equipment: Equipment, command: Command, group: Group | None) -> Started:
    """Start the box of a command. Raises ``InvalidInput`` for bad names and ``SandboxUnavailable``."""
    uid = slot_uid() if os.geteuid() == 0 else _KEEP_USER
    with _Descriptors() as ends, _Descriptors() as ours:
        reading, writing = _pipes(ends, ours, uid)
        line = _line(equipment, command, group, ours, writing, uid)
        stdin = ours.memory("stdin", [command.stdin]) if command.stdin else subprocess.DEVNULL
        environment = _host_environment(equipment, ours)
        process = subprocess.Popen(
            line,
            stdin=stdin,
            stdout=writing.stdout,
            stderr=writing.stderr,
            env=environment,
            cwd="/",
            pass_fds=(*ours.numbers, *command.inherit),
        )
        ends.pop_all()
    return Started(process, reading)
