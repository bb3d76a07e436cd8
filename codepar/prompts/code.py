"""The pieces of code that a request can mean: functions, classes, loops, with what they name. One view for all languages.

Offsets are bytes of the source. Reading is lazy, for most requests need no tree. Limits: macros are not expanded, names are not
resolved beyond the source; overloads share a name.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property

from tree_sitter import Query

from codepar.syntax.language import Language, grammar_of

_DEEPEST = 400
_BRACKET = re.compile(rb"[()\[\]{}]")
_WORD = re.compile(rb"[^\W\d]\w*", re.ASCII)


@cache
def query_of(language: Language, pattern: str) -> Query:
    """A query of tree-sitter, compiled once."""
    return Query(grammar_of(language), pattern)


class UnitKind(StrEnum):
    """What a piece is."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of code from byte ``start`` to ``end``. ``marks``: ``__global__``, ``static``, ``subroutine``, ``for``, ..."""

    kind: UnitKind
    name: str
    start: int
    end: int
    marks: frozenset[str] = frozenset()
    owner: str | None = None
    """The class of a method, the function of a loop."""
    body_start: int = 0


def makes_object(unit: Unit) -> bool:
    """Whether a method makes or ends its object: a constructor, a destructor, ``__init__`` and the like."""
    return unit.owner is not None and (unit.name.lstrip("~") == unit.owner or unit.name.startswith("__"))


class Code(ABC):
    """The view of one source."""

    def __init__(self, text: str, language: Language) -> None:
        self.text = text
        self.language = language
        self.data = text.encode()

    @property
    @abstractmethod
    def plain(self) -> bytes:
        """``data`` with comments and strings blanked, every byte at its offset."""

    @property
    @abstractmethod
    def functions(self) -> tuple[Unit, ...]:
        """Functions outside classes, outermost ones, in the order of the file."""

    @property
    @abstractmethod
    def methods(self) -> tuple[Unit, ...]:
        """Functions with a body inside classes."""

    @property
    @abstractmethod
    def classes(self) -> tuple[Unit, ...]:
        """Classes, structs and derived types with a body."""

    @property
    @abstractmethod
    def loops(self) -> tuple[Unit, ...]:
        """Outermost loops."""

    @property
    @abstractmethod
    def inner_loops(self) -> tuple[Unit, ...]:
        """The other loops."""

    @property
    @abstractmethod
    def is_broken(self) -> bool:
        """Whether a bracket is missing, so that the end of a piece cannot be told."""

    @abstractmethod
    def shared_names(self) -> frozenset[str]:
        """Variables that several functions of the source can reach, constants left out."""

    @abstractmethod
    def writes(self, unit: Unit, name: str) -> bool | None:
        """Whether ``unit`` may write the shared ``name``; None when it does not touch it (or hides it)."""

    @property
    @abstractmethod
    def imports(self) -> frozenset[str]:
        """Files and modules that the source includes, imports or uses, as written."""

    @property
    def modules(self) -> frozenset[str]:
        """Modules that the source defines by name (Fortran)."""
        return frozenset()

    @cached_property
    def is_too_deep(self) -> bool:
        """Whether brackets are nested deeper than code ever is; such a text is not parsed."""
        if sum(map(self.data.count, (b"(", b"[", b"{"))) <= _DEEPEST:
            return False
        depth = 0
        for match in _BRACKET.finditer(self.data):
            depth = depth + 1 if match.group() in b"([{" else max(0, depth - 1)
            if depth > _DEEPEST:
                return True
        return False

    def words(self, unit: Unit) -> frozenset[str]:
        """The identifiers that the code of ``unit`` uses, members of objects left out."""
        return frozenset(self._words_of(unit.start, unit.end))

    @cached_property
    def all_words(self) -> frozenset[str]:
        """The identifiers of the whole source."""
        return frozenset(self._words_of(0, len(self.data)))

    def _words_of(self, start: int, end: int) -> Collection[str]:
        plain = self.plain
        return {
            match.group().decode()
            for match in _WORD.finditer(plain, start, end)
            if not plain[max(0, match.start() - 2) : match.start()].endswith((b".", b"->"))
        }

    def occurrences(self, unit: Unit, name: str) -> list[int]:
        """Where the code of ``unit`` names ``name``."""
        pattern = re.compile(rb"(?<![\w.])" + re.escape(name.encode()) + rb"(?!\w)")
        return [match.start() for match in pattern.finditer(self.plain, unit.start, unit.end)]


def read_code(text: str, language: Language) -> Code:
    """The view of ``text``; nothing is parsed before it is asked."""
    from codepar.prompts.code_c import CCode
    from codepar.prompts.code_fortran import FortranCode
    from codepar.prompts.code_python import PythonCode

    if language is Language.PYTHON:
        return PythonCode(text, language)
    return FortranCode(text, language) if language is Language.FORTRAN else CCode(text, language)
