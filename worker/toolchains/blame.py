"""Words for what the ranks of a program do, wait for and ended with: a report that a person can act on.

Limits: the words rest on what the shim wrote; a message that was sent with another tag is told by the last one sent between two
ranks only.
"""

from __future__ import annotations

import signal as signals
from collections.abc import Mapping, Sequence

from codepar.protocols import Diagnostic
from worker.toolchains.board import ANY, NONE, NOWHERE, Flag, Kind, Op, Phase, RankState, Waiting
from worker.toolchains.places import Place

Places = Mapping[int, Place]
"""The line of each address that has one."""

_ASKED_IN_VAIN = 100


def sites_of(states: Sequence[RankState]) -> frozenset[int]:
    """All addresses that the words below may name."""
    sites = {state.site for state in states}
    for state in states:
        calls = [*state.calls, *([state.poll] if state.poll else [])]
        sites |= {call.site for call in calls} | {op.site for call in calls for op in call.ops}
        if state.mismatch:
            sites |= {state.mismatch.site, state.mismatch.other_site}
    return frozenset(sites - {0})


def describe_call(call: Waiting) -> str:
    """The call as a programmer would write it, for example ``MPI_Recv(source=1, tag=7)``."""
    own = [op for op in call.ops if op.call == call.call]
    if len(own) == len(call.ops) and not call.unknown:
        return f"{call.call}({', '.join(_arguments(own))})"
    shown = [f"{op.call}({', '.join(_arguments([op]))})" for op in call.ops[:3]]
    more = len(call.ops) - len(shown) + call.more + call.unknown
    return f"{call.call}({', '.join(shown)}{' and ' if shown and more else ''}{f'{more} more' if more else ''})"


def _arguments(ops: Sequence[Op]) -> list[str]:
    both = len({op.kind for op in ops} & {Kind.SEND, Kind.RECV}) == 2
    words = []
    for op in ops:
        if op.kind == Kind.SEND:
            words += [f"dest={_peer(op.peer)}", f"{'sendtag' if both else 'tag'}={_peer(op.tag)}"]
        elif op.kind == Kind.RECV:
            words += [f"source={_peer(op.peer)}", f"{'recvtag' if both else 'tag'}={_peer(op.tag)}"]
        elif op.kind == Kind.COLLECTIVE and op.root != NONE:
            words.append(f"root={op.root}")
        elif op.peer != NONE:
            words.append(f"rank={op.peer}")
    return words


def _peer(value: int) -> str:
    return {ANY: "any", NOWHERE: "none", NONE: "?"}.get(value, str(value))


def explain_hang(states: Sequence[RankState], kind: str, places: Places) -> tuple[Diagnostic, ...]:
    """One diagnostic a rank (and thread that waits): the call it waits in, or that it was in its own code."""
    found = []
    for state in states:
        waiting = [call for call in state.calls if call.is_blocked]
        if waiting and not state.is_over:
            found += [placed(kind, state.rank, _waits(state.rank, call, len(states)), call.site, places) for call in waiting]
        elif _only_asks(state) and state.poll is not None:
            message = f"rank {state.rank} asks with {describe_call(state.poll)}, {state.polls} times without an answer"
            found.append(placed(kind, state.rank, message, state.poll.site, places))
        else:
            found.append(placed(kind, state.rank, where(state), 0, places))
    return tuple(found)


def _waits(rank: int, call: Waiting, ranks: int) -> str:
    size = min((op.team_size for op in call.ops if op.team_size), default=0)
    among = f" among {size} of the ranks" if 0 < size < ranks else ""
    return f"rank {rank} waits in {describe_call(call)}{among}"


def _only_asks(state: RankState) -> bool:
    return not state.is_over and state.poll is not None and state.polls > _ASKED_IN_VAIN and state.site == state.poll.site


def where(state: RankState) -> str:
    """What a rank does that waits in no call."""
    if state.phase == Phase.EXITED:
        how = "after MPI_Finalize" if Flag.FINALIZED in state.flags else "without MPI_Finalize"
        return f"rank {state.rank} has exited {how}"
    if Flag.FINALIZED in state.flags:
        return f"rank {state.rank} is past MPI_Finalize"
    if not state.attached:
        return f"rank {state.rank} has not called MPI_Init"
    return f"rank {state.rank} is in its own code"


def explain_end(states: Sequence[RankState], places: Places) -> tuple[Diagnostic, ...]:
    """What ended ranks badly: signals, MPI_Abort, exits without MPI_Finalize, exit codes. Empty when all ended well."""
    found = []
    for state in states:
        if Flag.ABORTED in state.flags:
            message = f"rank {state.rank} called MPI_Abort with code {state.exit_code}"
            found.append(placed("abort", state.rank, message, state.site, places))
        elif Flag.SIGNALLED in state.flags:
            name = _signal_name(state.signal)
            call = state.calls[0] if state.calls else None
            message = f"failed in {describe_call(call)} ({name})" if call else f"was ended by {name}"
            found.append(placed("signal", state.rank, f"rank {state.rank} {message}", call.site if call else state.site, places))
        elif state.phase == Phase.EXITED:
            found += _bad_exit(state, places)
    return tuple(found)


def explain_cut_off(states: Sequence[RankState]) -> tuple[Diagnostic, ...]:
    """Ranks that were neither through nor gone when their launcher said that all went well: it was made to say so."""
    cut = (state for state in states if Flag.INITIALISED in state.flags and not state.is_over)
    return tuple(
        Diagnostic(kind="exit", message=f"the launcher ended before rank {state.rank} came to MPI_Finalize", rank=state.rank)
        for state in cut
    )


def _bad_exit(state: RankState, places: Places) -> list[Diagnostic]:
    message = f"rank {state.rank} exited with code {state.exit_code}"
    unfinished = Flag.INITIALISED in state.flags and Flag.FINALIZED not in state.flags
    if unfinished and state.exit_code and state.calls:
        # An MPI library that meets an error ends the process from within the call.
        call = state.calls[0]
        return [placed("exit", state.rank, f"{message} in {describe_call(call)}", call.site, places)]
    if unfinished:
        return [placed("exit", state.rank, f"{message} without MPI_Finalize", 0, places)]
    return [placed("exit", state.rank, message, 0, places)] if state.exit_code else []


def _signal_name(number: int) -> str:
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"


def placed(kind: str, rank: int | None, message: str, site: int, places: Places) -> Diagnostic:
    """A diagnostic that names the line of ``site`` where it is known."""
    place = places.get(site)
    if place is None:
        return Diagnostic(kind=kind, message=message, rank=rank)
    return Diagnostic(kind=kind, message=f"{message} at {place.file}:{place.line}", file=place.file, line=place.line, rank=rank)
