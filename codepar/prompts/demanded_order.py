"""The order that a request demands of answers that need nothing of each other: "a first and only then b", "in this very order".

Limits: the names of pieces in one sentence; a demand over all elements where a sentence outside them is about the answers, not
about what they are to contain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from codepar.prompts.discourse import Discourse
from codepar.prompts.reading import Kind, Reading
from codepar.prompts.tokens import Sentence

_IN_TURN = re.compile(
    r"\b(?:strictly|exactly|precisely|only|really|do (?:write|answer|keep)|answer|process|work|walk|go|please)\b[^.;]*?"
    r"\bin (?:(?:exactly|precisely|just) )?(?:this|that|the given) (?:very |exact |same |precise )?(?:order|sequence)\b"
    r"|\b(?:answer|process|come|work|go)\b[^.;]*\bin the (?:order|sequence) (?:given|listed|above|below|they)"
    r"|\bin the order given\b"
    r"|\bin (?:exactly|precisely|strictly) (?:this|that) (?:order|sequence)\b"
    r"|\bin (?:this|that) (?:very|exact|precise) (?:order|sequence)\b"
    r"|\bfinish(?:ing|ed)? (?:one|each)(?: \w+)? before (?:starting|you start|beginning|going on to)\b"
    r"|\bnot start (?:on )?(?:one|the next)\b[^.;]*\bbefore\b"
    r"|\bgenau in dieser reihenfolge\b|\bexactamente en este orden\b|\bстрого в (?:этом|таком) порядке\b"
    r"|严格按(?:照)?(?:这个|此|以下)?顺序|必ずこの順",
    re.IGNORECASE,
)
_FIRST = re.compile(r"\b(?:first|zuerst|primero|сначала)\b(?!-)|先|まず", re.IGNORECASE)
_THEN = re.compile(
    r"\b(?:then|second|next|after(?:wards)?|after (?:that|it)|danach|dann|luego|después|затем|потом)\b|然后|再|次に",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\bbefore\b|\bprior to\b|\bvor\b|\bantes de\b", re.IGNORECASE)
_MOST = 60

Pair = tuple[int, int]


def demanded_order(discourse: Discourse, reading: Reading) -> Iterator[Pair]:
    """Pairs of elements of which the first has to be answered before the second."""
    if len(reading.elements) > _MOST or reading.kind is Kind.COUNT:
        return
    if reading.ordered:
        yield from pairwise(reading.order or range(len(reading.elements)))
        return
    outside = [one for one in discourse.spoken if reading.kind is not Kind.WORDS or not _inside(discourse, reading, one)]
    if any(_IN_TURN.search(one.text) for one in outside) or _told_in_turn(discourse, reading):
        yield from pairwise(range(len(reading.elements)))
    elif reading.kind is not Kind.WORDS:
        for sentence in discourse.spoken:
            yield from pairwise(_named_in_turn(sentence, [element.name for element in reading.elements]))


def _inside(discourse: Discourse, reading: Reading, sentence: Sentence) -> bool:
    place = discourse.request.place(sentence.start, sentence.end)
    return any(e.place.file is None and e.place.start <= place.start and place.end <= e.place.end for e in reading.elements)


def _told_in_turn(discourse: Discourse, reading: Reading) -> bool:
    """ "First explain A, then write B" where the two have nothing in common."""
    if reading.kind is not Kind.WORDS or not reading.instructions:
        return False
    data = discourse.request.prompt.encode()
    places = [element.place for element in reading.elements]
    before = data[max(0, places[0].start - _LEAD) : places[0].start].decode(errors="ignore")
    between = [data[a.end : b.start].decode(errors="ignore") for a, b in pairwise(places)]
    return bool(_LEADS.search(before)) and all(_FOLLOWS.search(gap) for gap in between)


_LEAD = 12
_LEADS = re.compile(r"(?<!the )\b(?:first|zuerst|primero|сначала|erstens)[,:]?\s+\Z", re.IGNORECASE)
_FOLLOWS = re.compile(
    r"\b(?:then|second|secondly|third|next|after that|afterwards|last|finally|danach|dann|luego|después|затем|потом)[,:]?\s+\Z",
    re.IGNORECASE,
)


def _named_in_turn(sentence: Sentence, names: Sequence[str]) -> list[int]:
    """The elements that a sentence names, in the order it wants."""
    text = sentence.text
    found = [(match.start(), index) for index, name in enumerate(names) if (match := _mention(name, text)) is not None]
    if len(found) < _PAIR:
        return []
    (first, _), *_, (last, _) = places = sorted(found)
    begun = _FIRST.search(text[:last]) is not None and _THEN.search(text, first) is not None
    if begun or (len(found) == _PAIR and _BEFORE.search(text, first, last)):
        return [index for _, index in places]
    return []


_PAIR = 2


def _mention(name: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) if name else None
