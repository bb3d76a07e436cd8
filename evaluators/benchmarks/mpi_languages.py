"""Fortran and mpi4py programs without their MPI calls, with the calls at their places: a JSONL file made from the committed list.

A row holds ``task_id``, ``repository``, ``path``, ``part``, ``language``, ``source`` and ``calls`` (``after_line``, ``function``,
``arguments``, ``inline``), as the product's own removal gives them. Functions are compared by one spelling (``canonical``).
Limits: one file a program; the text is whatever the repository has, so nothing of it is committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from codepar.errors import InvalidInput, NotFound
from codepar.mpi.stripped import Stripped
from codepar.syntax.language import Language
from evaluators.benchmarks.task import Task
from evaluators.calls import PlacedCall, ProposedCall, canonical

NAME = "mpi-languages"
LanguageName = Literal["fortran", "python"]
Part = Literal["development", "set_aside"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    task_id: str
    repository: str
    path: str
    part: Part
    language: LanguageName
    source: str
    calls: tuple[ProposedCall, ...]

    def task(self) -> Task:
        """The row as a task."""
        language = Language(self.language)
        calls = tuple(wanted_call(call, language) for call in self.calls)
        return Task(self.task_id, self.repository, self.source, "", self.path, language, calls)


def row_of(repository: str, path: str, part: str, stripped: Stripped) -> dict[str, Any]:
    """The row of one program."""
    calls = [call.model_dump(include={"after_line", "function", "arguments", "inline"}) for call in stripped.calls]
    named = {"task_id": f"{repository}:{path}", "repository": repository, "path": path, "part": part}
    return {**named, "language": stripped.language, "source": stripped.source, "calls": calls}


def wanted_call(call: ProposedCall, language: Language) -> PlacedCall:
    """A call in the spelling that is compared."""
    return canonical(call, language)


def load(path: Path, language: LanguageName | None = None, part: str | None = None) -> tuple[Task, ...]:
    """The tasks of a file, of one language and half where those are said. Raises ``NotFound``, ``InvalidInput``."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", remedy="python benchmarks/mpi_languages.py data -o FILE") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", remedy="name the benchmark's JSONL file") from error
    rows = [_read(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
    tasks = tuple(row.task() for row in rows if language in {None, row.language} and part in {None, row.part})
    if not tasks:
        raise InvalidInput(
            f"{path} holds no such program{f' in {language}' if language else ''}",
            remedy="python benchmarks/mpi_languages.py data",
        )
    return tasks


def _read(line: str, path: Path, number: int) -> _Row:
    try:
        return _Row.model_validate(json.loads(line))
    except (json.JSONDecodeError, ValidationError, RecursionError) as error:
        raise InvalidInput(f"{path}, line {number}: not a program of {NAME}", remedy="make the file anew") from error


def is_languages(samples: Path) -> bool:
    """Whether a file of samples is of this benchmark, by its first row."""
    try:
        with samples.open(encoding="utf-8", errors="replace") as file:
            first = json.loads(file.readline())
    except (OSError, json.JSONDecodeError):
        return False
    return isinstance(first, dict) and first.get("benchmark") == NAME
