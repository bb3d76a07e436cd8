from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from codepar.cuda.cases import BufferSpec, TestCase
from codepar.cuda.cases.shrink import shrink

CASE = TestCase(
    name="a",
    scalars={"n": 1000, "m": 37, "a": 2.75},
    buffers={"x": BufferSpec(size="n * m", low=-4, high=4, include=(0.0, 1.0))},
)


def shrunk(fails, attempts: int = 400) -> TestCase:
    async def asked(case: TestCase) -> bool:
        return fails(case)

    return asyncio.run(shrink(CASE, asked, attempts))


@given(st.integers(1, 1000), st.integers(1, 37))
def test_the_smallest_sizes_that_fail_are_found(n, m):
    found = shrunk(lambda case: case.scalars["n"] >= n and case.scalars["m"] >= m)
    assert (found.scalars["n"], found.scalars["m"]) == (n, m)
    assert found.size("x") == n * m


def test_data_becomes_simple_where_it_does_not_matter():
    found = shrunk(lambda case: True)
    assert found.buffers["x"].include == ()
    assert found.buffers["x"].bits == 2
    assert found.scalars == {"n": 1, "m": 1, "a": 2.0}


def test_a_case_that_nothing_smaller_fails_stays():
    assert shrunk(lambda case: False) == CASE


def test_no_more_runs_than_allowed():
    runs = []
    assert shrunk(lambda case: bool(runs.append(case)), attempts=5) == CASE
    assert len(runs) == 5
