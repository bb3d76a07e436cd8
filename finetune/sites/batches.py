"""The order of training: batches of functions of similar length, the same for the same seed.

An epoch holds every function that starts MPI, a share of the others and a share of those learned earlier, drawn anew. Limits:
all of it in memory.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from finetune.sites.examples import EncodedExample, Selection

BATCH_TOKENS = 1280
_POOL = 128
"""Functions among which those of similar length are put together."""


@dataclass(frozen=True)
class Batch:
    """Functions learned from in one step. ``tokens`` counts all tokens up to the end of this batch."""

    examples: tuple[EncodedExample, ...]
    tokens: int


@dataclass(frozen=True)
class Shares:
    """Which part of the functions an epoch holds: of those that do not start MPI, and of those learned earlier."""

    others: float
    learned: float = 0.0


def batches(selection: Selection, shares: Shares, seed: int) -> Iterator[Batch]:
    """Batches without end, an epoch after the other."""
    chooser = random.Random(seed)
    tokens = 0
    while True:
        drawn = chooser.sample(selection.others, int(len(selection.others) * shares.others))
        again = chooser.sample(selection.learned, int(len(selection.learned) * shares.learned))
        epoch = [*selection.mains, *drawn, *again]
        chooser.shuffle(epoch)
        for start in range(0, len(epoch), _POOL):
            groups = list(_groups(epoch[start : start + _POOL]))
            chooser.shuffle(groups)
            for group in groups:
                tokens += sum(len(example.ids) for example in group)
                yield Batch(tuple(group), tokens)


def _groups(pool: list[EncodedExample]) -> Iterator[list[EncodedExample]]:
    """Functions of similar length, as many as fit with their padding."""
    group: list[EncodedExample] = []
    for example in sorted(pool, key=lambda one: len(one.ids)):
        if group and (len(group) + 1) * len(example.ids) > BATCH_TOKENS:
            yield group
            group = []
        group.append(example)
    if group:
        yield group
