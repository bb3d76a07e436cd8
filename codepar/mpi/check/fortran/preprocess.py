"""The lines of a Fortran file that are compiled: conditionals of the preprocessor decided, included files put in.

Every line stays where it is: what is not compiled becomes empty, an included file stands in one line, joined by
semicolons. Limits: a name is defined when the file says so, or when it sounds like MPI; macros with parameters are not expanded.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from codepar.mpi.check.nodes import Macros, condition_holds
from codepar.syntax.fortran import FortranForm, FortranText

_DIRECTIVE = re.compile(r"\s*#\s*(ifdef|ifndef|if|elif|else|endif|define|undef|include)\b\s*(.*)")
_INCLUDE = re.compile(r"(?:\s*|\s*#\s*)include\s*['\"<]([^'\">]+)['\">]", re.IGNORECASE)
_SOUNDS_LIKE_MPI = re.compile(r"(?<![A-Za-z])_*(?:HAVE_|USE_|WITH_|ENABLE_|DO_)?(?:MPI\d?|PARALLEL|MPICH|OPENMPI)_*(?![A-Za-z])")
_MAX_INCLUDED = 2_000


class _Names(Macros):
    """What sounds like MPI is defined."""

    def has(self, name: str, offset: int) -> bool:
        return name in self.values or _SOUNDS_LIKE_MPI.fullmatch(name) is not None


def preprocessed(text: str, path: str, files: Mapping[str, str]) -> str:
    """The text with as many lines."""
    if "#" not in text and "include" not in text.lower():
        return text
    defined: dict[str, str] = {}
    lines, taken = list[str](), list[tuple[bool, bool]]()
    for line in text.split("\n"):
        directive = _DIRECTIVE.match(line)
        active = all(now for now, _ in taken)
        if directive is not None:
            _conditional(directive, taken, _Names(defined, frozenset(), {}), active=active)
            if active and directive[1] == "define":
                words = directive[2].split(None, 1)
                defined.update({words[0]: words[1] if len(words) > 1 else "1"} if words else {})
        included = _INCLUDE.match(line) if active else None
        lines.append(_included(included[1], path, files) if included else line if active and directive is None else "")
    return "\n".join(lines)


def _conditional(directive: re.Match[str], taken: list[tuple[bool, bool]], names: Macros, *, active: bool) -> None:
    """Keep for each open conditional whether its part is compiled, and whether one of its parts was."""
    kind, rest = directive[1], directive[2]
    if kind in {"ifdef", "ifndef", "if"}:
        holds = active and _holds(kind, rest, names)
        taken.append((holds, holds or not active))
    elif kind in {"elif", "else"} and taken:
        done = taken[-1][1]
        holds = not done and (kind == "else" or condition_holds(rest, names, 0))
        taken[-1] = (holds, done or holds)
    elif kind == "endif" and taken:
        taken.pop()


def _holds(kind: str, rest: str, names: Macros) -> bool:
    if kind == "if":
        return condition_holds(rest, names, 0)
    word = re.match(r"\w+", rest)
    return (word is not None and names.has(word[0], 0)) == (kind == "ifdef")


def _included(name: str, path: str, files: Mapping[str, str]) -> str:
    near = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    found = files.get(near) or next((text for other, text in files.items() if other.endswith("/" + name)), None)
    if found is None or len(found) > 20 * _MAX_INCLUDED:
        return f"include '{name}'"
    view = FortranText(found, None, FortranForm.FREE if "&" in found else None)
    pieces = [view.code[one.start : one.end].decode(errors="replace").replace("\n", " ") for one in view.statements]
    return "; ".join(pieces)
