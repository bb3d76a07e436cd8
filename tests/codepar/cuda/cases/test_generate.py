from __future__ import annotations

import pytest

from codepar.cuda.cases import TestSet, candidates, choose, generate, reference_project
from codepar.cuda.cases.compare import numbers_of
from codepar.cuda.cases.spec import USUAL_ELEMENTS
from codepar.cuda.cases.work import work_of
from codepar.cuda.read import read_function
from codepar.protocols import Ratio

SAXPY = "void saxpy(int n, float a, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] += a * x[i]; }"
MATMUL = """void matmul(int n, int k, int m, const double *a, const double *b, double *c) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++) sum += a[i * k + l] * b[l * m + j];
            c[i * m + j] = sum;
        }
}"""
CUBE = """void cube(int n, int *o) {
    for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) for (int k = 0; k < n; k++) o[(i * n + j) * n + k] = i - j + k;
}"""
CSR = """void spmv(int rows, const int *start, const int *column, const double *value, const double *x, double *y) {
    for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int e = start[r]; e < start[r + 1]; e++) sum += value[e] * x[column[e]];
        y[r] = sum;
    }
}"""
HISTOGRAM = """void histogram(int n, const unsigned char *image, unsigned *bins) {
    for (int i = 0; i < 256; i++) bins[i] = 0;
    for (int i = 0; i < n; i++) bins[image[i]]++;
}"""
STENCIL = """#define R 2
void stencil(float *out, const float *in, int w, int h, int pad, float k) {
    for (int y = pad; y < h - pad; y++)
        for (int x = pad; x < w - pad; x++) {
            float s = 0;
            for (int d = -R; d <= R; d++) if (x + d >= 0 && x + d < w) s += in[y * w + x + d];
            out[y * w + x] = s / k;
        }
}"""
DIVIDED = """void shares(int n, int *a, const int *by, int base, int *o) {
    for (int i = 0; i < n; i++) o[i] = a[i] / by[i] + a[i] % base;
}"""
PARTICLES = """struct particle { float x, y; int alive; };
int advance(struct particle *p, int count, float dt) {
    int left = 0;
    for (int i = 0; i < count; i++) {
        p[i].x = p[i].x + dt * p[i].y;
        if (p[i].alive) left++;
    }
    return left;
}"""
LOGS = "void logs(int n, const float *x, float *y) { for (int i = 0; i < n; i++) y[i] = logf(x[i]) + sqrtf(1 - x[i]); }"
BLUR = """void blur(const unsigned char *in, unsigned char *out, int h, int w, const float weights[5][5]) {
    for (int y = 2; y < h - 2; y++)
        for (int x = 2; x < w - 2; x++) {
            float s = 0;
            for (int i = 0; i < 5; i++) for (int j = 0; j < 5; j++) s += weights[i][j] * in[(y + i - 2) * w + x + j - 2];
            out[y * w + x] = (unsigned char)(s + 0.5f);
        }
}"""
MODES = """void apply(int n, int mode, const int *a, int *o) {
    for (int i = 0; i < n; i++) {
        if (mode == 7) o[i] = a[i] + 1;
        else if (a[i] == -42) o[i] = 0;
        else o[i] = mode ? a[i] : -a[i];
    }
}"""
ALL = [SAXPY, MATMUL, CUBE, CSR, HISTOGRAM, STENCIL, DIVIDED, PARTICLES, LOGS, BLUR, MODES]


def made(source: str, purpose="rank", seed: int = 3, cases: int | None = None) -> TestSet:
    return generate(read_function(source, "f.c"), purpose=purpose, seed=seed, cases=cases)


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("purpose", ["rank", "judge"])
def test_the_original_is_clean_on_enough_cases(source, purpose, outputs):
    function = read_function(source, "f.c")
    tests = generate(function, purpose=purpose, seed=3)
    program = reference_project(function)
    kept = choose(tests, outputs(program, tests, sanitized=True))
    assert len(kept.cases) == {"rank": 6, "judge": 8}[purpose]
    assert all(one.is_ok for one in outputs(program, kept))


@pytest.mark.parametrize("source", ALL)
def test_cases_follow_from_function_purpose_and_seed(source):
    assert made(source) == made(source)
    assert made(source).cases != made(source, seed=4).cases
    assert {one.seed for one in made(source).cases}.isdisjoint(one.seed for one in made(source, "judge").cases)


