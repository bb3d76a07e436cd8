"""What an answer to a ParEval problem is worth: as upstream sees it, and by a verdict of our own.

``status`` is ours, of the house's vocabulary: the values are right behind the nonce (else ``wrong_output``), more than one thread
works (else ``not_parallel``; CUDA: active threads of an instrumented run, none with nine tenths of the accesses; OpenMP: threads
counted in a parallel region, and a construct that shares work out), and no race or memory error is observed. Limits: upstream's
two tries and tolerances; the instrumented runs are of at most 64 elements a side; OpenMP is not run under AddressSanitizer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from codepar.flows.cuda_openmp import REGIONS_FILE, REGIONS_MARK, asking_file, counting_file, launch_rung, parallel_rung
from codepar.protocols import Check, Diagnostic, Execution, ExecutionResult, Executor, Limits, Record, Sanitizer, Status
from evaluators.benchmarks.pareval import Problem
from evaluators.pareval.programs import Program, judged_program, upstream_program

LIMITS = Limits(wall_s=60, compile_s=180)
_MISSING = re.compile(r"\b(thrust|cub|cooperative_groups::reduce|cublas|cufft|curandGenerator)(?:::|\w*\()")
_UPSTREAM = re.compile(r"^Validation:(.*)$", re.MULTILINE)
_BUSIEST = 0.9
_STATUS_OF = {
    "memory_error": Status.MEMORY_ERROR,
    "race": Status.RACE,
    "barrier_divergence": Status.BARRIER_DIVERGENCE,
    "cuda_error": Status.RUNTIME_ERROR,
}
_BUILD = frozenset({Status.COMPILE_ERROR, Status.UNSUPPORTED, Status.REFUSED, Status.INFRA_ERROR})


class Judged(Record):
    """``upstream``: upstream's own reading of its own program. ``correct``: ours of the values. None: it could not be said.

    ``parallel``: more than one thread was seen at work; None for ``serial``.
    """

    status: Status
    compiled: bool = False
    upstream: bool | None = None
    correct: bool | None = None
    parallel: bool | None = None
    reason: str = ""
    seconds: float = 0.0

    @property
    def true_parallel(self) -> bool:
        """Right values by more than one thread, whatever else was found."""
        return self.correct is True and self.parallel is True


async def judge(problem: Problem, answer: str, executor: Executor, *, upstream: bool = True, parallel: bool = True) -> Judged:
    """Build and run ``answer``, the text behind the prompt; ``upstream``: also as upstream does; ``parallel``: see who works."""
    missing = _MISSING.search(answer)
    if problem.model == "cuda" and missing is not None:
        return Judged(status=Status.UNSUPPORTED, reason=f"the CPU runtime has no {missing[1]}")
    seen = await _as_upstream(problem, answer, executor) if upstream else None
    nonce = secrets.token_hex(8)
    program = judged_program(problem, answer, nonce)
    if not parallel or problem.model == "serial":
        result = await executor.execute(_execution(program))
        judged = _judged(result, _told(result, nonce))
    elif problem.model == "cuda":
        judged = await _cuda(program, nonce, executor)
    else:
        judged = await _openmp(program, nonce, executor)
    return judged.model_copy(update={"upstream": seen})


async def _as_upstream(problem: Problem, answer: str, executor: Executor) -> bool | None:
    """The last verdict on standard output, exit code 0, and for OpenMP the words ``#pragma omp``; None: not run here."""
    if problem.model == "omp" and "#pragma omp" not in answer:
        return False
    result = await executor.execute(_execution(upstream_program(problem, answer)))
    if result.status in {Status.UNSUPPORTED, Status.REFUSED, Status.INFRA_ERROR}:
        return None
    said = _UPSTREAM.findall(result.stdout)
    return result.exit_code == 0 and bool(said) and said[-1].strip() == "PASS"


