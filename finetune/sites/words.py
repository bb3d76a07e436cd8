"""From a corpus folder to the weights of the word model, with their card: `codepar finetune site-words`.

The features of a place (`codepar.mpi.words`) are summed to hidden values, a recurrent layer reads those of a program's places;
features are left out at random, so that none is relied on alone. Limits: one process, some minutes on a CPU; everything in memory
(3 GB for 220,000 places).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from codepar.errors import InvalidInput
from codepar.mpi.words.model import CARD_FILE, WEIGHTS_FILE, WordModel, write_words
from finetune.corpus_files import read_rows
from finetune.sites.measure import BOILERPLATE
from finetune.sites.training import Tell
from finetune.sites.word_network import WordNetwork, batch_of, exported
from finetune.sites.word_places import Stretch, numbered, programs_of, shared_out, stretches

_LAST_RATE = 0.1
"""Of the first: the rate falls by epochs."""

_STEEPEST = 2.0
"""Longest gradient of the layers behind the features."""

_POOL = 256
"""Stretches drawn at random, of which those of like lengths share a step."""

_BOUNDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


@dataclass(frozen=True)
class WordRecipe:
    """``networks`` are trained, each with a seed of its own, and heard together. ``repositories``: a feature needs so many to be
    learned, a function ``function_repositories``; ``most``: whole programs of one repository at most; ``dropout``: share of
    features left out in each step; ``batch``: places of a step; ``stretch``: places that are read together at most."""

    epochs: int = 6
    rate: float = 2e-3
    decay: float = 0.01
    width: int = 96
    units: int = 64
    networks: int = 1
    dropout: float = 0.2
    batch: int = 1200
    stretch: int = 300
    most: int = 50
    repositories: int = 3
    functions: int = 64
    function_repositories: int = 8
    seed: int = 0


@dataclass(frozen=True)
class WordScore:
    """Best F1 of (place, function) on repositories not learned from: all calls, and those beyond the four of every program."""

    everything: float
    rest: float
    places: int


def train_words(corpus: Path, output: Path, recipe: WordRecipe, tell: Tell) -> WordScore:
    """Train into the folder ``output``: weights and card. Raises ``InvalidInput`` where ``corpus`` is none."""
    rows = read_rows(corpus)
    learned = list(programs_of(shared_out(rows["train"], recipe.most, recipe.seed)))
    held_out = list(programs_of(shared_out(rows["development"], recipe.most, recipe.seed))) if "development" in rows else []
    numbering = numbered(learned, recipe.repositories, recipe.functions, recipe.function_repositories)
    if not numbering.functions:
        raise InvalidInput(f"{corpus} is too small to learn from", remedy="codepar finetune corpus, with more repositories")
    tell(
        f"{len(learned)} programs to learn from, {len(held_out)} held out; {len(numbering.features)} features, "
        f"{len(numbering.functions)} MPI functions"
    )
    parts = _Parts(*(stretches(one, numbering, recipe.stretch) for one in (learned, held_out)))
    networks: list[WordNetwork] = []
    for seed in range(recipe.seed, recipe.seed + recipe.networks):
        torch.manual_seed(seed)
        network = WordNetwork(len(numbering.features), len(numbering.functions), recipe.width, recipe.units, recipe.dropout)
        _fit(network, parts, numbering.functions, replace(recipe, seed=seed), tell)
        networks.append(network)
    score = _measure(networks, parts.held_out, numbering.functions, recipe.batch)
    output.mkdir(parents=True, exist_ok=True)
    model = exported(networks, numbering)
    write_words(model, output / WEIGHTS_FILE)
    places = sum(len(stretch.features) for stretch in parts.learned)
    facts = {
        "repositories learned from": len({program.repository for program in learned}),
        "programs": len(learned),
        "places": places,
        "features": len(numbering.features),
    }
    write_card(output, model, score, {**facts, **asdict(recipe)})
    return score


@dataclass(frozen=True)
class _Parts:
    """The places to learn from and those to judge by."""

    learned: list[Stretch]
    held_out: list[Stretch]


def _fit(network: WordNetwork, parts: _Parts, functions: Sequence[str], recipe: WordRecipe, tell: Tell) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, _LAST_RATE, total_iters=recipe.epochs)
    held = [weight for name, weight in network.named_parameters() if not name.startswith("table")]
    chance = np.random.default_rng(recipe.seed)
    for epoch in range(1, recipe.epochs + 1):
        total, places = 0.0, 0
        network.train()
        for stretch in _batches(parts.learned, recipe.batch, chance):
            batch = batch_of(stretch)
            kept = chance.random(len(batch.indices)) > recipe.dropout
            logits = network(batch, kept.astype(np.float32) / np.float32(1 - recipe.dropout))
            losses = nn.functional.binary_cross_entropy_with_logits(logits, batch.wanted, reduction="none").sum(1) * batch.weights
            optimizer.zero_grad()
            losses.mean().backward()  # type: ignore[no-untyped-call] # torch does not type it
            nn.utils.clip_grad_norm_(held, _STEEPEST)
            optimizer.step()
            total += float(losses.detach().sum())
            places += len(losses)
        fall.step()
        score = _measure([network], parts.held_out, functions, recipe.batch)
        tell(
            f"epoch {epoch}: loss {total / max(1, places):.4f}, held out F1 {score.everything:.3f}, "
            f"beyond the four {score.rest:.3f}"
        )


def _batches(found: Sequence[Stretch], places: int, chance: np.random.Generator | None) -> Iterator[list[Stretch]]:
    """Stretches of like lengths together, about so many places in all; in the order given where there is no chance."""
    order = list(range(len(found))) if chance is None else chance.permutation(len(found)).tolist()
    batches: list[list[Stretch]] = []
    for start in range(0, len(order), _POOL):
        batch: list[Stretch] = []
        for number in sorted(order[start : start + _POOL], key=lambda number: len(found[number].features)):
            batch.append(found[number])
            if sum(len(one.features) for one in batch) >= places:
                batches.append(batch)
                batch = []
        batches += [batch] if batch else []
    return iter(batches if chance is None else [batches[number] for number in chance.permutation(len(batches))])


@torch.no_grad()
def _measure(networks: Sequence[WordNetwork], held_out: Sequence[Stretch], functions: Sequence[str], places: int) -> WordScore:
    if not held_out:
        return WordScore(0.0, 0.0, 0)
    batches = [batch_of(batch) for batch in _batches(held_out, places, None)]
    logits = [torch.cat([network.eval()(batch) for batch in batches]) for network in networks]
    found = torch.sigmoid(torch.stack(logits).mean(0)).numpy()
    wanted = torch.cat([batch.wanted for batch in batches]).numpy()
    rest = np.array([function not in BOILERPLATE for function in functions])
    return WordScore(_best(found, wanted), _best(found[:, rest], wanted[:, rest]), len(found))


def _best(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    counts = [((found > bound) & (wanted > 0), found > bound) for bound in _BOUNDS]
    return float(max(2 * right.sum() / max(1, proposed.sum() + wanted.sum()) for right, proposed in counts))


def write_card(folder: Path, model: WordModel, score: WordScore, facts: dict[str, object]) -> None:
    """The model's card beside its weights: what it is, what it learned from, how it was judged."""
    lines = [
        "# The word model",
        "",
        f"For each place of a function and each of {len(model.functions)} MPI functions the probability that a call is missing "
        "there, from",
        "the words, shapes and variables around the place (`features.py`) and from the program's other places (`context.py`).",
        "It joins the site scorer's (`Blend`, docs/sites.md).",
        "",
        f"Best F1 of place and function alone, {score.places} places of programs of repositories not learned from: "
        f"{score.everything:.3f}, without",
        f"Init, Comm_rank, Comm_size, Finalize {score.rest:.3f}.",
        "",
        *(f"- {key}: {value}" for key, value in facts.items()),
        "",
    ]
    (folder / CARD_FILE).write_text("\n".join(lines), encoding="utf-8")
