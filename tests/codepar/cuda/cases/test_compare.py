from __future__ import annotations

import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from codepar.cuda.cases import CaseOutput, Dump, Tolerance, compare
from codepar.cuda.cases.compare import agree, magnitude
from codepar.cuda.cases.layout import Layout

FLOAT, INT, CELL = Layout.parse("4:f4@0"), Layout.parse("4:i4@0"), Layout.parse("16:i4@0/id,f8@8/weight")


def case(layout: Layout, data: bytes, name: str = "a") -> CaseOutput:
    return CaseOutput(name, "ok", values={"x": Dump(layout, data, 0)})


def floats(*values: float) -> bytes:
    return struct.pack(f"{len(values)}f", *values)


@given(st.lists(st.floats(width=32), min_size=1))
def test_a_buffer_agrees_with_itself(values):
    assert compare([case(FLOAT, floats(*values))], [case(FLOAT, floats(*values))]).agrees


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1), st.data())
def test_a_float_off_by_more_than_the_formula_is_found(values, data):
    at = data.draw(st.integers(0, len(values) - 1))
    step = max(abs(values[at]), magnitude(values)) * 3e-5 + 1e-30
    wrong = floats(*values[:at], values[at] + step, *values[at + 1 :])
    found = compare([case(FLOAT, floats(*values))], [case(FLOAT, wrong)])
    if wrong == floats(*values):
        assert found.agrees
    else:
        assert [one.index for one in found.differences] == [at]


def test_what_cancels_may_differ_by_the_rounding_of_its_terms():
    assert compare([case(FLOAT, floats(1000, 0.0))], [case(FLOAT, floats(1000, 0.005))]).agrees
    assert not compare([case(FLOAT, floats(1, 0.0))], [case(FLOAT, floats(1, 0.005))]).agrees
    assert not compare([case(FLOAT, floats(0.0))], [case(FLOAT, floats(1e-30))]).agrees


def test_neither_one_huge_number_nor_poison_excuses_the_others():
    for huge in (1e30, struct.unpack("f", b"\x7f" * 4)[0], struct.unpack("f", b"\xcb" * 4)[0]):
        values = (huge, huge, 1.0, 2.0, 3.0) if huge != 1e30 else (huge, 1.0, 2.0, 3.0)
        assert compare([case(FLOAT, floats(*values))], [case(FLOAT, floats(*values))]).agrees
        wrong = (*values[:-1], 3.5)
        assert not compare([case(FLOAT, floats(*values))], [case(FLOAT, floats(*wrong))]).agrees


def test_nan_and_infinities_agree_with_their_like():
    nan, inf = math.nan, math.inf
    assert agree(nan, nan, 1e-5, 1.0)
    assert agree(0.0, -0.0, 0.0, 0.0)
    assert agree(inf, inf, 1e-5, 1.0)
    for wrong in ((nan, 1.0), (1.0, nan), (inf, -inf), (inf, 3e38), (3e38, inf)):
        assert not agree(*wrong, 1e-5, 1.0)


def test_integers_are_equal_or_wrong_and_the_first_place_is_named():
    expected, actual = struct.pack("4i", 1, 2, 3, 4), struct.pack("4i", 1, 2, 30, 5)
    found = compare([case(INT, expected)], [case(INT, actual)])
    assert found.problems == ("case a: x[2] is 30, the original gives 3 (2 of 4 elements differ)",)


def test_members_are_compared_and_padding_is_not():
    expected, actual = struct.pack("iid", 1, 0, 2.0), struct.pack("iid", 1, 9, 2.0)
    assert compare([case(CELL, expected)], [case(CELL, actual)]).agrees
    wrong = compare([case(CELL, expected)], [case(CELL, struct.pack("iid", 1, 0, 2.5))])
    assert "x[0].weight is 2.5" in wrong.problems[0]


def test_doubles_are_held_to_more():
    double = Layout.parse("8:f8@0")
    pair = [case(double, struct.pack("d", 1.0))], [case(double, struct.pack("d", 1.0 + 1e-8))]
    assert not compare(*pair).agrees
    assert compare(*pair, Tolerance(double=1e-7)).agrees


def test_nothing_compared_is_no_agreement():
    assert not compare([], []).agrees
    assert not compare([CaseOutput("a", "signal", 11)], [case(INT, b"")]).agrees
    assert compare([case(INT, b"")], []).problems == ("case a: it did not run",)
    shorter = compare([case(INT, bytes(8))], [case(INT, bytes(4))])
    assert not shorter.agrees
