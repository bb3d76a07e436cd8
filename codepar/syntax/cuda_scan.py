"""CUDA by its words: launches, bodies of functions with their execution spaces, ``__shared__`` declarations, inline assembly.

Works on the lexical view, so it also holds inside macro bodies and where conditionals break the tree. Offsets are bytes of the
file. Limits: macros are not expanded; a macro that stands for qualifiers (``#define HD __host__ __device__``) is known only
when it is named in ``aliases``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from codepar.syntax import brackets
from codepar.syntax.language import Language
from codepar.syntax.lexis import Lexis

QUALIFIERS = frozenset({"__global__", "__device__", "__host__", "__shared__", "__constant__", "__managed__"})
Aliases = Mapping[str, frozenset[str]]

_CONTINUATION = re.compile(rb"\\(?=[ \t]*\r?\n)")
_DEFINE = re.compile(rb"#[ \t]*define[ \t]+(\w+)(\(([^)]*)\))?")
_WORD = re.compile(rb"\w+")
_CLASS = re.compile(rb"\b(?:class|struct|union|enum)\b[^()]*\Z")
_OPEN_SCOPE = re.compile(rb"\bnamespace\b[^()]*\Z|\bextern\s*\"\s*\Z")
_ASM = re.compile(rb"\b(?:asm|__asm__|__asm)\b")
_ASM_HEAD = re.compile(rb"(?:asm|__asm__|__asm)\s*(?:(?:volatile|__volatile__|inline|goto)\s*)*\(")


@dataclass(frozen=True, slots=True)
class Macro:
    """A ``#define``. ``parameters`` is None for one without; the body lies in bytes ``start`` to ``end``."""

    name: str
    parameters: tuple[str, ...] | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Launch:
    """``callee<<<config>>>(arguments)`` as bytes of the file; ``arguments`` is None when a macro supplies them."""

    callee: tuple[int, int]
    config: tuple[int, int]
    arguments: tuple[int, int] | None
    macro: Macro | None


@dataclass(frozen=True, slots=True)
class Body:
    """The braces at ``start`` and ``end`` of a function (or class) and the text before them, from byte ``header``."""

    header: int
    start: int
    end: int
    qualifiers: frozenset[str]
    is_function: bool

    @property
    def is_device_only(self) -> bool:
        """Whether nvcc compiles it for the device alone."""
        return "__global__" in self.qualifiers or ("__device__" in self.qualifiers and "__host__" not in self.qualifiers)


