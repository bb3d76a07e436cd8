"""BabelTower's pairs as MuSL published them with tests: one sequential function each, a reference kernel, recorded outputs.

A JSONL file given by path; none is part of codepar. Limits: the reference kernel and its wrapper are read and not run; the
repository of a pair is not known, so that intervals take the pairs as independent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from codepar.errors import InvalidInput, NotFound

NAME = "babeltower"
_CALL = re.compile(r"\bwrapper\s*\(\s*(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """C++ statements whose last line calls ``wrapper(function, arguments...)``, and what that printed for the original."""

    statements: str
    output: str

    def calling(self, function: str) -> str:
        """The statements with another function."""
        return _CALL.sub(f"wrapper({function}", self.statements)

    @property
    def called(self) -> str | None:
        """The function that it calls."""
        found = _CALL.search(self.statements)
        return found["name"] if found else None


@dataclass(frozen=True, slots=True)
class Pair:
    """``source`` is the sequential function, ``kernel`` the published reference."""

    task_id: str
    source: str
    kernel: str
    tests: tuple[RecordedTest, ...]

    @property
    def function(self) -> str | None:
        """The function that the tests call."""
        return next((one.called for one in self.tests if one.called), None)


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: int | str
    cpp_code: str
    cuda_code: str = ""
    consistent_cpp_inputs: list[str] = []
    consistent_outputs: list[str] = []


def load(path: Path) -> tuple[Pair, ...]:
    """The pairs of a file, in its order. Raises ``NotFound``, ``InvalidInput``."""
    pairs = tuple(_pair(row) for row in _rows(path))
    if not pairs:
        raise InvalidInput(f"{path} holds no pair", remedy="give the benchmark's JSONL file")
    if len({pair.task_id for pair in pairs}) < len(pairs):
        raise InvalidInput(f"{path} holds two pairs of one id", remedy="the file is damaged")
    return pairs


def _pair(row: _Row) -> Pair:
    tests = zip(row.consistent_cpp_inputs, row.consistent_outputs, strict=False)
    return Pair(str(row.id), row.cpp_code.rstrip() + "\n", row.cuda_code, tuple(RecordedTest(*one) for one in tests))


def _rows(path: Path) -> Iterator[_Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", remedy="name the benchmark's JSONL file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", remedy="name the benchmark's JSONL file") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _Row.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError, RecursionError) as error:
            raise InvalidInput(
                f"{path}, line {number}: not a pair of {NAME}", remedy="each line is a JSON object with id and cpp_code"
            ) from error
