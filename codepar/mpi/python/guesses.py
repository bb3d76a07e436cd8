"""What a hole of a Python program probably held, where no call was found for it: told by type, target, branch and what is idle.

Limits: names and conditions alone; an answer is a guess of low confidence, and none is given where nothing speaks for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codepar.mpi.python.as_c import Missing

_RANK = re.compile(r"rank|(?:^|_)(?:me|my_?id|id|pid|rang|iproc|proc|node)(?:$|_)|my_?(?:id|proc|pe)|proc_?id", re.IGNORECASE)
_SIZE = re.compile(
    r"size|(?:^|_)(?:n|np|p|num|total)_?(?:procs?|processes|ranks|tasks|workers|nodes)?(?:$|_)|nproc|workers", re.IGNORECASE
)
_REQUEST = re.compile(r"req|win|comm|group|status|type", re.IGNORECASE)
_REDUCED = re.compile(r"total|sum|result|global|max|min|avg|mean|count|pi$|res$", re.IGNORECASE)
_PART = re.compile(r"local|chunk|part|sub|piece|mine|my_|recv|scatter", re.IGNORECASE)
_NONE = re.compile(r"^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*None\b", re.MULTILINE)
_ASSIGNED = re.compile(r"^[ \t]*([A-Za-z_]\w*)[ \t]*[-+*/]?=(?!=)", re.MULTILINE)
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*")
_WHOLE = frozenset({"global", "total", "all", "local", "my", "final", "overall", "partial", "part", "recv", "send"})

WORTH = 0.9
"""Score of a guess, and of one whose type and name leave no choice: ``calibration`` makes .64 and .97 of them."""
SURE = 0.999


@dataclass(frozen=True, slots=True)
class Guess:
    """A function by its C name, the variable that it takes, the other rank of a message, and how (``op``)."""

    function: str
    confidence: float
    data: str = ""
    peer: str = "0"
    operation: str = "MPI_SUM"


def guessed(
    missing: Missing, text: str, known: frozenset[str], before: Sequence[str], received: Sequence[str] = ()
) -> Guess | None:
    """The guess for a hole.

    ``text``: the program above it; ``known``: its variables; ``before``: the holes' functions so far; ``received``: what other
    holes are assigned to.
    """
    if missing.type == "int":
        return _rank_or_size(missing.target, before)
    if missing.type in {"float", "str"}:
        return Guess("MPI_Wtime" if missing.type == "float" else "MPI_Get_processor_name", SURE)
    if missing.type == "void":
        return _sent(missing, text, known, received)
    if missing.type not in {"object", "list"} or _REQUEST.search(missing.target):
        return None
    if missing.type == "object" and any(_RANK.search(guard) for guard in missing.guards):
        return Guess("MPI_Recv", WORTH, peer=_other_rank(missing))
    return _collective(missing, text, known) if missing.target else None


def _rank_or_size(target: str, before: Sequence[str]) -> Guess | None:
    if _SIZE.search(target) and not re.search(r"rank", target, re.IGNORECASE):
        return Guess("MPI_Comm_size", SURE)
    if _RANK.search(target):
        return Guess("MPI_Comm_rank", SURE)
    if not target:
        return None
    return Guess("MPI_Comm_size" if "MPI_Comm_rank" in before else "MPI_Comm_rank", WORTH)


def _sent(missing: Missing, text: str, known: frozenset[str], received: Sequence[str]) -> Guess | None:
    """A lone statement in a branch of the rank: what the other branch receives is sent, else what was assigned last."""
    if not any(_RANK.search(guard) for guard in missing.guards):
        return None
    assigned = [name for name in _ASSIGNED.findall(text) if name in known and not _RANK.fullmatch(name)]
    alike = [name for name in received if name in assigned]
    data = (alike or assigned[-1:] or [""])[0]
    return Guess("MPI_Send", WORTH / 2, data, peer=_other_rank(missing)) if data else None


def _other_rank(missing: Missing) -> str:
    """The other rank of a message: each in turn where a loop of the root runs over them, else the root."""
    root = any(re.search(r"== ?0\b", guard) and not guard.startswith("!") for guard in missing.guards)
    if root and missing.loops:
        return missing.loops[-1]
    return "1" if root else "0"


def _collective(missing: Missing, text: str, known: frozenset[str]) -> Guess | None:
    target = missing.target
    idle = [name for name in dict.fromkeys(_NONE.findall(text)) if not _is_taken(name, text)]
    if missing.type == "object" and target in idle:
        return Guess("MPI_Bcast", WORTH, target)
    if missing.type == "object" and idle and not _REDUCED.search(target):
        return Guess("MPI_Scatter", WORTH, idle[-1])
    data = _likest(target, text, known)
    if missing.type == "list":
        return Guess("MPI_Gather", WORTH, data) if data else None
    if _REDUCED.search(target) and data:
        word = target.lower()
        operation = "MPI_MAX" if "max" in word else "MPI_MIN" if "min" in word else "MPI_SUM"
        return Guess("MPI_Reduce", WORTH, data, operation=operation)
    if target in known and re.search(rf"\b{re.escape(target)}\b", text):
        return Guess("MPI_Bcast", WORTH, target)
    return Guess("MPI_Scatter", WORTH, data) if data and _PART.search(target) else None


def _is_taken(name: str, text: str) -> bool:
    """Whether something reads the name behind the line that makes it None."""
    behind = text[max(match.end() for match in _NONE.finditer(text) if match[1] == name) :]
    return re.search(rf"\b{re.escape(name)}\b", behind) is not None


def better_data(target: str, data: str, text: str, known: frozenset[str]) -> str:
    """What goes into a collective whose result is ``target``: ``data``, unless another variable's name says that it is that."""
    if set(_words(target)) & set(_words(data)):
        return data
    other = _likest(target, text, known)
    return other if set(_words(target)) & set(_words(other)) else data


def _likest(target: str, text: str, known: frozenset[str]) -> str:
    """Of the variables assigned above the one that shares a word with the target, else the last one."""
    assigned = [name for name in _ASSIGNED.findall(text) if name in known and name != target and not _RANK.fullmatch(name)]
    words = set(_words(target))
    alike = [name for name in assigned if words & set(_words(name))]
    return str((alike or assigned or [""])[-1])


def _words(name: str) -> Iterator[str]:
    yield from (word.lower() for word in _WORD.findall(name) if word.lower() not in _WHOLE)
