"""Which calls are missing where: the outlines of a program asked of a site scorer, its scores read as located calls.

A call is taken where its probability passes a bound; of what a program has once (`MPI_Init`) the likeliest place alone, and of a
run of neighbouring places that share one call's probability the likeliest too. Where the places of a function together speak for
a call, and none of them alone, the likeliest is taken. Limits: says the function and the place; the arguments are another's work
(``arguments``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codepar.mpi.outline import HOLE_TEXT, LineIndex, Outline, Site
from codepar.protocols import SiteScores, SiteText
from codepar.syntax.tree import SyntaxTree

BOUND = 0.18
"""Least probability of a call that is proposed."""

SPARE = 0.03
"""Least probability of a place that is kept in reserve."""

_ONCE = frozenset({"MPI_Init", "MPI_Init_thread", "MPI_Finalize"})
_ONCE_A_FUNCTION = frozenset({"MPI_Comm_rank", "MPI_Comm_size", "MPI_Get_processor_name"})
_NEAR = 8
"""Places this many lines of the outline apart may share the probability of one call."""
_SPREAD = 0.5
"""What the places of a function hold together before a call is taken that none of them is sure of."""
_LEAST_OF_SPREAD = 0.06
_ORDER = {"MPI_Init": 0, "MPI_Init_thread": 0, "MPI_Comm_rank": 1, "MPI_Comm_size": 2, "MPI_Finalize": 9}


@dataclass(frozen=True)
class Located:
    """A function that is missing after ``after_line`` (1-based; the hole's own line when ``inline``)."""

    after_line: int
    function: str
    probability: float
    inline: bool
    start: int


def site_texts(found: Sequence[Outline]) -> list[SiteText]:
    """What a site scorer is asked, one text an outline. The pieces are what it was trained on: keep them as they are."""
    return [_text_of(outline) for outline in found]


def _text_of(outline: Outline) -> SiteText:
    pieces: list[str] = []
    first_of_line: list[int] = []
    holes: dict[tuple[int, int], int] = {}
    for number, line in enumerate(outline.lines):
        first_of_line.append(len(pieces))
        parts = line.split(HOLE_TEXT)
        if len(parts) == 1:
            pieces.append(f"{line}\n")
            continue
        for index, part in enumerate(parts):
            pieces += [part] if part else []
            if index < len(parts) - 1:
                holes[number, index] = len(pieces)
                pieces.append(HOLE_TEXT)
        pieces.append("\n")
    sites = []
    for site in outline.sites:
        if site.hole is None:
            first = first_of_line[site.line]
            sites.append((max(first - 1, 0), first))
        else:
            sites.append((holes[site.line, site.hole], holes[site.line, site.hole]))
    return SiteText(pieces=tuple(pieces), sites=tuple(sites))


def locate(tree: SyntaxTree, found: Sequence[Outline], scores: Sequence[SiteScores], bound: float = BOUND) -> list[Located]:
    """The calls that the scores of ``outlines(tree)`` speak for, in the order of the file."""
    index = LineIndex(tree.data)
    calls = [
        _located(index, site, function, probability)
        for outline, of_sites in zip(found, scores, strict=True)
        for site, function, probability in _chosen(_guesses(index, outline, of_sites), bound)
    ]
    calls = _once(calls)
    return sorted(calls, key=lambda call: (call.start, _ORDER.get(call.function, 5), -call.probability))


def spare(
    tree: SyntaxTree, found: Sequence[Outline], scores: Sequence[SiteScores], taken: Sequence[Located], least: float = SPARE
) -> list[Located]:
    """The places that ``locate`` did not take, the likeliest first: what is missing may be one of them."""
    index = LineIndex(tree.data)
    known = {(call.start, call.function) for call in taken}
    left = {
        (call.start, call.function): call
        for outline, of_sites in zip(found, scores, strict=True)
        for site, function, probability in _guesses(index, outline, of_sites)
        if probability >= least and (call := _located(index, site, function, probability)) and (call.start, function) not in known
    }
    return sorted(left.values(), key=lambda call: -call.probability)


_Guess = tuple[Site, str, float]


def _guesses(index: LineIndex, outline: Outline, scores: SiteScores) -> Iterator[_Guess]:
    """Every (site, function) with its probability; a second call of the same function is a guess of its own."""
    for site, of_site in zip(outline.sites, scores, strict=True):
        if site.hole is None and not index.begins_line(site.start):
            continue
        for score in of_site if site.hole is None else of_site[:1]:
            for probability in score.probabilities:
                yield site, score.function, probability


def _chosen(guesses: Iterator[_Guess], bound: float) -> list[_Guess]:
    """The guesses above the bound, less those whose probability is a neighbour's."""
    by_function: dict[str, list[_Guess]] = {}
    for guess in guesses:
        by_function.setdefault(guess[1], []).append(guess)
    chosen: list[_Guess] = []
    for function, all_of_it in by_function.items():
        if function in _ONCE or function in _ONCE_A_FUNCTION:
            chosen += _likeliest(all_of_it, bound)
            continue
        taken: list[_Guess] = []
        for guess in sorted(all_of_it, key=lambda guess: -guess[2]):
            if guess[2] >= bound and not any(_shares(guess, other) for other in taken):
                taken.append(guess)
        chosen += taken or _spread(all_of_it)
    return chosen


def _likeliest(guesses: list[_Guess], bound: float) -> list[_Guess]:
    """The likeliest place of a call that is there once: whether it is there at all is told by all places together."""
    together = sum(guess[2] for guess in guesses)
    best = max(guesses, key=lambda guess: guess[2])
    return [best] if together >= max(bound, 0.5) and best[2] >= bound / 3 else []


def _spread(guesses: list[_Guess]) -> list[_Guess]:
    """The likeliest place of a call that is probably somewhere in the function."""
    together = sum(guess[2] for guess in guesses if guess[2] >= SPARE)
    best = max(guesses, key=lambda guess: guess[2])
    return [best] if together >= _SPREAD and best[2] >= _LEAST_OF_SPREAD else []


def _shares(guess: _Guess, other: _Guess) -> bool:
    """Whether two places near each other hold together about one call."""
    near = guess[0] is not other[0] and abs(guess[0].line - other[0].line) <= _NEAR
    statements = guess[0].hole is None and other[0].hole is None
    return near and statements and guess[2] + other[2] <= 1.1


def _once(calls: list[Located]) -> list[Located]:
    """Of what a program has once, the likeliest."""
    best: dict[str, Located] = {}
    for call in calls:
        if call.function in _ONCE:
            known = best.setdefault(call.function, call)
            best[call.function] = max(known, call, key=lambda one: one.probability)
    return [call for call in calls if call.function not in _ONCE or best[call.function] is call]


def _located(index: LineIndex, site: Site, function: str, probability: float) -> Located:
    line = index.line_of(site.start)
    inline = site.hole is not None
    return Located(line if inline else line - 1, function, probability, inline, site.start)
