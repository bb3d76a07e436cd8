import pytest

from codepar.mpi.fortran.expressions import c_expression, extent_text
from codepar.mpi.fortran.units import Entity

NAMES = {
    "a": Entity("a", "double", (("1", "n"), ("0", "m"))),
    "s": Entity("s", "MPI_Status", (), is_packed=True),
    "all": Entity("all", "MPI_Status", (("1", "4"),), is_packed=True),
    "word": Entity("word", "char"),
}
CONSTANTS = frozenset({"mpi_comm_world", "mpi_tag"})


@pytest.mark.parametrize(
    ("fortran", "c"),
    [
        ("x .eq. 1 .and. .not. y", "x == 1 && !y"),
        ("x/=1.0d0", "x != 1.0"),
        ("2.5e3_dp", "2.5e3"),
        ("a(1, 0)", "a[0][0]"),
        ("a(i+1, j)", "a[i][j]"),
        ("a(:, 2:3)", "a[0][2]"),
        ("mod(i + 1, n)", "((i + 1) % n)"),
        ("p%x", "p.x"),
        ("word(1:2)", "word"),
        ("s(mpi_tag)", "s.MPI_TAG"),
        ("all(mpi_tag, 2)", "all[1].MPI_TAG"),
        ("f(a(2, 1), 'x')", 'f(a[1][1], "x")'.replace('"x"', "'x'")),
        ("(/ 1, 2 /)", "0"),
        ("mpi_comm_world", "MPI_COMM_WORLD"),
        ("mpi_thing", "mpi_thing"),
    ],
)
def test_expressions(fortran, c):
    assert c_expression(fortran, NAMES, CONSTANTS) == c


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [("1", "n", "n"), ("0", "9", "10"), ("0", "n-1", "n"), ("0", "n", "n + 1"), ("-1", "n", "n - (-1) + 1")],
)
def test_extents(lower, upper, text):
    assert extent_text(lower, upper, NAMES, CONSTANTS) == text
