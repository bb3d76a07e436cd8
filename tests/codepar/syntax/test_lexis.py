from hypothesis import given
from hypothesis import strategies as st

from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis


def code_of(text, language=Language.C):
    return Lexis(text.encode(), language).code.decode()


def test_comments_and_strings_are_blanked_in_place():
    text = 'a = "x // y"; // f(1)\nb = \'"\'; /* g(2)\n */ c = 3;\n'
    assert code_of(text) == 'a = "' + " " * 7 + ';        \nb = "' + " " * 2 + ";        \n    c = 3;\n"


def test_a_line_comment_goes_on_after_a_backslash():
    assert "f" not in code_of("// a \\\n f(1);\n")


def test_raw_strings_and_digit_separators_are_those_of_cxx():
    text = 'auto r = R"x(f(1); " )x"; int n = 1\'000; f(2);'
    assert "f(1)" not in code_of(text, Language.CXX)
    assert code_of(text, Language.CXX).endswith("int n = 1'000; f(2);")


def test_an_open_quote_ends_with_its_line():
    assert code_of("#error don't\nf(1);").endswith("\nf(1);")


def test_directives_keep_their_continuations():
    lexis = Lexis(b"#define A(x) \\\n  f(x)\nint y;\n", Language.C)
    assert [(d.name, d.end) for d in lexis.directives] == [("define", 21)]
    assert lexis.plain.strip() == b"int y;"
    assert lexis.directive_at(17) is not None
    assert lexis.directive_at(22) is None


def test_brackets_are_matched_outside_of_strings_and_directives():
    text = b'f(a,\n#if defined(X\n ")", (b));'
    assert Lexis(text, Language.C).closing(1) == text.rindex(b")")
    assert Lexis(b"f(a]", Language.C).closing(1) is None
    assert Lexis(b"f(a", Language.C).closing(1) is None


def test_branches_know_their_opening():
    lexis = Lexis(b"#if A\n#ifdef B\n#endif\n#else\n#endif\n", Language.C)
    names = {lexis.code[start : start + 6].strip(): opening.argument for start, opening in lexis.branch_openings.items()}
    assert names == {b"#endif": "A", b"#else": "A"}


@given(
    st.text(alphabet="ab\"'/*\\\n# (){};R1", max_size=80),
    st.sampled_from([language for language in Language if language.is_c_family]),
)
def test_blanking_keeps_length_and_lines(text, language):
    lexis = Lexis(text.encode(), language)
    assert len(lexis.code) == len(lexis.plain) == len(lexis.data)
    assert [i for i, c in enumerate(lexis.code) if c == 10] == [i for i, c in enumerate(lexis.data) if c == 10]
    for offset in range(len(lexis.data)):
        assert lexis.line_at(offset) == lexis.data.count(b"\n", 0, offset) + 1
