"""Requests of several different instructions in running text, and of several questions: each instruction or question is an item.

Limits: an instruction must begin with its verb; where a later one speaks of what an earlier one makes it depends on it, and a
row in which each depends on the one before stays whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from codepar.prompts.acts import act_of, is_statement
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_sense import ASKING, TASKS, is_command
from codepar.prompts.lists import trimmed
from codepar.prompts.names import looks_like_name, name_of
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.tokens import Sentence
from codepar.prompts.wish_bonds import is_elliptical, speaks_back
from codepar.prompts.wishes import is_detail

_SEQUENCE = (
    r"(?:(?:only |erst |solo |sólo |только )?(?:then|after (?:that|this)|afterwards|next|dann|danach|luego|después|despues|затем"
    r"|потом|после этого))"
)
_CUT = re.compile(
    r"\s{0,9}(?:[,;，；](?:\s*(?:and|then|also|plus|und|dann|y|e|luego|и|а|затем|потом|并且|并|同时|然后|再|最后)(?=\s|[^\x00-\x7f]))*"
    rf"(?:\s*{_SEQUENCE})?(?=\s|[^\x00-\x7f])\s*"
    rf"|(?<=\s)(?:and|und|y|и)(?:\s+(?:also|{_SEQUENCE}))?(?=\s)\s*)",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:then|after(?:wards| that)?|next|finally|it|that(?=\s*(?:[,.;]|\Z|one\b|code\b|function\b|version\b"
    r"|to\b|in\b|with\b|for\b))|them|they|those|this one|the (?:result|output"
    r"|outcome|new|resulting|rewritten|translated|final|above)\w*|result|results|based on|you (?:wrote"
    r"|changed|made|did|find|found)|your|what is left|again|so|(?:for|of) each(?=\W*\Z)|which one"
    r"|dann|danach|anschließend|es|das ergebnis|ergebnis|davon|luego|después|resultado|eso|ello|затем"
    r"|потом|результат\w*|его|её|этого)\b|然后|再|接着|之后|根据|结果|其|它|その後|それ|次に|結果",
    re.IGNORECASE,
)
_PRONOUN_QUESTION = re.compile(
    r"\b(?:it|they|them|this|that|these|those|he|so|then|sie|eso|esto|он|она|оно|это|его)\b|它|那|それ", re.IGNORECASE
)


_HIDDEN = re.compile(r"\([^()]*\)|\"[^\"\n]*\"|`[^`\n]*`|“[^”]*”")


def read_instructions(discourse: Discourse) -> Found:
    """Several instructions or questions, why they stay whole, or None."""
    return _questions(discourse) or _instructions(discourse)


_COULD_I = re.compile(
    r"\W*(?:and\s+|also\s+)*(?:could|can|may|might) (?:i|we) (?:please )?(?:also )?(?:get|have|see)\s+", re.IGNORECASE
)


_ALSO = re.compile(
    r"(?:(?:and|also|plus|besides|next|finally|unrelated(?: to (?:that|this|it))?|und|außerdem|también|также)\b[\s,]*"
    r"|(?:また|そして|あと|另外|还有)[、，]?)+",
    re.IGNORECASE,
)


def _questions(discourse: Discourse) -> Found:
    asked = [s for s in discourse.spoken if s.is_question]
    # In a row of questions one may lack its mark.
    asked = [s for s in discourse.spoken if s.is_question or (asked and _UNMARKED.match(s.text))]
    others = [
        s
        for s in discourse.spoken
        if s not in asked and not is_statement(s) and not s.announces and act_of(s) is not None and not _FOR_HELP.search(s.text)
    ]
    if not asked or others or discourse.lists:
        return None
    bounds = [bound for sentence in asked for bound in _questions_in(discourse, sentence)]
    if len(bounds) < 2:
        return None
    bound = [
        i
        for i, (low, high) in enumerate(bounds)
        if i and (_PRONOUN_QUESTION.search(discourse.prose, low, high) or is_elliptical(discourse.prose[low:high]))
    ]
    if any(is_statement(s) for s in discourse.spoken) and speaks_back(discourse.prose[slice(*bounds[0])]):
        # "I changed the config. How do I debug it, and where are the logs?"
        return Whole(Refusal.CHAIN, "the questions are about one thing that is told before them")
    if discourse.request.blocks or bound:
        return Whole(Refusal.CHAIN, "the questions are about one thing, and later ones lean on earlier ones") if bound else None
    return _made(discourse, bounds)


_FOR_HELP = re.compile(
    r"\b(?:подскаж\w+|помог\w+|ответь\w*|help(?: me)?|answer|tell me|erklär\w* mir|hilf mir|helft mir|ayúda\w*|ayuda)\W*"
    r"(?:пожалуйста|please|pls|plz|bitte|por favor)?\W*\Z",
    re.IGNORECASE,
)
_UNMARKED = re.compile(
    r"(?:and |also )?(?:what'?s|how (?:do|can|to)|why (?:do|does|is)|where (?:do|is|can)|what (?:is|does|do))\b", re.IGNORECASE
)


def _questions_in(discourse: Discourse, sentence: Sentence) -> list[tuple[int, int]]:
    """ "Who invented C, and who invented Fortran?" holds two."""
    start, end = _question_bounds(discourse, sentence)
    if _POLITE_HEAD.match(sentence.text):
        return [(start, end)]
    cuts = [cut for cut in _NEXT_QUESTION.finditer(discourse.prose, start, end) if ASKING.match(discourse.prose[start:end])]
    bounds = [start, *(place for cut in cuts for place in cut.span()), end]
    parts = list(zip(bounds[::2], bounds[1::2], strict=True))
    long = all(len(discourse.prose[low:high].split()) >= _ROW for low, high in parts)
    return [trimmed(discourse.prose, low, high) for low, high in parts] if long else [(start, end)]


_NEXT_QUESTION = re.compile(
    r"\s*(?:[,;]\s*(?:and\s+|und\s+|y\s+|и\s+)?|\s(?:and|und|y|и)\s+)(?=(?:what|how|why|when|where|who|was|wie|warum|wo"
    r"|wer|qué|cómo"
    r"|dónde|quién|что|как|почему|где|кто)\b)",
    re.IGNORECASE,
)


def _question_bounds(discourse: Discourse, sentence: Sentence) -> tuple[int, int]:
    start = sentence.start
    polite = _COULD_I.match(sentence.text)
    if polite is not None:
        # Not a question but a wish: "could I get X?"
        return trimmed(discourse.prose, start + polite.end(), sentence.end - 1)
    colon = re.search(r"\A(?:[^?？]{0,40}[:：]\s*|q\d{1,2}[.)]?\s+)", sentence.text, re.IGNORECASE)
    also = _ALSO.match(sentence.text)
    return trimmed(discourse.prose, start + (colon.end() if colon else also.end() if also else 0), sentence.end)


@dataclass(frozen=True, slots=True)
class _Piece:
    """One instruction or question. ``line`` is the sentence it stands in."""

    start: int
    end: int
    line: int
    asks: bool


def _instructions(discourse: Discourse) -> Found:
    pieces: list[_Piece] = []
    others = 0
    for line, sentence in enumerate(discourse.spoken):
        if is_statement(sentence):
            continue
        if sentence.is_question and not _is_request(discourse, sentence):
            pieces.append(_Piece(*trimmed(discourse.prose, *_question_bounds(discourse, sentence)), line, asks=True))
            continue
        found = [_Piece(low, high, line, asks=False) for low, high in _commands_in(discourse, sentence)]
        others += not found and len(sentence.tokens) > _FEW and act_of(sentence) is not None
        pieces += found
    if len(pieces) < 2 or all(piece.asks for piece in pieces):
        return None
    if _are_ordered(discourse, pieces):
        return replace(_made(discourse, [(piece.start, piece.end) for piece in pieces]), ordered=True)
    free = [piece for i, piece in enumerate(pieces) if i == 0 or not _is_bound(discourse, piece)]
    if len(free) > 1 and (_apart(discourse, free) or (not others and _stand_alone(discourse, pieces, free))):
        return _made(discourse, [(piece.start, piece.end) for piece in pieces])
    chained = len(free) < len(pieces) and len(pieces) > 2 and not any(piece.asks for piece in pieces)
    return Whole(Refusal.CHAIN, "each step works on what the one before it made") if chained else None


def _are_ordered(discourse: Discourse, pieces: list[_Piece]) -> bool:
    """ "First fix the year in LICENSE, and only then bump the version": an order is demanded of things that need nothing of each
    other: each has an object of its own, and none is spoken of by a pronoun."""
    texts = [discourse.prose[piece.start : piece.end] for piece in pieces]
    demanded = any(_ONLY_THEN.search(s.text) for s in discourse.spoken)
    if not demanded or any(piece.asks for piece in pieces) or any(_BOUND.search(text) for text in texts[1:]):
        return False
    objects = [_object_of(discourse, piece) for piece in pieces]
    return None not in objects and len(set(objects)) == len(objects)


_ONLY_THEN = re.compile(
    r"\bonly (?:then|after (?:that|this)|afterwards)\b|\bin (?:that|this|exactly that|exactly this) order\b|\berst"
    r" (?:dann|danach)\b"
    r"|\b(?:solo|sólo) (?:después|luego|entonces)\b|\bтолько (?:потом|затем|после)\b|\bin dieser reihenfolge\b|\ben"
    r" (?:ese|este) orden\b"
    r"|\bв (?:этом|таком) порядке\b|之后才|その後で",
    re.IGNORECASE,
)


def _object_of(discourse: Discourse, piece: _Piece) -> str | None:
    """The word behind the verb and its article, or a name."""
    words = [t for t in Sentence(discourse.prose, piece.start, piece.end).tokens[1:5] if t.is_word and not t.has(Tag.THE, Tag.A)]
    return words[0].text.lower() if words else None


def _is_request(discourse: Discourse, sentence: Sentence) -> bool:
    """ "Could you fix ...?" is a command."""
    return is_command(discourse.prose, sentence.start, sentence.end) and _POLITE_HEAD.match(sentence.text) is not None


_HEAD = 40
_UNRELATED = re.compile(
    r"\b(?:unrelated|separately|independently(?: of (?:that|this))?|on another note)[:,]?\s*\Z", re.IGNORECASE
)


def _is_bound(discourse: Discourse, piece: _Piece) -> bool:
    if _UNRELATED.search(discourse.prose, max(0, piece.start - _HEAD), piece.start):
        return False
    text = _with_head(discourse, piece.start, piece.end)
    return (_PRONOUN_QUESTION if piece.asks else _BOUND).search(text) is not None


def _stand_alone(discourse: Discourse, pieces: list[_Piece], free: list[_Piece]) -> bool:
    """Whether instructions without code each ask for a thing of their own: "write a poem", "fix the typo", a question."""
    if discourse.request.sources or discourse.lists or len(free) < len(pieces):
        return False
    texts = [discourse.prose[piece.start : piece.end] for piece in pieces]
    if any(
        is_elliptical(text) if piece.asks else is_detail(text, 0, len(text), adds=False)
        for piece, text in zip(pieces, texts, strict=True)
    ):
        return False
    own = all(_is_own_thing(discourse, piece) for piece in pieces)
    if any((_ON_ONE_THING.search(text) and not own) or (":" in text and '"' not in text) for text in texts):
        return False
    if all(_is_reading(discourse, piece) for piece in pieces) and len({_object_of(discourse, p) for p in pieces}) == len(pieces):
        return True
    in_rows = len({piece.line for piece in pieces}) < len(pieces)
    if own and not any(_RELATED.search(text) for text in texts[1:]):
        return True
    if in_rows and len(pieces) < _ROW:
        return False
    return all(piece.asks or _has_object(discourse, piece, indefinite=not in_rows) for piece in pieces)


def _has_object(discourse: Discourse, piece: _Piece, *, indefinite: bool) -> bool:
    """Whether a verb has an object with an article or number of its own, or a text in quotes."""
    tokens = Sentence(discourse.prose, piece.start, piece.end).tokens[:8]
    if any(t.has(Tag.A) or (t.number or 0) > 1 or t.text in {'"', "“", "«", "„"} for t in tokens):
        return True
    return not indefinite and any(t.has(Tag.THE) for t in tokens[:3])


def _is_reading(discourse: Discourse, piece: _Piece) -> bool:
    """ "Explain X": a question, or a verb of telling with an object that is spoken of here for the first time."""
    if piece.asks:
        return True
    tokens = Sentence(discourse.prose, piece.start, piece.end).tokens
    definite = any(token.has(Tag.THE, Tag.THESE, Tag.THEM) or token.text == "this" for token in tokens[1:3])
    return bool(tokens) and tokens[0].has(Tag.READ) and not tokens[0].has(Tag.CHANGE) and len(tokens) > 1 and not definite


def _is_own_thing(discourse: Discourse, piece: _Piece) -> bool:
    """Whether an instruction has an indefinite object, or asks what, how or why something is."""
    text = discourse.prose[piece.start : piece.end]
    if piece.asks or _OWN.match(text) is not None:
        return True
    tokens = Sentence(discourse.prose, piece.start, piece.end).tokens
    if tokens and not tokens[0].text.isascii():
        # No articles in these languages: any object will do.
        return len(tokens) > 1
    return bool(tokens) and tokens[0].has(Tag.READ) and _OF.match(text) is not None


_OF = re.compile(r"\w+ (?:me |us )?the \w+(?: \w+)? (?:of|between|from|for|behind|to)\b", re.IGNORECASE)
_OWN = re.compile(
    r"(?:[^\W\d]+ (?!\Z))?(?:(?:up with|me|us|mir|uns|мне|нам|bitte|please|briefly|kurz),? ?)*(?:an?|one|some|another"
    r"|eine?[nmrs]?|un[ao]?|what|how|why"
    r"|when|who|where|which|was|wie|warum|wo|qué|cómo|por qué|что|как|почему|зачем|[\"'“«„]|\d|two|three|four|five|six"
    r"|ten|zwei|drei|vier|fünf"
    r"|dos|tres|cinco|два|две|три|пять)(?=[\W\d]|\b)",
    re.IGNORECASE,
)
# What is made of, or for, what an earlier instruction makes.
_RELATED = re.compile(
    r"\b(?:an?|some|one) (?:\w+ ){0,2}(?:fix|patch|test|tests|summary|explanation|solution|example|conclusion|improvement"
    r"|description"
    r"|comment|comments|docstring|benchmark|variant|version|alternative|caption|title|name)\b(?! (?:for|of|about|on|to|in"
    r"|called)\b)"
    r"|\bwhat (?:went|is) wrong|\b(?:he|she|they|whose)\b",
    re.IGNORECASE,
)
_FEW = 4
_ROW = 3
_POLITE_HEAD = re.compile(
    r"\W*(?:and |also |please )*(?:can|could|would|will|kannst|könntest|puedes|podrías|можешь|можете)\b", re.IGNORECASE
)
_ON_ONE_THING = re.compile(
    r"\b(?:(?:this|the|my|our|your) (?:code|program|function|script|kernel|file|class|project|table|list"
    r"|data|result)|as well|accordingly)\b",
    re.IGNORECASE,
)


def _with_head(discourse: Discourse, low: int, high: int) -> str:
    """The piece with the word before it, which may be "then"."""
    return discourse.prose[max(0, low - 12) : low].rsplit(",", 1)[-1].rsplit(".", 1)[-1] + discourse.prose[low:high]


def _commands_in(discourse: Discourse, sentence: Sentence) -> list[tuple[int, int]]:
    """The stretches of a sentence that begin with a command."""
    prose, ends = discourse.prose, list[int]()
    begin = _begin(prose, sentence)
    if begin is None:
        return []
    starts = [begin]
    hidden = _HIDDEN.sub(lambda match: "x" * len(match[0]), sentence.text)
    for cut in _CUT.finditer(hidden, begin - sentence.start):
        start = sentence.start + cut.end()
        if _starts_with_verb(discourse, start, sentence.end):
            ends.append(sentence.start + cut.start())
            starts.append(start)
    ends.append(sentence.end)
    found = [_bare(prose, low, high) for low, high in zip(starts, ends, strict=True)]
    return [(low, high) for low, high in found if high > low]


def _begin(prose: str, sentence: Sentence) -> int | None:
    """Where the first command of a sentence begins: at its beginning, or behind a short lead ("For the release: first ...")."""
    lead = _SHORT_LEAD.match(sentence.text)
    announced = lead is not None and TASKS.search(lead[0]) is not None
    if is_command(prose, sentence.start, sentence.end) and not announced:
        return sentence.start
    if lead is not None and is_command(prose, sentence.start + lead.end(), sentence.end):
        return sentence.start + lead.end()
    return None


_SHORT_LEAD = re.compile(r"[^:：;.?!\n]{1,60}[:：]\s*")


def _bare(prose: str, start: int, end: int) -> tuple[int, int]:
    """An instruction without a polite lead-in and what thanks at its end."""
    polite = _LEAD_IN.match(prose, start, end)
    tail = _THANKS.search(prose, start, end)
    low, high = trimmed(prose, polite.end() if polite else start, tail.start() if tail else end)
    # The mark of a polite question is no part of what it asks for.
    return trimmed(prose, low, high - 1) if prose[high - 1 : high] in {"?", "!", "？", "！"} else (low, high)


# "explain, what X is" in Russian and German; a text in quotes.
_BEFORE_OBJECT = frozenset({",", "'", '"', "“", "„", "«"})


def _starts_with_verb(discourse: Discourse, start: int, end: int) -> bool:
    """Whether a verb with an object follows; a name of the code that reads like one ("put, get") is none. Of a verb that is in
    no lexicon an article or number must follow."""
    tokens = Sentence(discourse.prose, start, min(end, start + 60)).tokens
    begin = next((i for i, t in enumerate(tokens) if not (t.has(Tag.POLITE) and not t.has(Tag.WRITE))), None)
    if begin is None or len(tokens) < begin + 2 or not (tokens[begin + 1].is_word or tokens[begin + 1].text in _BEFORE_OBJECT):
        return False
    first, second = tokens[begin], tokens[begin + 1]
    if first.quoted or first.text in discourse.symbols:
        return False
    known = first.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.COMPARE, Tag.TEST)
    return known or (
        not ASKING.match(first.text)
        and not first.tags
        and first.text.isalpha()
        and not first.text.endswith("s")
        and second.has(Tag.A, Tag.THE)
        and not second.quoted
    )


_LEAD_IN = re.compile(
    r"\W*(?:(?:and|also|then|please|pls|kindly|first|finally|next)\b[\s,]*)*(?:(?:can|could|would|will) (?:you"
    r"|u)\b\s*(?:please|kindly|also)?\s*|bitte\s+|por favor,?\s+|пожалуйста,?\s+|i (?:need|want) you to\s+|i(?:'d|"
    r" would)? (?:also |still )?(?:need|want|like) (?=(?:an?|the|some|\d)\b))?"
    r"(?:(?:(?:and|also|then)[\s,]+)*(?:unrelated|separately|independently(?: of (?:that|this))?|on another note"
    r"|besides)[:,]\s*)?",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"(?:,?\s+(?:for me|please|pls|plz|thanks|thank you|thx|bitte|danke|por favor|gracias|пожалуйста|спасибо))+\W*\Z",
    re.IGNORECASE,
)


def _apart(discourse: Discourse, pieces: list[_Piece]) -> bool:
    """Whether the free instructions have objects of their own by name."""
    symbols = discourse.symbols
    named = []
    for piece in pieces:
        tokens = Sentence(discourse.prose, piece.start, piece.end).tokens
        named.append(frozenset(name_of(t).lower() for t in tokens if looks_like_name(t) or name_of(t).lower() in symbols))
    distinct = {names for names in named if names}
    return len(distinct) > 1 and len(distinct) == len(pieces)


def _made(discourse: Discourse, bounds: list[tuple[int, int]]) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(discourse.request.place(low, high), prompt[low:high]) for low, high in bounds)
    return Reading(Kind.WORDS, elements, Tag.WRITE, bounds[0][0], bounds[-1][1], instructions=True)
