"""The words of a Fortran statement.

Limits: a string is one token whatever it holds; Hollerith constants and numbers with blanks inside are not read; names are given
in lower case, those of MPI's constants in upper case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.syntax.fortran import FortranText

_TOKEN = re.compile(
    rb"(?P<real>(?:\d+\.(?![a-z]+\.)\d*|\.\d+)(?:[edq][+-]?\d+)?(?:_\w+)?|\d+[edq][+-]?\d+(?:_\w+)?)"
    rb"|(?P<string>'[^']*'|\"[^\"]*\")|(?P<integer>\d+(?:_\w+)?)|(?P<name>[a-z_$]\w*)|(?P<operator>\.[a-z]+\.|\*\*|//|==|/=|<=|>=|=>|::|\(/|/\)|[-+*/()=<>,:%;\[\]&?@.|])",
    re.IGNORECASE,
)
_WORDS = {
    ".eq.": "==", ".ne.": "/=", ".lt.": "<", ".le.": "<=", ".gt.": ">", ".ge.": ">=", ".and.": "&&", ".or.": "||",
    ".not.": "!", ".eqv.": "==", ".neqv.": "/=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """``kind`` is name, integer, real, string, operator."""

    kind: str
    text: str
    start: int
    end: int


def tokens(view: FortranText, start: int, end: int) -> list[Token]:
    """The tokens of the bytes ``start`` to ``end``. What is none is left out."""
    found: list[Token] = []
    for match in _TOKEN.finditer(view.code, start, end):
        text = match.group().decode(errors="replace").lower()
        kind = match.lastgroup or ""
        if kind == "name" and text.startswith(("mpi_", "mpix_", "pmpi_")):
            text = text.upper()
        if kind == "string":
            text = view.data[match.start() : match.end()].decode(errors="replace")
        found.append(Token(kind, _WORDS.get(text, text), match.start(), match.end()))
    return found
