"""What becomes of variables on the ranks of a replay."""

import pytest

from codepar.mpi.check.program import load_unit, programs
from codepar.mpi.check.replay import Budget
from codepar.mpi.check.run import look
from codepar.mpi.headers import load_signatures

HEAD = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(int argc, char **argv) {\n"
START = "int rank; MPI_Init(&argc, &argv); MPI_Comm_rank(MPI_COMM_WORLD, &rank);\n"
END = "MPI_Finalize(); return 0; }\n"


def seen(body: str):
    unit = load_unit("main.c", {"main.c": HEAD + START + body + END})
    return look(next(iter(programs([unit]))), load_signatures(), 2, Budget())


def unset(body: str) -> set[str]:
    return {name for _, name, _ in seen(body).unset}


def unread(body: str) -> set[str]:
    found = seen(body)
    return {name for _, name, _ in found.given - found.used}


@pytest.mark.parametrize(
    "body",
    [
        'int n; printf("%d", n);',
        "int n; if (rank == 1) n++; else n = 1;",
        'char text[8]; printf("%s", text);',
        "double a[4]; double s = 0; for (int i = 0; i < 4; i++) s += a[i];",
        "int n; MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);",
    ],
)
def test_what_is_read_or_sent_too_early_is_seen(body):
    assert len(unset(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        'int n; scanf("%d", &n); printf("%d", n);',
        'int n = 0; printf("%d", n);',
        'static int n; printf("%d", n);',
        'char text[8]; sprintf(text, "x"); printf("%s", text);',
        'int n; if (rank == 0) n = 1; MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD); printf("%d", n);',
        'int *p = malloc(8); memset(p, 0, 8); printf("%d", p[0]);',
        'int n; MPI_Comm_size(MPI_COMM_WORLD, &n); printf("%d", n);',
    ],
)
def test_what_has_a_value_is_not_accused(body):
    assert not unset(body)


def test_a_buffer_that_a_pointer_has_yet_to_get_is_seen_where_it_matters():
    gather = "int one = rank; int *all; MPI_Gather(&one, 1, MPI_INT, all, 1, MPI_INT, 0, MPI_COMM_WORLD);"
    assert unset(gather) == {"all"}
    assert not unset(gather.replace("MPI_Gather", "if (rank == 0) all = malloc(8 * sizeof(int)); MPI_Gather"))


def test_a_value_in_vain_is_one_that_nobody_reads_and_no_call_takes():
    assert unread("int n; n = rank;") == {"n"}
    assert not unread("int n; n = rank; MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);")
    assert unread("int n; MPI_Recv(&n, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);") == {"n"}
    assert not unread("int size; MPI_Comm_size(MPI_COMM_WORLD, &size);")


def test_what_hangs_keeps_the_calls_behind_it_from_coming_about():
    hang = "int n = 0; MPI_Recv(&n, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n"
    more = "MPI_Recv(&n, 1, MPI_INT, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n"
    # MPI_Finalize is a collective that nobody reaches; what was never begun is not counted.
    assert len(seen(hang + more).unmet) == len(seen(hang).unmet) + 1
    assert not seen("MPI_Barrier(MPI_COMM_WORLD);").unmet
