"""What the word model sees of each place of an outline: the lines around it, what it stands in, the variables that wait.

Features are strings, present or not. Limits: what stands in other functions is not seen here; the layout is the outline's, so the
model holds for texts of ``codepar.mpi.sites.site_texts`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codepar.mpi.outline import HOLE_TEXT
from codepar.mpi.words.usage import Variable, variables_of
from codepar.protocols import SiteText

_TOKEN = re.compile(r'[A-Za-z_]\w*|\d+(?:\.\d+)?|"(?:[^"\\]|\\.)*"|\'[^\']*\'|==|!=|<=|>=|&&|\|\||\+\+|->|\S')
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BLOCK = re.compile(r"(?:if|for|while|else|do|switch)\b")
_HANDLE = re.compile(r"\bMPI_(?:Status|Request|Datatype|Comm|Group|Win|File|Op|Info|Offset|Aint)\b")
_DECLARES = re.compile(
    r"\s*(?:const |static |unsigned |long |struct )*"
    r"(?:int|double|float|char|long|unsigned|MPI_\w+|FILE|size_t|short|bool|\w+_t)\b"
)
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "if for while else do return int double float char long unsigned void switch case break printf scanf malloc free calloc "
        "main argc argv NULL sizeof exit fprintf srand rand time size rank",
    )
)
_FAR = 4
_LEAST_LETTERS = 3


@dataclass(frozen=True)
class _Line:
    """A line as words (identifiers parted, numbers and strings alike), whole, and as a shape without names."""

    words: tuple[str, ...]
    whole: str
    shape: str
    indent: int


@dataclass(frozen=True)
class Features:
    """What all sites of a text have, and what each of them has besides, in the order of its sites."""

    shared: frozenset[str]
    sites: tuple[frozenset[str], ...]


def features_of(text: SiteText) -> Features:
    """The features of each site of a text."""
    lines, line_of = _lines_of(text)
    return _Reader(lines).features(text.sites, line_of)


def _lines_of(text: SiteText) -> tuple[list[str], list[int]]:
    """The lines of a text, and for each of its pieces the number of its line."""
    lines, current, line_of = list[str](), "", list[int]()
    for piece in text.pieces:
        line_of.append(len(lines))
        current += piece
        if piece.endswith("\n"):
            lines.append(current.rstrip("\n"))
            current = ""
    return ([*lines, current] if current else lines), line_of


class _Reader:
    """The lines of one outline, read once for all sites."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = [_read(line) for line in lines]
        self._last = len(lines) - 1
        self._enclosing = _enclosing(lines, self._lines)
        self._variables = variables_of(lines)
        self._end_of_declarations = 0
        for number, line in enumerate(lines[2:], start=2):
            if self._lines[number].indent != 1 or not _DECLARES.match(line):
                break
            self._end_of_declarations = number
        words = {word for line in self._lines for word in line.words if len(word) >= _LEAST_LETTERS}
        self._handles = {handle for line in lines for handle in _HANDLE.findall(line)}
        named = {f"g:{word}" for word in words} | {f"s:{word}" for word in self._lines[0].words}
        self._everywhere = frozenset(named | {f"d:{handle}" for handle in self._handles})

    def features(self, sites: Iterable[tuple[int, int]], line_of: Sequence[int]) -> Features:
        found = tuple(frozenset(self._of(line_of[second], is_hole=first == second)) for first, second in sites)
        return Features(self._everywhere, found)

    def _of(self, line: int, *, is_hole: bool) -> set[str]:
        before, after = line - 1, line + 1 if is_hole else line
        mark = "H" if is_hole else ""
        found = self._bag(f"{mark}p:", before) | self._bag(f"{mark}n:", after)
        found |= self._in_hole(line) if is_hole else self._between(before, after)
        heads = self._enclosing[line]
        if heads:
            found |= self._bag("b:", heads[-1]) | {f"B:{self._lines[heads[-1]].whole}"}
            for head in heads[-3:-1]:
                found |= self._bag("c:", head)
        for far in range(after + 1, after + 1 + _FAR):
            found |= {f"x:{word}" for word in self._words(far) if len(word) >= _LEAST_LETTERS}
        for far in range(before - _FAR, before):
            found |= {f"y:{word}" for word in self._words(far) if len(word) >= _LEAST_LETTERS}
        found |= {f"d:{handle}{mark}{bool(heads)}" for handle in self._handles}
        for variable in self._variables:
            found |= _waiting(variable, line, mark)
        return found

    def _words(self, line: int) -> tuple[str, ...]:
        return self._lines[line].words if 0 <= line <= self._last else ()

    def _bag(self, prefix: str, line: int) -> set[str]:
        return {prefix + word for word in self._words(line)}

    def _whole(self, line: int) -> tuple[str, str]:
        if not 0 <= line <= self._last:
            return "^", "^"
        return self._lines[line].whole, self._lines[line].shape

    def _in_hole(self, line: int) -> set[str]:
        whole, shape = self._whole(line)
        return {"HOLE", f"hN:{whole}", f"hS:{shape}"} | self._bag("h:", line)

    def _between(self, before: int, after: int) -> set[str]:
        (first, first_shape), (second, second_shape) = self._whole(before), self._whole(after)
        found = self._bag("q:", before - 1) | self._bag("m:", after + 1)
        found |= {f"P:{first}", f"N:{second}", f"PN:{first}|{second}"}
        found |= {f"PS:{first_shape}", f"NS:{second_shape}", f"PNS:{first_shape}|{second_shape}"}
        found |= {f"PP:{self._whole(before - 1)[0]}|{first}", f"NN:{second}|{self._whole(after + 1)[0]}"}
        indent, above = (self._lines[one].indent if 0 <= one <= self._last else 0 for one in (after, before))
        found |= {f"i:{min(3, indent)},{above - indent}", f"pos{after * 8 // (self._last + 1)}"}
        if after == self._last:
            found.add("LAST")
        if second.startswith("return"):
            found.add("RET" + "M" * (after == self._last - 1))
        if before == self._end_of_declarations:
            found.add("AFTERDECL")
        if after <= self._end_of_declarations:
            found.add(f"INDECL{min(5, after - 1)}")
        return found


