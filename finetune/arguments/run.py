"""From a corpus folder to the weights of the argument ranker, with their card: `codepar finetune arguments`.

Limits: one process, numpy; learns from C and C++ programs whose removed calls the corpus holds.
"""

from __future__ import annotations

import os
import platform
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import datasets

from codepar.errors import InvalidInput
from codepar.mpi.headers import Signatures
from codepar.mpi.ranking.weights import CARD_FILE, WEIGHTS_FILE, read_weights, write_weights
from codepar.mpi.stripped import Stripped
from finetune.arguments.decisions import Extraction, Extractor, ProgramText, Shares, shared, vocabulary_of
from finetune.arguments.measure import CallScore, score_calls
from finetune.arguments.training import Recipe, Tell, pack, train
from finetune.corpus_files import read_rows

_EXPANDED = 0.3
"""The share of programs that are learned from as if a preprocessor had been over them."""

HELD_OUT = Shares(300, 30)
"""How much of a repository is judged by."""

ALL = 1_000_000
"""Candidates of a decision that is judged: none is left out."""


@dataclass(frozen=True)
class Trained:
    """What a training run gave: calls whose arguments are all right, of the calls of repositories that were not learned from."""

    score: CallScore
    decisions: int
    seconds: float


@dataclass(frozen=True)
class Splits:
    """The programs to learn from, and those of the development repositories."""

    train: list[ProgramText]
    development: list[ProgramText]


def train_arguments(corpus: Path, output: Path, signatures: Signatures, recipe: Recipe, tell: Tell) -> Trained:
    """Train into the folder ``output``: weights and card. Raises ``InvalidInput`` where ``corpus`` is none."""
    started = time.monotonic()
    random_ = random.Random(recipe.seed)
    splits = read_splits(corpus, random_)
    vocabulary = vocabulary_of(splits.train, signatures)
    learned = extracted(splits.train, Shares(), Extractor(signatures, vocabulary, recipe.candidates, random_), recipe.seed, tell)
    every = Extractor(signatures, vocabulary, ALL, random_)
    held_out = extracted(splits.development, HELD_OUT, every, recipe.seed, tell)
    if not learned.decisions:
        raise InvalidInput(f"{corpus} holds no call to learn from")
    random.Random(recipe.seed).shuffle(learned.decisions)
    found = train(learned.decisions, held_out.decisions, recipe, tell)
    packed = pack(found.weights)
    output.mkdir(parents=True, exist_ok=True)
    write_weights(output / WEIGHTS_FILE, packed.scale, found.features.tolist(), packed.values, vocabulary)
    score = score_calls(splits.development, HELD_OUT, signatures, read_weights(output / WEIGHTS_FILE), recipe.seed)
    trained = Trained(score, len(learned.decisions), time.monotonic() - started)
    _write_card(output / CARD_FILE, splits, trained, learned, recipe)
    return trained


def read_splits(corpus: Path, random_: random.Random) -> Splits:
    """The programs of a corpus folder. Raises ``InvalidInput`` where it is none."""
    rows = read_rows(corpus)
    learned = _programs(rows["train"], random_)
    return Splits(learned, _programs(rows["development"], random_) if "development" in rows else [])


def _programs(rows: datasets.Dataset, random_: random.Random) -> list[ProgramText]:
    return [
        ProgramText(
            row["repository"],
            row["path"],
            Stripped.model_validate_json(row["stripped"]),
            is_expanded=random_.random() < _EXPANDED,
        )
        for row in rows
    ]


def extracted(programs: Sequence[ProgramText], shares: Shares, extractor: Extractor, seed: int, tell: Tell) -> Extraction:
    """The decisions of programs, no repository with more than its share."""
    chosen = shared(programs, shares, seed)
    found = Extraction()
    for done, number in enumerate(sorted(chosen), start=1):
        found.add(extractor.decisions_of(programs[number], sorted(chosen[number])))
        if done % 500 == 0 or done == len(chosen):
            tell(f"{done} of {len(chosen)} programs: {len(found.decisions)} arguments")
    return found


def _write_card(path: Path, splits: Splits, trained: Trained, learned: Extraction, recipe: Recipe) -> None:
    wanted, covered = learned.wanted.total(), learned.covered.total()
    score = trained.score
    lines = [
        "# Argument ranker",
        "",
        "Weights of `codepar.mpi.ranking`: a softmax over the candidates of each argument of an MPI call.",
        "Made by `codepar finetune arguments --corpus CORPUS -o FOLDER`.",
        "",
        "| repositories not learned from, function and place given | calls | all arguments right |",
        "|---|---|---|",
        f"| all calls with arguments | {score.calls} | {score.right / max(score.calls, 1):.3f} |",
        f"| without Init, Comm_rank, Comm_size | {score.calls_rest} | {score.right_rest / max(score.calls_rest, 1):.3f} |",
        "",
        f"- Learned from: {trained.decisions} arguments of {len({one.repository for one in splits.train})} repositories;",
        f"  {covered / max(wanted, 1):.3f} of their arguments were among the candidates.",
        f"- When: {datetime.now(UTC):%Y-%m-%d}, {trained.seconds / 60:.0f} minutes.",
        f"- Where: {processor()}, {os.cpu_count()} cores, numpy on one of them.",
        *(f"- {name}: {value}" for name, value in asdict(recipe).items()),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def processor() -> str:
    """The processor's name where the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    return next(
        (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")), platform.machine()
    )
