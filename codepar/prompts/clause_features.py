"""What the model of clauses looks at: how a clause begins, what its object is, what points back, and what the request is like.

A feature is a short text; ``clauses.json`` holds a weight for each that was seen. Limits: words and marks, no grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from codepar.prompts.acts import chains, is_statement
from codepar.prompts.alternation import phrases
from codepar.prompts.clauses import Clause
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import ASKING, Head
from codepar.prompts.lexicon import Tag
from codepar.prompts.numerals import value_of
from codepar.prompts.tokens import Token
from codepar.prompts.wish_bonds import SMALL, is_elliptical, leans_back, names_again

_LETTERS = re.compile(r"[^\W\d]+")
_STEM = re.compile(r"[^\W\d_]{4,}")
_STEM_LENGTH = 6
# What looks like a name: capitals, digits, marks within; a sentence's first word does not count.
_NAME = re.compile(r"(?<=[\s(\"'`])(?:[A-Z][\w+#]*|[a-z]+[A-Z_\d][\w:]*|-{1,2}\w[\w-]*|\w+(?:::|\.|/)\w+|\w+\(\))|`[^`\n]+`")
_PRONOUN = re.compile(
    r"\b(?:it|its|them|they|their|this|that|these|those|he|she)\b|它|其|这|那|それ|その|これ|\b(?:es|sie|ihn|ihm|dies\w*|davon"
    r"|dafür|damit|eso|esto|ello|lo|su|его|её|ее|их|ним|них|это\w*|он|она|оно)\b",
    re.IGNORECASE,
)
_HOLDS = re.compile(r"\b(?:that|which|who|where|with|containing|including|der|die|das|que|котор\w+)\b", re.IGNORECASE)
_TOLD = re.compile(
    r"[`\"„“«]|\w[._/]\w|\w_\w|\w\(\)|\d|\b(?:README|LICENSE|CHANGELOG|NEWS|Makefile|Dockerfile)\b"
    r"|\b(?:of|for|in|between|from|behind|to|on|against|that|about|by|de|del|von|vom|für|im|ins|zum|zur|zwischen|para"
    r"|en|sobre|entre|из|для|между|про)\s+\w"
)
STATED = phrases(
    r"\b(?:two|three|four|five|few|couple|some|several|\d) (?:\w+ )?(?:things|questions|ones|favou?rs"
    r"|tasks|requests|stuff|matters|chores|wishes|errands)\b"
    r"|\b(?:zwei|drei|vier|paar) (?:\w+ )?(?:dinge|fragen|sachen|bitten)\b|\b(?:dos|tres"
    r"|unas) (?:\w+ )?(?:cosas|dudas|preguntas)\b"
    r"|\b(?:два|две|двумя|три|тремя|пара) (?:\w+ )?(?:вопрос\w*|вещ\w+|задач\w*|дела)|[两二三几]个?(?:问题|件事)|[二三2-4]つ"
)
"""Phrases that tell how many wishes there are."""
_ORDERED = phrases(
    r"\bonly (?:then|after (?:that|this)|afterwards)\b|\bin (?:that|this|exactly that"
    r"|exactly this) order\b|\berst (?:dann|danach)\b"
    r"|\b(?:solo|sólo) (?:después|luego|entonces)\b|\bтолько (?:потом|затем|после)\b|之后才|その後で"
)
_PLACED = frozenset("me us mir uns мне нам please bitte out up also".split())
_POINTING = frozenset("this that it them these those".split())
_ACT_ORDER = (Tag.READ, Tag.COMPARE, Tag.TEST, Tag.CHANGE, Tag.WRITE)
_GERMAN = frozenset("der die das und ich ist bitte ein eine nicht wie mir für".split())
_SPANISH = frozenset("el la los las qué que un una por para y cómo de en".split())


@dataclass(frozen=True, slots=True)
class Before:
    """What precedes a clause: the last clause that began a wish (``begun``), or else the first that might; how many began one;
    and where the first of them begins."""

    clause: Clause | None = None
    begun: bool = False
    count: int = 0
    start: int = 0


class Setting:
    """What all clauses of one request share."""

    def __init__(self, discourse: Discourse, clauses: list[Clause]) -> None:
        self.prose = discourse.prose
        self.symbols = discourse.symbols
        self._discourse = discourse
        self._clauses = clauses

    @cached_property
    def features(self) -> tuple[str, ...]:
        request = self._discourse.request
        found = [f"lang={language_of(self.prose)}", f"heads={min(5, sum(c.head in ASKING for c in self._clauses))}"]
        found.append("code" if self.has_code else "plain")
        if request.files:
            found.append("files")
        if self.is_stated:
            found.append("stated")
        if "\n\n" in self.prose.strip():
            found.append("paragraphs")
        asking = [sentence for sentence in self._discourse.spoken if not is_statement(sentence)]
        comparing = sum(compares(sentence, 0) for sentence in asking)
        if comparing:
            found.append("compares" if 2 * comparing > len(asking) or comparing > 1 else "compares once")
        if _ORDERED.search(self.prose):
            found.append("ordered")
        if any(chains(sentence) for sentence in self._discourse.spoken):
            found.append("chains")
        return tuple(found)

    @cached_property
    def has_code(self) -> bool:
        return bool(self._discourse.request.blocks)

    @cached_property
    def is_stated(self) -> bool:
        """ "Two things", "some questions": the request says that it holds several."""
        return self._stated is not None

    @cached_property
    def number(self) -> int | None:
        """The number of wishes that the request says it holds."""
        match = self._stated
        return None if match is None else value_of(match[0].split()[0]) or value_of(match[0][:1])

    @cached_property
    def _stated(self) -> re.Match[str] | None:
        return STATED.search(self.prose)


def language_of(text: str) -> str:
    """The language of a prose, by its letters and small words: en, de, es, ru, zh or ja."""
    if not text.isascii():
        if re.search("[\u3040-\u30ff]", text):
            return "ja"
        if re.search("[\u4e00-\u9fff]", text):
            return "zh"
        if re.search("[а-яё]", text, re.IGNORECASE):
            return "ru"
    words = set(re.findall(r"[a-zäöüßñáéíóú]+", text.lower()))
    if len(words & _GERMAN) > 1:
        return "de"
    return "es" if len(words & _SPANISH) > 2 else "en"


def object_of(clause: Clause) -> str:
    """What kind of word stands behind the first one: an indefinite, definite or bare noun, a name, a pronoun, a question word."""
    words = [token for token in clause.tokens[1:] if token.is_word and token.text not in _PLACED]
    if not words:
        return "none"
    first = words[0]
    if first.text in _POINTING or first.has(Tag.THEM):
        return "pron"
    if first.has(Tag.A) or (first.number or 0) > 1 or first.text in {"some", "another"}:
        return "indef"
    if first.quoted or first.is_file or "_" in first.text or first.text.endswith("()"):
        return "name"
    if first.has(Tag.THE):
        return "def"
    if first.has(Tag.THESE, Tag.ALL, Tag.EACH):
        return "these"
    if first.has(Tag.QUESTION):
        return "wh"
    return "prep" if first.has(Tag.FOR, Tag.WITH) else "bare"


def _act(clause: Clause) -> str:
    if clause.head in {Head.QUESTION, Head.QUESTION_WORD}:
        return "q"
    for tag in _ACT_ORDER:
        if any(token.has(tag) for token in clause.tokens[:2]):
            return tag.value
    return clause.head.value


def _size(count: int) -> int:
    return min(5, (count + 1).bit_length() - 1)


def features_of(clause: Clause, before: Before, setting: Setting) -> set[str]:
    """The features of a clause behind what precedes it."""
    head, wanted = clause.head.value, object_of(clause)
    found = {"bias", f"h={head}", f"cut={clause.cut}", f"h,cut={head},{clause.cut}", f"o={wanted}", f"h,o={head},{wanted}"}
    found.update(setting.features)
    found.update(_of_words(clause))
    found.update(_of_text(clause, head, wanted))
    if setting.has_code:
        found |= {f"code,h={head}", f"code,o={wanted}"}
    if setting.is_stated:
        found.add(f"stated,h={head}")
    if before.clause is None:
        found |= {"L=none", f"L,h=none,{head}", f"L,cut=none,{clause.cut}", "first"}
    else:
        found.update(_of_pair(clause, before, before.clause, setting))
    if setting.symbols:
        found.update(_of_names(clause, before.clause, setting))
    return found


def _of_words(clause: Clause) -> list[str]:
    tokens = clause.tokens
    found = [f"w{place}={token.text}" for place, token in enumerate(tokens[:2])]
    found += [f"t{place}={tag}" for place, token in enumerate(tokens[:3]) for tag in token.tags]
    lead = _LETTERS.findall(clause.lead)
    return [*found, *(f"lead={word}" for word in lead), "led" if lead else "unled"]


def _of_text(clause: Clause, head: str, wanted: str) -> list[str]:
    asks, text = clause.sentence.is_question, clause.text
    content = sum(_is_content(token) for token in clause.tokens[1:])
    back = leans_back(clause)
    found = [
        f"q={asks}",
        f"q,h={asks},{head}",
        f"q,h,o={asks},{head},{wanted}",
        f"size={_size(len(clause.tokens))}",
        f"content={min(3, content)}",
        f"content,h={min(3, content)},{head}",
        f"back={back}",
        f"back,h={back},{head}",
    ]
    if _PRONOUN.search(text):
        found.append("pronoun")
    if clause.is_first and is_statement(clause.sentence):
        found.append("statement")
    if asks or clause.head in {Head.QUESTION, Head.QUESTION_WORD}:
        found.append(f"elliptical={is_elliptical(text, clause.tokens)}")
    return [*found, "told", f"told,o={wanted}"] if _TOLD.search(text) else found


def _is_content(token: Token) -> bool:
    return token.is_word and token.text not in SMALL and not token.has(Tag.A, Tag.THE, Tag.POLITE, Tag.FOR, Tag.AND)


def _of_pair(clause: Clause, before: Before, left: Clause, setting: Setting) -> list[str]:
    head, wanted, ahead, had = clause.head.value, object_of(clause), left.head.value, object_of(left)
    between = setting.prose[left.start : clause.low]
    overlap = _stems(clause.text) & _stems(between)
    line = min(2, clause.line - left.line)
    found = [
        f"L={ahead}",
        f"L,h={ahead},{head}",
        f"L,cut={ahead},{clause.cut}",
        f"begun={before.begun}",
        f"begun,L={before.begun},{ahead}",
        f"begun,cut={before.begun},{clause.cut}",
        f"acts={_act(left)},{_act(clause)}",
        f"again={names_again(clause.text, setting.prose[before.start : clause.low])}",
        f"overlap={min(2, len(overlap))}",
        f"line={line}",
        f"lo={had}",
        f"lo,o={had},{wanted}",
        f"lo,o,h={had},{wanted},{head}",
        f"count={min(3, before.count)}",
        f"lsize={_size(len(between.split()))}",
    ]
    found += _of_news(clause, setting.prose[before.start : clause.low])
    if left.tokens[-1].text in {":", "："}:
        found += ["Lcolon", f"Lcolon,begun={before.begun}"]
    if _HOLDS.search(between):
        found += ["holds", f"holds,h={head}"]
    if left.tokens[0].text == clause.tokens[0].text:
        found.append("sameword")
    if left.sentence.is_question:
        found.append(f"Lq,h={head}")
    return found


def _of_news(clause: Clause, earlier: str) -> list[str]:
    """What a clause speaks of that was not spoken of before: names, and words with a content."""
    names = set(_NAME.findall(clause.text)) - set(_NAME.findall(earlier))
    told = {word[:_STEM_LENGTH].lower() for word in _STEM.findall(earlier)}
    words = {t.text[:_STEM_LENGTH] for t in clause.tokens[1:] if _is_content(t) and not t.has(Tag.QUESTION) and len(t.text) > 2}
    fresh, back = len(words - told), leans_back(clause)
    found = [f"newname={bool(names)}", f"newname,h={bool(names)},{clause.head}", f"newname,back={bool(names)},{back}"]
    found += [f"fresh={min(4, fresh)}", f"fresh,h={min(4, fresh)},{clause.head}", f"fresh,back={min(3, fresh)},{back}"]
    return [*found, *(f"c={word}" for word in words)]


def _stems(text: str) -> set[str]:
    return {word[:_STEM_LENGTH].lower() for word in _STEM.findall(text)}


def _of_names(clause: Clause, left: Clause | None, setting: Setting) -> list[str]:
    """Whether it names a piece of the code, another one than the clause before."""
    names = _named(clause, setting)
    others = _named(left, setting) if left is not None else set()
    found = ["named" if names else "unnamed"]
    return [*found, "named,other" if names - others else "named,same"] if names and others else found


def _named(clause: Clause, setting: Setting) -> set[str]:
    return {token.text.lower().removesuffix("()") for token in clause.tokens} & setting.symbols
