"""The arguments of one call by a trained ranking: a beam from left to right, each argument in view of those before it.

The log-linear weights rank, and a network beside them where there is one. Limits: one call at a time; an argument that is no
candidate cannot be found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi.facts import Facts
from codepar.mpi.headers import Signatures
from codepar.mpi.ranking.attributes import Describer, contexts
from codepar.mpi.ranking.candidates import Candidate, candidates_of
from codepar.mpi.ranking.network import Network
from codepar.mpi.ranking.scene import PastCall, Scene, Spot
from codepar.mpi.ranking.weights import Lookup, Weights

_BEAM = 4


@dataclass(frozen=True)
class Scorer:
    """What speaks for a candidate: the log-linear weights, and the network's opinion where there is one."""

    weights: Lookup
    network: Network | None = None

    def scores(self, places: Sequence[str], candidates: Sequence[Sequence[str]]) -> list[float]:
        """The scores of candidates, each given by its attributes, in the contexts ``places``."""
        tables = [self.weights.within(place) for place in places]
        scores = [math.fsum(table.total(one) for table in tables) for one in candidates]
        return scores if self.network is None else self.network.joined(places, candidates, scores)


class ArgumentRanker:
    """Ranks the arguments of the calls of one file; the calls that the file has already are examples."""

    def __init__(self, facts: Facts, signatures: Signatures, weights: Weights, network: Network | None = None) -> None:
        self._scene = Scene(facts, signatures)
        self._scorer = Scorer(Lookup(weights), network)
        self._there = _calls_of(facts, signatures)

    def rank(self, function: str, start: int, before: Sequence[PastCall], most: int = _BEAM) -> list[RankedCall]:
        """The likeliest arguments of ``function`` at byte ``start``, the best first; ``before``: the calls that were put in.

        Empty where a parameter has no candidate, or ``mpi.h`` no such function.
        """
        if function not in self._scene.signatures:
            return []
        behind = [call for call in reversed(self._there) if call.start >= start]
        ahead = sorted([*(call for call in self._there if call.start < start), *before], key=lambda call: call.start)
        return rank_arguments(Spot(self._scene, function, start, (*behind, *ahead)), self._scorer, most)


def _calls_of(facts: Facts, signatures: Signatures) -> list[PastCall]:
    """The MPI calls that stand in the text."""
    return [
        PastCall(call.function, call.arguments, call.span.start)
        for call in facts.tree.calls
        if call.function in signatures and len(call.arguments) == len(signatures[call.function].parameters)
    ]


@dataclass(frozen=True)
class RankedCall:
    """The arguments of a call and the probability that they are all right, by the model's own judgement."""

    arguments: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class _Path:
    chosen: tuple[str, ...]
    score: float


def rank_arguments(spot: Spot, scorer: Scorer, most: int = 1) -> list[RankedCall]:
    """The likeliest arguments for a call, the best first; empty where a parameter has no candidate."""
    describer = Describer(spot)
    paths = [_Path((), 0.0)]
    for index in range(len(spot.signature.parameters)):
        paths = [longer for path in paths for longer in _extended(describer, scorer, path, index)]
        paths = sorted(paths, key=lambda path: -path.score)[:_BEAM]
    return [RankedCall(path.chosen, math.exp(path.score)) for path in paths[:most]]


def _extended(describer: Describer, scorer: Scorer, path: _Path, index: int) -> list[_Path]:
    """The path with each of the likeliest arguments."""
    candidates = candidates_of(describer.spot, index, path.chosen, scorer.weights.vocabulary)
    if not candidates:
        return []
    scores = scores_of(describer, scorer, candidates, index, path.chosen)
    top = max(scores)
    log_total = top + math.log(sum(math.exp(score - top) for score in scores))
    best = sorted(range(len(scores)), key=lambda number: -scores[number])[:_BEAM]
    return [_Path((*path.chosen, candidates[number].text), path.score + scores[number] - log_total) for number in best]


def scores_of(
    describer: Describer, scorer: Scorer, candidates: Sequence[Candidate], index: int, chosen: Sequence[str]
) -> list[float]:
    """The score of each candidate for one parameter."""
    parameter = describer.spot.signature.parameters[index]
    places = contexts(describer.spot, parameter, index)
    described = [
        [*describer.static(candidate, parameter, index), *describer.dynamic(candidate, parameter, chosen)]
        for candidate in candidates
    ]
    return scorer.scores(places, described)
