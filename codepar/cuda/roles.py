"""What a function does with each buffer: reads it, writes it, or both.

A buffer is ``OUT`` where each read of it follows, in the same or an enclosing block, a full write of the same element; in doubt
it is ``INOUT``. Limits: a buffer that earlier loops fill and later loops read is ``INOUT``, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from codepar.cuda.accesses import Access, AccessFinder
from codepar.cuda.function import Role
from codepar.cuda.nodes import ancestors, declared_by, walk
from codepar.syntax.variables import text_of


@dataclass(frozen=True, slots=True)
class BufferUse:
    """The role of a buffer and the places that touch it."""

    role: Role
    accesses: tuple[Access, ...]


def uses_of(body: Node, buffers: Mapping[str, int], helper_kinds: Mapping[str, tuple[str, ...]]) -> dict[str, BufferUse]:
    """How ``body`` uses each of ``buffers`` (name: subscripts that reach an element)."""
    accesses = AccessFinder(body, buffers, helper_kinds).accesses()
    return {name: _use([one for one in accesses if one.buffer == name], body) for name in buffers}


def letter_of(role: Role) -> str:
    """The role in the short form of ``helper_kinds``."""
    return {Role.IN: "r", Role.OUT: "w", Role.INOUT: "u"}.get(role, "")


def _use(accesses: list[Access], body: Node) -> BufferUse:
    reads = [one for one in accesses if one.kind.reads]
    writes = [one for one in accesses if one.kind.writes]
    if not writes:
        return BufferUse(Role.IN, tuple(accesses))
    is_out = all(any(_covers(write, read, body) for write in writes) for read in reads)
    return BufferUse(Role.OUT if is_out else Role.INOUT, tuple(accesses))


def _covers(write: Access, read: Access, body: Node) -> bool:
    """Whether the element that ``read`` reads was surely written whole by ``write`` before."""
    if write.kind.reads or write.is_partial or write.is_call or read.is_call:
        return False
    if write.node == read.node or _subscript(write.node) != _subscript(read.node):
        return False
    statement = _plain_statement(write.node)
    if statement is None or statement.end_byte > read.node.start_byte or statement.parent is None:
        return False
    holder = _child_holding(statement.parent, read.node)
    return holder is not None and not _changes(statement.parent, statement.end_byte, holder.end_byte, _names(write.node))


def _subscript(node: Node) -> str:
    return "".join(text_of(node).split())


def _plain_statement(node: Node) -> Node | None:
    """The expression statement directly in a block of which the write is the target."""
    for parent in ancestors(node):
        if parent.type == "expression_statement":
            return parent if parent.parent is not None and parent.parent.type == "compound_statement" else None
        if parent.type not in {"assignment_expression", "parenthesized_expression"}:
            return None
    return None


def _child_holding(block: Node, node: Node) -> Node | None:
    return next((one for one in block.children if one.start_byte <= node.start_byte and node.end_byte <= one.end_byte), None)


def _names(node: Node) -> set[str]:
    return {text_of(one) for one in walk(node) if one.type == "identifier"}


def _changes(block: Node, start: int, end: int, names: set[str]) -> bool:
    """Whether any of ``names`` is assigned or declared anew between two bytes of a block."""
    for node in walk(block):
        if not start <= node.start_byte < end:
            continue
        if node.type == "assignment_expression" and text_of(node.child_by_field_name("left")) in names:
            return True
        if node.type == "update_expression" and text_of(node.child_by_field_name("argument")) in names:
            return True
        if node.type == "declaration" and any(one.name in names for one in declared_by(node)):
            return True
        if (
            node.type == "pointer_expression"
            and text_of(node).startswith("&")
            and _names(node) & names
            and node.parent is not None
        ):
            return True
    return False
