"""compute-sanitizer's text in the layouts of its versions, with kernels of our own; no run of it on a device is behind these."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.protocols import Status
from worker.toolchains.gpu import verdict
from worker.toolchains.gpu.report import diagnostic, parse

THREAD = "\n=========     by thread (0,0,0) in block (0,0,0)\n"
FILES = ("src/k.cu", "include/k.cuh", "main.cu")

# The layout of 2022 to 2026, built with -lineinfo.
OUT_OF_BOUNDS = """\
========= COMPUTE-SANITIZER
started
========= Invalid __global__ write of size 4 bytes
=========     at shift(int *, int)+0xd0 in /box/src/k.cu:9
=========     by thread (31,0,0) in block (3,0,0)
=========     Address 0x7f241b000200 is out of bounds
=========     and is 1 bytes after the nearest allocation at 0x7f241b000000 of size 512 bytes
=========     Saved host backtrace up to driver entry point at kernel launch time
=========         Host Frame: main in /box/main.cu:25 [0x8a81] in a.out
=========
========= Program hit cudaErrorLaunchFailure (error 719) due to "launch failure" on CUDA API call to cudaDeviceSynchronize.
=========     Saved host backtrace up to driver entry point at error
=========         Host Frame: main in /box/main.cu:29 [0x8a03] in a.out
=========
========= ERROR SUMMARY: 2 errors
"""


def _only(text, check):
    report = parse(text, check)
    assert len(report.findings) == 1, report
    return diagnostic(report.findings[0], FILES), report


def test_an_access_out_of_bounds_has_file_line_thread_and_distance():
    report = parse(OUT_OF_BOUNDS, "memory")
    found = [diagnostic(finding, FILES) for finding in report.findings]
    assert [(one.kind, one.file, one.line) for one in found] == [("memory_error", "src/k.cu", 9), ("cuda_error", "main.cu", 29)]
    assert "Invalid __global__ write of size 4 bytes in shift(int *, int) by thread (31,0,0) of block (3,0,0)" in found[0].message
    assert "is 1 bytes after the nearest allocation" in found[0].message
    assert "cudaDeviceSynchronize" in found[1].message
    assert (report.total, report.complaints) == (2, ())
    assert verdict.status_of(report) == Status.MEMORY_ERROR


def test_threads_with_the_same_fault_are_one_finding():
    record = (
        "========= Invalid __shared__ read of size 4 bytes\n=========     at sum(float *)+0x100 in k.cu:7\n"
        "=========     by thread ({},0,0) in block (0,0,0)\n=========     Address 0x{:x} is out of bounds\n========= \n"
    )
    text = "".join(record.format(thread, 1024 + 4 * thread) for thread in range(5)) + "========= ERROR SUMMARY: 1,205 errors\n"
    found, report = _only(text, "memory")
    assert (found.file, found.line, report.total) == ("src/k.cu", 7, 1205)
    assert "by thread (0,0,0) of block (0,0,0) and 4 more" in found.message


@pytest.mark.parametrize(
    ("at", "place"),
    [
        # Before 2022, and cuda-memcheck.
        ("at 0x000008f0 in /home/me/box/src/k.cu:20:shift(int*)", ("src/k.cu", 20)),
        ("at 0x60 in shift(void)", (None, None)),
        # Without line information.
        ("at shift(int *, int)+0x4bd0", (None, None)),
        ("at void ns::shift<float, (int)15>(T1 *, const T2 &)+0xd0 in k.cu:58", ("src/k.cu", 58)),
        ("at shift(int *):0x160 in main.cu:6", ("main.cu", 6)),
        # A header of the toolkit: the project's own frame below it counts.
        (
            "at store(int *)+0x90 in /opt/cuda/helper.hpp:110\n=========     Device Frame: shift(int *)+0x30 in main.cu:44",
            ("main.cu", 44),
        ),
        ("at store(int *)+0x90 in /somewhere/else/k.h:3", (None, None)),
    ],
)
def test_places_in_all_layouts(at, place):
    text = f"========= Invalid __global__ read of size 8 bytes\n=========     {at}{THREAD}"
    found, _ = _only(text, "memory")
    assert (found.kind, found.file, found.line) == ("memory_error", *place)


def test_two_files_of_one_name_are_told_apart_by_their_folders_or_not_at_all():
    files = ("a/k.cu", "b/k.cu")
    for written, expected in (("/tmp/run-1/b/k.cu", "b/k.cu"), ("k.cu", None), ("/tmp/c/k.cu", None)):
        text = f"========= Invalid __global__ read of size 4 bytes\n=========     at f()+0x10 in {written}:5\n"
        assert diagnostic(parse(text, "memory").findings[0], files).file == expected


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (
            "========= Error: Race reported between Write access at sum(int *, int *)+0x90 in /box/src/k.cu:41\n"
            "=========     and Read access at sum(int *, int *)+0x100 in /box/src/k.cu:51 [508 hazards]\n=========\n"
            "========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)\n",
            "error, 508 hazards",
        ),
        (
            "========= WARN: Race reported between Write access at 0x00000148 in ./src/k.cu:41:sum(int*, int*)\n"
            "=========     and Write access at 0x00000148 in ./src/k.cu:41:sum(int*, int*) [124 hazards]\n"
            "=========     and Read access at 0x00000170 in ./src/k.cu:51:sum(int*, int*) [4 hazards]\n=========\n"
            "========= RACECHECK SUMMARY: 12 hazards displayed (0 errors, 12 warnings)\n",
            "warn, 128 hazards",
        ),
        (
            "========= Warning: (Warp Level Programming) Potential RAW hazard detected at __shared__ 0x8c in block (0,0,0) :\n"
            "=========     Write Thread (35,0,0) at sum(int *)+0x90 in k.cu:41\n"
            "=========     Read Thread (32,0,0) at sum(int *)+0x120 in k.cu:51\n=========     Current Value : 35\n"
            "========= RACECHECK SUMMARY: 1 hazard displayed (0 errors, 1 warning)\n",
            "warning",
        ),
    ],
)
def test_races_name_both_places(text, severity):
    found, report = _only(text, "race")
    assert (found.kind, found.file, found.line) == ("race", "src/k.cu", 41)
    assert "write at src/k.cu:41" in found.message
    assert "read at src/k.cu:51" in found.message
    assert found.message.endswith(f"({severity})")
    assert verdict.status_of(report) == Status.RACE


def test_a_divergent_barrier_has_the_line_of_the_kernel():
    text = (
        "========= Barrier error detected. Divergent thread(s) in warp\n"
        "=========     at half(int *)+0xf0 in divergence/main.cu:79\n"
        "=========     by thread (37,0,0) in block (0,0,0)\n=========\n========= ERROR SUMMARY: 16 errors\n"
    )
    found, report = _only(text, "sync")
    assert (found.kind, found.file, found.line) == ("barrier_divergence", "main.cu", 79)
    assert verdict.status_of(report) == Status.BARRIER_DIVERGENCE


def test_reads_of_what_nobody_wrote_in_kernels_and_in_copies():
    text = (
        "========= Uninitialized __global__ memory read of size 4 bytes\n=========     at add(int *)+0x70 in /box/src/k.cu:41\n"
        "=========     by thread (31,0,0) in block (1,0,0)\n=========     Address 0x7f3c7ec000fc\n=========\n"
        "========= Host API memory access error at host access to 0x7f7fcdc01200 of size 400 bytes\n"
        "=========     Uninitialized access at 0x7f7fcdc01300 on access by cudaMemcpy source\n"
        "=========     Saved host backtrace up to driver entry point at error\n"
        "=========         Host Frame: main in /box/main.cu:12 [0xc317] in a.out\n========= ERROR SUMMARY: 2 errors\n"
    )
    report = parse(text, "init")
    found = [diagnostic(finding, FILES) for finding in report.of("init")]
    assert [(one.kind, one.file, one.line) for one in found] == [
        ("uninitialised", "src/k.cu", 41),
        ("uninitialised", "main.cu", 12),
    ]
    assert "on access by cudaMemcpy source" in found[1].message


@pytest.mark.parametrize(
    ("headline", "kind"),
    [
        ("Host API uninitialized memory access on access by cudaMemcpy source", "uninitialised"),
        ("Invalid use-before-alloc access on access by cudaMemcpy source", "memory_error"),
        ("Invalid write operation (permission denied)", "memory_error"),
        ("Lane misaligned address", "memory_error"),
        ("Hardware warp stack overflow", "memory_error"),
        ("Device illegal address", "memory_error"),
        ("Deadlock detected in Cuda::barrier wait called by threads starting at (0,0,0) in block (0,0,0)", "barrier_divergence"),
    ],
)
def test_headlines_that_need_no_thread(headline, kind):
    assert [finding.kind for finding in parse(f"========= {headline}\n", "memory").findings] == [kind]


def test_a_double_free_in_a_kernel_is_a_memory_error():
    text = f"========= Malloc/Free error encountered : Double free\n=========     at 0x79d8{THREAD}"
    assert parse(text, "memory").of("memory")


def test_what_no_rule_knows_is_a_finding_where_a_thread_is_named():
    text = f"========= Something new about memory\n=========     at f()+0x10 in k.cu:5{THREAD}"
    assert parse(text, "memory").of("memory")
    assert not parse("========= Target application returned an error\n", "memory").findings


@pytest.mark.parametrize(
    ("text", "stopped", "clean", "said"),
    [
        (
            "========= COMPUTE-SANITIZER\n========= ERROR SUMMARY: 0 errors\n",
            None,
            True,
            "no memory error observed by memcheck in 1 run",
        ),
        ("========= COMPUTE-SANITIZER\n", "timeout after 100.0 s", None, "did not end: timeout after 100.0 s"),
        (OUT_OF_BOUNDS, "timeout after 100.0 s", False, "src/k.cu:9: Invalid"),
        ("", None, None, "it left no summary"),
        (
            "========= Error: Target application terminated before first instrumented API call\n",
            None,
            None,
            "before first instrumented",
        ),
        (
            "========= Internal Sanitizer Error: The Sanitizer encountered an error\n========= ERROR SUMMARY: 0 errors\n",
            None,
            None,
            "Internal Sanitizer Error",
        ),
        (
            "========= Target application terminated before first instrumented kernel launch\n"
            "========= ERROR SUMMARY: 0 errors\n",
            None,
            None,
            "before first instrumented kernel launch",
        ),
        ("========= Unheard of\n========= ERROR SUMMARY: 3 errors\n", None, None, "counts 3 errors and describes none"),
    ],
)
def test_what_a_check_says(text, stopped, clean, said):
    result = verdict.check_result("memory", parse(text, "memory"), FILES, stopped)
    assert result.clean is clean
    assert said in result.message


def test_errors_of_api_calls_alone_decide_nothing():
    text = (
        '========= Program hit cudaErrorInvalidConfiguration (error 9) due to "invalid configuration argument" on CUDA '
        "API call to cudaLaunchKernel.\n"
        "=========         Host Frame: main in main.cu:9 [0x1] in a.out\n========= ERROR SUMMARY: 1 error\n"
    )
    report = parse(text, "memory")
    assert verdict.status_of(report) == Status.OK
    assert verdict.check_result("memory", report, FILES, None).clean is True
    assert [(one.kind, one.line) for one in verdict.diagnostics(report, FILES)] == [("cuda_error", 9)]


def test_a_flood_of_findings_is_cut_and_it_is_said():
    text = "".join(
        f"========= Invalid __global__ read of size 4 bytes\n=========     at f()+0x10 in k.cu:{line}\n" for line in range(1, 60)
    )
    told = verdict.diagnostics(parse(text, "memory"), FILES)
    assert told[-1].message == "and 39 more findings"


@given(st.text(alphabet=st.sampled_from("= \nInvalid __global__ at 0x1f in k.cu:7 by thread (1,0,0)[]+,Error:"), max_size=400))
def test_any_text_is_read(text):
    for check in ("memory", "race", "sync", "init"):
        report = parse(text.replace("\n", "\n=========") if len(text) % 2 else text, check)
        verdict.diagnostics(report, FILES)
        verdict.check_result(check, report, FILES, None)
