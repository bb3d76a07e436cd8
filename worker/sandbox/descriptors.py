"""Open descriptors that travel together, and files in memory.

Limits: Linux; what is kept for many boxes stays until the process ends, and a forked process makes its own.
"""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Iterable
from contextlib import ExitStack
from fcntl import F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE, fcntl
from pathlib import Path

_SEALS = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL
_MFD_EXEC = 0x10  # Linux 6.3; where operators have it so, a memory file without this flag cannot be executed


class Descriptors(ExitStack):
    """Open descriptors, closed together."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []

    def keep(self, descriptor: int) -> int:
        self.callback(os.close, descriptor)
        self.numbers.append(descriptor)
        return descriptor

    def path(self, path: Path) -> int:
        """The place, held whatever happens to its name."""
        return self.keep(os.open(path, os.O_PATH | os.O_CLOEXEC))

    def memory(self, name: str, pieces: Iterable[bytes]) -> int:
        """A sealed file in memory, at its start."""
        return self.keep(sealed(name, b"".join(pieces)))

    def same(self, data: bytes) -> int:
        """What many boxes get, at its start: opened anew, so that no two of them share a place in it."""
        return self.keep(os.open(f"/proc/self/fd/{_kept(data)}", os.O_RDONLY | os.O_CLOEXEC))


def sealed(name: str, data: bytes, flags: int = 0) -> int:
    """A new file in memory that nobody can change any more, at its start. The caller closes it."""
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
    return sealed("kept", data)


@functools.cache
def executable(program: Path) -> int:
    """The program in memory, for as long as this process lives: started from there, it is copied into no box, and nothing that
    reached its file could change what the next box starts with."""
    try:
        return sealed(program.name, program.read_bytes(), _MFD_EXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:  # Linux before 6.3 does not know the flag, and needs none
            raise
        return sealed(program.name, program.read_bytes())


# A process forked from this one may have closed them, and given their numbers to others.
os.register_at_fork(after_in_child=_kept.cache_clear)
os.register_at_fork(after_in_child=executable.cache_clear)
