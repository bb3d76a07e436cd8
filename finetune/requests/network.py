"""The network that reads requests as it is trained, in torch, and its weights as ``codepar.prompts.tag_network`` reads them.

Limits: weights are rounded to 8 bits, one scale a layer.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from codepar.layers import Layer, written
from codepar.prompts.senses import Senses
from codepar.prompts.sequence import MARKS
from codepar.prompts.tag_network import FORMAT, KINDS, REACH, TAGS, Role

_AROUND = 5


@dataclass(frozen=True)
class Shape:
    """``width``: values of a word; ``letters``: rows for runs of letters."""

    width: int = 96
    heads: int = 4
    letters: int = 8192
    convolutions: int = 2
    attentions: int = 2
    dropout: float = 0.35
    forgotten: float = 0.4
    """Share of words that are known by their letters and meaning alone while it learns."""


@dataclass(frozen=True)
class Batch:
    """Requests side by side, filled up to the longest. ``words``: rows of the vocabulary, 0 for a word that is not in it;
    ``senses``: numbers of what they mean; ``letters``: rows, end to end, of each word from ``starts``; ``here``: 1 where there is
    a word."""

    words: Tensor
    senses: Tensor
    letters: Tensor
    starts: Tensor
    tags: Tensor
    marks: Tensor
    here: Tensor


@dataclass(frozen=True)
class Answer:
    """Before the softmax: ``roles`` by request and word, ``several`` by request, ``kinds`` by request."""

    roles: Tensor
    several: Tensor
    kinds: Tensor


class RequestNetwork(nn.Module):
    """See ``codepar.prompts.tag_network``."""

    def __init__(self, words: int, senses: int, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.shape = shape
        self.word = nn.Embedding(words + 1, width)
        self.sense = nn.Linear(senses, width, bias=False)
        self.letters = nn.EmbeddingBag(shape.letters, width, mode="mean")
        self.tag = nn.Linear(len(TAGS), width, bias=False)
        self.mark = nn.Linear(len(MARKS), width, bias=False)
        nn.init.normal_(self.word.weight, 0, 0.05)
        nn.init.normal_(self.letters.weight, 0, 0.15)
        nn.init.normal_(self.sense.weight, 0, 0.03)
        self.first, self.last = nn.LayerNorm(width), nn.LayerNorm(width)
        self.conv = nn.ModuleList(nn.Linear(_AROUND * width, width) for _ in range(shape.convolutions))
        self.norm0 = nn.ModuleList(nn.LayerNorm(width) for _ in range(shape.convolutions))
        rows = range(shape.attentions)
        self.attention = nn.ModuleList(nn.Linear(width, 3 * width) for _ in rows)
        self.heard = nn.ModuleList(nn.Linear(width, width) for _ in rows)
        self.distance = nn.ModuleList(nn.Embedding(2 * REACH + 1, shape.heads) for _ in rows)
        self.wide = nn.ModuleList(nn.Linear(width, 2 * width) for _ in rows)
        self.narrow = nn.ModuleList(nn.Linear(2 * width, width) for _ in rows)
        self.norm1 = nn.ModuleList(nn.LayerNorm(width) for _ in rows)
        self.norm2 = nn.ModuleList(nn.LayerNorm(width) for _ in rows)
        self.drop = nn.Dropout(shape.dropout)
        self.role = nn.Linear(width, len(Role))
        self.several, self.kind = nn.Linear(2 * width, 1), nn.Linear(2 * width, len(KINDS))

    def forward(self, batch: Batch) -> Answer:
        """What it makes of the requests of a batch."""
        values = self._embedded(batch)
        here = batch.here.unsqueeze(-1)
        for norm, layer in zip(self.norm0, self.conv, strict=True):
            padded = functional.pad(norm(values) * here, (0, 0, 2, 2))
            around = torch.cat([padded[:, start : start + values.shape[1]] for start in range(_AROUND)], dim=-1)
            values = values + self.drop(torch.relu(layer(around)))
        for number in range(self.shape.attentions):
            values = values + self.drop(self._heard(values, batch.here, number))
            wide = torch.relu(self.wide[number](self.norm2[number](values)))
            values = values + self.drop(self.narrow[number](wide))
        values = self.last(values)
        largest = values.masked_fill(here == 0, -1e4).max(dim=1).values
        pooled = torch.cat([values[:, 0], largest], dim=-1)
        return Answer(self.role(values), self.several(pooled).squeeze(-1), self.kind(pooled))

    def _embedded(self, batch: Batch) -> Tensor:
        words = batch.words
        if self.training:
            words = words.masked_fill(torch.rand(words.shape) < self.shape.forgotten, 0)
        letters = self.letters(batch.letters, batch.starts).view(*words.shape, -1)
        known = self.word(words) + letters + self.sense(batch.senses) + self.tag(batch.tags) + self.mark(batch.marks)
        found: Tensor = self.drop(self.first(known))
        return found

    def _heard(self, values: Tensor, here: Tensor, number: int) -> Tensor:
        count, length, width = values.shape
        heads = self.shape.heads
        parts = self.attention[number](self.norm1[number](values)).view(count, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        places = torch.arange(length)
        distances = (places[None] - places[:, None]).clamp(-REACH, REACH) + REACH
        scores = parts[0] @ parts[1].transpose(-1, -2) / math.sqrt(width // heads)
        scores = scores + self.distance[number](distances).permute(2, 0, 1)[None]
        weights = scores.masked_fill(here[:, None, None] == 0, -1e9).softmax(-1)
        heard = (self.drop(weights) @ parts[2]).transpose(1, 2).reshape(count, length, width)
        found: Tensor = self.heard[number](heard)
        return found


def write_network(network: RequestNetwork, words: Sequence[str], senses: Senses, path: Path) -> None:
    """The weights where ``tag_network.read_network`` finds them."""
    layers = {name: written(_rounded(values)) for name, values in _arrays(network).items()}
    record = {"format": FORMAT, "heads": network.shape.heads, "marks": list(MARKS), "tags": [str(tag) for tag in TAGS]}
    record["senses"] = senses.mark
    text = json.dumps({**record, "words": list(words), "layers": layers}, ensure_ascii=False, indent=0)
    path.write_text(text + "\n", encoding="utf-8")


def _arrays(network: RequestNetwork) -> Mapping[str, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """The weights by the names that the product knows, a linear layer's with a row for each input."""
    found = {}
    for name, layer in network.named_modules():
        plain = name.replace(".", "")
        if isinstance(layer, nn.LayerNorm):
            found[f"{plain}.scale"], found[f"{plain}.shift"] = layer.weight[None], layer.bias[None]
        elif isinstance(layer, nn.Embedding | nn.EmbeddingBag):
            found[plain] = layer.weight
        elif isinstance(layer, nn.Linear) and layer.bias is None:
            found[plain] = layer.weight.T
        elif isinstance(layer, nn.Linear):
            found[f"{plain}.weight"], found[f"{plain}.bias"] = layer.weight.T, layer.bias[None]
    return {name: values.detach().numpy().astype(np.float32) for name, values in found.items()}


def _rounded(values: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> Layer:
    scale = float(np.abs(values).max()) / 127 or 1.0
    numbers = np.clip(np.rint(values / scale), -127, 127).astype(np.int8)
    return Layer(scale, tuple(array("b", row.tobytes()) for row in numbers))
