"""Makes ``codepar/prompts/wishes.json``: the weights that say whether wishes found in running text are several.

    python benchmarks/wish_weights.py evaluators/data/codepp/own_prompts.jsonl            # cross-validated, by source
    python benchmarks/wish_weights.py evaluators/data/codepp/own_prompts.jsonl --write    # the weights of all sources

Learned from what ``clause_weights.py`` learns from: the readings of each source by weights for clauses that never saw that
source, so that they err here as they do on the prompts of strangers. Limits: needs numpy and scipy; a minute on one core;
requests with lists are left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clause_weights import COMPOSED, COMPOSED_WEIGHT, FIRST, NEXT, Example, Labelled, clauses_in, composed, examples_of, fit, load
from weights_command import Weighing

from codepar.prompts.clause_model import Weights, scored_in
from codepar.prompts.log_linear import total
from codepar.prompts.wishes_features import features_of

TARGET = Path(__file__).parent.parent / "codepar" / "prompts" / "wishes.json"
LEAST = -1.5
# Most of the "own" sources were written to look like what they are not; others are as people ask.
NATURAL_WEIGHT = 3.0
FOLDS = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request with the examples of its clauses."""

    request: Labelled
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A reading of two wishes or more, and whether the request holds several."""

    source: str
    example: Example


def prepared(requests: Sequence[Labelled]) -> list[Prepared]:
    """The requests in which every item begins in a clause."""
    return [Prepared(one, tuple(examples)) for one in requests if (examples := examples_of(one)) is not None]


def folds_of(sources: Iterable[str], count: int) -> list[frozenset[str]]:
    """The sources at random in ``count`` groups."""
    shuffled = sorted(set(sources))
    random.Random(3).shuffle(shuffled)
    return [frozenset(shuffled[place::count]) for place in range(count)]


def clause_weights_without(rows: Sequence[Prepared], held: frozenset[str]) -> Weights:
    """The weights for clauses from all other sources."""
    kept = [row for row in rows if row.request.source not in held]
    weighted = [(1.0, example) for row in kept for example in row.examples]
    made = composed([row.request for row in kept], COMPOSED, seed=1)
    weighted += [(COMPOSED_WEIGHT, example) for one in made for example in examples_of(one) or ()]
    return Weights(fit(weighted), FIRST, NEXT)


def readings(rows: Sequence[Prepared], folds: int = FOLDS) -> Iterator[Found]:
    """What is found in each request by weights that never saw its source."""
    for held in folds_of((row.request.source for row in rows), folds):
        weights = clause_weights_without(rows, held)
        for row in rows:
            if row.request.source in held:
                _, clauses, setting = clauses_in(row.request)
                scored = scored_in(clauses, setting, weights)
                if sum(one.begins for one in scored) > 1:
                    example = Example(frozenset(features_of(scored, setting)), bool(row.request.starts))
                    yield Found(row.request.source, example)


def learned(found: Sequence[Found]) -> dict[str, float]:
    """The weights."""
    return fit([(1.0 if one.source.startswith("own") else NATURAL_WEIGHT, one.example) for one in found])


def cross_validated(found: Sequence[Found]) -> Iterable[str]:
    """Precision and recall among the readings at several bounds, by weights that never saw the source."""
    scored: list[tuple[float, bool]] = []
    for held in folds_of((one.source for one in found), FOLDS):
        weights = learned([one for one in found if one.source not in held])
        mine = [one.example for one in found if one.source in held]
        scored += [(total(weights, e.features), e.begins) for e in mine]
    for bound in (-9.0, -1.0, 0.0, LEAST, 1.0, 1.5, 2.0, 3.0):
        right = sum(several for score, several in scored if score > bound)
        wrong = sum(not several for score, several in scored if score > bound)
        share = right / max(1, sum(several for _, several in scored))
        yield f"{bound:+.1f}: precision {right / max(1, right + wrong):.3f}, kept of what is right {share:.3f}"


if __name__ == "__main__":
    Weighing(lambda own: list(readings(prepared(load(own)))), learned, cross_validated, TARGET, {"least": LEAST}).run(__doc__)
