import pytest

from codepar.mpi.fortran.as_c import ReadAsC
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

CONSTANTS = frozenset({"mpi_comm_world", "mpi_real", "mpi_status_size", "mpi_source"})

PROGRAM = """program heat
  use mpi
  implicit none
  integer, parameter :: n = 8
  integer :: Rank, i, ierr, request, status(MPI_STATUS_SIZE)
  real(kind=8) :: u(n), v(0:n), t0
  real, allocatable :: w(:,:)
  character(len=20) :: name
  logical :: done
  allocate(w(n, 2*n))
  t0 = dble(z'4D5049')
  do i = 1, n   ! all of them
    u(i) = v(i-1)**2 + mod(Rank, 2) &
         & + w(1, i)
  end do
  if (Rank /= 0 .and. .not. done) then
    v = 0.0d0
  else if (Rank == 0) then
    print *, 'rank', Rank, name
  end if
  select case (Rank)
  case (1)
    call work(u, n)
  case default
    i = status(MPI_SOURCE)
  end select
contains
  subroutine work(a, m)
    integer, intent(in) :: m
    real(8), intent(inout) :: a(m)
    a(1) = m
  end subroutine work
end program heat
"""


def read(text, path="heat.f90"):
    return ReadAsC(text, path, CONSTANTS)


def test_each_line_of_the_reading_says_what_that_line_of_the_program_says():
    lines = read(PROGRAM).source.split("\n")
    assert len(lines) == len(PROGRAM.split("\n"))
    at = {text.strip().split("   !")[0]: line for text, line in zip(PROGRAM.split("\n"), lines, strict=True)}
    assert at["program heat"] == "int main(int argc, char *argv[]) {"
    assert (
        at["integer :: Rank, i, ierr, request, status(MPI_STATUS_SIZE)"] == "int rank, i; MPI_Request request; MPI_Status status;"
    )
    assert at["real(kind=8) :: u(n), v(0:n), t0"] == "double u[n], v[n + 1], t0;"
    assert at["real, allocatable :: w(:,:)"] == "float *w;"
    assert at["allocate(w(n, 2*n))"] == "w = malloc(n * (2*n) * sizeof(float));"
    assert at["t0 = dble(z'4D5049')"] == "t0 = 0.0/* mpi: double */;"
    assert at["do i = 1, n"] == "for (i = 1; i <= n; i++) {"
    assert at["u(i) = v(i-1)**2 + mod(Rank, 2) &"] == "u[i - 1] = v[i-1]*v[i-1] + (rank % 2) + w[0][i - 1];"
    assert at["if (Rank /= 0 .and. .not. done) then"] == "if (rank != 0 && !done) {"
    assert at["v = 0.0d0"] == "v[0] = 0.0;"
    assert at["print *, 'rank', Rank, name"] == 'printf("", rank, name);'
    assert at["i = status(MPI_SOURCE)"] == "i = status.MPI_SOURCE;"
    assert at["subroutine work(a, m)"] == "void work(double *a, int m) {"


def test_the_reading_parses_as_c_with_a_function_for_each_unit():
    tree = parse(read(PROGRAM).source, Language.C)
    assert not tree.errors
    assert [function.name for function in tree.functions] == ["main", "work"]


FIXED = """C     an old program
      include 'mpif.h'
      dimension a(10)
      do 10 i = 1, 10
        if (myid .eq. 0) a(i) = i
   10 continue
      call MPI_SEND(a, 10, MPI_REAL, 1, 0,
     &     MPI_COMM_WORLD, ierr)
      stop
      end
"""


def test_fixed_form_labels_and_implicit_typing_are_read():
    reading = read(FIXED, "old.f")
    lines = reading.source.split("\n")
    assert lines[1] == "int main(int argc, char *argv[]) { int i; int myid; /* mpi */"
    assert lines[3:6] == ["for (i = 1; i <= 10; i++) {", "if (myid == 0) { a[i - 1] = i; }", "; }"]
    assert lines[6] == "MPI_Send(a, 10, MPI_REAL, 1, 0, MPI_COMM_WORLD);"
    assert lines[8:10] == ["return 0;", "}"]
    assert reading.error_code(reading.units[0]) == "ierr"


@pytest.mark.parametrize(
    ("declared", "code"),
    [("integer :: ierr, n", "ierr"), ("integer :: n, MPIerror", "mpierror"), ("integer :: n", None), ("real :: ierr", None)],
)
def test_the_error_code_is_an_integer_named_for_it(declared, code):
    reading = read(f"program p\nimplicit none\n{declared}\nend program p\n")
    assert reading.error_code(reading.units[0]) == code
