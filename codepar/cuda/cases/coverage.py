"""Which cases to keep by the branches of the original that they take, and how much all of them take together.

Limits: branches as gcov counts them, of the function and its helpers by line; a branch that no input can take stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import line_of
from codepar.cuda.read import helper_node, node_of
from codepar.protocols import Coverage, Ratio

Branch = tuple[int, int]
"""Line and number of a way out of a decision."""


@dataclass(frozen=True)
class FunctionCoverage:
    """Branches of the function and its helpers: all, and those that were taken."""

    branches: frozenset[Branch]
    taken: frozenset[Branch]

    @property
    def ratio(self) -> Ratio:
        return Ratio(taken=len(self.taken), total=len(self.branches))


def covered(function: SequentialFunction, coverage: Coverage | None, unit: str) -> FunctionCoverage:
    """The branches of the file ``unit`` that belong to the function; none where nothing was counted."""
    lines = set(_lines(function))
    counts = [
        one for file in (coverage.files if coverage else ()) if file.file == unit for one in file.branches if one.line in lines
    ]
    return FunctionCoverage(
        frozenset((one.line, one.index) for one in counts), frozenset((one.line, one.index) for one in counts if one.count)
    )


def _lines(function: SequentialFunction) -> Iterable[int]:
    nodes = [node_of(function), *(found for name in function.helpers if (found := helper_node(function, name)) is not None)]
    for node in nodes:
        yield from range(line_of(node), node.end_point[0] + 2)


def keep(taken: Mapping[str, frozenset[Branch]]) -> tuple[str, ...]:
    """The cases (by name, in their order) of which each takes a branch that none before it took."""
    seen: set[Branch] = set()
    kept = []
    for name, branches in taken.items():
        if branches - seen:
            kept.append(name)
            seen |= branches
    return tuple(kept)
