"""Which language a text is written in: C, C++ or CUDA, by its suffix, else by what it holds.

Limits: a header is C unless it shows C++; dialects (C99, C++20, GNU) are not told apart.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath

import tree_sitter_c
import tree_sitter_cpp
import tree_sitter_cuda
from tree_sitter import Language as Grammar
from tree_sitter import Parser

from codepar.project import C_SUFFIXES, CXX_SUFFIXES

_CUDA_SUFFIXES = frozenset({".cu", ".cuh"})
_SHOWS_CXX = re.compile(
    r"""^[ \t]*(?:template[ \t]*<|namespace\b|using[ \t]+(?:namespace\b|\w+[ \t]*=)|class[ \t]+\w+[^;()]*\{
        |\#[ \t]*include[ \t]*<(?:iostream|vector|string|c?std\w+|cmath|cassert|algorithm|memory|map|array|fstream|iomanip)>)
      |\bstd::|\bMPI::|\bstatic_cast<|\bnullptr\b""",
    re.MULTILINE | re.VERBOSE,
)


class Language(StrEnum):
    """A language with a grammar."""

    C = "c"
    CXX = "c++"
    CUDA = "cuda"


def language_of(path: str | None, text: str) -> Language:
    """The language of ``text``, by the suffix of ``path`` where that decides, else by marks of C++ in the text."""
    suffix = PurePosixPath(path).suffix if path else ""
    if suffix in _CUDA_SUFFIXES:
        return Language.CUDA
    if suffix in C_SUFFIXES:
        return Language.C
    if suffix in CXX_SUFFIXES:
        return Language.CXX
    return Language.CXX if _SHOWS_CXX.search(text) else Language.C


@cache
def grammar_of(language: Language) -> Grammar:
    """The tree-sitter grammar, loaded once."""
    sources = {Language.C: tree_sitter_c, Language.CXX: tree_sitter_cpp, Language.CUDA: tree_sitter_cuda}
    return Grammar(sources[language].language())


def parser_of(language: Language) -> Parser:
    """A fresh parser; parsers hold state and are not shared between threads."""
    return Parser(grammar_of(language))
