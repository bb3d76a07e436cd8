"""From the programs of a corpus to what a site scorer learns: the text of each function, its sites, the calls missing there.

A function is learned from once however often it was copied, and no repository may fill more than its share. Limits: functions
with at least one call; those longer than `MAX_TOKENS` are left out, so that a step's memory is bounded.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from codepar.mpi.outline import Outline, Site, outlines
from codepar.mpi.sites import site_texts
from codepar.mpi.stripped import RemovedCall, Stripped
from codepar.protocols import SiteText
from codepar.syntax.tree import parse

MAX_TOKENS = 1100
MIN_TOKENS = 20
_SHARE_OF_MAINS = 60_000
_SHARE_OF_OTHERS = 40_000
_STARTS = frozenset({"MPI_Init", "MPI_Init_thread"})

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class SiteExample:
    """One function. ``missing[i]`` counts the calls that belong at site i of ``text``."""

    repository: str
    path: str
    name: str
    text: SiteText
    missing: tuple[Counter[str], ...]

    @property
    def is_main(self) -> bool:
        """Whether it is the function that starts MPI."""
        return self.name.startswith("main") or any(_STARTS & set(counted) for counted in self.missing)


@dataclass(frozen=True)
class EncodedExample:
    """An example as token ids; ``before`` and ``after`` are the positions that the head sees of each site."""

    example: SiteExample
    ids: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]


def examples_of(stripped: Stripped, repository: str, path: str) -> list[SiteExample]:
    """The functions of one program that miss calls. Calls outside function bodies (in macros) are not learned."""
    return [example for example in functions_of(stripped, repository, path) if any(example.missing)]


def functions_of(stripped: Stripped, repository: str, path: str) -> list[SiteExample]:
    """All functions of one program, in its order, those too that miss nothing."""
    all_of = outlines(parse(stripped.source, path=path))
    return [
        SiteExample(repository, path, outline.name, text, _missing(outline, stripped.calls))
        for outline, text in zip(all_of, site_texts(all_of), strict=True)
    ]


def functions_of_rows(rows: Iterable[dict[str, Any]]) -> Iterator[SiteExample]:
    """The functions of the programs of a corpus' part that miss calls (rows of ``read_rows``)."""
    for row in rows:
        yield from examples_of(Stripped.model_validate_json(row["stripped"]), row["repository"], row["path"])


def _missing(outline: Outline, calls: Iterable[RemovedCall]) -> tuple[Counter[str], ...]:
    counted: dict[Site, Counter[str]] = defaultdict(Counter)
    for call in calls:
        if outline.start <= call.span[0] < outline.end:
            site = _site_of(outline, call)
            if site is not None:
                counted[site][call.function] += 1
    return tuple(counted.get(site, Counter()) for site in outline.sites)


def _site_of(outline: Outline, call: RemovedCall) -> Site | None:
    start = call.span[0]
    if call.inline:
        return next((site for site in outline.sites if site.hole is not None and site.start == start), None)
    behind = (site for site in outline.sites if site.hole is None and site.start >= start)
    return min(behind, key=lambda site: site.start, default=None)


def encode_example(example: SiteExample, encode: Encode) -> EncodedExample:
    """Each piece by itself, as the scorer in the product does it."""
    ids: list[int] = []
    spans: list[tuple[int, int]] = []
    for piece in example.text.pieces:
        start = len(ids)
        ids += encode(piece)
        spans.append((start, len(ids)))
    before = tuple(max(spans[first][1] - 1, 0) for first, _ in example.text.sites)
    after = tuple(min(spans[second][0], len(ids) - 1) for _, second in example.text.sites)
    return EncodedExample(example, tuple(ids), before, after)


@dataclass(frozen=True)
class Selection:
    """What is learned from: functions that start MPI, and others. ``learned``: those an earlier run has seen."""

    mains: tuple[EncodedExample, ...]
    others: tuple[EncodedExample, ...]
    learned: tuple[EncodedExample, ...] = ()

    def parted(self, repositories: frozenset[str]) -> Selection:
        """The same functions, those of ``repositories`` put apart as learned."""
        everything = (*self.mains, *self.others)
        return Selection(
            tuple(one for one in self.mains if one.example.repository not in repositories),
            tuple(one for one in self.others if one.example.repository not in repositories),
            tuple(one for one in everything if one.example.repository in repositories),
        )


def select(examples: Sequence[EncodedExample], seed: int) -> Selection:
    """Distinct functions of a fitting length; of the others one a file; every repository within its share."""
    shuffled = list(examples)
    random.Random(seed).shuffle(shuffled)
    mains, others = list[EncodedExample](), list[EncodedExample]()
    texts: set[tuple[int, ...]] = set()
    files: set[tuple[str, str]] = set()
    for one in shuffled:
        if one.ids in texts or not MIN_TOKENS <= len(one.ids) <= MAX_TOKENS:
            continue
        texts.add(one.ids)
        file = (one.example.repository, one.example.path)
        if one.example.is_main:
            mains.append(one)
        elif file not in files:
            files.add(file)
            others.append(one)
    return Selection(tuple(_shared(mains, _SHARE_OF_MAINS)), tuple(_shared(others, _SHARE_OF_OTHERS)))


def _shared(examples: Iterable[EncodedExample], tokens: int) -> Iterable[EncodedExample]:
    used: Counter[str] = Counter()
    for one in examples:
        used[one.example.repository] += len(one.ids)
        if used[one.example.repository] <= tokens:
            yield one


def frequent_functions(examples: Iterable[SiteExample], most: int) -> tuple[str, ...]:
    """The functions that the most examples miss, the commonest first."""
    counted = Counter(function for example in examples for function in set().union(*example.missing))
    return tuple(function for function, _ in counted.most_common(most))
