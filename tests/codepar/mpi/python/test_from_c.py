import pytest

from codepar.mpi.python.expressions import Names
from codepar.mpi.python.from_c import Speaker
from codepar.mpi.unsayable import Unsayable

VISIBLE = frozenset({"a", "b", "n", "rank"})
WORLD = "MPI_COMM_WORLD"


def speaker(module="MPI", world="comm"):
    return Speaker(module, world, Names(), VISIBLE, frozenset({"a", "b"}))


@pytest.mark.parametrize(
    ("function", "arguments", "target", "text"),
    [
        ("MPI_Comm_rank", (WORLD, "&rank"), "rank", "comm.Get_rank()"),
        ("MPI_Wtime", (), "", "MPI.Wtime()"),
        ("MPI_Send", ("a", "4", "MPI_INT", "1", "0", WORLD), None, "comm.Send(a, dest=1)"),
        ("MPI_Send", ("&n", "1", "MPI_INT", "rank + 1", "7", WORLD), None, "comm.send(n, dest=rank + 1, tag=7)"),
        ("MPI_Recv", ("a", "4", "MPI_INT", "0", "MPI_ANY_TAG", WORLD, "&s"), None, "comm.Recv(a, source=0)"),
        ("MPI_Recv", ("&n", "1", "MPI_INT", "MPI_ANY_SOURCE", "3", WORLD, "&s"), "n", "comm.recv(tag=3)"),
        ("MPI_Bcast", ("&n", "1", "MPI_INT", "0", WORLD), "n", "comm.bcast(n, root=0)"),
        ("MPI_Bcast", ("a", "1", "MPI_INT", "0", WORLD), None, "comm.Bcast(a, root=0)"),
        ("MPI_Scatter", ("a", "1", "MPI_INT", "b", "1", "MPI_INT", "0", WORLD), None, "comm.Scatter(a, b, root=0)"),
        ("MPI_Allreduce", ("&n", "&n", "1", "MPI_INT", "MPI_MAX", WORLD), "n", "comm.allreduce(n, op=MPI.MAX)"),
        ("MPI_Reduce", ("a", "b", "1", "MPI_INT", "MPI_SUM", "0", WORLD), None, "comm.Reduce(a, b, op=MPI.SUM, root=0)"),
    ],
)
def test_calls(function, arguments, target, text):
    assert speaker().said(function, arguments, target=target).text == text


def test_without_a_name_for_mpi_nothing_is_said():
    with pytest.raises(Unsayable, match="no name for MPI"):
        speaker(module="", world="").said("MPI_Wtime", (), target="")
