"""Each kind of finding: a program that has the mistake, with its line, and the same program without it."""

from __future__ import annotations

import pytest

WRONG = {
    "request-unwaited": (
        """
int x = 1; MPI_Request r;
if (rank == 0) {
  MPI_Isend(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, &r);
} else if (rank == 1)
  MPI_Recv(&x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
        3,
        ("&r);\n}", "&r);\n  MPI_Wait(&r, MPI_STATUS_IGNORE);\n}"),
    ),
    "request-unset": (
        """
MPI_Request r;
MPI_Wait(&r, MPI_STATUS_IGNORE);
""",
        2,
        ("MPI_Request r;", "MPI_Request r = MPI_REQUEST_NULL;"),
    ),
    "request-overwritten": (
        """
int x[2]; MPI_Request r;
for (int i = 0; i < 2; i++) {
  MPI_Irecv(&x[i], 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &r);
}
MPI_Wait(&r, MPI_STATUS_IGNORE);
""",
        3,
        ("&r);\n}", "&r); MPI_Wait(&r, MPI_STATUS_IGNORE);\n}"),
    ),
    "request-not-started": (
        """
int x = 0; MPI_Request r;
MPI_Recv_init(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &r);
MPI_Wait(&r, MPI_STATUS_IGNORE);
MPI_Request_free(&r);
""",
        2,
        ("MPI_Wait", "MPI_Start(&r); MPI_Wait"),
    ),
    "request-leaked": (
        """
int x = 0; MPI_Request r;
MPI_Recv_init(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &r);
MPI_Start(&r); MPI_Wait(&r, MPI_STATUS_IGNORE);
""",
        2,
        ("MPI_Wait(&r, MPI_STATUS_IGNORE);", "MPI_Wait(&r, MPI_STATUS_IGNORE); MPI_Request_free(&r);"),
    ),
    "buffer-in-use": (
        """
int x = rank, y; MPI_Request r;
MPI_Irecv(&y, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD, &r);
MPI_Send(&x, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD);
printf("%d", y);
MPI_Wait(&r, MPI_STATUS_IGNORE);
""",
        4,
        ('printf("%d", y);\nMPI_Wait(&r, MPI_STATUS_IGNORE);', 'MPI_Wait(&r, MPI_STATUS_IGNORE);\nprintf("%d", y);'),
    ),
    "tag-mismatch": (
        """
int x = 1;
if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);
if (rank == 1)
  MPI_Recv(&x, 1, MPI_INT, 0, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
        4,
        ("0, 8", "0, 7"),
    ),
    "communicator-mismatch": (
        """
int x = 1; MPI_Comm c; MPI_Comm_dup(MPI_COMM_WORLD, &c);
if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, 7, c);
if (rank == 1)
  MPI_Recv(&x, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
MPI_Comm_free(&c);
""",
        4,
        ("7, MPI_COMM_WORLD, MPI_S", "7, c, MPI_S"),
    ),
    "receive-unmatched": (
        """
int x = 1;
if (rank == 1)
  MPI_Recv(&x, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
        3,
        ("if (rank == 1)", "if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);\nif (rank == 1)"),
    ),
    "send-unmatched": (
        """
int x = 1;
if (rank == 0)
  MPI_Send(&x, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);
""",
        3,
        ("if (rank == 0)", "if (rank == 1) MPI_Recv(&x, 1, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\nif (rank == 0)"),
    ),
    "deadlock": (
        """
int x = 1, y, other = 1 - rank;
if (rank < 2) {
  MPI_Recv(&y, 1, MPI_INT, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Send(&x, 1, MPI_INT, other, 0, MPI_COMM_WORLD);
}
""",
        3,
        (
            "MPI_Recv(&y, 1, MPI_INT, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);\n"
            "  MPI_Send(&x, 1, MPI_INT, other, 0, MPI_COMM_WORLD);",
            "MPI_Sendrecv(&x, 1, MPI_INT, other, 0, &y, 1, MPI_INT, other, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);",
        ),
    ),
    "needs-buffering": (
        """
int x = 1, y;
MPI_Send(&x, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD);
MPI_Recv(&y, 1, MPI_INT, (rank + size - 1) % size, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
        2,
        (
            "MPI_Send(&x, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD);\nMPI_Recv(&y, 1, MPI_INT,",
            "\nMPI_Sendrecv(&x, 1, MPI_INT, (rank + 1) % size, 0, &y, 1, MPI_INT,",
        ),
    ),
    "datatype-mismatch": (
        """
int x = 1; float f;
if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1, 7, MPI_COMM_WORLD);
if (rank == 1)
  MPI_Recv(&f, 1, MPI_FLOAT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
        4,
        ("&f, 1, MPI_FLOAT", "&x, 1, MPI_INT"),
    ),
    "message-truncated": (
        """
int x[4] = {0};
if (rank == 0) MPI_Send(x, 4, MPI_INT, 1, 7, MPI_COMM_WORLD);
if (rank == 1)
  MPI_Recv(x, 2, MPI_INT, 0, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
""",
        4,
        ("x, 2,", "x, 4,"),
    ),
    "collective-mismatch": (
        """
int x = 1, y = 0;
if (rank == 0) { MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD); MPI_Barrier(MPI_COMM_WORLD); }
else {
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD);
}
""",
        4,
        (
            "  MPI_Barrier(MPI_COMM_WORLD);\n  MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD);",
            "  MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD);\n  MPI_Barrier(MPI_COMM_WORLD);",
        ),
    ),
    "collective-missing": (
        """
int x = 1, y = 0;
if (rank == 0)
  MPI_Reduce(&x, &y, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
""",
        3,
        ("if (rank == 0)", "if (rank >= 0)"),
    ),
    "root-mismatch": (
        """
int x = 1;
MPI_Bcast(&x, 1, MPI_INT, rank % 2, MPI_COMM_WORLD);
""",
        2,
        ("rank % 2", "rank / size"),
    ),
    "operator-mismatch": (
        """
int x = 1, y; MPI_Op op = MPI_SUM;
if (rank) op = MPI_MAX;
MPI_Allreduce(&x, &y, 1, MPI_INT, op, MPI_COMM_WORLD);
""",
        3,
        ("MPI_MAX", "MPI_SUM"),
    ),
    "count-mismatch": (
        """
int x[8] = {0};
MPI_Bcast(x, rank ? 4 : 8, MPI_INT, 0, MPI_COMM_WORLD);
""",
        2,
        ("rank ? 4 : 8", "8"),
    ),
    "count-beyond-buffer": (
        """
int x[4] = {0};
MPI_Bcast(x, 5, MPI_INT, 0, MPI_COMM_WORLD);
""",
        2,
        ("x, 5", "x, 4"),
    ),
    "datatype-of-buffer": (
        """
double x = 1;
MPI_Bcast(&x, 1, MPI_FLOAT, 0, MPI_COMM_WORLD);
""",
        2,
        ("MPI_FLOAT", "MPI_DOUBLE"),
    ),
    "buffer-of-pointers": (
        """
double *x = malloc(8);
MPI_Bcast(&x, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
free(x);
""",
        2,
        ("&x", "x"),
    ),
    "negative-count": (
        """
int x = 1;
MPI_Bcast(&x, -1, MPI_INT, 0, MPI_COMM_WORLD);
""",
        2,
        ("-1", "1"),
    ),
    "negative-tag": (
        """
int x = 1;
MPI_Send(&x, 1, MPI_INT, rank, -3, MPI_COMM_SELF);
""",
        2,
        ("MPI_INT, rank, -3", "MPI_INT, MPI_PROC_NULL, 3"),
    ),
    "root-out-of-range": (
        """
int x = 1;
MPI_Bcast(&x, 1, MPI_INT, size, MPI_COMM_WORLD);
""",
        2,
        ("size,", "size - 1,"),
    ),
    "rank-out-of-range": (
        """
int x = 1;
MPI_Send(&x, 1, MPI_INT, -1, 0, MPI_COMM_WORLD);
""",
        2,
        ("-1", "MPI_PROC_NULL"),
    ),
    "wildcard-in-send": (
        """
int x = 1;
MPI_Send(&x, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD);
""",
        2,
        ("MPI_ANY_SOURCE", "MPI_PROC_NULL"),
    ),
    "null-operation": (
        """
int x = 1, y;
MPI_Allreduce(&x, &y, 1, MPI_INT, MPI_OP_NULL, MPI_COMM_WORLD);
""",
        2,
        ("MPI_OP_NULL", "MPI_SUM"),
    ),
    "freed-handle": (
        """
MPI_Comm c, d; MPI_Comm_dup(MPI_COMM_WORLD, &c); d = c;
MPI_Comm_free(&c);
MPI_Barrier(d);
""",
        3,
        ("MPI_Barrier(d)", "MPI_Barrier(MPI_COMM_WORLD)"),
    ),
    "type-not-committed": (
        """
int x[2]; MPI_Datatype t; MPI_Type_contiguous(2, MPI_INT, &t);
MPI_Bcast(x, 1, t, 0, MPI_COMM_WORLD);
MPI_Type_free(&t);
""",
        2,
        ("MPI_Bcast", "MPI_Type_commit(&t); MPI_Bcast"),
    ),
    "communicator-leaked": (
        """
MPI_Comm c;
MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &c);
""",
        2,
        ("&c);", "&c); MPI_Comm_free(&c);"),
    ),
    "datatype-leaked": (
        """
MPI_Datatype t;
MPI_Type_contiguous(2, MPI_INT, &t);
""",
        2,
        ("&t);", "&t); MPI_Type_free(&t);"),
    ),
    "rma-epoch": (
        """
int x = 0, y; MPI_Win w; MPI_Win_create(&x, sizeof x, sizeof x, MPI_INFO_NULL, MPI_COMM_WORLD, &w);
MPI_Get(&y, 1, MPI_INT, 0, 0, 1, MPI_INT, w);
MPI_Win_free(&w);
""",
        2,
        (
            "MPI_Get(&y, 1, MPI_INT, 0, 0, 1, MPI_INT, w);",
            "MPI_Win_fence(0, w); MPI_Get(&y, 1, MPI_INT, 0, 0, 1, MPI_INT, w); MPI_Win_fence(0, w);",
        ),
    ),
    "rma-conflict": (
        """
int x = 0; MPI_Win w; MPI_Win_create(&x, sizeof x, sizeof x, MPI_INFO_NULL, MPI_COMM_WORLD, &w);
MPI_Win_fence(0, w);
MPI_Put(&rank, 1, MPI_INT, 0, 0, 1, MPI_INT, w);
MPI_Win_fence(0, w); MPI_Win_free(&w);
""",
        3,
        ("MPI_Put(&rank, 1, MPI_INT, 0,", "MPI_Put(&rank, 1, MPI_INT, rank,"),
    ),
    "rma-beyond-window": (
        """
int x[4], y[4]; MPI_Win w; MPI_Win_create(x, sizeof x, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &w);
MPI_Win_fence(0, w);
MPI_Get(y, 4, MPI_INT, 0, 1, 4, MPI_INT, w);
MPI_Win_fence(0, w); MPI_Win_free(&w);
""",
        3,
        ("0, 1, 4", "0, 0, 4"),
    ),
    "thread-level": (
        """
#pragma omp parallel
{
#pragma omp single
  MPI_Barrier(MPI_COMM_WORLD);
}
""",
        4,
        ("#pragma omp parallel\n{\n#pragma omp single\n", "{\n"),
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_mistake_is_found_in_its_line(kinds, kind):
    body, line, _ = WRONG[kind]
    assert (kind, line) in kinds(body)


@pytest.mark.parametrize("kind", WRONG)
def test_the_same_program_without_the_mistake_is_not_accused(kinds, kind):
    body, _, (wrong, right) = WRONG[kind]
    assert wrong in body
    assert kinds(body.replace(wrong, right, 1)) == []


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("int main() { MPI_Barrier(MPI_COMM_WORLD); MPI_Init(0, 0); MPI_Finalize(); }", "before-init"),
        ("int main() { MPI_Init(0, 0); MPI_Finalize(); MPI_Barrier(MPI_COMM_WORLD); }", "after-finalize"),
        ("int main() { MPI_Init(0, 0); MPI_Barrier(MPI_COMM_WORLD); return 0; }", "finalize-missing"),
        ("int main() { MPI_Init(0, 0); MPI_Init(0, 0); MPI_Finalize(); }", "init-twice"),
    ],
)
def test_the_life_of_mpi(report, program, kind):
    assert [one.kind for one in report("#include <mpi.h>\n" + program).findings] == [kind]
