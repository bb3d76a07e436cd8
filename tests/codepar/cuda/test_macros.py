from __future__ import annotations

import re
import subprocess

from codepar.cuda.macros import expanded
from codepar.syntax.language import Language

TEXT = """\
#define N 32
#define IDX(i,j) ((i)*n+(j))
#define A(i, j) a[IDX(i, j)]
#define DATA double
#define MAX(x,y) ((x) > (y) ? (x) : (y))
#define SWAP(x,y) do { DATA t_ = (x); \\
   (x) = (y); (y) = t_; } while (0)
#define SQ(x) x*x
#define EMPTY
#define SELF SELF + 1
#define X.y 3
void f(DATA *a, int n, struct s *p) { /* A(1,2) */
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      A(i,
        j) = MAX(A(i, j), (SQ(2) + N) EMPTY) + g("A(1,1)", 'A', p->A, p->IDX(1, 2)) + SELF;
  SWAP(A(0, 0), A(0, MAX(1, SQ(i + 1))));
  int A = 3; // A(3, 4)
}
"""


def _tokens(text: str) -> list[str]:
    plain = re.sub(r"/\*.*?\*/|//[^\n]*|^#.*(?:\\\n.*)*", "", text, flags=re.DOTALL | re.MULTILINE)
    plain = "\n".join(
        line for line in plain.splitlines() if not line.startswith("#") and "(x) = (y); (y) = t_; } while (0)" not in line
    )
    return re.findall(r"\"[^\"]*\"|'[^']*'|\w+|->|[<>=!+]=|\+\+|[^\s\w]", plain)


def test_expands_as_the_preprocessor_does(tmp_path):
    text = TEXT.replace("#define X.y 3\n", "").replace("p->IDX(1, 2)", "0")
    (tmp_path / "a.c").write_text(text)
    command = ["gcc", "-E", "-P", "-UN", tmp_path / "a.c"]
    reference = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = expanded(text, Language.C).replace("+ N)", "+ 32)")
    assert _tokens(ours.split("void f", 1)[1]) == _tokens(reference.split("void f", 1)[1])


def test_every_line_stays_on_its_line():
    ours = expanded(TEXT, Language.C)
    assert ours.count("\n") == TEXT.count("\n")
    assert [line for line in ours.splitlines() if line.startswith("#")] == [
        line for line in TEXT.splitlines() if line.startswith("#")
    ]


def test_plain_constants_and_what_is_defined_twice_stay():
    text = "#define N 4\n#define TWO (2*N)\n#define T(x) x\n#undef T\n#define T(x) (x)\nint f(void) { return T(N) + TWO; }\n"
    assert expanded(text, Language.C) == text


def test_pasting_and_variadic_macros_stay():
    text = "#define P(a,b) a##b\n#define V(...) g(__VA_ARGS__)\nint f(int x) { return P(x,) + V(1, 2); }\n"
    assert expanded(text, Language.C) == text
