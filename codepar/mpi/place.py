"""Find the places of removed calls again after the stripped program was edited.

Every call is anchored by the lines around it; what cannot be placed exactly goes to the nearest line where a statement may stand.
Limits: a call whose whole surroundings were rewritten lands by proportion, which may be a line or two off.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from codepar.mpi.align import align
from codepar.mpi.boundaries import Boundary
from codepar.mpi.dialect import Surroundings
from codepar.mpi.dialects import dialect_of
from codepar.mpi.stripped import Removed
from codepar.syntax.language import Language

_SIMILAR = 0.5
_MAX_PAIRS = 2_500
_MAX_GAP = 200
_MAX_PRODUCT = 1_000_000
_WINDOW = 30


@dataclass(frozen=True, slots=True)
class Placement:
    """Characters ``start`` to ``end`` of the edited text that give way to ``text``.

    ``own_line``: it begins a line and nothing of the edited text follows on its last; ``continues``: except that it stands on the
    line of the placement before it.
    """

    start: int
    end: int
    text: str
    own_line: bool = False
    continues: bool = False


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a call was: character ``column`` of line ``line`` (0-based) of the base."""

    line: int
    column: int
    own_line: bool = False
    continues: bool = False


class Placer:
    """The base, the edited text, and how their lines correspond."""

    def __init__(self, base: str, edited: str, language: Language) -> None:
        self._base = base.split("\n")
        self._new = edited.split("\n")
        self._matched = align(self._base, self._new)
        self._dialect = dialect_of(language)
        self._boundaries = self._dialect.boundaries(edited)
        self._base_boundaries = self._dialect.boundaries(base)
        self._starts = _starts(self._new)
        self._base_starts = _starts([line.encode().decode("latin-1") for line in self._base])
        self._edited = edited
        self._counterparts: dict[int, int | None] = {}
        self._crlf_lost = "\r\n" in base and "\r\n" not in edited

    def place(self, calls: Sequence[Removed]) -> list[Placement]:
        """One placement for each call, in the order of the calls."""
        anchors = self._anchors(calls)
        holes = self._find_holes(calls, anchors)
        return [
            self._place(call, anchor, holes.get(index)) for index, (call, anchor) in enumerate(zip(calls, anchors, strict=True))
        ]

    def _anchors(self, calls: Sequence[Removed]) -> list[_Anchor]:
        """The anchors; several statements of one removed line share it, the first begins it, the others continue it."""
        places = [self._position(call) for call in calls]
        own_line = [self._ends_line(call, place) for call, place in zip(calls, places, strict=True)]
        for index in range(len(calls) - 2, -1, -1):
            same_place = calls[index].span == calls[index + 1].span and not calls[index].fills_hole
            own_line[index] |= same_place and own_line[index + 1] and places[index].column == 0
        anchors = []
        for index, place in enumerate(places):
            continues = index > 0 and own_line[index] and calls[index - 1].span == calls[index].span and own_line[index - 1]
            continues = continues and not calls[index - 1].removed.endswith("\n")
            anchors.append(_Anchor(place.line, place.column, own_line[index], continues))
        return anchors

    def _position(self, call: Removed) -> _Anchor:
        line = bisect_right(self._base_starts, call.span[0]) - 1
        head = self._base[line].encode()[: call.span[0] - self._base_starts[line]]
        return _Anchor(line, len(head.decode(errors="replace")))

    def _ends_line(self, call: Removed, place: _Anchor) -> bool:
        """Whether the statement took the end of its line with it; at the end of a file there may be no newline to take."""
        at_end = place.line == len(self._base) - 1 and not self._base[-1]
        return not call.fills_hole and place.column == 0 and (call.removed.endswith("\n") or at_end)

    def _place(self, call: Removed, anchor: _Anchor, hole: tuple[int, int] | None) -> Placement:
        text = call.removed.replace("\r\n", "\n") if self._crlf_lost else call.removed
        if call.fills_hole and hole is not None:
            return Placement(*hole, text)
        if not call.fills_hole and not anchor.own_line:
            offset = self._offset_in_line(anchor)
            if offset is not None:
                return Placement(offset, offset, text)
        boundary = self._boundary(anchor)
        if not anchor.own_line:
            return self.statement_at(boundary, text)
        offset = self._offset_of(boundary)
        if not anchor.continues:
            around = Surroundings(self._base, self._new, self._edited, self._matched, anchor.line, boundary)
            text = self._dialect.fit(text, around)
        return Placement(offset, offset, text, own_line=True, continues=anchor.continues)

    def statement_at(self, index: int, text: str) -> Placement:
        """``text`` as a statement on a line of its own before line ``index`` (0-based), indented as its neighbours."""
        offset = self._offset_of(index)
        return Placement(offset, offset, self._dialect.statement(text, self._edited, self._new, index), own_line=True)

    def allowed_near(self, index: int) -> int:
        """The line nearest to ``index`` before which a statement may stand."""
        index = min(index, len(self._boundaries) - 1)
        return self._nearest_allowed(index, index, index, self._boundaries[index].depth)

    def _offset_of(self, index: int) -> int:
        return self._starts[index] if index < len(self._new) else len(self._edited)

    def _boundary(self, anchor: _Anchor) -> int:
        """The line of the edited text before which a statement that stood before ``anchor.line`` goes."""
        line = anchor.line
        after = self._matched[line - 1] if line else -1
        before = self._matched[line] if line < len(self._base) else len(self._new)
        if after is not None and before == after + 1:
            return before
        low, high, guess = self._guess(line, after, before)
        return self._nearest_allowed(low, high, guess, self._base_boundaries[line].depth)

    def _guess(self, line: int, after: int | None, before: int | None) -> tuple[int, int, int]:
        """The range of lines in which the statement belongs, and the likeliest of them."""
        above, below = line - 1, line
        while above >= 0 and self._matched[above] is None:
            above -= 1
        while below < len(self._base) and self._matched[below] is None:
            below += 1
        found_above = self._matched[above] if above >= 0 else -1
        found_below = self._matched[below] if below < len(self._base) else len(self._new)
        low = (found_above if found_above is not None else -1) + 1
        high = max(low, found_below if found_below is not None else low)
        if after is not None:
            return low, high, after + 1
        if before is not None:
            return min(low, before), before, before
        share = (line - above - 1) / max(1, below - above - 1)
        return low, high, low + round(share * (high - low))

    def _nearest_allowed(self, low: int, high: int, guess: int, depth: int) -> int:
        def cost(index: int) -> tuple[bool, int]:
            boundary: Boundary = self._boundaries[index]
            outside = not low <= index <= high
            return outside, abs(index - guess) + 4 * abs(boundary.depth - depth)

        last = len(self._boundaries) - 1
        near = range(max(0, min(low, guess - _WINDOW)), min(last, max(high, guess + _WINDOW)) + 1)
        allowed = [index for index in near if self._boundaries[index].allowed]
        return min(allowed, key=cost, default=min(guess, last))

    def _offset_in_line(self, anchor: _Anchor) -> int | None:
        """Where a statement amid a line goes; None when that line is gone or no statement can stand there."""
        index = self._counterpart(anchor.line)
        if index is None:
            return None
        old, new = self._base[anchor.line], self._new[index]
        column = anchor.column if old == new else _mapped_column(old, new, anchor.column)
        if column is None:
            return None
        head = new[:column].rstrip()
        if old != new and head and head[-1] not in self._dialect.ends:
            return None
        return self._starts[index] + column

    def _counterpart(self, line: int) -> int | None:
        """The line of the edited text that ``line`` of the base became."""
        if line not in self._counterparts:
            self._counterparts[line] = self._matched[line] if self._matched[line] is not None else self._likest(line)
        return self._counterparts[line]

    def _likest(self, line: int) -> int | None:
        low, high, _ = self._guess(line, None, None)
        taken = {index for index in self._matched if index is not None}
        scored = [
            (_similarity(self._base[line], self._new[index]), index)
            for index in range(low, min(high, low + _MAX_GAP))
            if index not in taken
        ]
        best = max(scored, default=(0.0, -1))
        return best[1] if best[0] > _SIMILAR else None

    def _find_holes(self, calls: Sequence[Removed], anchors: Sequence[_Anchor]) -> dict[int, tuple[int, int]]:
        """The hole of each inline call by its index: that of the same line, else the likeliest of those left over."""
        found: dict[int, tuple[int, int]] = {}
        taken: set[tuple[int, int]] = set()
        lost: list[int] = []
        for index, (call, anchor) in enumerate(zip(calls, anchors, strict=True)):
            hole = self._hole_of_line(anchor) if call.fills_hole else None
            if hole is not None and hole not in taken:
                found[index] = hole
                taken.add(hole)
            elif call.fills_hole:
                lost.append(index)
        free = [match for match in self._dialect.hole.finditer(self._edited) if match.span() not in taken] if lost else []
        for index, span in self._likeliest(lost, free, anchors):
            if index not in found and span not in taken:
                found[index] = span
                taken.add(span)
        return found

    def _likeliest(
        self, lost: Sequence[int], free: Sequence[re.Match[str]], anchors: Sequence[_Anchor]
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        """Pairs of a call without hole and a hole without call, the likeliest first; of very many simply in their order."""
        if len(lost) * len(free) > _MAX_PAIRS:
            yield from ((index, match.span()) for index, match in zip(lost, free, strict=False))
            return
        scored = [
            (self._hole_score(anchors[index], match.start(), match["type"]), index, match.span())
            for index in lost
            for match in free
        ]
        for score, index, span in sorted(scored, key=lambda pair: -pair[0]):
            if score:
                yield index, span

    def _hole_of_line(self, anchor: _Anchor) -> tuple[int, int] | None:
        index = self._matched[anchor.line]
        if index is None:
            return None
        number = bisect_left(self._hole_columns(self._base[anchor.line]), (anchor.column, 0))
        holes = self._hole_columns(self._new[index])
        if number >= len(holes):
            return None
        start = self._starts[index]
        return start + holes[number][0], start + holes[number][1]

    def _hole_columns(self, line: str) -> tuple[tuple[int, int], ...]:
        return tuple(match.span() for match in self._dialect.hole.finditer(line))

    def _hole_score(self, anchor: _Anchor, offset: int, type_text: str) -> float:
        """How likely the hole at ``offset`` is the one of ``anchor``: same type, similar line, near the expected place."""
        own = self._dialect.hole.match(self._base[anchor.line], anchor.column)
        if own is None or own["type"] != type_text:
            return 0.0
        line = bisect_right(self._starts, offset) - 1
        low, high, guess = self._guess(anchor.line, None, None)
        near = 1.0 / (1 + abs(line - guess)) + (1.0 if low <= line <= high else 0.0)
        return near + _similarity(self._base[anchor.line], self._new[line])


def _starts(lines: Sequence[str]) -> list[int]:
    starts, position = [], 0
    for line in lines:
        starts.append(position)
        position += len(line) + 1
    return starts


def _similarity(old: str, new: str) -> float:
    return SequenceMatcher(None, old[:400], new[:400], autojunk=False).ratio()


def _mapped_column(old: str, new: str, column: int) -> int | None:
    """The column of ``new`` between the same characters; None when neither neighbour is left."""
    head, tail = _common_ends(old, new)
    if column <= head:
        return column
    if len(old) - column <= tail:
        return len(new) - len(old) + column
    if len(old) * len(new) > _MAX_PRODUCT:
        return None
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        if block.a < column <= block.a + block.size or block.a == column < block.a + block.size:
            return block.b + column - block.a
    return None


@lru_cache(maxsize=256)
def _common_ends(old: str, new: str) -> tuple[int, int]:
    """How many characters two lines share at their beginning and, apart from those, at their end."""
    most = min(len(old), len(new))
    head = next((index for index in range(most) if old[index] != new[index]), most)
    tail = next((index for index in range(most - head) if old[-1 - index] != new[-1 - index]), most - head)
    return head, tail
