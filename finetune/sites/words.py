"""From a corpus folder to the weights of the word model, with their card: `codepar finetune site-words`.

A network with one hidden layer over the features of `codepar.mpi.words`; features are left out at random, so that none is relied
on alone. Limits: one process, minutes on a CPU; everything in memory (2 GB for 120,000 places).
"""

from __future__ import annotations

import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from codepar.errors import InvalidInput
from codepar.mpi.words.features import Features, features_of
from codepar.mpi.words.model import CARD_FILE, WEIGHTS_FILE, Layer, WordModel, hash_of, write_words
from finetune.corpus_files import read_rows
from finetune.sites.examples import SiteExample, functions_of_rows
from finetune.sites.measure import BOILERPLATE
from finetune.sites.training import Tell

_FIRST_BIAS = -5.0
_LAST_RATE = 0.1
"""Of the first: the rate falls by epochs."""

_BOUNDS = (0.15, 0.2, 0.25, 0.3, 0.4)


@dataclass(frozen=True)
class WordRecipe:
    """``repositories``: a feature and a function need so many to be learned; ``most``: functions of one repository at most
    (a third of that for those without ``MPI_Init``); ``dropout``: share of features left out in each step."""

    epochs: int = 7
    rate: float = 2e-3
    decay: float = 0.01
    width: int = 96
    dropout: float = 0.2
    batch: int = 1024
    most: int = 60
    repositories: int = 3
    functions: int = 56
    function_repositories: int = 8
    longest: int = 6000
    seed: int = 0


@dataclass(frozen=True)
class WordScore:
    """Best F1 of (place, function) on repositories not learned from: all calls, and those beyond the four of every program."""

    everything: float
    rest: float
    places: int


@dataclass(frozen=True)
class _Places:
    """Places as rows: ``indices[offsets[i]:offsets[i + 1]]`` are the features of place i, ``wanted[i]`` the functions there."""

    indices: NDArray[np.int64]
    offsets: NDArray[np.int64]
    wanted: NDArray[np.float32]
    weights: NDArray[np.float32]


def train_words(corpus: Path, output: Path, recipe: WordRecipe, tell: Tell) -> WordScore:
    """Train into the folder ``output``: weights and card. Raises ``InvalidInput`` where ``corpus`` is none."""
    rows = read_rows(corpus)
    learned = distinct(functions_of_rows(rows["train"]), recipe)
    held_out = distinct(functions_of_rows(rows["development"]), recipe) if "development" in rows else []
    features = [features_of(example.text) for example in learned]
    names = _names(learned, features, recipe)
    functions = _functions(learned, recipe)
    if not functions:
        raise InvalidInput(f"{corpus} is too small to learn from", remedy="codepar finetune corpus, with more repositories")
    tell(
        f"{len(learned)} functions to learn from, {len(held_out)} held out; {len(names)} features, {len(functions)} MPI functions"
    )
    places = _places(learned, features, names, functions)
    others = _places(held_out, [features_of(example.text) for example in held_out], names, functions)
    torch.manual_seed(recipe.seed)
    network = _Network(len(names), len(functions), recipe)
    score = _fit(network, _Parts(places, others), functions, recipe, tell)
    output.mkdir(parents=True, exist_ok=True)
    model = _model(network, names, functions)
    write_words(model, output / WEIGHTS_FILE)
    facts = {"functions of programs": len(learned), "places": len(places.wanted), "features": len(names)}
    _write_card(output, model, score, {**facts, **asdict(recipe)})
    return score


