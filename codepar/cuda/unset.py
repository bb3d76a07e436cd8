"""Locals that are read although nothing gives them a value: undefined behaviour that no sanitizer of the tests sees.

Limits: numbers that nothing in the whole function sets; one that only some path sets is not found. Where a call, a macro or an
address might set it, or the name is declared twice, nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tree_sitter import Node

from codepar.cuda.function import Refusal
from codepar.cuda.nodes import line_of, operator_of, unwrapped, walk
from codepar.cuda.source import Source
from codepar.syntax.variables import text_of

_SETS = frozenset({"pointer_expression", "reference_declarator", "sizeof_expression", "lambda_expression"})


def unset_reads(source: Source, function: Node) -> Iterator[Refusal]:
    """The first read of each such local."""
    declared = list(_without_value(source, function))
    names = Counter(text_of(one) for one in walk(function) if one.type == "identifier" and _is_declarator(one))
    for declarator in declared:
        name = text_of(declarator)
        uses = [one for one in walk(function) if one.type == "identifier" and text_of(one) == name and one != declarator]
        if names[name] == 1 and uses and not any(map(_may_set, uses)) and not _is_in_macro(source, name):
            yield Refusal("uninitialised", f"it reads `{name}`, which is never given a value", line_of(uses[0]))


def _without_value(source: Source, function: Node) -> Iterator[Node]:
    """Declarators of plain numbers that have no value of their own."""
    for node in walk(function):
        if node.type != "declaration" or any(one.type in {"storage_class_specifier"} for one in node.children):
            continue
        kind = node.child_by_field_name("type")
        is_number = kind is not None and (
            kind.type in {"primitive_type", "sized_type_specifier"}
            or (kind.type == "type_identifier" and text_of(kind) not in source.records and text_of(kind) not in source.typedefs)
        )
        if is_number:
            yield from (one for one in node.children_by_field_name("declarator") if one.type == "identifier")


def _is_declarator(node: Node) -> bool:
    """Whether the name is declared here, as a local, a parameter or an array."""
    parent = node.parent
    if parent is None:
        return False
    if parent.type in {"declaration", "init_declarator", "parameter_declaration", "array_declarator", "pointer_declarator"}:
        return node in parent.children_by_field_name("declarator")
    return parent.type in {"reference_declarator", "for_range_loop", "structured_binding_declarator"}


def _may_set(use: Node) -> bool:
    """Whether the name is set where it stands, or might be."""
    current = use
    while (parent := current.parent) is not None and not parent.type.endswith(("_statement", "declaration")):
        if parent.type in _SETS or parent.type == "argument_list":
            return True
        if parent.type == "assignment_expression" and operator_of(parent) == "=":
            left = parent.child_by_field_name("left")
            if left is not None and unwrapped(left) == use:
                return True
        current = parent
    return False


def _is_in_macro(source: Source, name: str) -> bool:
    texts = (text_of(one.child_by_field_name("value")) for one in source.macros.values())
    return any(name in text for text in texts)
