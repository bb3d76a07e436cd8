"""Training on a small random model, and the way of its result into the product."""

import asyncio
import json
from dataclasses import replace

import numpy
import pytest
import torch
from transformers import AutoTokenizer

from codepar.engine import site_scorer
from codepar.engine.build import build_model
from codepar.engine.gguf_file import load_gguf
from codepar.engine.pull import pull
from codepar.engine.site_scorer import LocalSiteScorer
from codepar.errors import InvalidInput, Unsupported
from codepar.settings import Settings
from finetune.sites.examples import encode_example
from finetune.sites.network import load_base
from finetune.sites.run import Architecture, Sources, train_sites
from finetune.sites.training import CHECKPOINT, LOG, Recipe, going_on

SHAPE = Architecture(layers=3, causal_layers=1, rank=4, functions=6, repeats=2)
RECIPE = Recipe(tokens=24_000, every_tokens=10_000, adapter_rate=5e-3, head_rate=5e-3, others=1.0)


@pytest.fixture(scope="module")
def trained(corpus, checkpoint, tmp_path_factory):
    output = tmp_path_factory.mktemp("trained") / "mpi-sites"
    told = []
    scores = train_sites(Sources(corpus, checkpoint), output, RECIPE, SHAPE, told.append)
    return output, scores, told


def test_it_learns_and_leaves_a_whole_adapter(trained):
    output, (everything, _), told = trained
    entries = [json.loads(line) for line in (output / LOG).read_text().splitlines()]
    assert entries[-1]["tokens"] >= RECIPE.tokens
    assert everything.f1 > 0.5, told
    names = {path.name for path in output.iterdir()}
    assert {
        "adapter_model.safetensors",
        "adapter_config.json",
        "head.safetensors",
        "sites.json",
        "README.md",
        "loss.svg",
    } <= names
    card = (output / "README.md").read_text()
    assert f"{everything.f1:.3f}" in card
    assert str(output.parents[1]) not in card + (output / "adapter_config.json").read_text()


@pytest.fixture
def built(trained, checkpoint_gguf, tmp_path):
    settings = Settings(data_dir=tmp_path / "data")
    pull(settings, "tiny", [].append, file=checkpoint_gguf)
    return build_model(settings, str(trained[0]), tmp_path, "tiny", [].append)


def test_the_built_model_says_what_the_trained_network_says(built, trained, corpus, checkpoint):
    output, _, _ = trained
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)

    def encode(text):
        return tokenizer.encode(text, add_special_tokens=False)

    scorer = LocalSiteScorer(built)
    network, examples = _network(output, corpus, checkpoint, encode)
    for example in examples:
        expected = torch.sigmoid(network([example])).detach()
        [found] = asyncio.run(scorer.score_sites([example.example.text]))
        for row, scores in zip(expected, found, strict=True):
            told = {score.function: score.probabilities for score in scores}
            for index, function in enumerate(network.config.functions):
                # The weights went through bfloat16 and Q8_0.
                assert told.get(function, (0.0, 0.0)) == pytest.approx(row[index].tolist(), abs=0.08)


def test_a_long_text_is_read_in_windows(built, corpus, checkpoint, trained, monkeypatch):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    _, examples = _network(trained[0], corpus, checkpoint, lambda text: tokenizer.encode(text, add_special_tokens=False))
    longest = max(examples, key=lambda example: len(example.ids))
    scorer = LocalSiteScorer(built)
    [whole] = asyncio.run(scorer.score_sites([longest.example.text]))
    monkeypatch.setattr(site_scorer, "_MAX_TOKENS", 8)
    [around] = asyncio.run(scorer.score_sites([longest.example.text]))
    assert around == whole
    monkeypatch.setattr(site_scorer, "_WINDOW", len(longest.ids) // 3)
    [parts] = asyncio.run(scorer.score_sites([longest.example.text]))
    assert len(parts) == len(whole)
    assert parts != whole


def _network(output, corpus, checkpoint, encode):
    from codepar.engine.site_build import read_config
    from finetune.sites.network import SiteNetwork
    from finetune.sites.run import _read

    network = SiteNetwork(load_base(checkpoint)[0], read_config(output), SHAPE.rank)
    network.load_state_dict(torch.load(output / CHECKPOINT, weights_only=True)["weights"], strict=False)
    return network.eval(), [encode_example(example, encode) for example in _read(corpus).development]


def test_a_stopped_run_goes_on_where_it_was(trained, corpus, checkpoint, tmp_path):
    output, _, _ = trained
    told = []
    half = Recipe(**{**RECIPE.__dict__, "tokens": RECIPE.tokens // 2})
    train_sites(Sources(corpus, checkpoint), tmp_path / "again", half, SHAPE, [].append)
    train_sites(Sources(corpus, checkpoint), tmp_path / "again", RECIPE, SHAPE, told.append)
    assert any(line.startswith("going on from step") for line in told)
    whole = torch.load(output / CHECKPOINT, weights_only=True)["state"]
    resumed = torch.load(tmp_path / "again" / CHECKPOINT, weights_only=True)["state"]
    assert (resumed["steps"], resumed["tokens"]) == (whole["steps"], whole["tokens"])


def test_a_run_goes_on_from_a_trained_adapter(trained, corpus, checkpoint, tmp_path):
    before, _, _ = trained
    recipe = replace(going_on(RECIPE), tokens=3_000, learned=1.0)
    told = []
    scores = train_sites(Sources(corpus, checkpoint, before, corpus), tmp_path / "more", recipe, SHAPE, told.append)
    assert "0 functions that start MPI" in told[1]
    assert scores[0].f1 > 0.5, told
    assert (tmp_path / "more" / "sites.json").read_text() == (before / "sites.json").read_text()
    other = replace(SHAPE, rank=8)
    with pytest.raises(InvalidInput, match="another network"):
        train_sites(Sources(corpus, checkpoint, before), tmp_path / "other", recipe, other, told.append)


def test_padding_and_company_change_nothing(corpus, checkpoint, trained):
    output, _, _ = trained
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    network, examples = _network(output, corpus, checkpoint, lambda text: tokenizer.encode(text, add_special_tokens=False))
    chosen = sorted({example.ids: example for example in examples}.values(), key=lambda example: len(example.ids))
    assert len({len(example.ids) for example in chosen}) > 1
    together = network(chosen)
    alone = torch.cat([network([example]) for example in chosen])
    assert torch.allclose(together, alone, atol=0.05)


def test_what_is_no_corpus_or_no_fitting_base_is_refused(trained, tmp_path, checkpoint):
    with pytest.raises(InvalidInput, match="not a corpus"):
        train_sites(Sources(tmp_path, checkpoint), tmp_path / "o", RECIPE, SHAPE, [].append)
    settings = Settings(data_dir=tmp_path / "data")
    pull(settings, "other", [].append, file=_other_model(tmp_path / "other.gguf"))
    with pytest.raises(Unsupported, match="qwen2"):
        build_model(settings, str(trained[0]), tmp_path, "other", [].append)


def _other_model(path):
    gguf = load_gguf()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_token_list(["a", "b"])
    writer.add_tensor("blk.0.attn_q.weight", numpy.zeros((64, 32), dtype=numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
