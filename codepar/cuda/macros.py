"""Macros with parameters, and macros that stand for types or expressions, expanded in the bodies of functions.

So ``A(i, j)`` becomes the ``a[(i) * n + (j)]`` that the analysis can read; each line stays on its line, and what is outside of
functions stays as it is. Limits: macros that paste or quote (``#``), take ``...``, or are defined twice are left alone, and so
are plain constants, which the analysis knows by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codepar.cuda.expression import evaluate
from codepar.cuda.source import source_of
from codepar.errors import InvalidInput
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis

_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|/\*.*?\*/|//[^\n]*|\.?\d(?:[eEpP][+-]|[\w.])*|[A-Za-z_]\w*|\s+|.", re.DOTALL
)
_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_DEFINITION = re.compile(r"(\w+)(\([^()]*\))?(.*)", re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The texts of a macro's arguments, and the place of the token after the closing parenthesis."""

    texts: tuple[str, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Macro:
    """``parameters`` None for a macro without parentheses."""

    name: str
    parameters: tuple[str, ...] | None
    body: str


def expanded(text: str, language: Language) -> str:
    """The text with such macros expanded in its functions; the text itself where there are none."""
    source = source_of(text, language)
    macros = {name: macro for name, macro in _macros(text, language).items() if _is_wanted(macro, source.constants)}
    if not macros:
        return text
    data = text.encode()
    spans = sorted((node.start_byte, node.end_byte) for nodes in source.function_nodes.values() for node in nodes)
    pieces, at = list[str](), 0
    for start, end in spans:
        if start < at:
            continue
        pieces += [data[at:start].decode(), _in_function(data[start:end].decode(), macros)]
        at = end
    return "".join([*pieces, data[at:].decode()])


def _macros(text: str, language: Language) -> dict[str, Macro]:
    found: dict[str, Macro] = {}
    twice: set[str] = set()
    lexis = Lexis(text.encode(), language)
    for directive in lexis.directives:
        if directive.name not in {"define", "undef"}:
            continue
        whole = _CONTINUED.sub(" ", lexis.data[directive.start : directive.end].decode())
        match = _DEFINITION.match(_COMMENT.sub(" ", whole.split(directive.name, 1)[1]).strip())
        if match is None:
            continue
        names = tuple(one.strip() for one in match[2][1:-1].split(",") if one.strip()) if match[2] is not None else None
        macro = Macro(match[1], names, " ".join(match[3].split()))
        if directive.name == "undef" or found.get(macro.name, macro) != macro:
            twice.add(macro.name)
        found[macro.name] = macro
    return {name: macro for name, macro in found.items() if name not in twice}


def _is_wanted(macro: Macro, constants: Mapping[str, int]) -> bool:
    if "#" in macro.body or "__VA_ARGS__" in macro.body or (macro.parameters is not None and "..." in macro.parameters):
        return False
    if macro.parameters is not None or not macro.body:
        return True
    try:
        evaluate(macro.body, constants)
    except InvalidInput:
        return macro.name not in constants and macro.name != macro.body
    return False


def _in_function(text: str, macros: Mapping[str, Macro]) -> str:
    """A function's text expanded; lines of the preprocessor stay."""
    lines, pieces, pending = text.splitlines(keepends=True), list[str](), ""
    is_continued = False
    for line in lines:
        if is_continued or line.lstrip().startswith("#"):
            pieces += [_expand(pending, macros, frozenset(), 0), line]
            pending, is_continued = "", line.rstrip("\r\n").endswith("\\")
        else:
            pending += line
    return "".join([*pieces, _expand(pending, macros, frozenset(), 0)])


def _expand(text: str, macros: Mapping[str, Macro], hidden: frozenset[str], depth: int) -> str:
    tokens = _TOKEN.findall(text)
    if depth > _MAX_DEPTH or not any(token in macros for token in tokens):
        return text
    result, at = list[str](), 0
    while at < len(tokens):
        macro = (
            macros.get(tokens[at]) if _WORD.match(tokens[at]) and tokens[at] not in hidden and not _is_member(result) else None
        )
        at += 1
        if macro is None:
            result.append(tokens[at - 1])
            continue
        if macro.parameters is None:
            result.append(_expand(macro.body, macros, hidden | {macro.name}, depth + 1))
            continue
        call = _arguments(tokens, at)
        if call is None or len(call.texts) != max(1, len(macro.parameters)):
            result.append(tokens[at - 1])
            continue
        newlines = "".join(tokens[at : call.end]).count("\n")
        values = [" ".join(_expand(one, macros, hidden, depth + 1).split()) for one in call.texts]
        result += [_expand(_substituted(macro, values), macros, hidden | {macro.name}, depth + 1), "\n" * newlines]
        at = call.end
    return "".join(result)


def _is_member(before: list[str]) -> bool:
    """Whether what follows is a member's name: ``s.x``, ``p->x``."""
    text = "".join(before[-3:]).rstrip()
    return text.endswith((".", "->"))


def _arguments(tokens: list[str], at: int) -> _Arguments | None:
    """What stands between the parentheses that open at or after ``at``."""
    while at < len(tokens) and tokens[at].isspace():
        at += 1
    if at == len(tokens) or tokens[at] != "(":
        return None
    found, depth = [""], 0
    for place in range(at, len(tokens)):
        piece = tokens[place]
        if piece in "([{":
            depth += 1
        elif piece in ")]}":
            depth -= 1
            if depth == 0:
                return _Arguments(tuple(found), place + 1)
        if piece == "," and depth == 1:
            found.append("")
        elif place > at:
            found[-1] += " " if piece.startswith(("/*", "//")) else piece
    return None


def _substituted(macro: Macro, values: list[str]) -> str:
    by_name = dict(zip(macro.parameters or (), values, strict=False))
    return "".join(by_name.get(token, token) for token in _TOKEN.findall(macro.body))
