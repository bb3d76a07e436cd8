"""What compilers print, as diagnostics with file, line and message. Limits: gcc, gfortran, clang and nvcc, in English."""

from __future__ import annotations

import re
from collections.abc import Collection

from codepar.protocols import Diagnostic

MAX_DIAGNOSTICS = 50

_COMPILER = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? (?P<kind>fatal error|error|warning): (?P<message>.*)$")
_LINKER = re.compile(
    r"^(?:\S*ld(?:\.\w+)?: )?(?P<file>[^\s:()][^:()\n]*):(?P<line>\d+): (?P<message>undefined reference .*|multiple def.*)$"
)
_LINKER_NO_LINE = re.compile(
    r"^(?:\S*ld(?:\.\w+)?: .*: |\S*ld(?:\.\w+)?: |\(\.text[^)]*\): )"
    r"(?P<message>undefined reference .*|multiple definition .*|cannot find .*)$"
)
_DRIVER = re.compile(r"^(?:gcc|g\+\+|cc|c\+\+|cc1|cc1plus|clang|clang\+\+): (?P<kind>fatal error|error): (?P<message>.*)$")
_NVCC = re.compile(
    r"^(?P<file>[^\s(][^(\n]*)\((?P<line>\d+)\): (?P<kind>catastrophic error|error|warning)(?: #[\w-]+)?: (?P<message>.*)$"
)
_NVCC_NO_LINE = re.compile(r"^(?:nvcc|ptxas|nvlink) (?P<kind>fatal|error)\s*: (?P<message>.*)$")
# gfortran names the place, shows the lines, then says what is wrong.
_GFORTRAN = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):\d+:\n(?:[^\n]*\n){1,8}?(?P<kind>Fatal Error|Error|Warning): (?P<message>.*)$",
    re.MULTILINE,
)
_MAKE = re.compile(r"^make(?:\[\d+\])?: \*\*\* (?P<message>.*)$")


def parse(text: str, files: Collection[str]) -> tuple[Diagnostic, ...]:
    """The errors and warnings in ``text``, errors first, at most ``MAX_DIAGNOSTICS``; names as in ``files``."""
    found = [diagnostic for line in text.splitlines() if (diagnostic := _of_line(line, files))]
    found += [_placed(match, files) for match in _GFORTRAN.finditer(text)]
    found.sort(key=lambda diagnostic: diagnostic.kind == "warning")
    return tuple(dict.fromkeys(found))[:MAX_DIAGNOSTICS]


def _of_line(line: str, files: Collection[str]) -> Diagnostic | None:
    if match := _COMPILER.match(line) or _NVCC.match(line):
        return _placed(match, files)
    if match := _LINKER.match(line):
        return Diagnostic(
            kind="error", message=match["message"], file=project_name(match["file"], files), line=int(match["line"]) or None
        )
    if match := _LINKER_NO_LINE.match(line) or _DRIVER.match(line) or _NVCC_NO_LINE.match(line) or _MAKE.match(line):
        return Diagnostic(kind="error", message=match["message"])
    return None


def _placed(match: re.Match[str], files: Collection[str]) -> Diagnostic:
    kind = "warning" if match["kind"].lower() == "warning" else "error"
    return Diagnostic(kind=kind, message=match["message"], file=project_name(match["file"], files), line=int(match["line"]))


def project_name(name: str, files: Collection[str]) -> str:
    """The project's path that ``name`` (absolute, or relative to a folder of the build) ends in; else ``name`` as it is."""
    plain = name.removeprefix("./")
    if plain in files:
        return plain
    ends = [path for path in files if plain.endswith(f"/{path}")]
    return max(ends, key=len) if ends else plain
