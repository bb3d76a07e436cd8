import pytest

from codepar.mpi.fortran.statements import Scope, Writer
from codepar.mpi.fortran.units import Entity, Unit

UNIT = Unit("program", "p", 0, parameters=())
NAMES = {"a": Entity("a", "float", (("1", "n"),)), "n": Entity("n", "int")}


@pytest.mark.parametrize(
    ("fortran", "c"),
    [
        ("outer: do i = 1, n, 2", "for (i = 1; i <= n; i += 2) {"),
        ("do i = n, 1, -1", "for (i = n; i >= 1; i += -1) {"),
        ("do while (i < n)", "while (i < n) {"),
        ("do", "while (1) {"),
        ("if (n > 1) a(n) = 2", "if (n > 1) { a[n - 1] = 2; }"),
        ("if (n > 1) hole_void", "if (n > 1) { /* mpi: void */; }"),
        ("a = 1", "a[0] = 1;"),
        ("call f(a, n, ierr)", "f(a, n);"),
        ("call mpi_comm_rank(comm, n, ierr)", "MPI_Comm_rank(comm, &n);"),
        ("call mpi_barrier(comm, ierr)", "MPI_Barrier(comm);"),
        ("write(*, *) n", 'printf("", n);'),
        ("read(*, *) n", 'scanf("", &n);'),
        ("allocate(a(0:n-1), stat=k)", "a = malloc(n * sizeof(float));"),
        ("deallocate(a)", "free(a);"),
        ("cycle outer", "continue;"),
        ("open(10, file=x)", "open();"),
        ("select case (n)", "{ if (0) {"),
        ("go to 10", "goto L10;"),
    ],
)
def test_statements(fortran, c):
    scope = Scope(UNIT, NAMES, frozenset({"mpi_comm_world"}), "ierr")
    assert Writer().statement(scope, fortran, "", last=False) == c


def test_a_label_ends_its_loops():
    scope, writer = Scope(UNIT, NAMES, frozenset(), None), Writer()
    writer.statement(scope, "do 10 i = 1, n", "", last=False)
    writer.statement(scope, "do 10 j = 1, n", "", last=False)
    assert writer.statement(scope, "continue", "10", last=False) == "; }}"
    assert writer.statement(scope, "n = 1", "20", last=False) == "L20: n = 1;"
