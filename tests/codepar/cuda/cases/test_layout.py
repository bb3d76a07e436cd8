from __future__ import annotations

import pytest

from codepar.cuda.cases import BufferSpec, TestCase, TestSet, reference_project
from codepar.cuda.cases.layout import Layout, layout_of
from codepar.cuda.read import read_function
from codepar.errors import InvalidInput

SOURCE = """
#include <stdint.h>
#define real double
enum { LANES = 3 };
typedef unsigned long int word;
typedef struct { char a; short b[LANES]; float c; } inner;
struct outer { inner first; uint8_t tag; word big; bool on; inner rest[2]; };
enum color { RED, GREEN };
real f(struct outer *s, word w, enum color c, real *r, unsigned char u, long long l, size_t z, int8_t *t) {
    s->tag = 1;
    return 0;
}
"""
KINDS = {"w": "8:u8@0", "c": "4:i4@0", "r": "8:f8@0", "u": "1:u1@0", "l": "8:i8@0", "z": "8:u8@0", "t": "1:i1@0"}


def test_types_are_resolved_through_typedefs_macros_and_structs():
    function = read_function(SOURCE, "f.cpp", "f")
    found = {one.name: layout_of(one.type, function).text() for one in function.signature.parameters}
    assert {name: found[name] for name in KINDS} == KINDS
    outer = layout_of("struct outer", function)
    assert outer.size == 56
    assert [(one.path, one.offset) for one in outer.numbers][:6] == [
        ("first.a", 0),
        ("first.b[0]", 2),
        ("first.b[1]", 4),
        ("first.b[2]", 6),
        ("first.c", 8),
        ("tag", 12),
    ]
    assert Layout.parse(outer.text()).numbers == outer.numbers


def test_the_compiler_agrees_with_every_size(outputs):
    function = read_function(SOURCE, "f.cpp", "f")
    case = TestCase(
        name="a",
        scalars={"w": 1, "c": 1, "u": 1, "l": -1, "z": 1},
        buffers={name: BufferSpec(size=2) for name in ("s", "r", "t")},
    )
    (found,) = outputs(reference_project(function), TestSet(function="f", cases=(case,)))
    assert found.is_ok  # the driver ends with an error where a size is another


@pytest.mark.parametrize(
    "declaration",
    [
        "union u { int a; }; void f(union u *x)",
        "struct s { int *p; }; void f(struct s *x)",
        "void f(FILE *x)",
        "void f(long double *x)",
    ],
)
def test_types_without_test_values_are_refused_by_name(declaration):
    function = read_function(declaration + " { (void)x; }", "f.c", "f")
    with pytest.raises(InvalidInput, match="no test values can be made for the type"):
        reference_project(function).execution(
            TestSet(function="f", cases=(TestCase(name="a", buffers={"x": BufferSpec(size=1)}),)), "nonce"
        )
