"""What compilers say, told in terms of the user's files."""

from __future__ import annotations

import pytest

from worker.toolchains.cuda_cpu.messages import parse, shorten

FILES = {"src/k.cu": "", "k.cuh": ""}
RUNTIME = "/cache/cuda_cpu/0123"

IN_HEADER = f"""src/k.cu: In function 'int main()':
{RUNTIME}/include/codepar_cuda/launch.h: In instantiation of 'int codepar_cuda::launch(...) [with P = {{int*}}]':
src/k.cu:14:22:   required from here
{RUNTIME}/include/codepar_cuda/launch.h:97:32: error: static assertion failed: a kernel launch must pass every parameter
"""
INCLUDED = f"""In file included from ./k.cuh:3,
                 from src/k.cu:1:
{RUNTIME}/include/broken.h:3:2: error: #error "codepar: unsupported: fat kernels"
"""


def test_an_error_of_our_header_is_told_at_the_users_line():
    (found,) = parse(IN_HEADER, FILES, RUNTIME)
    assert (found.kind, found.file, found.line) == ("error", "src/k.cu", 14)
    assert found.message.startswith("static assertion failed: a kernel launch must pass every parameter (found in the runtime's ")


def test_an_unsupported_mark_in_a_header():
    (found,) = parse(INCLUDED, FILES, RUNTIME)
    assert (found.kind, found.message) == ("unsupported", "the CPU runtime does not offer fat kernels")
    assert found.file in FILES


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("fatal error: thrust/device_vector.h: No such file or directory", "thrust/device_vector.h"),
        ("fatal error: cub/cub.cuh: No such file or directory", "cub/cub.cuh"),
        ("fatal error: cublas_v2.h: No such file or directory", "cublas_v2.h"),
        ("fatal error: curand.h: No such file or directory", "curand.h"),
        ("fatal error: mma.h: No such file or directory", "mma.h"),
        ("error: 'tex2D' was not declared in this scope", "tex2D"),
        ("error: 'cudaTextureObject_t' has not been declared", "cudaTextureObject_t"),
        ("error: 'thrust' has not been declared", "thrust"),
    ],
)
def test_what_the_runtime_lacks_is_no_error_of_the_program(message, what):
    (found,) = parse(f"src/k.cu:5:1: {message}\n", FILES, RUNTIME)
    assert (found.kind, found.message, found.line) == ("unsupported", f"the CPU runtime does not offer {what}", 5)


@pytest.mark.parametrize(
    "message",
    [
        "error: 'cudaMemcopy' was not declared in this scope",
        "fatal error: mine.h: No such file or directory",
        "fatal error: my/cub.h: No such file or directory",
        "error: 'texture_of' was not declared in this scope",
        "error: 'x' was not declared in this scope",
    ],
)
def test_wrong_code_stays_an_error(message):
    (found,) = parse(f"src/k.cu:5:1: {message}\n", FILES, RUNTIME)
    assert found.kind == "error"


def test_the_place_of_the_cache_is_not_shown():
    assert shorten(IN_HEADER, RUNTIME).count("<codepar>/codepar_cuda/launch.h") == 2
    assert RUNTIME not in shorten(IN_HEADER, RUNTIME)
