"""Variables that the text gives a value, or only declares, and never reads: what stands there for the calls that are missing.

`int dest = 1, tag = 0;` in a program without its calls tells what the calls take, if not which call takes what. Limits: told by
name and use in the function around the place; a variable that is printed as well counts as read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codepar.mpi.facts import READS, Use

_PEER = frozenset({"partner", "peer", "neighbor", "neighbour", "rank", "proc", "process", "worker", "node", "other"})
_COUNT = frozenset({"count", "counts", "cnt", "n", "num", "number", "len", "length", "size", "elements", "chunk", "nb", "total"})
_MEANT: Mapping[str, frozenset[str]] = {
    "dest": frozenset({"dest", "dst", "destination", "to", "target", "receiver", "next", "right", "down", "succ"}) | _PEER,
    "source": frozenset({"source", "src", "from", "sender", "prev", "previous", "left", "up", "pred"}) | _PEER,
    "root": frozenset({"root", "master", "main", "leader", "source", "src"}),
    **dict.fromkeys(("tag", "sendtag", "recvtag"), frozenset({"tag", "tag1", "tag2", "mtype", "msgtype"})),
    **dict.fromkeys(("count", "sendcount", "recvcount"), _COUNT),
}


def is_idle(uses: Sequence[Use]) -> bool:
    """Whether nothing reads a variable with these uses."""
    return not any(use.kind in READS for use in uses)


def is_meant(words: Sequence[str], parameter: str) -> bool:
    """Whether a name made of ``words`` says what the parameter of that name wants."""
    return not _MEANT.get(parameter, frozenset()).isdisjoint(words)


def has_role(parameter: str) -> bool:
    """Whether names can say that they are meant for the parameter."""
    return parameter in _MEANT
