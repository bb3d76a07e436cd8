"""File locks: one service a data folder, one migration at a time. Limits: advisory, and only as good as the file system's
``flock`` (some network file systems ignore it)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from codepar.errors import EnvironmentFault


class FolderLock:
    """Keeps a second service out of a data folder, as a context manager. The kernel frees it when the process ends."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "service.lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises ``EnvironmentFault`` naming the process that holds it."""
        descriptor = _open_lock(self.path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise EnvironmentFault(
                f"another codepar service (process {holder}) uses {self.path.parent}",
                remedy="stop it, or give this one its own folder with CODEPAR_DATA_DIR",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def _open_lock(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EnvironmentFault(
            f"{path} cannot be opened: {error.strerror}", remedy="check permissions and space, or set CODEPAR_DATA_DIR"
        ) from error


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, waiting for it as long as it takes."""
    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
