"""A whole co-evolution: rounds of translate, test, filter, train, then one more measurement of what the last round trained.

Everything is in files under the run's folder, each written whole; the same command goes on with what is there, after a kill in
any stage, and with more rounds than before. Limits: one process writes a folder; models may answer otherwise in another run.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codepar.errors import Conflict, InvalidInput
from codepar.protocols import Record
from finetune.musl.files import read_one, write_one, write_rows
from finetune.musl.functions import CFunction
from finetune.musl.keep import kept_pairs, kept_set, learned
from finetune.musl.learning import Lesson, Train, adapter_in, teach
from finetune.musl.options import ROLES, MuslOptions, Role
from finetune.musl.rows import LearnedRow, PairRow, TestsRow
from finetune.musl.stages import Hands, Stage, outcomes_of, proposals_of, propose_tests, translate
from finetune.musl.statistics import CURVE_FILE, Learned, Part, RoundStatistics, draw, part_of

PAIRS_FILE = "pairs.jsonl"
TESTS_FILE = "tests.jsonl"
STATISTICS_FILE = "statistics.json"
_RUN_FILE = "run.json"
_NO_PART_OF_THE_RUN = {"rounds", "learn"}
_NO_PART_OF_LEARNING = {"base", "base_name", "device"}


class Identity(Record):
    """What a folder belongs to: options and corpus, as one hash."""

    digest: str


class MuslResult(Record):
    """``rounds`` as far as they were measured; ``adapters`` are the last of each role; not ``finished``: it was stopped."""

    output: Path
    finished: bool
    rounds: tuple[RoundStatistics, ...]
    adapters: dict[str, Path]


@dataclass
class _Run:
    """The state that follows from the files."""

    options: MuslOptions
    corpus: Sequence[CFunction]
    output: Path
    hands: Hands
    train: Train
    adapters: dict[Role, Path | None] = field(default_factory=lambda: dict.fromkeys(ROLES))
    pairs: list[PairRow] = field(default_factory=list)
    tests: list[TestsRow] = field(default_factory=list)
    rounds: list[RoundStatistics] = field(default_factory=list)


async def evolve(options: MuslOptions, corpus: Sequence[CFunction], output: Path, hands: Hands, train: Train) -> MuslResult:
    """Co-evolve, or go on with what ``output`` holds.

    Raises ``Conflict`` (the folder holds another run), ``InvalidInput`` (no functions), and what the engine, the executor and
    the training raise.
    """
    if not any(one.split == "train" for one in corpus):
        raise InvalidInput("the corpus holds no function to learn from", remedy="name more repositories with --list")
    _claim(options, corpus, output)
    run = _Run(options, corpus, output, hands, train)
    for number in range(1, options.rounds + 2):
        if not await _round(run, number):
            return _result(run, finished=False)
    return _result(run, finished=True)


def _claim(options: MuslOptions, corpus: Sequence[CFunction], output: Path) -> None:
    kept = options.model_dump_json(exclude=_NO_PART_OF_THE_RUN) + options.learn.model_dump_json(exclude=_NO_PART_OF_LEARNING)
    own = Identity(digest=hashlib.sha256(f"{kept} {[one.id for one in corpus]}".encode()).hexdigest())
    path = output / _RUN_FILE
    if not path.is_file():
        write_one(path, own)
    elif read_one(path, Identity) != own:
        raise Conflict(
            f"{output} holds a run with other options or another corpus", remedy="repeat its options, or name another folder"
        )


async def _round(run: _Run, number: int) -> bool:
    """One round, or after the last the measurement alone; False when somebody stopped it."""
    teaches = number <= run.options.rounds
    folder = run.output / f"round-{number:02d}"
    stage = Stage(number, folder, _members(run, number, teaches=teaches), dict(run.adapters))
    if not (await propose_tests(stage, run.options, run.hands) and await translate(stage, run.options, run.hands)):
        return False
    statistics = _measured(stage)
    if teaches:
        taught = _filter_and_teach(run, stage)
        if taught is None:
            return False
        statistics = statistics.model_copy(update=taught)
    write_one(folder / STATISTICS_FILE, statistics)
    run.rounds.append(statistics)
    draw(run.rounds, run.output / CURVE_FILE)
    run.hands.tell(summary(statistics))
    return True


def _filter_and_teach(run: _Run, stage: Stage) -> dict[str, Learned] | None:
    """Write down what is kept, and train both roles on it; None when somebody stopped it."""
    options, found = run.options, list(zip(stage.members, outcomes_of(stage), strict=True))
    pairs = [row for one, outcome in found for row in kept_pairs(one, outcome, stage.number, options.keep)]
    sets = [kept_set(one, outcome, stage.number, options.least_score) for one, outcome in found]
    tests = [row for row in sets if row is not None]
    write_rows(stage.folder / PAIRS_FILE, pairs)
    write_rows(stage.folder / TESTS_FILE, tests)
    lessons: dict[Role, Lesson] = {
        "translator": _lesson(run, "translator", stage, pairs, run.pairs),
        "tester": _lesson(run, "tester", stage, tests, run.tests),
    }
    taught: dict[str, Learned] = {}
    for role, lesson in lessons.items():
        learning = teach(lesson, options.learn, options.seed + stage.number, run.train)
        if learning is None:
            return None
        taught[role] = learning
        run.adapters[role] = adapter_in(stage.folder, role) or run.adapters[role]
    run.pairs += pairs
    run.tests += tests
    return taught


def _lesson(run: _Run, role: Role, stage: Stage, fresh: Sequence[LearnedRow], earlier: Sequence[LearnedRow]) -> Lesson:
    rows = learned(fresh, earlier, stage.number, run.options.seed, run.options.seen_again)
    seen = {row.id for row in earlier}
    training = [row.id for row in rows if row.split == "train"]
    new = sum(name not in seen for name in training)
    run.hands.tell(f"round {stage.number}, {role}: {new} new rows, {len(training) - new} seen before")
    return Lesson(role, rows, new, stage.folder, run.adapters[role])


def _members(run: _Run, number: int, *, teaches: bool) -> list[CFunction]:
    """The round's functions: its part of those to learn from, and the development part."""
    held = [one for one in run.corpus if one.split == "development"][: run.options.development]
    if not teaches:
        return held
    known = [one for one in run.corpus if one.split == "train"]
    random.Random(run.options.seed).shuffle(known)
    wanted = run.options.functions
    if wanted is not None and wanted < len(known):
        start = (number - 1) * wanted % len(known)
        known = [*known[start:], *known[:start]][:wanted]
    return [*known, *held]


