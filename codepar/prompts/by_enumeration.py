"""Series that a plural noun or a word such as "each" deals out: "bios of a, b and c", "a paragraph each about a and b".

The series is found first (short elements between commas and a conjunction), then the word that governs it. Limits: languages with
blanks between words; two elements alone need a word such as "each".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codepar.prompts.acts import act_of, asks_for, is_statement, makes_one_thing, splits_into
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import trimmed
from codepar.prompts.numerals import value_of
from codepar.prompts.reading import Found
from codepar.prompts.series import HIDDEN, SPLIT, reading_of
from codepar.prompts.tokens import Sentence, Token

_CONJUNCTION = re.compile(r"\b(?:and|or|und|oder|sowie|y|e|o|и|или)\b|&|和|及|と", re.IGNORECASE)
_END = re.compile(
    r"\s*(?:[:!?—–(]|\s(?:-|in|with|using|for|to|please|pls|plz|briefly|by|on|so|mean|do|does|mit|für|en|con|para|на|для"
    r"|с|each|work"
    r"|respectively|separately|is|are|was|were|have|has|stand|be|released|from|bitte|por favor"
    r"|пожалуйста|by)(?:\s|\Z|[,.;:?？]))",
    re.IGNORECASE,
)
_DEALS = re.compile(
    r"\b(?:each|every|everyone|separately|individually|one at a time|one by one|apiece"
    r"|(?:one|a|an|two|three|\d) (?:\w+ ){0,2}(?:per(?! (?:node|rank|core|thread|process|gpu|second|minute|day|socket))"
    r"|each)|per (?:function|word|term|item|flag|language|topic|file|entry|name|question|element|option|line|concept)"
    r"|jeweils|jede[rsnm]?|je ein\w*|cada (?:un[ao]|\w+)|кажд\w+|по одн\w+)\b",
    re.IGNORECASE,
)
_ONE = re.compile(
    r"\b(?:one|a single|the same|a|an) (?:\w+ )?(?:table|list|sentence|answer|program|script|message"
    r"|line|paragraph|diagram|plot"
    r"|figure|chart|story|poem|essay|text)\b",
    re.IGNORECASE,
)
_BINDS = re.compile(
    r"\b(?:between|among|together|combin\w+|relat\w+|interact\w*|differences?|similarities|trade-?offs?|connections?|order"
    r"|mix\w*|than|sum|average|intersection|union|overlap|schedule|plan|map|route|path|uses?|using|consist\w*|contain\w*"
    r"|includ\w*|cover\w*|mention\w*|made of|based on|such as|like|e\.g|due to|because|either|neither|whether|if|when|after"
    r"|before|while|equal|equivalent|compatible|same|common|versus)\b",
    re.IGNORECASE,
)
_PREPOSITIONS = frozenset("for of about on in to into von über für zu de sobre para о об про для".split())
_JOINED = frozenset("differences results values links sums combinations relations steps ways minutes seconds times".split())
# Verbs that change one thing by all that is listed.
_ON_ONE = frozenset(
    "add put insert append remove delete drop set include support handle accept take parse need needs with".split()
)
# Without a verb only what is asked for politely, or opened by a preposition ("synonyms for:"), is a wish.
_WISH = re.compile(
    r"\b(?:please|pls|plz|thanks|thx|bitte|danke|por favor|gracias|пожалуйста|these|those"
    r"|following)\b|\b(?:for|of|about)\s*[:：]"
    r"|\A\W*(?:[\w-]+ )+definitions?\b",
    re.IGNORECASE,
)
_COLONS = frozenset({":", "：", "—", "–"})
# Verbs whose objects are worked on one by one.
_APPLIED = frozenset(
    "translate convert port implement reimplement calculate compute solve factor factorise factorize differentiate integrate"
    " conjugate spell pronounce summarize summarise paraphrase review audit classify proofread".split()
)
_ATTRIBUTES = frozenset(
    "code complexity meaning definition capital purpose syntax default cost origin population etymology signature".split()
)
_VERBS = frozenset("explain describe write make give implement translate convert port test use".split())
_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class _Run:
    """A series: its elements, the tokens before the first one, and where it ends."""

    elements: tuple[tuple[int, int], ...]
    before: tuple[Token, ...]
    end: int


def read_enumeration(discourse: Discourse, index: int) -> Found:
    """The first series of the spoken sentence ``index`` whose elements are wanted one by one."""
    sentence = discourse.spoken[index]
    for run in _runs(discourse, sentence):
        if _is_dealt_out(discourse, index, run):
            return reading_of(discourse, sentence, list(run.elements))
    return None


def _is_dealt_out(discourse: Discourse, index: int, run: _Run) -> bool:
    sentence = discourse.spoken[index]
    behind = discourse.spoken[index + 1 : index + 2]
    dealt = _DEALS.search(sentence.text) is not None
    if not dealt and behind and _deals_alone(behind[0]):
        return len(run.elements) > 1 and not compares(behind[0], 0) and not discourse.request.sources
    if is_statement(sentence) or compares(sentence, 0) or splits_into(sentence):
        return False
    if makes_one_thing(sentence, len(run.before), distributes=dealt) or not asks_for(sentence):
        return False
    if act_of(sentence) is None and not sentence.is_question and not (dealt or _WISH.search(sentence.text)):
        return False
    head = sentence.text[: run.elements[0][0] - sentence.start]
    if _BINDS.search(head):
        return False
    if dealt:
        return len(run.elements) > 1
    last = run.before[-1] if run.before else None
    if last is not None and last.text not in _COLONS and not last.has(Tag.PLURAL) and any(t.text in _COLONS for t in run.before):
        # Behind the colon stands a sentence of its own.
        return False
    if any(token.text in _ON_ONE for token in run.before):
        return False
    if len(run.elements) < 3 or _BINDS.search(sentence.text) or _ONE.search(sentence.text):
        return False
    return _is_governed(run, is_question=sentence.is_question)


def _deals_alone(sentence: Sentence) -> bool:
    """ "Explain each briefly." behind a sentence that names the things."""
    words = [token for token in sentence.tokens if token.is_word]
    told = act_of(sentence) is Tag.READ or (bool(words) and words[0].has(Tag.A) and not is_statement(sentence))
    return len(words) <= _MOST_WORDS + 1 and sentence.has(Tag.EACH) and told


def _is_governed(run: _Run, *, is_question: bool) -> bool:
    """Whether a noun in the plural, perhaps with a preposition behind it, a verb that works on one thing, or "were" in a question
    stands before the series."""
    before = [token for token in run.before if token.is_word or token.text in _COLONS]
    opens = bool(before) and before[-1].text in _COLONS
    while before and (before[-1].text in _COLONS or (opens and before[-1].has(Tag.POLITE))):
        before.pop()
    if not before:
        return False
    last, ahead = before[-1], before[-2:-1]
    if last.text in _PREPOSITIONS:
        return opens or bool(
            ahead
            and (_is_plural(ahead[0]) or ahead[0].text in _ATTRIBUTES)
            and not (before[-3:-2] and before[-3].has(Tag.THAT, Tag.THEM))
        )
    if last.has(Tag.THESE) and opens:
        return True
    if ahead and ahead[0].has(Tag.THAT):
        return False
    return _is_plural(last) or last.text in _APPLIED or (is_question and last.text in {"are", "were", "do", "did"})


def _is_plural(token: Token) -> bool:
    if token.text in _JOINED:
        return False
    if token.has(Tag.PLURAL):
        return True
    if token.has(Tag.MEASURE, Tag.DETAIL):
        return False
    unknown = not token.tags and token.text.isalpha() and token.text.islower()
    return unknown and len(token.text) > 3 and token.text.endswith("s") and not token.text.endswith(("ss", "us", "is"))


def _runs(discourse: Discourse, sentence: Sentence) -> Iterator[_Run]:
    """The series of a sentence, in order."""
    hidden = HIDDEN.sub(lambda match: "x" * len(match[0]), sentence.text)
    cuts = [match for match in SPLIT.finditer(hidden) if match.end() > match.start()]
    bounds = [0, *(place for cut in cuts for place in cut.span()), len(hidden)]
    parts = [(sentence.start + low, sentence.start + high) for low, high in zip(bounds[::2], bounds[1::2], strict=True)]
    joins = [_CONJUNCTION.search(cut[0]) is not None for cut in cuts]
    position = 0
    while position < len(cuts):
        last = _last_part(sentence, parts, joins, position)
        if last > position:
            run = _run(discourse, sentence, parts[position : last + 1])
            if run is not None:
                yield run
                position = last
        position += 1


def _last_part(sentence: Sentence, parts: list[tuple[int, int]], joins: list[bool], first: int) -> int:
    """The index of the part that ends the series which begins in ``first``."""
    for index in range(first + 1, len(parts)):
        if joins[index - 1] or index == len(parts) - 1:
            return index
        if not _is_plain(sentence, *parts[index]):
            return index if index - first > 1 else first
    return first


def _is_plain(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a part is a short name of something, no clause."""
    tokens = sentence.within(start, end)
    words = [token for token in tokens if token.is_word]
    if any(token.text in _COLONS for token in tokens) or (tokens and tokens[0].text in {"->", "=>", "→"}):
        return False
    if not 0 < len(words) <= _MOST_WORDS or words[0].has(Tag.QUESTION, Tag.THEM, Tag.THESE, Tag.THEN):
        return False
    acts = words[0].has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.COMPARE) and not words[0].has(Tag.ALIKE, Tag.ARTIFACT)
    return not (acts and (len(words) > 1 or words[0].text in _VERBS)) and not any(
        token.has(Tag.THEM, Tag.THAT) for token in words
    )


