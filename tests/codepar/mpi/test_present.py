"""What a program calls already is not missing."""

import pytest

from codepar.mpi.complete import Completer
from codepar.mpi.headers import load_signatures
from codepar.mpi.present import Present
from codepar.mpi.remove import strip
from codepar.mpi.sites import Located
from codepar.syntax.tree import parse

WHOLE = """#include <mpi.h>
#include <stdio.h>
static void share(double *part, double *all)
{
    MPI_Allreduce(part, all, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}
int main(int argc, char **argv)
{
    int rank, size;
    double part = 1, all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    share(&part, &all);
    if (rank == 0)
        printf("%g\\n", all);
    MPI_Finalize();
    return 0;
}
"""
FUNCTIONS = ("MPI_Init", "MPI_Init_thread", "MPI_Comm_rank", "MPI_Allreduce", "MPI_Bcast", "MPI_Finalize")


def left(present: Present, line: int, probability: float = 0.9) -> set[str]:
    calls = [Located(line, function, probability, inline=False, start=0) for function in FUNCTIONS]
    return {call.function for call in present.located(calls)}


def test_a_whole_program_gets_only_likely_calls_that_its_function_lacks():
    present = Present.of(parse(WHOLE, path="a.c"))
    assert left(present, 13) == {"MPI_Allreduce", "MPI_Bcast"}
    assert left(present, 4) == {"MPI_Bcast"}
    assert left(present, 13, 0.4) == set()
    completer = Completer(parse(WHOLE, path="a.c"), load_signatures())
    assert (completer.by_rules(), completer.baseline(), completer.with_setup([])) == ([], [], [])


def test_a_program_without_its_calls_may_get_all():
    present = Present.of(parse(strip(WHOLE, "a.c").source, path="a.c"))
    assert left(present, 10, 0.2) == set(FUNCTIONS)


def test_half_a_setup_is_made_whole():
    tree = parse(WHOLE.replace("    MPI_Finalize();\n", ""), path="a.c")
    assert left(Present.of(tree), 13, 0.2) == {"MPI_Allreduce", "MPI_Bcast", "MPI_Finalize"}
    assert [edit.function for edit in Completer(tree, load_signatures()).baseline()] == ["MPI_Finalize"]


@pytest.mark.parametrize(("main", "lacks"), [("void start(void)", set()), ("int main(void)", {"MPI_Init", "MPI_Init_thread"})])
def test_another_file_may_start_mpi_unless_it_is_another_program(main, lacks):
    tree = parse("int main(int argc, char **argv)\n{\n    start();\n    return 0;\n}\n", path="a.c")
    other = parse(f"{main}\n{{\n    MPI_Init(0, 0);\n}}\n", path="b.c")
    assert left(Present.of(tree, [tree, other]), 3) & {"MPI_Init", "MPI_Init_thread"} == lacks
