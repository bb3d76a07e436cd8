"""Names that mean nothing and wrong numbers of arguments are found; what the program knows is not accused."""

import pytest

from codepar.mpi.headers import load_signatures
from evaluators.calls import ProposedCall
from evaluators.metrics.mpi_wellformed import find_faults, words_of

SOURCE = """int main(int argc, char **argv)
{
  struct cell *grid; /* halo is spoken of here alone */
  printf("and ghost here");
  grid->width = N;
}
"""


@pytest.fixture(scope="module")
def signatures():
    return load_signatures()


def faults(signatures, function, *arguments):
    return find_faults(ProposedCall(after_line=1, function=function, arguments=arguments), words_of(SOURCE), signatures)


def test_known_names_pass(signatures):
    found = faults(signatures, "MPI_Send", "grid->width", "N * sizeof(double)", "MPI_BYTE", "0", "0", "MPI_COMM_WORLD")
    assert (found.unknown, found.wrong_arity) == ((), False)


def test_names_of_comments_and_strings_are_no_names(signatures):
    found = faults(signatures, "MPI_Bcast", "halo", "ghost", "MPI_INT", "0", "MPI_COMM_WORLD")
    assert found.unknown == ("ghost", "halo")


def test_a_constant_that_mpi_does_not_have_is_unknown(signatures):
    assert faults(signatures, "MPI_Barrier", "MPI_COMM_WORLDS").unknown == ("MPI_COMM_WORLDS",)


def test_arity(signatures):
    assert faults(signatures, "MPI_Barrier").wrong_arity
    assert not faults(signatures, "MPI_Finalize").wrong_arity
    # Nothing is known of the arguments of what the header does not have.
    assert not faults(signatures, "MPI_Invented", "N").wrong_arity
