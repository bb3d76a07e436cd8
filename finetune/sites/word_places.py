"""What the word model learns from: the places of whole programs in the order of the file, as numbered features.

A program is read whole, its functions without calls too: they tell where nothing is missing. Limits: long functions are left out,
long programs parted between functions; of one repository no more than its share.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codepar.mpi.stripped import Stripped
from codepar.mpi.words.features import Features, features_of
from finetune.sites.examples import functions_of

_LONGEST_PROGRAM = 30_000
_LONGEST_FUNCTION = 6_000
_MOST_FUNCTIONS = 25
"""Of a program; from there on only those that miss calls."""
_WEIGHS_FULLY = 12
"""Parts of programs that a repository may have before each counts for less."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """A function's features; ``missing[i]`` are the MPI functions that belong at its place i."""

    features: Features
    missing: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class WordProgram:
    """The functions of one program, in the order of the file."""

    repository: str
    path: str
    functions: tuple[Function, ...]


@dataclass(frozen=True)
class Stretch:
    """Places that are read together. ``features[i]`` are the numbers of those of place i, ``wanted`` is places x functions
    (0 or 1), ``weight`` what each of the places counts for."""

    features: tuple[NDArray[np.int64], ...]
    wanted: NDArray[np.float32]
    weight: float


@dataclass(frozen=True)
class Numbering:
    """The features and the MPI functions that enough repositories have, numbered."""

    features: dict[str, int]
    functions: tuple[str, ...]


def shared_out(rows: Iterable[Row], most: int, seed: int) -> list[Row]:
    """Of each repository at most ``most`` whole programs, C before C++, and a third as many others."""
    by_repository: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_repository[row["repository"]].append(row)
    chosen: list[Row] = []
    for repository in sorted(by_repository):
        of_it = by_repository[repository]
        random.Random(seed).shuffle(of_it)
        of_it.sort(key=lambda row: row["language"] != "c")
        chosen += [row for row in of_it if row["whole"]][:most]
        chosen += [row for row in of_it if not row["whole"]][: most // 3]
    return chosen


def programs_of(rows: Iterable[Row]) -> Iterator[WordProgram]:
    """The programs of the rows of a corpus that miss calls inside functions."""
    for row in rows:
        stripped = Stripped.model_validate_json(row["stripped"])
        if len(stripped.source) > _LONGEST_PROGRAM:
            continue
        functions: list[Function] = []
        for example in functions_of(stripped, row["repository"], row["path"]):
            is_long = sum(map(len, example.text.pieces)) > _LONGEST_FUNCTION
            if not is_long and (len(functions) <= _MOST_FUNCTIONS or any(example.missing)):
                missing = tuple(frozenset(of_site) for of_site in example.missing)
                functions.append(Function(features_of(example.text), missing))
        if any(any(function.missing) for function in functions):
            yield WordProgram(row["repository"], row["path"], tuple(functions))


def numbered(programs: Sequence[WordProgram], repositories: int, functions: int, function_repositories: int) -> Numbering:
    """``repositories`` and ``function_repositories`` are how many must have a feature, a function; ``functions`` the most."""
    having = _having(programs, lambda one: one.features.shared.union(*one.features.sites), repositories)
    features = sorted(name for name, found in having.items() if len(found) >= repositories)
    calling = _having(programs, lambda one: frozenset().union(*one.missing), None)
    frequent = sorted(calling, key=lambda name: (-len(calling[name]), name))
    told = tuple(name for name in frequent if len(calling[name]) >= function_repositories)
    return Numbering({name: number for number, name in enumerate(features)}, told[:functions])


def _having(
    programs: Iterable[WordProgram], names: Callable[[Function], Iterable[str]], enough: int | None
) -> dict[str, set[str]]:
    """The repositories that have each name; no more than ``enough`` are kept."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for program in programs:
        for name in {name for function in program.functions for name in names(function)}:
            if enough is None or len(found[name]) < enough:
                found[name].add(program.repository)
    return found


def stretches(programs: Sequence[WordProgram], numbering: Numbering, longest: int) -> list[Stretch]:
    """The programs as numbers, parted into stretches of about ``longest`` places at most."""
    parts = [(program, part) for program in programs for part in _parted(program.functions, longest) if any(_places(part))]
    of_repository = Counter(program.repository for program, _ in parts)
    columns = {name: column for column, name in enumerate(numbering.functions)}
    return [
        _stretch(part, numbering.features, columns, min(1.0, (_WEIGHS_FULLY / of_repository[program.repository]) ** 0.5))
        for program, part in parts
    ]


def _places(functions: Iterable[Function]) -> Iterator[frozenset[str]]:
    return (features for function in functions for features in function.features.sites)


def _parted(functions: Sequence[Function], longest: int) -> Iterator[list[Function]]:
    part: list[Function] = []
    for function in functions:
        if part and sum(len(one.missing) for one in (*part, function)) > longest:
            yield part
            part = []
        part.append(function)
    if part:
        yield part


def _stretch(part: Sequence[Function], numbers: dict[str, int], columns: dict[str, int], weight: float) -> Stretch:
    features, wanted = [], []
    for function in part:
        shared = [numbers[name] for name in function.features.shared if name in numbers]
        for of_site, missing in zip(function.features.sites, function.missing, strict=True):
            features.append(np.array(shared + [numbers[name] for name in of_site if name in numbers], np.int64))
            row = np.zeros(len(columns), np.float32)
            row[[columns[name] for name in missing if name in columns]] = 1
            wanted.append(row)
    return Stretch(tuple(features), np.array(wanted).reshape(-1, len(columns)), weight)
