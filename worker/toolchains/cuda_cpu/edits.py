"""Replacements in a text that keep its lines: what is put in place of a span brings along the newlines of the span.

Limits: spans must not overlap; of two that begin at one byte the empty one comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NEWLINE = re.compile(rb"(?:\\[ \t]*)?\r?\n")


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes ``start`` to ``end`` become ``text``, which holds no newline."""

    start: int
    end: int
    text: str


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """``data`` after the edits, with as many lines as before."""
    pieces: list[bytes] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < done:
            continue  # lies inside a span that is replaced already
        newlines = b"".join(_NEWLINE.findall(data[edit.start : edit.end]))
        pieces += [data[done : edit.start], edit.text.encode(), newlines]
        done = edit.end
    return b"".join([*pieces, data[done:]])
