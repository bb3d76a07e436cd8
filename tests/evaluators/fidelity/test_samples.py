"""The suite tells right from wrong: originals pass both ways, broken functions neither; what splitting loses is seen."""

import asyncio
import json

import pytest

from codepar.cli.eval_fidelity import Chosen, is_fidelity, run_fidelity_command, score_fidelity
from codepar.errors import Conflict, InvalidInput
from codepar.settings import Settings
from evaluators.fidelity.cases import cases_hash, load_cases
from evaluators.fidelity.report import report_fidelity
from evaluators.fidelity.rows import read_fidelity
from evaluators.fidelity.samples import FidelityPlan, Hands, options_of, run_fidelity
from evaluators.systems.answerers import MADE, MadeAnswers, broken, original

CASES = load_cases(every=34)


def plan(system, cases=CASES, environment="here"):
    options = options_of(system, budget_s=60, max_tokens=512)
    return FidelityPlan(cases, system, options, cases_hash(cases), environment)


def run(path, executor, system, **changes):
    hands = Hands(changes.pop("generator", None), executor, Settings(data_dir=path.parent))
    return asyncio.run(run_fidelity(plan(system, **changes), path, hands, lambda text: None))


@pytest.mark.parametrize(("system", "share"), [("originals", 1.0), ("broken", 0.0)])
def test_answers_by_construction(tmp_path, judging_executor, system, share):
    path = tmp_path / "made.jsonl"
    assert run(path, judging_executor, system).made == len(CASES) == 3
    report = report_fidelity(path, len(CASES))
    for way in ("serial", "parallel"):
        assert report.metrics[f"{way}_passed"].value == share
        for name in ("complete", "in_order", "same_signature"):
            assert report.metrics[f"{way}_{name}"].value == 1.0, (way, name)
    assert report.split.value == 1.0
    assert (report.difference.value, report.speedup) == (0.0, None)
    assert run(path, judging_executor, system).made == 0
    with pytest.raises(Conflict, match="another environment"):
        run(path, judging_executor, system, environment="there")


class Forgetful(MadeAnswers):
    """Right where it is asked for one function; of several it leaves out the first and turns the others around."""

    def _asked_for(self, asked):
        found = super()._asked_for(asked)
        return found if len(found) == 1 else found[:0:-1]


def test_what_one_way_loses_is_counted(tmp_path, judging_executor):
    case = next(one for one in load_cases() if len(one.functions) == 4)
    path = tmp_path / "forgetful.jsonl"
    run(path, judging_executor, "model", cases=[case], generator=Forgetful(case, original))
    report = report_fidelity(path, 1)
    assert report.pairs == {"both": 3, "serial alone": 0, "parallel alone": 1, "neither": 0}
    assert report.difference.value == 0.25
    assert [report.metrics[f"serial_{name}"].value for name in ("complete", "in_order")] == [0, 0]
    assert [report.metrics[f"parallel_{name}"].value for name in ("complete", "in_order")] == [1, 1]


def test_a_prompt_whose_answers_fail_is_named(tmp_path, judging_executor):
    class Dead(MadeAnswers):
        async def complete(self, prompt, sampling):
            raise ZeroDivisionError

    path = tmp_path / "dead.jsonl"
    run(path, judging_executor, "model", cases=CASES[:1], generator=Dead(CASES[0], broken))
    assert "ZeroDivisionError" in read_fidelity(path)[0].message
    with pytest.raises(InvalidInput, match="no prompt that was answered"):
        report_fidelity(path, 1)


def test_the_command(tmp_path, judging_executor, capsys):
    path = tmp_path / "made.jsonl"
    run(path, judging_executor, "originals", cases=CASES[:1])
    assert is_fidelity(path)
    assert score_fidelity(path, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["parallel_passed"]["value"] == 1
    assert run_fidelity_command(Chosen(str(path)), Settings(data_dir=tmp_path), as_json=False) == 0
    assert "pass rate in parts minus at once" in capsys.readouterr().out
    with pytest.raises(InvalidInput, match="no system 'best'"):
        run_fidelity_command(Chosen("best"), Settings(data_dir=tmp_path), as_json=False)


def test_there_are_enough_prompts():
    cases = load_cases()
    assert len(cases) >= 100
    assert sum(len(case.functions) for case in cases) >= 300
    assert {case.prompt.code for case in cases} == {"c", "c++", "python"}
    assert set(MADE) == {"originals", "broken"}
