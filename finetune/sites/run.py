"""From a corpus folder to a trained site scorer: `codepar finetune sites`.

Limits: one process; a GPU is used where torch finds one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from codepar.engine.site_build import SiteConfig, read_config
from finetune.corpus_files import read_rows
from finetune.sites.examples import (
    Encode,
    EncodedExample,
    SiteExample,
    encode_example,
    frequent_functions,
    functions_of_rows,
    select,
)
from finetune.sites.export import CURVE, draw_curve, export, write_card
from finetune.sites.measure import Score
from finetune.sites.network import SiteNetwork, load_adapter, load_base
from finetune.sites.training import LOG, Recipe, Tell, Trainer


@dataclass(frozen=True)
class Architecture:
    """The shape of the scorer. ``rank`` is LoRA's; ``functions``: how many MPI functions it tells apart."""

    layers: int = 12
    causal_layers: int = 6
    rank: int = 32
    functions: int = 90
    repeats: int = 3


@dataclass(frozen=True)
class Sources:
    """The corpus folder and the base model: a GGUF file, or a checkpoint folder.

    ``adapter``: a trained scorer to go on from (its functions and layers are kept); ``learned``: the corpus that it learned from.
    """

    corpus: Path
    base: Path
    adapter: Path | None = None
    learned: Path | None = None


def train_sites(sources: Sources, output: Path, recipe: Recipe, shape: Architecture, tell: Tell) -> tuple[Score, Score]:
    """Train into ``output`` (which a later run with the same recipe goes on from) and export the adapter there."""
    output.mkdir(parents=True, exist_ok=True)
    splits = _read(sources.corpus)
    tell(f"{len(splits.train)} functions to learn from, {len(splits.development)} held out")
    model, tokenizer = load_base(sources.base)
    network = SiteNetwork(model, _config(sources, splits, shape), shape.rank)
    if sources.adapter is not None:
        load_adapter(network, sources.adapter)
    if torch.cuda.is_available():
        network.to("cuda")

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False))

    selection = select(_encoded(splits.train, encode), recipe.seed)
    if sources.learned is not None:
        selection = selection.parted(frozenset(read_rows(sources.learned)["train"]["repository"]))
    held_out = [one for one in _encoded(splits.development, encode) if one.example.is_main]
    counts = {
        "functions that start MPI": len(selection.mains),
        "other functions": len(selection.others),
        "functions learned before": len(selection.learned),
    }
    tell("after duplicates and shares: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    trainer = Trainer(network, selection, held_out, output)
    scores = trainer.run(recipe, tell)
    export(network, output, sources.base.stem)
    draw_curve(output / LOG, output / CURVE)
    facts = {
        **counts,
        "held-out functions": len(held_out),
        "LoRA rank": shape.rank,
        "layers": f"{shape.layers}, of which {shape.causal_layers} look back only and stay as they were",
    }
    write_card(output, sources.base.stem, recipe, facts, scores)
    return scores


def _config(sources: Sources, splits: _Splits, shape: Architecture) -> SiteConfig:
    """What the scorer is to be: that of the adapter it goes on from, or a new one."""
    if sources.adapter is not None:
        return read_config(sources.adapter)
    return SiteConfig(
        layers=shape.layers,
        causal_layers=shape.causal_layers,
        repeats=shape.repeats,
        functions=frequent_functions(splits.train, shape.functions),
    )


@dataclass(frozen=True)
class _Splits:
    train: list[SiteExample]
    development: list[SiteExample]


def _read(corpus: Path) -> _Splits:
    rows = read_rows(corpus)
    return _Splits(*(list(functions_of_rows(rows[part])) if part in rows else [] for part in ("train", "development")))


def _encoded(examples: Sequence[SiteExample], encode: Encode) -> list[EncodedExample]:
    return [encode_example(example, encode) for example in examples]
