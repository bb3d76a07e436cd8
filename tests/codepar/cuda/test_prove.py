from __future__ import annotations

from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.poly import Poly, Symbol, combined, recombined
from codepar.cuda.prove import is_nonnegative

N, M, K = (Poly.of(Symbol(name)) for name in "nmk")
VALUES = st.integers(-6, 6)


def value(poly: Poly, values: dict[str, int]) -> int:
    constants = {symbol: Poly.number(values[symbol.name]) for symbol in poly.all_symbols if symbol.name in values}
    found = poly.substituted(constants).constant
    assert found is not None
    return found


def _polys() -> st.SearchStrategy[Poly]:
    monomials = st.lists(st.sampled_from([N, M, K]), max_size=2).map(
        lambda parts: reduce(lambda a, b: a * b, parts, Poly.number(1))
    )
    sums = st.lists(st.tuples(st.integers(-3, 3), monomials), max_size=4)
    plain = sums.map(lambda parts: reduce(lambda a, b: a + b[1] * b[0], parts, Poly.number(0)))
    chosen = st.tuples(st.sampled_from(["min", "max"]), plain, plain, st.integers(-2, 2)).map(
        lambda parts: combined(parts[0], parts[1], parts[2]) * parts[3] + parts[1]
    )
    return plain | chosen


@settings(max_examples=150, deadline=None)
@given(_polys(), st.lists(_polys(), max_size=3), st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=12, max_size=12))
def test_what_is_proved_holds_wherever_the_facts_do(poly, facts, points):
    if is_nonnegative(poly, facts):
        for point in points:
            values = dict(zip("nmk", point, strict=True))
            if all(value(fact, values) >= 0 for fact in facts):
                assert value(poly, values) >= 0


def test_proves_what_loops_need():
    assert is_nonnegative(N * M - N, [N - 1, M - 1])
    assert is_nonnegative(N - K, [N - K * 2 - 1, K])
    assert is_nonnegative(combined("min", N, M), [N - 1, M - 1])
    assert is_nonnegative(N - combined("min", N, M))
    assert not is_nonnegative(N - M, [N - 1, M - 1])
    assert not is_nonnegative(N)


def test_quotient_and_remainder_make_the_whole_again():
    index = Poly.of(Symbol("i"))
    whole = combined("/", index, N) * N * M + combined("%", index, N) * M
    assert recombined(whole) == index * M
    assert recombined(combined("/", index, N) * M + combined("%", index, N)) != index


@given(_polys(), _polys(), st.tuples(VALUES, VALUES, VALUES))
def test_arithmetic_is_that_of_numbers(one, other, point):
    values = dict(zip("nmk", point, strict=True))
    a, b = value(one, values), value(other, values)
    assert (value(one + other, values), value(one - other, values), value(one * other, values)) == (a + b, a - b, a * b)
