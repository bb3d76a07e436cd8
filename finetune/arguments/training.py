"""Learn the weights of the argument ranker: softmax over the candidates of each argument, Adagrad over hashed attributes.

A feature is an attribute in one of the contexts of its argument; those that few repositories have are left out. Limits: numpy
on one processor; the same data, seed and numpy give the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codepar.mpi.ranking.weights import FACTORS
from finetune.arguments.decisions import Decision

Tell = Callable[[str], None]
_BATCH = 500
_LARGEST = 127
_WORD = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True)
class Recipe:
    """``repositories``: how many must have a feature; ``features``: the most that are kept, the strongest;
    ``candidates``: the most that one decision keeps for learning."""

    epochs: int = 4
    rate: float = 0.1
    decay: float = 0.0
    repositories: int = 3
    features: int = 80_000
    candidates: int = 20
    seed: int = 1


@dataclass(frozen=True)
class Batch:
    """Decisions laid out flat: ``features`` (numbers of weights) by candidate, candidates by decision.

    A candidate's first feature is the one that weighs nothing, so that none is without.
    """

    features: NDArray[np.int32]
    feature_counts: NDArray[np.int64]
    candidate_counts: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, decisions: Sequence[Decision], known: NDArray[np.uint32]) -> Batch:
        """Lay decisions out, with the features that are ``known`` (sorted) alone."""
        features, counts = [], []
        for one in decisions:
            rows = _features_of(one)
            places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
            is_known = known[places] == rows
            lengths = np.asarray(one.lengths, dtype=np.int64)
            firsts = starts_of(lengths)
            own = np.add.reduceat(is_known.sum(axis=1), firsts) + 1
            flat = np.full(int(own.sum()), len(known), dtype=np.int32)
            is_first = np.zeros(len(flat), dtype=bool)
            is_first[starts_of(own)] = True
            flat[~is_first] = places[is_known]
            features.append(flat)
            counts.append(own)
        candidates = np.array([len(one.lengths) for one in decisions], dtype=np.int64)
        starts = starts_of(candidates)
        right = starts + np.array([one.right for one in decisions], dtype=np.int64)
        return cls(np.concatenate(features), np.concatenate(counts), candidates, right)

    def probabilities(self, weights: NDArray[np.float32]) -> NDArray[np.float64]:
        """The probability of each candidate among those of its decision."""
        scores = np.add.reduceat(weights[self.features], starts_of(self.feature_counts)).astype(np.float64)
        starts = starts_of(self.candidate_counts)
        raised: NDArray[np.float64] = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), self.candidate_counts))
        found: NDArray[np.float64] = raised / np.repeat(np.add.reduceat(raised, starts), self.candidate_counts)
        return found


def starts_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of several stretches laid end to end begins."""
    return np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)


def _features_of(decision: Decision) -> NDArray[np.uint32]:
    """The features of all candidates, one row an attribute, one column a context."""
    attributes = np.asarray(decision.attributes, dtype=np.uint64) * np.uint64(FACTORS[0])
    contexts = np.array(decision.contexts, dtype=np.uint64) * np.uint64(FACTORS[1])
    return ((attributes[:, None] ^ contexts[None, :]) & _WORD).astype(np.uint32)


@dataclass(frozen=True)
class Learned:
    """Weights by feature; ``features`` rise."""

    features: NDArray[np.uint32]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Fit:
    """How well decisions are made: the share that is right, and the mean of the negative logarithms."""

    right: float
    loss: float


def train(decisions: Sequence[Decision], held_out: Sequence[Decision], recipe: Recipe, tell: Tell) -> Learned:
    """The weights. What ``decisions`` are in no particular order is the caller's to see to."""
    known = known_features(decisions, recipe.repositories)
    tell(f"{len(known)} features")
    batches, beside = _batches(decisions, known), _batches(held_out, known)
    weights = np.zeros(len(known) + 1, dtype=np.float32)
    squares = np.full(len(known) + 1, 1e-3, dtype=np.float32)
    random_ = np.random.default_rng(recipe.seed)
    for epoch in range(recipe.epochs):
        rate = recipe.rate * (1 - epoch / recipe.epochs)
        losses = [_step(weights, squares, batches[number], recipe, rate) for number in random_.permutation(len(batches))]
        fit = measure(weights, beside)
        tell(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}; held out: loss {fit.loss:.4f}, right {fit.right:.4f}")
    return _strongest(known, weights[:-1], recipe.features)


def known_features(decisions: Sequence[Decision], repositories: int) -> NDArray[np.uint32]:
    """The features that so many repositories have, sorted."""
    return shared_by(decisions, repositories, _features_of)


def shared_by(
    decisions: Sequence[Decision], repositories: int, hashes: Callable[[Decision], NDArray[np.uint32]]
) -> NDArray[np.uint32]:
    """The ``hashes`` of decisions that so many repositories have, sorted."""
    by_repository: dict[str, list[NDArray[np.uint32]]] = {}
    for one in decisions:
        by_repository.setdefault(one.repository, []).append(np.unique(hashes(one)))
    every = np.concatenate([np.unique(np.concatenate(parts)) for parts in by_repository.values()])
    found, counts = np.unique(every, return_counts=True)
    return found[counts >= min(repositories, len(by_repository))]


def _batches(decisions: Sequence[Decision], known: NDArray[np.uint32]) -> list[Batch]:
    return [Batch.of(decisions[start : start + _BATCH], known) for start in range(0, len(decisions), _BATCH)]


def _step(weights: NDArray[np.float32], squares: NDArray[np.float32], batch: Batch, recipe: Recipe, rate: float) -> float:
    """One step of Adagrad in place; the loss before it."""
    found = batch.probabilities(weights)
    errors = found.copy()
    errors[batch.right] -= 1
    gradient = np.bincount(batch.features, weights=np.repeat(errors, batch.feature_counts), minlength=len(weights))
    gradient = gradient / np.sqrt(len(batch.right)) + recipe.decay * len(batch.right) * weights
    gradient[-1] = 0
    squares += (gradient**2).astype(np.float32)
    weights -= (rate * gradient / np.sqrt(squares)).astype(np.float32)
    return float(-np.log(np.maximum(found[batch.right], 1e-12)).mean())


def measure(weights: NDArray[np.float32], batches: Sequence[Batch]) -> Fit:
    """How weights decide."""
    right, loss, total = 0, 0.0, 0
    for batch in batches:
        found = batch.probabilities(weights)
        best = np.maximum.reduceat(found, starts_of(batch.candidate_counts))
        right += int((found[batch.right] >= best).sum())
        loss -= float(np.log(np.maximum(found[batch.right], 1e-12)).sum())
        total += len(batch.right)
    return Fit(right / max(total, 1), loss / max(total, 1))


def _strongest(known: NDArray[np.uint32], weights: NDArray[np.float32], most: int) -> Learned:
    kept = np.sort(np.argsort(-np.abs(weights), kind="stable")[:most])
    return Learned(known[kept], weights[kept])


@dataclass(frozen=True)
class Packed:
    """Weights as integers from -127 to 127, each times ``scale``."""

    scale: float
    values: list[int]


def pack(weights: NDArray[np.float32]) -> Packed:
    """Round to signed bytes; what is beyond the 99.9th percentile is cut to it."""
    largest = float(np.quantile(np.abs(weights), 0.999)) if weights.any() else 1.0
    scale = largest / _LARGEST
    return Packed(scale, np.clip(np.rint(weights / scale), -_LARGEST, _LARGEST).astype(int).tolist())
