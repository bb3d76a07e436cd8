"""From how a command ended to the status and diagnostics of a run.

Limits: the cause comes from the host's clock and counters; what sanitizers print and what the shim wrote may only make a
status worse or a timeout more exact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codepar.protocols import Diagnostic, Execution, Status
from worker.ranked import RankedOutcome
from worker.runner import Outcome
from worker.toolchains import sanitizers
from worker.toolchains.blame import explain_cut_off, explain_end, explain_hang
from worker.toolchains.board import Counters, RankState
from worker.toolchains.causes import explain_causes, explain_mismatches
from worker.toolchains.places import Place
from worker.toolchains.sanitizers import Findings

_STATUS = {
    "wall": Status.TIMEOUT,
    "memory": Status.MEMORY_LIMIT,
    "output": Status.OUTPUT_LIMIT,
    "processes": Status.PROCESS_LIMIT,
    "files": Status.OUTPUT_LIMIT,
    "watch": Status.DEADLOCK,
}
_MPICH_ERROR = re.compile(
    r"^Abort\(\d+\) on node \d+ \(rank (\d{1,4}) in comm \d+\): (Fatal error in .*?)(?:, error stack)?:?$", re.MULTILINE
)
_OPENMPI_ERROR = re.compile(r"^\[.*\] \*\*\* (MPI_ERR_\w+: .*)$", re.MULTILINE)
_MAX_MPI_ERRORS = 8


@dataclass(frozen=True)
class Judgement:
    """A status and what explains it."""

    status: Status
    diagnostics: tuple[Diagnostic, ...] = ()


def judge(
    execution: Execution,
    outcome: Outcome,
    states: Sequence[RankState] = (),
    places: Mapping[int, Place] | None = None,
    counters: Sequence[Counters] = (),
) -> Judgement:
    """The status of one run. ``states`` and ``counters`` are those of its ranks, ``places`` the lines of addresses."""
    places = places or {}
    if outcome.cause == "exit":
        return _judge_exit(execution, outcome, states, places)
    status = _STATUS[outcome.cause]
    if status == Status.DEADLOCK:
        return Judgement(status, (*explain_hang(states, "deadlock", places), *explain_causes(states, counters, places)))
    why = Diagnostic(kind=str(status), message=_why(execution, status))
    hang = explain_hang(states, "timeout", places) if status == Status.TIMEOUT else ()
    found = _sanitizer_findings(execution, outcome.stderr)
    return Judgement(status, (why, *hang, *explain_mismatches(states, places), *(found.diagnostics if found else ())))


def with_buffering(judgement: Judgement, synchronous: RankedOutcome, places: Mapping[int, Place]) -> Judgement:
    """An ok together with what a run with synchronous sends showed: a program that then hangs works by buffering alone."""
    if not synchronous.is_deadlock:
        return judgement
    why = "ok only because the MPI library buffers sends: with synchronous sends, which the standard allows, it deadlocks"
    hang = explain_hang(synchronous.states, "buffering", places)
    causes = explain_causes(synchronous.states, synchronous.counters, places)
    found = (Diagnostic(kind="buffering", message=why), *hang, *causes)
    return Judgement(judgement.status, (*judgement.diagnostics, *found))


def _judge_exit(execution: Execution, outcome: Outcome, states: Sequence[RankState], places: Mapping[int, Place]) -> Judgement:
    mismatches = explain_mismatches(states, places)
    ends = (*explain_end(states, places), *_mpi_errors(outcome.stderr))
    if outcome.exit_code == 0 and not ends:
        ends = explain_cut_off(states)
    found = _sanitizer_findings(execution, outcome.stderr)
    if found is not None:
        return Judgement(found.status, (*found.diagnostics, *ends, *mismatches))
    if outcome.exit_code == 0 and not ends:
        return Judgement(Status.OK, mismatches)
    how = f"signal {outcome.signal}" if outcome.signal else f"exit code {outcome.exit_code}"
    return Judgement(Status.RUNTIME_ERROR, (*ends, Diagnostic(kind="exit", message=f"the program ended with {how}"), *mismatches))


def _sanitizer_findings(execution: Execution, stderr: bytes) -> Findings | None:
    """What the sanitizers that were asked for say."""
    return sanitizers.read(stderr, execution.project.files) if sanitizers.requested(execution) else None


def _mpi_errors(stderr: bytes) -> tuple[Diagnostic, ...]:
    """What the MPI library says went wrong, once for each rank it names."""
    text = stderr.decode(errors="replace")
    mpich = [Diagnostic(kind="mpi_error", message=match[2], rank=int(match[1])) for match in _MPICH_ERROR.finditer(text)]
    openmpi = [Diagnostic(kind="mpi_error", message=match[1]) for match in _OPENMPI_ERROR.finditer(text)]
    return tuple(dict.fromkeys([*mpich, *openmpi]))[:_MAX_MPI_ERRORS]


def _why(execution: Execution, status: Status) -> str:
    limits = execution.limits
    return {
        Status.TIMEOUT: f"stopped after {limits.wall_s:g} s",
        Status.MEMORY_LIMIT: f"stopped at {limits.memory_bytes} bytes of memory",
        Status.OUTPUT_LIMIT: f"stopped: more than {limits.output_bytes} bytes of output, or {limits.file_bytes} in a file",
        Status.PROCESS_LIMIT: f"stopped at {limits.processes} processes and threads",
    }[status]
