import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from codepar.mpi.fortran.holes import HOLE
from codepar.mpi.insert import insert
from codepar.mpi.remove import Refused, splice, strip
from codepar.mpi.stripped import Stripped

FREE = """program heat
  use mpi_f08
  implicit none
  integer :: rank, n, ierr
  double precision :: t0
  type(MPI_Status) :: status   ! call MPI_Send(in a comment)
  call MPI_Init(ierr)
  CALL MPI_COMM_RANK (MPI_COMM_WORLD, rank, ierr); n = 3
  n = 4; call mpi_barrier(MPI_COMM_WORLD); n = 5
  if (rank == 0) call MPI_Send(n, 1, MPI_INTEGER, 1, 0, &   ! why
       ! a comment between
       & MPI_COMM_WORLD, ierr)   ! after
  if (rank == 1) then; call MPI_Recv(n, 1, MPI_INTEGER, 0, 0, MPI_COMM_WORLD, status); end if
  t0 = MPI_Wtime() - mpi_wtick()
  call mpi_barrier(MPI_COMM_WORLD); call mpi_barrier(MPI_COMM_WORLD)
10 call MPI_Barrier(MPI_COMM_WORLD)
  call MPI_Bcast(n, 1, MPI_INTEGER, 0, &
#ifdef OTHER
                 other, &
#else
                 MPI_COMM_WORLD, &
#endif
                 ierr)
  print *, "call MPI_Send(in a string)", MPI_Aint_diff(a, b)
  call mpi_setup(n)
!$ call MPI_Barrier(MPI_COMM_WORLD)
  call MPI_Finalize
contains
  subroutine mpi_bcast_all()
    call MPI_Abort(MPI_COMM_WORLD, 1, ierr)
  end subroutine
end program
"""
FIXED = """      program heat
      include 'mpif.h'
C     call MPI_SEND( in a comment
      integer rank, ierr, n
      call MPI_INIT(ierr)
      call mpi_comm_rank(MPI_COMM_WORLD,
     &                   rank,
c   a comment between
     &                   ierr)                                          SEQ00010
      IF (rank .EQ. 0) CALL MPI_SEND(n, 1, MPI_INTEGER, 1, 0,
     +     MPI_COMM_WORLD, ierr)
 100  call mpi_barrier(MPI_COMM_WORLD, ierr)
      t = MPI_WTIME()
\tcall mpi_barrier(MPI_COMM_WORLD,
\t1 ierr)
      call MPI_FINALIZE(ierr)
      end
"""
LEFT = re.compile(r"\bcall\s+mpi_(?!setup)\w+|mpi_(?:wtime|wtick|aint_diff)\s*\(", re.IGNORECASE)
OPAQUE = re.compile(r"^[cC*].*|![^$].*|\"[^\"\n]*\"", re.MULTILINE)


@pytest.fixture(params=["free", "fixed", "crlf", "no final newline", "not ascii"])
def program(request):
    texts = {
        "free": (FREE, "a.f90"),
        "fixed": (FIXED, "a.f"),
        "crlf": (FREE.replace("\n", "\r\n"), "a.F90"),
        "no final newline": (FIXED + "      call MPI_FINALIZE(ierr)", "a.for"),
        "not ascii": (FREE.replace("why", "wärum 日本"), "a.f08"),
    }
    return texts[request.param]


def test_insertion_gives_back_the_same_bytes_and_no_call_is_left(program):
    text, path = program
    stripped = strip(text, path)
    assert splice(stripped.source.encode(), stripped.calls) == text.encode()
    assert insert(stripped) == text
    assert insert(Stripped.model_validate_json(stripped.model_dump_json())) == text
    assert insert(stripped.model_copy(update={"base": None, "language": None})) == text
    assert LEFT.findall(OPAQUE.sub("", text))
    assert LEFT.findall(OPAQUE.sub("", stripped.source)) == []


def test_spans_hold_holes_or_nothing(program):
    stripped = strip(*program)
    for call in stripped.calls:
        held = stripped.source.encode()[slice(*call.span)].decode()
        assert bool(HOLE.fullmatch(held)) == call.inline == bool(held)
        assert call.function.lower() in call.removed.lower()


