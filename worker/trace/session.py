"""One traced run: the person's own launcher with the shim loaded into it and its ranks, watched, ended where it hangs.

Standard input, output and error stay the person's own. Limits: one machine; the first MPI program that the command starts is the
one that is traced; a program that clears LD_PRELOAD or is linked statically is not seen.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from codepar.errors import ToolMissing
from worker.toolchains.board import Counters, RankBoard, RankState
from worker.toolchains.mpi import Launcher
from worker.toolchains.shim import ShimLibraries, Stress
from worker.toolchains.watchdog import until_deadlock

MAX_RANKS = 512

_GRACE_S = 3.0
_SHARED = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


@dataclass(frozen=True)
class Session:
    """How a traced run ended. ``states`` are of the moment of a deadlock or timeout, else of the end."""

    cause: Literal["exit", "deadlock", "timeout"]
    exit_code: int
    wall_s: float
    ended_ns: int
    states: tuple[RankState, ...]
    counters: tuple[Counters, ...]


async def trace(
    command: Sequence[str],
    environment: Mapping[str, str],
    launcher: Launcher,
    shims: ShimLibraries,
    *,
    stress: Stress,
    timeout_s: float | None,
    stdout: int | None,
) -> Session:
    """Run ``command`` to its end, or until it hangs. Raises ``ToolMissing`` when the shim cannot be compiled."""
    library = await shims.library(launcher)
    if library is None:
        raise ToolMissing(f"{launcher.mpicc} cannot compile the shim", remedy=f"try: {launcher.mpicc} -show")
    with _folder() as folder, RankBoard(MAX_RANKS, folder / "board") as board:
        shim = folder / "shim.so"
        shim.write_bytes(library)
        own = _environment(environment, folder / "board", shim) | stress.environment()
        started = time.monotonic()
        process = await asyncio.create_subprocess_exec(*command, env=own, stdout=stdout)
        try:
            cause = await _ended(process, board, timeout_s)
            states = board.read_attached()
            ended_ns = time.monotonic_ns()
        finally:
            await _end(process, folder / "board")
        session = Session(cause, process.returncode or 0, time.monotonic() - started, ended_ns, states, ())
        return replace(session, counters=board.counters(len(states)))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    place = _SHARED if os.access(_SHARED, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="codepar-trace-", dir=place) as name:
        yield Path(name)


def _environment(given: Mapping[str, str], board: Path, shim: Path) -> dict[str, str]:
    before = given.get("LD_PRELOAD")
    preload = f"{shim}:{before}" if before else str(shim)
    return {**given, "CODEPAR_SHIM": str(board), "LD_PRELOAD": preload}


async def _ended(
    process: asyncio.subprocess.Process, board: RankBoard, timeout_s: float | None
) -> Literal["exit", "deadlock", "timeout"]:
    """Wait for whichever comes first."""
    exit_ = asyncio.ensure_future(process.wait())
    watch = asyncio.ensure_future(until_deadlock(board.read_attached))
    try:
        done, _ = await asyncio.wait({exit_, watch}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (exit_, watch):
            task.cancel()
        await asyncio.gather(exit_, watch, return_exceptions=True)
    if exit_ in done:
        return "exit"
    return "deadlock" if watch in done else "timeout"


async def _end(process: asyncio.subprocess.Process, board: Path) -> None:
    """End the launcher as a person would, then whatever of the run is still there."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GRACE_S)
    _kill_ranks(f"CODEPAR_SHIM={board}".encode())


def _kill_ranks(mark: bytes) -> None:
    """Kill every process that inherited the run's own variable."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
