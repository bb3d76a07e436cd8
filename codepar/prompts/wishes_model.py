"""Whether wishes that were found in running text are really several: a log-linear model over all of them together.

``clause_model`` decides clause by clause; here the whole reading is looked at once more, with how sure each decision was. It
can only refuse. The weights are in ``wishes.json``, made by ``benchmarks/wish_weights.py``. Limits: no reading is mended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import fsum

from codepar.prompts.clause_features import Setting
from codepar.prompts.clause_model import Scored
from codepar.prompts.wishes_features import features_of


@dataclass(frozen=True, slots=True)
class WishesWeights:
    """``of``: the weight of each feature. ``least``: the log-odds that "several" must exceed."""

    of: Mapping[str, float]
    least: float


@cache
def load_weights() -> WishesWeights:
    """The weights that the package comes with."""
    found = json.loads((files("codepar.prompts") / "wishes.json").read_text(encoding="utf-8"))
    return WishesWeights(found["weights"], found["least"])


def are_several(scored: Sequence[Scored], setting: Setting) -> bool:
    """Whether the clauses that begin a wish, two or more, are wishes of their own."""
    weights = load_weights()
    return fsum(weights.of.get(feature, 0.0) for feature in features_of(scored, setting)) > weights.least
