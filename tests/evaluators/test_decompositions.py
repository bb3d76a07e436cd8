"""Samples of decompositions are made, resumed and scored; a broken system costs its own prompts alone."""

import json
import sys

import pytest

from codepar.errors import Conflict, InvalidInput, NotFound
from evaluators.benchmarks.codepp import HIDDEN, load
from evaluators.decomposition_report import lines_of_decompositions, report_decompositions
from evaluators.decompositions import DecompositionPlan, read_decompositions, run_decomposer
from evaluators.isolated import IsolatedSystem

CRASHING = """
import json, os, sys
from evaluators.child import say
answers = int(sys.argv[sys.argv.index("--answers") + 1])
say(answers, {"ready": {}})
for line in sys.stdin:
    if "CUDA" in json.loads(line)["prompt"]: os.abort()
    say(answers, {"status": "ok", "decomposition": {"split": False, "reason": "no", "refusal": "one_task"}, "seconds": 0.001})
"""


@pytest.fixture(scope="module")
def cases():
    return load("development")[:12]


def plan(cases, system="lists"):
    return DecompositionPlan(cases, "development", "d" * 12, system)


def lists():
    return IsolatedSystem([sys.executable, "-m", "evaluators.child_decomposer", "--system", "lists"], {}, 30)


def test_a_row_a_prompt_and_the_same_run_goes_on(cases, tmp_path):
    path = tmp_path / "s.jsonl"
    with lists() as system:
        assert run_decomposer(plan(cases[:5]), system, path).made == 5
    rows = read_decompositions(path)
    assert [row.task_id for row in rows] == [case.prompt.id for case in cases[:5]]
    assert all(row.seconds is not None and row.decomposition is not None for row in rows)
    with path.open("a") as file:
        file.write('{"task_id": "torn')
    with lists() as system:
        ran = run_decomposer(plan(cases[:5]), system, path)
    assert (ran.found, ran.made) == (5, 0)


def test_rows_of_another_system_are_never_mixed_in(cases, tmp_path):
    path = tmp_path / "s.jsonl"
    with lists() as system:
        run_decomposer(plan(cases[:2]), system, path)
        with pytest.raises(Conflict, match="another system"):
            run_decomposer(plan(cases[:2], "whole"), system, path)
        with pytest.raises(Conflict, match="another data"):
            run_decomposer(DecompositionPlan(cases[:2], "development", "e" * 12, "lists"), system, path)


def test_a_crash_is_a_wrong_answer_of_one_prompt(cases, tmp_path):
    script = tmp_path / "system.py"
    script.write_text(CRASHING)
    with IsolatedSystem([sys.executable, str(script)], {}, 30) as system:
        run_decomposer(plan(cases, "crashing"), system, tmp_path / "s.jsonl")
    report = report_decompositions(tmp_path / "s.jsonl", cases, "development")
    crashed = sum("CUDA" in case.prompt.text for case in cases)
    assert crashed
    assert report.statuses == {"ok": len(cases) - crashed, "runtime_error": crashed}
    assert report.metrics["split_recall"].value == 0
    assert any(fault.startswith("runtime_error") for fault in report.wrong.values())


def write_gold(cases, path, **changes):
    rows = [
        {"task_id": case.prompt.id, "system": "gold", "decomposition": case.gold.model_dump(mode="json"), **changes}
        for case in cases
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_gold_scores_one_in_everything(cases, tmp_path):
    report = report_decompositions(write_gold(cases, tmp_path / "s.jsonl", seconds=0.002), cases, "development")
    shares = ("split_precision", "split_recall", "items_exact", "items_f1", "edges_f1", "refusal_agrees", "grounded")
    assert {name: report.metrics[name].value for name in shares} == dict.fromkeys(shares, 1)
    assert report.metrics["split_precision"].low < 1
    assert report.wrong == {}
    assert all(count.right == count.n for count in report.kinds.values())
    text = "\n".join(lines_of_decompositions(report))
    assert "split: precision" in text
    assert "2.00 [2.00, 2.00] ms" in text


@pytest.mark.parametrize("part", sorted(HIDDEN))
def test_what_is_wrong_with_what_is_set_aside_is_not_told(part, tmp_path):
    cases = load(part)
    path = tmp_path / "s.jsonl"
    whole = {"split": False, "reason": "no", "refusal": "one_task"}
    path.write_text("".join(json.dumps({"task_id": case.prompt.id, "decomposition": whole}) + "\n" for case in cases))
    report = report_decompositions(path, cases, part)
    assert report.metrics["split_recall"].value == 0
    assert report.wrong == {}


def test_missing_samples_are_named(cases, tmp_path):
    report = report_decompositions(write_gold(cases[:3], tmp_path / "s.jsonl"), cases, "development")
    assert report.prompts == 3
    assert report.notes[0] == f"3 of {len(cases)} prompts have a sample"


def test_files_that_are_none(cases, tmp_path):
    with pytest.raises(NotFound):
        read_decompositions(tmp_path / "none.jsonl")
    (tmp_path / "bad.jsonl").write_text('{"task_id": "p001"}\nnot json\n')
    with pytest.raises(InvalidInput, match="no sample"):
        read_decompositions(tmp_path / "bad.jsonl")
    with pytest.raises(InvalidInput, match="no sample of the development"):
        report_decompositions(write_gold(load("set_aside")[:2], tmp_path / "s.jsonl"), cases, "development")
