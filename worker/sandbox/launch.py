"""Starts one box: opens everything as the worker, hands it over as descriptors, and lets go of it.

As root the box gets a user of its own first; folders that only root can reach are opened here and bound by descriptor.
Limits: knows nothing of how the box ends.
"""

from __future__ import annotations

import errno
import functools
import os
import secrets
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fcntl import F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, fcntl
from pathlib import Path

from codepar.errors import EnvironmentFault, SandboxUnavailable
from worker.runner import Bounds, Command
from worker.sandbox import bubblewrap, wire
from worker.sandbox.bubblewrap import Bind, Bubblewrap, Copy, DeviceBind, Sizes
from worker.sandbox.cgroups import Group

_SLOT_BASE, _SLOT_COUNT = 1_880_000_000, 1 << 27  # above the ranges of system accounts and containers
_SEALS = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL
_MFD_EXEC = 0x10  # Linux 6.3; where operators have it so, a memory file without this flag cannot be executed
_PAGE = 4096
_KEEP_USER = -1
_CAP_SYS_ADMIN = 21


@dataclass(frozen=True)
class Equipment:
    """What every box of a runner shares. ``files`` lie in each by absolute name. ``device_filter`` is for boxes that show a
    device. ``poll_ms`` 0: control groups count; else pid 1 does, that often."""

    bubblewrap: Bubblewrap
    launch: Path
    init: Path
    files: Mapping[str, bytes]
    filter: bytes
    device_filter: bytes
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
        return self.keep(_sealed(name, b"".join(pieces)))

    def same(self, data: bytes) -> int:
        """What many boxes get, at its start: opened anew, so that no two of them share a place in it."""
        return self.keep(os.open(f"/proc/self/fd/{_kept(data)}", os.O_RDONLY | os.O_CLOEXEC))


def _sealed(name: str, data: bytes, flags: int = 0) -> int:
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING | flags)
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    fcntl(descriptor, F_ADD_SEALS, _SEALS)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


@functools.cache
def _kept(data: bytes) -> int:
    """A memory file for as long as this process lives; there are a handful of them."""
    return _sealed("kept", data)


