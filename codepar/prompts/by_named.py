"""Requests that mean the pieces they name, in words that no rule knows: "push() and pop() have no docs", "a.c + b.c need MPI".

Asked where all other readers found nothing. A log-linear model over ``named_features`` decides; its weights are in
``names.json``, made by ``benchmarks/named_weights.py``. Limits: all that are named and not kept out, or none; code
with errors stays whole.
"""

from __future__ import annotations

from codepar.prompts.act_on_pieces import act_on_pieces
from codepar.prompts.code_elements import broken_among, sources_of
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.log_linear import load_weights
from codepar.prompts.named_features import features_of, named_in
from codepar.prompts.reading import Found, Kind, Reading


def read_named(discourse: Discourse) -> Found:
    """The named pieces of the request, where the model is sure that each is meant."""
    if not discourse.request.sources or any(compares(sentence, 0) for sentence in discourse.spoken):
        return None
    named = named_in(discourse)
    if named is None or broken_among(sources_of(named.elements)) is not None:
        return None
    model = load_weights("names")
    if model.score(features_of(discourse, named)) <= model.least:
        return None
    kind = Kind.FILE if named.elements[0].unit is None else Kind.CODE
    elements = tuple(sorted(named.elements, key=lambda one: one.place.start)) if kind is Kind.CODE else named.elements
    (first, low), (last, high) = named.places[0], named.places[-1]
    start, end = first.tokens[low].start, last.tokens[high].end
    return Reading(kind, elements, act_on_pieces(discourse), start, max(start + 1, end), tier="medium")
