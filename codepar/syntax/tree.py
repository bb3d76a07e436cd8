"""Views of one parsed C or C++ file: functions, calls, statements, names in scope, errors. Lines are 1-based, spans are bytes.

Limits: macros are not expanded and headers not read; where the preprocessor splits a construct the tree holds error nodes,
and the views show what could be parsed around them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from tree_sitter import Node, Query, QueryCursor

from codepar.syntax.language import Language, grammar_of, language_of, parser_of
from codepar.syntax.lexis import Lexis
from codepar.syntax.variables import ScopedVariable, Variable, read_declarator, text_of, variables_of

_CONSTANT = re.compile(r"^(\w+)[ \t]+(.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``start`` to ``end`` of a file."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body. ``body_first_line`` and ``last_line`` are those of its braces."""

    name: str
    span: Span
    first_line: int
    body_first_line: int
    last_line: int
    parameters: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call. ``function`` is the text of what is called; ``is_statement`` when the call is a statement of its own."""

    function: str
    arguments: tuple[str, ...]
    span: Span
    first_line: int
    last_line: int
    is_statement: bool


@dataclass(frozen=True, slots=True)
class Constant:
    """A macro without parameters or an enumerator, with the text of its value (empty for an enumerator without one)."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class ParseError:
    """A place that the grammar could not read."""

    line: int
    column: int
    message: str


@cache
def _query(language: Language, pattern: str) -> Query:
    return Query(grammar_of(language), pattern)


class SyntaxTree:
    """The parsed text. Build it with ``parse``."""

    def __init__(self, text: str, language: Language) -> None:
        self.text = text
        self.language = language
        self.data = text.encode()
        self.root: Node = parser_of(language).parse(self.data).root_node

    @cached_property
    def lexis(self) -> Lexis:
        """Comments, strings, directives and brackets of the same bytes."""
        return Lexis(self.data, self.language)

    @cached_property
    def line_count(self) -> int:
        """Lines of the text; a last line without newline counts."""
        return self.data.count(b"\n") + (not self.data.endswith(b"\n") and bool(self.data))

    def capture(self, pattern: str) -> list[Node]:
        """The nodes that a query names ``@it``, in the order of the file."""
        captures = QueryCursor(_query(self.language, pattern)).captures(self.root)
        return sorted(captures.get("it", []), key=lambda node: (node.start_byte, -node.end_byte))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        return tuple(found for node in self.capture("(function_definition) @it") if (found := self._function(node)))

    def _function(self, node: Node) -> Function | None:
        declarator, body = node.child_by_field_name("declarator"), node.child_by_field_name("body")
        if declarator is None or body is None:
            return None
        return Function(
            name=_declared_name(declarator),
            span=Span(node.start_byte, node.end_byte),
            first_line=node.start_point[0] + 1,
            body_first_line=body.start_point[0] + 1,
            last_line=node.end_point[0] + 1,
            parameters=tuple(
                scoped.variable
                for scoped in self._scoped_variables
                if scoped.variable.is_parameter
                and scoped.end == node.end_byte
                and node.start_byte < scoped.start < body.start_byte
            ),
        )

    def function_at(self, line: int) -> Function | None:
        """The innermost function whose lines hold ``line``."""
        holding = [function for function in self.functions if function.first_line <= line <= function.last_line]
        return max(holding, key=lambda function: function.first_line, default=None)

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        return tuple(_call(node) for node in self.capture("(call_expression) @it"))

    @cached_property
    def statements(self) -> tuple[Span, ...]:
        """The statements directly inside a block, in the order of the file; between two of them a statement can be put."""
        return tuple(
            Span(child.start_byte, child.end_byte)
            for block in self.capture("(compound_statement) @it")
            for child in block.named_children
            if child.type not in {"comment", "ERROR"}
        )

    @cached_property
    def _scoped_variables(self) -> tuple[ScopedVariable, ...]:
        pattern = "[(declaration) (parameter_declaration)] @it"
        if self.language is not Language.C:
            pattern = "[(declaration) (parameter_declaration) (optional_parameter_declaration) (for_range_loop)] @it"
        return tuple(scoped for node in self.capture(pattern) for scoped in variables_of(node))

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """All variables of the file, parameters and those of inner blocks included."""
        return tuple(scoped.variable for scoped in self._scoped_variables)

    def variables_after(self, line: int) -> tuple[Variable, ...]:
        """The variables that a statement put after ``line`` (0: before the first) may use; of one name the innermost."""
        return self.variables_at(self.offset_after(line))

    def variables_at(self, offset: int) -> tuple[Variable, ...]:
        """The variables that code at a byte may use; of one name the innermost."""
        visible = {s.variable.name: s.variable for s in self._scoped_variables if s.start <= offset < s.end}
        return tuple(visible.values())

    def constants_after(self, line: int) -> tuple[Constant, ...]:
        """The macros without parameters and the enumerators declared up to ``line``."""
        return tuple(constant for constant in self._constants if constant.line <= line)

    @cached_property
    def _constants(self) -> tuple[Constant, ...]:
        macros = [
            Constant(match[1], match[2].strip(), self.lexis.line_at(directive.start))
            for directive in self.lexis.directives
            if directive.name == "define" and (match := _CONSTANT.match(directive.argument))
        ]
        enumerators = [
            Constant(
                text_of(node.child_by_field_name("name")), text_of(node.child_by_field_name("value")), node.start_point[0] + 1
            )
            for node in self.capture("(enumerator) @it")
        ]
        return tuple(sorted(macros + enumerators, key=lambda constant: constant.line))

    def offset_after(self, line: int) -> int:
        """The byte at which the line after ``line`` begins; the end of the text for its last line."""
        if line <= 0:
            return 0
        return self._line_ends[line - 1] if line <= len(self._line_ends) else len(self.data)

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.end() for match in re.finditer(rb"\n", self.data)]

    @cached_property
    def errors(self) -> tuple[ParseError, ...]:
        """The outermost places that could not be parsed, and what is missing, in the order of the file."""
        return tuple(_parse_error(node) for node in self.error_nodes)

    @cached_property
    def error_nodes(self) -> tuple[Node, ...]:
        """The outermost error nodes and the nodes of missing tokens."""
        return tuple(_error_nodes(self.root)) if self.root.has_error else ()


