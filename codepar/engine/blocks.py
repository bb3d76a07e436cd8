"""Cutting long text where a byte-level BPE tokenizer would cut it anyway, so that its parts can be encoded one by one.

OpenVINO's tokenizer silently drops what follows its first 8,192 tokens. A token never has fewer than one byte, so blocks of at
most `BLOCK_BYTES` never reach that. Limits: text of one line without spaces is cut anywhere, which may cost a token a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

BLOCK_BYTES = 8000

# GPT-2 style splitting ends a piece after a run of line ends, and begins one with the space before a word.
_LINE_END = re.compile(r"\n(?=[^\S\r\n]*\S)")
_WORD = re.compile(r"(?<=\S)(?= \S)")


def blocks(text: str) -> Iterator[str]:
    """The text in order, in blocks of at most ``BLOCK_BYTES`` bytes of UTF-8."""
    # Four bytes are the most a character takes, so this many characters always fit.
    length = BLOCK_BYTES if text.isascii() else BLOCK_BYTES // 4
    start = 0
    while len(text) - start > length:
        end = _cut(text, start, start + length)
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def _cut(text: str, start: int, limit: int) -> int:
    for pattern in (_LINE_END, _WORD):
        last = start
        for match in pattern.finditer(text, start + 1, limit):
            last = match.end()
        if last > start:
            return last
    return limit
