"""Judge translations of one function: the original runs once, every candidate is measured against what it left.

``rank`` compiles a candidate and compares values, on tests that never judge. ``judge`` climbs the whole ladder on other tests,
made from a fresh seed that no candidate saw, and stops where a rung fails. Limits: a translation may hold its own file and the
standard and CUDA headers; races and bad accesses are looked for on as many cases as the time allows, and the rung says on which.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from codepar.cuda.cases.compare import Comparison, compare
from codepar.cuda.cases.driver import CaseProgram, candidate_project, new_nonce
from codepar.cuda.cases.dump import CaseOutput, read_dump
from codepar.cuda.cases.generate import candidates
from codepar.cuda.cases.spec import TestCase, TestSet
from codepar.cuda.function import SequentialFunction
from codepar.cuda.gate import forbidden
from codepar.cuda.refuse import refusals
from codepar.cuda.room import with_room
from codepar.cuda.translation import Target, Translation
from codepar.cuda.verdict import CheckName, CudaVerdict, NamedCheck, completed, failed, ok, status_of, unknown
from codepar.errors import InvalidInput
from codepar.flows import cuda_openmp as openmp
from codepar.flows import cuda_rungs as rungs
from codepar.flows.cuda_bench import FILLS, Bench, make_bench
from codepar.protocols import Diagnostic, Emulation, ExecutionResult, Executor, Limits, Progress, SilentProgress, Status
from codepar.settings import Settings
from codepar.syntax.language import Language

RANK_SEED = 20_251_113
JUDGE_CASES = 14
"""Enough that each of three dimensions is once larger than 1,024."""

_UNTESTABLE = frozenset(
    {"syntax", "template", "method", "defined_twice", "old_style", "input_output", "global_state", "non_local_exit", "volatile"}
    | {"variadic", "function_pointer", "pointer_to_pointer", "void_pointer", "returns_pointer", "cxx_class", "not_sequential"}
)
"""Refusals of an original whose effects tests of arguments and results cannot see, or that no driver can call."""

_MOST_S = 60.0
_LEAST_S = 10.0
_SLACK = 200.0
_CHECKED_S = 10.0
_CHECKED_SLOWER = 40.0


@dataclass
class _Candidate:
    """One translation on its way up; ``checks`` grow with each rung."""

    translation: Translation
    bench: Bench
    program: CaseProgram | None = None
    checks: list[NamedCheck] = field(default_factory=list)
    results: list[ExecutionResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comparison: Comparison | None = None
    outputs: list[CaseOutput] = field(default_factory=list)

    def add(self, *checks: NamedCheck) -> bool:
        """Whether all that was added passed; what follows a failure is left out."""
        for one in checks:
            self.checks.append(one)
            if one.passed is not True:
                return False
        return True


class _Checked(NamedTuple):
    """The instrumented run, on which cases it was, and which it left out."""

    result: ExecutionResult
    cases: str
    unseen: frozenset[str]


@dataclass
class CudaCourt:
    """Made by ``open_court``. ``rank_bench`` and ``judge_bench`` hold what the original left on either set."""

    function: SequentialFunction
    executor: Executor
    settings: Settings
    seed: int
    progress: Progress = field(default_factory=SilentProgress)
    tests: TestSet | None = None
    accept_same_value: bool = False
    rank_bench: Bench | None = None
    judge_bench: Bench | None = None
    _admitted: tuple[TestCase, ...] = ()
    _benches: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def limits(self) -> Limits:
        return Limits(wall_s=_MOST_S, compile_s=120)

    @property
    def rank_tests(self) -> TestSet | None:
        return self.rank_bench.tests if self.rank_bench is not None else None

    @property
    def judge_tests(self) -> TestSet | None:
        return self.judge_bench.tests if self.judge_bench is not None else None

    async def ranking(self) -> Bench:
        """The set that ranks and repairs; the original is run at the first call."""
        async with self._benches:
            if self.rank_bench is None:
                self.rank_bench = await self._bench(candidates(self.function, "rank", RANK_SEED))
        return self.rank_bench

    async def judging(self) -> Bench:
        """The set that judges, made from the court's seed; the original is run at the first call."""
        async with self._benches:
            if self.judge_bench is None:
                tests = self.tests or candidates(self.function, "judge", self.seed, JUDGE_CASES)
                self.judge_bench = await self._bench(tests, JUDGE_CASES if self.tests is None else len(tests.cases))
        return self.judge_bench

    async def admit(self, cases: Sequence[TestCase]) -> tuple[TestCase, ...]:
        """Add cases of a Tester to the set that ranks; those kept on which the original is clean and that tell something."""
        bench = await self.ranking()
        known = {one.name for one in bench.tests.cases}
        fresh = tuple(one for one in cases if one.name not in known)
        tests = bench.tests.model_copy(update={"cases": (*bench.tests.cases, *fresh)}) if bench.is_valid else bench.tests
        more = await self._bench(tests if bench.is_valid else tests.model_copy(update={"cases": fresh}), len(known) + len(fresh))
        if not more.is_valid:
            return ()
        self.rank_bench = more
        kept = {one.name for one in more.tests.cases}
        return tuple(one for one in fresh if one.name in kept)

    async def _bench(self, tests: TestSet, wanted: int | None = None) -> Bench:
        await self.progress.report("tests", {"purpose": tests.purpose, "cases": len(tests.cases)})
        tests = with_room(self.function, tests)
        return await make_bench(self.function, tests, self.executor, self.limits, wanted=wanted)

    async def rank(self, translation: Translation) -> CudaVerdict:
        """Parsed, tests, compiled, launch, values on the rank tests. ``status`` is ``ok`` where these pass; never verified."""
        candidate = await self._start(translation, self.ranking)
        if not any(one.passed is not True for one in candidate.checks):
            await self._first_run(candidate)
        status = next((one.status for one in candidate.checks if one.passed is not True), Status.OK)
        return self._verdict(candidate, status, is_ranking=True)

    async def judge(self, translation: Translation) -> CudaVerdict:
        """The whole ladder on the tests of the court's seed."""
        candidate = await self._start(translation, self.judging)
        if all(one.passed is True for one in candidate.checks):
            await self._climb(candidate)
        candidate.checks = list(completed(candidate.checks, translation.target))
        return self._verdict(candidate, status_of(candidate.checks, translation.target))

    async def _start(self, translation: Translation, bench: Callable[[], Awaitable[Bench]]) -> _Candidate:
        """Parsed and tests; nothing is run for what is refused."""
        parsed = self._parsed(translation)
        if parsed.passed is not True:
            return _Candidate(
                translation, Bench(TestSet(function=self.function.name, cases=(), seed=self.seed), parsed), checks=[parsed]
            )
        candidate = _Candidate(translation, await bench(), checks=[parsed])
        if candidate.add(candidate.bench.check):
            try:
                program = candidate_project(translation, self.function)
                candidate.program = program if translation.target is Target.CUDA else openmp.counting(program)
            except InvalidInput as error:
                candidate.checks[0] = failed(CheckName.PARSED, Status.REFUSED, error.message)
        return candidate

    def _parsed(self, translation: Translation) -> NamedCheck:
        refused = next((one for one in refusals(self.function) if one.code in _UNTESTABLE), None)
        if refused is not None:
            place = Diagnostic(kind="refused", message=refused.message, file=self.function.path, line=refused.line)
            message = f"`{self.function.name}` cannot be judged by tests: {refused.message}"
            return failed(CheckName.PARSED, Status.REFUSED, message, found=place)
        language = Language.CUDA if translation.target is Target.CUDA else self.function.language
        held = next(iter(forbidden(translation.source, language)), None)
        if held is not None:
            place = Diagnostic(kind="refused", message=held.message, file="translation", line=held.line)
            return failed(CheckName.PARSED, Status.REFUSED, held.message, found=place)
        return ok(CheckName.PARSED, f"the entry is `{translation.entry}`")

    async def _climb(self, candidate: _Candidate) -> None:
        if candidate.translation.target is Target.OPENMP:
            await self._climb_openmp(candidate)
            return
        if not await self._first_run(candidate):
            return
        plain = candidate.results[0].device
        checked, cases, unseen = await self._checked_run(candidate)
        memory = rungs.memory_rung(checked, cases)
        race = rungs.race_rung(checked, cases, accept_same_value=self.accept_same_value)
        if not candidate.add(memory, race, rungs.barrier_rung(candidate.results)):
            return
        if not candidate.add(
            await self._schedules(candidate), await self._fill(candidate), rungs.barrier_rung(candidate.results)
        ):
            return
        candidate.checks.pop()
        assert checked.device is not None
        assert plain is not None
        agreeing = await self._without_kernels(candidate)
        index_buffers = {name for extent in self.function.extents.values() for name in extent.reads_buffers}
        device = rungs.device_rung(candidate.bench, checked.device, agreeing, index_buffers, unseen=unseen)
        candidate.add(device, rungs.parallel_rung(candidate.bench, checked.device, plain, unseen))
        candidate.notes += rungs.atomics_notes(checked.device)

    async def _climb_openmp(self, candidate: _Candidate) -> None:
        """The ladder of a translation with OpenMP pragmas: sanitizers stand for the checks of the emulated device."""
        if not await self._first_run(candidate):
            return
        assert candidate.program is not None
        threads = candidate.results[0]
        nonce = new_nonce()
        clean = await self.executor.execute(
            candidate.program.sanitized(candidate.bench.tests, nonce, fill=FILLS[0], limits=self.limits)
        )
        candidate.results.append(clean)
        if not candidate.add(openmp.memory_rung(clean, candidate.bench.tests, read_dump(clean.stdout, nonce))):
            return
        counting, candidate.program = candidate.program, openmp.plain(candidate.program)
        raced, _ = await self._run(candidate, FILLS[0], sanitize=("thread",))
        candidate.program = counting
        candidate.add(
            openmp.race_rung(raced), await self._fill(candidate), openmp.parallel_rung(threads, candidate.translation.source)
        )

    async def _first_run(self, candidate: _Candidate) -> bool:
        """Compile, run all cases, see the launches, compare the values."""
        result, outputs = await self._run(candidate, FILLS[0])
        built = _compiled(result)
        if not candidate.add(built):
            return False
        candidate.comparison = compare(candidate.bench.expected[FILLS[0]], outputs)
        candidate.outputs = outputs
        is_cuda = candidate.translation.target is Target.CUDA
        launch = rungs.launch_rung(candidate.bench, result) if is_cuda else openmp.launch_rung(result)
        values = _values(result, candidate.comparison)
        if launch.passed is None and values.passed is False:
            # What ended early reports no launches; how it ended is the better answer.
            candidate.checks.append(launch)
            return candidate.add(values)
        return candidate.add(launch, values)

    async def _run(self, candidate: _Candidate, fill: int, **fields: Any) -> tuple[ExecutionResult, list[CaseOutput]]:
        assert candidate.program is not None
        nonce = new_nonce()
        limits = Limits(wall_s=min(_MOST_S, _LEAST_S + _SLACK * candidate.bench.seconds), compile_s=120)
        result = await self.executor.execute(
            candidate.program.execution(candidate.bench.tests, nonce, fill=fill, limits=limits, **fields)
        )
        candidate.results.append(result)
        await self.progress.report("run", {"status": result.status, "wall_s": result.wall_s})
        return result, read_dump(result.stdout, nonce)

    async def _checked_run(self, candidate: _Candidate) -> _Checked:
        """The instrumented run, on fewer cases where all of them take too long; and on which it was."""
        tests = candidate.bench.tests
        numbers = _affordable(tests, candidate.outputs)
        while True:
            checks = ("memory", "race")
            result, _ = await self._run(
                candidate, FILLS[0], checks=checks, cases=numbers, emulation=Emulation(schedule="forward")
            )
            slow = any(one.clean is None and "did not end" in one.message for one in result.checks)
            if not slow or len(numbers) == 1:
                break
            candidate.results.pop()
            numbers = _affordable(tests, candidate.outputs, len(numbers) // 2)
        if len(numbers) == len(tests.cases):
            return _Checked(result, "all cases", frozenset())
        unseen = frozenset(one.name for number, one in enumerate(tests.cases) if number not in numbers)
        return _Checked(result, f"{len(numbers)} of {len(tests.cases)} cases, the others take too long", unseen)

    async def _schedules(self, candidate: _Candidate) -> NamedCheck:
        """Values in reverse and two random orders of blocks and threads."""
        orders = ("reverse", f"random:{self.seed % 10**9 + 1}", f"random:{self.seed % 10**9 + 2}")
        name = CheckName.SCHEDULE
        for order in orders:
            result, outputs = await self._run(candidate, FILLS[0], emulation=Emulation(schedule=order))
            problem = _differs(result, compare(candidate.bench.expected[FILLS[0]], outputs))
            if problem is not None:
                status = Status.RACE if result.status is Status.OK else result.status
                return failed(name, status, f"in the order {order}: {problem}")
        return ok(name, f"same values in forward, reverse and {len(orders) - 1} random orders")

    async def _fill(self, candidate: _Candidate) -> NamedCheck:
        """Values with other poison in output buffers, and zeros in fresh device memory instead of 0x7f."""
        name = CheckName.FILL
        is_cuda = candidate.translation.target is Target.CUDA
        result, outputs = await self._run(candidate, FILLS[1], emulation=Emulation(fill=0 if is_cuda else None))
        problem = _differs(result, compare(candidate.bench.expected[FILLS[1]], outputs))
        if problem is not None:
            status = Status.MEMORY_ERROR if result.status is Status.OK else result.status
            return failed(name, status, f"with other contents of fresh memory: {problem}")
        return ok(name, "same values with two patterns of poison in output buffers and in fresh device memory")

    async def _without_kernels(self, candidate: _Candidate) -> frozenset[str] | None:
        """The cases that are right although no kernel runs; None where that cannot be known."""
        result, outputs = await self._run(candidate, FILLS[0], emulation=Emulation(skip_launches=True))
        candidate.results.pop()
        if result.status in {Status.INFRA_ERROR, Status.COMPILE_ERROR, Status.REFUSED}:
            return None
        comparison = compare(candidate.bench.expected[FILLS[0]], outputs)
        return frozenset(one.name for one in candidate.bench.tests.cases) - frozenset(comparison.failed)

    def _verdict(self, candidate: _Candidate, status: Status, *, is_ranking: bool = False) -> CudaVerdict:
        bench = candidate.bench
        found = [one for result in candidate.results for one in result.diagnostics]
        return CudaVerdict(
            status=status,
            purpose="rank" if is_ranking else "judge",
            checks=tuple(candidate.checks),
            notes=tuple(dict.fromkeys((*candidate.notes, *_told(found)))),
            tests=bench.tests,
            seed=bench.tests.seed,
            counterexample=_smallest(bench.tests, candidate.comparison),
            diagnostics=tuple(dict.fromkeys(one for one in found if one.kind != "note"))[:20] or bench.diagnostics,
            compile_s=sum(one.compile_s for one in candidate.results),
            run_s=sum(one.wall_s for one in candidate.results),
            executions=len(candidate.results),
        )


async def open_court(
    function: SequentialFunction,
    executor: Executor,
    settings: Settings,
    *,
    seed: int | None = None,
    tests: TestSet | None = None,
    progress: Progress | None = None,
    accept_same_value: bool = False,
) -> CudaCourt:
    """A court for one function. Without a ``seed`` a fresh one makes the tests that judge; ``tests`` judge instead of them."""
    chosen = secrets.randbits(40) if seed is None else seed
    return CudaCourt(function, executor, settings, chosen, progress or SilentProgress(), tests, accept_same_value)


def _compiled(result: ExecutionResult) -> NamedCheck:
    name = CheckName.COMPILED
    is_built = result.exit_code is not None or result.device is not None or bool(result.stdout) or result.wall_s > 0
    if is_built:
        return ok(name, "by the host compiler against the CPU runtime" if result.emulated else "with OpenMP")
    first = next((one for one in result.diagnostics if one.kind in {"error", "unsupported"}), None)
    first = first or next(iter(result.diagnostics), None)
    message = first.message if first is not None else (result.stderr.strip().splitlines() or ["it says nothing"])[0][:300]
    if result.status in {Status.INFRA_ERROR, Status.UNSUPPORTED}:
        rung = unknown(name, result.status, message)
        return rung if first is None else rung.model_copy(update={"file": first.file, "line": first.line})
    return failed(name, result.status, message, found=first)


def _values(result: ExecutionResult, comparison: Comparison) -> NamedCheck:
    name = CheckName.VALUES
    if result.status is Status.OK and comparison.agrees:
        return ok(name, f"equal in {comparison.compared} cases")
    if result.status is Status.OK:
        status, place = Status.WRONG_OUTPUT, None
        message = comparison.problems[0] if comparison.problems else "nothing was compared"
        more = f" ({len(comparison.failed)} of {comparison.compared} cases)"
        return failed(name, status, message + more, found=place)
    place = next((one for one in result.diagnostics if one.kind != "note"), None)
    words = place.message if place is not None else (result.stderr.strip().splitlines() or ["it says nothing"])[-1][:300]
    message = f"the run ends as {result.status}: {words}"
    if result.status in {Status.UNSUPPORTED, Status.INFRA_ERROR}:
        return unknown(name, result.status, message)
    return failed(name, result.status, message, found=place)


def _differs(result: ExecutionResult, comparison: Comparison) -> str | None:
    if result.status is not Status.OK:
        words = next((f": {one.message}" for one in result.diagnostics if one.kind != "note"), "")
        return f"the run ends as {result.status}{words}"
    if comparison.agrees:
        return None
    return comparison.problems[0] if comparison.problems else "nothing was compared"


def _affordable(tests: TestSet, outputs: Sequence[CaseOutput], most: int | None = None) -> list[int]:
    """Places of the cases that an instrumented run can afford, at least one; the quickest come first, in their own order."""
    took = {one.name: one.microseconds for one in outputs}
    order = sorted(range(len(tests.cases)), key=lambda number: took.get(tests.cases[number].name, 0.0))
    kept: list[int] = []
    spent = 0.0
    for number in order[: most or len(order)]:
        spent += took.get(tests.cases[number].name, 0.0) * 1e-6 * _CHECKED_SLOWER
        if kept and spent > _CHECKED_S:
            break
        kept.append(number)
    return sorted(kept)


def _smallest(tests: TestSet, comparison: Comparison | None) -> TestCase | None:
    """The failing case with the fewest numbers in it."""
    if comparison is None or not comparison.failed:
        return None
    failing = [one for one in tests.cases if one.name in comparison.failed]
    return min(failing, key=_weight, default=None)


def _weight(case: TestCase) -> float:
    return sum(abs(value) for value in case.scalars.values() if not isinstance(value, dict))


def _told(found: Sequence[Diagnostic]) -> list[str]:
    return [f"{one.message}" for one in found if one.kind == "note"][:10]
