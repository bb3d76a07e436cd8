"""What a traced run showed: the verdict, time in MPI by call, line and rank, imbalance, traffic. The wire format of ``--json``.

Times are in seconds, sizes in bytes. Limits: collectives are counted by call with the bytes of the rank itself, the matrix holds
messages between two ranks and one-sided transfers (at their origin); times of threads of one rank add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from codepar.protocols import Diagnostic, Record, Status
from worker.toolchains.blame import explain_end, explain_hang, sites_of
from worker.toolchains.board import Callsite, Flag, RankState
from worker.toolchains.causes import explain_causes, explain_mismatches
from worker.toolchains.places import Place
from worker.trace.session import Session

_STATUS = {"deadlock": Status.DEADLOCK, "timeout": Status.TIMEOUT}


class RankTime(Record):
    """One rank: from MPI_Init to its end, in MPI, and in its own code."""

    rank: int
    wall_s: float
    mpi_s: float
    own_s: float
    calls: int


class CallTime(Record):
    """One MPI call over all ranks; ``by_rank_s[r]`` is rank r's time in it."""

    call: str
    count: int
    time_s: float
    longest_s: float
    bytes: int
    by_rank_s: tuple[float, ...]


class LineTime(Record):
    """One MPI call at one line; ``file`` and ``line`` are None where the program has no line tables there."""

    call: str
    file: str | None
    line: int | None
    count: int
    time_s: float
    least_s: float
    most_s: float
    bytes: int


class SizeCount(Record):
    """How many messages have ``from_bytes`` to ``to_bytes`` bytes."""

    from_bytes: int
    to_bytes: int
    messages: int


class Matrix(Record):
    """What rank ``i`` sent to rank ``j``: row i, column j."""

    messages: tuple[tuple[int, ...], ...]
    bytes: tuple[tuple[int, ...], ...]


class TraceReport(Record):
    """All of it. ``imbalance`` is the largest own time over the mean one, less 1: what perfect balance could win of own time."""

    status: Status
    exit_code: int | None
    wall_s: float
    ranks: int
    mpi: str
    diagnostics: tuple[Diagnostic, ...]
    rank_times: tuple[RankTime, ...]
    calls: tuple[CallTime, ...]
    lines: tuple[LineTime, ...]
    sizes: tuple[SizeCount, ...]
    matrix: Matrix
    imbalance: float | None
    has_lines: bool


def addresses(session: Session) -> frozenset[int]:
    """All addresses that a report may name."""
    counted = {site.site for one in session.counters for site in one.callsites}
    sent = {sent.site for one in session.counters for sent in one.sent}
    return frozenset((counted | sent | sites_of(session.states)) - {0})


def report_of(session: Session, mpi: str, places: Mapping[int, Place]) -> TraceReport:
    """The report of a run; ``places`` are the lines of ``addresses(session)``."""
    costs = [_with_waits(state, one.callsites, session) for state, one in zip(session.states, session.counters, strict=True)]
    times = tuple(_rank_time(state, cost, session) for state, cost in zip(session.states, costs, strict=True))
    diagnostics = _diagnostics(session, places)
    return TraceReport(
        status=_status(session, diagnostics),
        exit_code=session.exit_code if session.cause == "exit" else None,
        wall_s=session.wall_s,
        ranks=len(session.states),
        mpi=mpi,
        diagnostics=diagnostics,
        rank_times=times,
        calls=_calls(costs),
        lines=_lines(costs, places),
        sizes=_sizes(session),
        matrix=_matrix(session),
        imbalance=_imbalance([time.own_s for time in times]),
        has_lines=bool(places),
    )


def _status(session: Session, diagnostics: Sequence[Diagnostic]) -> Status:
    if session.cause != "exit":
        return _STATUS[session.cause]
    failed = session.exit_code or any(one.kind in {"abort", "signal", "exit"} for one in diagnostics)
    return Status.RUNTIME_ERROR if failed else Status.OK


def _diagnostics(session: Session, places: Mapping[int, Place]) -> tuple[Diagnostic, ...]:
    states = session.states
    if session.cause == "deadlock":
        return (*explain_hang(states, "deadlock", places), *explain_causes(states, session.counters, places))
    if session.cause == "timeout":
        return (*explain_hang(states, "timeout", places), *explain_mismatches(states, places))
    return (*explain_end(states, places), *explain_mismatches(states, places))


