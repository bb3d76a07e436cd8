"""Loops counted in a copy of a function."""

from __future__ import annotations

import subprocess

from codepar.cuda.iterations import Iterations, counted, read_iterations
from codepar.cuda.read import read_function

TEXT = """static void inner(float *a, int m) { for (int j = 0; j < m; j++) a[j] = j; }
void f(int n, int m, float *a) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; ++j) { float s = 0; for (int k = 0; k < 3; k++) s += k; a[i * m + j] = s; }
    int q = 0;
    while (q < n) q++;
    do q--; while (q > 0);
    for (int i = 0; i < n; i++) if (a[i] > 0) for (int j = 0; j < 2; j++) a[i]++; else a[i] = 0;
}
void g(int n, int m, float *a) { inner(a, n); }
int h(int n, int m, float *a) { return n + m; }
"""


def iterations(tmp_path, name: str, calls: str) -> list[Iterations]:
    copy = counted(read_function(TEXT, "a.c", name))
    assert copy is not None
    source = tmp_path / "a.c"
    source.write_text(f"{copy.function.text}\nint main(void) {{ static float a[10000]; {calls} }}\n")
    subprocess.run(["gcc", "-o", str(tmp_path / "a"), str(source)], check=True)
    ran = subprocess.run([str(tmp_path / "a")], capture_output=True, text=True, check=True)
    return read_iterations(ran.stderr, copy.parents)


def test_each_call_has_its_busiest_nest(tmp_path):
    first, second, third = iterations(tmp_path, "f", "f(5, 7, a); f(0, 7, a); f(50, 20, a);")
    assert (first.levels, first.totals, first.work) == ((5, 7), (5, 35), 35)  # the innermost loop touches no memory
    assert second.levels == (1,)  # the do loop runs once
    assert third.totals == (50, 1000)


def test_loops_of_helpers_count_where_there_are_no_others(tmp_path):
    (only,) = iterations(tmp_path, "g", "g(40, 3, a);")
    assert only == Iterations((40,), (40,), (40,), (0,), (0,))


def test_without_loops_there_is_nothing_to_count():
    assert counted(read_function(TEXT, "a.c", "h")) is None


def test_loops_that_the_host_steps_through_are_not_shared_out():
    steps = Iterations(levels=(10, 200, 30), totals=(10, 2000, 60000))
    assert steps.shared_out(1) == (10, 200)
    assert steps.shared_out(10) == steps.shared_out(20) == (200, 30)
    assert steps.shared_out(2000) == (30,)
    assert Iterations((64,), (64,)).shared_out(64) == (64,)


def counts_of(tmp_path, text: str, calls: str) -> list[Iterations]:
    copy = counted(read_function(text, "a.c"))
    assert copy is not None
    (tmp_path / "a.c").write_text(f"{copy.function.text}\nint main(void) {{ static float a[4000]; {calls} }}\n")
    subprocess.run(["gcc", "-o", str(tmp_path / "a"), str(tmp_path / "a.c")], check=True)
    return read_iterations(subprocess.run([str(tmp_path / "a")], capture_output=True, text=True, check=True).stderr, copy.parents)


def test_iterations_that_touch_no_memory_do_not_count(tmp_path):
    text = "void f(float *a, int n) { float t[2]; for (int i = 0; i < n; i++) { t[i & 1] = i; if (i %% %d == 0) a[i] = t[0]; } }"
    (third,) = counts_of(tmp_path, text % 3, "f(a, 30);")
    assert (third.levels, third.spans) == ((10,), (30,))
    (once,) = counts_of(tmp_path, text % 64, "f(a, 30);")
    assert (once.levels, once.spans) == ((1,), (30,))
    row = "void f(float *a, int n) { for (int y = 0; y < n; y++) for (int x = 0; x < n; x++) { if (y == 0) a[x] = 1; } }"
    assert counts_of(tmp_path, row, "f(a, 30);")[0].levels == (30,)


def test_iterations_that_meet_in_an_element_are_told(tmp_path):
    text = "void f(float *a, int n, int s) { for (int i = 0; i < n; i++) { float *p = a + 1; p[i * s] = *(p + i * s) + i; } }"
    wide, still = counts_of(tmp_path, text, "f(a, 50, 2); f(a, 40, 0);")
    assert (wide.clashing(1), still.clashing(1)) == ({}, {0: 40})
    assert wide.is_free(0, 40)
    assert not wide.is_free(0, 51)
    rows = "void f(float *a, int n, int p) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) a[i * p + j] = j; }"
    apart, over = counts_of(tmp_path, rows, "f(a, 20, 30); f(a, 20, 10);")
    assert (apart.clashing(1), over.clashing(1)) == ({}, {0: 20})
