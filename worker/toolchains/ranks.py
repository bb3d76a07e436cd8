"""Standard output of each rank by itself: one pipe a rank, opened by a script that the launcher starts instead of the program.
Standard error has a pipe too, one for all: a launcher that ends its ranks may drop their last words.

Launchers close descriptors (Open MPI) or mix and relabel lines (all), so the script opens its pipe through ``/proc`` of the
launching shell. Bytes are exact, a full pipe stops the rank, and the sum over ranks is capped. MPICH turns the buffer of
standard output off, so that a line comes in pieces: the merged output takes whole lines. Limits: the lines
of standard error do not say whose they are; a program that writes to another rank's pipe forges only its own result.
"""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import Self

LAUNCH = ".codepar/launch"
RANK = ".codepar/rank"
COUNTS = "CODEPAR_COUNTS"
"""Variable that asks for counts of executed lines by rank."""

_CHUNK = 65536
# $$ is the shell that keeps the descriptors open for as long as the launcher runs.
_LAUNCH_SCRIPT = 'CODEPAR_SHELL=$$\nexport CODEPAR_SHELL\n"$@"\nexit $?\n'


class RankOutput:
    """The pipes of one run. Use as a context manager inside a running event loop; ``inherit`` goes to the command."""

    def __init__(self, ranks: int, cap_bytes: int) -> None:
        self._cap = cap_bytes
        self._total = 0
        self._ranks = [bytearray() for _ in range(ranks)]
        self._merged = bytearray()
        self._begun = [bytearray() for _ in range(ranks)]
        self._errors = bytearray()
        self._readers: list[int] = []
        self._writers: list[int] = []
        self._overflow = asyncio.Event()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for stream in (*range(len(self._ranks)), None):
            reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            self._readers.append(reader)
            self._writers.append(writer)
            # The box runs under another account, which opens the pipe anew through /proc.
            os.fchmod(writer, 0o666)
            loop.add_reader(reader, self._read, stream)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        loop = asyncio.get_running_loop()
        for reader in self._readers:
            loop.remove_reader(reader)
        for descriptor in (*self._readers, *self._writers):
            os.close(descriptor)

    @property
    def inherit(self) -> tuple[int, ...]:
        """Descriptors that the command must keep."""
        return tuple(self._writers)

    def files(self, preload: str | None, shared: int | None) -> dict[str, bytes]:
        """The two scripts. ``preload`` is a library for the ranks alone, ``shared`` a descriptor that it opens."""
        lines = ["case ${PMI_RANK:-${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}} in"]
        lines += [f"{rank}) fd={writer};;" for rank, writer in enumerate(self._writers[:-1])]
        lines.append("esac")
        # Where work is counted, each rank leaves counts of its own.
        lines.append(
            f'[ -z "${COUNTS}" ] || export GCOV_PREFIX="$GCOV_PREFIX/${{PMI_RANK:-${{OMPI_COMM_WORLD_RANK:-$PMIX_RANK}}}}"'
        )
        if preload is not None and shared is not None:
            lines.append(f"CODEPAR_SHIM=/proc/$CODEPAR_SHELL/fd/{shared}")
            lines.append(f'LD_PRELOAD="$PWD/{preload}${{LD_PRELOAD:+:$LD_PRELOAD}}"')
            lines.append("export CODEPAR_SHIM LD_PRELOAD")
        lines.append(f'exec "$@" >/proc/$CODEPAR_SHELL/fd/$fd 2>/proc/$CODEPAR_SHELL/fd/{self._writers[-1]}\n')
        return {LAUNCH: _LAUNCH_SCRIPT.encode(), RANK: "\n".join(lines).encode()}

    async def overflow(self) -> None:
        """Return once the ranks have written more than the cap."""
        await self._overflow.wait()

    @property
    def overflowed(self) -> bool:
        return self._overflow.is_set()

    def drain(self) -> None:
        """Take what is still in the pipes; call it when every writer is dead."""
        for stream in (*range(len(self._ranks)), None):
            while self._read(stream):
                pass

    def of_ranks(self) -> tuple[bytes, ...]:
        return tuple(bytes(content) for content in self._ranks)

    def merged(self) -> bytes:
        """All ranks' lines in the order in which their ends arrived; lines without an end come last, by rank."""
        return bytes(self._merged) + b"".join(self._begun)

    def errors(self) -> bytes:
        """All ranks' standard error in the order in which it arrived."""
        return bytes(self._errors)

    def _read(self, rank: int | None) -> bool:
        """Take a piece of a rank's output, or of the errors for None. False when there is no more for now."""
        try:
            piece = os.read(self._readers[-1 if rank is None else rank], _CHUNK)
        except BlockingIOError:
            return False
        room = self._cap - (len(self._errors) if rank is None else self._total)
        kept = piece[:room]
        if rank is None:
            self._errors += kept
        else:
            self._total += len(kept)
            self._ranks[rank] += kept
            self._merge(rank, kept)
        if len(kept) < len(piece):
            self._overflow.set()
            return False
        return bool(piece)

    def _merge(self, rank: int, piece: bytes) -> None:
        """Pass on the lines of a rank that end in ``piece``, and keep what begins another."""
        end = piece.rfind(b"\n") + 1
        if end:
            self._merged += self._begun[rank] + piece[:end]
            self._begun[rank].clear()
        self._begun[rank] += piece[end:]


def command(launcher: tuple[str, ...], program: tuple[str, ...]) -> tuple[str, ...]:
    """The command line: the launching shell, the launcher, a shell a rank that becomes the program."""
    return ("/bin/sh", LAUNCH, *launcher, "/bin/sh", RANK, *program)
