"""Which line of an edited text is which line of the text it was: patience alignment, blind to the amount of blanks.

Lines that are unique in both texts anchor the rest; a block that was moved is found again by its unique lines. Limits: between
anchors, blocks with more than about 1,000 lines a side stay unmatched, so that time stays bounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

_MAX_PRODUCT = 1_000_000


def align(old: Sequence[str], new: Sequence[str]) -> list[int | None]:
    """For every line of ``old`` the index of its counterpart in ``new``, None for a line that was changed or deleted."""
    old_keys, new_keys = [_key(line) for line in old], [_key(line) for line in new]
    matched: list[int | None] = [None] * len(old)
    pending = [(0, len(old), 0, len(new))]
    while pending:
        pending += _align_block(old_keys, new_keys, pending.pop(), matched)
    _match_moved(old_keys, new_keys, matched)
    return matched


def _key(line: str) -> str:
    return " ".join(line.split())


_Block = tuple[int, int, int, int]


def _align_block(old: list[str], new: list[str], block: _Block, matched: list[int | None]) -> list[_Block]:
    """Match the ends and the anchors of a block in place; return the blocks between the anchors."""
    low, high, new_low, new_high = block
    while low < high and new_low < new_high and old[low] == new[new_low]:
        matched[low] = new_low
        low, new_low = low + 1, new_low + 1
    while low < high and new_low < new_high and old[high - 1] == new[new_high - 1]:
        high, new_high = high - 1, new_high - 1
        matched[high] = new_high
    if low == high or new_low == new_high:
        return []
    anchors = _anchors(old, new, (low, high, new_low, new_high))
    if not anchors:
        _match_small(old, new, (low, high, new_low, new_high), matched)
        return []
    blocks = []
    for index, new_index in anchors:
        matched[index] = new_index
        blocks.append((low, index, new_low, new_index))
        low, new_low = index + 1, new_index + 1
    return [*blocks, (low, high, new_low, new_high)]


def _anchors(old: list[str], new: list[str], block: _Block) -> list[tuple[int, int]]:
    """The longest rising sequence of lines that occur once on each side of the block."""
    low, high, new_low, new_high = block
    old_count, new_count = Counter(old[low:high]), Counter(new[new_low:new_high])
    place = {new[index]: index for index in range(new_low, new_high) if new_count[new[index]] == 1}
    pairs = [(index, place[old[index]]) for index in range(low, high) if old_count[old[index]] == 1 and old[index] in place]
    return _longest_rise(pairs)


def _longest_rise(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Longest subsequence with rising second members (patience sorting)."""
    tops: list[int] = []
    top_pairs: list[int] = []
    previous: list[int] = []
    for number, (_, second) in enumerate(pairs):
        pile = bisect_left(tops, second)
        previous.append(top_pairs[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [second]
        top_pairs[pile : pile + 1] = [number]
    chosen, number = list[tuple[int, int]](), top_pairs[-1] if top_pairs else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = previous[number]
    return chosen[::-1]


def _match_small(old: list[str], new: list[str], block: _Block, matched: list[int | None]) -> None:
    low, high, new_low, new_high = block
    if (high - low) * (new_high - new_low) > _MAX_PRODUCT:
        return
    matcher = SequenceMatcher(None, old[low:high], new[new_low:new_high], autojunk=False)
    for found in matcher.get_matching_blocks():
        for step in range(found.size):
            matched[low + found.a + step] = new_low + found.b + step


def _match_moved(old: list[str], new: list[str], matched: list[int | None]) -> None:
    """Match what is left by lines that occur once in each whole text."""
    taken = {index for index in matched if index is not None}
    old_count, new_count = Counter(old), Counter(new)
    place = {line: index for index, line in enumerate(new) if new_count[line] == 1 and line and index not in taken}
    for index, line in enumerate(old):
        if matched[index] is None and old_count[line] == 1 and line in place:
            matched[index] = place[line]
