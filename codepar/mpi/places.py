"""Where a statement can be put: before or after the statement of a block that holds a byte, as "after line L".

Limits: only whole lines; a statement that shares its line with another has no place beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from codepar.syntax.tree import Function, SyntaxTree


@dataclass(frozen=True)
class Statement:
    """A statement directly inside a block: its lines (1-based), bytes, and the bytes of the block."""

    first_line: int
    last_line: int
    start: int
    end: int
    block_start: int
    block_end: int
    type: str

    @property
    def line_before(self) -> int:
        return self.first_line - 1


def statement_at(tree: SyntaxTree, byte: int, within: tuple[int, int] | None = None) -> Statement | None:
    """The innermost block-level statement that holds ``byte``; with ``within``, the one whose block also holds that span."""
    node = tree.root.descendant_for_byte_range(byte, byte)
    while node is not None:
        parent = node.parent
        if parent is not None and parent.type == "compound_statement":
            inside = within is None or (parent.start_byte <= within[0] and within[1] <= parent.end_byte)
            if inside and node.is_named:
                return _statement(node, parent)
        node = parent
    return None


def statements_of(tree: SyntaxTree, function: Function) -> list[Statement]:
    """The statements directly in the body of a function, comments left out."""
    body = body_of(tree, function)
    if body is None:
        return []
    return [_statement(child, body) for child in body.named_children if child.type not in {"comment", "ERROR"}]


def body_of(tree: SyntaxTree, function: Function) -> Node | None:
    """The block of a function."""
    node = tree.root.descendant_for_byte_range(function.span.end - 1, function.span.end)
    while node is not None and node.type != "compound_statement":
        node = node.parent
    return node


def _statement(node: Node, block: Node) -> Statement:
    return Statement(
        first_line=node.start_point[0] + 1,
        last_line=node.end_point[0] + 1,
        start=node.start_byte,
        end=node.end_byte,
        block_start=block.start_byte,
        block_end=block.end_byte,
        type=node.type,
    )
