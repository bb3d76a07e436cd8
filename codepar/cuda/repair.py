"""What is wrong with a translation, in lines that a model can act on: the compiler's words, the place, a counterexample.

Limits: of the tests that judge nothing is told but which check failed, so that no candidate is fitted to them.
"""

from __future__ import annotations

from collections.abc import Iterator

from codepar.cuda.cases.spec import TestCase
from codepar.cuda.verdict import CheckName, CudaVerdict, NamedCheck
from codepar.protocols import Status

_MAX_FINDINGS = 5
_MAX_LINE = 240
_MAX_SCALARS = 6
_ADVICE = {
    CheckName.COMPILED: "It does not compile.",
    CheckName.LAUNCH: "It launches no kernel.",
    CheckName.VALUES: "It computes other values than the original.",
    CheckName.MEMORY: "It touches memory outside of its buffers: guard every index.",
    CheckName.RACE: "Threads race: two touch the same element and one writes. Use an atomic, or give each thread its own.",
    CheckName.BARRIER: "Not all threads of a block reach the same __syncthreads().",
    CheckName.SCHEDULE: "The result depends on the order in which blocks and threads run.",
    CheckName.FILL: "The result depends on what the output buffers hold before.",
    CheckName.DEVICE: "The host computes what the device should.",
    CheckName.PARALLEL: "Too few threads do the work: let each independent iteration be a thread of its own.",
}


def findings(verdict: CudaVerdict, source: str) -> tuple[str, ...]:
    """Of a verdict by the tests that rank: the failed check, its place with the line of ``source``, a case on which it fails."""
    failed = _failed(verdict)
    if failed is None:
        return ()
    lines = [_ADVICE.get(failed.name, ""), *_details(verdict, failed, source)]
    if verdict.counterexample is not None and failed.name is not CheckName.COMPILED:
        lines.append(f"For example with {_inputs(verdict.counterexample)}.")
    return tuple(dict.fromkeys(line for line in lines if line))[:_MAX_FINDINGS]


def judged_findings(verdict: CudaVerdict) -> tuple[str, ...]:
    """Of a verdict by the tests that judge: which check failed, no more."""
    failed = _failed(verdict)
    if failed is None:
        return ()
    if failed.name is CheckName.VALUES:
        return ("It is right on the inputs tried before, but not on others: think of other sizes and values.",)
    return (_ADVICE.get(failed.name) or f"It ends as {failed.status}.",)


def _failed(verdict: CudaVerdict) -> NamedCheck | None:
    wanting = [one for one in verdict.checks if one.passed is not True]
    return next((one for one in wanting if one.passed is False), next(iter(wanting), None))


def _details(verdict: CudaVerdict, failed: NamedCheck, source: str) -> Iterator[str]:
    lines = source.split("\n")
    if failed.status is Status.COMPILE_ERROR and verdict.diagnostics:
        for found in verdict.diagnostics:
            if found.kind != "note":
                yield _placed(found.message, found.line, lines)
        return
    yield _placed(failed.message, failed.line, lines)


def _placed(message: str, line: int | None, lines: list[str]) -> str:
    text = lines[line - 1].strip() if line and line <= len(lines) else ""
    said = " ".join(message.split())[:_MAX_LINE]
    return f"{said}, in: {text[:_MAX_LINE]}" if text else said


def _inputs(case: TestCase) -> str:
    scalars = [f"{name} = {value}" for name, value in case.scalars.items() if not isinstance(value, dict)]
    return ", ".join(scalars[:_MAX_SCALARS]) or f"the case {case.name}"
