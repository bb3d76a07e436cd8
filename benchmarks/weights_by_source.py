"""What scripts that make weights share: labelled examples of a source, their weights, and how well those do on other sources.

Limits: yes or no of one thing; sources are drawn into groups at random, always alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clause_weights import Example, fit

from codepar.prompts.log_linear import total

FOLDS = 12


@dataclass(frozen=True, slots=True)
class Told:
    """What is judged (a list, named pieces, a number), whether it is so, and whose prompt it is of."""

    source: str
    example: Example


def learned(told: Sequence[Told]) -> dict[str, float]:
    """The weights."""
    return fit([(1.0, one.example) for one in told])


def folds_of(sources: Iterable[str]) -> list[frozenset[str]]:
    """The sources at random in groups."""
    shuffled = sorted(set(sources))
    random.Random(3).shuffle(shuffled)
    return [frozenset(shuffled[place::FOLDS]) for place in range(FOLDS)]


def cross_validated(told: Sequence[Told], bounds: Sequence[float]) -> Iterable[str]:
    """Precision and recall at several bounds, by weights that never saw the source."""
    scored: list[tuple[float, bool]] = []
    for held in folds_of(one.source for one in told):
        weights = learned([one for one in told if one.source not in held])
        mine = [one.example for one in told if one.source in held]
        scored += [(total(weights, example.features), example.begins) for example in mine]
    for bound in bounds:
        right = sum(begins for score, begins in scored if score > bound)
        wrong = sum(not begins for score, begins in scored if score > bound)
        missed = sum(begins for score, begins in scored if score <= bound)
        yield f"{bound:+.1f}: precision {right / max(1, right + wrong):.3f}, recall {right / max(1, right + missed):.3f}"
