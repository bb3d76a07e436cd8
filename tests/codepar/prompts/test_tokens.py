"""Tokens of a request, made once and read in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.tokens import Tokens, tokens_of

TEXT = "Port `f g` and main.c to CUDA; write twenty five tests (2:3), dann half a dozen Zeilen. 三个函数と2つ -> x::y"


def told(tokens):
    return [(t.text, t.start, t.end, t.tags, t.number, t.quoted, t.is_file) for t in tokens]


@given(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)))
def test_a_part_has_the_tokens_that_lie_in_it(start: int, end: int):
    known = Tokens(TEXT, [(0, len(TEXT))])
    found = told(known.between(start, end))
    cut = any(token.start < bound < token.end for token in known.all for bound in (start, end))
    assert found == (told(tokens_of(TEXT, start, end)) if cut else [t for t in told(known.all) if start <= t[1] < end])


def test_the_whole_is_read_as_it_stands():
    assert told(Tokens(TEXT, [(0, len(TEXT))]).all) == told(tokens_of(TEXT, 0, len(TEXT)))
    numbers = [t.number for t in Tokens(TEXT, [(0, len(TEXT))]).all if t.number is not None]
    assert numbers == [25, 3, 6, 3, 2]


def test_a_long_prose_is_read_in_parts_alone():
    prose = "word " * 4000
    known = Tokens(prose, [(0, len(prose))])
    assert [t.text for t in known.between(0, 9)] == ["word", "word"]
    assert "all" not in vars(known)
