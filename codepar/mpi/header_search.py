"""Find ``mpi.h``: where a caller says, where ``mpicc`` says, beside it, in this interpreter's prefix, in the system's folders.

Limits: Linux and macOS layouts; a module system's header is found through the ``mpicc`` that it puts on the path.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from codepar.errors import NotFound, ToolMissing

_ASK_TIMEOUT_S = 10.0
_SYSTEM_GLOBS = (
    "/usr/include/mpi.h",
    "/usr/local/include/mpi.h",
    "/usr/include/*/mpi.h",
    "/usr/include/*/mpich/mpi.h",
    "/usr/lib/*/openmpi/include/mpi.h",
    "/usr/lib64/*/include/mpi.h",
    "/opt/*/include/mpi.h",
    "/opt/*/*/include/mpi.h",
    "/opt/homebrew/include/mpi.h",
)


def find_header(given: Path | None = None, compiler: str | None = None) -> Path:
    """The ``mpi.h`` to read. ``given`` is a file or a folder that holds it; ``compiler`` an MPI compiler wrapper.

    Raises ``NotFound`` when ``given`` is not there, ``ToolMissing`` when no MPI is installed.
    """
    if given is not None:
        path = given / "mpi.h" if given.is_dir() else given
        if not path.is_file():
            raise NotFound(f"there is no mpi.h at {given}", remedy="name the file or the folder that holds it")
        return path
    for path in _candidates(compiler):
        if path.is_file():
            return path
    raise ToolMissing("no MPI is installed: mpi.h was not found", remedy="pip install mpich, or put its mpicc on the path")


def _candidates(compiler: str | None) -> Iterator[Path]:
    wrapper = shutil.which(compiler or "mpicc")
    if wrapper is not None:
        yield from (folder / "mpi.h" for folder in _folders_of(wrapper))
        yield Path(wrapper).resolve().parent.parent / "include" / "mpi.h"
    yield Path(sys.prefix) / "include" / "mpi.h"
    yield Path(sys.prefix) / "openmpi" / "include" / "mpi.h"
    for pattern in _SYSTEM_GLOBS:
        yield from sorted(Path("/").glob(pattern.removeprefix("/")))


def _folders_of(wrapper: str) -> list[Path]:
    """The include folders that a compiler wrapper of MPICH or Open MPI prints for ``-show``; empty when it cannot be asked."""
    try:
        answer = subprocess.run([wrapper, "-show"], capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False)
        words = shlex.split(answer.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return []
    return [Path(word.removeprefix("-I")) for word in words if word.startswith("-I") and len(word) > 2]
