from __future__ import annotations

import pytest

from codepar.cuda.function import Role
from codepar.cuda.read import helper_node, node_of, read_function, read_functions
from codepar.errors import InvalidInput
from codepar.syntax.language import Language

FILE = """\
#include <math.h>
#define N 8
#define UNUSED 1
typedef float real;
typedef real *vector;
typedef double matrix[N][N];
enum kind { SMALL, LARGE = N };
struct cell { real w[3]; int tag; };
static const int table[4] = {3, 1, 2, 0};
static real square(real x) { return x * x; }
static real cube(real x) { return x * square(x); }
void kernel(const struct cell *restrict cells, vector out, matrix m, int n, unsigned int k, enum kind how)
{
    for (int i = 0; i < n; i++) {
        out[i] = cube(cells[i].w[1]) + table[i % 4];
        m[0][i % N] += how == LARGE ? k : 0;
    }
}
int main(void) { return 0; }
"""


def roles(text: str, name: str | None = None, path: str = "f.c") -> dict[str, str]:
    return {one.name: one.role.value for one in read_function(text, path, name).signature.parameters}


def test_signature_helpers_and_needs():
    function = read_function(FILE, "a.c", "kernel")
    shown = [(one.name, one.type, one.role, one.dimensions, one.is_const) for one in function.signature.parameters]
    assert shown == [
        ("cells", "struct cell", Role.IN, (), True),
        ("out", "real", Role.OUT, (), False),
        ("m", "double", Role.INOUT, ("N", "N"), False),
        ("n", "int", Role.SCALAR, (), False),
        ("k", "unsigned int", Role.SCALAR, (), False),
        ("how", "enum kind", Role.SCALAR, (), False),
    ]
    assert function.signature.parameters[0].declaration == "const struct cell *restrict cells"
    assert (function.helpers, function.line, function.language) == (("square", "cube"), 12, Language.C)
    needs = [function.slice(span).splitlines()[0] for span in function.needs]
    assert needs == [line for line in FILE.splitlines()[:9] if "UNUSED" not in line]
    assert function.slice(function.body).startswith("{")
    assert function.slice(function.span).startswith("void kernel(")


def test_nodes_are_found_again():
    function = read_function(FILE, "a.c", "kernel")
    assert node_of(function).start_byte == function.span.start
    assert helper_node(function, "square") is not None
    assert helper_node(function, "nothing") is None


def test_the_only_function_that_no_other_calls_needs_no_name():
    assert read_function(FILE, "a.c").name == "kernel"
    assert read_function("int main(void) { return 0; }", "a.c").name == "main"


def test_all_functions_in_their_order():
    assert [one.name for one in read_functions(FILE, "a.c")] == ["square", "cube", "kernel", "main"]


@pytest.mark.parametrize(
    ("body", "role"),
    [
        ("n = a[0];", "in"),
        ("a[n] = 0;", "out"),
        ("a[n] += 1;", "inout"),
        ("a[n]++;", "inout"),
        ("a[n] = a[n] + 1;", "inout"),
        ("a[n] = 0; a[n] += 1;", "out"),
        ("a[n] = 0; for (int i = 0; i < 3; i++) a[n] += i;", "out"),
        ("a[n] = 0; n++; a[n] += 1;", "inout"),
        ("a[n] = 0; { int n = 1; a[n] += 1; }", "inout"),
        ("if (n) a[n] = 0; a[n] += 1;", "inout"),
        ("a[n + 1] = 0; a[n] += 1;", "inout"),
        ("*a = 1;", "out"),
        ("int *p = a + 2; p[n] = 1;", "out"),
        ("int *p; p = &a[2]; n = *p++;", "in"),
        ("int *p = a; *p++ += 1;", "inout"),
        ("memset(a, 0, n * sizeof *a);", "out"),
        ("memcpy(a + 1, a, n);", "inout"),
        ("put(a, n);", "out"),
        ("n = get(a);", "in"),
        ("unknown(a);", "inout"),
        ("n = sizeof(a[0]);", "in"),
        ("(n ? a : a + 1)[0] = 2;", "out"),
    ],
)
def test_roles(body, role):
    helpers = "void put(int *q, int k) { q[k] = k; }\nint get(const int *q) { return q[0]; }\n"
    assert roles(f"{helpers}void f(int *a, int n) {{ {body} }}", "f")["a"] == role


