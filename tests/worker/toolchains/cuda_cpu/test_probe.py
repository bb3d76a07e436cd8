"""What a run is told to have done by test case: launches, threads, atomics, and the host's own accesses."""

from __future__ import annotations

import asyncio
import os

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import DeviceWork, Emulation, Execution, ExecutionResult, HostWork, KernelWork, Limits, Status
from codepar.settings import Settings
from worker.executor import open_executor

SOURCE = """
#include <codepar_cuda/probe.h>
#include <cstdio>
#include <cstring>
#include <vector>
#define I (blockIdx.x * blockDim.x + threadIdx.x)
__global__ void add(const float *a, float *b, int n) { if (I < n) b[I] = a[I] + 1; }
__global__ void sum(const float *a, float *s, int n) { if (I < n) atomicAdd(s, a[I]); }
__global__ void one(const float *a, float *b, int n) { if (threadIdx.x == 0) for (int i = 0; i < n; i++) b[i] = a[i] + 1; }
enum How { right, on_host, one_thread, through_copy };
float f(const float *a, float *b, int n, How how) {
  float *da, *db, *ds, s; std::vector<float> staged(n);
  cudaMalloc(&da, n * 4); cudaMalloc(&db, n * 4); cudaMalloc(&ds, 4);
  memcpy(staged.data(), a, n * 4);
  cudaMemcpy(da, how == through_copy ? staged.data() : a, n * 4, cudaMemcpyHostToDevice); cudaMemset(ds, 0, 4);
  if (how == one_thread) one<<<1, 256>>>(da, db, n); else add<<<(n + 255) / 256, 256>>>(da, db, n);
  sum<<<(n + 255) / 256, 256>>>(da, ds, n);
  cudaMemcpy(b, db, n * 4, cudaMemcpyDeviceToHost);
  if (how == on_host) for (int i = 0; i < n; i++) b[i] = a[i] + 1;
  cudaMemcpy(&s, ds, 4, cudaMemcpyDeviceToHost); cudaFree(da); cudaFree(db); cudaFree(ds); return s; }
int main() {
  for (int c = 0; c < 4; c++) {
    int n = 300; std::vector<float> a(n, 1.f), b(n, 0.f);
    codepar_cuda_watch("a", a.data(), n * 4, 4); codepar_cuda_watch("b", b.data(), n * 4, 4);
    codepar_cuda_enter(c); float s = f(a.data(), b.data(), n, How(c)); codepar_cuda_leave();
    printf("%g %g\\n", s, b[n - 1]); } }
"""


class Emulator:
    def __init__(self, data_dir) -> None:
        self.executor = open_executor(Settings(data_dir=data_dir), trusted=False)

    def __call__(self, text: str, **fields) -> ExecutionResult:
        project, limits = Project.of_source(text, "k.cu"), Limits(wall_s=30, compile_s=120)
        return asyncio.run(self.executor.execute(Execution(project=project, emulate=True, limits=limits, **fields)))


@pytest.fixture(scope="module")
def emulate(tmp_path_factory, shared_cache):
    try:
        return Emulator(shared_cache(tmp_path_factory.mktemp("probe") / "data"))
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def counted(emulate) -> DeviceWork:
    result = emulate(SOURCE, checks=("memory", "race"))
    assert (result.status, result.stdout) == (Status.OK, "300 2\n" * 4)
    assert result.device is not None
    assert (result.device.is_counted, result.device.is_complete) == (True, True)
    return result.device


def kernel(work: DeviceWork, case: int, name: str) -> KernelWork:
    (found,) = [one for one in work.kernels if (one.case, one.kernel) == (case, name)]
    return found


def host(work: DeviceWork, case: int, buffer: str) -> HostWork:
    (found,) = [one for one in work.host if (one.case, one.buffer) == (case, buffer)]
    return found


def test_threads_of_a_launch(counted):
    add = kernel(counted, 0, "add")
    assert (add.launches, add.grid, add.block, add.threads) == (1, (2, 1, 1), (256, 1, 1), 512)
    assert (add.writers, add.active, add.accesses, add.busiest) == (300, 300, 600, 2)
    assert counted.launches == 8


def test_one_thread_does_it_all(counted):
    one = kernel(counted, 2, "one")
    assert (one.threads, one.active, one.accesses, one.busiest) == (256, 1, 600, 600)


def test_atomics_on_one_address(counted):
    total = kernel(counted, 1, "sum")
    assert (total.atomics, total.same_address, total.accesses) == (300, 300, 600)
    assert kernel(counted, 1, "add").atomics == 0


def test_host_loops_are_seen_and_copies_told_apart(counted):
    assert host(counted, 0, "a") == HostWork(case=0, buffer="a", elements=0, loads=0, stores=0, copied=300)
    assert host(counted, 1, "b").stores == host(counted, 1, "a").loads == 300
    assert host(counted, 3, "b").elements == 0
    assert host(counted, 0, "stack").elements < 100


def test_without_kernels_only_what_the_host_computes_is_right(emulate):
    result = emulate(SOURCE, emulation=Emulation(skip_launches=True, fill=0))
    assert result.stdout == "0 0\n0 2\n0 0\n0 0\n"
    assert result.device is not None
    assert (result.device.launches, result.device.is_counted) == (8, False)


def test_orders_and_fills_are_the_execution_s_own(emulate):
    last = (
        "#include <cstdio>\n__global__ void last(int *p) { p[0] = threadIdx.x; }\n"
        "int main() { int *p, h[2]; cudaMalloc(&p, 8); last<<<1, 64>>>(p); cudaMemcpy(h, p, 8, cudaMemcpyDeviceToHost);\n"
        '  printf("%d %x", h[0], h[1]); }'
    )
    assert emulate(last, emulation=Emulation(schedule="forward")).stdout == "63 7f7f7f7f"
    assert emulate(last, emulation=Emulation(schedule="reverse", fill=0)).stdout == "0 0"


def test_a_program_without_a_driver_has_no_case(emulate):
    result = emulate("__global__ void k(int *p) { *p = 1; }\nint main() { int *p; cudaMalloc(&p, 4); k<<<1, 1>>>(p); }")
    assert [(one.case, one.kernel, one.active) for one in result.device.kernels] == [(None, "k", 0)]
