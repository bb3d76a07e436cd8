"""Wishes of running text told by their build: where a clause begins one, and whether it stands by itself.

A wish begins with a verb that asks, with a question in its own word order, or with a thing to be delivered behind "I need". What
ties it to others is in ``wish_bonds``. Limits: closed lists of the small words of six
languages; the objects of verbs are told by articles and places, not by their sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from codepar.prompts.acts import IMPERATIVES
from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence, Token
from codepar.prompts.wish_bonds import SMALL, adds_to, is_elliptical, speaks_back, tells_how

_MARK = r"[\s,.:;!…—–-]"
_JOIN = (
    r"besides that|apart from that|yo|hiya|(?:good )?morning|good evening|folks|guys|team|dear \w+|and|also|then|plus"
    r"|besides|next|finally|lastly|oh|ah|ok|okay|so|well|alright|hi|hello|hey|thanks|btw|by the way"
    r"|additionally"
    r"|in addition(?: to that)?|on top of that|separately|independently(?: of (?:that|this))?|(?:totally |completely "
    r"|quite )?unrelated(?: to (?:that|this))?"
    r"|on another note|while (?:you'?re|you are|we'?re|ur) at it|when you (?:have|get) (?:the )?(?:time|a (?:minute"
    r"|moment|chance))"
    r"|if you (?:have|get|find) (?:the )?time|and one (?:more|last)(?: thing| question)?|one (?:more|last)(?: thing|"
    r" question)?|another (?:thing|one|question)"
    r"|last(?: thing| question)?|number (?:one|two|three|four|five|\d)|no\.? ?\d|\d(?:st|nd|rd|th)"
    r"|(?:the )?(?:first|second|third|fourth|one|two|three|four)(?: (?:thing|one|task|question|request))?(?=\s*[,:;])"
    r"|und|außerdem|ausserdem|dann|noch|zudem|ferner|nebenbei|ach(?: ja)?|übrigens|zusätzlich|schließlich|zuletzt|hallo"
    r"|moin|noch was|noch eine frage"
    r"|y|e|también|tambien|además|ademas|aparte(?: de eso)?|por otro lado|de paso|otra (?:cosa|duda|pregunta)|por"
    r" último|luego|hola"
    r"|и|ещё|еще|также|кроме того|а|заодно|и ещё|потом|затем|наконец|привет|и последнее"
)
_ZH = (
    r"和|以及|请问|另外|还有|還有|再|顺便|此外|同时|也|并且|并|然后|最后|请(?!求)|麻烦|帮我"
    r"|それと|それから|また|あと|ついでに|さらに|最後に|次に|そして"
)
_POLITE = (
    r"please|pls|plz|kindly|(?:can|could|would|will) (?:you|u|someone|somebody|anyone|we)(?: (?:please|also|kindly|just"
    r"|maybe|perhaps|quickly))*(?: help me| mind)?"
    r"|would you (?:also )?mind|i(?:'d| would)? (?:also |just |still )?(?:need|want|like) you to|i(?:'d| would) (?:also"
    r" |just )?(?:like|love) to know"
    r"|i (?:also )?wonder|(?:just |also )?wondering|i(?:'m| am) (?:also )?(?:wondering|curious)|i (?:also |just"
    r" )?(?:want|need) to know|do you"
    r" know|any idea|let'?s|just|maybe|bitte|kannst du|könntest du|können sie|könnten sie|mir"
    r"|por favor|puedes|podrías|podría(?:s|n)?|пожалуйста|можешь|можете|не могли бы вы|мог бы ты|подскажите,? пожалуйста"
)
_LEAD = re.compile(rf"(?:(?:{_JOIN}|{_POLITE})(?=\W|\Z){_MARK}*|(?:{_ZH})[，、：,\s]*|[\s,;:：.!+…—–，、；。-]+)+", re.IGNORECASE)
NEED = re.compile(
    r"(?:(?:after|for|on|until|by|at|before) [\w-]+(?: [\w-]+)?,? )?(?:also )?(?:(?:i|we)(?:'d| would)?(?: also| still|"
    r" really| just| quickly)? (?:need|want|like|love|require)|(?:i|we) (?:could|can) (?:also |really )?use"
    r"|need(?:ed)?|want(?:ed)?|looking for|i(?:'m| am) (?:also )?looking for|(?:can|could|may) (?:i|we) (?:also |please"
    r" )?(?:have|get|see)"
    r"|(?:it )?(?:would|'d) (?:also |\w+ly )?be (?:also |\w+ly )?\w+ to (?:have|get|see)|what i(?:'d)? (?:also )?(?:need|want)"
    r" is|there should (?:also )?be|(?:the )?deliverables (?:are|is)|(?:i|we) (?:have to|must|need to) (?:hand in"
    r"|submit|deliver|bring)"
    r"|(?:ich|wir) (?:(?:brauch\w*|bräuchte\w*|hätte\w*|möchte\w*|will|wollen|suche\w*)(?: (?:auch|noch|gern\w*"
    r"|bitte))*)|(?:brauche|bräuchte|hätte)(?: (?:ich|wir))?(?: (?:auch|noch|gern\w*|bitte))*"
    r"|(?:también )?(?:necesit(?:o|amos)|quiero|quisiera|queremos|quería|me hace falta|nos hace falta)(?: también)?"
    r"|(?:мне |нам )?(?:также |ещё |еще )?(?:нужн[аоы]?|нужен|надо|хочу|хотелось бы|требуется)(?: (?:также|ещё|еще))?"
    r"|我(?:还|也)?(?:需要|想要|要)|还?需要)[\s:：]*(?!to\b|that\b|y?our\b)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:what(?:'s|s)?|which|how|why|when|where|who|whose)\b(?:[ -]\w+){0,4}? ?(?:is|are|was|were|do|does|did|can|could"
    r"|should|would|will|has|have|'s|to)\b"
    r"|(?:what|where|who|how|why)(?:'s|s)\b|(?:who|what) \w+(?:s|ed|ote|ade)\b"
    r"|(?:is|are|was|were|does|do|did|can|could|should|will|has|have) (?:i|we|it|there|the|an?|this|that|my|you|\w+) \w+"
    r"|(?:was|wie|warum|wieso|wann|wo|wozu|welche\w*|wer|womit)\s|(?:¿\s*)?(?:para |por |en |a |con |de )?(?:qué|cómo"
    r"|cuál|cuándo|dónde|quién|cuánt\w+)\b|¿"
    r"|(?:что|чем|зачем|почему|когда|как|где|кто|сколько|како[йе]|какая|какие)\s|whether\b|什么是|如何|为什么|怎么|怎样|なぜ|どうやって|どうして",
    re.IGNORECASE,
)
_THINGS = frozenset(
    "outline sheet guide draft agenda minutes reminder nickname checklist spreadsheet formula riddle survey resume cv"
    " timeline budget"
    " syllabus flyer poster slide slides graph schema playlist menu itinerary paper handout tagline readme makefile"
    " dockerfile cmakelists.txt letter email e-mail mail reply line command snippet query regex regexp"
    " plot picture bio definition"
    " example workflow template one-liner oneliner config configuration text post header summary poem haiku abstract"
    " script program function"
    " class test tests benchmark diagram table list idea ideas title name logo macro function wrapper hook hostfile"
    " entry changelog gitignore"
    " .gitignore quiz question sentence paragraph overview explanation description docstring recipe plan tutorial"
    " cheat-sheet cheatsheet"
    " slogan story joke article essay sketch figure chart schedule checklist kernel loop struct library tool app patch"
    " routine notebook note"
    " invitation announcement tweet caption proof proverb quote translation toast speech limerick crontab cronjob"
    " sbatch snippet bash awk sed"
    " makefile testfall test skript programm funktion beispiel brief vorlage gedicht tabelle liste befehl einzeiler"
    " erklärung zusammenfassung"
    " titel abbildung script programa función ejemplo correo carta plantilla tabla lista comando prueba pruebas"
    " explicación resumen título"
    " скрипт программу программа функцию функция пример письмо шаблон таблицу список команду команда тест объяснение"
    " описание".split()
)  # fmt: skip
_HAN_THINGS = re.compile(
    r"脚本|程序|函数|例子|示例|测试|文档|邮件|命令|列表|README|Makefile|スクリプト|プログラム|関数|例|テスト|メール",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?:ください|下さい|お願いします|お願い|ほしい(?:です)?|欲しい(?:です)?)[。！]?\s*\Z")
_ARTICLE = re.compile(
    r"(?:an?|one|another|some|something|two|three|\d+|ein(?:e[nmrs]?)?|zwei|drei|un[ao]?|dos|tres|од(?:ин|н[аоу])\w*"
    r"|два|две|一[个份段条首]|两[个份]|三[个份])(?=[\s\u3040-\u9fff]|\Z)",
    re.IGNORECASE,
)
_TELLS = frozenset("me us mir uns мне нам please bitte me".split())
_SHORT = 6


_NEAR = 160


class Head(Enum):
    """How a wish begins."""

    VERB = auto()
    QUESTION = auto()
    THING = auto()


@dataclass(frozen=True, slots=True)
class Wish:
    """Characters ``start`` to ``end``, how it begins, and the number of its sentence among those spoken."""

    start: int
    end: int
    head: Head
    line: int


def without_lead(prose: str, start: int, end: int) -> int:
    """Where the text begins behind conjunctions and polite words."""
    match = _LEAD.match(prose, start, min(len(prose), end + 2))
    return min(match.end(), end) if match else start


def head_of(prose: str, start: int, end: int, *, asks: bool, after: Head | None) -> tuple[Head, int] | None:
    """How the clause that begins at ``start`` wishes something, and where its wish begins; ``asks``: its sentence is a question,
    ``after``: the head of the clause before it in the sentence."""
    low = without_lead(prose, start, end)
    if low >= end or tells_how(prose, low, end) or adds_to(prose, low, end):
        return None
    need = NEED.match(prose, low, end)
    if need is not None and need.end() < end:
        behind = need.end()
        if _asks_there(prose, behind, end, asks=True):
            return Head.QUESTION, behind
        return (Head.THING, behind) if _is_thing(prose, behind, end, free=True) else None
    if _SEVERAL.search(prose, low, end) and prose[end - 1 : end] in {"?", "？"}:
        return None
    lead = prose[start:low].lower()
    if not _is_embedded(prose[low:end], lead, after) and _asks_there(
        prose, low, end, asks=(asks and after in {None, Head.QUESTION}) or _WONDERS.search(lead) is not None
    ):
        return Head.QUESTION, low
    bound = after is not None and prose[low] >= "\u3040" and re.search(r"[^，、,\s并和]", lead) is None
    if asks and prose[low] >= "\u3040" and after is None:
        return Head.QUESTION, low
    if not bound and _commands(prose, low, end):
        return Head.VERB, low
    if after is not Head.QUESTION and _is_thing(prose, low, end, free=False, after=after):
        return Head.THING, low
    return None


def _is_embedded(text: str, lead: str, after: Head | None) -> bool:
    """ "Explain how X works, what it costs", "wie finde ich heraus, welche": a question that belongs to the clause before it."""
    if after is None:
        return False
    joined = re.search(r"[;；+]|\w", lead) is not None
    if after is Head.QUESTION:
        return not joined and not _ENGLISH.match(text)
    return re.search(r"\w{2,}", re.sub(r"\b(?:and|und|y|и|e)\b", "", lead)) is None and ";" not in lead


# "Can you help me with two things?"
_SEVERAL = re.compile(
    r"\b(?:things|favou?rs|questions|tasks|requests|dinge|fragen|sachen|cosas|dudas|preguntas|tareas)(?=\W*\Z)", re.IGNORECASE
)
_WONDERS = re.compile(r"wonder|curious|to know|any idea")
_ENGLISH = re.compile(r"(?:what|which|how|why|when|where|who|is|are|do|does|can|should|could)\b", re.IGNORECASE)


def _asks_there(prose: str, low: int, end: int, *, asks: bool) -> bool:
    match = _ASKS.match(prose, low, end)
    if match is None:
        return False
    return (
        asks
        or re.match(
            r"(?:what|how|why|where|who)(?:'s|s)?\b (?:\w+ )?(?:is|are|do|does|did|can|should|the)\b|what'?s\b|how to\b"
            r"|whether\b",
            match[0] + prose[match.end() : match.end() + 8],
            re.IGNORECASE,
        )
        is not None
    )


_NO_VERB = frozenset("want need like help name time test tests code given just here hope thanks make".split()) - {
    "make",
    "name",
    "test",
}


def _commands(prose: str, low: int, end: int) -> bool:
    """Whether a verb in its bare form with an object begins here, or stands where the language has it."""
    tokens = Sentence(prose, low, min(end, low + 90)).tokens
    if len(tokens) < 2 or tokens[0].quoted or tokens[0].is_file:
        return False
    first, second = tokens[0], tokens[1]
    if _ENDS.search(prose, low, end):
        return True
    placed = len(tokens)
    tokens = _behind_place(tokens)
    if len(tokens) < 2:
        return False
    first, second = tokens[0], tokens[1]
    if "\u3040" <= prose[low] <= "\u9fff":
        return any(t.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST) for t in tokens[:2])
    if second.text in {":", "=", ",", ".", ")", "is", "are", "has", "was"} and second.text != ",":
        return False
    gerund = first.text.endswith("ing") and re.search(r"\bmind\b", prose[max(0, low - _NEAR) : low]) is not None
    known = first.has(Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.COMPARE) or first.text in IMPERATIVES or first.text in _BARE or gerund
    if first.has(Tag.TEST) and second.has(Tag.THE, Tag.A, Tag.THAT):
        known = True
    if first.text in _NO_VERB or (first.text.endswith("s") and not first.text.endswith("ss")):
        return False
    if known:
        return not first.has(Tag.ARTIFACT, Tag.ALIKE) or second.has(Tag.A, Tag.THE, Tag.POLITE) or second.quoted
    plain = not first.tags and first.text.isalpha() and first.text.isascii() and not first.text.endswith(("ed", "ly", "ing"))
    if second.text in {"out", "up", "down"} and len(tokens) > 2:
        second = tokens[2]
    return plain and (len(tokens) < placed or second.text in {"a", "an", "me", "the"}) and not second.quoted


def _behind_place(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Without "in saxpy.c" or "for `dot`," before the verb."""
    if len(tokens) > 3 and tokens[0].text in {"in", "for", "inside", "within", "für", "en", "para", "в", "для"}:
        name = tokens[1]
        if name.quoted or name.is_file or name.text.endswith("()") or "_" in name.text:
            return tokens[3:] if tokens[2].text == "," else tokens[2:]
    return tokens


