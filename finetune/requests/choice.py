"""The weights of ``codepar.prompts.choice``: which of the possible readings people meant.

They are learned beside networks that did not know the request. The readings of a request compete with each other and with none
of them (a softmax in which none has the score 0). Readings that something binds (``dependence.obstacle``) are left out: such a
request stays whole whatever is chosen. Limits: a request whose items are in no possible reading teaches nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from codepar.prompts.choice import considered, preferred, reading_of, trust_in
from codepar.prompts.choice_features import features_of
from codepar.prompts.dependence import edges_of, obstacle
from codepar.prompts.extract import found_in
from codepar.prompts.items import MAX_ITEMS
from codepar.prompts.possible import MADE_BY_RULES
from codepar.prompts.reading import Found, Reading
from codepar.prompts.request import Place
from codepar.prompts.roles import Roles
from codepar.prompts.tag_network import Told
from finetune.requests.examples import Example

Values = NDArray[np.float64]
PENALTY = 2.0
LEAST = 0.4
KNOWN = 0.25
"""What a request counts that the rules were written after: they do better on it than they will on others."""
_SEEN = 2
_SMALLEST = 0.01


@dataclass(frozen=True)
class Candidate:
    """``right``: its items are the request's. ``of_rules``: it is how the rules read it."""

    features: frozenset[str]
    right: bool
    of_rules: bool = False


@dataclass(frozen=True)
class Choice:
    """A request. ``rules_split``, ``rules_right``: what they alone would do, and whether its items are right.

    ``reachable``: whether a candidate is right. ``trust``: see ``codepar.prompts.choice``.
    """

    source: str
    several: bool
    candidates: tuple[Candidate, ...]
    rules_split: bool
    rules_right: bool
    is_known: bool = False
    trust: float = 0.0

    @property
    def reachable(self) -> bool:
        return any(one.right for one in self.candidates)


def choice_of(example: Example, told: Told) -> Choice:
    """The candidates of a request beside what a network told of it."""
    discourse, labelled = example.discourse, example.labelled
    found = found_in(discourse)
    wanted = None if not labelled.several or labelled.items is None else _key(labelled.items)
    candidates = []
    for one in considered(discourse, Roles(example.words, told), found):
        reading = reading_of(discourse, one.possible)
        if isinstance(reading, Reading) and not _is_bound(example, reading):
            right = _key(one.possible.places) == wanted
            candidates.append(Candidate(frozenset(features_of(one)), right, MADE_BY_RULES in one.possible.makers))
    split = isinstance(found, Reading) and len(found.elements) > 1 and not _is_bound(example, found)
    right = split and _key(_places(found)) == wanted
    return Choice(labelled.source, labelled.several, tuple(candidates), split, right, labelled.is_known, trust_in(found))


def _key(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(sorted(places, key=lambda one: (one.file or "", one.start, one.end)))


def _places(found: Found) -> list[Place]:
    return [element.place for element in found.elements] if isinstance(found, Reading) else []


def _is_bound(example: Example, reading: Reading) -> bool:
    return (
        len(reading.elements) > MAX_ITEMS
        or obstacle(example.discourse, reading, edges_of(example.discourse, reading)) is not None
    )


def learned(choices: Sequence[Choice], penalty: float = PENALTY) -> dict[str, float]:
    """The weights of the features that at least two candidates have."""
    told = [one for one in choices if one.reachable or not one.several]
    seen = Counter(feature for one in told for candidate in one.candidates for feature in candidate.features)
    names = {feature: column for column, feature in enumerate(sorted(f for f, times in seen.items() if times >= _SEEN))}
    rows, columns, right, request = list[int](), list[int](), list[bool](), list[int]()
    for number, one in enumerate(told):
        for candidate in one.candidates:
            known = [names[feature] for feature in candidate.features if feature in names]
            rows += [len(right)] * len(known)
            columns += known
            right.append(candidate.right)
            request.append(number)
    table = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(right), len(names)))
    counts = np.array([KNOWN if one.is_known else 1.0 for one in told])
    weights = _fitted(table, np.array(right, float), np.array(request, np.int64), counts, penalty)
    return {name: round(float(weights[i]), 4) for name, i in names.items() if abs(weights[i]) > _SMALLEST}


def _fitted(table: csr_matrix, right: Values, request: NDArray[np.int64], counts: Values, penalty: float) -> Values:
    def loss(weights: Values) -> tuple[float, Values]:
        scores = table @ weights
        largest, given = np.zeros(len(counts)), np.zeros(len(counts))
        np.maximum.at(largest, request, scores)
        np.add.at(given, request, scores * right)
        total, shares = np.exp(-largest), np.exp(scores - largest[request])
        np.add.at(total, request, shares)
        value = (counts * (largest + np.log(total) - given)).sum() + penalty / 2 * (weights @ weights)
        return float(value), table.T @ ((shares / total[request] - right) * counts[request]) + penalty * weights

    found = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    fitted: Values = found.x
    return fitted


@dataclass(frozen=True)
class Score:
    """``right``, ``wrong``, ``missed``: decisions; ``exact``: those right whose items are."""

    right: int
    wrong: int
    missed: int
    exact: int

    def __str__(self) -> str:
        precision, recall = self.right / max(1, self.right + self.wrong), self.right / max(1, self.right + self.missed)
        return f"precision {precision:.3f}, recall {recall:.3f}, items exact {self.exact / max(1, self.right):.3f}"


def score_of(choices: Sequence[Choice], weights: Sequence[Mapping[str, float]], least: float) -> Score:
    """How well weights choose, one set for each request."""
    counted = Counter[str]()
    for one, own in zip(choices, weights, strict=True):
        scores = [sum(own.get(feature, 0.0) for feature in c.features) for c in one.candidates]
        split = bool(scores) and max(scores) > least - one.trust
        counted["right"] += split and one.several
        counted["wrong"] += split and not one.several
        counted["missed"] += one.several and not split
        if split and one.several:
            counted["exact"] += one.candidates[preferred(scores, [c.of_rules for c in one.candidates])].right
    return Score(counted["right"], counted["wrong"], counted["missed"], counted["exact"])


def score_of_rules(choices: Sequence[Choice]) -> Score:
    """How well the rules choose alone."""
    return Score(
        sum(one.rules_split and one.several for one in choices),
        sum(one.rules_split and not one.several for one in choices),
        sum(one.several and not one.rules_split for one in choices),
        sum(one.rules_right for one in choices),
    )
