"""Barriers, warp operations and shared memory: what kernels compute with them, in every order of threads and blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

ORDERS = ["forward", "reverse", "random:1", "random:99"]

PROGRAM = (Path(__file__).parent / "programs" / "barriers.cu").read_text()


@pytest.fixture(scope="module")
def program(cuda):
    return cuda(PROGRAM)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("workers", ["1", "3"])
def test_kernels_compute_the_same_in_every_order(program, order, workers):
    run = program("all", schedule=order, workers=workers)
    assert (run.stdout, run.exit_code) == ("right\n", 0), run.stderr
    assert run.findings == ()


def test_an_order_is_the_order_in_which_threads_run(program):
    orders = {order: program("order", schedule=order, workers="1").stdout.split() for order in ORDERS}
    forward = [str(number) for number in range(64)]
    assert orders["forward"] == forward
    assert orders["reverse"] == forward[::-1]
    for order in ("random:1", "random:99"):
        assert orders[order] != forward
        assert sorted(orders[order], key=int) == forward
    assert orders["random:1"] != orders["random:99"]


@pytest.mark.parametrize(("fill", "word"), [("0", "00000000"), ("0x7f", "7f7f7f7f"), ("165", "a5a5a5a5")])
def test_fresh_shared_memory_holds_the_fill_byte(program, fill, word):
    assert program("fresh", fill=fill).lines == [word, word]


def test_a_shuffle_from_a_lane_that_has_returned_does_not_read_zero(cuda):
    text = """#include <cstdio>
    __global__ void sum(int n, int *out) {
        if (threadIdx.x >= n) return;
        int v = 1;
        for (int h = 16; h; h /= 2) v += __shfl_down_sync(0xffffffffu, v, h);
        if (threadIdx.x == 0) *out = v;
    }
    int main() {
        int *out, full, part;
        cudaMalloc(&out, sizeof *out);
        sum<<<1, 32>>>(32, out);
        cudaMemcpy(&full, out, sizeof full, cudaMemcpyDeviceToHost);
        sum<<<1, 32>>>(31, out);
        cudaMemcpy(&part, out, sizeof part, cudaMemcpyDeviceToHost);
        std::printf("%d %d\\n", full, part != 31);
    }"""
    assert cuda(text)().lines == ["32 1"]
