"""Which earlier answers an element of words speaks of: "the results of 1 and 2", "your stack", "that layout".

Limits: the wordings of six languages; "the" and a noun point back only where an earlier element asks for that very noun.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from codepar.prompts.alternation import phrases

_BACK = phrases(
    r"\b(?:the (?:result|results|output|outcome|answer|answers)(?! (?:of|in|path|is|was|were|by)\b)"
    r"|what you (?:wrote|made|found|did)|you (?:chose"
    r"|named|picked|suggested|drafted|wrote"
    r"|made|just)|that you\b|your|(?:the|those|these) (?:two|three|four|\d) (?:above|implementations"
    r"|functions|versions|programs)|both|all of (?:them|the above)|\bthose(?=[\s,.;)]*\Z)|the \w+ed ones"
    r"|the above|the previous|previous|the new (?:version|code|function|script|one|file|program|kernel|class|name|names)"
    r"|the (?:resulting|finished|rewritten|translated|optimi[sz]ed"
    r"|improved|parallel|paralleli[sz]ed|ported|converted|refactored|fixed|generated|final|modified|updated"
    r"|vectori[sz]ed) (?:version|code|function|one|program|kernel|script|text|class|file|loop|routine|draft|module)s?\b"
    r"|the \w+(?:'s)? results?|from (?:step|task|point|number|item)? ?#?\d(?![\d.])"
    r"|the \w+ (?:of|from|in) \d(?![\d.])"
    r"|(?:step|task|point|number|item|question|nr\.?|no\.?|aufgabe|punkt|punto|pregunta|ejercicio|tarea|задач\w+|пункт\w*"
    r"|вопрос\w*) ?#?\d|the (?:first"
    r"|second|third|last) (?:one|function|task|kernel|script|program)|\(\d\))"
    r"|\b(?:ergebnis\w*|resultado\w*|результат\w*|vorherige\w*|anterior\w*|предыдущ\w*)\b|结果|上一步|前面"
    r"|上述|以上两|结果|結果|前の|上で"
)
_MANY = re.compile(
    r"\b(?:both|all|results|two|three|them|answers|implementations|everything)\b|所有|全部|两个|两者", re.IGNORECASE
)
_BOTH = re.compile(
    r"you (?:wrote|made)|above|implementations|both (?:drafts|functions|programs|scripts|versions|texts|parts)", re.IGNORECASE
)

_NOUN = (
    r"(?:step|task|point|number|item|question|part|bullet|wish|deliverable|request|nr\.?|no\.?|#|aufgabe|punkt|frage|teil|punto|pregunta"
    r"|ejercicio|tarea|apartado|задач\w+|пункт\w*|вопрос\w*|задани\w+)"
)
# What follows a number that stands for an answer, not for a quantity.
_LAST = (
    r"(?![.,]\d)\)?(?=\s*(?:\Z|[.,;:)!?—–-]"
    r"|(?:in|on|with|and|by|for|as|against|using|into|line|via|above|to(?! \d)|und|y|и|e)\b))"
)
_ALONE = r"(?!, ?\d)" + _LAST
_NUMBERED = phrases(
    rf"\b{_NOUN}\s?#?\(?(\d{{1,2}})\b|(?<!\w)\((\d{{1,2}})\)|\b(?:from|of|in|under|to|for|aus|von|unter|de|del|из|от)\s+\(?#?(\d{{1,2}}){_ALONE}"
    rf"|(?<=\d )(?:and|und|y|и|e)\s+\(?#?(\d{{1,2}}){_LAST}|\A([1-9１-９]) ?[でのにを]"
)
_RANGE = re.compile(r"\bfrom \d+ to \d", re.IGNORECASE)
_LETTER = re.compile(
    r"\b(?:from|of|in|under|for|to|by|aus|von|de|del|из|and|what|punto|point|step|part)\s+"
    r"(?:\((i{1,3}|iv|v|vi|[a-h])\)|([a-h])\)|([B-H])\b|(A)(?=\s*(?:\Z|[.,;:)]|(?:and|or|wrote|made|gives?|writes)\b))"
    r"|([b-h])(?=\s*(?:\Z|[.,;:])))"
    r"|\A([A-H])で",
)
_ORDINALS = (
    r"first|1st|erste[nrms]?|primer[oa]?|перв\w+|第一|第1|1つ目|一つ目|最初の",
    r"second|2nd|zweite[nrms]?|segund[oa]|втор\w+|第二|第2|2つ目|二つ目",
    r"third|3rd|dritte[nrms]?|tercer[oa]?|треть\w+|第三|第3|3つ目|三つ目",
    r"fourth|4th|vierte[nrms]?|cuart[oa]|четв[её]рт\w+|第四|第4",
)
_PLACES = tuple(
    re.compile(
        rf"\b(?:the|der|die|das|dem|des|el|la|del)\s+(?:{words})"
        rf"(?:\s+(?:one|function|task|kernel|script|program|text|draft|answer|{_NOUN})\b|(?=\s*(?:\Z|[.,;:])))"
        rf"|\b(?:{words})\s+(?:пункт\w*|задач\w*|задани\w*)|(?:{words}|任务{words[-2:]})(?:条|项|个|步|点|题|问|里|中)?(?:里|中|写|で|の)",
        re.IGNORECASE,
    )
    for words in _ORDINALS
)
# "Write a limerick, translate it into Dutch": what the element before makes.
_MAKES = re.compile(
    r"\b(?:write|draft|compose|create|make up|invent|implement|design|sketch|generate|code|produce|draw|plan"
    r"|schreib\w*|verfass\w*|entwirf|dichte|erfinde|escribe\w*|redacta\w*|inventa\w*|compón|crea"
    r"|напиши\w*|сочини\w*|придумай\w*|составь\w*|нарисуй\w*)\b|写|编|作っ|書い|作成|考え",
    re.IGNORECASE,
)
_WORKS_ON_IT = re.compile(
    r"\A\W*(?:(?:also|then|and|please|dann|luego|потом|затем)\s+)*(?:(?:translate|turn|convert|shorten|test|review|explain"
    r"|summari[sz]e|rewrite|port|document|put|benchmark|proofread|polish|illustrate|format|print|compile|extend|improve"
    r"|simplify|profile|cut|trim|set)\s+(?:it|them)|(?:übersetz|kürz|teste|erklär|fass|verwandle|formatier|prüf)\w*\s+(?:sie|es|ihn)"
    r"|(?:tradúce|resúme|pásal|convíerte|conviérte|acórta|explíca|pruéba|corríge)\w*l[oa]s?"
    r"|(?:переведи|сократи|перепиши|проверь|объясни|преврати|исправь|протестируй)\w*\s+(?:её|ее|его|их))(?![\w])"
    r"|\A(?:再|然后)?(?:把|将)(?:它|其|这)|\Aそれを",
    re.IGNORECASE,
)
CALLS_IT = re.compile(
    r"\b(?:that|which) (?:calls?|uses?|wraps?) it\b|\bdie (?:sie|ihn|es) (?:aufruft|benutzt|verwendet)\b"
    r"|\bque (?:la|lo) (?:llame|llama|use|usa|utilice)\b|\bкоторая (?:её|ее|его) (?:вызывает|использует|зов[её]т)\b"
    r"|\b(?:function|method|operator|routine|helper) (?:on|for|over) (?:it|them)\Z",
    re.IGNORECASE,
)
# A text in ASCII without any of these beginnings names no place.
_ORDINAL = re.compile(r"\b[1-4](?:st|nd|rd|th)\b|first|second|third|fourth|erste|zweite|dritte|vierte|primer|segund|tercer|cuart")
_CHINESE_TASK = re.compile(r"(?:任务|步骤|问题)([一二三四1-4])")
_HAN = "一二三四"
_MADE_BY_YOU = re.compile(
    r"\b(?:the|that|a)\s+(?:[\w-]+\s+){0,3}?([\w-]{3,})\s+(?:that\s+|which\s+)?you(?:'ve|\s+have)?\s+(?:just\s+)?"
    r"(?:wrote|made|came up with|designed|sketched|produced|chose|picked|suggested|drafted|created|implemented|named|gave)\b"
    r"|\b(?:el|la|los|las|del|al)\s+(\w{3,})\s+que\s+hayas\b",
    re.IGNORECASE,
)
_YOURS = re.compile(
    r"\b(?:your|твой|твоей?|твою|tu|dein\w*|deine\w*)\s+(?:new\s+|own\s+|two\s+|three\s+)?([^\W\d]{4,})", re.IGNORECASE
)
_THAT = re.compile(
    r"(?:\A\W*(?:shorten|test|document|explain|translate|convert|review|port|optimi[sz]e|benchmark|turn|put|rewrite|summari[sz]e|use"
    r"|extend|check|plot|run|call|polish|illustrate|improve|take|simplify|compare|debug|profile|format)\s+|\b(?:for|of|to|in|from|on|with|into|about|using|behind|under)\s+)"
    r"(?:that|those|the same|this very|said)\s+((?:[^\W\d][\w-]*\s+){0,2}?)([^\W\d][\w-]{2,})(?=\s*(?:\Z|[.,;:)!?]|\w))",
    re.IGNORECASE,
)
# "A test for the NEON version", where an earlier element asks for NEON.
_VERSION = re.compile(
    r"\bthe ((?!new|old|orig|serial|seq|exist|curr|first|sec|last|same|other|foll|final|fast)[\w+-]{2,})"
    r" (?:version|variant|port)\b"
)
# "The ported integrate", where an earlier element says "port integrate".
_DONE = re.compile(r"\bthe (\w{3,}?)(?:t|p)?ed ([^\W\d][\w-]{2,})", re.IGNORECASE)
# A text in ASCII without any of these words points to no noun of an earlier element.
_POINTING = frozenset(
    "that those same very said your you tu dein deine deinen deinem deiner deines que version variant port".split()
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|„[^“]*“")
# What an element asks to be made: "write a short introduction about ...".
_ASKED_FOR = re.compile(
    r"\A\W*(?:(?:also|then|finally|please)\s+)?(?:write|make|draft|create|design|invent|compose|produce|build|prepare|generate|give|sketch)"
    r"\s+(?:me\s+|us\s+)?(?:an?|one|some)\s+(?:[\w-]+\s+){0,4}?([^\W\d][\w-]{3,})"
    r"(?=\s+(?:about|that|which|of|in|with|to|for|on|from|where|who|by|as|using)\b|\s*(?:[,.;:(]|\Z))",
    re.IGNORECASE,
)
# "a host wrapper that allocates": what the element itself is.
_NAMED_ITSELF = re.compile(
    r"\A\W*(?:an?|one)\s+(?:[\w-]+\s+){0,3}?([^\W\d][\w-]{3,})(?=\s+(?:that|which|for|of|with|to)\b|\s*(?:[,.;:(]|\Z))",
    re.IGNORECASE,
)
_CALLS_IT = r"\b(?:calls?|calling|uses?|using|drives|on top of|built on)\s+(?:the|that)\s+(?:[\w-]+\s+)?"
_WORKS_ON = (
    r"\A\W*(?:(?:also|then|finally|please)\s+)?(?:translate|shorten|turn|convert|test|review|explain|summari[sz]e|rewrite|port|document|put"
    r"|write (?:the|an?|some)\s+[\w -]*?\b(?:for|of|to)|add \w+ to|use)\s+.*?\bthe\s+(?:[\w-]+\s+){0,2}?"
)
_SPEAKS_OF_A_THING = re.compile(rf"{_WORKS_ON}|{_CALLS_IT}", re.IGNORECASE)
_TOO_PLAIN = frozenset("function script program code class file test tests list text line page method module kernel".split())
_SEVERAL = re.compile(r"\b(?:two|three|four|both)\b", re.IGNORECASE)
_STEM = 5
_REMEMBERED = 1000


def spoken_of(texts: Sequence[str], to: int, types: frozenset[str] = frozenset(), *, asks: bool = True) -> list[int]:
    """The earlier elements whose answers element ``to`` speaks of, in order.

    ``types``: nouns that name a type, no answer. ``asks``: whether the element asks for something by itself; what is only data
    does not speak of "the result" of another.
    """
    text = _QUOTED.sub(" ", texts[to])
    found = {*_by_number(text), *_by_letter(text), *_by_place(text)}
    found = {one for one in found if 0 <= one < to}
    if not found:
        found = set(_by_pronoun(texts, to)) or set(_by_noun(text, texts[:to], types))
        found = found or set(_by_words(text, to) if asks else ())
    return sorted(found)


def _by_number(text: str) -> Iterator[int]:
    if _RANGE.search(text):
        return
    for match in _NUMBERED.finditer(text):
        yield int(next(filter(None, match.groups()))) - 1
    for match in _CHINESE_TASK.finditer(text):
        yield _HAN.index(match[1]) if match[1] in _HAN else int(match[1]) - 1


def _by_letter(text: str) -> Iterator[int]:
    roman = ("i", "ii", "iii", "iv", "v", "vi")
    for match in _LETTER.finditer(text):
        letter = next(filter(None, match.groups())).lower()
        yield roman.index(letter) if letter in roman else ord(letter) - ord("a")


def _by_place(text: str) -> Iterator[int]:
    if not text.isascii() or _ORDINAL.search(text.lower()) is not None:
        yield from (index for index, place in enumerate(_PLACES) if place.search(text))


def _by_pronoun(texts: Sequence[str], to: int) -> Iterator[int]:
    """ "It", where the element before is to make something."""
    if CALLS_IT.search(texts[to]) or (_WORKS_ON_IT.search(texts[to]) and _MAKES.search(texts[to - 1])):
        yield to - 1


def _by_noun(text: str, before: Sequence[str], types: frozenset[str]) -> Iterator[int]:
    """ "Your stack", "the format you came up with", "that layout": the last element before it that speaks of one."""
    words = frozenset(text.lower().split())
    if "the" in words or "that" in words:
        yield from _by_the_thing(text, before)
    if text.isascii() and _POINTING.isdisjoint(words):
        return
    by_you = [match for match in _MADE_BY_YOU.finditer(text) if not _SEVERAL.search(match[0])]
    nouns = [next(filter(None, match.groups())) for match in by_you]
    nouns += [match[1] for match in _YOURS.finditer(text)]
    nouns += [match[2] for match in _THAT.finditer(text)]
    nouns += [match[1] for match in _VERSION.finditer(text)]
    for noun in nouns:
        named = re.compile(rf"\b{re.escape(noun[:_STEM])}", re.IGNORECASE)
        if noun.lower() not in types:
            yield from [index for index, one in enumerate(before) if named.search(one)][:1]


def _by_the_thing(text: str, before: Sequence[str]) -> Iterator[int]:
    """What was asked for, by its noun ("document the loader"), or by what was done to it ("the ported loader")."""
    for index, noun in _things_asked_for(before) if _SPEAKS_OF_A_THING.search(text) is not None else ():
        if re.search(rf"(?:{_WORKS_ON}|{_CALLS_IT}){re.escape(noun)}\b", text, re.IGNORECASE):
            yield index
    for verb, noun in (match.groups() for match in _DONE.finditer(text)):
        yield from [index for index, one in enumerate(before) if re.search(rf"\b{verb}\w{{0,2}} .*\b{noun}\b", one)][:1]


def _things_asked_for(before: Sequence[str]) -> Iterator[tuple[int, str]]:
    for index, one in enumerate(before):
        if (noun := _thing_asked_for(one)) is not None:
            yield index, noun


@lru_cache(_REMEMBERED)
def _thing_asked_for(text: str) -> str | None:
    match = _ASKED_FOR.match(text) or _NAMED_ITSELF.match(text)
    return None if match is None or match[1].lower() in _TOO_PLAIN else match[1]


def _by_words(text: str, to: int) -> list[int]:
    match = _BACK.search(text)
    if match is None or match[0].lower() == "your" or _is_place(match[0]):
        return []
    if match[0].lower() == "both" and not _BOTH.search(text):
        return []
    return list(range(to)) if _MANY.search(text) else [to - 1]


def _is_place(words: str) -> bool:
    """A number or an ordinal, which has told its element already or means something else."""
    return any(c.isdigit() for c in words) or any(place.search(words) for place in _PLACES)