async def _cuda(program: Program, nonce: str, executor: Executor) -> Judged:
    result = _without_the_drivers(await executor.execute(_execution(program, checks=("memory", "race"))))
    told = _told(result, nonce)
    if told is not True or result.device is None:
        return _judged(result, told)
    if not result.device.is_counted:
        message = next((one.message for one in result.checks if one.clean is None), "the instrumented run said nothing")
        status = result.status if result.status is not Status.OK else Status.TIMEOUT
        return _judged(result, told, status=status, reason=message)
    active = max((one.active for one in result.device.kernels), default=0)
    accesses = sum(one.accesses for one in result.device.kernels)
    busiest = sum(one.busiest for one in result.device.kernels)
    parallel = active > 1 and busiest < _BUSIEST * accesses
    if result.status is Status.OK and not parallel:
        reason = f"{active} active threads, the busiest with {busiest} of {accesses} accesses"
        return _judged(result, told, parallel=False, status=Status.NOT_PARALLEL, reason=reason)
    return _judged(result, told, parallel=parallel)


def _without_the_drivers(result: ExecutionResult) -> ExecutionResult:
    """The result without what was found in upstream's driver, some of which copy past the ends of their own buffers."""
    foreign = [one for one in result.diagnostics if one.kind in _STATUS_OF and (one.file or "").startswith("driver_")]
    if not foreign or result.status not in {Status.MEMORY_ERROR, Status.RUNTIME_ERROR}:
        return result
    own = [one for one in result.diagnostics if one not in foreign]
    status = next((_STATUS_OF[one.kind] for one in own if one.kind in _STATUS_OF), Status.OK)
    return result.model_copy(update={"status": status, "diagnostics": tuple(own)})


async def _openmp(program: Program, nonce: str, executor: Executor) -> Judged:
    mark = f"{REGIONS_MARK}-{nonce}"
    files = {REGIONS_FILE: counting_file().replace(REGIONS_MARK, mark)}
    result = await executor.execute(_execution(program, files=files, flags=("-ldl",)))
    told = _told(result, nonce)
    if told is not True:
        return _judged(result, told)
    # What the program prints itself does not bear the mark.
    counted = "\n".join(line.replace(mark, REGIONS_MARK) for line in result.stderr.splitlines() if line.startswith(mark))
    seen = result.model_copy(update={"stderr": counted})
    answer = program.project.files["answer.cpp"]
    rung = next((one for one in (launch_rung(seen), parallel_rung(seen, answer)) if not one.passed), None)
    if rung is not None:
        return _judged(result, told, parallel=False if rung.passed is False else None, status=rung.status, reason=rung.message)
    raced = await executor.execute(_execution(program, files={REGIONS_FILE: asking_file()}, sanitize=("thread",)))
    return _judged(raced, True, parallel=True)


def _execution(
    program: Program,
    *,
    files: dict[str, str] | None = None,
    flags: Sequence[str] = (),
    checks: tuple[Check, ...] = (),
    sanitize: tuple[Sanitizer, ...] = (),
) -> Execution:
    return Execution(
        project=program.project.with_files(files or {}),
        flags=(*program.flags, *flags),
        emulate=program.emulate,
        openmp=program.openmp,
        checks=checks,
        sanitize=sanitize,
        limits=LIMITS,
        cache=False,
    )


def _told(result: ExecutionResult, nonce: str) -> bool | None:
    """What our ``main`` said; None where it did not come to say it."""
    found = re.search(rf"^@{nonce} verdict (right|wrong)$", result.stdout, re.MULTILINE)
    return found[1] == "right" if found is not None else None


def _judged(
    result: ExecutionResult,
    told: bool | None,
    *,
    parallel: bool | None = None,
    status: Status | None = None,
    reason: str = "",
) -> Judged:
    return Judged(
        status=status or _status(result, told),
        compiled=result.status not in _BUILD,
        correct=told if result.status not in _BUILD else None,
        parallel=parallel,
        reason=reason or _reason(result, told),
        seconds=round(result.compile_s + result.wall_s, 2),
    )


def _status(result: ExecutionResult, told: bool | None) -> Status:
    if told is False:
        return Status.WRONG_OUTPUT
    if told is None and result.status is Status.OK:
        return Status.RUNTIME_ERROR
    return result.status


def _reason(result: ExecutionResult, told: bool | None) -> str:
    if told is False:
        return "upstream's comparison with its baseline fails"
    if result.status is Status.OK:
        return "" if told else "the program ended before the verdict"
    first: Diagnostic | None = next((one for one in result.diagnostics if one.kind not in {"note", "warning"}), None)
    return first.message[:400] if first is not None else result.stderr.strip()[-400:]
