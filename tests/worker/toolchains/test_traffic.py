"""What passes between ranks: as real runs count it, and from made-up counters."""

import pytest

from codepar.protocols import Status
from worker.toolchains.board import Counters, Sent
from worker.toolchains.traffic import traffic_of

PROGRAM = """#include <mpi.h>
int main(int argc, char **argv) {{
    int rank, size, x = 3, y = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    {body}
    MPI_Finalize();
    return (x + y) * 0;
}}
"""

PUT = """MPI_Win w;
    MPI_Win_create(&y, sizeof y, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &w);
    MPI_Win_fence(0, w);
    if (rank == 1) MPI_Put(&x, 1, MPI_INT, {target}, 0, 1, MPI_INT, w);
    MPI_Win_fence(0, w);
    MPI_Win_free(&w);"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", (0, 0, 0, 0)),
        ("MPI_Barrier(MPI_COMM_WORLD);", (0, 0, 0, 0)),
        ("MPI_Sendrecv(&x, 1, MPI_INT, rank, 0, &y, 1, MPI_INT, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);", (0, 0, 0, 0)),
        ("MPI_Reduce(&x, &y, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);", (0, 3, 12, 3)),
        ("MPI_Request q; MPI_Ibcast(&x, 1, MPI_INT, 0, MPI_COMM_WORLD, &q); MPI_Wait(&q, MPI_STATUS_IGNORE);", (0, 3, 12, 3)),
        ("MPI_Bcast(&x, 1, MPI_INT, 0, MPI_COMM_SELF);", (0, 0, 0, 0)),
        (PUT.format(target="rank"), (0, 0, 0, 0)),
        (PUT.format(target="2"), (1, 0, 4, 2)),
        (
            "if (rank == 1) MPI_Send(&x, 1, MPI_INT, 2, 0, MPI_COMM_WORLD);"
            " if (rank == 2) MPI_Recv(&x, 1, MPI_INT, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);",
            (1, 0, 4, 2),
        ),
    ],
)
def test_traffic_of_real_runs(boxed, body, expected):
    result = boxed.run(PROGRAM.format(body=body), ranks=3)
    assert result.status == Status.OK
    assert result.traffic is not None
    assert (result.traffic.messages, result.traffic.collectives, result.traffic.bytes, result.traffic.ranks) == expected
    assert result.traffic.is_seen == bool(expected[3])


def test_without_a_launcher_nothing_counts(boxed):
    assert boxed.run("int main(void) { return 0; }\n").traffic is None
    assert traffic_of(()) is None


def test_what_a_rank_sends_to_itself_is_none():
    to_itself, to_another = Sent(0, 4, 400, 1, 0, 1), Sent(1, 2, 16, 1, 0, 1)
    assert traffic_of([Counters((), (to_itself,), ()), Counters((), (), ())]).is_seen is False
    traffic = traffic_of([Counters((), (to_itself, to_another), ()), Counters((), (), ())])
    assert (traffic.messages, traffic.bytes, traffic.ranks, traffic.is_seen) == (2, 16, 2, True)
