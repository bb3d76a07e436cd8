"""Right translations are verified, wrong and cheating ones are not, each for its own reason: compiled and run for real."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from codepar.cuda.read import read_function
from codepar.cuda.translation import Origin, Target, Translation
from codepar.cuda.verdict import CudaVerdict
from codepar.errors import SandboxUnavailable, ToolMissing
from codepar.flows.cuda_court import open_court
from codepar.flows.cuda_verify import CudaVerifyRequest, verify
from codepar.protocols import Executor, SilentProgress, Status
from codepar.settings import Settings
from worker.executor import open_executor

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))
from cuda_cheats import cheats

PAIRS = Path(__file__).parent / "cuda_pairs"
SEED = 7


def pair(name: str) -> tuple[str, str]:
    return (PAIRS / f"{name}.c").read_text(), (PAIRS / f"{name}.cu").read_text()


class Court:
    """One court a function: the original runs once."""

    def __init__(self, executor, name: str) -> None:
        original, self.right = pair(name)
        self.function = read_function(original, f"{name}.c")
        self.court = asyncio.run(open_court(self.function, executor, Settings(), seed=SEED))
        self.entry = f"{self.function.name}_cuda"
        self.cheats = {}
        for one in cheats(self.function, self.right, self.entry):
            self.cheats.setdefault(one.kind, one)

    def judge(self, text: str, entry: str | None = None) -> CudaVerdict:
        translation = Translation(
            source=text, entry=entry or self.entry, function=self.function.name, target=Target.CUDA, origin=Origin.USER
        )
        return asyncio.run(self.court.judge(translation))

    def cheat(self, kind: str) -> CudaVerdict:
        return self.judge(self.cheats[kind].text, self.cheats[kind].entry)


@pytest.fixture(scope="module")
def judges(tmp_path_factory, shared_cache) -> Executor:
    """The sandboxed executor; the CPU runtime is built once a session."""
    try:
        return open_executor(Settings(data_dir=shared_cache(tmp_path_factory.mktemp("judges") / "data")), trusted=False)
    except (SandboxUnavailable, ToolMissing) as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def saxpy(judges) -> Court:
    return Court(judges, "saxpy")


@pytest.fixture(scope="module")
def string_search(judges) -> Court:
    return Court(judges, "string_search")


def test_a_right_translation_with_barriers_and_atomics_is_verified(string_search):
    verdict = string_search.judge(string_search.right)
    assert verdict.verified, verdict.reason
    assert all(check.passed is True for check in verdict.checks)
    assert (verdict.seed, verdict.tests.purpose) == (SEED, "judge")


@pytest.mark.parametrize(
    ("kind", "status", "rung"),
    [
        ("without_launch", Status.NOT_PARALLEL, "launch"),
        ("on_host", Status.NOT_PARALLEL, "device"),
        ("on_host_through_scratch", Status.NOT_PARALLEL, "device"),
        ("on_host_for_large", Status.NOT_PARALLEL, "launch"),
        ("one_thread", Status.NOT_PARALLEL, "parallel"),
        ("one_thread_of_many", Status.NOT_PARALLEL, "parallel"),
        ("cached", Status.NOT_PARALLEL, "launch"),
        ("early_return", Status.NOT_PARALLEL, "launch"),
        ("exit_early", Status.NOT_PARALLEL, "launch"),
        ("wrong_for_large", Status.WRONG_OUTPUT, "values"),
        ("original_called", Status.COMPILE_ERROR, "compiled"),
        ("racing_counter", Status.RACE, "race"),
        ("same_value_race", Status.RACE, "race"),
        ("read_before_start", Status.MEMORY_ERROR, "memory"),
        ("unwatched", Status.REFUSED, "parsed"),
    ],
)
def test_cheats_fail_at_their_rung(saxpy, kind, status, rung):
    verdict = saxpy.cheat(kind)
    first = next(check for check in verdict.checks if check.passed is False)
    assert not verdict.verified
    # Where the page before a buffer is not mapped, the plain run ends there already.
    ends_early = status is Status.MEMORY_ERROR and first.name == "values"
    assert first.name == rung or ends_early, verdict.reason
    assert verdict.status is status


def test_races_of_one_same_value_are_a_class_of_their_own(saxpy, judges):
    verdict = saxpy.cheat("same_value_race")
    assert verdict.check("race").kind == "race_same_value"
    court = asyncio.run(open_court(saxpy.function, judges, Settings(), seed=SEED, accept_same_value=True))
    text = saxpy.cheats["same_value_race"]
    translation = Translation(source=text.text, entry=text.entry, function="saxpy", target=Target.CUDA, origin=Origin.USER)
    accepted = asyncio.run(court.judge(translation))
    assert accepted.verified, accepted.reason
    assert accepted.check("race").kind == "race_same_value"


def test_an_atomic_or_a_barrier_less_is_a_race(string_search):
    unguarded = string_search.right.replace("atomicAdd(&own, 1)", "own += 1")
    assert string_search.judge(unguarded).status in {Status.RACE, Status.WRONG_OUTPUT}
    first, _, rest = string_search.right.partition("    __syncthreads();\n")
    assert string_search.judge(first + rest).status in {Status.RACE, Status.WRONG_OUTPUT}


def test_guard_one_too_far_is_a_memory_error(saxpy):
    verdict = saxpy.judge(saxpy.right.replace("if (i < n)", "if (i <= n)"))
    assert (verdict.verified, verdict.status) == (False, Status.MEMORY_ERROR)


@pytest.mark.parametrize(
    ("guard", "rung", "least"),
    [("if (i < n && i != 40)", "values", 41), ("if (i <= n)", "memory", 1), ("if (i > n)", "values", 1)],
)
def test_the_failing_case_is_made_small(saxpy, guard, rung, least):
    text = saxpy.right.replace("if (i < n)", guard)
    verdict = saxpy.judge(text)
    assert verdict.least is None
    translation = Translation(source=text, entry=saxpy.entry, function="saxpy", target=Target.CUDA, origin=Origin.USER)
    found = asyncio.run(saxpy.court.with_least(translation, verdict)).least
    assert (found.rung, found.case.scalars["n"]) == (rung, least)
    assert {one.size for one in found.case.buffers.values()} == {"n"}
    assert found.inputs.startswith(f"n = {least}, ")
    assert found.message


def test_there_is_nothing_to_make_small_where_no_run_failed(saxpy):
    translation = Translation(source="", entry=saxpy.entry, function="saxpy", target=Target.CUDA, origin=Origin.USER)
    verdict = saxpy.judge("void saxpy_cuda(int n, float a, const float *x, float *y) { }\n")
    assert asyncio.run(saxpy.court.with_least(translation, verdict)) == verdict


def ask(executor, original: str, translation: str, path: str = "t.cu", **fields):
    request = CudaVerifyRequest(original=original, translation=translation, translation_path=path, seed=SEED, **fields)
    return asyncio.run(verify(request, executor, SilentProgress(), Settings()))


def test_the_answer_says_how_to_get_it_again(judges):
    answer = ask(judges, *pair("saxpy"), original_path="my saxpy.c")
    assert answer.verdict.verified, answer.verdict.reason
    expected = "codepar cuda verify 'my saxpy.c' t.cu --function saxpy --entry saxpy_cuda --seed 7"
    assert answer.verdict.reproduce == expected


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("int q = n;", Status.INVALID_TESTS, "the original does nothing"),
        ("int most = 2147483647; a[0] = (float)(most + n * n + 1);", Status.INVALID_TESTS, "not clean"),
        ('printf("%d", n);', Status.REFUSED, "printf"),
    ],
)
def test_originals_that_no_test_can_judge(judges, body, status, words):
    kernel = "__global__ void k(float *a) { a[threadIdx.x] = 1; }\nvoid f_cuda(int n, float *a) { k<<<1, 32>>>(a); }\n"
    verdict = ask(judges, f"#include <stdio.h>\nvoid f(int n, float *a) {{ {body} }}\n", kernel).verdict
    assert (verdict.status, verdict.verified) == (status, False), verdict.reason
    assert words in verdict.reason


OPENMP = "void saxpy_openmp(int n, float a, const float *x, float *y) {\n@\n    for (int i = 0; i < n; i++) #;\n}\n"


@pytest.mark.parametrize(
    ("pragma", "statement", "status"),
    [
        ("#pragma omp parallel for", "y[i] = a * x[i] + y[i]", Status.OK),
        ("#pragma omp parallel for schedule(dynamic, 4)", "y[i] = a * x[i] + y[i]", Status.OK),
        ("#pragma omp parallel for num_threads(1)", "y[i] = a * x[i] + y[i]", Status.NOT_PARALLEL),
        ("#pragma omp parallel\n#pragma omp single", "y[i] = a * x[i] + y[i]", Status.NOT_PARALLEL),
        ("#pragma omp simd", "y[i] = a * x[i] + y[i]", Status.NOT_PARALLEL),
        ("static int seen;\n#pragma omp parallel for", "{ seen = seen + 1; y[i] = a * x[i] + y[i]; }", Status.RACE),
    ],
)
def test_openmp(judges, pragma, statement, status):
    text = OPENMP.replace("@", pragma).replace("#;", f"{statement};" if statement[-1] != "}" else statement)
    verdict = ask(judges, pair("saxpy")[0], text, "t.c").verdict
    assert verdict.status is status, verdict.reason
