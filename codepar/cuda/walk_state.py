"""What the walk through a function knows at a place, and what it notes down: the touches of buffers.

Limits: see ``walk.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from codepar.cuda.conditions import Facts
from codepar.cuda.poly import Poly, Variable
from codepar.cuda.source import Source
from codepar.cuda.values import Unknown, Value


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop around a touch: its counter's ``variable``; it runs where ``trips`` (None: unknown) is above zero.

    ``is_data``: how often it runs depends on the contents of buffers.
    """

    variable: Variable
    trips: Poly | None
    is_data: bool = False


@dataclass(slots=True)
class Touch:
    """One place that touches elements of ``buffer`` below ``end`` (None: no bound known), inside ``loops``, under ``facts``.

    ``is_exact``: the element ``end - 1`` is touched in some iteration, data permitting. ``is_sure``: it is touched in each
    iteration of all loops, whatever the data; ``start`` is then the first of the elements touched.
    """

    buffer: str
    start: Poly | None
    end: Poly | None
    loops: tuple[Loop, ...]
    facts: Facts
    is_write: bool
    is_exact: bool
    is_sure: bool
    line: int


@dataclass(slots=True)
class State:
    """What holds at the current place."""

    values: dict[str, Value] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    facts: list[Facts] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    is_exact: bool = True
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """What is walked through: the file, the types of the buffers' elements, which of them are written, scalars that never change.

    ``unsigned`` are the scalar parameters that cannot be negative.
    """

    source: Source
    types: Mapping[str, str]
    written: frozenset[str]
    fixed: frozenset[str]
    unsigned: frozenset[str]
    constants: Mapping[str, int]
    body: Node


NOTHING_KNOWN = Unknown()
