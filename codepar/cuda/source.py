"""One parsed file as the other modules here ask of it: functions by name, file-level declarations, types, constants.

Limits: headers are not read, macros not expanded; of conditional branches all are seen, the first definition of a name wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from tree_sitter import Node

from codepar.cuda.expression import evaluate
from codepar.cuda.nodes import Declared, declared_by, named, walk
from codepar.errors import InvalidInput
from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import text_of

_CONDITIONALS = frozenset({"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef"})
_CONTAINERS = frozenset({"linkage_specification", "declaration_list", "namespace_definition"})
_NAMED_TYPES = frozenset({"struct_specifier", "union_specifier", "enum_specifier", "class_specifier"})


@dataclass(frozen=True, slots=True)
class FileDeclaration:
    """A declaration outside functions and the names that it makes usable. ``is_always`` for includes and ``using``."""

    names: frozenset[str]
    node: Node
    is_always: bool = False


class Source:
    """The views of one text. Get it from ``source_of``, which parses each text once."""

    def __init__(self, text: str, language: Language) -> None:
        self.tree = SyntaxTree(text, language)
        self.language = language

    @cached_property
    def function_nodes(self) -> dict[str, list[Node]]:
        """The ``function_definition`` nodes of each name; a name with several is overloaded or defined twice."""
        found: dict[str, list[Node]] = {}
        for node in self.tree.capture("(function_definition) @it"):
            name = function_name(node)
            if name and node.child_by_field_name("body") is not None:
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def declarations(self) -> tuple[FileDeclaration, ...]:
        return tuple(_declarations(self.tree.root))

    @cached_property
    def typedefs(self) -> dict[str, Declared]:
        found: dict[str, Declared] = {}
        for node in self._outside("type_definition"):
            for declared in declared_by(node):
                found.setdefault(declared.name, declared)
        return found

    @cached_property
    def records(self) -> dict[str, Node]:
        """Structs, unions and enums with a body, by tag and by typedef name."""
        found: dict[str, Node] = {}
        for node in (one for kind in _NAMED_TYPES for one in self._outside(kind)):
            if node.child_by_field_name("body") is None:
                continue
            tag = text_of(node.child_by_field_name("name"))
            if tag:
                found.setdefault(tag, node)
            if node.parent is not None and node.parent.type == "type_definition":
                for declared in declared_by(node.parent):
                    found.setdefault(declared.name, node)
        return found

    @cached_property
    def globals(self) -> dict[str, Declared]:
        """Variables of the file."""
        found: dict[str, Declared] = {}
        for one in self.declarations:
            for node in walk(one.node):
                if node.type == "declaration":
                    for declared in declared_by(node):
                        if not declared.is_function:
                            found.setdefault(declared.name, declared)
        return found

    @cached_property
    def constants(self) -> dict[str, int]:
        """The integer values of macros, enumerators and constant variables, where they can be computed from the file."""
        values: dict[str, int] = {}
        for name, text in self._constant_texts():
            try:
                value = evaluate(text, values)
            except InvalidInput:
                continue
            if isinstance(value, int):
                values.setdefault(name, value)
        return values

    @cached_property
    def enumerators(self) -> frozenset[str]:
        """The names of all enumerators of the file."""
        return frozenset(text_of(node.child_by_field_name("name")) for node in self.tree.capture("(enumerator) @it"))

    @cached_property
    def has_own_headers(self) -> bool:
        """Whether the file includes a header of its project, which may declare more than is seen here."""
        included = self.tree.capture("(preproc_include) @it")
        return any(text_of(node.child_by_field_name("path")).startswith('"') for node in included)

    @cached_property
    def tables(self) -> dict[str, tuple[int, int]]:
        """The least and the largest number in each constant table of integers."""
        found: dict[str, tuple[int, int]] = {}
        for name, declared in self.globals.items():
            value = declared.node.child_by_field_name("value")
            if not declared.is_const or not declared.dimensions or value is None or value.type != "initializer_list":
                continue
            numbers = [self._number(one) for one in walk(value) if one.type == "number_literal" or not one.is_named]
            known = [one for one in numbers if one is not None]
            leaves = [
                one for one in walk(value) if one.is_named and one.type not in {"initializer_list", "number_literal", "comment"}
            ]
            if known and not leaves:
                # What the list leaves out is zero.
                found[name] = (min(0, *known), max(0, *known))
        return found

    def _number(self, node: Node) -> int | None:
        if node.type != "number_literal":
            return None
        try:
            value = evaluate(text_of(node))
        except InvalidInput:
            return None
        return value if isinstance(value, int) else None

    @cached_property
    def macros(self) -> dict[str, Node]:
        """Object-like and function-like macros."""
        kinds = ("preproc_def", "preproc_function_def")
        return {text_of(node.child_by_field_name("name")): node for kind in kinds for node in self._outside(kind)}

    def _constant_texts(self) -> Iterator[tuple[str, str]]:
        last: tuple[Node | None, str] = (None, "-1")
        for node in (one for declaration in self.declarations for one in walk(declaration.node)):
            name = text_of(node.child_by_field_name("name"))
            if node.type == "preproc_def":
                yield name, text_of(node.child_by_field_name("value")) or "1"
            elif node.type == "enumerator":
                value = node.child_by_field_name("value")
                text = text_of(value) if value else f"({last[1]}) + 1" if last[0] == node.parent else "0"
                last = (node.parent, text)
                yield name, text
            elif node.type == "declaration":
                yield from _constant_variables(node)

    def _outside(self, kind: str) -> Iterator[Node]:
        """Nodes of a kind that no function holds."""
        for node in walk(self.tree.root):
            if node.type == kind and not any(parent.type == "function_definition" for parent in _parents(node)):
                yield node


@lru_cache(maxsize=64)
def source_of(text: str, language: Language) -> Source:
    """The parsed file; parsing the same text again costs nothing."""
    return Source(text, language)


def function_name(node: Node) -> str:
    """The name of a ``function_definition`` (``A::b`` of a method defined outside its class), empty where it has none."""
    current = node.child_by_field_name("declarator")
    while current is not None and current.type in {"pointer_declarator", "reference_declarator", "parenthesized_declarator"}:
        current = current.child_by_field_name("declarator") or next(iter(reversed(named(current))), None)
    if current is None or current.type != "function_declarator":
        return ""
    inner = current.child_by_field_name("declarator")
    while inner is not None and inner.type == "parenthesized_declarator":
        inner = next(iter(named(inner)), None)
    return text_of(inner)


def function_declarator(node: Node) -> Node | None:
    """The part of a ``function_definition`` that holds its parameters."""
    current = node.child_by_field_name("declarator")
    while current is not None and current.type != "function_declarator":
        current = current.child_by_field_name("declarator") or next(iter(reversed(named(current))), None)
    return current


def _parents(node: Node) -> Iterator[Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def _declarations(root: Node) -> Iterator[FileDeclaration]:
    for node in root.children:
        holds_functions = node.type in _CONDITIONALS and any(one.type == "function_definition" for one in walk(node))
        if node.type in _CONTAINERS or holds_functions:
            yield from _declarations(node)
        elif node.is_named and node.type not in {"comment", "function_definition", "template_declaration", "ERROR"}:
            is_always = any(one.type in {"preproc_include", "using_declaration"} for one in walk(node))
            names = frozenset() if is_always else frozenset(_names(node))
            if is_always or names:
                yield FileDeclaration(names, node, is_always)


def _names(top: Node) -> Iterator[str]:
    for node in walk(top):
        has_body = node.type in _NAMED_TYPES and node.child_by_field_name("body") is not None
        if has_body or node.type in {"preproc_def", "preproc_function_def", "enumerator", "alias_declaration"}:
            yield text_of(node.child_by_field_name("name"))
        elif node.type in {"type_definition", "declaration"}:
            for declared in declared_by(node):
                if not declared.is_function or node.type == "type_definition":
                    yield declared.name


def _constant_variables(node: Node) -> Iterator[tuple[str, str]]:
    for declared in declared_by(node):
        value = declared.node.child_by_field_name("value")
        if declared.is_const and value is not None and not declared.depth and not declared.dimensions:
            yield declared.name, text_of(value)
