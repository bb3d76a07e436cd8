"""States of ranks as the shim writes them; and programs compiled and run for real."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Executor, Limits
from codepar.settings import Settings
from worker.executor import open_executor
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


class Bench:
    """Runs programs with one executor and one cache. An optional tool that is missing skips, everywhere."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def run(self, project: Project | str, name: str = "main.c", **fields) -> ExecutionResult:
        if isinstance(project, str):
            project = Project.of_source(project, name)
        fields.setdefault("limits", Limits(wall_s=30, compile_s=60))
        try:
            return asyncio.run(self.executor.execute(Execution(project=project, **fields)))
        except ToolMissing as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def open_bench(tmp_path_factory) -> Callable[[bool], Bench]:
    """Opens a bench, trusted or not, on caches that the session shares."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("toolchains"))

    def open_one(trusted: bool) -> Bench:
        try:
            return Bench(open_executor(settings, trusted))
        except (SandboxUnavailable, ToolMissing) as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))

    return open_one


@pytest.fixture(scope="session")
def boxed(open_bench) -> Bench:
    return open_bench(False)


@pytest.fixture(scope="session")
def trusted(open_bench) -> Bench:
    return open_bench(True)
