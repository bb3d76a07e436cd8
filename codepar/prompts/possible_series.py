"""The series that a sentence may hold: cut at commas and conjunctions, at some of them or all, with any likely beginning and end.

What the network thinks of a span decides which beginnings of the first element and which ends of the last are tried. Limits: a
dozen cuts in a sentence; the elements between are taken as they stand, without a preposition that each repeats.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from codepar.prompts.discourse import Discourse
from codepar.prompts.lists import trimmed
from codepar.prompts.roles import Roles, Span
from codepar.prompts.series import hidden_in
from codepar.prompts.tokens import Sentence

_WORDS = (
    r"and also|and then|and|or|as well as|plus|und außerdem|und dann|und|oder|sowie|y luego|y después|y|e|и потом|и затем|и|или"
    r"|а также"
)
CUT = re.compile(
    r"(?=[\s,;,，、；/和以及とお跟与])"
    rf"\s{{0,9}}(?:[,;](?:\s*(?P<joined>{_WORDS}|then|also|außerdem))?(?=\s|[^\x00-\x7f])\s*"
    r"|[，、；]\s*(?P<han>或者|以及|还有|和|及|再|另外|顺便问一下|また|それと|あと)?\s*|と[、，]\s*"
    rf"|(?<=\s)(?P<word>{_WORDS})(?=\s)\s*|(?<=\s)(?:&|\+|/)(?=\s)\s*"
    r"|(?P<letter>和|以及|及|と|および|跟|与)[ ]?(?=[^、，,;；。\s])|\s+[—–-]\s+|\s*/\s*(?=\S))",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s(?:mean|stand|in|with|using|for|to|please|briefly|by|on|so|would|is|are|mit|für|en|con|para|на|для|с|каждый|each|one)(?:\s|\Z)",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(r"([^\W\d]{1,5})\s+\Z")
_MARKS = "?？!！"
_CUTS, _SENTENCES = 12, 20
_TRIED = 6


def series_of(discourse: Discourse, roles: Roles) -> Iterator[list[Span]]:
    """The elements of each series, without the question mark of the last."""
    for sentence in discourse.spoken[:_SENTENCES]:
        for cuts in _some_cuts(sentence):
            places = [0, *(place for cut in cuts for place in cut), len(sentence.text)]
            parts = [(sentence.start + a, sentence.start + b) for a, b in zip(places[::2], places[1::2], strict=True)]
            yield from _of_parts(discourse.prose, roles, parts)


def _some_cuts(sentence: Sentence) -> list[tuple[Span, ...]]:
    """All cuts of a sentence; and those with a conjunction alone, those without, those that are no signs."""
    hidden = hidden_in(sentence.text, 0, len(sentence.text))
    cuts = [m for m in CUT.finditer(hidden) if 0 < m.start() < m.end() < len(hidden)]
    if not 0 < len(cuts) <= _CUTS:
        return []
    joined = [m for m in cuts if m["joined"] or m["word"] or m["han"] or m["letter"]]
    commas = [m for m in cuts if m not in joined and m[0].strip() in {",", ";", "，", "、", "；", "と、"}]
    spoken = [m for m in cuts if m in joined or m in commas]
    sets = [tuple(m.span() for m in some) for some in (cuts, joined, commas, spoken)]
    return list(dict.fromkeys(some for some in sets if some))


def _of_parts(prose: str, roles: Roles, parts: Sequence[Span]) -> Iterator[list[Span]]:
    bare = [trimmed(prose, *part) for part in parts]
    firsts = [_firsts(prose, roles, *part) for part in parts[:-1]]
    lasts = [_lasts(prose, roles, part, own) for part, own in zip(parts, bare, strict=True)]
    for first, last in combinations(range(len(parts)), 2):
        for a in firsts[first]:
            middle, start = _bared(prose, a, [*bare[first + 1 : last], bare[last]])
            yield from ([a, *middle[:-1], (max(low, start), high)] for low, high in lasts[last] if start < high)


def _bared(prose: str, first: Span, others: list[Span]) -> tuple[list[Span], int]:
    """The elements behind the first without the preposition that stands before it, if each repeats it; the last one's start."""
    match = _PREPOSITION.search(prose, max(0, first[0] - 8), first[0])
    repeated = f"{match[1]} " if match else ""
    if repeated and all(prose.startswith(repeated, low) for low, _ in others):
        others = [(low + len(repeated), high) for low, high in others]
    return others, others[-1][0]


def _firsts(prose: str, roles: Roles, low: int, high: int) -> list[Span]:
    """The likely beginnings of a part of a sentence, each with its end."""
    end = trimmed(prose, low, high, lead_in=False)[1]
    starts = roles.likely_firsts(low, high, _TRIED)
    return [(start, end) if prose[start].isalnum() else trimmed(prose, start, high, lead_in=False) for start in starts]


def _lasts(prose: str, roles: Roles, part: Span, own: Span) -> list[Span]:
    """A part as the last of a series: whole, without what is said of all, without the mark of the sentence."""
    tail = _TAIL.search(prose, *part)
    ends = [*([] if tail is None else [tail.start()]), *roles.likely_ends(*own, _TRIED)]
    found = [own, *(trimmed(prose, own[0], end) for end in ends)]
    marked = [trimmed(prose, low, high - 1) for low, high in found if prose[high - 1 : high] in _MARKS]
    return list(dict.fromkeys(span for span in (*found, *marked) if span[0] < span[1]))
