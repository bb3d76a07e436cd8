"""What each item of a decomposition is in the code that came with the request: a piece of it, a file as a whole, or words.

And what is done to it: read, changed, tested, or written anew. Limits: places are those of the items; the act is told by words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from codepar.prompts.acts import act_of, is_statement
from codepar.prompts.ask import fill
from codepar.prompts.blocks import blocks_of
from codepar.prompts.code import Unit
from codepar.prompts.commented import wants_comments
from codepar.prompts.items import Decomposition, Item
from codepar.prompts.lexicon import Tag
from codepar.prompts.request import Request, Source
from codepar.prompts.tokens import sentences_of
from codepar.prompts.variants import Variant, variants_of
from codepar.syntax.language import Language

_SUFFIXES = {
    Language.C: ".c",
    Language.CXX: ".cpp",
    Language.CUDA: ".cu",
    Language.FORTRAN: ".f90",
    Language.PYTHON: ".py",
}
_SHOWN = 72
_TECHNIQUE_FOR = re.compile(r"\W*(?:openmp|omp|cuda|gpu|mpi|openacc|simd)\b[^?\n]*(?:\n|\Z)", re.IGNORECASE)


class TargetKind(StrEnum):
    """What an item is."""

    UNIT = "unit"
    FILE = "file"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Target:
    """One item. ``source`` is the code it lies in, ``path`` the name of that in the answer's files, ``unit`` the piece.

    ``start`` to ``end`` are its bytes in the source. ``wish`` is what the request asks of it, without code; ``variant`` tells it
    apart from others of its place.
    """

    item: Item
    kind: TargetKind
    act: Tag | None
    wish: str
    source: Source | None = None
    path: str | None = None
    unit: Unit | None = None
    start: int = 0
    end: int = 0
    variant: Variant | None = None

    @property
    def title(self) -> str:
        """A short name for a heading."""
        if self.variant is not None:
            return self.variant.title
        if self.unit is not None and self.unit.name:
            return f"`{self.unit.name}`"
        if self.kind is TargetKind.FILE and self.path is not None:
            return f"`{self.path}`"
        line, _, rest = self.item.text.strip().partition("\n")
        return line[:_SHOWN] + (" ..." if rest or len(line) > _SHOWN else "")

    @property
    def wants_comments(self) -> bool:
        """Whether its code is only read, and given back with comments."""
        return self.act is Tag.READ and self.kind is not TargetKind.WORDS and wants_comments(self.wish)

    @property
    def language(self) -> Language | None:
        """That of the code it lies in."""
        return self.source.code.language if self.source is not None and self.source.code is not None else None


class _Named:
    """A source with its path; its pieces by their bytes."""

    def __init__(self, source: Source, path: str) -> None:
        self.source = source
        self.path = path
        self.data = source.text.encode()

    @cached_property
    def units(self) -> dict[tuple[int, int], Unit]:
        code = self.source.code
        found = () if code is None else (*code.inner_loops, *code.loops, *code.classes, *code.methods, *code.functions)
        return {(unit.start, unit.end): unit for unit in found}


class Targets:
    """The items of ``found``, each with its place in the code."""

    def __init__(self, found: Decomposition, prompt: str, files: Mapping[str, str]) -> None:
        self.request = Request(prompt, files)
        self.paths = _paths(self.request)
        self._shared = _words_of(fill(found.template or "", "", ""))
        self._act = _act(self._shared)
        self._sources = [_Named(source, path) for source, path in zip(self.request.sources, self.paths, strict=True)]
        variants = variants_of(found, self.request)
        self.by_item = {item.id: replace(self._target(item), variant=variants.get(item.id)) for item in found.items}

    def __getitem__(self, item: str) -> Target:
        return self.by_item[item]

    @property
    def all(self) -> Iterable[Target]:
        """In the order of the items."""
        return self.by_item.values()

    def texts(self) -> dict[str, str]:
        """The code that came, by path."""
        return {path: source.text for source, path in zip(self.request.sources, self.paths, strict=True)}

    def _target(self, item: Item) -> Target:
        for named in self._sources:
            start, end = item.span[0] - named.source.offset, item.span[1] - named.source.offset
            if named.source.file == item.file and start >= 0 and end <= len(named.data):
                return self._in_source(item, named, start, end)
        words = _words_of(item.text)
        return Target(item, TargetKind.WORDS, _act(words) or self._act, f"{self._shared}\n{words}".strip())

    def _in_source(self, item: Item, named: _Named, start: int, end: int) -> Target:
        unit = named.units.get((start, end))
        is_file = unit is None and not named.data[:start].strip() and not named.data[end:].strip()
        kind = TargetKind.UNIT if unit is not None else TargetKind.FILE if is_file else TargetKind.WORDS
        return Target(item, kind, self._act, self._shared, named.source, named.path, unit, start, end)


def _paths(request: Request) -> tuple[str, ...]:
    """A name for each source; code of the prompt without one is called ``snippet``."""
    taken = set(request.files)
    found: list[str] = []
    for source in request.sources:
        language = source.code.language if source.code is not None else None
        name = source.name or f"snippet{_SUFFIXES[language] if language else '.txt'}"
        found.append(name if source.file is not None else free_name(name, taken))
        taken.add(found[-1])
    return tuple(found)


def free_name(name: str, taken: Iterable[str]) -> str:
    """``name``, with a number where it is taken."""
    known = set(taken)
    stem, dot, suffix = name.rpartition(".")
    number, free = 2, name
    while free in known:
        free = f"{stem}_{number}{dot}{suffix}" if stem else f"{name}_{number}"
        number += 1
    return free


def suffix_of(language: Language) -> str:
    """The usual ending of a file's name."""
    return _SUFFIXES[language]


def _words_of(text: str) -> str:
    """``text`` without its code."""
    kept, position = [], 0
    for block in blocks_of(text):
        kept.append(text[position : block.outer_start])
        position = block.outer_end
    return "".join([*kept, text[position:]]).strip()


def _act(words: str) -> Tag | None:
    """The strongest thing that is asked; "OpenMP for f and g" has no verb and asks for a change nonetheless."""
    asked = [act_of(one) for one in sentences_of(words, 0, len(words)) if not is_statement(one)]
    said = next((tag for tag in (Tag.CHANGE, Tag.TEST, Tag.READ) if tag in asked), None)
    return Tag.CHANGE if said is None and _TECHNIQUE_FOR.match(words) else said
