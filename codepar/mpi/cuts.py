"""Cut calls out of a text and put them together as the wire type; the part of removal that all languages share.

Limits: which bytes go and what stands for them is decided by the language's own module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from codepar.errors import InvalidInput
from codepar.mpi.stripped import Refusal, Removed, RemovedCall, Stripped
from codepar.syntax.language import Language

_BLANKS = b" \t\f\v"


class Refused(InvalidInput):
    """The program cannot be taken apart without loss. ``places`` say where and why."""

    code = "refused"

    def __init__(self, name: str, places: tuple[Refusal, ...]) -> None:
        first = places[0]
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        super().__init__(f"{name}, line {first.line}: {first.reason}{more}", remedy="change that place, then try again")
        self.places = places


class Removable(Protocol):
    """What must be known of a call that goes."""

    @property
    def function(self) -> str: ...

    @property
    def arguments(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Cut:
    """Bytes ``start`` to ``end`` of the original that give way to ``hole``. ``first``: where its run of statements begins."""

    call: Removable
    start: int
    end: int
    hole: bytes
    first: int


def splice(source: bytes, pieces: Sequence[Removed]) -> bytes:
    """Put what was removed back at its spans, which must be those of ``source``."""
    parts, position = list[bytes](), 0
    for piece in pieces:
        parts += [source[position : piece.span[0]], piece.removed.encode()]
        position = piece.span[1]
    return b"".join([*parts, source[position:]])


def assemble(data: bytes, cuts: Iterable[Cut], refused: tuple[Refusal, ...], language: Language) -> Stripped:
    """``data`` without the cuts, which are in order and do not overlap, and what was cut."""
    kept, position, length, lines = list[bytes](), 0, 0, 0
    removed = []
    for cut in cuts:
        before = data[position : cut.start]
        kept += [before, cut.hole]
        length += len(before)
        lines += before.count(b"\n")
        removed.append(_removed(data, cut, length, lines))
        length += len(cut.hole)
        position = cut.end
    source = b"".join([*kept, data[position:]]).decode()
    # C and C++ are told from the text as well as ever.
    told = None if language.is_c_family else language.value
    return Stripped(source=source, calls=tuple(removed), refused=refused, base=source, language=told)


def _removed(data: bytes, cut: Cut, offset: int, lines_before: int) -> RemovedCall:
    line_start = data.rfind(b"\n", 0, cut.first) + 1
    leads_line = not cut.hole and not data[line_start : cut.first].strip(_BLANKS)
    return RemovedCall(
        span=(offset, offset + len(cut.hole)),
        removed=data[cut.start : cut.end].decode(),
        after_line=lines_before if leads_line else lines_before + 1,
        function=cut.call.function,
        arguments=cut.call.arguments,
        inline=bool(cut.hole),
    )
