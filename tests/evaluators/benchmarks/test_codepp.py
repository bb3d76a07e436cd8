"""The hand-written prompts: enough of them, labelled twice, halves by the rule, every label resolves."""

import json
from collections import Counter
from importlib.resources import files

import pytest

from evaluators.benchmarks.codepp import HALVES, HIDDEN, half_of, load, load_labels, load_part, load_prompts

SECOND = ("practice2", "set_aside2")
"""The parts of the second writing."""
TWICE = (*HALVES, *SECOND, "set_aside3", "set_aside4")
"""What was labelled twice."""


@pytest.fixture(scope="module")
def cases():
    return {half: load(half) for half in HALVES}


def test_there_are_enough_and_enough_negatives(cases):
    every = [case for half in HALVES for case in cases[half]]
    assert len({case.prompt.id for case in every}) == len(every) >= 160
    assert len({case.prompt.text for case in every}) == len(every)
    whole = sum(not case.gold.split for case in every)
    assert whole >= 0.4 * len(every)


@pytest.mark.parametrize("half", HALVES)
def test_each_half_is_the_rules_and_large_enough(cases, half):
    assert {half_of(case.prompt.id) for case in cases[half]} == {half}
    assert len(cases[half]) >= 60
    assert Counter(case.gold.split for case in cases[half])[False] >= 0.35 * len(cases[half])


@pytest.mark.parametrize("half", TWICE)
@pytest.mark.parametrize("labels", ["first_pass", "second_pass"])
def test_both_passes_label_every_prompt_and_resolve(half, labels):
    assert len(load(half, labels)) == len(load_prompts(half))


@pytest.mark.parametrize("half", TWICE)
def test_gold_is_what_a_pass_said(half):
    """Nothing gets into the gold that neither pass saw."""
    passes = [{label.id: label for label in load_labels(half, name)} for name in ("first_pass", "second_pass")]
    prompts = {prompt.id: prompt for prompt in load_prompts(half)}
    for case in load(half):
        prompt = prompts[case.prompt.id]
        said = [one[prompt.id].resolved(prompt.text, prompt.files) for one in passes]
        assert any(
            (case.gold.split, case.gold.refusal, case.gold.items, case.gold.edges)
            == (one.split, one.refusal, one.items, one.edges)
            for one in said
        ), prompt.id


def test_all_the_languages_that_are_promised_are_there(cases):
    every = [case.prompt for half in HALVES for case in cases[half]]
    assert {"c", "c++", "cuda", "fortran", "python"} <= {prompt.code for prompt in every}
    assert {"en", "zh", "ja", "ru", "es", "de"} <= {prompt.prose for prompt in every}


def test_the_set_aside_files_say_so():
    assert all(load_part(half) == load(half) for half in HALVES)
    for part in HIDDEN:
        folder = files("evaluators") / "data" / "codepp" / part
        for name in ("prompts", "gold", "first_pass", "second_pass"):
            assert "SET-ASIDE" in (folder / f"{name}.toml").read_text(encoding="utf-8").splitlines()[0]


def test_practice_resolves_and_repeats_nothing(cases):
    practice = load_part("practice")
    known = {case.prompt.text for half in HALVES for case in cases[half]}
    assert len(practice) >= 50
    assert not {case.prompt.text for case in practice} & known


@pytest.mark.parametrize("part", SECOND)
def test_the_second_writing_is_large_mixed_and_new(cases, part):
    written = load_part(part)
    assert len(written) == 65
    assert sum(not case.gold.split for case in written) >= 0.4 * len(written)
    assert {"c", "c++", "cuda", "fortran", "python", "none"} <= {case.prompt.code for case in written}
    assert {"en", "zh", "ja", "ru", "es", "de"} == {case.prompt.prose for case in written}
    known = {case.prompt.text for half in HALVES for case in cases[half]} | {case.prompt.text for case in load_part("practice")}
    assert not {case.prompt.text for case in written} & known
    assert {case.prompt.batch for case in written} == {2}


def test_the_second_writing_is_in_halves_that_share_nothing():
    first, second = (load_part(part) for part in SECOND)
    assert not {case.prompt.text for case in first} & {case.prompt.text for case in second}
    assert not {case.prompt.id for case in first} & {case.prompt.id for case in second}
    splits = [sum(case.gold.split for case in half) for half in (first, second)]
    assert abs(splits[0] - splits[1]) <= 1


def test_the_third_writing_is_new_and_half_of_it_whole(cases):
    third = load_part("practice3")
    older = [case for part in ("practice", *SECOND) for case in load_part(part)] + [
        case for half in HALVES for case in cases[half]
    ]
    assert not {case.prompt.text for case in third} & {case.prompt.text for case in older}
    assert not {case.prompt.id for case in third} & {case.prompt.id for case in older}
    assert len({case.prompt.text for case in third}) == len(third) == 120
    assert {"en", "zh", "ja", "ru", "es", "de"} == {case.prompt.prose for case in third}
    assert sum(case.gold.split for case in third) * 2 == len(third)


def test_what_is_set_aside_of_the_third_writing_is_mixed_and_new(cases):
    written = load_part("set_aside3")
    assert "set_aside3" in HIDDEN
    assert len(written) == 100
    assert sum(case.gold.split for case in written) == 55
    assert Counter(case.prompt.code for case in written)["c"] == 40
    assert {"c", "c++", "cuda", "fortran", "python", "none"} == {case.prompt.code for case in written}
    assert {"en", "zh", "ja", "ru", "es", "de"} == {case.prompt.prose for case in written}
    others = [case for part in (*SECOND, "practice", "practice3") for case in load_part(part)]
    others += [case for half in HALVES for case in cases[half]]
    assert len({case.prompt.text for case in written}) == 100
    assert not {case.prompt.text for case in written} & {case.prompt.text for case in others}
    assert not {case.prompt.id for case in written} & {case.prompt.id for case in others}


def test_the_fourth_writing_is_for_measuring_mixed_and_new():
    written = load_part("set_aside4")
    assert "set_aside4" in HIDDEN
    assert len({case.prompt.text for case in written}) == len(written) == 180
    assert sum(not case.gold.split for case in written) >= 0.4 * len(written)
    assert {"c", "c++", "cuda", "fortran", "python", "none"} <= {case.prompt.code for case in written}
    assert {"en", "zh", "ja", "ru", "es", "de"} == {case.prompt.prose for case in written}
    others = [case for part in (*SECOND, "practice", "practice3", "set_aside3", *HALVES) for case in load_part(part)]
    assert not {case.prompt.text for case in written} & {case.prompt.text for case in others}


def test_what_is_learned_from_holds_nothing_that_measures():
    folder = files("evaluators") / "data" / "codepp"
    measured = {case.prompt.text for part in HIDDEN for case in load_part(part)}
    for name in ("own_prompts.jsonl", "strangers.jsonl", "more_strangers.jsonl"):
        rows = [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        assert len(rows) >= 400
        assert not {row["prompt"] for row in rows} & measured


@pytest.mark.parametrize("name", ["strangers.jsonl", "more_strangers.jsonl"])
def test_places_of_the_strangers_hold_text(name: str):
    folder = files("evaluators") / "data" / "codepp"
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        assert row["split"] == (len(row["items"]) > 1) == (row["refusal"] is None), row["id"]
        for file, low, high in row["items"]:
            text = (row["prompt"] if file is None else row["files"][file]).encode()
            assert text[low:high].decode().strip(), row["id"]
