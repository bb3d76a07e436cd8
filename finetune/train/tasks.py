"""What can be learned: each task turns a corpus into samples of a prompt and an answer.

Limits: a new task is a new module, entered here; samples are texts, tokens are another's work (`encode.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

from codepar.errors import NotFound
from codepar.protocols import Record

Part = Literal["train", "development"]


class Sample(Record):
    """One thing to learn. ``share`` names the budget of tokens that it counts against in its repository (see ``Task.caps``)."""

    prompt: str
    answer: str
    repository: str
    share: str = "all"


class Task(Protocol):
    """``caps``: at most so many tokens of one repository, by a sample's ``share``."""

    name: str
    summary: str
    caps: dict[str, int]

    def samples(self, corpus: Path, part: Part) -> Iterator[Sample]:
        """The samples of one part of a corpus folder, in its order. Raises ``NotFound`` where the folder holds none."""
        ...


def find_task(name: str) -> Task:
    """The task of that name. Raises ``NotFound`` with the names there are."""
    from finetune.train.mpi_arguments import MpiArguments
    from finetune.train.musl import MuslTester, MuslTranslator

    tasks: dict[str, Task] = {task.name: task for task in (MpiArguments(), MuslTranslator(), MuslTester())}
    if name not in tasks:
        raise NotFound(f"there is no task {name}", remedy=f"one of: {', '.join(tasks)}", param="task")
    return tasks[name]
