"""What a sentence does with the pieces of code it speaks of: works on each, uses them as means, keeps them out, gathers them.

Limits: by words and their order; what needs an understanding of the code is not worked out.
"""

from __future__ import annotations

import re
from itertools import pairwise

from codepar.prompts.acts import makes_one_thing
from codepar.prompts.alternation import phrases
from codepar.prompts.comparing import compares
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.names import NameGroup, looks_like_name
from codepar.prompts.reading import Whole
from codepar.prompts.references import NOUNS, ORDER, Reference
from codepar.prompts.selection import is_narrowed
from codepar.prompts.tokens import Sentence, Token

_RELATIVE = re.compile(
    r"\A\s*(?:with an?|(?:(?:below|above|here|there|in \w+(?:\.\w+)?)\s+)?(?:that|which|whose|where"
    r"|taking|returning|longer|using|calling|die|que|котор\w+))\s+(\w+)(?:\s+(\w+))?",
    re.IGNORECASE,
)
_PLAIN_RELATIVE = frozenset("i you we follow follows are is were was below come comes i've ich hier siguen sigue folgen".split())
KEPT_OUT = re.compile(
    r"\b(?:except|excluding|but not|besides|not to|not for|not in|(?:all|everything|every one"
    r"|each) (?:but|bar|save)|other than|apart from"
    r"|ignore|skip|leave"
    r"|don'?t touch|do not touch|without touching|außer|nicht|excepto|salvo|menos|кроме|не трогай)\b"
    r"|除了|以外|不要",
    re.IGNORECASE,
)
BACKWARDS = re.compile(r"\b(?:leave|skip|ignore|don'?t touch|not) (?:that|this|it|those)(?: one)?\b", re.IGNORECASE)
ONLY = re.compile(r"\b(?:only|just|nur|solo|sólo|только|лишь)\b|只", re.IGNORECASE)
OVERLAP = re.compile(
    r"\b(?:loops?|schleifen?|bucles?|цикл\w*)\b[^.;?!]{0,40}\b(?:inside|within|in it|in them|inner|of it"
    r"|darin|dentro|внутри|in that function|in the same)\b",
    re.IGNORECASE,
)
_GATHERS = phrases(
    r"\b(?:in|into|as|to|inside|under|behind) (?:a|an|one|the same|a single|one single|methods of (?:a|one|the)) "
    r"(?:[\w+-]+ ){0,2}(?:class|file|header|library|module|namespace|function|script|program|package"
    r"|tool|cli|app|server|service"
    r"|struct|tool|cli|app|server|service|menu|table|loop|helper|utility|base|template|macro|wrapper|routine|interface"
    r"|repo|enum|dict|switch)\b(?! (?:argument|parameter|member|field|pointer|reference|literal|attribute)s?\b)"
    r"|\b(?:from|with|under) (?:a|one) (?:common|single|shared) \w+|\b(?:one|a single) \w+ for (?:all|the whole)\b"
    r"|\b(?:mach|mache|bau|baue|forme) aus\b"
    r"|\A\W*(?:please )?(?:sort|order|reorder|arrange|group|categori[sz]e|sortiere|ordena|отсортируй)\b"
    r"|\b(?:один|одну|одно) (?:\w+ )?(?:класс|файл|модул|функци|ядр|заголов)|\beine? (?:klasse|datei|modul)\b"
    r"|\b(?:in|zu) eine[rmn]?\b[^.;?!]*\b(?:zusammen|klasse|datei|funktion)|\b(?:in|into|inside|within"
    r"|under) (?:one|a single|the same) (?!sentence|line|paragraph|word|go\b)\w+|\ben (?:un|una) (?:sol[oa] )?(?:clase"
    r"|archivo|función|módulo)\b|\bв один (?:файл|класс|модуль)\b|放到一个|放进一个|合成一"
)
# What follows is a text to be put into another language.
TEXT = re.compile(
    r"\b(?:in|to|into|ins|al|на)\s+(?:english|german|french|spanish|russian|chinese|japanese|englische|deutsche|inglés"
    r"|alemán|английский"
    r"|немецкий)\s*[:：]",
    re.IGNORECASE,
)
_ACTS = (Tag.READ, Tag.CHANGE, Tag.TEST, Tag.WRITE)
_WHY = re.compile(
    r"\b(?:why|how (?:can|do|should|could|would) (?:i|we)|how to|warum|wieso|wie (?:kann|soll)|por qué"
    r"|cómo (?:puedo|hago)|почему|зачем)\b|为什么|怎么|なぜ",
    re.IGNORECASE,
)
_MEANS = frozenset(
    "using use uses with calling call calls without given considering between against than via among across alongside"
    " beside resembling"
    " mit con usando from".split()
)
_NEXT_TO = re.compile(
    r"\b(?:next|similar|analogous|close|equivalent|according|in addition|besides|based on|modelled on|modelled after"
    r"|inspired by|(?:style|manner|spirit|way) of|(?:flows?|pass(?:es|ed)?|goes) (?:\w+ )?through|same way as|(?<!would"
    r" )(?<!'d )like) (?:to )?\Z",
    re.IGNORECASE,
)
SUBORDINATE = re.compile(
    r"\b(?:so that|because|since|which|such that"
    r"|(?<!tell me )(?<!check )(?<!say )(?<!know )(?<!see )if|when|while|until|unless|in order (?:to|that)|damit|weil"
    r"|para que|чтобы|потому)\b",
    re.IGNORECASE,
)
ROUTINE = re.compile(
    r"\b(?:function|routine|kernel|subroutine|method|funktion|función|функци\w+)s?\b[^.;?!]{0,30}\b(?:and|und|y|и)\b",
    re.IGNORECASE,
)
ONE_OF_THEM = phrases(
    r"\b(?:one|which|either|best) of (?:them|these|those|the two)\b|\bwhich one\b"
    r"|\beine[rns]? davon\b|\b(?:uno|una) de (?:ell[oa]s|los|las)\b"
    r"|\b(?:один|одну|одно) из\b|其中一个|どちらか"
)
ANY_OF = re.compile(
    r"\b(?:any|none|neither|either|(?<!every )(?<!each )(?<!any )one) of (?:the(?:se|m)?|those"
    r"|my)\b(?! \w+ (?:separately|each)\b)(?! (?:\w+er|more) than)",
    re.IGNORECASE,
)
LEFT_ALONE = re.compile(
    r"\s*(?:is|are|stay|stays|remain|remains) (?:fine|ok|okay|good|correct|done|clean|not needed"
    r"|untouched|unchanged|as (?:is|they are|it is))\b",
    re.IGNORECASE,
)
SAME = re.compile(
    r"\W*(?:and )?(?:(?:the|do the) )?same (?:for|with|goes for|in|to)\b|\W*(?:likewise|ditto|ebenso|genauso|lo mismo|то же)\b",
    re.IGNORECASE,
)
WISHED = re.compile(r"\b(?:please|pls|plz|bitte|por favor|пожалуйста)\b|请|お願い|ください", re.IGNORECASE)
_INTERACTS = re.compile(
    r"\b(?:deadlock[- ]?free|interact|work together|equivalent|identical|interchangeable|compatible|fit together"
    r"|consistent with each other|together|related?|relationships?"
    r"|in common|duplicat\w*|redundan\w*|play together|(?<!independent of )(?<!independently of )(?<!from )each other)\b",
    re.IGNORECASE,
)


