"""Fortran expressions as nodes: C's where both mean the same, ``fortran_...`` where they do not.

``fortran_reference`` is ``name(...)``: an element, a section or a function, which only declarations tell apart. Limits: defined
operators give an unknown; strings are not computed.
"""

from __future__ import annotations

from collections.abc import Sequence

from codepar.mpi.check.fortran.tokens import Token
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.written import At, binary, name, written

_LEVELS = {
    "||": 2,
    "&&": 3,
    "==": 5,
    "/=": 5,
    "<": 5,
    "<=": 5,
    ">": 5,
    ">=": 5,
    "//": 6,
    "+": 7,
    "-": 7,
    "*": 8,
    "/": 8,
    "**": 10,
}
_NOT, _SIGN = 4, 7
_C_NAMES = {"/=": "!="}
_MAX_DEPTH = 60


class Unreadable(Exception):
    """The tokens are no expression."""


class Parser:
    """Reads one statement's tokens from the left."""

    def __init__(self, listed: Sequence[Token], file: str, line: int) -> None:
        self.tokens, self.position, self._file, self._line = listed, 0, file, line
        self._depth = 0

    @property
    def at(self) -> At:
        start = self.tokens[min(self.position, len(self.tokens) - 1)].start if self.tokens else 0
        return At(self._file, self._line, start)

    def peek(self, ahead: int = 0) -> str:
        index = self.position + ahead
        return self.tokens[index].text if index < len(self.tokens) else ""

    def kind(self, ahead: int = 0) -> str:
        index = self.position + ahead
        return self.tokens[index].kind if index < len(self.tokens) else ""

    def take(self, text: str = "") -> str:
        """The next token's text; it must be ``text`` where that is given."""
        found = self.peek()
        if not found or (text and found != text):
            raise Unreadable(text)
        self.position += 1
        return found

    def accept(self, text: str) -> bool:
        if self.peek() == text:
            self.position += 1
            return True
        return False

    @property
    def is_done(self) -> bool:
        return self.position >= len(self.tokens)

    def expression(self, level: int = 0) -> Node:
        """An expression whose operators bind at least as strongly as ``level``."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Unreadable("nested too deeply")
        try:
            return self._expression(level)
        finally:
            self._depth -= 1

    def _expression(self, level: int) -> Node:
        at = self.at
        if self.accept("!"):
            left: Node = self._unary("!", self.expression(_NOT), at)
        elif self.peek() in {"-", "+"}:
            left = self._unary(self.take(), self.expression(_SIGN + 1), at)
        else:
            left = self.primary()
        while True:
            sign = self.peek()
            strength = _LEVELS.get(sign) if self.kind() == "operator" else None
            if strength is None or strength < level:
                return left
            self.take()
            right = self.expression(strength if sign == "**" else strength + 1)
            left = self._joined(left, sign, right, at)

    def _unary(self, sign: str, operand: Node, at: At) -> Node:
        return written("unary_expression", f"{sign}{operand.text}", at, operator=sign, argument=operand)

    def _joined(self, left: Node, sign: str, right: Node, at: At) -> Node:
        if sign in {"**", "//"}:
            kind = "fortran_power" if sign == "**" else "fortran_text"
            return written(kind, f"{left.text}{sign}{right.text}", at, left=left, right=right)
        return binary(left, _C_NAMES.get(sign, sign), right, at)

    def primary(self) -> Node:
        at, kind = self.at, self.kind()
        if kind == "integer":
            text = self.take().partition("_")[0]
            return written("number_literal", text.lstrip("0") or "0", at)
        if kind == "real":
            return self._real(at)
        if kind == "string":
            return written("string_literal", self.take(), at)
        if kind == "name":
            return self._designator(at)
        return self._bracketed(at)

    def _real(self, at: At) -> Node:
        text = self.take()
        digits = text.partition("_")[0].replace("d", "e").replace("q", "e")
        made = written("number_literal", digits if "." in digits or "e" in digits else digits + ".0", at)
        made.cache["kind"] = "double" if "d" in text.partition("_")[0] else text.partition("_")[2]
        return made

    def _bracketed(self, at: At) -> Node:
        if self.accept("("):
            inner = self.expression()
            if self.accept(","):  # a complex number
                self.expression()
                self.take(")")
                return written("fortran_complex", inner.text, at)
            self.take(")")
            return written("parenthesized_expression", f"({inner.text})", at, inner)
        if self.peek() in {"[", "(/"}:
            closing = {"[": "]", "(/": "/)"}[self.take()]
            return self._constructor(at, closing)
        word = self.peek()
        if word in {".true.", ".false."}:
            return written("true" if self.take() == ".true." else "false", word, at)
        raise Unreadable(word)

    def _constructor(self, at: At, closing: str) -> Node:
        kids = list[Node]()
        if "::" in [token.text for token in self.tokens[self.position :]]:
            while self.peek() != "::" and self.kind() in {"name", "operator", "integer"} and self.peek() != closing:
                self.take()
            self.accept("::")
        while self.peek() != closing:
            kids.append(self._constructed())
            if not self.accept(","):
                break
        self.take(closing)
        return written("fortran_array", "[...]", at, *kids)

    def _constructed(self) -> Node:
        """An element; an implied loop is not computed."""
        if self.peek() != "(":
            return self.expression()
        mark, depth = self.position, 0
        while not self.is_done:
            depth += (self.peek() == "(") - (self.peek() == ")")
            if depth == 1 and self.peek() == "=":
                return self._skipped(mark)
            self.take()
            if depth == 0:
                break
        self.position = mark
        return self.expression()

    def _skipped(self, mark: int) -> Node:
        self.position, at, depth = mark, self.at, 0
        while True:
            depth += (self.peek() == "(") - (self.peek() == ")")
            self.take()
            if depth == 0:
                return written("fortran_unknown", "(...)", at)

    def _designator(self, at: At) -> Node:
        node: Node = name(self.take(), at)
        while True:
            if self.peek() == "(":
                node = self._reference(node, at)
            elif self.peek() == "%" and self.kind(1) == "name":
                self.take()
                member = name(self.take(), at)
                node = written("fortran_member", f"{node.text}%{member.text}", at, argument=node, field=member)
            elif self.peek() == "[":  # the image of a coarray
                raise Unreadable("[")
            else:
                return node

    def primary_name(self) -> Node:
        """A name with members, without parentheses behind it."""
        at = self.at
        node: Node = name(self.take(), at)
        while self.accept("%"):
            member = name(self.take(), at)
            node = written("fortran_member", f"{node.text}%{member.text}", at, argument=node, field=member)
        return node

    def _reference(self, base: Node, at: At) -> Node:
        arguments = self.arguments()
        text = f"{base.text}({', '.join(one.text for one in arguments)})"
        listed = written("argument_list", text, at, *arguments)
        # A call by name for those who look for calls; the machine tells what it is.
        function = base if base.type == "identifier" else None
        return written("fortran_reference", text, at, function=function, base=base, arguments=listed)

    def arguments(self) -> list[Node]:
        """``(a, b=c, 1:n, :)``, the parentheses included."""
        self.take("(")
        found = list[Node]()
        while self.peek() != ")":
            found.append(self._argument())
            if not self.accept(","):
                break
        self.take(")")
        return found

    def _argument(self) -> Node:
        at = self.at
        if self.kind() == "name" and self.peek(1) == "=":
            keyword = name(self.take(), at)
            self.take("=")
            value = self._argument()
            return written("fortran_keyword", f"{keyword.text}={value.text}", at, keyword=keyword, value=value)
        if self.accept("*"):
            return written("fortran_unknown", "*", at)
        first = None if self.peek() in {":", "::"} else self.expression()
        if self.peek() not in {":", "::"}:
            if first is None:
                raise Unreadable("")
            return first
        return self._range(first, at)

    def _range(self, first: Node | None, at: At) -> Node:
        doubled = self.take() == "::"
        last = None if doubled or self.peek() in {":", ",", ")"} else self.expression()
        step = self.expression() if doubled or self.accept(":") else None
        shown = ":".join(part.text if part is not None else "" for part in (first, last, step)[: 3 if step else 2])
        return written("fortran_range", shown, at, first=first, last=last, step=step)
