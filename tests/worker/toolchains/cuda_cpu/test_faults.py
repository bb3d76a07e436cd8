"""Kernels that go wrong: each ends its launch with the CUDA error and a finding, and the host goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAM = (Path(__file__).parent / "programs" / "faults.cu").read_text()


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
