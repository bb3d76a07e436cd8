"""Two cases beyond a block of block totals: 131,071 and 65,537 elements, for functions that go through their one size once.

Blocks of 256 elements have 256 totals at 65,536: what a scan or a reduction does wrong beyond shows only there. Limits: functions
of one size whose loops are linear in it; sums of single-precision numbers only where they are exact in any order, because the
rounding of so many terms would pass for a fault.
"""

from __future__ import annotations

from tree_sitter import Node

from codepar.cuda.cases.facts import Facts
from codepar.cuda.cases.shapes import Shape
from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import operator_of, squeezed, walk
from codepar.cuda.read import node_of
from codepar.syntax.variables import text_of

LARGE = (131_071, 65_537)
"""Odd: 512 blocks of 256, the last not full, which are two full blocks of blocks; and one element more than a block of them."""

LARGE_BYTES = 8 << 20
"""Bytes of all buffers of a large case together."""

NAME = "judge-large"
PLACE = 8
"""Where the cases stand among those that judge: some with few elements come first."""

# Data from -4 to 4 in 64 steps, of which sums of products are exact.
_TURN = 2
_EXACT = frozenset({"abs", "fabs", "fabsf", "fmax", "fmaxf", "fmin", "fminf", "max", "min"})
_SUMS = frozenset({"+=", "-=", "*="})


def large_shapes(function: SequentialFunction, facts: Facts) -> tuple[Shape, ...]:
    """The scalars of the cases; none where the function has several sizes, none, or sums that depend on their order."""
    if len(facts.sizes) != 1 or facts.has_product or _rounds(function, facts):
        return ()
    return tuple(Shape({facts.sizes[0]: size}, _TURN) for size in LARGE)


def _rounds(function: SequentialFunction, facts: Facts) -> bool:
    """Whether it may add up single-precision numbers that are not on a coarse grid."""
    if "float" not in function.text or not any(accumulates(node) for node in walk(node_of(function))):
        return False
    return facts.has_unit_domain or bool(function.helpers) or any(_is_inexact(node) for node in walk(node_of(function)))


def accumulates(node: Node) -> bool:
    """Whether an assignment goes on from what it assigns to."""
    if node.type != "assignment_expression":
        return False
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        return False
    return operator_of(node) in _SUMS or squeezed(left) in squeezed(right)


def _is_inexact(node: Node) -> bool:
    if node.type == "call_expression":
        return text_of(node.child_by_field_name("function")) not in _EXACT
    return operator_of(node) in {"/", "/="}
