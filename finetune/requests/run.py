"""Makes ``tags.json`` and ``choice.json``, the network and the weights that ``codepar split`` decides by.

The network learns from everything. The choice learns from prompts whose source the network beside it has not seen: more networks
are trained for that, each without a share of the sources. Limits: one process a core, a thread each; an interrupted run
begins again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import torch

from codepar.errors import InvalidInput
from codepar.prompts.senses import Senses, own_senses
from codepar.prompts.tag_network import NETWORK_FILE
from evaluators.benchmarks.codepp import Part
from finetune.requests.choice import LEAST, Choice, Score, choice_of, learned, score_of, score_of_rules
from finetune.requests.examples import example_of
from finetune.requests.labelled import PARTS, Labelled, of_file, of_parts
from finetune.requests.network import Shape, write_network
from finetune.requests.plain import COUNT, plain_prompts
from finetune.requests.training import Recipe, told_of, train

CHOICE_FILE = "choice.json"
_FEW = 2


@dataclass(frozen=True)
class Sources:
    """``known``: prompts that rules were written after; ``strangers``: those that no rule has seen. JSONL files of both.

    Beside them ``parts`` of codepp and ``plain`` prompts made by a program.
    """

    known: Path
    strangers: Path
    parts: tuple[Part, ...] = PARTS
    plain: int = COUNT


@dataclass(frozen=True)
class Learning:
    """How the networks learn, and their shape."""

    recipe: Recipe = field(default_factory=Recipe)
    shape: Shape = field(default_factory=Shape)


@dataclass(frozen=True)
class Effort:
    """``folds``: networks that are trained without a share of the sources, beside the one that learns from all."""

    folds: int = 5
    workers: int = 1


@dataclass(frozen=True)
class Result:
    """Decisions on prompts of sources that neither network nor choice had seen, and what the rules make of the same."""

    rules: Score
    chosen: Score


@dataclass(frozen=True)
class _Task:
    """Learn from all sources but ``held``; with none held, write the network."""

    sources: Sources
    learning: Learning
    held: frozenset[str]
    output: Path


def run(sources: Sources, output: Path, learning: Learning, effort: Effort, say: Callable[[str], None]) -> Result:
    """Train, measure and write. Raises ``InvalidInput`` where there are fewer sources than folds."""
    names = sorted({one.source for one in _labelled(sources)})
    if effort.folds < _FEW or len(names) < effort.folds:
        raise InvalidInput(
            f"{len(names)} sources cannot be put into {effort.folds} folds", remedy="take fewer folds, two at least"
        )
    output.mkdir(parents=True, exist_ok=True)
    random.Random(learning.recipe.seed).shuffle(names)
    tasks = [_Task(sources, learning, frozenset(names[number :: effort.folds]), output) for number in range(effort.folds)]
    tasks.append(_Task(sources, learning, frozenset(), output))
    choices = list[Choice]()
    with ProcessPoolExecutor(effort.workers, mp_context=get_context("spawn")) as pool:
        for number, found in enumerate(pool.map(_work, tasks), 1):
            say(f"network {number} of {len(tasks)}")
            choices += found
    weights = learned(choices)
    text = json.dumps({"least": LEAST, "weights": weights}, ensure_ascii=False, indent=0)
    (output / CHOICE_FILE).write_text(text + "\n", encoding="utf-8")
    unseen = [one for one in choices if not one.is_known]
    return Result(score_of_rules(unseen), _cross_validated(choices, effort.folds))


def _work(task: _Task) -> list[Choice]:
    """The choices of what was held out; none where nothing was."""
    torch.set_num_threads(1)
    examples = [found for one in _labelled(task.sources) if (found := example_of(one)) is not None]
    seen = [one for one in examples if one.labelled.source not in task.held]
    trained = train(seen, _senses(), task.learning.recipe, task.learning.shape, lambda _: None)
    if not task.held:
        write_network(trained.network, trained.words, trained.senses, task.output / NETWORK_FILE)
        return []
    unseen = [one for one in examples if one.labelled.source in task.held]
    return [choice_of(one, told) for one, told in zip(unseen, told_of(trained, unseen), strict=True)]


def words_of(prompts: Iterable[Path]) -> set[str]:
    """The words of the prompts of files, as the network reads them."""
    examples = (example_of(one) for path in prompts for one in of_file(path))
    return {word.text for one in examples if one is not None for word in one.words}


def _senses() -> Senses:
    found = own_senses()
    if found is None:
        raise InvalidInput("the table of what words mean is not there", remedy="codepar finetune request-senses makes one")
    return found


def _labelled(sources: Sources) -> list[Labelled]:
    own = (*of_parts(sources.parts), *plain_prompts(sources.plain))
    return [*own, *of_file(sources.known), *of_file(sources.strangers)]


def _cross_validated(choices: Sequence[Choice], folds: int) -> Score:
    """Each source of strangers decided by weights of the others."""
    names = sorted({one.source for one in choices})
    random.Random(1).shuffle(names)
    held = [frozenset(names[number::folds]) for number in range(folds)]
    weights = [learned([one for one in choices if one.source not in out]) for out in held]
    unseen = [one for one in choices if not one.is_known]
    own = [next(w for w, out in zip(weights, held, strict=True) if one.source in out) for one in unseen]
    return score_of(unseen, own, LEAST)
