"""Holes: what stands in a stripped program for a call that the syntax cannot do without.

A value leaves ``0/* mpi: int */``, a lone body of an ``if`` or loop ``/* mpi: void */`` before its semicolon; in the body of a
macro, where the grammar reads no comments, ``(int)0x4D5049`` (the letters MPI). All of them compile.
Limits: the type is that of MPI's C binding, told from the name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HOLE = re.compile(r"(?:\((?=\w+\)0x4D5049\b)|(?:\b0(?:\.0)?)?/\* mpi: (?=\w+ \*/))(?P<type>[A-Za-z_]\w*)(?:\)0x4D5049\b| \*/)")
"""Matches a hole; group ``type`` is the C type of the missing value, ``void`` for a statement (its semicolon follows)."""

_DOUBLES = frozenset({"Wtime", "Wtick"})
_ADDRESSES = frozenset({"Aint_add", "Aint_diff"})
_FROM_FORTRAN = re.compile(r"(?P<handle>[A-Z][a-z]+)_f2c$")
_HANDLES = {"Type": "Datatype"}


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole in a text: characters ``start`` to ``end``, the 1-based line, the type of the missing value."""

    start: int
    end: int
    line: int
    type: str

    @property
    def is_statement(self) -> bool:
        return self.type == "void"


def hole_text(type_text: str, *, in_macro: bool = False) -> str:
    """What to write for a call that returns ``type_text``; ``void`` for a whole statement without its semicolon."""
    if in_macro:
        return f"({type_text})0x4D5049"
    value = {"void": "", "double": "0.0"}.get(type_text, "0")
    return f"{value}/* mpi: {type_text} */"


def find_holes(source: str) -> tuple[Hole, ...]:
    """All holes of ``source`` in their order."""
    return tuple(
        Hole(match.start(), match.end(), source.count("\n", 0, match.start()) + 1, match["type"])
        for match in HOLE.finditer(source)
    )


def value_type(function: str) -> str:
    """The C type that the MPI function returns, by the rules of the C binding: an error code, except for a few."""
    name = function.rsplit("::", 1)[-1].split("_", 1)[-1]
    if name in _DOUBLES or function.endswith(("::Wtime", "::Wtick")):
        return "double"
    if name in _ADDRESSES:
        return "MPI_Aint"
    if match := _FROM_FORTRAN.search(name):
        return f"MPI_{_HANDLES.get(match['handle'], match['handle'])}"
    return "MPI_Fint" if name.endswith("_c2f") else "int"
