"""How a clause begins: with a verb that asks, a question, a need, a thing, a lack that is told, a pronoun, or a detail.

Limits: closed lists of the small words of six languages and the tags of the lexicon; what other verbs mean is not known.
"""

from __future__ import annotations

import re
from enum import StrEnum

from codepar.prompts.acts import IMPERATIVES
from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Token
from codepar.prompts.wish_bonds import DETAIL


class Head(StrEnum):
    """The kinds of beginnings; those of ``ASKING`` may begin a wish."""

    VERB = "verb"
    UNKNOWN_VERB = "uverb"
    HAN_VERB = "hverb"
    HAN_LATER_VERB = "hverb2"
    HAN_POLITE = "hpolite"
    NEED = "need"
    QUESTION = "ask"
    QUESTION_WORD = "wh"
    THING = "indef"
    LACK = "claim"
    DETAIL = "detail"
    NAME = "name"
    PRONOUN = "pron"
    DEFINITE = "def"
    PREPOSITION = "prep"
    RELATIVE = "rel"
    GERUND = "ing"
    HAN = "han"
    OTHER = "other"


ASKING = frozenset(
    {
        Head.VERB,
        Head.UNKNOWN_VERB,
        Head.HAN_VERB,
        Head.HAN_LATER_VERB,
        Head.HAN_POLITE,
        Head.NEED,
        Head.QUESTION,
        Head.QUESTION_WORD,
        Head.THING,
        Head.LACK,
    }
)
_ACTS = (Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.TEST, Tag.COMPARE)
_NEAR = 4
_MARK = r"[\s,.:;!…—–-]"
_JOIN = (
    r"[qQ](?=[:.] )|besides that|apart from that|yo|hiya|(?:good )?morning|good evening|folks|guys|team"
    r"|dear \w+|and|also|then|plus"
    r"|besides|next|finally|lastly|oh|ah|ok|okay|so|well|alright|hi|hello|hey|thanks|btw|by the way"
    r"|additionally"
    r"|in addition(?: to that)?|on top of that|separately|independent(?:ly)?(?: of (?:that|this|it))?|(?:totally |completely "
    r"|quite )?unrelated(?: to (?:that|this))?"
    r"|first(?:ly| of all)?|zuerst|erst|primero|сначала|(?:only )?(?:then|after (?:that|this))"
    r"|afterwards|once (?:that|this)(?:'s| is)? done"
    r"|danach|anschließend|después|после этого|on another note|while (?:you'?re|you are|we'?re"
    r"|ur) at it|when you (?:have|get) (?:the )?(?:time|a (?:minute"
    r"|moment|chance))"
    r"|if you (?:have|get|find) (?:the )?time|and one (?:more|last)(?: thing| question)?|one (?:more|last)(?: thing|"
    r" question)?|an?(?:other| second| third)(?: thing| one| question)"
    r"|last(?: thing| question| one)?|number (?:one|two|three|four|five|\d)|no\.? ?\d|\d(?:st|nd|rd|th)"
    r"|(?:the )?(?:first|second|third|fourth|one|two|three|four)(?: (?:thing|one|task|question|request))?(?=\s*[,:;])"
    r"|und|außerdem|ausserdem|dann|noch|zudem|ferner|nebenbei|ach(?: ja)?|übrigens|zusätzlich|schließlich|zuletzt|hallo"
    r"|moin|noch was|noch eine frage|guten (?:tag|morgen)"
    r"|y|e|también|tambien|además|ademas|aparte(?: de eso)?|por otro lado|de paso|otra (?:cosa|duda|pregunta)|por"
    r" último|luego|hola|buenas|buenos días"
    r"|и|ещё|еще|также|кроме того|а|заодно|и ещё|потом|затем|наконец|привет|здравствуйте|добрый день|и последнее"
)
_HAN_JOIN = (
    r"和|以及|请问|另外|还有|還有|再|顺便|此外|同时|也|并且|并|然后|最后|请(?!求)|麻烦|帮我|你好|您好"
    r"|それと|それから|また|あと|ついでに|さらに|最後に|次に|そして|こんにちは"
)
_POLITE = (
    r"please|pls|plz|kindly|(?:can|could|would|will) (?:you|u|someone|somebody|anyone|we)(?: (?:please|also|kindly|just"
    r"|maybe|perhaps|quickly))*(?: help me| mind)?"
    r"|would you (?:also )?mind|i(?:'d| would)? (?:also |just |still )?(?:need|want|like) you to|i(?:'d| would) (?:also"
    r" |just )?(?:like|love) to know"
    r"|i (?:also )?wonder|(?:just |also )?wondering|i(?:'m| am) (?:also )?(?:wondering|curious)|i (?:also |just"
    r" )?(?:want|need) to know|do you"
    r" know|any idea|let'?s|just|maybe|bitte|kannst du|könntest du|können sie|könnten sie|mir"
    r"|por favor|(?:¿\s*)?(?:me |nos )?(?:puedes|podrías|podría(?:s|n)?)|пожалуйста|можешь|можете|не могли бы вы|мог бы ты"
    r"|подскажите,? пожалуйста"
)
_LEAD = re.compile(
    rf"(?:(?:{_JOIN}|{_POLITE})(?=\W|\Z){_MARK}*|(?:{_HAN_JOIN})[，、：,\s]*|[\s,;:：.!+…—–，、；。-]+)+", re.IGNORECASE
)
NEED = re.compile(
    r"(?:(?:after|for|on|until|by|at|before) [\w-]+(?: [\w-]+)?,? )?(?:also )?(?:(?:i|we)(?:'d| would)?(?: also| still|"
    r" really| just| quickly)? (?:need|want|like|love|require|miss)|(?:i|we) (?:could|can) (?:also |really )?use"
    r"|need(?:ed)?|want(?:ed)?|(?:would|'d) (?:also |really )?(?:love|like)|looking for|i(?:'m"
    r"| am) (?:also )?looking for|(?:can|could|may) (?:i|we) (?:also |please"
    r" )?(?:have|get|see)"
    r"|(?:they|he|she|users?|people|we all)(?:'d| would)? (?:also |really )?(?:like|love|need|want)"
    r"|(?:it )?(?:would|'d) (?:also |\w+ly )?be (?:also |\w+ly )?\w+ to (?:have|get|see)|what i(?:'d)? (?:also )?(?:need|want)"
    r" is|there should (?:also )?be|(?:the )?deliverables (?:are|is)|(?:i|we) (?:have to|must|need to) (?:hand in"
    r"|submit|deliver|bring)"
    r"|(?:für [^,.]{1,30} )?(?:ich|wir) (?:(?:brauch\w*|bräuchte\w*|hätte\w*|möchte\w*|will|wollen"
    r"|suche\w*)(?: (?:auch|noch|gern\w*"
    r"|bitte))*)|(?:für [^,.]{1,30} )?(?:brauche|bräuchte|hätte)(?: (?:ich|wir))?(?: (?:auch|noch|gern\w*|bitte))*"
    r"|(?:für [^,.]{1,30} )?(?:fehlen|fehlt)(?: (?:mir|uns|auch|noch))+"
    r"|(?:también )?(?:me hacen falta|nos hacen falta|necesit(?:o|amos)|quiero|quisiera|queremos|quería"
    r"|me hace falta|nos hace falta|faltan)(?: también)?"
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
    r"|(?:что|чем|зачем|почему|когда|как|где|кто|сколько|какой|какие|какая|можно ли)\s|whether\b|ob\s"
    r"|什么是|如何|为什么|怎么|怎样|なぜ|どうやって|どうして",
    re.IGNORECASE,
)
_LACK = re.compile(
    r"\b(?:needs?|lacks?|should|must|missing|(?:is|are|was|were) (?:not|no longer|too|still|out)"
    r"|isn't|aren't|doesn't|don't|didn't"
    r"|(?:does|do|did) not|(?:has|have|had|is|are|'s|got|with) no|never|nobody|still|ought|fehl\w+"
    r"|braucht|brauchen|sollten?|muss|müssen|ist zu|falta\w*|necesita\w*|debe\w*|нужн\w+|нужен"
    r"|не|нигде|должн\w+|нет)\b|没有|缺|应该|需要|足りな|必要",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?:an?|one|some|another|something|two|three|four|five|six|ten|\d+|eine?[nmrs]?|zwei|drei|vier|un[ao]?|otr[ao]|dos|tres|cuatro"
    r"|од(?:ин|н[аоу])|два|две|три|一[个份段条首篇]|两)(?=[\s\u3040-\u9fff]|\Z)",
    re.IGNORECASE,
)
_HAN = re.compile("[\u3040-\u9fff]")
_POLITE_END = re.compile(r"ください|下さい|お願いします|お願い|ほしい|欲しい")
_QUESTION_WORDS = frozenset("what how why when where which who whose whats what's".split())
_PRONOUNS = frozenset("i we you it they he she there this that ich wir es yo я мы".split())
_OBJECTS = frozenset("me us out up".split())


