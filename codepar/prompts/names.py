"""Series of names in a sentence: "`f`, `g` and h()", file names, names that are not there among names that are.

Limits: a word without backticks, parentheses or an underscore is a name only where the request's code has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from codepar.prompts.lexicon import Tag
from codepar.prompts.references import NOUNS, ORDER, separates
from codepar.prompts.tokens import Sentence, Token

_REMEMBERED = 10_000
_ASIDE = frozenset(
    {"as", "well", "likewise", "similarly", "while", "you're", "at", "it", "maybe", "perhaps", "possibly", "also", "too"}
)
_LOOSE = frozenset(
    {
        "first",
        "then",
        "after",
        "it",
        "that",
        "afterwards",
        "next",
        "before",
        "finally",
        "well",
        "as",
        "followed",
        "by",
        "the",
        "two",
    }
)


# Behind a series these go on with the sentence.
_NO_NAMES = frozenset({"not", "but", "nicht", "no", "не"})
_ORDERED_WINDOW = 9
_SEPARATORS = frozenset({",", "、", "&", "+", "/", "，", "'", '"', "(", ")", "*"})


@dataclass(frozen=True, slots=True)
class NameGroup:
    """Names of one series; ``unknown`` are words of the series that name nothing."""

    tokens: tuple[Token, ...]
    unknown: tuple[Token, ...]
    first: int
    last: int
    loose: bool


def name_of(token: Token) -> str:
    """A mention without parentheses, parameters and a pointer's star."""
    return _bare(token.text)


@lru_cache(_REMEMBERED)
def _bare(mention: str) -> str:
    words = mention.split("(", 1)[0].strip().lstrip("*&").rstrip(";:").split()
    return words[-1] if words else ""


def looks_like_name(token: Token) -> bool:
    """Whether a word is code by its looks."""
    return token.quoted or token.is_file or token.text.endswith("()") or "_" in token.text or "::" in token.text


def name_groups(sentence: Sentence, known: Mapping[str, object]) -> list[NameGroup]:
    """Series of names that ``known`` has (in lower case), two or more distinct ones each."""
    tokens = sentence.tokens
    hits = [i for i, token in enumerate(tokens) if name_of(token).lower() in known or token.is_file]
    groups: list[list[int]] = []
    for index in hits:
        between = tokens[groups[-1][-1] + 1 : index] if groups else ()
        parted = any(token.text in ";(" for token in between) and index + 1 < len(tokens) and tokens[index + 1].is_word
        if groups and not parted and _joined(between):
            groups[-1].append(index)
        else:
            groups.append([index])
    found = [_group(tokens, group) for group in groups]
    found = [group for group in found if len({name_of(t).lower() for t in (*group.tokens, *group.unknown)}) > 1]
    if found or len(hits) < 2:
        return found
    loose = [index for index in hits if not tokens[index].has(Tag.FOR, Tag.AND)]
    ordered = ORDER.search(sentence.text) is not None and all(looks_like_name(tokens[index]) for index in hits)
    gaps = [after - index for index, after in pairwise(hits)]
    if ordered and max(gaps) <= _ORDERED_WINDOW and len({name_of(tokens[index]) for index in hits}) == len(hits):
        return [NameGroup(tuple(tokens[i] for i in hits), (), hits[0], hits[-1], loose=True)]
    stretch = [token for index, after in pairwise(loose) for token in tokens[index + 1 : after]]
    if len(loose) > 1 and all(
        token.text in _LOOSE or token.text in _SEPARATORS or token.has(Tag.AND, Tag.THEN) for token in stretch
    ):
        return [NameGroup(tuple(tokens[i] for i in loose), (), loose[0], loose[-1], loose=True)]
    return []


def _joined(between: tuple[Token, ...]) -> bool:
    """Whether only separators stand between two names, or one unknown name among them."""
    rest = [
        token
        for token in between
        if token.text not in _SEPARATORS
        and token.text not in _ASIDE
        and token.text != ";"
        and not token.has(Tag.AND, Tag.THE)
        and not (token.has(Tag.FOR) and not token.tags & {Tag.THEM})
        and not token.has(*NOUNS)
    ]
    marks = (
        not between
        or between[0].text == ";"
        or any(token.text in _SEPARATORS or token.has(Tag.AND) or token.text == "as" for token in between)
    )
    separated = sum(token.text in {",", "、", "，"} or token.has(Tag.AND) for token in between)
    return marks and (not rest or (len(rest) == 1 and looks_like_name(rest[0]) and separated >= 2))


def _group(tokens: tuple[Token, ...], hits: list[int]) -> NameGroup:
    unknown = [t for i, t in enumerate(tokens) if hits[0] < i < hits[-1] and i not in hits and looks_like_name(t)]
    first, last = hits[0], hits[-1]
    # A name that is not there may also stand at either end of the series.
    if first >= 2 and separates(tokens[first - 1]):
        word = tokens[first - 2]
        object_of_verb = (
            first >= 3
            and tokens[first - 3].has(Tag.CHANGE, Tag.READ, Tag.FUNCTION)
            and word.is_word
            and not word.has(Tag.THESE, Tag.THEM)
        )
        if looks_like_name(word) or object_of_verb:
            unknown.insert(0, word)
    position = last + 1
    while position < len(tokens) and separates(tokens[position]):
        position += 1
    if last + 1 < position < len(tokens):
        word, after = tokens[position], tokens[position + 1 : position + 2]
        ends = not after or not after[0].is_word or after[0].has(Tag.FOR)
        closed = len(hits) > 1 and any(token.has(Tag.AND) for token in tokens[hits[-2] + 1 : last])
        if looks_like_name(word) or (
            not closed
            and word.number is None
            and not word.text.endswith("ly")
            and ends
            and word.is_word
            and not word.tags
            and word.text not in _NO_NAMES
            and word.text.isascii()
            and word.text.isidentifier()
        ):
            unknown.append(word)
    return NameGroup(tuple(tokens[i] for i in hits), tuple(unknown), first, last, loose=False)
