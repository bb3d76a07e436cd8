"""One layout for every program, and sites where a statement can stand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.outline import LineIndex, outlines
from codepar.mpi.remove import strip
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("*_mpi.c"))
PROGRAM = """#include <stdio.h>
int twice(int x) { return 2 * x; } // a helper
int main(int argc, char **argv)
{
    int rank = 0, n[4]; /* two names */
    double start = 0.0/* mpi: double */;
    if (rank == 0)
        printf("a  b");
    else {
        for (int i = 0; i < 4;
             i++)
            n[i] = twice(i);
    }
    switch (rank) { case 1: n[0] = 1; break; default: ; }
    return 0;
}
"""
TOKENS = "int main ( int c , char * * v ) { int a ; a = c + 1 ; if ( a ) { a -- ; } else { f ( a , 2 ) ; } return a ; }"


def test_the_layout_is_one_statement_a_line():
    helper, main = outlines(parse(PROGRAM, Language.C))
    assert helper.lines == ["int twice(int x)", "{", "  return 2 * x;", "}"]
    assert main.lines == [
        "int main(int argc, char **argv)",
        "{",
        "  int rank = 0;",
        "  int n[4];",
        "  double start = MPI_();",
        "  if (rank == 0)",
        '    printf("a b");',
        "  else",
        "  {",
        "    for (int i = 0; i < 4; i++)",
        "      n[i] = twice(i);",
        "  }",
        "  switch (rank)",
        "  {",
        "    case 1:",
        "      n[0] = 1;",
        "      break;",
        "    default:",
        "      ;",
        "  }",
        "  return 0;",
        "}",
    ]


def test_sites_are_before_statements_and_in_holes():
    _, main = outlines(parse(PROGRAM, Language.C))
    statements = [main.lines[site.line].strip() for site in main.sites if site.hole is None]
    assert "int n[4];" not in statements
    assert 'printf("a b");' not in statements
    assert {"int rank = 0;", "return 0;", "for (int i = 0; i < 4; i++)", "break;"} <= set(statements)
    [hole] = [site for site in main.sites if site.hole is not None]
    assert PROGRAM.encode()[hole.start :].startswith(b"0.0/* mpi: double */")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_statement_can_stand_at_every_site(path):
    source = strip(path.read_text()).source
    tree = parse(source, Language.C)
    index = LineIndex(tree.data)
    sites = [site for outline in outlines(tree) for site in outline.sites if site.hole is None and index.begins_line(site.start)]
    assert sites
    for site in sites:
        data = tree.data[: site.start] + b"MPI_Barrier(MPI_COMM_WORLD);\n" + tree.data[site.start :]
        assert not parse(data.decode(), Language.C).errors, source[: site.start][-80:]


@given(st.lists(st.sampled_from(["", " ", "\n", "\t", "/* c */", "// c\n", "\r\n", " \n\n "]), min_size=60, max_size=60))
def test_no_layout_changes_the_outline(between):
    tokens = TOKENS.split()
    plain = " ".join(tokens)
    other = "".join(f"{token} {extra}" for token, extra in zip(tokens, between, strict=False))
    [expected], [found] = (outlines(parse(text, Language.C)) for text in (plain, other))
    assert found.lines == expected.lines
    assert [site.line for site in found.sites] == [site.line for site in expected.sites]


def test_what_does_not_parse_or_nests_too_deep_is_a_line_not_a_crash():
    deep = "int main() {" + "{" * 500 + "x();" + "}" * 500 + "}"
    assert any("x();" in line for line in outlines(parse(deep, Language.C))[0].lines)
    assert outlines(parse("int main( { ) ) int", Language.C)) is not None
    assert outlines(parse("", Language.C)) == []


def test_cpp_functions_of_classes_and_try_blocks():
    text = "struct A { int f() { try { g(); } catch (...) { h(); } return 1; } };\nnamespace n { void k() { } }\n"
    method, free = outlines(parse(text, Language.CXX))
    assert [line.strip() for line in method.lines] == [
        "int f()", "{", "try", "{", "g();", "}", "catch (...)", "{", "h();", "}", "return 1;", "}",
    ]  # fmt: skip
    assert free.name == "k()"
