"""HPCorpusMPI, MPIrigen's test programs: a JSONL file of ``program``, ``code`` (lines as ``12: text``) and ``mpi_labels``.

A call whose value was used was cut out together with its semicolon, which leaves a line that ends in ``=``. Such a line gets the
hole that the product's own removal leaves, so that the program parses; its type is that of the variable where the code says so.
The data brings no headers, and its repositories are the programs' names without their last number.
Limits: only statements that end in ``=`` get holes; a call cut out of a condition is left as the data has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from codepar.errors import InvalidInput, NotFound
from codepar.mpi.holes import hole_text
from evaluators.benchmarks.task import Task

NAME = "hpcorpusmpi"
_NUMBER = re.compile(r"(\d+): ?")
_CUT = re.compile(r"(?P<target>[A-Za-z_]\w*)\s*(?:\[[^=]*\]\s*)*(?<![=!<>])[-+*/]?=\s*$")
_COUNTED = re.compile(r"_\d+$")


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")

    program: str
    code: str
    mpi_labels: str


def load(path: Path) -> tuple[Task, ...]:
    """The tasks of a file, in its order; a program name that comes again gets a number. Raises ``NotFound``, ``InvalidInput``."""
    seen: dict[str, int] = {}
    tasks: list[Task] = []
    for row in _rows(path):
        seen[row.program] = seen.get(row.program, 0) + 1
        again = f"#{seen[row.program]}" if seen[row.program] > 1 else ""
        tasks.append(
            Task(f"{row.program}{again}", _COUNTED.sub("", row.program), with_holes(without_numbers(row.code)), row.mpi_labels)
        )
    if not tasks:
        raise InvalidInput(f"{path} holds no program", remedy="give the benchmark's JSONL file")
    return tuple(tasks)


def _rows(path: Path) -> Iterator[_Row]:
    remedy = "each line must be a JSON object with program, code and mpi_labels"
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
            raise InvalidInput(f"{path}, line {number}: not a program of {NAME}", remedy=remedy) from error


def without_numbers(code: str) -> str:
    """The program without its line numbers; one line for each of the benchmark's. Raises ``InvalidInput`` for a number amiss."""
    lines = code.split("\n")
    for index, line in enumerate(lines):
        number = _NUMBER.match(line)
        if number is None or int(number[1]) != index + 1:
            raise InvalidInput(f"line {index + 1} of a program is not numbered so: {line[:40]!r}", remedy="the file is damaged")
        lines[index] = line[number.end() :]
    return "\n".join(lines)


def with_holes(source: str) -> str:
    """The program with a hole in each line whose call was cut out of an assignment or initialisation."""
    lines = source.split("\n")
    for index, line in enumerate(lines):
        cut = _CUT.search(line)
        if cut is not None:
            lines[index] = f"{line.rstrip()} {hole_text(_type_of(cut['target'], lines[: index + 1]))};"
    return "\n".join(lines)


def _type_of(target: str, lines: Sequence[str]) -> str:
    """``double`` where the nearest declaration of the variable says so, ``int`` otherwise."""
    declared = re.compile(
        rf"^\s*(?:(?:static|volatile|const|register)\s+)*([A-Za-z_]\w*)\b[^()]*?[\s,*]{target}\b\s*(?:[=;,\[]|$)"
    )
    for line in reversed(lines):
        found = declared.match(line)
        if found is not None and found[1] != "return":
            return "double" if found[1] == "double" else "int"
    return "int"
