"""Makes ``codepar/prompts/lists.json``: the weights that say whether a list in lines holds tasks.

    python benchmarks/list_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/list_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from what ``clause_weights.py`` learns from: the first lists of every request, tables left out; one is a list of tasks
when items begin in two of its elements or more. Limits: needs numpy and scipy; what the rules say of a list is no
feature, for they were written after most of these lists.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clause_weights import Example, Labelled, fit, load
from weights_command import Weighing

from codepar.prompts.discourse import Discourse
from codepar.prompts.list_features import features_of
from codepar.prompts.log_linear import total
from codepar.prompts.request import Request

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "lists.json"
LEAST = 1.0
FOLDS, LISTS = 12, 3


@dataclass(frozen=True, slots=True)
class Told:
    """A list and whether it holds tasks."""

    source: str
    example: Example


def lists_of(one: Labelled) -> Iterator[Told]:
    """The lists of a request."""
    discourse = Discourse(Request(one.prompt, one.files))
    for listing in discourse.lists[:LISTS]:
        if listing.is_table or len(listing.elements) < 2:
            continue
        held = sum(any(low <= start < high for start in one.starts) for low, high in listing.elements)
        features = features_of(discourse, listing, discourse.lead_of(listing))
        yield Told(one.source, Example(frozenset(features), held > 1))


def learned(told: Sequence[Told]) -> dict[str, float]:
    """The weights."""
    return fit([(1.0, one.example) for one in told])


def folds_of(sources: Iterable[str]) -> list[frozenset[str]]:
    """The sources at random in groups."""
    shuffled = sorted(set(sources))
    random.Random(3).shuffle(shuffled)
    return [frozenset(shuffled[place::FOLDS]) for place in range(FOLDS)]


def cross_validated(told: Sequence[Told]) -> Iterable[str]:
    """Precision and recall of "a list of tasks" at several bounds, by weights that never saw the source."""
    scored: list[tuple[float, bool]] = []
    for held in folds_of(one.source for one in told):
        weights = learned([one for one in told if one.source not in held])
        mine = [one.example for one in told if one.source in held]
        scored += [(total(weights, example.features), example.begins) for example in mine]
    for bound in (-1.0, -0.5, 0.0, 0.5, LEAST, 1.5, 2.0):
        right = sum(begins for score, begins in scored if score > bound)
        wrong = sum(not begins for score, begins in scored if score > bound)
        missed = sum(begins for score, begins in scored if score <= bound)
        yield f"{bound:+.1f}: precision {right / max(1, right + wrong):.3f}, recall {right / max(1, right + missed):.3f}"


if __name__ == "__main__":
    Weighing(
        lambda own: [told for one in load(own) for told in lists_of(one)], learned, cross_validated, TARGET, {"least": LEAST}
    ).run(__doc__)
