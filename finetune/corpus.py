"""From a list of repositories to a training corpus of MPI programs: collected, compared, split by repository, written.

What is left out, and why, is counted: excluded repositories, forks and near-duplicates of held-out programs, near-duplicates of
one another. One file a repository keeps what was collected, so a broken run goes on where it stopped. Limits: nothing is
compiled; licences are noted, not judged.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from codepar.errors import InvalidInput
from codepar.protocols import Record
from finetune.pool import spread
from finetune.programs import Program, collect
from finetune.similar import HeldOut, groups, signature
from finetune.sources import Source, open_repository

# With this share of near-duplicates of held-out programs (and at least so many) a repository is taken for a fork and left out.
FORK_SHARE = 0.3
FORK_PROGRAMS = 3
DEVELOPMENT_SHARE = 0.05
Split = Literal["train", "development"]


class Collection(Record):
    """What one repository gave, as kept on disk: programs with their signatures, and the files left out by reason."""

    repository: str
    commit: str
    programs: tuple[Program, ...]
    signatures: tuple[tuple[int, ...], ...]
    left_out: dict[str, int]
    fault: str | None = Field(default=None, description="why nothing could be read")


class Member(Record):
    """A program of the corpus and the part it belongs to."""

    split: Split
    program: Program


@dataclass
class Corpus:
    """The corpus in memory, with the count of what was left out, by reason."""

    members: list[Member] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Task:
    source: Source
    mirrors: Path
    folder: Path
    clone_url: str | None


def collect_all(
    sources: Sequence[Source],
    mirrors: Path,
    folder: Path,
    pool: Executor,
    *,
    clone_url: str | None = None,
    heard: Callable[[Collection], None] = lambda _: None,
) -> list[Collection]:
    """Collect each repository once; ``folder`` keeps the results. In the order of ``sources``."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [_Task(source, mirrors, folder, clone_url) for source in sources]
    found: dict[str, Collection] = {}
    for collection in spread(pool, _collect, tasks):
        found[collection.repository] = collection
        heard(collection)
    return [found[source.repository] for source in sources]


def _collect(task: _Task) -> Collection:
    kept = task.folder / f"{task.source.key}.json"
    if kept.exists():
        return Collection.model_validate_json(kept.read_bytes())
    try:
        found = collect(task.source, open_repository(task.source, task.mirrors, task.clone_url))
    except InvalidInput as error:
        # Not kept: the repository may be there the next time.
        return Collection(**vars(task.source), programs=(), signatures=(), left_out={}, fault=str(error))
    collection = Collection(
        **vars(task.source),
        programs=tuple(found.programs),
        signatures=tuple(signature(program.stripped.source, program.language) for program in found.programs),
        left_out=dict(found.left_out),
    )
    unfinished = kept.with_suffix(".part")
    unfinished.write_text(collection.model_dump_json())
    unfinished.replace(kept)
    return collection


def assemble(
    collections: Iterable[Collection], excluded: frozenset[str], held_out: HeldOut, development: frozenset[str] = frozenset()
) -> Corpus:
    """Leave out what may not be learned from, keep one of each group of near-duplicates, split by repository.

    A group with a program of a named development repository goes there: what is judged by stays the same while the list grows.
    ``excluded``: names as ``owner_name`` or ``owner/name``, in any case. ``development``: the repositories of that part; without
    names it is drawn (`splits_of`), and another one once the list has grown.
    """
    corpus = Corpus()
    names = {name.lower().replace("/", "_", 1) for name in excluded}
    programs: list[Program] = []
    signatures: list[tuple[int, ...]] = []
    judged_by = {name.lower() for name in development}
    for collection in sorted(collections, key=lambda one: one.repository.lower() not in judged_by):
        corpus.left_out.update(collection.left_out)
        if collection.fault is not None:
            corpus.faults[collection.repository] = collection.fault
        elif collection.repository.lower().replace("/", "_", 1) in names:
            corpus.left_out["in an excluded repository"] += len(collection.programs)
        else:
            _take(collection, held_out, corpus, programs, signatures)
    alike = groups(signatures)
    corpus.left_out["a near-duplicate of another program"] += len(programs) - len(alike)
    splits = _splits([programs[group[0]].repository for group in alike], development)
    for group in alike:
        program = programs[group[0]]
        corpus.members.append(Member(split=splits[program.repository], program=program))
    return corpus


