"""Take the MPI calls out of an mpi4py program so that they can be put back byte for byte.

Every result is checked: insertion gives the original, no call is left, nothing parses worse. Limits: the level is `calls`;
``comm.rank`` and the constants of ``MPI`` stay.
"""

from __future__ import annotations

import re

from codepar.errors import InputTooLarge, InvalidInput
from codepar.mpi.calls import Form, FoundCall
from codepar.mpi.cuts import Refused, assemble, splice
from codepar.mpi.line_cuts import line_cuts
from codepar.mpi.program import check_text
from codepar.mpi.python.calls import PythonCalls, find_calls
from codepar.mpi.python.holes import STATEMENT, value_hole
from codepar.mpi.stripped import Refusal, Stripped
from codepar.project import MAX_FILE_BYTES
from codepar.syntax.language import Language
from codepar.syntax.python import PythonText
from codepar.syntax.tree import SyntaxTree, parse

_MAX_ERRORS = 0.3
# The grammar takes time in the square of such a run.
_ENDLESS_LINE = re.compile(r"(?:\\\r?\n[ \t]*){500}")


def strip_python(text: str, path: str | None = None) -> Stripped:
    """Remove all MPI calls. Raises ``InvalidInput`` when ``text`` is no program, ``Refused`` when a call cannot be removed."""
    name = path if path and path != "-" else "the input"
    check_text(text, name, "Python")
    size = len(text.encode())
    if size > MAX_FILE_BYTES:
        raise InputTooLarge(f"{name} has {size} bytes, more than {MAX_FILE_BYTES}", remedy="split the file")
    if _ENDLESS_LINE.search(text):
        raise InvalidInput(f"{name} joins hundreds of empty lines: this is not Python", remedy="give a Python program")
    tree = parse(text, Language.PYTHON)
    if tree.root.type == "ERROR" or _unread(tree) > _MAX_ERRORS * size:
        raise InvalidInput(f"{name}, line {tree.errors[0].line}: this is not Python", remedy="give a Python program")
    found = find_calls(tree)
    cuts = line_cuts(PythonText(text).code, found.calls, lambda call: _hole(call, found))
    stripped = assemble(tree.data, cuts, found.not_calls, Language.PYTHON)
    problem = _problem(tree, stripped)
    if problem is not None:
        raise Refused(name, (problem,))
    return stripped


def _hole(call: FoundCall, found: PythonCalls) -> str:
    return STATEMENT if call.form is Form.BODY else value_hole(found.given[call.start])


def _unread(tree: SyntaxTree) -> int:
    return sum(node.end_byte - node.start_byte for node in tree.error_nodes)


def _problem(tree: SyntaxTree, stripped: Stripped) -> Refusal | None:
    """What is wrong with the result; None when all of the promises hold."""
    if splice(stripped.source.encode(), stripped.calls) != tree.data:
        return Refusal(line=1, reason="insertion would not give back the same bytes")
    rest = parse(stripped.source, Language.PYTHON)
    left = find_calls(rest).calls
    if left:
        return Refusal(line=1, reason=f"a call of {left[0].function} would be left")
    if rest.root.has_error and not tree.root.has_error:
        return Refusal(line=rest.errors[0].line, reason="what remains would not parse")
    return None