def test_sizes_that_rank_are_not_those_that_judge():
    sizes = {purpose: {one.scalars["n"] for one in made(SAXPY, purpose).cases} for purpose in ("rank", "judge")}
    assert {33, 256, 1000} <= sizes["rank"]
    assert {1, 31, 32, 255, 257, 1025} <= sizes["judge"]
    assert any(size % 1024 == 0 for size in sizes["judge"])
    assert not sizes["rank"] & sizes["judge"]


def test_dimensions_differ_from_each_other():
    shapes = [(one.scalars["n"], one.scalars["k"], one.scalars["m"]) for one in made(MATMUL).cases[:6]]
    assert all(len(set(shape)) > 1 for shape in shapes)
    for dimension in range(3):
        assert max(shape[dimension] for shape in shapes) > 32


@pytest.mark.parametrize("source", ALL)
def test_cases_are_affordable(source):
    function = read_function(source, "f.c")
    for one in generate(function, purpose="rank", seed=1).cases:
        assert sum(one.size(name) for name in one.buffers) <= USUAL_ELEMENTS
        assert work_of(function, {name: value for name, value in one.scalars.items() if not isinstance(value, dict)}) <= 250_000


def test_work_is_the_product_of_the_loops():
    function = read_function(MATMUL, "f.c")
    assert work_of(function, {"n": 10, "k": 20, "m": 30}) == 6000
    assert work_of(read_function(STENCIL, "f.c"), {"w": 10, "h": 20, "pad": 1, "k": 1.0}) >= 18 * 8 * 2


def test_divisors_are_never_zero(outputs):
    function = read_function(DIVIDED, "f.c")
    tests = made(DIVIDED)
    assert all(one.scalars["base"] > 0 for one in tests.cases)
    assert all(one.buffers["by"].nonzero and 0 not in one.buffers["by"].include for one in tests.cases)
    assert all(one.is_ok for one in outputs(reference_project(function), tests, sanitized=True))


def test_what_the_code_compares_with_is_among_the_values():
    tests = made(MODES)
    assert {7, 0} <= {one.scalars["mode"] for one in tests.cases}
    assert all(-42 in one.buffers["a"].include for one in tests.cases)


def test_rows_of_a_sparse_matrix_begin_in_order(outputs):
    function = read_function(CSR, "f.c")
    tests = made(CSR)
    assert all(one.buffers["start"].distribution == "sorted" for one in tests.cases)
    kept = choose(tests, outputs(reference_project(function), tests, sanitized=True))
    found = outputs(reference_project(function), kept)
    assert any(len(set(numbers_of(dump, dump.layout.numbers[0]))) > 2 for one in found for dump in [one.values["y"]])


def test_chosen_cases_did_something(outputs):
    source = "void f(int n, int *x) { for (int i = 0; i < n; i++) if (n > 100) x[i] = x[i] + 1; }"
    function = read_function(source, "f.c")
    tests = generate(function, purpose="rank", seed=0)
    kept = choose(tests, outputs(reference_project(function), tests))
    assert len(kept.cases) == 6
    assert all(one.scalars["n"] > 100 for one in kept.cases)
    assert {99, 101} & {one.scalars["n"] for one in tests.cases}
    nothing = read_function("void g(int n, int *x) { int s = 0; for (int i = 0; i < n; i++) s += x[i]; }", "g.c")
    tests = candidates(nothing, "rank", 0)
    assert choose(tests, outputs(reference_project(nothing), tests)).cases == ()


def test_branches_of_the_original_are_taken(execute):
    from codepar.cuda.cases import new_nonce
    from codepar.cuda.cases.coverage import covered

    function = read_function(MODES, "f.c")
    program = reference_project(function)
    result = execute(program.execution(made(MODES), new_nonce(), coverage=True))
    assert covered(function, result.coverage, program.unit).ratio == Ratio(taken=8, total=8)


def test_elements_that_are_compared_with_each_other_are_often_equal(outputs):
    source = """int matches(int n, int width, const char *text, const char *pattern) {
        int found = 0;
        for (int i = 0; i + width <= n; i++) {
            int k = 0;
            while (k < width && text[i + k] == pattern[k]) k++;
            if (k == width) found++;
        }
        return found;
    }"""
    function = read_function(source, "f.c")
    tests = generate(function, purpose="judge", seed=0)
    program = reference_project(function)
    kept = choose(tests, outputs(program, tests, sanitized=True))
    found = [numbers_of(one.values["return"], one.values["return"].layout.numbers[0])[0] for one in outputs(program, kept)]
    assert sum(count > 0 for count in found) >= 3


