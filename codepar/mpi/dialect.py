"""What insertion must know of a language: its holes, where a statement may stand, and how a removed one is written anew.

Limits: this module knows C, C++ and CUDA; the others are in their folders (``fortran``, ``python``) and found by ``dialect_of``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.mpi.boundaries import Boundary, boundaries
from codepar.mpi.holes import HOLE
from codepar.syntax.language import Language


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a removed statement stood and where it goes: before line ``line`` of ``base``, before line ``index`` of ``new``.

    ``matched[i]`` is the line of ``new`` that line ``i`` of ``base`` became; lines count from 0. ``text`` is ``new`` as one.
    """

    base: Sequence[str]
    new: Sequence[str]
    text: str
    matched: Sequence[int | None]
    line: int
    index: int


class Dialect:
    """Languages with braces and semicolons."""

    hole: re.Pattern[str] = HOLE
    """Matches a hole; its group ``type`` tells the kinds of holes apart."""
    ends: str = ";{}"
    """Behind these another statement may begin amid a line."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def boundaries(self, text: str) -> list[Boundary]:
        """One entry for each line of ``text`` and one for its end."""
        return boundaries(text, self._language)

    def statement(self, removed: str, text: str, lines: Sequence[str], index: int) -> str:
        """``removed`` as a statement on a line of its own (newline included) before line ``index`` of ``text``."""
        return f"{self._indentation(lines, index)}{removed.strip().removesuffix(';')};\n"

    def fit(self, removed: str, around: Surroundings) -> str:
        """The lines ``removed`` as they must be written in their new surroundings."""
        return removed

    @staticmethod
    def _indentation(lines: Sequence[str], index: int) -> str:
        near = [*lines[index : index + 1], *lines[max(0, index - 1) : index]]
        shown = next((line for line in near if line.strip() and not line.strip().startswith("}")), "")
        return shown[: len(shown) - len(shown.lstrip())]
