"""From how an emulated run ended and what the runtime reported to a status. What the process wrote itself makes no ok.

Precedence: ``unsupported`` (nothing may then be said), what the host stopped (``timeout``, ``memory_limit`` ...),
``memory_error``, ``race``, ``barrier_divergence``, ``runtime_error`` (a CUDA error that a kernel or a launch caused, a bad
exit), ``ok``. Writes of one same value by several threads are told, but do not make a race.
"""

from __future__ import annotations

from collections.abc import Iterable

from codepar.protocols import Check, CheckResult, Execution, Status
from worker.judge import Judgement, judge
from worker.runner import Outcome
from worker.toolchains.cuda_cpu.report import Finding, Report, diagnostic

_STATUS_OF = {
    "unsupported": Status.UNSUPPORTED,
    "memory_error": Status.MEMORY_ERROR,
    "race": Status.RACE,
    "barrier_divergence": Status.BARRIER_DIVERGENCE,
    "cuda_error": Status.RUNTIME_ERROR,
}
# Where a launch was after 1, 2, 4 ... seconds; it explains a timeout and nothing else.
_SITE = "timeout_site"
_STOPPED = (Status.TIMEOUT, Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT, Status.PROCESS_LIMIT)
_ORDER = (
    Status.UNSUPPORTED,
    *_STOPPED,
    Status.MEMORY_ERROR,
    Status.RACE,
    Status.BARRIER_DIVERGENCE,
    Status.RUNTIME_ERROR,
    Status.OK,
)
_CHECKED_KINDS: dict[Check, tuple[str, ...]] = {"memory": ("memory_error",), "race": ("race",)}
_WORDS = {"memory": "memory error", "race": "race"}


def worst(statuses: Iterable[Status]) -> Status:
    """The status that decides; one that stands in no list decides at once."""
    return min(statuses, key=lambda status: _ORDER.index(status) if status in _ORDER else -1)


def judge_run(execution: Execution, outcome: Outcome, report: Report) -> Judgement:
    """The status of one run with all its findings as diagnostics, those that decide first."""
    base = judge(execution, outcome)
    statuses = [base.status, *(_STATUS_OF[finding.kind] for finding in report.findings if finding.kind in _STATUS_OF)]
    status = worst(statuses)
    told = [finding for finding in report.findings if finding.kind != _SITE]
    if status == Status.TIMEOUT:
        told += report.of(_SITE)[-1:]
    found = sorted(told, key=lambda finding: _rank(finding, status))
    return Judgement(status, (*map(diagnostic, found), *base.diagnostics))


def _rank(finding: Finding, status: Status) -> int:
    """Findings of the deciding kind come first, notes last."""
    if finding.kind not in _STATUS_OF:
        return 2
    return 0 if _STATUS_OF[finding.kind] == status else 1


def was_stopped(status: Status) -> bool:
    """Whether the host ended the run, so that what it did not do says nothing."""
    return status in _STOPPED


def check_result(check: Check, status: Status, report: Report, wall_s: float) -> CheckResult:
    """What the instrumented run says for one check."""
    found = report.of(*_CHECKED_KINDS[check])
    if found:
        return CheckResult(check=check, clean=False, message=_first_of(found))
    if status in _STOPPED:
        return CheckResult(check=check, clean=None, message=f"the instrumented run did not end: {status} after {wall_s:.1f} s")
    if status == Status.UNSUPPORTED:
        return CheckResult(check=check, clean=None, message="the program uses what the CPU runtime does not offer")
    if report.summary is None:
        return CheckResult(check=check, clean=None, message="the instrumented run ended before it could report")
    if report.summary.launches == 0:
        return CheckResult(check=check, clean=None, message="no kernel was launched")
    return CheckResult(check=check, clean=True, message=_clean_message(check, report))


def _first_of(found: tuple[Finding, ...]) -> str:
    first = diagnostic(found[0])
    place = f"{first.file}:{first.line}: " if first.file and first.line else ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{place}{first.message}{more}"


def _clean_message(check: Check, report: Report) -> str:
    assert report.summary is not None
    launches = f"{report.summary.launches} launch{'' if report.summary.launches == 1 else 'es'}"
    message = f"no {_WORDS[check]} observed in 1 schedule, {launches} with up to {report.summary.threads} threads"
    same = len(report.of("race_same_value")) if check == "race" else 0
    return f"{message}; {same} place{'s' if same > 1 else ''} where threads write one same value" if same else message
