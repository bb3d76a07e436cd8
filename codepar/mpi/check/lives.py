"""What became of the variables of one replayed rank: read or sent without a value, given a value that nobody reads or sends.

No findings: right programs have some of both. They tell how one completion compares with another. Limits: variables and
allocations that hold numbers; members of structs and elements are taken together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.mpi.check.buffers import BufferUse, buffers_of
from codepar.mpi.check.trace import Op, RankTrace
from codepar.mpi.check.values import Pointer, Unknown

Variable = tuple[str, str, int]
"""File, name, line of the declaration."""

_UNSET_POINTER = re.compile(r"r\d+:(\w+)\.\d+\.0\[0\]")


@dataclass(frozen=True, slots=True)
class Lives:
    """By what happens to them on this rank: ``unset`` are used without a value, ``given`` get one, ``used`` are read or sent."""

    unset: frozenset[Variable]
    given: frozenset[Variable]
    used: frozenset[Variable]


def lives_in(trace: RankTrace) -> Lives:
    """The lives of one rank's variables, what MPI does to them included."""
    sent, received, unset = set[Variable](), set[Variable](), set(trace.unset)
    for op in trace.ops:
        uses = buffers_of(op)
        written = {use.parameter for use in uses if use.writes}
        # What describes a call (dimensions, displacements) is used by it; the number of ranks may be asked for in vain.
        sent |= {
            value.block.variable
            for key, value in op.values.items()
            if isinstance(value, Pointer) and key not in written and value.block.variable is not None
        }
        for use in uses:
            if isinstance(use.pointer, Pointer) and use.pointer.block.variable is not None:
                (received if use.writes else sent).add(use.pointer.block.variable)
                if not use.writes and use.pointer.block.is_unset and use.pointer.block.variable not in trace.given | received:
                    unset.add(use.pointer.block.variable)
            elif _is_unset_pointer(use, op):
                unset.add((op.file, op.texts[use.parameter], 0))
    return Lives(frozenset(unset), frozenset(trace.given | received), frozenset(trace.used | sent))


def _is_unset_pointer(use: BufferUse, op: Op) -> bool:
    """Whether a pointer that nothing was assigned to is the buffer of a call."""
    match = _UNSET_POINTER.fullmatch(use.pointer.key) if isinstance(use.pointer, Unknown) else None
    return match is not None and match[1] == op.texts.get(use.parameter, "")