@functools.cache
def _executable(program: Path) -> int:
    """The program in memory, for as long as this process lives: started from there, it is copied into no box, and nothing that
    reached its file could change what the next box starts with."""
    try:
        return _sealed(program.name, program.read_bytes(), _MFD_EXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:  # Linux before 6.3 does not know the flag, and needs none
            raise
        return _sealed(program.name, program.read_bytes())


@functools.cache
def _mapped_users() -> range:
    """The numbers of users that this host maps, or the last range of them."""
    first, _, count = (int(part) for part in Path("/proc/self/uid_map").read_text().splitlines()[-1].split())
    return range(first, first + count)


def slot_uid() -> int:
    """A user for one box of a root worker: one that no account has, inside the range that this host maps."""
    users = _mapped_users()
    if users.stop > _SLOT_BASE + _SLOT_COUNT:
        return _SLOT_BASE + secrets.randbelow(_SLOT_COUNT)
    return users.stop - 2 - secrets.randbelow(max(1, min(len(users) // 2, 4096)))


def sizes(bounds: Bounds, files: Mapping[str, bytes]) -> Sizes:
    """What the command may write in each place, and in /box what it is given besides."""
    given = sum(len(data) for data in files.values()) + _PAGE * (2 * len(files) + 16)
    return Sizes(bounds.file_bytes + given, bounds.file_bytes + 16 * _PAGE, max(bounds.file_bytes, bounds.memory_bytes // 2))


@functools.cache
def can_stage() -> bool:
    """Whether this process may mount (CAP_SYS_ADMIN), so that a box's user reaches folders that only root can walk to."""
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return os.geteuid() == 0 and bool(int(effective, 16) >> _CAP_SYS_ADMIN & 1)


def _places(equipment: Equipment, command: Command) -> Iterator[Path]:
    for place in dict.fromkeys((*equipment.binds, *command.read_only)):
        bubblewrap.check_place(place)
        if not place.is_relative_to("/usr"):
            yield place


def _pipes(ends: _Descriptors, ours: _Descriptors, uid: int) -> tuple[Pipes, Pipes]:
    pairs = [os.pipe() for _ in range(4)]
    reading = Pipes(*(ends.keep(read) for read, _ in pairs))
    writing = Pipes(*(ours.keep(write) for _, write in pairs))
    if uid != _KEEP_USER:  # programs open /dev/stdout, which checks the owner
        for descriptor in (writing.stdout, writing.stderr):
            os.fchown(descriptor, uid, uid)
    return reading, writing


class _Line:
    """Puts the command line together, opening what it names."""

    def __init__(self, equipment: Equipment, command: Command, ours: _Descriptors) -> None:
        self._equipment, self._command, self._ours = equipment, command, ours
        self._staged = can_stage()

    def _bind(self, path: Path, place: str) -> Bind:
        return Bind(self._ours.path(path), place, self._staged)

    def _copies(self) -> list[Copy]:
        """By content, because the box's user may not be able to walk to where the worker keeps them."""
        return [Copy(self._ours.same(data), name, "0644") for name, data in self._equipment.files.items()]

    def _init(self, request: int, result: int) -> list[str]:
        """pid 1 by its descriptor: it lies nowhere in the box."""
        program = self._ours.keep(os.dup(_executable(self._equipment.init)))
        return [f"/proc/self/fd/{program}", str(request), str(result)]

    def outer(self, group: Group | None, uid: int, binds: Sequence[Bind]) -> list[str]:
        """The part that joins the control groups, becomes the user, and starts bubblewrap by its descriptor."""
        entrances = [self._ours.keep(descriptor) for descriptor in (group.entrances() if group is not None else ())]
        program = self._ours.keep(os.open(self._equipment.bubblewrap.program, os.O_RDONLY | os.O_CLOEXEC))
        staged = [bind.descriptor for bind in binds if bind.staged]
        numbers = [os.getpid(), uid, uid, program, len(entrances), *entrances, len(staged), *staged]
        return [str(self._equipment.launch), *map(str, numbers), "bwrap"]

    def whole(self, group: Group | None, uid: int, writing: Pipes) -> list[str]:
        equipment, command, ours = self._equipment, self._command, self._ours
        variables = {**equipment.environment, **command.environment}
        request = ours.memory("request", wire.encode(command, variables, equipment.poll_ms))
        binds = [self._bind(place, str(place)) for place in _places(equipment, command)]
        rules = ours.same(equipment.device_filter if command.devices else equipment.filter)
        shown: list[Bind | DeviceBind] = [*binds, *(DeviceBind(str(device)) for device in command.devices)]
        room = sizes(command.bounds, command.files)
        inner = bubblewrap.arguments(room, self._copies(), shown, rules, writing.info)
        return [*self.outer(group, uid, binds), *inner, *self._init(request, writing.result)]


def _host_environment(equipment: Equipment, ours: _Descriptors) -> dict[str, str]:
    """For bubblewrap itself: nothing but where its libraries are; the command's own variables travel in the request."""
    if equipment.bubblewrap.libraries is None:
        return {}
    return {"LD_LIBRARY_PATH": f"/proc/self/fd/{ours.path(equipment.bubblewrap.libraries)}"}


def start(equipment: Equipment, command: Command, group: Group | None) -> Started:
    """Start the box of a command. Raises ``InvalidInput`` for bad names, ``SandboxUnavailable`` and ``EnvironmentFault``."""
    try:
        return _start(equipment, command, group)
    except OSError as error:
        raise EnvironmentFault(
            f"a box could not be started: {error}", remedy="check open files, memory and codepar doctor"
        ) from error


def _start(equipment: Equipment, command: Command, group: Group | None) -> Started:
    uid = slot_uid() if os.geteuid() == 0 else _KEEP_USER
    with _Descriptors() as ends, _Descriptors() as ours:
        reading, writing = _pipes(ends, ours, uid)
        line = _Line(equipment, command, ours).whole(group, uid, writing)
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
