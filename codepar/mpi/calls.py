"""Find the MPI calls of a program and tell how each stands there: as a statement, as a lone body, as a value.

Names are found lexically, so that macros, conditionals and code that the grammar cannot read are seen too; the tree tells calls
from declarations and statements from values where it could be built. Limits: a call through a function pointer is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tree_sitter import Node

from codepar.mpi.cxx_bindings import find_binding_calls
from codepar.mpi.stripped import Refusal
from codepar.syntax.lexis import Lexis
from codepar.syntax.tree import SyntaxTree

_NAME = rb"P?MPIX?_\w*[a-z]\w*"
_GAP = rb"(?:\s|\\\r?\n)*"
_CANDIDATE = re.compile(
    rb"(?<![\w.>])(?:(?<![\w:>])::" + _GAP + rb")?(?P<name>" + _NAME + rb")" + _GAP + rb"(?P<open>\()"
    rb"|(?<![\w)\]])(?P<head>\()" + _GAP + rb"(?P<enclosed>" + _NAME + rb")" + _GAP + rb"\)" + _GAP + rb"(?P<second>\()"
)
_TYPES = re.compile(
    rb"MPI_(?:Aint|Offset|Count|Comm|Datatype|Errhandler|File|Fint|Group|Info|Message|Op|Request|Session|Status|Win|F08_status"
    rb"|T_\w+_handle|T_\w+_session|T_enum|\w+_function|\w+_function_c)$"
)
_BEFORE_EXPRESSION = frozenset(
    {b"return", b"else", b"do", b"case", b"throw", b"co_return", b"co_yield", b"sizeof", b"and", b"or", b"not"}
)
_TAKES_BODY = frozenset({b"if", b"for", b"while", b"switch", b"catch", b"constexpr", b"_Pragma"})
_WORD = re.compile(rb"\w+\Z")
_MACRO_HEAD = re.compile(rb"\s*#\s*define\s+")
# What stands before the body of a macro: its name is no return type.
_BODY_HEAD = re.compile(rb"\s*#\s*define\s+\w+(?:\([^()]*\))?\s*")
_MAX_REASONS = 20
_TOKEN_START = re.compile(rb"\S")


class Form(StrEnum):
    """How a call stands in the program."""

    STATEMENT = "statement"
    """A statement among others: it can go without a trace."""
    BODY = "body"
    """The only statement where the syntax wants one."""
    VALUE = "value"
    """Part of an expression."""


@dataclass(frozen=True, slots=True)
class FoundCall:
    """Bytes ``start`` to ``end`` of the call, closing parenthesis included; its statement's semicolon is at ``semicolon``."""

    start: int
    end: int
    function: str
    arguments: tuple[str, ...]
    form: Form
    semicolon: int | None
    in_macro: bool


@dataclass(frozen=True, slots=True)
class FoundCalls:
    """The outermost calls in their order; what only looks like a call; what is one but cannot be taken out."""

    calls: tuple[FoundCall, ...]
    not_calls: tuple[Refusal, ...]
    impossible: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    name_start: int
    opening: int
    name: str


def candidates(lexis: Lexis) -> Iterator[_Candidate]:
    """Every name of the MPI form before a parenthesis, outside comments and strings."""
    for match in _CANDIDATE.finditer(lexis.code):
        group, opening = ("name", "open") if match["name"] else ("enclosed", "second")
        if not _TYPES.match(match[group]) and not (match["enclosed"] and match[group].endswith(b"_t")):
            yield _Candidate(match.start(), match.start(group), match.start(opening), match[group].decode())


def find_calls(tree: SyntaxTree) -> FoundCalls:
    """All MPI calls of ``tree``, those inside the arguments of another left out."""
    lexis = tree.lexis
    calls, not_calls, impossible = list[FoundCall](), list[Refusal](), list[Refusal]()
    for candidate in candidates(lexis):
        reason = _why_no_call(tree, candidate)
        line = lexis.line_at(candidate.start)
        if reason:
            not_calls.append(Refusal(line=line, reason=f"{candidate.name} {reason}"))
            continue
        closing = lexis.closing(candidate.opening)
        problem = _why_impossible(lexis, candidate, closing)
        if closing is None or problem:
            impossible.append(Refusal(line=line, reason=f"{candidate.name}: {problem}"))
            if len(impossible) == _MAX_REASONS:
                break
            continue
        calls.append(_found(tree, candidate, closing))
    calls += [_bound(tree, found.start, found.end, found.name, found.opening) for found in find_binding_calls(tree)]
    return FoundCalls(tuple(_outermost(calls)), tuple(not_calls), tuple(impossible))


