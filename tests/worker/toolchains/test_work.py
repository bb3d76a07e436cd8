"""Executed lines by rank, counted in real runs."""

from codepar.project import Project
from codepar.protocols import Limits, Status

SHARED = """#include <mpi.h>
#include <stdio.h>
static long part(int first, int last) {
    long sum = 0;
    for (int i = first; i < last; i++)
        sum += i;
    return sum;
}
int main(int argc, char **argv) {
    int rank, size;
    long mine, all;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    mine = part(rank * 6000 / size, (rank + 1) * 6000 / size);
    MPI_Reduce(&mine, &all, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%ld\\n", all);
    MPI_Finalize();
    return 0;
}
"""
ALONE = SHARED.replace("part(rank * 6000 / size, (rank + 1) * 6000 / size)", "rank == 0 ? part(0, 6000) : 0")
SERIAL = "int main(void) {\n    long s = 0;\n    for (int i = 0; i < 50; i++)\n        s += i;\n    return s == 0;\n}\n"


def test_shared_work_is_shared(boxed):
    result = boxed.run(SHARED, ranks=3, count_work=True)
    assert result.status == Status.OK
    assert len(result.work) == 3
    assert max(result.work) - min(result.work) < 20
    assert 12_000 < sum(result.work) < 12_200
    assert result.coverage is None


def test_work_on_one_rank_is_seen(trusted):
    result = trusted.run(ALONE, ranks=3, count_work=True)
    assert result.work[0] > 12_000 > 60 > max(result.work[1:])


def test_a_serial_program_has_one_number(boxed):
    (lines,) = boxed.run(SERIAL, count_work=True).work
    assert 101 < lines < 110


def test_what_cannot_be_counted_says_so(boxed):
    built = Project(files={"main.c": SERIAL}, build="cc -o p main.c", run="./p")
    assert boxed.run(built, count_work=True).status == Status.UNSUPPORTED


def test_a_program_that_hangs_has_no_numbers(boxed):
    hangs = "int main(void) { for (;;) ; }\n"
    result = boxed.run(hangs, count_work=True, limits=Limits(wall_s=1))
    assert (result.status, result.work) == (Status.TIMEOUT, ())
