"""Programs that are right though unusual: none may be accused, and none may break the checks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

RIGHT = {
    "requests in an array, some null": """
MPI_Request r[4]; int n = 0, in[2], x = rank;
if (rank > 0) MPI_Irecv(&in[0], 1, MPI_INT, rank - 1, 0, MPI_COMM_WORLD, &r[n++]);
if (rank < size - 1) MPI_Irecv(&in[1], 1, MPI_INT, rank + 1, 0, MPI_COMM_WORLD, &r[n++]);
if (rank > 0) MPI_Isend(&x, 1, MPI_INT, rank - 1, 0, MPI_COMM_WORLD, &r[n++]);
if (rank < size - 1) MPI_Isend(&x, 1, MPI_INT, rank + 1, 0, MPI_COMM_WORLD, &r[n++]);
MPI_Waitall(n, r, MPI_STATUSES_IGNORE);
""",
    "polling": """
int x = rank, y, flag = 0; MPI_Request r;
MPI_Irecv(&y, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD, &r);
MPI_Send(&x, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD);
while (!flag) MPI_Test(&r, &flag, MPI_STATUS_IGNORE);
""",
    "master and workers": """
int work = 0, done = 0; MPI_Status s;
if (rank == 0) {
  for (int i = 1; i < size; i++) {
    MPI_Recv(&work, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &s);
    MPI_Send(&done, 1, MPI_INT, s.MPI_SOURCE, 1, MPI_COMM_WORLD);
  }
} else {
  MPI_Send(&work, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
  MPI_Recv(&done, 1, MPI_INT, 0, MPI_ANY_TAG, MPI_COMM_WORLD, &s);
}
""",
    "number of turns from the root": """
int n = 0, x = 0;
if (rank == 0) scanf("%d", &n);
MPI_Bcast(&n, 1, MPI_INT, 0, MPI_COMM_WORLD);
for (int i = 0; i < n; i++) {
  if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, i, MPI_COMM_WORLD);
  if (rank == 1) MPI_Recv(&x, 1, MPI_INT, 0, i, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
""",
    "until it converges": """
double mine = 1, all = 1;
while (all > 1e-6) { mine /= 2 + rand() % 3; MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD); }
""",
    "a grid of ranks": """
int dims[2] = {0, 0}, periods[2] = {0, 0}, up, down; double x = 1, y = 0; MPI_Comm grid;
MPI_Dims_create(size, 2, dims); MPI_Cart_create(MPI_COMM_WORLD, 2, dims, periods, 0, &grid);
MPI_Cart_shift(grid, 0, 1, &up, &down);
MPI_Sendrecv(&x, 1, MPI_DOUBLE, down, 0, &y, 1, MPI_DOUBLE, up, 0, grid, MPI_STATUS_IGNORE);
MPI_Comm_free(&grid);
""",
    "a request that is asked about": """
int x = rank, y, flag = 0; MPI_Request r;
MPI_Irecv(&y, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD, &r);
MPI_Send(&x, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD);
MPI_Request_get_status(r, &flag, MPI_STATUS_IGNORE);
MPI_Wait(&r, MPI_STATUS_IGNORE);
""",
    "a flag that is a number": """
MPI_Status s;
MPI_Status_set_cancelled(&s, 0);
""",
    "packed and unpacked by type": """
char buffer[64]; int at = 0, n = 3; double x = 1;
if (rank == 0) {
  MPI_Pack(&n, 1, MPI_INT, buffer, 64, &at, MPI_COMM_WORLD); MPI_Pack(&x, 1, MPI_DOUBLE, buffer, 64, &at, MPI_COMM_WORLD);
}
MPI_Bcast(buffer, 64, MPI_PACKED, 0, MPI_COMM_WORLD);
if (rank != 0) {
  MPI_Unpack(buffer, 64, &at, &n, 1, MPI_INT, MPI_COMM_WORLD); MPI_Unpack(buffer, 64, &at, &x, 1, MPI_DOUBLE, MPI_COMM_WORLD);
}
""",
    "usage, then exit": """
if (argc < 2) { if (rank == 0) printf("usage\\n"); MPI_Finalize(); exit(1); }
MPI_Barrier(MPI_COMM_WORLD);
""",
    "in place": """
int x[64] = {0};
MPI_Allreduce(MPI_IN_PLACE, x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
if (rank == 0) MPI_Reduce(MPI_IN_PLACE, x, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
else MPI_Reduce(x, NULL, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
""",
    "half of the ranks": """
MPI_Comm half; int x = 1, y;
MPI_Comm_split(MPI_COMM_WORLD, rank < 2 ? 0 : MPI_UNDEFINED, rank, &half);
if (half != MPI_COMM_NULL) { MPI_Allreduce(&x, &y, 1, MPI_INT, MPI_SUM, half); MPI_Comm_free(&half); }
""",
    "made for two ranks": """
int x = 1;
if (size != 2) MPI_Abort(MPI_COMM_WORLD, 1);
if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
else MPI_Recv(&x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
    "a row of a matrix": """
double a[4][8]; double *b = malloc(32 * sizeof(double));
MPI_Bcast(a[1], 8, MPI_DOUBLE, 0, MPI_COMM_WORLD); MPI_Bcast(&a[2][0], 16, MPI_DOUBLE, 0, MPI_COMM_WORLD);
MPI_Bcast(a, 32, MPI_DOUBLE, 0, MPI_COMM_WORLD); MPI_Bcast(b + 8, 24, MPI_DOUBLE, 0, MPI_COMM_WORLD);
free(b);
""",
    "an unsigned character": """
unsigned char c[4]; MPI_Bcast(c, 4, MPI_CHAR, 0, MPI_COMM_WORLD); MPI_Bcast(c, 4, MPI_BYTE, 0, MPI_COMM_WORLD);
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_program_is_not_accused(report, name):
    head = "#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\nint main(int argc, char **argv) {\nint rank, size;\n"
    start = "MPI_Init(&argc, &argv); MPI_Comm_rank(MPI_COMM_WORLD, &rank); MPI_Comm_size(MPI_COMM_WORLD, &size);\n"
    assert report(head + start + RIGHT[name] + "MPI_Finalize();\nreturn 0;\n}\n").findings == ()


def test_wrappers_macros_knr_and_crlf(report):
    text = """#include <mpi.h>
#define CHECK(call) do { int e = (call); if (e != MPI_SUCCESS) MPI_Abort(MPI_COMM_WORLD, e); } while (0)
#define SEND(b, to) MPI_Send(b, 1, MPI_INT, to, 0, MPI_COMM_WORLD)
int exchange(x, other) int *x; int other;
{
  MPI_Request r;
  CHECK(MPI_Irecv(x, 1, MPI_INT, other, 0, MPI_COMM_WORLD, &r));
  SEND(x + 1, other);
  return MPI_Wait(&r, MPI_STATUS_IGNORE);
}
int main(argc, argv) int argc; char **argv;
{
  int rank, x[2];
  CHECK(MPI_Init(&argc, &argv));
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank < 2) exchange(x, 1 - rank);
  MPI_Finalize();
}
"""
    for program in (text, text.replace("\n", "\r\n")):
        found = report(program)
        assert (found.findings, found.skipped, found.replayed) == ((), (), 1)
    wrong = report(text.replace("SEND(x + 1, other)", "SEND(x + 1, other + 1)"))
    assert {one.line for one in wrong.findings} in ({7}, {8}, {7, 8})


def test_what_is_elsewhere_is_not_accused(report):
    main = """#include <mpi.h>
#include "halo.h"
int main(int argc, char **argv) {
  int rank, x = 0; MPI_Request r;
  start(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) MPI_Isend(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, &r);
  finish(&r);
}
"""
    assert report(main).findings == ()
    helper = {"main.c": main, "halo.h": "void start(int *, char ***);\nvoid finish(MPI_Request *);\n"}
    source = """#include <mpi.h>
void start(int *c, char ***v) { MPI_Init(c, v); }
void finish(MPI_Request *r) { MPI_Finalize(); }
"""
    assert {one.kind for one in report({**helper, "halo.c": source}).findings} == {"request-unwaited", "send-unmatched"}


def test_cxx(report):
    text = """#include <mpi.h>
#include <vector>
#include <iostream>
int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, size; MPI_Comm_rank(MPI_COMM_WORLD, &rank); MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::vector<double> all(size * 2), mine(2, 1.0); double *raw = new double[4];
  MPI_Allgather(mine.data(), 2, MPI_DOUBLE, &all[0], 2, MPI_DOUBLE, MPI_COMM_WORLD);
  MPI_Bcast(raw, 4, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  std::cout << "rank " << rank << std::endl;
  delete[] raw;
  MPI_Finalize();
}
"""
    assert report(text, "main.cpp").findings == ()
    wrong = report(text.replace("&all[0], 2, MPI_DOUBLE", "&all[0], 2, MPI_FLOAT").replace("raw, 4", "&raw, 4"), "main.cpp")
    assert {(one.kind, one.line) for one in wrong.findings} >= {("datatype-of-buffer", 8), ("buffer-of-pointers", 9)}


def test_what_cannot_be_followed_is_said(report):
    text = "#include <mpi.h>\nint main() { MPI_Init(0, 0); again: MPI_Barrier(MPI_COMM_WORLD); goto again; }"
    found = report(text)
    assert found.replayed == 0
    assert "goto" in found.skipped[0]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_text_breaks_the_checks(signatures, data):
    from codepar.mpi.check.run import check_project
    from codepar.project import Project

    body = data.draw(st.sampled_from(list(RIGHT.values())))
    text = "#include <mpi.h>\nint main(int argc, char **argv) { int rank, size; MPI_Init(&argc, &argv);\n" + body + "}"
    cut = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2)))
    check_project(Project(files={"a.c": text[: cut[0]] + text[cut[1] :] + "/* MPI */"}), signatures)


OF_THE_ROOT = """#include <mpi.h>
#include "suite.h"
int main(int argc, char **argv) {
int rank, root = 0, in[4], out[64]; MPI_Comm comm;
MPI_Init(&argc, &argv);
comm = next_comm();
MPI_Comm_rank(comm, &rank);
if (rank == root) MPI_Gather(MPI_IN_PLACE, -1, MPI_DATATYPE_NULL, out, 4, MPI_INT, root, comm);
else MPI_Gather(in, 4, MPI_INT, 0, -1, MPI_DATATYPE_NULL, root, comm);
MPI_Finalize();
return 0; }
"""


def test_what_the_root_alone_needs_accuses_nobody_where_the_root_is_unknown(report):
    assert report(OF_THE_ROOT).findings == ()
    wrong = OF_THE_ROOT.replace("out, 4, MPI_INT", "out, 4, MPI_DATATYPE_NULL").replace("next_comm()", "MPI_COMM_WORLD")
    assert {one.kind for one in report(wrong).findings} >= {"null-datatype"}


def test_a_function_that_is_not_here_may_start_mpi(report):
    program = "#include <mpi.h>\nint main(int argc, char **argv) { int rank; START;\n"
    program += "MPI_Comm_rank(MPI_COMM_WORLD, &rank); return rank; }\n"
    assert "before-init" not in [one.kind for one in report(program.replace("START", "MTest_Init(&argc, &argv)")).findings]
    assert "before-init" in [one.kind for one in report(program.replace("START", "rank = 0")).findings]


WINDOW = """int x = 0, y = 0; MPI_Win w;
MPI_Win_create(&x, sizeof x, sizeof x, MPI_INFO_NULL, MPI_COMM_WORLD, &w);
MPI_Win_fence(MPI_MODE_NOSUCCEED, w);
MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, w);
ACCESS
MPI_Win_unlock(0, w);
MPI_Barrier(MPI_COMM_WORLD);
MPI_Win_fence(MPI_MODE_NOPRECEDE, w);
MPI_Win_free(&w);
"""


@pytest.mark.parametrize(
    ("access", "accused"),
    [
        ("MPI_Accumulate(&y, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_MAX, w);", []),
        ("MPI_Fetch_and_op(NULL, &y, MPI_INT, 0, 0, MPI_NO_OP, w);", []),
        ("MPI_Fetch_and_op(NULL, &y, MPI_INT, 0, 0, MPI_SUM, w);", ["null-buffer"]),
    ],
)
def test_what_a_lock_encloses_needs_no_fence_and_no_operation_needs_no_origin(kinds, access, accused):
    assert sorted({kind for kind, _ in kinds(WINDOW.replace("ACCESS", access))}) == accused


def test_a_cancelled_request_is_waited_for(report):
    body = """MPI_Request r; MPI_Status s; int y, gone;
MPI_Irecv(&y, 1, MPI_INT, MPI_ANY_SOURCE, 7, MPI_COMM_WORLD, &r);
MPI_Cancel(&r);
MPI_Wait(&r, &s);
MPI_Test_cancelled(&s, &gone);"""
    program = f"#include <mpi.h>\nint main() {{ MPI_Init(0, 0);\n{body}\nMPI_Finalize(); return 0; }}\n"
    assert report(program).findings == ()
    left = report(program.replace("MPI_Wait(&r, &s);", ""))
    assert [one.kind for one in left.findings] == ["request-unwaited"]


def test_threads_that_take_turns_are_several(report):
    body = """if (rank == 0) {
#pragma omp parallel num_threads(2)
  {
#pragma omp critical
    MPI_Barrier(MPI_COMM_WORLD);
  }
} else {
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
}"""
    head = "int given, rank; MPI_Init_thread(0, 0, MPI_THREAD_MULTIPLE, &given); MPI_Comm_rank(MPI_COMM_WORLD, &rank);"
    found = report(f"#include <mpi.h>\nint main() {{ {head}\n{body}\nMPI_Finalize(); return 0; }}\n")
    assert found.findings == ()
    assert "several threads" in str(found.skipped)


@pytest.mark.parametrize("kind", ["std::vector<double>", "std::vector<std::vector<int>>", "std::string"])
def test_the_address_of_a_container_is_not_that_of_its_elements(report, kind):
    text = (
        f"#include <mpi.h>\n#include <vector>\nvoid f({kind} &all) {{\n  MPI_Bcast(&all, 4, MPI_CHAR, 0, MPI_COMM_WORLD);\n}}\n"
    )
    (found,) = report(text, "main.cpp").findings
    assert (found.kind, found.line, found.fix) == ("buffer-of-object", 4, "pass all.data()")
    for right in ("all.data()", "&all[0]", "&all.at(0)", "(char *)&all"):
        assert "buffer-of-object" not in [one.kind for one in report(text.replace("&all,", f"{right},"), "main.cpp").findings]


def test_the_address_of_an_array_object_is_that_of_its_elements(report):
    text = "#include <mpi.h>\nvoid f(std::array<int, 4> &all) {\n  MPI_Bcast(&all, 4, MPI_INT, 0, MPI_COMM_WORLD);\n}\n"
    assert report(text, "main.cpp").findings == ()
