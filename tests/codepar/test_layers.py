"""Layers of whole numbers as they go into files, and the threads that multiply them."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given
from hypothesis import strategies as st

from codepar import layers
from codepar.layers import Layer, multiply_on_one_thread, numbers_text, read_layer, read_numbers, written

ROWS = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.integers(-127, 127), min_size=width, max_size=width), min_size=1)
)


@given(ROWS)
def test_what_is_written_is_read(rows: list[list[int]]):
    layer = Layer(0.5, tuple(array("b", row) for row in rows))
    assert read_layer(written(layer)) == layer
    assert np.array_equal(layer.matrix, np.array(rows, np.float32) * 0.5)


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_numbers_as_text(numbers: list[int]):
    assert list(read_numbers("I", numbers_text(array("I", numbers)))) == numbers


def test_one_thread():
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        multiply_on_one_thread()
        assert {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"} <= {1}


def test_without_the_library_threads_stay_as_they_are(monkeypatch: pytest.MonkeyPatch):
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        before = threadpoolctl.threadpool_info()
        monkeypatch.setattr(layers, "find_spec", lambda _: None)
        multiply_on_one_thread()
        assert threadpoolctl.threadpool_info() == before