ODD = {
    "size by pointer": "void f(const int *n, float *x) { for (int i = 0; i < *n; i++) x[i] *= 2; }",
    "counting down": "void f(long n, const short *a, short *b) { for (long i = n - 1; i >= 0; i--) b[n - 1 - i] = a[i]; }",
    "product": "int f(const int *a, int n) { int p = 1; for (int i = 0; i < n; i++) p *= a[i]; return p; }",
    "leading dimension": """void f(int m, int n, const float *a, int lda, const float *x, int incx, float *y) {
        for (int i = 0; i < m; i++) { y[i] = 0; for (int j = 0; j < n; j++) y[i] += a[i * lda + j] * x[j * incx]; } }""",
    "bytes": """void f(float *o, int pitch, int w, int h) {
        for (int y = 0; y < h; y++) for (int x = 0; x < w; x++) *((float *)((char *)o + y * pitch) + x) = x - y; }""",
    "degrees": """void f(int n, const int *deg, const int *adj, int stride, const float *x, float *y) {
        for (int i = 0; i < n; i++) { y[i] = 0; for (int k = 0; k < deg[i]; k++) y[i] += x[adj[i * stride + k]]; } }""",
    "variable dimensions": """void f(int n, int m, double a[n][m], double b[m][n]) {
        for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) b[j][i] = a[i][j]; }""",
    "window": """void f(int n, int r, const float *a, float *o) {
        for (int i = r; i < n - r; i++) { o[i] = 0; for (int k = -r; k <= r; k++) o[i] += a[i + k]; } }""",
    "string": "int f(const char *s) { int c = 0; while (*s) { if (*s == 'a') c++; s++; } return c; }",
}


@pytest.mark.parametrize("source", ODD.values(), ids=list(ODD))
def test_odd_functions_have_cases_too(source, outputs):
    function = read_function(source, "f.c")
    tests = generate(function, purpose="rank", seed=1)
    found = outputs(reference_project(function), tests, sanitized=True)
    kept = choose(tests, found)
    assert len(kept.cases) == 6
    busy = {one.name for one in found if "return" in one.values or max(one.changed.values(), default=0) > 20}
    assert len(busy & {one.name for one in kept.cases}) >= 3


def test_modes_are_the_labels_and_one_more():
    source = """void f(int n, int mode, float *a) {
        for (int i = 0; i < n; i++) switch (mode) { case 2: a[i] += 1; break; case 9: a[i] *= 2; break; default: a[i] = 0; } }"""
    assert {2, 9, 10} <= {one.scalars["mode"] for one in made(source).cases}


def test_divisors_that_the_code_guards_are_sometimes_zero():
    source = "void f(int n, int *a, const int *c) { for (int i = 0; i < n; i++) if (c[i] == 0) a[i] = 0; else a[i] /= c[i]; }"
    assert {one.buffers["c"].nonzero for one in made(source).cases} == {True, False}
    assert any(0 in one.buffers["c"].include for one in made(source).cases)


def test_strides_of_zero_are_drawn_where_few_iterations_run_in_turn():
    text = "void f(float *y, int n, int by) { for (int i = 0; i < n; i++) y[i * by] = i; }"
    cases = generate(read_function(text, "f.c"), purpose="judge", seed=3).cases
    still = [case.scalars["n"] for case in cases[:14] if case.scalars["by"] == 0]
    assert still
    assert all(count <= 2_500 for count in still)
    stepped = "void f(float *y, int n, int by) { for (int i = 0; i < n; i += by) y[i] = i; }"
    assert all(case.scalars["by"] > 0 for case in generate(read_function(stepped, "f.c"), purpose="judge", seed=3).cases)


def test_two_nested_sizes_are_both_large_in_one_judging_case_and_keep_their_order():
    text = (
        "int matches(const char *text, int length, const char *pattern, int width) {\n    int found = 0;\n"
        "    for (int start = 0; start + width <= length; start++) {\n        int equal = 1;\n"
        "        for (int k = 0; k < width; k++)\n            if (text[start + k] != pattern[k]) equal = 0;\n"
        "        found += equal;\n    }\n    return found;\n}\n"
    )
    tests = generate(read_function(text, "a.c"), purpose="judge", seed=3)
    assert any(1024 < case.scalars["width"] < case.scalars["length"] for case in tests.cases[:8])


