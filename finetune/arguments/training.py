"""Learn the weights of the argument ranker: softmax over the candidates of each argument, Adagrad over hashed attributes.

Limits: numpy on one processor; the same data, seed and numpy give the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codepar.mpi.ranking.weights import FACTORS
from finetune.arguments.decisions import Decision

Tell = Callable[[str], None]
_BATCH = 1_000
_LARGEST = 127


@dataclass(frozen=True)
class Recipe:
    """``bits``: the table has two to that power of weights; ``candidates``: the most that one decision keeps for learning."""

    epochs: int = 8
    rate: float = 0.15
    decay: float = 1e-6
    bits: int = 18
    candidates: int = 24
    seed: int = 1


@dataclass(frozen=True)
class Batch:
    """Decisions laid out flat: ``attributes`` by candidate, ``candidates`` by decision."""

    attributes: NDArray[np.uint64]
    contexts: NDArray[np.uint64]
    attribute_counts: NDArray[np.int64]
    candidate_starts: NDArray[np.int64]
    candidate_counts: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, decisions: Sequence[Decision], common: NDArray[np.uint32]) -> Batch:
        """Lay decisions out; of their attributes the ``common`` ones alone, and of every candidate its first."""
        counts = np.concatenate([np.asarray(one.lengths, dtype=np.int64) for one in decisions])
        attributes = np.concatenate([np.asarray(one.attributes, dtype=np.uint32) for one in decisions])
        firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        kept = common[np.minimum(np.searchsorted(common, attributes), len(common) - 1)] == attributes
        kept[firsts] = True
        counts = np.add.reduceat(kept.astype(np.int64), firsts)
        candidates = np.array([len(one.lengths) for one in decisions], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(candidates)[:-1]])
        return cls(
            attributes=attributes[kept].astype(np.uint64),
            contexts=np.array([one.contexts for one in decisions], dtype=np.uint64),
            attribute_counts=counts,
            candidate_starts=starts,
            candidate_counts=candidates,
            right=starts + np.array([one.right for one in decisions], dtype=np.int64),
        )

    def places(self, bits: int) -> NDArray[np.int64]:
        """The places of all attributes in the table, one row a context."""
        attributes = (self.attributes * np.uint64(FACTORS[0])) & np.uint64(0xFFFFFFFF)
        of_decision = np.repeat(
            np.arange(len(self.candidate_counts)), np.add.reduceat(self.attribute_counts, self.candidate_starts)
        )
        rows = []
        for column in range(self.contexts.shape[1]):
            context = (self.contexts[:, column] * np.uint64(FACTORS[1])) & np.uint64(0xFFFFFFFF)
            rows.append(((attributes ^ context[of_decision]) >> np.uint64(32 - bits)).astype(np.int64))
        return np.stack(rows)

    def probabilities(self, table: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The probability of each candidate among those of its decision."""
        weights = table[places].sum(axis=0)
        starts = np.concatenate([[0], np.cumsum(self.attribute_counts)[:-1]])
        scores = np.add.reduceat(weights, starts).astype(np.float64)
        tops = np.repeat(np.maximum.reduceat(scores, self.candidate_starts), self.candidate_counts)
        raised = np.exp(scores - tops)
        return raised / np.repeat(np.add.reduceat(raised, self.candidate_starts), self.candidate_counts)


@dataclass(frozen=True)
class Fit:
    """How well decisions are made: the share that is right, and the mean of the negative logarithms."""

    right: float
    loss: float


def train(decisions: Sequence[Decision], held_out: Sequence[Decision], recipe: Recipe, tell: Tell) -> NDArray[np.float32]:
    """The table of weights."""
    table = np.zeros(1 << recipe.bits, dtype=np.float32)
    squares = np.full(1 << recipe.bits, 1e-3, dtype=np.float32)
    random_ = np.random.default_rng(recipe.seed)
    common = common_attributes(decisions)
    for epoch in range(recipe.epochs):
        rate = recipe.rate * (1 - epoch / recipe.epochs)
        losses = [_step(table, squares, batch, recipe, rate) for batch in _batches(decisions, common, random_)]
        fit = measure(table, held_out, common, recipe.bits)
        tell(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}; held out: loss {fit.loss:.4f}, right {fit.right:.4f}")
    return table


def common_attributes(decisions: Sequence[Decision]) -> NDArray[np.uint32]:
    """The attributes that more than one repository has, sorted."""
    by_repository: dict[str, list[NDArray[np.uint32]]] = {}
    for one in decisions:
        by_repository.setdefault(one.repository, []).append(np.asarray(one.attributes, dtype=np.uint32))
    every = np.concatenate([np.unique(np.concatenate(parts)) for parts in by_repository.values()])
    found, counts = np.unique(every, return_counts=True)
    return found[counts > 1]


def _batches(decisions: Sequence[Decision], common: NDArray[np.uint32], random_: np.random.Generator) -> Iterator[Batch]:
    order = random_.permutation(len(decisions))
    for start in range(0, len(order), _BATCH):
        yield Batch.of([decisions[number] for number in order[start : start + _BATCH]], common)


def _step(table: NDArray[np.float32], squares: NDArray[np.float32], batch: Batch, recipe: Recipe, rate: float) -> float:
    """One step of Adagrad in place; the loss before it."""
    places = batch.places(recipe.bits)
    found = batch.probabilities(table, places)
    errors = found.copy()
    errors[batch.right] -= 1
    per_attribute = np.repeat(errors / len(batch.right), batch.attribute_counts)
    gradient = np.zeros(len(table))
    for row in places:
        gradient += np.bincount(row, weights=per_attribute, minlength=len(table))
    gradient += recipe.decay * table
    squares += gradient**2 * len(batch.right)
    table -= (rate * gradient * np.sqrt(len(batch.right)) / np.sqrt(squares)).astype(np.float32)
    return float(-np.log(np.maximum(found[batch.right], 1e-12)).mean())


def measure(table: NDArray[np.float32], decisions: Sequence[Decision], common: NDArray[np.uint32], bits: int) -> Fit:
    """How a table decides."""
    right, loss = 0, 0.0
    for start in range(0, len(decisions), _BATCH):
        batch = Batch.of(decisions[start : start + _BATCH], common)
        found = batch.probabilities(table, batch.places(bits))
        best = np.maximum.reduceat(found, batch.candidate_starts)
        right += int((found[batch.right] >= best).sum())
        loss -= float(np.log(np.maximum(found[batch.right], 1e-12)).sum())
    return Fit(right / max(len(decisions), 1), loss / max(len(decisions), 1))


@dataclass(frozen=True)
class Packed:
    """A table as signed bytes, each times ``scale``."""

    scale: float
    table: bytes


def pack(table: NDArray[np.float32]) -> Packed:
    """Round to signed bytes; what is beyond the 99.99th percentile is cut to it."""
    largest = float(np.quantile(np.abs(table[table != 0]), 0.9999)) if table.any() else 1.0
    scale = largest / _LARGEST
    return Packed(scale, np.clip(np.rint(table / scale), -_LARGEST, _LARGEST).astype(np.int8).tobytes())
