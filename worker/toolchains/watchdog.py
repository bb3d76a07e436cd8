"""Deadlock told from slow: the judge of what the ranks of an MPI program say they are doing.

A hang is a deadlock only when every rank sits in a blocking call (or has finalised or exited), nothing has moved for a while,
and no call can be served by what the others are in. Limits: works on what the shim wrote, which the program can forge, so it may
turn a timeout into a deadlock and nothing else; loops over MPI_Test or MPI_Iprobe count as running and end as timeouts.
"""

from __future__ import annotations

import asyncio
import signal as signals
import time
from collections.abc import Mapping, Sequence

from codepar.protocols import Diagnostic
from worker.toolchains.places import Place
from worker.toolchains.shim import ANY, NONE, NOWHERE, Flag, Phase, RankBoard, RankState

SETTLE_S = 2.0
# A transfer that is under way moves no counter; at this rate even a busy machine would have finished it.
_BYTES_A_SECOND = 50e6
_POLL_S = 0.2
_RECEIVES = frozenset({"MPI_Recv", "MPI_Probe", "MPI_Mprobe", "MPI_Sendrecv", "MPI_Sendrecv_replace"})
_ONE_SIDED = frozenset({"MPI_Win_fence", "MPI_Win_lock", "MPI_Win_wait"})


async def until_deadlock(board: RankBoard) -> None:
    """Return once the ranks are in a deadlock."""
    seen: tuple[int, ...] = ()
    since = time.monotonic()
    while True:
        await asyncio.sleep(_POLL_S)
        states = board.read()
        now = time.monotonic()
        progress = tuple(state.progress for state in states)
        if progress != seen or not is_stuck(states):
            seen, since = progress, now
        elif now - since >= patience_s(states):
            return


def patience_s(states: Sequence[RankState]) -> float:
    """How long nothing may move: longer when the calls carry much data."""
    return SETTLE_S + sum(state.bytes for state in states if state.is_blocked) / _BYTES_A_SECOND


def is_stuck(states: Sequence[RankState]) -> bool:
    """Whether no rank can go on: each is over or blocked, and none of the blocked is served by what the others are in."""
    if not all(state.attached and (state.is_over or state.is_blocked) for state in states):
        return False
    waiting = [state for state in states if state.is_blocked and Flag.FINALIZED not in state.flags]
    return bool(waiting) and not any(_is_served(state, waiting) for state in waiting)


def _is_served(state: RankState, waiting: Sequence[RankState]) -> bool:
    if state.dest != NONE and state.call not in _ONE_SIDED:
        return any(_match(state, other) for other in waiting)
    if "()" in state.requests:
        # All wait for the same nonblocking collective.
        return all(other.requests == state.requests for other in waiting)
    if state.comm_size and state.source == NONE:
        same = [other for other in waiting if _kind(other) == _kind(state)]
        return len(same) >= state.comm_size
    return False


def _kind(state: RankState) -> tuple[str, int, int]:
    return (state.call, state.comm_hash, state.root)


def _match(sender: RankState, receiver: RankState) -> bool:
    """Whether the receiver takes what the sender offers."""
    if sender.dest_world == NOWHERE or receiver.call not in _RECEIVES or sender.comm_hash != receiver.comm_hash:
        return sender.dest_world == NOWHERE
    return (
        sender.dest_world == receiver.rank
        and receiver.source_world in {ANY, sender.rank}
        and receiver.source_tag in {ANY, sender.dest_tag}
    )


def describe_call(state: RankState) -> str:
    """The call as a programmer would write it, for example ``MPI_Recv(source=1, tag=7)``."""
    if state.requests:
        return f"{state.call}({state.requests})"
    sends = state.dest != NONE
    receives = state.source != NONE
    words = []
    if sends:
        words.append(f"dest={_peer(state.dest)}")
        words.append(f"{'sendtag' if receives else 'tag'}={_peer(state.dest_tag)}")
    if receives:
        words.append(f"source={_peer(state.source)}")
        words.append(f"{'recvtag' if sends else 'tag'}={_peer(state.source_tag)}")
    if state.root != NONE:
        words.append(f"root={state.root}")
    return f"{state.call}({', '.join(words)})"


def _peer(value: int) -> str:
    return {ANY: "any", NOWHERE: "none", NONE: "?"}.get(value, str(value))


def explain_hang(states: Sequence[RankState], kind: str, places: Mapping[int, Place]) -> tuple[Diagnostic, ...]:
    """One diagnostic a rank: the call it waits in, or that it was in its own code. ``places`` are by rank."""
    return tuple(_placed(kind, state.rank, _doing(state, len(states)), places) for state in states)


def _doing(state: RankState, ranks: int) -> str:
    if state.phase == Phase.EXITED:
        how = "after MPI_Finalize" if Flag.FINALIZED in state.flags else "without MPI_Finalize"
        return f"rank {state.rank} has exited {how}"
    if Flag.FINALIZED in state.flags:
        return f"rank {state.rank} is past MPI_Finalize"
    if state.is_blocked:
        among = f" among {state.comm_size} of the ranks" if 0 < state.comm_size < ranks else ""
        return f"rank {state.rank} waits in {describe_call(state)}{among}"
    return f"rank {state.rank} is in its own code" + (f", last in {state.call}" if state.call else "")


def explain_end(states: Sequence[RankState], places: Mapping[int, Place]) -> tuple[Diagnostic, ...]:
    """What ended ranks badly: signals, MPI_Abort, exits without MPI_Finalize, exit codes. Empty when all ended well."""
    found = []
    for state in states:
        if Flag.ABORTED in state.flags:
            found.append(_placed("abort", state.rank, f"rank {state.rank} called MPI_Abort with code {state.exit_code}", places))
        elif Flag.SIGNALLED in state.flags:
            name = _signal_name(state.signal)
            message = f"failed in {describe_call(state)} ({name})" if state.in_call else f"was ended by {name}"
            message = f"rank {state.rank} {message}"
            found.append(_placed("signal", state.rank, message, places))
        elif state.phase == Phase.EXITED:
            found += _bad_exit(state, places)
    return tuple(found)


def _bad_exit(state: RankState, places: Mapping[int, Place]) -> list[Diagnostic]:
    message = f"rank {state.rank} exited with code {state.exit_code}"
    unfinished = Flag.INITIALISED in state.flags and Flag.FINALIZED not in state.flags
    if unfinished and state.exit_code and state.in_call:
        # An MPI library that meets an error ends the process from within the call.
        return [_placed("exit", state.rank, f"{message} in {describe_call(state)}", places)]
    if unfinished:
        return [_placed("exit", state.rank, f"{message} without MPI_Finalize", {})]
    return [_placed("exit", state.rank, message, {})] if state.exit_code else []


def _signal_name(number: int) -> str:
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _placed(kind: str, rank: int, message: str, places: Mapping[int, Place]) -> Diagnostic:
    place = places.get(rank)
    if place is None:
        return Diagnostic(kind=kind, message=message, rank=rank)
    return Diagnostic(kind=kind, message=f"{message} at {place.file}:{place.line}", file=place.file, line=place.line, rank=rank)
