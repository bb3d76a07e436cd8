"""The functions of a program in one layout, one statement a line, with the sites where an MPI call may be missing.

What a site scorer is trained on and asked with: however a person lays a program out, it sees the same text. Comments go, white
space runs become one blank, a declaration of several names becomes several lines, every brace stands alone, holes read `MPI_()`.
Limits: function bodies alone, no globals and no directives outside them; nesting deeper than `_MAX_DEPTH` stays on one line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from tree_sitter import Node

from codepar.mpi.holes import HOLE
from codepar.syntax.tree import SyntaxTree

HOLE_TEXT = "MPI_()"
_MAX_DEPTH = 60
_LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "switch_statement", "for_range_loop"})
_BRANCHES = frozenset({"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef"})
_HOLE = re.compile(HOLE.pattern.encode())
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a call may be missing: before line ``line`` (0-based) of the outline, or in hole number ``hole`` of that line.

    ``start`` is the byte of the program at which the statement after the site, or the hole, begins.
    """

    line: int
    start: int
    hole: int | None = None


@dataclass(slots=True)
class Outline:
    """One function, bytes ``start`` to ``end`` of the program. ``lines`` are indented by two blanks a level, no line ends."""

    name: str
    start: int
    end: int
    lines: list[str] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)


def outlines(tree: SyntaxTree) -> list[Outline]:
    """The outlines of all functions with a body, in the order of the file."""
    opaque = _Opaque(tree)
    found, end = [], 0
    for node in tree.capture("(function_definition) @it"):
        body = node.child_by_field_name("body")
        # What stands inside another function is part of that function's outline.
        if body is not None and body.type == "compound_statement" and node.start_byte >= end:
            found.append(_Writer(tree, opaque).function(node, body))
            end = node.end_byte
    return found


