"""The word model as it is trained: a network in torch, and the same as the product reads it.

Limits: weights are rounded to 8 bits, one scale a layer.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from codepar.layers import Layer
from codepar.mpi.words.context import Context, Direction
from codepar.mpi.words.model import WordModel, hash_of
from finetune.sites.word_places import Numbering, Stretch

_FIRST_BIAS = -5.0
_GRU_PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True)
class Batch:
    """Stretches laid end to end: place i has the features ``indices[starts[i]:starts[i + 1]]``; ``lengths`` are their places."""

    indices: torch.Tensor
    starts: torch.Tensor
    lengths: list[int]
    wanted: torch.Tensor
    weights: torch.Tensor


def batch_of(found: Sequence[Stretch]) -> Batch:
    """Lay stretches end to end."""
    features = [of_place for stretch in found for of_place in stretch.features]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in features])[:-1]]).astype(np.int64)
    weights = np.concatenate([np.full(len(stretch.features), stretch.weight, np.float32) for stretch in found])
    return Batch(
        torch.from_numpy(np.concatenate(features)),
        torch.from_numpy(starts),
        [len(stretch.features) for stretch in found],
        torch.from_numpy(np.concatenate([stretch.wanted for stretch in found])),
        torch.from_numpy(weights),
    )


class WordNetwork(nn.Module):
    """Features are summed to the hidden values of a place; a recurrent layer reads those of all places in both directions."""

    def __init__(self, features: int, functions: int, width: int, units: int, dropout: float) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(features, width, mode="sum")
        nn.init.normal_(self.table.weight, 0, 0.05)
        self.bias = nn.Parameter(torch.zeros(width))
        self.drop = nn.Dropout(dropout)
        self.gru = nn.GRU(width, units, batch_first=True, bidirectional=True)
        self.ctx = nn.Linear(2 * units, functions)
        nn.init.zeros_(self.ctx.bias)
        self.out = nn.Linear(width, functions)
        nn.init.constant_(self.out.bias, _FIRST_BIAS)

    def forward(self, batch: Batch, kept: NDArray[np.float32] | None = None) -> torch.Tensor:
        """The logits of all places. ``kept`` is what each feature counts for (0: left out)."""
        weights = None if kept is None else torch.from_numpy(kept)
        hidden = self.drop(torch.relu(self.table(batch.indices, batch.starts, per_sample_weights=weights) + self.bias))
        padded = nn.utils.rnn.pad_sequence(list(torch.split(hidden, batch.lengths)), batch_first=True)
        lengths = torch.tensor(batch.lengths)
        packed = nn.utils.rnn.pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        around = torch.cat([states[row, :length] for row, length in enumerate(batch.lengths)])
        found: torch.Tensor = self.out(hidden) + self.ctx(self.drop(around))
        return found


def exported(networks: Sequence[WordNetwork], numbering: Numbering) -> WordModel:
    """Networks of one shape as the product reads them: one network as wide as all, its logits the mean of theirs."""
    share = 1 / len(networks)
    last = sum((network.out.bias + network.ctx.bias for network in networks), torch.zeros(len(numbering.functions))) * share
    contexts = [network.ctx.weight.chunk(2, dim=1) for network in networks]
    return WordModel(
        numbering.functions,
        {hash_of(name): row for name, row in numbering.features.items()},
        rounded(torch.cat([network.table.weight for network in networks], dim=1)),
        _numbers(torch.cat([network.bias for network in networks])),
        rounded(torch.cat([network.out.weight for network in networks], dim=1) * share),
        _numbers(last),
        Context(
            _direction([network.gru for network in networks], "l0"),
            _direction([network.gru for network in networks], "l0_reverse"),
            rounded(torch.cat([half[side] for side in (0, 1) for half in contexts], dim=1) * share),
        ),
    )


def _direction(grus: Sequence[nn.GRU], name: str) -> Direction:
    """One direction of several recurrent layers that do not hear each other."""
    gates = {kind: [getattr(gru, f"{kind}_{name}").chunk(3) for gru in grus] for kind in _GRU_PARTS}
    inputs, state = (
        torch.cat([_blocks([of_gru[gate] for of_gru in gates[kind]]) for gate in range(3)]) for kind in _GRU_PARTS[:2]
    )
    inputs_bias, state_bias = (
        torch.cat([of_gru[gate] for gate in range(3) for of_gru in gates[kind]]) for kind in _GRU_PARTS[2:]
    )
    return Direction(rounded(inputs), _numbers(inputs_bias), rounded(state), _numbers(state_bias))


def _blocks(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    found: torch.Tensor = torch.block_diag(*parts)  # type: ignore[no-untyped-call] # torch does not type it
    return found


def _numbers(values: torch.Tensor) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values.detach())


def rounded(weight: torch.Tensor) -> Layer:
    """A matrix as signed bytes with one scale."""
    values = weight.detach().numpy()
    scale = max(float(np.abs(values).max()) / 127, 1e-9)
    return Layer(scale, tuple(array("b", row.tolist()) for row in np.rint(values / scale).astype(int)))
