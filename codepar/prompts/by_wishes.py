"""Requests of several wishes in running text, however they are joined: instructions, rows of questions, lacks that are told.

``clause_model`` says which clauses begin a wish; here each gets its place, and its end. Limits: a
wish goes to the end of its sentence or to the next wish; what later sentences add to it stays context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.prompts.alternation import phrases
from codepar.prompts.clause_features import STATED, Setting
from codepar.prompts.clause_model import Begun, Scored, load_weights, might_begin, scored_in
from codepar.prompts.clauses import Clause, clauses_of
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import NEED, Head
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import trimmed
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.wish_bonds import leans_back, speaks_back
from codepar.prompts.wishes_model import are_several

_GREAT = re.compile(
    r",?\s+(?:would (?:also )?be (?:\w+ )?(?:great|nice|good|helpful|cool|useful|lovely|appreciated"
    r"|perfect)(?!\s+(?:to|if)\b)|(?:is|are)"
    r" (?:also )?(?:needed|wanted|welcome)"
    r"|wäre\w* (?:auch )?(?:\w+ )?(?:toll|nett|gut|super|schön|hilfreich)|estaría bien|sería (?:genial|útil)|(?:тоже"
    r" )?(?:было бы|не помешает)\b.*)",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:[,.;!\s]+(?:and|oh|ah|also|for me|please|pls|plz|thanks|thank you|thx|cheers|bitte|danke|por favor|gracias"
    r"|пожалуйста|спасибо|while (?:you'?re|you are|we'?re) at it"
    r"|if you (?:have|find) (?:the )?time))+[\s.!]*\Z",
    re.IGNORECASE,
)
_ORDER = phrases(
    r"\bonly (?:then|after (?:that|this)|afterwards)\b|\bin (?:that|this|exactly that|exactly this) order\b|\berst"
    r" (?:dann|danach)\b"
    r"|\b(?:solo|sólo) (?:después|luego|entonces)\b|\bтолько (?:потом|затем|после)\b|\bin dieser reihenfolge\b|\ben"
    r" (?:ese|este) orden\b"
    r"|\bв (?:этом|таком) порядке\b|之后才|その後で"
)
_QUESTIONS = frozenset({Head.QUESTION, Head.QUESTION_WORD})
_THINGS = frozenset({Head.THING, Head.OTHER})
_COMMANDS = frozenset({Head.VERB, Head.UNKNOWN_VERB, Head.NEED, Head.THING})
_DANGLING = re.compile(r"[\s,]+(?:and|plus|und|sowie|y|и|as well as|also)\Z", re.IGNORECASE)
_GIVEN = re.compile(r"\W*(?:\w+\W+){1,2}?(?:(?:me|us|mir|uns|мне|нам)\W+)?", re.IGNORECASE)
_COLONS = frozenset({":", "："})
_SHORT = 7
_LONG_CHAIN = 3
_MOST = 60


def read_wishes(discourse: Discourse) -> Found:
    """The wishes of a request with two or more, that they form a chain, or None; worked out once for each request."""
    if not discourse.wishes:
        discourse.wishes.append(_read(discourse))
    return discourse.wishes[0]


def _read(discourse: Discourse) -> Found:
    if discourse.lists:
        return None
    clauses = clauses_of(discourse)
    if sum(might_begin(clause) or clause.head is Head.LACK for clause in clauses) < 2:
        return None
    setting = Setting(discourse, clauses)
    scored = _scored(discourse, clauses, setting)
    begun = [Begun(one.clause, one.score) for one in scored if one.begins]
    stated = _stated(clauses, setting)
    if stated and len(stated) != len(begun):
        begun = [Begun(clause, 0.0) for clause in stated]
    elif not 1 < len(begun) <= _MOST or not (stated or are_several(scored, setting)):
        return _chain(clauses)
    begun = _without_announcement(begun)
    if len(begun) < _PAIR:
        return None
    places = _places(discourse, begun)
    if len(places) > _PAIR and all(_ON_IT.search(discourse.prose, low, high) for low, high in places[1:]):
        return Whole(Refusal.CHAIN, "each step works on what the one before it made")
    reading = _made(discourse, places)
    return reading if not is_in_order(discourse, places) else _ordered(reading)


def begun_by_score(discourse: Discourse, most: int, least: float) -> Iterator[list[tuple[int, int]]]:
    """The characters of the two clauses that most surely begin a wish, of the three, and so on."""
    clauses = clauses_of(discourse)
    scored = _scored(discourse, clauses, Setting(discourse, clauses))
    best = sorted((one for one in scored if one.score > least), key=lambda one: -one.score)[:most]
    for count in range(_PAIR, len(best) + 1):
        chosen = sorted(best[:count], key=lambda one: one.clause.low)
        begun = _without_announcement([Begun(one.clause, one.score) for one in chosen])
        if len(begun) >= _PAIR:
            yield _places(discourse, begun)


def _scored(discourse: Discourse, clauses: list[Clause], setting: Setting) -> list[Scored]:
    """The clauses with their scores, worked out once for each request."""
    if discourse.scored is None:
        discourse.scored = scored_in(clauses, setting, load_weights())
    return discourse.scored


def _without_announcement(begun: list[Begun]) -> list[Begun]:
    """ "Kindly do the needful: prepare ...; draft ...": what only leads in to the first wish."""
    first, second = begun[0].clause, begun[1].clause
    announces = first.tokens[-1].text in _COLONS and second.cut == ":" and second.line == first.line
    return begun[1:] if announces and len(first.tokens) <= _SHORT else begun


def _stated(clauses: list[Clause], setting: Setting) -> list[Clause]:
    """ "Three short ones. What is ...?": the clauses that may begin a wish, where they are as many as the request says."""
    asked = [c for c in clauses if (might_begin(c) or c.head is Head.LACK) and STATED.search(c.text) is None]
    leans = any(leans_back(clause) for clause in asked[1:])
    return asked if len(asked) > 1 and len(asked) == setting.number and not leans else []


_PAIR = 2
_ON_IT = re.compile(r"\b(?:it|them|that|ihn|ihm|lo|eso|его|её|них)\W*\Z", re.IGNORECASE)


def _chain(clauses: list[Clause]) -> Whole | None:
    asked = [clause for clause in clauses if might_begin(clause)]
    back = sum(leans_back(clause) for clause in asked[1:])
    if len(asked) >= _LONG_CHAIN and back:
        return Whole(Refusal.CHAIN, "later wishes lean on what earlier ones make")
    return None


def _places(discourse: Discourse, begun: list[Begun]) -> list[tuple[int, int]]:
    """Characters of each wish."""
    clauses = [one.clause for one in begun]
    found = []
    for clause, behind in zip(clauses, [*clauses[1:], None], strict=True):
        end = clause.sentence.end if behind is None or behind.line != clause.line else behind.low
        shares = behind is not None and behind.line == clause.line and behind.head in _THINGS
        found.append(_bare(discourse.prose, _beginning(discourse.prose, clause, shares=shares), end, clause))
    return _shared(discourse.prose, clauses, found)


def _beginning(prose: str, clause: Clause, *, shares: bool) -> int:
    """ "I need" is written once for all things that follow."""
    need = NEED.match(prose, clause.start, clause.high) if clause.head is Head.NEED and shares else None
    return need.end() if need else clause.start


def _shared(prose: str, clauses: list[Clause], places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the verb that is written once for all: "write X and a Y", "explain what A is and how B works"."""
    later = {clause.head for clause in clauses[1:]}
    first, (low, high) = clauses[0], places[0]
    if first.head is not Head.VERB or not (later <= _THINGS or later <= _QUESTIONS) or clauses[-1].line != first.line:
        return places
    given = _GIVEN.match(prose, low, high)
    return [(given.end(), high), *places[1:]] if given and given.end() < high else places