class CudaScan:
    """The scanned text. ``aliases`` are macros of the project that stand for qualifiers (see ``find_aliases``)."""

    def __init__(self, data: bytes, aliases: Aliases | None = None) -> None:
        self.lexis = Lexis(data, Language.CUDA)
        self._aliases = aliases or {}
        self._code = _CONTINUATION.sub(b" ", self.lexis.code)

    @cached_property
    def macros(self) -> tuple[Macro, ...]:
        found = []
        for directive in self.lexis.directives:
            match = _DEFINE.match(self._code, directive.start, directive.end) or _DEFINE.search(
                self._code, directive.start, directive.end
            )
            if directive.name == "define" and match is not None:
                parameters = None
                if match[2] is not None:
                    parameters = tuple(word.strip().decode() for word in match[3].split(b",") if word.strip())
                found.append(Macro(match[1].decode(), parameters, match.end(), directive.end))
        return tuple(found)

    def macro_at(self, offset: int) -> Macro | None:
        """The macro whose body holds ``offset``."""
        index = bisect_right([macro.start for macro in self.macros], offset) - 1
        return self.macros[index] if index >= 0 and offset < self.macros[index].end else None

    def is_hidden(self, offset: int) -> bool:
        """Whether ``offset`` lies in a directive that defines nothing (``#error``, ``#if``)."""
        return self.lexis.directive_at(offset) is not None and self.macro_at(offset) is None

    def around(self, offset: int) -> tuple[bytes, int, int]:
        """The code in which ``offset`` lies, and its bounds: a macro's body, or the file without its directives."""
        macro = self.macro_at(offset)
        return (self._code, macro.start, macro.end) if macro else (self.lexis.plain, 0, len(self.lexis.plain))

    def words(self, wanted: Collection[str]) -> Iterator[tuple[int, int, str]]:
        """Where one of the words stands in code or a macro's body, in order."""
        if not wanted:
            return
        pattern = re.compile(rb"\b(?:" + b"|".join(re.escape(word.encode()) for word in sorted(wanted)) + rb")\b")
        for match in pattern.finditer(self._code):
            if not self.is_hidden(match.start()):
                yield match.start(), match.end(), match.group().decode()

    def qualifiers_in(self, start: int, end: int) -> frozenset[str]:
        """The qualifiers among the words of that range, aliases resolved."""
        found: set[str] = set()
        for match in _WORD.finditer(self.lexis.plain, start, end):
            word = match.group().decode(errors="replace")
            found |= {word} & QUALIFIERS
            found |= self._aliases.get(word, frozenset())
        return frozenset(found)

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """What stands in braces and is a function, a lambda or a class, outer ones first."""
        plain, found = self.lexis.plain, []
        for opening, closing in brackets.braces(plain):
            header = brackets.statement_start(plain, opening)
            text = plain[header:opening]
            if _OPEN_SCOPE.search(text):
                continue
            is_class = _CLASS.search(text) is not None
            found.append(Body(header, opening, closing, self.qualifiers_in(header, opening), not is_class))
        return tuple(sorted(found, key=lambda body: body.start))

    def bodies_at(self, offset: int) -> tuple[Body, ...]:
        """The bodies that hold ``offset``, outer ones first."""
        return tuple(body for body in self.bodies if body.start < offset < body.end)

    def is_local(self, offset: int) -> bool:
        """Whether ``offset`` lies inside a function; the body of a macro counts as such."""
        return self.macro_at(offset) is not None or any(body.is_function for body in self.bodies_at(offset))

    @cached_property
    def launches(self) -> tuple[Launch, ...]:
        found = [self._launch(match.start()) for match in re.finditer(rb"(?<!<)<<<(?!<)", self._code)]
        return tuple(launch for launch in found if launch)

    def _launch(self, offset: int) -> Launch | None:
        if self.is_hidden(offset):
            return None
        text, low, high = self.around(offset)
        start = brackets.postfix_start(text, offset, low)
        end = brackets.find_chevrons(text, offset + 3, high)
        if start is None or end is None:
            return None
        arguments = None
        opening = brackets.skip_space(text, end + 3, high)
        if opening < high and text[opening : opening + 1] == b"(":
            closing = brackets.closing(text, opening, high)
            if closing is None:
                return None
            arguments = (opening + 1, closing)
        callee_end = brackets.skip_space_back(text, offset, low)
        return Launch((start, callee_end), (offset + 3, end), arguments, self.macro_at(offset))

    @cached_property
    def assembly(self) -> tuple[tuple[int, int], ...]:
        """Inline assembly, from its keyword to behind its closing parenthesis; empty templates (compiler barriers) left out."""
        found = []
        for match in _ASM.finditer(self._code):
            text, _, high = self.around(match.start())
            head = _ASM_HEAD.match(text, match.start(), high)
            closing = brackets.closing(text, head.end() - 1, high) if head and not self.is_hidden(match.start()) else None
            if head is not None and closing is not None and not self._is_empty_template(head.end(), closing):
                found.append((match.start(), closing + 1))
        return tuple(found)

    def _is_empty_template(self, start: int, end: int) -> bool:
        return re.match(rb'\s*""\s*(?::|\Z)', self.lexis.data[start:end]) is not None


def find_aliases(sources: Collection[CudaScan]) -> dict[str, frozenset[str]]:
    """The macros without parameters that stand for qualifiers, of all files together; alternatives are united."""
    aliases: dict[str, frozenset[str]] = {}
    for _ in range(3):  # an alias may be made of another
        for scan in sources:
            for macro in scan.macros:
                words = {match.group().decode() for match in _WORD.finditer(scan.around(macro.start)[0], macro.start, macro.end)}
                stands_for = (words & QUALIFIERS).union(*(aliases.get(word, frozenset()) for word in words))
                if macro.parameters is None and stands_for and len(words) <= 8:
                    aliases[macro.name] = aliases.get(macro.name, frozenset()) | stands_for
    return aliases
