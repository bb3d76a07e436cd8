"""Makes ``codepar/prompts/lists.json``: the weights that say whether a list in lines holds tasks.

    python benchmarks/list_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/list_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from what ``clause_weights.py`` learns from: the first lists of every request, tables left out; one is a list of tasks
when items begin in two of its elements or more. Limits: needs numpy and scipy; what the rules say of a list is no
feature, for they were written after most of these lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from clause_weights import Example, Labelled, load
from weights_by_source import Told, cross_validated, learned
from weights_command import Weighing

from codepar.prompts.discourse import Discourse
from codepar.prompts.list_features import features_of
from codepar.prompts.request import Request

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "lists.json"
LEAST = 1.0
BOUNDS = (-1.0, -0.5, 0.0, 0.5, LEAST, 1.5, 2.0)
LISTS = 3


def lists_of(one: Labelled) -> Iterator[Told]:
    """The lists of a request."""
    discourse = Discourse(Request(one.prompt, one.files))
    for listing in discourse.lists[:LISTS]:
        if listing.is_table or len(listing.elements) < 2:
            continue
        held = sum(any(low <= start < high for start in one.starts) for low, high in listing.elements)
        features = features_of(discourse, listing, discourse.lead_of(listing))
        yield Told(one.source, Example(frozenset(features), held > 1))


if __name__ == "__main__":
    Weighing(
        lambda own: [told for one in load(own) for told in lists_of(one)],
        learned,
        partial(cross_validated, bounds=BOUNDS),
        TARGET,
        {"least": LEAST},
    ).run(__doc__)
