"""A call as it is scored, and the two forms it comes in: an edit of the product, a label of the published data.

A label ``(L k, call)`` means the k-th call after retained line L; k = 0 fills the hole that follows. In the published data each
such inline call shifts the labels after it by one line: with d of them before, a statement stands after line L + d, an inline
call on line L + d + 1. Limits: arguments are compared as text without white space; ``&a[0]`` and ``a`` differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from codepar.mpi.call_text import read_call
from codepar.syntax.language import Language

LabelKind = Literal["original", "corrected"]

_END_OF_TEXT = re.compile(r"<\|endoftext\|>_*")
_HEAD = re.compile(r"(?<!\d)(\d{1,7}) (\d{1,4}),\s*(?:(MPI_\w+)\s*\()?")
_QUOTES = frozenset("\"'")
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """What is matched: a 1-based line, the function, its arguments without white space."""

    line: int
    function: str
    arguments: str


class ProposedCall(BaseModel):
    """One proposed call of a sample, in the shape of the product's edits; a sample of others may give ``text`` alone.

    ``after_line`` is 1-based in the program as it was given; an ``inline`` call names the line of its hole.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    after_line: int = Field(ge=0)
    text: str = ""
    function: str = ""
    arguments: tuple[str, ...] = ()
    inline: bool = False
    confidence: float | None = None
    origin: str | None = None
    kind: str = "call"

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, row: Any) -> Any:
        if not isinstance(row, Mapping) or row.get("function") or row.get("kind", "call") != "call":
            return row
        text = str(row.get("text", ""))
        call = read_call(text)
        if call is None:
            raise ValueError(f"neither `function` nor a `text` that is one MPI call: {text[:60]!r}")
        return {**row, "function": call.function, "arguments": call.arguments}

    def placed(self, kind: LabelKind, language: Language = Language.C) -> PlacedCall:
        """The call as it is matched with labels of that kind: published labels name the line before a hole."""
        if not language.is_c_family:
            return canonical(self, language)
        line = self.after_line - 1 if self.inline and kind == "original" else self.after_line
        return PlacedCall(line, self.function, compact(", ".join(self.arguments)))


def canonical(call: ProposedCall, language: Language) -> PlacedCall:
    """A call of Fortran or Python as it is compared: Fortran without case, a method by its name, its object the first argument.

    Names of Fortran get the spelling of C (``MPI_Comm_rank``), so that they can be told like those.
    """
    if language is Language.FORTRAN:
        name = call.function.upper()
        return PlacedCall(call.after_line, f"MPI_{name[4:].capitalize()}", compact(", ".join(call.arguments)).lower())
    holder, _, method = call.function.rpartition(".")
    return PlacedCall(call.after_line, method, compact(", ".join((holder, *call.arguments))))


@dataclass(frozen=True, slots=True)
class PublishedCall:
    """One label of the published form. ``drift`` is the number of inline labels before it."""

    line: int
    ordinal: int
    function: str
    arguments: str
    drift: int

    def placed(self, kind: LabelKind) -> PlacedCall:
        """As the label says, or where the call really stood."""
        line = self.line
        if kind == "corrected":
            line += self.drift + (1 if self.ordinal == 0 else 0)
        return PlacedCall(line, self.function, compact(self.arguments))


def read_published(text: str) -> tuple[PublishedCall, ...]:
    """The MPI calls of a published label or answer, in order. A label that lacks its parenthesis or lost its tail still counts.

    The released answers hold the end-of-text mark where a parenthesis should be; their own evaluation repairs it so, too.
    """
    text = _END_OF_TEXT.sub("(", text)
    heads = [match for match in _HEAD.finditer(text) if match[3] or text[: match.start()].endswith("(")]
    return tuple(_labels(text, heads))


def _labels(text: str, heads: Sequence[re.Match[str]]) -> Iterator[PublishedCall]:
    drift = 0
    for index, head in enumerate(heads):
        following = heads[index + 1].start() if index + 1 < len(heads) else len(text)
        arguments = _arguments(text[head.end() : following]) if head[3] else None
        if arguments is not None:
            yield PublishedCall(int(head[1]), int(head[2]), head[3], arguments, drift)
        drift += int(head[2]) == 0


def _arguments(text: str) -> str | None:
    """What stands before the parenthesis that closes the call, else before the first semicolon; None when it was cut off."""
    depth = 0
    for position, character in _code(text):
        if character in _OPENS:
            depth += 1
        elif character in _CLOSES:
            depth -= 1
            if depth < 0:
                return text[:position]
    unclosed, semicolon, _ = text.partition(";")
    return unclosed if semicolon else None


def _code(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside of strings, with their places."""
    quote, escaped = "", False
    for position, character in enumerate(text):
        if quote:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == quote:
                quote = ""
        elif character in _QUOTES:
            quote = character
        else:
            yield position, character


def split_arguments(text: str) -> tuple[str, ...]:
    """The arguments of a call, split at the commas outside of brackets and strings; none for an empty text."""
    if not text.strip():
        return ()
    parts, start, depth = list[str](), 0, 0
    for position, character in _code(text):
        if character in _OPENS:
            depth += 1
        elif character in _CLOSES:
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    return (*parts, text[start:].strip())


def write_published(calls: Iterable[ProposedCall]) -> str:
    """Proposed calls as an answer of the published form, for the published metric: free of drift."""
    pieces, ordinals = list[str](), dict[int, int]()
    for call in calls:
        line = call.after_line - 1 if call.inline else call.after_line
        ordinal = 0 if call.inline else ordinals.get(line, 0) + 1
        if not call.inline:
            ordinals[line] = ordinal
        pieces.append(f"({line} {ordinal},  {call.function}({', '.join(call.arguments)});)")
    return f" {' '.join(pieces)} "


def compact(text: str) -> str:
    """Without any white space."""
    return "".join(text.split())
