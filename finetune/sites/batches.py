"""The order of training: batches of functions of similar length, the same for the same seed.

An epoch holds every function that starts MPI and a share of the others, drawn anew. Limits: all of it in memory.
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


def batches(selection: Selection, others: float, seed: int) -> Iterator[Batch]:
    """Batches without end; ``others`` is the share of functions that do not start MPI in each epoch."""
    chooser = random.Random(seed)
    tokens = 0
    while True:
        drawn = chooser.sample(selection.others, int(len(selection.others) * others))
        epoch = [*selection.mains, *drawn]
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
