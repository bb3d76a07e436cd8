"""Does the output depend on the order of blocks and threads, or on what fresh memory holds? The same program run in other orders.

What varies between two runs of one and the same order (times, addresses) is masked first. Limits: what was printed is
compared, lines in any order and floating-point numbers with the tolerance that summing in another order needs; a few orders
out of very many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi import agree
from codepar.mpi.tokens import Tolerance
from codepar.protocols import CheckResult, Diagnostic
from worker.judge import Judgement
from worker.runner import Outcome
from worker.toolchains.cuda_cpu.report import Report

# Single precision sums of a million terms differ by about this much when their order does.
_TOLERANCE = Tolerance(rtol=1e-4, atol=1e-6)


@dataclass(frozen=True)
class Schedule:
    """One order; ``fill`` is the byte that fresh device and shared memory holds, None for the runtime's own choice."""

    name: str
    order: str
    fill: int | None = None

    def environment(self) -> dict[str, str]:
        fill = {} if self.fill is None else {"CODEPAR_CUDA_FILL": str(self.fill)}
        return {"CODEPAR_CUDA_SCHEDULE": self.order, "CODEPAR_CUDA_WORKERS": "1", **fill}


# One order twice tells what varies by itself.
BASELINE = Schedule("forward", "forward")
OTHERS = (
    Schedule("reverse", "reverse"),
    Schedule("random order 1", "random:1"),
    Schedule("random order 2", "random:2"),
    Schedule("forward, fresh memory zeroed", "forward", fill=0),
)


@dataclass(frozen=True)
class Trial:
    """How the program ended in one order."""

    schedule: Schedule
    outcome: Outcome
    judgement: Judgement
    report: Report

    @property
    def text(self) -> str:
        return self.outcome.stdout.decode(errors="replace")


@dataclass(frozen=True)
class Comparison:
    """The result of the check, and the diagnostic of what differed."""

    result: CheckResult
    diagnostic: Diagnostic | None = None


def compare(baselines: Sequence[Trial], others: Sequence[Trial]) -> Comparison:
    """Compare the outputs of ``others`` with what the ``baselines`` have in common."""
    expected = agree.expect([trial.text for trial in baselines], _TOLERANCE)
    first = baselines[0]
    for trial in others:
        difference = _difference(first, trial, expected)
        if difference is not None:
            return _differs(trial.schedule, difference)
    if first.report.summary is None or first.report.summary.launches == 0:
        return Comparison(CheckResult(check="schedule", clean=None, message="no kernel was launched"))
    if not expected.is_evidence:
        message = "the program prints nothing that could be compared"
        return Comparison(CheckResult(check="schedule", clean=None, message=message))
    threads = first.report.summary.threads
    message = f"same output in {len(others) + 1} schedules with up to {threads} threads"
    return Comparison(CheckResult(check="schedule", clean=True, message=message))


def _difference(first: Trial, trial: Trial, expected: agree.Expectation) -> str | None:
    if trial.judgement.status != first.judgement.status:
        return f"the program ends as {trial.judgement.status}, not as {first.judgement.status}"
    if trial.outcome.exit_code != first.outcome.exit_code:
        return f"the exit code is {trial.outcome.exit_code}, not {first.outcome.exit_code}"
    found = agree.difference(expected, trial.text, _TOLERANCE)
    if found is None:
        return None
    if found.missing is not None and found.surplus is not None:
        return f"it prints {found.surplus!r}, not {found.missing!r}"
    return f"it does not print {found.missing!r}" if found.missing is not None else f"it prints {found.surplus!r} too"


def _differs(schedule: Schedule, difference: str) -> Comparison:
    if schedule.fill is not None:
        message = f"the output depends on what fresh memory holds ({schedule.name}): {difference}"
        return Comparison(
            CheckResult(check="schedule", clean=False, message=message), Diagnostic(kind="uninitialised", message=message)
        )
    message = f"the output depends on the order of threads ({schedule.name}): {difference}"
    return Comparison(CheckResult(check="schedule", clean=False, message=message), Diagnostic(kind="schedule", message=message))
