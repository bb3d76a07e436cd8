"""Answers are run for real: right ones pass, wrong ones, early ends and broken code do not."""

import asyncio

import pytest

from codepar.errors import NotFound
from codepar.protocols import Status
from codepar.settings import Settings
from evaluators.benchmarks.codepp_functions import load_collections
from evaluators.function_answers import try_answer
from worker.executor import open_executor

COLLECTIONS = {one.name: one for one in load_collections()}


@pytest.fixture(scope="module")
def executor(tmp_path_factory):
    return open_executor(Settings(data_dir=tmp_path_factory.mktemp("answers")), trusted=True)


AXPY = "void vec_axpy(int n, double a, const double *x, double *y)\n"
CASES = [
    ("vectors", "vec_axpy", AXPY + "{ while (n-- > 0) y[n] += a * x[n]; }", Status.OK),
    ("vectors", "vec_axpy", AXPY + "{ while (n-- > 0) y[n] = a * x[n]; }", Status.RUNTIME_ERROR),
    ("vectors", "vec_axpy", AXPY + "{ exit(0); }", Status.WRONG_OUTPUT),
    ("vectors", "vec_axpy", AXPY + "{ y[0] = ; }", Status.COMPILE_ERROR),
    ("statistics", "mean_of", None, Status.OK),
    ("sequences", "flatten", "def flatten(lists):\n    return [x for xs in lists for x in xs]", Status.OK),
    ("sequences", "flatten", "def flatten(lists):\n    return lists", Status.RUNTIME_ERROR),
]


@pytest.mark.parametrize(("collection", "function", "answer", "status"), CASES)
def test_the_verdict_is_the_tests(executor, collection, function, answer, status):
    answers = {function: answer} if answer else {}
    assert asyncio.run(try_answer(COLLECTIONS[collection], function, answers, executor)) == status


def test_a_caller_uses_the_answer_for_what_it_calls(executor):
    wrong = "double vec_dot(int n, const double *x, const double *y) { return 0; }"
    found = try_answer(COLLECTIONS["vectors"], "vec_norm2", {"vec_dot": wrong}, executor)
    assert asyncio.run(found) == Status.RUNTIME_ERROR


def test_an_unknown_function(executor):
    with pytest.raises(NotFound, match="no function 'vec'"):
        asyncio.run(try_answer(COLLECTIONS["vectors"], "vec", {}, executor))
