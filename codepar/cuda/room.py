"""Buffers as large as a caller's would be: the next product of sizes, where the original leaves out a border.

A stencil over rows x columns may not touch the last element, and a translation that copies the whole array is right all the same.
Limits: a guess from numbers: products of the case's integer scalars, at most twice the largest scalar above what is touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import prod

from codepar.cuda.cases.spec import MAX_ELEMENTS, USUAL_ELEMENTS, TestCase, TestSet
from codepar.cuda.function import SequentialFunction
from codepar.cuda.source import source_of

_MOST_SCALARS = 6


def with_room(function: SequentialFunction, tests: TestSet) -> TestSet:
    """The set with buffers grown to the next product of sizes, without the cases that are then too large."""
    constants = source_of(function.text, function.language).constants
    grown = (_grown(case, constants) for case in tests.cases)
    return tests.model_copy(update={"cases": tuple(case for case in grown if case is not None)})


def _grown(case: TestCase, constants: dict[str, int]) -> TestCase | None:
    scalars = [value for value in case.scalars.values() if isinstance(value, int) and value > 1]
    touched = {name: case.size(name, constants) for name in case.buffers}
    sizes = {name: room(size, scalars) for name, size in touched.items()}
    if sizes == touched:
        return case
    most = USUAL_ELEMENTS if sum(touched.values()) <= USUAL_ELEMENTS else MAX_ELEMENTS
    if sum(sizes.values()) > most:
        return None
    buffers = {
        name: spec if sizes[name] == touched[name] else spec.model_copy(update={"size": sizes[name]})
        for name, spec in case.buffers.items()
    }
    return case.model_copy(update={"buffers": buffers})


def room(size: int, scalars: Iterable[int]) -> int:
    """The least product of some of the scalars that holds ``size`` elements, if it is at most twice the largest above it."""
    chosen = sorted(scalars, reverse=True)[:_MOST_SCALARS]
    products = {prod(some) for count in range(1, 4) for some in combinations(chosen, count)}
    enough = [product for product in products if size <= product <= size + 2 * max(chosen, default=0)]
    return min(enough, default=size)
