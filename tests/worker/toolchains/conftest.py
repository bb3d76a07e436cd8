"""States of ranks as the shim writes them."""

from __future__ import annotations

import pytest

from worker.toolchains.board import WORLD_TEAM, Kind, Op, Phase, RankState, Waiting


class Ranks:
    """Makes states of the ranks of MPI_COMM_WORLD."""

    def __init__(self, size: int = 2) -> None:
        self.size = size

    def idle(self, rank: int, **fields) -> RankState:
        return RankState(rank=rank, **{"entered": {WORLD_TEAM: 0}, **fields})

    def gone(self, rank: int, **fields) -> RankState:
        return self.idle(rank, phase=Phase.EXITED, **fields)

    def waits(self, rank: int, call: str, *ops: Op, entered: int = 0, **fields) -> RankState:
        calls = (Waiting(call, ops, site=100 + rank, **fields),)
        return self.idle(rank, phase=Phase.BLOCKED, calls=calls, entered={WORLD_TEAM: entered})

    def receives(self, rank: int, source: int, tag: int = 7, **fields) -> RankState:
        return self.waits(rank, "MPI_Recv", self.op(Kind.RECV, "MPI_Recv", source, tag, **fields))

    def sends(self, rank: int, dest: int, tag: int = 7, **fields) -> RankState:
        return self.waits(rank, "MPI_Send", self.op(Kind.SEND, "MPI_Send", dest, tag, **fields))

    def collective(self, rank: int, call: str, sequence: int = 1, root: int = -1000, **fields) -> RankState:
        op = Op(Kind.COLLECTIVE, team=WORLD_TEAM, team_size=self.size, sequence=sequence, root=root, call=call)
        return self.waits(rank, call, op, entered=sequence, **fields)

    def op(self, kind: Kind, call: str, peer: int, tag: int, **fields) -> Op:
        return Op(kind, peer, peer, tag, team=WORLD_TEAM, team_size=self.size, call=call, **fields)


@pytest.fixture
def two() -> Ranks:
    return Ranks(2)


@pytest.fixture
def three() -> Ranks:
    return Ranks(3)
