"""The programs of one answer to a ParEval problem: ours, in which the answer is apart from what judges it, and upstream's.

In ours the answer is a translation unit of its own. The driver (upstream's text with its inputs, oracle and comparison) is the
other unit, under names that carry a nonce: the answer cannot include it, call the oracle, or stand in for ``rand`` and the
comparison. The inputs are drawn anew by the nonce, and our ``main`` tells the verdict behind the nonce. In an instrumented build
the test has at most 64 elements a side. Limits: both units are one process, so that code which searches its own memory can
still find what it wants; upstream's comparison, tolerances and sizes are taken as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.project import Project
from evaluators.benchmarks.pareval import Problem

SIZE = 64
"""``DRIVER_PROBLEM_SIZE``: of the data that upstream only times; the comparison has sizes of its own."""

_FEW_TRIES, _MANY_TRIES = 2, 10
"""Upstream compares twice; where the answer is one truth value or index, a constant then passes by luck."""
_SQUARE = re.compile(r"\bTEST_SIZE \* TEST_SIZE\b|\bsmallestArea\b")
_THRUST = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(?:thrust|cub)/[^>\n]*>", re.MULTILINE)
_SYSTEM = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<[^>\n]+>", re.MULTILINE)
_QUOTED = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"(utilities|baseline|generated-code)\.(?:hpp|cuh)"', re.MULTILINE)
_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once\b", re.MULTILINE)
_TEST_SIZE = re.compile(r"(\bsize_t\s+TEST_SIZE\s*=\s*)(\d+)(\s*;)")
_DEFINITION = re.compile(
    r"^(?=(?:__device__ |__constant__ )?(?:const )?(?:double|float|int|bool|size_t|void) \w+\s*[\[(])", re.MULTILINE
)
_UPSTREAM_ONLY = ("fequal", "fillRand", "fillRandString", "atomicMul")
_ARRAY = "#include <array>\n"
"""Upstream leaves it to a header of its compiler."""
_OWN = "".join(f"#include <{name}>\n" for name in ("cstdio", "cstdlib", "string", "complex", "queue"))
"""Headers that use a name which the driver's unit gives another meaning; they must be read before."""
_DRAW = """#include <stdint.h>
#include <stdlib.h>
static uint64_t codepar_draw_@NONCE@ = @SEED@ULL;
static int codepar_rand_@NONCE@() {
    codepar_draw_@NONCE@ = codepar_draw_@NONCE@ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)(codepar_draw_@NONCE@ >> 33);
}
#ifdef __SANITIZE_THREAD__
#define CODEPAR_TEST_SIZE(n) ((n) < 64 ? (n) : 64)
#else
#define CODEPAR_TEST_SIZE(n) (n)
#endif
"""
_MAIN = """
int main() {
    Context *context = init();
    const bool is_right = validate(context);
    printf("\\n@@NONCE@ verdict %s\\n", is_right ? "right" : "wrong");
    fflush(stdout);
    destroy(context);
    return 0;
}
"""


@dataclass(frozen=True)
class Program:
    """A project with the flags that it needs."""

    project: Project
    flags: tuple[str, ...]
    emulate: bool
    openmp: bool


def judged_program(problem: Problem, answer: str, nonce: str) -> Program:
    """The answer in a unit of its own, and the driver behind names that hold the nonce (hexadecimal digits)."""
    suffix = ".cu" if problem.model == "cuda" else ".cpp"
    files = {
        f"answer{suffix}": _answer_unit(problem, answer),
        f"driver_{nonce}{suffix}": _driver_unit(problem, nonce),
        "utilities.hpp": problem.utilities,
    }
    tries = _FEW_TRIES if _SQUARE.search(problem.driver) else _MANY_TRIES
    return _program(problem, files, f"-DMAX_VALIDATION_ATTEMPTS={tries}")


def upstream_program(problem: Problem, answer: str) -> Program:
    """The files as upstream builds them: the answer is included by the driver, the verdict goes to standard output."""
    is_cuda = problem.model == "cuda"
    suffix = ".cu" if is_cuda else ".cpp"
    files = {
        f"driver{suffix}": _ARRAY + _THRUST.sub("", problem.driver),
        f"main{suffix}": problem.main,
        f"generated-code.{'cuh' if is_cuda else 'hpp'}": f"{problem.prompt}\n{answer}\n",
        "baseline.hpp": problem.baseline,
        "utilities.hpp": problem.utilities,
    }
    return _program(problem, files)


def _program(problem: Problem, files: dict[str, str], *more: str) -> Program:
    flags = (f"-DUSE_{problem.model.upper()}", f"-DDRIVER_PROBLEM_SIZE={SIZE}", "-std=c++17", "-O3", *more)
    return Program(Project(files=files), flags, emulate=problem.model == "cuda", openmp=problem.model == "omp")


def _answer_unit(problem: Problem, answer: str) -> str:
    """What upstream includes before the answer, without the oracle; then the prompt and the answer."""
    headers = _system_headers(problem.driver, problem.baseline)
    return f'{headers}#include "utilities.hpp"\n{problem.device_helpers}\n{problem.prompt}\n{answer}\n'


def _system_headers(*texts: str) -> str:
    found = dict.fromkeys(line for text in texts for line in _SYSTEM.findall(_THRUST.sub("", text)))
    return _ARRAY + "".join(f"{line}\n" for line in found)


def _driver_unit(problem: Problem, nonce: str) -> str:
    """Upstream's driver in one text: what it includes stands in it, what the answer could meet has another name."""
    baseline = _ONCE.sub("", problem.oracle)
    declared = _DEFINITION.sub("static ", problem.preamble) + problem.head.rstrip("{ \t") + ";"
    parts = {"utilities": '#include "utilities.hpp"', "baseline": baseline, "generated-code": declared}
    driver = _QUOTED.sub(lambda match: parts[match[1]], _THRUST.sub("", problem.driver))
    driver = _TEST_SIZE.sub(r"\1CODEPAR_TEST_SIZE(\2)\3", driver)
    headers = _OWN + _system_headers(problem.driver, problem.baseline)
    seed = str(int(nonce, 16) % 2**63)
    draw = _DRAW.replace("@NONCE@", nonce).replace("@SEED@", seed)
    names = _defines(("rand", f"codepar_rand_{nonce}"), *((one, f"{one}_{nonce}") for one in (*_UPSTREAM_ONLY, *problem.oracles)))
    return f"{headers}{draw}{names}{driver}\n{_MAIN.replace('@NONCE@', nonce)}"


def _defines(*names: tuple[str, str]) -> str:
    return "".join(f"#define {old} {new}\n" for old, new in names)
