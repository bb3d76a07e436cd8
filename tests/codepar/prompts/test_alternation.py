"""Many words as one pattern."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.alternation import any_of

words = st.lists(st.text("ab.- cß一", min_size=1, max_size=5), min_size=1, max_size=12)


@given(words, st.text("ab.- cß一", max_size=30))
def test_it_finds_what_the_longest_first_find(words: list[str], text: str):
    plain = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    assert [m.span() for m in re.finditer(any_of(words), text)] == [m.span() for m in re.finditer(plain, text)]


def test_what_follows_may_ask_for_a_shorter_one():
    assert re.fullmatch(rf"{any_of(['two', 'two dozen'])} dozens?", "two dozen") is not None
