"""Holes in a Fortran text: what stands for a call that the syntax cannot do without.

A value leaves ``dble(z'4D5049')`` or ``int(z'4D5049',8)`` (the letters MPI), a lone statement ``continue ! mpi: void``,
which ends its line. All of them compile as Fortran 2003. Limits: an address is taken to have eight bytes.
"""

from __future__ import annotations

import re

HOLE = re.compile(r"\b(?P<type>dble|int|continue)(?:\(z'4D5049'(?:,8)?\)|(?<=continue) ! mpi: void)")
"""Matches a hole; group ``type`` tells the kinds of holes apart."""

STATEMENT = "continue ! mpi: void"

_VALUES = {"double": "dble(z'4D5049')", "MPI_Aint": "int(z'4D5049',8)"}


def value_hole(type_text: str) -> str:
    """What to write for a function of the C type ``type_text``."""
    return _VALUES[type_text]
