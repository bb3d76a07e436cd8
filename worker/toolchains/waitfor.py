"""Who can still go on: the wait-for relation of the ranks of an MPI program, from what the shim wrote.

A rank can go on when it is in its own code, or when something that it waits for can still come from a rank that can, or is under
way already: a send meets its receive, a collective has all its ranks. All others are stuck for good, whatever time passes.
Limits: judged in the program's favour wherever the shim does not know; of several operations one that can be served is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from worker.toolchains.board import ANY, FINALIZE_TEAM, NONE, NOWHERE, Flag, Kind, Op, RankState, Waiting

# Whoever has one of these may be served by something that is not seen.
_UNSEEN = Flag.CONNECTED | Flag.CROWDED
# Here no rank can return before all have entered, whatever the library does.
_ALL_WAIT = frozenset(
    {
        "mpi_barrier",
        "mpi_allreduce",
        "mpi_allgather",
        "mpi_alltoall",
        "mpi_reduce_scatter_block",
        "mpi_comm_dup",
        "mpi_comm_split",
        "mpi_finalize",
    }
)


def stuck_ranks(states: Sequence[RankState]) -> frozenset[int]:
    """The ranks that wait and can never go on. Empty when all can, or where something is not seen."""
    if any(state.flags & _UNSEEN for state in states):
        return frozenset()
    by_rank = {state.rank: state for state in states}
    broken = broken_teams(states)
    free = {state.rank for state in states if not state.is_over and not state.is_blocked}
    grown = True
    while grown:
        new = {
            state.rank
            for state in states
            if state.rank not in free and not state.is_over and _can_go_on(state, by_rank, free, broken)
        }
        free |= new
        grown = bool(new)
    return frozenset(state.rank for state in states if state.rank not in free and not state.is_over)


def broken_teams(states: Sequence[RankState]) -> frozenset[int]:
    """Communicators in which two ranks called a collective differently: nothing there need ever end."""
    return frozenset(state.mismatch.team for state in states if state.mismatch is not None)


def _can_go_on(state: RankState, states: Mapping[int, RankState], free: Collection[int], broken: Collection[int]) -> bool:
    return any(_may_return(call, state.rank, states, free, broken) for call in state.calls if call.is_blocked)


def _may_return(
    call: Waiting, rank: int, states: Mapping[int, RankState], free: Collection[int], broken: Collection[int]
) -> bool:
    if call.unknown or (call.more and any(other != rank for other in free)):
        return True
    # A call that waits for nothing (no request is active) returns by itself; what the shim has no description of, too.
    return not call.ops or any(_is_served(op, rank, states, free, broken) for op in call.ops)


def _is_served(op: Op, rank: int, states: Mapping[int, RankState], free: Collection[int], broken: Collection[int]) -> bool:
    match op.kind:
        case Kind.SEND | Kind.RECV:
            return _is_message_served(op, rank, states, free)
        case Kind.COLLECTIVE:
            return _is_collective_served(op, rank, states, free, broken)
        case Kind.ACCESS | Kind.EXPOSE:
            return _is_epoch_served(op, rank, states, free)
        case Kind.LOCK:
            return any(other != rank for other in free)
        case _:
            return True


def _is_message_served(op: Op, rank: int, states: Mapping[int, RankState], free: Collection[int]) -> bool:
    if op.peer_world in {NOWHERE, NONE}:
        return True
    if op.peer_world == ANY:
        return any(other != rank for other in free) or any(_meets(op, rank, states[other]) for other in states if other != rank)
    if op.peer_world not in states or op.peer_world in free:
        return True
    return _meets(op, rank, states[op.peer_world])


def _meets(op: Op, rank: int, partner: RankState) -> bool:
    """Whether the partner waits in the other half of this message."""
    return any(_match(op, rank, other, partner.rank) for call in partner.calls if call.is_blocked for other in call.ops)


def _match(op: Op, rank: int, other: Op, other_rank: int) -> bool:
    if {op.kind, other.kind} != {Kind.SEND, Kind.RECV} or op.team != other.team:
        return False
    send, sender, receive, receiver = (op, rank, other, other_rank) if op.kind == Kind.SEND else (other, other_rank, op, rank)
    return send.peer_world == receiver and receive.peer_world in {ANY, sender} and receive.tag in {ANY, send.tag}


def _is_collective_served(
    op: Op, rank: int, states: Mapping[int, RankState], free: Collection[int], broken: Collection[int]
) -> bool:
    absent = absent_ranks(op, rank, states)
    if absent is None:
        return True
    if op.team in broken and not absent:
        members = [other for other, state in states.items() if op.team in state.entered and other != rank]
        return any(other in free for other in members)
    # A call that need not hold up each rank until all have come may return with those that will; in doubt it does.
    enough = all if op.call.replace("MPI_I", "MPI_").lower() in _ALL_WAIT else any
    return not absent or enough(other in free for other in absent)


def absent_ranks(op: Op, rank: int, states: Mapping[int, RankState]) -> frozenset[int] | None:
    """The ranks that have not entered this collective; None where the shim does not know all of its ranks."""
    if op.team == FINALIZE_TEAM:
        return frozenset(other for other, state in states.items() if other != rank and not is_finalizing(state))
    members = {other: state.entered[op.team] for other, state in states.items() if op.team in state.entered}
    if not op.team or len(members) < op.team_size:
        return None
    return frozenset(other for other, entered in members.items() if entered < op.sequence)


def is_finalizing(state: RankState) -> bool:
    """Whether it has called MPI_Finalize."""
    return Flag.FINALIZED in state.flags or any(call.call == "MPI_Finalize" for call in state.calls)


def _is_epoch_served(op: Op, rank: int, states: Mapping[int, RankState], free: Collection[int]) -> bool:
    if op.peer_world in {NOWHERE, NONE} or op.peer_world not in states or op.peer_world in free:
        return True
    wanted = Kind.EXPOSE if op.kind == Kind.ACCESS else Kind.ACCESS
    partner = states[op.peer_world]
    return any(
        other.kind == wanted and other.team == op.team and other.peer_world == rank
        for call in partner.calls
        if call.is_blocked
        for other in call.ops
    )
