"""What insertion must know of Fortran: where statements may stand, how a removed one is written on a line of its own.

Limits: specifications are told by their first word; a statement function or an array named like one is taken for a specification.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from codepar.mpi.boundaries import Boundary, line_starts
from codepar.mpi.dialect import Dialect
from codepar.mpi.fortran.holes import HOLE
from codepar.syntax.fortran import FortranForm, FortranText, Statement, form_of

_SPECIFICATION = re.compile(
    rb"(?:use|implicit|import|integer|real|double[ \t]*precision|complex|logical|character|type[ \t]*[(,]|class[ \t]*\(|dimension"
    rb"|parameter|external|intrinsic|common|save|include|data|subroutine|function|module|program|interface|pure|elemental"
    rb"|recursive|equivalence|allocatable|pointer|target)\b(?![ \t]*=(?!>))",
    re.IGNORECASE,
)
_OPENS = re.compile(
    rb"(?:\w+[ \t]*:[ \t]*)?(?:do\b(?![ \t]*\d)|if\b.*\bthen$|select\b|associate\b|block\b|(?:where|forall)[ \t]*\([^=]*\)$"
    rb"|program\b|module\b(?![ \t]+procedure)|interface\b|(?:[\w()=*, \t]+[ \t])?(?:subroutine|function)[ \t]+\w)",
    re.IGNORECASE | re.DOTALL,
)
_CLOSES = re.compile(
    rb"end(?:$|[ \t]*(?:do|if|select|associate|block|where|forall|program|module|interface|subroutine|function)\b)", re.IGNORECASE
)
_FUNCTION = re.compile(r"p?mpi_(?:wtime|wtick|aint_)", re.IGNORECASE)
_INITIAL_COLUMNS = " " * 6


class FortranDialect(Dialect):
    """Statements end with their line."""

    hole = HOLE
    ends = ";"

    def boundaries(self, text: str) -> list[Boundary]:
        """One entry for each line of ``text`` and one for its end; not before a specification, nor amid a statement."""
        view = FortranText(text)
        found, depth, pending = list[Boundary](), 0, list(reversed(view.statements))
        for offset in line_starts(view.data):
            while pending and pending[-1].end <= offset:
                depth = _depth_after(view, pending.pop(), depth)
            found.append(Boundary(allowed=_may_stand(view, pending, offset), depth=depth))
        return found

    def statement(self, removed: str, text: str, lines: Sequence[str], index: int) -> str:
        statement = removed.strip().removesuffix(";").rstrip()
        if _FUNCTION.match(statement):
            statement = f"if ({statement} < 0) continue"
        indentation = self._indentation(lines, index)
        if len(indentation) < len(_INITIAL_COLUMNS) and _form(text) is FortranForm.FIXED:
            indentation = _INITIAL_COLUMNS
        return f"{indentation}{statement}\n"


@lru_cache(maxsize=4)
def _form(text: str) -> FortranForm:
    return form_of(text)


def _may_stand(view: FortranText, pending: list[Statement], offset: int) -> bool:
    """Whether a statement can be put at ``offset``, the start of a line; ``pending`` ends in the next statement."""
    if not pending:
        return True
    following = pending[-1]
    begins = view.code.rfind(b"\n", 0, following.start) + 1
    return offset <= begins and _SPECIFICATION.match(view.code, following.start, following.end) is None


def _depth_after(view: FortranText, statement: Statement, depth: int) -> int:
    text = view.code[statement.start : statement.end]
    if _CLOSES.match(text):
        return max(0, depth - 1)
    return depth + (_OPENS.match(text) is not None)
