"""What passed between the ranks of a run, summed from the counters of the PMPI shim.

One-sided transfers are among the messages, what a rank sends to itself is not. Limits: counts what the shim wraps (of one-sided
calls not MPI_Fetch_and_op and MPI_Compare_and_swap); a collective counts on each rank that calls it, with the bytes of that
rank's own part; one of a communicator that holds one rank moves none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from codepar.protocols import Traffic
from worker.toolchains.board import Counters

_COLLECTIVE = re.compile(
    r"MPI_I?(?:bcast|reduce|allreduce|reduce_scatter|reduce_scatter_block|scan|exscan|gatherv?|scatterv?|allgatherv?"
    r"|alltoall[vw]?|neighbor_\w+)(?:_init)?(?:_c)?",
    re.IGNORECASE,
)


def traffic_of(counters: Sequence[Counters]) -> Traffic | None:
    """The sum over the ranks; None where no shim counted."""
    if not counters:
        return None
    messages = collectives = size = 0
    taking = set[int]()
    for rank, one in enumerate(counters):
        for sent in one.sent:
            if sent.dest != rank and sent.bytes:
                messages, size = messages + sent.messages, size + sent.bytes
                taking |= {rank, sent.dest}
        for site in one.callsites:
            moves = site.bytes if _COLLECTIVE.fullmatch(site.call) else 0
            collectives += site.count if moves else 0
            size += moves
            taking |= {rank} if moves else set()
    return Traffic(messages=messages, collectives=collectives, bytes=size, ranks=len(taking))
