from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from codepar.cuda.cases import BufferSpec, TestCase
from codepar.cuda.cases.shrink import Shrunk, described, shrink

CASE = TestCase(
    name="a",
    scalars={"n": 1000, "m": 37, "a": 2.75},
    buffers={
        "x": BufferSpec(size="n * m", low=-4, high=4, include=(0.0, 1.0)),
        "k": BufferSpec(size="n", low=0, high="m - 1", type="int"),
    },
)


def shrunk(fails: Callable[[TestCase], bool], seconds: float = 60.0, case: TestCase = CASE) -> Shrunk:
    async def first(cases: Sequence[TestCase]) -> int | None:
        return next((at for at, one in enumerate(cases) if fails(one)), None)

    return asyncio.run(shrink(case, first, seconds))


@given(st.integers(1, 1000), st.integers(1, 37))
def test_the_smallest_sizes_that_fail_are_found(n: int, m: int) -> None:
    found = shrunk(lambda case: case.scalars["n"] >= n and case.scalars["m"] >= m).case
    assert (found.scalars["n"], found.scalars["m"]) == (n, m)
    assert found.size("x") == n * m


@given(st.integers(2, 70_000), st.data())
def test_one_size_is_found_in_few_rounds(n: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(n, 140_000))
    given_case = CASE.model_copy(update={"scalars": {"n": start}})
    found = shrunk(lambda case: case.scalars["n"] >= n, case=given_case)
    assert found.case.scalars["n"] == n
    assert found.tried < 300


def test_data_becomes_simple_where_it_does_not_matter() -> None:
    found = shrunk(lambda case: True).case
    assert found.buffers["x"].values == (1,)
    assert found.buffers["k"] == CASE.buffers["k"]
    assert found.scalars == {"n": 0, "m": 0, "a": 0.0}


def test_data_that_matters_stays() -> None:
    found = shrunk(lambda case: case.buffers["x"].distribution != "values" and case.scalars["n"] > 9).case
    assert found.buffers["x"].distribution == "ramp"
    assert found.scalars["n"] == 10


def test_a_case_that_nothing_smaller_fails_stays() -> None:
    found = shrunk(lambda case: False)
    assert found.case == CASE
    assert found.tried > 0


def test_no_time_no_trial() -> None:
    assert shrunk(lambda case: True, seconds=0.0) == Shrunk(CASE, 0)


def test_inputs_are_told_in_a_line() -> None:
    ones = CASE.buffers["x"].model_copy(update={"distribution": "values", "values": (1,)})
    case = CASE.model_copy(update={"buffers": {**CASE.buffers, "x": ones}})
    assert described(case) == "n = 1000, m = 37, a = 2.75; x: n * m elements, all 1; k: n elements, 0 to m - 1"
