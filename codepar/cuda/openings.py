"""The first lines of a kernel, for a model to go on from: the original's loop variables as thread indices, under their own names.

A small model that names an index anew forgets to rename it further down, and one that has seen two indices takes two; with
indices, guard and locals before its eyes it copies the loop's body. Limits: counted ``for`` loops with a plain variable; whether
they may run in parallel is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from codepar.cuda.function import SequentialFunction
from codepar.cuda.layout import tightened
from codepar.cuda.nodes import LOOPS, declared_by, named, operator_of, squeezed, walk
from codepar.cuda.read import node_of

_INTEGERS = frozenset({"char", "short", "int", "long", "unsigned", "signed", "size_t"})
_INTEGERS |= {f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True, slots=True)
class LoopHead:
    """``for (variable = start; guard; ...)``, and whether it holds nothing but the next loop.

    ``guard`` is empty where the loop does not count up by one to a bound.
    """

    variable: str
    type: str
    start: str
    guard: str
    holds_one_loop: bool


def openings(function: SequentialFunction) -> tuple[str, ...]:
    """Different ways to begin the kernel's body, the likeliest first; the last one is empty, nothing being given."""
    heads = loop_heads(function)
    found = []
    if len(heads) > 1 and heads[0].holds_one_loop and _is_box(heads):
        found.append(_opening(function, {"x": heads[1], "y": heads[0]}))
    if heads:
        found.append(_opening(function, {"x": heads[0]}))
        found.append(_index(heads[0], "x"))
    return tuple(dict.fromkeys((*found, "")))


def _is_box(heads: Sequence[LoopHead]) -> bool:
    """Whether the inner loop's bounds do not depend on the outer variable."""
    outer, inner = heads[0], heads[1]
    return not re.search(rf"\b{outer.variable}\b", f"{inner.start} {inner.guard}")


def _opening(function: SequentialFunction, axes: Mapping[str, LoopHead]) -> str:
    """Locals, indices and guard, as far as they are known."""
    taken = {head.variable for head in axes.values()}
    lines = "".join(_index(head, direction) for direction, head in axes.items())
    guards = [head.guard for head in reversed(list(axes.values()))]
    guard = f"    if ({' && '.join(guards)}) {{\n" if all(guards) else ""
    return _locals(function, taken) + lines + guard


def _locals(function: SequentialFunction, taken: set[str]) -> str:
    """What the function declares before its first loop, but for the indices."""
    body = node_of(function).child_by_field_name("body")
    lines = []
    for node in named(body) if body is not None else []:
        if node.type in LOOPS:
            break
        if node.type != "declaration":
            continue
        declared = list(declared_by(node))
        if not any(one.name in taken for one in declared):
            lines.append(f"    {tightened(squeezed(node))}\n")
        else:
            kept = [one for one in declared if one.name not in taken and not one.depth and not one.dimensions]
            lines += [f"    {one.type} {one.name};\n" for one in kept]
    return "".join(lines)


def loop_heads(function: SequentialFunction) -> tuple[LoopHead, ...]:
    """The first outermost loop of the body and those it holds, as long as each is the first loop of the one around it."""
    body = node_of(function).child_by_field_name("body")
    heads: list[LoopHead] = []
    while body is not None:
        loop = next((one for one in walk(body) if one.type == "for_statement"), None)
        head = _head(loop) if loop is not None else None
        if loop is None or head is None:
            break
        heads.append(head)
        body = loop.child_by_field_name("body")
    return tuple(heads)


def _head(loop: Node) -> LoopHead | None:
    initial, body = loop.child_by_field_name("initializer"), loop.child_by_field_name("body")
    if initial is None or body is None:
        return None
    kind, variable, value = "int", initial.child_by_field_name("left"), initial.child_by_field_name("right")
    if initial.type == "declaration":
        kind = squeezed(initial.child_by_field_name("type"))
        declared = next((one for one in named(initial) if one.type == "init_declarator"), None)
        variable = declared.child_by_field_name("declarator") if declared is not None else None
        value = declared.child_by_field_name("value") if declared is not None else None
    if variable is None or value is None or variable.type != "identifier" or not set(kind.split()) <= _INTEGERS:
        return None
    inside = named(body) if body.type == "compound_statement" else [body]
    holds_one_loop = len(inside) == 1 and inside[0].type == "for_statement"
    return LoopHead(squeezed(variable), kind, squeezed(value), _guard(loop, squeezed(variable)), holds_one_loop)


def _guard(loop: Node, variable: str) -> str:
    """The loop's condition where it is ``variable < bound`` and the loop goes up by one."""
    condition, update = loop.child_by_field_name("condition"), squeezed(loop.child_by_field_name("update")).replace(" ", "")
    if condition is None or update not in {f"{variable}++", f"++{variable}", f"{variable}+=1"}:
        return ""
    left, bound = squeezed(condition.child_by_field_name("left")), squeezed(condition.child_by_field_name("right"))
    counts = condition.type == "binary_expression" and left == variable and operator_of(condition) in {"<", "<="}
    return squeezed(condition) if counts and not re.search(rf"\b{variable}\b", bound) else ""


def _index(head: LoopHead, direction: str) -> str:
    start = "" if head.start == "0" else f"{head.start} + "
    return f"    {head.type} {head.variable} = {start}blockIdx.{direction} * blockDim.{direction} + threadIdx.{direction};\n"
