"""The report of translation samples counts what is in the rows, and leaves out what the infrastructure lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.cuda.translation import Origin
from codepar.errors import Conflict, EngineUnavailable, InvalidInput
from codepar.flows.cuda_result import Cost
from codepar.protocols import Execution, ExecutionResult, Status
from codepar.settings import Settings
from evaluators.benchmarks.babeltower import Pair, RecordedTest
from evaluators.samples import SampleWriter
from evaluators.translation_report import lines_of_translations, report_translations
from evaluators.translations import (
    TranslationMeans,
    TranslationPlan,
    TranslationSample,
    options_of,
    read_translations,
    run_translations,
)
from worker.executor import open_executor

SOURCE = "void twice ( int * a , int n ) { for ( int i = 0 ; i < n ; i ++ ) a [ i ] *= 2 ; }\n"
TEST = RecordedTest(
    "int a1[] = {1, 2};\nwrapper(twice, a1, 2);\n", "Return value: void\nArguments after function call: ([ 2, 4 ], 2)\n"
)
PAIR = Pair("1", SOURCE, "", (TEST,))


def write(path: Path, *rows: TranslationSample) -> Path:
    with SampleWriter(path) as writer:
        for row in rows:
            writer.append(row)
    return path


def row(task: str, status: Status, **fields: object) -> TranslationSample:
    given = {"task_id": task, "system": "default", "status": status, "verified": status is Status.OK, "compiled": True, **fields}
    return TranslationSample.model_validate(given)


def test_rates_origins_and_cost(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.jsonl",
        row("1", Status.OK, origin=Origin.RULES, recorded=True, cost=Cost(wall_s=2, executions=10)),
        row("2", Status.OK, origin=Origin.REPAIR, recorded=True, cost=Cost(wall_s=6, executions=20, generations=9)),
        row(
            "3",
            Status.WRONG_OUTPUT,
            recorded=True,
            empty_recorded=True,
            empty_judged=Status.WRONG_OUTPUT,
            cost=Cost(wall_s=4, executions=30),
        ),
        row("4", Status.INVALID_TESTS, compiled=False),
        row("5", Status.INFRA_ERROR),
    )
    report = report_translations(path, 6)
    assert report.metrics["solved"].value == 0.5
    assert report.metrics["solved"].n == 4
    assert report.metrics["solved_recorded"].value == 0.75
    assert report.metrics["compiled"].value == 0.75
    assert report.metrics["verified_or_untestable"].n == 3
    assert report.metrics["empty_passes_recorded"].value == 0.25
    assert (report.metrics["empty_passes"].value, report.metrics["empty_passes"].n) == (0, 1)
    assert report.metrics["refused"].value == 0
    assert report.origins == {"rules": 1, "repair": 1}
    assert report.cost is not None
    assert report.cost.median_s == 3
    assert report.cost.generations_per_accepted == 4.5
    assert report.cost.executions_per_answer == 15
    assert any("1 samples failed" in note for note in report.notes)
    assert any("5 of 6" in note for note in report.notes)
    assert "solved: verified" in "\n".join(lines_of_translations(report))


def test_the_last_row_of_a_task_counts_and_torn_lines_do_not(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", row("1", Status.INFRA_ERROR), row("1", Status.OK))
    with path.open("a") as file:
        file.write('{"task_id": "2", "sta')
    assert [one.status for one in read_translations(path)] == [Status.OK]
    (tmp_path / "empty.jsonl").write_text("{}\n")
    with pytest.raises(InvalidInput, match="no sample"):
        read_translations(tmp_path / "empty.jsonl")


def test_systems_are_what_they_say() -> None:
    assert options_of("model", 8, 3, 60).candidates == 1
    assert options_of("model", 8, 3, 60).repair == 0
    assert not options_of("model", 8, 3, 60).rules
    assert not options_of("rules", 8, 3, 60).model
    assert options_of("default", 4, 1, 60).candidates == 4
    with pytest.raises(InvalidInput, match="no system"):
        options_of("best", 1, 1, 1)


def test_kernels_are_compared_where_the_published_ones_are_given(tmp_path: Path) -> None:
    kernel = "__global__ void twice(float *x, int n) {\n    int i = threadIdx.x;\n    if (i < n) x[i] *= 2;\n}"
    host = "\nvoid twice_all(float *x, int n) { twice<<<1, n>>>(x, n); }\n"
    path = write(tmp_path / "s.jsonl", row("1", Status.OK, source=kernel + host), row("2", Status.REFUSED))
    likeness = report_translations(path, 2, None, {"1": kernel, "2": kernel}).likeness
    assert likeness is not None
    assert likeness.pairs == 2
    assert likeness.code_bleu.syntax == 0.5
    assert likeness.overlap is not None
    assert "CodeBLEU" in "\n".join(lines_of_translations(report_translations(path, 2, None, {"1": kernel})))
    assert report_translations(path, 2).likeness is None


def test_a_run_measures_the_answer_and_the_empty_kernel_and_goes_on(tmp_path: Path, shared_cache: Callable[[Path], Path]) -> None:
    settings = Settings(data_dir=shared_cache(tmp_path / "data"))
    means = TranslationMeans(None, open_executor(settings, trusted=True), settings)
    plan = TranslationPlan([PAIR], "rules", options_of("rules", 1, 0, 1), "data", "here")
    path = tmp_path / "s.jsonl"
    first = asyncio.run(run_translations(plan, path, means, print))
    again = asyncio.run(run_translations(plan, path, means, print))
    assert (first.made, again.made, again.found) == (1, 0, 1)
    [found] = read_translations(path)
    assert (found.status, found.origin, found.recorded, found.original_recorded) == (Status.OK, Origin.RULES, True, True)
    assert (found.empty_recorded, found.empty_judged) == (False, Status.WRONG_OUTPUT)
    assert found.cost.executions > 5
    assert found.cost.run_s > 0
    with pytest.raises(Conflict, match="another system"):
        asyncio.run(run_translations(TranslationPlan([PAIR], "model", plan.options, "data", "here"), path, means, print))


class _Gone:
    async def execute(self, execution: Execution) -> ExecutionResult:
        raise EngineUnavailable("gone", remedy="-")


def test_a_fault_says_nothing_of_the_system_and_several_end_the_run(tmp_path: Path) -> None:
    pairs = [Pair(str(at), SOURCE, "", (TEST,)) for at in range(9)]
    plan = TranslationPlan(pairs, "rules", options_of("rules", 1, 0, 1), "data")
    ran = asyncio.run(run_translations(plan, tmp_path / "s.jsonl", TranslationMeans(None, _Gone(), Settings()), print))
    assert (ran.made, ran.faults) == (5, 5)
    assert {row.status for row in read_translations(tmp_path / "s.jsonl")} == {Status.INFRA_ERROR}