def stated_before(sentence: Sentence, group: NameGroup) -> int | None:
    """The number before a series of names: "these three functions: f, g and h"."""
    before = sentence.tokens[max(0, group.first - 4) : group.first]
    pairs = pairwise(before)
    numbers = [token.number for token, after in pairs if token.number is not None and after.has(*NOUNS)]
    return numbers[-1] if numbers else None


def demands_order(sentence: Sentence) -> bool:
    """Whether a sentence wants an order."""
    return ORDER.search(sentence.text) is not None


def selects(sentence: Sentence, reference: Reference) -> bool:
    """Whether a relative clause narrows the pieces down."""
    if reference.first and sentence.tokens[reference.first - 1].text == "per":
        return False
    if reference.last >= len(sentence.tokens) or not reference.nouns or is_narrowed(sentence.text):
        return False
    rest = sentence.text[sentence.tokens[reference.last].end - sentence.start :]
    match = _RELATIVE.match(rest)
    return match is not None and not ({match[1].lower(), (match[2] or "").lower()} & _PLAIN_RELATIVE)


def is_means(sentence: Sentence, first: int, *, each: bool = False) -> bool:
    """ "using these functions", "given a.c and b.c": the pieces are means, not what is worked on."""
    before = sentence.tokens[max(0, first - 2) : first]
    if len(before) > 1 and before[0].text in {"call", "calls"} and before[1].text in _INTO:
        # "The missing MPI calls in a.c and b.c": things that are put there.
        return before[1].text == "to" and not sentence.tokens[first].is_file and not _speaks_of_files(sentence, first)
    if first and _NEXT_TO.search(sentence.text[: sentence.tokens[first].start - sentence.start]):
        return True
    return any(token.text in _MEANS for token in before) and not (each and before[-1].text == "with")


