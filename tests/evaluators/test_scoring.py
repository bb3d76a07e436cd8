"""Samples meet their programs, and the counts add up to the rates."""

import pytest

from codepar.errors import InvalidInput
from codepar.mpi.headers import load_signatures
from evaluators.samples import Sample
from evaluators.scoring import compare, count, count_statuses, pair_up, rates

INIT = {"after_line": 7, "text": "MPI_Init(&argc, &argv);"}
TIME = {"after_line": 8, "text": "MPI_Wtime()", "inline": True}
END = {"after_line": 10, "text": "MPI_Finalize();"}


@pytest.fixture(scope="module")
def signatures():
    return load_signatures()


def sample(task_id, *edits, **changes):
    return Sample.model_validate({"task_id": task_id, "edits": edits, **changes})


def score(samples, tasks, signatures=None, kinds=("original", "corrected")):
    return rates(count(pair_up(samples, tasks), kinds, signatures), kinds)


def perfect(tasks):
    return [Sample(task_id=task.task_id, answer=task.labels) for task in tasks]


def test_the_wanted_calls_score_one_on_both_kinds_of_labels(tasks, signatures):
    found = score(perfect(tasks), tasks, signatures)
    ones = {name for name, rate in found.items() if rate.value == 1.0}
    assert {"line_function_f1", "whole_call_f1_without_four", "corrected_whole_call_f1", "published_arguments_v2"} <= ones
    assert found["unknown_identifier_share"].value == found["wrong_arity_share"].value == 0.0
    assert found["wrong_arity_share"].high == pytest.approx(3 / 14)


def test_right_places_lose_on_published_labels_what_drifted(tasks):
    found = score([sample("ada_waves_1", INIT, TIME, END)], tasks)
    assert found["line_function_precision"].value == pytest.approx(2 / 3)
    assert found["corrected_line_function_precision"].value == 1.0
    assert found["corrected_whole_call_recall"].value == pytest.approx(3 / 6)
    assert found["corrected_whole_call_recall"].n == 6


def test_what_broke_down_counts_as_empty_and_what_was_spoilt_does_not_count(tasks):
    rows = [
        perfect(tasks)[0],
        Sample(task_id="ada_waves_2", status="runtime_error"),
        Sample(task_id="bob_ring-code_1", status="infra_error"),
    ]
    found = score(rows, tasks)
    assert found["whole_call_recall"].value == pytest.approx(6 / 10)
    assert found["whole_call_precision"].value == 1.0
    assert count_statuses(pair_up(rows, tasks)) == {"ok": 1, "runtime_error": 1, "infra_error": 1}


def test_unknown_names_and_arity_are_shares_of_the_proposed_calls(tasks, signatures):
    bad = sample("ada_waves_1", {"after_line": 9, "text": "MPI_Barrier(ghosts);"}, {"after_line": 9, "text": "MPI_Finalize(0);"})
    found = score([bad], tasks, signatures)
    assert (found["unknown_identifier_share"].value, found["wrong_arity_share"].value) == (0.5, 0.5)


def test_released_answers_find_their_program_by_its_labels(tasks):
    rows = [Sample.model_validate({"pred": task.labels, "label": f"{task.labels} <|endoftext|>"}) for task in tasks]
    rows.append(Sample.model_validate({"pred": "", "label": "(3 1, MPI_Finalize();)"}))
    pairs = pair_up(rows, tasks)
    # Two programs have the same labels; each is found once.
    assert [pair.task and pair.task.task_id for pair in pairs] == [*(task.task_id for task in tasks), None]
    found = rates(count(pairs, ("original",), None), ("original",))
    assert found["whole_call_f1"].value == 1.0
    assert (found["published_location_v0"].value, found["published_location_v0"].n) == (0.75, 4)


def test_without_data_released_answers_are_scored_by_their_own_labels():
    row = Sample.model_validate({"pred": "(3 1, MPI_Finalize();)", "label": "(3 1, MPI_Finalize();) (4 1, MPI_Barrier(c);)"})
    assert score([row], [])["function_recall"].value == 0.5


def test_samples_of_other_data_are_refused(tasks):
    with pytest.raises(InvalidInput, match="no sample belongs"):
        pair_up([sample("someone_else_1")], tasks)


def test_two_systems_are_compared_on_the_programs_both_have(tasks):
    kinds = ("corrected",)
    first = count(pair_up(perfect(tasks), tasks), kinds, None)
    second = count(pair_up([sample("ada_waves_1", INIT, END), sample("bob_ring-code_1")], tasks), kinds, None)
    found = compare(first, second, kinds)
    assert found["whole_call_f1"].value == pytest.approx(1 - 2 * 2 / (2 + 10))
    assert found["whole_call_f1"].low > 0
    assert set(found) >= {"function_f1", "line_function_f1_without_four"}