def _waiting(variable: Variable, line: int, mark: str) -> set[str]:
    """Features of a variable that nobody has given a value, or whose value nobody reads."""
    if variable.is_unset(line):
        near = variable.next_read(line) - line
        prefix, never = ("U", not variable.writes)
    elif variable.is_idle(line):
        near = line - variable.last_write(line) - 1
        prefix, never = ("D", not variable.reads)
    else:
        return set()
    where = prefix + mark + str(min(near, 3) if near <= _FAR else "") + ("!" if never else "")
    words = [word.lower() for word in _WORD.findall(variable.name)]
    return {f"{where}:{variable.kind}", *(f"{where}:{word}" for word in words)}


def _read(line: str) -> _Line:
    pieces = _TOKEN.findall(line.replace(HOLE_TEXT, " HOLE_ "))
    words, whole, shape = [], [], []
    for piece in pieces:
        if piece[0].isalpha() or piece[0] == "_":
            words += [piece] if piece.startswith("MPI_") else [word.lower() for word in _WORD.findall(piece)]
            whole.append(piece.lower())
            shape.append(piece if piece in _PLAIN else "x")
        elif piece[0].isdigit():
            words.append("0" if piece == "0" else "#")
            whole.append(piece if piece in {"0", "1"} else "#")
            shape.append("#")
        else:
            plain = '"' if piece[0] == '"' else piece
            words.append(plain)
            whole.append(plain)
            shape.append(plain)
    return _Line(tuple(words), " ".join(whole), " ".join(shape), (len(line) - len(line.lstrip())) // 2)


def _enclosing(lines: Sequence[str], read: Sequence[_Line]) -> list[list[int]]:
    """For each line the numbers of the branches and loops that it stands in, the innermost last."""
    found, stack = [], list[int]()
    for number, line in enumerate(lines):
        stripped = line.strip()
        while stack and stripped != "{" and read[stack[-1]].indent >= read[number].indent:
            ends = stripped == "}" and read[stack[-1]].indent == read[number].indent
            stack.pop()
            if ends:
                break
        found.append(list(stack))
        if _BLOCK.match(stripped):
            stack.append(number)
    return found
