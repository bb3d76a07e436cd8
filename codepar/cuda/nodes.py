"""Small views of tree-sitter nodes that several modules here share: texts, lines, walks, declarators, typed locals.

Limits: C and the C-like core of C++; names are texts, resolved by scope only where a function says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from codepar.syntax.variables import text_of

LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_range_loop"})
_QUALIFIERS = frozenset({"const", "volatile", "restrict", "__restrict__", "__restrict", "register", "static", "constexpr"})
_WRAPPERS = frozenset({"pointer_declarator", "array_declarator", "reference_declarator", "parenthesized_declarator"})
_NAMES = frozenset({"identifier", "field_identifier", "type_identifier"})


@dataclass(frozen=True, slots=True)
class Declared:
    """What one declarator declares. ``depth`` counts pointers, ``dimensions`` are the brackets, outermost first.

    ``is_pointer_to_array`` tells ``T (*p)[N]`` from ``T *p[N]``; ``is_const`` is of the value or element, not of the pointer.
    """

    name: str
    type: str
    depth: int
    dimensions: tuple[str, ...]
    is_const: bool
    is_reference: bool
    is_function: bool
    is_pointer_to_array: bool
    node: Node


def line_of(node: Node) -> int:
    """The 1-based line on which a node begins."""
    return node.start_point[0] + 1


def squeezed(node: Node | None) -> str:
    """The text of a node on one line, single spaces."""
    return " ".join(text_of(node).split())


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.children))


def named(node: Node) -> list[Node]:
    """Named children without comments."""
    return [child for child in node.named_children if child.type != "comment"]


def field(node: Node, name: str) -> Node:
    """A child that the grammar guarantees."""
    child = node.child_by_field_name(name)
    assert child is not None, f"{node.type} has no {name}"
    return child


def unwrapped(node: Node) -> Node:
    """The expression inside parentheses."""
    while node.type in {"parenthesized_expression", "condition_clause"}:
        inner = node.child_by_field_name("value") or next(iter(named(node)), None)
        if inner is None:
            return node
        node = inner
    return node


def ancestors(node: Node) -> Iterator[Node]:
    """Parents, innermost first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def is_inside(node: Node, outer: Node) -> bool:
    """Whether the bytes of ``node`` lie in those of ``outer``."""
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def declared_by(declaration: Node) -> Iterator[Declared]:
    """The names of a ``declaration``, ``parameter_declaration``, ``field_declaration`` or ``type_definition`` node."""
    type_text, is_const = type_of(declaration)
    for declarator in declaration.children_by_field_name("declarator"):
        found = _read(declarator, type_text, is_const)
        if found is not None:
            yield found


def type_of(declaration: Node) -> tuple[str, bool]:
    """The unqualified type text left of the declarators, and whether it is ``const``."""
    kind = declaration.child_by_field_name("type")
    qualifiers = {text_of(child) for child in declaration.children if child.type == "type_qualifier"}
    text = squeezed(kind)
    if kind is not None and (body := kind.child_by_field_name("body")) is not None:
        text = " ".join((kind.text or b"")[: body.start_byte - kind.start_byte].decode(errors="replace").split())
    words = [word for word in text.split(" ") if word not in _QUALIFIERS]
    return " ".join(words), bool(qualifiers & {"const", "constexpr"})


def _read(declarator: Node, type_text: str, is_const: bool) -> Declared | None:
    depth, dimensions, is_function, is_reference, to_array = 0, list[str](), False, False, False
    seen_array, current = False, declarator
    while current.type not in _NAMES and current.type != "qualified_identifier":
        kind = current.type
        if kind == "pointer_declarator":
            depth += 1
            to_array = to_array or seen_array
        elif kind == "array_declarator":
            dimensions.insert(0, squeezed(current.child_by_field_name("size")))
            seen_array = True
        elif kind == "function_declarator":
            is_function = True
        elif kind == "reference_declarator":
            is_reference = True
        inner = current.child_by_field_name("declarator")
        if inner is None:
            inner = next((one for one in named(current) if one.type in _NAMES | _WRAPPERS | {"function_declarator"}), None)
        if inner is None:
            return None
        current = inner
    return Declared(
        text_of(current), type_text, depth, tuple(dimensions), is_const, is_reference, is_function, to_array, declarator
    )


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call."""
    arguments = call.child_by_field_name("arguments")
    return named(arguments) if arguments is not None else []


def cast_type(call: Node) -> str | None:
    """``T`` of ``(T)(x)``, which the grammar takes for a call where it does not know ``T`` for a type; None for other calls."""
    called = call.child_by_field_name("function")
    if called is None or called.type != "parenthesized_expression" or len(arguments_of(call)) != 1:
        return None
    inner = unwrapped(called)
    return text_of(inner) if inner.type == "identifier" else None


def operator_of(node: Node) -> str:
    """``+`` of ``a + b``, ``+=`` of ``a += b``, ``++`` of ``i++``, ``*`` of ``*p``."""
    return text_of(node.child_by_field_name("operator"))
