"""From reports of compute-sanitizer to check results and the status of a run.

What the tool saw makes a result worse and never better. CUDA errors of API calls are told and decide nothing: programs provoke
and handle them. Limits: one run, one input; nothing here says "free of".
"""

from __future__ import annotations

from codepar.protocols import Check, CheckResult, Diagnostic, Status
from worker.toolchains.gpu.report import Finding, Report, diagnostic
from worker.toolchains.gpu.sanitizer import TOOLS

_STATUS_OF = {
    "memory_error": Status.MEMORY_ERROR,
    "uninitialised": Status.MEMORY_ERROR,
    "race": Status.RACE,
    "barrier_divergence": Status.BARRIER_DIVERGENCE,
}
_CLEAN: dict[Check, str] = {
    "memory": "no memory error",
    "race": "no race on shared memory (racecheck looks at no other)",
    "sync": "no misused barrier",
    "init": "no read of memory that nobody wrote",
}
_MAX_TOLD = 20


def status_of(report: Report) -> Status:
    """The worst that the report tells; ``ok`` when it tells nothing that decides."""
    found = {_STATUS_OF[finding.kind] for finding in report.findings if finding.kind in _STATUS_OF}
    return next(
        (status for status in (Status.MEMORY_ERROR, Status.RACE, Status.BARRIER_DIVERGENCE) if status in found), Status.OK
    )


def check_result(check: Check, report: Report, files: tuple[str, ...], stopped: str | None) -> CheckResult:
    """What the run under the tool says for one check. ``stopped`` tells why the host ended it, None when it ended by itself."""
    found = report.of(check)
    if found:
        return CheckResult(check=check, clean=False, message=_first_of(found, files))
    unproved = _why_unproved(check, report, stopped)
    if unproved is not None:
        return CheckResult(check=check, clean=None, message=unproved)
    return CheckResult(check=check, clean=True, message=f"{_CLEAN[check]} observed by {TOOLS[check]} in 1 run on the GPU")


def diagnostics(report: Report, files: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """Findings in terms of the project's files, those that decide first, then what the tool complains of."""
    ordered = sorted(report.findings, key=lambda finding: finding.kind not in _STATUS_OF)
    told = tuple(diagnostic(finding, files) for finding in ordered[:_MAX_TOLD])
    more = len(ordered) - len(told)
    notes = (Diagnostic(kind="note", message=f"and {more} more findings"),) if more else ()
    return (*told, *notes)


def _why_unproved(check: Check, report: Report, stopped: str | None) -> str | None:
    if stopped is not None:
        return f"the run under {TOOLS[check]} did not end: {stopped}"
    # A launch that the tool could not follow, or that never came, is not one that it found clean.
    blind = [word for word in report.complaints if word.startswith("Internal Sanitizer") or "before first instrumented" in word]
    if report.total is None or blind:
        reason = next(iter((*blind, *reversed(report.complaints))), "it left no summary")
        return f"{TOOLS[check]} came to no result: {reason}"
    if report.total and not report.findings:
        return f"{TOOLS[check]} counts {report.total} errors and describes none that is known here"
    return None


def _first_of(found: tuple[Finding, ...], files: tuple[str, ...]) -> str:
    first = diagnostic(found[0], files)
    place = f"{first.file}:{first.line}: " if first.file and first.line else ""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return f"{place}{first.message}{more}"