def _take(
    collection: Collection,
    held_out: HeldOut,
    corpus: Corpus,
    programs: list[Program],
    signatures: list[tuple[int, ...]],
) -> None:
    """Add the programs of one repository that are like no held-out one; all are left out where it looks like a fork."""
    alike = [held_out.is_like(values) for values in collection.signatures]
    if sum(alike) >= max(FORK_PROGRAMS, FORK_SHARE * len(alike)):
        corpus.left_out["in a repository like a held-out one"] += len(alike)
        return
    corpus.left_out["like a held-out program"] += sum(alike)
    for program, values, is_alike in zip(collection.programs, collection.signatures, alike, strict=True):
        if not is_alike:
            programs.append(program)
            signatures.append(values)


def _splits(repositories: Sequence[str], development: frozenset[str]) -> dict[str, Split]:
    if not development:
        return splits_of(repositories)
    names = {name.lower() for name in development}
    return {name: "development" if name.lower() in names else "train" for name in repositories}


def splits_of(repositories: Iterable[str]) -> dict[str, Split]:
    """Whole repositories, by their names' hash, until the development part has its share; the largest never goes there."""
    sizes = Counter(repositories)
    wanted = DEVELOPMENT_SHARE * sum(sizes.values())
    splits: dict[str, Split] = dict.fromkeys(sizes, "train")
    taken = 0
    for name in sorted(sizes, key=lambda name: hashlib.sha256(name.lower().encode()).digest()):
        if taken + sizes[name] <= 1.2 * wanted and taken < wanted:
            splits[name] = "development"
            taken += sizes[name]
    return splits


def read_excluded(path: Path) -> frozenset[str]:
    """Names of repositories, one a line."""
    return frozenset(line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#"))


def statistics(corpus: Corpus) -> dict[str, object]:
    """Counts that describe the corpus: programs, repositories, calls by function, lines, licences, what was left out."""
    by_split: defaultdict[str, list[Program]] = defaultdict(list)
    for member in corpus.members:
        by_split[member.split].append(member.program)
    everything = [member.program for member in corpus.members]
    return {
        "programs": {split: len(found) for split, found in sorted(by_split.items())},
        "repositories": {split: len({one.repository for one in found}) for split, found in sorted(by_split.items())},
        "whole_programs": sum(one.whole for one in everything),
        "calls": sum(len(one.stripped.calls) for one in everything),
        "functions": dict(Counter(call.function for one in everything for call in one.stripped.calls).most_common()),
        "lines": _quantiles([one.lines for one in everything]),
        "calls_a_program": _quantiles([len(one.stripped.calls) for one in everything]),
        "languages": dict(Counter(one.language for one in everything).most_common()),
        "licences": dict(Counter(one.licence for one in everything).most_common()),
        "largest_repositories": dict(Counter(one.repository for one in everything).most_common(20)),
        "left_out": dict(corpus.left_out.most_common()),
        "faults": corpus.faults,
    }


def _quantiles(values: Sequence[int]) -> dict[str, int]:
    ordered = sorted(values)
    if not ordered:
        return {}
    return {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (5, 25, 50, 75, 95)}


def write_manifest(corpus: Corpus, path: Path) -> None:
    """One JSON line a program, without its text: what is needed to say where each came from and to build the same again."""
    with path.open("w") as file:
        for member in corpus.members:
            program = member.program.model_dump(exclude={"stripped"})
            file.write(json.dumps({"split": member.split, **program, "calls": len(member.program.stripped.calls)}) + "\n")
