"""From a corpus folder to the network of the argument ranker, with its card: `codepar finetune argument-network`.

It stands beside the log-linear weights that come with codepar: their vocabulary makes the candidates, and what either's score
counts for is fitted on the held-out repositories. Attributes are left out at random, so that none is relied on alone. Limits: one
process, some minutes on a CPU; a seed does not fix the result across numbers of threads.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from codepar.errors import InvalidInput
from codepar.mpi.headers import Signatures
from codepar.mpi.ranking.network import NETWORK_CARD, NETWORK_FILE, write_network
from codepar.mpi.ranking.weights import Weights, feature_of
from finetune.arguments.decisions import Decision, Extractor, Shares
from finetune.arguments.measure import CallScore, score_calls
from finetune.arguments.network import CandidateNetwork, Known, Numbered, exported, known_hashes, laid, log_shares, numbered
from finetune.arguments.run import ALL, HELD_OUT, Splits, extracted, processor, read_splits
from finetune.arguments.training import Fit, Tell, starts_of

_LAST_RATE = 0.05
"""Of the first: the rate falls by steps."""

_MIXES = tuple((alone, beside) for alone in (0.4, 0.6, 0.8, 1.0) for beside in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5))


@dataclass(frozen=True)
class NetworkRecipe:
    """``repositories``: how many must have an attribute; ``left_out``: the share of attributes that a step does not see;
    ``dropout``: of hidden values; ``batch``: decisions of a step; ``candidates``: the most that one keeps for learning."""

    epochs: int = 6
    rate: float = 2e-3
    decay: float = 0.01
    width: int = 64
    left_out: float = 0.4
    dropout: float = 0.2
    batch: int = 256
    repositories: int = 3
    candidates: int = 20
    seed: int = 1


@dataclass(frozen=True)
class Judged:
    """``before``: calls whose arguments the weights alone find, of repositories not learned from; ``after``: with the network."""

    before: CallScore
    after: CallScore


@dataclass(frozen=True)
class _Mix:
    alone: float
    beside: float
    fit: Fit


def train_network(
    corpus: Path, output: Path, signatures: Signatures, recipe: NetworkRecipe, tell: Tell, *, beside: Weights
) -> Judged:
    """Train into the folder ``output``: network and card. Raises ``InvalidInput`` where ``corpus`` is none, or has no calls."""
    started = time.monotonic()
    random_ = random.Random(recipe.seed)
    splits = read_splits(corpus, random_)
    learner = Extractor(signatures, beside.vocabulary, recipe.candidates, random_)
    learned = extracted(splits.train, Shares(), learner, recipe.seed, tell).decisions
    every = Extractor(signatures, beside.vocabulary, ALL, random_)
    held_out = extracted(splits.development, HELD_OUT, every, recipe.seed, tell).decisions
    if not learned or not held_out:
        raise InvalidInput(f"{corpus} holds no call to learn from, or none to judge by", remedy="codepar finetune corpus")
    known = known_hashes(learned, recipe.repositories)
    tell(f"{len(learned)} arguments, {len(known.attributes)} attributes, {len(known.contexts)} contexts")
    judging = [numbered(one, known) for one in held_out]
    network = _fitted([numbered(one, known) for one in learned], judging, known, recipe, tell)
    mix = _mixed(_scores(network, judging), held_out, beside)
    counts = f"the network's score counts {mix.alone}, the other {mix.beside}"
    tell(f"held out, joined: loss {mix.fit.loss:.4f}, right {mix.fit.right:.4f}; {counts}")
    output.mkdir(parents=True, exist_ok=True)
    found = exported(network, known, mix.alone, mix.beside)
    write_network(found, output / NETWORK_FILE)
    before, after = (
        score_calls(splits.development, HELD_OUT, signatures, beside, recipe.seed, network=one) for one in (None, found)
    )
    judged = Judged(before, after)
    _write_card(output / NETWORK_CARD, splits, judged, {"arguments": len(learned), **asdict(recipe)}, time.monotonic() - started)
    return judged


def _fitted(
    rows: Sequence[Numbered], held_out: Sequence[Numbered], known: Known, recipe: NetworkRecipe, tell: Tell
) -> CandidateNetwork:
    torch.manual_seed(recipe.seed)
    network = CandidateNetwork(known, recipe.width, recipe.dropout)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    steps = recipe.epochs * -(-len(rows) // recipe.batch)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, _LAST_RATE, total_iters=steps)
    chance = np.random.default_rng(recipe.seed)
    for epoch in range(1, recipe.epochs + 1):
        losses = []
        network.train()
        for batch in _batches(rows, recipe.batch, chance.permutation(len(rows))):
            losses.append(_step(network, batch, optimizer, recipe.left_out, chance))
            fall.step()
        fit = _judged(_scores(network, held_out), held_out)
        tell(f"epoch {epoch}: loss {np.mean(losses):.4f}; held out: loss {fit.loss:.4f}, right {fit.right:.4f}")
    return network


def _batches(rows: Sequence[Numbered], size: int, order: Sequence[int] | NDArray[np.int64]) -> Iterator[list[Numbered]]:
    for start in range(0, len(order), size):
        yield [rows[number] for number in order[start : start + size]]


def _step(
    network: CandidateNetwork,
    rows: Sequence[Numbered],
    optimizer: torch.optim.Optimizer,
    left_out: float,
    chance: np.random.Generator,
) -> float:
    batch = laid(rows)
    kept = (chance.random(len(batch.attributes)) >= left_out).astype(np.float32) / np.float32(1 - left_out)
    shares = log_shares(network(batch, torch.from_numpy(kept)), batch.candidates)
    loss = -shares[batch.right].mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call] # torch does not type it
    optimizer.step()
    return float(loss.detach())


@torch.no_grad()
def _scores(network: CandidateNetwork, decisions: Sequence[Numbered]) -> list[NDArray[np.float32]]:
    """The scores of the candidates of each decision."""
    network.eval()
    found: list[NDArray[np.float32]] = []
    for rows in _batches(decisions, 200, range(len(decisions))):
        batch = laid(rows)
        found += [one.numpy() for one in network(batch).split(batch.candidates.tolist())]
    return found


def _judged(scores: Sequence[NDArray[np.float32]], decisions: Sequence[Decision | Numbered]) -> Fit:
    """How well scores decide."""
    losses, right = 0.0, 0
    for values, decision in zip(scores, decisions, strict=True):
        lifted = values - values.max()
        losses += float(np.log(np.exp(lifted).sum()) - lifted[decision.right])
        right += lifted[decision.right] >= 0
    return Fit(right / len(decisions), losses / len(decisions))


def _mixed(scores: Sequence[NDArray[np.float32]], decisions: Sequence[Decision], weights: Weights) -> _Mix:
    """What the two scores count for: where the logarithms of the probabilities are best."""
    others = [_log_linear(one, weights) for one in decisions]
    mixes = []
    for alone, beside in _MIXES:
        joined = [alone * one + beside * other for one, other in zip(scores, others, strict=True)]
        mixes.append(_Mix(alone, beside, _judged(joined, decisions)))
    return min(mixes, key=lambda mix: mix.fit.loss)


def _log_linear(decision: Decision, weights: Weights) -> NDArray[np.float32]:
    """What the log-linear weights give each candidate."""
    values = [
        sum(weights.values.get(feature_of(attribute, context), 0) for context in decision.contexts)
        for attribute in decision.attributes
    ]
    starts = starts_of(np.asarray(decision.lengths, dtype=np.int64))
    found: NDArray[np.float32] = np.add.reduceat(np.array(values, np.float32), starts) * np.float32(weights.scale)
    return found


def _write_card(path: Path, splits: Splits, judged: Judged, facts: dict[str, object], seconds: float) -> None:
    rows = [
        f"| {name} | {score.calls} | {_share(score.right, score.calls)} | {_share(score.right_rest, score.calls_rest)} |"
        for name, score in (("weights alone", judged.before), ("with the network", judged.after))
    ]
    lines = [
        "# The network of the argument ranker",
        "",
        "It hears the attributes of a candidate together, and stands beside the log-linear weights (docs/sites.md).",
        "Made by `codepar finetune argument-network --corpus CORPUS -o FOLDER`.",
        "",
        "| repositories not learned from, function and place given | calls | all arguments right | without Init, rank, size |",
        "|---|---|---|---|",
        *rows,
        "",
        f"- repositories learned from: {len({one.repository for one in splits.train})}",
        f"- When: {datetime.now(UTC):%Y-%m-%d}, {seconds / 60:.0f} minutes, extraction and judging included.",
        f"- Where: {processor()}, {os.cpu_count()} cores.",
        *(f"- {name}: {value}" for name, value in facts.items()),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def _share(part: int, whole: int) -> str:
    return f"{part / max(whole, 1):.3f}"
