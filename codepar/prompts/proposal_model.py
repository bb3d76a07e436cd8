"""Whether a series that a reader found is one of separate wishes: a log-linear model over the features of the proposal.

It can only refuse what the reader would have taken. The weights are in ``proposals.json``, made by
``benchmarks/proposal_weights.py``. Limits: series in one sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import fsum

from codepar.prompts.discourse import Discourse
from codepar.prompts.proposal_features import QUOTES, Proposal, features_of, sentence_at
from codepar.prompts.reading import Reading


@dataclass(frozen=True, slots=True)
class ProposalWeights:
    """``of``: the weight of each feature. ``least``: the log-odds below which a series is refused."""

    of: Mapping[str, float]
    least: float


@cache
def load_weights() -> ProposalWeights:
    """The weights that the package comes with."""
    found = json.loads((files("codepar.prompts") / "proposals.json").read_text(encoding="utf-8"))
    return ProposalWeights(found["weights"], found["least"])


def places_of(discourse: Discourse, reading: Reading) -> tuple[tuple[int, int], ...]:
    """The characters of the elements that stand in the prompt, by their bytes."""
    byte = discourse.request.byte
    found, position = [], reading.start
    for element in reading.elements:
        low = discourse.request.prompt.find(element.name, position)
        if low < 0 or byte(low) != element.place.start:
            return ()
        position = low + len(element.name)
        found.append((low, position))
    return tuple(found)


def score_of(discourse: Discourse, reading: Reading, weights: ProposalWeights) -> float | None:
    """The log-odds that the elements are wanted one by one; None where they do not stand in one sentence."""
    places = places_of(discourse, reading)
    sentence = sentence_at(discourse, places[0][0]) if places else None
    if sentence is None:
        return None
    found = features_of(discourse, Proposal(sentence, places))
    return fsum(weights.of.get(feature, 0.0) for feature in found)


def is_doubtful(discourse: Discourse, reading: Reading) -> bool:
    """Whether a series that a reader found is more likely details of one wish."""
    weights = load_weights()
    if all(discourse.prose[max(0, low - 1) : low] in QUOTES for low, _ in places_of(discourse, reading)):
        # Whoever puts each into quotes means each.
        return False
    score = score_of(discourse, reading, weights)
    return score is not None and score < weights.least
