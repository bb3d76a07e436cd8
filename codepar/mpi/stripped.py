"""The wire types of removal and insertion: a program without its MPI calls, the calls, and what went with them.

Limits: texts are UTF-8; a program that is not is converted by its owner first.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from codepar.protocols import Record


class Removed(Record):
    """Something that was taken out.

    ``span``: bytes in the stripped ``source``, empty where a statement was, else those of the hole that stands for the call.
    ``removed``: the bytes that stood there, as text. ``after_line``: 1-based line of ``source`` after which the statement goes
    (0: before the first), or, for a hole, the line that holds it.
    """

    span: tuple[int, int]
    removed: str = Field(min_length=1)
    after_line: int = Field(ge=0)

    @model_validator(mode="after")
    def _check_span(self) -> Self:
        if not 0 <= self.span[0] <= self.span[1]:
            raise ValueError(f"span {list(self.span)} must rise from 0 or more")
        return self

    @property
    def what(self) -> str:
        """How messages name it."""
        raise NotImplementedError

    @property
    def fills_hole(self) -> bool:
        """Whether a hole stands for it in the source."""
        return False


class RemovedCall(Removed):
    """One call. ``inline``: its value was used, or it was a lone body, and a hole stands for it."""

    function: str
    arguments: tuple[str, ...]
    inline: bool

    @property
    def what(self) -> str:
        return self.function

    @property
    def fills_hole(self) -> bool:
        return self.inline


class RemovedDeclaration(Removed):
    """A declaration that only MPI calls need, level `declarations`; or, without ``names``, a statement that only allocates,
    frees or resets such a variable. ``calls_before`` of the calls stood before it."""

    type: str
    names: tuple[str, ...]
    calls_before: int = Field(ge=0)

    @property
    def what(self) -> str:
        return ", ".join(self.names) or "a statement"


class Refusal(Record):
    """A place that looks like an MPI call, or declares with an MPI type, and was left as it is. ``line`` is 1-based, in the
    original program."""

    line: int
    reason: str


class Stripped(Record):
    """A program without its MPI calls and, at the level `declarations`, without the declarations that only they need.

    ``source`` may be edited; ``base`` is what it was, to find the places again. ``language`` (a value of
    ``syntax.language.Language``) is that of the text; None: told from the text.
    """

    source: str
    calls: tuple[RemovedCall, ...]
    declarations: tuple[RemovedDeclaration, ...] = ()
    refused: tuple[Refusal, ...] = ()
    base: str | None = None
    language: str | None = None

    @property
    def pieces(self) -> tuple[Removed, ...]:
        """Calls and declarations together, in the order in which they stood."""
        pieces, declarations = list[Removed](), list(self.declarations)
        for number, call in enumerate(self.calls):
            while declarations and declarations[0].calls_before <= number:
                pieces.append(declarations.pop(0))
            pieces.append(call)
        return (*pieces, *declarations)
