"""What ties a wish to what was said before: pronouns, definite nouns, details of how a thing is to be, questions without content.

Limits: closed lists of the small words of six languages; what a pronoun means is not worked out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codepar.prompts.alternation import phrases
from codepar.prompts.tokens import Token, stems_of

if TYPE_CHECKING:
    from codepar.prompts.clauses import Clause

DETAIL = re.compile(
    r"\w+ (?:each|them all|every one)(?: of (?:them|these))?(?: (?:briefly|separately|shortly|please|in turn))?(?=\W*\Z)"
    r"|(?:(?:but|aber|pero|но|但|and|und|y|и) )?(?:make (?:it|sure|them|the|that|everything|each)|ensure|keep|use|using"
    r"|don'?t|do not|never|always|avoid|mention|ask me|remember|note|include"
    r"|let|assume|consider|handle|support|follow|stick|start|stop|wait|begin|end|close|act|answer|respond|reply in|be|think"
    r"|imagine|suppose|(?:name|call) (?:it|them|each|the (?:file|function|class|script|program|new))|set|try"
    r"|treat|return|throw|store|mind|give (?:it|each|them)|mark|leave|limit|focus|target|prefer|only|no|not|without"
    r"|with|feel free|take care|pay attention|mention"
    r"|comment the|achte|benutze?|verwende?|nutze?|halte|lass|kein\w*|nicht|stell sicher|usa|utiliza|evita|asegúrate"
    r"|mantén|mantenga|no|sin|que"
    r"|используй\w*|не|убедись|учти|сохрани|оставь|без|使用|用(?![^，。；]{0,12}(?:解释|说明|写|实现|画|描述))|不要|注意|确保|要求|要|必须|保持)(?=\W|\Z|[\u3040-\u9fff])",
    re.IGNORECASE,
)
_BACK = phrases(
    r"\b(?:it|its|itself|them|they|their|themselves|these|those|he|she|his|her|both|results?|based on|your|accordingly"
    r"|instead|else|as well as|at the end|(?:for|of|to) each|which one"
    r"|after (?:that|this)|the (?:result|output|outcome|answer|latter|former|above|rest|code|program|function|script"
    r"|solution|changes?"
    r"|corrected|resulting|rewritten|translated|improved|fixed|updated)\w*"
    r"|the (?:new|first|second|third|last|final|following|same|other) (?:ones?|versions?|functions?|code|script|program"
    r"|class|file|text|step|task|part)"
    r"|above|below|respectively|too)\b(?!['’])|\b(?:again|each|one|ones|both|so|there|then)\W*\Z|\bthere(?=\s*[,;.])"
    r"|\bthis\b(?! (?:would|is)\b)"
    r"|\bthat(?=\s*(?:[,.;?!]|\Z|(?:one|code|function|script|program|version|to|in|with|for)\b))|\b(?:of|from|on|with"
    r"|about|for) that\b"
    r"|(?<!qué )(?<!que )(?<!cuál )\bes\b(?! (?:una?|el|la|decir|mejor|que)\b)|\b(?:ihn|ihm|ihre\w*|seine?\w*|dies\w*"
    r"|davon|dafür|dazu|damit|daraus|dessen|deren|ergebnis\w*)\b|\A\W*sie\b"
    r"|\b\w*[áéíóú]\w{1,3}[ea]l[oa]s?\b|\b(?:haz|pon|di|ve|mide|pasa|une|usa)l[oa]s?\b"
    r"|\b(?:ello|eso|esto|ese|esa|su|sus|ambos|ambas|resultado\w*|anterior)\b|\b(?:est[ea])(?= \w)"
    r"|\b(?:его|её|ее|ей|ему|их|им|ними|этого|этой|этот|эту|этом|он|она|они|оно|результат\w*)\b|\bэто\b(?! такое)"
    r"|它|[与和把将对用]其|这(?!是)|该|结果|上述|それ(?!と|から|ぞれ)|その|これ|結果|この"
)
# "Explain what strtok does to its input": what the pronoun means stands in the wish itself.
_OWN_PRONOUN = re.compile(
    r"(\b(?:an?|what|how|why|whether|who) (?!it\b|its\b|they\b|them\b)[\w'-]+ .*?\b(?:that|which|and|does|do|if|when"
    r"|then|until|who) .*?)\b(?:its?|them|their|they)\b",
    re.IGNORECASE,
)
_DUMMY = phrases(
    r"\b(?:is|was|would|does|will) it (?:take|mean|be|make sense|ok(?:ay)?|possible|better|safe|worth|true|legal"
    r"|allowed|normal|necessary|bad|good)\b"
    r"|\bit (?:is|'s|would be|takes)\b|\bgibt es\b|\bwie geht es\b"
)
_ONE_OF = re.compile(
    r"\b(?:an?|the|no|any|this|that|at least|more than|with|in|on|for|by|from|to|of|per|into|column|step|each"
    r"|every|only) one\b|(?<!which )\bone[- ]\w+",
    re.IGNORECASE,
)
SMALL = frozenset(
    "what how why when where which who whose is are was were do does did can could should would will has have i we you"
    " it there the a an of to in on at for and or watch out look go use know"
    " if so my your this that then not be with about from by any ok also best better good else start begin empiezo"
    " empezar empiece anfangen anfange fange beginne начать dónde touch wrong mean really"
    " actually exactly was wie warum wann wo ist sind kann soll ich"
    " man der die das ein eine und oder por qué que cómo cuál es son se el la un una y o para en что как почему где"
    " когда ли и или это мне в на".split()
)


def is_elliptical(text: str, tokens: tuple[Token, ...]) -> bool:
    """ "What would you do?", "And why?": a question without words of content, or one that wants no answer."""
    words = [token.text for token in tokens if token.is_word]
    return _RHETORICAL.match(text) is not None or (
        all(word in SMALL for word in words) and len(words) < _MANY and _is_spaced(text)
    )


def _is_spaced(text: str) -> bool:
    return not any("\u3040" <= letter <= "\u9fff" for letter in text)


_MANY = 7
_RHETORICAL = re.compile(
    r"是因为|还是|是不是|"
    r"\W*(?:(?:hilft|would|could|might|does) [^?]{0,40}\b(?:help|tiling|vielleicht)\b|(?:is|are|liegt es)"
    r" (?:vielleicht|maybe|perhaps)|which ones?\b|or\b|oder\b|o\b|или\b|может\b|if so\b|if not\b|who (?:does(?:n't|"
    r" not)|wants|would"
    r"|cares)|isn't|aren't"
    r"|wouldn't it|right\b|what gives)\b",
    re.IGNORECASE,
)


_THAT = re.compile(r"\b(?:is|was|does|did|are) that\b", re.IGNORECASE)
# Without a word that begins so nothing in a text in ASCII speaks back.
_BACKWARD = frozenset(
    "it its itse them they thei he she his her thes thos both resu base your acco inst else whic"
    " afte abov belo resp too agai each one"
    " ones so ther then this that ihn ihm ihre sein sie dies davo dami dara dess dere dazu erge es"
    " ello eso esto ese esa su sus ambo"
    " ante este esta end rest outp outc answ latt form code prog func scri solu chan corr rewr tran"
    " impr fixe upda new firs seco thir"
    " last fina foll same othe well".split()
)


def speaks_back(text: str) -> bool:
    """Whether a wish leans on something said before it."""
    if text.isascii() and stems_of(text).isdisjoint(_BACKWARD):
        return False
    if _THAT.search(text):
        return True
    text = _OWN_PRONOUN.sub(r"\1", text)
    return _BACK.search(_DUMMY.sub(" ", _ONE_OF.sub(" ", text))) is not None


def leans_back(clause: Clause) -> bool:
    """The same of a clause, worked out once for each."""
    known, key = clause.sentence.remembered, f"leans_back {clause.low}"
    if key not in known:
        known[key] = speaks_back(clause.text)
    return bool(known[key])


def names_again(text: str, earlier: str) -> bool:
    """ "Suggest a title, then write an abstract that fits the title": a definite noun that an earlier wish brought in."""
    before = earlier.lower()
    return any(re.search(rf"\b{re.escape(match[1])}\b", before) for match in _DEFINITE.finditer(text.lower()))


_DEFINITE = re.compile(r"\b(?:the|this|that|der|die|das|den|dem|el|la|los|las|del)\s+([^\W\d]{4,})")
