from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codepar.prompts.pace import Pace

seconds = st.floats(0.01, 1000)
finished = st.lists(st.tuples(seconds, st.integers(1, 10_000)), max_size=60)


def pace_of(ends, items=100) -> Pace:
    pace = Pace(items)
    for out, characters in ends:
        pace.finished(out, characters)
    return pace


@given(out=seconds)
def test_with_nothing_to_compare_with_nothing_lags(out):
    assert not pace_of([]).lags(out, 0)


@given(ends=finished, out=seconds, factor=st.floats(1, 100))
def test_a_long_answer_that_comes_as_quickly_as_the_others_is_never_asked_for_twice(ends, out, factor):
    """Longer than any, at the median's rate or more: its twin would only come later."""
    pace = pace_of(ends)
    rates = sorted(characters / out for out, characters in ends) or [1.0]
    assert not pace.lags(out, round(rates[len(rates) // 2] * out * factor) + 1)


@given(ends=finished.filter(len), early=st.floats(0, 0.99))
def test_nothing_lags_before_the_others_patience_is_over(ends, early):
    pace = pace_of(ends)
    assert not pace.lags(early * pace.patience_s, 0)
    assert pace.lags(1.01 * pace.patience_s, 0)


@given(ends=finished.filter(lambda ends: len(ends) >= 20))
def test_patience_with_many_is_their_95th_percentile(ends):
    outs = sorted(out for out, _ in ends)
    patience = pace_of(ends).patience_s
    assert sum(out <= patience for out in outs) >= 0.95 * (len(outs) - 1)
    assert patience <= max(1.0, outs[-1])


@given(items=st.integers(1, 1000))
def test_at_most_one_in_twenty_is_asked_for_twice(items):
    pace, sent = pace_of([(1.0, 100)], items), 0
    while pace.lags(1e6, 0) and sent <= items:
        pace.hedged += 1
        sent += 1
    assert sent == max(1, items // 20)
