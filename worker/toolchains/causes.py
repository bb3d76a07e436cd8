"""Why ranks wait for ever: who needs what from whom, followed to a cycle, to a rank that is gone, or to calls that do not match.

Limits: follows one thing that each rank needs, the first that nobody can give; at most a few causes are named, those of the
lowest ranks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from codepar.protocols import Diagnostic
from worker.toolchains.blame import Places, placed, where
from worker.toolchains.board import ANY, NONE, WORLD_TEAM, Counters, Kind, Mismatch, Op, RankState, Sent
from worker.toolchains.waitfor import absent_ranks, is_finalizing, stuck_ranks

_MAX_CAUSES = 4
_MAX_LINKS = 6
_MAX_RING = 16


@dataclass(frozen=True)
class _Need:
    """What ``rank`` needs of ``of`` (None: of nobody in particular)."""

    rank: int
    of: int | None
    text: str
    op: Op


def explain_causes(states: Sequence[RankState], counters: Sequence[Counters], places: Places) -> tuple[Diagnostic, ...]:
    """The causes of a deadlock, as diagnostics of kind ``cause`` and ``mismatch``."""
    by_rank = {state.rank: state for state in states}
    stuck = sorted(stuck_ranks(states))
    # Who is in MPI_Finalize gives nothing any more: a chain ends there, as with one that has finished.
    waiting = [rank for rank in stuck if not is_finalizing(by_rank[rank])] or stuck
    needs = {rank: need for rank in waiting if (need := _need(by_rank[rank], by_rank))}
    found = [*explain_mismatches(states, places)]
    told: set[int] = set()
    for rank in needs:
        if rank not in told and len(found) < _MAX_CAUSES:
            chain = _chain(rank, needs)
            told |= {need.rank for need in chain}
            found.append(Diagnostic(kind="cause", message=_tell(chain, by_rank)))
    return (*found, *_hints(needs.values(), by_rank, counters, places))


def explain_mismatches(states: Sequence[RankState], places: Places) -> tuple[Diagnostic, ...]:
    """Collectives that ranks of one communicator called differently, each once."""
    found: dict[tuple[int, int], Diagnostic] = {}
    for state in states:
        if state.mismatch is not None:
            key = (state.mismatch.team, state.mismatch.sequence)
            found.setdefault(key, _mismatch(state.rank, state.mismatch, places))
    return tuple(found[key] for key in sorted(found)[:_MAX_CAUSES])


def _mismatch(rank: int, found: Mismatch, places: Places) -> Diagnostic:
    mine = found.call if found.root == NONE else f"{found.call}(root={found.root})"
    other = found.other_call if found.other_root == NONE else f"{found.other_call}(root={found.other_root})"
    place = places.get(found.other_site)
    there = f" at {place.file}:{place.line}" if place else ""
    why = " with another amount of data" if found.is_amount else ""
    on = f"collective {found.sequence} of {_team(found.team)}"
    return placed(
        "mismatch", rank, f"{on}: rank {found.other_rank} is in {other}{there}, rank {rank} in {mine}{why}", found.site, places
    )


def _team(team: int) -> str:
    return "MPI_COMM_WORLD" if team == WORLD_TEAM else "a communicator"


def _need(state: RankState, states: Mapping[int, RankState]) -> _Need | None:
    ops = [op for call in state.calls if call.is_blocked for op in call.ops]
    return _need_of(state.rank, ops[0], states) if ops else None


def _need_of(rank: int, op: Op, states: Mapping[int, RankState]) -> _Need:
    if op.kind == Kind.COLLECTIVE:
        absent = absent_ranks(op, rank, states) or frozenset()
        who = min(absent, default=None)
        text = f"rank {rank} needs {_ranks(absent)} in {op.call}" if absent else f"rank {rank} is in {op.call}"
        return _Need(rank, who, text, op)
    if op.kind in {Kind.SEND, Kind.RECV} and op.peer_world >= 0:
        what = "to receive" if op.kind == Kind.SEND else "to send"
        tag = "" if op.tag == ANY else f" with tag {op.tag}"
        return _Need(rank, op.peer_world, f"rank {rank} needs rank {op.peer_world} {what}{tag}", op)
    if op.kind in {Kind.ACCESS, Kind.EXPOSE} and op.peer_world >= 0:
        what = "to open its window (MPI_Win_post)" if op.kind == Kind.ACCESS else "to end its access (MPI_Win_complete)"
        return _Need(rank, op.peer_world, f"rank {rank} needs rank {op.peer_world} {what}", op)
    if op.kind == Kind.LOCK:
        return _Need(rank, None, f"rank {rank} waits for a window's lock or target in {op.call}, and no rank can go on", op)
    return _Need(rank, None, f"rank {rank} waits for a message from any rank, and no rank can send one", op)


def _ranks(ranks: Collection[int]) -> str:
    names = ", ".join(str(rank) for rank in sorted(ranks)[:8]) + (", ..." if len(ranks) > 8 else "")
    return f"rank{'' if len(ranks) == 1 else 's'} {names}"


def _chain(rank: int, needs: Mapping[int, _Need]) -> list[_Need]:
    """What is needed, from ``rank`` on, until nothing new is."""
    chain: list[_Need] = []
    at: int | None = rank
    while at is not None and at in needs and all(need.rank != at for need in chain):
        chain.append(needs[at])
        at = needs[at].of
    return chain


def _tell(chain: Sequence[_Need], states: Mapping[int, RankState]) -> str:
    last = chain[-1].of
    texts = [need.text for need in chain]
    if len(texts) > _MAX_LINKS:
        texts = [*texts[: _MAX_LINKS - 1], "and so on"]
    if last is None:
        return "; ".join(texts)
    starts = [position for position, need in enumerate(chain) if need.rank == last]
    if not starts:
        end = where(states[last]) if not states[last].is_blocked else f"rank {last} is in {states[last].calls[0].call}"
        return "; ".join([*texts, end])
    cycle = chain[starts[0] :]
    names = [str(rank) for rank in (*(need.rank for need in cycle), last)]
    ring = " -> ".join(names if len(names) <= _MAX_RING else [*names[: _MAX_RING - 2], "...", names[-1]])
    return f"{'; '.join(texts)}: they wait in a cycle, {ring}" if len(cycle) > 1 else f"{'; '.join(texts)}: it waits for itself"


def _hints(
    needs: Collection[_Need], states: Mapping[int, RankState], counters: Sequence[Counters], places: Places
) -> list[Diagnostic]:
    """Where the partner did send, or offers to, but with another tag or in another communicator."""
    found = []
    for need in needs:
        if need.op.kind != Kind.RECV or need.of is None:
            continue
        sent = _last_sent(need.of, need.rank, counters)
        if sent is not None and _is_other(sent, need.op):
            detail = f"with tag {sent.tag}, not {need.op.tag}" if sent.team == need.op.team else "in another communicator"
            message = f"rank {need.of} last sent to rank {need.rank} {detail},"
            found.append(placed("cause", need.of, message, sent.site, places))
    return found[:_MAX_CAUSES]


def _last_sent(source: int, dest: int, counters: Sequence[Counters]) -> Sent | None:
    if source >= len(counters):
        return None
    return next((sent for sent in counters[source].sent if sent.dest == dest), None)


def _is_other(sent: Sent, op: Op) -> bool:
    return sent.team != op.team or op.tag not in {ANY, sent.tag}
