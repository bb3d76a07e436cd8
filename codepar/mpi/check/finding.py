"""What a check says: a place, a kind, a severity, an explanation, other lines that belong to it, the fix where one is plain.

Limits: a finding is about one place of one file; that it was also seen at other places is in ``related``.
"""

from __future__ import annotations

from enum import StrEnum

from codepar.protocols import Record


class Severity(StrEnum):
    """``error``: wrong by the standard on the path described. ``warning``: wrong on some MPI, some run, or resources kept."""

    ERROR = "error"
    WARNING = "warning"


class Related(Record):
    """Another line that a finding is about, and what happens there."""

    file: str
    line: int
    message: str


class Finding(Record):
    """One finding; ``line`` is 1-based, ``kind`` the name of the check (docs/mpi_check.md lists them)."""

    kind: str
    severity: Severity
    file: str
    line: int
    message: str
    related: tuple[Related, ...] = ()
    fix: str | None = None


class CheckReport(Record):
    """All findings of a file or folder in the order of files and lines.

    ``replayed`` counts the programs (a ``main``) whose ranks were followed to their end at some number of ranks; ``skipped`` says
    why others were checked call by call only.
    """

    findings: tuple[Finding, ...]
    files: int
    programs: int
    replayed: int
    skipped: tuple[str, ...] = ()
