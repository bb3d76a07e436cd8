from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codepar.cuda.read import read_function, read_functions
from codepar.cuda.refuse import refusal, refusals
from codepar.errors import InvalidInput

C_CASES = [
    ("input_output", 'void f(int *a) {\n  printf("%d", a[0]);\n}', 2),
    ("input_output", "void f(FILE *g, int *a) {\n  fscanf(g, a);\n}", 2),
    ("allocation", "void f(int n) {\n  int *a = malloc(n);\n}", 2),
    ("non_local_exit", "void f(int n) {\n  if (n < 0)\n    exit(1);\n}", 3),
    ("goto", "void f(int *a) {\n  again: a[0]++;\n  goto again;\n}", 2),
    ("inline_assembly", 'void f(int *a) {\n  asm("nop");\n}', 2),
    ("volatile", "void f(int *a) {\n  volatile int x = a[0];\n}", 2),
    ("recursion", "int f(int n) {\n  return n ? f(n - 1) : 0;\n}", 1),
    ("recursion", "int g(int n);\nint f(int n) { return g(n); }\nint g(int n) { return f(n); }", 2),
    ("function_pointer", "void f(int *a, int (*g)(int)) {\n  a[0] = 1;\n}", 1),
    ("function_pointer", "int sq(int x) { return x * x; }\nvoid f(int *a) {\n  int (*g)(int) = sq;\n  a[0] = g(1);\n}", 3),
    ("pointer_to_pointer", "void f(float **a) { a[0][0] = 1; }", 1),
    ("pointer_to_pointer", "void f(int *a) {\n  int *rows[4];\n  rows[0] = a;\n}", 2),
    ("void_pointer", "void f(void *a) { }", 1),
    ("variadic", "void f(int n, ...) { }", 1),
    ("old_style", "void f(a, n) int *a; int n; { a[0] = n; }", 1),
    ("returns_pointer", "int *f(int *a) { return a + 1; }", 1),
    ("pointer_member", "struct s { int *p; };\nvoid f(struct s *a, int n) { a[n].p[0] = 1; }", 2),
    ("global_state", "int counter;\nvoid f(int *a) {\n  counter++;\n}", 3),
    ("global_state", "int limit = 3;\nvoid f(int *a) {\n  a[0] = limit;\n}", 3),
    ("global_state", "float *data;\nvoid f(int n) {\n  data[n] = 1;\n}", 3),
    ("global_state", "void f(int *a) {\n  static int calls;\n  a[0] = calls++;\n}", 2),
    ("global_state", "void f(int *a) {\n  a[0] = rand();\n}", 2),
    ("missing_helper", "void f(int *a) {\n  a[0] = helper(2);\n}", 2),
    ("missing_declaration", "void f(int *a) {\n  a[0] = LIMIT;\n}", 2),
    ("missing_declaration", "void f(real *a) { a[0] = 1; }", 1),
    ("unsupported_type", "void f(long double *a) { a[0] = 1; }", 1),
    ("syntax", "void f(int *a) {\n  a[0] = 1\n}", 2),
    ("entry_point", "int main(void) { return 0; }", 1),
    ("uninitialised", "float f(float *a, int n) {\n  float s;\n  for (int i = 0; i < n; i++)\n    s += a[i];\n  return s;\n}", 4),
    ("uninitialised", "void f(unsigned long *a) {\n  unsigned long q;\n  a[0] = q;\n}", 3),
    ("input_output", "#define LOG(x) printf(x)\nvoid f(int *a) {\n  LOG(a);\n}", 3),
    ("input_output", 'static void log_it(int x) {\n  printf("%d", x);\n}\nvoid f(int *a) { log_it(a[0]); }', 2),
]
CXX_CASES = [
    ("template", "template <class T>\nvoid f(T *a) { a[0] = 1; }", 2),
    ("cxx_class", "#include <vector>\nvoid f(std::vector<float> &v) { v[0] = 1; }", 2),
    ("method", "struct s { int x; void f(int *a) { a[0] = x; } };", 1),
    ("allocation", "void f(int n) {\n  int *a = new int[n];\n  delete[] a;\n}", 2),
    ("lambda", "void f(int *a) {\n  auto g = [&](int i) { return i; };\n  a[0] = 1;\n}", 2),
    ("exceptions", "void f(int *a) {\n  if (a[0]) throw 1;\n}", 2),
    ("input_output", "#include <iostream>\nvoid f(int *a) {\n  std::cout << a[0];\n}", 3),
    ("local_reference", "void f(int *a) {\n  int &x = a[0];\n  x = 1;\n}", 2),
    ("not_sequential", "__global__ void f(int *a) { a[0] = 1; }", 1),
    ("namespace", "namespace n {\nvoid f(int *a) { a[0] = 1; }\n}", 2),
    ("operator", "struct p { int x; };\np operator+(p a, p b) { return p{a.x + b.x}; }", 2),
]
FINE = [
    "void f(float *a, int n) { for (int i = 0; i < n; i++) a[i] = sqrtf(fabs(a[i])) + M_PI + FLT_MAX; }",
    "static const float w[3] = {1, 2, 1};\nvoid f(float *a, int n) { for (int i = 0; i < n; i++) a[i] *= w[i % 3]; }",
    "static int limit = 5;\nvoid f(int *a) { a[0] = limit; }",
    "enum { A, B };\ntypedef unsigned char byte;\nvoid f(byte *a, int n) { a[n] = (byte)(A + B); }",
    "void f(int *a, int n) { while (n) { a[n] = 1; n /= 2; } }",
    "int g(int x) { return x + 1; }\nvoid f(int *a, size_t n) { a[n] = g(INT_MAX - 1); memset(a, 0, sizeof *a); }",
    '#include "limits_of_mine.h"\nvoid f(real *a) { a[0] = MY_LIMIT; }',
    "void f(int *a, int n) { int i, t; for (i = 0; i < n; i++) { (t) = a[i]; a[i] = t + 1; } }",
    "#define SET(v) (v) = 3\nvoid f(int *a) { int k; SET(k); a[0] = k; }",
    "#define STEP acc = 1\nvoid f(int *a) { int acc; STEP; a[0] = acc; }",
    "void f(float *a) { float t[2]; t[0] = a[1]; a[0] = t[0]; }",
    "void f(int *a, int n) { switch (n) { case 1: a[0] = 1; break; default: a[1] = 2; } }",
]


