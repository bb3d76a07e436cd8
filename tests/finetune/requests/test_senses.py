"""A table of what words mean, made of a random tiny model by the command's own path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codepar.prompts.senses import read_senses
from finetune.requests import senses

WORDS = [f"{first}{last}" for first in ("to", "ra", "mi", "ku", "se") for last in ("lo", "ne", "pa", "ti", "vu", "di", "go")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of two blocks whose tokenizer knows bytes, `` rewrite`` and an ideograph's bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("base")
    alphabet = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "<|endoftext|>"]
    vocabulary = {letter: index for index, letter in enumerate(alphabet)}
    merges = [("Ġ", "g"), ("Ġg", "o")]
    for pair in merges:
        vocabulary["".join(pair)] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(folder)
    torch.manual_seed(0)
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 3, **heads}
    config = Qwen2Config(vocab_size=len(vocabulary), max_position_embeddings=128, eos_token_id=256, **shape)
    Qwen2ForCausalLM(config).save_pretrained(folder)
    return folder


def test_a_table_is_made(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(senses, "LAYER", 2)
    said = list[str]()
    count = senses.make_senses(str(base), tmp_path, [*WORDS, "f(x)", "longerthaneighttokens"], tmp_path / "s.json", said.append)
    table = read_senses(tmp_path / "s.json")
    assert count == len(table.rows) == len(WORDS) + 1
    assert "go" in table.rows
    assert "longerthaneighttokens" not in table.rows
    assert table.width == senses.WIDTH
    assert len({table.of(word).tobytes() for word in WORDS}) == len(WORDS)
    assert 0.5 < float(np.std([table.of(word) for word in WORDS])) < 2
    assert said[-1].startswith(f"{count} of")
