"""A syntax tree in plain Python objects, with the conditionals of the preprocessor resolved: what the replay walks over.

Tree-sitter's nodes are made anew at each access, too slow for a loop that is followed a hundred times. Limits: a conditional
whose value is not known in the file is taken as if its names were undefined (0), as a compiler without ``-D`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node as Parsed

_CONDITIONALS = frozenset({"preproc_if", "preproc_ifdef", "preproc_elif", "preproc_else", "preproc_elifdef"})
_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))")
_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_SAFE = re.compile(r"[\d\s()+\-*/%<>=!&|xXa-fA-F]*")
_KNOWN = {"MPI_VERSION": "4", "MPI_SUBVERSION": "0", "MPI_INCLUDED": "1"}
_MAX_DEPTH = 400


class Macros:
    """What is defined where: ``values`` of all macros, ``earlier`` names from other files, ``starts`` of this file's own."""

    def __init__(self, values: Mapping[str, str], earlier: frozenset[str], starts: Mapping[str, int]) -> None:
        self.values = values
        self._earlier = earlier
        self._starts = starts

    def has(self, name: str, offset: int) -> bool:
        """Whether a name is defined at ``offset``: a guard's own definition stands behind its ``#ifndef``."""
        own = self._starts.get(name)
        return name in _KNOWN or name == "_OPENMP" or name in self._earlier or (own is not None and own < offset)


class TooDeep(Exception):
    """The text nests deeper than a program does."""


class Node:
    """One named node: ``fields`` by the grammar's names, ``kids`` all named children but comments, in order."""

    __slots__ = ("_cache", "data", "end", "fields", "file", "kids", "line", "operator", "start", "type")

    def __init__(self, parsed: Parsed, data: bytes, file: str, line: int | None) -> None:
        self.type = parsed.type
        self.start = parsed.start_byte
        self.end = parsed.end_byte
        self.line = line or parsed.start_point[0] + 1
        self.data = data
        self.file = file
        self.fields: dict[str, Node] = {}
        self.kids: list[Node] = []
        self.operator = ""
        self._cache: dict[str, object] = {}

    @property
    def text(self) -> str:
        found = self._cache.get("text")
        if not isinstance(found, str):
            found = self.data[self.start : self.end].decode(errors="replace")
            self._cache["text"] = found
        return found

    @property
    def cache(self) -> dict[str, object]:
        """Facts that depend on this node alone, kept by whoever computes them."""
        return self._cache

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the text."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.kids))


def lower(parsed: Parsed, data: bytes, file: str, macros: Macros, line: int | None = None) -> Node:
    """The tree below ``parsed``. ``line`` gives every node that line, for text that a macro stands for. Raises ``TooDeep``."""
    return _lower(parsed, _Source(data, file, macros, line), 0)


@dataclass(frozen=True, slots=True)
class _Source:
    data: bytes
    file: str
    macros: Macros
    line: int | None


def _lower(parsed: Parsed, source: _Source, depth: int) -> Node:
    if depth > _MAX_DEPTH:
        raise TooDeep
    node = Node(parsed, source.data, source.file, source.line)
    for index, child in enumerate(parsed.children):
        field = parsed.field_name_for_child(index)
        if field == "operator":
            node.operator = child.type
        if not child.is_named or child.type == "comment":
            continue
        for kept in _resolved(child, source.data, source.macros):
            made = _lower(kept, source, depth + 1)
            node.kids.append(made)
            if field and field not in node.fields:
                node.fields[field] = made
    return node


def _resolved(parsed: Parsed, data: bytes, macros: Macros) -> Iterator[Parsed]:
    """The node itself, or what the conditional that it is leaves over."""
    if parsed.type not in _CONDITIONALS:
        yield parsed
        return
    alternative = parsed.child_by_field_name("alternative")
    if not _holds(parsed, data, macros):
        if alternative is not None:
            yield from _resolved(alternative, data, macros)
        return
    heads = {node.id for name in ("name", "condition") if (node := parsed.child_by_field_name(name)) is not None}
    for child in parsed.named_children:
        if child.id not in heads and child.type != "comment" and (alternative is None or child.id != alternative.id):
            yield from _resolved(child, data, macros)


def _holds(parsed: Parsed, data: bytes, macros: Macros) -> bool:
    if parsed.type == "preproc_else":
        return True
    if parsed.type in {"preproc_ifdef", "preproc_elifdef"}:
        name = parsed.child_by_field_name("name")
        defined = name is not None and macros.has(_text(name, data), parsed.start_byte)
        return defined != (b"ndef" in data[parsed.start_byte : parsed.start_byte + 12])
    condition = parsed.child_by_field_name("condition")
    return condition is not None and condition_holds(_text(condition, data), macros, parsed.start_byte)


def condition_holds(text: str, macros: Macros, offset: int) -> bool:
    """The value of a ``#if`` expression; False where it holds more than numbers and known names."""
    text = _DEFINED.sub(lambda match: str(int(macros.has(match[1] or match[2], offset))), text)
    for _ in range(4):
        text = _WORD.sub(lambda match: (macros.values.get(match[0]) or _KNOWN.get(match[0]) or "0") or "0", text)
    if not _SAFE.fullmatch(text) or not text.strip() or len(text) > 300:
        return False
    expression = re.sub(r"!(?!=)", " not ", text.replace("&&", " and ").replace("||", " or ")).replace("/", "//")
    expression = re.sub(r"\b0+(\d)", r"\1", expression)
    try:
        return bool(eval(expression, {"__builtins__": {}}))  # noqa: S307 - digits and operators only, checked above
    except (SyntaxError, ArithmeticError, TypeError, ValueError, MemoryError, RecursionError):
        return False


def _text(parsed: Parsed, data: bytes) -> str:
    return data[parsed.start_byte : parsed.end_byte].decode(errors="replace")
