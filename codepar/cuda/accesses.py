"""Where a function reads and writes memory that a pointer reaches: its buffers, also by local pointers and in helpers it calls.

Limits: flow-insensitive. A local pointer stands for every buffer that is ever assigned to it, and a buffer handed to an unknown
function counts as read and written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node

from codepar.cuda.nodes import arguments_of, declared_by, named, operator_of, unwrapped, walk
from codepar.syntax.variables import text_of

# Library functions that take pointers: what they do with each pointer argument, by its place.
LIBRARY_POINTERS: Mapping[str, tuple[str, ...]] = {
    "memset": ("w",),
    "memcpy": ("w", "r"),
    "memmove": ("w", "r"),
    "memcmp": ("r", "r"),
    "strlen": ("r",),
    "strcmp": ("r", "r"),
    "strncmp": ("r", "r"),
    "strchr": ("r",),
    "strcpy": ("w", "r"),
    "strncpy": ("w", "r"),
    "modf": ("", "w"),
    "modff": ("", "w"),
    "frexp": ("", "w"),
    "sincos": ("", "w", "w"),
    "sincosf": ("", "w", "w"),
    "swap": ("u", "u"),
}


class AccessKind(StrEnum):
    """What happens to an element. ``UPDATE`` reads and writes it."""

    READ = "read"
    WRITE = "write"
    UPDATE = "update"

    @property
    def reads(self) -> bool:
        return self is not AccessKind.WRITE

    @property
    def writes(self) -> bool:
        return self is not AccessKind.READ


@dataclass(frozen=True, slots=True)
class Access:
    """One place that touches ``buffer``. ``is_partial``: a member of the element; ``is_call``: by a function called there."""

    buffer: str
    kind: AccessKind
    node: Node
    is_partial: bool = False
    is_call: bool = False


_KINDS = {"r": AccessKind.READ, "w": AccessKind.WRITE, "u": AccessKind.UPDATE}


class AccessFinder:
    """Finds the accesses in ``body``. ``buffers`` maps each pointer to follow to the number of subscripts that reach an element.

    ``helper_kinds`` says for each helper what it does with each parameter (``r``, ``w``, ``u`` or empty).
    """

    def __init__(self, body: Node, buffers: Mapping[str, int], helper_kinds: Mapping[str, tuple[str, ...]]) -> None:
        self._body = body
        self._helpers = helper_kinds
        self._depth = dict(buffers)
        self.aliases: dict[str, frozenset[str]] = {name: frozenset({name}) for name in buffers}
        self._pointers = set(_local_pointers(body)) - set(buffers)
        self._find_aliases()

    def accesses(self) -> list[Access]:
        """All accesses, in the order of the text."""
        found = list(self._visit(self._body))
        return sorted(found, key=lambda access: access.node.start_byte)

    def bases(self, node: Node) -> frozenset[str]:
        """The buffers into which a pointer-valued expression may point."""
        node = unwrapped(node)
        if node.type in {"identifier", "field_identifier"}:
            return self.aliases.get(text_of(node), frozenset())
        if node.type in {"binary_expression", "conditional_expression"}:
            return frozenset().union(*(self.bases(child) for child in _values(node)))
        if node.type in {"cast_expression", "assignment_expression", "comma_expression"}:
            return self.bases(named(node)[-1])
        if node.type in {"update_expression", "pointer_expression", "subscript_expression"}:
            inner = node.child_by_field_name("argument")
            return self.bases(inner) if inner is not None and self._is_address(node) else frozenset()
        return frozenset()

    def _is_address(self, node: Node) -> bool:
        """Whether the expression has a pointer's value rather than an element's."""
        if node.type == "update_expression":
            return True
        if node.type == "pointer_expression":
            return operator_of(node) == "&" or self._subscripts(node) < self._needed(node)
        return self._subscripts(node) < self._needed(node) or _under_address_of(node)

    def _subscripts(self, node: Node) -> int:
        count, current = 0, node
        while current.type in {"subscript_expression", "pointer_expression"}:
            count += not (current.type == "pointer_expression" and operator_of(current) == "&")
            current = unwrapped(current.child_by_field_name("argument") or current.children[-1])
        return count

    def _needed(self, node: Node) -> int:
        current = node
        while current.type in {"subscript_expression", "pointer_expression"}:
            current = unwrapped(current.child_by_field_name("argument") or current.children[-1])
        return self._depth.get(text_of(current), 1)

    def _find_aliases(self) -> None:
        changed = True
        while changed:
            changed = False
            for name, value in _pointer_values(self._body, self._pointers | set(self.aliases)):
                merged = self.aliases.get(name, frozenset()) | self.bases(value)
                if merged and merged != self.aliases.get(name):
                    self.aliases[name] = merged
                    changed = True

    def _visit(  # noqa: C901 - one case a kind of node
        self, node: Node, kind: AccessKind = AccessKind.READ, partial: bool = False
    ) -> Iterator[Access]:
        match node.type:
            case "parenthesized_expression" | "condition_clause":
                for child in named(node):
                    yield from self._visit(child, kind, partial)
            case "assignment_expression":
                yield from self._assignment(node)
            case "update_expression":
                yield from self._visit(node.child_by_field_name("argument") or node, AccessKind.UPDATE)
            case "subscript_expression":
                yield from self._subscript(node, kind, partial)
            case "pointer_expression":
                yield from self._dereference(node, kind, partial)
            case "field_expression":
                yield from self._member(node, kind)
            case "call_expression":
                yield from self._call(node)
            case "sizeof_expression" | "type_descriptor" | "identifier":
                return
            case _:
                for child in named(node):
                    yield from self._visit(child)

    def _assignment(self, node: Node) -> Iterator[Access]:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        assert left is not None
        assert right is not None
        yield from self._visit(right)
        yield from self._visit(left, AccessKind.WRITE if operator_of(node) == "=" else AccessKind.UPDATE)

    def _subscript(self, node: Node, kind: AccessKind, partial: bool) -> Iterator[Access]:
        argument = node.child_by_field_name("argument")
        assert argument is not None
        for child in named(node):
            if child.start_byte != argument.start_byte:
                yield from self._visit(child)
        if unwrapped(argument).type == "field_expression":
            # An array inside of a struct: part of the struct's element.
            yield from self._visit(argument, kind, True)
            return
        yield from self._address(argument)
        if self._subscripts(node) >= self._needed(node):
            yield from self._touch(node, self.bases(argument), kind, partial)

    def _dereference(self, node: Node, kind: AccessKind, partial: bool) -> Iterator[Access]:
        argument = node.child_by_field_name("argument")
        assert argument is not None
        if operator_of(node) == "&":
            yield from self._address(argument)
            return
        yield from self._address(argument)
        if self._subscripts(node) >= self._needed(node):
            yield from self._touch(node, self.bases(argument), kind, partial)

    def _member(self, node: Node, kind: AccessKind) -> Iterator[Access]:
        argument = node.child_by_field_name("argument")
        assert argument is not None
        if operator_of(node) == "->":
            yield from self._address(argument)
            yield from self._touch(node, self.bases(argument), kind, True)
        else:
            yield from self._visit(argument, kind, True)

    def _address(self, node: Node) -> Iterator[Access]:
        """An expression whose value is an address: its own element is not touched, its subscripts are."""
        node = unwrapped(node)
        if node.type == "subscript_expression" and self.bases(node.child_by_field_name("argument") or node):
            for child in named(node):
                yield from self._address(child) if child == named(node)[0] else self._visit(child)
        elif node.type == "update_expression":
            yield from self._address(node.child_by_field_name("argument") or node.children[0])
        elif node.type == "field_expression" or (node.type == "pointer_expression" and operator_of(node) == "*"):
            for child in named(node):
                yield from self._address(child)
        else:
            yield from self._visit(node)

    def _touch(self, node: Node, bases: frozenset[str], kind: AccessKind, partial: bool) -> Iterator[Access]:
        for base in sorted(bases):
            yield Access(base, kind, node, is_partial=partial)

    def _call(self, node: Node) -> Iterator[Access]:
        name = text_of(node.child_by_field_name("function")).removeprefix("std::")
        kinds = LIBRARY_POINTERS.get(name) or self._helpers.get(name)
        for place, argument in enumerate(arguments_of(node)):
            bases = self.bases(argument)
            if not bases:
                by_reference = name == "swap" or (kinds is not None and len(kinds) > place and kinds[place].startswith("&"))
                yield from self._visit(argument, AccessKind.UPDATE if by_reference else AccessKind.READ)
                continue
            yield from self._address(argument)
            letter = "u" if kinds is None else kinds[place].removeprefix("&") if place < len(kinds) else ""
            if letter in _KINDS:
                for base in sorted(bases):
                    yield Access(base, _KINDS[letter], node, is_partial=True, is_call=True)


def _values(node: Node) -> list[Node]:
    if node.type == "conditional_expression":
        return [one for name in ("consequence", "alternative") if (one := node.child_by_field_name(name)) is not None]
    if operator_of(node) not in {"+", "-"}:
        return []
    return [one for name in ("left", "right") if (one := node.child_by_field_name(name)) is not None]


def _under_address_of(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        parent = parent.parent
    return parent is not None and parent.type == "pointer_expression" and operator_of(parent) == "&"


def _local_pointers(body: Node) -> Iterator[str]:
    for node in walk(body):
        if node.type == "declaration":
            for declared in declared_by(node):
                if declared.depth or declared.type == "auto" or declared.is_reference:
                    yield declared.name


def _pointer_values(body: Node, pointers: set[str]) -> Iterator[tuple[str, Node]]:
    """Pointers with the expressions that are assigned to them."""
    for node in walk(body):
        if node.type == "init_declarator":
            declarator, value = node.child_by_field_name("declarator"), node.child_by_field_name("value")
            names = {text_of(one) for one in walk(declarator) if one.type == "identifier"} if declarator else set()
            for name in names & pointers:
                if value is not None:
                    yield name, value
        elif node.type == "assignment_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and text_of(left) in pointers:
                yield text_of(left), right
