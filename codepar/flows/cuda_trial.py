"""One translation on its way up the ladder: what is run of it, in which order, and what each run says.

Limits: races and bad accesses are looked for on as many cases as the time allows, and the rung says on which; the ladder stops
where a rung does not pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from codepar.cuda.cases.compare import Comparison, compare
from codepar.cuda.cases.driver import CaseProgram, new_nonce
from codepar.cuda.cases.dump import CaseOutput, read_dump
from codepar.cuda.function import SequentialFunction
from codepar.cuda.translation import Target, Translation
from codepar.cuda.verdict import CheckName, NamedCheck, failed, ok
from codepar.flows import cuda_openmp as openmp
from codepar.flows import cuda_rungs as rungs
from codepar.flows.cuda_bench import FILLS, Bench
from codepar.flows.cuda_outcomes import affordable, compiled_rung, differs, values_rung
from codepar.protocols import Emulation, ExecutionResult, Executor, Limits, Progress, Status

_MOST_S = 60.0
_LEAST_S = 10.0
_SLACK = 200.0


@dataclass(frozen=True)
class Failing:
    """How the run was made in which a rung failed: ``fill`` and the further fields of its ``Execution``."""

    rung: CheckName
    fill: int = FILLS[0]
    fields: dict[str, Any] = field(default_factory=dict)


class _Difference(NamedTuple):
    """How a run ended, and what is wrong with it in words."""

    status: Status
    problem: str | None


class _Checked(NamedTuple):
    """The instrumented run, on which cases it was, and which it left out."""

    result: ExecutionResult
    cases: str
    unseen: frozenset[str]


@dataclass
class Trial:
    """``checks`` grow with each rung; ``failing`` is set where a run of cases made one fail."""

    translation: Translation
    bench: Bench
    function: SequentialFunction
    executor: Executor
    progress: Progress
    seed: int
    accept_same_value: bool = False
    program: CaseProgram | None = None
    checks: list[NamedCheck] = field(default_factory=list)
    results: list[ExecutionResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comparison: Comparison | None = None
    outputs: list[CaseOutput] = field(default_factory=list)
    failing: Failing | None = None

    def add(self, *checks: NamedCheck) -> bool:
        """Whether all that was added passed; what follows a failure is left out."""
        for one in checks:
            self.checks.append(one)
            if one.passed is not True:
                return False
        return True

    async def climb(self) -> None:
        """All rungs after the tests."""
        if self.translation.target is Target.OPENMP:
            await self._climb_openmp()
            return
        if not await self.first_run():
            return
        plain = self.results[0].device
        checked, cases, unseen = await self._checked_run()
        memory = rungs.memory_rung(checked, cases)
        race = rungs.race_rung(checked, cases, accept_same_value=self.accept_same_value)
        if not self.add(memory, race, rungs.barrier_rung(self.results)):
            self.failing = Failing(
                self.checks[-1].name, FILLS[0], {"checks": ("memory", "race"), "emulation": Emulation(schedule="forward")}
            )
            return
        if not self.add(await self._schedules(), await self._fill(), rungs.barrier_rung(self.results)):
            return
        self.checks.pop()
        assert checked.device is not None
        assert plain is not None
        agreeing = await self._without_kernels()
        index_buffers = {name for extent in self.function.extents.values() for name in extent.reads_buffers}
        device = rungs.device_rung(self.bench, checked.device, agreeing, index_buffers, unseen=unseen)
        self.add(device, rungs.parallel_rung(self.bench, checked.device, plain, unseen))
        self.notes += rungs.atomics_notes(checked.device)

    async def _climb_openmp(self) -> None:
        """The ladder of a translation with OpenMP pragmas: sanitizers stand for the checks of the emulated device."""
        if not await self.first_run():
            return
        assert self.program is not None
        threads = self.results[0]
        nonce = new_nonce()
        limits = Limits(wall_s=_MOST_S, compile_s=120)
        clean = await self.executor.execute(self.program.sanitized(self.bench.tests, nonce, fill=FILLS[0], limits=limits))
        self.results.append(clean)
        if not self.add(openmp.memory_rung(clean, self.bench.tests, read_dump(clean.stdout, nonce))):
            return
        counting, self.program = self.program, openmp.plain(self.program)
        raced, _ = await self._run(FILLS[0], sanitize=("thread",))
        self.program = counting
        self.add(openmp.race_rung(raced), await self._fill(), openmp.parallel_rung(threads, self.translation.source))

    async def first_run(self) -> bool:
        """Compile, run all cases, see the launches, compare the values."""
        result, outputs = await self._run(FILLS[0])
        if not self.add(compiled_rung(result)):
            return False
        self.comparison = compare(self.bench.expected[FILLS[0]], outputs)
        self.outputs = outputs
        is_cuda = self.translation.target is Target.CUDA
        launch = rungs.launch_rung(self.bench, result) if is_cuda else openmp.launch_rung(result)
        values = values_rung(result, self.comparison)
        if values.passed is False:
            self.failing = Failing(CheckName.VALUES)
        if launch.passed is None and values.passed is False:
            # What ended early reports no launches; how it ended is the better answer.
            self.checks.append(launch)
            return self.add(values)
        return self.add(launch, values)

    async def _run(self, fill: int, **fields: Any) -> tuple[ExecutionResult, list[CaseOutput]]:
        assert self.program is not None
        nonce = new_nonce()
        limits = Limits(wall_s=min(_MOST_S, _LEAST_S + _SLACK * self.bench.seconds), compile_s=120)
        result = await self.executor.execute(self.program.execution(self.bench.tests, nonce, fill=fill, limits=limits, **fields))
        self.results.append(result)
        await self.progress.report("run", {"status": result.status, "wall_s": result.wall_s})
        return result, read_dump(result.stdout, nonce)

    async def _checked_run(self) -> _Checked:
        """The instrumented run, on fewer cases where all of them take too long; and on which it was."""
        tests = self.bench.tests
        numbers = affordable(tests, self.outputs)
        while True:
            checks = ("memory", "race")
            result, _ = await self._run(FILLS[0], checks=checks, cases=numbers, emulation=Emulation(schedule="forward"))
            slow = any(one.clean is None and "did not end" in one.message for one in result.checks)
            if not slow or len(numbers) == 1:
                break
            self.results.pop()
            numbers = affordable(tests, self.outputs, len(numbers) // 2)
        if len(numbers) == len(tests.cases):
            return _Checked(result, "all cases", frozenset())
        unseen = frozenset(one.name for number, one in enumerate(tests.cases) if number not in numbers)
        return _Checked(result, f"{len(numbers)} of {len(tests.cases)} cases, the others take too long", unseen)

    async def _schedules(self) -> NamedCheck:
        """Values in reverse and two random orders of blocks and threads."""
        orders = ("reverse", f"random:{self.seed % 10**9 + 1}", f"random:{self.seed % 10**9 + 2}")
        name = CheckName.SCHEDULE
        for order in orders:
            how = Failing(name, FILLS[0], {"emulation": Emulation(schedule=order)})
            status, problem = await self._differs(how)
            if problem is not None:
                return failed(name, Status.RACE if status is Status.OK else status, f"in the order {order}: {problem}")
        return ok(name, f"same values in forward, reverse and {len(orders) - 1} random orders")

    async def _fill(self) -> NamedCheck:
        """Values with other poison in output buffers, and zeros in fresh device memory instead of 0x7f."""
        name = CheckName.FILL
        is_cuda = self.translation.target is Target.CUDA
        status, problem = await self._differs(Failing(name, FILLS[1], {"emulation": Emulation(fill=0 if is_cuda else None)}))
        if problem is not None:
            status = Status.MEMORY_ERROR if status is Status.OK else status
            return failed(name, status, f"with other contents of fresh memory: {problem}")
        return ok(name, "same values with two patterns of poison in output buffers and in fresh device memory")

    async def _differs(self, how: Failing) -> _Difference:
        """How a further run ended, and what is wrong with it."""
        result, outputs = await self._run(how.fill, **how.fields)
        problem = differs(result, compare(self.bench.expected[how.fill], outputs))
        if problem is not None:
            self.failing = how
        return _Difference(result.status, problem)

    async def _without_kernels(self) -> frozenset[str] | None:
        """The cases that are right although no kernel runs; None where that cannot be known."""
        result, outputs = await self._run(FILLS[0], emulation=Emulation(skip_launches=True))
        self.results.pop()
        if result.status in {Status.INFRA_ERROR, Status.COMPILE_ERROR, Status.REFUSED}:
            return None
        comparison = compare(self.bench.expected[FILLS[0]], outputs)
        return frozenset(one.name for one in self.bench.tests.cases) - frozenset(comparison.failed)
