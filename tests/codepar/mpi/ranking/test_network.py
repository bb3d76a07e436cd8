"""The network beside the ranker's weights: what it computes, and its file."""

import json
from array import array
from dataclasses import replace

import pytest

from codepar.errors import InvalidInput
from codepar.layers import Layer
from codepar.mpi.ranking.network import Network, own_network, read_network, write_network
from codepar.mpi.ranking.weights import hash_of


def layer(*rows, scale=1.0):
    return Layer(scale, tuple(array("b", row) for row in rows))


def network():
    """Two hidden values. The attribute `good` has 3, 0, `bad` 0, 2; the context doubles the first and lifts the second by 1."""
    return Network(
        {hash_of("good"): 0, hash_of("bad"): 1},
        {hash_of("here"): 0},
        layer([3, 0], [0, 2]),
        layer([1, 0, 0, 1, 10, 0]),
        layer([1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], scale=0.5),
        (0.0, 6.0),
        layer([2, 1]),
        alone=0.5,
        beside=2.0,
    )


def test_scores_follow_from_contexts_and_rivals():
    # `good`: hidden 6, 1, the largest of the first is its own: .5 * 6 * 2 + (6 + 0) + 10 * 3 = 42.
    # `bad`: hidden 0, 3, the first is 6 below the largest: 0 + (6 - 3) = 3.
    assert network().scores(["here"], [["good"], ["bad"]]) == [42.0, 3.0]
    # Outside the context nothing is doubled, lifted or added: 3 + 6, and 6 - 1.5.
    assert network().scores(["elsewhere"], [["good"], ["bad"]]) == [9.0, 4.5]


def test_what_is_unknown_says_nothing():
    known = network().scores(["here"], [["good"], ["bad"]])
    assert network().scores(["here", "nowhere"], [["new", "good"], ["bad", "newer"]]) == known
    assert network().scores(["here"], [[]]) == network().scores(["here"], [["new"]])


def test_the_other_scores_count_too():
    assert network().joined(["here"], [["good"], ["bad"]], [1.0, -1.0]) == [23.0, -0.5]


def test_what_is_written_is_read(tmp_path):
    write_network(network(), tmp_path / "network.json")
    assert read_network(tmp_path / "network.json") == network()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 0}', '{"format": 1, "attribute_hashes": "!"}'])
def test_a_file_that_holds_none_is_refused(tmp_path, text):
    path = tmp_path / "network.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"network\.json"):
        read_network(path)


@pytest.mark.parametrize(
    "other",
    [{"last": layer([2, 1], [1, 1])}, {"middle_bias": (0.0,)}, {"context_rows": {}}, {"attributes": layer([3, 0])}],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, other):
    path = tmp_path / "network.json"
    write_network(replace(network(), **other), path)
    with pytest.raises(InvalidInput, match="do not fit"):
        read_network(path)


def test_a_network_comes_with_the_program():
    own = own_network()
    assert own is not None
    assert len(own.attribute_rows) > 1_000
    assert json.dumps([own.alone, own.beside])
