from codepar.mpi.boundaries import boundaries
from codepar.syntax.language import Language


def allowed(text, language=Language.C):
    return [index for index, boundary in enumerate(boundaries(text, language)) if boundary.allowed]


def test_not_inside_comments_parentheses_directives_or_statements():
    text = "int f(int a,\n      int b)\n{\n  /* x;\n     y; */\n  g(a,\n    b);\n#define A \\\n  x;\n  z =\n    3;\n}\n"
    assert allowed(text) == [0, 3, 5, 7, 9, 11, 12]


def test_not_inside_a_raw_string():
    assert allowed('auto s = R"(a;\nb;\n)";\n', Language.CXX) == [0, 3]


def test_depth_counts_braces():
    assert [b.depth for b in boundaries("int f() {\n  if (a) {\n  }\n}\n", Language.C)] == [0, 1, 2, 1, 0]


def test_the_end_of_a_text_without_newline_is_a_place():
    assert len(boundaries("a;\nb;", Language.C)) == 3
    assert len(boundaries("a;\nb;\n", Language.C)) == 3
