"""Where a sentence speaks of pieces of code: by quantity ("each of these three functions"), by a list of names, by a pronoun.

Limits: a noun that is not in the lexicon is understood only behind "both" and "these N"; what a relative clause selects
("functions that allocate") is not worked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from codepar.prompts.lexicon import Tag
from codepar.prompts.tokens import Sentence, Token

NOUNS = (Tag.FUNCTION, Tag.KERNEL, Tag.SUBROUTINE, Tag.METHOD, Tag.CLASS, Tag.STRUCT, Tag.LOOP, Tag.FILE, Tag.SNIPPET)
_BOUNDARY = frozenset(".;:?!。；：？！，")
_WINDOW = 6
_STEPWISE = re.compile(
    r"\b(\w+)[ -]by[ -]\1\b|\bone (\w+) (?:at a time|after (?:the other|another))\b|\bper (\w+)\b", re.IGNORECASE
)
_GOES_ON = frozenset(
    {"them", "these", "those", "ones", "one", "ihnen", "diesen", "ellas", "ellos", "них", "ним", "him", "following"}
)
_PLURAL_ONLY = frozenset(
    {
        "these",
        "those",
        "thees",
        "theese",
        "diese",
        "diesen",
        "estas",
        "estos",
        "эти",
        "этих",
        "этим",
        "这些",
        "这几个",
        "これらの",
        "both",
        "beide",
        "beiden",
        "ambas",
        "ambos",
        "оба",
        "обе",
        "обоих",
        "обеих",
        "обеим",
        "обоим",
    }
)
_CLOSE_BEHIND = frozenset({"file", "files", "(", ")", "s", "の", "中", "里", "内"})
_OF = frozenset({"of", "von", "de", "из", "aus", "对", "给", "将", "に対して"})
ORDER = re.compile(
    r"\b(?:first(?!-)|after|before|then|next|followed|zuerst|danach|dann|anschließend|primero|luego|después"
    r"|сначала|затем|потом)\b|先|然后|再|まず|次に",
    re.IGNORECASE,
)
"""Words that demand an order."""
_THEM = frozenset({"them", "sie", "ellas", "ellos", "их", "它们", "他们", "それら"})
_TWO = frozenset({"both", "beide", "beiden", "ambas", "ambos", "оба", "обе", "обоих", "обеих", "обеим", "обоим"})
_LOOPS = frozenset({"for", "while", "do"})
_EVERYTHING = frozenset({"everything", "all", "alles", "todo", "всё", "все"})
_SINGULAR = frozenset(
    {"this", "este", "esta", "этот", "эту", "этой", "эта", "этого", "この", "这个", "这段", "这份", "該", "その"}
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A phrase that stands for several pieces. ``nouns`` is empty for a pronoun; tokens ``first`` to ``last`` of the sentence."""

    nouns: tuple[Tag, ...]
    first: int
    last: int
    each: bool
    all: bool
    these: bool
    number: int | None
    adjectives: tuple[str, ...]
    is_back: bool = False
    """A bare "them": it needs pieces that were spoken of before."""

    @property
    def is_definite(self) -> bool:
        return self.each or self.all or self.these


def references(sentence: Sentence) -> list[Reference]:
    """The quantified phrases of a sentence, in order."""
    found: list[Reference] = []
    tokens = sentence.tokens
    stepwise = _stepwise(sentence)
    for index, token in enumerate(tokens):
        nouns = tuple(tag for tag in NOUNS if tag in token.tags)
        if token.quoted and token.text in _LOOPS and index and tokens[index - 1].has(Tag.EACH, Tag.ALL, Tag.THESE):
            found.append(Reference((Tag.LOOP,), index - 1, index, True, False, False, None, _loop_words(tokens, index)))
            continue
        if token.text == "ones" and index and not tokens[index - 1].has(*_OTHER_ROLES, Tag.THE, Tag.THESE):
            nouns = (Tag.FUNCTION,)
        if not nouns or token.quoted or (found and index <= found[-1].last):
            continue
        reference = _reference(tokens, index, nouns[:1] if Tag.FILE not in nouns else (Tag.FILE,))
        if reference is not None:
            found.append(reference)
    if stepwise is not None and (not any(r.is_definite for r in found) or tokens[stepwise.first - 1].text != "per"):
        return [stepwise]
    if not found and _SINGLY.search(_ASIDE.sub("", sentence.text)):
        found = [_bare_plural(tokens, i) for i, token in enumerate(tokens) if token.has(Tag.PLURAL) and token.has(*NOUNS)][:1]
    return _merged(tokens, found) or list(_pronouns(tokens))


