"""Kernels that go wrong: each ends its launch with the CUDA error and a finding, and the host goes on."""

from __future__ import annotations

import pytest

PROGRAM = r"""
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>
__global__ void fine(int* out) { atomicAdd(out, 1); }
__global__ void null_access(int* p) { if (blockIdx.x == 1 && threadIdx.x == 5) *p = 1; }
__global__ void wild_access(long* p) { p[threadIdx.x == 3 ? 1l << 33 : 0] = 1; }
__global__ void after_barrier(int* p) { __shared__ int s[64]; s[threadIdx.x] = 1; __syncthreads(); if (threadIdx.x == 9) *(volatile int*)p = s[0]; __syncthreads(); }
__global__ void two_pointers(int* p, const int* q) { if (p == q) p[threadIdx.x] = 1; }
__global__ void divides(int* out, int by) { out[0] = 7 / by; }
__global__ void traps() { if (threadIdx.x == 2) __trap(); }
__global__ void asserts(int n) { assert(n + (int)threadIdx.x < 7); }
__device__ int deeper(volatile int* p, int n) { volatile int here[64]; here[n % 64] = n; return deeper(p, n + 1) + here[(n + 1) % 64]; }
__global__ void recurses(int* out) { __syncthreads(); out[0] = deeper(out, 0); }
__global__ void diverges(int* out) {
    if (threadIdx.x < 16) { __syncthreads(); out[0] = 1; }
    else { __shfl_sync(0xffffffffu, 1, 0); }
}
__global__ void two_places(int* out) {
    if (threadIdx.x < 16) { __syncthreads(); }
    else { __syncthreads(); }
    out[threadIdx.x] = 1;
}
__global__ void wrong_mask(int* out) { out[threadIdx.x] = __shfl_sync(0x0000ffffu, (int)threadIdx.x, 0); }
__global__ void never_comes(int* out) {
    int t = threadIdx.x;
    if (t < 8) out[t] = __shfl_down_sync(0x0000ffffu, t, 1);
    else if (t < 16) { __syncwarp(0x00ffff00u); }
    else __syncthreads();
}
__global__ void grid_sync_alone() { codepar_cuda::grid_sync({"x", 1}); }
__global__ void big_shared(int* out) { __shared__ int a[10000]; __shared__ int b[3000]; a[threadIdx.x] = b[threadIdx.x] = 1; out[0] = a[0] + b[0]; }
__global__ void big_frame(int* out) { volatile char local[200000]; for (int i = 0; i < 200000; i += 4096) local[i] = 1; out[0] = local[4096]; }
__global__ void child() {}
__global__ void parent() { child<<<1, 1>>>(); }
__global__ void loops(volatile int* p, int* q) { if (blockIdx.x == 0) { for (;;) p[1] = p[0] + 1; } else if (threadIdx.x == 0) *q = 1; }

static int *counter, *managed;
static void launched(const char* what) {
    cudaError_t launch = cudaGetLastError();
    cudaError_t sync = cudaDeviceSynchronize();
    printf("%s %d %d\n", what, (int)launch, (int)sync);
}
// After a sticky error nothing runs until the device is reset.
static void recover() {
    fine<<<1, 1>>>(counter);
    printf("then %d", (int)cudaGetLastError());
    cudaDeviceReset();
    cudaMalloc(&counter, 4); cudaMemset(counter, 0, 4);
    fine<<<2, 3>>>(counter);
    int n = 0; cudaError_t e = cudaMemcpy(&n, counter, 4, cudaMemcpyDeviceToHost);
    printf(" reset %d %d\n", (int)e, n);
}
int main(int argc, char** argv) {
    const char* what = argv[1];
    cudaMalloc(&counter, 1 << 16);
    if (!strcmp(what, "null")) null_access<<<4, 32>>>(nullptr);
    if (!strcmp(what, "wild")) { long* p; cudaMalloc(&p, 8); wild_access<<<2, 32>>>(p); }
    if (!strcmp(what, "after_barrier")) after_barrier<<<3, 64>>>(nullptr);
    if (!strcmp(what, "division")) divides<<<1, 1>>>(counter, argc - 2);
    if (!strcmp(what, "heap")) { int* p = new int[64]; after_barrier<<<1, 64>>>(p); }
    if (!strcmp(what, "stack")) { int n[64]; two_pointers<<<1, 64>>>(counter, n + 1); }
    if (!strcmp(what, "near")) { int* p; cudaMalloc(&p, 4 * 64); cudaMallocHost(&managed, 4); two_pointers<<<1, 64>>>(p - 1, managed); two_pointers<<<1, 64>>>(p + 64, nullptr); }
    if (!strcmp(what, "trap")) traps<<<2, 4>>>();
    if (!strcmp(what, "assert")) asserts<<<1, 4>>>(4);
    if (!strcmp(what, "recursion")) recurses<<<1, 2>>>(counter);
    if (!strcmp(what, "diverge")) diverges<<<1, 32>>>(counter);
    if (!strcmp(what, "never_comes")) never_comes<<<1, 32>>>(counter);
    if (!strcmp(what, "grid_sync")) grid_sync_alone<<<1, 32>>>();
    if (!strcmp(what, "big_shared")) big_shared<<<1, 32>>>(counter);
    if (!strcmp(what, "child")) parent<<<1, 32>>>();
    if (!strcmp(what, "loop")) { static int host_value; loops<<<2, 32>>>(counter, nullptr); }
    if (!strcmp(what, "two_places")) two_places<<<1, 32>>>(counter);
    if (!strcmp(what, "wrong_mask")) wrong_mask<<<1, 32>>>(counter);
    if (!strcmp(what, "big_frame")) big_frame<<<4, 64>>>(counter);
    if (!strcmp(what, "threads")) fine<<<1, 1025>>>(counter);
    if (!strcmp(what, "no_blocks")) { int n = 0; fine<<<(n + 255) / 256, 256>>>(counter); }
    if (!strcmp(what, "no_threads")) fine<<<1, 0>>>(counter);
    if (!strcmp(what, "block_z")) fine<<<1, dim3(1, 1, 65)>>>(counter);
    if (!strcmp(what, "grid_y")) fine<<<dim3(1, 65536), 1>>>(counter);
    if (!strcmp(what, "negative")) fine<<<-1, 32>>>(counter);
    if (!strcmp(what, "dynamic")) fine<<<1, 1, 49153>>>(counter);
    if (!strcmp(what, "opted_in")) { printf("%d ", (int)cudaFuncSetAttribute(fine, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536)); fine<<<1, 1, 65536>>>(counter); }
    if (!strcmp(what, "host")) { volatile int* p = nullptr; *p = 1; }
    if (!strcmp(what, "host_after_kernel")) { fine<<<1, 1>>>(counter); volatile int* p = nullptr; *p = 1; }
    if (!strcmp(what, "exception")) {
        try { fine<<<1, 1>>>(counter); throw std::runtime_error("host"); } catch (const std::exception& e) { printf("%s\n", e.what()); }
        thread_local struct Says { ~Says() { printf("destroyed\n"); fflush(stdout); } } says; (void)&says;
        std::thread([] { fine<<<3, 33>>>(counter); }).join();
        fine<<<2, 2>>>(counter); int n; cudaMemcpy(&n, counter, 4, cudaMemcpyDeviceToHost); printf("%d\n", n > 0); exit(3);
    }
    launched(what);
    recover();
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(cuda):
    return cuda(PROGRAM)


def _line_of(text: str) -> int:
    return 1 + next(number for number, line in enumerate(PROGRAM.splitlines()) if text in line)


STICKY = "then {0} reset 0 6"
FAULTS = [
    ("null", 700, "memory_error", "NULL pointer"),
    ("wild", 700, "memory_error", "0x"),
    ("after_barrier", 700, "memory_error", "NULL pointer"),
    ("division", 719, "cuda_error", "division by zero"),
    ("heap", 700, "memory_error", "argument 1 of after_barrier points to memory of the host"),
    ("stack", 700, "memory_error", "argument 2 of two_pointers points to memory of the host"),
    ("trap", 719, "cuda_error", "trap"),
    ("assert", 710, "cuda_error", "assert"),
    ("recursion", 700, "memory_error", "stack overflow"),
    ("diverge", 719, "barrier_divergence", "for ever"),
    ("never_comes", 719, "barrier_divergence", "for lanes 8-15 of warp 0"),
    ("grid_sync", 719, "cuda_error", "cudaLaunchCooperativeKernel"),
    ("loop", 700, "memory_error", "NULL pointer"),
]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(("fault", "error", "kind", "words"), FAULTS)
def test_a_fault_ends_the_launch_with_a_sticky_error_and_not_the_program(program, fault, error, kind, words, workers):
    run = program(fault, workers=workers)
    assert run.exit_code == 0, run.stderr
    # The launch itself reports what a later call of the real runtime would.
    assert run.lines[0].split()[0] == fault
    assert str(error) in run.lines[0].split()[1:]
    assert run.lines[1] == STICKY.format(error)
    (finding,) = [finding for finding in run.findings if finding["kind"] == kind]
    assert words in finding["message"]
    assert finding["kernel"]


def test_a_finding_names_thread_and_block_of_the_fault(program):
    (finding,) = program("null").findings
    assert (finding["thread"], finding["block"], finding["kernel"]) == ([5, 0, 0], [1, 0, 0], "null_access")
    assert int(finding["pc"], 16) > 0


def test_divergent_threads_are_named_with_both_places(program):
    (finding,) = program("diverge").findings
    message = finding["message"]
    assert f"16 at __syncthreads() (program.cu:{_line_of('if (threadIdx.x < 16) { __syncthreads(); out')})" in message
    assert f"16 at a shuffle (program.cu:{_line_of('else { __shfl_sync(0xffffffffu, 1, 0); }')})" in message
    assert "for lanes 0-15 of warp 0" in message


def test_barriers_at_two_places_go_on_but_are_reported(program):
    run = program("two_places")
    assert run.lines == ["two_places 0 0", "then 0 reset 0 6"]
    (finding,) = run.findings
    first = _line_of("if (threadIdx.x < 16) { __syncthreads(); }")
    assert (finding["kind"], finding["line"]) == ("barrier_divergence", first)
    assert f"program.cu:{first + 1}" in finding["message"]


def test_a_mask_without_the_calling_lane_is_reported(program):
    run = program("wrong_mask")
    assert run.lines[0] == "wrong_mask 0 0"
    assert [(finding["kind"], "lane 16" in finding["message"]) for finding in run.findings] == [("barrier_divergence", True)]


REFUSED = [
    ("threads", 9, "1025"),
    ("no_blocks", 9, "has none"),
    ("no_threads", 9, "has none"),
    ("block_z", 9, "64 in z"),
    ("grid_y", 9, "65535"),
    ("negative", 9, "2147483647"),
    ("dynamic", 1, "49153 bytes"),
]


@pytest.mark.parametrize(("launch", "error", "words"), REFUSED)
def test_a_wrong_launch_is_refused_with_the_error_and_its_line(program, launch, error, words):
    run = program(launch)
    assert run.lines == [f"{launch} {error} 0", "then 0 reset 0 6"]
    (finding,) = run.findings
    assert (finding["kind"], finding["line"]) == ("cuda_error", _line_of(f'"{launch}"'))
    assert words in finding["message"]


def test_dynamic_shared_memory_above_48_kib_must_be_asked_for(program):
    assert program("opted_in").lines == ["0 opted_in 0 0", "then 0 reset 0 6"]


def test_too_much_static_shared_memory_fails_the_launch(program):
    run = program("big_shared")
    assert run.lines[0] == "big_shared 1 0"
    assert [(finding["kind"], "52000 bytes" in finding["message"]) for finding in run.findings] == [("cuda_error", True)]


def test_a_launch_in_a_kernel_is_unsupported_and_names_its_line(program):
    run = program("child")
    (finding,) = run.findings
    assert (finding["kind"], finding["line"]) == ("unsupported", _line_of("child<<<1, 1>>>"))
    assert "dynamic parallelism" in finding["message"]


def test_pointers_beside_an_allocation_and_pinned_memory_may_be_passed(program):
    assert program("near").lines == ["near 0 0", "then 0 reset 0 6"]


def test_large_local_arrays_fit_on_the_stack(program):
    assert program("big_frame").lines == ["big_frame 0 0", "then 0 reset 0 6"]


@pytest.mark.parametrize("where", ["host", "host_after_kernel"])
def test_a_fault_of_host_code_kills_the_program(program, where):
    run = program(where)
    assert run.exit_code == -11
    assert run.findings == ()


def test_exceptions_threads_and_exit_of_host_code_work_around_kernels(program):
    run = program("exception")
    assert (run.exit_code, run.lines) == (3, ["host", "1", "destroyed"])