def parse(text: str, language: Language | None = None, path: str | None = None) -> SyntaxTree:
    """Parse ``text``; without ``language`` it is told from ``path`` or the text itself. Never fails: see ``errors``."""
    return SyntaxTree(text, language or language_of(path, text))


def _error_nodes(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_error or node.is_missing:
            yield node
        elif node.has_error:
            pending.extend(reversed(node.children))


def _parse_error(node: Node) -> ParseError:
    line, column = node.start_point[0] + 1, node.start_point[1] + 1
    if node.is_missing:
        return ParseError(line, column, f"`{node.type}` is missing")
    shown = text_of(node).strip().split("\n", 1)[0][:40]
    return ParseError(line, column, f"cannot be parsed: {shown!r}")


def _declared_name(declarator: Node) -> str:
    """``main`` of a plain function, ``A::b`` of a method defined outside its class."""
    node: Node | None = declarator
    while node is not None and node.type in {"function_declarator", "pointer_declarator", "reference_declarator"}:
        node = node.child_by_field_name("declarator") or (node.named_children[-1] if node.named_children else None)
    found = read_declarator(declarator)
    return found.name if found else text_of(node)


def _call(node: Node) -> Call:
    arguments = node.child_by_field_name("arguments")
    named = arguments.named_children if arguments is not None else []
    parent = node.parent
    return Call(
        function=text_of(node.child_by_field_name("function")),
        arguments=tuple(text_of(child) for child in named if child.type != "comment"),
        span=Span(node.start_byte, node.end_byte),
        first_line=node.start_point[0] + 1,
        last_line=node.end_point[0] + 1,
        is_statement=parent is not None and parent.type == "expression_statement",
    )
