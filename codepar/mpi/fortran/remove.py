"""Take the MPI calls out of a Fortran program so that they can be put back byte for byte.

Every result is checked: insertion gives the original, no call is left, nothing parses worse. Limits: the level is `calls`; a hole
that would push code of a fixed-form line past column 72 is refused.
"""

from __future__ import annotations

from codepar.errors import InputTooLarge, InvalidInput
from codepar.mpi.calls import Form, FoundCall
from codepar.mpi.cuts import Refused, assemble, splice
from codepar.mpi.fortran.calls import find_calls
from codepar.mpi.fortran.holes import STATEMENT, value_hole
from codepar.mpi.fortran.names import FUNCTIONS
from codepar.mpi.line_cuts import line_cuts
from codepar.mpi.program import check_text
from codepar.mpi.stripped import Refusal, Stripped
from codepar.project import MAX_FILE_BYTES
from codepar.syntax.fortran import FortranForm, FortranText
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

_LAST_COLUMN = 72


def strip_fortran(text: str, path: str | None = None) -> Stripped:
    """Remove all MPI calls. Raises ``InvalidInput`` when ``text`` is no program, ``Refused`` when a call cannot be removed."""
    name = path if path and path != "-" else "the input"
    check_text(text, name, "Fortran")
    size = len(text.encode())
    if size > MAX_FILE_BYTES:
        raise InputTooLarge(f"{name} has {size} bytes, more than {MAX_FILE_BYTES}", remedy="split the file")
    view = FortranText(text, path)
    if not view.statements:
        raise InvalidInput(f"{name} holds no statement", remedy="give a Fortran program")
    found = find_calls(view)
    if found.impossible:
        raise Refused(name, found.impossible)
    cuts = line_cuts(view.code, found.calls, _hole)
    stripped = assemble(view.data, cuts, found.not_calls, Language.FORTRAN)
    problem = _problem(view, stripped)
    if problem is not None:
        raise Refused(name, (problem,))
    return stripped


def _hole(call: FoundCall) -> str:
    tail = call.function.lower().removeprefix("p").removeprefix("mpi_")
    return STATEMENT if call.form is Form.BODY else value_hole(FUNCTIONS[tail])


def _problem(view: FortranText, stripped: Stripped) -> Refusal | None:
    """What is wrong with the result; None when all of the promises hold."""
    source = stripped.source.encode()
    if splice(source, stripped.calls) != view.data:
        return Refusal(line=1, reason="insertion would not give back the same bytes")
    rest = FortranText(stripped.source, form=view.form)
    left = find_calls(rest)
    if left.calls or left.impossible:
        name = left.calls[0].function if left.calls else left.impossible[0].reason
        return Refusal(line=1, reason=f"a call would be left: {name}")
    too_long = _past_last_column(view, rest, stripped)
    if too_long is not None:
        return Refusal(line=too_long, reason=f"the hole of a call would pass column {_LAST_COLUMN}")
    # The grammar does not read fixed form.
    if view.form is FortranForm.FREE and _parses(view.data.decode()) and not _parses(stripped.source):
        return Refusal(line=1, reason="what remains would not parse")
    return None


def _parses(text: str) -> bool:
    return not parse(text, Language.FORTRAN).root.has_error


def _past_last_column(view: FortranText, rest: FortranText, stripped: Stripped) -> int | None:
    """The line of ``rest`` where a hole cuts code off in fixed form."""
    if view.form is FortranForm.FREE:
        return None
    for call in stripped.calls:
        newline = rest.data.find(b"\n", call.span[1])
        line_start = rest.data.rfind(b"\n", 0, call.span[0]) + 1
        tail = rest.data[call.span[1] : newline if newline >= 0 else len(rest.data)]
        hole = rest.data[slice(*call.span)]
        reach = call.span[1] - line_start + len(tail.split(b"!")[0].rstrip())
        grown = len(hole) - len(call.removed.encode())
        if call.inline and b"!" not in hole and _LAST_COLUMN < reach <= _LAST_COLUMN + grown:
            return rest.line_at(call.span[0])
    return None
