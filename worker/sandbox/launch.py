"""Starts one box: opens everything as the worker, hands it over as descriptors, and lets go of it.

As root the box gets a user of its own first.
Limits: knows nothing of how the box ends.
"""

from __future__ import annotations

import functools
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import EnvironmentFault
from worker.runner import Bounds, Command
from worker.sandbox import bubblewrap, image, wire
from worker.sandbox.bubblewrap import Bind, Bubblewrap, Copy, Layout, Sizes
from worker.sandbox.cgroups import Group
from worker.sandbox.descriptors import Descriptors, executable
from worker.sandbox.image import IMAGE, Image, Shelf

_SLOT_BASE, _SLOT_COUNT = 1_880_000_000, 1 << 27  # above the ranges of system accounts and containers
_PAGE = 4096
_NONE = -1  # no change of user, no namespace to join


@dataclass(frozen=True)
class Equipment:
    """What every box of a runner shares. ``files`` lie in each by absolute name. ``device_filter`` is for boxes that show a
    device. ``poll_ms`` 0: control groups count; else pid 1 does, that often. ``shelf`` None: each box is laid out anew."""

    bubblewrap: Bubblewrap
    launch: Path
    init: Path
    files: Mapping[str, bytes]
    filter: bytes
    device_filter: bytes
    binds: tuple[Path, ...]
    environment: Mapping[str, str]
    poll_ms: int
    shelf: Shelf | None


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


def _places(equipment: Equipment, command: Command) -> Iterator[Path]:
    for place in dict.fromkeys((*equipment.binds, *command.read_only)):
        bubblewrap.check_place(place)
        if not place.is_relative_to("/usr"):
            yield place


def _pipes(ends: Descriptors, ours: Descriptors, uid: int) -> tuple[Pipes, Pipes]:
    pairs = [os.pipe() for _ in range(4)]
    reading = Pipes(*(ends.keep(read) for read, _ in pairs))
    writing = Pipes(*(ours.keep(write) for _, write in pairs))
    if uid != _NONE:  # programs open /dev/stdout, which checks the owner
        for descriptor in (writing.stdout, writing.stderr):
            os.fchown(descriptor, uid, uid)
    return reading, writing


class _Line:
    """Puts the command line together, opening what it names."""

    def __init__(self, equipment: Equipment, command: Command, ours: Descriptors) -> None:
        self._equipment, self._command, self._ours = equipment, command, ours
        self._binds = [Bind(place) for place in _places(equipment, command)]
        self._binds += [Bind(device, device=True) for device in command.devices]

    def _image(self) -> Image | None:
        equipment = self._equipment
        if equipment.shelf is None:
            return None
        return equipment.shelf.image(equipment.bubblewrap, equipment.files, self._binds, self._ours)

    def _layout(self, image: Image | None) -> Layout:
        """Files go by content, as the box's user may not be able to walk to where the worker keeps them."""
        if image is not None:
            return bubblewrap.layout_in(IMAGE, self._binds)
        copies = [Copy(self._ours.same(data), name, "0644") for name, data in self._equipment.files.items()]
        return bubblewrap.layout(copies, self._binds)

    def _init(self, request: int, result: int) -> list[str]:
        """pid 1 by its descriptor: it lies nowhere in the box."""
        program = self._ours.keep(os.dup(executable(self._equipment.init)))
        return [f"/proc/self/fd/{program}", str(request), str(result)]

    def _outer(self, group: Group | None, uid: int, image: Image | None) -> list[str]:
        """The part that joins control groups and image, becomes the user, and starts bubblewrap by its descriptor."""
        entrances = [self._ours.keep(descriptor) for descriptor in (group.entrances() if group is not None else ())]
        program = self._ours.keep(os.open(self._equipment.bubblewrap.program, os.O_RDONLY | os.O_CLOEXEC))
        joined = (_NONE if image is None or image.users is None else image.users, _NONE if image is None else image.mounts)
        numbers = [os.getpid(), uid, uid, program, *joined, len(entrances), *entrances]
        return [str(self._equipment.launch), *map(str, numbers), "bwrap"]

    def whole(self, group: Group | None, uid: int, writing: Pipes) -> list[str]:
        equipment, command, ours = self._equipment, self._command, self._ours
        variables = {**equipment.environment, **command.environment}
        request = ours.memory("request", wire.encode(command, variables, equipment.poll_ms))
        rules = ours.same(equipment.device_filter if command.devices else equipment.filter)
        laid_out = self._image()
        inner = bubblewrap.arguments(sizes(command.bounds, command.files), self._layout(laid_out), rules, writing.info)
        return [*self._outer(group, uid, laid_out), *inner, *self._init(request, writing.result)]


def start(equipment: Equipment, command: Command, group: Group | None) -> Started:
    """Start the box of a command. Raises ``InvalidInput`` for bad names, ``SandboxUnavailable`` and ``EnvironmentFault``."""
    try:
        return _start(equipment, command, group)
    except OSError as error:
        raise EnvironmentFault(
            f"a box could not be started: {error}", remedy="check open files, memory and codepar doctor"
        ) from error


def _start(equipment: Equipment, command: Command, group: Group | None) -> Started:
    uid = slot_uid() if os.geteuid() == 0 else _NONE
    with Descriptors() as ends, Descriptors() as ours:
        reading, writing = _pipes(ends, ours, uid)
        line = _Line(equipment, command, ours).whole(group, uid, writing)
        stdin = ours.memory("stdin", [command.stdin]) if command.stdin else subprocess.DEVNULL
        environment = image.environment(equipment.bubblewrap, ours)
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
