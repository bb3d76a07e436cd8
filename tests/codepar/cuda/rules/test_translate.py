from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import read_function, read_functions
from codepar.cuda.rules import translate_by_rule
from codepar.cuda.translation import Target
from codepar.project import Project
from codepar.protocols import Execution, Status
from codepar.settings import Settings
from worker.executor import open_executor

FOLDER = Path(__file__).parent
SEQUENTIAL = (FOLDER / "sequential.c").read_text()


def functions() -> list[SequentialFunction]:
    return [one for one in read_functions(SEQUENTIAL, "sequential.c") if one.name != "squared"]


@pytest.fixture(scope="module")
def parts() -> dict[str, str]:
    outcomes = {one.name: translate_by_rule(one) for one in functions()}
    assert {name: outcome.refusals for name, outcome in outcomes.items() if not outcome.is_translated} == {}
    return {name: outcome.part.text for name, outcome in outcomes.items() if outcome.part is not None}


def test_what_is_translated_computes_what_the_original_does(
    parts: dict[str, str], tmp_path: Path, shared_cache: Callable[[Path], Path]
) -> None:
    settings = Settings(data_dir=shared_cache(tmp_path))
    original = SEQUENTIAL.replace("static float squared", "static __host__ __device__ float squared")
    text = "\n".join([original, *parts.values(), (FOLDER / "compare.cc").read_text()])
    execution = Execution(project=Project.of_source(text, "main.cu"), emulate=True, checks=("memory", "race"))
    result = asyncio.run(open_executor(settings, trusted=True).execute(execution))
    assert (result.status, result.stdout) == (Status.OK, "done\n"), (result.stdout, result.diagnostics[:3], result.stderr[-2000:])


def test_one_reduction_needs_no_atomics_and_uses_shared_memory(parts: dict[str, str]) -> None:
    assert "__shared__" in parts["dot"]
    assert "atomic" not in parts["dot"]
    assert "atomicMax" in parts["groups"]


def test_a_stride_that_may_be_zero_has_a_second_way(parts: dict[str, str]) -> None:
    assert "(long long)stride != 0" in parts["strided"]
    assert "strided_kernel_1_serial<<<1, 1>>>" in parts["strided"]


def test_neighbouring_threads_take_the_loop_that_lies_side_by_side() -> None:
    text = "void f(float *a, int n, int m) { for (int x = 0; x < n; x++) for (int y = 0; y < m; y++) a[y * n + x] = 1; }"
    outcome = translate_by_rule(read_function(text, "f.c"))
    assert outcome.part is not None
    assert re.search(r"x_turn = blockIdx\.x", outcome.part.text)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("void f(float *a, int n) {\n for (int i = 1; i < n; i++)\n a[i] = a[i - 1] * 2 + 1;\n}", "dependence", 2),
        ("int f(int *a, int n) {\n for (int i = 0; i < n; i++)\n if (a[i]) return i;\n return -1; }", "early_exit", 2),
        ("void f(int *a, int *b, int n) {\n for (int i = 0; i < n; i++)\n a[b[i]] = i; }", "dependence", 2),
        ("void f(int *a, int n) {\n int s = 0;\n for (int i = 0; i < n; i++) { s += 0.5f * s; a[i] = s; } }", "recurrence", 3),
        ("int f(int n) { return n + 1; }", "no_loop", 1),
        ("void f(int *a, int n) {\n for (int i = 0; i < n; i++) a[i] = unknown(i); }", "expression", 2),
    ],
)
def test_a_refusal_names_its_reason_and_line(text: str, code: str, line: int) -> None:
    for target in Target:
        outcome = translate_by_rule(read_function(text, "f.c"), target)
        assert not outcome.is_translated
        assert [(one.code, one.line) for one in outcome.refusals] == [(code, line)]


@pytest.mark.parametrize("value", ["c[i].v", "twice(a[i])", "fabsf(a[i]) * 2", "(float)c[i].k"])
def test_members_and_helpers_are_summed(value: str) -> None:
    text = f"""struct cell {{ float v; int k; }};
    static float twice(float x) {{ return x * 2; }}
    float f(const struct cell *c, const float *a, int n) {{ float s = 0; for (int i = 0; i < n; i++) s += {value}; return s; }}"""
    outcome = translate_by_rule(read_function(text, "f.c", "f"))
    assert outcome.part is not None, outcome.refusals
    assert "s_shared" in outcome.part.text


def test_a_constant_buffer_given_to_a_helper_stays_constant() -> None:
    text = """static int same(const char *a, const char *b, int m) {
        for (int k = 0; k < m; k++) if (a[k] != b[k]) return 0;
        return 1;
    }
    int f(const char *t, int n, const char *w, int m) {
        int s = 0;
        for (int i = 0; i + m <= n; i++) s += same(t + i, w, m);
        return s;
    }"""
    outcome = translate_by_rule(read_function(text, "f.c", "f"))
    assert outcome.part is not None, outcome.refusals
    heads = [line for line in outcome.part.text.splitlines() if line.startswith("__global__") and "__restrict__ t" in line]
    assert heads
    assert all("const char *__restrict__ t" in head and "const char *__restrict__ w" in head for head in heads)


def test_an_integer_that_takes_in_floating_values_is_not_summed_in_parallel() -> None:
    text = "int f(const float *a, int n) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }"
    assert [one.code for one in translate_by_rule(read_function(text, "f.c")).refusals] == ["recurrence"]


def test_openmp_has_the_same_loops() -> None:
    texts = {one.name: translate_by_rule(one, Target.OPENMP).translation for one in functions()}
    sources = {name: one.source for name, one in texts.items() if one is not None}
    assert "#pragma omp parallel for reduction(+:s)" in sources["dot"]
    assert "#pragma omp parallel for reduction(max:m)" in sources["greatest"]
    assert "#pragma omp atomic" in sources["equalised"]
    assert "if((long long)stride != 0)" in sources["strided"]
    assert "static float squared(float v)" in sources["smoothed"]


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize(
    "kind",
    ["enum op { SAME, MORE = 7 };|enum op", "typedef enum { SAME, MORE = 7 } op;|op", "typedef enum o { SAME, MORE = 7 } op;|op"],
)
def test_an_enumeration_is_an_integer_to_choose_by(kind: str, target: Target) -> None:
    above, name = kind.split("|")
    text = (
        f"{above}\nvoid f({name} how, int *a, int n) {{\n"
        "    for (int i = 0; i < n; i++)\n        switch (how) { case MORE: a[i]++; break; default: a[i] = 0; }\n}\n"
    )
    assert translate_by_rule(read_function(text, "f.c"), target).is_translated
