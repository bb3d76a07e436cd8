"""The name of this process in listings such as that of ``ps``. Limits: Linux; a name longer than the command line was is cut."""

from __future__ import annotations

import ctypes
from pathlib import Path

_PR_SET_NAME = 15
_NAME_BYTES = 15
# Places of arg_start and arg_end in /proc/self/stat, counted from the state.
_ARGUMENTS = slice(45, 47)
_libc = ctypes.CDLL(None)


def rename(title: str) -> None:
    """Show ``title`` instead of the command line, in this process and those that it forks."""
    name = title.encode()
    _libc.prctl(_PR_SET_NAME, name.replace(b" ", b"-")[:_NAME_BYTES], 0, 0, 0)
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = (int(field) for field in fields[_ARGUMENTS])
    if start == 0:
        # The kernel does not say it to a process that changed its user.
        return
    # The last byte stays 0: otherwise the kernel takes the environment for a part of the line.
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, name, min(len(name), end - start - 1))