def distinct(examples: Iterable[SiteExample], recipe: WordRecipe) -> list[SiteExample]:
    """Functions that differ, those that start MPI first; of one repository no more than its share."""
    shuffled = list(examples)
    random.Random(recipe.seed).shuffle(shuffled)
    texts: set[tuple[str, ...]] = set()
    used: Counter[tuple[str, bool]] = Counter()
    chosen = []
    for one in sorted(shuffled, key=lambda example: not example.is_main):
        kind = (one.repository, one.is_main)
        is_long = sum(map(len, one.text.pieces)) > recipe.longest
        if is_long or one.text.pieces in texts or used[kind] >= (recipe.most if one.is_main else recipe.most // 3):
            continue
        texts.add(one.text.pieces)
        used[kind] += 1
        chosen.append(one)
    return chosen


def _names(examples: Sequence[SiteExample], features: Sequence[Features], recipe: WordRecipe) -> dict[str, int]:
    """The features that enough repositories have, numbered."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for example, of_text in zip(examples, features, strict=True):
        for name in of_text.shared.union(*of_text.sites):
            if len(seen[name]) < recipe.repositories:
                seen[name].add(example.repository)
    frequent = sorted(name for name, repositories in seen.items() if len(repositories) >= recipe.repositories)
    return {name: number for number, name in enumerate(frequent)}


def _functions(examples: Sequence[SiteExample], recipe: WordRecipe) -> tuple[str, ...]:
    counted: Counter[str] = Counter()
    repositories: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        for function in set().union(*example.missing):
            counted[function] += 1
            repositories[function].add(example.repository)
    frequent = [function for function, _ in counted.most_common() if len(repositories[function]) >= recipe.function_repositories]
    return tuple(frequent[: recipe.functions])


def _places(
    examples: Sequence[SiteExample], features: Sequence[Features], names: dict[str, int], functions: Sequence[str]
) -> _Places:
    columns = {function: column for column, function in enumerate(functions)}
    of_repository = Counter(example.repository for example in examples)
    found: list[list[int]] = []
    wanted, weights = [], []
    for example, of_text in zip(examples, features, strict=True):
        weight = min(1.0, (12 / of_repository[example.repository]) ** 0.5)
        shared = [names[name] for name in of_text.shared if name in names]
        for of_site, missing in zip(of_text.sites, example.missing, strict=True):
            found.append(shared + [names[name] for name in of_site if name in names])
            row = np.zeros(len(functions), np.float32)
            row[[columns[function] for function in missing if function in columns]] = 1
            wanted.append(row)
            weights.append(weight)
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in found])]).astype(np.int64)
    indices = np.fromiter((index for one in found for index in one), np.int64, int(offsets[-1]))
    return _Places(indices, offsets, np.array(wanted).reshape(-1, len(functions)), np.array(weights, np.float32))


class _Network(nn.Module):
    """The word model as it is trained."""

    def __init__(self, features: int, functions: int, recipe: WordRecipe) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(features, recipe.width, mode="sum")
        nn.init.normal_(self.table.weight, 0, 0.05)
        self.bias = nn.Parameter(torch.zeros(recipe.width))
        self.drop = nn.Dropout(recipe.dropout)
        self.output = nn.Linear(recipe.width, functions)
        nn.init.constant_(self.output.bias, _FIRST_BIAS)

    def forward(self, places: _Places, rows: NDArray[np.int64], kept: NDArray[np.float32] | None = None) -> torch.Tensor:
        indices, starts = _chosen(places, rows)
        weights = None if kept is None else torch.from_numpy(kept)
        hidden = self.table(torch.from_numpy(indices), torch.from_numpy(starts), per_sample_weights=weights)
        found: torch.Tensor = self.output(self.drop(torch.relu(hidden + self.bias)))
        return found


def _chosen(places: _Places, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    spans = [places.indices[places.offsets[row] : places.offsets[row + 1]] for row in rows]
    starts = np.concatenate([[0], np.cumsum([len(span) for span in spans])[:-1]]).astype(np.int64)
    return np.concatenate(spans), starts


@dataclass(frozen=True)
class _Parts:
    """The places to learn from and those to judge by."""

    learned: _Places
    held_out: _Places


def _fit(network: _Network, parts: _Parts, functions: Sequence[str], recipe: WordRecipe, tell: Tell) -> WordScore:
    places = parts.learned
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, _LAST_RATE, total_iters=recipe.epochs)
    chance = np.random.default_rng(recipe.seed)
    score = WordScore(0.0, 0.0, 0)
    for epoch in range(1, recipe.epochs + 1):
        total = 0.0
        network.train()
        for rows in _batches(chance.permutation(len(places.wanted)), recipe.batch):
            length = int((places.offsets[rows + 1] - places.offsets[rows]).sum())
            kept = (chance.random(length) > recipe.dropout).astype(np.float32) / np.float32(1 - recipe.dropout)
            logits = network(places, rows, kept)
            losses = nn.functional.binary_cross_entropy_with_logits(
                logits, torch.from_numpy(places.wanted[rows]), reduction="none"
            )
            loss = (losses.sum(1) * torch.from_numpy(places.weights[rows])).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call] # torch does not type it
            optimizer.step()
            total += float(loss.item()) * len(rows)
        fall.step()
        score = _measure(network, parts.held_out, functions)
        tell(
            f"epoch {epoch}: loss {total / max(1, len(places.wanted)):.4f}, held out F1 {score.everything:.3f}, "
            f"beyond the four {score.rest:.3f}"
        )
    return score


def _batches(order: NDArray[np.int64], size: int) -> Iterator[NDArray[np.int64]]:
    return (order[start : start + size] for start in range(0, len(order), size))


@torch.no_grad()
def _measure(network: _Network, held_out: _Places, functions: Sequence[str]) -> WordScore:
    if not len(held_out.wanted):
        return WordScore(0.0, 0.0, 0)
    network.eval()
    parts = [network(held_out, rows) for rows in _batches(np.arange(len(held_out.wanted)), 4096)]
    found = torch.sigmoid(torch.cat(parts)).numpy()
    rest = np.array([function not in BOILERPLATE for function in functions])
    return WordScore(_best(found, held_out.wanted), _best(found[:, rest], held_out.wanted[:, rest]), len(found))


def _best(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    counts = [((found > bound) & (wanted > 0), found > bound) for bound in _BOUNDS]
    return float(max(2 * right.sum() / max(1, proposed.sum() + wanted.sum()) for right, proposed in counts))


def _model(network: _Network, names: dict[str, int], functions: tuple[str, ...]) -> WordModel:
    rows = _rounded(network.table.weight)
    return WordModel(
        functions,
        {hash_of(name): row for name, row in names.items()},
        rows,
        tuple(round(float(value), 5) for value in network.bias.detach()),
        _rounded(network.output.weight),
        tuple(round(float(value), 5) for value in network.output.bias.detach()),
    )


def _rounded(weight: torch.Tensor) -> Layer:
    values = weight.detach().numpy()
    scale = max(float(np.abs(values).max()) / 127, 1e-9)
    return Layer(scale, tuple(array("b", row.tolist()) for row in np.rint(values / scale).astype(int)))


def _write_card(folder: Path, model: WordModel, score: WordScore, facts: dict[str, object]) -> None:
    lines = [
        "# The word model",
        "",
        f"For each place of a function and each of {len(model.functions)} MPI functions the probability that a call is missing "
        "there, from",
        "the words, shapes and variables around the place (`features.py`, docs/sites.md). It joins the site scorer's (`Blend`).",
        "",
        f"Best F1 of place and function alone, {score.places} places of functions of repositories not learned from: "
        f"{score.everything:.3f}, without",
        f"Init, Comm_rank, Comm_size, Finalize {score.rest:.3f}.",
        "",
        *(f"- {key}: {value}" for key, value in facts.items()),
        "",
    ]
    (folder / CARD_FILE).write_text("\n".join(lines), encoding="utf-8")
