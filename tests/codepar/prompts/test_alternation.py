"""Many words as one pattern."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.alternation import any_of, phrases

words = st.lists(st.text("ab.- cß一", min_size=1, max_size=5), min_size=1, max_size=12)


@given(words, st.text("ab.- cß一", max_size=30))
def test_it_finds_what_the_longest_first_find(words: list[str], text: str):
    plain = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    assert [m.span() for m in re.finditer(any_of(words), text)] == [m.span() for m in re.finditer(plain, text)]


def test_what_follows_may_ask_for_a_shorter_one():
    assert re.fullmatch(rf"{any_of(['two', 'two dozen'])} dozens?", "two dozen") is not None


phrases_of = st.lists(
    st.sampled_from([r"\bab\b", r"\b(?:a|c) b", r"\bc\w*", "b", r"(?<!a)b\b", r"\bb(?= c)", r"a[b|c]", r"\Aa"]), min_size=1
)


@given(phrases_of, st.text("abc |", max_size=20))
def test_phrases_are_found_where_the_plain_pattern_finds_them(alternatives: list[str], text: str):
    plain = re.search("|".join(alternatives), text, re.IGNORECASE)
    found = phrases("|".join(alternatives)).search(text)
    assert (plain and plain.start()) == (found and found.start())
