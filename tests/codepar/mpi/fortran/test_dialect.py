from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.mpi.fortran.dialect import FortranDialect
from codepar.mpi.fortran.holes import HOLE
from codepar.mpi.insert import insert
from codepar.mpi.remove import strip
from codepar.syntax.language import Language

PROGRAM = """program ring
  use mpi
  implicit none
  integer :: rank, n, ierr, status(MPI_STATUS_SIZE)
  real :: a(4)
  double precision :: t0

  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  t0 = MPI_Wtime()
  do n = 1, 10
    a(1) = a(1) + n
    if (rank == 0) call MPI_Barrier(MPI_COMM_WORLD, ierr)
    call exchange(a)
    a(2) = n; call MPI_Bcast(a, 4, MPI_REAL, 0, MPI_COMM_WORLD, ierr); a(3) = n
  end do
  print *, a, MPI_Wtime() - t0
  call MPI_Finalize(ierr)
contains
  subroutine exchange(b)
    real, intent(inout) :: b(4)
    call MPI_Sendrecv_replace(b, 4, MPI_REAL, 0, 0, &
                              0, 0, MPI_COMM_WORLD, status, ierr)
  end subroutine
end program
"""


def edited(text, change, path="a.f90"):
    stripped = strip(text, path)
    source = change(stripped.source)
    assert source != stripped.source
    return insert(stripped.model_copy(update={"source": source}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  implicit none\n", "  implicit none\n  integer, parameter :: k = 3\n"),
        ("  real :: a(4)\n", ""),
        ("    a(1) = a(1) + n\n", "    a(1) = a(1) + 2 * n\n    a(4) = 0\n"),
        ("do n = 1, 10", "do n = 1, 20"),
        ("if (rank == 0)", "if (rank == 1)"),
        ("a(2) = n;", "a(2) = n + 1;"),
        ("- t0\n", "- t0 + 1\n"),
        ("contains\n", "contains\n  subroutine other()\n    n = 2\n  end subroutine\n"),
    ],
)
def test_after_an_edit_elsewhere_every_call_is_in_its_place(old, new):
    assert edited(PROGRAM, lambda text: text.replace(old, new)) == PROGRAM.replace(old, new)


def test_fixed_form_too():
    lines = ["program a", "include 'mpif.h'", "integer i, e", "call MPI_INIT(e)", "i = 1", "call MPI_FINALIZE(e)", "end"]
    text = "C\n" + "".join(f"      {line}\n" for line in lines)
    assert edited(text, lambda s: s.replace("i = 1", "i = 2"), "a.f") == text.replace("i = 1", "i = 2")


def test_a_function_without_its_hole_becomes_a_statement():
    result = edited(PROGRAM, lambda text: text.replace("  t0 = dble(z'4D5049')\n", "  t0 = 0\n"))
    assert "  if (MPI_Wtime() < 0) continue\n" in result


def test_boundaries_keep_off_specifications_and_continuations():
    text = "program a\nuse mpi\ninteger i\ni = 1 + &\n 2\nend program\n"
    allowed = [index for index, found in enumerate(FortranDialect(Language.FORTRAN).boundaries(text)) if found.allowed]
    assert allowed == [3, 5, 6]


_LINES = len(strip(PROGRAM, "a.f90").source.split("\n"))
_NEW = st.sampled_from(["! note", "  n = 1", "", "    a(1) = 2.0"])
_EDITS = st.lists(st.tuples(st.sampled_from(["insert", "delete"]), st.integers(0, _LINES - 1), _NEW), max_size=5)


@settings(max_examples=100, deadline=None)
@given(_EDITS)
def test_whatever_is_edited_elsewhere_every_call_is_there_once(edits):
    stripped = strip(PROGRAM, "a.f90")
    lines = stripped.source.split("\n")
    for kind, number, new in edits:
        index = number % len(lines)
        if kind == "insert":
            lines.insert(index, new)
        elif not HOLE.search(lines[index]) and ("a(1)" in lines[index] or not lines[index].strip()) and len(lines) > 1:
            del lines[index]
    source = "\n".join(lines)
    result = insert(stripped.model_copy(update={"source": source}))
    again = strip(result, "a.f90")
    assert Counter((c.function, c.arguments) for c in again.calls) == Counter((c.function, c.arguments) for c in stripped.calls)
    assert again.source == source


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_is_lost_even_when_the_source_is_torn_up(data):
    stripped = strip(PROGRAM, "a.f90")
    lines = stripped.source.split("\n")
    source = "\n".join(data.draw(st.permutations(lines))[: data.draw(st.integers(0, len(lines)))])
    result = insert(stripped.model_copy(update={"source": source}))
    wanted = Counter(call.removed.strip().removesuffix(";") for call in stripped.calls)
    assert all(result.count(text) >= count for text, count in wanted.items())
