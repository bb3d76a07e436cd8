"""Memory and copies: what each call gives back, and what the runtime says of calls that are wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAM = (Path(__file__).parent / "programs" / "memory.cu").read_text()
SUCCESS = "0 cudaSuccess"
INVALID = "1 cudaErrorInvalidValue"


@pytest.fixture(scope="module")
def program(cuda: Any) -> Any:
    return cuda(PROGRAM, "memory")


def wrong(program: Any, what: str) -> Any:
    run = program("wrong", what)
    assert run.exit_code == 0, run.stderr
    return run


def line_of(words: str) -> int:
    return next(number for number, text in enumerate(PROGRAM.splitlines(), 1) if words in text)


def test_copies_move_what_kernels_made(program: Any):
    run = program("round_trip")
    assert run.lines == ["0 1010101", SUCCESS, SUCCESS, SUCCESS]
    assert run.findings == ()


def test_symbols_are_written_read_and_found(program: Any):
    lines = program("symbols").lines
    assert lines[0] == SUCCESS
    assert lines[1] == "1.5 1.5 2.5 49"
    assert lines[2] == "0 0 3 32 5"
    assert lines[3:] == [INVALID, "21 cudaErrorInvalidMemcpyDirection"]


def test_rows_with_a_pitch_and_volumes_keep_their_shape(program: Any):
    lines = program("pitched").lines
    assert lines == ["1 1", "12 cudaErrorInvalidPitchValue", INVALID, SUCCESS, SUCCESS, SUCCESS, "1"]


def test_managed_pinned_and_registered_memory_is_one_with_the_hosts(program: Any):
    lines = program("shared_with_host").lines
    assert "126 126 6" in lines
    registering = ["712 cudaErrorHostMemoryAlreadyRegistered", SUCCESS, "713 cudaErrorHostMemoryNotRegistered"]
    assert lines[lines.index("126 126 6") + 1 :] == [*registering, "3 1 0", SUCCESS, SUCCESS, SUCCESS]


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("past", INVALID, ["404 bytes, destination", "400-byte device allocation", "4 bytes past its end"]),
        ("past2", INVALID, ["source 200 bytes into", "200 bytes past its end"]),
        ("memset", INVALID, ["401 bytes", "1 bytes past its end"]),
        ("direction", INVALID, ["host pointer"]),
        ("direction2", INVALID, ["host pointer where a device pointer is due"]),
        ("direction3", "21 cudaErrorInvalidMemcpyDirection", ["direction"]),
        ("null", INVALID, ["source is NULL"]),
        ("null2", INVALID, ["destination is NULL"]),
        ("host", INVALID, ["host pointer where a device pointer is due"]),
        ("double", INVALID, ["double free", "freed at memory.cu:"]),
        ("inside", INVALID, ["freed by its start, not 4 bytes in"]),
        ("hostfree", INVALID, ["no CUDA call allocated"]),
        ("kindfree", INVALID, ["is not freed by this call"]),
        ("after", INVALID, ["freed at memory.cu:"]),
        ("huge", "2 cudaErrorMemoryAllocation", ["3221225472 bytes", "2147483648"]),
        ("endless", "2 cudaErrorMemoryAllocation", ["18446744073709551615 bytes"]),
        ("nowhere", INVALID, ["NULL"]),
    ],
)
def test_a_wrong_call_gets_cudas_error_and_is_named_with_its_line(program: Any, what: str, error: str, words: list[str]):
    run = wrong(program, what)
    assert run.lines == [error, error]  # the call's own, and the last error afterwards
    (finding,) = run.findings
    assert finding["kind"] in ("memory_error", "cuda_error")
    assert (finding["file"], finding["line"]) == ("memory.cu", line_of(f'"{what}")'))
    for word in words:
        assert word in finding["message"]


def test_zero_bytes_are_no_error(program: Any):
    run = wrong(program, "zero")
    assert run.lines == [SUCCESS, "1", SUCCESS, SUCCESS, SUCCESS, SUCCESS]
    assert run.findings == ()


def test_an_overlapping_copy_succeeds_with_a_note(program: Any):
    run = wrong(program, "overlap")
    assert run.lines == [SUCCESS, SUCCESS]
    assert run.kinds() == ["note"]


def test_free_memory_is_counted_and_the_size_is_a_setting(program: Any):
    assert wrong(program, "info").lines[:2] == ["1 2147483648", "1"]
    assert program("wrong", "info", memory="4194304").lines[:2] == ["1 4194304", "1"]
    assert program("wrong", "info", memory="1048576").lines[0].startswith("0 ")


def test_addresses_come_back_when_the_range_is_used_up(program: Any):
    assert wrong(program, "many").lines == [SUCCESS, SUCCESS]


def test_a_limit_on_address_space_shrinks_the_range_of_addresses(program: Any):
    command = f"ulimit -v 2097152 && {program.path} round_trip"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[:2] == ["0 1010101", SUCCESS], done.stderr


HEAP = r"""
#include <cstdio>
#include <cstdlib>
__device__ int *rows[40000];
__global__ void take(int n, int bytes) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) { rows[i] = (int *)malloc(bytes); if (rows[i]) *rows[i] = i; }
}
__global__ void total(int n, int *out) { for (int i = 0; i < n; ++i) out[rows[i] != NULL && *rows[i] == i]++; }
__global__ void drop(int n) { int i = blockIdx.x * blockDim.x + threadIdx.x; if (i < n) { free(rows[i]); rows[i] = NULL; } }
__global__ void drop_twice(int *p) { free(p); }
__host__ __device__ int both(int n) { int *p = (int *)malloc(4); *p = n; int found = *p; free(p); return found; }
int main() {
    int *out, got[2], *p = NULL;
    cudaMallocManaged(&out, 8); out[0] = out[1] = 0;
    take<<<157, 256>>>(40000, 32); total<<<1, 1>>>(40000, out); cudaDeviceSynchronize();
    drop<<<157, 256>>>(40000);
    printf("%d %d\n", out[0], out[1]); out[0] = out[1] = 0;
    take<<<1, 256>>>(9, 1 << 20); total<<<1, 1>>>(9, out); cudaDeviceSynchronize();
    printf("%d %d %d\n", out[0], out[1], both(7));
    cudaMemcpyFromSymbol(&p, rows, sizeof p);
    printf("%s\n", cudaGetErrorName(cudaMemcpy(got, p, 4, cudaMemcpyDeviceToHost)));
    printf("%s\n", cudaGetErrorName(cudaFree(p)));
    cudaGetLastError();
    drop_twice<<<1, 1>>>(p); drop_twice<<<1, 1>>>(p);
    printf("%s\n", cudaGetErrorName(cudaDeviceSynchronize()));
}
"""


def test_the_heap_of_the_device_holds_8_mib_and_is_for_kernels_alone(cuda: Any):
    run = cuda(HEAP, "heap")()
    assert run.lines == ["0 40000", "1 8 7", INVALID[2:], INVALID[2:], "cudaErrorIllegalAddress"]
    errors = [finding["message"] for finding in run.findings if finding["kind"] == "memory_error"]
    assert len(errors) == 3
    assert "kernels alone" in errors[0]
    assert "not freed by this call" in errors[1]
    assert "double free of the 1048576-byte device heap allocation" in errors[2]
