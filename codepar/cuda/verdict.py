"""The verdict on a translation: one check after the other, and ``verified`` only when all of them passed.

A check that could not be carried through has ``passed`` None, and the translation is not verified. Limits: types and words
alone; ``codepar.flows.cuda_court`` carries the checks out. What is said is "observed", never "proved".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from codepar.cuda.cases.spec import Purpose, TestCase, TestSet
from codepar.cuda.translation import Target
from codepar.protocols import Diagnostic, Record, Status


class CheckName(StrEnum):
    """The rungs of the ladder, in their order. ``DEVICE`` and ``PARALLEL`` of an OpenMP translation speak of its threads."""

    PARSED = "parsed"
    TESTS = "tests"
    COMPILED = "compiled"
    LAUNCH = "launch"
    VALUES = "values"
    MEMORY = "memory"
    RACE = "race"
    BARRIER = "barrier"
    SCHEDULE = "schedule"
    FILL = "fill"
    DEVICE = "device"
    PARALLEL = "parallel"


LADDER: dict[Target, tuple[CheckName, ...]] = {
    Target.CUDA: tuple(CheckName),
    Target.OPENMP: (
        CheckName.PARSED,
        CheckName.TESTS,
        CheckName.COMPILED,
        CheckName.LAUNCH,
        CheckName.VALUES,
        CheckName.MEMORY,
        CheckName.RACE,
        CheckName.FILL,
        CheckName.PARALLEL,
    ),
}


class NamedCheck(Record):
    """One rung. ``passed`` is None where it was not reached or not carried through; ``status`` is ``ok`` only where it passed.

    ``race_same_value`` is told in ``kind``: its own class of the rung ``race``.
    """

    name: CheckName
    passed: bool | None
    status: Status
    message: str
    kind: str | None = None
    file: str | None = None
    line: int | None = None


class LeastCase(Record):
    """The smallest case found on which ``rung`` fails: inputs in a line, what is wrong there, and how many cases were tried."""

    case: TestCase
    rung: CheckName
    inputs: str
    message: str
    tried: int


class CudaVerdict(Record):
    """What the checks say together. ``status`` is ``ok`` when every rung passed, else that of the first that did not.

    ``tests`` are the cases that judged; ``counterexample`` is the smallest case known on which it fails, ``least`` says more
    where one was looked for; ``seed`` made the cases, and ``reproduce`` is the command that makes and runs them again. Times
    are in seconds.
    """

    status: Status
    purpose: Purpose = "judge"
    checks: tuple[NamedCheck, ...]
    notes: tuple[str, ...] = ()
    tests: TestSet | None = None
    seed: int = 0
    counterexample: TestCase | None = None
    least: LeastCase | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    reproduce: str = ""
    compile_s: float = 0.0
    run_s: float = 0.0
    executions: int = 0

    @property
    def verified(self) -> bool:
        """Only the whole ladder on tests that judge verifies."""
        return self.status is Status.OK and self.purpose == "judge"

    def check(self, name: CheckName) -> NamedCheck | None:
        return next((one for one in self.checks if one.name == name), None)

    @property
    def passed(self) -> int:
        """Rungs passed before the first that was not: how far it came."""
        return next((at for at, one in enumerate(self.checks) if one.passed is not True), len(self.checks))

    @property
    def reason(self) -> str:
        """Why it is not verified, in one line; empty where it is."""
        known = next((one for one in self.checks if one.passed is False), None)
        first = known or next((one for one in self.checks if one.passed is None), None)
        return "" if first is None else f"{first.name}: {first.message}"


def ok(name: CheckName, message: str) -> NamedCheck:
    """A rung that passed."""
    return NamedCheck(name=name, passed=True, status=Status.OK, message=message)


def failed(
    name: CheckName, status: Status, message: str, *, found: Diagnostic | None = None, kind: str | None = None
) -> NamedCheck:
    """A rung that did not pass; ``found`` gives its place."""
    file, line = (found.file, found.line) if found is not None else (None, None)
    return NamedCheck(name=name, passed=False, status=status, message=message, kind=kind, file=file, line=line)


def unknown(name: CheckName, status: Status, message: str) -> NamedCheck:
    """A rung that could not be carried through: never a pass."""
    return NamedCheck(name=name, passed=None, status=status, message=message)


def status_of(checks: Iterable[NamedCheck], target: Target) -> Status:
    """``ok`` when every rung of the target's ladder is there and passed; else the first failure's status, else ``infra_error``.

    What failed decides before what is merely unknown.
    """
    found = tuple(checks)
    for one in found:
        if one.passed is False:
            return one.status
    for one in found:
        if one.passed is None:
            return one.status if one.status is not Status.OK else Status.INFRA_ERROR
    return Status.OK if tuple(one.name for one in found) == LADDER[target] else Status.INFRA_ERROR


def completed(checks: Iterable[NamedCheck], target: Target) -> tuple[NamedCheck, ...]:
    """All rungs of the ladder, those that nobody reached as unknown."""
    known = {one.name: one for one in checks}
    first = next((one for one in known.values() if one.passed is not True), None)
    why = f"not tried: {first.name} did not pass" if first is not None else "not tried"
    status = first.status if first is not None else Status.INFRA_ERROR
    return tuple(known.get(name) or unknown(name, status, why) for name in LADDER[target])
