"""Brackets, angle brackets and postfix expressions in code whose comments and strings are blanked. All places are bytes.

Limits: angle brackets are told from comparisons by what stands around them, as nothing is known of the names.
"""

from __future__ import annotations

import re

_PAIRS = {ord(")"): ord("("), ord("]"): ord("["), ord("}"): ord("{")}
_OPENING = frozenset(_PAIRS.values())
_BRACKET = re.compile(rb"[()\[\]{}]")
_BRACE = re.compile(rb"[{}]")
_BOUNDARY = re.compile(rb"[;{}]")
_SPACE = re.compile(rb"\s*")
_WORD_BACK = re.compile(rb"\w")
_KEYWORDS = frozenset({b"return", b"else", b"do", b"if", b"while", b"for", b"switch", b"case", b"co_return", b"co_await"})
_LABEL = re.compile(rb"\s*(?:(?:public|private|protected|default|case\b[^:;{}]*[^:])\s*:(?!:))+")


def skip_space(text: bytes, start: int, end: int) -> int:
    """The first byte from ``start`` on that is no space."""
    match = _SPACE.match(text, start, end)
    return match.end() if match else start


def skip_space_back(text: bytes, end: int, low: int) -> int:
    """The place behind the last byte before ``end`` that is no space."""
    while end > low and text[end - 1 : end].isspace():
        end -= 1
    return end


def closing(text: bytes, opening: int, high: int) -> int | None:
    """The bracket that closes the one at ``opening``; None when there is none of its kind."""
    expected: list[int] = []
    for match in _BRACKET.finditer(text, opening, high):
        bracket = text[match.start()]
        if bracket in _OPENING:
            expected.append(bracket)
        elif not expected or expected.pop() != _PAIRS[bracket]:
            return None
        if not expected:
            return match.start()
    return None


def opening(text: bytes, closing_at: int, low: int) -> int | None:
    """The bracket that opens what ``closing_at`` closes."""
    expected: list[int] = []
    for place in range(closing_at, low - 1, -1):
        bracket = text[place]
        if bracket in _PAIRS:
            expected.append(_PAIRS[bracket])
        elif bracket in _OPENING and (not expected or expected.pop() != bracket):
            return None
        if not expected:
            return place
    return None


def braces(text: bytes) -> list[tuple[int, int]]:
    """The pairs of braces. One that is never closed (a conditional opened it twice) reaches to the end of the text."""
    pairs, stack = [], []
    for match in _BRACE.finditer(text):
        if match.group() == b"{":
            stack.append(match.start())
        elif stack:
            pairs.append((stack.pop(), match.start()))
    return [*pairs, *((start, len(text)) for start in stack)]


def statement_start(text: bytes, offset: int, low: int = 0) -> int:
    """Where the statement or declaration that holds ``offset`` begins: after ``;``, a brace or a label."""
    start = low
    for match in re.finditer(_BOUNDARY, text[max(low, offset - 20_000) : offset]):
        start = max(low, offset - 20_000) + match.end()
    label = _LABEL.match(text, start, offset)
    return skip_space(text, label.end() if label else start, offset)


def find_chevrons(text: bytes, start: int, high: int) -> int | None:
    """The ``>>>`` that ends a launch configuration: outside brackets, best with a parenthesis behind it."""
    first, place = None, start
    while place < high:
        character = text[place]
        if character in _OPENING:
            end = closing(text, place, high)
            if end is None:
                break
            place = end
        elif character in _PAIRS or character == ord(";"):
            break
        elif text.startswith(b">>>", place):
            if text[skip_space(text, place + 3, high) :][:1] == b"(":
                return place
            first = place if first is None else first
        place += 1
    return first


def postfix_start(text: bytes, end: int, low: int) -> int | None:
    """Where the expression begins that stands before ``end``: ``ns::k<T>``, ``(*pointers[i])``, ``object->kernel``."""
    place = skip_space_back(text, end, low)
    while place > low:
        character = text[place - 1 : place]
        if character in (b")", b"]"):
            start = opening(text, place - 1, low)
            before = skip_space_back(text, start, low) if start is not None else low
            if start is None or not _continues(text, before, low):
                return start
            place = before
        elif character == b">":
            start = _angle_opening(text, place - 1, low)
            if start is None:
                return None
            place = skip_space_back(text, start, low)
        elif _WORD_BACK.match(character):
            start = _word_start(text, place, low)
            if text[start:place] == b"operator":
                return None
            joined = _joined_before(text, start, low)
            if joined is None:
                return start
            place = joined
            if not _continues(text, place, low) and text[place - 1 : place] not in (b")", b"]"):
                return place
        else:
            return None
    return None


def _continues(text: bytes, end: int, low: int) -> bool:
    """Whether a name or a template's ``>`` ends at ``end``, so that what follows is a call or an index of it."""
    if end <= low:
        return False
    if text[end - 1 : end] == b">" and text[end - 2 : end] != b"->":
        return True
    if text[end - 1 : end] == b"]":
        return True
    return _WORD_BACK.match(text, end - 1) is not None and text[_word_start(text, end, low) : end] not in _KEYWORDS


def _word_start(text: bytes, end: int, low: int) -> int:
    while end > low and _WORD_BACK.match(text, end - 1):
        end -= 1
    return end


def _joined_before(text: bytes, start: int, low: int) -> int | None:
    """The end of what a name is joined to by ``::``, ``.``, ``->``, ``##`` or ``template``; None when it stands alone."""
    before = skip_space_back(text, start, low)
    if text[_word_start(text, before, low) : before] == b"template":
        before = skip_space_back(text, before - len(b"template"), low)
    for joint in (b"::", b"->", b"##", b"."):
        if before - len(joint) >= low and text[before - len(joint) : before] == joint:
            return skip_space_back(text, before - len(joint), low) if joint != b"::" else _scope_end(text, before, low)
    return None


def _scope_end(text: bytes, after: int, low: int) -> int:
    """Behind the scope that ``::`` belongs to, or the ``::`` itself when it names the global one."""
    before = skip_space_back(text, after - 2, low)
    return before if _continues(text, before, low) else after - 2


def _angle_opening(text: bytes, closing_at: int, low: int) -> int | None:
    depth, place = 0, closing_at
    while place >= low:
        character = text[place]
        if character in _PAIRS:
            start = opening(text, place, low)
            if start is None:
                return None
            place = start
        elif character == ord(">") and text[place - 1 : place] != b"-":
            depth += 1
        elif character == ord("<"):
            depth -= 1
            if depth == 0:
                return place
        elif character in _OPENING or character == ord(";"):
            return None
        place -= 1
    return None


def split_commas(text: bytes) -> list[bytes]:
    """The parts between commas outside brackets and angle brackets, stripped; no parts for blank text."""
    if not text.strip():
        return []
    parts, depth, angle, start = [], 0, 0, 0
    for place, character in enumerate(text):
        if character in _OPENING:
            depth += 1
        elif character in _PAIRS:
            depth -= 1
        elif depth == 0 and character == ord("<"):
            angle += 1
        elif depth == 0 and character == ord(">") and text[place - 1 : place] != b"-":
            angle = max(0, angle - 1)
        elif depth == 0 and angle == 0 and character == ord(","):
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]
