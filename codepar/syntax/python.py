"""What of a Python text is code: comments and strings blanked, lines joined inside brackets, logical lines with indentation.

Everything is in bytes and keeps its offset. It needs no grammar, so Python 2 is read too. Limits: an f-string is blanked whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    rb"#[^\n]*|(?P<mark>\"\"\"|''')(?:\\.|(?!(?P=mark)).)*(?:(?P=mark)|\Z)|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?"
    rb"|\\\r?\n|[()\[\]{}\n]",
    re.DOTALL,
)
_LINE = re.compile(rb"[^\n]+")
_CONTINUES_BLOCK = re.compile(rb"(?:else|elif|except|finally|case)\b")
_TAB_WIDTH = 8


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """Bytes ``start`` (of the first physical line) to ``end`` (before the newline). ``opens``: it ends in a colon."""

    start: int
    end: int
    indentation: str
    opens: bool
    decorates: bool
    continues_block: bool
    """It begins with ``else``, ``except`` or the like."""


class PythonText:
    """The lexical view of one file. ``code`` is as long as ``data``: what is no code is blank there, and so are the newlines
    inside a statement."""

    def __init__(self, text: str) -> None:
        self.data = text.encode()
        self.code = _code(self.data)

    @cached_property
    def lines(self) -> tuple[LogicalLine, ...]:
        """The logical lines that hold code, in their order."""
        return tuple(_logical(match) for match in _LINE.finditer(self.code) if match.group().strip())


def width(indentation: str) -> int:
    """How deep an indentation is, in columns."""
    return len(indentation.expandtabs(_TAB_WIDTH))


def _logical(match: re.Match[bytes]) -> LogicalLine:
    text = match.group()
    bare = text.strip()
    indentation = text[: len(text) - len(text.lstrip())].decode(errors="replace").replace("\f", "")
    return LogicalLine(
        start=match.start(),
        end=match.end(),
        indentation=indentation,
        opens=bare.endswith(b":"),
        decorates=bare.startswith(b"@"),
        continues_block=_CONTINUES_BLOCK.match(bare) is not None,
    )


def _code(data: bytes) -> bytes:
    code, depth = bytearray(data.replace(b"\r", b" ")), 0
    for match in _TOKEN.finditer(data):
        start, end = match.span()
        token = data[start : start + 1]
        if token in b"([{":
            depth += 1
        elif token in b")]}":
            depth = max(0, depth - 1)
        elif token == b"\n":
            if depth:
                code[start] = ord(" ")
        elif token in b"\"'":
            code[start:end] = b"_" * (end - start)
        else:
            code[start:end] = b" " * (end - start)
    return bytes(code)