def _measured(stage: Stage) -> RoundStatistics:
    outcomes, proposals = outcomes_of(stage), proposals_of(stage)
    models = {
        "translator": next((one.model for one in outcomes if one.model), ""),
        "tester": next((one.model for one in proposals if one.model), ""),
    }

    def part(split: str) -> Part:
        wanted = {one.id for one in stage.members if one.split == split}
        own = [one for one in outcomes if one.function in wanted]
        return part_of(own, [one for one in proposals if one.function in wanted])

    return RoundStatistics(round=stage.number, models=models, train=part("train"), development=part("development"))


def summary(found: RoundStatistics) -> str:
    """A line for a person."""
    shown = []
    for name, part in (("learned from", found.train), ("development", found.development)):
        if part.functions:
            rates = ", ".join(
                f"{label} {_rate(value)}"
                for label, value in (
                    ("compiled", part.compiled.value),
                    ("ranked", part.ranked.value),
                    ("verified", part.verified.value),
                    ("solved", part.solved.value),
                    ("mutation score", part.mutation.value),
                )
            )
            shown.append(f"{name} ({part.functions}, {part.untestable} untestable): {rates}")
    return f"round {found.round}: {'; '.join(shown)}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _result(run: _Run, *, finished: bool) -> MuslResult:
    adapters = {role: adapter for role, adapter in run.adapters.items() if adapter is not None}
    return MuslResult(output=run.output, finished=finished, rounds=tuple(run.rounds), adapters=dict(adapters))
