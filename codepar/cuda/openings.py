"""The first lines of a kernel, for a model to go on from: the original's loop variables as thread indices, under their own names.

A small model that names an index anew forgets to rename it further down; with the line before its eyes it copies the loop's body.
Limits: counted ``for`` loops with a plain variable; whether they may run in parallel is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import named, squeezed, walk
from codepar.cuda.read import node_of

_INTEGERS = frozenset({"char", "short", "int", "long", "unsigned", "signed", "size_t"})
_INTEGERS |= {f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True, slots=True)
class LoopHead:
    """``for (variable = start; ...)``, and whether it holds nothing but the next loop."""

    variable: str
    type: str
    start: str
    holds_one_loop: bool


def openings(function: SequentialFunction) -> tuple[str, ...]:
    """Different ways to begin the kernel's body, the likeliest first; the last one is empty, nothing being given."""
    heads = loop_heads(function)
    found = []
    if len(heads) > 1 and heads[0].holds_one_loop:
        found.append(_index(heads[1], "x") + _index(heads[0], "y"))
    if heads:
        found.append(_index(heads[0], "x"))
    return (*found, "")


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
    return LoopHead(squeezed(variable), kind, squeezed(value), len(inside) == 1 and inside[0].type == "for_statement")


def _index(head: LoopHead, direction: str) -> str:
    start = "" if head.start == "0" else f"{head.start} + "
    return f"    {head.type} {head.variable} = {start}blockIdx.{direction} * blockDim.{direction} + threadIdx.{direction};\n"