def _bare(prose: str, low: int, high: int, clause: Clause) -> tuple[int, int]:
    """A wish without what thanks and praises at its end."""
    great = _GREAT.search(prose, low, high)
    high = great.start() if great else high
    thanks = _THANKS.search(prose, low, high)
    high = thanks.start() if thanks and thanks.start() > low else high
    low, high = trimmed(prose, low, high)
    dangling = _DANGLING.search(prose, low, high)
    high = dangling.start() if dangling else high
    # The mark of a polite question is no part of what it asks for.
    if _is_command(clause) and prose[high - 1 : high] in {"?", "!", "？", "！"}:
        return trimmed(prose, low, high - 1)
    return low, high


def _is_command(clause: Clause) -> bool:
    asks = any(token.has(Tag.QUESTION) for token in clause.tokens[1:2])
    return clause.head in _COMMANDS and not asks


def is_in_order(discourse: Discourse, places: list[tuple[int, int]]) -> bool:
    """ "First fix the year in LICENSE, and only then bump the version": an order of things that need nothing of each other."""
    demanded = any(_ORDER.search(sentence.text) for sentence in discourse.spoken)
    return demanded and not any(speaks_back(discourse.prose[low:high]) for low, high in places[1:])


def _ordered(reading: Reading) -> Reading:
    return Reading(
        reading.kind, reading.elements, reading.act, reading.start, reading.end, "low", ordered=True, instructions=True
    )


def _made(discourse: Discourse, places: list[tuple[int, int]]) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(discourse.request.place(low, high), prompt[low:high]) for low, high in places)
    return Reading(Kind.WORDS, elements, Tag.WRITE, places[0][0], places[-1][1], tier="low", instructions=True)
