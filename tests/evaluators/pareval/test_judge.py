"""Right answers pass; cheats do not: each is compiled and run, as upstream builds it where that is the point."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from codepar.protocols import Executor, Status
from evaluators.benchmarks.pareval import Model, Problem
from evaluators.pareval.judge import Judged, judge
from evaluators.pareval.truth import Truth, Truths, empty_answer, right_answer

Problems = Callable[[Model], Problem]
LOOP = "    for (size_t i = 0; i < x.size(); i++) x[i] *= 2;\n}\n"
CHEATS = {
    "nothing": ("}", Status.WRONG_OUTPUT),
    "printed": ('    puts("Validation: PASS"); puts("@0 verdict right"); fflush(stdout); _Exit(0);\n}', Status.RUNTIME_ERROR),
    "oracle": ("    void correctTwice(std::vector<double> &); correctTwice(x);\n}", Status.COMPILE_ERROR),
    "driver read": ('}\n#include "baseline.hpp"\n', Status.COMPILE_ERROR),
    "no inputs": ('}\nextern "C" int rand() { return 0; }\n', Status.WRONG_OUTPUT),
    "no comparison": (
        "}\ntemplate <> bool fequal(std::vector<double> const &, std::vector<double> const &, double) { return true; }\n",
        Status.WRONG_OUTPUT,
    ),
    "crash": ("    *(volatile int *)8 = 1;\n}", Status.RUNTIME_ERROR),
}


def run(problem: Problem, answer: str, executor: Executor, *, upstream: bool = False) -> Judged:
    return asyncio.run(judge(problem, answer, executor, upstream=upstream))


def test_a_right_answer_is_right_both_ways(problem: Problems, executor: Executor) -> None:
    found = run(problem("serial"), LOOP, executor, upstream=True)
    assert (found.status, found.upstream, found.correct, found.parallel) == (Status.OK, True, True, None)


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_not(name: str, problem: Problems, executor: Executor) -> None:
    answer, status = CHEATS[name]
    found = run(problem("serial"), answer, executor)
    assert found.status is status
    assert found.correct is not True


def test_upstream_believes_what_is_printed(problem: Problems, executor: Executor) -> None:
    answer = '    puts("Validation: PASS"); fflush(stdout); _Exit(0);\n}'
    found = run(problem("serial"), answer, executor, upstream=True)
    assert (found.upstream, found.correct) == (True, None)


def test_openmp_must_take_effect(problem: Problems, executor: Executor) -> None:
    shared = run(problem("omp"), f"    #pragma omp parallel for\n{LOOP}", executor)
    assert (shared.status, shared.parallel) == (Status.OK, True)
    said = '    fputs("\\ncodepar-regions 9 9\\n", stderr); // #pragma omp parallel for\n' + LOOP
    alone = run(problem("omp"), said, executor, upstream=True)
    assert (alone.status, alone.upstream, alone.correct, alone.parallel) == (Status.NOT_PARALLEL, True, True, False)


def test_a_race_is_told(problem: Problems, executor: Executor) -> None:
    racing = "    double last = 0;\n    #pragma omp parallel for\n" + LOOP.replace("x[i] *= 2", "last = 2 * x[i], x[i] = last")
    found = run(problem("omp"), racing, executor)
    assert found.status in {Status.RACE, Status.WRONG_OUTPUT}


def test_cuda_counts_who_works(problem: Problems, executor: Executor) -> None:
    task = problem("cuda")
    kernel = "    size_t i = blockIdx.x * blockDim.x + threadIdx.x;\n    if (i < N) x[i] = two(x[i]);\n}\n"
    found = run(task, kernel, executor)
    assert (found.status, found.correct, found.parallel, found.true_parallel) == (Status.OK, True, True, True)
    alone = run(
        task, "    if (blockIdx.x || threadIdx.x) return;\n    for (size_t i = 0; i < N; i++) x[i] = two(x[i]);\n}", executor
    )
    assert (alone.status, alone.correct, alone.parallel) == (Status.NOT_PARALLEL, True, False)


def test_what_the_runtime_lacks_is_unsupported(problem: Problems, executor: Executor) -> None:
    found = run(problem("cuda"), "    thrust::sort(x, x + N);\n}", executor)
    assert (found.status, found.correct) == (Status.UNSUPPORTED, None)
    assert "thrust" in found.reason


def test_tasks_are_counted_where_the_driver_works(problem: Problems, executor: Executor) -> None:
    task = problem("serial")
    assert asyncio.run(Truths(executor, None, "here").of(task)) is Truth.OK
    answer = right_answer(task)
    assert answer is not None
    assert "correctTwice(x)" in answer
    assert empty_answer(task) == "}\n"
    assert right_answer(problem("cuda")) is None


def test_a_driver_that_passes_nothing_or_everything_is_left_out(problem: Problems, executor: Executor) -> None:
    task = problem("serial")
    broken = task.__class__(**{**fields_of(task), "driver": task.driver.replace("return true;", "return false;")})
    weak = task.__class__(**{**fields_of(task), "driver": task.driver.replace("return false;", "return true;")})
    truths = Truths(executor, None, "here")
    assert asyncio.run(truths.of(broken)) is Truth.BROKEN
    assert asyncio.run(truths.of(weak)) is Truth.WEAK


def fields_of(task: Problem) -> dict[str, object]:
    return {name: getattr(task, name) for name in ("name", "model", "prompt", "driver", "baseline", "utilities", "main")}
