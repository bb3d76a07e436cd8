"""From samples to tokens: what is learned from, after long ones and repeats are left out.

Limits: everything is held in memory (some 10 MB for 10,000 samples).
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from codepar.engine.infill import plain_text_parts, specials_pattern
from finetune.train.tasks import Sample


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of a sample; those from ``answer_start`` on are learned. ``line_ends``: where each line of the answer ends."""

    ids: tuple[int, ...]
    answer_start: int
    line_ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


class Encoder:
    """Encodes as the engines do: what a text spells is text, never a control token. An answer ends with the tokenizer's EOS."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._specials = specials_pattern(set(tokenizer.all_special_tokens) | set(tokenizer.get_added_vocab()))
        self._lead = [token for token in tokenizer("")["input_ids"] if token == tokenizer.bos_token_id]

    def encode(self, sample: Sample) -> Encoded:
        """The tokens of one sample."""
        prompt = self._lead + self._ids(sample.prompt)
        lines = [self._ids(line) for line in sample.answer.splitlines(keepends=True)] or [[]]
        lines[-1].append(self._tokenizer.eos_token_id)
        ends = tuple(accumulate((len(line) for line in lines), initial=len(prompt)))[1:]
        ids = tuple(prompt + [token for line in lines for token in line])
        return Encoded(ids, len(prompt), ends)

    def _ids(self, text: str) -> list[int]:
        parts = plain_text_parts(text, self._specials)
        return [token for part in parts for token in self._tokenizer(part, add_special_tokens=False)["input_ids"]]


@dataclass
class Prepared:
    """The samples of one part, in a random order, and how many were left out for which reason."""

    samples: list[Encoded] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def tokens(self) -> int:
        """Of all samples, prompts included."""
        return sum(len(sample) for sample in self.samples)

    @property
    def digest(self) -> str:
        """SHA-256 of the tokens in their order."""
        digest = hashlib.sha256()
        for sample in self.samples:
            digest.update(repr((sample.ids, sample.answer_start)).encode())
        return digest.hexdigest()

    def first(self, tokens: int) -> list[Encoded]:
        """As many samples as ``tokens`` hold."""
        chosen, used = [], 0
        for sample in self.samples:
            if used + len(sample) <= tokens:
                chosen.append(sample)
                used += len(sample)
        return chosen


def prepare(samples: Iterable[Sample], encoder: Encoder, *, longest: int, seed: int) -> Prepared:
    """Encode, drop what is longer than ``longest`` tokens or a repeat, shuffle."""
    encoded = [encoder.encode(sample) for sample in samples]
    random.Random(seed).shuffle(encoded)
    found, seen = Prepared(), set[tuple[int, ...]]()
    for sample in encoded:
        if len(sample) > longest:
            found.left_out[f"longer than {longest} tokens"] += 1
        elif sample.ids in seen:
            found.left_out["a repeat of another sample"] += 1
        else:
            seen.add(sample.ids)
            found.samples.append(sample)
    return found
