"""The plainest requests about code: "Document f and g.", "Port each of these files to CUDA.", and what stays whole.

Functions and wordings stand in ``plain_code.toml``. Limits: functions that call nothing of each other; one order of words for a
wording. They teach form and measure nothing.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codepar.prompts.request import Place
from codepar.protocols import Record


class _Pool(Record):
    """Functions of one language. ``fence``: the word behind a fence's ticks."""

    fence: str
    suffix: str
    functions: tuple[str, ...]


class _Wordings(Record):
    """What is asked. ``wishes``: one act on one function each; ``orders``: by "the first" and "the second"; ``whole``: of one or
    two names, and no parts; ``named``, ``files``: by the word before the last name."""

    all: tuple[str, ...]
    named: dict[str, tuple[str, ...]]
    files: dict[str, tuple[str, ...]]
    every_file: tuple[str, ...]
    wishes: tuple[str, ...]
    orders: tuple[tuple[str, str], ...]
    variants: tuple[str, ...]
    whole: tuple[str, ...]


class _Table(Record):
    wordings: _Wordings
    pool: tuple[_Pool, ...]


@dataclass(frozen=True)
class OfCode:
    """A request, its attachments and the places of its items."""

    prompt: str
    items: tuple[Place, ...]
    files: Mapping[str, str]