@pytest.mark.parametrize(("code", "text", "line"), C_CASES)
def test_refusals_of_c_have_their_line(code, text, line):
    found = refusals(read_function(text, "f.c", "main" if code == "entry_point" else "f"))
    assert (code, line) in {(one.code, one.line) for one in found}, found


@pytest.mark.parametrize(("code", "text", "line"), CXX_CASES)
def test_refusals_of_cxx_have_their_line(code, text, line):
    found = [one for function in read_functions(text, "f.cpp") for one in refusals(function)]
    assert (code, line) in {(one.code, one.line) for one in found}, found


@pytest.mark.parametrize("text", FINE)
def test_what_can_be_translated_is_not_refused(text):
    assert refusals(read_function(text, "f.c", "f")) == ()


def test_the_first_refusal_is_the_first_in_the_file():
    text = "int counter;\nvoid f(int *a) {\n  a[0] = 1;\n  counter = 2;\n  puts(0);\n}"
    found = refusal(read_function(text, "f.c"))
    assert found is not None
    assert (found.code, found.line) == ("global_state", 4)


_WORDS = [
    "int",
    "*",
    "a",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ";",
    "for",
    "if",
    "f",
    "=",
    "1",
    "<",
    "n",
    "++",
    ",",
    "struct",
    "#define X 1\n",
    "'",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_WORDS), max_size=25), st.sampled_from(["f.c", "f.cpp", "f.cu"]))
def test_no_text_breaks_the_reader(words, path):
    text = "void f(int *a, int n) { " + " ".join(words) + " }\n"
    try:
        functions = read_functions(text, path)
    except InvalidInput:
        return
    for function in functions:
        assert all(one.line is None or one.line >= 1 for one in refusals(function))
