"""The variables of a Python program by scope: the module and each function, with what they would be in C.

Limits: names alone (``self.x`` is one name in the whole file); ``nonlocal`` and ``del`` are not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from codepar.mpi.python.expressions import is_dotted
from codepar.mpi.python.kinds import Kind, kind_of
from codepar.syntax.variables import text_of


@dataclass
class Scope:
    """The module (``node`` is the root) or a function. ``kinds``: what it assigns; ``reads``: what it names otherwise."""

    node: Node
    name: str
    parameters: tuple[str, ...] = ()
    kinds: dict[str, Kind] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)

    def visible(self, module: Scope) -> set[str]:
        """The names in scope in the whole of it."""
        return {*module.kinds, *self.kinds, *self.parameters}


def scopes_of(root: Node) -> list[Scope]:
    """The module first, then the functions in their order."""
    found = [Scope(root, "")]
    pending = [root]
    while pending:
        node = pending.pop()
        pending += reversed(node.named_children)
        if node.type == "function_definition":
            found.append(Scope(node, text_of(node.child_by_field_name("name")), tuple(_parameters(node))))
    for scope in found:
        _read(scope)
    return found


def _parameters(function: Node) -> Iterator[str]:
    listed = function.child_by_field_name("parameters")
    for child in listed.named_children if listed is not None else ():
        name = child if child.type == "identifier" else child.child_by_field_name("name") or child.named_children[0]
        if name.type == "identifier" and text_of(name) not in {"self", "cls"}:
            yield text_of(name)


def _read(scope: Scope) -> None:
    for node in _own_nodes(scope.node):
        if node.type in {"assignment", "augmented_assignment", "named_expression"}:
            left = node.child_by_field_name("left") or node.child_by_field_name("name")
            right = node.child_by_field_name("right") or node.child_by_field_name("value")
            for target, value in _pairs(left, right):
                _note(scope, target, value)
        elif node.type in {"for_statement", "for_in_clause"}:
            for target, _ in _pairs(node.child_by_field_name("left"), None):
                scope.kinds.setdefault(text_of(target), Kind("int"))
        elif node.type == "as_pattern_target":
            scope.kinds.setdefault(text_of(node), Kind())
        elif node.type in {"identifier", "attribute"} and is_dotted(node):
            is_called = (
                node.parent is not None and node.parent.type == "call" and node.parent.child_by_field_name("function") == node
            )
            (scope.called if is_called else scope.reads).add("".join(text_of(node).split()))


def _note(scope: Scope, target: Node, value: Node | None) -> None:
    if target.type not in {"identifier", "attribute"} or not is_dotted(target):
        return
    name = "".join(text_of(target).split())
    told = kind_of(value) if value is not None else None
    known = scope.kinds.get(name)
    if known is None or (known == Kind() and told is not None) or (told is not None and told.shape and not known.shape):
        scope.kinds[name] = told or Kind()


def _pairs(left: Node | None, right: Node | None) -> Iterator[tuple[Node, Node | None]]:
    """Each target with its value; values of an unpacked call are not told."""
    if left is None:
        return
    lists = {"pattern_list", "tuple_pattern", "list_pattern", "expression_list", "tuple"}
    targets = left.named_children if left.type in lists else [left]
    values: list[Node | None] = list(right.named_children) if right is not None and right.type in lists else []
    if len(targets) != len(values):
        values = [right if len(targets) == 1 else None] * len(targets)
    yield from zip(targets, values, strict=True)


def _own_nodes(scope: Node) -> Iterator[Node]:
    """The nodes of a scope without those of the functions in it; the bodies of classes belong to the scope around them."""
    pending = [child for child in reversed(scope.named_children) if scope.type != "function_definition" or child.type == "block"]
    while pending:
        node = pending.pop()
        yield node
        # A dotted name is one name.
        if node.type not in {"function_definition", "lambda"} and not (node.type == "attribute" and is_dotted(node)):
            pending += reversed(node.named_children)
