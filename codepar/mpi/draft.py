"""A completion that is being worked on: the calls proposed for one file, those in reserve, and where each stands in the result.

Limits: one file; what other files of a project get is held fixed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codepar.mpi.apply import apply_edits
from codepar.mpi.declare import with_declarations
from codepar.mpi.proposal import Edit
from codepar.mpi.rules_check import Rules

Pack = tuple[Edit, ...]
"""Calls that come together or not at all: both halves of a message."""

Others = Mapping[tuple[int, str], Sequence[tuple[str, ...]]]
"""By line and function the arguments that such a call may have as well, the likeliest first."""

_FIRST = {"MPI_Init": 0, "MPI_Init_thread": 0, "MPI_Comm_rank": 1, "MPI_Comm_size": 2, "MPI_Finalize": 9}


def in_order(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """In the order of the file; after one line Init comes first and Finalize last."""
    return tuple(sorted(edits, key=lambda edit: (edit.after_line, _FIRST.get(edit.function, 5))))


@dataclass(frozen=True)
class Draft:
    """The calls that are in, in the order of the file."""

    edits: tuple[Edit, ...]

    def without(self, *gone: Edit) -> Draft:
        """Less those calls (by identity: the same call may be in twice)."""
        return Draft(tuple(edit for edit in self.edits if all(edit is not one for one in gone)))

    def adding(self, pack: Sequence[Edit]) -> Draft:
        return Draft(in_order([*self.edits, *pack]))

    def replacing(self, old: Edit, new: Edit) -> Draft:
        """``new`` at the place of ``old``, moved where its line says."""
        edits = tuple(new if edit is old else edit for edit in self.edits)
        return Draft(edits if new.after_line == old.after_line else in_order(edits))

    def swapping(self, first: Edit, second: Edit) -> Draft:
        """The two calls in each other's place."""
        there = {id(first): second.model_copy(update={"after_line": first.after_line})}
        there[id(second)] = first.model_copy(update={"after_line": second.after_line})
        return Draft(tuple(there.get(id(edit), edit) for edit in self.edits))

    def has(self, edit: Edit) -> bool:
        """Whether the same call is in after the same line."""
        return any((one.after_line, one.text) == (edit.after_line, edit.text) for one in self.edits)

    def text(self, source: str, rules: Rules) -> tuple[str, dict[int, Edit]]:
        """The completed program, and the calls by the line they stand in there."""
        whole = with_declarations(rules, self.edits)[0] if rules.declares else list(self.edits)
        return apply_edits(source, whole), lines_of_edits(whole)


def lines_of_edits(edits: Sequence[Edit]) -> dict[int, Edit]:
    """The line (1-based, of the completed program) of each call; declarations are counted, not told."""
    statements = [edit for edit in edits if not edit.inline]
    found: dict[int, Edit] = {}
    for edit in edits:
        if edit.kind != "call":
            continue
        before = sum(other.after_line < edit.after_line for other in statements)
        beside = [other for other in statements if other.after_line == edit.after_line]
        within = next((index + 1 for index, other in enumerate(beside) if other is edit), 0) if not edit.inline else 0
        found[edit.after_line + before + within] = edit
    return found
