"""Learn where people put MPI_Init, MPI_Comm_rank, MPI_Comm_size and MPI_Finalize: weights for `codepar.mpi.setup_sites`.

``python -m finetune.setup_sites --corpus CORPUS -o codepar/mpi/setup_sites``: for each call a softmax over the sites of its
function, by Adagrad, every repository with the same say. Limits: functions that call MPI_Init alone; a call that stands several
times counts where it stands first.
"""

from __future__ import annotations

import argparse
import random
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codepar.mpi.outline import outlines
from codepar.mpi.setup_sites.attributes import SetupLines, relations
from codepar.mpi.setup_sites.places import IN_ORDER, LAST, MOST_SITES
from codepar.mpi.setup_sites.weights import FUNCTIONS, WEIGHTS_FILE, total, write_weights
from codepar.mpi.stripped import Stripped
from codepar.syntax.language import Language
from codepar.syntax.tree import parse
from finetune.corpus_files import read_rows

_LANGUAGES = {"c": Language.C, "cpp": Language.CXX}


@dataclass(frozen=True)
class Recipe:
    """``functions``: the most of one repository; ``repositories``: how many must have an attribute."""

    functions: int = 25
    repositories: int = 3
    epochs: int = 6
    rate: float = 0.1
    decay: float = 1e-4
    seed: int = 1


@dataclass(frozen=True)
class Started:
    """A function that starts MPI: the attributes of its sites, and at which of them each call stood."""

    repository: str
    sites: list[list[str]]
    placed: dict[str, int]


@dataclass(frozen=True)
class Choice:
    """One call: the attributes of the sites it may have stood at, and which it was."""

    repository: str
    sites: list[list[str]]
    right: int


def started_in(stripped: Stripped, repository: str, language: Language) -> Iterator[Started]:
    """The functions of a program that start MPI."""
    for outline in outlines(parse(stripped.source, language)):
        own = [call for call in stripped.calls if outline.start <= call.span[0] < outline.end and not call.inline]
        if not any(call.function == "MPI_Init" for call in own):
            continue
        sites = [site for site in outline.sites if site.hole is None]
        starts = [site.start for site in sites]
        placed: dict[str, int] = {}
        for call in own:
            number = bisect_left(starts, call.span[0])
            if call.function in FUNCTIONS and number < len(sites):
                placed.setdefault(call.function, number)
        lines = SetupLines(outline)
        yield Started(repository, [lines.attributes(site, number) for number, site in enumerate(sites)], placed)


def choices_of(started: Started, function: str) -> Iterator[Choice]:
    """The choice of a call's site as it is made in use: in view of those that were placed before."""
    if function not in started.placed:
        return
    earlier = IN_ORDER[: IN_ORDER.index(function)] if function in IN_ORDER else ()
    before = {name: started.placed[name] for name in earlier if name in started.placed}
    first = max(0, len(started.sites) - MOST_SITES) if function == LAST else 0
    part = started.sites[first : first + MOST_SITES]
    right = started.placed[function] - first
    if 0 <= right < len(part):
        described = [[*names, *relations(names, number, before)] for number, names in enumerate(part)]
        yield Choice(started.repository, described, right)


def learn(choices: Sequence[Choice], recipe: Recipe) -> dict[str, float]:
    """The weights of one function's attributes."""
    known = _known(choices, recipe.repositories)
    shares = Counter(choice.repository for choice in choices)
    laid = [_Laid.of(choice, known, 3.0 / shares[choice.repository]) for choice in choices]
    weights, squares = np.zeros(len(known) + 1), np.full(len(known) + 1, 1e-2)
    random_ = random.Random(recipe.seed)
    for _ in range(recipe.epochs):
        random_.shuffle(laid)
        for one in laid:
            one.step(weights, squares, recipe)
    return {name: float(weights[number]) for name, number in known.items()}


def _known(choices: Iterable[Choice], least: int) -> dict[str, int]:
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for choice in choices:
        for names in choice.sites:
            for name in names:
                seen[name].add(choice.repository)
    return {name: number for number, name in enumerate(sorted(name for name, among in seen.items() if len(among) >= least))}


@dataclass(frozen=True)
class _Laid:
    """A choice in numbers: attributes laid out flat, where each site's begin, and the choice's own weight."""

    attributes: NDArray[np.int64]
    starts: NDArray[np.int64]
    right: int
    weight: float

    @classmethod
    def of(cls, choice: Choice, known: Mapping[str, int], weight: float) -> _Laid:
        # The last number weighs nothing: it keeps a site without known attributes in the layout.
        rows = [[*(known[name] for name in names if name in known), len(known)] for names in choice.sites]
        starts = np.cumsum([0, *map(len, rows[:-1])])
        return cls(np.concatenate([np.array(row, dtype=np.int64) for row in rows]), starts, choice.right, weight)

    def step(self, weights: NDArray[np.float64], squares: NDArray[np.float64], recipe: Recipe) -> None:
        """One step of Adagrad in place."""
        scores = np.add.reduceat(weights[self.attributes], self.starts)
        errors = np.exp(scores - scores.max())
        errors /= errors.sum()
        errors[self.right] -= 1
        lengths = np.diff([*self.starts, len(self.attributes)])
        own, places = np.unique(self.attributes, return_inverse=True)
        gradient = np.bincount(places, weights=np.repeat(errors * self.weight, lengths)) + recipe.decay * weights[own]
        gradient[own == len(weights) - 1] = 0.0
        squares[own] += gradient**2
        weights[own] -= recipe.rate * gradient / np.sqrt(squares[own])


def _started(corpus: Path, part: str, most: int, seed: int) -> list[Started]:
    found, used = list[Started](), Counter[str]()
    rows = list(read_rows(corpus)[part].select_columns(["repository", "language", "stripped"]))
    random.Random(seed).shuffle(rows)
    for row in rows:
        if '"MPI_Init"' not in row["stripped"] or used[row["repository"]] >= most:
            continue
        stripped = Stripped.model_validate_json(row["stripped"])
        own = list(started_in(stripped, row["repository"], _LANGUAGES[row["language"]]))
        used[row["repository"]] += len(own)
        found += own
    return found


def right_of(choices: Iterable[Choice], weights: Mapping[str, float]) -> tuple[int, int]:
    """How many choices come out right, and of how many."""
    outcomes = []
    for choice in choices:
        scores = [total(weights, names) for names in choice.sites]
        outcomes.append(scores.index(max(scores)) == choice.right)
    return sum(outcomes), len(outcomes)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="folder that `codepar finetune corpus` wrote")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the weights")
    arguments = parser.parse_args()
    recipe = Recipe()
    learned = _started(arguments.corpus, "train", recipe.functions, recipe.seed)
    beside = _started(arguments.corpus, "development", recipe.functions, recipe.seed)
    weights = {}
    for function in FUNCTIONS:
        choices = [choice for started in learned for choice in choices_of(started, function)]
        weights[function] = learn(choices, recipe)
        right, held_out = right_of((one for started in beside for one in choices_of(started, function)), weights[function])
        repositories = len({choice.repository for choice in choices})
        told = f"{function}: {len(choices)} calls of {repositories} repositories; {right} of {held_out} held out are right\n"
        sys.stdout.write(told)
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_weights(arguments.output / WEIGHTS_FILE, weights)


if __name__ == "__main__":
    _main()