def _stepwise(sentence: Sentence) -> Reference | None:
    """ "Function by function", "one file at a time"."""
    match = _STEPWISE.search(sentence.text)
    if match is None:
        return None
    place = sentence.start + match.end() if match[1] else sentence.start + match.end(2)
    index = next((i for i, token in enumerate(sentence.tokens) if token.end == place), None)
    nouns = [tag for tag in NOUNS if index is not None and tag in sentence.tokens[index].tags]
    if index is None or not nouns:
        return None
    noun = Tag.FILE if Tag.FILE in nouns else nouns[0]
    return Reference((noun,), index, index, True, False, False, None, ())


def _loop_words(tokens: tuple[Token, ...], index: int) -> tuple[str, ...]:
    """ "Every `for` and `while`": the kinds of loops from ``index`` on."""
    words = [tokens[index].text]
    while index + 2 < len(tokens) and tokens[index + 1].has(Tag.AND) and tokens[index + 2].text in _LOOPS:
        index += 2
        words.append(tokens[index].text)
    return tuple(words)


_SINGLY = re.compile(
    r"\b(?:one by one|one at a time|one after (?:the other|another)|separately|individually"
    r"|each on its own|einzeln|nacheinander"
    r"|un[ao] por un[ao]|по одно\w+|по отдельности)\b",
    re.IGNORECASE,
)


# "Separately, rewrite fill": another wish, not each by itself.
_ASIDE = re.compile(r"\A\W*(?:and )?(?:separately|individually)\s*,", re.IGNORECASE)


def _bare_plural(tokens: tuple[Token, ...], index: int) -> Reference:
    """ "Stack's methods, one by one": the plural alone."""
    noun = next(tag for tag in NOUNS if tag in tokens[index].tags)
    return Reference((noun,), index, index, True, False, False, None, ())


def _merged(tokens: tuple[Token, ...], found: list[Reference]) -> list[Reference]:
    """ "Every class and every function" is one phrase."""
    merged: list[Reference] = []
    for reference in found:
        last = merged[-1] if merged else None
        between = tokens[last.last + 1 : reference.first] if last else ()
        if last and last.is_definite and reference.is_definite and between and all(separates(t) for t in between):
            merged[-1] = replace(last, nouns=(*last.nouns, *reference.nouns), last=reference.last, number=None)
        else:
            merged.append(reference)
    return merged


@dataclass(slots=True)
class _Quantity:
    """The words around a noun that say how many are meant; ``first`` is where the phrase begins."""

    first: int
    each: bool = False
    all: bool = False
    these: bool = False
    definite: bool = False
    number: int | None = None
    words: list[str] = field(default_factory=list)

    @property
    def is_told(self) -> bool:
        return self.each or self.all or self.these or self.definite or self.number is not None

    def take(self, token: Token, position: int) -> bool:
        """Read one more word to the left; False where the phrase ends."""
        if token.number is not None:
            self.number = token.number
        elif token.has(Tag.EACH) and not token.has(Tag.THAT):
            self.each = True
        elif token.has(Tag.ALL):
            self.all = True
            self.number = 2 if token.text in _TWO else self.number
        elif token.has(Tag.THESE) and token.text not in {"this", "here", "next"}:
            self.these = True
        elif token.has(Tag.THE):
            self.definite = True
        elif token.text not in _OF:
            if token.has(*_OTHER_ROLES) or self.is_told:
                return False
            self.words.append(token.text)
            return True
        self.first = position
        return True


_OTHER_ROLES = (
    Tag.READ, Tag.CHANGE, Tag.TEST, Tag.WRITE, Tag.COMPARE, Tag.WITH, Tag.QUESTION, Tag.A, Tag.FOR, *NOUNS,
)  # fmt: skip


def _reference(tokens: tuple[Token, ...], index: int, nouns: tuple[Tag, ...]) -> Reference | None:
    found = _Quantity(index)
    start = index - 1
    if nouns == (Tag.LOOP,) and start >= 0 and tokens[start].text in _LOOPS:
        found.words.append(tokens[start].text)
        start -= 1
    for position in range(start, max(-1, start - _WINDOW), -1):
        if _ends_phrase(tokens, position) or not found.take(tokens[position], position):
            break
    last = index
    while last + 1 < len(tokens) and tokens[last + 1].text in _CLOSE_BEHIND:
        last += 1
    second = last + 2 + (last + 2 < len(tokens) and tokens[last + 2].has(Tag.THE))
    if second < len(tokens) and tokens[last + 1].has(Tag.AND) and (more := [t for t in NOUNS if t in tokens[second].tags]):
        nouns, last = (*nouns, *more[:1]), second
    _look_behind(found, tokens[last + 1 : last + 5])
    plural = (
        tokens[index].has(Tag.PLURAL)
        or tokens[index].text == "ones"
        or not tokens[index].text.isascii()
        or found.number is not None
    )
    if not (found.each or found.all or (plural and (found.these or found.definite or found.number is not None))):
        return None
    return Reference(
        nouns, found.first, last, found.each, found.all, found.these or found.definite, found.number, tuple(found.words)
    )


