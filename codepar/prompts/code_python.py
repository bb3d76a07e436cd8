"""The pieces of Python code, by tree-sitter; what functions share by the names of the module.

Limits: what decorators, ``setattr`` or star imports do is not seen; an attribute of ``self`` is no variable of the module.
"""

from __future__ import annotations

import re
from functools import cached_property

from tree_sitter import Node, QueryCursor

from codepar.prompts.code import Code, Unit, UnitKind, query_of
from codepar.syntax.language import Language
from codepar.syntax.python import PythonText
from codepar.syntax.tree import SyntaxTree

_PIECES = "(function_definition) @function (class_definition) @class (for_statement) @loop (while_statement) @loop"
_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b([^\n]*)|import[ \t]+([^\n#]+))", re.MULTILINE)
_MUTATES = frozenset(
    "append add update pop clear extend insert remove setdefault popitem discard sort reverse write"
    " put appendleft popleft seed".split()
)
_LONG_QUOTES = (b'"""', b"'''")
_BRACKETS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))


class PythonCode(Code):
    """A Python source."""

    @cached_property
    def _tree(self) -> SyntaxTree:
        return SyntaxTree(self.text, Language.PYTHON)

    @cached_property
    def plain(self) -> bytes:
        return PythonText(self.text).code

    def words(self, unit: Unit) -> frozenset[str]:
        """The identifiers of ``unit``, those in the braces of f-strings too."""
        return super().words(unit) | {
            word for start, end, words in self._interpolated if unit.start <= start and end <= unit.end for word in words
        }

    @cached_property
    def _interpolated(self) -> list[tuple[int, int, set[str]]]:
        if b"{" not in self.data or not re.search(rb"\b[fF][rR]?[\"']", self.data):
            return []
        nodes = QueryCursor(query_of(Language.PYTHON, "(interpolation) @it")).captures(self._tree.root).get("it", [])
        return [(node.start_byte, node.end_byte, set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", _text(node)))) for node in nodes]

    @cached_property
    def _captures(self) -> dict[str, list[Node]]:
        if self.is_too_deep:
            return {}
        found = QueryCursor(query_of(Language.PYTHON, _PIECES)).captures(self._tree.root)
        return {name: sorted(nodes, key=lambda node: node.start_byte) for name, nodes in found.items()}

    @cached_property
    def classes(self) -> tuple[Unit, ...]:
        return _outermost([_unit(UnitKind.CLASS, node, None) for node in self._captures.get("class", [])])

    @cached_property
    def _definitions(self) -> tuple[Unit, ...]:
        found = []
        for node in self._captures.get("function", []):
            owner = next((one.name for one in self.classes if one.start <= node.start_byte < one.end), None)
            found.append(_unit(UnitKind.METHOD if owner else UnitKind.FUNCTION, node, owner))
        return _outermost(found)

    @cached_property
    def functions(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self._definitions if unit.kind is UnitKind.FUNCTION)

    @cached_property
    def methods(self) -> tuple[Unit, ...]:
        return tuple(unit for unit in self._definitions if unit.kind is UnitKind.METHOD)

    @cached_property
    def _all_loops(self) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
        outer: list[Unit] = []
        inner: list[Unit] = []
        for node in self._captures.get("loop", []):
            owner = next((f.name for f in self._definitions if f.start <= node.start_byte < f.end), None)
            mark = frozenset({node.type.split("_")[0]})
            unit = Unit(UnitKind.LOOP, "", node.start_byte, _end(node), mark, owner)
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
        brackets = any(self.plain.count(a) != self.plain.count(b) for a, b in _BRACKETS)
        return self._tree.root.has_error and (brackets or any(self.data.count(quotes) % 2 for quotes in _LONG_QUOTES))

    def shared_names(self) -> frozenset[str]:
        return self._module_names

    @cached_property
    def _module_names(self) -> frozenset[str]:
        found = set()
        for statement in self._tree.root.named_children:
            for node in statement.named_children if statement.type == "expression_statement" else ():
                left = node.child_by_field_name("left") if node.type == "assignment" else None
                if left is not None:
                    found |= {_text(child) for child in ([left] if left.type == "identifier" else left.named_children)}
        declared = re.findall(rb"^[ \t]+global[ \t]+([\w, \t]+)", self.plain, re.MULTILINE)
        return frozenset(found) | {name.strip().decode() for names in declared for name in names.split(b",")}

    def writes(self, unit: Unit, name: str) -> bool | None:
        uses = self.occurrences(unit, name)
        if not uses:
            return None
        code, word = self.plain[unit.start : unit.end], re.escape(name.encode())
        is_global = re.search(rb"^[ \t]*global\b[^\n]*\b" + word + rb"\b", code, re.MULTILINE) is not None
        assigned = (
            re.search(rb"(?<![\w.])" + word + rb"(?:[ \t]*,[ \t\w,]*)?[ \t]*(?:[+\-*/%&|^@]|//|\*\*|<<|>>)?=(?!=)", code)
            is not None
        )
        if not is_global and (assigned or self._is_parameter(code, word)):
            return None
        mutated = (
            re.search(rb"(?<![\w.])" + word + rb"(?:\[[^\n]*?\]|\.\w+)+[ \t]*(?:[+\-*/%&|^@]|//|\*\*)?=(?!=)", code) is not None
        )
        called = re.findall(rb"(?<![\w.])" + word + rb"(?:\[[^\]\n]*\])*\.(\w+)\(", code)
        removed = re.search(rb"\bdel[ \t]+" + word + rb"\b", code) is not None
        return (is_global and assigned) or mutated or removed or any(method.decode() in _MUTATES for method in called)

    @staticmethod
    def _is_parameter(code: bytes, word: bytes) -> bool:
        head = code.split(b":\n", 1)[0] if b":\n" in code else code[:200]
        declared = re.search(rb"def[ \t]+\w+[ \t]*\([^\n]*(?<![\w.])" + word + rb"\b", head) is not None
        return declared or re.search(rb"\bfor[ \t]+[\w, \t]*\b" + word + rb"\b[\w, \t]*[ \t]in\b", code) is not None

    @cached_property
    def imports(self) -> frozenset[str]:
        found = set()
        for match in _IMPORT.finditer(self.data):
            if match[1]:
                names = re.findall(rb"\w+", match[2])
                found |= {match[1].decode()} | {f"{match[1].decode().rstrip('.')}.{name.decode()}" for name in names}
            else:
                found |= {part.split()[0].decode() for part in match[3].split(b",") if part.split()}
        return frozenset(found)


def _text(node: Node) -> str:
    return node.text.decode(errors="replace") if node.text else ""


def _end(node: Node) -> int:
    """The end of its last statement, without the newline that the grammar sometimes counts in."""
    return node.start_byte + len((node.text or b"").rstrip())


def _unit(kind: UnitKind, node: Node, owner: str | None) -> Unit:
    outer = node.parent if node.parent is not None and node.parent.type == "decorated_definition" else node
    name = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    marks = frozenset({"async"} if (node.text or b"").startswith(b"async") else set())
    start_of_body = node.end_byte if body is None else body.start_byte
    return Unit(kind, "" if name is None else _text(name), outer.start_byte, _end(node), marks, owner, start_of_body)


def _outermost(units: list[Unit]) -> tuple[Unit, ...]:
    kept: list[Unit] = []
    for unit in units:
        if not kept or kept[-1].end <= unit.start:
            kept.append(unit)
    return tuple(kept)
