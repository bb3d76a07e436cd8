from __future__ import annotations

import pytest

from codepar.cuda.cases import TestSet, generate, reference_project
from codepar.cuda.cases.compare import numbers_of
from codepar.cuda.cases.spec import TestCase
from codepar.cuda.read import read_function

BITS = """#include <stdint.h>
int bits(const uint64_t *a, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) { uint64_t v = a[i]; while (v) { v &= v - 1; s++; } }
    return s;
}
"""
LARGEST = "unsigned f(const unsigned *a, int n) { unsigned m = 0; for (int i = 0; i < n; i++) if (a[i] > m) m = a[i]; return m; }"


def wide(source: str) -> list[TestCase]:
    cases = generate(read_function(source, "f.c"), purpose="judge", seed=7, cases=14).cases
    return [one for one in cases if one.name.startswith("judge-wide")]


@pytest.mark.parametrize(("source", "above"), [(LARGEST, 2**31), (BITS, 257 * 24)])
def test_the_upper_bits_of_integers_are_tried(source, above, outputs):
    function = read_function(source, "f.c")
    tests = TestSet(function=function.name, cases=tuple(wide(source)))
    found = outputs(reference_project(function), tests, sanitized=True)
    returned = [numbers_of(one.values["return"], one.values["return"].layout.numbers[0])[0] for one in found if one.is_ok]
    assert len(returned) == 3
    assert max(returned) > above


def test_the_ends_of_a_type_are_in_one_case_and_half_of_its_bits_in_another():
    source = "void f(const short *a, short *o, int n) { for (int i = 0; i < n; i++) o[i] = a[i] < 0 ? 0 : a[i]; }"
    assert [set(one.buffers["a"].include) for one in wide(source)] == [set(), {-32768, 32767}, set()]
    assert (wide(source)[2].buffers["a"].low, wide(source)[2].buffers["a"].high) == (-128, 127)


def test_subscripts_and_bounds_stay_what_they_are():
    source = "void f(const int *at, const long *x, long *o, int n) { for (int i = 0; i < n; i++) o[i] = x[at[i]]; }"
    assert all(str(one.buffers["at"].high).endswith("- 1") for one in wide(source))
    assert any(one.buffers["x"].high == 2**63 - 1 for one in wide(source))


@pytest.mark.parametrize(
    "source",
    [
        "float f(const int *a, int n) { float s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }",
        "void f(const float *a, float *o, int n) { for (int i = 0; i < n; i++) o[i] = a[i]; }",
        "void f(const unsigned char *a, int *o, int n) { for (int i = 0; i < n; i++) o[i] = a[i]; }",
        "void f(int *o, int n) { for (int i = 0; i < n; i++) o[i] = i; }",
    ],
)
def test_sums_that_round_and_what_holds_no_wide_integers_get_none(source):
    assert wide(source) == []


def test_members_of_structs_are_wide_one_by_one():
    source = (
        "typedef struct { float x; int id; } pt;\n"
        "void f(pt *p, int n) { for (int i = 0; i < n; i++) if (p[i].id < 0) p[i].x = -p[i].x; }"
    )
    assert [set(one.buffers["p"].members) for one in wide(source)] == [{"id"}] * 3


def test_each_enumerator_of_a_switch_meets_wide_integers():
    source = (
        "enum op { SAME, FLIP = 7, TURN = 42 };\nvoid f(enum op how, unsigned *x, int n) {\n    for (int i = 0; i < n; i++)\n"
        "        switch (how) { case SAME: break; case FLIP: x[i] = ~x[i]; break; case TURN: x[i] = x[i] >> 25; break; }\n}\n"
    )
    assert {0, 7, 42} <= {one.scalars["how"] for one in wide(source) if one.buffers["x"].high == 2**32 - 1}
