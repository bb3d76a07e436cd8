"""What an argument may be."""

import pytest

from codepar.mpi.ranking.candidates import Vocabulary, candidates_of
from codepar.mpi.ranking.scene import PastCall, Spot

SHAPES = Vocabulary(
    constants={"MPI_Recv#6": ["MPI_STATUS_IGNORE"], "MPI_Send#5": ["MPI_COMM_WORLD"]},
    shapes={"dest": ["(R+1)%S", "R-1"], "count": ["i/S"]},
)


def keys(scene, program, function, index, chosen=(), before="all[0]", past=()):
    spot = Spot(scene, function, program.index(before), past)
    return [one.key for one in candidates_of(spot, index, chosen, SHAPES)]


def test_buffers_are_variables_and_their_addresses(scene, program):
    found = keys(scene, program, "MPI_Send", 0)
    assert {"all", "part", "&sum", "name", "&table[0][0]", "&part[i]"} <= set(found)
    assert "sum" not in found
    assert len(found) == len(set(found))


def test_counts_know_the_buffer_that_was_chosen(scene, program):
    found = keys(scene, program, "MPI_Send", 1, ("part",))
    assert {"1", "n/size", "n", "ROWS", "100"} <= set(found)
    assert found.index("n/size") < found.index("n")


def test_neighbours_are_made_by_learned_shapes(scene, program):
    assert {"(rank+1)%size", "rank-1"} <= set(keys(scene, program, "MPI_Send", 3, ("part", "1", "MPI_DOUBLE")))


@pytest.mark.parametrize(("buffer", "datatype"), [("part", "MPI_DOUBLE"), ("&sum", "MPI_FLOAT"), ("name", "MPI_CHAR")])
def test_the_datatype_of_the_buffer_is_among_them(scene, program, buffer, datatype):
    assert datatype in keys(scene, program, "MPI_Send", 2, (buffer, "1"))


def test_statuses_are_constants_or_variables_of_that_type(scene, program):
    assert keys(scene, program, "MPI_Recv", 6) == ["MPI_STATUS_IGNORE", "&status"]


def test_a_handle_is_made_of_no_other_variable(scene, program):
    vocabulary = Vocabulary(shapes={"comm": ["*p", "i"], "count": ["*p"]})
    spot = Spot(scene, "MPI_Barrier", program.index("all[0]"), ())
    assert [one.key for one in candidates_of(spot, 0, (), vocabulary)] == []
    counts = Spot(scene, "MPI_Send", program.index("all[0]"), ())
    assert "*part" in [one.key for one in candidates_of(counts, 1, ("part",), vocabulary)]


def test_what_earlier_calls_took_is_offered_where_it_can_be_seen(scene, program):
    past = [PastCall("MPI_Recv", ("all", "7 * n", "MPI_DOUBLE", "0", "42", "MPI_COMM_WORLD", "&status"), 400)]
    found = keys(scene, program, "MPI_Send", 4, past=past)
    assert {"42", "7*n"} <= set(found)
    hidden = [PastCall("MPI_Recv", ("all", "gone", "MPI_DOUBLE", "0", "42", "MPI_COMM_WORLD", "&status"), 400)]
    assert "gone" not in keys(scene, program, "MPI_Send", 4, past=hidden)
