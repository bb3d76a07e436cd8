import pytest

from codepar.errors import InvalidInput
from codepar.mpi.complete import Completer
from codepar.mpi.foreign import read_foreign, turned_back
from codepar.mpi.fortran.calls import find_calls
from codepar.mpi.headers import load_signatures
from codepar.mpi.program import read_program
from codepar.mpi.proposal import Edit
from codepar.mpi.remove import strip
from codepar.mpi.unsayable import Unsayable
from codepar.syntax.fortran import FortranText
from codepar.syntax.language import Language

ORIGINAL = """program total
  use mpi
  implicit none
  integer :: rank, nprocs, ierr, i, stats(MPI_STATUS_SIZE, 4), Stat(MPI_STATUS_SIZE)
  double precision :: part(0:9), whole, t0
  logical :: flags(3)

  call MPI_Init(ierr)
  call MPI_Comm_rank(MPI_COMM_WORLD, rank, ierr)
  call MPI_Comm_size(MPI_COMM_WORLD, nprocs, ierr)
  t0 = MPI_Wtime()
  do i = 0, 9
    part(i) = rank
  end do
  if (rank == 0) print *, whole, nprocs, t0
  call MPI_Finalize(ierr)
end program total
"""


@pytest.fixture(scope="module")
def signatures():
    return load_signatures()


def reading(text, signatures, path="total.f90"):
    return read_foreign(text, path, Language.FORTRAN, signatures)


def call(line, function, *arguments):
    text = f"{function}({', '.join(arguments)});"
    return Edit(after_line=line, text=text, function=function, arguments=arguments, confidence=0.5, origin="rule")


def by_rules(text, signatures, path="total.f90"):
    program = reading(text, signatures, path)
    edits = Completer(read_program(program.as_c, "a.c"), signatures, "a.c").by_rules()
    return program, *turned_back(program, edits)


def test_the_setup_is_proposed_where_it_belongs_and_gives_the_program_back(signatures):
    stripped = strip(ORIGINAL, "total.f90")
    program, edits, dropped = by_rules(stripped.source, signatures)
    assert [(edit.function, edit.arguments) for edit in edits] == [
        ("MPI_Init", ("ierr",)),
        ("MPI_Comm_rank", ("MPI_COMM_WORLD", "rank", "ierr")),
        ("MPI_Comm_size", ("MPI_COMM_WORLD", "nprocs", "ierr")),
        ("MPI_Wtime", ()),
        ("MPI_Finalize", ("ierr",)),
    ]
    assert not dropped
    assert program.applied(edits).replace("\n\n", "\n") == ORIGINAL.replace("\n\n", "\n")


def test_a_program_that_starts_and_ends_mpi_lacks_nothing(signatures):
    assert reading(ORIGINAL, signatures).is_complete
    assert not reading(strip(ORIGINAL, "total.f90").source, signatures).is_complete


@pytest.mark.parametrize(
    ("proposed", "said"),
    [
        (("MPI_Send", "part", "10", "MPI_DOUBLE", "1", "0", "MPI_COMM_WORLD"), "part, 10, MPI_DOUBLE_PRECISION, 1, 0"),
        (("MPI_Bcast", "&part[i]", "1", "MPI_DOUBLE", "rank + 1", "MPI_COMM_WORLD"), "part(i), 1, MPI_DOUBLE_PRECISION, rank+1"),
        (("MPI_Bcast", "&flags[0]", "1", "MPI_INT", "(rank + 1) % 2", "MPI_COMM_WORLD"), "flags(1), 1, MPI_LOGICAL, mod(rank+1"),
        (("MPI_Bcast", "&whole", "1", "MPI_FLOAT", "0", "MPI_COMM_WORLD"), "whole, 1, MPI_DOUBLE_PRECISION, 0"),
        (("MPI_Probe", "0", "0", "MPI_COMM_WORLD", "MPI_STATUS_IGNORE"), "0, 0, MPI_COMM_WORLD, Stat, ierr"),
        (("MPI_Probe", "0", "0", "MPI_COMM_WORLD", "&stats[1]"), "0, 0, MPI_COMM_WORLD, stats(:,2)"),
    ],
)  # fmt: skip
def test_arguments_are_said_in_fortran(signatures, proposed, said):
    edit = reading(ORIGINAL, signatures).said(call(13, *proposed))
    assert edit.text.startswith(f"call {proposed[0]}({said}")
    assert edit.arguments[-1] == "ierr"


