"""Fortran files as programs for the replay.

Limits: each main program is followed with all other files; two procedures of one name are neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codepar.mpi.check.foreign import ForeignProgram, ForeignUnit
from codepar.mpi.check.fortran.binding import EXTRA_ELEMENTS
from codepar.mpi.check.fortran.machine import FortranMachine
from codepar.mpi.check.fortran.units import FortranUnit

_MENTIONS = re.compile(r"\bp?mpi_\w+", re.IGNORECASE)
_WIDE_KINDS = re.compile(
    r"(?<![\w-])-(?:r8|i8|fdefault-(?:real|integer)-8|(?:real|integer)-size[ =]64|s\s*(?:real|integer)64|autodouble)\b"
)


def speaks_mpi(text: str) -> bool:
    """Whether a file names something of MPI."""
    return _MENTIONS.search(text) is not None


def load_units(files: Mapping[str, str], sources: list[str]) -> list[FortranUnit]:
    """All files of a project; where its build widens the default kinds, their sizes are not known."""
    units = [FortranUnit(path, files[path], files) for path in sources]
    widened = any(_WIDE_KINDS.search(text) for path, text in files.items() if path not in sources)
    if widened:
        for unit in units:
            unit.has_default_kinds = False
    return units


def fortran_programs(units: list[FortranUnit]) -> Iterator[ForeignProgram]:
    """One program for each file with a main program."""
    every: tuple[ForeignUnit, ...] = tuple(units)
    for unit in units:
        if "main" in unit.functions:
            yield ForeignProgram(unit, every, FortranMachine, EXTRA_ELEMENTS)
