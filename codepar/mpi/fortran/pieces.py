"""Small cuts of Fortran code in lower case: lists at their commas, the parenthesis that closes another.

Limits: strings must be blank.
"""

from __future__ import annotations

_OPEN, _CLOSE = frozenset("(["), frozenset(")]")


def split_top(text: str) -> list[str]:
    """The parts between the commas outside of brackets; none for blank text."""
    if not text.strip():
        return []
    parts, depth, start = list[str](), 0, 0
    for index, character in enumerate(text):
        if character in _OPEN:
            depth += 1
        elif character in _CLOSE:
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [*parts, text[start:]]


def closing(text: str, opening: int) -> int:
    """Where the parenthesis that opens at ``opening`` is closed; the last character where it never is."""
    depth = 0
    for index in range(opening, len(text)):
        depth += (text[index] in _OPEN) - (text[index] in _CLOSE)
        if depth == 0:
            return index
    return len(text) - 1


def headed(text: str, word: str) -> tuple[str, str] | None:
    """``(inside, rest)`` of ``word (inside) rest``; None where the text does not begin so."""
    if not text.startswith(word):
        return None
    opening = len(word) + len(text[len(word) :]) - len(text[len(word) :].lstrip())
    if text[opening : opening + 1] != "(":
        return None
    end = closing(text, opening)
    return text[opening + 1 : end].strip(), text[end + 1 :].strip()
