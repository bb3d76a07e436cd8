"""A source with the project's own headers put in place of their includes, so that one text holds structs, macros and helpers.

Limits: quoted includes of files that are given, each once; what ``#if`` would choose is not decided; system headers stay.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"[^\n]*$')
_ONCE = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+once[ \t]*$", re.M)
_GUARD = re.compile(
    r"\A(\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)*)#[ \t]*ifndef[ \t]+(\w+)[^\n]*\n([ \t]*)#[ \t]*define[ \t]+\2\b[^\n]*", re.S
)
_LAST = re.compile(r"^[ \t]*#[ \t]*endif\b[^\n]*\s*(?:/\*.*?\*/\s*|//[^\n]*\s*)*\Z", re.M | re.S)
_LINKAGE = re.compile(
    r'^[ \t]*#[ \t]*ifdef[ \t]+__cplusplus[ \t]*\n[ \t]*(?:extern[ \t]+"C"[ \t]*\{|\})[ \t]*\n[ \t]*#[ \t]*endif[^\n]*$', re.M
)
MAX_DEPTH = 16
_STANDARD = frozenset(
    f"{name}.h"
    for name in (
        *("assert", "complex", "ctype", "errno", "float", "inttypes", "limits", "math", "omp", "stdbool", "stddef", "stdint"),
        *("stdio", "stdlib", "string", "time"),
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, 1-based."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Inlined:
    """``text``, and where each of its lines comes from. ``headers`` are those put in, in order."""

    text: str
    places: tuple[Place, ...]
    headers: tuple[str, ...] = ()

    def place(self, line: int | None) -> Place | None:
        """Where a line of the text stands."""
        return self.places[line - 1] if line is not None and 0 < line <= len(self.places) else None


def inline_headers(path: str, files: Mapping[str, str]) -> Inlined:
    """The file at ``path`` with its headers in; without such includes the text as it is."""
    inliner = _Inliner(files)
    inliner.put(path, files[path], 0)
    return Inlined("\n".join(inliner.lines), tuple(inliner.places), tuple(inliner.headers))


def missing_headers(inlined: Inlined) -> list[str]:
    """``file:line: what`` of each quoted include of a file that was not given, but for those that compilers bring along."""
    found = []
    for line, place in zip(inlined.text.split("\n"), inlined.places, strict=True):
        match = _INCLUDE.match(line)
        if match is not None and match[1] not in _STANDARD:
            found.append(f"{place.path}:{place.line}: `{match[1]}` was not given: what it declares is not known")
    return found


def included_paths(path: str, text: str) -> list[str]:
    """The paths that quoted includes of a file may mean, as seen from the root of ``path``."""
    found = [match[1] for line in text.split("\n") if (match := _INCLUDE.match(line))]
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in found]


@dataclass
class _Inliner:
    files: Mapping[str, str]
    lines: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    def put(self, path: str, text: str, depth: int) -> None:
        """Add the lines of a file."""
        for number, line in enumerate(text.split("\n"), start=1):
            match = _INCLUDE.match(line)
            header = _found(path, match[1], self.files) if match is not None and depth < MAX_DEPTH else None
            if header is None:
                self.lines.append(line)
                self.places.append(Place(path, number))
            elif header not in self.headers and header != path:
                self.headers.append(header)
                self.put(header, _unguarded(self.files[header]), depth + 1)


def _found(path: str, name: str, files: Mapping[str, str]) -> str | None:
    """The file that an include names: beside the including one, else below a folder that ends so."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if beside in files:
        return beside
    ending = [one for one in files if one == name or one.endswith(f"/{name}")]
    return ending[0] if len(ending) == 1 else None


def _unguarded(text: str) -> str:
    """A header without its guard and without its linkage block, on the same lines."""
    text = _ONCE.sub("", _LINKAGE.sub(lambda match: "\n" * match[0].count("\n"), text))
    guard, last = _GUARD.match(text), _LAST.search(text)
    if guard is None or last is None:
        return text
    blanked = guard[1] + "\n" * guard[0][len(guard[1]) :].count("\n")
    return blanked + text[guard.end() : last.start()] + "\n" * last[0].count("\n")
