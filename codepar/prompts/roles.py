"""The roles that the network gives to the words of a request, read as items: spans, numerals, pieces, and how likely they are.

Limits: probabilities of words by themselves; that items come in twos or more is for others to see.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log

from codepar.prompts.reading import Element
from codepar.prompts.request import Place
from codepar.prompts.sequence import Word
from codepar.prompts.tag_network import Role, Told

Span = tuple[int, int]
"""Characters of the prompt."""
_LIKELY = log(0.5)
_POSSIBLE = log(0.04)
_NEVER = -1e9
_NEAR = 3
# Plain numbers: members of an enumeration take their time to index a list.
_OUTSIDE, _FIRST, _INSIDE, _NUMERAL, _PIECE = map(int, Role)


@dataclass(frozen=True, slots=True)
class Bounds:
    """For each word whether an item may begin and end there."""

    begins: list[bool]
    ends: list[bool]


class Roles:
    """What a network told of ``words``."""

    def __init__(self, words: Sequence[Word], told: Told) -> None:
        self.words = words
        self.told = told
        self._rows = [row for row, word in enumerate(words) if word.start >= 0]
        self._starts = [words[row].start for row in self._rows]
        self._of = {word.element.place: row for row, word in reversed(list(enumerate(words))) if word.element is not None}
        roles = told.roles.tolist()
        self._roles: list[list[float]] = roles
        inside = [roles[row][_INSIDE] - roles[row][_OUTSIDE] for row in self._rows]
        self._inside = [0.0, *accumulate(inside)]
        self._gains = dict[Span, float]()
        self.nothing = sum(one[_OUTSIDE] for one in roles)
        """The log-probability that no word is part of an item."""

    def likely_firsts(self, low: int, high: int, most: int) -> list[int]:
        """The words from character ``low`` to ``high`` that most likely begin an item, and the first of all."""
        found = range(bisect_left(self._starts, low), bisect_left(self._starts, high))
        best = sorted(found, key=lambda place: -self._roles[self._rows[place]][_FIRST])[:most]
        return [self._starts[place] for place in sorted({*best, *found[:1]})]

    def surest_firsts(self, most: int) -> list[int]:
        """The words of the request that most likely begin an item, the likeliest first."""
        best = sorted(self._rows, key=lambda row: self._roles[row][_OUTSIDE] - self._roles[row][_FIRST])[:most]
        return [self.words[row].start for row in best]

    def pieces(self) -> list[Element]:
        """The pieces that are items."""
        return [w.element for w, roles in zip(self.words, self._roles, strict=True) if w.element and roles[_PIECE] > _LIKELY]

    def numerals(self) -> list[tuple[Span, str]]:
        """The numerals that count items, each as often as it says."""
        found = list[tuple[Span, str]]()
        for row in self._rows:
            word = self.words[row]
            if self._roles[row][_NUMERAL] > _LIKELY:
                found += [((word.start, word.end), word.text)] * (word.number or int(word.text in {"1", "one"}))
        return found

    def spans(self, eagerness: float, bounds: Bounds | None = None) -> list[Span]:
        """The likeliest items of words (Viterbi), ``eagerness`` added to what begins one; only between bounds if given."""
        found, current = list[Span](), False
        for row, state in zip(self._rows, self._path(eagerness, bounds), strict=True):
            word = self.words[row]
            if state == _FIRST:
                found.append((word.start, word.end))
            elif state == _INSIDE and current:
                found[-1] = (found[-1][0], word.end)
            current = state != _OUTSIDE
        return found

    def bounds(self, starts: Collection[int], ends: Collection[int]) -> Bounds:
        """What of the words may begin and end an item where these characters do, and where the network thinks so."""
        rising = sorted(ends)
        begins = [self.words[r].start in starts or self._roles[r][_FIRST] > _POSSIBLE for r in self._rows]
        return Bounds(begins, [self._may_end(place, rising) for place in range(len(self._rows))])

    def _path(self, eagerness: float, bounds: Bounds | None) -> list[int]:
        none, begun, inside = 0.0, _NEVER, _NEVER
        back = list[tuple[int, int]]()
        closed = True
        for place, row in enumerate(self._rows):
            roles = self._roles[row]
            first = roles[_FIRST] + eagerness if bounds is None or bounds.begins[place] else _NEVER
            outside = max(roles[_OUTSIDE], roles[_NUMERAL], roles[_PIECE])
            within, before = (begun, 1) if begun > inside else (inside, 2)
            ended = within if closed else within + _NEVER
            left, last = (none, 0) if none > ended else (ended, before)
            none, begun, inside = left + outside, left + first, within + roles[_INSIDE]
            back.append((last, before))
            closed = bounds is None or bounds.ends[place]
        state = max((none, 0), (begun, -1), (inside, -2))[1] * -1
        found = list[int]()
        for last, before in reversed(back):
            found.append(state)
            state = before if state == _INSIDE else last
        return found[::-1]

    def _may_end(self, place: int, ends: Sequence[int]) -> bool:
        """Whether an item may end with a word: at a bound, at a mark, or where the network thinks so."""
        word = self.words[self._rows[place]]
        if not word.text[:1].isalnum() or place + 1 == len(self._rows):
            return True
        near = bisect_left(ends, word.end)
        return (near < len(ends) and ends[near] <= word.end + _NEAR) or (self._roles[self._rows[place + 1]][_OUTSIDE] > _LIKELY)

    def likelihood(self, places: Iterable[Place], spans: Iterable[Span], numerals: Collection[Span] = ()) -> float:
        """The log-probability that just these pieces, spans and numerals are items."""
        total: float = self.nothing
        for place in places:
            row = self._of.get(place)
            total += self._roles[row][_PIECE] - self._roles[row][_OUTSIDE] if row is not None else _NEVER
        total += sum(self.gain(*span) for span in spans)
        for low, high in numerals:
            for row in self._rows[bisect_left(self._starts, low) : bisect_left(self._starts, high)]:
                total += self._roles[row][_NUMERAL] - self._roles[row][_OUTSIDE]
        return total

    def gain(self, low: int, high: int) -> float:
        """How much likelier it is that the words from character ``low`` to ``high`` are an item than that they are none."""
        known = self._gains.get((low, high))
        if known is None:
            known = self._gains[low, high] = self._gained(low, high)
        return known

    def _gained(self, low: int, high: int) -> float:
        first, end = bisect_left(self._starts, low), bisect_left(self._starts, high)
        if first >= end:
            return 0.0
        roles = self._roles[self._rows[first]]
        gained: float = roles[_FIRST] - roles[_OUTSIDE] + self._inside[end] - self._inside[first + 1]
        return gained

    def likely_ends(self, low: int, high: int, most: int) -> list[int]:
        """The ends of the words from character ``low`` to ``high`` behind which an item most likely does not go on."""
        first, end = bisect_left(self._starts, low), bisect_left(self._starts, high)
        behind = [self._roles[row] for row in self._rows[first + 1 : end]]
        best = sorted(range(len(behind)), key=lambda place: behind[place][_INSIDE] - behind[place][_OUTSIDE])[:most]
        return [self.words[self._rows[first + place]].end for place in sorted(best)]

    def row_at(self, start: int) -> int | None:
        """The row of the word that holds character ``start``."""
        place = bisect_right(self._starts, start) - 1
        return self._rows[place] if place >= 0 else None
