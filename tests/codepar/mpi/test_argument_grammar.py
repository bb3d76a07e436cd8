"""The expression of a call's arguments takes right calls and no wrong ones."""

import re

import pytest

from codepar.mpi.argument_grammar import argument_grammar
from codepar.mpi.headers import load_signatures
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """#define N 64
struct grid { int rows; };
int main(int argc, char **argv)
{
  int rank, size, counts[4];
  struct grid g, *h;
  double *data, sum;
  MPI_Status status;
  MPI_Request requests[2], one;
  MPI_Comm row;
  work();
}
"""


@pytest.fixture(scope="module")
def takes():
    signatures = load_signatures()
    tree = parse(PROGRAM, Language.C)
    names = [constant.name for constant in tree.constants_after(10)]

    def check(function, arguments):
        grammar = argument_grammar(signatures[function], signatures, tree.variables_after(10), names)
        return re.fullmatch(grammar, f"{arguments});") is not None

    return check


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("MPI_Send", "data, N, MPI_DOUBLE, 0, 7, MPI_COMM_WORLD"),
        ("MPI_Send", "&sum, 1, MPI_DOUBLE, (rank + 1) % size, 0, row"),
        ("MPI_Send", "&data[rank * N], N * N, MPI_DOUBLE, size - 1, 0, MPI_COMM_WORLD"),
        ("MPI_Send", "data + N, g.rows, MPI_DOUBLE, h->rows, 0, MPI_COMM_WORLD"),
        ("MPI_Recv", "data, counts[rank], MPI_DOUBLE, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status"),
        ("MPI_Recv", "data, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE"),
        ("MPI_Irecv", "data, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, &one"),
        ("MPI_Waitall", "2, requests, MPI_STATUSES_IGNORE"),
        ("MPI_Allreduce", "MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD"),
        ("MPI_Comm_split", "MPI_COMM_WORLD, rank / 2, rank, &row"),
        ("MPI_Abort", "MPI_COMM_WORLD, 1"),
    ],
)
def test_calls_that_people_write_are_taken(takes, function, arguments):
    assert takes(function, arguments)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("MPI_Send", "data, N, MPI_DOUBLE, 0, 7"),
        ("MPI_Send", "data, N, MPI_DOUBLE, 0, 7, MPI_COMM_WORLD, &status"),
        ("MPI_Send", "unknown, N, MPI_DOUBLE, 0, 7, MPI_COMM_WORLD"),
        ("MPI_Send", "data, N, MPI_COMM_WORLD, 0, 7, MPI_DOUBLE"),
        ("MPI_Send", "data, N, MPI_DOUBLE, 0, MPI_ANY_TAG, MPI_COMM_WORLD"),
        ("MPI_Bcast", "data, unknown, MPI_DOUBLE, 0, MPI_COMM_WORLD"),
        ("MPI_Recv", "data, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, status"),
        ("MPI_Reduce", "&sum, &sum, 1, MPI_DOUBLE, MPI_OP_NULL, 0, MPI_COMM_WORLD"),
        ("MPI_Irecv", "data, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, &rank"),
    ],
)
def test_wrong_arity_unknown_names_and_wrong_handles_are_not(takes, function, arguments):
    assert not takes(function, arguments)
