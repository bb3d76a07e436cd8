"""A trace report from states and counters, as text and as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from codepar.protocols import Status
from worker.toolchains.board import Callsite, Counters, Flag, Kind, Op, Phase, RankState, Sent, Waiting
from worker.toolchains.places import Place
from worker.trace.picture import render_svg
from worker.trace.report import TraceReport, addresses, report_of
from worker.trace.session import Session
from worker.trace.text import render_text

SECOND = 10**9
PLACES = {10: Place("a.c", 4), 11: Place("a.c", 4), 12: Place("b<&>.c", 9)}


def _sizes(**counts: int) -> tuple[int, ...]:
    return tuple(counts.get(f"k{bucket}", 0) for bucket in range(40))


def _ended(rank: int, wall_s: int) -> RankState:
    flags = Flag.INITIALISED | Flag.FINALIZED
    return RankState(rank=rank, phase=Phase.EXITED, flags=flags, began_ns=SECOND, ended_ns=SECOND * (1 + wall_s), program="/a")


@pytest.fixture
def session() -> Session:
    recv = Callsite("MPI_Recv", 10, 4, 3 * SECOND, SECOND, 0)
    again = Callsite("MPI_Recv", 11, 1, SECOND, SECOND, 0)
    send = Callsite("MPI_Send", 12, 5, SECOND, SECOND // 2, 5000)
    sent = Sent(dest=0, messages=5, bytes=5000, site=12, tag=3, team=1)
    counters = (Counters((recv, again), (), _sizes()), Counters((send,), (sent,), _sizes(k10=5)))
    return Session("exit", 0, 10.5, 12 * SECOND, (_ended(0, 10), _ended(1, 10)), counters)


def test_times_add_up(session):
    report = report_of(session, "MPICH", PLACES)
    assert [(time.wall_s, time.mpi_s, time.own_s, time.calls) for time in report.rank_times] == [(10, 4, 6, 5), (10, 1, 9, 5)]
    assert report.imbalance == pytest.approx(9 / 7.5 - 1)
    assert [(call.call, call.count, call.by_rank_s) for call in report.calls] == [
        ("MPI_Recv", 5, (4, 0)),
        ("MPI_Send", 5, (0, 1)),
    ]
    assert report.status == Status.OK


def test_one_line_at_two_addresses_is_one_line(session):
    report = report_of(session, "MPICH", PLACES)
    assert [(line.call, line.file, line.line, line.count, line.least_s, line.most_s) for line in report.lines] == [
        ("MPI_Recv", "a.c", 4, 5, 0, 4),
        ("MPI_Send", "b<&>.c", 9, 5, 0, 1),
    ]
    assert addresses(session) == {10, 11, 12}


def test_messages_are_counted_by_pair_and_size(session):
    report = report_of(session, "MPICH", PLACES)
    assert report.matrix.messages == ((0, 0), (5, 0))
    assert report.matrix.bytes == ((0, 0), (5000, 0))
    assert [(size.from_bytes, size.to_bytes, size.messages) for size in report.sizes] == [(512, 1023, 5)]


def test_a_call_that_never_ended_counts_to_the_end(session):
    op = Op(Kind.RECV, 1, 1, 7, team=1, team_size=2, call="MPI_Recv")
    waits = Waiting("MPI_Recv", (op,), site=10, since_ns=5 * SECOND)
    stuck = RankState(rank=0, phase=Phase.BLOCKED, began_ns=SECOND, calls=(waits,))
    states = (stuck, session.states[1])
    hung = Session("deadlock", 0, 11.0, 12 * SECOND, states, session.counters)
    report = report_of(hung, "MPICH", PLACES)
    assert (report.status, report.exit_code) == (Status.DEADLOCK, None)
    assert report.rank_times[0].wall_s == 11
    assert report.rank_times[0].mpi_s == 4 + 7
    assert report.diagnostics[0].message == "rank 0 waits in MPI_Recv(source=1, tag=7) at a.c:4"


def test_a_failed_program_is_no_ok(session):
    failed = Session("exit", 3, 1.0, 12 * SECOND, session.states, session.counters)
    assert report_of(failed, "MPICH", PLACES).status == Status.RUNTIME_ERROR


def test_the_report_survives_json(session):
    report = report_of(session, "MPICH", PLACES)
    assert TraceReport.model_validate_json(report.model_dump_json()) == report


def test_the_text_names_what_counts(session):
    text = render_text(report_of(session, "MPICH", PLACES))
    for wanted in ("codepar: ok, exit code 0", "rank 0", "MPI_Recv a.c:4", "5 (4.9 KiB)", "512 B to 1023 B", "imbalance"):
        assert wanted in text


def test_without_lines_the_text_says_why(session):
    assert "compile the program with -g" in render_text(report_of(session, "MPICH", {}))


def test_the_picture_is_well_formed_and_to_scale(session):
    root = ElementTree.fromstring(render_svg(report_of(session, "MPICH", PLACES)))
    boxes = {box.findtext("{*}title"): box for box in root.iter("{http://www.w3.org/2000/svg}rect")}
    own = [float(boxes[f"rank {rank}, own code: {own:.3f} s"].get("width")) for rank, own in ((0, 6), (1, 9))]
    assert own[1] / own[0] == pytest.approx(1.5, rel=1e-3)
    assert "rank 1 to rank 0: 5 messages, 5000 bytes" in boxes


def test_a_picture_without_ranks_is_drawn():
    empty = Session("exit", 1, 0.1, 0, (), ())
    report = report_of(empty, "MPICH", {})
    assert ElementTree.fromstring(render_svg(report)) is not None
    assert render_text(report).startswith("codepar: runtime_error, exit code 1")
