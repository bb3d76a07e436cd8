"""Put the setup calls that a site scorer found where people put them: its scores and the habits of many programs together.

The scorer tells well that a program lacks MPI_Init, less well before or behind which of ten declarations. So the calls of the
function that starts MPI are placed anew, all together: a beam over the places of Init, rank and size, weighed by both. Limits:
nothing is added or dropped; calls of other functions stay where they are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codepar.mpi.outline import LineIndex, Outline, Site
from codepar.mpi.setup_sites.attributes import SetupLines, relations
from codepar.mpi.setup_sites.weights import Weights, log_shares, own_weights, total
from codepar.mpi.sites import Located
from codepar.protocols import SiteScore, SiteScores
from codepar.syntax.tree import SyntaxTree

IN_ORDER = ("MPI_Init", "MPI_Comm_rank", "MPI_Comm_size")
"""The calls that are placed together, each in view of those before it."""
LAST = "MPI_Finalize"
_ORDER = {"MPI_Init": 0, "MPI_Init_thread": 0, "MPI_Comm_rank": 1, "MPI_Comm_size": 2, "MPI_Finalize": 9}
_TRUST = 0.3
"""What the logarithm of a habit's share counts beside that of the scorer's."""
_UNSEEN = 1e-3
MOST_SITES = 60
"""Of a function: the first ones for those calls, the last ones for the end."""
_BRANCHES, _BEAM = 6, 36


@dataclass(frozen=True, slots=True)
class _Setting:
    """Places of some of the calls, and the logarithm of what speaks for them."""

    placed: Mapping[str, int]
    score: float


@dataclass(frozen=True)
class _Part:
    """Sites of an outline with their scores; ``first`` is the number of the first among all."""

    sites: Sequence[Site]
    scores: Sequence[Sequence[SiteScore]]
    first: int

    def holds(self, call: Located) -> bool:
        return any(site.start == call.start for site in self.sites)

    def given(self, function: str) -> list[float]:
        """The scorer's probability of a function at each site."""
        return [next((one.probabilities[0] for one in some if one.function == function), 0.0) for some in self.scores]


def settle(tree: SyntaxTree, found: Sequence[Outline], scores: Sequence[SiteScores], calls: Sequence[Located]) -> list[Located]:
    """The calls with those of the setup at their likeliest places. ``scores`` are of ``found``, the outlines of ``tree``."""
    weights = own_weights()
    start = next((call for call in calls if call.function == "MPI_Init"), None)
    if weights is None or start is None:
        return list(calls)
    index = LineIndex(tree.data)
    for outline, of_sites in zip(found, scores, strict=True):
        if outline.start <= start.start < outline.end:
            own = [call for call in calls if outline.start <= call.start < outline.end and not call.inline]
            moved = _moved(index, outline, of_sites, own, weights)
            return in_order([moved.get(id(call), call) for call in calls])
    return list(calls)


def in_order(calls: Iterable[Located]) -> list[Located]:
    """In the order of the file; at one place the setup in its own order, the likelier call before the others."""
    return sorted(calls, key=lambda call: (call.start, _ORDER.get(call.function, 5), -call.probability))


def _moved(
    index: LineIndex, outline: Outline, scores: SiteScores, own: Sequence[Located], weights: Weights
) -> dict[int, Located]:
    """The setup calls of one outline at their new places, by their identity."""
    sites = [
        (site, of_site)
        for site, of_site in zip(outline.sites, scores, strict=True)
        if site.hole is None and index.begins_line(site.start)
    ]
    lines, last = SetupLines(outline), max(len(sites) - MOST_SITES, 0)
    opening = _Part([site for site, _ in sites[:MOST_SITES]], [scores for _, scores in sites[:MOST_SITES]], 0)
    ending = _Part([site for site, _ in sites[last:]], [scores for _, scores in sites[last:]], last)
    found = {}
    for functions, part in ((IN_ORDER, opening), ((LAST,), ending)):
        calls = {call.function: call for call in own if call.function in functions and part.holds(call)}
        for function, share in _shares(lines, part, [name for name in functions if name in calls], weights).items():
            call, best = calls[function], max(range(len(share)), key=share.__getitem__)
            start, given = part.sites[best].start, part.given(function)
            likely = max(share[best] * min(sum(given), 1.0), given[best])
            line = index.line_of(start) - 1
            found[id(call)] = replace(call, after_line=line, start=start, probability=min(likely, 1.0))
    return found


@dataclass(frozen=True)
class _Question:
    """One call to be placed: attributes of the sites, what those weigh alone, the logarithms of the scorer's probabilities."""

    function: str
    alone: Sequence[Sequence[str]]
    own: Sequence[float]
    given: Sequence[float]
    weights: Mapping[str, float]

    def extended(self, setting: _Setting) -> list[_Setting]:
        """The setting with the call at each of its likeliest places."""
        lying = [total(self.weights, relations(names, number, setting.placed)) for number, names in enumerate(self.alone)]
        habits = log_shares([one + other for one, other in zip(self.own, lying, strict=True)])
        score = [scored + _TRUST * habit for scored, habit in zip(self.given, habits, strict=True)]
        best = sorted(range(len(score)), key=lambda number: -score[number])[:_BRANCHES]
        return [_Setting({**setting.placed, self.function: number}, setting.score + score[number]) for number in best]


def _shares(lines: SetupLines, part: _Part, functions: Sequence[str], weights: Weights) -> dict[str, list[float]]:
    """For each function the probability of each site, all functions placed together."""
    alone = [lines.attributes(site, part.first + number) for number, site in enumerate(part.sites)] if functions else []
    beam = [_Setting({}, 0.0)]
    for function in functions:
        own = [total(weights[function], names) for names in alone]
        given = [math.log(one + _UNSEEN) for one in part.given(function)]
        question = _Question(function, alone, own, given, weights[function])
        longer = [one for setting in beam for one in question.extended(setting)]
        beam = sorted(longer, key=lambda setting: -setting.score)[:_BEAM]
    top = max(setting.score for setting in beam)
    shares: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * len(alone))
    mass = sum(math.exp(setting.score - top) for setting in beam)
    for setting in beam:
        for function, number in setting.placed.items():
            shares[function][number] += math.exp(setting.score - top) / mass
    return dict(shares)
