"""What the network is to say of a request: the role of each word and piece, and what its items are.

Limits: items that are neither words of the prompt nor pieces of the sequence (a prototype in an attachment) cannot be told; such
a request teaches the decision alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codepar.prompts.discourse import Discourse
from codepar.prompts.reading import Kind
from codepar.prompts.request import Place, Request
from codepar.prompts.sequence import Word, sequence_of
from codepar.prompts.tag_network import LONGEST, Role
from finetune.requests.labelled import Labelled


@dataclass(frozen=True)
class Example:
    """A request as the network reads it. ``roles``, ``kind``: None where they are not known."""

    labelled: Labelled
    discourse: Discourse
    words: list[Word]
    roles: list[Role] | None
    kind: Kind | None


def example_of(labelled: Labelled) -> Example | None:
    """The example of a request; None for one that is too long to be read."""
    discourse = Discourse(Request(labelled.prompt, labelled.files))
    words = sequence_of(discourse)
    if len(words) > LONGEST:
        return None
    if not labelled.several:
        return Example(labelled, discourse, words, [Role.OUTSIDE] * len(words), None)
    if labelled.items is None:
        return Example(labelled, discourse, words, None, None)
    return _with_items(labelled, discourse, words, labelled.items)


def _with_items(labelled: Labelled, discourse: Discourse, words: list[Word], items: tuple[Place, ...]) -> Example:
    roles, kinds = [Role.OUTSIDE] * len(words), set[Kind]()
    pieces = {word.element.place: row for row, word in reversed(list(enumerate(words))) if word.element is not None}
    for place, number in Counter(items).items():
        if place in pieces:
            word = words[pieces[place]]
            roles[pieces[place]] = Role.PIECE
            kinds.add(Kind.FILE if word.element is not None and word.element.unit is None else Kind.CODE)
            continue
        rows = _rows(discourse, words, place)
        if not rows:
            return Example(labelled, discourse, words, None, None)
        kinds.add(Kind.COUNT if number > 1 else Kind.WORDS)
        first, later = (Role.NUMERAL, Role.NUMERAL) if number > 1 else (Role.FIRST, Role.INSIDE)
        roles[rows[0]] = first
        for row in rows[1:]:
            roles[row] = later if roles[row] is Role.OUTSIDE else roles[row]
    if kinds == {Kind.COUNT, Kind.WORDS}:
        # "Two with MPI and one without": the one is a numeral beside others.
        roles = [Role.NUMERAL if role is Role.FIRST else role for role in roles]
        kinds = {Kind.COUNT}
    return Example(labelled, discourse, words, roles, kinds.pop() if len(kinds) == 1 else None)


def _rows(discourse: Discourse, words: list[Word], place: Place) -> list[int]:
    """The words that a place of the prompt covers; none where it is cut in the middle of one."""
    if place.file is not None:
        return []
    data = discourse.request.prompt.encode()
    low, high = (len(data[:byte].decode(errors="ignore")) for byte in (place.start, place.end))
    rows = [row for row, word in enumerate(words) if 0 <= word.start < high and word.end > low]
    # The quotes around an item are no part of it, but of its first word.
    return rows if rows and low - words[rows[0]].start in (0, words[rows[0]].is_marked("quoted")) else []
