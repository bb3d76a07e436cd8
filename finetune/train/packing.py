"""Several samples in one row, so that no token is padding: their order, their tensors, and the mask that keeps them apart.

Limits: a row is one forward pass; the mask is as large as its square, so packs of some thousand tokens at most.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from finetune.train.encode import Encoded

_WINDOW = 256
"""Samples packed together: enough to fill packs, few enough to keep their order random."""

Pack = list[Encoded]


def pack(samples: Sequence[Encoded], tokens: int, seed: int) -> list[Pack]:
    """All samples once, in packs of at most ``tokens``, in an order that ``seed`` says."""
    order = random.Random(seed)
    shuffled = list(samples)
    order.shuffle(shuffled)
    packs: list[Pack] = []
    for first in range(0, len(shuffled), _WINDOW):
        fresh = _first_fit(sorted(shuffled[first : first + _WINDOW], key=len, reverse=True), tokens)
        order.shuffle(fresh)
        packs += fresh
    return packs


def _first_fit(longest_first: Sequence[Encoded], tokens: int) -> list[Pack]:
    packs: list[Pack] = []
    rooms: list[int] = []
    for sample in longest_first:
        index = next((index for index, room in enumerate(rooms) if room >= len(sample)), None)
        if index is None:
            packs.append([sample])
            rooms.append(tokens - len(sample))
        else:
            packs[index].append(sample)
            rooms[index] -= len(sample)
    return packs


def endless_packs(samples: Sequence[Encoded], tokens: int, seed: int) -> Iterator[Pack]:
    """Epoch after epoch, each in an order of its own."""
    epoch = 0
    while True:
        yield from pack(samples, tokens, seed * 1_000_003 + epoch)
        epoch += 1


@dataclass(frozen=True)
class Row:
    """A pack as tensors. T tokens, N of them learned.

    ``ids``, ``positions``: [1, T], the latter from 0 in each sample. ``mask``: [1, 1, T, T], added to the scores of attention: 0
    where a token may look, else the type's least number. ``before``: [N], the tokens from which the learned ones follow;
    ``learned``: [N], their ids; ``lines``: [N], the number of the answer's line each belongs to, counted through the pack.
    """

    ids: Any
    positions: Any
    mask: Any
    before: Any
    learned: Any
    lines: Any

    @property
    def tokens(self) -> int:
        """T."""
        return int(self.ids.shape[1])


def row_of(samples: Pack, dtype: Any, device: Any) -> Row:
    """The tensors of a pack."""
    ids = torch.tensor([token for sample in samples for token in sample.ids])
    owner = torch.tensor([number for number, sample in enumerate(samples) for _ in sample.ids])
    positions = torch.tensor([position for sample in samples for position in range(len(sample))])
    sees = (owner[:, None] == owner[None, :]) & (positions[:, None] >= positions[None, :])
    mask = torch.zeros(sees.shape, dtype=dtype).masked_fill_(~sees, torch.finfo(dtype).min)
    learned, lines = _learned(samples)
    return Row(
        ids=ids[None].to(device),
        positions=positions[None].to(device),
        mask=mask[None, None].to(device),
        before=(learned - 1).to(device),
        learned=ids[learned].to(device),
        lines=lines.to(device),
    )


def _learned(samples: Pack) -> tuple[Any, Any]:
    """Where the learned tokens are in the row, and the line of each."""
    places: list[int] = []
    lines: list[int] = []
    offset = line = 0
    for sample in samples:
        start = sample.answer_start
        for end in sample.line_ends:
            places += range(offset + start, offset + end)
            lines += [line] * (end - start)
            start, line = end, line + 1
        offset += len(sample)
    return torch.tensor(places), torch.tensor(lines)
