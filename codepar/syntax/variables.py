"""Variables of C and C++: what a declaration declares, and where its name can be used.

Limits: members of classes, structured bindings and what headers declare are not seen; types are texts, not resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

_SCOPES = frozenset(
    {"compound_statement", "for_statement", "for_range_loop", "function_definition", "lambda_expression", "catch_clause"}
    | {"translation_unit", "namespace_definition", "linkage_specification"}
)
_CLASSES = frozenset({"field_declaration_list", "enumerator_list"})
_DROPPED = frozenset({"storage_class_specifier", "attribute_specifier", "ms_declspec_modifier", "virtual", "constexpr"})
_NAMES = frozenset({"identifier", "field_identifier"})


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable or parameter. ``type`` is the text left of the declarator (``double``, ``struct cell``, ``std::vector<int>``).

    ``dimensions`` are the texts between the brackets, outermost first, empty text where unknown; ``line`` is 1-based.
    """

    name: str
    type: str
    pointer_depth: int
    dimensions: tuple[str, ...]
    is_parameter: bool
    line: int


@dataclass(frozen=True, slots=True)
class ScopedVariable:
    """A variable with the bytes ``start`` to ``end`` in which its name can be used."""

    variable: Variable
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Declarator:
    name: str
    pointer_depth: int
    dimensions: tuple[str, ...]
    is_function: bool


def text_of(node: Node | None) -> str:
    """The text of a node; empty for None."""
    return node.text.decode(errors="replace") if node is not None and node.text is not None else ""


def variables_of(declaration: Node) -> Iterator[ScopedVariable]:
    """What a ``declaration``, ``parameter_declaration`` or ``for_range_loop`` node makes usable."""
    scope = _scope_of(declaration)
    if scope is None:
        return
    type_text = _type_text(declaration)
    for node in declaration.children_by_field_name("declarator"):
        found = read_declarator(node)
        if found is None or (found.is_function and not _declares_object(declaration, scope)):
            continue
        variable = Variable(
            name=found.name,
            type=type_text,
            pointer_depth=found.pointer_depth,
            dimensions=found.dimensions,
            is_parameter=_is_parameter(declaration),
            line=node.start_point[0] + 1,
        )
        yield ScopedVariable(variable, node.end_byte, scope.end_byte)


def read_declarator(node: Node) -> _Declarator | None:
    """Unwrap pointers, arrays, references and initialisers down to the name."""
    depth, dimensions, is_function = 0, list[str](), False
    current: Node | None = node
    while current is not None and current.type not in _NAMES:
        kind = current.type
        if kind == "pointer_declarator":
            depth += 1
        elif kind == "array_declarator":
            dimensions.insert(0, text_of(current.child_by_field_name("size")))
        elif kind == "function_declarator":
            is_function = True
        elif kind == "parenthesized_declarator":
            # `int (*f)(int)` is a variable, `int (f)(int)` a function.
            is_function = is_function and "*" not in text_of(current)
        current = current.child_by_field_name("declarator") or _inner(current)
    if current is None:
        return None
    return _Declarator(text_of(current), depth, tuple(dimensions), is_function)


def _inner(node: Node) -> Node | None:
    """The declarator inside a wrapper whose grammar gives it no field."""
    wraps = node.type in {"parenthesized_declarator", "reference_declarator", "attributed_declarator", "variadic_declarator"}
    inner = [child for child in node.named_children if child.type != "attribute_declaration"]
    return inner[-1] if wraps and inner else None


def _type_text(declaration: Node) -> str:
    """Qualifiers and type, without storage classes, as one line."""
    first = declaration.child_by_field_name("declarator")
    if first is None:
        return ""
    parts = [
        text_of(child)
        for child in declaration.children
        if child.end_byte <= first.start_byte and child.type not in _DROPPED and child.type not in {"for", "("}
    ]
    parts = [part.split("{", 1)[0] for part in parts]
    return " ".join(" ".join(parts).split())


def _scope_of(declaration: Node) -> Node | None:
    """The node in which the declared names live; None for members of a class and for parameters of mere prototypes."""
    if declaration.type == "for_range_loop":
        return declaration
    node = declaration.parent
    while node is not None and node.type not in _SCOPES:
        if node.type in _CLASSES:
            return None
        if node.type in {"declaration", "field_declaration", "type_definition", "template_parameter_list"}:
            return None
        node = node.parent
    if node is not None and node.type == "linkage_specification":
        return _scope_of(node)
    return node


def _is_parameter(declaration: Node) -> bool:
    """Also true for the parameter declarations of K&R functions, which stand between the head and the body."""
    parent = declaration.parent
    return declaration.type.endswith("parameter_declaration") or (parent is not None and parent.type == "function_definition")


def _declares_object(declaration: Node, scope: Node) -> bool:
    """Whether what parses as a function declared inside a body is rather an object: ``std::vector<double> a(n);``."""
    return declaration.type == "declaration" and scope.type == "compound_statement" and "<" in _type_text(declaration)
