"""Cases whose integers use all bits of their type: what is wrong in the upper bits of sums or comparisons shows there.

The first draws from all bits, the second the ends of the type, too, the third from half of the bits; where flags or switches
choose what is done, three more draw from all. Limits: buffers that are subscripts or bounds of loops keep what they hold;
functions that add up floating-point numbers get none, because their sums round; what overflows in the original drops the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from codepar.cuda.cases.facts import Facts
from codepar.cuda.cases.large import accumulates
from codepar.cuda.cases.layout import Layout, Number
from codepar.cuda.cases.spec import BufferSpec, Distribution, Scalar, TestCase
from codepar.cuda.function import Role, SequentialFunction
from codepar.cuda.nodes import walk
from codepar.cuda.read import node_of
from codepar.syntax.variables import text_of

_KINDS = 3
_MORE = 3

NAME = "judge-wide"

_LEAST_WIDTH = 2


def wants_wide(function: SequentialFunction) -> bool:
    """Whether numbers of any size may be tried: sums of floating-point numbers would round by more than the tolerance."""
    node = node_of(function)
    if re.search(r"\b(?:float|double)\b", text_of(node)) is None:
        return True
    return not function.helpers and not any(map(accumulates, walk(node)))


def count(facts: Facts) -> int:
    """How many cases: enough that the usual number of choices has one each."""
    return _KINDS + (_MORE if facts.flags or facts.masks else 0)


def widened(case: TestCase, at: int, facts: Facts, layouts: Mapping[str, Layout], indices: frozenset[str]) -> TestCase | None:
    """The case with the ``at``-th kind of wide integers in its buffers; None where it has no place for them."""
    buffers = {
        name: _wide_buffer(spec, layouts[name], at, divides=name in facts.divisors)
        for name, spec in case.buffers.items()
        if name not in indices and any(map(_is_wide, layouts[name].numbers))
    }
    if all(case.buffers[name].role is Role.OUT for name in buffers):
        return None
    return case.model_copy(update={"buffers": {**case.buffers, **buffers}, "scalars": _wide_scalars(case, at, facts, layouts)})


def _is_wide(number: Number) -> bool:
    return not number.is_float and number.width >= _LEAST_WIDTH


def _wide_buffer(spec: BufferSpec, layout: Layout, at: int, *, divides: bool) -> BufferSpec:
    """All wide integers of an element drawn anew; its other members stay."""
    members = {one.path: _drawn(one, at, divides) for one in layout.numbers if _is_wide(one) and one.path}
    if members:
        return spec.model_copy(update={"members": {**spec.members, **members}})
    return spec.model_copy(update=dict(_drawn(layout.numbers[0], at, divides)))


def _drawn(number: Number, at: int, divides: bool) -> Distribution:
    least, most = number.bounds
    if at == 2:
        root = 1 << (4 * number.width - (1 if least < 0 else 0))
        least, most = max(least, -root), root - 1
    return Distribution(low=least, high=most, include=(least, most) if at == 1 else (), nonzero=divides)


def _wide_scalars(case: TestCase, at: int, facts: Facts, layouts: Mapping[str, Layout]) -> dict[str, Scalar | dict[str, Scalar]]:
    """Unsigned scalars that are plain values, wide as well; signed ones would make the original overflow."""
    meant = {*facts.sizes, *facts.shapes, *facts.offsets, *facts.strides, *facts.flags, *facts.divisors, *facts.shifts}
    found = dict(case.scalars)
    for name, value in case.scalars.items():
        number = layouts[name].numbers[0]
        if not isinstance(value, dict) and name not in meant and _is_wide(number) and number.bounds[0] == 0 and at:
            found[name] = number.bounds[1] - int(value)
    return found
