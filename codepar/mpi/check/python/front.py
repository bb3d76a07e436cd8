"""Python files as programs for the replay.

Limits: every file whose top level comes to calls of MPI is taken for a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from codepar.mpi.check.python.machine import PythonMachine
from codepar.mpi.check.python.program import PythonProgram
from codepar.mpi.check.python.types import EXTRA_ELEMENTS
from codepar.mpi.check.python.units import PythonUnit

_MENTIONS = re.compile(r"\bmpi4py\b")
_MAX_BYTES = 400_000


def speaks_mpi(text: str) -> bool:
    """Whether a file names mpi4py."""
    return _MENTIONS.search(text) is not None


def load_units(files: Mapping[str, str], sources: list[str]) -> tuple[list[PythonUnit], list[str]]:
    """The files that can be read, and why others cannot."""
    units, skipped = list[PythonUnit](), list[str]()
    for path in sources:
        try:
            if len(files[path]) > _MAX_BYTES:
                raise RecursionError
            units.append(PythonUnit(path, files[path]))
        except SyntaxError as error:
            if speaks_mpi(files[path]):
                skipped.append(f"{path}: line {error.lineno} is not Python 3")
        except (RecursionError, ValueError):
            skipped.append(f"{path}: too long or nested too deeply")
    return units, skipped


def python_programs(units: list[PythonUnit]) -> Iterator[PythonProgram]:
    """One program for each file that runs calls of MPI by itself."""
    for unit in units:
        yield PythonProgram(unit, tuple(units), PythonMachine, EXTRA_ELEMENTS)
