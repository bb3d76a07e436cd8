"""Handles that a program declares and nobody makes: a communicator that no call and no assignment gives a value.

Limits: by the text of the file; a handle that another file makes is taken to be unmade only where it is a local variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from codepar.mpi.call_text import names_in
from codepar.mpi.headers import Signatures
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


def makers_of_wanted(source: str, place: int, variables: Iterable[Variable], signatures: Signatures) -> frozenset[str]:
    """The functions that make a handle which is in scope at byte ``place``, is used behind it, and which nobody makes.

    Its commit or its release makes none. None are wanted before the program begins MPI.
    """
    behind = source.encode()[place:].decode(errors="replace")
    text = re.sub(rf"\b{_CONSUMES.pattern}\s*\([^;]*\)", "", source)
    if re.search(r"\bMPI_Init\w*\s*\(", behind):
        return frozenset()
    kinds = {
        one.type
        for one in variables
        if one.type in _USED_BY_VALUE and not one.is_parameter and not one.dimensions and not one.pointer_depth
        if re.search(rf"\b{one.name}\b", behind) and not _is_made(one.name, text)
    }
    pointers = {f"{kind}*" for kind in kinds}
    return frozenset(
        name
        for name, signature in signatures.items()
        if not _CONSUMES.fullmatch(name) and any(one.type.replace(" ", "") in pointers for one in signature.parameters)
    )


def _first(names: set[str], edit: Edit) -> str:
    return min(names & names_in(edit.text))


def _is_made(name: str, text: str) -> bool:
    return re.search(rf"&\s*{name}\b|\b{name}\b\s*(?:\[[^\]]*\]\s*)?=(?!=)|\*\s*{name}\b", text) is not None
