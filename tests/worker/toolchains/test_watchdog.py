"""When a hang is a deadlock: the judgement alone, on states as the shim writes them."""

from __future__ import annotations

from dataclasses import replace

from worker.toolchains.places import Place
from worker.toolchains.shim import ANY, NONE, NOWHERE, Flag, Phase, RankState
from worker.toolchains.watchdog import SETTLE_S, describe_call, explain_end, explain_hang, is_stuck, patience_s

IDLE = RankState(
    rank=0,
    attached=True,
    phase=Phase.RUNNING,
    progress=1,
    site=0,
    bytes=0,
    flags=Flag.INITIALISED,
    exit_code=0,
    signal=0,
    source=NONE,
    source_world=NONE,
    source_tag=NONE,
    dest=NONE,
    dest_world=NONE,
    dest_tag=NONE,
    root=NONE,
    comm_size=0,
    comm_hash=0,
    in_call=False,
    call="",
    requests="",
)


def waiting(rank: int, call: str, **fields) -> RankState:
    world = {f"{name}_world": fields[name] for name in ("source", "dest") if name in fields}
    return replace(IDLE, rank=rank, phase=Phase.BLOCKED, in_call=True, call=call, comm_size=2, comm_hash=9, **{**world, **fields})


def receive(rank: int, source: int, tag: int = 7) -> RankState:
    return waiting(rank, "MPI_Recv", source=source, source_tag=tag)


def send(rank: int, dest: int, tag: int = 7) -> RankState:
    return waiting(rank, "MPI_Send", dest=dest, dest_tag=tag)


def test_two_receives_from_each_other_are_stuck():
    assert is_stuck([receive(0, 1), receive(1, 0)])


def test_a_rank_in_its_own_code_excuses_all():
    assert not is_stuck([receive(0, 1), replace(IDLE, rank=1)])


def test_a_rank_that_never_started_mpi_excuses_all():
    assert not is_stuck([receive(0, 1), replace(IDLE, rank=1, attached=False)])


def test_a_send_that_its_receiver_takes_is_under_way():
    assert not is_stuck([send(0, 1), receive(1, 0)])
    assert not is_stuck([send(0, 1), receive(1, ANY, ANY)])


def test_a_send_with_another_tag_is_stuck():
    assert is_stuck([send(0, 1, tag=8), receive(1, 0, tag=7)])


def test_a_send_to_nobody_is_under_way():
    assert not is_stuck([send(0, NOWHERE), receive(1, 0)])


def test_a_collective_that_all_have_entered_is_under_way():
    assert not is_stuck([waiting(0, "MPI_Allreduce"), waiting(1, "MPI_Allreduce")])


def test_different_collectives_or_roots_are_stuck():
    assert is_stuck([waiting(0, "MPI_Allreduce"), waiting(1, "MPI_Barrier")])
    assert is_stuck([waiting(0, "MPI_Bcast", root=0), waiting(1, "MPI_Bcast", root=1)])


def test_who_waits_for_one_that_is_gone_is_stuck():
    gone = replace(IDLE, rank=1, phase=Phase.EXITED)
    assert is_stuck([receive(0, 1), gone])
    assert not is_stuck([replace(gone, rank=0), gone])


def test_large_transfers_are_given_time():
    assert patience_s([receive(0, 1)]) == SETTLE_S
    assert patience_s([replace(receive(0, 1), bytes=10**9)]) > 10


def test_calls_read_as_a_programmer_writes_them():
    both = waiting(0, "MPI_Sendrecv", source=2, source_tag=ANY, dest=1, dest_tag=5)
    assert describe_call(receive(0, 1)) == "MPI_Recv(source=1, tag=7)"
    assert describe_call(both) == "MPI_Sendrecv(dest=1, sendtag=5, source=2, recvtag=any)"
    assert describe_call(waiting(0, "MPI_Bcast", root=1)) == "MPI_Bcast(root=1)"
    assert describe_call(waiting(0, "MPI_Barrier")) == "MPI_Barrier()"
    assert (
        describe_call(replace(waiting(0, "MPI_Wait"), requests="MPI_Irecv(source=1, tag=3)"))
        == "MPI_Wait(MPI_Irecv(source=1, tag=3))"
    )


def test_a_hang_names_each_rank_with_its_line():
    found = explain_hang([receive(0, 1), replace(IDLE, rank=1)], "deadlock", {0: Place("heat.c", 41)})
    assert found[0].message == "rank 0 waits in MPI_Recv(source=1, tag=7) at heat.c:41"
    assert (found[0].file, found[0].line, found[0].rank) == ("heat.c", 41, 0)
    assert found[1].message == "rank 1 is in its own code"


def test_only_bad_ends_are_reported():
    well = replace(IDLE, phase=Phase.EXITED, flags=Flag.INITIALISED | Flag.FINALIZED)
    early = replace(IDLE, rank=1, phase=Phase.EXITED, exit_code=3)
    aborted = replace(IDLE, rank=2, flags=Flag.INITIALISED | Flag.ABORTED, exit_code=9)
    assert [one.message for one in explain_end([well, early, aborted], {})] == [
        "rank 1 exited with code 3 without MPI_Finalize",
        "rank 2 called MPI_Abort with code 9",
    ]
