"""What of a Fortran text is code: free and fixed form, comments and strings blanked, continuation lines joined, statements told.

Everything is in bytes and keeps its offset. It needs no grammar. Limits: a name that is cut in two by a continuation is not
joined; blanks inside names (allowed in fixed form) are not read; Hollerith constants neither; lines marked ``D`` are comments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import PurePosixPath

from codepar.project import FIXED_FORTRAN_SUFFIXES, FORTRAN_SUFFIXES
from codepar.syntax.lexis import Directive

_DIRECTIVE_NAME = re.compile(rb"#[ \t]*(\w*)[ \t]*([^\r\n]*)")
_SPECIAL = re.compile(rb"['\"!&]")
_PIECE = re.compile(rb"[^;\n]+")
_LABEL = re.compile(rb"\d{1,5}(?=[ \t])[ \t]*")
_FREE_SENTINEL = re.compile(rb"[ \t]*!\$(?=[ \t&])")
_FIXED_SENTINEL = re.compile(rb"[!cC*]\$(?=[ \t\d]{3})")
_TAB_CONTINUATION = re.compile(rb"[ ]{0,4}\t[1-9]")
_ENDS_IN_AMPERSAND = re.compile(rb"&[ \t]*(?:![^\n]*)?\r?$", re.MULTILINE)
_FREE_START = re.compile(rb"^(?:[abefg-zABEFG-Z_]\w|[cCdD][a-zA-Z]{2,}[ (]| {1,4}[a-zA-Z])", re.MULTILINE)
_FIXED_MARK = re.compile(rb"^(?:[*]|[cC](?:[ \t\-=*!.$]|\r?$)|     [&+$*.>|:@1-9])", re.MULTILINE)
_LAST_COLUMN = 72


class FortranForm(StrEnum):
    """How lines are laid out."""

    FREE = "free"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Statement:
    """Bytes ``start`` to ``end`` of one statement, label excluded. ``semicolon``: where the one that ends it stands."""

    start: int
    end: int
    labelled: bool
    semicolon: int | None


@dataclass(frozen=True, slots=True)
class _View:
    code: bytes
    directives: tuple[Directive, ...]


def form_of(text: str, path: str | None = None) -> FortranForm:
    """The form of ``text``: by what its lines look like, and where they do not say by the suffix of ``path``."""
    data = text.encode(errors="surrogatepass")
    free = 2 * len(_ENDS_IN_AMPERSAND.findall(data)) + len(_FREE_START.findall(data))
    fixed = 2 * len(_FIXED_MARK.findall(data))
    suffix = PurePosixPath(path).suffix if path else ""
    if suffix in FIXED_FORTRAN_SUFFIXES:
        return FortranForm.FREE if free > fixed else FortranForm.FIXED
    if suffix in FORTRAN_SUFFIXES:
        return FortranForm.FIXED if fixed > 4 and not free else FortranForm.FREE
    return FortranForm.FIXED if fixed > free else FortranForm.FREE


class FortranText:
    """The lexical view of one file. ``code`` is as long as ``data``: comments, strings, continuation marks, preprocessor lines
    and the newlines inside a statement are blanks there."""

    def __init__(self, text: str, path: str | None = None, form: FortranForm | None = None) -> None:
        self.data = text.encode()
        self.form = form or form_of(text, path)
        view = _free_view(self.data) if self.form is FortranForm.FREE else _fixed_view(self.data)
        self.code = view.code
        self.directives = view.directives

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """All statements in the order of the file."""
        return tuple(_statements(self.code))

    @cached_property
    def _newlines(self) -> list[int]:
        return [match.start() for match in re.finditer(rb"\n", self.data)]

    def line_at(self, offset: int) -> int:
        """The 1-based line that holds the byte at ``offset``."""
        return bisect_right(self._newlines, offset - 1) + 1

    def directives_between(self, start: int, end: int) -> tuple[Directive, ...]:
        """The preprocessor lines that begin in ``start``..``end``."""
        return tuple(directive for directive in self.directives if start <= directive.start < end)

    def closing(self, opening: int, end: int) -> int | None:
        """The offset of the parenthesis that closes the one at ``opening``, before ``end``; None when there is none."""
        depth = 0
        for offset in range(opening, end):
            depth += (self.code[offset] == ord("(")) - (self.code[offset] == ord(")"))
            if depth == 0:
                return offset
        return None


def _statements(code: bytes) -> Iterator[Statement]:
    for match in _PIECE.finditer(code):
        text = match.group()
        start = match.start() + len(text) - len(text.lstrip())
        end = match.start() + len(text.rstrip())
        if start >= end:
            continue
        label = _LABEL.match(code, start, end)
        semicolon = match.end() if code[match.end() : match.end() + 1] == b";" else None
        yield Statement(label.end() if label else start, end, label is not None, semicolon)


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end (newline and carriage return excluded) of each line."""
    start = 0
    while start < len(data):
        newline = data.find(b"\n", start)
        end = len(data) if newline < 0 else newline
        yield start, end - (end > start and data[end - 1] == ord("\r"))
        start = end + 1