_BARE = frozenset(
    "draft spell sum find put show pick check list look recommend estimate come proofread tell name state find rename"
    " schreib nenn erklär gib zeig".split()
)


def _is_thing(prose: str, low: int, end: int, *, free: bool, after: Head | None = None) -> bool:
    """Whether a thing to be delivered begins here; behind "I need" (``free``) any noun with an article will do."""
    if "\u3040" <= prose[low] <= "\u9fff":
        return _HAN_THINGS.search(prose, low, min(end, low + 30)) is not None
    article = _ARTICLE.match(prose, low, end)
    if _ANNOUNCED.match(prose, low, end):
        return False
    if not article and free and not prose[low:end].isascii():
        return True
    if article and _AMOUNT.search(prose, low, end) and not free:
        return False
    if article and not free and after is None and not _ONE.match(article[0]):
        return False
    if article and (free or (after is Head.THING and article[0].lower() == "something")):
        return True
    tokens = Sentence(prose, article.end() if article else low, min(end, low + 90)).tokens
    names = list(_noun_phrase(tokens))
    if article is None and not free and not prose[low:end].isascii():
        names = names[:1]
    bare = free or after is Head.THING or (after is Head.VERB and not prose[low:end].isascii())
    return (
        any(_names_thing(t) for t in names)
        and (article is not None or bare)
        and (article is not None or free or not names[0].has(Tag.THE, Tag.POLITE, Tag.CHANGE, Tag.READ))
    )


