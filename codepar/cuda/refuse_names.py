"""Names that a function uses and does not declare: variables of the file that change, functions as values, what is nowhere.

Limits: scopes inside a function are not told apart, a name declared anywhere in it counts as its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from codepar.cuda import known
from codepar.cuda.function import Refusal
from codepar.cuda.nodes import declared_by, line_of, operator_of, walk
from codepar.cuda.source import Source, function_name
from codepar.syntax.variables import text_of

_DECLARATIONS = frozenset({"declaration", "parameter_declaration", "optional_parameter_declaration", "for_range_loop"})


class NameCheck:
    """The refusals that come from the names in one function."""

    def __init__(self, source: Source, node: Node) -> None:
        self._source = source
        self._node = node
        self.own = frozenset(_declared_inside(node))
        """What the function declares itself: parameters, locals, enumerators."""

    def refusals(self) -> Iterator[Refusal]:
        """Each name once, where it is used first."""
        seen: set[str] = set()
        for node in walk(self._node):
            name = text_of(node)
            if (
                node.type != "identifier"
                or name in seen
                or name in self.own
                or _is_declarator(node)
                or name == function_name(self._node)
            ):
                continue
            seen.add(name)
            yield from self._of(name, node)

    def _of(self, name: str, node: Node) -> Iterator[Refusal]:
        source, called = self._source, _is_called(node)
        if name in source.function_nodes:
            if not called:
                yield Refusal("function_pointer", f"it uses the function `{name}` as a value", line_of(node))
        elif name in source.globals:
            yield from self._of_global(name, node)
        elif not called and not self._is_known(name) and not source.has_own_headers:
            yield Refusal("missing_declaration", f"`{name}` is declared nowhere in the file", line_of(node))

    def _of_global(self, name: str, node: Node) -> Iterator[Refusal]:
        declared = self._source.globals[name]
        written = _first_write(self._node, name)
        if written is not None:
            yield Refusal("global_state", f"it writes the global variable `{name}`", line_of(written))
        elif declared.depth:
            yield Refusal("global_state", f"it reads the global pointer `{name}`", line_of(node))
        elif _is_extern(declared.node):
            yield Refusal("global_state", f"it reads `{name}`, which another file defines", line_of(node))
        elif not declared.is_const and not _is_private_and_unchanged(self._source, name):
            yield Refusal("global_state", f"it reads the global variable `{name}`, which may change", line_of(node))

    def _is_known(self, name: str) -> bool:
        source = self._source
        is_declared = name in source.macros or name in source.constants or name in source.typedefs or name in source.records
        return is_declared or name in source.enumerators or known.is_constant(name) or known.is_type(name)


def _declared_inside(node: Node) -> set[str]:
    names: set[str] = set()
    for one in walk(node):
        if one.type in _DECLARATIONS:
            names |= {declared.name for declared in declared_by(one)}
        elif one.type == "enumerator":
            names.add(text_of(one.child_by_field_name("name")))
    return names


def _is_declarator(node: Node) -> bool:
    """Whether the identifier only labels something: an attribute, a namespace."""
    parent = node.parent
    return parent is not None and parent.type in {
        "attribute",
        "qualified_identifier",
        "attribute_specifier",
        "argument_list_attribute",
    }


def _is_called(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type == "call_expression" and parent.child_by_field_name("function") == node


def _first_write(root: Node, name: str) -> Node | None:
    for node in walk(root):
        target = None
        if node.type == "assignment_expression":
            target = node.child_by_field_name("left")
        elif node.type == "update_expression" or (node.type == "pointer_expression" and operator_of(node) == "&"):
            target = node.child_by_field_name("argument")
        if target is not None and _root_name(target) == name:
            return node
    return None


def _root_name(node: Node) -> str:
    """The variable at the bottom of ``v``, ``v[i]``, ``v.x``, ``*v``."""
    while node.type != "identifier":
        inner = node.child_by_field_name("argument") or next(iter(node.named_children), None)
        if inner is None:
            return ""
        node = inner
    return text_of(node)


def _is_extern(declarator: Node) -> bool:
    node = declarator.parent
    return node is not None and any(
        child.type == "storage_class_specifier" and text_of(child) == "extern" for child in node.children
    )


def _is_private_and_unchanged(source: Source, name: str) -> bool:
    """A ``static`` variable of the file that no function writes is a constant."""
    declaration = source.globals[name].node.parent
    storage = (
        {text_of(child) for child in declaration.children if child.type == "storage_class_specifier"} if declaration else set()
    )
    if "static" not in storage:
        return False
    return all(_first_write(node, name) is None for nodes in source.function_nodes.values() for node in nodes)
