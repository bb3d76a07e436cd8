"""One program of an MPI completion benchmark, as the product takes it, with what is wanted of it.

Limits: one file a program; line n of ``source`` is line n of the benchmark. The published form of labels is for C alone.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cache

from codepar.syntax.fortran import FortranText
from codepar.syntax.language import Language
from codepar.syntax.python import PythonText
from evaluators.calls import LabelKind, PlacedCall, read_published


@dataclass(frozen=True, slots=True)
class Task:
    """``source`` lacks its MPI calls; ``labels`` are the wanted ones in the published form, with their drift.

    A program of another language than C has ``calls`` instead: the wanted ones, at their places. ``path`` tells its language.
    """

    task_id: str
    repository: str
    source: str
    labels: str
    path: str = "main.c"
    language: Language = Language.C
    calls: tuple[PlacedCall, ...] = ()

    def wanted(self, kind: LabelKind) -> tuple[PlacedCall, ...]:
        """The calls to be found, at the places that the labels say or at the right ones."""
        return self.calls or tuple(call.placed(kind) for call in read_published(self.labels))

    def at_gap(self, call: PlacedCall) -> PlacedCall:
        """The call at the line of code before it: blank lines and comments make no other place. C is left as it is."""
        if self.language.is_c_family:
            return call
        lines = _lines_of_code(self.source, self.language)
        before = bisect_right(lines, call.line)
        return replace(call, line=lines[before - 1] if before else 0)


@cache
def _lines_of_code(source: str, language: Language) -> tuple[int, ...]:
    """The lines (1-based) that hold code."""
    code = (FortranText(source) if language is Language.FORTRAN else PythonText(source)).code
    found, start = list[int](), 0
    for number, line in enumerate(source.encode().split(b"\n"), start=1):
        if code[start : start + len(line)].strip():
            found.append(number)
        start += len(line) + 1
    return tuple(found)
