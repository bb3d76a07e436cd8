"""What the choice among possible readings looks at: how likely the network thinks each, what leads to it, what the rules say.

A feature is a short text; ``choice.json`` holds a weight for each that was seen. Limits: of all possible readings the likeliest
few and those that stand in lists or are pieces of code are looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import Head
from codepar.prompts.lexicon import Tag
from codepar.prompts.possible import MADE_BY_RULES, Possibilities, Possible
from codepar.prompts.reading import Found, Kind, Reading, Whole
from codepar.prompts.roles import Roles, Span
from codepar.prompts.sequence import MARKS, Word
from codepar.prompts.tag_network import KINDS, Role

_BEST, _OTHERS = 6, 8
_QUOTED = re.compile(r"[\"`][^\"`]*[\"`]|\d+")
_FREE = frozenset({"series", "sentences", "lines", "begun"})
_SEVERAL = (-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 8)
_LIKELY = (-80, -50, -30, -20, -15, -10, -7, -5, -4, -3, -2, -1, -0.5)
_BEHIND = (0.01, 0.5, 1, 2, 4, 8, 16, 32)
_OVER = (-40, -20, -10, -5, 0, 5, 10, 20, 40, 80)
_LEAST = (-9, -7, -5, -4, -3, -2, -1, -0.5)
_KIND = (-6, -4, -2, -1, -0.5, -0.1)
_LOOKED_AT = 8
_HEADS = {MARKS.index(f"head {head}"): head.value for head in Head}
_TELLING = (Tag.EACH, Tag.ALL, Tag.THESE, Tag.COMPARE, Tag.EXCEPT, Tag.THEN, Tag.TASK, Tag.ALIKE, Tag.DETAIL)
_PARTS = frozenset({"asked", "told", "compares", "chains"})
_COLUMNS = {MARKS.index(mark): mark for mark in _PARTS}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A possible reading with what the features need: ``likely``, ``behind`` the likeliest, ``rank``, of all the ``roles``."""

    possible: Possible
    roles: Roles
    found: Found
    likely: float
    behind: float
    rank: int
    shared: frozenset[str]


def candidates_of(discourse: Discourse, roles: Roles, found: Found) -> list[Chosen]:
    """The possible readings that are looked at, the likeliest first."""
    reading = found if isinstance(found, Reading) and len(found.elements) > 1 else None
    all_of_them = Possibilities(discourse, roles, reading)
    scored = sorted(
        ((all_of_them.likelihood(one), -number, one) for number, one in enumerate(all_of_them.of.values())), reverse=True
    )
    best = scored[0][0] if scored else 0.0
    others = [rank for rank, (_, _, one) in enumerate(scored) if rank >= _BEST and one.makers - _FREE][:_OTHERS]
    shared = frozenset(_of_request(discourse, roles))
    return [
        Chosen(scored[rank][2], roles, found, scored[rank][0], best - scored[rank][0], rank, shared)
        for rank in (*range(min(_BEST, len(scored))), *others)
    ]


def _of_request(discourse: Discourse, roles: Roles) -> Iterator[str]:
    """What all readings of a request share."""
    yield next((MARKS[column] for column in roles.words[0].marks if MARKS[column].startswith("language")), "")
    yield f"sentences={min(4, len(discourse.spoken))}"
    yield f"lists={min(2, len(discourse.lists))}"
    yield "code" if discourse.request.blocks or discourse.request.files else "plain"
    yield from (_COLUMNS[column] for column in _COLUMNS.keys() & {column for word in roles.words for column in word.marks})
    tags = frozenset[Tag]().union(*(word.tags for word in roles.words))
    yield from (f"tag {tag}" for tag in _TELLING if tag in tags)


def features_of(chosen: Chosen) -> set[str]:
    """The features of a possible reading."""
    possible, kind = chosen.possible, chosen.possible.kind
    told = chosen.roles.told
    of_rules = MADE_BY_RULES in possible.makers
    rules, refusal = _of_rules(chosen.found), _refusal(chosen.found)
    found = {"bias", f"kind={kind}", f"n={min(6, len(possible.places))}"}
    found |= {f"mine={of_rules},{rules}", f"kind,rules={kind},{rules}", f"mine={of_rules},{refusal}", f"kind={kind},{refusal}"}
    found |= {f"by={maker}" for maker in possible.makers} | {f"makers={'+'.join(sorted(possible.makers))}"}
    found.update(_above("several", told.several, _SEVERAL), _above(f"several,{of_rules},{kind}", told.several, _SEVERAL))
    found.update(_above("likely", chosen.likely, _LIKELY), _above(f"likely,{kind}", chosen.likely, _LIKELY[1::2]))
    found.update(_above("behind", chosen.behind, _BEHIND), _above(f"behind,{of_rules}", chosen.behind, _BEHIND))
    found.update(_above("over", chosen.likely - chosen.roles.nothing, _OVER))
    found.update(_above(f"kind,{kind}", told.kinds[KINDS.index(kind)], _KIND))
    found |= {f"rank={min(5, chosen.rank)}", f"rank,mine={min(3, chosen.rank)},{of_rules}"}
    found |= {f"{kind},n={min(6, len(possible.places))}"}
    found |= {f"{kind}:{one}" for one in chosen.shared} | {f"{of_rules}:{one}" for one in chosen.shared}
    if kind is Kind.WORDS:
        found.update(_of_words(chosen))
    elif kind is not Kind.COUNT:
        found.update(_of_pieces(chosen))
    return found