_INTO = frozenset({"in", "into", "to", "of", "for", "from"})


def _speaks_of_files(sentence: Sentence, first: int) -> bool:
    return any(token.has(Tag.FILE) for token in sentence.tokens[first : first + 5])


def blocked(sentence: Sentence, first: int, *, distributes: bool) -> Whole | None:
    """Why a sentence asks for one answer over the pieces at token ``first``."""
    if compares(sentence, first) or (_INTERACTS.search(sentence.text) and not distributes):
        return Whole(Refusal.COMPARISON, "one answer over all of them is asked for")
    if not distributes and (_GATHERS.search(sentence.text) or (_WHY.search(sentence.text) and sentence.is_question)):
        return Whole(Refusal.COMPARISON, "one answer over all of them is asked for")
    if makes_one_thing(sentence, first, distributes=distributes):
        return Whole(Refusal.ONE_TASK, "one thing is to be made of them")
    return None


def is_verb(token: Token) -> bool:
    """Whether a function's name is a verb that a request may begin with ("add")."""
    return not looks_like_name(token) and token.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST)


def is_dealt(sentence: Sentence, group: NameGroup) -> bool:
    """ "A section for a.c, for b.c and for c.c": the preposition before each name."""
    if any(
        token.text in {"each", "every", "jede", "jeder", "cada"}
        for token in sentence.tokens[max(0, group.first - 3) : group.first]
    ):
        return True
    prepositions = sum(token.has(Tag.FOR) for token in sentence.tokens[group.first : group.last])
    return prepositions >= len(group.tokens) - 1


def is_inside(between: tuple[Token, ...]) -> bool:
    """Whether a phrase is tied to the names behind it: "each loop in f and g"."""
    return bool(between) and between[0].text in {"in", "of", "from", "inside", "within", "von", "de", "en", "в", "из", "aus"}


def asks_which(sentence: Sentence, group: NameGroup) -> bool:
    """ "f or g for sorted data?": a question that asks nothing else of them."""
    if not sentence.is_question or sentence.has(*_ACTS):
        return False
    return any(token.text in _EITHER for token in sentence.tokens[group.first : group.last])


_EITHER = frozenset({"or", "oder", "o", "или", "vs"})


def asks_before(sentence: Sentence, first: int) -> bool:
    """Whether a verb that asks stands before token ``first``."""
    return any(token.has(*_ACTS) for token in sentence.tokens[:first])
