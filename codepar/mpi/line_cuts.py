"""Which bytes go with a statement, in languages whose statements end with their line (Fortran, Python).

Limits: ``code`` must be as long as the text, with comments as blanks, and with blanks for the newlines inside a statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby

from codepar.mpi.calls import Form, FoundCall, runs_of, stop_of
from codepar.mpi.cuts import Cut

_BLANKS = b" \t\f\v\r"
_REST_OF_LINE = re.compile(rb"[ \t\f\v\r]*(?:\n|\Z)")


def line_cuts(code: bytes, calls: Iterable[FoundCall], hole: Callable[[FoundCall], str]) -> list[Cut]:
    """The cut of each call: statements with their lines where nothing else stands on them, holes for the others."""
    cuts = list[Cut]()
    for form, group in groupby(calls, key=lambda call: call.form):
        if form is Form.STATEMENT:
            for run in runs_of(code, group, _BLANKS):
                cuts += _cut_run(code, run)
        else:
            cuts += [Cut(call, call.start, call.end, hole(call).encode(), call.start) for call in group]
    return cuts


def _cut_run(code: bytes, run: list[FoundCall]) -> list[Cut]:
    line_start = code.rfind(b"\n", 0, run[0].start) + 1
    rest = _REST_OF_LINE.match(code, stop_of(run[-1]))
    starts = [call.start for call in run]
    if rest is not None and not code[line_start : run[0].start].strip(_BLANKS):
        starts[0], last = line_start, rest.end()
        first = line_start
    else:
        first, last = run[0].start, stop_of(run[-1])
        while last < len(code) and code[last] in b" \t\f\v":
            last += 1
    return [Cut(call, start, end, b"", first) for call, start, end in zip(run, starts, [*starts[1:], last], strict=True)]
