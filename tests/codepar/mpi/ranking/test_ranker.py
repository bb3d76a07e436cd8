"""The ranking itself, with the weights that come with the program."""

import pytest

from codepar.mpi.facts import Facts
from codepar.mpi.headers import load_signatures
from codepar.mpi.ranking.network import own_network
from codepar.mpi.ranking.ranker import ArgumentRanker
from codepar.mpi.ranking.scene import PastCall
from codepar.mpi.ranking.weights import own_weights
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

RING = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
  int rank, size;
  double mine, other;
  MPI_Status status;
  mine = rank * 2.0;
  if (rank == 0) {
    puts("first");
  } else {
    puts("second");
    printf("%f\\n", other);
  }
  return 0;
}
"""
SETUP = [
    PastCall("MPI_Init", ("&argc", "&argv"), RING.index("mine = ")),
    PastCall("MPI_Comm_rank", ("MPI_COMM_WORLD", "&rank"), RING.index("mine = ")),
]


def rank(source, function, before, past=(), most=4):
    facts = Facts(parse(source, Language.C))
    return ArgumentRanker(facts, load_signatures(), own_weights(), own_network()).rank(function, source.index(before), past, most)


def test_setup_is_known():
    assert rank(RING, "MPI_Init", "mine = ")[0].arguments == ("&argc", "&argv")
    assert rank(RING, "MPI_Comm_size", "mine = ", SETUP)[0].arguments == ("MPI_COMM_WORLD", "&size")


def test_the_answers_are_ranked_and_whole():
    found = rank(RING, "MPI_Reduce", "return 0", SETUP)
    chances = [one.probability for one in found]
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1
    assert {len(one.arguments) for one in found} == {7}
    assert len({one.arguments for one in found}) == len(found) == 4


@pytest.mark.parametrize("tag", ["0", "17"])
def test_a_receive_follows_its_send(tag):
    send = PastCall("MPI_Send", ("&mine", "1", "MPI_DOUBLE", "1", tag, "MPI_COMM_WORLD"), RING.index('puts("first")'))
    found = rank(RING, "MPI_Recv", 'puts("second")', [*SETUP, send])[0].arguments
    assert found[1:4] == ("1", "MPI_DOUBLE", "0")
    assert found[4] == tag
    assert found[5] == "MPI_COMM_WORLD"


def test_calls_that_stand_in_the_text_are_heeded():
    source = RING.replace('puts("first");', "MPI_Send(&mine, 1, MPI_DOUBLE, 1, 99, MPI_COMM_WORLD);")
    assert rank(source, "MPI_Recv", 'puts("second")', SETUP)[0].arguments[4] == "99"


def test_a_function_that_mpi_h_lacks_has_no_answer():
    assert rank(RING, "MPI_Nonsense", "return 0") == []


@pytest.mark.parametrize(
    "function", ["MPI_Gatherv", "MPI_Cart_create", "MPI_File_open", "MPI_Op_create", "MPI_Win_create", "MPI_Pcontrol"]
)
def test_whatever_is_answered_has_the_right_arity(function):
    signature = load_signatures()[function]
    assert all(len(one.arguments) == len(signature.parameters) for one in rank(RING, function, "return 0", SETUP))
