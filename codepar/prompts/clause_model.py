"""Where wishes begin in running text: a log-linear model over the features of clauses, asked from left to right.

The weights are in ``clauses.json``; ``clauses.md`` tells how they were made. Limits: each decision sees the one before it and
what the request is like as a whole; nothing is taken back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from codepar.prompts.acts import is_statement
from codepar.prompts.clause_features import Before, Setting, features_of
from codepar.prompts.clauses import Clause
from codepar.prompts.heads import ASKING, Head
from codepar.prompts.log_linear import total


@dataclass(frozen=True, slots=True)
class Begun:
    """A clause that begins a wish; ``score`` is the logarithm of the odds."""

    clause: Clause
    score: float


@dataclass(frozen=True, slots=True)
class Scored:
    """A clause, the logarithm of the odds that it begins a wish, and whether it was taken to."""

    clause: Clause
    score: float
    begins: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """``of``: the weight of each feature. ``first``, ``next``: what the first wish and a later one must score at least."""

    of: Mapping[str, float]
    first: float
    next: float


@cache
def load_weights() -> Weights:
    """The weights that the package comes with."""
    found = json.loads((files("codepar.prompts") / "clauses.json").read_text(encoding="utf-8"))
    return Weights(found["weights"], found["first"], found["next"])


def might_begin(clause: Clause) -> bool:
    """Whether a clause reads like the beginning of a wish by its head alone."""
    return clause.head in ASKING and clause.head is not Head.LACK and not (clause.is_first and is_statement(clause.sentence))


def wishes_in(clauses: list[Clause], setting: Setting, weights: Weights) -> list[Begun]:
    """The clauses that begin a wish."""
    return [Begun(one.clause, one.score) for one in scored_in(clauses, setting, weights) if one.begins]


def scored_in(clauses: list[Clause], setting: Setting, weights: Weights) -> list[Scored]:
    """All clauses with their scores; each decision sees the ones before it."""
    found, before = list[Scored](), Before()
    for clause in clauses:
        score = total(weights.of, features_of(clause, before, setting))
        begins = score > (weights.next if before.begun else weights.first)
        found.append(Scored(clause, score, begins))
        if begins:
            before = Before(clause, True, before.count + 1, before.start if before.begun else clause.start)
        elif before.clause is None and might_begin(clause):
            before = Before(clause, False, 0, clause.start)
    return found
