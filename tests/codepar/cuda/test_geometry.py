"""The launcher by rule: as many threads as the kernel's guards say, or none at all where they do not."""

from __future__ import annotations

import pytest

from codepar.cuda.device_signature import device_signature
from codepar.cuda.geometry import kernel_launcher
from codepar.cuda.read import read_function

GRID = """void grid(float *a, int rows, int cols) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++)
            a[i * cols + j] += 1;
}
"""
SIGNATURE = device_signature(read_function(GRID, "grid.c"))


def launcher(body: str) -> str | None:
    return kernel_launcher(f"{SIGNATURE.kernel_head}\n{{\n{body}\n}}\n", SIGNATURE.kernel, SIGNATURE)


def test_two_guarded_directions() -> None:
    found = launcher(
        "int i = blockIdx.y * blockDim.y + threadIdx.y; int j = threadIdx.x + blockIdx.x * blockDim.x;"
        "if (i < rows && j < cols) a[i * cols + j] += 1;"
    )
    assert found is not None
    assert "count_x = (long long)(cols);" in found
    assert "count_y = (long long)(rows);" in found
    assert "grid_kernel<<<blocks, threads>>>(a, rows, cols);" in found


@pytest.mark.parametrize(
    ("guard", "count"),
    [
        ("if (i >= rows) return; a[i] = 1;", "(long long)(rows)"),
        ("if (i <= rows - 1) a[i] = 1;", "(long long)(rows - 1 + 1)"),
        ("if (rows * cols > i) a[i] = 1;", "(long long)(rows * cols)"),
        ("if (i > rows) return; a[i] = 1;", "(long long)(rows + 1)"),
    ],
)
def test_each_way_to_write_a_bound(guard: str, count: str) -> None:
    found = launcher(f"int i = blockIdx.x * blockDim.x + threadIdx.x; {guard}")
    assert found is not None
    assert f"count_x = {count};" in found


def test_names_for_the_parts_of_an_index() -> None:
    found = launcher("int t = threadIdx.x; int b = blockIdx.x; int i = b * blockDim.x + t; if (i < rows) a[i] = 1;")
    assert found is not None
    assert "(256, 1, 1)" in found


def test_variables_may_be_called_as_the_directions_are() -> None:
    found = launcher(
        "int y = blockIdx.x * blockDim.x + threadIdx.x; int x = blockIdx.y * blockDim.y + threadIdx.y;"
        "if (x < rows && y < cols) a[x * cols + y] += 1;"
    )
    assert found is not None
    assert "count_x = (long long)(cols);" in found


def test_a_block_for_each_row() -> None:
    found = launcher("int i = blockIdx.x; if (i < rows) a[i] = 1;")
    assert found is not None
    assert "threads(1, 1, 1)" in found


@pytest.mark.parametrize(
    "body",
    [
        "a[threadIdx.x] = 1;",
        "int i = blockIdx.x * blockDim.x + threadIdx.x; a[i] = 1;",
        "int i = blockIdx.x * blockDim.x + threadIdx.x; int last = rows; if (i < last) a[i] = 1;",
        "int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < rows) a[i * cols + threadIdx.y] = 1;",
        "extern __shared__ float s[]; int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < rows) a[i] = s[0];",
    ],
)
def test_nothing_is_guessed(body: str) -> None:
    assert launcher(body) is None
