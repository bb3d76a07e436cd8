"""Who can still go on: the judgement alone, on states as the shim writes them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from worker.toolchains.board import ANY, FINALIZE_TEAM, NOWHERE, Flag, Kind, Mismatch, Op, Phase, RankState, Waiting
from worker.toolchains.waitfor import stuck_ranks


def test_two_receives_from_each_other_are_stuck(two):
    assert stuck_ranks([two.receives(0, 1), two.receives(1, 0)]) == {0, 1}


def test_a_rank_in_its_own_code_excuses_who_needs_it(three):
    assert not stuck_ranks([three.receives(0, 1), three.receives(1, 2), three.idle(2)])


def test_a_rank_that_never_started_mpi_excuses_who_needs_it(two):
    assert not stuck_ranks([two.receives(0, 1), two.idle(1, attached=False)])


def test_a_cycle_is_stuck_whatever_a_third_rank_computes(three):
    assert stuck_ranks([three.receives(0, 1), three.receives(1, 0), three.idle(2)]) == {0, 1}


def test_who_takes_from_any_rank_is_excused_by_one_that_computes(three):
    assert not stuck_ranks([three.receives(0, ANY), three.receives(1, 0), three.idle(2)])


def test_a_send_that_its_receiver_takes_is_under_way(two):
    assert not stuck_ranks([two.sends(0, 1), two.receives(1, 0)])
    assert not stuck_ranks([two.sends(0, 1), two.receives(1, ANY, ANY)])


def test_what_waits_behind_a_transfer_is_excused(three):
    assert not stuck_ranks([three.sends(0, 1), three.receives(1, 0), three.receives(2, 1)])


def test_another_tag_or_communicator_is_stuck(two):
    assert stuck_ranks([two.sends(0, 1, tag=8), two.receives(1, 0, tag=7)]) == {0, 1}
    other = Op(Kind.RECV, 0, 0, 7, team=99, team_size=2, call="MPI_Recv")
    assert stuck_ranks([two.sends(0, 1), two.waits(1, "MPI_Recv", other)]) == {0, 1}


def test_a_send_to_nobody_is_under_way(two):
    assert not stuck_ranks([two.sends(0, NOWHERE), two.receives(1, 0)])


def test_a_collective_that_all_have_entered_is_under_way(two):
    assert not stuck_ranks([two.collective(0, "MPI_Allreduce"), two.collective(1, "MPI_Allreduce")])


def test_a_collective_that_others_have_left_is_under_way(two):
    behind = two.collective(0, "MPI_Reduce", 1)
    ahead = replace(two.receives(1, 0), entered={1: 1})
    assert not stuck_ranks([behind, ahead])


def test_a_collective_without_one_of_its_ranks_is_stuck(two):
    assert stuck_ranks([two.collective(0, "MPI_Barrier"), two.receives(1, 0)]) == {0, 1}
    assert stuck_ranks([two.collective(0, "MPI_Barrier"), two.gone(1)]) == {0}


def test_a_broadcast_may_end_without_a_rank_that_waits_for_its_receiver(three):
    waits = [three.receives(1, 2), three.collective(2, "MPI_Bcast", root=0)]
    assert not stuck_ranks([three.idle(0), *waits])
    assert stuck_ranks([three.receives(0, 1), *waits]) == {0, 1, 2}
    barred = [three.receives(1, 2), three.collective(2, "MPI_Ibarrier")]
    assert stuck_ranks([three.idle(0), *barred]) == {1, 2}


def test_a_collective_of_ranks_that_are_not_known_excuses(two):
    of_others = Op(Kind.COLLECTIVE, team=77, team_size=2, sequence=1, call="MPI_Barrier")
    assert not stuck_ranks([two.waits(0, "MPI_Barrier", of_others), two.gone(1)])


def test_different_collectives_are_stuck(two):
    first, second = two.collective(0, "MPI_Allreduce"), two.collective(1, "MPI_Barrier")
    found = Mismatch(1, 1, "MPI_Barrier", -1000, 1, 0, "MPI_Allreduce", -1000, 2, is_amount=False)
    assert stuck_ranks([first, replace(second, mismatch=found)]) == {0, 1}


def test_who_waits_for_one_that_is_gone_is_stuck(two):
    assert stuck_ranks([two.receives(0, 1), two.gone(1)]) == {0}
    assert not stuck_ranks([two.gone(0), two.gone(1)])


def test_finalize_waits_for_all(two):
    finalize = Op(Kind.COLLECTIVE, team=FINALIZE_TEAM, call="MPI_Finalize")
    assert not stuck_ranks([two.waits(0, "MPI_Finalize", finalize), two.waits(1, "MPI_Finalize", finalize)])
    assert stuck_ranks([two.waits(0, "MPI_Finalize", finalize), two.receives(1, 0)]) == {0, 1}


def test_one_request_that_can_be_served_excuses_the_wait(three):
    ops = (three.op(Kind.RECV, "MPI_Irecv", 1, 7), three.op(Kind.RECV, "MPI_Irecv", 2, 7))
    assert not stuck_ranks([three.waits(0, "MPI_Waitall", *ops), three.receives(1, 0), three.idle(2)])
    assert stuck_ranks([three.waits(0, "MPI_Waitall", *ops), three.receives(1, 0), three.receives(2, 0)])


def test_a_request_that_was_not_seen_excuses(two):
    assert not stuck_ranks([two.waits(0, "MPI_Wait", unknown=1), two.receives(1, 0)])


def test_threads_excuse_each_other(two):
    calls = (*two.receives(0, 1).calls, *two.sends(0, 1, tag=9).calls)
    busy = replace(two.receives(0, 1), calls=calls)
    assert not stuck_ranks([busy, two.receives(1, 0, tag=9)])
    assert stuck_ranks([busy, two.receives(1, 0, tag=5)]) == {0, 1}


def test_ranks_of_another_program_excuse_all(two):
    guest = replace(two.receives(1, 0), flags=Flag.INITIALISED | Flag.CONNECTED)
    assert not stuck_ranks([two.receives(0, 1), guest])


_RANKS = 4
_peers = st.integers(-1, _RANKS - 1)
_tags = st.integers(0, 1)


@st.composite
def _states(draw) -> list[RankState]:
    return [_state(draw, rank) for rank in range(_RANKS)]


def _state(draw, rank: int) -> RankState:
    kind = draw(st.sampled_from(["send", "receive", "idle", "gone"]))
    if kind in {"idle", "gone"}:
        return RankState(rank=rank, phase=Phase.RUNNING if kind == "idle" else Phase.EXITED)
    peer = draw(_peers) if kind == "receive" else draw(st.integers(0, _RANKS - 1))
    op = Op(Kind.RECV if kind == "receive" else Kind.SEND, peer, peer, draw(_tags), team=1, team_size=_RANKS, call="x")
    return RankState(rank=rank, phase=Phase.BLOCKED, calls=(Waiting("x", (op,)),))


@given(_states())
def test_waking_a_stuck_rank_never_makes_another_stuck(states):
    stuck = stuck_ranks(states)
    for rank in stuck:
        woken = [RankState(rank=rank) if state.rank == rank else state for state in states]
        assert stuck_ranks(woken) < stuck


@given(_states())
def test_what_a_stuck_rank_needs_cannot_come(states):
    stuck = stuck_ranks(states)
    for rank in stuck:
        (op,) = states[rank].calls[0].ops
        others = set(range(_RANKS)) - {rank} if op.peer == ANY else {op.peer}
        assert all(other in stuck or states[other].is_over for other in others)