class _Opaque:
    """The comments and holes of a program, by place."""

    def __init__(self, tree: SyntaxTree) -> None:
        self.holes = [(match.start(), match.end()) for match in _HOLE.finditer(tree.data)]
        comments = [(node.start_byte, node.end_byte) for node in tree.capture("(comment) @it")]
        self._spans = sorted(
            [(*span, True) for span in self.holes] + [(*span, False) for span in comments if not self._in_hole(span)]
        )

    def _in_hole(self, span: tuple[int, int]) -> bool:
        index = bisect_left(self.holes, (span[0] + 1, 0)) - 1
        return index >= 0 and span[1] <= self.holes[index][1]

    def within(self, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        """The spans from ``start`` to ``end``; the last member tells a hole from a comment."""
        for index in range(bisect_left(self._spans, (start, 0, False)), len(self._spans)):
            if self._spans[index][0] >= end:
                return
            yield self._spans[index]


class _Writer:
    """Writes one function into its outline."""

    def __init__(self, tree: SyntaxTree, opaque: _Opaque) -> None:
        self._data = tree.data
        self._opaque = opaque
        self._outline = Outline("", 0, 0)

    def function(self, node: Node, body: Node) -> Outline:
        """The outline of a function definition."""
        declarator = node.child_by_field_name("declarator")
        self._outline.start, self._outline.end = node.start_byte, node.end_byte
        self._outline.name = self._text(declarator.start_byte, declarator.end_byte)[0] if declarator else ""
        self._line(node.start_byte, body.start_byte, 0, is_site=False)
        self._block(body, 0, is_site=False)
        return self._outline

    def _text(self, start: int, end: int) -> tuple[str, list[int]]:
        """The text from ``start`` to ``end`` in the one layout, and where its holes begin."""
        parts, holes, position = list[str](), list[int](), start
        for first, last, is_hole in self._opaque.within(start, end):
            parts += [self._data[position:first].decode("utf-8", "replace"), HOLE_TEXT if is_hole else " "]
            holes += [first] if is_hole else []
            position = last
        parts.append(self._data[position:end].decode("utf-8", "replace"))
        return _SPACE.sub(" ", "".join(parts)).strip(), holes

    def _line(self, start: int, end: int, depth: int, *, is_site: bool) -> None:
        text, holes = self._text(start, end)
        self._add(text, holes, depth, start if is_site else None)

    def _add(self, text: str, holes: list[int], depth: int, site: int | None) -> None:
        number = len(self._outline.lines)
        self._outline.lines.append("  " * depth + text)
        if site is not None:
            self._outline.sites.append(Site(number, site))
        self._outline.sites += [Site(number, hole, index) for index, hole in enumerate(holes)]

    def _block(self, node: Node, depth: int, *, is_site: bool) -> None:
        self._line(node.start_byte, node.start_byte + 1, depth, is_site=is_site)
        for child in node.children:
            if child.type not in {"{", "}"}:
                self._statement(child, depth + 1, is_site=True)
        closing = node.children[-1] if node.children and node.children[-1].type == "}" else None
        if closing is not None:
            self._line(closing.start_byte, closing.end_byte, depth, is_site=True)

    def _body(self, node: Node | None, depth: int) -> None:
        if node is not None and node.type == "compound_statement":
            self._block(node, depth, is_site=False)
        elif node is not None:
            self._statement(node, depth + 1, is_site=False)

    def _statement(self, node: Node, depth: int, *, is_site: bool) -> None:
        if node.type == "comment":
            return
        if depth <= _MAX_DEPTH and self._compound(node, depth, is_site):
            return
        self._line(node.start_byte, node.end_byte, depth, is_site=is_site)

    def _compound(self, node: Node, depth: int, is_site: bool) -> bool:
        """Write a statement that takes several lines; False where it takes one."""
        kind = node.type
        if kind == "compound_statement":
            self._block(node, depth, is_site=is_site)
        elif kind == "if_statement":
            return self._if(node, depth, is_site)
        elif kind in _LOOPS:
            return self._loop(node, depth, is_site)
        elif kind in {"case_statement", "labeled_statement"}:
            return self._labelled(node, depth, is_site and kind == "labeled_statement")
        elif kind == "try_statement":
            return self._try(node, depth, is_site)
        elif kind in _BRANCHES:
            self._branch(node, depth, is_site)
        elif kind == "declaration":
            return self._declaration(node, depth, is_site)
        else:
            return False
        return True

    def _if(self, node: Node, depth: int, is_site: bool) -> bool:
        then, otherwise = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
        if then is None:
            return False
        self._line(node.start_byte, then.start_byte, depth, is_site=is_site)
        self._body(then, depth)
        if otherwise is not None:
            self._line(otherwise.start_byte, otherwise.start_byte + len("else"), depth, is_site=False)
            self._body(next((child for child in otherwise.named_children if child.type != "comment"), None), depth)
        return True

    def _loop(self, node: Node, depth: int, is_site: bool) -> bool:
        body = node.child_by_field_name("body")
        if body is None:
            return False
        self._line(node.start_byte, body.start_byte, depth, is_site=is_site)
        self._body(body, depth)
        if node.type == "do_statement" and body.end_byte < node.end_byte:
            self._line(body.end_byte, node.end_byte, depth, is_site=False)
        return True

    def _labelled(self, node: Node, depth: int, is_site: bool) -> bool:
        colon = next((child for child in node.children if child.type == ":"), None)
        if colon is None:
            return False
        self._line(node.start_byte, colon.end_byte, depth, is_site=is_site)
        in_switch = node.type == "case_statement"
        for child in node.named_children:
            if child.start_byte >= colon.end_byte:
                self._statement(child, depth + in_switch, is_site=in_switch)
        return True

    def _try(self, node: Node, depth: int, is_site: bool) -> bool:
        body = node.child_by_field_name("body")
        if body is None:
            return False
        self._line(node.start_byte, body.start_byte, depth, is_site=is_site)
        self._body(body, depth)
        for clause in node.named_children:
            caught = clause.child_by_field_name("body") if clause.type == "catch_clause" else None
            if caught is not None:
                self._line(clause.start_byte, caught.start_byte, depth, is_site=False)
                self._body(caught, depth)
        return True

    def _branch(self, node: Node, depth: int, is_site: bool) -> None:
        """A directive with the statements under it, each on its line."""
        newline = self._data.find(b"\n", node.start_byte)
        first_end = node.end_byte if newline < 0 else min(newline, node.end_byte)
        self._line(node.start_byte, first_end, depth, is_site=is_site)
        for child in node.children:
            if child.type == "#endif":
                self._line(child.start_byte, child.end_byte, depth, is_site=True)
            elif child.start_byte >= first_end:
                self._statement(child, depth, is_site=True)

    def _declaration(self, node: Node, depth: int, is_site: bool) -> bool:
        """A declaration of several names as several; of those only the first is a site."""
        declarators = node.children_by_field_name("declarator")
        if len(declarators) < 2:
            return False
        shared, _ = self._text(node.start_byte, declarators[0].start_byte)
        for index, declarator in enumerate(declarators):
            text, holes = self._text(declarator.start_byte, declarator.end_byte)
            site = node.start_byte if is_site and index == 0 else None
            self._add(f"{shared} {text};", holes, depth, site)
        return True


@dataclass(frozen=True)
class LineIndex:
    """Which line a byte of a program lies on."""

    data: bytes

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer(rb"\n", self.data))]

    def line_of(self, offset: int) -> int:
        """The 1-based line."""
        return bisect_left(self._starts, offset + 1)

    def begins_line(self, offset: int) -> bool:
        """Whether only blanks stand before ``offset`` on its line."""
        return not self.data[self._starts[self.line_of(offset) - 1] : offset].strip()
