"""Names of a function while it is read: each declaration gets a symbol whose name nothing else in the function has.

Limits: file-level names are constants (macros, ``const`` objects, enumerators) by assumption; the reader refuses functions that
write globals before the rules see them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codepar.cuda.function import SequentialFunction
from codepar.cuda.rules.ctypes import DOUBLE, INT, OTHER, CType, read_type
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Expr, Storage, Symbol
from codepar.syntax.tree import SyntaxTree
from codepar.syntax.variables import text_of

if TYPE_CHECKING:
    from codepar.cuda.rules.build_expr import Pointer

_TAKEN = frozenset(
    [
        "threadIdx",
        "blockIdx",
        "blockDim",
        "gridDim",
        "warpSize",
        "dim3",
        "grid",
        "block",
        "class",
        "delete",
        "export",
        "friend",
        "mutable",
        "namespace",
        "new",
        "operator",
        "private",
        "protected",
        "public",
        "template",
        "this",
        "throw",
        "try",
        "typename",
        "using",
        "virtual",
        "and",
        "or",
        "not",
        "xor",
        "bool",
        "true",
        "false",
        "catch",
        "explicit",
    ]
)
_INTEGER = re.compile(r"^\(?\s*(-?(?:0[xX][0-9a-fA-F]+|0|[1-9]\d*))[uUlL]*\s*\)?$")
_REAL = re.compile(r"^\(?\s*-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?[fFlL]?\s*\)?$")


class Scope:
    """Visible names, innermost last. ``references`` are the C++ reference parameters, held as buffers of one element."""

    def __init__(self, tree: SyntaxTree, source: SequentialFunction) -> None:
        self.tree = tree
        self.source = source
        self.references: set[Symbol] = set()
        self.symbols: list[Symbol] = []
        self.typedefs = _typedefs(tree)
        self.helpers = frozenset(source.helpers)
        self._members, self._structs = _records(tree, self.typedefs)
        self._globals: dict[str, Symbol] = {}
        self._constants = {one.name: one.value for one in tree.constants_after(source.line)}
        self._levels: list[dict[str, Symbol | Pointer]] = [{}]
        self._used: set[str] = (
            set(_TAKEN) | {one.name for one in source.signature.parameters} | set(source.helpers) | {source.name}
        )

    @contextmanager
    def nested(self) -> Iterator[None]:
        """A block of its own."""
        self._levels.append({})
        yield
        self._levels.pop()

    def find(self, name: str) -> Symbol | Pointer | None:
        """What ``name`` means here; None when it is not the function's own."""
        return next((level[name] for level in reversed(self._levels) if name in level), None)

    def bind(self, name: str, meaning: Symbol | Pointer) -> None:
        """Give ``name`` a meaning in the innermost level."""
        self._levels[-1][name] = meaning

    def rebind(self, name: str, meaning: Symbol | Pointer) -> None:
        """Change the meaning of a visible name where it was bound."""
        level = next(level for level in reversed(self._levels) if name in level)
        level[name] = meaning

    def declare(
        self, name: str, kind: CType, storage: Storage, dimensions: tuple[Expr, ...] = (), *, is_const: bool = False
    ) -> Symbol:
        """A new variable that ``name`` now means."""
        is_parameter = storage in {Storage.PARAMETER, Storage.BUFFER} and name not in _TAKEN
        symbol = Symbol(name if is_parameter else self._free(name), kind, storage, dimensions, is_const)
        self.symbols.append(symbol)
        self.bind(name, symbol)
        return symbol

    def fresh(self, name: str, kind: CType) -> Symbol:
        """A new scalar that the text does not name."""
        symbol = Symbol(self._free(name), kind, Storage.LOCAL)
        self.symbols.append(symbol)
        return symbol

    def fresh_like(self, name: str, like: Symbol) -> Symbol:
        """A new scalar of the type of an element of ``like``."""
        return self.fresh(name, like.type)

    def helper_type(self, name: str) -> CType:
        """What a function of the file returns."""
        for node in self.tree.capture("(function_definition) @it"):
            declarator = node.child_by_field_name("declarator")
            inner = declarator.child_by_field_name("declarator") if declarator is not None else None
            if declarator is not None and declarator.type == "function_declarator" and text_of(inner) == name:
                return read_type(text_of(node.child_by_field_name("type")), self.typedefs)
        return OTHER

    def is_enumeration(self, kind: CType) -> bool:
        """Whether the type is an enumeration, whose values are integers to choose by."""
        text = self.typedefs.get(kind.text, kind.text)
        named = (text_of(one.child_by_field_name("name")) for one in self.tree.capture("(enum_specifier) @it"))
        return text.startswith("enum ") or text == "enum" or text in named

    def takes_reference(self, name: str) -> bool:
        """Whether a function of the file takes a parameter by a reference through which it may write."""
        for node in self.tree.capture("(function_definition) @it"):
            declarator = node.child_by_field_name("declarator")
            while declarator is not None and declarator.type != "function_declarator":
                declarator = declarator.child_by_field_name("declarator")
            if declarator is None or text_of(declarator.child_by_field_name("declarator")) != name:
                continue
            parameters = declarator.child_by_field_name("parameters")
            named = parameters.named_children if parameters is not None else []
            return any("&" in text_of(one) and "const" not in text_of(one) for one in named)
        return False

    def member_type(self, struct: str, name: str) -> CType:
        """The type of a plain member; ``OTHER`` for arrays, pointers and structs that the file does not define."""
        struct = struct.removeprefix("struct ").strip()
        return self._members.get(self._structs.get(struct, struct), {}).get(name, OTHER)

    def table(self, name: str) -> Symbol | None:
        """A constant array of the file; the rules have no place for it on the device."""
        raise CannotProve("global_table", f"`{name}` is an array of the file, which the device does not have", None)

    def global_name(self, name: str) -> Symbol:
        """A constant of the file."""
        if name not in self._globals:
            value = self._constants.get(name)
            number = _INTEGER.match(value.strip()) if value is not None else None
            kind = INT if number else DOUBLE if value is not None and _REAL.match(value.strip()) else _declared(self, name)
            self._globals[name] = Symbol(name, kind, Storage.GLOBAL, is_const=True, value=int(number[1], 0) if number else None)
        return self._globals[name]

    def unique(self, name: str) -> str:
        """A name close to ``name`` that nothing in the function has; it is taken from now on."""
        return self._free(name)

    def _free(self, name: str) -> str:
        candidate, at = name, 2
        while candidate in self._used:
            candidate, at = f"{name}_{at}", at + 1
        self._used.add(candidate)
        return candidate


