"""Requests for a number of alike answers in words that no rule knows: "invent five characters", "dime tres chistes".

Asked where all other readers found nothing. A log-linear model over ``numeral_features`` decides; its weights are in
``numerals.json``, made by ``benchmarks/numeral_weights.py``. Limits: the numbers of one sentence, from 2 to 60.
"""

from __future__ import annotations

from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.log_linear import load_weights
from codepar.prompts.numeral_features import features_of, numerals_of
from codepar.prompts.reading import Element, Found, Kind, Reading
from codepar.prompts.tokens import Sentence


def read_numerals(discourse: Discourse) -> Found:
    """As many answers as the numbers say that the model is sure of."""
    if any(compares(sentence, 0) for sentence in discourse.spoken):
        return None
    model = load_weights("numerals")
    sure = [(s, i) for s, i in numerals_of(discourse) if model.score(features_of(discourse, s, i)) > model.least]
    return _reading(discourse, sure[0][0], [i for s, i in sure if s is sure[0][0]]) if sure else None


def _reading(discourse: Discourse, sentence: Sentence, places: list[int]) -> Reading:
    numerals = [sentence.tokens[place] for place in places]
    elements = tuple(
        Element(discourse.request.place(token.start, token.end), token.text)
        for token in numerals
        for _ in range(token.number or 1)
    )
    return Reading(Kind.COUNT, elements, Tag.WRITE, numerals[0].start, numerals[-1].end, tier="medium")
