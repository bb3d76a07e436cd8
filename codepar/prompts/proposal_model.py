"""Whether a series that a reader found is one of separate wishes: a log-linear model over the features of the proposal.

It can only refuse what the reader would have taken. The weights are in ``proposals.json``, made by
``benchmarks/proposal_weights.py``. Limits: series in one sentence.
"""

from __future__ import annotations

import re

from codepar.prompts.discourse import Discourse
from codepar.prompts.log_linear import LogLinear, load_weights
from codepar.prompts.proposal_features import QUOTES, Proposal, features_of, sentence_at
from codepar.prompts.reading import Reading

_PAIR = 2
_OR = re.compile(r"\b(?:or|oder|o|или)\b|还是|または", re.IGNORECASE)


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


def score_of(discourse: Discourse, reading: Reading, weights: LogLinear) -> float | None:
    """The log-odds that the elements are wanted one by one; None where they do not stand in one sentence."""
    places = places_of(discourse, reading)
    sentence = sentence_at(discourse, places[0][0]) if places else None
    if sentence is None:
        return None
    return weights.score(features_of(discourse, Proposal(sentence, places)))


def is_doubtful(discourse: Discourse, reading: Reading) -> bool:
    """Whether a series that a reader found is more likely details of one wish."""
    weights = load_weights("proposals")
    places = places_of(discourse, reading)
    if all(discourse.prose[max(0, low - 1) : low] in QUOTES for low, _ in places):
        # Whoever puts each into quotes means each, unless one of them is to be chosen.
        return len(places) == _PAIR and _OR.search(discourse.prose, places[0][1], places[1][0]) is not None
    score = score_of(discourse, reading, weights)
    return score is not None and score < weights.least
