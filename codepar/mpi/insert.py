"""Put removed calls back: byte for byte into the stripped program, and each to its place after that was edited elsewhere.

Limits: after an edit the places are found by the lines around them (see ``place``); no call is ever lost, but one whose hole was
deleted comes back as a statement of its own.
"""

from __future__ import annotations

import re

from codepar.errors import InvalidInput
from codepar.mpi.cuts import splice
from codepar.mpi.dialects import dialect_of
from codepar.mpi.place import Placement, Placer
from codepar.mpi.stripped import Removed, Stripped
from codepar.syntax.language import Language, language_of


def insert(stripped: Stripped, language: Language | None = None) -> str:
    """The program with its calls. ``stripped.source`` may have been edited since; ``language`` is told from it if not given.

    Raises ``InvalidInput`` when the spans do not fit the program that they are said to belong to.
    """
    base = stripped.base if stripped.base is not None else stripped.source
    data = base.encode()
    language = language or _language_of(stripped)
    hole = dialect_of(language).hole
    problem = _misfit(data, stripped.pieces, hole)
    if problem is None and base == stripped.source:
        return splice(data, stripped.pieces).decode()
    if problem is not None:
        if stripped.base is not None:
            raise InvalidInput(
                problem, remedy="give the object as `codepar mpi strip --json` printed it; only `source` may change"
            )
        return _apply(stripped.source, _place_without_base(stripped, language))
    return _apply(stripped.source, Placer(base, stripped.source, language).place(stripped.pieces))


def _language_of(stripped: Stripped) -> Language:
    if stripped.language is None:
        return language_of(None, stripped.source)
    try:
        return Language(stripped.language)
    except ValueError as error:
        raise InvalidInput(f"no language is called {stripped.language!r}", remedy=f"one of {', '.join(Language)}") from error


def _misfit(data: bytes, pieces: tuple[Removed, ...], hole: re.Pattern[str]) -> str | None:
    """Why the spans cannot be those of ``data``: order, range, or a hole where none is; None when they fit."""
    position = 0
    for call in pieces:
        start, end = call.span
        place = f"the span {[start, end]} of {call.what}"
        if start < position or end > len(data):
            return f"{place} is out of order or outside the {len(data)} bytes of the source"
        position = end
        try:
            text = data[start:end].decode()
            data[:start].decode()
        except UnicodeDecodeError:
            return f"{place} cuts a character in two"
        if call.fills_hole != bool(text) or (text and hole.fullmatch(text) is None):
            return f"{place} does not hold its hole"
        if call.removed.endswith("\n") and start and data[start - 1] != ord("\n"):
            return f"{place} is not where it stood"
    return None


def _place_without_base(stripped: Stripped, language: Language) -> list[Placement]:
    """Places from ``after_line`` alone, for an object that lost its ``base``: holes in their order, statements by their line."""
    placer = Placer(stripped.source, stripped.source, language)
    holes = list(dialect_of(language).hole.finditer(stripped.source))
    placements = []
    for call in stripped.pieces:
        if call.fills_hole and holes:
            placements.append(Placement(*holes.pop(0).span(), call.removed))
        else:
            placements.append(placer.statement_at(placer.allowed_near(call.after_line), call.removed))
    return placements


def _apply(source: str, placements: list[Placement]) -> str:
    """The edited text with the placements in it, each on a line of its own where it needs one."""
    parts, position, open_line = list[str](), 0, False
    for placement in sorted(placements, key=lambda placement: placement.start):
        between = source[position : placement.start]
        parts.append(_joined(between, open_line))
        begins_line = placement.own_line and not placement.continues
        if begins_line and _ends_open(parts):
            parts.append("\n")
        parts.append(placement.text)
        open_line = placement.own_line and not placement.text.endswith("\n")
        position = placement.end
    return "".join([*parts, _joined(source[position:], open_line)])


def _joined(text: str, open_line: bool) -> str:
    """``text`` on the next line, when the line before is a statement that shares its line with nothing."""
    return "\n" + text if open_line and text else text


def _ends_open(parts: list[str]) -> bool:
    last = next((part for part in reversed(parts) if part), "\n")
    return not last.endswith("\n")
