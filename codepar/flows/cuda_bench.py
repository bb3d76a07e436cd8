"""The original's side of a verdict: which test cases are valid, what it leaves on them, how many iterations it has to share out.

A case is valid when the original ends well on it under AddressSanitizer and UndefinedBehaviorSanitizer; a set is valid when a
function that does nothing fails on at least one case. Limits: what the original does is observed, not proved; its own time is
bounded like a candidate's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from codepar.cuda.cases.compare import compare
from codepar.cuda.cases.driver import CaseProgram, new_nonce, reference_project
from codepar.cuda.cases.dump import CaseOutput, read_dump
from codepar.cuda.cases.generate import CASES, choose
from codepar.cuda.cases.spec import TestSet
from codepar.cuda.function import SequentialFunction
from codepar.cuda.iterations import Iterations, counted, read_iterations
from codepar.cuda.verdict import CheckName, NamedCheck, failed, ok, unknown
from codepar.protocols import Diagnostic, ExecutionResult, Executor, Limits, Status

FILLS = (1, 2)
"""The patterns of poison that ``OUT`` buffers hold before the call."""

_BROKEN = frozenset({Status.INFRA_ERROR, Status.UNSUPPORTED, Status.REFUSED})
_TIMED_OUT = 14
_SILENT = 2


@dataclass(frozen=True)
class Bench:
    """A valid set with the original's answers, or ``check`` that says why there is none.

    ``expected`` has one list of outputs for each of ``FILLS``; ``telling`` are the cases on which the empty function fails;
    ``iterations`` is None where its loops could not be counted, empty where it has none; ``seconds`` is what the original took
    for all cases.
    """

    tests: TestSet
    check: NamedCheck
    expected: dict[int, list[CaseOutput]] = field(default_factory=dict)
    telling: frozenset[str] = frozenset()
    iterations: dict[str, Iterations] | None = None
    seconds: float = 0.0
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_valid(self) -> bool:
        return self.check.passed is True

    def work(self, case: str) -> int:
        """Iterations of the innermost loop of the busiest nest; 0 where not known."""
        found = (self.iterations or {}).get(case)
        return found.work if found is not None else 0

    def changed(self, case: str) -> int:
        """Elements that the original changed."""
        outputs = self.expected.get(FILLS[0], [])
        return next((sum(one.changed.values()) for one in outputs if one.name == case), 0)


async def make_bench(
    function: SequentialFunction, tests: TestSet, executor: Executor, limits: Limits, *, wanted: int | None = None
) -> Bench:
    """Run the original on every case and keep ``wanted`` of the valid ones (None: as many as the purpose asks for).

    Raises ``InvalidInput`` where a parameter has a type that no values can be made for."""
    program = reference_project(function)
    if not tests.cases:
        return _invalid(tests, "there is no test case")
    outputs, why, diagnostics = await _clean(program, tests, executor, limits)
    if why is not None:
        return Bench(tests, why, diagnostics=diagnostics)
    kept = choose(tests, outputs, len(tests.cases))
    if not kept.cases:
        return _invalid(tests, f"the original does nothing on the {len(outputs)} cases on which it is clean")
    idle_program = reference_project(_empty(function))
    first, second, idle = await asyncio.gather(
        _outputs(program, kept, executor, limits, FILLS[0]),
        _outputs(program, kept, executor, limits, FILLS[1]),
        _outputs(idle_program, kept, executor, limits, FILLS[0]),
    )
    for ran in (first, second, idle):
        if ran.problem is not None:
            return Bench(kept, ran.problem, diagnostics=ran.result.diagnostics)
    telling = frozenset(compare(first.outputs, idle.outputs).failed)
    kept = _chosen(kept, telling, wanted or CASES[tests.purpose])
    telling &= {one.name for one in kept.cases}
    loops = await _iterations(function, kept, executor, limits)
    if not telling:
        return _invalid(kept, f"a function that does nothing passes all {len(kept.cases)} cases: they tell nothing")
    message = (
        f"{len(kept.cases)} cases, clean in the original under sanitizers; a function that does nothing fails on {len(telling)}"
    )
    if unclean := len(tests.cases) - len(outputs):
        message += f"; the original was not clean on {unclean} others"
    return Bench(
        kept,
        ok(CheckName.TESTS, message),
        {fill: _of(kept, ran.outputs) for fill, ran in zip(FILLS, (first, second), strict=True)},
        telling,
        loops,
        first.result.wall_s,
        diagnostics,
    )


class _Clean(NamedTuple):
    outputs: list[CaseOutput]
    why: NamedCheck | None
    diagnostics: tuple[Diagnostic, ...]


def _chosen(tests: TestSet, telling: frozenset[str], wanted: int) -> TestSet:
    """The first cases that tell something and the last, which is the smallest; beside them a few with nothing to do."""
    names = [one.name for one in tests.cases if one.name in telling]
    names = [*names[-1:], *names[:-1]]
    others = [one.name for one in tests.cases if one.name not in telling]
    room = max(_SILENT, wanted - len(names))
    silent = others[:room]
    return tests.only(frozenset([*names[: wanted - len(silent)], *silent]))


def _of(tests: TestSet, outputs: Sequence[CaseOutput]) -> list[CaseOutput]:
    names = {one.name for one in tests.cases}
    return [one for one in outputs if one.name in names]


@dataclass(frozen=True)
class Outputs:
    """What one run left; ``problem`` where the run as a whole says nothing."""

    result: ExecutionResult
    outputs: list[CaseOutput]
    problem: NamedCheck | None = None


async def _outputs(program: CaseProgram, tests: TestSet, executor: Executor, limits: Limits, fill: int) -> Outputs:
    nonce = new_nonce()
    result = await executor.execute(program.execution(tests, nonce, fill=fill, limits=limits))
    outputs = read_dump(result.stdout, nonce)
    if result.status is Status.OK and len([one for one in outputs if one.is_ok]) == len(tests.cases):
        return Outputs(result, outputs)
    why = f"the original ends as {result.status}" if result.status is not Status.OK else "the original's output cannot be read"
    return Outputs(result, outputs, unknown(CheckName.TESTS, _as_tests(result.status), f"{why}: {_first(result)}"))


async def _clean(program: CaseProgram, tests: TestSet, executor: Executor, limits: Limits) -> _Clean:
    """The cases on which the original is clean; else why there is none."""
    nonce = new_nonce()
    result = await executor.execute(program.sanitized(tests, nonce, limits=limits))
    outputs = read_dump(result.stdout, nonce)
    if not outputs:
        status = _as_tests(result.status)
        message = f"the original cannot be tested, it ends as {result.status}: {_first(result)}"
        failing = failed if status in {Status.COMPILE_ERROR, Status.INVALID_TESTS} else unknown
        return _Clean([], failing(CheckName.TESTS, status, message), result.diagnostics)
    clean = [one for one in outputs if one.is_ok]
    if clean:
        return _Clean(clean, None, result.diagnostics)
    slow = all(one.end == "signal" and one.code == _TIMED_OUT for one in outputs)
    why = "it takes too long" if slow else _first(result)
    message = f"the original is not clean on any of {len(outputs)} cases: {why}"
    place = next((one for one in result.diagnostics if one.line is not None), None)
    return _Clean([], failed(CheckName.TESTS, Status.INVALID_TESTS, message, found=place), result.diagnostics)


async def _iterations(
    function: SequentialFunction, tests: TestSet, executor: Executor, limits: Limits
) -> dict[str, Iterations] | None:
    """The loops of each case; None where they cannot be counted, empty without loops."""
    for watches_memory in (True, False):
        copy = counted(function, watches_memory=watches_memory)
        if copy is None:
            return {}
        program = reference_project(copy.function)
        result = await executor.execute(program.execution(tests, new_nonce(), fill=FILLS[0], limits=limits))
        found = read_iterations(result.stderr, copy.parents)
        if result.status is Status.OK and len(found) == len(tests.cases):
            return {case.name: one for case, one in zip(tests.cases, found, strict=True)}
    return None


def _empty(function: SequentialFunction) -> SequentialFunction:
    """The function with nothing in its body."""
    data = function.text.encode()
    returned = function.signature.return_type
    body = b"{ }" if returned == "void" else f"{{ static {returned} codepar_nothing; return codepar_nothing; }}".encode()
    return replace(function, text=(data[: function.body.start] + body + data[function.body.end :]).decode())


def _as_tests(status: Status) -> Status:
    if status in _BROKEN | {Status.COMPILE_ERROR}:
        return status
    return Status.INVALID_TESTS


def _invalid(tests: TestSet, message: str) -> Bench:
    return Bench(tests, failed(CheckName.TESTS, Status.INVALID_TESTS, message))


def _first(result: ExecutionResult) -> str:
    """What the run said first, in one line."""
    for one in result.diagnostics:
        if one.kind not in {"note", "warning"}:
            place = f"line {one.line}: " if one.line is not None else ""
            return f"{place}{one.message}"
    lines = [line for line in result.stderr.splitlines() if line.strip() and not line.startswith("@")]
    return lines[0][:300] if lines else "it says nothing"


def names_of(tests: TestSet, numbers: Sequence[int]) -> list[str]:
    """The names of the cases at these places."""
    return [tests.cases[number].name for number in numbers if 0 <= number < len(tests.cases)]
