"""Pieces of code and what they share, in each language."""

from __future__ import annotations

import pytest

from codepar.prompts.code import Code, Unit, read_code
from codepar.syntax.language import Language

C = """static int count, table[4];
const double K = 3;
void local(void) { int count = 0; count++; }
void adds(void) { count++; }
void fills(void) { memset(table, 0, sizeof table); }
double reads(void) { return count * K; }
template_free(int a);
struct pair { int a, b; };
void loops(int n) { for (int i = 0; i < n; i++) while (n) n--; do { n++; } while (n < 3); }
"""
CUDA = """__constant__ float c[4];
template <int N>
__global__ void kernel(float *a) { a[threadIdx.x] = c[0] * N; }
void launch(float *a) { kernel<3><<<1, 32>>>(a); }
"""
PYTHON = """cache = {}
LIMIT = 3

@decorated
def stores(x):
    cache[x] = LIMIT

def shadows(cache):
    cache[1] = 2

def counts():
    global LIMIT
    LIMIT += 1

def shows():
    return f"{stores(1)}"
"""
FORTRAN = """      SUBROUTINE PUT(X)
      COMMON /STATE/ A, B
      REAL X
      A = X
      END
      REAL FUNCTION GET()
      COMMON /STATE/ U, V
      DO 10 I = 1, 3
        GET = GET + V
   10 CONTINUE
      END
"""


def named(code: Code, name: str) -> Unit:
    """The function of that name."""
    return next(unit for unit in code.functions if unit.name == name)


def text_of(code: Code, unit: Unit) -> str:
    """What a piece covers."""
    return code.data[unit.start : unit.end].decode()


@pytest.mark.parametrize(
    ("function", "name", "writes"),
    [
        ("local", "count", None),
        ("adds", "count", True),
        ("fills", "table", True),
        ("reads", "count", False),
        ("reads", "table", None),
    ],
)
def test_globals_of_c(function, name, writes):
    code = read_code(C, Language.C)
    assert code.shared_names() == {"count", "table"}
    assert code.writes(named(code, function), name) is writes


def test_a_pointer_to_constants_may_point_elsewhere():
    globals_of_c = 'static const char *at;\nstatic const char *const END = "";\n'
    code = read_code(globals_of_c + "void to(const char *s) { at = s; }\nint get(void) { return *at; }\n", Language.C)
    assert code.shared_names() == {"at"}
    assert [code.writes(named(code, name), "at") for name in ("to", "get")] == [True, False]


def test_loops_of_c_are_told_by_depth():
    code = read_code(C, Language.C)
    assert [sorted(unit.marks) for unit in code.loops] == [["for"], ["do"]]
    assert [sorted(unit.marks) for unit in code.inner_loops] == [["while"]]
    assert text_of(code, code.classes[0]).endswith("};")


def test_a_template_and_a_launch_of_cuda():
    code = read_code(CUDA, Language.CUDA)
    assert text_of(code, named(code, "kernel")).startswith("template <int N>")
    assert "__global__" in named(code, "kernel").marks
    assert "kernel" in code.words(named(code, "launch"))
    assert code.shared_names() == frozenset()


def test_names_of_a_python_module():
    code = read_code(PYTHON, Language.PYTHON)
    assert text_of(code, named(code, "stores")).startswith("@decorated")
    assert code.writes(named(code, "stores"), "cache") is True
    assert code.writes(named(code, "shadows"), "cache") is None
    assert code.writes(named(code, "stores"), "LIMIT") is False
    assert code.writes(named(code, "counts"), "LIMIT") is True
    assert "stores" in code.words(named(code, "shows"))


def test_common_blocks_of_fixed_form():
    code = read_code(FORTRAN, Language.FORTRAN)
    assert [unit.name for unit in code.functions] == ["put", "get"]
    assert text_of(code, named(code, "get")).startswith("REAL FUNCTION GET()")
    assert text_of(code, code.loops[0]).endswith("10 CONTINUE")
    assert code.writes(named(code, "put"), "a") is True


def test_a_byte_order_mark_is_no_letter():
    code = read_code("\ufeffsubroutine f(x)\n  x = 1\nend subroutine\n", Language.FORTRAN)
    assert text_of(code, named(code, "f")) == "subroutine f(x)\n  x = 1\nend subroutine"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("int f(void) {", Language.C),
        ("def f(:\n  return (1", Language.PYTHON),
        ('def f(x):\n    """the square\n    return x * x\n\n\ndef g(x):\n    return x\n', Language.PYTHON),
        ("subroutine f(x)\n x = 1\n", Language.FORTRAN),
    ],
)
def test_what_does_not_end_is_broken(text, language):
    assert read_code(text, language).is_broken