def _directive(data: bytes, start: int, end: int) -> Directive:
    parts = _DIRECTIVE_NAME.search(data, start, end)
    name, argument = (parts[1].decode(), parts[2].decode(errors="replace").strip()) if parts else ("", "")
    return Directive(start, end, name, argument)


def _blank(code: bytearray, start: int, end: int) -> None:
    code[start:end] = b" " * (end - start)


class _Scan:
    """One pass over the code of a line: blanks strings and comments. ``quote`` is the open string's mark, 0 for none."""

    def __init__(self, data: bytes, code: bytearray) -> None:
        self.data = data
        self.code = code
        self.quote = 0

    def line(self, start: int, end: int, *, ampersand: bool) -> bool:
        """Whether the line ends in a continuation mark (free form)."""
        position = start
        for match in _SPECIAL.finditer(self.data, start, end):
            offset, mark = match.start(), self.data[match.start()]
            if ampersand and mark == ord("&") and self._nothing_follows(offset + 1, end):
                _blank(self.code, position if self.quote else offset, end)
                return True
            if self.quote:
                if mark == self.quote:
                    _blank(self.code, position, offset)
                    self.quote = 0
            elif mark == ord("!"):
                _blank(self.code, offset, end)
                return False
            elif mark != ord("&"):
                self.quote, position = mark, offset + 1
        if self.quote:
            _blank(self.code, position, end)
        return False

    def _nothing_follows(self, start: int, end: int) -> bool:
        rest = self.data[start:end].strip()
        return not rest or (not self.quote and rest.startswith(b"!"))


def _free_view(data: bytes) -> _View:
    code, directives = bytearray(data.replace(b"\r", b" ")), list[Directive]()
    scan, continuing = _Scan(data, code), False
    for start, end in _lines(data):
        line = data[start:end].lstrip()
        newline = slice(end, data.find(b"\n", end) + 1)
        sentinel = _FREE_SENTINEL.match(data, start, end)
        if not scan.quote and line.startswith(b"#"):
            directives.append(_directive(data, start, end))
            _blank(code, start, end)
        elif continuing and not scan.quote and (not line or line.startswith(b"!")) and not sentinel:
            _blank(code, start, end)
        else:
            first = sentinel.end() if sentinel else start
            _blank(code, start, first)
            continuing = scan.line(_after_mark(code, first, end) if continuing else first, end, ampersand=True)
            if not continuing:
                scan.quote = 0
        if continuing:
            _blank(code, newline.start, max(newline.start, newline.stop))
    return _View(bytes(code), tuple(directives))


def _after_mark(code: bytearray, start: int, end: int) -> int:
    """Where the code of a continued line begins, its leading ``&`` blanked."""
    first = end - len(bytes(code[start:end]).lstrip())
    if first < end and code[first] == ord("&"):
        code[first] = ord(" ")
        return first + 1
    return start


def _fixed_view(data: bytes) -> _View:
    """The view with 72 columns, unless more parentheses are matched without that limit (as compilers can be told)."""
    narrow = _fixed_lines(data, _LAST_COLUMN)
    if all(end - start <= _LAST_COLUMN for start, end in _lines(data)):
        return narrow
    wide = _fixed_lines(data, None)
    return wide if _unmatched(wide.code) < _unmatched(narrow.code) else narrow


def _unmatched(code: bytes) -> int:
    return sum(1 for line in re.split(rb"[\n;]", code) if line.count(b"(") != line.count(b")"))


def _fixed_lines(data: bytes, limit: int | None) -> _View:
    code, directives = bytearray(data.replace(b"\r", b" ")), list[Directive]()
    scan, last = _Scan(data, code), 0
    for start, end in _lines(data):
        if data[start : start + 1] == b"#":
            directives.append(_directive(data, start, end))
            _blank(code, start, end)
            continue
        sentinel = _FIXED_SENTINEL.match(data, start, end)
        if sentinel:
            _blank(code, start, sentinel.end())
        elif _is_fixed_comment(data[start:end]):
            _blank(code, start, end)
            continue
        line = bytes(code[start:end])
        if _continues(line):
            _blank(code, last, start)
            _blank(code, start, start + (line.index(b"\t") + 2 if b"\t" in line[:6] else 6))
        else:
            scan.quote = 0
        stop = end if limit is None or b"\t" in line[:6] else min(end, start + limit)
        _blank(code, stop, end)
        scan.line(min(stop, start + 6) if b"\t" not in line[:6] else start, stop, ampersand=False)
        last = stop
    return _View(bytes(code), tuple(directives))


def _is_fixed_comment(line: bytes) -> bool:
    bare = line.strip()
    return not bare or line[:1] in b"cC*dD!" or (bare.startswith(b"!") and line.find(b"!") != 5)


def _continues(line: bytes) -> bool:
    if b"\t" in line[:6]:
        return _TAB_CONTINUATION.match(line) is not None
    return len(line) > 5 and not line[:5].strip() and line[5] not in b" 0"
