"""Series of nothing but numbers of things, which ask for alike answers: "book tips: 3 on C++, 1 on compilers and 2 on numerics".

Limits: each element begins with its number; measures ("2 nodes") are no answers.
"""

from __future__ import annotations

from dataclasses import replace

from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.tokens import Sentence, Token


def in_numbers(discourse: Discourse, series: Reading) -> Reading | None:
    """The numerals of a series, each as often as it says; None where an element is no number of things."""
    if series.kind is not Kind.WORDS or series.instructions:
        return None
    firsts = list[tuple[Token, ...]]()
    numbers = list[int]()
    for one in series.elements:
        pair = Sentence(one.name, 0, len(one.name)).tokens[:2]
        number = (pair[0].number or int(pair[0].text in {"1", "one"})) if len(pair) > 1 else 0
        if not number or pair[1].has(Tag.MEASURE):
            return None
        firsts.append(pair)
        numbers.append(number)
    if max(numbers) < 2:
        return None
    elements = []
    for one, number, pair in zip(series.elements, numbers, firsts, strict=True):
        start, size = one.place.start, len(one.name[pair[0].start : pair[0].end].encode())
        elements += [Element(replace(one.place, end=start + size), pair[0].text)] * number
    return Reading(Kind.COUNT, tuple(elements), Tag.WRITE, series.start, series.end)


def is_in_row(tokens: tuple[Token, ...], index: int) -> bool:
    """ "Unroll 1, 2, 4": values of one thing, with nothing but a comma between."""
    pairs = ((index - 2, index - 1), (index + 2, index + 1))
    return any(0 <= far < len(tokens) and tokens[near].text == "," and tokens[far].number is not None for far, near in pairs)
