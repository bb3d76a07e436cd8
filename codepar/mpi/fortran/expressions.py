"""Fortran expressions as C writes them: operators, literals, elements of arrays counted from zero.

Limits: a power other than a square becomes a product, a slice its first element, an array constructor ``0``; members stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from codepar.mpi.fortran.pieces import closing, split_top
from codepar.mpi.fortran.units import Entity

_OPERATORS = (
    (r"[ ]*\.eqv?\.[ ]*", " == "),
    (r"[ ]*(?:\.neq?v?\.|/=)[ ]*", " != "),
    (r"[ ]*\.lt\.[ ]*", " < "),
    (r"[ ]*\.le\.[ ]*", " <= "),
    (r"[ ]*\.gt\.[ ]*", " > "),
    (r"[ ]*\.ge\.[ ]*", " >= "),
    (r"[ ]*\.and\.[ ]*", " && "),
    (r"[ ]*\.or\.[ ]*", " || "),
    (r"[ ]*\.not\.[ ]*", " !"),
    (r"\.true\.(?:_\w+)?", "1"),
    (r"\.false\.(?:_\w+)?", "0"),
    (r"\(/.*?/\)", "0"),
    (r"=>", "="),
    (r"//", ","),
    (r"(?<![\w)])\[[^\]]*\]", "0"),
    (r"(\w+(?:\([^()]*\))?)[ ]*\*\*[ ]*2\b", r"\1*\1"),
    (r"\*\*", "*"),
    (r"(?<![\w.])(\d+\.?\d*|\.\d+)[de]([+-]?\d+)(?:_\w+)?", r"\1e\2"),
    (r"(?<![\w.])(\d+\.\d*|\d+|\.\d+)_\w+", r"\1"),
    (r"'[ ]*'", '""'),
    (r"[ ]*%[ ]*", "."),
)
_PATTERNS = tuple((re.compile(pattern), text) for pattern, text in _OPERATORS)
_NAME_OPEN = re.compile(r"(?<![\w.])([a-z]\w*)[ ]*\(")
_MPI_NAME = re.compile(r"\bmpi_\w+")
_ZERO_EXPONENT = re.compile(r"(?<=\d|\.)e[+-]?0+\b")


def c_expression(text: str, names: Mapping[str, Entity], constants: frozenset[str]) -> str:
    """``text`` (in lower case, strings blank) as a C expression. ``constants`` are the names of MPI in lower case."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = _ZERO_EXPONENT.sub("", text)
    text = _elements(text, names)
    return _MPI_NAME.sub(lambda match: match[0].upper() if match[0] in constants else match[0], text).strip()


def _elements(text: str, names: Mapping[str, Entity]) -> str:
    """References ``a(i, j)`` to arrays as ``a[i - 1][j - 1]``; ``mod(a, b)`` as ``(a % b)``."""
    parts, position = list[str](), 0
    for match in _NAME_OPEN.finditer(text):
        if match.start() < position:
            continue
        opening = match.end() - 1
        end = closing(text, opening)
        inside = [_elements(part.strip(), names) for part in split_top(text[opening + 1 : end])]
        parts += [text[position : match.start()], _reference(match[1], inside, names)]
        position = end + 1
    return "".join((*parts, text[position:]))


def _reference(name: str, inside: list[str], names: Mapping[str, Entity]) -> str:
    entity = names.get(name)
    if entity is not None and entity.type == "char" and not entity.is_array:
        return name
    if entity is not None and entity.is_packed:
        element = "".join(f"[{_from_zero(index, '1')}]" for index in inside[1:])
        return name + element + (f".{inside[0].upper()}" if inside[0].startswith("mpi_") else "")
    if entity is not None and entity.is_array:
        lowers = [extent[0] for extent in entity.extents]
        return name + "".join(
            f"[{_from_zero(index, lowers[place] if place < len(lowers) else '1')}]" for place, index in enumerate(inside)
        )
    if name in {"mod", "modulo"} and len(inside) == 2:
        return f"({_factor(inside[0])} % {_factor(inside[1])})"
    return f"{name}({', '.join(inside)})"


def _factor(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+|\(.*\)", text) else f"({text})"


def _from_zero(index: str, lower: str) -> str:
    """An index counted from ``lower`` as one counted from zero; of a slice the first element."""
    start, colon, _ = _cut_slice(index)
    if colon and not start:
        return "0"
    if lower == "0":
        return start
    if re.fullmatch(r"\d+", start) and re.fullmatch(r"-?\d+", lower):
        return str(int(start) - int(lower))
    if start == lower:
        return "0"
    added = re.fullmatch(rf"(.+?)[ ]*\+[ ]*{re.escape(lower)}", start)
    return added[1] if added else f"{start} - {lower}"


def _cut_slice(index: str) -> tuple[str, bool, str]:
    depth = 0
    for place, character in enumerate(index):
        depth += (character in "([") - (character in ")]")
        if character == ":" and depth == 0:
            return index[:place].strip(), True, index[place + 1 :].strip()
    return index.strip(), False, ""


def extent_text(lower: str, upper: str, names: Mapping[str, Entity], constants: frozenset[str]) -> str:
    """How many elements a dimension has, as a C expression."""
    high = c_expression(upper, names, constants)
    if lower == "1":
        return high
    if lower == "0":
        less = re.fullmatch(r"(.+?)[ ]*-[ ]*1", high)
        return less[1] if less else str(int(high) + 1) if high.isdigit() else f"{high} + 1"
    return f"{high} - ({c_expression(lower, names, constants)}) + 1"
