"""Training of the network that reads requests: minutes on a CPU.

What is learned at once: the role of every word, whether a request holds several items, and what they are. Limits: the share of
the three losses and the rate were chosen by hand on prompts of sources that were left out.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from codepar.prompts.senses import Senses
from codepar.prompts.sequence import MARKS
from codepar.prompts.tag_network import KINDS, TAGS, Told, letters_of
from finetune.requests.examples import Example
from finetune.requests.network import Answer, Batch, RequestNetwork, Shape

_NOBODY = -100
_SMOOTHED = 0.02
_WARM = 200
_LIKE_LENGTH = 12


@dataclass(frozen=True)
class Recipe:
    """``batch``: requests a step; ``roles``, ``kinds``: what their losses count for beside the decision's."""

    epochs: int = 10
    batch: int = 48
    rate: float = 3e-3
    decay: float = 0.15
    roles: float = 0.3
    kinds: float = 0.5
    least_seen: int = 2
    """Words that fewer examples have are known by their letters alone."""
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """A network and the words that its rows are of, from row 1."""

    network: RequestNetwork
    words: tuple[str, ...]
    senses: Senses


@dataclass(frozen=True)
class _Numbers:
    words: Tensor
    senses: Tensor
    letters: tuple[tuple[int, ...], ...]
    tags: Tensor
    marks: Tensor


def train(examples: Sequence[Example], senses: Senses, recipe: Recipe, shape: Shape, heard: Callable[[str], None]) -> Trained:
    """A network that has learned from ``examples``."""
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)
    words = _vocabulary(examples, recipe.least_seen)
    rows = {word: row for row, word in enumerate(words, 1)}
    numbers = [_numbers(one, rows, senses, shape) for one in examples]
    network = RequestNetwork(len(words), senses.width, shape)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay, betas=(0.9, 0.98))
    steps = recipe.epochs * math.ceil(len(examples) / recipe.batch)
    step = 0
    for epoch in range(recipe.epochs):
        network.train()
        losses = []
        for chosen in _batches(examples, recipe.batch, chance):
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate * min(1, step / _WARM) * 0.5 * (1 + math.cos(math.pi * step / steps))
            loss = _loss(network(_batch([numbers[i] for i in chosen])), [examples[i] for i in chosen], recipe)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not say its type
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses.append(float(loss.detach()))
        heard(f"epoch {epoch + 1}/{recipe.epochs}: loss {sum(losses) / len(losses):.3f}")
    network.eval()
    return Trained(network, words, senses)


@torch.no_grad()
def told_of(trained: Trained, examples: Sequence[Example]) -> list[Told]:
    """What a network makes of requests, without the rounding of its file."""
    rows = {word: row for row, word in enumerate(trained.words, 1)}
    found = []
    for one in examples:
        answer = trained.network(_batch([_numbers(one, rows, trained.senses, trained.network.shape)]))
        kinds = answer.kinds[0].log_softmax(-1).tolist()
        found.append(Told(answer.roles[0].log_softmax(-1).numpy(), float(answer.several[0]), tuple(kinds)))
    return found


def _vocabulary(examples: Sequence[Example], least: int) -> tuple[str, ...]:
    seen = Counter(word.text for one in examples for word in one.words)
    return tuple(sorted(word for word, times in seen.items() if times >= least))


def _numbers(example: Example, rows: dict[str, int], senses: Senses, shape: Shape) -> _Numbers:
    words = example.words
    tags, marks = torch.zeros(len(words), len(TAGS)), torch.zeros(len(words), len(MARKS))
    for row, word in enumerate(words):
        for column, tag in enumerate(TAGS):
            tags[row, column] = tag in word.tags
        marks[row, word.marks] = 1
    letters = tuple(tuple(letters_of(word.text, shape.letters)) for word in words)
    meant = torch.from_numpy(np.stack([senses.of(word.text) for word in words]))
    return _Numbers(torch.tensor([rows.get(word.text, 0) for word in words]), meant, letters, tags, marks)


def _batches(examples: Sequence[Example], size: int, chance: random.Random) -> list[list[int]]:
    """Requests of like length together, in a new order each time."""
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].words) + chance.random() * _LIKE_LENGTH)
    found = [order[start : start + size] for start in range(0, len(order), size)]
    chance.shuffle(found)
    return found


def _batch(numbers: Sequence[_Numbers]) -> Batch:
    length = max(len(one.words) for one in numbers)
    words = torch.zeros(len(numbers), length, dtype=torch.long)
    tags, marks = torch.zeros(len(numbers), length, len(TAGS)), torch.zeros(len(numbers), length, len(MARKS))
    senses, here = torch.zeros(len(numbers), length, numbers[0].senses.shape[1]), torch.zeros(len(numbers), length)
    letters, starts = list[int](), list[int]()
    for row, one in enumerate(numbers):
        count = len(one.words)
        words[row, :count], tags[row, :count], marks[row, :count] = one.words, one.tags, one.marks
        senses[row, :count], here[row, :count] = one.senses, 1
        for place in range(length):
            starts.append(len(letters))
            letters.extend(one.letters[place] if place < count else ())
    return Batch(words, senses, torch.tensor(letters), torch.tensor(starts), tags, marks, here)


def _loss(answer: Answer, examples: Sequence[Example], recipe: Recipe) -> Tensor:
    length = answer.roles.shape[1]
    roles = torch.full((len(examples), length), _NOBODY)
    for row, one in enumerate(examples):
        if one.roles is not None:
            roles[row, : len(one.roles)] = torch.tensor([int(role) for role in one.roles])
    several = torch.tensor([float(one.labelled.several) for one in examples])
    kinds = torch.tensor([_NOBODY if one.kind is None else KINDS.index(one.kind) for one in examples])
    of_roles = functional.cross_entropy(
        answer.roles.flatten(0, 1), roles.flatten(), ignore_index=_NOBODY, reduction="sum", label_smoothing=_SMOOTHED
    )
    decision = functional.binary_cross_entropy_with_logits(answer.several, several, reduction="sum")
    of_kinds = functional.cross_entropy(answer.kinds, kinds, ignore_index=_NOBODY, reduction="sum")
    return (recipe.roles * of_roles + decision + recipe.kinds * of_kinds) / len(examples)
