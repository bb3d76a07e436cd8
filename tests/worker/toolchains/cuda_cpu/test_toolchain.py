"""Emulated CUDA from the execution to the verdict, behind walls: what is fine, and what people get wrong."""

from __future__ import annotations

import asyncio
import os

import pytest

from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, ExecutionResult, Limits, Status
from codepar.settings import Settings
from worker.executor import open_executor


class Emulator:
    """Runs programs with one executor; the runtime is built once."""

    def __init__(self, data_dir) -> None:
        self.executor = open_executor(Settings(data_dir=data_dir), trusted=False)

    def files(self, files: dict[str, str], *, build: str | None = None, wall_s: float = 30, **fields) -> ExecutionResult:
        limits = Limits(wall_s=wall_s, compile_s=120)
        project = Project(files=files, build=build)
        return asyncio.run(self.executor.execute(Execution(project=project, emulate=True, limits=limits, **fields)))

    def __call__(self, text: str, **fields) -> ExecutionResult:
        return self.files({"k.cu": "#include <cstdio>\n" + text}, **fields)


@pytest.fixture(scope="module")
def emulate(tmp_path_factory, shared_cache):
    try:
        return Emulator(shared_cache(tmp_path_factory.mktemp("emulate") / "data"))
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


def told(result: ExecutionResult, kind: str) -> list[tuple[str | None, int | None]]:
    return [(one.file, one.line) for one in result.diagnostics if one.kind == kind]


REPORT = 'printf("%s\\n", cudaGetErrorName(cudaDeviceSynchronize()));'
MAIN = f"int main() {{ int *p; cudaMalloc(&p, 1024); {{}} {REPORT} return 0; }}\n"


def main(statement: str) -> str:
    return MAIN.replace("{}", statement, 1)


def test_several_units_and_headers_with_a_launch_in_a_macro(emulate):
    files = {
        "src/main.cu": '#include "scale.cuh"\n#include <cstdio>\nint c_part(int);\n'
        "#define RUN(kernel, n, ...) kernel<<<((n) + 31) / 32, 32>>>(__VA_ARGS__)\n"
        "int main() { float *x; cudaMallocManaged(&x, 400); for (int i = 0; i < 100; i++) x[i] = i;\n"
        "  RUN(scale, 100, x, 2, 100); set_offset(0.5f); shift<<<4, 32>>>(x, 100); cudaDeviceSynchronize();\n"
        '  printf("%g %d\\n", x[99], c_part(3)); }\n',
        "src/offset.cu": '#include "scale.cuh"\n__constant__ float offset;\n'
        "__global__ void shift(float *x, int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) x[i] += offset; }\n"
        "void set_offset(float value) { cudaMemcpyToSymbol(offset, &value, sizeof value); }\n",
        "include/scale.cuh": "#pragma once\ntemplate <class T> __global__ void scale(T *x, T by, int n) {\n"
        "  __shared__ T tile[32]; int i = blockIdx.x * blockDim.x + threadIdx.x;\n"
        "  if (i < n) tile[threadIdx.x] = x[i] * by; __syncthreads(); if (i < n) x[i] = tile[threadIdx.x]; }\n"
        "__global__ void shift(float *, int); void set_offset(float);\n",
        "src/part.cpp": "int c_part(int n) { return n << 2; }\n",
    }
    result = emulate.files({name: text.replace("x, 2, 100", "x, 2.0f, 100") for name, text in files.items()})
    assert (result.status, result.stdout) == (Status.OK, "198.5 12\n"), result
    assert result.emulated
    assert not result.cached


def test_a_makefile_finds_a_stand_in_for_nvcc(emulate):
    files = {
        "Makefile": "demo: a.o b.o\n\tnvcc -arch=sm_70 -o demo $^ -lcudart\n%.o: %.cu\n\tnvcc -O3 -Xcompiler -Wall -gencode "
        "arch=compute_70,code=sm_70 -rdc=true -dc $< -o $@\n",
        "a.cu": '#include <cstdio>\nvoid run();\nint main() { run(); puts("ok"); }\n',
        "b.cu": "__global__ void k() {}\nvoid run() { k<<<1, 1>>>(); cudaDeviceSynchronize(); }\n",
    }
    result = emulate.files(files, build="make")
    assert (result.status, result.stdout) == (Status.OK, "ok\n"), result


def test_all_checks_of_a_clean_program(emulate):
    text = "__global__ void k(int *p) { p[threadIdx.x] = threadIdx.x; }\n"
    result = emulate(text + main("k<<<1, 64>>>(p);"), checks=("schedule", "memory", "race"))
    assert result.status == Status.OK, result
    assert [(check.check, check.clean) for check in result.checks] == [("schedule", True), ("memory", True), ("race", True)]
    assert result.checks[2].message.startswith("no race observed in 1 schedule, 1 launch with up to 64 threads")


def test_a_race_is_told_with_its_line_and_demotes_the_result(emulate):
    text = "__global__ void k(int *p) {\n  p[0] += 1;\n}\n"
    result = emulate(text + main("k<<<2, 64>>>(p);"), checks=("race",))
    assert result.status == Status.RACE, result
    assert ("k.cu", 3) in told(result, "race")
    assert result.checks[0].clean is False


def test_an_overrun_is_told_with_its_line(emulate):
    text = "__global__ void k(int *p) {\n  p[256 + threadIdx.x] = 1;\n}\n"
    result = emulate(text + main("k<<<1, 4>>>(p);"), checks=("memory",))
    assert result.status == Status.MEMORY_ERROR, result
    assert ("k.cu", 3) in told(result, "memory_error")


