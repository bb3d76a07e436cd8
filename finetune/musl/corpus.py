"""The corpus of C functions: collected from pinned commits, without what judges and without repeats, split by repository.

The list of repositories is committed, their text never is: a corpus lies in the folder of a run. One file a repository keeps what
was collected, so a broken run goes on where it stopped. Limits: nothing is compiled here; licences are noted, not judged.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from codepar.errors import Conflict, InvalidInput
from codepar.protocols import Record
from finetune.corpus import FORK_PROGRAMS, FORK_SHARE, splits_of
from finetune.musl.files import read_one, read_rows, write_one, write_rows, write_text
from finetune.musl.functions import CFunction, Extracted, Split, collect
from finetune.musl.held_out import HeldOutFunctions
from finetune.pool import spread
from finetune.similar import groups
from finetune.sources import Source, open_repository

FUNCTIONS_FILE = "functions.jsonl"
STATISTICS_FILE = "corpus.json"


class Collection(Record):
    """What one repository gave. ``fault`` says why nothing could be read."""

    repository: str
    commit: str
    functions: tuple[Extracted, ...] = ()
    left_out: dict[str, int] = Field(default_factory=dict)
    fault: str | None = None


@dataclass
class Corpus:
    """The functions, with the count of what was left out, by reason."""

    functions: list[CFunction] = field(default_factory=list)
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
    found: dict[str, Collection] = {}
    for collection in spread(pool, _collect, [_Task(source, mirrors, folder, clone_url) for source in sources]):
        found[collection.repository] = collection
        heard(collection)
    return [found[source.repository] for source in sources]


def _collect(task: _Task) -> Collection:
    kept, source = task.folder / f"{task.source.key}.json", task.source
    if kept.exists():
        return read_one(kept, Collection)
    try:
        found = collect(source, open_repository(source, task.mirrors, task.clone_url))
    except InvalidInput as error:
        # Not kept: the repository may be there the next time.
        return Collection(repository=source.repository, commit=source.commit, fault=str(error))
    functions, left_out = tuple(found.functions), dict(found.left_out)
    collection = Collection(repository=source.repository, commit=source.commit, functions=functions, left_out=left_out)
    write_one(kept, collection)
    return collection


def assemble(collections: Iterable[Collection], excluded: frozenset[str], held_out: HeldOutFunctions) -> Corpus:
    """Leave out what may not be learned from, keep one of each group of near-duplicates, split by repository.

    A repository with ``FORK_PROGRAMS`` copies of held-out functions that are ``FORK_SHARE`` of its own is left out whole.
    ``excluded``: names as ``owner_name`` or ``owner/name``, in any case.
    """
    corpus = Corpus()
    names = {name.lower().replace("/", "_", 1) for name in excluded}
    kept: list[Extracted] = []
    for collection in collections:
        corpus.left_out.update(collection.left_out)
        if collection.fault is not None:
            corpus.faults[collection.repository] = collection.fault
        elif collection.repository.lower().replace("/", "_", 1) in names:
            corpus.left_out["in an excluded repository"] += len(collection.functions)
        else:
            kept += _permitted(collection, held_out, corpus.left_out)
    alike = groups([one.signatures.plain for one in kept])
    corpus.left_out["a near-duplicate of another function"] += len(kept) - len(alike)
    chosen = [kept[group[0]].function for group in alike]
    splits = _splits(one.repository for one in chosen)
    corpus.functions = [one.model_copy(update={"split": splits[one.repository]}) for one in chosen]
    return corpus


def _splits(repositories: Iterable[str]) -> dict[str, Split]:
    """Whole repositories by ``splits_of``; where these are so few that none is small enough, the smallest is held back."""
    sizes = Counter(repositories)
    splits: dict[str, Split] = splits_of(sizes.elements())
    if "development" not in splits.values() and len(sizes) > 1:
        splits[min(sizes, key=lambda name: (sizes[name], name))] = "development"
    return splits


def _permitted(collection: Collection, held_out: HeldOutFunctions, left_out: Counter[str]) -> list[Extracted]:
    """The functions of one repository that are like no held-out one."""
    functions = collection.functions
    copies = sum(held_out.copies(one.signatures) for one in functions)
    if copies >= max(FORK_PROGRAMS, FORK_SHARE * len(functions)):
        left_out["in a repository like the held-out functions"] += len(functions)
        return []
    permitted = [one for one in functions if not held_out.is_like(one.signatures)]
    left_out["like a held-out function"] += len(functions) - len(permitted)
    return permitted


def made_from(sources: Sequence[Source], excluded: frozenset[str], held_out: HeldOutFunctions) -> str:
    """A hash of what a corpus follows from."""
    listed = [(one.repository, one.commit) for one in sources]
    return hashlib.sha256(f"{listed} {sorted(excluded)} {held_out.digest}".encode()).hexdigest()


def write_corpus(corpus: Corpus, folder: Path, held_out: HeldOutFunctions, origin: str) -> dict[str, object]:
    """Write the functions and what describes them; the latter comes last and is given back. ``origin``: see ``made_from``."""
    write_rows(folder / FUNCTIONS_FILE, corpus.functions)
    functions = corpus.functions
    found: dict[str, object] = {
        "functions": dict(Counter(one.split for one in functions)),
        "repositories": dict(Counter(one.repository for one in functions).most_common()),
        "licences": dict(Counter(one.licence for one in functions).most_common()),
        "made_from": origin,
        "held_out_signatures": held_out.size,
        "left_out": dict(corpus.left_out.most_common()),
        "faults": corpus.faults,
    }
    write_text(folder / STATISTICS_FILE, json.dumps(found, indent=2) + "\n")
    return found


def read_corpus(folder: Path, origin: str) -> list[CFunction] | None:
    """The functions of a finished corpus, None where it is not finished. Raises ``Conflict`` for one that was made otherwise."""
    if not (folder / STATISTICS_FILE).is_file():
        return None
    if json.loads((folder / STATISTICS_FILE).read_text())["made_from"] != origin:
        raise Conflict(
            f"the corpus in {folder} was made from another list, or with other functions held out",
            remedy="name the same ones, or another folder",
        )
    return list(read_rows(folder / FUNCTIONS_FILE, CFunction))
