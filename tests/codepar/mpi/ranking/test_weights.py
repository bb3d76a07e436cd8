"""The file of the weights."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from codepar.mpi.ranking.candidates import Vocabulary
from codepar.mpi.ranking.weights import Lookup, feature_of, hash_of, own_weights, read_weights, write_weights


@given(table=st.dictionaries(st.integers(0, 2**32 - 1), st.integers(-127, 127), max_size=30))
def test_what_is_written_is_read(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("weights") / "weights.json"
    features = sorted(table)
    vocabulary = Vocabulary({"MPI_Send#5": ["MPI_COMM_WORLD"]}, {"dest": ["R+1"]})
    write_weights(path, 0.25, features, [table[feature] for feature in features], vocabulary)
    found = read_weights(path)
    assert (dict(found.values), found.scale, found.vocabulary) == (table, 0.25, vocabulary)


def test_an_attribute_weighs_in_its_context_only(tmp_path):
    path = tmp_path / "weights.json"
    write_weights(path, 0.5, [feature_of(hash_of("t:0"), hash_of("f:MPI_Send#4"))], [6], Vocabulary())
    lookup = Lookup(read_weights(path))
    assert lookup.within("f:MPI_Send#4").total(["t:0", "t:1"]) == 3.0
    assert lookup.within("f:MPI_Recv#4").total(["t:0"]) == 0


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', '{"format": 2, "features": "!"}', "[]"])
def test_a_file_that_holds_none_is_refused(tmp_path, text):
    path = tmp_path / "weights.json"
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_weights(path)


def test_weights_come_with_the_program_and_are_small():
    own = own_weights()
    assert own is not None
    assert len(own.values) > 1_000
    assert len(json.dumps(list(own.vocabulary.constants))) > 100
