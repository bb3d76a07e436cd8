"""The memory in which each rank of a run says what it is doing, read from outside; its layout is that of ``pmpi/board.h``.

In the sandbox it is a sealed memfd, so the code under test can lie in it but not shrink it; for a run of a person's own it is a
file. Limits: all of it can be forged, and a slot that is just being written may be half old.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from pathlib import Path
from types import TracebackType
from typing import Self

_VERSION = 2
_HEADER_BYTES, _NOTICE_BYTES, _SLOT_BYTES, _PAGE = 4096, 64 * 1024, 10240, 4096
_SIZES, _CALLSITES, _TEAMS, _LANES = 40, 192, 128, 8
_HEADER = struct.Struct("<8sIIII")
_SLOT = struct.Struct("<IIQQQQQQIIii256s")
_MISMATCH = struct.Struct("<IIiiiIQQ32s32s")
_LANE = struct.Struct("<IIIIIIQQ32s")
_OP = struct.Struct("<iiiiiIIIQQ32s")
_CALLSITE = struct.Struct("<32sQQQQQ")
_PEER = struct.Struct("<QQQiI")
_LISTED = 8

# How the shim writes peers and tags: not part of this call, MPI_ANY_SOURCE or MPI_ANY_TAG, MPI_PROC_NULL.
NONE = -1000
ANY = -1
NOWHERE = -2
FINALIZE_TEAM = 3
WORLD_TEAM = 1


class Phase(IntEnum):
    """Where a rank is: in its own code, in a blocking MPI call, or gone."""

    RUNNING = 0
    BLOCKED = 1
    EXITED = 2


class Flag(IntFlag):
    """What a rank has done. ``CONNECTED``: other programs' ranks may serve it; ``CROWDED``: it has more than the shim follows."""

    INITIALISED = 1
    FINALIZED = 2
    ABORTED = 4
    SIGNALLED = 8
    CONNECTED = 16
    CROWDED = 32
    MISMATCHED = 64


class Kind(IntEnum):
    """What an operation waits for. ``EXPOSE`` and ``ACCESS`` are the two sides of a window's epoch."""

    SEND = 1
    RECV = 2
    COLLECTIVE = 3
    LOCK = 4
    EXPOSE = 5
    ACCESS = 6
    UNKNOWN = 7


@dataclass(frozen=True)
class Op:
    """One operation. ``peer`` counts in the call's communicator, ``peer_world`` in MPI_COMM_WORLD; ``site`` started it.

    ``team`` names the communicator, window or file alike in all its ranks; ``sequence`` is the number of a collective in it.
    """

    kind: int
    peer: int = NONE
    peer_world: int = NONE
    tag: int = NONE
    root: int = NONE
    team: int = 0
    team_size: int = 0
    sequence: int = 0
    bytes: int = 0
    site: int = 0
    call: str = ""


@dataclass(frozen=True)
class Waiting:
    """One thread's call. ``more`` operations are not listed, ``unknown`` requests were not seen; ``is_any``: one will do."""

    call: str
    ops: tuple[Op, ...] = ()
    more: int = 0
    unknown: int = 0
    is_any: bool = False
    is_blocked: bool = True
    site: int = 0
    since_ns: int = 0

    @property
    def bytes(self) -> int:
        """What it may move at most, as far as that is known."""
        return sum(op.bytes for op in self.ops)


@dataclass(frozen=True)
class Mismatch:
    """A collective of a team that two ranks called differently. ``is_amount``: the same call with other amounts of data."""

    team: int
    sequence: int
    call: str
    root: int
    site: int
    other_rank: int
    other_call: str
    other_root: int
    other_site: int
    is_amount: bool


