"""Holes in a Python text: what stands for a call that the syntax cannot do without.

A value leaves ``(0x4D5049 and int())`` (the letters MPI; an empty value of the type that mpi4py says), without quotes so that it
can stand in an f-string; the only statement of a block ``pass  # mpi: void``, which ends its line. Limits: a value of any class
becomes ``object()``.
"""

from __future__ import annotations

import re

HOLE = re.compile(r"(?:\(0x4D5049 and (?=\w+\(\)\))|\bpass  # mpi: (?=void\b))(?P<type>\w+)(?:\(\)\))?")
"""Matches a hole; group ``type`` is the builtin of the missing value, ``void`` for a statement."""

STATEMENT = "pass  # mpi: void"

_BUILTINS = frozenset({"int", "float", "bool", "str", "list", "tuple", "dict"})


def value_hole(kind: str) -> str:
    """What to write for a call that gives a ``kind`` (see ``methods``)."""
    return f"(0x4D5049 and {kind if kind in _BUILTINS else 'object'}())"
