"""Take the MPI calls out of a program so that they can be put back byte for byte.

Statements go with their lines (indentation and a comment behind them included); what the syntax needs leaves a hole. Every
result is checked: insertion gives the original, no call is left, nothing parses worse. Limits: at the level `calls` MPI types,
constants and declarations stay; ``remove_declarations`` takes out those that only calls need.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import Literal

from codepar.errors import Unsupported
from codepar.mpi.calls import Form, FoundCall, candidates, find_calls, runs_of, stop_of
from codepar.mpi.cuts import Cut, Refused, assemble, splice
from codepar.mpi.cxx_bindings import find_binding_calls
from codepar.mpi.fortran.remove import strip_fortran
from codepar.mpi.holes import hole_text, value_type
from codepar.mpi.program import read_program
from codepar.mpi.python.remove import strip_python
from codepar.mpi.remove_declarations import strip_declarations
from codepar.mpi.stripped import Refusal, Stripped
from codepar.syntax.language import Language, language_of
from codepar.syntax.tree import SyntaxTree, parse

Level = Literal["calls", "declarations"]

__all__ = ["Refused", "splice", "strip"]

_BLANKS = b" \t\f\v"
_REST_OF_LINE = re.compile(rb"[ \t\f\v]*(?:/\*(?:[^*\n]|\*(?!/))*\*/[ \t\f\v]*)*(?://[^\n]*)?(?:\r?\n|\Z)")


def strip(text: str, path: str | None = None, language: Language | None = None, level: Level = "calls") -> Stripped:
    """Remove all MPI calls of a program, those of helper functions and macros included; at the level `declarations` also the
    declarations that only they need.

    Raises ``InvalidInput`` when ``text`` is no program, ``Refused`` when a call cannot be removed without loss.
    """
    name = path if path and path != "-" else "the input"
    language = language or language_of(path, text)
    if not language.is_c_family:
        return _strip_other(text, path, language, level)
    tree = read_program(text, path, language)
    found = find_calls(tree)
    if found.impossible:
        raise Refused(name, found.impossible)
    stripped = assemble(tree.data, _cuts(tree, found.calls), found.not_calls, tree.language)
    problem = _problem(tree, stripped)
    if problem is None and level == "declarations":
        stripped = strip_declarations(stripped, tree.language)
        problem = _problem(tree, stripped)
    if problem is not None:
        raise Refused(name, (problem,))
    return stripped


def _strip_other(text: str, path: str | None, language: Language, level: Level) -> Stripped:
    if level != "calls":
        raise Unsupported(f"the level `{level}` knows C and C++, not {language.label}", remedy="use the level `calls`")
    return strip_fortran(text, path) if language is Language.FORTRAN else strip_python(text, path)


def _cuts(tree: SyntaxTree, calls: tuple[FoundCall, ...]) -> list[Cut]:
    """Decide for each call which bytes go, runs of statements on one line together."""
    cuts = []
    for form, group in groupby(calls, key=lambda call: call.form):
        if form is Form.STATEMENT:
            for run in runs_of(tree.data, list(group), _BLANKS):
                cuts += _cut_run(tree.data, run)
        else:
            cuts += [Cut(call, call.start, call.end, _hole(call), call.start) for call in group]
    return cuts


def _hole(call: FoundCall) -> bytes:
    type_text = "void" if call.form is Form.BODY else value_type(call.function)
    return hole_text(type_text, in_macro=call.in_macro).encode()


def _cut_run(data: bytes, run: list[FoundCall]) -> list[Cut]:
    """Whole lines where nothing else stands on them, else each statement with the blanks behind it."""
    line_start = data.rfind(b"\n", 0, run[0].start) + 1
    rest = _REST_OF_LINE.match(data, stop_of(run[-1]))
    starts = [call.start for call in run]
    if rest is not None and not data[line_start : run[0].start].strip(_BLANKS):
        starts[0], last = line_start, rest.end()
    else:
        last = stop_of(run[-1])
        while last < len(data) and data[last] in _BLANKS:
            last += 1
    return [Cut(call, start, end, b"", run[0].start) for call, start, end in zip(run, starts, [*starts[1:], last], strict=True)]


def _problem(tree: SyntaxTree, stripped: Stripped) -> Refusal | None:
    """What is wrong with the result, with the line of the original; None when all of the promises hold."""
    source = stripped.source.encode()
    if splice(source, stripped.pieces) != tree.data:
        return Refusal(line=1, reason="insertion would not give back the same bytes")
    rest = parse(stripped.source, tree.language)
    left = _left(rest, stripped.refused)
    if left:
        return Refusal(line=1, reason=f"a call of {left} would be left")
    if rest.root.has_error and not tree.root.has_error:
        return Refusal(line=rest.errors[0].line, reason="what remains would not parse")
    return None


def _left(rest: SyntaxTree, refused: tuple[Refusal, ...]) -> str | None:
    """The name of a call that is still there, those apart that were refused as no calls."""
    named = Counter(candidate.name for candidate in candidates(rest.lexis))
    left = named - Counter(place.reason.split(" ", 1)[0] for place in refused)
    return next(iter(left), None) or next((found.name for found in find_binding_calls(rest)), None)
