"""Layout changes white space and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.layout import laid_out

ONE_LINE = (
    "void scale_rows ( float * a , const float * s , int rows , int cols ) { for ( int i = 0 ; i < rows ; i ++ ) { for ( int j "
    "= 0 ; j < cols ; j ++ ) { if ( s [ i ] > 0 ) a [ i * cols + j ] *= s [ i ] ; else a [ i * cols + j ] = 0 ; } } }"
)


def test_a_function_on_one_line_becomes_one_statement_a_line() -> None:
    lines = laid_out(ONE_LINE).split("\n")
    assert lines[0] == "void scale_rows(float * a, const float * s, int rows, int cols) {"
    assert "        for (int j = 0; j < cols; j++) {" in lines
    assert "            if (s[i] > 0) a[i * cols + j] *= s[i];" in lines
    assert lines[-1] == "}"


def test_short_lines_and_text_with_strings_stay() -> None:
    short = "int f(int a) {\n    return a ;\n}"
    assert laid_out(short) == short
    quoted = ONE_LINE[:-1] + 'puts ( "a ; b" ) ; }'
    assert laid_out(quoted) == quoted


@settings(deadline=None)
@given(st.text(alphabet="ab{}();,[]+-.<>= 1", max_size=400))
def test_no_character_but_white_space_changes(code: str) -> None:
    assert "".join(laid_out(code).split()) == "".join(code.split())
