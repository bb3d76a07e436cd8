"""Find the MPI calls of an mpi4py program and tell how each stands there: as a statement, alone in its block, as a value.

Limits: attributes that ask MPI (``comm.rank``) are no calls and stay; calls by string (``getattr``) are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codepar.mpi.calls import Form, FoundCall
from codepar.mpi.python.receivers import Receivers
from codepar.mpi.stripped import Refusal
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import text_of


@dataclass(frozen=True, slots=True)
class PythonCalls:
    """The outermost calls in their order; what only looks like one; ``given`` says what each gives (see ``methods``)."""

    calls: tuple[FoundCall, ...]
    not_calls: tuple[Refusal, ...]
    given: dict[int, str]
    """By the start of the call."""


def find_calls(tree: SyntaxTree) -> PythonCalls:
    """All MPI calls of ``tree``, those inside another left out."""
    receivers = Receivers(tree)
    nodes, not_calls, given, end = list[Node](), list[Refusal](), dict[int, str](), 0
    for node in tree.capture("(call) @it"):
        function = node.child_by_field_name("function")
        if function is None or node.start_byte < end:
            continue
        kind = receivers.given_by(function)
        if kind is None and receivers.is_unknown_to_mpi(function):
            reason = f"{text_of(function)} is no call of mpi4py"
            not_calls.append(Refusal(line=node.start_point[0] + 1, reason=reason))
        if kind is not None:
            nodes.append(node)
            given[node.start_byte] = kind
            end = node.end_byte
    alone = _alone(nodes)
    return PythonCalls(tuple(_found(node, alone) for node in nodes), tuple(not_calls), given)


def _statement(node: Node) -> Node | None:
    """The statement that the call is, None when its value is used or what surrounds it could not be read."""
    parent = node.parent
    if parent is None or parent.type != "expression_statement" or len(parent.named_children) != 1:
        return None
    return parent if parent.parent is not None and parent.parent.type in {"module", "block"} else None


def _alone(nodes: list[Node]) -> frozenset[int]:
    """The starts of the calls that must leave something behind: the first of each block that holds nothing else."""
    statements = {statement.start_byte: statement for node in nodes if (statement := _statement(node)) is not None}
    found = set[int]()
    for statement in statements.values():
        block = statement.parent
        if block is None or block.type != "block":
            continue
        others = [child for child in block.named_children if child.type != "comment"]
        if all(child.start_byte in statements for child in others):
            found.add(others[0].start_byte)
    return frozenset(found)


def _found(node: Node, alone: frozenset[int]) -> FoundCall:
    statement = _statement(node)
    form = Form.VALUE if statement is None else Form.BODY if node.start_byte in alone else Form.STATEMENT
    arguments = node.child_by_field_name("arguments")
    semicolon = next(_semicolons(statement), None) if statement is not None and form is Form.STATEMENT else None
    return FoundCall(
        start=node.start_byte,
        end=node.end_byte,
        function="".join(text_of(node.child_by_field_name("function")).split()),
        arguments=tuple(" ".join(text_of(child).split()) for child in _children(arguments)),
        form=form,
        semicolon=semicolon,
        in_macro=False,
    )


def _children(arguments: Node | None) -> Iterator[Node]:
    if arguments is not None and arguments.type == "argument_list":
        yield from (child for child in arguments.named_children if child.type != "comment")
    elif arguments is not None:
        yield arguments


def _semicolons(statement: Node) -> Iterator[int]:
    following = statement.next_sibling
    if following is not None and following.type == ";":
        yield following.start_byte
