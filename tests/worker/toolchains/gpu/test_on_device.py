"""Runs on a real GPU (marker ``gpu``): what a program prints, planted faults found by line, walls that hold, agreement."""

from __future__ import annotations

import asyncio

import pytest

from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.settings import Settings
from worker.executor import LocalExecutor
from worker.sandbox import SandboxedRunner
from worker.trusted import TrustedRunner

pytestmark = pytest.mark.gpu
LIMITS = Limits(wall_s=60, compile_s=120)
MAIN = """
#include <cstdio>
#include "kernel.cuh"
int main(int argc, char **argv) {
    int *d, h[256] = {0};
    cudaMalloc(&d, sizeof h);
    cudaMemset(d, 0, sizeof h);
    kernel<<<2, 128>>>(d);
    cudaError_t error = cudaDeviceSynchronize();
    cudaMemcpy(h, d, sizeof h, cudaMemcpyDeviceToHost);
    cudaFree(d);
    printf("%d %d %s\\n", h[0], h[255], cudaGetErrorString(error));
    return error != cudaSuccess;
}
"""
BODIES = {
    "clean": "p[blockIdx.x * blockDim.x + threadIdx.x] = threadIdx.x + 1;",
    "out_of_bounds": "int i = blockIdx.x * blockDim.x + threadIdx.x;\n  p[i + 1] = i;",
    "race": "__shared__ int s[128];\n  s[threadIdx.x] = threadIdx.x;\n  p[threadIdx.x] = s[(threadIdx.x + 33) % 128];",
    "divergence": "if (threadIdx.x < 64)\n    __syncthreads();\n  p[threadIdx.x] = 1;",
}
# The line of `kernel.cu` that a finding must name; the body starts at line 3.
LINES = {"out_of_bounds": {4}, "race": {4, 5}, "divergence": {3, 4}}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(data_dir=tmp_path_factory.mktemp("device"))


@pytest.fixture(params=["sandboxed", "trusted"])
def executor(request, settings):
    return LocalExecutor(settings, SandboxedRunner(settings) if request.param == "sandboxed" else TrustedRunner())


def run(executor, body, *checks, **fields):
    files = {
        "main.cu": MAIN,
        "kernel.cuh": "__global__ void kernel(int *p);\n",
        "kernel.cu": f'#include "kernel.cuh"\n__global__ void kernel(int *p) {{\n  {body}\n}}\n',
    }
    given = {"project": Project(files=files), "checks": checks, "limits": LIMITS, **fields}
    return asyncio.run(executor.execute(Execution(gpu=True, **given)))


def test_a_kernel_in_a_file_of_its_own_runs(executor):
    result = run(executor, BODIES["clean"])
    assert (result.status, result.stdout, result.emulated) == (Status.OK, "1 128 no error\n", False), result
    assert result.gpu


def test_a_clean_kernel_is_clean_under_every_check(executor):
    result = run(executor, BODIES["clean"], "memory", "race", "sync", "init")
    assert result.status == Status.OK, result
    assert [(check.check, check.clean) for check in result.checks] == [
        (name, True) for name in ("memory", "race", "sync", "init")
    ]


@pytest.mark.parametrize(
    ("body", "check", "status"),
    [
        ("out_of_bounds", "memory", Status.MEMORY_ERROR),
        ("race", "race", Status.RACE),
        ("divergence", "sync", Status.BARRIER_DIVERGENCE),
    ],
)
def test_a_planted_fault_is_found_with_its_line(executor, body, check, status):
    result = run(executor, BODIES[body], check)
    assert (result.status, result.checks[0].clean) == (status, False), result
    named = {one.line for one in result.diagnostics if one.file == "kernel.cu"}
    assert named & LINES[body], result.diagnostics


def test_memory_that_nobody_wrote_is_found(executor):
    source = (
        "\n__global__ void k(int *p, const int *q) { p[threadIdx.x] = q[threadIdx.x]; }\n"
        "int main() { int *p, *q; cudaMalloc(&p, 128); cudaMalloc(&q, 128);\n"
        "  k<<<1, 32>>>(p, q); return cudaDeviceSynchronize(); }\n"
    )
    result = run(executor, "", "init", project=Project(files={"k.cu": source}))
    assert (result.status, result.checks[0].clean) == (Status.MEMORY_ERROR, False), result
    assert ("k.cu", 2) in {(one.file, one.line) for one in result.diagnostics}


def test_a_kernel_that_never_ends_is_a_timeout_and_the_device_is_free_again(executor):
    endless = "volatile int *v = p;\n  while (v[0] == 0) {}"
    assert run(executor, endless, limits=Limits(wall_s=5, compile_s=120)).status == Status.TIMEOUT
    assert run(executor, BODIES["clean"]).status == Status.OK


def test_the_emulator_and_the_device_print_the_same(executor):
    on_device = run(executor, BODIES["clean"])
    files = Project(
        files={"k.cu": MAIN.replace('#include "kernel.cuh"', f"__global__ void kernel(int *p) {{ {BODIES['clean']} }}")}
    )
    emulated = asyncio.run(executor.execute(Execution(project=files, emulate=True, limits=LIMITS)))
    assert (emulated.status, emulated.stdout) == (Status.OK, on_device.stdout)
