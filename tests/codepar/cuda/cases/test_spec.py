from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codepar.cuda.cases import BufferSpec, TestCase, TestSet
from codepar.cuda.cases.wire import check
from codepar.cuda.read import read_function
from codepar.errors import InvalidInput

FUNCTION = read_function("void f(int n, int m, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = x[i] * m; }", "f.c")
WRITTEN = """{"function": "f", "cases": [{"name": "small", "seed": 5, "scalars": {"n": 4, "m": -2}, "buffers": {
    "x": {"size": "n", "distribution": "values", "values": [1, 2.5, "nan", "-inf"]},
    "y": {"size": "max(n, 2) * 2"}}}]}"""


def test_what_a_model_writes_is_read_and_written_again():
    tests = TestSet.model_validate_json(WRITTEN)
    assert TestSet.model_validate_json(tests.model_dump_json()) == tests
    assert tests.cases[0].size("y") == 8
    check(FUNCTION, tests)
    schema = json.dumps(TestSet.schema_text())
    assert "permutation" in schema
    assert "low + high" in schema


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "has space"},
        {"name": "a", "scalars": {"n": "many"}},
        {"name": "a", "buffers": {"x": {"size": 3, "distribution": "normal"}}},
        {"name": "a", "buffers": {"x": {"size": 3, "unknown": 1}}},
        {"name": "a", "seed": -1},
        {"name": "a", "scalars": {"n": float("inf")}},
    ],
)
def test_specifications_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        TestCase.model_validate(wrong)


@pytest.mark.parametrize(
    ("buffer", "message"),
    [
        ({"size": "k + 1"}, "k"),
        ({"size": "n +"}, "too early"),
        ({"size": "n", "distribution": "values"}, "needs values"),
        ({"size": "n", "low": "missing"}, "missing"),
        ({"size": 2_000_000}, "more than"),
    ],
)
def test_cases_that_do_not_fit_the_function_are_refused_with_the_reason(buffer, message):
    case = TestCase(name="a", scalars={"n": 3, "m": 1}, buffers={"x": BufferSpec(**buffer), "y": BufferSpec(size="n")})
    with pytest.raises(InvalidInput, match=message):
        check(FUNCTION, TestSet(function="f", cases=(case,)))


BOUNDS = st.one_of(st.integers(), st.floats(), st.text("nm +-*/%(),1234567890.e", max_size=12))
BUFFERS = st.fixed_dictionaries(
    {"size": st.one_of(st.integers(-5, 80), st.sampled_from(["n", "n * m", "n / m", "n << 40", "1e300", "m % 0"]))},
    optional={
        "distribution": st.sampled_from(["uniform", "sorted", "permutation", "ramp", "values"]),
        "low": BOUNDS,
        "high": BOUNDS,
        "values": st.lists(st.one_of(st.integers(), st.floats(), st.sampled_from(["nan", "inf"])), max_size=3),
        "include": st.lists(st.floats(), max_size=3),
        "nonzero": st.booleans(),
        "bits": st.integers(-1, 60),
    },
)


@given(st.fixed_dictionaries({"n": st.integers(), "m": st.floats() | st.integers(-3, 3)}), BUFFERS, BUFFERS)
def test_whatever_is_written_is_read_or_refused(scalars, x, y):
    try:
        case = TestCase(name="a", scalars=scalars, buffers={"x": BufferSpec(**x), "y": BufferSpec(**y)})
        check(FUNCTION, TestSet(function="f", cases=(case,)))
    except (ValidationError, InvalidInput):
        return


def test_a_negative_size_is_none():
    case = TestCase(name="a", scalars={"n": -3}, buffers={"x": BufferSpec(size="n")})
    assert case.size("x") == 0
