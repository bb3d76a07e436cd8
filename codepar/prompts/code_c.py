"""The pieces of C, C++ and CUDA code, by tree-sitter; what they share by the names of the file's variables.

Limits: functions and variables that macros make are not seen; a global handed to another function by address or as an array
counts as written unless it is constant; what the standard library keeps (``rand``, ``strtok``) is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from tree_sitter import Node, QueryCursor

from codepar.prompts.code import Code, Unit, UnitKind, query_of
from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree

_C_PIECES = (
    "(function_definition) @function (for_statement) @loop (while_statement) @loop (do_statement) @loop"
    " (struct_specifier body: (_)) @class"
)
_CXX_PIECES = _C_PIECES + " (for_range_loop) @loop (class_specifier body: (_)) @class"
_LOOP_MARKS = {"for_statement": "for", "for_range_loop": "for", "while_statement": "while", "do_statement": "do"}
_OUTER = frozenset(
    {"namespace_definition", "declaration_list", "linkage_specification", "preproc_if", "preproc_ifdef", "preproc_else"}
)
_CONSTANT = re.compile(rb"\b(?:const|constexpr|__constant__|constinit)\b")
_EXTERN_ONLY = re.compile(rb"\A\s*extern\b(?!\s*\")")
_QUALIFIER = re.compile(rb"\b(?:__global__|__device__|__host__|static|inline|template)\b")
_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]+)", re.MULTILINE)
_READERS = frozenset(
    {
        "size",
        "empty",
        "begin",
        "end",
        "cbegin",
        "cend",
        "at",
        "front",
        "back",
        "find",
        "count",
        "length",
        "c_str",
        "data",
        "load",
        "get",
        "contains",
    }
)
_LVALUE = frozenset({"subscript_expression", "field_expression", "parenthesized_expression", "subscript_argument_list"})


class CCode(Code):
    """A source of the C family."""

    @cached_property
    def _tree(self) -> SyntaxTree:
        tree = SyntaxTree(self.text, self.language)
        # A C grammar stumbles over what little C++ a header shows; the other grammar reads both.
        return SyntaxTree(self.text, Language.CXX) if self.language is Language.C and tree.root.has_error else tree

    @cached_property
    def plain(self) -> bytes:
        return self._tree.lexis.plain

    @cached_property
    def _captures(self) -> dict[str, list[Node]]:
        if self.is_too_deep:
            return {}
        pattern = _C_PIECES if self._tree.language is Language.C else _CXX_PIECES
        found = QueryCursor(query_of(self._tree.language, pattern)).captures(self._tree.root)
        return {name: sorted(nodes, key=lambda node: node.start_byte) for name, nodes in found.items()}

    @cached_property
    def _definitions(self) -> tuple[Unit, ...]:
        classes = self.classes
        return tuple(unit for node in self._captures.get("function", []) if (unit := self._function(node, classes)))

    def _function(self, node: Node, classes: tuple[Unit, ...]) -> Unit | None:
        declarator, body = node.child_by_field_name("declarator"), node.child_by_field_name("body")
        name = declarator and _name_of(declarator)
        if not name or body is None or name.split("::")[-1] in {"if", "while", "for", "switch", "return"}:
            return None
        start, parent = node.start_byte, node.parent
        while parent is not None and (
            parent.type in {"template_declaration", "friend_declaration"}
            or (parent.type == "linkage_specification" and _holds_one(parent))
        ):
            start, parent = parent.start_byte, parent.parent
        owner = next((one.name for one in classes if one.start < node.start_byte < one.end), None)
        if "::" in name:
            owner, _, name = name.rpartition("::")
        marks = frozenset(match.decode() for match in _QUALIFIER.findall(self.data, start, body.start_byte))
        kind = UnitKind.METHOD if owner else UnitKind.FUNCTION
        return Unit(kind, name, start, node.end_byte, marks, owner, body.start_byte)

    @cached_property
    def functions(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self._definitions if unit.kind is UnitKind.FUNCTION)

    @cached_property
    def methods(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self._definitions if unit.kind is UnitKind.METHOD)

    @cached_property
    def classes(self) -> tuple[Unit, ...]:
        return tuple(self._class(node) for node in self._captures.get("class", []))

    def _class(self, node: Node) -> Unit:
        named, start, end, parent = node.child_by_field_name("name"), node.start_byte, node.end_byte, node.parent
        name = "" if named is None else _text(named)
        if parent is not None and parent.type == "type_definition":
            start, end = parent.start_byte, parent.end_byte
            alias = parent.child_by_field_name("declarator")
            name = _text(alias) if alias is not None else name
        elif parent is not None and parent.type == "template_declaration":
            start = parent.start_byte
        semicolon = re.compile(rb"\s*;").match(self.data, end)
        end = semicolon.end() if semicolon else end
        return Unit(UnitKind.CLASS, name, start, end, frozenset({node.type.split("_")[0]}))

    @cached_property
    def _all_loops(self) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
        outer: list[Unit] = []
        inner: list[Unit] = []
        for node in self._captures.get("loop", []):
            owner = next((f.name for f in self._definitions if f.start <= node.start_byte < f.end), None)
            unit = Unit(UnitKind.LOOP, "", node.start_byte, node.end_byte, frozenset({_LOOP_MARKS[node.type]}), owner)
            (inner if outer and outer[-1].end >= unit.end else outer).append(unit)
        return tuple(outer), tuple(inner)

    @property
    def loops(self) -> tuple[Unit, ...]:
        return self._all_loops[0]

    @property
    def inner_loops(self) -> tuple[Unit, ...]:
        return self._all_loops[1]

    @cached_property
    def is_broken(self) -> bool:
        if self.is_too_deep:
            return True
        if not self._tree.root.has_error:
            return False
        plain = self.plain
        return plain.count(b"{") != plain.count(b"}") or plain.count(b"(") != plain.count(b")")

    def shared_names(self) -> frozenset[str]:
        return frozenset(self._globals)

    @cached_property
    def _globals(self) -> dict[str, bool]:
        """Variables of the file, and whether an array or pointer hands out what it holds."""
        found: dict[str, bool] = {}
        for node in _top_level(self._tree.root):
            if node.type != "declaration":
                continue
            held = _CONSTANT.search(self.plain, node.start_byte, _end_of_type(node))
            for declarator in node.children_by_field_name("declarator"):
                name = _variable_name(declarator)
                if name and held is None:
                    found[name] = any(mark in _text(declarator) for mark in "*[") or b"vector" in node.text[:40]  # type: ignore[index]
                elif name and held is not None and held[0] == b"const" and _is_free_pointer(declarator):
                    found[name] = False
        return found

    def writes(self, unit: Unit, name: str) -> bool | None:
        touched = False
        for offset in self.occurrences(unit, name):
            node = self._tree.root.descendant_for_byte_range(offset, offset + len(name.encode()))
            if node is None or (
                node.parent is not None and node.parent.type == "field_expression" and node.type == "field_identifier"
            ):
                continue
            if _declares(node):
                return None
            touched = True
            if _is_written(node, self._globals.get(name, False)):
                return True
        return False if touched else None

    @cached_property
    def imports(self) -> frozenset[str]:
        return frozenset(match.decode(errors="replace") for match in _INCLUDE.findall(self.data))


def _text(node: Node) -> str:
    return node.text.decode(errors="replace") if node.text else ""


def _holds_one(linkage: Node) -> bool:
    body = linkage.child_by_field_name("body")
    return body is not None and body.type != "declaration_list"


def _name_of(declarator: Node) -> str:
    node: Node | None = declarator
    while node is not None and node.type in {
        "function_declarator", "pointer_declarator", "reference_declarator", "parenthesized_declarator", "attributed_declarator",
    }:  # fmt: skip
        inner = node.child_by_field_name("declarator")
        node = inner or (node.named_children[-1] if node.named_children else None)
    return (
        re.sub(r"<.*", "", _text(node))
        if node is not None and not _text(node).startswith("operator")
        else _text(node or declarator)
    )


def _top_level(root: Node) -> Iterator[Node]:
    for node in root.named_children:
        if node.type in _OUTER:
            yield from _top_level(node)
        else:
            yield node


def _is_free_pointer(declarator: Node) -> bool:
    """``*p`` of ``const char *p``, which may point elsewhere later; not ``*const p``."""
    pointer, star, rest = _text(declarator).split("=", 1)[0].rpartition("*")
    return bool(star) and "const" not in rest and "(" not in pointer


def _end_of_type(declaration: Node) -> int:
    first = declaration.child_by_field_name("declarator")
    return first.start_byte if first is not None else declaration.end_byte


def _variable_name(declarator: Node) -> str | None:
    node: Node | None = declarator
    while node is not None and node.type not in {"identifier", "function_declarator"}:
        node = node.child_by_field_name("declarator") or next(
            (child for child in node.named_children if child.type == "identifier"), None
        )
    if node is None or node.type == "function_declarator":
        pointer = node is not None and node.children and node.children[0].type == "parenthesized_declarator"
        return _variable_name(node.children[0].named_children[0]) if pointer and node is not None else None
    return _text(node)


def _declares(node: Node) -> bool:
    """Whether this is the name of a local variable or parameter, which hides the shared one."""
    child, parent = node, node.parent
    while parent is not None and parent.type in {
        "init_declarator", "pointer_declarator", "array_declarator", "reference_declarator", "declaration",
        "parameter_declaration",
        "optional_parameter_declaration", "for_range_loop",
    }:  # fmt: skip
        if (
            parent.type in {"init_declarator", "array_declarator", "for_range_loop"}
            and parent.child_by_field_name("declarator") != child
        ):
            return False
        if parent.type in {"declaration", "parameter_declaration", "optional_parameter_declaration", "for_range_loop"}:
            return not _text(parent).startswith("extern")
        child, parent = parent, parent.parent
    return False


def _is_written(node: Node, hands_out: bool) -> bool:
    """Whether the value that a name stands for may change where it is named."""
    child, parent = node, node.parent
    while parent is not None:
        verdict = _verdict(parent, child, hands_out and child == node)
        if verdict is not None:
            return verdict
        child, parent = parent, parent.parent
    return False


def _verdict(parent: Node, child: Node, hands_out: bool) -> bool | None:
    """What the node around says: written, not written, or ask the one around it."""
    match parent.type:
        case "assignment_expression":
            return parent.child_by_field_name("left") == child
        case "update_expression":
            return True
        case "pointer_expression":
            return True if _text(parent).startswith("&") else None
        case "argument_list":
            return hands_out
        case "call_expression":
            return child.type == "field_expression" and re.split(r"\.|>", _text(child))[-1] not in _READERS
        case "binary_expression":
            return _streams(parent, child)
        case "subscript_expression":
            return None if parent.child_by_field_name("argument") == child else False
    return None if parent.type in _LVALUE else False


def _streams(expression: Node, child: Node) -> bool:
    """``in >> name`` writes it; a shift of numbers does not."""
    left = expression.child_by_field_name("left")
    return (
        ">>" in _text(expression)
        and left != child
        and left is not None
        and re.match(r"(?:std::)?\w*(?:in|is|ss|stream)\b", _text(left)) is not None
    )