_TABLE = _Table.model_validate(tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")))
_ASK = _TABLE.wordings
_FORTRAN = re.compile(r"(?:subroutine|function) (\w+)")
_NAME = re.compile(r"(\w+)\(")
_NUMERALS = {"two": 2, "three": 3, "3": 3, "four": 4, "5": 5}
_STEMS = ("a", "b", "main", "util", "solver", "mesh", "reader", "stencil", "io", "matrix", "particles", "queue")
_FENCED = 0.7
_CODE_FIRST = 0.2
_FILE_EACH = 0.25
_ENGLISH = 0.6
_TICKED = 0.4
_UPPER = 0.6


def several(chance: random.Random) -> OfCode:
    """Something to be done with each of some functions or files."""
    return chance.choice(_SEVERAL)(chance)


def whole(chance: random.Random) -> OfCode:
    """One thing about one or two functions."""
    shown = _shown(chance, 2)
    found = shown.with_words(chance.choice(_ASK.whole).format(*shown.names))
    return OfCode(found.prompt, (), found.files)


@dataclass(frozen=True)
class _Shown:
    """Functions as a request shows them: behind the words, before them, or as one file each."""

    functions: tuple[str, ...]
    pool: _Pool
    fenced: bool
    code_first: bool
    stems: tuple[str, ...] | None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(_name(one) for one in self.functions)

    def with_words(self, words: str, chosen: Sequence[int] | None = None) -> OfCode:
        """``chosen``: the functions that are items, all of them unless told."""
        numbers = range(len(self.functions)) if chosen is None else sorted(chosen)
        if self.stems is not None:
            files = {stem + self.pool.suffix: text + "\n" for stem, text in zip(self.stems, self.functions, strict=True)}
            ends = [(stem + self.pool.suffix, len(text.encode())) for stem, text in zip(self.stems, self.functions, strict=True)]
            return OfCode(words, tuple(Place(name, 0, end) for name, end in (ends[n] for n in numbers)), files)
        code = "\n\n".join(self.functions)
        before, behind = (f"```{self.pool.fence}\n", "\n```") if self.fenced else ("", "")
        prompt = (
            f"{before}{code}{behind}\n\n{words}"
            if self.code_first
            else f"{words}\n{'' if self.fenced else chr(10)}{before}{code}{behind}"
        )
        starts = [prompt.index(self.functions[n]) for n in numbers]
        low = [len(prompt[:start].encode()) for start in starts]
        return OfCode(
            prompt, tuple(Place(None, at, at + len(self.functions[n].encode())) for at, n in zip(low, numbers, strict=True)), {}
        )

    def with_clauses(self, words: str, clauses: Sequence[str]) -> OfCode:
        """The items are clauses of the words."""
        found = self.with_words(words)
        starts = [len(found.prompt[: found.prompt.index(one)].encode()) for one in clauses]
        items = (Place(None, start, start + len(one.encode())) for start, one in zip(starts, clauses, strict=True))
        return OfCode(found.prompt, tuple(items), found.files)


def _shown(chance: random.Random, least: int, most: int | None = None) -> _Shown:
    pool = chance.choice(_TABLE.pool)
    functions = tuple(chance.sample(pool.functions, chance.randint(least, most or least)))
    stems = tuple(chance.sample(_STEMS, len(functions))) if chance.random() < _FILE_EACH else None
    return _Shown(functions, pool, chance.random() < _FENCED, chance.random() < _CODE_FIRST, stems)


def _name(function: str) -> str:
    found = _FORTRAN.search(function) or _NAME.search(function)
    assert found is not None
    return found[1]


def _asked(wordings: Mapping[str, Sequence[str]], names: Sequence[str], chance: random.Random) -> str:
    """Two times of three in English."""
    last = next(iter(wordings)) if chance.random() < _ENGLISH else chance.choice(list(wordings))
    gap = "、" if last in "和と" else ", "
    shown = [f"`{one}`" for one in names] if chance.random() < _TICKED else list(names)
    return chance.choice(wordings[last]).format(f"{gap.join(shown[:-1])}{chance.choice((last, last, gap))}{shown[-1]}")


def _all(chance: random.Random) -> OfCode:
    return replace(_shown(chance, 2, 4), stems=None).with_words(chance.choice(_ASK.all))


def _named(chance: random.Random) -> OfCode:
    shown = _shown(chance, 2, 4)
    chosen = sorted(chance.sample(range(len(shown.functions)), chance.randint(2, len(shown.functions))))
    return shown.with_words(_asked(_ASK.named, [shown.names[n] for n in chosen], chance), chosen)


def _wishes(chance: random.Random) -> OfCode:
    shown = _shown(chance, 2, 3)
    wishes = chance.sample(_ASK.wishes, 2)
    tick = chance.choice(("", "`"))
    clauses = [wish.format(f"{tick}{name}{tick}") for wish, name in zip(wishes, shown.names, strict=False)]
    if chance.random() < _UPPER:
        clauses[0] = clauses[0][0].upper() + clauses[0][1:]
    gap, end = chance.choice(((", ", "."), ("; ", "."), (" and ", ""), (", and ", "."), (". Also ", ".")))
    return shown.with_clauses(f"{clauses[0]}{gap}{clauses[1]}{end}", clauses)


def _orders(chance: random.Random) -> OfCode:
    clauses = chance.choice(_ASK.orders)
    return _shown(chance, 2).with_clauses(". ".join(clauses) + ".", clauses)


def _files(chance: random.Random) -> OfCode:
    pool = chance.choice(_TABLE.pool)
    names = [stem + pool.suffix for stem in chance.sample(_STEMS, chance.randint(2, 4))]
    files = {name: "\n\n".join(chance.sample(pool.functions, chance.randint(1, 2))) + "\n" for name in names}
    asks = chance.choice((_asked(_ASK.files, names, chance), chance.choice(_ASK.every_file)))
    return OfCode(asks, tuple(Place(name, 0, len(files[name].encode())) for name in names), files)


def _variants(chance: random.Random) -> OfCode:
    shown = _shown(chance, 1)
    numeral, count = chance.choice(list(_NUMERALS.items()))
    found = shown.with_clauses(chance.choice(_ASK.variants).format(numeral, shown.names[0]), [numeral])
    return OfCode(found.prompt, found.items * count, found.files)


_SEVERAL: tuple[Callable[[random.Random], OfCode], ...] = (
    _all,
    _named,
    _named,
    _wishes,
    _wishes,
    _orders,
    _files,
    _files,
    _variants,
)
