"""What a model proposes as tests is read, raised to what the function touches, or dropped; never trusted."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.function import Role
from codepar.cuda.read import read_function
from codepar.cuda.tester import inputs_grammar, inputs_question, read_inputs

FUNCTION = read_function(
    "void rows(const float *a, int *out, int n, int m) {\n    for (int i = 0; i < n; i++)\n        for (int j = 0; j < m; j++)\n"
    "            out[i] += a[i * m + j] > 0;\n}\n",
    "rows.c",
)


def case(**changes: Any) -> dict[str, Any]:
    buffer = {"size": "n", "distribution": "uniform", "low": -2, "high": 2}
    return {"name": "x", "scalars": {"n": 3, "m": 5}, "buffers": {"a": buffer, "out": buffer}, **changes}


def read(*cases: dict[str, Any]) -> Any:
    return read_inputs(json.dumps({"cases": cases}), FUNCTION, 9)


def test_a_buffer_that_is_too_small_is_as_large_as_the_function_needs() -> None:
    (found,) = read(case())
    assert found.size("a") == 15
    assert found.size("out") == 3
    assert found.seed == 9
    assert found.buffers["a"].type == "float"
    assert found.buffers["out"].role is Role.INOUT


def test_cases_that_do_not_fit_are_dropped() -> None:
    assert read(case(scalars={"n": 3})) == ()
    assert read(case(scalars={"n": 100_000, "m": 100_000})) == ()
    assert read(case(buffers={})) == ()
    assert read(case(expected=[1])) == ()
    assert len(read(case(scalars={"n": 3}), case())) == 1


def test_the_schema_names_exactly_the_parameters() -> None:
    schema = json.loads(inputs_grammar(FUNCTION).text)
    item = schema["properties"]["cases"]["items"]["properties"]
    assert list(item["scalars"]["properties"]) == ["n", "m"]
    assert item["scalars"]["properties"]["n"] == {"type": "integer"}
    assert list(item["buffers"]["properties"]) == ["a", "out"]
    assert "void rows" in inputs_question(FUNCTION).text


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=5), inner)))
def test_anything_may_be_said(value: object) -> None:
    assert read_inputs(json.dumps({"cases": [value]}), FUNCTION, 1) == ()
    assert read_inputs(json.dumps(value), FUNCTION, 1) == ()
    assert read_inputs("{", FUNCTION, 1) == ()