def _declared(scope: Scope, name: str) -> CType:
    """The type of a file-level scalar declaration or enumerator."""
    for node in scope.tree.root.named_children:
        if node.type != "declaration":
            continue
        kind = node.child_by_field_name("type")
        for declarator in node.children_by_field_name("declarator"):
            inner = declarator.child_by_field_name("declarator") if declarator.type == "init_declarator" else declarator
            if inner is not None and inner.type == "identifier" and text_of(inner) == name:
                return read_type(text_of(kind), scope.typedefs)
    is_enumerator = any(text_of(one.child_by_field_name("name")) == name for one in scope.tree.capture("(enumerator) @it"))
    return INT if is_enumerator else OTHER


def _typedefs(tree: SyntaxTree) -> dict[str, str]:
    found = {}
    for node in tree.capture("(type_definition) @it"):
        kind, declarator = node.child_by_field_name("type"), node.child_by_field_name("declarator")
        if kind is not None and declarator is not None and declarator.type == "type_identifier":
            found[text_of(declarator)] = text_of(kind) if kind.type != "struct_specifier" else text_of(declarator)
    for define in tree.constants_after(tree.line_count):
        if read_type(define.value).bits:
            found[define.name] = define.value
    return found


def _records(tree: SyntaxTree, typedefs: dict[str, str]) -> tuple[dict[str, dict[str, CType]], dict[str, str]]:
    """The plain members of each struct, and the other names that structs have."""
    members: dict[str, dict[str, CType]] = {}
    names: dict[str, str] = {}
    for node in tree.capture("(struct_specifier) @it"):
        body = node.child_by_field_name("body")
        outer = node.parent
        alias = outer.child_by_field_name("declarator") if outer is not None and outer.type == "type_definition" else None
        own = text_of(node.child_by_field_name("name")) or text_of(alias)
        if alias is not None:
            names[text_of(alias)] = own
        if body is None:
            continue
        members[own] = {
            text_of(declarator): read_type(text_of(field.child_by_field_name("type")), typedefs)
            for field in body.named_children
            if field.type == "field_declaration"
            for declarator in field.children_by_field_name("declarator")
            if declarator.type == "field_identifier"
        }
    return members, names
