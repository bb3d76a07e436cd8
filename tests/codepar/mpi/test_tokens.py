from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.tokens import Tolerance, parse_line

TOLERANCE = Tolerance()
FLOATS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


def test_numbers_are_told_from_text():
    line = parse_line("rank 3: sum=-1.5e-3, at 0x1F  of 10 (nan) in v2")
    assert line.numbers == ("3", "-1.5e-3", "0x1F", "10", "nan", "2")
    assert parse_line("3-4").numbers == ("3", "4")


def test_white_space_does_not_count():
    assert parse_line("  a\t 1 ") == parse_line("a 1")


@given(FLOATS)
def test_a_number_agrees_with_itself_in_another_format(value):
    assert TOLERANCE.accepts(f"{value:.17e}", f"{value:.9f}")


@given(FLOATS, st.floats(min_value=-1, max_value=1))
def test_the_tolerance_law(wanted, shift):
    bound = TOLERANCE.atol + TOLERANCE.rtol * abs(wanted)
    near, far = f"{wanted + shift * bound * 0.9:.17e}", f"{wanted + bound * 1.5:.17e}"
    assert TOLERANCE.accepts(near, f"{wanted:.17e}")
    assert not TOLERANCE.accepts(far, f"{wanted:.17e}")


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_an_integer_off_by_one_never_agrees(value):
    assert not TOLERANCE.accepts(str(value), str(value + 1))


def test_what_is_no_finite_number_agrees_only_with_its_like():
    assert TOLERANCE.accepts("nan", "-nan")
    assert TOLERANCE.accepts("inf", "infinity")
    assert not TOLERANCE.accepts("inf", "1.0e308")
    assert not TOLERANCE.accepts("nan", "0.0")
