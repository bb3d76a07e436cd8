"""Intervals hold what they promise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.errors import InvalidInput
from evaluators.intervals import Interval, bounded_zero, cluster_bootstrap, paired_bootstrap, sum_by_cluster, wilson


def share(sums):
    return sums[0] / sums[1] if sums[1] else None


def test_wilson_is_the_textbook_interval():
    found = wilson(81, 116)
    # Newcombe 1998, the score method without continuity correction.
    assert (found.low, found.high) == (pytest.approx(0.6095, abs=5e-4), pytest.approx(0.7744, abs=5e-4))


def test_a_zero_of_n_has_the_bound_three_over_n():
    assert wilson(0, 60) == Interval(value=0.0, low=0.0, high=0.05, n=60)
    assert wilson(0, 2).high == 1.0
    assert wilson(60, 60).low == pytest.approx(0.95)
    assert bounded_zero(Interval(value=0.0, low=0.0, high=0.0, n=300)).high == 0.01
    assert bounded_zero(Interval(value=0.5, low=0.4, high=0.6, n=300)).high == 0.6


def test_wilson_refuses_what_is_no_share():
    with pytest.raises(InvalidInput):
        wilson(3, 2)
    assert wilson(0, 0).value is None


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(counts):
    found = wilson(*counts)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_programs_that_resemble_each_other_make_the_interval_wider():
    generator = random.Random(1)
    repositories = [generator.random() for _ in range(40)]
    programs = [(str(index), (float(generator.random() < p), 1.0)) for index, p in enumerate(repositories) for _ in range(10)]
    by_repository = cluster_bootstrap(list(sum_by_cluster(programs).values()), {"share": (share, 400)})["share"]
    by_program = cluster_bootstrap([totals for _, totals in programs], {"share": (share, 400)})["share"]
    assert by_repository.value == pytest.approx(by_program.value)
    assert by_repository.high - by_repository.low > 1.3 * (by_program.high - by_program.low)


def test_the_bootstrap_agrees_with_theory_for_a_mean():
    generator = random.Random(7)
    values = [(generator.gauss(10, 2), 1.0) for _ in range(400)]
    found = cluster_bootstrap(values, {"mean": (share, 400)}, resamples=2000)["mean"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.15)


def test_the_same_seed_gives_the_same_interval():
    rows = [(1.0, 2.0), (0.0, 3.0), (2.0, 2.0)]
    assert cluster_bootstrap(rows, {"x": (share, 7)}) == cluster_bootstrap(rows, {"x": (share, 7)})


def test_nothing_to_count_has_no_interval():
    assert cluster_bootstrap([], {"x": (share, 0)})["x"] == Interval(value=None, low=None, high=None, n=0)


def test_a_paired_difference_is_narrower_than_two_intervals():
    generator = random.Random(3)
    first, second = {}, {}
    for name in map(str, range(60)):
        hard = generator.random()
        second[name] = (10 * hard, 10.0)
        first[name] = (10 * hard + 1, 10.0)
    found = paired_bootstrap(first, second, {"share": share})["share"]
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.1))
    assert found.reversed_share == 0.0


def test_systems_scored_on_other_repositories_are_not_compared():
    with pytest.raises(InvalidInput, match="same repositories"):
        paired_bootstrap({"a": (1.0, 1.0)}, {"b": (1.0, 1.0)}, {"share": share})
