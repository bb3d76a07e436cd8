"""nvcc as validity check, and what a CUDA program without a GPU comes to. Without nvcc the tests that need it skip."""

from __future__ import annotations

import asyncio

import pytest

from codepar.errors import EnvironmentFault, ToolMissing
from codepar.project import Project
from codepar.protocols import Execution, Limits, Status
from codepar.settings import Settings
from worker.build import Built
from worker.executor import LocalExecutor
from worker.sandbox import SandboxedRunner
from worker.toolchains import cuda, nvcc

PATH = "/usr/local/bin:/usr/bin:/bin"
GOOD = "#include <cstdio>\n__global__ void k(int *a) { a[threadIdx.x] = threadIdx.x; }\nint main() { k<<<1, 32>>>(nullptr); }\n"
BAD = "__global__ int k(int *a) {\n  a[threadIdx.x] = missing; return 0; }\nint main() { return 0; }\n"
LIMITS = Limits(compile_s=120)


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    settings = Settings(data_dir=tmp_path_factory.mktemp("cuda"))
    try:
        nvcc.find_nvcc(PATH, settings.nvcc)
    except ToolMissing as error:
        pytest.skip(str(error))
    return LocalExecutor(settings, SandboxedRunner(settings)).cuda


def check(native: cuda.NativeCuda, files: dict[str, str], **fields) -> Built:
    return asyncio.run(native.check(Execution(project=Project(files=files), limits=LIMITS, **fields)))


def test_a_valid_program_is_accepted_and_known_the_second_time(native):
    first = check(native, {"k.cu": GOOD})
    assert (first.status, first.cached) == (Status.OK, False), first.messages
    assert b".entry" in first.program.content
    assert check(native, {"k.cu": GOOD}).cached


def test_errors_have_file_and_line_in_every_unit(native):
    built = check(native, {"src/a.cu": BAD, "src/b.cu": '#include "absent.h"\n', "c.cu": GOOD})
    assert (built.status, built.program) == (Status.COMPILE_ERROR, None)
    places = {(one.file, one.line) for one in built.diagnostics if one.kind == "error"}
    assert {("src/a.cu", 1), ("src/a.cu", 2), ("src/b.cu", 1)} <= places


def test_headers_of_the_project_and_definitions_are_found(native):
    files = {"k.cu": '#include "twice.cuh"\n__global__ void k(int *a) { *a = twice(N); }\n'}
    files["include/twice.cuh"] = "__device__ inline int twice(int x) { return 2 * x; }\n"
    assert check(native, files, flags=("-DN=3", "-std=c++17", "-O2")).status == Status.OK


def test_options_that_could_load_code_are_refused(native):
    for flag in ("-ccbin=x", "-optf", "@args", "--pre-include=/etc/passwd", "-Xcompiler=-fplugin=x", "-I/etc"):
        assert check(native, {"k.cu": GOOD}, flags=(flag,)).status == Status.REFUSED, flag


def test_an_endless_compile_is_ended(native):
    endless = (
        'template <int N> struct S { static const int v = S<N + 1>::v + S<N + 2>::v; };\nint x = S<0>::v;\n#include "k.cu"\n'
    )
    built = asyncio.run(native.check(Execution(project=Project(files={"k.cu": endless}), limits=Limits(compile_s=3))))
    assert built.status == Status.COMPILE_ERROR


@pytest.mark.skipif(cuda.has_device(), reason="this machine has a GPU")
def test_without_a_device_the_program_is_checked_and_the_way_out_named(native):
    with pytest.raises(EnvironmentFault, match=r"accepts the program, but this machine has no CUDA device.*--emulate"):
        asyncio.run(native.execute(Execution(project=Project(files={"k.cu": GOOD}), limits=LIMITS)))
    result = asyncio.run(native.execute(Execution(project=Project(files={"k.cu": BAD}), limits=LIMITS)))
    assert result.status == Status.COMPILE_ERROR


@pytest.mark.skipif(cuda.has_device(), reason="this machine has a GPU")
def test_without_nvcc_the_way_out_is_named_too(tmp_path):
    settings = Settings(data_dir=tmp_path, nvcc=tmp_path / "nvcc")
    executor = LocalExecutor(settings, SandboxedRunner(settings))
    with pytest.raises(EnvironmentFault, match=r"no CUDA device.*--emulate"):
        asyncio.run(executor.execute(Execution(project=Project(files={"k.cu": GOOD}))))


@pytest.mark.gpu
def test_a_kernel_runs_on_the_device(tmp_path):
    from worker.trusted import TrustedRunner

    source = GOOD.replace(
        "k<<<1, 32>>>(nullptr);",
        "int *d, h[32]; cudaMalloc(&d, 128); k<<<1, 32>>>(d);"
        'cudaMemcpy(h, d, 128, cudaMemcpyDeviceToHost); printf("%d\\n", h[31]);',
    )
    executor = LocalExecutor(Settings(data_dir=tmp_path), TrustedRunner(), PATH)
    result = asyncio.run(executor.execute(Execution(project=Project(files={"k.cu": source}), limits=LIMITS)))
    assert (result.status, result.stdout, result.emulated) == (Status.OK, "31\n", False)


def test_which_projects_are_nvccs():
    assert cuda.uses_cuda(Project(files={"a.cu": "", "b.c": ""}))
    assert not cuda.uses_cuda(Project(files={"a.cu": "", "Makefile": ""}, build="make"))
    assert not cuda.uses_cuda(Project(files={"a.cuh": "", "b.cpp": ""}))


def test_flags_of_the_host_compiler_are_handed_on():
    found = nvcc.sort_options(("-arch=sm_90", "-Wall", "-fopenmp", "-I", "include", "--expt-extended-lambda", "-Xptxas", "-v"))
    assert found.allowed == (
        "-arch=sm_90",
        "-Xcompiler",
        "-Wall",
        "-Xcompiler",
        "-fopenmp",
        "-Iinclude",
        "--expt-extended-lambda",
    )
    assert found.refused == ("-Xptxas", "-v")


def test_a_missing_nvcc_names_what_installs_it(tmp_path):
    with pytest.raises(ToolMissing, match="CODEPAR_NVCC"):
        nvcc.find_nvcc(str(tmp_path), tmp_path / "absent")
