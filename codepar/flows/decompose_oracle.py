"""What judges an MPI completion that a request asks for: a sequential or a reference program among the files that came.

A companion is told by its name (``pi_serial.c``, ``serial/pi.c``, ``pi_ref.c`` for ``pi.c``), or by the words of the request
("compare with gold.c") where one file is to be completed. A program without MPI is taken as sequential, one that calls MPI as
reference; "the same output at any number of ranks" is an oracle, too. Limits: without any of these an answer stays unverified; a
name that only looks like a companion's is believed, and the verdict names what it was judged by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from codepar.project import C_SUFFIXES, CXX_SUFFIXES, Project
from codepar.prompts.blocks import FILE_NAME

HINT = "attach the sequential program as NAME_serial.c or the original as NAME_ref.c, or say which file holds the right output"
_COMPANIONS = frozenset(
    {"serial", "seq", "sequential", "ref", "reference", "original", "orig", "gold", "golden", "solution", "expected", "parallel"}
) | {"mpi"}
_WORDS = re.compile(r"[A-Za-z0-9]+")
_HAS_MAIN = re.compile(r"\bmain\s*\(")
_INCLUDES_MPI = re.compile(r"[<\"]mpi\.h[>\"]")
_CALLS_MPI = re.compile(r"\bMPI_Init(?:_thread)?\s*\(")
_NAMES = re.compile(FILE_NAME, re.IGNORECASE | re.ASCII)
_BEFORE = re.compile(
    r"\b(?:reference|original|serial|sequential|right output|correct output|expected output|same (?:output|results?|numbers) as"
    r"|prints? what|like|against|compared? (?:to|with|against))\b[^.\n]{0,40}\Z",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\A[`'\"]?\s*(?:,\s*)?(?:is|holds|has|prints|as|contains|gives|shows)\s+(?:the |a |our |my )?"
    r"(?:\w+ )?(?:reference|original|serial|sequential|right|correct|expected)\b",
    re.IGNORECASE,
)
_INVARIANT = re.compile(
    r"\bsame (?:output|results?|lines|numbers)\b[^.\n]{0,30}\b(?:any|every|each|all|whatever)\b"
    r"[^.\n]{0,20}\b(?:ranks?|process(?:es)?)\b",
    re.IGNORECASE,
)
_REACH = 80


@dataclass(frozen=True, slots=True)
class Companion:
    """``options`` for the completion; ``said`` tells a person what the right output is taken from."""

    options: Mapping[str, Any]
    said: str


def companion_of(path: str, texts: Mapping[str, str], words: str, *, others: frozenset[str] = frozenset()) -> Companion | None:
    """The oracle for ``path`` among ``texts``; ``words`` is the request without its code, ``others`` what is completed, too."""
    programs = {name: text for name, text in texts.items() if name != path and name not in others and _is_program(name, text)}
    for name, text in programs.items():
        if _is_named_after(path, name):
            return _by_file(name, text)
    if not others:
        for name in _pointed_at(words):
            if name in programs:
                return _by_file(name, programs[name])
    return Companion({"invariant": True}, "the same output at every number of ranks") if _INVARIANT.search(words) else None


def _is_program(name: str, text: str) -> bool:
    """A C or C++ program that can say what is right: sequential, or with its MPI calls in place."""
    is_code = PurePosixPath(name).suffix in C_SUFFIXES | CXX_SUFFIXES and _HAS_MAIN.search(text) is not None
    return is_code and (_INCLUDES_MPI.search(text) is None or _CALLS_MPI.search(text) is not None)


def _by_file(name: str, text: str) -> Companion:
    is_serial = _INCLUDES_MPI.search(text) is None
    kind, what = ("serial", "sequential program") if is_serial else ("reference", "reference")
    return Companion({kind: Project(files={PurePosixPath(name).name: text})}, f"the {what} {name}")


def _is_named_after(path: str, name: str) -> bool:
    """Whether two names differ by nothing but a word for a companion, in the file's name or its folder's."""
    if PurePosixPath(path).suffix != PurePosixPath(name).suffix:
        return False
    ours, theirs = _words_of(path), _words_of(name)
    return ours != theirs and _plain(ours) == _plain(theirs) and len(theirs) <= len(ours) + 1


def _plain(words: list[str]) -> list[str]:
    return [word for word in words if word not in _COMPANIONS]


def _words_of(path: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(str(PurePosixPath(path).with_suffix("")))]


def _pointed_at(words: str) -> list[str]:
    """Files that the request calls right."""
    return [
        match[0]
        for match in _NAMES.finditer(words)
        if _BEFORE.search(words[max(0, match.start() - _REACH) : match.start()])
        or _AFTER.match(words[match.end() : match.end() + _REACH])
    ]
