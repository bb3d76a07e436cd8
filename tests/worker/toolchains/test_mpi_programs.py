"""Programs that are slow, poll, depend on buffering or hang, each with the outcome that its first lines state.

They run a few at a time: most of the time they wait. A line ``says`` must stand in a finding (as ``kind: message``); words in
capitals after ``main.c:`` stand for the line that carries them as a comment.
"""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Limits
from codepar.settings import Settings
from worker.executor import open_executor

PROGRAMS = Path(__file__).with_name("mpi_programs")
AT_ONCE = 4
# Those whose judgement depends on what the library does itself; both libraries are asked.
ON_BOTH = {
    "another_tag",
    "between_groups",
    "different_communicators",
    "late_epochs",
    "many_communicators",
    "one_file",
    "one_is_absent",
    "persistent_requests",
    "sends_to_each_other",
    "slow_lock_holder",
    "slow_operation",
    "two_threads_wait",
}


@dataclass(frozen=True)
class Case:
    """One program at one MPI."""

    name: str
    mpi: str
    text: str

    def of(self, key: str) -> list[str]:
        return [self._with_lines(value) for value in re.findall(rf"^// {key}: (.*)$", self.text, re.MULTILINE)]

    def one(self, key: str, default: str) -> str:
        return (self.of(key) or [default])[0]

    def _with_lines(self, value: str) -> str:
        for number, line in enumerate(self.text.splitlines(), 1):
            marker = line.rpartition("// ")[2]
            if marker.isupper() and "//" in line:
                value = re.sub(rf"main\.c:{marker}$", f"main.c:{number}", value)
        return value


def _cases() -> list[Case]:
    found = []
    for path in sorted(PROGRAMS.glob("*.c")):
        mpis = ("mpich", "openmpi") if path.stem in ON_BOTH else ("mpich",)
        found += [Case(path.stem, mpi, path.read_text()) for mpi in mpis]
    return found


CASES = _cases()


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[tuple[str, str], ExecutionResult]:
    try:
        executor = open_executor(Settings(data_dir=tmp_path_factory.mktemp("data")), trusted=False)
        return asyncio.run(_run_all(executor))
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


async def _run_all(executor) -> dict[tuple[str, str], ExecutionResult]:
    room = asyncio.Semaphore(AT_ONCE)
    common = (PROGRAMS / "common.h").read_text()

    async def run(case: Case) -> ExecutionResult:
        delays = case.of("delays")
        execution = Execution(
            project=Project(files={"main.c": case.text, "common.h": common}),
            ranks=int(case.one("ranks", "2")),
            mpi=case.mpi,
            sends=case.one("sends", "standard"),
            delay_seed=int(delays[0]) if delays else None,
            flags=tuple(case.of("flags")),
            limits=Limits(wall_s=float(case.one("seconds", "40"))),
        )
        async with room:
            return await executor.execute(execution)

    outcomes = await asyncio.gather(*(run(case) for case in CASES))
    return {(case.name, case.mpi): outcome for case, outcome in zip(CASES, outcomes, strict=True)}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.mpi}")
def test_a_program_comes_out_as_it_says(results, case):
    result = results[case.name, case.mpi]
    found = [f"{one.kind}: {one.message}" for one in result.diagnostics]
    assert result.status == case.one("status", ""), (found, result.stderr)
    for wanted in case.of("says"):
        assert any(wanted in one for one in found), found
    for unwanted in case.of("silent"):
        assert not any(one.startswith(unwanted) for one in found), found
    if result.status == "ok" and not case.of("says"):
        assert found == []


def test_there_are_programs_of_every_sort():
    statuses = [case.one("status", "") for case in CASES]
    assert len({case.name for case in CASES}) >= 20
    assert all(statuses.count(status) >= 2 for status in ("ok", "deadlock", "timeout"))