def test_what_only_looks_like_mpi_stays_and_is_said():
    stripped = strip(FREE, "a.f90")
    assert [place.reason for place in stripped.refused] == ["mpi_setup is no procedure of MPI"]
    assert "call mpi_setup(n)" in stripped.source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if (a) call MPI_Init(e)\n", "if (a) continue ! mpi: void\n"),
        ("if (f(a(1))) call MPI_Init(e) ! c\n", "if (f(a(1))) continue ! mpi: void ! c\n"),
        ("x = 1; call MPI_Init(e); y = 2\n", "x = 1; y = 2\n"),
        ("call MPI_Init(e); y = 2\n", "y = 2\n"),
        ("10 call MPI_Init(e)\n", "10 continue ! mpi: void\n"),
        ("t = MPI_WTIME()\n", "t = dble(z'4D5049')\n"),
        ("call MPI_Send(MPI_Aint_add(a, b), 1)\nx = 1\n", "x = 1\n"),
        ("x = 1\n  call MPI_Init   ! c\n", "x = 1\n"),
        ("subroutine mpi_init\nend\ncall mpi_init\n", "subroutine mpi_init\nend\ncall mpi_init\n"),
    ],
)
def test_small_places(text, expected):
    assert strip(text, "a.f90").source == expected


def test_arguments_and_lines():
    stripped = strip(FREE, "a.f90")
    send = next(call for call in stripped.calls if call.function == "MPI_Send")
    assert send.arguments == ("n", "1", "MPI_INTEGER", "1", "0", "MPI_COMM_WORLD", "ierr")
    assert stripped.calls[0].function == "MPI_Init"
    assert (stripped.calls[0].after_line, stripped.calls[0].arguments) == (6, ("ierr",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = 1\ncall MPI_Send(a, b\nend\n", "parentheses are not balanced"),
        ("x = 1\ncall MPI_Send(a, &\n#ifdef A\n b)\n#else\n c)\n#endif\n", "balanced|conditional cuts"),
        ("x = 1\nif (a) call MPI_Init(e); y = 2\n", "another statement follows"),
        ("x = 1\ncall MPI_Init(e) y\n", "something else follows"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_with_the_reason(text, reason):
    with pytest.raises(Refused, match=reason) as caught:
        strip(text, "a.f90")
    assert caught.value.places[0].line == 2


def test_a_hole_past_column_72_is_refused():
    line = "      " + "elapsed = elapsed + 1.0d0 * (MPI_WTIME() - before)".ljust(65, "+") + "x\n"
    with pytest.raises(Refused, match="column 72"):
        strip("C\n" + line, "a.f")


@pytest.mark.parametrize("text", ["", "\n\n", "! nothing\n"])
def test_nothing_is_refused(text):
    with pytest.raises(InvalidInput):
        strip(text, "a.f90")


def test_holes_compile(tmp_path):
    gfortran = shutil.which("gfortran")
    if gfortran is None:
        pytest.skip("no gfortran: Fortran is optional")
    source = "program a\ndouble precision t\nt = MPI_Wtime()\ni = MPI_Aint_diff(j, k)\nif (i > 3) call MPI_Init(e)\nend program\n"
    (tmp_path / "a.f90").write_text(strip(source, "a.f90").source)
    subprocess.run([gfortran, "-c", "a.f90"], cwd=tmp_path, check=True)


_PIECES = st.sampled_from(
    ["call MPI_Barrier(c)", "x = 1", "if (a) call MPI_Init(e)", "t = MPI_Wtime()", "20 call MPI_Foo(b)", "print *, 'call MPI_X('"]
)
_LINES = st.lists(
    st.tuples(st.sampled_from(["", "  ", "      "]), _PIECES, st.sampled_from(["", " ! c", "  ", "; y = 2"])), min_size=1
)


@settings(max_examples=150, deadline=None)
@given(_LINES, st.sampled_from(["a.f90", "a.f"]), st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_accepted_comes_back(lines, path, newline):
    text = newline.join("".join(parts) for parts in lines)
    try:
        stripped = strip(text, path)
    except InvalidInput:
        return
    assert insert(stripped) == text
