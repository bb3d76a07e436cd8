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
    """One thing to learn."""

    prompt: str
    answer: str


class Task(Protocol):
    """A name for the command, a sentence for the card, and the samples."""

    name: str
    summary: str

    def samples(self, corpus: Path, part: Part) -> Iterator[Sample]:
        """The samples of one part of a corpus folder, in its order. Raises ``NotFound`` where the folder holds none."""
        ...


def find_task(name: str) -> Task:
    """The task of that name. Raises ``NotFound`` with the names there are."""
    from finetune.train.musl import MuslTester, MuslTranslator

    tasks: dict[str, Task] = {task.name: task for task in (MuslTranslator(), MuslTester())}
    if name not in tasks:
        raise NotFound(f"there is no task {name}", remedy=f"one of: {', '.join(tasks)}", param="task")
    return tasks[name]
