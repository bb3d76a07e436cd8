"""Samples on disk: append-only JSONL, one row a sample. What a killed process left of a row is passed over and counted.

Rows of others need ``task_id`` and either ``edits`` or ``answer`` (text in the published form); a row with ``pred`` and ``label``
is one of MPIrigen's released answers, which names no program. Limits: one writer at a time, which a lock on the file ensures.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from codepar.errors import Conflict, EnvironmentFault, InvalidInput, NotFound
from codepar.protocols import Status
from codepar.syntax.language import Language
from evaluators.calls import LabelKind, PlacedCall, ProposedCall, read_published, split_arguments, write_published

Variant = Literal["original", "renamed"]


class Sample(BaseModel):
    """What a system proposed for one task. ``status`` is ``ok`` where it answered, whatever the answer is worth.

    ``refused``: it said that it cannot work on this program; ``runtime_error``, ``timeout``: it broke down or took too long;
    ``infra_error``: what it stands on failed, so that the sample says nothing. ``seconds`` are those of the proposal alone.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    benchmark: str = ""
    task_id: str = ""
    sample_id: int = 0
    system: str = ""
    variant: Variant = "original"
    data: str = ""
    status: Status = Status.OK
    edits: tuple[ProposedCall, ...] | None = None
    answer: str | None = None
    label: str | None = None
    seconds: float | None = None
    seed: int | None = None
    environment: str = ""
    message: str = ""

    @model_validator(mode="before")
    @classmethod
    def _read_released(cls, row: Any) -> Any:
        if isinstance(row, Mapping) and "pred" in row and "answer" not in row:
            return {**row, "answer": row["pred"]}
        return row

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.task_id and self.label is None:
            raise ValueError("neither `task_id` nor `label`")
        if self.status == Status.OK and self.edits is None and self.answer is None:
            raise ValueError("neither `edits` nor `answer`")
        return self

    def calls(self) -> tuple[ProposedCall, ...]:
        """The proposed calls; those of an answer in the published form at the places that it says."""
        if self.edits is not None:
            return tuple(edit for edit in self.edits if edit.kind == "call")
        return tuple(
            ProposedCall(
                after_line=call.placed("corrected").line,
                function=call.function,
                arguments=split_arguments(call.arguments),
                inline=call.ordinal == 0,
            )
            for call in read_published(self.answer or "")
        )

    def placed(self, kind: LabelKind, language: Language = Language.C) -> list[PlacedCall]:
        """The proposed calls as they are matched with labels of that kind."""
        if self.edits is None:
            return [call.placed(kind) for call in read_published(self.answer or "")]
        return [call.placed(kind, language) for call in self.calls()]

    def as_published(self) -> str:
        """The answer in the published form."""
        return self.answer or "" if self.edits is None else write_published(self.calls())


class Samples(BaseModel):
    """The rows of a file, and how many lines of it could not be read."""

    rows: tuple[Sample, ...]
    unreadable: int = 0


def read_samples(path: Path) -> Samples:
    """Read a file of samples. Of several rows for one sample the last counts. Raises ``NotFound``, ``InvalidInput``."""
    rows: dict[tuple[Any, ...], Sample] = {}
    unreadable, reason = 0, ""
    for number, line in enumerate(lines_of(path), start=1):
        try:
            row = Sample.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError, RecursionError) as error:
            unreadable += 1
            reason = reason or f"line {number}: {_first_fault(error)}"
            continue
        rows[(row.task_id, row.sample_id) if row.task_id else (number,)] = row
    if not rows:
        raise InvalidInput(
            f"{path} holds no sample{f': {reason}' if reason else ''}",
            remedy="each line must be a JSON object with task_id and edits or answer",
        )
    return Samples(rows=tuple(rows.values()), unreadable=unreadable)


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file that are not empty. Raises ``NotFound``, ``InvalidInput``."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from (line for line in file if line.strip())
    except FileNotFoundError as error:
        raise NotFound(f"{path} does not exist", remedy="check the path") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}", remedy="name a file of samples") from error


class _OfTask(Protocol):
    @property
    def task_id(self) -> str: ...

    @classmethod
    def model_validate(cls, obj: Any) -> Self: ...


_Row = TypeVar("_Row", bound=_OfTask)


def latest_rows(path: Path, kind: type[_Row]) -> tuple[_Row, ...]:
    """The rows of that kind; of several for a task the last. Torn lines and others' are passed over. Raises as ``lines_of``."""
    rows: dict[str, _Row] = {}
    for line in lines_of(path):
        try:
            row = kind.model_validate(json.loads(line))
        except (json.JSONDecodeError, ValidationError, RecursionError):
            continue
        rows[row.task_id] = row
    return tuple(rows.values())


def _first_fault(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "no JSON"
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")


class SampleWriter:
    """Appends rows, each flushed; use it as a context manager. Raises ``Conflict`` where another run writes the file."""

    def __init__(self, path: Path) -> None:
        try:
            # Unbuffered: what a full disk refused must not be tried again when the file is closed.
            self._file = path.open("a+b", buffering=0)
        except OSError as error:
            raise InvalidInput(f"{path} cannot be written: {error.strerror}", remedy="name another file") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise Conflict(f"{path} is being written by another run", remedy="wait for it, or name another file") from error
        self._is_torn = self._ends_amid_a_line()

    def _ends_amid_a_line(self) -> bool:
        if not self._file.seek(0, 2):
            return False
        self._file.seek(-1, 2)
        return self._file.read(1) != b"\n"

    def append(self, sample: BaseModel) -> None:
        """Write one row. Raises ``EnvironmentFault`` on a full disk."""
        row = b"\n" * self._is_torn + sample.model_dump_json(exclude_none=True).encode() + b"\n"
        self._is_torn = False
        try:
            while row:
                row = row[self._file.write(row) :]
        except OSError as error:
            raise EnvironmentFault(
                f"a sample cannot be written: {error.strerror}", remedy="free some space, then run the same command again"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
