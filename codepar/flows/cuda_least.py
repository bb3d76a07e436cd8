"""The smallest case on which a translation fails: those of a failed rung made small by running original and translation on less.

A smaller case counts where the original is clean on it under its sanitizers and the translation then differs, ends badly, or has
the same kind of finding. Limits: a bounded time; findings of the instrumented run are looked for one case at a time; races that
ThreadSanitizer finds in OpenMP are left as they are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from codepar.cuda.cases.compare import compare
from codepar.cuda.cases.driver import CaseProgram, new_nonce, reference_project
from codepar.cuda.cases.dump import CaseOutput, read_dump
from codepar.cuda.cases.shrink import SECONDS, described, shrink
from codepar.cuda.cases.spec import TestCase, TestSet
from codepar.cuda.cases.wire import check
from codepar.cuda.function import SequentialFunction
from codepar.cuda.room import with_room
from codepar.cuda.verdict import CheckName, LeastCase
from codepar.errors import InvalidInput
from codepar.flows.cuda_trial import Failing
from codepar.protocols import ExecutionResult, Executor, Limits, Status

_KINDS = {
    CheckName.MEMORY: frozenset({"memory_error"}),
    CheckName.RACE: frozenset({"race", "race_same_value"}),
    CheckName.BARRIER: frozenset({"barrier_divergence"}),
}
_LIMITS = Limits(wall_s=10, compile_s=120)
_NAME = "least"


@dataclass
class Least:
    """Looks for the smallest failing case of one translation, made as ``how`` says."""

    function: SequentialFunction
    program: CaseProgram
    executor: Executor
    how: Failing
    seconds: float = SECONDS
    _deadline: float = 0.0
    _words: dict[str, str] = field(default_factory=dict)

    async def find(self, cases: Sequence[TestCase]) -> LeastCase | None:
        """A smaller one than any of ``cases``, or the smallest of them; None where none of them fails again."""
        self._deadline = time.monotonic() + self.seconds
        if self.how.rung not in {CheckName.VALUES, CheckName.SCHEDULE, CheckName.FILL, *_KINDS}:
            return None
        ordered = sorted(cases, key=_weight)
        at = await self._first(ordered)
        if at is None:
            return None
        found = await shrink(ordered[at], self._first, max(0.0, self._deadline - time.monotonic()))
        case = found.case.model_copy(update={"name": _NAME})
        words = self._words.get(_key(found.case), f"{self.how.rung} fails")
        return LeastCase(case=case, rung=self.how.rung, inputs=described(case), message=words, tried=found.tried + at + 1)

    async def _first(self, cases: Sequence[TestCase]) -> int | None:
        """The place of the first that fails; those that cannot be made, or on which the original is not clean, do not."""
        made = {f"{_NAME}{at}": one for at, case in enumerate(cases) if (one := self._made(case, at)) is not None}
        if not made:
            return None
        nonce = new_nonce()
        tests = TestSet(function=self.function.name, cases=tuple(made.values()))
        original = reference_project(self.function).sanitized(tests, nonce, fill=self.how.fill, limits=_LIMITS)
        result = await self.executor.execute(original)
        expected = [one for one in read_dump(result.stdout, nonce) if one.is_ok and one.name in made]
        if not expected:
            return None
        name = await (self._noticed(made, expected) if self.how.rung in _KINDS else self._differing(made, expected))
        if name is None:
            return None
        at = int(name.removeprefix(_NAME))
        self._words[_key(cases[at])] = self._words.pop(name)
        return at

    def _made(self, case: TestCase, at: int) -> TestCase | None:
        """The case as it is run, with the room that a caller's buffers have; None where it has no sizes or values."""
        named = TestSet(function=self.function.name, cases=(case.model_copy(update={"name": f"{_NAME}{at}"}),))
        try:
            roomy = with_room(self.function, named)
            check(self.function, roomy)
        except InvalidInput:
            return None
        return next(iter(roomy.cases), None)

    async def _differing(self, made: dict[str, TestCase], expected: Sequence[CaseOutput]) -> str | None:
        """The first case whose values differ, or at which the program ends."""
        nonce = new_nonce()
        result = await self._run(tuple(made[one.name] for one in expected), nonce)
        outputs = {one.name: one for one in read_dump(result.stdout, nonce)}
        for one in expected:
            own = outputs.get(one.name)
            if own is None:
                return self._ended(one.name, result)
            problems = compare([one], [own]).problems
            if problems:
                self._words[one.name] = problems[0].removeprefix(f"case {one.name}: ")
                return one.name
        return None

    def _ended(self, name: str, result: ExecutionResult) -> str | None:
        if result.status in {Status.OK, Status.INFRA_ERROR, Status.COMPILE_ERROR}:
            return None
        said = next((f": {one.message}" for one in result.diagnostics if one.kind != "note"), "")
        self._words[name] = f"the run ends as {result.status}{said}"
        return name

    async def _noticed(self, made: dict[str, TestCase], expected: Sequence[CaseOutput]) -> str | None:
        """The first case with a finding of the rung's kind; each is run by itself, since findings do not say whose they are."""
        for one in expected:
            if time.monotonic() > self._deadline:
                break
            result = await self._run((made[one.name],), new_nonce())
            kinds = _KINDS[self.how.rung]
            found = next((finding for finding in result.diagnostics if finding.kind in kinds), None)
            if found is not None:
                self._words[one.name] = found.message
                return one.name
        return None

    async def _run(self, cases: tuple[TestCase, ...], nonce: str) -> ExecutionResult:
        tests = TestSet(function=self.function.name, cases=cases)
        execution = self.program.execution(tests, nonce, fill=self.how.fill, limits=_LIMITS, **self.how.fields)
        return await self.executor.execute(execution)


def _weight(case: TestCase) -> float:
    return sum(abs(value) for value in case.scalars.values() if not isinstance(value, dict))


def _key(case: TestCase) -> str:
    return case.model_copy(update={"name": _NAME}).model_dump_json()
