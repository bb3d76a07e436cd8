"""Where a statement can be put between the lines of a C or C++ text, told without a grammar.

Limits: a macro that hides a brace or a semicolon hides it here too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis

_EVENT = re.compile(rb"[(){}\n]")
_STATEMENT_END = frozenset(b";{}:")


@dataclass(frozen=True, slots=True)
class Boundary:
    """The place before one line (or behind the last): whether a statement may stand there, and in how many braces."""

    allowed: bool
    depth: int


def line_starts(data: bytes) -> list[int]:
    """Where each line begins, and where the last one ends."""
    starts = [0, *(match.end() for match in re.finditer(rb"\n", data))]
    return starts if starts[-1] == len(data) else [*starts, len(data)]


def boundaries(text: str, language: Language) -> list[Boundary]:
    """One entry for each line of ``text`` and one for its end."""
    data = text.encode()
    lexis = Lexis(data, language)
    found, parentheses, depth = [Boundary(allowed=True, depth=0)], 0, 0
    plain, last = lexis.plain, ord(";")
    position = 0
    for match in _EVENT.finditer(plain):
        between = plain[position : match.start()].rstrip()
        last = between[-1] if between else last
        position, event = match.end(), match.group()
        if event == b"\n":
            inside = _continues(lexis, match.start())
            found.append(Boundary(allowed=not inside and parentheses == 0 and last in _STATEMENT_END, depth=depth))
            continue
        last = event[0]
        parentheses = max(0, parentheses + (event == b"(") - (event == b")"))
        depth += (event == b"{") - (event == b"}")
    if not text.endswith("\n"):
        found.append(Boundary(allowed=True, depth=depth))
    return found


def _continues(lexis: Lexis, newline: int) -> bool:
    """Whether the newline lies inside a comment, a raw string or a directive."""
    directive = lexis.directive_at(newline)
    if directive is not None and newline < directive.end:
        return True
    return lexis.is_opaque(newline)
