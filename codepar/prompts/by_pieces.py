"""Requests that mean all functions they come with, in words that no rule knows: "openmp, both", "constexpr-ify these two".

Asked where all other readers found nothing. A log-linear model over ``piece_features`` decides; its weights are in
``pieces.json``, made by ``benchmarks/piece_weights.py``. Limits: all functions or none; code with errors stays whole.
"""

from __future__ import annotations

from codepar.prompts.act_on_pieces import act_on_pieces
from codepar.prompts.code_elements import broken_among
from codepar.prompts.code_phrases import KEPT_OUT
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.log_linear import load_weights
from codepar.prompts.piece_features import features_of, is_possible, pieces_of
from codepar.prompts.reading import Found, Kind, Reading


def read_pieces(discourse: Discourse) -> Found:
    """All functions of the request, where the model is sure of it."""
    if not discourse.request.sources or not discourse.spoken:
        return None
    pieces = pieces_of(discourse)
    if not is_possible(pieces) or any(compares(s, 0) or KEPT_OUT.search(s.text) for s in discourse.spoken):
        return None
    model = load_weights("pieces")
    if model.score(features_of(discourse, pieces)) <= model.least or broken_among(discourse.request.sources) is not None:
        return None
    return Reading(
        Kind.CODE, pieces, act_on_pieces(discourse), discourse.spoken[0].start, discourse.spoken[-1].end, tier="medium"
    )
