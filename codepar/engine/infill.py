"""Prompts in pieces: fill-in-the-middle from a model's own special tokens, and user text kept apart from control tokens.

A piece is either control (its special tokens count) or text (whatever it spells is text). Limits: the families of `_FAMILIES`;
a model outside them has no infill. To servers that take only a string, text that spells a special token cannot be protected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from codepar.protocols import Message, Prompt, Record


class InfillTokens(Record):
    """The special tokens around prefix, suffix and the place of the middle."""

    prefix: str
    suffix: str
    middle: str


class Piece(Record):
    """A stretch of a prompt. ``control``: special tokens in it are meant."""

    text: str
    control: bool = False


_FAMILIES = (
    InfillTokens(prefix="<|fim_prefix|>", suffix="<|fim_suffix|>", middle="<|fim_middle|>"),
    InfillTokens(prefix="<fim_prefix>", suffix="<fim_suffix>", middle="<fim_middle>"),
    InfillTokens(prefix="<｜fim▁begin｜>", suffix="<｜fim▁hole｜>", middle="<｜fim▁end｜>"),  # noqa: RUF001 - the model spells them so
    InfillTokens(prefix="▁<PRE>", suffix="▁<SUF>", middle="▁<MID>"),
)
_BY_NAME = (("qwen", 0), ("codegemma", 0), ("starcoder", 1), ("granite", 1), ("deepseek-coder", 2), ("codellama", 3))


def infill_of_vocabulary(contains: Callable[[str], bool]) -> InfillTokens | None:
    """The family whose three tokens the vocabulary holds."""
    for tokens in _FAMILIES:
        if contains(tokens.prefix) and contains(tokens.suffix) and contains(tokens.middle):
            return tokens
    return None


def infill_of_name(model: str) -> InfillTokens | None:
    """The family by the model's name, for servers that do not show their vocabulary."""
    lowered = model.lower()
    for part, family in _BY_NAME:
        if part in lowered:
            return _FAMILIES[family]
    return None


def infill_pieces(prompt: Prompt, tokens: InfillTokens) -> list[Piece]:
    """Prefix, suffix, then the place where the model goes on: the order that all families were trained on."""
    parts = [
        Piece(text=tokens.prefix, control=True),
        Piece(text=prompt.text),
        Piece(text=tokens.suffix, control=True),
        Piece(text=prompt.suffix or ""),
        Piece(text=tokens.middle, control=True),
    ]
    return [part for part in parts if part.text]


def chat_pieces(messages: Iterable[Message], template: Callable[[list[dict[str, str]]], str]) -> list[Piece]:
    """Render a chat and keep the users' text apart: marks that occur in no message show where each content begins and ends."""
    turns = list(messages)
    begin, end = _marks("".join(turn.content for turn in turns))
    rendered = template([{"role": turn.role, "content": f"{begin}{turn.content}{end}"} for turn in turns])
    pieces = []
    for position, part in enumerate(re.split(f"[{begin}{end}]", rendered)):
        if part:
            pieces.append(Piece(text=part, control=position % 2 == 0))
    return pieces


def plain_text_parts(text: str, specials: re.Pattern[str] | None) -> list[str]:
    """``text`` cut inside every special token it spells, so that no part holds a whole one."""
    if specials is None or not text:
        return [text] if text else []
    parts, start = [], 0
    for match in specials.finditer(text):
        cut = match.start() + 1
        parts.append(text[start:cut])
        start = cut
    parts.append(text[start:])
    return [part for part in parts if part]


def specials_pattern(specials: Iterable[str]) -> re.Pattern[str] | None:
    """Matches any of the special tokens, the longest first; None when there are none."""
    ordered = sorted({special for special in specials if len(special) > 1}, key=len, reverse=True)
    return re.compile("|".join(re.escape(special) for special in ordered)) if ordered else None


def _marks(text: str) -> tuple[str, str]:
    free = [character for character in map(chr, range(0xE000, 0xF8FF)) if character not in text]
    if len(free) < 2:
        # All 6,400 private characters in one chat: nobody's text; the marks then stand for themselves.
        return "\ufdd0", "\ufdd1"
    return free[0], free[1]
