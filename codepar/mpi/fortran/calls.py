"""Find the MPI calls of a Fortran program: ``call MPI_...`` statements and the few functions that are used for their value.

Limits: a procedure whose name begins with ``mpi_`` and that no MPI has is left alone, and said; so is one that the file itself
defines. What a preprocessor macro expands to is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.mpi.calls import Form, FoundCall, FoundCalls
from codepar.mpi.fortran.names import FUNCTIONS, PROCEDURES
from codepar.mpi.stripped import Refusal
from codepar.syntax.fortran import FortranText, Statement

_CALL = re.compile(rb"call[ \t]+(?P<name>p?mpix?_\w+)[ \t]*(?P<open>\()?", re.IGNORECASE)
_IF = re.compile(rb"(?:\w+[ \t]*:[ \t]*)?(?:else[ \t]*)?if[ \t]*(?P<open>\()", re.IGNORECASE)
_FUNCTION = re.compile(rb"(?<![\w%])(?P<name>p?mpi_(?:" + "|".join(FUNCTIONS).encode() + rb"))[ \t]*(?P<open>\()", re.IGNORECASE)
_DEFINED = re.compile(rb"\b(?:subroutine|function|interface|entry)[ \t]+(p?mpix?_\w+)", re.IGNORECASE)
_DIRECTIVE_CALL = re.compile(rb"\bcall[ \t]+(p?mpix?_\w+)", re.IGNORECASE)
_PREFIX = re.compile(r"p?mpix?_")
_BLANKS = re.compile(rb"[ \t]+")


def find_calls(view: FortranText) -> FoundCalls:
    """The outermost calls in their order; what only looks like a call; what is one but cannot be taken out."""
    own = {name.lower() for name in _DEFINED.findall(view.code)}
    calls, not_calls, impossible = list[FoundCall](), list[Refusal](), list[Refusal]()
    for statement in view.statements:
        for found in _in_statement(view, statement):
            line = view.line_at(found.start)
            why_not = _why_no_call(view, found, own)
            problem = _why_impossible(view, found, statement)
            if why_not is not None:
                not_calls.append(Refusal(line=line, reason=f"{found.function} {why_not}"))
            elif problem is not None:
                impossible.append(Refusal(line=line, reason=f"{found.function}: {problem}"))
            else:
                calls.append(found)
    not_calls += _in_directives(view)
    return FoundCalls(tuple(calls), tuple(not_calls), tuple(impossible))


def _in_statement(view: FortranText, statement: Statement) -> Iterator[FoundCall]:
    """The call that the statement is or ends in, and the functions used in it otherwise."""
    start = _action(view, statement)
    match = _CALL.match(view.code, start, statement.end)
    if match is not None:
        form = Form.BODY if start > statement.start or statement.labelled else Form.STATEMENT
        yield _call(view, match, statement, start, form)
    for used in _FUNCTION.finditer(view.code, statement.start, start if match else statement.end):
        closing = view.closing(used.start("open"), statement.end)
        end = statement.end if closing is None else closing + 1
        arguments = _arguments(view, used.start("open"), closing)
        yield FoundCall(used.start(), end, used["name"].decode(), arguments, Form.VALUE, None, False)


def _action(view: FortranText, statement: Statement) -> int:
    """Where the statement that is executed begins: behind the condition of a one-line ``if``."""
    match = _IF.match(view.code, statement.start, statement.end)
    closing = view.closing(match.start("open"), statement.end) if match else None
    if closing is None:
        return statement.start
    rest = view.code[closing + 1 : statement.end]
    return statement.end - len(rest.lstrip())


def _call(view: FortranText, match: re.Match[bytes], statement: Statement, start: int, form: Form) -> FoundCall:
    opening = match.start("open")
    closing = view.closing(opening, statement.end) if opening >= 0 else None
    arguments = _arguments(view, opening, closing) if opening >= 0 else ()
    return FoundCall(start, statement.end, match["name"].decode(), arguments, form, statement.semicolon, False)


def _why_no_call(view: FortranText, found: FoundCall, own: set[bytes]) -> str | None:
    name = found.function.lower()
    if name.encode() in own:
        return "is defined here"
    if _PREFIX.sub("", name, count=1) not in PROCEDURES:
        return "is no procedure of MPI"
    return None


def _why_impossible(view: FortranText, found: FoundCall, statement: Statement) -> str | None:
    opening = view.code.find(b"(", found.start, found.end)
    if opening >= 0:
        closing = view.closing(opening, found.end)
        if closing is None:
            return "its parentheses are not balanced"
        if found.form is not Form.VALUE and closing + 1 != found.end:
            return "something else follows on its line"
    if found.form is Form.BODY and found.semicolon is not None:
        return "another statement follows on its line, where a hole cannot end"
    return _cut_through(view, found)


def _cut_through(view: FortranText, found: FoundCall) -> str | None:
    depth = 0
    for directive in view.directives_between(found.start, found.end):
        depth += directive.opens - directive.closes
        if depth < 0 or (depth == 0 and directive.switches):
            return "a preprocessor conditional cuts through it"
    return "a preprocessor conditional cuts through it" if depth else None


def _in_directives(view: FortranText) -> Iterator[Refusal]:
    for directive in view.directives:
        for match in _DIRECTIVE_CALL.finditer(view.data, directive.start, directive.end):
            name = match[1].decode()
            yield Refusal(line=view.line_at(match.start()), reason=f"{name} stands in a #{directive.name} line")


def _arguments(view: FortranText, opening: int, closing: int | None) -> tuple[str, ...]:
    """The texts between the top-level commas; continuation marks and comments left out, blanks collapsed."""
    if closing is None:
        return ()
    parts, depth, start = list[tuple[int, int]](), 0, opening + 1
    for match in re.finditer(rb"[()\[\],]", view.code[opening + 1 : closing]):
        offset = opening + 1 + match.start()
        if match.group() == b"," and depth == 0:
            parts.append((start, offset))
            start = offset + 1
        elif match.group() != b",":
            depth += 1 if match.group() in b"([" else -1
    texts = [_text(view, start, end) for start, end in [*parts, (start, closing)]]
    return () if texts == [""] else tuple(texts)


def _text(view: FortranText, start: int, end: int) -> str:
    """One argument; a string keeps its content where it stands on one line."""
    raw = view.data[start:end]
    source = raw if b"\n" not in raw else view.code[start:end]
    return _BLANKS.sub(b" ", source.strip()).decode(errors="replace")
