"""Near misses of a proposed call are repaired: how many elements the address of one variable holds, what `MPI_Init` is given."""

import pytest

from codepar.mpi.facts import Facts
from codepar.mpi.headers import load_signatures
from codepar.mpi.rules_check import Rules
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """#include <mpi.h>
#define ONE 1
int main(int argc, char **argv)
{
  int n = 40, items = 1, total, counts[4], *p;
  double mean, means[8];
  struct { int a; double b; } both;
  MPI_Init(&argc, &argv);
  work();
  MPI_Finalize();
}
"""


@pytest.mark.parametrize(
    ("proposed", "passed"),
    [
        ("MPI_Send(&total, n, MPI_INT, 1, 0, MPI_COMM_WORLD);", "MPI_Send(&total, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);"),
        (
            "MPI_Reduce(&mean, means, n, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);",
            "MPI_Reduce(&mean, means, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);",
        ),
        (
            "MPI_Gather(&mean, n, MPI_DOUBLE, means, n, MPI_DOUBLE, 0, MPI_COMM_WORLD);",
            "MPI_Gather(&mean, 1, MPI_DOUBLE, means, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);",
        ),
        ("MPI_Send(&total, items, MPI_INT, 1, 0, MPI_COMM_WORLD);", None),
        ("MPI_Send(&total, ONE, MPI_INT, 1, 0, MPI_COMM_WORLD);", None),
        ("MPI_Send(&counts, n, MPI_INT, 1, 0, MPI_COMM_WORLD);", None),
        ("MPI_Send(&counts[0], n, MPI_INT, 1, 0, MPI_COMM_WORLD);", None),
        ("MPI_Send(p, n, MPI_INT, 1, 0, MPI_COMM_WORLD);", None),
        ("MPI_Send(&both, sizeof(both), MPI_BYTE, 1, 0, MPI_COMM_WORLD);", None),
        ("MPI_Unpack(&total, n, p, means, 8, MPI_DOUBLE, MPI_COMM_WORLD);", None),
    ],
)
def test_the_address_of_one_variable_is_one_element(proposed, passed):
    rules = Rules(Facts(parse(PROGRAM, Language.C)), load_signatures())
    assert rules.check(8, proposed, inline=False).call.statement == (passed or proposed)


@pytest.mark.parametrize(
    ("language", "words", "passed"),
    [
        (Language.CXX, "char *argv[]", "MPI_Init(&argc, &argv);"),
        (Language.CXX, "const char *argv[]", "MPI_Init(NULL, NULL);"),
        (Language.CXX, "char const **argv", "MPI_Init(NULL, NULL);"),
        (Language.C, "const char *argv[]", "MPI_Init(&argc, &argv);"),
    ],
)
def test_cxx_is_given_no_constant_arguments_to_start_with(language, words, passed):
    program = PROGRAM.replace("char **argv", words).replace("  MPI_Init(&argc, &argv);\n", "")
    rules = Rules(Facts(parse(program, language)), load_signatures())
    assert rules.check(7, "MPI_Init(&argc, &argv);", inline=False).call.statement == passed
