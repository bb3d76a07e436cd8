import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.syntax.fortran import FortranForm, FortranText, form_of

FREE = """program a
  use mpi
  call MPI_Send(x, & ! hello (
#ifdef A
    ! comment

    & 'a;b&
    & c', 3); y = 2
  if (a == 'it''s') call mpi_x ! c
10 continue
!$ call foo()
!$omp parallel
end program
"""
FIXED = f"""      program a
C     Hello (
{"      call mpi_send(x,":72}ABC00010
     &   'it''s,
c comment
     &    is', 3)
 10   continue
\tcall foo(a,
\t1 b)
!$    call bar
      end
"""


def statements(text, **options):
    view = FortranText(text, **options)
    return [" ".join(view.code[s.start : s.end].decode().split()) for s in view.statements]


def test_free_form_is_cut_into_statements():
    assert statements(FREE) == [
        "program a",
        "use mpi",
        "call MPI_Send(x, ' ', 3)",
        "y = 2",
        "if (a == ' '' ') call mpi_x",
        "continue",
        "call foo()",
        "end program",
    ]


def test_fixed_form_is_cut_into_statements():
    assert statements(FIXED) == [
        "program a",
        "call mpi_send(x, ' '' ', 3)",
        "continue",
        "call foo(a, b)",
        "call bar",
        "end",
    ]


def test_labels_and_semicolons_are_known():
    view = FortranText("10 x = 1; y = 2\n")
    first, second = view.statements
    assert (first.labelled, second.labelled) == (True, False)
    assert view.data[first.semicolon : first.semicolon + 1] == b";"
    assert second.semicolon is None


def test_columns_past_72_count_where_parentheses_need_them():
    narrow = "      call f(a)".ljust(72) + ")SEQ\n      end\n"
    wide = "      call function_with_a_long_name(argument_one, argument_two, argumen3, b)\n      end\n"
    assert statements(narrow, form=FortranForm.FIXED)[0] == "call f(a)"
    assert statements(wide, form=FortranForm.FIXED)[0].endswith("b)")


@pytest.mark.parametrize(
    ("text", "path", "form"),
    [
        (FREE, None, FortranForm.FREE),
        (FIXED, None, FortranForm.FIXED),
        (FREE, "a.f", FortranForm.FREE),
        (FIXED, "a.f90", FortranForm.FREE),
        ("      x = 1\n", "a.f", FortranForm.FIXED),
        ("      x = 1\n", "a.F90", FortranForm.FREE),
        ("call a\nclose(3)\ndo i = 1, 2\nend do\n", None, FortranForm.FREE),
    ],
)
def test_the_form_is_told_by_the_lines_then_by_the_suffix(text, path, form):
    if (text, path) == (FIXED, "a.f90"):
        text = text.replace("\tcall foo(a,\n\t1 b)\n", "")
        form = FortranForm.FIXED
    assert form_of(text, path) is form


@given(st.text(alphabet="ac1C!&'\"();# \t\n*$", max_size=120), st.sampled_from(FortranForm))
def test_the_code_keeps_every_offset(text, form):
    view = FortranText(text, form=form)
    assert len(view.code) == len(view.data)
    end = 0
    for statement in view.statements:
        assert end <= statement.start <= statement.end
        end = statement.end
