"""The PMPI shim compiled once for each MPI. Its C lies in ``pmpi/``; what it writes is read by ``board.py``.

Limits: glibc; a program that is linked statically, or that clears LD_PRELOAD, is not seen. Fortran programs are seen only where
the library's Fortran calls go through its C ones.
"""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from worker.cache import Program, ProgramCache, key_of
from worker.toolchains.mpi import Launcher

LIBRARY = ".codepar/shim.so"
SOURCES = Path(__file__).with_name("pmpi")

_COMPILE_S = 120
# Hidden, or a function of the program would take the place of one of the shim's that has the same name.
_FLAGS = ("-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-ftls-model=initial-exec", "-w")


@dataclass(frozen=True)
class Stress:
    """Changes of a run that a correct program does not mind: sends that wait for their receive, random delays by seed."""

    synchronous_sends: bool = False
    delay_seed: int | None = None

    def environment(self) -> dict[str, str]:
        """What tells the shim."""
        told = {"CODEPAR_SHIM_SENDS": "synchronous"} if self.synchronous_sends else {}
        return told if self.delay_seed is None else told | {"CODEPAR_SHIM_DELAYS": str(self.delay_seed)}


class ShimLibraries:
    """The shim compiled for each MPI on first use; None where that fails, and deadlocks then end as timeouts."""

    def __init__(self, cache: ProgramCache) -> None:
        self._cache = cache
        self._known: dict[Launcher, bytes | None] = {}
        self._lock = threading.Lock()

    async def library(self, launcher: Launcher) -> bytes | None:
        """The shared object for ``launcher``. Concurrent callers share one compilation."""
        if launcher not in self._known:
            return await asyncio.to_thread(self._load, launcher)
        return self._known[launcher]

    def _load(self, launcher: Launcher) -> bytes | None:
        with self._lock:
            if launcher not in self._known:
                self._known[launcher] = self._cached_or_compiled(launcher)
            return self._known[launcher]

    def _cached_or_compiled(self, launcher: Launcher) -> bytes | None:
        key = key_of({"shim": _digest(), "flags": _FLAGS, "mpi": launcher.identity()})
        program = self._cache.get(key)
        if program is not None:
            return program.files[LIBRARY]
        library = _compile(launcher)
        if library is not None:
            self._cache.put(key, Program(LIBRARY, {LIBRARY: library}, frozenset()))
        return library


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.[ch]")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _compile(launcher: Launcher) -> bytes | None:
    """Outside the box: the source is ours."""
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    with tempfile.TemporaryDirectory(prefix="codepar-shim-") as folder:
        target = Path(folder) / "shim.so"
        command = [str(launcher.mpicc), *_FLAGS, *sources, "-o", str(target), "-ldl", "-lpthread"]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, **launcher.environment()}
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=_COMPILE_S, check=True)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
