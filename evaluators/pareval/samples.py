"""Samples of ParEval: append-only JSONL, a row a task with the answer and what it was judged to be here.

An answer of somebody else is a row of ``task_id`` (``cuda/04_dense_la_gemv``) and ``answer`` (the text behind the prompt); what
such a row says of itself is not read, it is judged again. Limits: one sample a task, in order, in this process; what runs
strangers' code is the executor's sandbox.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from codepar.errors import Conflict, EnvironmentFault, InvalidInput
from codepar.protocols import Executor, Status
from evaluators.benchmarks.pareval import NAME, Problem
from evaluators.pareval.judge import Judged, judge
from evaluators.pareval.truth import Truth, Truths
from evaluators.samples import SampleWriter, lines_of

_REPORT_EVERY_S = 20.0
_MAX_FAULTS_IN_A_ROW = 5

Answerer = Callable[[Problem], Awaitable[str | None]]
"""The text behind a problem's prompt; None where there is none."""


class ParEvalSample(BaseModel):
    """One answer and its verdict. ``status`` is ours; ``infra_error`` says nothing of the system.

    ``upstream``, ``correct`` and ``parallel`` are those of ``Judged``; ``truth`` says whether the task counts.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str = NAME
    task_id: str
    system: str = ""
    data: str = ""
    environment: str = ""
    answer: str = ""
    status: Status
    compiled: bool = False
    upstream: bool | None = None
    correct: bool | None = None
    parallel: bool | None = None
    truth: Truth = Truth.UNKNOWN
    reason: str = ""
    asked_s: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class ParEvalPlan:
    """What is run, and what identifies a row."""

    problems: Sequence[Problem]
    system: str
    data: str
    environment: str = ""


@dataclass(frozen=True)
class Bench:
    """Who answers, who runs, and which tasks can be scored."""

    answer: Answerer
    executor: Executor
    truths: Truths


@dataclass
class ParEvalRun:
    """What a run did."""

    found: int = 0
    made: int = 0
    faults: int = 0
    faults_in_a_row: int = 0

    def note(self, sample: ParEvalSample) -> None:
        """Count one new row."""
        is_fault = sample.status is Status.INFRA_ERROR
        self.made += 1
        self.faults += is_fault
        self.faults_in_a_row = self.faults_in_a_row + 1 if is_fault else 0


async def run_pareval(plan: ParEvalPlan, path: Path, bench: Bench, report: Callable[[str], None]) -> ParEvalRun:
    """Fill the file of samples; rows that are there stay. Raises ``Conflict`` for a file of another run."""
    ran, told = ParEvalRun(), time.monotonic()
    with SampleWriter(path) as writer:
        known = _known(plan, path)
        ran.found = len(known)
        for problem in plan.problems:
            if problem.task_id in known:
                continue
            sample = await _sample(plan, problem, bench)
            writer.append(sample)
            ran.note(sample)
            if ran.faults_in_a_row == _MAX_FAULTS_IN_A_ROW:
                report(f"{ran.faults_in_a_row} samples in a row failed for what they stand on; the run stops: {sample.reason}")
                break
            if time.monotonic() - told > _REPORT_EVERY_S:
                told = time.monotonic()
                report(f"{ran.found + ran.made} of {len(plan.problems)} samples")
    return ran


async def _sample(plan: ParEvalPlan, problem: Problem, bench: Bench) -> ParEvalSample:
    begun = time.monotonic()
    names = {"task_id": problem.task_id, "system": plan.system, "data": plan.data, "environment": plan.environment}
    answer, asked_s = "", 0.0
    try:
        given = await bench.answer(problem)
        asked_s = round(time.monotonic() - begun, 2)
        answer = given or ""
        judged = (
            Judged(status=Status.REFUSED, reason="there is no answer")
            if given is None
            else await judge(problem, answer, bench.executor)
        )
        truth = await bench.truths.of(problem)
    except TimeoutError:
        reason = "the answer took longer than it may (--budget)"
        return ParEvalSample.model_validate({**names, "status": Status.TIMEOUT, "reason": reason})
    except EnvironmentFault as error:
        return ParEvalSample.model_validate({**names, "answer": answer, "status": Status.INFRA_ERROR, "reason": str(error)})
    except Exception as error:  # one sample's crash never ends a run
        reason = f"{type(error).__name__}: {error}"
        return ParEvalSample.model_validate({**names, "answer": answer, "status": Status.RUNTIME_ERROR, "reason": reason})
    return ParEvalSample.model_validate(
        {**names, "answer": answer, "truth": truth, "asked_s": asked_s, **judged.model_dump(exclude={"true_parallel"})}
    )


def answers_of(path: Path) -> Mapping[str, str]:
    """The answers of a file by task; of several for a task the last. Raises ``NotFound``, ``InvalidInput``."""
    found: dict[str, str] = {}
    for row in _rows(path):
        task, answer = row.get("task_id"), row.get("answer")
        if isinstance(task, str) and isinstance(answer, str):
            found[task] = answer
    if not found:
        raise InvalidInput(f"{path} holds no answer", remedy="each line is a JSON object with task_id and answer")
    return found


def read_pareval(path: Path) -> tuple[ParEvalSample, ...]:
    """The judged rows of a file; of several for a task the last. Raises ``NotFound``, ``InvalidInput``."""
    rows: dict[str, ParEvalSample] = {}
    for row in _rows(path):
        try:
            sample = ParEvalSample.model_validate(row)
        except ValidationError:
            continue
        rows[sample.task_id] = sample
    if not rows:
        raise InvalidInput(
            f"{path} holds no judged sample of {NAME}", remedy="codepar eval score FILE --data FOLDER judges answers"
        )
    return tuple(rows.values())


def _rows(path: Path) -> list[dict[str, object]]:
    """The objects of a file; torn lines are passed over."""
    rows = []
    for line in lines_of(path):
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows


def _known(plan: ParEvalPlan, path: Path) -> set[str]:
    """The tasks that need no new sample. Raises ``Conflict`` where the file is of something else."""
    if not path.read_bytes().strip():
        return set()
    rows = read_pareval(path)
    for row in rows:
        wanted = {"system": plan.system, "data": plan.data, "environment (codepar's code, model or Python)": plan.environment}
        given = (row.system, row.data, row.environment)
        other = next((name for (name, mine), theirs in zip(wanted.items(), given, strict=True) if mine != theirs), None)
        if other is not None:
            raise Conflict(f"{path} holds samples of another {other}", remedy="name another file with -o")
    return {row.task_id for row in rows if row.status is not Status.INFRA_ERROR}
