"""mpi4py's methods of communicators beside the calls of C, with their parameters in order.

Limits: what creates graphs, inter-communicators and processes is listed in no table: nothing is known of what it gives.
"""

from __future__ import annotations

from dataclasses import dataclass

_RECEIVE = "source=MPI_ANY_SOURCE tag=MPI_ANY_TAG status="
_P2P = {
    **dict.fromkeys(("send", "ssend", "bsend", "isend", "issend", "ibsend"), "obj dest tag=0"),
    **dict.fromkeys(("Send", "Ssend", "Bsend", "Rsend", "Isend", "Issend", "Ibsend", "Irsend"), "buf dest tag=0"),
    **dict.fromkeys(("Send_init", "Ssend_init", "Bsend_init", "Rsend_init"), "buf dest tag=0"),
    "recv": "ignored= " + _RECEIVE,
    "irecv": "ignored= source=MPI_ANY_SOURCE tag=MPI_ANY_TAG",
    "Recv": "buf " + _RECEIVE,
    "Irecv": "buf source=MPI_ANY_SOURCE tag=MPI_ANY_TAG",
    "Recv_init": "buf source=MPI_ANY_SOURCE tag=MPI_ANY_TAG",
    "sendrecv": "sendobj dest sendtag=0 ignored= source=MPI_ANY_SOURCE recvtag=MPI_ANY_TAG status=",
    "Sendrecv": "sendbuf dest sendtag=0 recvbuf= source=MPI_ANY_SOURCE recvtag=MPI_ANY_TAG status=",
    "probe": _RECEIVE,
    "Probe": _RECEIVE,
}  # fmt: skip
_COLLECTIVES = {
    "bcast": "obj= root=0", "Bcast": "buf root=0", "gather": "sendobj root=0", "Gather": "sendbuf recvbuf root=0",
    "Gatherv": "sendbuf recvbuf root=0", "allgather": "sendobj", "Allgather": "sendbuf recvbuf",
    "Allgatherv": "sendbuf recvbuf",
    "scatter": "sendobj= root=0", "Scatter": "sendbuf recvbuf root=0", "Scatterv": "sendbuf recvbuf root=0",
    "alltoall": "sendobj",
    "Alltoall": "sendbuf recvbuf", "Alltoallv": "sendbuf recvbuf", "Alltoallw": "sendbuf recvbuf",
    "reduce": "sendobj op=MPI_SUM root=0", "Reduce": "sendbuf recvbuf op=MPI_SUM root=0", "allreduce": "sendobj op=MPI_SUM",
    "Allreduce": "sendbuf recvbuf op=MPI_SUM", "scan": "sendobj op=MPI_SUM", "Scan": "sendbuf recvbuf op=MPI_SUM",
    "exscan": "sendobj op=MPI_SUM", "Exscan": "sendbuf recvbuf op=MPI_SUM",
    "Reduce_scatter_block": "sendbuf recvbuf op=MPI_SUM", "Reduce_scatter": "sendbuf recvbuf recvcounts= op=MPI_SUM",
    "barrier": "", "Barrier": "", "Ibarrier": "", "Ibcast": "buf root=0", "Igather": "sendbuf recvbuf root=0",
    "Igatherv": "sendbuf recvbuf root=0", "Iscatter": "sendbuf recvbuf root=0", "Iscatterv": "sendbuf recvbuf root=0",
    "Iallgather": "sendbuf recvbuf", "Iallgatherv": "sendbuf recvbuf", "Ialltoall": "sendbuf recvbuf",
    "Ireduce": "sendbuf recvbuf op=MPI_SUM root=0", "Iallreduce": "sendbuf recvbuf op=MPI_SUM",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Method:
    """``parameters`` are names with the text of their defaults; None where there is none, empty for ``None``."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]

    @property
    def function(self) -> str:
        """The call of C."""
        return "MPI_" + self.name.capitalize()

    @property
    def is_pickled(self) -> bool:
        return self.name[0].islower()

    @property
    def gives_request(self) -> bool:
        return self.function.startswith("MPI_I") or self.name.endswith("_init")


def _read(name: str, text: str) -> Method:
    parameters = []
    for word in text.split():
        parameter, sign, default = word.partition("=")
        parameters.append((parameter, default if sign else None))
    return Method(name, tuple(parameters))


METHODS = {name: _read(name, text) for name, text in (_P2P | _COLLECTIVES).items()}
"""Communication of a communicator, by mpi4py's name."""
