"""Nodes that stand for what another language says: Fortran and Python are followed by the replay of C through them.

Such a node has the types and fields of C's grammar where the language means the same, and types of its own elsewhere, which the
language's machine carries out. Limits: ``start`` and ``end`` are offsets of the original text; ``text`` is given, not cut out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi.check.nodes import Node


class Written(Node):
    """A node made by hand."""

    __slots__ = ()

    def __init__(self, kind: str, text: str, at: At, *, fields: dict[str, Node], kids: Sequence[Node], operator: str) -> None:
        self.type = kind
        self.start, self.end = at.start, at.start + len(text)
        self.line, self.file, self.data = at.line, at.file, b""
        self.fields, self.kids, self.operator = fields, list(kids), operator
        self._cache = {"text": text}


@dataclass(frozen=True, slots=True)
class At:
    """Where in the text a node stands."""

    file: str
    line: int
    start: int


def written(kind: str, text: str, at: At, *kids: Node, operator: str = "", **fields: Node | None) -> Written:
    """A node whose kids are its fields, in their order, and then ``kids``."""
    named = {name: node for name, node in fields.items() if node is not None}
    return Written(kind, text, at, fields=named, kids=[*named.values(), *kids], operator=operator)


def name(text: str, at: At) -> Written:
    """A name."""
    return written("identifier", text, at)


def number(value: int, at: At) -> Written:
    """An integer."""
    return written("number_literal", str(value), at)


def binary(left: Node, operator: str, right: Node, at: At) -> Written:
    """Two operands."""
    return written("binary_expression", f"{left.text} {operator} {right.text}", at, operator=operator, left=left, right=right)


def call(function: str, arguments: Sequence[Node], at: At, text: str = "") -> Written:
    """A call by name."""
    shown = ", ".join(argument.text for argument in arguments)
    listed = written("argument_list", f"({shown})", at, *arguments)
    return written("call_expression", text or f"{function}({shown})", at, function=name(function, at), arguments=listed)


def assignment(left: Node, right: Node, at: At) -> Written:
    """``left = right`` as an expression."""
    return written("assignment_expression", f"{left.text} = {right.text}", at, operator="=", left=left, right=right)


def statement(expression: Node, at: At) -> Written:
    """An expression for what it does."""
    return written("expression_statement", expression.text, at, expression)


def block(kids: Sequence[Node], at: At, text: str = "") -> Written:
    """Statements in their order."""
    return written("compound_statement", text or "\n".join(kid.text for kid in kids), at, *kids)


def address(operand: Node, at: At) -> Written:
    """``&operand``."""
    return written("pointer_expression", operand.text, at, operator="&", argument=operand)
