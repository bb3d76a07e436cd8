"""Near-duplicates: signatures of programs, groups of programs that are alike, and those that are like a held-out one.

A signature is a MinHash (datasketch, 64 permutations, seed 1) over 6-grams of the tokens that are left when MPI calls, comments
and `#include` lines are taken out: the method of the held-out signatures. Two programs are alike from an estimated Jaccard
index of 0.7 on. Limits: with 64 permutations the estimate has a standard error of 0.06; renaming every variable hides a copy.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
from datasketch import MinHash, MinHashLSH

from codepar.errors import InvalidInput
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

THRESHOLD = 0.7
PERMUTATIONS = 64
SEED = 1
# The held-out signatures were made with this hash family; with another one nothing would ever be alike.
SCHEME = "affine32"
_GRAM = 6
_TOKEN = re.compile(r"[A-Za-z_]\w*|\d+|\S")
# What is left of a statement call is nothing; a call whose value is used leaves a hole that other corpora do not have.
_MPI_CALL = re.compile(r"\bMPI_[A-Z]\w*\s*\([^;]*\)\s*;?")


def signature(source: str, language: str) -> tuple[int, ...]:
    """The MinHash of a program without its calls, as 64 numbers."""
    tokens = _TOKEN.findall(_MPI_CALL.sub(" ", _without_comments(source, language)))
    minhash = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme=SCHEME)
    grams = {" ".join(tokens[place : place + _GRAM]) for place in range(max(1, len(tokens) - _GRAM + 1))}
    minhash.update_batch([gram.encode() for gram in grams])
    return tuple(int(value) for value in minhash.hashvalues)


def _without_comments(source: str, language: str) -> str:
    tree = parse(source, Language.C if language == "c" else Language.CXX)
    kept: list[bytes] = []
    place = 0
    for node in tree.capture("[(comment) (preproc_include)] @it"):
        kept.append(tree.data[place : node.start_byte])
        place = max(place, node.end_byte)
    return b"".join((*kept, tree.data[place:])).decode(errors="replace")


def _minhash(values: Sequence[int]) -> MinHash:
    return MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme=SCHEME, hashvalues=numpy.array(values, dtype=numpy.uint32))


class HeldOut:
    """The signatures that nothing in a training set may be like."""

    def __init__(self, signatures: Iterable[Sequence[int]]) -> None:
        self._index: Any = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
        self._known: dict[str, MinHash] = {}
        for number, values in enumerate(signatures):
            name = str(number)
            self._known[name] = _minhash(values)
            self._index.insert(name, self._known[name])

    def is_like(self, values: Sequence[int]) -> bool:
        """Whether a program with this signature is a near-duplicate of a held-out one."""
        minhash = _minhash(values)
        return any(self._known[name].jaccard(minhash) >= THRESHOLD for name in self._index.query(minhash))


def read_signatures(path: Path, part: str = "signatures") -> list[tuple[int, ...]]:
    """From JSON: ``{"signatures": {name: [64 numbers]}}``, or another ``part`` of that form. Raises ``InvalidInput``."""
    try:
        found = [tuple(map(int, values)) for values in json.loads(path.read_text())[part].values()]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise InvalidInput(f"{path} holds no signatures: {type(error).__name__}: {error}") from error
    if any(len(values) != PERMUTATIONS for values in found):
        raise InvalidInput(f"{path}: a signature has {PERMUTATIONS} numbers")
    return found


def groups(signatures: Sequence[Sequence[int]]) -> list[list[int]]:
    """The numbers of the programs, alike ones together (also by way of a third), each group and the list in order."""
    minhashes = [_minhash(values) for values in signatures]
    index: Any = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    parent = list(range(len(minhashes)))
    for number, minhash in enumerate(minhashes):
        for other in index.query(minhash):
            if minhashes[other].jaccard(minhash) >= THRESHOLD:
                parent[_root(parent, number)] = _root(parent, other)
        index.insert(number, minhash)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for number in range(len(minhashes)):
        members[_root(parent, number)].append(number)
    return sorted(members.values())


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def one_of_each(signatures: Sequence[Sequence[int]]) -> Iterator[int]:
    """The first of each group of near-duplicates."""
    for group in groups(signatures):
        yield group[0]
