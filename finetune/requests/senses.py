"""Makes ``senses.json``: what a small language model makes of words by themselves, in few numbers.

Each word stands where a request goes on, "Could you please ...". Taken are the mean of the model's embeddings of its tokens and
what the last of them has become behind ``LAYER`` blocks; both are centred and made equally long on average, and turned onto
their main directions, which are evened out by half (the root of their spread). Limits: words are those that the model's
tokenizer holds as one token, where a word is letters alone, and those of the prompts; what a word means in a sentence is left
to the network.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from codepar.layers import numbers_text
from codepar.prompts.senses import FORMAT
from finetune.train.base import Base, open_base

WIDTH = 32
LAYER = 8
_BEFORE = " Could you please"
_LETTERS = re.compile(r"[a-zß-öø-ÿа-яё]{2,}")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,4}")
_WORD = re.compile(r"[^\W\d_][\w'\u2019\-]*")
_MOST_TOKENS = 8
_AT_ONCE = 512
_LOOKED_AT = 8000
_LARGEST = 127

Values = np.ndarray[tuple[int, int], np.dtype[np.float32]]


def make_senses(name: str, models_dir: Path, of_prompts: Iterable[str], path: Path, say: Callable[[str], None]) -> int:
    """Write the table of the words of the model ``name`` and of prompts; how many there are. Minutes on two cores.

    Raises ``EngineUnavailable`` where the model cannot be read.
    """
    base = open_base(name, torch.float32, models_dir)
    words = sorted({*_own_words(base.tokenizer), *(word for word in of_prompts if _WORD.fullmatch(word))})
    found = _states(base, words, say)
    kept = [word for word in words if word in found]
    numbers, scale = _rounded(_main_directions(np.stack([found[word] for word in kept])))
    record = {"format": FORMAT, "words": "\n".join(kept), "width": WIDTH, "scale": scale, "values": numbers_text(numbers)}
    path.write_text(json.dumps(record, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return len(kept)


def _own_words(tokenizer: Any) -> Iterator[str]:
    for number in range(len(tokenizer)):
        text = tokenizer.decode([number])
        word = text.strip().lower()
        if (text.startswith(" ") and _LETTERS.fullmatch(word)) or _IDEOGRAPHS.fullmatch(word):
            yield word


@torch.no_grad()
def _states(base: Base, words: Sequence[str], say: Callable[[str], None]) -> dict[str, Values]:
    """Embedding and state of each word, side by side; words of many tokens are left out."""
    model = base.model.eval().model
    model.layers = model.layers[:LAYER]
    before = base.tokenizer(_BEFORE, return_tensors="pt").input_ids
    cache = model(before, use_cache=True).past_key_values
    known = [(layer.keys, layer.values) for layer in cache.layers[:LAYER]]
    found = dict[str, Values]()
    for group in _groups(base.tokenizer, words):
        shared = transformers.DynamicCache()
        for number, (keys, values) in enumerate(known):
            shared.update(*(part.expand(len(group), -1, -1, -1) for part in (keys, values)), number)
        tokens = torch.tensor([tokens for _, tokens in group])
        states = model(tokens, past_key_values=shared, use_cache=True, output_hidden_states=True).hidden_states
        both = torch.stack([states[0].mean(1), states[LAYER][:, -1]], dim=1).float().numpy()
        found.update((word, row) for (word, _), row in zip(group, both, strict=True))
        say(f"{len(found)} of {len(words)} words")
    return found


def _groups(tokenizer: Any, words: Sequence[str]) -> Iterator[list[tuple[str, list[int]]]]:
    """Words of as many tokens side by side."""
    by_length = dict[int, list[tuple[str, list[int]]]]()
    for word in words:
        tokens = tokenizer(word if _IDEOGRAPHS.match(word) else f" {word}").input_ids
        if len(tokens) <= _MOST_TOKENS:
            by_length.setdefault(len(tokens), []).append((word, tokens))
    for alike in by_length.values():
        for start in range(0, len(alike), _AT_ONCE):
            yield alike[start : start + _AT_ONCE]


def _main_directions(states: Values) -> Values:
    """``states``: words by the two kinds by the model's width."""
    centred = states - states.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=2).mean(axis=0)[None, :, None]
    flat = centred.reshape(len(states), -1)
    some = flat[np.random.default_rng(0).permutation(len(flat))[:_LOOKED_AT]]
    directions = np.linalg.svd(some, full_matrices=False)[2][:WIDTH]
    found = flat @ directions.T
    found /= np.sqrt(found.std(axis=0))
    evened: Values = (found / found.std()).astype(np.float32)
    return evened


def _rounded(values: Values) -> tuple[array[int], float]:
    """Eight bits a number; the few largest are cut off."""
    scale = float(np.quantile(np.abs(values), 0.9999)) / _LARGEST
    numbers = np.clip(np.rint(values / scale), -_LARGEST, _LARGEST).astype(np.int8)
    return array("b", numbers.tobytes()), scale
