"""What a translation may not hold."""

from __future__ import annotations

import pytest

from codepar.cuda.gate import forbidden
from codepar.syntax.language import Language

RIGHT = """#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
#define CHECK(x) do { if ((x) != cudaSuccess) { fprintf(stderr, "system(%d)\\n", 1); exit(1); } } while (0)
// getenv("CODEPAR_CUDA_REPORT"); asm
__device__ float read(const float *p, int i) { return p[i]; }
__global__ void k(float *out, const float *in, int n) {
#pragma unroll
    for (int i = 0; i < 4; i++) if (i < n) out[i] = read(in, i);
}
struct Work { int open; int write; };
void f(float *out, const float *in, int n) { Work w{1, 2}; w.open = 3; k<<<1, 1>>>(out, in, n); CHECK(cudaGetLastError()); }
"""


def test_a_plain_translation_passes():
    assert forbidden(RIGHT) == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('int x = system("true");', "process_or_file"),
        ("int y = ::fork();", "process_or_file"),
        ('auto *f = std::fopen("/proc/self/mem", "w");', "process_or_file"),
        ('__attribute__((no_sanitize("thread"))) int z;', "compiler_switch"),
        ("__attribute__((constructor)) void early() { }", "compiler_switch"),
        ("#pragma GCC optimize(0)", "compiler_switch"),
        ('_Pragma("GCC optimize(0)")', "compiler_switch"),
        ("void g() { codepar_cuda_leave(); }", "own_names"),
        ('extern "C" void __tsan_write4(void *) { }', "own_names"),
        ('void h() { asm volatile("nop"); }', "inline_assembly"),
        ("#define GLUE(a, b) a##b", "token_paste"),
        ('#include "codepar_driver.c"', "header"),
        ("#include </etc/passwd>", "header"),
        ("#include <dlfcn.h>", "header"),
        ("void t() { std::thread other; }", "input_output"),
        ("char **e = environ;", "input_output"),
        ('#line 3 "other.cu"', "compiler_switch"),
        ("void s() { cudaStream_t t; cudaStreamCreateWithFlags(&t, 1); }", "unordered"),
        ("void s(int *a, int n) { qsort(a, n, 4, compare); }", "unseen_work"),
        ("const void *p = std::memchr(a, 7, n);", "unseen_work"),
        ("bool same = !__builtin_memcmp(a, b, n);", "unseen_work"),
        ("long at = std::string_view(a, n).find('x');", "unseen_work"),
    ],
)
def test_ways_around_are_refused_with_their_line(line, code):
    (found, *_) = forbidden(f"{RIGHT}{line}\n")
    assert (found.code, found.line) == (code, RIGHT.count("\n") + 1)


def test_pragmas_of_openmp_are_fine():
    assert forbidden("void f(int n) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) { }\n}\n", Language.C) == ()


def test_a_search_of_its_own_may_bear_a_name_of_the_library():
    text = "__device__ int strcmp(const char *a, const char *b) { return *a - *b; }\nint f(char *a) { return strcmp(a, a); }"
    assert forbidden(text) == ()


@pytest.mark.parametrize(
    ("body", "is_fine"),
    [
        ("k<<<1, 1>>>(p, p, 1); CHECK(cudaGetLastError()); CHECK(cudaDeviceSynchronize());", True),
        ("k<<<1, 1>>>(p, p, 1); k<<<1, 1>>>(p, p, 2); cudaDeviceSynchronize();", True),
        ("k<<<1, 1>>>(p, p, 1); p[0] = p[1]; p[1] = 0; cudaDeviceSynchronize();", False),
        ("k<<<1, 1>>>(p, p, 1); memcpy(p, q, 4); cudaDeviceSynchronize();", False),
        ("for (;;) { k<<<1, 1>>>(p, p, 1); } cudaDeviceSynchronize();", True),
        ("cudaMemcpyAsync(p, q, 4, kind); p[0] = p[1]; p[1] = 0;", False),
    ],
)
def test_memory_that_is_shared_with_the_host_is_waited_for(body, is_fine):
    (*found,) = forbidden(f"void m(float *p) {{\ncudaMallocManaged(&p, 4);\n{body} }}")
    assert [(one.code, one.line) for one in found] == ([] if is_fine else [("unordered", 3)])
    assert forbidden(f"void m(float *p) {{\ncudaMalloc(&p, 4);\n{body} }}") == ()
