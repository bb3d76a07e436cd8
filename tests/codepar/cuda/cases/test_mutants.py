from __future__ import annotations

import difflib

import pytest

from codepar.cuda.cases.mutants import MAX_OF_A_KIND, mutants
from codepar.cuda.cases.mutants_openmp import openmp_mutants
from codepar.syntax.cuda import CudaSource
from codepar.syntax.language import Language

TEXT = """
__device__ float half_of(float x) { return x / 2; }
__global__ void scale(int n, const float *a, float *o, int *count) {
    __shared__ float tile[256];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float kept = 0;
    if (i >= n) return;
    tile[threadIdx.x] = a[i];
    __syncthreads();
    for (int k = 0; k < 4; k++) kept += half_of(tile[threadIdx.x]);
    if (kept > 3) atomicAdd(count, 1);
    o[i] = fmaxf(kept, 0.5f);
}
void run(int n, const float *a, float *o, int *count) {
    float *d;
    cudaMalloc(&d, n * sizeof(float));
    cudaMemcpy(d, a, n * sizeof(float), cudaMemcpyHostToDevice);
    int blocks = (n + 255) / 256;
    scale<<<blocks, 256>>>(n, d, o, count);
}
"""
KINDS = {
    "empty_kernel",
    "guard_removed",
    "guard_off_by_one",
    "loop_off_by_one",
    "loop_short",
    "block_offset_dropped",
    "axis_swapped",
    "block_size_wrong",
    "accumulation_lost",
    "statement_dropped",
    "barrier_dropped",
    "atomic_dropped",
    "index_shifted",
    "operator_swapped",
    "constant_changed",
    "type_narrowed",
    "condition_negated",
    "function_swapped",
    "grid_rounded_down",
    "copy_dropped",
    "copy_short",
    "one_thread_launch",
    "launch_dropped",
}


def by_kind(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in mutants(text):
        found.setdefault(one.kind, []).append(one.text)
    return found


def test_every_kind_of_fault_is_planted():
    assert set(by_kind(TEXT)) >= KINDS


def test_each_mutant_differs_in_one_place_on_the_line_it_names():
    for one in mutants(TEXT):
        before, after = TEXT.splitlines(), one.text.splitlines()
        changed = [line for line in difflib.ndiff(before, after) if line.startswith("- ")]
        assert changed, one
        assert TEXT.splitlines()[one.line - 1] == changed[0][2:]
        assert not CudaSource(one.text).tree.errors, one.change


def test_no_mutant_comes_twice_and_no_kind_crowds_out_the_others():
    texts = [one.text for one in mutants(TEXT * 3)]
    assert len(texts) == len(set(texts))
    assert max(map(len, by_kind(TEXT * 9).values())) == MAX_OF_A_KIND


@pytest.mark.parametrize(
    ("rounded", "short"),
    [
        ("(n + 255) / 256", "n / 256"),
        ("(n + block - 1) / block", "n / block"),
        ("(n * m + t.x - 1) / t.x", "n * m / t.x"),
        ("(n + 255) / 128", None),
        ("n / 256", None),
        ("(n + m - 1) / block", None),
    ],
)
def test_a_grid_is_rounded_down_where_it_was_rounded_up(rounded, short):
    texts = by_kind(f"void f(int n, int m, int block, dim3 t) {{ int b = {rounded}; }}").get("grid_rounded_down", [])
    assert [text[text.index("int b = ") + 8 : -3] for text in texts] == ([short] if short else [])


def test_a_guard_is_told_from_a_condition_on_data():
    text = "__global__ void k(int n, float *x) { int i = threadIdx.x; if (i < n) { if (x[i] > 0) x[i] = 1; } }"
    assert "if (1) {" in by_kind(text)["guard_removed"][0]
    assert "if (!(x[i] > 0))" in by_kind(text)["condition_negated"][0]


def test_a_text_without_device_code_has_no_mutants_of_kernels():
    assert mutants("int main() { return 0; }") == ()


OPENMP = """double dot(int n, const double *a, const double *b, int *count) {
    double s = 0, t;
    #pragma omp parallel for reduction(+ : s) \\
        private(t)
    for (int i = 0; i < n; i++) {
        t = a[i] * b[i];
        s += t;
        #pragma omp atomic
        count[0]++;
    }
    // #pragma omp parallel
    return s;
}
"""


def test_faults_of_directives_are_planted_and_comments_left_alone():
    found = {}
    for one in openmp_mutants(OPENMP, Language.C):
        found.setdefault(one.kind, []).append(one)
    assert {"directive_dropped", "reduction_dropped", "private_dropped", "atomic_dropped", "loop_short"} <= set(found)
    assert [one.line for one in found["directive_dropped"]] == [3]
    assert "reduction" not in found["reduction_dropped"][0].text
    assert found["private_dropped"][0].line == 4
    assert not openmp_mutants(OPENMP, Language.C, ("other",))[4:]
