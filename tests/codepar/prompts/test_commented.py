"""Wishes for comments, and codes that differ by comments alone."""

import pytest

from codepar.prompts.commented import differs_by_comments_alone, wants_comments
from codepar.syntax.language import Language

C = "int f(int a)\n{\n    return a + 1;\n}\n"
LOOP = "int f(int n)\n{\n    int s = 0;\n    while (n--)\n        s += n;\n    return s;\n}\n"
PYTHON = "def f(a):\n    if a:\n        return a\n    return 1\n"
FORTRAN = "subroutine s(a)\n  real :: a\n  a = 1\nend subroutine\n"


@pytest.mark.parametrize(
    "wish",
    [
        "Add a comment to each of these functions",
        "write docstrings for both",
        "Please comment f and g",
        "Document f, g and h.",
        "put a doxygen header above each",
        "Kommentiere beide Funktionen",
        "Füge beiden Funktionen Kommentare hinzu",
        "añade comentarios a las dos funciones",
        "Добавь комментарии к обеим функциям",
        "给这两个函数添加注释",
        "両方の関数にコメントを追加してください",
    ],
)
def test_wishes_for_comments(wish):
    assert wants_comments(wish)


@pytest.mark.parametrize(
    "wish", ["Explain f and g", "comment on both functions", "write review comments for each", "Explain the comments in f and g"]
)
def test_other_wishes(wish):
    assert not wants_comments(wish)


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        (C, "/* Adds. */\nint f(int a) { // here\n    return a + 1;\n}", Language.C),
        (C.replace("\n", "\r\n"), "// Adds.\n" + C, Language.C),
        (
            LOOP,
            LOOP.replace("        s", "    {\n        // sums\n        s").replace("    return", "    }\n    return"),
            Language.C,
        ),
        ("    def f(self):\n        return 1\n", 'def f(self):\n    """One."""\n    # one\n    return 1\n', Language.PYTHON),
        (FORTRAN, FORTRAN.replace("a = 1", "a = 1 ! one").replace("  real", "  ! takes a\n  real"), Language.FORTRAN),
    ],
)
def test_comments_make_no_difference(before, after, language):
    assert differs_by_comments_alone(before, after, language)


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        (C, "// Adds.\n" + C.replace("+ 1", "+ 2"), Language.C),
        (LOOP, LOOP.replace("        s", "    {\n        s").replace("return s;", "return s;\n    }"), Language.C),
        (PYTHON, PYTHON.replace("    return 1", "        return 1"), Language.PYTHON),
        (FORTRAN, FORTRAN.replace("a = 1", "a = 2 ! one"), Language.FORTRAN),
    ],
)
def test_code_does(before, after, language):
    assert not differs_by_comments_alone(before, after, language)
