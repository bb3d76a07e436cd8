"""The unit of the answer knows nothing of the unit that judges it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evaluators.benchmarks.pareval import MODELS, Model, Problem
from evaluators.pareval.programs import judged_program, upstream_program

NONCE = "00ff00ff00ff00ff"


@pytest.mark.parametrize("model", MODELS)
def test_the_oracle_is_in_the_driver_alone(model: Model, problem: Callable[[Model], Problem]) -> None:
    files = judged_program(problem(model), "}\n", NONCE).project.files
    answer = next(text for name, text in files.items() if name.startswith("answer"))
    driver = next(text for name, text in files.items() if name.startswith(f"driver_{NONCE}"))
    assert "baseline.hpp" not in files
    assert "correctTwice" not in answer
    assert NONCE not in answer
    assert f"#define correctTwice correctTwice_{NONCE}" in driver
    assert f"#define rand codepar_rand_{NONCE}" in driver
    assert "CODEPAR_TEST_SIZE(1024)" in driver
    assert "thrust" not in answer + driver


def test_the_driver_declares_what_the_prompt_declares(problem: Callable[[Model], Problem]) -> None:
    files = judged_program(problem("cuda"), "}\n", NONCE).project.files
    driver = files[f"driver_{NONCE}.cu"]
    assert "static __device__ double two(double x)" in driver
    assert "__global__ void twice(double *x, size_t N);" in driver


def test_upstream_includes_the_answer(problem: Callable[[Model], Problem]) -> None:
    files = upstream_program(problem("cuda"), "}\n").project.files
    assert files["generated-code.cuh"].endswith("size_t N) {\n}\n\n")
    assert files["main.cu"].startswith("#include <cstdio>")
