"""Functions of answers are found as a reader finds them, and run: what is there, with which declaration, and whether it works."""

import asyncio

import pytest

from codepar.protocols import Status
from evaluators.benchmarks.codepp_functions import load_collections
from evaluators.fidelity.judge import judge_function

COLLECTIONS = {one.name: one for one in load_collections()}
HEAD = "double vec_dot(int n, const double *x, const double *y)"
LOOP = "{ double sum = 0; for (int i = 0; i < n; i++) sum += x[i] * y[i]; return sum; }"
HELPER = "static double times(double a, double b) { return a * b; }"
CALLS = "{ double sum = 0; for (int i = 0; i < n; i++) sum += times(x[i], y[i]); return sum; }"
NORM = "double vec_norm2(int n, const double *x) { return 0; }"
MAIN = "int main(void) { return 1; }"
RIGHT = (Status.OK, True, ())
CASES = {
    "as it was": (f"```c\n{HEAD}\n{LOOP}\n```", RIGHT),
    "the old one first": (f"Before:\n```c\n{HEAD} {{ return 1; }}\n```\nAfter:\n```c\n{HEAD}\n{LOOP}\n```", RIGHT),
    "with a helper, an include and a trial": (f"```c\n#include <math.h>\n{HELPER}\n{HEAD}\n{CALLS}\n{MAIN}\n```", RIGHT),
    "beside another function": (f"```c\n{HEAD}\n{LOOP}\n{NORM}\n```", (Status.OK, True, ("vec_norm2",))),
    "another declaration": (f"```c\n{HEAD.replace('int n', 'long n')}\n{LOOP}\n```", (Status.OK, False, ())),
    "wrong": (f"```c\n{HEAD} {{ return 0; }}\n```", (Status.RUNTIME_ERROR, True, ())),
    "does not compile": (f"```c\n{HEAD} {{ return z; }}\n```", (Status.COMPILE_ERROR, True, ())),
    "cut off": (f"```c\n{HEAD}\n{LOOP[:40]}\n```", (Status.REFUSED, False, ())),
    "another name": (f"```c\n{HEAD.replace('vec_dot', 'fast_dot')}\n{LOOP}\n```", (Status.REFUSED, False, ())),
    "words alone": ("It is as fast as it gets.", (Status.REFUSED, False, ())),
}


@pytest.mark.parametrize("name", CASES)
def test_an_answer_is_read_and_run(judging_executor, name):
    text, wanted = CASES[name]
    found = asyncio.run(judge_function(COLLECTIONS["vectors"], "vec_dot", text, judging_executor))
    assert (found.status, found.same_signature, found.foreign) == wanted
    assert (found.place is None) == (found.status is Status.REFUSED) == bool(found.reason)


def test_a_translation_is_run_under_its_own_name(judging_executor):
    text = f"```c\n{HEAD.replace('vec_dot', 'vec_dot_omp')}\n{LOOP}\n```"
    found = asyncio.run(judge_function(COLLECTIONS["vectors"], "vec_dot", text, judging_executor, entry="vec_dot_omp"))
    assert (found.passed, found.translated) == (True, True)
