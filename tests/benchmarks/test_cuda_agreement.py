"""The table of agreement: which programs it takes, and what it makes of two results; no GPU is behind these."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cuda_agreement import EXAMPLES, Item, Table, compare, corpus, examples

from codepar.project import Project
from codepar.protocols import Diagnostic, ExecutionResult, Status
from worker.toolchains.gpu.device import has_device

SCRIPT = Path(__file__).parents[2] / "benchmarks/cuda_agreement.py"


def test_the_labelled_kernels_and_the_examples_are_taken():
    items = list(corpus())
    assert len({item.name for item in items}) == len(items) >= 120
    assert {item.label for item in items} >= {"clean", "race", "memory_error", "barrier_divergence"}
    assert {item.name for item in examples()} == {path.stem.removesuffix("_cuda") for path in EXAMPLES.glob("*_cuda.cu")}


def test_an_example_calls_its_translation():
    project = next(item for item in examples() if item.name == "saxpy").project
    host = project.files["saxpy.c"]
    assert (
        "void saxpy_cuda(int n, float a, const float *x, int incx, float *y, int incy);\n#define saxpy saxpy_cuda\nint main("
        in host
    )


@pytest.mark.parametrize(
    ("emulated", "on_gpu", "counted"),
    [
        ({"stdout": "1.00000 x"}, {"stdout": "1.00001 x"}, {"programs": 1, "same": 1}),
        ({"stdout": "1.0"}, {"stdout": "1.1"}, {"programs": 1, "differ": 1}),
        ({"stdout": "1"}, {"stdout": "1", "exit_code": 3}, {"programs": 1, "differ": 1}),
        ({"status": Status.UNSUPPORTED}, {}, {"programs": 1, "not run: emulator": 1}),
        ({}, {"status": Status.COMPILE_ERROR}, {"programs": 1, "not run: GPU": 1}),
    ],
)
def test_what_is_agreement(emulated, on_gpu, counted):
    table = Table()
    item = Item("tests", "one", Project(files={"k.cu": ""}), label="race")
    results = (
        ExecutionResult(**{"status": Status.OK, "exit_code": 0, "diagnostics": (Diagnostic(kind="k", message="m"),), **fields})
        for fields in (emulated, on_gpu)
    )
    compare(item, *results, table)
    assert table.groups == {"tests": counted}
    assert len(table.differ) == (0 if "same" in counted else 1)


def test_findings_are_set_side_by_side():
    table = Table()
    item = Item("tests", "one", Project(files={"k.cu": ""}), label="race")
    compare(item, ExecutionResult(status=Status.RACE), ExecutionResult(status=Status.OK), table)
    assert dict(table.findings) == {("race", "race", "nothing"): 1}


@pytest.mark.skipif(has_device(), reason="this machine has a GPU")
def test_without_a_device_it_says_so_and_exits_2():
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no table of agreement here: no /dev/nvidia0" in done.stderr