def test_members_of_structs_count_for_their_buffer():
    struct = "typedef struct { float w[3]; float x; } cell;\n"
    assert roles(struct + "void f(cell *a, int n) { a[n].w[1] += 1; }")["a"] == "inout"
    assert roles(struct + "void f(cell *a, int n) { a->x = n; }")["a"] == "out"
    assert roles(struct + "float f(cell *a, int n) { return (*a).w[n] + a[n].x; }")["a"] == "in"


def test_a_reference_that_is_written_is_a_buffer_of_one_element():
    function = read_function("void f(const float &a, int &count, float *p) { p[0] = a; count++; }", "f.cpp")
    shown = [(one.name, one.role.value, one.is_reference) for one in function.signature.parameters]
    assert shown == [("a", "scalar", True), ("count", "inout", True), ("p", "out", False)]


def test_elements_given_by_reference_are_written():
    text = "void put(int &x) { x = 1; }\nint get(const int &x) { return x; }\n"
    assert roles(text + "void f(int *a, int n) { put(a[n]); }", "f", "f.cpp")["a"] == "inout"
    assert roles(text + "int f(int *a, int n) { return get(a[n]); }", "f", "f.cpp")["a"] == "in"
    assert roles("void f(int *a, int n) { std::swap(a[0], a[n]); }", "f", "f.cpp")["a"] == "inout"


def test_code_of_corpora_with_spaces_between_all_tokens():
    head = "void scale ( float * const x , const int n , float labels [ ] )"
    text = head + " { for ( int i = 0 ; i < n ; i ++ ) x [ i ] *= labels [ i ] ; }"
    function = read_function(text, "f.cpp")
    assert [(one.name, one.role.value, one.dimensions) for one in function.signature.parameters] == [
        ("x", "inout", ()),
        ("n", "scalar", ()),
        ("labels", "in", ("",)),
    ]


def test_arrays_of_c99_and_pointers_to_rows():
    text = "void f(int n, double a[static n][n], double (*b)[10], const int c[restrict]) { a[0][0] = b[0][1] + c[0]; }"
    function = read_function(text, "f.c")
    assert [one.dimensions for one in function.signature.buffers] == [("n", "n"), ("", "10"), ("",)]


def test_functions_inside_of_conditionals_and_extern_c():
    text = '#ifdef X\nextern "C" {\nvoid f(int *a) { a[0] = 1; }\n}\n#endif\nnamespace n { int g(int x) { return x; } }\n'
    assert [one.name for one in read_functions(text, "f.cpp")] == ["f", "g"]


@pytest.mark.parametrize(
    ("text", "path", "name", "message"),
    [
        ("", "a.c", None, "no function with a body"),
        ("int x;", "a.c", None, "no function with a body"),
        ("void f(int a {", "a.c", None, "line 1"),
        ("void f(void) {}\nvoid g(void) {}", "a.c", None, "several functions: `f`, `g`"),
        ("void f(int a) {}\nvoid f(float a) {}", "a.cpp", "f", "2 times (lines 1, 2)"),
        ("void f(int a) {}\nvoid f(float a) {}", "a.cpp", None, "2 times (lines 1, 2)"),
        ("void f(void) {}", "a.c", "g", "no function `g`; it has `f`"),
        ("program p\nend program", "a.f90", None, "Fortran"),
        ("void f(void) {}\0", "a.c", None, "zero byte"),
    ],
)
def test_what_cannot_be_read_says_why(text, path, name, message):
    with pytest.raises(InvalidInput) as fault:
        read_function(text, path, name)
    assert message in fault.value.message