@dataclass(frozen=True)
class RankState:
    """One slot. Addresses are of the program as linked (0: unknown). Times are of the monotonic clock, in nanoseconds.

    ``entered`` holds, by team, the number of the last collective that the rank has entered; ``poll`` what it asked for in vain.
    """

    rank: int
    attached: bool = True
    phase: int = Phase.RUNNING
    progress: int = 1
    polls: int = 0
    flags: Flag = Flag.INITIALISED
    exit_code: int = 0
    signal: int = 0
    site: int = 0
    began_ns: int = 0
    ended_ns: int = 0
    polled_ns: int = 0
    world_size: int = 0
    program: str = ""
    calls: tuple[Waiting, ...] = ()
    poll: Waiting | None = None
    mismatch: Mismatch | None = None
    entered: dict[int, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it can send nothing any more."""
        return self.phase == Phase.EXITED or Flag.FINALIZED in self.flags

    @property
    def is_blocked(self) -> bool:
        return self.phase == Phase.BLOCKED and any(call.is_blocked for call in self.calls)


@dataclass(frozen=True)
class Callsite:
    """What one call at one line cost a rank: how often, nanoseconds in all and at most, bytes of its own."""

    call: str
    site: int
    count: int
    time_ns: int
    longest_ns: int
    bytes: int


@dataclass(frozen=True)
class Sent:
    """Messages to one rank of MPI_COMM_WORLD: how many, bytes, and the last one's line, tag and communicator."""

    dest: int
    messages: int
    bytes: int
    site: int
    tag: int
    team: int


@dataclass(frozen=True)
class Counters:
    """What one rank did in MPI. ``sizes[k]`` counts messages of 2**(k-1) to 2**k - 1 bytes, ``sizes[0]`` empty ones."""

    callsites: tuple[Callsite, ...]
    sent: tuple[Sent, ...]
    sizes: tuple[int, ...]


def _stride(ranks: int) -> int:
    size = _SLOT_BYTES + 8 * _SIZES + _CALLSITE.size * _CALLSITES + _PEER.size * ranks
    return -(-size // _PAGE) * _PAGE


class RankBoard:
    """The slots of one run. Use as a context manager; ``descriptor`` goes to the command. ``path``: a file instead of a memfd."""

    def __init__(self, ranks: int, path: Path | None = None) -> None:
        self._ranks = ranks
        self._path = path
        self._stride = _stride(ranks)
        self.descriptor = -1

    def __enter__(self) -> Self:
        size = _HEADER_BYTES + _NOTICE_BYTES + self._ranks * self._stride
        if self._path is None:
            self.descriptor = os.memfd_create("codepar-ranks", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.ftruncate(self.descriptor, size)
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        else:
            self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            os.ftruncate(self.descriptor, size)
        os.pwrite(self.descriptor, _HEADER.pack(b"codepar\0", _VERSION, self._ranks, self._stride, 1024), 0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self.descriptor)

    def read(self) -> tuple[RankState, ...]:
        """All slots as they are now."""
        return tuple(_state(rank, self._area(rank, 0, _SLOT_BYTES)) for rank in range(self._ranks))

    def read_attached(self) -> tuple[RankState, ...]:
        """The slots of as many ranks as the program says it has: of a board that was made larger than needed."""
        first = _state(0, self._area(0, 0, _SLOT_BYTES))
        known = min(first.world_size, self._ranks) if first.attached else 0
        return tuple(_state(rank, self._area(rank, 0, _SLOT_BYTES)) for rank in range(known))

    def counters(self, ranks: int | None = None) -> tuple[Counters, ...]:
        """The counters of each of the first ``ranks``."""
        known = self._ranks if ranks is None else min(ranks, self._ranks)
        return tuple(_counters(self._area(rank, _SLOT_BYTES, self._stride - _SLOT_BYTES), known) for rank in range(known))

    def _area(self, rank: int, start: int, size: int) -> bytes:
        return os.pread(self.descriptor, size, _HEADER_BYTES + _NOTICE_BYTES + rank * self._stride + start)


def _state(rank: int, content: bytes) -> RankState:
    head = _SLOT.unpack_from(content)
    pid, phase, progress, polls, began, ended, polled, site, flags, world_size, exit_code, signal, program = head
    if not pid:
        return RankState(rank=rank, attached=False, progress=0, flags=Flag(0))
    at = _SLOT.size
    entered_at = at + _MISMATCH.size
    poll_at = entered_at + 8 * _TEAMS
    lane_bytes = _LANE.size + _LISTED * _OP.size
    entered = struct.unpack_from(f"<{2 * _TEAMS}I", content, entered_at)
    lanes = [_lane(content, poll_at + lane_bytes * (1 + number)) for number in range(_LANES)]
    known = Flag(flags & 127)
    return RankState(
        rank=rank,
        phase=phase,
        progress=progress,
        polls=polls,
        flags=known,
        exit_code=exit_code,
        signal=signal,
        site=site,
        began_ns=began,
        ended_ns=ended,
        polled_ns=polled,
        world_size=world_size,
        program=_text(program),
        calls=tuple(lane for lane in lanes if lane is not None),
        poll=_lane(content, poll_at, is_poll=True) if polls else None,
        mismatch=_mismatch(content, at) if Flag.MISMATCHED in known else None,
        entered={team: count for team, count in zip(entered[::2], entered[1::2], strict=True) if team},
    )


def _mismatch(content: bytes, at: int) -> Mismatch:
    team, sequence, root, other_rank, other_root, is_amount, site, other_site, call, other = _MISMATCH.unpack_from(content, at)
    return Mismatch(team, sequence, _text(call), root, site, other_rank, _text(other), other_root, other_site, is_amount != 0)


def _lane(content: bytes, at: int, *, is_poll: bool = False) -> Waiting | None:
    state, _, mode, count, more, unknown, site, since, call = _LANE.unpack_from(content, at)
    if not state and not is_poll:
        return None
    start = at + _LANE.size
    ops = tuple(_op(content, start + _OP.size * number) for number in range(min(count, _LISTED)))
    return Waiting(_text(call), ops, more, unknown, mode == 1, state == 1, site, since)


def _op(content: bytes, at: int) -> Op:
    *numbers, call = _OP.unpack_from(content, at)
    kind, peer, peer_world, tag, root, team, team_size, sequence, size, site = numbers
    return Op(kind, peer, peer_world, tag, root, team, team_size, sequence, size, site, _text(call))


def _counters(content: bytes, ranks: int) -> Counters:
    sizes = struct.unpack_from(f"<{_SIZES}Q", content)
    return Counters(tuple(_callsites(content)), tuple(_sent(content, ranks)), sizes)


def _callsites(content: bytes) -> Iterator[Callsite]:
    for number in range(_CALLSITES):
        call, site, count, time_ns, longest_ns, size = _CALLSITE.unpack_from(content, 8 * _SIZES + number * _CALLSITE.size)
        if count:
            yield Callsite(_text(call), site, count, time_ns, longest_ns, size)


def _sent(content: bytes, ranks: int) -> Iterator[Sent]:
    start = 8 * _SIZES + _CALLSITES * _CALLSITE.size
    for dest in range(ranks):
        messages, size, site, tag, team = _PEER.unpack_from(content, start + dest * _PEER.size)
        if messages:
            yield Sent(dest, messages, size, site, tag, team)


def _text(field: bytes) -> str:
    text = field.split(b"\0", 1)[0].decode("utf-8", errors="replace")
    # A forged name must not steer the terminal that shows it.
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