ROOTS = "float norm(int n, const float *x) { float s = 0; for (int i = 0; i < n; i++) s += sqrtf(x[i]); return s; }"


@pytest.mark.parametrize(
    ("source", "is_large"),
    [
        (SAXPY, True),
        (ROOTS, False),
        (ROOTS.replace("float", "double").replace("sqrtf", "sqrt"), True),
        ("void h(int n, const unsigned char *x, int *y) { for (int i = 0; i < n; i++) y[x[i]]++; }", True),
        ("void q(int n, int *y) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) y[i * n + j] = 1; }", False),
        (MATMUL, False),
        ("void nine(int n, const char *x, char *y) { for (int i = 0; i < n; i++) y[i] = x[9 * i + 8]; }", None),
    ],
)
def test_linear_functions_are_judged_once_beyond_a_block_of_block_totals(source, is_large, outputs):
    large = [one for one in made(source, "judge").cases if one.name.startswith("judge-large")]
    if is_large is None:
        # Of the larger one the elements would be too many.
        assert [one.scalars["n"] for one in large] == [65_537]
        return
    assert [max(one.size(name) for name in one.buffers) for one in large] == ([131_071, 65_537] if is_large else [])
    assert not any("large" in one.name for one in made(source).cases)
    if is_large:
        tests = TestSet(function="f", cases=tuple(large))
        assert all(one.is_ok for one in outputs(reference_project(read_function(source, "f.c")), tests, sanitized=True))


def test_what_asks_whether_elements_ascend_is_given_some_that_do(outputs):
    source = "int up(const int *a, int n) { int ok = 1; for (int i = 1; i < n; i++) if (a[i - 1] > a[i]) ok = 0; return ok; }"
    function = read_function(source, "f.c")
    tests = made(source, "judge", cases=14)
    found = outputs(reference_project(function), tests)
    long = {one.name for one in tests.cases if one.scalars["n"] > 30}
    answers = {numbers_of(one.values["return"], one.values["return"].layout.numbers[0])[0] for one in found if one.name in long}
    assert answers == {0, 1}


def test_one_of_the_first_judging_cases_has_a_stride_of_zero_and_several_turns():
    for scalars in ("int n, int inc, ", "int n, float a, int inc, ", "int n, float a, float b, int inc, "):
        source = f"void f({scalars}float *x) {{ for (int i = 0; i < n; i++) x[i * inc] += 1; }}"
        first = made(source, "judge", cases=14).cases[:8]
        assert any(one.scalars["inc"] == 0 and one.scalars["n"] > 1 for one in first)


def test_bits_that_are_asked_of_a_scalar_are_set_alone_and_together():
    source = (
        "void f(int *x, int n, unsigned how) { for (int i = 0; i < n; i++) { if (how & 1u) x[i]++; if (how & 16u) x[i]--; } }"
    )
    assert {0, 1, 16, 17} <= {one.scalars["how"] for one in made(source, "judge").cases[:8]}


def test_a_switch_over_enumerators_is_given_each_of_them():
    source = (
        "enum op { SAME, NEGATE = 7, TWICE = 42 };\nvoid f(enum op how, int *x, int n) {\n    for (int i = 0; i < n; i++)\n"
        "        switch (how) { case SAME: break; case NEGATE: x[i] = -x[i]; break; case TWICE: x[i] += x[i]; break; }\n}\n"
    )
    assert {7, 42} <= {one.scalars["how"] for one in made(source, "judge").cases[:8]}


def test_what_is_asked_as_a_flag_is_once_neither_zero_nor_one():
    source = "void f(float *x, int n, int inverted) { for (int i = 0; i < n; i++) if (inverted) x[i] = 1 - x[i]; else x[i] = 0; }"
    assert {0, 1, 5} == {one.scalars["inverted"] for one in made(source, "judge").cases[:8]}


def test_some_rows_are_longer_than_a_warp(outputs):
    tests = made(CSR, "judge", cases=14)
    first = TestSet(function="spmv", cases=tests.cases[:8])
    assert any(4 * one.scalars["rows"] + 600 == one.number(one.buffers["start"].high) for one in first.cases)
    assert all(one.is_ok for one in outputs(reference_project(read_function(CSR, "f.c")), first, sanitized=True))
