import pytest

from codepar.mpi.headers import load_signatures
from codepar.syntax.language import Language
from evaluators.calls import ProposedCall
from evaluators.metrics.mpi_foreign import find_foreign_faults
from evaluators.metrics.mpi_wellformed import words_of

FORTRAN = "program p\nimplicit none\ninteger :: N, ierr\nprint *, 'other'\nend program p\n"
PYTHON = "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\ndata = [1]\n"


@pytest.fixture(scope="module")
def signatures():
    return load_signatures()


@pytest.mark.parametrize(
    ("function", "arguments", "unknown", "wrong"),
    [
        ("MPI_Barrier", ("MPI_COMM_WORLD", "ierr"), (), False),
        ("MPI_Init", ("ierr",), (), False),
        ("mpi_bcast", ("n", "1", "MPI_INTEGER", "0", "MPI_COMM_WORLD", "ierr"), (), False),
        ("MPI_Barrier", ("MPI_COMM_WORLD",), (), True),
        ("MPI_Barrier", ("other", "ierr"), ("other",), False),
    ],
)
def test_fortran(signatures, function, arguments, unknown, wrong):
    call = ProposedCall(after_line=3, function=function, arguments=arguments)
    found = find_foreign_faults(call, words_of(FORTRAN, Language.FORTRAN), signatures, Language.FORTRAN)
    assert (found.unknown, found.wrong_arity) == (unknown, wrong)


@pytest.mark.parametrize(
    ("function", "arguments", "unknown", "wrong"),
    [
        ("comm.send", ("data", "dest=1"), (), False),
        ("MPI.COMM_WORLD.Barrier", (), (), False),
        ("comm.send", ("data",), (), True),
        ("comm.bcast", ("data", "boot=0"), (), True),
        ("world.bcast", ("other",), ("other", "world"), False),
    ],
)
def test_python(signatures, function, arguments, unknown, wrong):
    call = ProposedCall(after_line=3, function=function, arguments=arguments)
    found = find_foreign_faults(call, words_of(PYTHON, Language.PYTHON), signatures, Language.PYTHON)
    assert (found.unknown, found.wrong_arity) == (unknown, wrong)
