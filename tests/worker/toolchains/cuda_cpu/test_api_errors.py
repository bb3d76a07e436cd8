"""Errors, streams, events and the device: what is remembered, what is sticky, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PROGRAM = (Path(__file__).parent / "programs" / "errors.cu").read_text()
SUCCESS = "0 cudaSuccess"
INVALID = "1 cudaErrorInvalidValue"
BAD_HANDLE = "400 cudaErrorInvalidResourceHandle"
BAD_LAUNCH = "9 cudaErrorInvalidConfiguration"


@pytest.fixture(scope="module")
def program(cuda: Any) -> Any:
    return cuda(PROGRAM, "errors")


def line_of(words: str) -> int:
    return next(number for number, text in enumerate(PROGRAM.splitlines(), 1) if words in text)


def test_the_last_error_is_kept_until_it_is_asked_for(program: Any):
    lines = program("last_error").lines
    assert lines == [INVALID] * 4 + [SUCCESS] + [SUCCESS, SUCCESS, INVALID] + [
        "invalid argument|out of memory|unrecognized error code"
    ]


def test_an_impossible_launch_runs_nothing_and_says_why(program: Any):
    run = program("launches")
    assert run.lines[:3] == [BAD_LAUNCH] * 3
    assert run.lines[3] in (INVALID, BAD_LAUNCH)
    assert run.lines[4:] == ["0", SUCCESS, SUCCESS, "7", SUCCESS, SUCCESS, "12"]
    assert (run.findings[0]["file"], run.findings[0]["line"]) == ("errors.cu", line_of("store<<<1, 2000>>>"))


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("assert", "710 cudaErrorAssert"),
        ("trap", "719 cudaErrorLaunchFailure"),
        ("null", "700 cudaErrorIllegalAddress"),
        ("host_side", "700 cudaErrorIllegalAddress"),
    ],
)
def test_a_fault_in_a_kernel_stays_until_the_device_is_reset(program: Any, how: str, error: str):
    run = program("sticky", how)
    assert run.exit_code == 0, run.stderr
    assert run.lines == [error] * 6 + ["5", SUCCESS, SUCCESS, "9"]
    assert run.findings


def test_an_assertion_prints_what_a_gpu_prints(program: Any):
    run = program("sticky", "assert")
    assert "block: [0,0,0], thread: [8,0,0] Assertion `threadIdx.x < n` failed." in run.stderr
    assert run.findings[0]["line"] == line_of("assert(threadIdx")


def test_streams_and_events_order_and_time_the_work(program: Any):
    lines = program("streams").lines
    assert lines[:5] == [SUCCESS, SUCCESS, SUCCESS, SUCCESS, "3 2"]
    assert lines[5:9] == [BAD_HANDLE, SUCCESS, SUCCESS, "1"]
    assert lines[9:] == [BAD_HANDLE, SUCCESS, SUCCESS, BAD_HANDLE, SUCCESS, BAD_HANDLE, BAD_HANDLE, SUCCESS]


def test_there_is_one_device_with_the_limits_that_launches_have(program: Any):
    lines = program("device").lines
    assert lines[:2] == [SUCCESS, "1 codepar CPU runtime (emulated) 1024 32 49152 8.0"]
    assert lines[2:5] == [SUCCESS, "101 cudaErrorInvalidDevice", "101 cudaErrorInvalidDevice"]
    assert lines[5:] == ["1", "4 1", SUCCESS, "1024", "1"]


def test_what_is_not_offered_says_so_with_its_line(program: Any):
    run = program("unsupported")
    assert run.lines == ["801 cudaErrorNotSupported"] * 3 + ["1"]
    assert {finding["kind"] for finding in run.findings} == {"unsupported"}
    calls = ("SAY(cudaMallocArray", "SAY(cudaGraphCreate", "SAY(cudaStreamBeginCapture", "tex2D<float>")
    assert [(finding["file"], finding["line"]) for finding in run.findings] == [("errors.cu", line_of(call)) for call in calls]
