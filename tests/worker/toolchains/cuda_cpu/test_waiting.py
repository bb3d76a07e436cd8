"""Threads and blocks that wait for each other in memory: locks, look-back, grid barriers, volatile flags."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

PROGRAM = (Path(__file__).parent / "programs" / "waiting.cu").read_text()


@pytest.fixture(scope="module")
def program(cuda):
    return cuda(PROGRAM)


@pytest.mark.parametrize(("order", "workers"), [("forward", "1"), ("reverse", "1"), ("random:5", "2"), ("forward", "4")])
def test_waiting_threads_let_those_run_that_they_wait_for(program, order, workers):
    run = program("all", schedule=order, workers=workers)
    assert (run.stdout, run.exit_code) == ("right\n", 0), run.stderr
    assert [finding["kind"] for finding in run.findings if finding["kind"] not in ("timeout_site", "cuda_error")] == []


def test_a_block_that_leaves_before_grid_sync_is_an_error(program):
    run = program("leaves_grid")
    assert run.stdout == "719\n"
    (finding,) = run.findings
    assert finding["kind"] == "barrier_divergence"
    assert "1 of 3 blocks returned" in finding["message"]
    assert PROGRAM.splitlines()[finding["line"] - 1].startswith("__global__ void leaves_grid")


@pytest.mark.parametrize("kernel", ["for_ever", "for_ever_atomic"])
def test_a_killed_kernel_leaves_word_of_where_it_was(program, kernel, tmp_path):
    report = tmp_path / "report.jsonl"
    process = subprocess.Popen([program.path, kernel], env={"CODEPAR_CUDA_REPORT": str(report)})
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=3)
    finally:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    text = report.read_text()
    assert '"kind": "timeout_site"' in text
    assert f"kernel {kernel}, launched at program.cu:" in text
