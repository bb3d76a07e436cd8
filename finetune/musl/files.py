"""Files that are there whole or not at all, so that a run that was killed anywhere goes on with what it finished.

Limits: one writer a file; a draft of a killed process lies beside it as ``NAME.part`` until the file is written again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from codepar.errors import InvalidInput

_Kind = TypeVar("_Kind", bound=BaseModel)


def write_text(path: Path, text: str) -> None:
    """Replace a file; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.part")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_one(path: Path, record: BaseModel) -> None:
    """Replace a file with one record as JSON."""
    write_text(path, record.model_dump_json() + "\n")


def write_rows(path: Path, rows: Iterable[BaseModel]) -> None:
    """Replace a file with records, one a line."""
    write_text(path, "".join(f"{row.model_dump_json()}\n" for row in rows))


def read_one(path: Path, kind: type[_Kind]) -> _Kind:
    """The record of a file. Raises ``InvalidInput`` where it is none."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidInput(f"{path} cannot be read: {_first(error)}", remedy="delete it: it is made again") from error


def read_rows(path: Path, kind: type[_Kind]) -> Iterator[_Kind]:
    """The records of a file, none where there is no file. Raises ``InvalidInput`` with the line."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line:
            continue
        try:
            yield kind.model_validate_json(line)
        except ValidationError as error:
            raise InvalidInput(f"{path}, line {number}: {_first(error)}", remedy="delete it: it is made again") from error


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
    return str(error)
