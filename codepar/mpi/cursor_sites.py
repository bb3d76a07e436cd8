"""The calls at the cursor as a site scorer ranks them: the likeliest functions of that place, each with its arguments.

Limits: the place nearest to the cursor that the outline knows, within a few lines; calls in holes are not asked for. Confidence
is the function's share of what the scorer gives to all functions there: a call is wanted, the question is which.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from codepar.mpi.arguments import ArgumentFiller
from codepar.mpi.handles import makers_of_wanted
from codepar.mpi.outline import LineIndex, Outline, Site, outlines
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.rules_check import Rules
from codepar.mpi.site_scores import scores_of
from codepar.mpi.sites import Located
from codepar.protocols import Generator, SiteScore, SiteScorer

_MOST = 4
_NEAR = 3
"""Lines between the cursor and the place that is asked about."""

_LEAST_SHARE = 0.04
_OF_MAKERS = 0.9
"""What functions that make a handle share between them where one is used below and nobody makes it."""


@dataclass
class RankedSites:
    """Calls with arguments, the likeliest first; what was dropped. ``asked``: a place near the cursor was scored."""

    edits: list[Edit] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    asked: bool = False


async def rank_by_sites(
    source: str,
    rules: Rules,
    *,
    after_line: int,
    typed: str,
    inferred: Sequence[Edit],
    scorer: SiteScorer,
    generator: Generator | None,
    budget_s: float,
) -> RankedSites:
    """Calls that begin with ``typed`` for the place after ``after_line``. Whatever the engine raises passes through, and
    ``TimeoutError``."""
    deadline = time.monotonic() + budget_s
    found = outlines(rules.facts.tree)
    place = _nearest(found, LineIndex(rules.facts.tree.data), after_line)
    if place is None:
        return RankedSites()
    outline, number = place
    scores = await asyncio.wait_for(scores_of(scorer, [outline]), budget_s)
    site = outline.sites[number]
    makers = makers_of_wanted(source, site.start, rules.visible(after_line), rules.signatures)
    calls = _shares(site, scores[0][number], after_line, typed, makers)
    filler = ArgumentFiller(source, rules, inferred)
    ranked = RankedSites(asked=True)
    for call in calls:
        # Each by itself: they are rivals for one place.
        filled = await filler.fill([call], generator, max(deadline - time.monotonic(), 0.0))
        ranked.edits += [edit.model_copy(update={"after_line": after_line}) for edit in filled.edits]
        ranked.dropped += filled.dropped
    return ranked


def _nearest(found: Sequence[Outline], index: LineIndex, after_line: int) -> tuple[Outline, int] | None:
    """The outline and the number of its site that lies nearest to a place, the first behind it of two."""

    def distance(site: Site) -> tuple[int, bool]:
        line = index.line_of(site.start) - 1
        return abs(line - after_line), line < after_line

    places = [
        (distance(site), outline, number) for outline in found for number, site in enumerate(outline.sites) if site.hole is None
    ]
    best = min(places, key=lambda one: one[0], default=None)
    return (best[1], best[2]) if best is not None and best[0][0] <= _NEAR else None


def _shares(
    site: Site, scores: Sequence[SiteScore], after_line: int, typed: str, makers: frozenset[str] = frozenset()
) -> list[Located]:
    """The likeliest functions of a site, with their shares as probabilities; most of it is the ``makers``', if there are any."""
    fitting = [(one.function, one.probabilities[0]) for one in scores if one.function.startswith(typed)]
    making = sum(probability for function, probability in fitting if function in makers)
    others = sum(probability for function, probability in fitting) - making
    if making > 0.0 and others > 0.0:
        up, down = _OF_MAKERS / making, (1.0 - _OF_MAKERS) / others
        fitting = [(function, probability * (up if function in makers else down)) for function, probability in fitting]
    together = sum(probability for _, probability in fitting)
    fitting.sort(key=lambda one: -one[1])
    return [
        Located(after_line, function, probability / together, inline=False, start=site.start)
        for function, probability in fitting[:_MOST]
        if probability >= _LEAST_SHARE * together
    ]
