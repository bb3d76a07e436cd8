"""From the files of a repository to programs to learn from: C and C++ files whose MPI calls come out losslessly.

A whole program holds `MPI_Init` (or `MPI_Init_thread`) and `MPI_Finalize`, as in MPIrigen (arXiv 2402.09126, section 3); a part
holds other calls, at least two. What is left out is counted with its reason. Limits: C bindings; files of at most 600 lines and
40 KB; one file at a time, no includes; text that is not UTF-8 is read as Latin-1, so that its comments may come out wrong.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pydantic import Field

from codepar.errors import InvalidInput
from codepar.mpi.remove import strip
from codepar.mpi.stripped import Stripped
from codepar.protocols import Record
from finetune.sources import GitRepository, Source, SourceFile

SUFFIXES = frozenset({".c", ".cc", ".cpp", ".cxx", ".c++"})
MAX_BYTES = 40_000
MAX_LINES = 600
LEAST_CALLS = 2
_USES_MPI = re.compile(rb"\bMPI_[A-Z][a-z]\w*\s*\(")
_STARTS = frozenset({"MPI_Init", "MPI_Init_thread"})
_LICENCE = re.compile(r"(?i)(?:un)?licen[cs]e|copying|notice")
# The texts are those of the licences' own headings.
_FAMILIES = (
    ("Apache-2.0", rb"Apache License\s+Version 2\.0"),
    ("LGPL", rb"GNU LESSER GENERAL PUBLIC LICENSE"),
    ("AGPL", rb"GNU AFFERO GENERAL PUBLIC LICENSE"),
    ("GPL", rb"GNU GENERAL PUBLIC LICENSE"),
    ("MPL-2.0", rb"Mozilla Public License"),
    ("BSD", rb"Redistribution and use in source and binary forms"),
    ("MIT", rb"Permission is hereby granted, free of charge"),
    ("Unlicense", rb"This is free and unencumbered software"),
    ("CC", rb"Creative Commons"),
)


class Program(Record):
    """One program of the corpus. ``sha256`` is of the file's bytes; ``stripped`` puts its calls back byte for byte."""

    repository: str
    commit: str
    path: str
    licence_file: str | None
    licence: str
    sha256: str
    language: str
    whole: bool
    lines: int = Field(ge=1)
    stripped: Stripped


@dataclass(frozen=True)
class Licence:
    """A licence file and the family it belongs to (`none`: there is no file, `other`: not recognised)."""

    file: str | None
    family: str


@dataclass
class Collected:
    """What one repository gave: its programs, and how many files were left out for which reason."""

    source: Source
    programs: list[Program] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def collect(source: Source, repository: GitRepository) -> Collected:
    """All programs of a repository at its commit."""
    names = repository.names(source.commit)
    found_licence = licence_of(source, repository, names)
    found = Collected(source)
    seen: set[str] = set()
    for file in _candidates(source, repository, names):
        reason = _unfit(file.content)
        digest = hashlib.sha256(file.content).hexdigest()
        if reason is None and digest in seen:
            reason = "the same bytes twice"
        seen.add(digest)
        stripped = None if reason is not None else _stripped(file)
        if stripped is not None and len(stripped.calls) < LEAST_CALLS:
            reason = f"fewer than {LEAST_CALLS} calls"
        if stripped is None or reason is not None:
            found.left_out[reason or "its calls cannot be removed without loss"] += 1
            continue
        functions = {call.function for call in stripped.calls}
        found.programs.append(
            Program(
                repository=source.repository,
                commit=source.commit,
                path=file.path,
                licence_file=found_licence.file,
                licence=found_licence.family,
                sha256=digest,
                language="c" if PurePosixPath(file.path).suffix == ".c" else "cpp",
                whole=bool(functions & _STARTS) and "MPI_Finalize" in functions,
                lines=file.content.count(b"\n") + 1,
                stripped=stripped,
            )
        )
    return found


def _candidates(source: Source, repository: GitRepository, names: list[str]) -> Iterator[SourceFile]:
    """The C and C++ files that call MPI."""
    wanted = [name for name in names if PurePosixPath(name).suffix.lower() in SUFFIXES]
    for file in repository.files(source.commit, wanted):
        if _USES_MPI.search(file.content):
            yield file


def _unfit(content: bytes) -> str | None:
    if len(content) > MAX_BYTES or content.count(b"\n") > MAX_LINES:
        return f"longer than {MAX_LINES} lines or {MAX_BYTES} bytes"
    return None


def _stripped(file: SourceFile) -> Stripped | None:
    """The program without its calls, or None where they cannot be removed."""
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        text = file.content.decode("latin-1")
    try:
        return strip(text, file.path)
    except InvalidInput:
        return None


def licence_of(source: Source, repository: GitRepository, names: list[str]) -> Licence:
    """The licence file nearest to the root of a repository at its commit."""
    files = [name for name in names if _LICENCE.match(PurePosixPath(name).name)]
    if not files:
        return Licence(None, "none")
    nearest = min(files, key=lambda name: (name.count("/"), len(name), name))
    for file in repository.files(source.commit, [nearest]):
        # A licence names others further down: the first heading in the text is its own.
        found = [(match.start(), family) for family, heading in _FAMILIES if (match := re.search(heading, file.content, re.I))]
        return Licence(nearest, min(found)[1] if found else "other")
    return Licence(nearest, "other")
