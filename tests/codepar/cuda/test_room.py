"""Buffers grown to what a caller would have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.cuda.cases.spec import BufferSpec, TestCase, TestSet
from codepar.cuda.read import read_function
from codepar.cuda.room import room, with_room

ORIGINAL = read_function(
    "void f(int n, int m, const float *a, float *b) { for (int i = 0; i < n * m - 1; i++) b[i] = a[i]; }", "a.c"
)


@pytest.mark.parametrize(
    ("touched", "scalars", "size"),
    [
        (1284, [6, 257], 1542),
        (41, [6, 7], 42),
        (42, [6, 7], 42),
        (100, [7], 100),
        (0, [7], 7),
        (5, [], 5),
        (30, [31], 31),
        (1088, [33, 33], 1089),
    ],
)
def test_the_next_product(touched, scalars, size):
    assert room(touched, scalars) == size


@given(st.integers(0, 10**6), st.lists(st.integers(2, 5000), max_size=8))
def test_never_smaller_and_never_far_larger(touched, scalars):
    assert touched <= room(touched, scalars) <= touched + 2 * max(scalars, default=0)


def test_cases_that_grow_too_large_are_left_out():
    def case(name: str, n: int, m: int) -> TestCase:
        buffers = {one: BufferSpec(size="n * m - 1") for one in "ab"}
        return TestCase(name=name, scalars={"n": n, "m": m}, buffers=buffers)

    grown = with_room(ORIGINAL, TestSet(function="f", cases=(case("small", 3, 5), case("large", 33, 993))))
    (only,) = grown.cases
    assert (only.name, only.size("a"), only.size("b")) == ("small", 15, 15)
