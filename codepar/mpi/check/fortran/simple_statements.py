"""Fortran statements that stand for themselves: declarations, input and output, allocation, common blocks, types.

Limits: what ``write`` puts into a variable, and ``read`` into any, is unknown; formats are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from codepar.mpi.check.fortran.declarations import declared, dimensions, starts_declaration
from codepar.mpi.check.fortran.expressions import Parser, Unreadable
from codepar.mpi.check.fortran.lines import Line
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.written import At, assignment, block, call, name, statement, written


class SimpleStatements:
    """Reads statements without parts; ``lines`` from ``position`` on."""

    def __init__(self, lines: Sequence[Line], file: str) -> None:
        self.lines, self.position, self.file = lines, 0, file

    def at(self, line: Line) -> At:
        return At(self.file, line.number, line.tokens[0].start if line.tokens else 0)

    def declaration(self, parser: Parser, line: Line) -> Node:
        made = written("declaration", line.text, self.at(line))
        made.cache["entities"] = declared(parser, line.number)
        return made

    def _print(self, parser: Parser, line: Line, named: str) -> Node:
        word = parser.take()
        at, targets = self.at(line), list[Node]()
        if word == "write":
            control = parser.arguments()
            if control and control[0].type in {"identifier", "fortran_reference"}:
                targets = [control[0]]
        else:
            while not parser.is_done and not parser.accept(","):
                parser.take()
        printed = call("printf", self._items(parser), at, line.text)
        if not targets:
            return statement(printed, at)
        return block([statement(printed, at), written("fortran_reads", line.text, at, *targets)], at)

    def _items(self, parser: Parser) -> list[Node]:
        found = list[Node]()
        try:
            while not parser.is_done:
                found.append(parser.expression())
                if not parser.accept(","):
                    break
        except Unreadable:
            return []  # an implied loop
        return found

    def _read(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        at = self.at(line)
        if parser.peek() == "(":
            parser.arguments()
        else:
            while not parser.is_done and not parser.accept(","):
                parser.take()
        items = self._items(parser)
        if not items and not parser.is_done:
            names = {token.text: token for token in parser.tokens[parser.position :] if token.kind == "name"}
            items = [name(text, at) for text in names]
        return written("fortran_reads", line.text, at, *items)

    def _allocate(self, parser: Parser, line: Line, named: str) -> Node:
        word = parser.take()
        arguments = parser.arguments()
        return written(f"fortran_{word}", line.text, self.at(line), *arguments)

    def _dimension(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        parser.accept("::")
        made = written("fortran_dimension", line.text, self.at(line))
        shapes = dict[str, object]()
        while parser.kind() == "name":
            entity = parser.take()
            shapes[entity] = dimensions(parser)
            parser.accept(",")
        made.cache["shapes"] = shapes
        return made

    def _common(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        made = written("fortran_common", line.text, self.at(line))
        blocks, current = list[tuple[str, str, object]](), ""
        while not parser.is_done:
            if parser.accept("//"):
                current = ""
            elif parser.accept("/"):
                current = parser.take()
                parser.take("/")
            entity = parser.take()
            blocks.append((current, entity, dimensions(parser) if parser.peek() == "(" else None))
            parser.accept(",")
        made.cache["members"] = blocks
        return made

    def _type(self, parser: Parser, line: Line, named: str) -> Node | None:
        """The definition of a type: its components."""
        if starts_declaration(parser):
            return self.declaration(parser, line)
        made = written("fortran_type", line.text, self.at(line))
        members = list[object]()
        while self.position < len(self.lines):
            inner = self.lines[self.position]
            self.position += 1
            if inner.head() in {"endtype", "end"} or inner.head(1) == "endtype":
                break
            reading = Parser(inner.tokens, self.file, inner.number)
            if starts_declaration(reading):
                members += declared(reading, inner.number)
        made.cache["name"], made.cache["members"] = line.tokens[-1].text, members
        return made

    def _interface(self, parser: Parser, line: Line, named: str) -> None:
        while self.position < len(self.lines):
            self.position += 1
            if (
                self.lines[self.position - 1].head() in {"endinterface"}
                or self.lines[self.position - 1].head(1) == "endinterface"
            ):
                return

    def _parameter(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        at = self.at(line)
        kids = [
            statement(assignment(one.fields["keyword"], one.fields["value"], at), at)
            for one in parser.arguments()
            if one.type == "fortran_keyword"
        ]
        return block(kids, at)
