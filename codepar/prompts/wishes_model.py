"""Whether wishes that were found in running text are really several: a log-linear model over all of them together.

``clause_model`` decides clause by clause; here the whole reading is looked at once more, with how sure each decision was. It
can only refuse. The weights are in ``wishes.json``, made by ``benchmarks/wish_weights.py``. Limits: no reading is mended.
"""

from __future__ import annotations

from collections.abc import Sequence

from codepar.prompts.clause_features import Setting
from codepar.prompts.clause_model import Scored
from codepar.prompts.log_linear import load_weights
from codepar.prompts.wishes_features import features_of


def are_several(scored: Sequence[Scored], setting: Setting) -> bool:
    """Whether the clauses that begin a wish, two or more, are wishes of their own."""
    model = load_weights("wishes")
    return model.score(features_of(scored, setting)) > model.least