def _outermost(calls: list[FoundCall]) -> Iterator[FoundCall]:
    end = 0
    for call in sorted(calls, key=lambda call: (call.start, -call.end)):
        if call.start >= end:
            yield call
            end = call.end


def _why_no_call(tree: SyntaxTree, candidate: _Candidate) -> str | None:
    """Why the candidate is no call; None when it is one."""
    lexis = tree.lexis
    directive = lexis.directive_at(candidate.start)
    if directive is not None and directive.name != "define":
        return f"stands in a #{directive.name} line"
    if directive is not None:
        head = lexis.code[directive.start : candidate.start].replace(b"\\\n", b" ").replace(b"\\\r\n", b" ")
        if _MACRO_HEAD.fullmatch(head):
            return "is defined here as a macro"
        if _BODY_HEAD.fullmatch(head):
            return None
    before = _before(lexis, candidate.start)
    if _begins_body(lexis, candidate):
        return "is defined here"
    if before.token == b"::":
        return "belongs to another namespace"
    word = _WORD.search(before.token)
    if word is None or before.token in _BEFORE_EXPRESSION or before.crossed:
        return "is declared here" if before.token in {b"*", b"&"} and _declares(tree, candidate) else None
    # An identifier in front is a return type, unless the grammar could make sense of it as something else.
    return None if _call_node(tree, candidate) is not None else "is declared here"


def _begins_body(lexis: Lexis, candidate: _Candidate) -> bool:
    """Whether a brace follows the parentheses: a function without return type, as K&R allowed."""
    closing = lexis.closing(candidate.opening)
    following = _TOKEN_START.search(lexis.plain, closing + 1) if closing is not None else None
    return following is not None and following.group() == b"{"


def _declares(tree: SyntaxTree, candidate: _Candidate) -> bool:
    node = _name_node(tree, candidate)
    return node is not None and node.parent is not None and node.parent.type == "function_declarator"


def _why_impossible(lexis: Lexis, candidate: _Candidate, closing: int | None) -> str | None:
    if closing is None:
        return "its parentheses are not balanced"
    if lexis.directive_at(candidate.start) is not None:
        return None
    depth = 0
    for directive in lexis.directives_between(candidate.start, closing):
        depth += directive.opens - directive.closes
        if depth < 0 or (depth == 0 and directive.switches):
            return "a preprocessor conditional cuts through it"
    return "a preprocessor conditional cuts through it" if depth else None


def _found(tree: SyntaxTree, candidate: _Candidate, closing: int) -> FoundCall:
    return _bound(tree, candidate.start, closing + 1, candidate.name, candidate.opening)


def _bound(tree: SyntaxTree, start: int, end: int, name: str, opening: int) -> FoundCall:
    form = _form(tree, start, end)
    semicolon = tree.lexis.code.find(b";", end) if form is not Form.VALUE else None
    in_macro = tree.lexis.directive_at(start) is not None
    return FoundCall(start, end, name, _arguments(tree, opening, end - 1), form, semicolon, in_macro)


@dataclass(frozen=True, slots=True)
class _Before:
    """The token in front of a place, where it ends, and whether directives stand between."""

    token: bytes
    end: int
    crossed: bool
    under_pragma: bool


def _before(lexis: Lexis, offset: int) -> _Before:
    """Look left over blanks and directives; from an ``#else`` branch to what stands before its ``#if``."""
    directive = lexis.directive_at(offset)
    if directive is not None:
        text = lexis.code[directive.start : offset].replace(b"\\\n", b"  ").replace(b"\\\r\n", b"   ").rstrip()
        return _Before(_last_token(text), directive.start + len(text), crossed=False, under_pragma=False)
    pragma = None
    position = end = offset
    while True:
        end = _skip_blanks_left(lexis.plain, position)
        between = lexis.directives_between(end, position)
        if not between:
            break
        nearest = between[-1]
        pragma = nearest.name == "pragma" if pragma is None else pragma
        opening = lexis.branch_openings.get(nearest.start) if nearest.switches else None
        position = opening.start if opening else nearest.start
    return _Before(_last_token(lexis.plain[max(0, end - 80) : end]), end, crossed=pragma is not None, under_pragma=bool(pragma))


def _skip_blanks_left(text: bytes, end: int) -> int:
    while end and text[end - 1] in b" \t\r\n\f\v":
        end -= 1
    return end


def _last_token(text: bytes) -> bytes:
    if not text:
        return b""
    word = _WORD.search(text)
    if word:
        return word.group()
    return text[-2:] if text.endswith(b"::") else text[-1:]


