"""What it means to run one command: the protocol that the sandbox and the trusted runner implement.

Limits: knows nothing of compilers, MPI or projects; a toolchain turns those into commands.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Bounds:
    """Limits of one command; memory and processes count the whole tree."""

    wall_s: float = 10.0
    memory_bytes: int = 2048 * MEBIBYTE
    output_bytes: int = MEBIBYTE
    processes: int = 128
    file_bytes: int = 64 * MEBIBYTE
    artifact_bytes: int = 64 * MEBIBYTE


@dataclass(frozen=True)
class Command:
    """One command with the files it sees. Names in ``files`` and ``artifacts`` are relative to its working folder.

    ``read_only`` are host folders it may read at their own path; ``inherit`` are open descriptors that it keeps under the
    same numbers. ``address_space`` False lifts RLIMIT_AS (sanitizers reserve terabytes) and leaves memory to the counters.
    ``devices`` are device files (or folders of them) of a GPU, which it may open at their own path.
    """

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    executables: frozenset[str] = frozenset()
    stdin: bytes = b""
    environment: Mapping[str, str] = field(default_factory=dict)
    read_only: tuple[Path, ...] = ()
    artifacts: tuple[str, ...] = ()
    inherit: tuple[int, ...] = ()
    bounds: Bounds = Bounds()
    address_space: bool = True
    devices: tuple[Path, ...] = ()


Cause = Literal["exit", "wall", "memory", "output", "processes", "files", "watch"]


@dataclass(frozen=True)
class Outcome:
    """How it ended. ``cause`` is from the host's clock and counters, never from what the command claims.

    ``exit_code`` is None when a signal ended it; ``watch`` means that the watcher asked for the end.
    """

    cause: Cause
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    artifacts: Mapping[str, bytes]
    wall_s: float
    cpu_s: float
    peak_memory_bytes: int


Watch = Callable[[], Awaitable[None]]


class Runner(Protocol):
    """Runs commands. After ``run`` returns, raises or is cancelled, no process and no file of the command is left."""

    @property
    def name(self) -> Literal["sandboxed", "trusted"]: ...

    async def run(self, command: Command, watch: Watch | None = None) -> Outcome:
        """Run to its end; when ``watch`` returns first, the command is killed. Raises ``SandboxUnavailable``."""
        ...
