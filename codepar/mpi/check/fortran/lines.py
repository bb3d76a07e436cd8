"""Statements of a Fortran file as lines of tokens, and what their first words say.

Limits: a construct's end is told by its words alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi.check.fortran.tokens import Token

_CLOSING = frozenset(
    ["end", "enddo", "endif", "endselect", "endprogram", "endsubroutine", "endfunction", "endmodule", "endwhere", "endforall",
     "endassociate", "endblock"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of the file."""

    tokens: tuple[Token, ...]
    label: str
    number: int
    text: str

    def head(self, count: int = 2) -> str:
        return "".join(token.text for token in self.tokens[:count])


def is_assignment(listed: Sequence[Token]) -> bool:
    """Whether ``=`` or ``=>`` follows a name with its parentheses and members."""
    if not listed or listed[0].kind != "name":
        return False
    index, depth = 1, 0
    while index < len(listed):
        text = listed[index].text
        if text in {"(", "(/", "["}:
            depth += 1
        elif text in {")", "/)", "]"}:
            depth -= 1
        elif depth == 0 and text in {"=", "=>"}:
            return True
        elif depth == 0 and not (text == "%" or listed[index - 1].text == "%"):
            return False
        index += 1
    return False


def closes(line: Line) -> bool:
    """Whether a line closes a construct, or goes on with one."""
    first = line.head(1)
    if first in {"else", "elseif", "contains", "case"} and not is_assignment(line.tokens):
        return True
    return first in {"enddo", "endif"} or (first == "end" and line.head() in _CLOSING)
