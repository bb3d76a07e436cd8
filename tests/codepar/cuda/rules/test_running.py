"""Running values, winners and last values: what the rules write is run beside the originals, as CUDA and as OpenMP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from codepar.cuda.read import read_function, read_functions
from codepar.cuda.rules import translate_by_rule
from codepar.cuda.translation import Target
from codepar.project import Project
from codepar.protocols import Execution, Status
from codepar.settings import Settings
from worker.executor import open_executor

FOLDER = Path(__file__).parent
ORIGINALS = (FOLDER / "running.c").read_text()
COMPARE = (FOLDER / "running.cc").read_text()


def texts(target: Target) -> list[str]:
    found = []
    for one in read_functions(ORIGINALS, "running.c"):
        outcome = translate_by_rule(one, target)
        assert outcome.is_translated, (one.name, outcome.refusals)
        if outcome.part is not None:
            found.append(outcome.part.text)
        elif outcome.translation is not None:
            found.append(outcome.translation.source)
    return found


@pytest.mark.parametrize("target", Target)
def test_what_is_translated_computes_what_the_original_does(
    target: Target, tmp_path: Path, shared_cache: Callable[[Path], Path]
) -> None:
    settings = Settings(data_dir=shared_cache(tmp_path))
    is_cuda = target is Target.CUDA
    text = "\n".join([ORIGINALS, *texts(target), COMPARE])
    execution = Execution(
        project=Project.of_source(text, "main.cu" if is_cuda else "main.cpp"), emulate=is_cuda, openmp=not is_cuda
    )
    result = asyncio.run(open_executor(settings, trusted=True).execute(execution))
    assert (result.status, result.stdout) == (Status.OK, "done\n"), (result.stdout, result.diagnostics[:3], result.stderr[-2000:])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("int s = 0; for (int i = 0; i < n; i++) { if (s < 9) s += a[i]; b[i] = s; }", "recurrence"),  # saturates
        ("float s = 1; for (int i = 0; i < n; i++) { s *= c[i]; c[i] = s; }", "recurrence"),  # may overflow on the way
        ("int s = 0; for (int i = 0; i < n; i++) { b[i] = 2 * a[i]; s += b[i]; a[i] = s; }", "recurrence"),  # reads what it wrote
        ("int s = 0, t = 0; for (int i = 0; i < n; i++) { s += t; t += a[i]; b[i] = s; }", "recurrence"),  # a sum of sums
        ("for (int i = 1; i < n; i++) { if (a[i]) continue; b[i] = b[i - 1] + a[i]; }", "dependence"),
        ("for (int i = 1; i < n; i++) { b[i] = b[i - 1] + a[i]; b[0] = 1; }", "dependence"),
        ("for (int i = 1; i < n; i++) b[i] -= b[i - 1];", "dependence"),
        ("for (int i = 2; i < n; i++) b[i] = b[i - 1] + b[i - 2];", "dependence"),
        ("int m = 0, k = 0; for (int i = 0; i < n; i++) if (a[i] > m) { m = a[i]; k += 1; } b[0] = k;", "recurrence"),
        ("int m = 0, k = 0; for (int i = 0; i < n; i++) { if (a[i] > m) { m = a[i]; k = i; } a[i] = k; }", "recurrence"),
        ("int k = 0; for (int i = 0; i < n; i++) { b[k] = a[i]; if (a[i] > 0) k++; }", "dependence"),  # overwrites itself
        ("int k = 0; for (int i = 0; i < n; i++) { if (a[i] > 0) b[k++] = i; if (k > 9) k = 0; }", "dependence"),
        ("int t = 0; for (int i = 0; i < n; i++) { b[i] = t; if (a[i]) continue; t = i; }", "recurrence"),
        ("for (int i = 0; i < n; i++) { if (a[i]) b[0] = 1; else b[n - 1] = 2; }", "dependence"),
        ("for (int i = 0; i < n; i++) { int k = 0; a[i] > 0 && (k = i); b[k] = i; }", "dependence"),
        ("for (unsigned i = 0; i < (unsigned)n; i++) b[i * 65536u * 65536u] = 1;", "dependence"),
        ("for (int i = 0; i < n; i++) b[((unsigned)i << 30) >> 30] = 1;", "dependence"),
        ("for (long i = 0; i < n; i++) b[(int)(i * 4294967296L)] = 1;", "dependence"),
        ("for (int i = 0; i < n; i++) switch (a[i]) { case 0: b[i] = 1; case 1: b[i] = 2; }", "statement"),
    ],
)
def test_what_is_no_scan_is_refused(body: str, code: str) -> None:
    outcome = translate_by_rule(read_function(f"void f(int *a, int *b, float *c, int n) {{ {body} }}", "f.c"))
    assert [one.code for one in outcome.refusals] == [code]


def test_a_running_sum_of_each_row_leaves_the_row_to_one_thread() -> None:
    text = """void f(float *a, int h, int w) {
        for (int y = 0; y < h; y++) { float s = 0; for (int x = 0; x < w; x++) { s += a[y * w + x]; a[y * w + x] = s; } }
    }"""
    outcome = translate_by_rule(read_function(text, "f.c"))
    assert outcome.part is not None
    assert "x_turn" not in outcome.part.text


def test_what_a_helper_may_change_by_reference_is_refused() -> None:
    text = """static void bump(float &s, float v) { s += v; }
    float f(const float *a, int n) { float s = 0; for (int i = 0; i < n; i++) bump(s, a[i]); return s; }"""
    assert [one.code for one in translate_by_rule(read_function(text, "f.cpp", "f")).refusals] == ["expression"]
