from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from codepar.cuda.function import Extent
from codepar.cuda.prelude import prelude
from codepar.cuda.read import read_function
from codepar.cuda.translation import DevicePart
from codepar.cuda.wrapper import assumptions, entry_parameters, entry_pieces, extent_function, host_entry
from codepar.errors import InvalidInput, Unsupported
from codepar.project import Project
from codepar.protocols import Execution
from codepar.settings import Settings
from worker.executor import open_executor

ORIGINAL = """\
#include <math.h>
#define N 4
struct cell { float v; };
static const float table[2] = {1, 2};
static int sq(int x) { return x * x; }
float f(int new, struct cell *restrict c, double a[new][new], double b[N][N], const float *q, const int *k)
{
    float s = 0;
    for (int i = 0; i < new; i++) {
        c[k[i]].v += q[i] + sq(i);
        b[0][i % N] = 0;
        a[i][0] = 1;
        s += q[i];
    }
    return s;
}
"""
PART = DevicePart(
    """__global__ void step(int n, cell *c, double *a, double (*b)[N], const float *q, const int *k, float *sum) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    c[k[i]].v += q[i] + sq(i);
    b[0][i % N] = 0;
    a[i * n] = 1;
    atomicAdd(sum, q[i]);
}
static void launch(int n, cell *c, double *a, double b[][N], const float *q, const int *k, float *sum) {
    if (n > 0) step<<<(n + 255) / 256, 256>>>(n, c, a, b, q, k, sum);
}""",
    "launch",
)
MAIN = """
int main(int argc, char **argv) {
    cell c[6] = {{1}, {2}, {3}, {4}, {5}, {6}};
    double a[9] = {0}, b[4][4];
    float q[3] = {1, 2, 3};
    int k[3] = {5, 0, 2};
    for (auto &row : b) for (auto &x : row) x = 7;
    if (argc > 1 && argv[1][0] == 'o') f_cuda(1, c, (double *)c, b, q, k);
    float none = f_cuda(0, c, a, b, q, k), s = f_cuda(3, c, a, b, q, k);
    printf("%g %g | %g %g %g %g | %g %g | %g %g\\n", none, s, c[0].v, c[1].v, c[2].v, c[5].v, a[6], a[7], b[0][2], b[0][3]);
}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory, shared_cache):
    executor = open_executor(Settings(data_dir=shared_cache(tmp_path_factory.mktemp("wrapper") / "data")), trusted=True)

    def execute(text, *arguments):
        project = Project(files={"a.cu": text})
        return asyncio.run(executor.execute(Execution(project=project, emulate=True, arguments=arguments, checks=("memory",))))

    return execute


@pytest.fixture(scope="module")
def function():
    return read_function(ORIGINAL, "f.c", "f")


def test_an_entry_computes_what_the_original_does(run, function):
    result = run(host_entry(function, PART) + MAIN)
    assert (result.status, result.stdout) == ("ok", "0 6 | 4 2 10 7 | 1 0 | 0 7\n"), result.stderr
    assert all(check.clean for check in result.checks)


def test_buffers_that_overlap_end_the_program(run, function):
    result = run(host_entry(function, PART) + MAIN, "o")
    assert result.status == "runtime_error"
    assert "`c` and `a` overlap" in result.stderr


def test_a_failed_call_of_cuda_ends_the_program(run, function):
    broken = replace(PART, text=PART.text.replace("256>>>", "4096>>>"))
    result = run(host_entry(function, broken) + MAIN)
    assert result.status == "runtime_error"
    assert "cudaGetLastError() failed" in result.stderr


def test_a_scalar_reference_comes_back(run):
    text = "void f(int &count, const int *a, int n) { for (int i = 0; i < n; i++) if (a[i] > 0) count++; }"
    kernel = (
        "__global__ void k(int *count, const int *a, int n) { int i = threadIdx.x; if (i < n && a[i] > 0) atomicAdd(count, 1); }"
    )
    part = DevicePart(kernel + "\nvoid launch(int *count, const int *a, int n) { k<<<1, 64>>>(count, a, n); }", "launch")
    entry = host_entry(read_function(text, "f.cpp"), part, "counted")
    result = run(entry + 'int main() { int c = 5, a[3] = {1, -1, 4}; counted(c, a, 3); printf("%d\\n", c); }')
    assert (result.status, result.stdout) == ("ok", "7\n"), result.stderr


def test_a_negative_stride_is_not_guessed(run):
    function = read_function("void f(int *a, int n, int s) { for (int i = 0; i < n; i++) a[i * s] = i; }", "f.c")
    part = DevicePart("__global__ void k(int *a) { a[0] = 1; }\nvoid launch(int *a, int n, int s) { k<<<1, 1>>>(a); }", "launch")
    result = run(host_entry(function, part) + "int main() { int a[9] = {0}; f_cuda(a + 8, 3, -2); }")
    assert result.status == "runtime_error"
    assert "`s` is -2" in result.stderr


def test_parameters_of_the_entry_are_those_of_the_original_in_cxx(function):
    parameters = "int new_, struct cell *c, double *a, double b[N][N], const float *q, const int *k"
    assert entry_parameters(function) == parameters
    assert f"float other({parameters}) {{" in host_entry(function, PART, "other")


def test_what_the_part_declares_itself_is_left_out(function):
    above = prelude(function, "__device__ int sq(int x) { return x * x; }\n#define N 4\n")
    assert "sq(" not in above
    assert "#define N" not in above
    assert "struct cell" in above
    assert "static __host__ __device__ inline int sq(int x)" in prelude(function, PART.text)


def test_a_helper_that_sizes_need_on_the_host_stays_there(run):
    helper = "static int twice(int x) { return 2 * x; }\n"
    function = read_function(
        helper + "void f(int *a, const int *k, int n) { for (int i = 0; i < n; i++) a[twice(k[i])] = i; }", "f.c", "f"
    )
    kernel = "__global__ void step(int *a, const int *k, int n) { int i = threadIdx.x; if (i < n) a[twice(k[i])] = i; }"
    device = f"__device__ int twice(int x) {{ return x + x; }}\n{kernel}"
    part = DevicePart(device + "\nvoid launch(int *a, const int *k, int n) { step<<<1, 64>>>(a, k, n); }", "launch")
    main = 'int main() { int a[9] = {0}, k[3] = {4, 1, 2}; f_cuda(a, k, 3); printf("%d%d%d\\n", a[8], a[2], a[4]); }'
    result = run(host_entry(function, part) + main)
    assert (result.status, result.stdout) == ("ok", "012\n"), result.stderr


def test_functions_of_one_file_share_their_pieces(function):
    pieces = entry_pieces(function, PART, "one")
    assert pieces.text == host_entry(function, PART, "one")
    assert pieces.helpers == entry_pieces(function, PART, "other").helpers
    assert [text.split("(")[0] for text in pieces.counts] == [f"static long long one_count_{name}" for name in "cabqk"]


def test_a_launcher_that_is_not_there_is_named(function):
    with pytest.raises(InvalidInput, match="`start` 0 times"):
        host_entry(function, replace(PART, launcher="start"))


def test_an_unknown_extent_is_refused_with_its_reason(function):
    unknown = replace(function, extents={**function.extents, "c": Extent(reason="nobody knows")})
    with pytest.raises(Unsupported, match="nobody knows"):
        host_entry(unknown, PART)


def test_what_a_caller_must_keep_to():
    head = "void f(int *a, const int *b, int n, int s, int m)"
    body = "for (int i = 0; i < n; i++) { a[i * s] = b[i]; switch (m) { case 1: a[2 * i] = 0; } }"
    assert assumptions(read_function(f"{head} {{ {body} }}", "f.c"))[:2] == (
        "No two of its buffers overlap.",
        "`s` is not negative.",
    )
    assert assumptions(read_function("int f(const int *a, const int *b) { return a[0] + b[0]; }", "f.c")) == ()


def test_sizes_are_computed_in_64_bits(function):
    assert "static long long n_a(long long new_, " in extent_function(function, "a", "n_a")