def _with_waits(state: RankState, callsites: Sequence[Callsite], session: Session) -> list[Callsite]:
    """The counters, and the calls in which the rank still was when it was stopped."""
    still = [
        Callsite(call.call, call.site, 1, session.ended_ns - call.since_ns, session.ended_ns - call.since_ns, 0)
        for call in state.calls
        if call.is_blocked and not state.is_over and session.ended_ns > call.since_ns
    ]
    return [*callsites, *still]


def _rank_time(state: RankState, costs: Sequence[Callsite], session: Session) -> RankTime:
    ended = state.ended_ns or session.ended_ns
    wall_s = max(0, ended - state.began_ns) / 1e9 if Flag.INITIALISED in state.flags else 0.0
    mpi_s = sum(cost.time_ns for cost in costs) / 1e9
    return RankTime(
        rank=state.rank,
        wall_s=wall_s,
        mpi_s=mpi_s,
        own_s=max(0.0, wall_s - mpi_s),
        calls=sum(cost.count for cost in costs),
    )


def _calls(costs: Sequence[Sequence[Callsite]]) -> tuple[CallTime, ...]:
    by_call: dict[str, list[list[Callsite]]] = defaultdict(lambda: [[] for _ in costs])
    for rank, own in enumerate(costs):
        for cost in own:
            by_call[cost.call][rank].append(cost)
    found = [_call(name, ranks) for name, ranks in by_call.items()]
    return tuple(sorted(found, key=lambda call: -call.time_s))


def _call(name: str, ranks: Sequence[Sequence[Callsite]]) -> CallTime:
    every = [cost for own in ranks for cost in own]
    by_rank = tuple(sum(cost.time_ns for cost in own) / 1e9 for own in ranks)
    return CallTime(
        call=name,
        count=sum(cost.count for cost in every),
        time_s=sum(by_rank),
        longest_s=max(cost.longest_ns for cost in every) / 1e9,
        bytes=sum(cost.bytes for cost in every),
        by_rank_s=by_rank,
    )


def _lines(costs: Sequence[Sequence[Callsite]], places: Mapping[int, Place]) -> tuple[LineTime, ...]:
    """By call and line: one line may stand at several addresses."""
    by_line: dict[tuple[str, Place | None], list[float]] = defaultdict(lambda: [0.0] * len(costs))
    counts: dict[tuple[str, Place | None], list[int]] = defaultdict(lambda: [0, 0])
    for rank, own in enumerate(costs):
        for cost in own:
            key = (cost.call, places.get(cost.site))
            by_line[key][rank] += cost.time_ns / 1e9
            counts[key][0] += cost.count
            counts[key][1] += cost.bytes
    found = [
        LineTime(
            call=call,
            file=place.file if place else None,
            line=place.line if place else None,
            count=counts[call, place][0],
            time_s=sum(seconds),
            least_s=min(seconds),
            most_s=max(seconds),
            bytes=counts[call, place][1],
        )
        for (call, place), seconds in by_line.items()
    ]
    return tuple(sorted(found, key=lambda line: -line.time_s))


def _sizes(session: Session) -> tuple[SizeCount, ...]:
    if not session.counters:
        return ()
    sums = [sum(column) for column in zip(*(one.sizes for one in session.counters), strict=True)]
    return tuple(
        SizeCount(from_bytes=(1 << k) >> 1, to_bytes=max(0, (1 << k) - 1), messages=count)
        for k, count in enumerate(sums)
        if count
    )


def _matrix(session: Session) -> Matrix:
    ranks = len(session.counters)
    messages = [[0] * ranks for _ in range(ranks)]
    sizes = [[0] * ranks for _ in range(ranks)]
    for source, one in enumerate(session.counters):
        for sent in one.sent:
            messages[source][sent.dest] = sent.messages
            sizes[source][sent.dest] = sent.bytes
    return Matrix(messages=tuple(tuple(row) for row in messages), bytes=tuple(tuple(row) for row in sizes))


def _imbalance(own_s: Sequence[float]) -> float | None:
    mean = sum(own_s) / len(own_s) if own_s else 0.0
    return max(own_s) / mean - 1 if mean > 0 else None
