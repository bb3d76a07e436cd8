"""The wire shape of a decomposition, and what it refuses."""

import json

import pytest
from pydantic import ValidationError

from codepar.prompts.items import Decomposition, Edge, EdgeKind, Item, Refusal


def two(**changes):
    items = (Item(id="1", text="ä", span=(0, 2)), Item(id="2", text="b", span=(3, 4)))
    return Decomposition(**{"split": True, "reason": "two", "items": items, **changes})


def test_the_wire_names_the_ends_of_an_edge_from_and_to():
    one = two(edges=(Edge(from_="1", to="2", kind=EdgeKind.BODY),))
    wire = json.loads(one.model_dump_json())
    assert wire["edges"] == [{"from": "1", "to": "2", "kind": "body"}]
    assert wire["items"][0] == {"id": "1", "text": "ä", "span": [0, 2], "file": None}
    assert Decomposition.model_validate(wire) == one


def test_spans_are_bytes_so_a_text_of_two_bytes_needs_two():
    with pytest.raises(ValidationError, match="2 bytes"):
        Item(id="1", text="ä", span=(0, 1))


@pytest.mark.parametrize("span", [(-1, 0), (1, 1), (2, 1)])
def test_a_span_rises(span):
    with pytest.raises(ValidationError, match="must rise"):
        Item(id="1", text="", span=span)


@pytest.mark.parametrize(
    "changes",
    [
        {"items": (Item(id="1", text="a", span=(0, 1)),)},
        {"split": False, "refusal": Refusal.CHAIN},
        {"refusal": Refusal.CHAIN},
        {"edges": (Edge(from_="1", to="3", kind=EdgeKind.BODY),)},
        {"edges": (Edge(from_="1", to="1", kind=EdgeKind.BODY),)},
        {"items": (Item(id="1", text="a", span=(0, 1)), Item(id="1", text="b", span=(1, 2)))},
    ],
)
def test_what_contradicts_itself_is_refused(changes):
    with pytest.raises(ValidationError):
        two(**changes)


def test_a_whole_request_says_why():
    assert Decomposition(split=False, reason="one task", refusal=Refusal.ONE_TASK).items == ()
    with pytest.raises(ValidationError, match="needs a refusal"):
        Decomposition(split=False, reason="one task")
