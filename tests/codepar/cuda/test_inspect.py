from __future__ import annotations

import subprocess

import pytest

from codepar.cuda.inspect import inspector_of
from codepar.cuda.prelude import HEADERS
from codepar.cuda.read import read_function
from codepar.cuda.wrapper import entry_parameters

# function, the buffer, its arguments, how many elements the call touches
CASES = [
    (
        "void f(float *a, const float *b, const int *k, int n) { for (int i = 0; i < n; i++) a[i] = b[k[i]]; }",
        "b",
        "0, 0, idx, 3",
        8,
    ),
    ("void f(int *h, const int *k, int n) { for (int i = 0; i < n; i++) if (k[i] > 3) h[k[i]]++; }", "h", "0, idx, 2", 6),
    (
        "void f(int *h, const int *k, int n) { for (int i = 0; i < n; i++) h[k[i]] += k[i] > 4 ? h[2 * k[i]] : 0; }",
        "h",
        "0, idx, 3",
        15,
    ),
    ("void f(int *a, int n) { int i = 1; while (i < n) { a[i] = i; i = i * 3 + 1; } }", "a", "0, 30", 14),
    ("void f(int *a, int n) { int i = 1; while (1) { if (i >= n) break; a[i] = i; i += i + 1; } }", "a", "0, 20", 16),
    (
        "void f(const int *r, const int *c, const int *x, int *y, int n) { for (int i = 0; i < n; i++) {"
        " int s = 0; for (int j = r[i]; j < r[i + 1]; j++) s += x[c[j]]; y[i] = s; } }",
        "x",
        "row, idx, 0, 0, 2",
        8,
    ),
    (
        "void f(const int *r, const int *c, const int *x, int *y, int n) { for (int i = 0; i < n; i++) {"
        " int s = 0; for (int j = r[i]; j < r[i + 1]; j++) s += x[c[j]]; y[i] = s; } }",
        "c",
        "row, idx, 0, 0, 2",
        3,
    ),
    (
        "void f(float *o, const float *a, int n, float f) { for (int i = 0; i < n; i++) { int k = (int)(i * f); o[i] = a[k]; } }",
        "a",
        "0, 0, 9, 0.5f",
        5,
    ),
    ("void f(const int *k, int n, int *out) { const int *p = k; while (n-- > 0) { out[*p++] = 1; } }", "out", "idx, 3, 0", 8),
    (
        "struct s { int key; int w[2]; };\n"
        "void f(struct s *v, const int *k, int n) { for (int i = 0; i < n; i++) v[k[i]].w[1] += v->key; }",
        "v",
        "0, idx, 3",
        8,
    ),
    ("void f(unsigned char *v, int *h, int n) { for (int i = 0; i < n; i++) { h[v[i]]++; v[i] = 0; } }", "h", "bytes, 0, 2", 201),
    (
        "void f(int *d, const int *c, int n) { for (int i = 0; i < n; i++) if (d[i] + 1 < d[c[i]]) d[c[i]] = d[i] + 1; }",
        "d",
        "0, idx, 3",
        8,
    ),
    ("void f(int *a, const int *k, int n) { memset(a + k[1], 0, n * sizeof(int)); }", "a", "0, idx, 4", 9),
    (
        "static int twice(int x) { return 2 * x; }\n"
        "void f(int *a, const int *k, int n) { for (int i = 0; i < n; i++) a[twice(k[i])] = 0; }",
        "a",
        "0, idx, 3",
        15,
    ),
    (
        "void f(int *a, const int *k) { int i = 0; do { a[k[i]] = 1; if (k[i] == 7) return; i++; } while (i < 100); }",
        "a",
        "0, idx",
        8,
    ),
]


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inspect")
    pieces = [HEADERS, "static const int idx[] = {2, 5, 7, 1}, row[] = {0, 1, 3}; static unsigned char bytes[] = {3, 200, 9};"]
    calls = []
    for number, (text, buffer, arguments, _) in enumerate(CASES):
        function = read_function(text, "f.c", "f")
        found = inspector_of(function, buffer)
        assert found.text is not None, found.reason
        body = f"static long long reach({entry_parameters(function)}) {{\n{found.text}\n}}"
        pieces.append(f"namespace n{number} {{\n{text}\n{body}\n}}")
        calls.append(f'printf("%lld\\n", n{number}::reach({arguments}));')
    (folder / "a.cc").write_text("\n".join([*pieces, "int main() {", *calls, "}"]))
    subprocess.run(["g++", "-std=c++17", "-w", "-o", folder / "a.out", folder / "a.cc"], check=True)
    done = subprocess.run([folder / "a.out"], capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def test_inspectors_find_how_far_a_call_reaches(reached):
    assert reached == [expected for *_, expected in CASES]


def test_an_inspector_names_what_it_reads_and_writes_nothing():
    function = read_function(CASES[0][0], "f.c")
    found = inspector_of(function, "b")
    assert found.reads == ("k",)
    assert "a[i] =" not in (found.text or "")


@pytest.mark.parametrize(
    ("text", "buffer", "reason"),
    [
        (
            "void f(int *a, int *c, int n) { for (int i = 0; i < n; i++) { int p = c[0]; c[0] = p + 1; a[p] = i; } }",
            "a",
            "`p` depends",
        ),
        ("void f(int *a, int n) { while (a[0] < n) a[a[0]]++; }", "a", "loop ends by what the function writes"),
        ("void f(int *a, int *b, int n) { int *p = n > 3 ? a : b; p[b[0]] = 1; }", "a", "may point into"),
        ("void g(int *a, int i) { a[i] = 0; }\nvoid f(int *a, const int *k) { g(a, k[0]); }", "a", "`g` is given the buffer"),
        ("void f(int n, int a[n][n], const int *k) { a[k[0]][0] = 1; }", "a", "dimensions"),
        ("void f(int *a, const int *k) { switch (k[0]) { case 1: a[k[1]] = 1; } }", "a", "switch"),
    ],
)
def test_what_cannot_be_inspected_says_why(text, buffer, reason):
    found = inspector_of(read_function(text, "f.c", "f"), buffer)
    assert found.text is None
    assert reason in (found.reason or "")