_ONE = re.compile(r"(?:an?|some|something|another|ein|un|од|一)", re.IGNORECASE)
_AMOUNT = re.compile(
    r"\b(?:at most|max(?:imum)?|or less|tops|höchstens|como máximo)\b|\A(?:one|two|three|\d+) (?:pages?|lines?|words?)\b",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r"(?:\w+ ){0,2}(?:things?|favou?rs?|questions|tasks|requests|help|hand|advice|couple|few|bit|dinge|sachen|fragen"
    r"|hilfe|cosas|dudas|preguntas|ayuda|вещи|вопрос\w*|помощь)\b",
    re.IGNORECASE,
)


def _noun_phrase(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """The words of a noun phrase up to its first preposition or mark."""
    for token in tokens[:6]:
        if (
            not token.is_word
            or token.has(Tag.THAT, Tag.WITH)
            or token.text in {"for", "of", "to", "about", "in", "from", "on", "für", "para", "de", "для"}
        ):
            return
        yield token


def holds(text: str) -> bool:
    """Whether a thing is told by a clause or by what it has, which the next things may belong to."""
    return _HOLDS.search(text) is not None


_HOLDS = re.compile(
    r"\b(?:that|which|who|where|with|about|from|between|containing|including|takes?|mit|das|der|die|que|con|sobre|über"
    r"|с|со|котор\w+|про|об?)\b",
    re.IGNORECASE,
)


def has_article(prose: str, start: int, end: int) -> bool:
    """Whether an indefinite article opens the clause."""
    return _ARTICLE.match(prose, without_lead(prose, start, end), end) is not None


def _names_thing(token: Token) -> bool:
    return (
        token.text in _THINGS
        or token.text.rstrip("s") in _THINGS
        or (token.is_file and token.text[:1].isupper())
        or token.has(Tag.ARTIFACT)
    )


def is_detail(prose: str, start: int, end: int, *, adds: bool = True) -> bool:
    """Whether a clause tells how something is to be."""
    low = without_lead(prose, start, end)
    return tells_how(prose, low, end) or (adds and adds_to(prose, low, end))


def stands_alone(prose: str, wish: Wish) -> bool:
    """Whether a wish has an object of its own: a question with words of content, a thing with an article, a definite thing only
    with the words that say which."""
    text = prose[wish.start : wish.end]
    if speaks_back(text):
        return False
    tokens = [t for t in Sentence(prose, wish.start, wish.end).tokens if t.is_word]
    if wish.head is Head.QUESTION:
        if is_elliptical(text):
            return False
        return sum(t.text not in SMALL for t in tokens) >= 2 or (not text.isascii() and len(text) > 5) or len(tokens) > 4
    if wish.head is Head.THING:
        return True
    if text[:1] >= "\u3040":
        return len(tokens) >= 2 and len(text) >= _SHORT
    objects = [t for t in tokens[1:] if t.text not in _TELLS]
    return bool(objects) and (not _is_definite(objects[0]) or _is_told(text))


def _is_definite(token: Token) -> bool:
    if token.text in {"this", "that"}:
        return True
    pointing = token.has(Tag.THE, Tag.THESE, Tag.THEM, Tag.ALL, Tag.EACH)
    return pointing and not token.quoted


def _is_told(text: str) -> bool:
    """ "the capital of X", "the docs for the io module", "the variable `tmp`", "the Makefile in src"."""
    head = _CLAUSE_END.split(text, maxsplit=1)[0]
    return _TOLD.search(head, min(len(head), _VERB)) is not None


_VERB = 4
_CLAUSE_END = re.compile(r",|\bthen\b|\band (?=\w+ (?:the|it)\b)")
_TOLD = re.compile(
    r"[`\"„“«]|\w[._/]\w|\w_\w|\w\(\)|\d|\b(?:README|LICENSE|CHANGELOG|NEWS|Makefile|Dockerfile)\b"
    r"|\b(?:of|for|in|between|from|behind|to|on|against|that|about|by|de|del|von|vom|für|im|ins|zum|zur|zwischen|para"
    r"|en|sobre|entre|из|для|между|про)\s+\w"
)