def test_an_output_that_depends_on_the_order_of_blocks(emulate):
    text = "__global__ void k(int *p) { p[0] = blockIdx.x; }\n"
    statement = 'k<<<8, 1>>>(p); int h; cudaMemcpy(&h, p, 4, cudaMemcpyDeviceToHost); printf("last %d\\n", h);'
    result = emulate(text + main(statement), checks=("schedule",))
    assert result.status == Status.RACE, result
    assert "depends on the order of threads (reverse)" in result.checks[0].message


def test_without_a_launch_nothing_is_called_clean(emulate):
    result = emulate('int main() { puts("x"); }\n', checks=("memory", "race", "schedule"))
    assert (result.status, [check.clean for check in result.checks]) == (Status.OK, [None, None, None])


KERNEL = "__global__ void k(int *p) { p[threadIdx.x] = 1; }\n"


@pytest.mark.parametrize(
    ("text", "status", "line", "said"),
    [
        (KERNEL + main("\nk<<<1, 10000>>>(p);"), Status.RUNTIME_ERROR, 4, "10000"),
        (KERNEL + main("\nk<<<0, 1>>>(p);"), Status.RUNTIME_ERROR, 4, "grid"),
        ("__global__ void k(int *p) {\n *p = 1; }\n" + main("k<<<1, 1>>>(nullptr);"), Status.MEMORY_ERROR, 3, "NULL"),
        (KERNEL + main("\nint h[4]; k<<<1, 1>>>(h);"), Status.MEMORY_ERROR, 4, "host"),
        (KERNEL + main("cudaFree(p);\ncudaFree(p);"), None, 4, "cudaFree"),
        (KERNEL + main("int h[4];\ncudaMemcpy(h, p, 4000, cudaMemcpyDeviceToHost);"), None, 4, "cudaMemcpy"),
        ("__device__ int f(int n) {\n if (n > 9) return 1; }\n__global__ void k(int *p) { *p = f(*p & 1); }\n"
         + main("k<<<1, 1>>>(p);"), Status.RUNTIME_ERROR, None, "without a return value"),
        ('__global__ void k(int *p) {\n asm("mov.u32 %0, 1;" : "=r"(*p)); }\n' + main("k<<<1, 1>>>(p);"),
         Status.UNSUPPORTED, 3, "inline assembly"),
        ("__global__ void k(int *p) {\n k<<<1, 1>>>(p); }\n" + main("k<<<1, 1>>>(p);"), Status.UNSUPPORTED, 3, "dynamic"),
        ("\n#include <thrust/sort.h>\nint main() {}\n", Status.UNSUPPORTED, 3, "thrust/sort.h"),
        ("\n__global__ int k(int *p) { return 1; }\nint main() {}\n", Status.COMPILE_ERROR, 3, "void return type"),
        ("__global__ void k() {\n __shared__ int a = 1; }\nint main() {}\n", Status.COMPILE_ERROR, 3, "initializer"),
        (KERNEL + "int main() { int *p = nullptr;\n k<<<1, 1>>>(p, 2); }\n", Status.COMPILE_ERROR, 4, "every parameter"),
        (KERNEL + "int main() {\n undeclared(); }\n", Status.COMPILE_ERROR, 4, "undeclared"),
    ],
)  # fmt: skip
def test_what_people_get_wrong(emulate, text, status, line, said):
    result = emulate(text)
    assert result.status in ({status} if status else {Status.RUNTIME_ERROR, Status.MEMORY_ERROR}), result
    first = next(one for one in result.diagnostics if one.kind != "warning")
    assert said in first.message, result
    if line is not None:
        assert (first.file, first.line) == ("k.cu", line), result


def test_a_kernel_that_never_ends_is_stopped_and_named(emulate):
    text = "__global__ void k(volatile int *p) {\n  while (*p == 0) { }\n}\n"
    result = emulate(text + main("cudaMemset(p, 0, 4); k<<<1, 1>>>(p);"), wall_s=3)
    assert result.status == Status.TIMEOUT, result
    assert any("kernel k" in one.message for one in result.diagnostics)


def test_recursion_without_end_is_a_fault_of_the_kernel(emulate):
    body = "volatile int a[64]; a[n & 63] = n; int r = *p ? 0 : f(p, n + 1); return r + a[n & 63];"
    text = f"__device__ int f(volatile int *p, int n) {{ {body} }}\n"
    text += "__global__ void k(int *p) { p[1] = f(p, 0); }\n"
    result = emulate(text + main("cudaMemset(p, 0, 1024); k<<<1, 1>>>(p);"))
    assert result.status in {Status.RUNTIME_ERROR, Status.MEMORY_ERROR}, result


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"flags": ("-fplugin=x.so",)}, Status.REFUSED),
        ({"flags": ("-fsanitize=address",)}, Status.UNSUPPORTED),
        ({"sanitize": ("address",)}, Status.UNSUPPORTED),
        ({"flags": ("-arch=sm_80", "-O3", "--use_fast_math", "-DN=3")}, Status.OK),
    ],
)
def test_flags(emulate, fields, status):
    assert emulate("int main() { return 0; }\n", **fields).status == status


def test_a_project_without_cuda_is_not_emulated(emulate):
    assert emulate.files({"a.c": "int main(void) { return 0; }\n"}).status == Status.UNSUPPORTED
