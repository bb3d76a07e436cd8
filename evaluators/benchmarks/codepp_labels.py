"""Labels of ``codepp`` as a person writes and checks them: the places of items quoted, not counted; here they become spans.

A place is ``"text"`` as it stands in the prompt, or ``"beginning…end"``: from the beginning to the first end after it. ``nth``
takes the n-th such beginning, ``file`` looks in an attachment (alone: all of it), ``repeat`` makes so many items of one place.
An edge is ``"1>3 signature"``: item 3 needs the signature of item 1.
Limits: a text that holds ``…`` itself cannot be quoted past it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from codepar.errors import InvalidInput
from codepar.prompts.items import Decomposition, Edge, EdgeKind, Item, Refusal, Span

_EDGE = re.compile(r"(\d+)>(\d+) (signature|body|file|order)")


class Place(BaseModel):
    """Where an item stands, quoted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str | None = None
    file: str | None = None
    nth: int = 1
    repeat: int = 1

    @model_validator(mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        return {"at": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.at is None and self.file is None:
            raise ValueError("a place needs a text or a file")
        if self.nth < 1 or self.repeat < 1:
            raise ValueError("`nth` and `repeat` count from 1")
        return self

    def characters(self, text: str) -> tuple[int, int]:
        """The place in ``text``. Raises ``ValueError`` where it is not found."""
        if self.at is None:
            return 0, len(text)
        beginning, _, end = self.at.partition("…")
        start = -1
        for _ in range(self.nth):
            start = text.find(beginning, start + 1)
            if start < 0:
                raise ValueError(f"{beginning!r} is not there {self.nth} times")
        after = start + len(beginning)
        if not end:
            return start, after
        found = text.find(end, after)
        if found < 0:
            raise ValueError(f"{end!r} does not follow {beginning!r}")
        return start, found + len(end)


class Label(BaseModel):
    """What one pass says about one prompt; ``note`` is for the reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    split: bool
    refusal: Refusal | None = None
    items: tuple[Place, ...] = ()
    edges: tuple[str, ...] = ()
    reduce: Place | None = None
    note: str = ""

    def resolved(self, prompt: str, files: Mapping[str, str]) -> Decomposition:
        """With spans of bytes. Raises ``InvalidInput`` for a place that is not there or breaks the rules of ``Item``."""
        try:
            items = tuple(self._items(prompt, files))
            _check_places(items)
            return Decomposition(
                split=self.split,
                reason=self.note,
                refusal=self.refusal,
                items=items,
                edges=tuple(_edge(text) for text in self.edges),
                reduce=_bytes(prompt, *self.reduce.characters(prompt)) if self.reduce else None,
            )
        except (ValueError, KeyError, ValidationError) as error:
            raise InvalidInput(f"label {self.id}: {error}", remedy="correct the label's file") from error

    def _items(self, prompt: str, files: Mapping[str, str]) -> Iterator[Item]:
        number = 0
        for place in self.items:
            text = files[place.file] if place.file else prompt
            start, end = place.characters(text)
            for _ in range(place.repeat):
                number += 1
                yield Item(id=str(number), text=text[start:end], span=_bytes(text, start, end), file=place.file)


def _bytes(text: str, start: int, end: int) -> Span:
    before = len(text[:start].encode())
    return before, before + len(text[start:end].encode())


def _edge(text: str) -> Edge:
    found = _EDGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no edge")
    return Edge(from_=found[1], to=found[2], kind=EdgeKind(found[3]))


def _check_places(items: tuple[Item, ...]) -> None:
    """White space at an end, and items that overlap without being one counted place."""
    for item in items:
        if item.file is None and item.text != item.text.strip():
            raise ValueError(f"item {item.id} begins or ends with white space")
    places = sorted({(item.file or "", *item.span) for item in items})
    for (file, _, end), (next_file, start, _) in pairwise(places):
        if file == next_file and start < end:
            raise ValueError(f"two items overlap at byte {start} of {file or 'the prompt'}")
