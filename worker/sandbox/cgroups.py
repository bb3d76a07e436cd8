"""Control groups, where this process may write them: memory and process limits of one box, its counters, its share of CPU.

Version 1 (one hierarchy a controller) and version 2 (one for all). Groups are made below the group this process is in, so
limits set on the service hold for its boxes. A box has the CPU weight of one process of its neighbours, however many it starts.
Limits: where nothing is writable ``find`` answers None, and pid 1 of the box counts instead; the probe judges the groups on the
host, and where they do not hold, pid 1 counts too.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from worker.runner import MEBIBYTE, Bounds

_CONTROLLERS = ("memory", "pids", "cpu", "cpuacct")
_OVERHEAD_BYTES = 8 * MEBIBYTE  # bubblewrap, pid 1 and the kernel's tables of mounts
_OVERHEAD_PROCESSES = 3  # bubblewrap outside, bubblewrap inside while it sets up, pid 1
_PREFIX = "codepar-"
_HOME = "codepar-service"  # where the service itself moves when its own group is to be divided
_REMOVE_S = 5.0
_SETTLE_TRIES = 3  # a process that was just forked is in the way once
_serial = itertools.count()


@dataclass(frozen=True)
class Usage:
    """Counters of a box. ``refused_forks`` counts what the process limit refused."""

    oom_kills: int = 0
    refused_forks: int = 0
    peak_memory_bytes: int = 0
    cpu_s: float | None = None


def _number(path: Path) -> int:
    return int(path.read_text())


def _entry(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _start_time(pid: int) -> str:
    """Clock ticks since boot at which the process started; "" when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _namespace() -> int:
    """Identity of the process namespace that this process numbers processes in."""
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - a link into the kernel, not a path


