"""What a rule finds in a request: elements that may become items, or why the request stays whole.

Limits: types alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from codepar.prompts.code import Unit
from codepar.prompts.items import Refusal, Tier
from codepar.prompts.lexicon import Tag
from codepar.prompts.request import Place, Source


class Kind(StrEnum):
    """What the elements are, by the rules of ``Item``."""

    CODE = "code"
    FILE = "file"
    COUNT = "count"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Element:
    """One candidate. ``unit`` and ``source`` are set for code, ``source`` alone for a file that came with the request."""

    place: Place
    name: str = ""
    unit: Unit | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Elements in their order. ``act``: what is done to each. ``start`` to ``end``: the characters of the prompt that tell them.

    ``ordered``: the request wants them in this order. ``instructions``: each element is an instruction of its own.
    """

    kind: Kind
    elements: tuple[Element, ...]
    act: Tag
    start: int
    end: int
    tier: Tier = "high"
    ordered: bool = False
    order: tuple[int, ...] = ()
    """The elements in the order that is wanted, where that is not their own."""
    instructions: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """The request stays whole; ``because`` completes the sentence for the person who asked."""

    refusal: Refusal
    because: str


Found = Reading | Whole | None
