"""malloc, free, new and delete in functions that may run on the device: calls of the runtime's heap, which know their line.

On the host these calls fall back to the host's own. Limits: what a macro's body says is left alone, and so are ``::new``,
placement forms, and names that the file itself defines as functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from codepar.syntax.cuda_scan import CudaScan, Macro
from worker.toolchains.cuda_cpu.edits import Edit

Place = Callable[[int, Macro | None], str]
"""The C++ text of a place in the source."""

_CALLS = re.compile(rb"(?<![\w.>:])(?:std[ \t]*::[ \t]*|::[ \t]*)?(malloc|free)[ \t]*\([ \t]*(\))?")
_NEW = re.compile(rb"(?<![\w.>:])new(?=\s+[A-Za-z_:])")
_DELETE = re.compile(rb"(?<![\w.>:])delete\b[ \t]*(\[[ \t]*\])?(?=\s*[A-Za-z_(*:])")
_OPERATOR = re.compile(rb"\boperator\s*$")
_DEFINED = re.compile(rb"\b(malloc|free)\s*\([^;{}]*\)\s*(?:noexcept\s*)?$")


def edits(scan: CudaScan, place: Place) -> Iterator[Edit]:
    """What changes in a file; bodies inside bodies are gone through once."""
    defined = {match[1] for body in scan.bodies if (match := _DEFINED.search(scan.lexis.plain, body.header, body.start))}
    last = 0
    for body in scan.bodies:
        if body.is_function and body.start >= last and body.qualifiers & {"__global__", "__device__"}:
            last = body.end
            yield from _calls(scan, body.start, body.end, place, defined)
            yield from _operators(scan, body.start, body.end, place)


def _calls(scan: CudaScan, start: int, end: int, place: Place, defined: set[bytes]) -> Iterator[Edit]:
    for match in _CALLS.finditer(scan.lexis.plain, start, end):
        if match[1] not in defined and match[2] is None:
            text = f"::codepar_cuda::heap_{match[1].decode()}({place(match.start(), None)}, "
            yield Edit(match.start(), match.end(), text)


def _operators(scan: CudaScan, start: int, end: int, place: Place) -> Iterator[Edit]:
    plain = scan.lexis.plain
    for match in _NEW.finditer(plain, start, end):
        if not _OPERATOR.search(plain, max(start, match.start() - 32), match.start()):
            yield Edit(match.start(), match.end(), f"new (::codepar_cuda::HeapPlace{{{place(match.start(), None)}}})")
    for match in _DELETE.finditer(plain, start, end):
        if not _OPERATOR.search(plain, max(start, match.start() - 32), match.start()):
            kind = "HeapDeleteArray" if match[1] else "HeapDelete"
            yield Edit(match.start(), match.end(), f"::codepar_cuda::{kind}{{{place(match.start(), None)}}}->*")
