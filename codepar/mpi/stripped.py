"""The wire types of removal and insertion: a program without its MPI calls, and the calls.

Limits: texts are UTF-8; a program that is not is converted by its owner first.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from codepar.protocols import Record


class RemovedCall(Record):
    """One call that was taken out.

    ``span``: bytes in the stripped ``source``, empty where a statement was, else those of the hole that stands for the call.
    ``removed``: the bytes that stood there, as text. ``after_line``: 1-based line of ``source`` after which the statement goes
    (0: before the first), or, when ``inline``, the line that holds the hole.
    """

    span: tuple[int, int]
    removed: str = Field(min_length=1)
    after_line: int = Field(ge=0)
    function: str
    arguments: tuple[str, ...]
    inline: bool

    @model_validator(mode="after")
    def _check_span(self) -> RemovedCall:
        if not 0 <= self.span[0] <= self.span[1]:
            raise ValueError(f"span {list(self.span)} must rise from 0 or more")
        return self


class Refusal(Record):
    """A place that looks like an MPI call and was left as it is. ``line`` is 1-based, in the original program."""

    line: int
    reason: str


class Stripped(Record):
    """A program without its MPI calls. ``source`` may be edited; ``base`` is what it was, to find the places again."""

    source: str
    calls: tuple[RemovedCall, ...]
    refused: tuple[Refusal, ...] = ()
    base: str | None = None
