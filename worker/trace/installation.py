"""Which MPI a person's own command line uses: told by the launcher's own words, or by the library that the program needs.

Limits: programs are looked at as bytes, so a library that is loaded later is not found; other MPIs than MPICH's kin and Open MPI
are not recognised.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from codepar.errors import NotFound, ToolMissing, Unsupported
from worker.toolchains.mpi import Launcher, MpiKind, find_launchers

# The name under which a program asks for its MPI library stands in the program as it is.
_LIBRARIES: Mapping[bytes, MpiKind] = {
    b"libmpi.so.12\0": "mpich",
    b"libmpich.so.12\0": "mpich",
    b"libmpi.so.40\0": "openmpi",
    b"libmpi.so.20\0": "openmpi",
}
_MAX_PROGRAM_BYTES = 256 * 1024**2


def installation_of(command: Sequence[str], path: str) -> Launcher:
    """The MPI of ``command``; programs are looked for on ``path``. Raises ``NotFound``, ``ToolMissing``, ``Unsupported``."""
    program = shutil.which(command[0], path=path)
    if program is None:
        raise NotFound(f"{command[0]} is not a program that can be started", remedy="name a launcher, for example mpiexec")
    folders = [str(Path(program).absolute().parent), str(Path(program).resolve().parent)]
    launchers = find_launchers(":".join([*folders, path]))
    kind = _kind_of_program(command[1:], path) or _kind_of_launcher(program)
    if kind is None:
        raise Unsupported(
            f"neither {command[0]} nor a program in its command line tells which MPI it belongs to",
            remedy="start the program by the mpiexec of an MPICH or Open MPI",
        )
    fitting = [launcher for launcher in launchers if launcher.kind == kind]
    if not fitting:
        raise ToolMissing(f"no mpicc of kind {kind} beside {program} or on PATH", remedy="put that MPI's bin folder on PATH")
    near = [launcher for launcher in fitting if str(launcher.mpiexec.parent) in folders]
    return (near or fitting)[0]


def _kind_of_launcher(program: str) -> MpiKind | None:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = done.stdout + done.stderr
    if "Open MPI" in text or "OpenRTE" in text or "PRRTE" in text:
        return "openmpi"
    return "mpich" if "HYDRA" in text or "MPICH" in text else None


def _kind_of_program(words: Sequence[str], path: str) -> MpiKind | None:
    """The kind that the first program among ``words`` asks for."""
    for word in words:
        found = shutil.which(word, path=path)
        kind = _library_of(Path(found)) if found is not None else None
        if kind is not None:
            return kind
    return None


def _library_of(program: Path) -> MpiKind | None:
    try:
        if program.stat().st_size > _MAX_PROGRAM_BYTES:
            return None
        content = program.read_bytes()
    except OSError:
        return None
    if not content.startswith(b"\x7fELF"):
        return None
    return next((kind for name, kind in _LIBRARIES.items() if name in content), None)
