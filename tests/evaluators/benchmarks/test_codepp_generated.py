"""Generated prompts: enough, the same for a seed, with gold that stands in the text."""

import pytest

from codepar.prompts.items import EdgeKind, Refusal
from evaluators.benchmarks.codepp_generated import generate


@pytest.fixture(scope="module")
def cases():
    return generate()


def test_there_are_more_than_300_different_ones(cases):
    assert len({(case.prompt.text, repr(case.prompt.files)) for case in cases}) == len(cases) > 300
    assert sum(not case.gold.split for case in cases) >= 0.3 * len(cases)


def test_a_seed_gives_the_same_and_another_gives_others(cases):
    assert generate(50) == cases[:50]
    assert generate(50, seed=1) != cases[:50]


def test_items_stand_where_the_gold_says(cases):
    for case in cases:
        for item in case.gold.items:
            text = case.prompt.files[item.file] if item.file else case.prompt.text
            assert text.encode()[slice(*item.span)].decode() == item.text


def test_items_with_tests_are_the_functions_of_their_collection(cases):
    codes = [
        (case.collection.function, case.functions[item.id], item.text)
        for case in cases
        for item in case.gold.items
        if case.functions
    ]
    assert len(codes) > 300
    assert all(next(one.code for one in functions if one.name == name) == text for functions, name, text in codes)


def test_edges_follow_the_calls(cases):
    for case in cases:
        for edge in case.gold.edges:
            callee, caller = case.functions[edge.from_], case.functions[edge.to]
            function = next(one for one in case.collection.function if one.name == caller)
            assert edge.kind == EdgeKind.SIGNATURE
            assert callee in case.collection.callees(function)


def test_state_and_cycles_keep_what_changes_whole_and_what_reads_apart(cases):
    traits = [case for case in cases if case.collection.trait is not None]
    assert {case.gold.refusal for case in traits} >= {Refusal.SHARED_STATE, Refusal.CYCLE, None}
    assert not any(case.gold.split and case.prompt.text.startswith("optimise") for case in traits)
