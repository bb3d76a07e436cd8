"""The PMPI shim seen from outside: compiled once for each MPI, and the memory in which each rank says what it is doing.

The memory is a sealed memfd, so the code under test can lie in it but not shrink it. Limits: glibc; a program that is linked
statically, or that clears LD_PRELOAD, is not seen.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import struct
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from pathlib import Path
from types import TracebackType
from typing import Self

from worker.cache import Program, ProgramCache, key_of
from worker.toolchains.mpi import Launcher

LIBRARY = ".codepar/shim.so"
SOURCE = Path(__file__).with_name("pmpi_shim.c")

_SLOT_BYTES = 512
# The layout of Slot in pmpi_shim.c.
_SLOT = struct.Struct("<IIQQQII2i3i3iiIII36s256s")
_COMPILE_S = 60


class Phase(IntEnum):
    """Where a rank is: in its own code, in a blocking MPI call, or gone."""

    RUNNING = 0
    BLOCKED = 1
    EXITED = 2


class Flag(IntFlag):
    """What a rank has done."""

    INITIALISED = 1
    FINALIZED = 2
    ABORTED = 4
    SIGNALLED = 8


# How the shim writes peers and tags: not part of this call, MPI_ANY_SOURCE or MPI_ANY_TAG, MPI_PROC_NULL.
NONE = -1000
ANY = -1
NOWHERE = -2


@dataclass(frozen=True)
class RankState:
    """One slot. ``source`` and ``dest`` count in the call's communicator, their ``_world`` twins in MPI_COMM_WORLD.

    ``site`` is an address in the program as linked (0: unknown); ``comm_hash`` tells communicators apart by their members.
    """

    rank: int
    attached: bool
    phase: int
    progress: int
    site: int
    bytes: int
    flags: Flag
    exit_code: int
    signal: int
    source: int
    source_world: int
    source_tag: int
    dest: int
    dest_world: int
    dest_tag: int
    root: int
    comm_size: int
    comm_hash: int
    in_call: bool
    call: str
    requests: str

    @property
    def is_over(self) -> bool:
        """Whether it can send nothing any more."""
        return self.phase == Phase.EXITED or Flag.FINALIZED in self.flags

    @property
    def is_blocked(self) -> bool:
        return self.phase == Phase.BLOCKED


class RankBoard:
    """The slots of one run. Use as a context manager; ``descriptor`` goes to the command."""

    def __init__(self, ranks: int) -> None:
        self._ranks = ranks
        self.descriptor = -1

    def __enter__(self) -> Self:
        self.descriptor = os.memfd_create("codepar-ranks", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, self._ranks * _SLOT_BYTES)
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self.descriptor)

    def read(self) -> tuple[RankState, ...]:
        """All slots as they are now; a slot that is just being written may be half old."""
        content = os.pread(self.descriptor, self._ranks * _SLOT_BYTES, 0)
        return tuple(_state(rank, content[rank * _SLOT_BYTES :]) for rank in range(self._ranks))


def _state(rank: int, content: bytes) -> RankState:
    pid, phase, progress, site, size, in_program, flags, exit_code, signal, *rest = _SLOT.unpack_from(content)
    *numbers, call, requests = rest
    source, source_world, source_tag, dest, dest_world, dest_tag, root, comm_size, comm_hash, in_call = numbers
    return RankState(
        rank=rank,
        attached=pid != 0,
        phase=phase,
        progress=progress,
        site=site if in_program else 0,
        bytes=size,
        flags=Flag(flags & 15),
        exit_code=exit_code,
        signal=signal,
        source=source,
        source_world=source_world,
        source_tag=source_tag,
        dest=dest,
        dest_world=dest_world,
        dest_tag=dest_tag,
        root=root,
        comm_size=comm_size,
        comm_hash=comm_hash,
        in_call=in_call != 0,
        call=_text(call),
        requests=_text(requests),
    )


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("ascii", errors="replace")


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
        key = key_of({"shim": hashlib.sha256(SOURCE.read_bytes()).hexdigest(), "mpi": launcher.identity()})
        program = self._cache.get(key)
        if program is not None:
            return program.files[LIBRARY]
        library = _compile(launcher)
        if library is not None:
            self._cache.put(key, Program(LIBRARY, {LIBRARY: library}, frozenset()))
        return library


def _compile(launcher: Launcher) -> bytes | None:
    """Outside the box: the source is ours."""
    with tempfile.TemporaryDirectory(prefix="codepar-shim-") as folder:
        target = Path(folder) / "shim.so"
        command = [str(launcher.mpicc), "-O2", "-shared", "-fPIC", str(SOURCE), "-o", str(target), "-ldl", "-lpthread"]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder, **launcher.environment()}
        try:
            subprocess.run(command, env=environment, capture_output=True, timeout=_COMPILE_S, check=True)
            return target.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
