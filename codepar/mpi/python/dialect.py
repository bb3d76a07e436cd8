"""What insertion must know of Python: where statements may stand, and how deep they must be indented there.

Limits: a statement whose block was deleted goes to the nearest block that is left; the text of strings is never re-indented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from codepar.mpi.boundaries import Boundary, line_starts
from codepar.mpi.dialect import Dialect, Surroundings
from codepar.mpi.python.holes import HOLE
from codepar.syntax.python import LogicalLine, PythonText, width

_REACH = 40
_STEP = "    "


class PythonDialect(Dialect):
    """Statements end with their line, blocks with their indentation."""

    hole = HOLE
    ends = ";:"

    def boundaries(self, text: str) -> list[Boundary]:
        """One entry for each line of ``text`` and one for its end; not amid a statement, nor behind a decorator."""
        layout = _Layout.of(text)
        return [layout.boundary(index) for index in range(len(layout.starts))]

    def statement(self, removed: str, text: str, lines: Sequence[str], index: int) -> str:
        statement = removed.strip().removesuffix(";").rstrip()
        indentation = _Layout.of(text).nearest(index, self._indentation(lines, index))
        return f"{indentation}{statement}\n"

    def fit(self, removed: str, around: Surroundings) -> str:
        own = _indentation(removed)
        wanted = _wanted(own, around)
        final = _Layout.of(around.text).nearest(around.index, wanted)
        if final == own:
            return removed
        first, *rest = removed.split("\n")
        if '"""' not in removed and "'''" not in removed:
            rest = [final + line.removeprefix(own) if line.startswith(own) and line.strip() else line for line in rest]
        return "\n".join([final + first.removeprefix(own), *rest])


class _Layout:
    """The lines of a text with the logical lines around each."""

    def __init__(self, text: str) -> None:
        self._view = PythonText(text)
        self.starts = line_starts(self._view.data)
        self._before = list(self._count())

    @staticmethod
    @lru_cache(maxsize=4)
    def of(text: str) -> _Layout:
        return _Layout(text)

    def _count(self) -> Iterator[int]:
        """For each line how many logical lines begin before it."""
        number, lines = 0, self._view.lines
        for start in self.starts:
            while number < len(lines) and lines[number].start < start:
                number += 1
            yield number

    def boundary(self, index: int) -> Boundary:
        previous, _ = self._around(index)
        amid = previous is not None and previous.end > self.starts[index]
        decorated = previous is not None and previous.decorates
        depth = 0 if previous is None else width(previous.indentation) // len(_STEP) + previous.opens
        return Boundary(allowed=not amid and not decorated, depth=depth)

    def _around(self, index: int) -> tuple[LogicalLine | None, LogicalLine | None]:
        number, lines = self._before[min(index, len(self._before) - 1)], self._view.lines
        return (lines[number - 1] if number else None, lines[number] if number < len(lines) else None)

    def nearest(self, index: int, wanted: str) -> str:
        """Of the indentations that a statement before line ``index`` may have, the one most like ``wanted``."""
        return min(self._valid(index), key=lambda indentation: (indentation != wanted, abs(width(indentation) - width(wanted))))

    def _valid(self, index: int) -> list[str]:
        previous, following = self._around(index)
        below = following.indentation if following is not None else ""
        if previous is None:
            return [below]
        if previous.opens:
            return [below if width(below) > width(previous.indentation) else previous.indentation + _STEP]
        floor = width(below) + (following is not None and following.continues_block)
        return [open_ for open_ in self._open(index) if width(open_) >= floor] or [previous.indentation]

    def _open(self, index: int) -> tuple[str, ...]:
        """The indentations of the blocks that are open before line ``index``."""
        number = self._before[min(index, len(self._before) - 1)]
        return self._stacks[number]

    @cached_property
    def _stacks(self) -> list[tuple[str, ...]]:
        """Before each logical line the indentations of the open blocks."""
        stack: tuple[str, ...] = ()
        stacks = list[tuple[str, ...]]([()])
        for line in self._view.lines:
            stack = (*(open_ for open_ in stack if width(open_) < width(line.indentation)), line.indentation)
            stacks.append(stack)
        return stacks


def _indentation(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t\f"))]


def _wanted(own: str, around: Surroundings) -> str:
    """The indentation that neighbours of the same block have now, else the own one moved as far as the nearest neighbour was."""
    moved = None
    for line in _outwards(around.line, len(around.base)):
        match = around.matched[line]
        if match is None or not around.base[line].strip():
            continue
        old, new = _indentation(around.base[line]), _indentation(around.new[match])
        if old == own:
            return new
        if moved is None:
            moved = own + new.removeprefix(old) if new.startswith(old) else own.removesuffix(old.removeprefix(new))
    return own if moved is None else moved


def _outwards(line: int, count: int) -> Iterator[int]:
    for distance in range(_REACH):
        for candidate in (line - 1 - distance, line + distance):
            if 0 <= candidate < count:
                yield candidate