def _run(discourse: Discourse, sentence: Sentence, parts: list[tuple[int, int]]) -> _Run | None:
    """The series of some parts, its first and last element freed of what stands before and behind."""
    prose, (low, high) = discourse.prose, parts[0]
    tokens = sentence.within(low, high)
    cut = _governor(tokens)
    ahead = [token for token in sentence.tokens if token.end <= low and token.is_word]
    if cut < 0 and not all(token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.POLITE, Tag.EACH) for token in ahead):
        return None
    if cut < 0 and tokens and (tokens[0].has(Tag.READ, Tag.CHANGE, Tag.WRITE) or tokens[0].has(Tag.EACH)):
        return None
    last = _without_tail(prose, *parts[-1])
    first = trimmed(prose, tokens[cut].end if cut >= 0 else low, high)
    if cut < 0 and (is_statement(sentence) or sentence.tokens[0].text in {"i", "we", "ich", "wir", "я", "мы"}):
        longest = max(len(prose[a:b].split()) for a, b in [*parts[1:-1], last])
        words = [token for token in tokens if token.is_word]
        first = (words[-longest].start, words[-1].end) if len(words) > longest else first
    elements = [first, *(trimmed(prose, *part) for part in parts[1:-1]), last]
    if any(start >= end for start, end in elements) or not all(_is_plain(sentence, *one) for one in elements):
        return None
    articles = [any(t.has(Tag.A) for t in sentence.within(*one)[:1]) for one in elements]
    if articles[0] and not any(articles[1:]):
        # "A program, that reads, sorts and prints": a clause of the first.
        return None
    if cut >= 0:
        elements = [_without(prose, tokens[cut].text, one) for one in elements]
    if sentence.is_question and all(
        re.match(r"\d", prose[start:]) or value_of(prose[start:end].split()[0]) for start, end in elements
    ):
        return None
    before = tuple(token for token in sentence.tokens if token.end <= first[0])
    return _Run(tuple(elements), before, last[1])


