"""Aim a call at another buffer: one that nobody gave a value where it receives, one that nobody reads where it sends.

Limits: a whole variable at a time, with its own count and datatype; derived datatypes and counts that differ by rank are left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.dataflow import Life, lives_of
from codepar.mpi.datatypes import datatype_of
from codepar.mpi.facts import Facts
from codepar.mpi.headers import Signatures
from codepar.mpi.proposal import Edit

_RECEIVES = {"MPI_Recv": 0, "MPI_Irecv": 0, "MPI_Bcast": 0, "MPI_Scatter": 3, "MPI_Gather": 3, "MPI_Allgather": 3,
             "MPI_Alltoall": 3, "MPI_Reduce": 1, "MPI_Allreduce": 1, "MPI_Scan": 1, "MPI_Exscan": 1}  # fmt: skip
_SENDS = {"MPI_Send": 0, "MPI_Isend": 0, "MPI_Ssend": 0, "MPI_Bcast": 0, "MPI_Scatter": 0, "MPI_Gather": 0, "MPI_Allgather": 0,
          "MPI_Alltoall": 0, "MPI_Reduce": 0, "MPI_Allreduce": 0, "MPI_Scan": 0, "MPI_Exscan": 0}  # fmt: skip
_REDUCES = frozenset({"MPI_Reduce", "MPI_Allreduce", "MPI_Scan", "MPI_Exscan"})


def receiving(function: str) -> int | None:
    """The position of the buffer that a function fills."""
    return _RECEIVES.get(function)


def aimed(facts: Facts, signatures: Signatures, edit: Edit, name: str, *, sends: bool) -> Iterator[tuple[str, ...]]:
    """The arguments of ``edit`` with ``name`` as what it sends, or receives: with the old count, then with the variable's own."""
    position = (_SENDS if sends else _RECEIVES).get(edit.function)
    function = facts.tree.function_at(edit.after_line + 1)
    if position is None or function is None or len(edit.arguments) < position + 3 or _names(edit.arguments[position], name):
        return
    life = next((one for one in lives_of(facts, function) if one.name == name), None)
    datatype = datatype_of(life.variable, signatures) if life is not None else None
    if life is None or datatype is None:
        return
    yield from _with(edit, position, life, datatype)


def _with(edit: Edit, position: int, life: Life, datatype: str) -> Iterator[tuple[str, ...]]:
    count = 2 if edit.function in _REDUCES else position + 1
    arguments = list(edit.arguments)
    arguments[position], arguments[count + 1] = life.argument, datatype
    yield tuple(arguments)
    if life.extent and life.extent != arguments[count]:
        arguments[count] = life.extent
        yield tuple(arguments)


def _names(argument: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", argument) is not None
