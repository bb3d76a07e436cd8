"""Read the program out of a language model's answer: fenced blocks by file, or an answer that is nothing but code.

Limits: only files that the project has are taken, so an answer cannot write elsewhere; prose between the blocks is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from codepar.errors import InvalidInput
from codepar.mpi.program import read_program

MAX_CHARACTERS = 262_144
_FENCE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})(?P<info>[^\n`]*)\n(?P<code>.*?)(?:^[ \t]*(?P=mark)[ \t]*$|\Z)", re.M | re.S)
_NAME = re.compile(r"[\w./+-]+\.(?:c\+\+|cpp|cxx|cc|hpp|hxx|hh|inc|c|h|C)\b")
_FIRST_LINE = re.compile(r"^(?:#\s*(?:include|define|if|pragma)|//|/\*)", re.M)
_MAIN = re.compile(r"\bmain\s*\(")


@dataclass(frozen=True)
class Answer:
    """The changed files by path. ``problem`` says why there are none; ``cut_off`` that the last block has no end."""

    files: dict[str, str]
    problem: str | None = None
    cut_off: bool = False


@dataclass(frozen=True)
class _Block:
    name: str | None
    code: str
    is_open: bool


def read_answer(text: str, paths: Sequence[str]) -> Answer:
    """The files of a project with these ``paths`` that an answer holds. Never raises for what a model says."""
    text = text[:MAX_CHARACTERS].replace("\r\n", "\n")
    blocks = list(_blocks(text, paths)) or _bare(text)
    if not blocks:
        problem = "the answer is empty" if not text.strip() else "the answer holds no code"
        return Answer({}, problem)
    files = {paths[0]: _likeliest(blocks)} if len(paths) == 1 else _by_name(blocks, paths)
    cut_off = blocks[-1].is_open
    if not files:
        return Answer({}, f"no code block of the answer says which file it is ({', '.join(paths[:6])})", cut_off)
    for path, code in files.items():
        try:
            read_program(code, path)
        except InvalidInput as fault:
            said = "the answer was cut off before its end" if cut_off else f"the answer is no program: {fault.message}"
            return Answer({}, said, cut_off)
    return Answer(files, None, cut_off)


def _blocks(text: str, paths: Sequence[str]) -> Iterator[_Block]:
    for match in _FENCE.finditer(text):
        code = match["code"]
        if code.strip():
            is_open = not text[: match.end()].rstrip().endswith(match["mark"])
            yield _Block(_name_of(match, text, paths), code if code.endswith("\n") else code + "\n", is_open)


def _name_of(match: re.Match[str], text: str, paths: Sequence[str]) -> str | None:
    """The project's file that the fence, the line before it or the first line of the code names."""
    before = text[: match.start()].rstrip().rsplit("\n", 1)[-1]
    first = match["code"].lstrip().split("\n", 1)[0]
    for line in (match["info"], first if first.startswith(("//", "/*")) else "", before):
        for found in reversed(_NAME.findall(line)):
            known = [path for path in paths if path == found or PurePosixPath(path).name == PurePosixPath(found).name]
            if known:
                return known[0]
    return None


def _bare(text: str) -> list[_Block]:
    """An answer without fences that is code from its first directive to its last brace."""
    first = _FIRST_LINE.search(text)
    last = text.rfind("}")
    if first is None or last < first.start() or not _MAIN.search(text):
        return []
    return [_Block(None, text[first.start() : last + 1] + "\n", is_open=False)]


def _likeliest(blocks: Sequence[_Block]) -> str:
    """The longest block with a ``main``, else the longest: models also show fragments and shell commands."""
    return max(blocks, key=lambda block: (bool(_MAIN.search(block.code)), len(block.code))).code


def _by_name(blocks: Sequence[_Block], paths: Sequence[str]) -> dict[str, str]:
    """The last block of each named file; one without a name is taken for the file that holds the same functions' ``main``."""
    files = {block.name: block.code for block in blocks if block.name is not None}
    nameless = [block for block in blocks if block.name is None and _MAIN.search(block.code)]
    mains = [path for path in paths if PurePosixPath(path).stem == "main"]
    if nameless and mains and mains[0] not in files:
        files[mains[0]] = _likeliest(nameless)
    return files
