"""The parts of a request without a model: which items it holds, what joins them, or why it stays whole.

Rules of prose outside code, tree-sitter inside it; every item is a place in the text. Limits: what only the sense of a sentence
tells apart stays whole; precision goes before recall.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from codepar.prompts.acts import chains
from codepar.prompts.ask import ask_of
from codepar.prompts.by_clauses import read_clauses
from codepar.prompts.by_code import read_code
from codepar.prompts.by_count import read_counts
from codepar.prompts.by_foreign import read_foreign
from codepar.prompts.by_list import read_lists, stated
from codepar.prompts.by_named import read_named
from codepar.prompts.by_numerals import read_numerals
from codepar.prompts.by_pieces import read_pieces
from codepar.prompts.by_prototypes import read_prototypes
from codepar.prompts.by_series import read_series
from codepar.prompts.by_wishes import read_wishes
from codepar.prompts.category import category_of
from codepar.prompts.choice import choose
from codepar.prompts.comparing import compares
from codepar.prompts.dependence import edges_of, obstacle
from codepar.prompts.discourse import Discourse
from codepar.prompts.in_numbers import in_numbers
from codepar.prompts.items import MAX_ITEMS, Decomposition, Edge, Item, Refusal
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.reduce import reduce_of
from codepar.prompts.request import Place, Request

_NOTHING = Whole(Refusal.ONE_TASK, "it asks for one thing")
_ORDER = tuple(Refusal)
# Reasons that do not come from how the wishes are worded.
_BOUND = frozenset(Refusal) - {Refusal.ONE_TASK, Refusal.CHAIN, Refusal.COMPARISON}


def extract(prompt: str, files: Mapping[str, str]) -> Decomposition:
    """The decomposition of ``prompt`` with its attachments by name. Never fails on text; what is not read stays whole."""
    request = Request(prompt, files)
    discourse = Discourse(request)
    if not any(sentence.tokens for sentence in discourse.sentences) and not discourse.lists:
        return _whole(Whole(Refusal.EMPTY, "nothing is asked"))
    found = choose(discourse, found_in(discourse))
    if isinstance(found, Reading) and len(found.elements) > 1:
        return decomposed(discourse, found)
    return _whole(found if isinstance(found, Whole) else _NOTHING)


def decomposed(discourse: Discourse, reading: Reading) -> Decomposition:
    """The decomposition of a reading, whole where something binds its elements."""
    edges = edges_of(discourse, reading)
    bound = obstacle(discourse, reading, edges)
    if len(reading.elements) > MAX_ITEMS:
        bound = Whole(Refusal.UNSUPPORTED, f"{len(reading.elements)} parts are more than the {MAX_ITEMS} that are planned")
    return _split(discourse, reading, edges) if bound is None else _whole(bound)


def found_in(discourse: Discourse) -> Reading | Whole | None:
    """What the rules find first; of several reasons to stay whole the first in the order of ``Refusal``."""
    rules: tuple[Callable[[Discourse], Found], ...] = (
        read_lists,
        read_clauses,
        read_prototypes,
        read_code,
        read_foreign,
        read_counts,
        read_series,
        read_wishes,
    )
    reasons: list[Whole] = []
    for rule in rules:
        found = rule(discourse)
        if isinstance(found, Reading):
            found = _wider(discourse, found) if rule is read_counts else found
            found = _apart(discourse, found) if rule is read_code else found
            if rule in {read_series, read_wishes} and _must_choose(discourse, found):
                reasons.append(Whole(Refusal.COMPARISON, "one answer over all of them is asked for"))
                break
            told = _whole_wishes(discourse, found) if rule in {read_counts, read_series} else found
            if told is not None:
                return in_numbers(discourse, told) or told
            continue
        if found is not None and found.refusal is Refusal.CONTRADICTION and (counted := _as_stated(discourse)) is not None:
            return counted
        if found is not None:
            reasons.append(found)
            if found.refusal is not Refusal.ONE_TASK or rule is read_code:
                break
    if all(reason.refusal is Refusal.ONE_TASK for reason in reasons):
        second = _second_look(discourse, reasons)
        if second is not None:
            return second
    return min(reasons, key=lambda whole: _ORDER.index(whole.refusal), default=_plain_reason(discourse))


def _second_look(discourse: Discourse, reasons: list[Whole]) -> Found:
    """What models make of a request in which no rule found parts."""
    named = read_named(discourse)
    if named is not None or reasons:
        return named
    return read_pieces(discourse) or read_numerals(discourse)


def _must_choose(discourse: Discourse, found: Reading) -> bool:
    """ "Offers from three vendors: ... Which one would you take?": a later question wants one of all."""
    return found.kind is Kind.WORDS and any(
        s.start > found.start and s.is_question and _WHICH.match(s.text) is not None for s in discourse.spoken
    )


_WHICH = re.compile(
    r"\W*(?:(?:so|now|and|hence|honestly|in the end)\b,? )?which (?:one|of (?:them|these|those|the|my|our))\b"
    r"|\W*welche[rsn]? (?:davon|von|soll|würdest|ist)\b|\W*¿?cuál(?:es)? de\b|\W*как(?:ой|ую|ое) из\b",
    re.IGNORECASE,
)


def _as_stated(discourse: Discourse) -> Reading | None:
    """The wishes of the text, where they are as many as it says."""
    wishes = read_wishes(discourse)
    numbers = {stated(sentence) for sentence in discourse.spoken}
    return wishes if isinstance(wishes, Reading) and len(wishes.elements) in numbers else None


def _wider(discourse: Discourse, counted: Reading) -> Reading:
    """Several instructions of which one asks for a number of things are read as instructions."""
    others = read_wishes(discourse)
    if not isinstance(others, Reading):
        return counted
    places = [element.place for element in others.elements]
    number = counted.elements[0].place
    if all(element.place == number for element in counted.elements) and len(places) == len(counted.elements):
        return others
    holding = [place for place in places if any(place.start <= e.place.start < place.end for e in counted.elements)]
    return others if len(holding) == 1 and len(places) > 1 else counted


def _apart(discourse: Discourse, named: Reading) -> Reading:
    """Wishes that speak of one piece of code each, instead of the pieces: "explain f, port g"; and wishes beside which files are
    only mentioned: "... The project has two files, a.c and b.c"."""
    absent = named.kind is Kind.FILE and all(element.source is None for element in named.elements)
    if (named.kind is not Kind.CODE and not absent) or named.ordered:
        return named
    wishes = read_wishes(discourse)
    if not isinstance(wishes, Reading):
        return named
    if absent:
        last = wishes.elements[-1].place.end
        return wishes if discourse.request.place(named.start, named.end).start >= last else named
    mention = discourse.request.place(named.start, named.end)
    places = [element.place for element in wishes.elements]
    touched = sum(place.start < mention.end and mention.start < place.end for place in places)
    names = [_names(discourse, place) for place in places]
    apart = touched == 0 and all(names) and len(frozenset().union(*names)) == sum(map(len, names))
    return wishes if touched > 1 or apart else named


def _names(discourse: Discourse, place: Place) -> frozenset[str]:
    words = re.findall(r"\w+", discourse.request.text_at(place).lower())
    return discourse.symbols.intersection(words)


def _is_limit(discourse: Discourse, found: Reading) -> bool:
    """ "Ten slides at most.": a number that only bounds the answer."""
    place = found.elements[0].place
    limits = [s for s in discourse.spoken if _AT_MOST.match(s.text)]
    return place.file is None and any(discourse.request.place(s.start, s.end).start == place.start for s in limits)


_AT_MOST = re.compile(r"[\w-]+ (?:\w+ ){0,2}\w+ (?:at most|max(?:imum)?|or (?:less|fewer)|tops)\W*\Z", re.IGNORECASE)


def _whole_wishes(discourse: Discourse, found: Reading) -> Reading | None:
    """The wishes of the text instead of what was found within one of them, or where the wishes are as many or more."""
    if found.kind is Kind.COUNT and _is_limit(discourse, found):
        return None
    wishes = read_wishes(discourse)
    if not isinstance(wishes, Reading) or found.ordered:
        return found
    places = [element.place for element in wishes.elements]
    inside = [any(p.start <= e.place.start and e.place.end <= p.end for e in found.elements) for p in places]
    more = found.instructions and found.kind is Kind.WORDS and len(places) >= len(found.elements)
    return wishes if sum(inside) == 1 or more else found


def _plain_reason(discourse: Discourse) -> Whole | None:
    """Why a request in which no rule found anything is one task, where its words say so."""
    if any(compares(sentence, 0) for sentence in discourse.spoken):
        return Whole(Refusal.COMPARISON, "one answer over all is asked for")
    if any(chains(sentence) for sentence in discourse.spoken):
        return Whole(Refusal.CHAIN, "each step works on what the one before it made")
    return None


def _split(discourse: Discourse, reading: Reading, edges: tuple[Edge, ...]) -> Decomposition:
    request = discourse.request
    items = tuple(_item(request, number, element) for number, element in enumerate(reading.elements, 1))
    closing = reduce_of(discourse, reading)
    place = request.place(*closing) if closing else None
    ask = ask_of(request, reading)
    return Decomposition(
        split=True,
        reason=f"{len(items)} parts that can be answered by themselves",
        items=items,
        edges=edges,
        reduce=(place.start, place.end) if place else None,
        template=ask.template,
        context=ask.context,
        category=category_of(discourse, reading),
        tier=reading.tier,
    )


def _item(request: Request, number: int, element: Element) -> Item:
    place = element.place
    return Item(id=str(number), text=request.text_at(place), span=(place.start, place.end), file=place.file)


def _whole(whole: Whole) -> Decomposition:
    return Decomposition(split=False, reason=f"It stays whole: {whole.because}.", refusal=whole.refusal)
