"""What a run says of a rung of the verdict: compiled, values, and how values differ. Limits: reads results; runs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from codepar.cuda.cases.compare import Comparison
from codepar.cuda.cases.dump import CaseOutput
from codepar.cuda.cases.spec import TestCase, TestSet
from codepar.cuda.verdict import CheckName, NamedCheck, failed, ok, unknown
from codepar.protocols import Diagnostic, ExecutionResult, Status

_CHECKED_S = 10.0
_CHECKED_SLOWER = 40.0


def compiled_rung(result: ExecutionResult) -> NamedCheck:
    """Whether there was a program; else what the compiler said first."""
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


def values_rung(result: ExecutionResult, comparison: Comparison) -> NamedCheck:
    """Whether the run ended well and left what the original leaves."""
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


def differs(result: ExecutionResult, comparison: Comparison) -> str | None:
    """What is wrong with a further run, in words; None where nothing is."""
    if result.status is not Status.OK:
        words = next((f": {one.message}" for one in result.diagnostics if one.kind != "note"), "")
        return f"the run ends as {result.status}{words}"
    if comparison.agrees:
        return None
    return comparison.problems[0] if comparison.problems else "nothing was compared"


def affordable(tests: TestSet, outputs: Sequence[CaseOutput], most: int | None = None) -> list[int]:
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


def smallest(tests: TestSet, comparison: Comparison | None) -> TestCase | None:
    """The failing case with the fewest numbers in it."""
    if comparison is None or not comparison.failed:
        return None
    failing = [one for one in tests.cases if one.name in comparison.failed]
    return min(failing, key=_weight, default=None)


def _weight(case: TestCase) -> float:
    return sum(abs(value) for value in case.scalars.values() if not isinstance(value, dict))


def told(found: Sequence[Diagnostic]) -> list[str]:
    """The notes among what a run says."""
    return [f"{one.message}" for one in found if one.kind == "note"][:10]
