import pytest

from codepar.syntax.language import Language, language_of


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.c", "using namespace std;", Language.C),
        ("a.cpp", "int main(void) { return 0; }", Language.CXX),
        ("a.C", "", Language.CXX),
        ("a.h", "struct cell { int k; };", Language.C),
        ("a.h", "namespace grid { class Cell { int k; }; }", Language.CXX),
        (None, "#include <iostream>\nint main() {}", Language.CXX),
        (None, "int main() { std::vector<int> v; }", Language.CXX),
        (None, "#include <stdio.h>\nint main() {}", Language.C),
        ("a.f90", "int main(void) { }", Language.FORTRAN),
        ("a.F", "", Language.FORTRAN),
        ("a.py", "int main(void) { }", Language.PYTHON),
        (None, "pure integer function f(i)\n  integer, intent(in) :: i\n  f = i - 1\nend function\n", Language.FORTRAN),
        (None, "program a\n  use mpi\n  call MPI_Init(e)\nend program\n", Language.FORTRAN),
        (None, "      PROGRAM A\n      INCLUDE 'mpif.h'\n      CALL MPI_INIT(E)\n      END\n", Language.FORTRAN),
        (None, "from mpi4py import MPI\nprint(MPI.COMM_WORLD.Get_rank())\n", Language.PYTHON),
        (None, "#!/usr/bin/env python\nimport sys, os\ndef f(x):\n    return {1: 2}\n", Language.PYTHON),
        (None, "/*\n  program that\n  use it\n*/\nint main(void)\n{\n  return 0;\n}\n", Language.C),
        (None, "#define MPI_Init(x)\n#include <mpi.h>\nint x;\n", Language.C),
        ("a.h", "module a\nend module\n", Language.C),
        ("-", "int class_of(int template_number);", Language.C),
    ],
)
def test_the_suffix_decides_else_the_text(path, text, expected):
    assert language_of(path, text) is expected
