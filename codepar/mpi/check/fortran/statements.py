"""Executable Fortran statements as nodes: blocks, branches and loops of C's grammar, Fortran's own where C has none.

Limits: jumps (``go to``, arithmetic ``if``, ``exit`` out of several loops) end a replay where they are reached; ``where`` and
``forall`` make unknown what they assign.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from codepar.mpi.check.fortran.declarations import starts_declaration
from codepar.mpi.check.fortran.expressions import Parser, Unreadable
from codepar.mpi.check.fortran.lines import Line, closes, is_assignment
from codepar.mpi.check.fortran.simple_statements import SimpleStatements
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.written import At, assignment, binary, block, call, name, number, statement, written

_IGNORED = frozenset(
    ["implicit", "format", "continue", "namelist", "external", "intrinsic", "save", "data", "equivalence", "entry", "private",
     "public", "optional", "intent", "allocatable", "target", "pointer", "contiguous", "volatile", "asynchronous", "import",
     "use", "procedure", "generic", "sequence", "open", "close", "rewind", "backspace", "endfile", "flush", "inquire", "nullify",
     "include", "value", "critical", "sync", "enum", "enumerator", "bind", "protected", "final", "parameter", "abstract"]
)  # fmt: skip


class Broken(Exception):
    """A construct is not closed, or another is."""


class Reader(SimpleStatements):
    """Reads the executable part of one procedure: ``lines`` from ``position`` on."""

    def __init__(self, lines: Sequence[Line], file: str) -> None:
        super().__init__(lines, file)
        self._labels: list[str] = []
        self._ended = ""

    def body(self, ends: Callable[[Line], bool], label: str = "") -> list[Node]:
        """Statements up to the line that ends them (not taken), or up to the statement with ``label`` (taken)."""
        found = list[Node]()
        while self.position < len(self.lines):
            line = self.lines[self.position]
            if ends(line) or closes(line):
                return found
            self.position += 1
            made = self._line(line)
            if made is not None:
                found.append(made)
            if label and label in {line.label, self._ended}:
                self._ended = label if label in self._labels[:-1] else ""
                return found
        return found

    def _end(self, ends: Callable[[Line], bool]) -> None:
        """Take the line that closes a construct; it may be missing."""
        if self.position >= len(self.lines) or not ends(self.lines[self.position]):
            raise Broken
        self.position += 1

    def _line(self, line: Line) -> Node | None:
        parser = Parser(line.tokens, self.file, line.number)
        try:
            return self._statement(parser, line)
        except Broken:
            return written("fortran_broken", line.text, self.at(line))
        except (Unreadable, IndexError):
            return written("fortran_unread", line.text, self.at(line))

    def _statement(self, parser: Parser, line: Line) -> Node | None:
        if is_assignment(line.tokens):
            return self._assignment(parser, line)
        named = ""
        if parser.kind() == "name" and parser.peek(1) == ":" and parser.kind(2) == "name":
            named = parser.take()
            parser.take(":")
        word = parser.peek()
        method = _STATEMENTS.get(word)
        if method is not None:
            return method(self, parser, line, named)
        if starts_declaration(parser):
            return self.declaration(parser, line)
        if word in _IGNORED or not word:
            return None
        raise Unreadable(word)

    def _assignment(self, parser: Parser, line: Line) -> Node:
        at = self.at(line)
        left = parser.primary()
        if parser.accept("=>"):
            right = parser.expression()
            return written("fortran_points", line.text, at, left=left, right=right)
        parser.take("=")
        right = parser.expression()
        if not parser.is_done:
            raise Unreadable(parser.peek())
        return statement(assignment(left, right, at), at)

    def _call(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        at = self.at(line)
        base = parser.primary_name()
        arguments = parser.arguments() if parser.peek() == "(" else []
        if base.type != "identifier":
            # A procedure of an object: nobody knows which.
            return statement(call("fortran_method", arguments, at, line.text), at)
        return statement(call(c_name(base.text), arguments, at, line.text), at)

    def _if(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        parser.take("(")
        condition = parser.expression()
        parser.take(")")
        at = self.at(line)
        if parser.peek() == "then" and parser.position == len(parser.tokens) - 1:
            yes = block(self.body(_ends_if), at)
            return written("if_statement", line.text, at, condition=condition, consequence=yes, alternative=self._else())
        if parser.kind() == "integer":
            return written("goto_statement", line.text, at)
        rest = Line(line.tokens[parser.position :], "", line.number, line.text)
        action = self._line(rest)
        return written("if_statement", line.text, at, condition=condition, consequence=block([action] if action else [], at))

    def _else(self) -> Node | None:
        if self.position >= len(self.lines) or not _ends_if(self.lines[self.position]):
            raise Broken
        line = self.lines[self.position]
        self.position += 1
        at = self.at(line)
        if line.head().startswith("end"):
            return None
        words = [token.text for token in line.tokens]
        skip = 2 if words[:2] == ["else", "if"] else 1 if words[:1] == ["elseif"] else 0
        if not skip:
            made = block(self.body(_ends_if), at)
            self._end(_ends_if)
            return made
        parser = Parser(line.tokens, self.file, line.number)
        parser.position = skip
        parser.take("(")
        condition = parser.expression()
        yes = block(self.body(_ends_if), at)
        return written("if_statement", line.text, at, condition=condition, consequence=yes, alternative=self._else())

    def _do(self, parser: Parser, line: Line, named: str) -> Node:
        parser.take()
        label = parser.take() if parser.kind() == "integer" else ""
        parser.accept(",")
        at = self.at(line)
        made = self._loop(parser, line, at)
        if label:
            self._labels.append(label)
            made_body = block(self.body(lambda one: False, label), at)
            self._labels.pop()
        else:
            made_body = block(self.body(_ends_do), at)
            self._end(_ends_do)
        made.fields["body"] = made_body
        made.kids.append(made_body)
        made.cache["name"] = named
        return made

    def _loop(self, parser: Parser, line: Line, at: At) -> Node:
        if parser.is_done:
            return written("while_statement", line.text, at, condition=number(1, at))
        if parser.peek() == "while":
            parser.take()
            parser.take("(")
            condition = parser.expression()
            return written("while_statement", line.text, at, condition=condition)
        if parser.peek() == "concurrent":
            return written("fortran_forget", line.text, at)
        variable = name(parser.take(), at)
        parser.take("=")
        first = parser.expression()
        parser.take(",")
        last = parser.expression()
        step = parser.expression() if parser.accept(",") else number(1, at)
        return _counted(variable, first, last, step, at)

    def _select(self, parser: Parser, line: Line, named: str) -> Node | None:
        parser.take()
        if not parser.accept("case"):
            raise Unreadable("select type")
        parser.take("(")
        subject = parser.expression()
        cases = list[tuple[Node | None, Node]]()
        while self.position < len(self.lines):
            head = self.lines[self.position]
            self.position += 1
            if head.head().startswith("endselect") or head.head(1) == "end":
                break
            if head.head(1) == "case" or head.head(1).startswith("casedefault"):
                condition = self._case(head, subject)
                cases.append((condition, block(self.body(_ends_case), self.at(head))))
        return _chain(cases, self.at(line), line.text)

    def _case(self, head: Line, subject: Node) -> Node | None:
        parser = Parser(head.tokens, self.file, head.number)
        parser.take()
        if parser.peek() != "(":
            return None
        at, joined = self.at(head), None
        for argument in parser.arguments():
            made = _fits(subject, argument, at)
            joined = made if joined is None else binary(joined, "||", made, at)
        return joined

    def _masked(self, parser: Parser, line: Line, named: str) -> Node:
        word = parser.take()
        parser.arguments()
        at = self.at(line)
        if parser.is_done:
            kids = self.body(lambda one: one.head().startswith(("end" + word, "elsewhere")) or one.head(1) == "end")
            self.position += 1
            return written("fortran_forget", line.text, at, *kids)
        rest = self._line(Line(line.tokens[parser.position :], "", line.number, line.text))
        return written("fortran_forget", line.text, at, *([rest] if rest else []))

    def _block(self, parser: Parser, line: Line, named: str) -> Node | None:
        """``block``, ``associate``, ``critical`` constructs; ``block data`` is none."""
        word = parser.take()
        at = self.at(line)
        aliases = list[Node]()
        if word == "associate":
            aliases = self._associated(parser, at)
        kids = self.body(lambda one: one.head().startswith("end" + word) or one.head() == "end")
        self.position += 1
        return block([*aliases, *kids], at)

    def _associated(self, parser: Parser, at: At) -> list[Node]:
        parser.take("(")
        found = list[Node]()
        while not parser.accept(")"):
            alias = name(parser.take(), at)
            parser.take("=>")
            found.append(written("fortran_alias", alias.text, at, alias=alias, value=parser.expression()))
            parser.accept(",")
        return found

    def _leave(self, parser: Parser, line: Line, named: str) -> Node:
        word = parser.take()
        kind = {"exit": "break_statement", "cycle": "continue_statement", "return": "return_statement"}[word]
        made = written(kind, line.text, self.at(line))
        made.cache["loop"] = parser.take() if word != "return" and parser.kind() == "name" else ""
        if made.cache["loop"]:
            return written("fortran_leaves", line.text, self.at(line), operator=kind, inner=made)
        return made

    def _stop(self, parser: Parser, line: Line, named: str) -> Node:
        at = self.at(line)
        return statement(call("exit", [], at, line.text), at)

    def _goto(self, parser: Parser, line: Line, named: str) -> Node:
        return written("goto_statement", line.text, self.at(line))

    def _error(self, parser: Parser, line: Line, named: str) -> Node | None:
        parser.take()
        return self._stop(parser, line, named) if parser.peek() == "stop" else None


def c_name(text: str) -> str:
    """``MPI_SEND`` as the C binding writes it; other names as they are."""
    if not re.match(r"P?MPIX?_", text):
        return text
    head, _, tail = text.partition("_")
    return f"{head.removeprefix('P')}_{tail[:1].upper()}{tail[1:].lower()}"


def _counted(variable: Node, first: Node, last: Node, step: Node, at: At) -> Node:
    down = step.text.startswith("-")
    move = assignment(variable, binary(variable, "+", step, at), at)
    return written(
        "for_statement",
        f"do {variable.text} = {first.text}, {last.text}",
        at,
        initializer=statement(assignment(variable, first, at), at),
        condition=binary(variable, ">=" if down else "<=", last, at),
        update=move,
    )


def _fits(subject: Node, argument: Node, at: At) -> Node:
    if argument.type != "fortran_range":
        return binary(subject, "==", argument, at)
    first, last = argument.fields.get("first"), argument.fields.get("last")
    parts = [binary(subject, ">=", first, at)] if first is not None else []
    parts += [binary(subject, "<=", last, at)] if last is not None else []
    return parts[0] if len(parts) == 1 else binary(parts[0], "&&", parts[1], at)


def _chain(cases: list[tuple[Node | None, Node]], at: At, text: str) -> Node | None:
    """An ``if`` for each case; the default last."""
    rest: Node | None = next((body for condition, body in cases if condition is None), None)
    for condition, body in reversed(cases):
        if condition is not None:
            rest = written("if_statement", text, at, condition=condition, consequence=body, alternative=rest)
    return rest


def _ends_if(line: Line) -> bool:
    return line.head().startswith("endif") or (line.head(1) in {"else", "elseif"}) or line.head(1) == "endif"


def _ends_do(line: Line) -> bool:
    return line.head().startswith("enddo")


def _ends_case(line: Line) -> bool:
    return (line.head(1) == "case" and line.head() != "case=") or line.head().startswith("endselect")


_STATEMENTS: dict[str, Callable[[Reader, Parser, Line, str], Node | None]] = {
    "call": Reader._call,
    "if": Reader._if,
    "do": Reader._do,
    "select": Reader._select,
    "where": Reader._masked,
    "forall": Reader._masked,
    "block": Reader._block,
    "associate": Reader._block,
    "print": Reader._print,
    "write": Reader._print,
    "read": Reader._read,
    "allocate": Reader._allocate,
    "deallocate": Reader._allocate,
    "exit": Reader._leave,
    "cycle": Reader._leave,
    "return": Reader._leave,
    "stop": Reader._stop,
    "error": Reader._error,
    "goto": Reader._goto,
    "go": Reader._goto,
    "dimension": Reader._dimension,
    "common": Reader._common,
    "parameter": Reader._parameter,
    "type": Reader._type,
    "interface": Reader._interface,
    "abstract": Reader._interface,
}
"""By the first word."""
