"""Who holds a lease: a name that says which process on which machine, so that a neighbour can see that it is dead.

Limits: says "dead" only of processes of the same boot and process-id namespace; everybody else's silence has to be waited for.
"""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

from codepar.jobs import new_id

_PROC = Path("/proc")


def new_owner() -> str:
    """A name that is never used twice."""
    return f"{_place()}/{os.getpid()}/{_started(os.getpid())}/{new_id()}"


def is_dead(owner: str) -> bool:
    """True when the process that made the name certainly runs no more."""
    place, _, rest = owner.rpartition("/")[0].partition("/")
    if place != _place():
        return False
    pid, _, started = rest.partition("/")
    return _started(int(pid)) != started


@cache
def _place() -> str:
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    namespace = (_PROC / "self/ns/pid").readlink().name.strip("pid:[]")
    return f"{socket.gethostname()[:64]}:{boot}:{namespace}"


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot; empty when it is gone or only waits to be reaped."""
    try:
        # The command's name may hold anything, so count from its closing bracket: state comes 1st then, starttime 20th.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]
