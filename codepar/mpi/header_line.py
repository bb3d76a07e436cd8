"""The line ``#include <mpi.h>`` of a program that gets calls and neither has it nor can have it from a header.

Limits: by the names of what is included; a header that is not among the files of the project, and is no standard one by its
brackets, is taken to bring ``mpi.h``. A fragment, without ``main`` and without any include, gets none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from codepar.mpi.proposal import Edit
from codepar.syntax.lexis import Directive
from codepar.syntax.tree import SyntaxTree, parse

_INCLUDE = "#include <mpi.h>"
# In the text itself: a lexical view has the contents of strings blanked.
_NAMED = re.compile(rb"""include\s*(?:<([^<>\n]*)>|"([^"\n]*)")""")
# What a preprocessor or the program itself wrote out.
_OWN_MPI = re.compile(rb"\btypedef\b[^;{}]*\bMPI_\w+\s*;|^[ \t]*(?:extern[ \t]+)?int[ \t]+MPI_\w+\s*\(", re.MULTILINE)


def header_line(tree: SyntaxTree, path: str, files: Mapping[str, str]) -> Edit | None:
    """The include that the file at ``path`` lacks, behind its first ones; None where it lacks none."""
    includes = _unconditional(tree)
    is_whole = bool(includes) or any(function.name == "main" for function in tree.functions)
    if not is_whole or _OWN_MPI.search(tree.lexis.code) or _brings_mpi(tree, path, files, {path}):
        return None
    return Edit(
        kind="declaration",
        after_line=_last_of_first_block(tree, includes),
        text=_INCLUDE,
        function="",
        arguments=(),
        confidence=1.0,
        origin="rule",
    )


def _brings_mpi(tree: SyntaxTree, path: str, files: Mapping[str, str], seen: set[str]) -> bool:
    """Whether an include of the file, or of a header that it includes, is one of MPI's or cannot be looked into."""
    for directive in tree.lexis.directives:
        if directive.name != "include":
            continue
        named = _NAMED.search(tree.data, directive.start, directive.end)
        if named is None or b"mpi" in named[0].lower():
            return True
        if named[1] is not None:
            continue
        inner = _in_project(named[2].decode(errors="replace"), path, files)
        if inner is None or (inner not in seen and _brings_mpi(parse(files[inner]), inner, files, seen | {inner})):
            return True
    return False


def _in_project(name: str, path: str, files: Mapping[str, str]) -> str | None:
    """The file of the project that an include means: beside the including one, else the one whose path ends so."""
    beside = str(PurePosixPath(path).parent / name)
    if beside in files:
        return beside
    return next((other for other in files if PurePosixPath(other).parts[-1] == PurePosixPath(name).parts[-1]), None)


def _unconditional(tree: SyntaxTree) -> list[Directive]:
    """The includes outside of every ``#if``."""
    depth, found = 0, list[Directive]()
    for directive in tree.lexis.directives:
        depth += directive.opens - directive.closes
        if directive.name == "include" and depth == 0:
            found.append(directive)
    return found


def _last_of_first_block(tree: SyntaxTree, includes: list[Directive]) -> int:
    """The line of the last include that follows the first one line by line; 0 without any."""
    line = 0
    for directive in includes:
        here = tree.lexis.line_at(directive.start)
        if line and here != line + 1:
            break
        line = here
    return line
