"""The worked examples that a model is shown: our own, none from a benchmark.

Limits: few and short, since each costs the prompt a hundred tokens or more; what they all have is a guard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A sequential function, its parallel version, and for CUDA the launcher that belongs to it."""

    sequential: str
    parallel: str
    launcher: str = ""

    @property
    def head(self) -> str:
        return self.parallel.split("\n{", 1)[0]

    @property
    def launcher_head(self) -> str:
        return self.launcher.split("\n{", 1)[0]


CUDA_EXAMPLES: Sequence[Example] = (
    Example(
        """int count_above(const int *values, int n, int limit)
{
    int count = 0;
    for (int k = 0; k < n; k++) {
        if (values[k] > limit)
            count++;
    }
    return count;
}""",
        """__global__ void count_above_kernel(const int *values, int n, int limit, int *result)
{
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    if (k < n) {
        if (values[k] > limit)
            atomicAdd(result, 1);
    }
}""",
        """void count_above_launch(const int *values, int n, int limit, int *result)
{
    if (n > 0)
        count_above_kernel<<<(n + 255) / 256, 256>>>(values, n, limit, result);
}""",
    ),
    Example(
        """void add_rows(const float *a, float *out, int rows, int cols, float scale)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < cols; j++) {
            out[i * cols + j] += scale * a[i * cols + j];
        }
    }
}""",
        """__global__ void add_rows_kernel(const float *a, float *out, int rows, int cols, float scale)
{
    int j = blockIdx.x * blockDim.x + threadIdx.x;
    int i = blockIdx.y * blockDim.y + threadIdx.y;
    if (i < rows && j < cols) {
        out[i * cols + j] += scale * a[i * cols + j];
    }
}""",
        """void add_rows_launch(const float *a, float *out, int rows, int cols, float scale)
{
    dim3 threads(16, 16);
    dim3 blocks((cols + 15) / 16, (rows + 15) / 16);
    if (rows > 0 && cols > 0)
        add_rows_kernel<<<blocks, threads>>>(a, out, rows, cols, scale);
}""",
    ),
)

OPENMP_EXAMPLES: Sequence[Example] = (
    Example(
        """int count_above(const int *values, int n, int limit)
{
    int count = 0;
    for (int k = 0; k < n; k++) {
        if (values[k] > limit)
            count++;
    }
    return count;
}""",
        """int count_above_omp(const int *values, int n, int limit)
{
    int count = 0;
    #pragma omp parallel for reduction(+:count)
    for (int k = 0; k < n; k++) {
        if (values[k] > limit)
            count++;
    }
    return count;
}""",
    ),
    Example(
        """void smooth(const float *a, float *out, int rows, int cols)
{
    int i, j;
    for (i = 0; i < rows; i++) {
        for (j = 1; j < cols; j++)
            out[i * cols + j] = 0.5f * (a[i * cols + j] + a[i * cols + j - 1]);
    }
}""",
        """void smooth_omp(const float *a, float *out, int rows, int cols)
{
    #pragma omp parallel for collapse(2)
    for (int i = 0; i < rows; i++) {
        for (int j = 1; j < cols; j++)
            out[i * cols + j] = 0.5f * (a[i * cols + j] + a[i * cols + j - 1]);
    }
}""",
    ),
)
