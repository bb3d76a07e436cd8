"""Judge translations of one function: the original runs once, every candidate is measured against what it left.

``rank`` compiles a candidate and compares values, on tests that never judge. ``judge`` climbs the whole ladder on other tests,
made from a fresh seed that no candidate saw, and stops where a rung fails; ``with_least`` makes a failing case small. Limits: a
translation may hold its own file and the standard and CUDA headers.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from codepar.cuda.cases.driver import CaseProgram, candidate_project
from codepar.cuda.cases.generate import candidates
from codepar.cuda.cases.large import NAME as LARGE_CASE
from codepar.cuda.cases.spec import Purpose, TestCase, TestSet
from codepar.cuda.cases.wide import NAME as WIDE_CASE
from codepar.cuda.function import SequentialFunction
from codepar.cuda.gate import forbidden
from codepar.cuda.refuse import refusals
from codepar.cuda.room import with_room
from codepar.cuda.translation import Target, Translation
from codepar.cuda.verdict import CheckName, CudaVerdict, NamedCheck, completed, failed, ok, status_of
from codepar.errors import InvalidInput
from codepar.flows import cuda_openmp as openmp
from codepar.flows.cuda_bench import Bench, make_bench
from codepar.flows.cuda_least import Least
from codepar.flows.cuda_outcomes import smallest, told
from codepar.flows.cuda_trial import Failing, Trial
from codepar.protocols import Diagnostic, Executor, Limits, Progress, SilentProgress, Status
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
    _proposed: dict[str, TestCase] = field(default_factory=dict)
    _failing: dict[tuple[str, str], Failing] = field(default_factory=dict)
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
                # These come beside the others: those that come late, a stride of zero say, are wanted, too.
                more = sum(one.name.startswith((LARGE_CASE, WIDE_CASE)) for one in tests.cases)
                self.judge_bench = await self._bench(tests, JUDGE_CASES + more if self.tests is None else len(tests.cases))
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
        self._proposed |= {one.name: one for one in tests.cases}
        tests = with_room(self.function, tests)
        return await make_bench(self.function, tests, self.executor, self.limits, wanted=wanted)

    async def rank(self, translation: Translation) -> CudaVerdict:
        """Parsed, tests, compiled, launch, values on the rank tests. ``status`` is ``ok`` where these pass; never verified."""
        trial = await self._start(translation, self.ranking)
        if not any(one.passed is not True for one in trial.checks):
            await trial.first_run()
        status = next((one.status for one in trial.checks if one.passed is not True), Status.OK)
        return self._verdict(trial, status, "rank")

    async def judge(self, translation: Translation) -> CudaVerdict:
        """The whole ladder on the tests of the court's seed."""
        trial = await self._start(translation, self.judging)
        if all(one.passed is True for one in trial.checks):
            await trial.climb()
        trial.checks = list(completed(trial.checks, translation.target))
        return self._verdict(trial, status_of(trial.checks, translation.target), "judge")

    async def with_least(self, translation: Translation, verdict: CudaVerdict) -> CudaVerdict:
        """The verdict of ``rank`` or ``judge`` with the smallest case found that shows what is wrong; as it was without one."""
        how = self._failing.get((verdict.purpose, translation.source))
        if how is None or verdict.tests is None:
            return verdict
        await self.progress.report("shrinking", {"rung": how.rung.value})
        cases = [self._proposed.get(one.name, one) for one in verdict.tests.cases]
        found = await Least(self.function, self._program(translation), self.executor, how).find(cases)
        if found is None:
            return verdict
        return verdict.model_copy(update={"counterexample": found.case, "least": found})

    async def _start(self, translation: Translation, bench: Callable[[], Awaitable[Bench]]) -> Trial:
        """Parsed and tests; nothing is run for what is refused."""
        parsed = self._parsed(translation)
        if parsed.passed is not True:
            nothing = Bench(TestSet(function=self.function.name, cases=(), seed=self.seed), parsed)
            return self._trial(translation, nothing, parsed)
        trial = self._trial(translation, await bench(), parsed)
        if trial.add(trial.bench.check):
            try:
                trial.program = self._program(translation)
            except InvalidInput as error:
                trial.checks[0] = failed(CheckName.PARSED, Status.REFUSED, error.message)
        return trial

    def _trial(self, translation: Translation, bench: Bench, parsed: NamedCheck) -> Trial:
        return Trial(
            translation,
            bench,
            self.function,
            self.executor,
            self.progress,
            self.seed,
            self.accept_same_value,
            checks=[parsed],
        )

    def _program(self, translation: Translation) -> CaseProgram:
        program = candidate_project(translation, self.function)
        return program if translation.target is Target.CUDA else openmp.counting(program)

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

    def _verdict(self, trial: Trial, status: Status, purpose: Purpose) -> CudaVerdict:
        bench = trial.bench
        if trial.failing is not None:
            self._failing[purpose, trial.translation.source] = trial.failing
        found = [one for result in trial.results for one in result.diagnostics]
        return CudaVerdict(
            status=status,
            purpose=purpose,
            checks=tuple(trial.checks),
            notes=tuple(dict.fromkeys((*trial.notes, *told(found)))),
            tests=bench.tests,
            seed=bench.tests.seed,
            counterexample=smallest(bench.tests, trial.comparison),
            diagnostics=tuple(dict.fromkeys(one for one in found if one.kind != "note"))[:20] or bench.diagnostics,
            compile_s=sum(one.compile_s for one in trial.results),
            run_s=sum(one.wall_s for one in trial.results),
            executions=len(trial.results),
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