def _of_rules(found: Found) -> str:
    """What the rules say: the reason for keeping it whole, without what it quotes; or how they read the items."""
    if isinstance(found, Whole):
        return _QUOTED.sub("", found.because)
    return "none" if found is None else f"{found.kind} {found.tier}{' apart' if found.instructions else ''}"


def _refusal(found: Found) -> str:
    if isinstance(found, Whole):
        return found.refusal.value
    return "none" if found is None else "reading"


def _above(name: str, value: float, bounds: tuple[float, ...]) -> tuple[str, ...]:
    """One feature for each of the rising ``bounds`` that ``value`` is above."""
    return _named(name, bounds)[: bisect_left(bounds, value)]


@cache
def _named(name: str, bounds: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(f"{name}>{bound}" for bound in bounds)


def _of_words(chosen: Chosen) -> Iterator[str]:
    """How the elements begin, how long they are, and the surest and least sure of their words."""
    roles, places = chosen.roles, chosen.possible.places
    spans = chosen.possible.spans
    rows = [roles.row_at(low) for low, _ in spans[:_LOOKED_AT]]
    heads = [_head(roles.words[row]) if row is not None else "none" for row in rows]
    yield f"heads={heads[0] if len(set(heads)) == 1 else 'mixed'}"
    yield f"later={heads[1] if len(set(heads[1:])) == 1 else 'mixed'}"
    yield f"head0={heads[0]}"
    yield from (f"head={head}" for head in set(heads))
    lengths = [high - low for low, high in spans[:_LOOKED_AT]]
    yield f"longest={min(9, max(lengths).bit_length())}"
    yield f"shortest={min(9, min(lengths).bit_length())}"
    yield f"even={max(lengths) <= 2 * min(lengths)}"
    asked = sum(row is not None and _ends_asking(roles, high) for row, (_, high) in zip(rows, spans, strict=False))
    yield f"asking={asked == len(rows)},{asked > 0}"
    begun = [roles.told.roles[row][Role.FIRST] for row in rows if row is not None]
    yield from _above("first", float(min(begun, default=0.0)), _LEAST)
    yield f"places={len(places) > 1 and places[0].file is None}"
    if rows and None not in rows:
        yield from _around(roles, spans)


def _around(roles: Roles, spans: Sequence[Span]) -> Iterator[str]:
    """What stands before the first element, between two and behind the last, and how alike they begin."""
    words, few = roles.words, spans[:_LOOKED_AT]
    firsts = [roles.row_at(low) or 0 for low, _ in few]
    ends = [(roles.row_at(high - 1) or 0) + 1 for _, high in few]
    before = words[firsts[0] - 1]
    behind = words[ends[-1]] if ends[-1] < len(words) else words[0]
    yield f"before={before.text.lower()}"
    yield f"behind={behind.text.lower()}"
    yield from (f"before tag={tag}" for tag in before.tags)
    yield from (f"behind tag={tag}" for tag in behind.tags)
    yield f"opens={words[firsts[0]].is_marked('sentence')}"
    gaps = [" ".join(word.text.lower() for word in words[end:first][:3]) for end, first in zip(ends, firsts[1:], strict=False)]
    yield f"last gap={gaps[-1]}"
    yield f"gaps={len(set(gaps[:-1]))},{gaps[0] if len(set(gaps[:-1])) == 1 else ''}"
    begins = {words[row].text.lower() for row in firsts}
    yield f"alike={min(3, len(begins))},{len(begins) == len(firsts)}"
    common = frozenset.intersection(*(words[row].tags for row in firsts))
    yield from (f"all tag={tag}" for tag in common)
    yield f"all tag none={not common}"
    yield f"words={min(5, max(end - first for first, end in zip(firsts, ends, strict=True)))}"
    yield f"rest={min(4, (len(words) - sum(end - first for first, end in zip(firsts, ends, strict=True))).bit_length())}"


def _of_pieces(chosen: Chosen) -> Iterator[str]:
    """Whether the pieces are those that the request names, and as many as it says."""
    kind, places = chosen.possible.kind, chosen.possible.places
    words = chosen.roles.words
    own = frozenset(places)
    named = [word for word in words if word.element is not None and word.is_marked("named")]
    inside = sum(word.element is not None and word.element.place in own for word in named)
    outside = min(2, len(named) - inside)
    yield f"{kind}:named={'all' if inside == len(own) else min(2, inside)}"
    yield f"{kind}:named outside={outside}"
    yield f"{kind}:named={'all' if inside == len(own) else min(2, inside)},{outside}"
    numbers = {word.number for word in words if word.number is not None and word.number > 1}
    yield f"{kind}:number={'fits' if len(places) in numbers else 'other' if numbers else 'none'}"


def _head(word: Word) -> str:
    known = next((_HEADS[column] for column in word.marks if column in _HEADS), None)
    return known or next((tag.value for tag in sorted(word.tags)), "name" if word.is_marked("quoted") else "none")


def _ends_asking(roles: Roles, end: int) -> bool:
    row = roles.row_at(end - 1)
    return row is not None and roles.words[row].text in {"?", "？"}
