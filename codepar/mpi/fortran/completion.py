"""A Fortran program as completion works on it: its reading as C, calls said in Fortran, calls put in.

Limits: declarations are not proposed; a statement goes on a line of its own where one may stand, else it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from codepar.errors import InvalidInput
from codepar.mpi.apply import with_lines_after
from codepar.mpi.draft import in_order
from codepar.mpi.fortran.as_c import ReadAsC
from codepar.mpi.fortran.calls import find_calls
from codepar.mpi.fortran.dialect import FortranDialect
from codepar.mpi.fortran.from_c import FromC
from codepar.mpi.fortran.holes import HOLE
from codepar.mpi.headers import Signatures
from codepar.mpi.program import check_text
from codepar.mpi.proposal import Dropped, Edit
from codepar.mpi.unsayable import Unsayable
from codepar.syntax.fortran import FortranForm
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

_CLOSES = re.compile(r"\s*(?:end\b|end\s*\w+|else\b|elseif\b|contains\b|case\b)", re.IGNORECASE)
_OPENS = re.compile(r"(?i)\b(?:then|else)\s*(?:!.*)?$|^\s*(?:\w+\s*:\s*)?do\b|^\s*case\b|^\s*(?:program|subroutine)\b")
_WIDTH = {FortranForm.FREE: 132, FortranForm.FIXED: 72}


class FortranProgram:
    """One file. Raises ``InvalidInput`` for what is no Fortran."""

    language = Language.FORTRAN

    def __init__(self, text: str, path: str, signatures: Signatures) -> None:
        check_text(text, path, "Fortran")
        constants = frozenset(name.lower() for name in signatures.constants)
        self.text = text
        self._reading = ReadAsC(text, path, constants)
        if not self._reading.view.statements:
            raise InvalidInput(f"{path} holds no statement", remedy="give a Fortran program")
        self._from_c = FromC(self._reading, signatures)
        self._dialect = FortranDialect(Language.FORTRAN)

    @property
    def as_c(self) -> str:
        """The program as a C text of the same lines."""
        return self._reading.source

    @cached_property
    def is_complete(self) -> bool:
        """Whether it starts and ends MPI already and has no hole, or holds nothing that is executed."""
        if not any(unit.is_executable for unit in self._reading.units):
            return True
        called = {call.function.lower() for call in find_calls(self._reading.view).calls}
        return {"mpi_init", "mpi_finalize"} <= called | {"mpi_init" for name in called if name == "mpi_init_thread"} and not (
            HOLE.search(self.text)
        )

    @cached_property
    def _allowed(self) -> list[bool]:
        return [boundary.allowed for boundary in self._dialect.boundaries(self.text)]

    def turned_back(self, edits: Sequence[Edit], *, guess: bool = True) -> tuple[list[Edit], list[Dropped]]:
        """Calls of the C text as this program's edits, and those that it cannot have; there is nothing to guess."""
        kept, dropped = list[Edit](), list[Dropped]()
        for edit in edits:
            try:
                kept.append(self.said(edit))
            except Unsayable as reason:
                dropped.append(Dropped(text=edit.text, rule=str(reason)))
        return list(in_order(kept)), dropped

    def said(self, edit: Edit) -> Edit:
        """A call of the C text as this program says it, at its place. Raises ``Unsayable``."""
        if edit.kind != "call":
            raise Unsayable("declarations are not proposed in Fortran")
        said = self._from_c.edit(edit)
        return said if edit.inline else said.model_copy(update={"after_line": self._place(edit.after_line)})

    def _place(self, line: int) -> int:
        """The line itself, or behind the declarations that a statement must not stand among. Raises ``Unsayable``."""
        unit = self._reading.unit_at(line)
        last = len(self._allowed) if unit is None else self._reading.last_line_of(unit)
        line = line if unit is None else max(line, self._reading.first_place_in(unit))
        place = next((index for index in range(line, min(last, len(self._allowed))) if self._allowed[index]), None)
        if place is None:
            raise Unsayable(f"place: no statement can stand after line {line}")
        return place

    def applied(self, edits: Sequence[Edit]) -> str:
        """The program with the edits in it."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        source = self._filled([edit for edit in edits if edit.inline])
        lines = source.split("\n")
        after: dict[int, list[str]] = {}
        for edit in edits:
            if not edit.inline:
                statement = self._indented(
                    self._dialect.statement(edit.text, source, lines, edit.after_line), lines, edit.after_line
                )
                after.setdefault(edit.after_line, []).append(self._wrapped(statement).replace("\n", newline) + newline)
        return with_lines_after(lines, after, newline)

    @staticmethod
    def _indented(statement: str, lines: Sequence[str], index: int) -> str:
        """Before the end of a block a statement stands as deep as the block does."""
        following = next((line for line in lines[index:] if line.strip()), "")
        before = next((line for line in reversed(lines[:index]) if line.strip() and not line.lstrip().startswith(("!", "#"))), "")
        ended = before.lstrip()[:3].lower() == "end"
        amid = _CLOSES.match(before) is not None and not ended
        if not _CLOSES.match(following) or following[:1] in set("cC*") or amid or not before[:1].isspace():
            return statement.rstrip()
        depth = before[: len(before) - len(before.lstrip())] + ("  " if _OPENS.search(before) and not ended else "")
        return depth + statement.strip()

    def parses(self, text: str) -> bool:
        """Whether a completed text parses where the program did; the grammar does not read fixed form."""
        if self._reading.view.form is FortranForm.FIXED or parse(self.text, Language.FORTRAN).root.has_error:
            return True
        return not parse(text, Language.FORTRAN).root.has_error

    def _filled(self, edits: Sequence[Edit]) -> str:
        source = self.text
        for edit in sorted(edits, key=lambda edit: -edit.after_line):
            holes = [match for match in HOLE.finditer(source) if source.count("\n", 0, match.start()) + 1 == edit.after_line]
            # The edits of one line stand in the order of its holes; the last goes first, so that places stay.
            if holes:
                source = source[: holes[-1].start()] + edit.text + source[holes[-1].end() :]
        return source

    def _wrapped(self, statement: str) -> str:
        """A statement on as many lines as the form's width wants."""
        form = self._reading.view.form
        width = _WIDTH[form]
        if len(statement) <= width:
            return statement
        indentation = statement[: len(statement) - len(statement.lstrip())]
        lines, line = list[str](), ""
        for piece in re.findall(r".+?, |.+$", statement):
            if len(line) + len(piece) > width - 2 and line:
                lines.append(line)
                line = ("     & " if form is FortranForm.FIXED else f"{indentation}    ") + piece
            else:
                line += piece
        mark = "" if form is FortranForm.FIXED else "&"
        return f"{mark}\n".join([*lines, line])
