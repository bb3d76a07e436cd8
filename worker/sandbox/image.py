"""The image of a box: what it sees of the host, mounted once and kept in a mount namespace that boxes start in.

Half of what a box costs is mounting the same read-only folders again. bubblewrap lays them out once below ``IMAGE``, and this
process keeps the namespace by a descriptor after bubblewrap has gone; a box then binds that one tree and adds what is its own.
Nothing of it appears among the host's mounts, and it is gone with the last process that holds it. As root the namespace is the
root worker's, and a box still gets a user of its own; else a user namespace of ours owns it, which the start program joins too.
Limits: root without CAP_SYS_ADMIN can join none, and lays out every box anew; what is mounted on the host later, below a folder
that is shown, may not be seen.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import os
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from codepar.errors import SandboxUnavailable
from worker.sandbox import bubblewrap
from worker.sandbox.bubblewrap import Bind, Bubblewrap, Copy
from worker.sandbox.descriptors import Descriptors

IMAGE = "/image"
_KEPT = 8
_READY_S = 30.0
_CAP_SYS_ADMIN = 21
_NS_GET_USERNS = 0xB701  # ioctl_ns(2)
_ROOT_NAMES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "dev")  # where bubblewrap itself is loaded from


@functools.cache
def may_mount() -> bool:
    """Whether this process is root with CAP_SYS_ADMIN."""
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return os.geteuid() == 0 and bool(int(effective, 16) >> _CAP_SYS_ADMIN & 1)


def possible() -> bool:
    """Whether boxes of this process can start in an image: not those of a root that may not mount."""
    return os.geteuid() != 0 or may_mount()


@dataclass(frozen=True)
class Image:
    """Descriptors of the mount namespace, and of the user namespace that owns it unless that is the host's."""

    mounts: int
    users: int | None

    def close(self) -> None:
        for descriptor in (self.mounts, self.users):
            if descriptor is not None:
                os.close(descriptor)


def environment(program: Bubblewrap, kept: Descriptors) -> dict[str, str]:
    """For bubblewrap itself: nothing but where its libraries are; a command's own variables travel in its request."""
    if program.libraries is None:
        return {}
    return {"LD_LIBRARY_PATH": f"/proc/self/fd/{kept.path(program.libraries)}"}


def _line(program: Bubblewrap, copies: Sequence[Copy], binds: Sequence[Bind], info: int) -> list[str]:
    line = [str(program.program), *([] if may_mount() else ["--unshare-user"]), "--die-with-parent"]
    line += ["--perms", "0755", "--tmpfs", IMAGE, *bubblewrap.host(IMAGE, copies, binds)]
    for name in _ROOT_NAMES:
        line += ["--symlink", f"{IMAGE[1:]}/{name}", f"/{name}"]
    line += ["--dir", "/tmp", "--bind", "/proc", "/proc", "--remount-ro", "/"]  # noqa: S108 - where bubblewrap builds a root
    return [*line, "--info-fd", str(info), "--", "/bin/cat"]


def make(program: Bubblewrap, files: Mapping[str, bytes], binds: Sequence[Bind]) -> Image:
    """Lay the image out. Raises ``SandboxUnavailable``. Blocks for some 20 ms."""
    with Descriptors() as ours:
        told, telling = os.pipe()
        ours.keep(telling)
        with os.fdopen(told, "rb") as answers:
            copies = [Copy(ours.same(data), name, "0644") for name, data in files.items()]
            line = _line(program, copies, binds, telling)
            process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(program, ours),
                bufsize=0,
                cwd="/",
                pass_fds=tuple(ours.numbers),
            )
            ours.close()
            with process:
                return _hold_once_ready(process, answers)


def _hold_once_ready(process: subprocess.Popen[bytes], answers: IO[bytes]) -> Image:
    """What it echoes, it says from inside a finished layout."""
    stop = threading.Timer(_READY_S, process.kill)
    stop.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with contextlib.suppress(BrokenPipeError):  # what it said before it ended is the reason
            process.stdin.write(b".")
        if process.stdout.read(1) != b".":
            raise SandboxUnavailable(_reason(process.stderr.read()), remedy=_REMEDY)
        return _hold(int(json.loads(answers.read())["child-pid"]))
    except OSError as error:
        raise SandboxUnavailable(f"the image of a box cannot be laid out: {error}", remedy=_REMEDY) from error
    finally:
        stop.cancel()


def _hold(pid: int) -> Image:
    mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    return Image(mounts, None if may_mount() else fcntl.ioctl(mounts, _NS_GET_USERNS))


def _reason(said: bytes) -> str:
    return f"the image of a box cannot be laid out: {said[-600:].decode(errors='replace').strip() or 'no message'}"


_REMEDY = "codepar doctor"
_Key = tuple[Bubblewrap, tuple[tuple[str, bytes], ...], tuple[tuple[Bind, int, int], ...]]


class Shelf:
    """The images used last. A folder that was made anew under its name is another folder. A forked process starts with none:
    the descriptors of its parent may be closed there, and their numbers others'."""

    def __init__(self) -> None:
        self._images: OrderedDict[_Key, Image] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def _start_anew_after_a_fork(self) -> None:
        if self._process != os.getpid():
            self._images, self._lock, self._process = OrderedDict(), threading.Lock(), os.getpid()

    def image(self, program: Bubblewrap, files: Mapping[str, bytes], binds: Sequence[Bind], kept: Descriptors) -> Image:
        """The image that shows these files and binds, made if there is none; its descriptors are ``kept``'s own.

        Raises ``SandboxUnavailable``, and ``OSError`` where a bind is not there."""
        self._start_anew_after_a_fork()
        key = (program, tuple(files.items()), tuple((bind, *_identity(bind.place)) for bind in binds))
        with self._lock:
            if key not in self._images:
                self._images[key] = make(program, files, binds)
                while len(self._images) > _KEPT:
                    self._images.popitem(last=False)[1].close()
            self._images.move_to_end(key)
            image = self._images[key]
            users = kept.keep(os.dup(image.users)) if image.users is not None else None
            return Image(kept.keep(os.dup(image.mounts)), users)

    def close(self) -> None:
        self._start_anew_after_a_fork()
        with self._lock:
            while self._images:
                self._images.popitem()[1].close()


def _identity(place: Path) -> tuple[int, int]:
    found = place.stat()
    return found.st_dev, found.st_ino
