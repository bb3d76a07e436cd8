"""The include of mpi.h is put in where it is missing, and only there."""

import pytest

from codepar.mpi.header_line import header_line
from codepar.syntax.tree import parse

MAIN = "int main(int argc, char **argv)\n{\n  return 0;\n}\n"


def place(text: str, **headers: str) -> int | None:
    files = {"main.c": text} | {f"{name}.h": own for name, own in headers.items()}
    edit = header_line(parse(text, path="main.c"), "main.c", files)
    return None if edit is None else edit.after_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MAIN, 0),
        ("#include <stdio.h>\n" + MAIN, 1),
        ("/* mpi.h */\n#include <stdio.h>\n#include <math.h>\n\n#include <omp.h>\n" + MAIN, 3),
        ("#define _GNU_SOURCE\n#ifdef A\n#include <a.h>\n#endif\n#include <stdio.h>\n" + MAIN, 5),
        ("#include <stdlib.h>\nvoid f(void) { abort(); }\n", 1),
    ],
)
def test_it_goes_behind_the_first_includes(text, line):
    assert place(text) == line


@pytest.mark.parametrize(
    "text",
    [
        "#include <mpi.h>\n" + MAIN,
        '#include <stdio.h>\n#  include "mpi.h"\n' + MAIN,
        "#ifdef USE_MPI\n#include <mpi.h>\n#endif\n" + MAIN,
        "#include <boost/mpi.hpp>\n" + MAIN,
        '#include "not_given.h"\n' + MAIN,
        "#include HEADER\n" + MAIN,
        "typedef int MPI_Comm;\nint MPI_Comm_rank(MPI_Comm comm, int *rank);\n" + MAIN,
        "void fragment(int n) { work(n); }\n",
    ],
)
def test_a_program_that_has_it_or_may_have_it_gets_none(text):
    assert place(text) is None


def test_a_header_of_the_project_is_looked_into():
    text = '#include "common.h"\n' + MAIN
    assert place(text, common="#include <stdio.h>\n") == 1
    assert place(text, common='#include "deeper.h"\n', deeper="#include <mpi.h>\n") is None
    assert place(text, common='#include "common.h"\n') == 1