@pytest.mark.parametrize(
    ("proposed", "reason"),
    [
        (("MPI_Send", "other", "1", "MPI_INT", "0", "0", "MPI_COMM_WORLD"), "`other` is not in scope"),
        (("MPI_Bcast", "&i", "sizeof(i)", "MPI_BYTE", "0", "MPI_COMM_WORLD"), "has no like in Fortran"),
        (("MPI_Bcast", "&i", "1", "MPI_UNSIGNED_CHAR", "0", "MPI_COMM_WORLD"), "is none of Fortran"),
        (("MPI_Bcast", "&i", "1", "whole", "0", "MPI_COMM_WORLD"), "`whole` is no MPI_Datatype"),
    ],
)
def test_what_fortran_cannot_say_is_refused_with_the_reason(signatures, proposed, reason):
    with pytest.raises(Unsayable, match=reason):
        reading(ORIGINAL, signatures).said(call(13, *proposed))


def test_no_call_stands_before_a_declaration_or_without_an_error_code(signatures):
    assert reading(ORIGINAL, signatures).said(call(4, "MPI_Barrier", "MPI_COMM_WORLD")).after_line == 6
    with pytest.raises(Unsayable, match="no statement can stand"):
        reading(ORIGINAL, signatures).said(call(17, "MPI_Barrier", "MPI_COMM_WORLD"))
    bare = ORIGINAL.replace("ierr, i", "i").replace(", ierr)", ")").replace("(ierr)", "()")
    with pytest.raises(Unsayable, match="takes the error code"):
        reading(bare, signatures).said(call(13, "MPI_Barrier", "MPI_COMM_WORLD"))
    modern = reading(bare.replace("use mpi", "use mpi_f08"), signatures)
    assert modern.said(call(13, "MPI_Barrier", "MPI_COMM_WORLD")).arguments == ("MPI_COMM_WORLD",)


def test_long_calls_are_continued_in_either_form(signatures):
    fixed = "      program p\n      include 'mpif.h'\n      integer ierr\n      ierr = 0\n      end\n"
    name = "a_rather_long_name_for_an_integer"
    for path, text, width in (("p.f", fixed, 72), ("p.f90", fixed.replace("      ", "  "), 132)):
        program = reading(text.replace("integer ierr", f"integer ierr, {name}"), signatures, path)
        arguments = (name, name, "1", "MPI_INT", "MPI_SUM", "0", "MPI_COMM_WORLD")
        made = program.applied([program.said(call(4, "MPI_Reduce", *arguments))])
        assert max(map(len, made.split("\n"))) <= width
        found = find_calls(FortranText(made, path)).calls
        assert [len(one.arguments) for one in found] == [8]


@pytest.mark.parametrize("text", ["", "program p\ndo i = 1, 3\nend program p\n", "  \n! only remarks\n"])
def test_what_is_no_program_is_refused(signatures, text):
    with pytest.raises(InvalidInput):
        reading(text, signatures, "p.f90")


def test_definitions_of_types_and_initial_data_come_first(signatures):
    text = """program p
  use mpi
  integer :: rank, ierr
  type cell
    integer :: rank
  end type cell
  real :: a(2)
  data a /1.0, &
          2.0/
  print *, rank
end program p
"""
    program, edits, _ = by_rules(text, signatures)
    assert {edit.function: edit.after_line for edit in edits} == {"MPI_Init": 9, "MPI_Comm_rank": 9, "MPI_Finalize": 10}
    assert program.parses(program.applied(edits))
