"""A run resumes, refuses another run's file, judges strangers' answers, and a report counts what can be scored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.errors import Conflict, EngineUnavailable, InvalidInput
from codepar.protocols import Execution, ExecutionResult, Executor, Status
from evaluators.benchmarks.pareval import Model, Problem
from evaluators.pareval.report import lines_of_pareval, report_pareval
from evaluators.pareval.samples import Bench, ParEvalPlan, ParEvalSample, answers_of, read_pareval, run_pareval
from evaluators.pareval.truth import Truth, Truths
from evaluators.samples import SampleWriter

LOOP = "    for (size_t i = 0; i < x.size(); i++) x[i] *= 2;\n}\n"


async def answer_rightly(problem: Problem) -> str:
    return LOOP


def test_a_run_is_judged_and_goes_on(problem: Callable[[Model], Problem], executor: Executor, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    plan = ParEvalPlan([problem("serial")], "mine", "data", "here")
    bench = Bench(answer_rightly, executor, Truths(executor, tmp_path / "truths.json", "here"))
    first = asyncio.run(run_pareval(plan, path, bench, print))
    again = asyncio.run(run_pareval(plan, path, bench, print))
    assert (first.made, again.made, again.found) == (1, 0, 1)
    [row] = read_pareval(path)
    assert (row.status, row.truth, row.upstream, row.answer) == (Status.OK, Truth.OK, True, LOOP)
    assert json.loads((tmp_path / "truths.json").read_text())
    with pytest.raises(Conflict, match="another system"):
        asyncio.run(run_pareval(ParEvalPlan(plan.problems, "other", "data", "here"), path, bench, print))


class _Gone:
    async def execute(self, execution: Execution) -> ExecutionResult:
        raise EngineUnavailable("gone", remedy="-")


def test_a_fault_is_not_the_systems(problem: Callable[[Model], Problem], tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    bench = Bench(answer_rightly, _Gone(), Truths(_Gone(), None, "here"))
    ran = asyncio.run(run_pareval(ParEvalPlan([problem("serial")], "mine", "data"), path, bench, print))
    assert ran.faults == 1
    assert read_pareval(path)[0].status is Status.INFRA_ERROR


def write(path: Path, *rows: ParEvalSample) -> Path:
    with SampleWriter(path) as writer:
        for row in rows:
            writer.append(row)
    return path


def row(task: str, status: Status, **fields: object) -> ParEvalSample:
    return ParEvalSample.model_validate({"task_id": task, "system": "s", "status": status, "truth": Truth.OK, **fields})


def test_the_report_leaves_out_what_cannot_be_scored(tmp_path: Path) -> None:
    good: dict[str, object] = {"compiled": True, "correct": True, "parallel": True, "upstream": True}
    path = write(
        tmp_path / "s.jsonl",
        row("cuda/1", Status.OK, **good),
        row("cuda/2", Status.RACE, **good),
        row("cuda/3", Status.NOT_PARALLEL, compiled=True, correct=True, parallel=False, upstream=True),
        row("cuda/4", Status.WRONG_OUTPUT, compiled=True, correct=False, upstream=False),
        row("cuda/5", Status.OK, truth=Truth.BROKEN, **good),
        row("cuda/6", Status.OK, truth=Truth.WEAK, **good),
        row("serial/1", Status.OK, compiled=True, correct=True),
        row("serial/2", Status.INFRA_ERROR),
    )
    report = report_pareval(path, 9)
    rates = {name: (one.value, one.n) for name, one in report.metrics.items()}
    assert rates["cuda_as_upstream"] == (0.75, 4)
    assert rates["cuda_correct"] == (0.75, 4)
    assert rates["cuda_true_parallel"] == (0.5, 4)
    assert rates["cuda_solved"] == (0.25, 4)
    assert rates["cuda_gt_pass_rate"] == (4 / 6, 6)
    assert rates["serial_solved"] == (1.0, 1)
    assert "serial_true_parallel" not in rates
    assert report.left_out["the right answer does not pass the driver"] == ("cuda/5",)
    assert any("8 of 9" in note for note in report.notes)
    assert "left out" in "\n".join(lines_of_pareval(report))


def test_answers_of_others_are_read_without_their_scores(tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_text('{"task_id": "omp/1", "answer": "}", "status": "ok"}\n{"task_id": "omp/1", "answer": "x}"}\n[1]\n{"tas')
    assert answers_of(path) == {"omp/1": "x}"}
    path.write_text('{"task_id": "omp/1"}\n')
    with pytest.raises(InvalidInput, match="no answer"):
        answers_of(path)
