"""Put edits into a program and say the change as a unified diff.

Limits: an edit whose line or hole does not exist raises; whether the result is right is for whoever runs it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from codepar.errors import InvalidInput
from codepar.mpi.holes import find_holes
from codepar.mpi.proposal import Edit


def apply_edits(source: str, edits: Sequence[Edit]) -> str:
    """The program with the edits in it. Statements get the indentation of their block; edits of one line keep their order."""
    lines = lines_of(_filled(source, [edit for edit in edits if edit.inline]))
    newline = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    after: dict[int, list[str]] = {}
    for edit in edits:
        if edit.inline:
            continue
        if edit.after_line > len(lines):
            raise InvalidInput(f"there is no line {edit.after_line} to insert after")
        after.setdefault(edit.after_line, []).append(f"{_indentation(lines, edit.after_line)}{edit.text.strip()}{newline}")
    result = list(after.get(0, []))
    for number, line in enumerate(lines, start=1):
        inserted = after.get(number, [])
        result.append(line if line.endswith("\n") or not inserted else line + newline)
        result += inserted
    return "".join(result)


def _filled(source: str, edits: Sequence[Edit]) -> str:
    """The source with its holes filled: the first edit of a line takes the line's first hole."""
    holes = list(find_holes(source))
    chosen: list[tuple[int, int, str]] = []
    for edit in edits:
        hole = next((hole for hole in holes if hole.line == edit.after_line), None)
        if hole is None:
            raise InvalidInput(f"line {edit.after_line} has no hole for {edit.text!r}")
        holes.remove(hole)
        chosen.append((hole.start, hole.end, edit.text.strip().rstrip(";")))
    for start, end, text in sorted(chosen, reverse=True):
        source = source[:start] + text + source[end:]
    return source


def _indentation(lines: Sequence[str], after_line: int) -> str:
    """That of the next line with code, unless it closes the block, then that of the line before, one deeper after a brace."""
    for line in lines[after_line:]:
        if line.strip():
            if not line.lstrip().startswith(("}", "#")):
                return _leading(line)
            break
    for line in reversed(lines[:after_line]):
        if line.strip() and not line.lstrip().startswith("#"):
            return _leading(line) + ("  " if line.rstrip().endswith("{") else "")
    return ""


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def unified_diff(path: str, before: str, after: str) -> str:
    """A patch of ``path`` that ``git apply`` takes in the project's root; empty when nothing changed."""
    pieces = []
    for line in difflib.unified_diff(lines_of(before), lines_of(after), f"a/{path}", f"b/{path}"):
        pieces.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(pieces)


def lines_of(text: str) -> list[str]:
    """Lines with their ends, as git and compilers see them: only a newline ends one."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def with_lines_after(lines: Sequence[str], after: Mapping[int, Sequence[str]], newline: str) -> str:
    """A text of ``lines`` with whole lines put in by the number of the line before them (0: at the start).

    A last line without an end gets one, ``newline``, where something follows it.
    """
    result = list(after.get(0, []))
    for number, line in enumerate(lines, start=1):
        inserted = after.get(number, [])
        end = "\n" if number < len(lines) else newline if inserted and line else ""
        result += [line + end, *inserted]
    return "".join(result)