def _members(folder: Path) -> list[int]:
    try:
        return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def _kill(folder: Path) -> None:
    """Everything in the group: at one stroke where the kernel can (version 2, Linux 5.14), else one by one."""
    try:
        (folder / "cgroup.kill").write_text("1")
    except OSError:
        for pid in _members(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _remove(folder: Path) -> None:
    """Kill what is still in it and remove it; retries while the kernel takes leave of the dead."""
    deadline = time.monotonic() + _REMOVE_S
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            _kill(folder)
            time.sleep(0.002)
        else:
            return


class Group:
    """The groups of one box, one folder a controller (version 1) or one for all (version 2). ``close`` removes them."""

    def __init__(self, folders: Mapping[str, Path], version: int) -> None:
        self._folders = folders
        self._version = version

    def limit(self, bounds: Bounds) -> None:
        memory, pids = self._folders["memory"], self._folders.get("pids")
        total = str(bounds.memory_bytes + _OVERHEAD_BYTES)
        if self._version == 1:
            (memory / "memory.limit_in_bytes").write_text(total)
            swap = memory / "memory.memsw.limit_in_bytes"
        else:
            (memory / "memory.max").write_text(total)
            swap, total = memory / "memory.swap.max", "0"
            (memory / "memory.oom.group").write_text("1")  # the kernel ends the whole tree at once
        if swap.exists():
            swap.write_text(total)
        if pids is not None:
            (pids / "pids.max").write_text(str(bounds.processes + _OVERHEAD_PROCESSES))

    def entrances(self) -> Iterator[int]:
        """Open descriptors; a process of one thread that writes "0" to each is in the group. The caller closes them."""
        # A thread that moves itself needs no lock over all threads of the machine, which takes 8 ms; version 2 knows no such way.
        name = "tasks" if self._version == 1 else "cgroup.procs"
        for folder in dict.fromkeys(self._folders.values()):
            yield os.open(folder / name, os.O_WRONLY | os.O_CLOEXEC)

    def alarms(self) -> Usage:
        """The two counters that end a box, read often; the others stay 0."""
        memory, pids = self._folders["memory"], self._folders.get("pids")
        events = memory / ("memory.oom_control" if self._version == 1 else "memory.events")
        refused = _entry(pids / "pids.events", "max") if pids is not None else 0
        return Usage(oom_kills=_entry(events, "oom_kill"), refused_forks=refused)

    def usage(self) -> Usage:
        alarms = self.alarms()
        return Usage(alarms.oom_kills, alarms.refused_forks, self._peak(), self.cpu_s())

    def _peak(self) -> int:
        name = "memory.max_usage_in_bytes" if self._version == 1 else "memory.peak"
        path = self._folders["memory"] / name
        return _number(path) if path.exists() else 0  # memory.peak came with Linux 5.19

    def cpu_s(self) -> float | None:
        """CPU time of everything that was ever in the group, or None where it is not counted."""
        folder = self._folders.get("cpuacct")
        if folder is None:
            return None
        if self._version == 1:
            return _number(folder / "cpuacct.usage") / 1e9
        return _entry(folder / "cpu.stat", "usage_usec") / 1e6

    def close(self) -> None:
        for folder in dict.fromkeys(self._folders.values()):
            _remove(folder)


@dataclass(frozen=True)
class Hierarchy:
    """Where groups can be made: the folder of this process for each controller."""

    parents: Mapping[str, Path]
    version: int

    def group(self, bounds: Bounds) -> Group:
        """A new limited group. Raises ``OSError``."""
        name = f"{_PREFIX}{os.getpid()}-{_start_time(os.getpid())}-{_namespace()}-{next(_serial)}"
        folders = {controller: parent / name for controller, parent in self.parents.items()}
        group = Group(folders, self.version)
        try:
            for folder in dict.fromkeys(folders.values()):
                folder.mkdir()
            group.limit(bounds)
        except OSError:
            group.close()
            raise
        return group

    def leftovers(self) -> list[Path]:
        """Groups of boxes whose worker is gone (it was killed). Those of another process namespace are not ours to judge."""
        found = []
        for parent in dict.fromkeys(self.parents.values()):
            for folder in parent.glob(f"{_PREFIX}*-*-{_namespace()}-*"):
                pid, started = folder.name.removeprefix(_PREFIX).split("-")[:2]
                if _start_time(int(pid)) != started:
                    found.append(folder)
        return found

    def sweep(self) -> None:
        for folder in self.leftovers():
            with contextlib.suppress(OSError):
                _remove(folder)


def _mounts() -> Iterator[tuple[str, Path, Path, set[str]]]:
    """Type, root, place and options of each control group mount."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            fields = left.split(" ")
            yield kind, Path(fields[3]), Path(fields[4]), set(options.split(","))


def _own() -> dict[str, Path]:
    """The group of this process by controller; "" is version 2."""
    groups = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = Path(path)
    return groups


def _below(place: Path, root: Path, own: Path) -> Path:
    return place / (own.relative_to(root) if own.is_relative_to(root) else own.relative_to("/"))


def _version_1() -> dict[str, Path]:
    own, parents = _own(), {}
    for kind, root, place, options in _mounts():
        for controller in _CONTROLLERS:
            if kind == "cgroup" and controller in options and controller in own:
                parents[controller] = _below(place, root, own[controller])
    return parents


def _version_2() -> dict[str, Path]:
    """The nearest group from ours upwards whose children get the controllers."""
    own = _own()
    for kind, root, place, _ in _mounts():
        if kind == "cgroup2" and "" in own:
            start = _below(place, root, own[""])
            if own[""] == Path("/") or _is_delegated(start):
                _settle(start)
            for folder in (start, *start.parents):
                if folder.is_relative_to(place) and {"memory", "pids"} <= set(_delegated(folder)):
                    return {"memory": folder, "pids": folder, "cpuacct": folder}
    return {}


def _is_delegated(folder: Path) -> bool:
    """Whether the service manager has given this group into our hands (systemd: ``Delegate=yes``)."""
    try:
        return os.getxattr(folder, "user.delegate") == b"1"
    except OSError:
        return False


def _settle(folder: Path) -> None:
    """Let children of our own group have the controllers. A group that holds processes cannot pass them on, unless it is the
    machine's topmost (which has no type), so ours move into a child first."""
    for _ in range(_SETTLE_TRIES):
        with contextlib.suppress(OSError):
            offered = set((folder / "cgroup.controllers").read_text().split())
            wanted = [name for name in ("memory", "pids", "cpu") if name in offered]
            if {"memory", "pids"} <= offered and not set(wanted) <= set(_delegated(folder)):
                if (folder / "cgroup.type").exists():
                    _move(_members(folder), folder / _HOME)
                (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
            return


def _move(pids: list[int], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            (folder / "cgroup.procs").write_text(str(pid))


def _delegated(folder: Path) -> list[str]:
    """Controllers that children of the folder get."""
    try:
        return (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return []


def _usable(parents: dict[str, Path], version: int) -> Hierarchy | None:
    writable = {controller: folder for controller, folder in parents.items() if os.access(folder, os.W_OK)}
    if "memory" not in writable:
        return None
    hierarchy = Hierarchy(writable, version)
    try:
        hierarchy.group(Bounds()).close()
    except OSError:
        return None
    return hierarchy


def find() -> Hierarchy | None:
    """The hierarchy that this process can use, or None."""
    try:
        hierarchy = _usable(_version_1(), 1) or _usable(_version_2(), 2)
    except OSError:
        return None
    if hierarchy is not None:
        hierarchy.sweep()
    return hierarchy
