"""Whether a list in lines holds tasks: a log-linear model beside the rules of ``list_sense``, each of which may be wrong.

The model must be surer to turn the rules down than to agree with them. The weights are in ``lists.json``, made by
``benchmarks/list_weights.py``. Limits: lists in lines; tables and lists of which one answer is wanted are left to the rules.
"""

from __future__ import annotations

from codepar.prompts.acts import act_of
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_features import features_of
from codepar.prompts.list_sense import Sense
from codepar.prompts.lists import Listing
from codepar.prompts.log_linear import load_weights
from codepar.prompts.references import references
from codepar.prompts.tokens import Sentence
from codepar.prompts.wish_bonds import speaks_back

_LOOKED_AT = 12
_REFUSE = -0.5
_DEALT = -1.0


def weighed(discourse: Discourse, listing: Listing, lead: Sentence | None, sense: Sense) -> Sense:
    """What the rules and the model together say of a list."""
    if listing.is_table or listing not in discourse.lists or sense is Sense.COMPARED:
        return sense
    if lead is not None and discourse.request.sources and any(one.each and one.nouns for one in references(lead)):
        # "For each function give me: ...": what is wanted of each piece of the code.
        return sense
    model = load_weights("lists")
    score = model.score(features_of(discourse, listing, lead))
    if sense is Sense.TASKS:
        leans = any(speaks_back(discourse.prose[low:high]) for low, high in listing.elements[1:_LOOKED_AT])
        return Sense.DETAILS if score < _REFUSE and not leans else sense
    return Sense.TASKS if score > (_DEALT if _is_dealt(discourse, listing, lead) else model.least) else sense


def _is_dealt(discourse: Discourse, listing: Listing, lead: Sentence | None) -> bool:
    """ "Estimate the run time of each step: ...", "... How would you fix each?": something is asked of each element."""
    behind = next((sentence for sentence in discourse.spoken if sentence.start >= listing.end), None)
    near = [sentence for sentence in (lead, behind) if sentence is not None and sentence.has(Tag.EACH)]
    return any((one.announces or one is behind) and act_of(one) is not None and not compares(one, 0) for one in near)
