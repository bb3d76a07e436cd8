"""What of a C or C++ text is code: comments and strings blanked, preprocessor directives told apart, brackets matched.

Everything is in bytes and keeps its offset, so that a place found here is a place in the file. It needs no grammar, hence also
holds where macros and conditionals break the tree. Limits: trigraphs and digraphs are not read; macros are not expanded; other
languages have views of their own (``fortran.py``, ``python.py``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from codepar.syntax.language import Language

_COMMENT = rb"//(?:[^\\\n]|\\\r?\n|\\)*|/\*.*?(?:\*/|\Z)"
_QUOTED = rb"\"(?:[^\"\\\n]|\\\r?\n|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?"
_RAW = rb"(?<!\w)(?:u8|[uUL])?R\"(?P<mark>[^()\\\s\"]{0,16})\(.*?\)(?P=mark)\""
_SEPARATED_NUMBER = rb"(?<!\w)\d\w*(?:'\w+)+"
_OPAQUE_CXX = re.compile(b"|".join((_COMMENT, _RAW, _SEPARATED_NUMBER, _QUOTED)), re.DOTALL)
_OPAQUE = {
    Language.C: re.compile(b"|".join((_COMMENT, _QUOTED)), re.DOTALL),
    Language.CXX: _OPAQUE_CXX,
    Language.CUDA: _OPAQUE_CXX,
}
_DIRECTIVE = re.compile(rb"^[ \t\f\v]*#(?:\\\r?\n|[^\n])*", re.MULTILINE)
_DIRECTIVE_NAME = re.compile(rb"#[ \t]*(\w*)[ \t]*([^\r\n]*)")
_NOT_NEWLINE = re.compile(rb"[^\n]")
_BRACKET = re.compile(rb"[()\[\]{}]")
_CLOSES = {ord("("): ord(")"), ord("["): ord("]"), ord("{"): ord("}")}
_OPENS_BRANCH = frozenset({"if", "ifdef", "ifndef"})
_NEXT_BRANCH = frozenset({"else", "elif", "elifdef", "elifndef"})


@dataclass(frozen=True, slots=True)
class Directive:
    """A preprocessor line with its continuations: bytes ``start`` to ``end`` (its newline excluded)."""

    start: int
    end: int
    name: str
    argument: str

    @property
    def opens(self) -> bool:
        return self.name in _OPENS_BRANCH

    @property
    def switches(self) -> bool:
        return self.name in _NEXT_BRANCH

    @property
    def closes(self) -> bool:
        return self.name == "endif"


def _blank(match: re.Match[bytes]) -> bytes:
    text = match.group()
    if text[:1].isdigit():
        return text
    blanked = _NOT_NEWLINE.sub(b" ", text)
    return blanked if text.startswith(b"/") else b'"' + blanked[1:]


class Lexis:
    """The lexical view of one file. Offsets are bytes into ``data``, the same in ``code`` and ``plain``."""

    def __init__(self, data: bytes, language: Language) -> None:
        self.data = data
        self._language = language
        self.code = _OPAQUE[language].sub(_blank, data)
        """``data`` with comments and the contents of strings blanked."""

    @cached_property
    def _opaque(self) -> tuple[tuple[int, int], ...]:
        matches = _OPAQUE[self._language].finditer(self.data)
        return tuple(match.span() for match in matches if not match.group()[:1].isdigit())

    def is_opaque(self, offset: int) -> bool:
        """Whether the byte at ``offset`` belongs to a comment or a string."""
        index = bisect_right(self._opaque, (offset, len(self.data))) - 1
        return index >= 0 and offset < self._opaque[index][1]

    @cached_property
    def directives(self) -> tuple[Directive, ...]:
        found = []
        for match in _DIRECTIVE.finditer(self.code):
            parts = _DIRECTIVE_NAME.search(match.group())
            name, argument = (parts[1].decode(), parts[2].decode(errors="replace").strip()) if parts else ("", "")
            found.append(Directive(match.start(), match.end(), name, argument))
        return tuple(found)

    @cached_property
    def _directive_starts(self) -> list[int]:
        return [directive.start for directive in self.directives]

    @cached_property
    def plain(self) -> bytes:
        """``code`` with the preprocessor directives blanked too."""
        return _DIRECTIVE.sub(lambda match: _NOT_NEWLINE.sub(b" ", match.group()), self.code)

    @cached_property
    def _newlines(self) -> list[int]:
        return [match.start() for match in re.finditer(rb"\n", self.data)]

    def line_at(self, offset: int) -> int:
        """The 1-based line that holds the byte at ``offset``."""
        return bisect_right(self._newlines, offset - 1) + 1

    def directive_at(self, offset: int) -> Directive | None:
        """The directive that covers ``offset``."""
        index = bisect_right(self._directive_starts, offset) - 1
        return self.directives[index] if index >= 0 and offset < self.directives[index].end else None

    def directives_between(self, start: int, end: int) -> tuple[Directive, ...]:
        """The directives that begin in ``start``..``end``."""
        starts = self._directive_starts
        return self.directives[bisect_right(starts, start - 1) : bisect_right(starts, end - 1)]

    def closing(self, opening: int) -> int | None:
        """The offset of the bracket that closes the one at ``opening``; None when it has none of its kind.

        Inside a directive only that directive is searched; outside, directives are skipped.
        """
        directive = self.directive_at(opening)
        text, end = (self.code, directive.end) if directive else (self.plain, len(self.plain))
        expected: list[int] = []
        for match in _BRACKET.finditer(text, opening, end):
            bracket = text[match.start()]
            if bracket in _CLOSES:
                expected.append(_CLOSES[bracket])
            elif bracket != expected.pop():
                return None
            if not expected:
                return match.start()
        return None

    @cached_property
    def branch_openings(self) -> dict[int, Directive]:
        """For each ``#else``, ``#elif`` and ``#endif`` (by its start) the ``#if`` that it belongs to."""
        openings: dict[int, Directive] = {}
        stack: list[Directive] = []
        for directive in self.directives:
            if directive.opens:
                stack.append(directive)
            elif (directive.switches or directive.closes) and stack:
                openings[directive.start] = stack.pop() if directive.closes else stack[-1]
        return openings
