"""Handles that a program declares and nobody makes: a communicator that no call and no assignment gives a value.

Limits: by the text of the file; a handle that another file makes is taken to be unmade only where it is a local variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from codepar.mpi.proposal import Edit
from codepar.syntax.variables import Variable

_USED_BY_VALUE = frozenset({"MPI_Comm", "MPI_Datatype", "MPI_Op", "MPI_Group", "MPI_Win", "MPI_File"})


def unmade_handles(source: str, variables: Iterable[Variable], edits: Sequence[Edit]) -> frozenset[str]:
    """The names of those that neither the source nor the edits give a value; parameters have theirs from the caller."""
    handles = [one.name for one in variables if one.type in _USED_BY_VALUE and not one.is_parameter]
    text = "\n".join([source, *(edit.text for edit in edits)]) if handles else ""
    return frozenset(name for name in handles if not _is_made(name, text))


def _is_made(name: str, text: str) -> bool:
    return re.search(rf"&\s*{name}\b|\b{name}\b\s*(?:\[[^\]]*\]\s*)?=(?!=)|\*\s*{name}\b", text) is not None
