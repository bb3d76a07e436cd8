"""The parameters of the calls of mpi4py that completion proposes: names in their order, those that may be left out marked ``?``.

Limits: the calls of the common course alone; a test compares them with the type stub of mpi4py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_TABLE = """
Init; Finalize; Get_rank; Get_size; Wtime; Get_processor_name; Barrier; barrier; Abort errorcode?; Dup info?; Free
Split color? key?; Create_cart dims periods? reorder?; Get_coords rank; Shift direction disp
send obj dest tag?; ssend obj dest tag?; isend obj dest tag?; recv buf? source? tag? status?; irecv buf? source? tag?
Send buf dest tag?; Ssend buf dest tag?; Isend buf dest tag?; Recv buf source? tag? status?; Irecv buf source? tag?
sendrecv sendobj dest sendtag? recvbuf? source? recvtag? status?
Sendrecv sendbuf dest sendtag? recvbuf? source? recvtag? status?
bcast obj root?; Bcast buf root?; scatter sendobj root?; Scatter sendbuf recvbuf root?; Scatterv sendbuf recvbuf root?
gather sendobj root?; Gather sendbuf recvbuf root?; Gatherv sendbuf recvbuf root?
allgather sendobj; Allgather sendbuf recvbuf; Allgatherv sendbuf recvbuf; alltoall sendobj; Alltoall sendbuf recvbuf
reduce sendobj op? root?; Reduce sendbuf recvbuf op? root?; allreduce sendobj op?; Allreduce sendbuf recvbuf op?
scan sendobj op?; Scan sendbuf recvbuf op?; exscan sendobj op?
Wait status?; wait status?; Waitall requests statuses?; waitall requests statuses?; Test status?; test status?
Probe source? tag? status?; probe source? tag? status?; Iprobe source? tag? status?; iprobe source? tag? status?
"""
_KEYWORD = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)")


def _read(table: str) -> dict[str, tuple[str, ...]]:
    words = [entry.split() for line in table.split("\n") for entry in line.split(";") if entry.strip()]
    return {entry[0]: tuple(entry[1:]) for entry in words}


PARAMETERS: Mapping[str, tuple[str, ...]] = _read(_TABLE)
"""By method; a trailing ``?`` marks what may be left out."""


def accepts(method: str, arguments: Sequence[str]) -> bool:
    """Whether a method takes these arguments, some by keyword; one that is not listed takes any."""
    if method not in PARAMETERS or any(text.lstrip().startswith("*") for text in arguments):
        return True
    names = [name.rstrip("?") for name in PARAMETERS[method]]
    matches = [_KEYWORD.match(text) for text in arguments]
    positional = sum(match is None for match in matches)
    keywords = [match[1] for match in matches if match is not None]
    if positional > len(names) or len(set(keywords)) < len(keywords) or set(keywords) - set(names[positional:]):
        return False
    given = {*names[:positional], *keywords}
    return all(name in given for name in PARAMETERS[method] if not name.endswith("?"))
