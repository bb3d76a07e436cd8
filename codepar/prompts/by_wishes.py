"""Requests of several wishes in running text, however they are joined: mails, run-on sentences, rows of questions, fragments.

The prose is cut into clauses where a wish begins (``wishes``); details stay with the wish before them. Split where two wishes
stand by themselves. Limits: asked last, so that what other rules read is left to them; a wish about code that came with the
request must name its piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.prompts.acts import is_statement
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_sense import TASKS
from codepar.prompts.lists import trimmed
from codepar.prompts.names import name_of
from codepar.prompts.reading import Element, Found, Kind, Reading
from codepar.prompts.series import HIDDEN
from codepar.prompts.tokens import Sentence
from codepar.prompts.wish_bonds import is_elliptical, names_again, speaks_back
from codepar.prompts.wishes import (
    Head,
    Wish,
    has_article,
    head_of,
    holds,
    is_detail,
    stands_alone,
    without_lead,
)

_CUT = re.compile(
    r"\s*[,;，；、]\s*|\s+(?:and|plus|und|sowie|y|e|и|also(?=\s+(?:an?|some|how|what|the)\b))(?=\s)\s*|(?:\s"
    r"|\.\.\.)+[—–-]\s+|\s*\.\.\.\s*|\s\+\s+|：\s*|:\s+"
    r"|(?<=\s)(?=(?:number (?:two|three|four|2|3)|\d(?:st|nd|rd|th):|second:|third:)(?:\s|\Z))|和",
    re.IGNORECASE,
)
_GREAT = re.compile(
    r",?\s+(?:would (?:also )?be (?:\w+ )?(?:great|nice|good|helpful|cool|useful|lovely|appreciated|perfect)|(?:is|are)"
    r" (?:also )?(?:needed|wanted|missing|welcome)"
    r"|wäre\w* (?:auch )?(?:\w+ )?(?:toll|nett|gut|super|schön|hilfreich)|estaría bien|sería (?:genial|útil)|(?:тоже"
    r" )?(?:было бы|не помешает)\b.*)",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[,.;!\s]+(?:and|oh|also|for me|please|pls|plz|thanks|thank you|thx|cheers|bitte|danke|por favor|gracias"
    r"|пожалуйста|спасибо|while (?:you'?re|you are|we'?re) at it"
    r"|if you (?:have|find) (?:the )?time|too))+[\s.!]*\Z",
    re.IGNORECASE,
)
_MOST_SENTENCES = 24
_MOST_WISHES = 60


def read_wishes(discourse: Discourse) -> Found:
    """The wishes of a request with two or more that stand by themselves."""
    if discourse.lists or len(discourse.spoken) > _MOST_SENTENCES:
        return None
    wishes = [wish for line, sentence in enumerate(discourse.spoken) for wish in _wishes_in(discourse, sentence, line)]
    if wishes and _closes(discourse.prose, wishes[-1]):
        wishes.pop()
    if not 1 < len(wishes) <= _MOST_WISHES:
        return None
    if any(s.is_question and is_elliptical(s.text) for s in discourse.spoken):
        return None
    prose = discourse.prose
    free = [wish for wish in wishes if stands_alone(prose, wish) and not _leans(prose, wish, wishes)]
    if len(free) < 2 or wishes[0] not in free or not _are_apart(discourse, wishes, free):
        return None
    return _made(discourse, wishes)


# "Could you make drafts?", "Please produce all of them."
_CLOSING = re.compile(r"\A(?=\w)(?:\w+ \w+|.*\b(?:all of (?:them|these|those)|these|those|them all))\Z", re.IGNORECASE)


def _leans(prose: str, wish: Wish, wishes: list[Wish]) -> bool:
    earlier = " ".join(prose[one.start : one.end] for one in wishes if one.start < wish.start)
    return bool(earlier) and names_again(prose[wish.start : wish.end], earlier)


def _closes(prose: str, wish: Wish) -> bool:
    return wish.head is Head.VERB and _CLOSING.match(prose[wish.start : wish.end]) is not None


def _wishes_in(discourse: Discourse, sentence: Sentence, line: int) -> list[Wish]:
    """The wishes of a sentence; one, where a later clause of it leans on an earlier."""
    prose, found = discourse.prose, list[Wish]()
    for low, high in _led(prose, sentence):
        head = head_of(prose, low, high, asks=sentence.is_question, after=found[-1].head if found else None)
        if head is None and found and found[-1].head is Head.THING and _goes_on(prose, found[-1].start, low, high):
            head = Head.THING, without_lead(prose, low, high)
        if head is None and not found and not _leads(prose, sentence, low, high):
            return []
        if head is None and found and is_detail(prose, low, high):
            break
        if head is None or _announces(prose, head, high):
            continue
        if found:
            found[-1] = Wish(found[-1].start, low, found[-1].head, line)
        found.append(Wish(head[1], sentence.end, head[0], line))
        if prose[high : high + 1] in {":", "："}:
            break
    return _joined(prose, found, sentence)


def _joined(prose: str, found: list[Wish], sentence: Sentence) -> list[Wish]:
    """The wishes of a sentence without what is around them; one, where they are no wishes of their own."""
    kept = [wish for wish in (_bare(prose, wish) for wish in found) if wish.end > wish.start]
    alone = sum(stands_alone(prose, wish) for wish in kept)
    back = sum(speaks_back(prose[wish.start : wish.end]) for wish in kept)
    if len(kept) > 1 and (alone < _PAIR or alone + back < len(kept)):
        return [_bare(prose, Wish(kept[0].start, sentence.end, kept[0].head, kept[0].line))]
    return kept


def _goes_on(prose: str, start: int, low: int, high: int) -> bool:
    """ "A recipe for soup and a joke": another thing with an article, unless it may belong to the first."""
    return has_article(prose, low, high) and not holds(prose[start:low]) and not speaks_back(prose[low:high])


def _leads(prose: str, sentence: Sentence, low: int, high: int) -> bool:
    """Whether a clause that wishes nothing may stand before a wish of its sentence."""
    if is_detail(prose, low, sentence.end) or not (_opens(prose, high) or _WHILE.match(prose, low, high)):
        return False
    return (
        _WHILE.match(prose, low, high) is not None or not is_statement(sentence) or _SEVERAL.search(prose, low, high) is not None
    )


_WHILE = re.compile(r"\W*(?:while|since|besides|before i|während|mientras|además de|пока|кроме)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:two|three|four|five|few|couple|some|several|following|list|todo|zwei|drei|ein paar|dos|tres|два|две|три)\b",
    re.IGNORECASE,
)
_PAIR = 2


# "In parser.py, raise ValueError".
_PLACE = re.compile(
    r"\W*(?:and |also )?(?:in|for|inside|within|für|en|para|в|для) (?:`[^`]+`|[\w/-]+[._]\w+"
    r"|\w+\(\))",
    re.IGNORECASE,
)


def _led(prose: str, sentence: Sentence) -> Iterator[tuple[int, int]]:
    """The clauses of a sentence; what is only a lead goes with the clause behind it."""
    begin: int | None = None
    for low, high in _clauses(sentence):
        start, end = sentence.start + low if begin is None else begin, sentence.start + high
        begin = start if without_lead(prose, start, end) >= end or _PLACE.fullmatch(prose, start, end) else None
        if begin is None:
            yield start, end


def _announces(prose: str, head: tuple[Head, int], end: int) -> bool:
    """ "Do these for me:": a verb that works on what follows its colon."""
    text = prose[head[1] : end]
    return prose[end : end + 1] in {":", "："} and (TASKS.search(text) is not None or len(text) <= _SHORT)


_SHORT = 8


def _opens(prose: str, end: int) -> bool:
    """Whether a clause that wishes nothing is a lead to what follows: "For Monday:", "It is short, so please ..."."""
    return (
        re.match(
            r"\s*(?:[:：;—–-]|,\s*(?:so|please|can|could|would|bitte|por favor|пожалуйста)\b)",
            prose[end : end + 40],
            re.IGNORECASE,
        )
        is not None
    )


def _clauses(sentence: Sentence) -> Iterator[tuple[int, int]]:
    """The stretches between the marks and conjunctions of a sentence, quotes and parentheses kept whole."""
    hidden = HIDDEN.sub(lambda match: "x" * len(match[0]), sentence.text)
    position = 0
    for cut in _CUT.finditer(hidden):
        if cut.start() > position:
            yield position, cut.start()
            position = cut.start()
    yield position, len(hidden)


def _bare(prose: str, wish: Wish) -> Wish:
    low, high = wish.start, wish.end
    great = _GREAT.search(prose, low, high)
    if great is not None:
        high = great.start()
    tail = _TAIL.search(prose, low, high)
    if tail is not None and tail.start() > low:
        high = tail.start()
    low, high = trimmed(prose, low, high)
    if wish.head is not Head.QUESTION and prose[high - 1 : high] in {"?", "!", "？", "！"}:
        low, high = trimmed(prose, low, high - 1)
    return Wish(low, high, wish.head, wish.line)


def _are_apart(discourse: Discourse, wishes: list[Wish], free: list[Wish]) -> bool:
    """Whether code that came is spoken of by names, another one in each wish."""
    if not discourse.request.sources:
        return True
    named = [_names(discourse, wish) for wish in wishes]
    flat = [name for names in named for name in names]
    if len(free) < len(wishes) or len(set(flat)) < len(flat):
        return False
    return all(names or wish.head is Head.QUESTION for names, wish in zip(named, wishes, strict=True)) and len(flat) > 0


def _names(discourse: Discourse, wish: Wish) -> set[str]:
    tokens = Sentence(discourse.prose, wish.start, wish.end).tokens
    return {name for t in tokens if (name := name_of(t).lower()) in discourse.symbols or t.is_file}


def _made(discourse: Discourse, wishes: list[Wish]) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(discourse.request.place(w.start, w.end), prompt[w.start : w.end]) for w in wishes)
    return Reading(Kind.WORDS, elements, Tag.WRITE, wishes[0].start, wishes[-1].end, tier="low", instructions=True)
