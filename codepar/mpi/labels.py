"""The appended answer form ``parallel (L k, call) (L k, call)``: the k-th call after line L; k = 0 fills a hole after it.

Limits: text alone; whether a line exists or a call is right is for the rules. Two numbers are always apart by a blank, so
that line 12, tenth call is never read as 12.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MARK = "parallel"
_HEAD = re.compile(r"\(\s*(\d{1,7})\s+(\d{1,4})\s*,\s*")
_QUOTES = {'"', "'"}


@dataclass(frozen=True)
class Label:
    """One proposed call. ``line`` is 1-based (0: before the first line), ``ordinal`` 0 fills a hole.

    ``start`` and ``end`` are its place in the answer, in characters.
    """

    line: int
    ordinal: int
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class Answer:
    """The labels of an answer in order, and the tail that was cut off in mid-call (empty when none was)."""

    labels: tuple[Label, ...]
    cut_off: str = ""


def encode_labels(labels: Iterable[Label]) -> str:
    """The answer that ``decode_labels`` reads back; calls are put on one line each, white space runs as they are."""
    return "".join([f" {MARK}", *(f" ({label.line} {label.ordinal}, {_joined(label.text)})" for label in labels)])


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines())


def decode_labels(answer: str) -> Answer:
    """Read an answer. Anything that is not a label is skipped: a model may say what it likes."""
    labels: list[Label] = []
    position = 0
    while (head := _HEAD.search(answer, position)) is not None:
        end = _closing(answer, head.end())
        following = _HEAD.search(answer, head.end())
        if following is not None and (end is None or following.start() < end):
            # A parenthesis is missing in the call: what stands before the next label is all there is of it.
            end = following.start() - 1
        if end is None:
            return Answer(tuple(labels), cut_off=answer[head.start() :].strip())
        text = answer[head.end() : end].strip()
        if text:
            labels.append(Label(int(head[1]), int(head[2]), text, head.end(), end))
        position = end + 1
    return Answer(tuple(labels))


def _closing(text: str, position: int) -> int | None:
    """Index of the parenthesis that closes the one before ``position``; None when the text ends first."""
    depth = 1
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character in {quote, "\n"}:
                quote = ""
        elif character in _QUOTES:
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None
