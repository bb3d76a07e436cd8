"""Handles that a program declares and nobody makes: a communicator that no call and no assignment gives a value.

Limits: by the text of the file; a handle that another file makes is taken to be unmade only where it is a local variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from codepar.mpi.call_text import names_in
from codepar.mpi.proposal import Dropped, Edit
from codepar.syntax.variables import Variable

_CONSUMES = re.compile(r"MPI_(?:Type_commit|(?:Type|Comm|Op|Group|Win)_free|File_close|Type_size|Type_get_extent)")
_USED_BY_VALUE = frozenset({"MPI_Comm", "MPI_Datatype", "MPI_Op", "MPI_Group", "MPI_Win", "MPI_File"})


def unmade_handles(source: str, variables: Iterable[Variable], edits: Sequence[Edit]) -> frozenset[str]:
    """The names of those that neither the source nor the edits give a value; parameters have theirs from the caller."""
    handles = [one.name for one in variables if one.type in _USED_BY_VALUE and not one.is_parameter]
    text = "\n".join([source, *(edit.text for edit in edits)]) if handles else ""
    return frozenset(name for name in handles if not _is_made(name, text))


def without_unmade(source: str, variables: Sequence[Variable], edits: Sequence[Edit]) -> tuple[list[Edit], list[Dropped]]:
    """The edits less those that use a handle which nobody makes; what goes may have made another's."""
    kept, dropped = list(edits), list[Dropped]()
    handles = {one.name for one in variables if one.type in _USED_BY_VALUE and not one.is_parameter}
    while True:
        makers = "\n".join(edit.text for edit in kept if not _CONSUMES.fullmatch(edit.function))
        unmade = {name for name in handles if not _is_made(name, f"{source}\n{makers}")}
        gone = [edit for edit in kept if unmade & names_in(edit.text)]
        if not gone:
            return kept, dropped
        dropped += [Dropped(text=edit.text, rule=f"handles: nobody makes `{_first(unmade, edit)}`") for edit in gone]
        kept = [edit for edit in kept if all(edit is not one for one in gone)]


def _first(names: set[str], edit: Edit) -> str:
    return min(names & names_in(edit.text))


def _is_made(name: str, text: str) -> bool:
    return re.search(rf"&\s*{name}\b|\b{name}\b\s*(?:\[[^\]]*\]\s*)?=(?!=)|\*\s*{name}\b", text) is not None
