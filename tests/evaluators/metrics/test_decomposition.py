"""Decision, items and edges are counted as the words say."""

import pytest

from codepar.prompts.items import Decomposition, Edge, EdgeKind, Item, Refusal
from evaluators.metrics.decomposition import match, rates

PROMPT = "explain fa, fb and fc"
WHOLE = Decomposition(split=False, reason="one", refusal=Refusal.ONE_TASK)


def split(*names, edges=()):
    items = [
        Item(id=str(number), text=name, span=(PROMPT.index(name), PROMPT.index(name) + 2)) for number, name in enumerate(names, 1)
    ]
    return Decomposition(
        split=True, reason="", items=items, edges=[Edge(from_=a, to=b, kind=EdgeKind.SIGNATURE) for a, b in edges]
    )


GOLD = split("fa", "fb", "fc", edges=[("1", "2"), ("2", "3")])


def compare(gold, proposed):
    return match(PROMPT, {}, gold, proposed)


def test_the_gold_itself_is_right():
    one = compare(GOLD, GOLD)
    assert one.is_right
    assert (one.items, one.edges) == ((3, 3, 3), (2, 2, 2))


def test_a_missed_item_costs_exactness_and_edges_are_found_by_place_not_by_id():
    one = compare(GOLD, split("fb", "fc", edges=[("1", "2")]))
    assert not one.is_exact
    assert (one.items, one.edges) == ((2, 2, 3), (1, 1, 2))


def test_another_order_is_not_exact():
    assert not compare(GOLD, split("fb", "fa", "fc")).is_exact


def test_counted_items_of_one_place_are_matched_as_often_as_they_come():
    five = Decomposition(split=True, reason="", items=[Item(id=str(n), text="fa", span=(8, 10)) for n in range(5)])
    three = Decomposition(split=True, reason="", items=[Item(id=str(n), text="fa", span=(8, 10)) for n in range(3)])
    assert compare(five, three).items == (3, 3, 5)


def test_an_item_that_does_not_stand_there_is_not_grounded():
    invented = Decomposition(
        split=True, reason="", items=[Item(id="1", text="zz", span=(8, 10)), Item(id="2", text="fb", span=(12, 14))]
    )
    assert not compare(GOLD, invented).is_grounded


def test_rates_over_prompts():
    found = rates(
        [compare(GOLD, GOLD), compare(GOLD, WHOLE), compare(WHOLE, GOLD), compare(WHOLE, WHOLE)],
        {"extraction_ms": [0.001, 0.002, 0.003, 0.010]},
    )
    value = {name: interval.value for name, interval in found.items()}
    assert (value["split_precision"], value["split_recall"], value["split_accuracy"]) == (0.5, 0.5, 0.5)
    assert (value["items_exact"], value["refusal_agrees"], value["grounded"]) == (1, 1, 1)
    assert (value["items_precision"], value["items_recall"], value["edges_f1"]) == (0.5, 0.5, 0.5)
    assert value["extraction_ms_p50"] == pytest.approx(2)
    assert value["extraction_ms_p95"] == pytest.approx(10)
    assert found["split_precision"].low < 0.5 < found["split_precision"].high
    assert (found["items_precision"].n, found["edges_recall"].n) == (6, 4)


def test_nothing_proposed_has_no_precision():
    found = rates([compare(GOLD, WHOLE)])
    assert (found["split_precision"].value, found["items_exact"].value, found["split_recall"].value) == (None, None, 0)


def test_a_break_down_is_no_right_answer_to_what_stays_whole():
    broken = compare(WHOLE, None)
    assert not broken.is_right
    assert rates([broken, compare(WHOLE, WHOLE)])["split_accuracy"].value == 0.5