def _without(prose: str, preposition: str, element: tuple[int, int]) -> tuple[int, int]:
    """ "of MPI, of OpenMP and of CUDA": the preposition is written for each."""
    start, end = element
    if preposition in _PREPOSITIONS and prose[start:end].lower().startswith(f"{preposition} "):
        return trimmed(prose, start + len(preposition), end)
    return element


def _without_tail(prose: str, low: int, high: int) -> tuple[int, int]:
    start, end = trimmed(prose, low, high)
    tail = _END.search(prose, start + 1, end)
    if tail is not None:
        return trimmed(prose, start, tail.start())
    return trimmed(prose, start, end - 1) if prose[end - 1 : end] in "?？!" else (start, end)


def _governor(tokens: tuple[Token, ...]) -> int:
    """The last token before the series begins: a colon, a preposition, a verb, a noun in the plural; -1 if there is none."""
    for index in range(len(tokens) - 2, -1, -1):
        token = tokens[index]
        if token.text in _PREPOSITIONS or token.text in {
            ":",
            "—",
            ")",
            "me",
            "us",
            "mir",
            "were",
            "are",
            "is",
            "was",
            "called",
            "named",
        }:
            return index
        if (
            token.has(Tag.READ, Tag.CHANGE, Tag.WRITE)
            or _is_plural(token)
            or (token.has(Tag.DETAIL) and token.text.endswith("s"))
        ):
            return index
    return -1