def _form(tree: SyntaxTree, start: int, end: int) -> Form:
    lexis = tree.lexis
    directive = lexis.directive_at(start)
    text, limit = (lexis.code, directive.end) if directive else (lexis.plain, len(lexis.plain))
    following = _TOKEN_START.search(text, end, limit)
    if following is None or following.group() != b";" or lexis.directives_between(end, following.start()):
        return Form.VALUE
    before = _before(lexis, start)
    if before.token in {b"else", b"do"} or (before.token == b")" and _heads_body(lexis, before.end - 1)):
        return Form.BODY
    if before.token in {b"", b";", b"{", b"}"} and not _in_parentheses(tree, start):
        return Form.BODY if before.under_pragma or directive else Form.STATEMENT
    return Form.BODY if before.token in {b":", b")"} and _is_statement(tree, start, end) else Form.VALUE


def _heads_body(lexis: Lexis, closing: int) -> bool:
    """Whether the parenthesis closed at ``closing`` belongs to an ``if``, a loop or the like."""
    depth = 0
    for offset in range(closing, max(closing - 20_000, -1), -1):
        depth += (lexis.code[offset] == ord(")")) - (lexis.code[offset] == ord("("))
        if depth == 0:
            return _last_token(lexis.code[max(0, offset - 80) : offset].rstrip()) in _TAKES_BODY
    return False


def _is_statement(tree: SyntaxTree, start: int, end: int) -> bool:
    node = tree.root.descendant_for_byte_range(start, end)
    while node is not None and node.type != "call_expression" and node.start_byte == start:
        node = node.parent
    return node is not None and node.parent is not None and node.parent.type == "expression_statement"


def _in_parentheses(tree: SyntaxTree, start: int) -> bool:
    """Whether a parenthesis is open at ``start``: ``for (i = 0; MPI_Test(...); )``."""
    node = tree.root.descendant_for_byte_range(start, start)
    while node is not None and node.type not in {"compound_statement", "translation_unit", "ERROR", "expression_statement"}:
        if node.type in {"for_statement", "argument_list", "parenthesized_expression"}:
            return True
        node = node.parent
    return False


def _name_node(tree: SyntaxTree, candidate: _Candidate) -> Node | None:
    return tree.root.descendant_for_byte_range(candidate.name_start, candidate.name_start + len(candidate.name))


def _call_node(tree: SyntaxTree, candidate: _Candidate) -> Node | None:
    node = _name_node(tree, candidate)
    parent = node.parent if node is not None else None
    return parent if parent is not None and parent.type == "call_expression" else None


def _arguments(tree: SyntaxTree, opening: int, closing: int) -> tuple[str, ...]:
    """The texts between the top-level commas, comments left out and blanks collapsed."""
    lexis, parts, depth, start = tree.lexis, list[str](), 0, opening + 1
    for match in re.finditer(rb"[()\[\]{},]", lexis.code[opening + 1 : closing]):
        character, offset = match.group(), opening + 1 + match.start()
        if character == b"," and depth == 0:
            parts.append(_argument(lexis, start, offset))
            start = offset + 1
        elif character != b",":
            depth += 1 if character in b"([{" else -1
    parts.append(_argument(lexis, start, closing))
    if any(part.count("<") > part.count(">") for part in parts):
        return _template_arguments(tree, opening, closing) or tuple(parts)
    return () if parts == [""] else tuple(parts)


def _template_arguments(tree: SyntaxTree, opening: int, closing: int) -> tuple[str, ...]:
    """The arguments as the grammar reads them: a comma between angle brackets may belong to a template."""
    node = tree.root.descendant_for_byte_range(opening, closing + 1)
    if node is None or node.type != "argument_list" or node.has_error:
        return ()
    return tuple(
        _argument(tree.lexis, child.start_byte, child.end_byte) for child in node.named_children if child.type != "comment"
    )


def _argument(lexis: Lexis, start: int, end: int) -> str:
    text = lexis.data[start:end]
    source = text if b'"' in text or b"'" in text else lexis.code[start:end]
    return " ".join(source.replace(b"\\\n", b" ").decode(errors="replace").split())


def runs_of(data: bytes, calls: Iterable[FoundCall], blanks: bytes) -> list[list[FoundCall]]:
    """Group statements with nothing but ``blanks`` between them on the same line."""
    runs: list[list[FoundCall]] = []
    for call in calls:
        if runs and not data[stop_of(runs[-1][-1]) : call.start].strip(blanks):
            runs[-1].append(call)
        else:
            runs.append([call])
    return runs


def stop_of(call: FoundCall) -> int:
    """The byte behind a call and its semicolon."""
    return call.end if call.semicolon is None else call.semicolon + 1
