"""The network of the argument ranker as it is trained: torch, and the same as the product reads it.

It decides as ``codepar.mpi.ranking.network`` does. Limits: weights are rounded to 8 bits, one scale a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from codepar.mpi.ranking.network import Network
from finetune.arguments.decisions import Decision
from finetune.arguments.training import shared_by, starts_of
from finetune.sites.word_network import rounded


@dataclass(frozen=True)
class Known:
    """The hashes of attributes and of contexts that are learned, rising."""

    attributes: NDArray[np.uint32]
    contexts: NDArray[np.uint32]


@dataclass(frozen=True)
class Laid:
    """Decisions end to end. ``attributes``: rows of the table by candidate from ``starts``; ``contexts``: one row a decision;
    ``candidates``: how many each has; ``right``: the number of its right candidate among all."""

    attributes: torch.Tensor
    starts: torch.Tensor
    contexts: torch.Tensor
    candidates: torch.Tensor
    right: torch.Tensor


@dataclass(frozen=True)
class Numbered:
    """One decision with rows of the tables for its hashes; the row behind the last is nobody's."""

    attributes: NDArray[np.int64]
    lengths: NDArray[np.int64]
    contexts: NDArray[np.int64]
    right: int


def known_hashes(decisions: Sequence[Decision], repositories: int) -> Known:
    """What so many repositories have."""
    return Known(
        shared_by(decisions, repositories, lambda one: np.asarray(one.attributes, dtype=np.uint32)),
        shared_by(decisions, repositories, lambda one: np.asarray(one.contexts, dtype=np.uint32)),
    )


def numbered(decision: Decision, known: Known) -> Numbered:
    """A decision as rows of the tables."""
    return Numbered(
        _rows(np.asarray(decision.attributes, dtype=np.uint32), known.attributes),
        np.asarray(decision.lengths, dtype=np.int64),
        _rows(np.asarray(decision.contexts, dtype=np.uint32), known.contexts),
        decision.right,
    )


def _rows(hashes: NDArray[np.uint32], known: NDArray[np.uint32]) -> NDArray[np.int64]:
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[places] == hashes, places, len(known)).astype(np.int64)


def laid(decisions: Sequence[Numbered]) -> Laid:
    """Lay decisions end to end."""
    lengths = np.concatenate([one.lengths for one in decisions])
    candidates = np.array([len(one.lengths) for one in decisions], dtype=np.int64)
    right = starts_of(candidates) + np.array([one.right for one in decisions], dtype=np.int64)
    return Laid(
        torch.from_numpy(np.concatenate([one.attributes for one in decisions])),
        torch.from_numpy(starts_of(lengths)),
        torch.from_numpy(np.stack([one.contexts for one in decisions])),
        torch.from_numpy(candidates),
        torch.from_numpy(right),
    )


class CandidateNetwork(nn.Module):
    """Sums of attributes, scaled and shifted by the contexts, beside the mean and the largest of the decision's candidates."""

    def __init__(self, known: Known, width: int, dropout: float) -> None:
        super().__init__()
        attributes, contexts = len(known.attributes), len(known.contexts)
        self.attributes = nn.EmbeddingBag(attributes + 1, width, mode="sum", padding_idx=attributes)
        self.contexts = nn.EmbeddingBag(contexts + 1, 3 * width, mode="sum", padding_idx=contexts)
        nn.init.normal_(self.attributes.weight, 0, 0.05)
        nn.init.normal_(self.contexts.weight, 0, 0.02)
        self.drop = nn.Dropout(dropout)
        self.middle = nn.Linear(3 * width, width)
        self.last = nn.Linear(width, 1, bias=False)

    def forward(self, batch: Laid, kept: torch.Tensor | None = None) -> torch.Tensor:
        """The score of each candidate. ``kept`` is what each attribute counts for (0: left out)."""
        values = self.attributes(batch.attributes, batch.starts, per_sample_weights=kept)
        scale, shift, direct = self.contexts(batch.contexts).repeat_interleave(batch.candidates, 0).chunk(3, 1)
        hidden = torch.relu(values * (1 + scale) + shift)
        decision = decision_of(batch.candidates)
        size = (len(batch.candidates), hidden.shape[1])
        mean = torch.zeros(size).index_add_(0, decision, hidden) / batch.candidates[:, None]
        top = torch.zeros(size).scatter_reduce(0, decision[:, None].expand(-1, size[1]), hidden, "amax")
        around = torch.cat([hidden, hidden - mean[decision], hidden - top[decision]], 1)
        told = torch.relu(self.middle(self.drop(around)))
        found: torch.Tensor = self.last(self.drop(told)).squeeze(1) + (values * direct).sum(1)
        return found


def decision_of(candidates: torch.Tensor) -> torch.Tensor:
    """The number of the decision that each candidate belongs to."""
    return torch.repeat_interleave(torch.arange(len(candidates)), candidates)


def log_shares(scores: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
    """The logarithm of each candidate's probability among those of its decision."""
    decision = decision_of(candidates)
    top = torch.full((len(candidates),), -torch.inf).scatter_reduce(0, decision, scores.detach(), "amax")
    lifted = scores - top[decision]
    return lifted - torch.zeros(len(candidates)).index_add_(0, decision, lifted.exp()).log()[decision]


def exported(network: CandidateNetwork, known: Known, alone: float, beside: float) -> Network:
    """The network as the product reads it; ``alone`` and ``beside`` as ``Network`` has them."""
    return Network(
        {one: row for row, one in enumerate(known.attributes.tolist())},
        {one: row for row, one in enumerate(known.contexts.tolist())},
        rounded(network.attributes.weight[:-1]),
        rounded(network.contexts.weight[:-1]),
        rounded(network.middle.weight),
        tuple(round(float(value), 5) for value in network.middle.bias.detach()),
        rounded(network.last.weight),
        alone,
        beside,
    )
