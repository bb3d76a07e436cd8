"""The Fortran and Python files of a project: their programs, and what is wrong with single calls.

Limits: files that cannot be read as their language are named and left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codepar.mpi.check.finding import Finding
from codepar.mpi.check.foreign import ForeignProgram
from codepar.mpi.check.fortran.calls import check_calls
from codepar.mpi.check.fortran.front import fortran_programs, load_units, speaks_mpi
from codepar.mpi.check.python import front as python
from codepar.mpi.headers import Signatures
from codepar.project import Project


@dataclass
class ForeignSources:
    """What is to be followed, and what was found without that."""

    files: int = 0
    programs: list[ForeignProgram] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def foreign_sources(project: Project, signatures: Signatures) -> ForeignSources:
    """The programs of a project that are not in C or C++."""
    found = ForeignSources()
    _fortran(project, signatures, found)
    _python(project, found)
    return found


def _fortran(project: Project, signatures: Signatures, found: ForeignSources) -> None:
    sources = project.fortran_sources()
    if not any(speaks_mpi(project.files[path]) for path in sources):
        return
    files = {path: _readable(text) for path, text in project.files.items()}
    units = load_units(files, sources)
    found.files += sum(speaks_mpi(files[path]) for path in sources)
    found.findings += check_calls(units, signatures)
    found.programs += [program for program in fortran_programs(units) if program.speaks_mpi]


def _python(project: Project, found: ForeignSources) -> None:
    sources = project.python_sources()
    speaking = [path for path in sources if python.speaks_mpi(project.files[path])]
    if not speaking:
        return
    units, skipped = python.load_units({path: _readable(project.files[path]) for path in sources}, sources)
    found.files += len(speaking)
    found.skipped += skipped
    found.programs += [program for program in python.python_programs(units) if program.speaks_mpi]


def _readable(text: str) -> str:
    """Bytes that are no UTF-8 stand in comments and strings, mostly."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
