"""Which language a text is written in: C, C++, CUDA, Fortran or Python, by its suffix, else by what it holds.

Limits: a header is C unless it shows C++; dialects (C99, C++20, Fortran 77 and 2018, Python 2 and 3) are not told apart.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath

import tree_sitter_c
import tree_sitter_cpp
import tree_sitter_cuda
import tree_sitter_fortran
import tree_sitter_python
from tree_sitter import Language as Grammar
from tree_sitter import Parser

from codepar.project import C_SUFFIXES, CXX_SUFFIXES, FORTRAN_SUFFIXES, HEADER_SUFFIXES, PYTHON_SUFFIXES

_CUDA_SUFFIXES = frozenset({".cu", ".cuh"})
_SHOWS_CXX = re.compile(
    r"""^[ \t]*(?:template[ \t]*<|namespace\b|using[ \t]+(?:namespace\b|\w+[ \t]*=)|class[ \t]+\w+[^;()]*\{
        |\#[ \t]*include[ \t]*<(?:iostream|vector|string|c?std\w+|cmath|cassert|algorithm|memory|map|array|fstream|iomanip)>)
      |\bstd::|\bMPI::|\bstatic_cast<|\bnullptr\b""",
    re.MULTILINE | re.VERBOSE,
)


_SHOWS_PYTHON = re.compile(
    r"^(?:from[ \t]+[\w.]+[ \t]+import\b|import[ \t]+[\w.]+(?:[ \t]+as[ \t]+\w+|[ \t]*,[ \t]*[\w.]+)*[ \t]*(?:#.*)?\r?$"
    r"|[ \t]*(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|[ \t]*class[ \t]+\w+[^{;\n]*:[ \t]*\r?$"
    r"|[ \t]*(?:if|for|while|with|try|else|elif)\b[^{;\n]*:[ \t]*(?:#.*)?\r?$)",
    re.MULTILINE,
)
_SHOWS_FORTRAN = re.compile(
    r"^[ \t]*(?:\d+[ \t]+)?(?:program[ \t]+\w+|(?:(?:recursive|pure|elemental|impure|integer|real|logical|complex"
    r"|double[ \t]+precision|type)(?:[ \t]*\([^)\n]*\))?[ \t]+)*(?:subroutine[ \t]+\w+|function[ \t]+\w+[ \t]*\()"
    r"|module[ \t]+\w+|use[ \t]+\w+"
    r"|implicit[ \t]+none|call[ \t]+\w+|end[ \t]*(?:program|subroutine|function|module|if|do)\b|include[ \t]*['\"]mpif\.h['\"])"
    r"[^;{\n]*\r?$",
    re.MULTILINE | re.IGNORECASE,
)
_SHOWS_C = re.compile(
    r"^[ \t]*#[ \t]*include[ \t]*[<\"](?!mpif\.h)|^(?![ \t]*#[ \t])[^\n]*[;{}][ \t]*(?://.*|/\*.*\*/[ \t]*)?\r?$", re.MULTILINE
)
_SHARE = 0.5


class Language(StrEnum):
    """A language with a grammar."""

    C = "c"
    CXX = "c++"
    CUDA = "cuda"
    FORTRAN = "fortran"
    PYTHON = "python"

    @property
    def is_c_family(self) -> bool:
        return self in {Language.C, Language.CXX, Language.CUDA}

    @property
    def label(self) -> str:
        """Its name as people write it."""
        return {"c": "C", "c++": "C++", "cuda": "CUDA", "fortran": "Fortran", "python": "Python"}[self.value]


def language_of(path: str | None, text: str) -> Language:
    """The language of ``text``, by the suffix of ``path`` where that decides, else by marks in the text."""
    suffix = PurePosixPath(path).suffix if path else ""
    if suffix in _CUDA_SUFFIXES:
        return Language.CUDA
    if suffix in C_SUFFIXES:
        return Language.C
    if suffix in CXX_SUFFIXES:
        return Language.CXX
    if suffix in FORTRAN_SUFFIXES:
        return Language.FORTRAN
    if suffix in PYTHON_SUFFIXES:
        return Language.PYTHON
    if suffix not in HEADER_SUFFIXES:
        foreign = _foreign(text)
        if foreign is not None:
            return foreign
    return Language.CXX if _SHOWS_CXX.search(text) else Language.C


def _foreign(text: str) -> Language | None:
    """Fortran or Python, where its lines outnumber by far those that end as C ends them."""
    c = len(_SHOWS_C.findall(text))
    python, fortran = len(_SHOWS_PYTHON.findall(text)), len(_SHOWS_FORTRAN.findall(text))
    most, language = max((python, Language.PYTHON), (fortran, Language.FORTRAN))
    return language if most and c <= _SHARE * most else None


@cache
def grammar_of(language: Language) -> Grammar:
    """The tree-sitter grammar, loaded once."""
    sources = {
        Language.C: tree_sitter_c,
        Language.CXX: tree_sitter_cpp,
        Language.CUDA: tree_sitter_cuda,
        Language.FORTRAN: tree_sitter_fortran,
        Language.PYTHON: tree_sitter_python,
    }
    return Grammar(sources[language].language())


def parser_of(language: Language) -> Parser:
    """A fresh parser; parsers hold state and are not shared between threads."""
    return Parser(grammar_of(language))
