"""Tokens of a request, made once and read in parts."""

from __future__ import annotations

import pytest
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
    assert numbers == [25, 6, 3, 2]


def test_a_long_prose_is_read_in_parts_alone():
    prose = "word " * 4000
    known = Tokens(prose, [(0, len(prose))])
    assert [t.text for t in known.between(0, 9)] == ["word", "word"]
    assert "all" not in vars(known)


@pytest.mark.parametrize("text", ["11.8", "3D", "64-bit", "2nd", "1,000", "7^3", "50%", "1990s", "32×32", "0"])
def test_a_figure_is_one_token_that_counts_nothing(text: str):
    assert [(t.text, t.number) for t in tokens_of(f"of {text}.", 3, 4 + len(text))] == [(text, None), (".", None)]
    assert [t.text for t in tokens_of(f"{text}マイル", 0, len(text) + 1)] == [text, "マ"]


def test_numbers_of_a_list_are_no_figure():
    assert [t.number for t in tokens_of("1,2 and 3; 1. foo", 0, 17) if t.is_word] == [1, 2, None, 3, 1, None]


def test_a_word_in_katakana_is_one_token_up_to_a_known_word():
    text = "ミューテックス、ユニットテストとコードを"
    assert [t.text for t in tokens_of(text, 0, len(text))] == ["ミューテックス", "、", "ユニット", "テスト", "と", "コード", "を"]
