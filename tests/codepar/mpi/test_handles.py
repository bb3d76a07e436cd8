"""Which functions could make a handle that a program uses and nobody makes."""

import pytest

from codepar.mpi.handles import makers_of_wanted
from codepar.mpi.headers import load_signatures
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """#include <mpi.h>
int main(int argc, char **argv)
{{
  int rank, data[8];
  MPI_Comm row;
  MPI_Datatype block;
  {before}
  /* the cursor */
  {behind}
  MPI_Finalize();
}}
"""
BEGUN = "MPI_Init(&argc, &argv);"


def makers(before: str, behind: str) -> frozenset[str]:
    source = PROGRAM.format(before=before, behind=behind)
    tree = parse(source, Language.C)
    return makers_of_wanted(source, source.index("/* the cursor"), tree.variables_after(8), load_signatures())


def test_a_communicator_that_is_used_below_wants_to_be_made():
    found = makers(BEGUN, "MPI_Comm_rank(row, &rank);")
    assert {"MPI_Comm_split", "MPI_Comm_dup", "MPI_Cart_create"} <= found
    assert not found & {"MPI_Comm_rank", "MPI_Comm_free", "MPI_Type_vector"}


def test_commit_and_release_make_no_datatype():
    found = makers(BEGUN, "MPI_Type_commit(&block); MPI_Send(data, 1, block, 1, 0, MPI_COMM_WORLD); MPI_Type_free(&block);")
    assert {"MPI_Type_contiguous", "MPI_Type_vector", "MPI_Type_create_subarray"} <= found
    assert not found & {"MPI_Type_commit", "MPI_Type_free", "MPI_Comm_split"}


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (f"{BEGUN} MPI_Comm_split(MPI_COMM_WORLD, rank % 2, 0, &row);", "MPI_Comm_rank(row, &rank);"),
        (f"{BEGUN} row = MPI_COMM_WORLD;", "MPI_Comm_rank(row, &rank);"),
        (f"{BEGUN} MPI_Comm_rank(row, &rank);", "work();"),
        ("", f"{BEGUN} MPI_Comm_rank(row, &rank);"),
        (BEGUN, "MPI_Comm_rank(MPI_COMM_WORLD, &rank);"),
    ],
    ids=["made", "assigned", "not used below", "before MPI begins", "not used"],
)
def test_nothing_is_wanted(before, behind):
    assert makers(before, behind) == frozenset()