def without_lead(prose: str, start: int, end: int) -> int:
    """Where the text begins behind conjunctions and polite words."""
    match = _LEAD.match(prose, start, min(len(prose), end + 2))
    return min(match.end(), end) if match else start


def head_of(text: str, tokens: tuple[Token, ...]) -> Head:
    """How a clause begins: its text behind the lead, and its tokens, one or more."""
    if DETAIL.match(text):
        return Head.DETAIL
    need = NEED.match(text)
    if need is not None and need.end() < len(text):
        return Head.NEED
    if _ASKS.match(text):
        return Head.QUESTION
    first = tokens[0]
    if first.text in _QUESTION_WORDS:
        return Head.QUESTION_WORD
    if _COUNTED.match(text):
        return Head.THING
    if _HAN.search(text):
        return _han_head(text, tokens)
    if first.has(*_ACTS) and not first.quoted and not first.is_file:
        return Head.VERB
    if _LACK.search(text):
        return Head.LACK
    return Head.VERB if first.text in IMPERATIVES else _plain_head(first, tokens)


def _han_head(text: str, tokens: tuple[Token, ...]) -> Head:
    if text.startswith(("把", "将", "给")) or any(token.has(*_ACTS) for token in tokens[:_NEAR]):
        return Head.HAN_VERB
    if _POLITE_END.search(text):
        return Head.HAN_POLITE
    if text.rstrip().endswith(("？", "?")):
        return Head.QUESTION
    return Head.HAN_LATER_VERB if any(token.has(*_ACTS) for token in tokens) else Head.HAN


def _plain_head(first: Token, tokens: tuple[Token, ...]) -> Head:
    if first.quoted or first.is_file:
        return Head.NAME
    if first.text in _PRONOUNS:
        return Head.PRONOUN
    if first.has(Tag.THE, Tag.THESE, Tag.ALL, Tag.EACH):
        return Head.DEFINITE
    if first.has(Tag.FOR, Tag.WITH):
        return Head.PREPOSITION
    if first.has(Tag.THAT):
        return Head.RELATIVE
    if first.text.endswith("ing"):
        return Head.GERUND
    second = tokens[1] if len(tokens) > 1 else None
    opens = second is not None and (second.has(Tag.A, Tag.THE, Tag.THESE) or second.text in _OBJECTS)
    return Head.UNKNOWN_VERB if opens and not first.tags and first.text.isalpha() else Head.OTHER
