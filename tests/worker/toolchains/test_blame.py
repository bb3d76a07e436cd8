"""The words for what ranks do, and for why they wait for ever."""

from __future__ import annotations

from dataclasses import replace

from worker.toolchains.blame import describe_call, explain_end, explain_hang
from worker.toolchains.board import ANY, NONE, Counters, Flag, Kind, Mismatch, Sent, Waiting
from worker.toolchains.causes import explain_causes
from worker.toolchains.places import Place


def causes(states, counters=(), places=None):
    return [one.message for one in explain_causes(states, counters, places or {})]


def test_calls_read_as_a_programmer_writes_them(two):
    both = (two.op(Kind.SEND, "MPI_Sendrecv", 1, 5), two.op(Kind.RECV, "MPI_Sendrecv", 2, ANY))
    assert describe_call(two.receives(0, 1).calls[0]) == "MPI_Recv(source=1, tag=7)"
    assert describe_call(Waiting("MPI_Sendrecv", both)) == "MPI_Sendrecv(dest=1, sendtag=5, source=2, recvtag=any)"
    assert describe_call(two.collective(0, "MPI_Bcast", root=1).calls[0]) == "MPI_Bcast(root=1)"
    assert describe_call(two.collective(0, "MPI_Barrier").calls[0]) == "MPI_Barrier()"
    waits = Waiting("MPI_Wait", (two.op(Kind.RECV, "MPI_Irecv", 1, 3),))
    assert describe_call(waits) == "MPI_Wait(MPI_Irecv(source=1, tag=3))"
    assert describe_call(replace(waits, more=2)) == "MPI_Wait(MPI_Irecv(source=1, tag=3) and 2 more)"


def test_a_hang_names_each_rank_with_its_line(two):
    found = explain_hang([two.receives(0, 1), two.idle(1)], "deadlock", {100: Place("heat.c", 41)})
    assert found[0].message == "rank 0 waits in MPI_Recv(source=1, tag=7) at heat.c:41"
    assert (found[0].file, found[0].line, found[0].rank) == ("heat.c", 41, 0)
    assert found[1].message == "rank 1 is in its own code"


def test_a_rank_that_only_asks_is_told_from_one_that_computes(two):
    asks = Waiting("MPI_Iprobe", (two.op(Kind.RECV, "MPI_Iprobe", 1, 4),), site=9)
    (found,) = explain_hang([two.idle(0, poll=asks, polls=5000, site=9)], "timeout", {9: Place("a.c", 3)})
    assert found.message == "rank 0 asks with MPI_Iprobe(source=1, tag=4), 5000 times without an answer at a.c:3"


def test_a_cycle_is_named(three):
    assert causes([three.receives(0, 1), three.receives(1, 0), three.idle(2)]) == [
        "rank 0 needs rank 1 to send with tag 7; rank 1 needs rank 0 to send with tag 7: they wait in a cycle, 0 -> 1 -> 0"
    ]


def test_a_partner_that_is_gone_is_named(two):
    gone = two.gone(1, flags=Flag.INITIALISED | Flag.FINALIZED)
    assert causes([two.receives(0, 1), gone]) == ["rank 0 needs rank 1 to send with tag 7; rank 1 has exited after MPI_Finalize"]


def test_who_is_absent_from_a_collective_is_named(three):
    states = [three.collective(0, "MPI_Barrier"), three.collective(1, "MPI_Barrier"), three.receives(2, 0)]
    assert causes(states)[0] == (
        "rank 0 needs rank 2 in MPI_Barrier; rank 2 needs rank 0 to send with tag 7: they wait in a cycle, 0 -> 2 -> 0"
    )


def test_any_source_without_a_sender_is_named(two):
    assert causes([two.receives(0, ANY), two.gone(1)]) == ["rank 0 waits for a message from any rank, and no rank can send one"]


def test_collectives_that_differ_are_named_with_both_lines(two):
    found = Mismatch(1, 3, "MPI_Reduce", 0, 20, 0, "MPI_Bcast", 0, 18, is_amount=False)
    first, second = two.collective(0, "MPI_Bcast", 3, 0), two.collective(1, "MPI_Reduce", 3, 0)
    places = {18: Place("b.c", 18), 20: Place("b.c", 20)}
    assert causes([first, replace(second, mismatch=found)], places=places)[0] == (
        "collective 3 of MPI_COMM_WORLD: rank 0 is in MPI_Bcast(root=0) at b.c:18, rank 1 in MPI_Reduce(root=0) at b.c:20"
    )


def test_a_message_with_another_tag_is_named(two):
    sent = Sent(dest=0, messages=1, bytes=4, site=55, tag=8, team=1)
    counters = [Counters((), (), ()), Counters((), (sent,), ())]
    states = [two.receives(0, 1), two.gone(1)]
    assert causes(states, counters, {55: Place("c.c", 12)})[-1] == ("rank 1 last sent to rank 0 with tag 8, not 7, at c.c:12")


def test_only_bad_ends_are_reported(three):
    well = three.gone(0, flags=Flag.INITIALISED | Flag.FINALIZED)
    early = three.gone(1, exit_code=3)
    aborted = three.idle(2, flags=Flag.INITIALISED | Flag.ABORTED, exit_code=9)
    assert [one.message for one in explain_end([well, early, aborted], {})] == [
        "rank 1 exited with code 3 without MPI_Finalize",
        "rank 2 called MPI_Abort with code 9",
    ]
    assert NONE < ANY