def _ends_phrase(tokens: tuple[Token, ...], position: int) -> bool:
    token = tokens[position]
    if token.text in _BOUNDARY or token.text == "," or token.text in _SINGULAR:
        return True
    if token.has(Tag.ALIKE) and token.has(Tag.PLURAL) and not token.has(*NOUNS):
        return True
    return token.has(Tag.AND) and position > 0 and tokens[position - 1].has(*NOUNS)


def _look_behind(found: _Quantity, behind: tuple[Token, ...]) -> None:
    """Take "below", "above" and "each" behind the noun."""
    for position, token in enumerate(behind):
        if position == 0 and token.number is not None and found.number is None and token.text[:1] in _HAN_DIGITS:
            # "カーネル3本を", "函数三个"
            found.number = token.number
            found.definite = True
            continue
        if token.text in _BOUNDARY or token.text == "," or token.has(Tag.READ, Tag.CHANGE):
            break
        if token.text in {"each", "individually", "separately", "それぞれ", "分别"} and position < 2:
            found.each = True
        elif token.has(Tag.THESE) and token.text not in {"this", "next"}:
            found.these = True


def _pronouns(tokens: tuple[Token, ...]) -> Iterator[Reference]:
    """``both``, ``these``, ``each of them``; a noun that is not known behind "both" or "these N" is taken for one."""
    for index, token in enumerate(tokens):
        if token.text in _EVERYTHING and index + 1 < len(tokens) and _is_limited(tokens[index + 1]):
            yield Reference((), index, index, False, True, False, None, ())
            continue
        plural = token.text in _PLURAL_ONLY
        each = token.has(Tag.EACH) and not token.has(Tag.THAT)
        if not plural and not each and not token.has(Tag.ALL) and token.text not in _THEM:
            continue
        behind = tokens[index + 1 : index + 5]
        if each and behind and behind[0].text in {"other", "andere", "otro"}:
            continue
        if token.text in _THEM and _is_object(tokens, index):
            yield Reference((), index, index, False, False, True, None, (), is_back=True)
            continue
        stated = behind[:3] if not each or (behind and behind[0].text == "of") else ()
        number = 2 if token.text in _TWO else next((one.number for one in stated if one.number is not None), None)
        is_object = _is_object(tokens, index)
        goes_on = bool(behind) and (behind[0].text in {"of", "one", "von", "de", "из", "a"} or behind[0].text in _GOES_ON)
        if plural:
            bare = (
                not behind
                or not behind[0].is_word
                or behind[0].text in _ADVERBS
                or behind[0].has(Tag.FOR, Tag.THESE, Tag.THEM, Tag.AND, Tag.CHANGE, Tag.WRITE, Tag.WITH, Tag.POLITE, Tag.THEN)
            )
            if (bare and is_object) or goes_on or (number is not None and is_object):
                yield Reference((), index, index + (0 if bare or goes_on else 1), False, token.has(Tag.ALL), True, number, ())
        elif token.has(Tag.ALL) and behind and behind[0].number is not None and not any(one.has(*NOUNS) for one in behind[1:3]):
            yield Reference((), index, index + 1, False, True, False, behind[0].number, ())
        elif (each and (goes_on or is_object or _counted_behind(behind))) or (token.has(Tag.ALL) and goes_on):
            yield Reference((), index, index, each, not each, False, number or (_counted_behind(behind) if each else None), ())


_HAN_DIGITS = frozenset("2345678923456789二两兩三四五六七八九")
_ADVERBS = frozenset("by as into onto manually first again please properly mit en a con на в auf".split())


def _counted_behind(behind: tuple[Token, ...]) -> int | None:
    """ "Each of the three units": the number before a noun that is not known."""
    if not behind or behind[0].text not in _OF:
        return None
    return next((token.number for token in behind[1:] if token.number is not None), None)


def _is_limited(token: Token) -> bool:
    """ "Everything except main", "everything in this file"."""
    return token.has(Tag.EXCEPT) or token.text in {"in", "from", "above", "below", "here", "underneath"}


def _is_object(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a pronoun is what a verb or "for" acts on, or begins the sentence; "8 ranks each" and "and both hang" are not."""
    before = tokens[index - 1] if index else None
    if before is None or not before.text.isascii():
        return True
    return before.has(Tag.READ, Tag.CHANGE, Tag.TEST, Tag.WRITE, Tag.FOR, Tag.ALL, Tag.EACH) or before.text in {
        ":",
        "do",
        "does",
        "are",
        "can",
        "of",
    }


def separates(token: Token) -> bool:
    """Whether a token stands between the elements of a series."""
    return token.text in {",", "、", "，"} or token.has(Tag.AND)
