from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.align import align

_TEXTS = st.lists(st.sampled_from(["}", "", "x = 1;", "y = 2;", "{", "  x = 1;", "return;"]), max_size=14)


def test_a_text_aligns_with_itself():
    lines = ["a", "}", "", "}", "b"]
    assert align(lines, lines) == [0, 1, 2, 3, 4]


def test_insertions_deletions_and_changes():
    old = ["int f() {", "x = 1;", "y = 2;", "}", "int g() {", "x = 1;", "}"]
    new = ["// new", "int f() {", "x = 1;", "  y  = 2;", "z = 3;", "}", "int g() {", "x = 7;", "}"]
    assert align(old, new) == [1, 2, 3, 5, 6, None, 8]


def test_a_moved_block_is_found_again():
    old = ["void f() {", "f1;", "}", "void g() {", "g1;", "}", "void h() {", "h1;", "}"]
    new = ["void h() {", "h1;", "}", "void f() {", "f1;", "}", "void g() {", "g1;", "}"]
    matched = align(old, new)
    assert [matched[index] for index in (0, 1, 3, 4, 6, 7)] == [3, 4, 6, 7, 0, 1]


@given(_TEXTS, _TEXTS)
def test_only_equal_lines_are_matched_and_each_once(old, new):
    matched = align(old, new)
    pairs = [(index, other) for index, other in enumerate(matched) if other is not None]
    assert all(old[index].split() == new[other].split() for index, other in pairs)
    assert len({other for _, other in pairs}) == len(pairs)


def test_many_equal_lines_end_in_time():
    old, new = ["}", "x;"] * 20_000, ["x;", "}"] * 20_000 + ["y;"]
    assert len(align(old, new)) == 40_000
