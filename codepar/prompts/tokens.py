"""Sentences of a request as tokens with tags: the one view that all rules of prose share, whatever the language.

Offsets are characters of the prompt. Limits: no grammar; a word is what the lexicon says of it, mistyped words of six letters or
more are matched with one letter wrong, missing, doubled or swapped.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, wraps
from typing import TypeVar, cast

from codepar.prompts.alternation import any_of
from codepar.prompts.blocks import FILE_NAME
from codepar.prompts.lexicon import EXACT, IDEOGRAPHIC, STEMS, Tag
from codepar.prompts.numerals import HAN_NUMBER, NUMBER, value_of

_HAN = r"\u3040-\u30ff\u3400-\u9fff\uff10-\uff19"
_COUNTED = (
    "つ|個|个|种|種|条|條|道|首|段|份|篇|句|件|本|通り|点|項目|項|款|套|类|問|问|位|例|行"
    "|组|文|関数|ファイル|函数|文件|案|部|冊|册|曲|则|枚|张|家"
)
_HAN_COUNTED = rf"{HAN_NUMBER}(?=\s*{any_of(_COUNTED.split('|'))})"
_HAN_KNOWN = any_of(IDEOGRAPHIC)
# What all of these begin with; most words are told by their first letter.
_HAN_FIRST = r"(?=[\u2e80-\u9fff\uff00-\uffef0-9])"
_TOKEN = re.compile(
    rf"(?P<quoted>`[^`\n]+`)|(?P<suffix>(?<![\w.*/])\*?\.(?:c|h|hpp|cpp|cc|cu|f90|py)\b)|(?P<file>(?=[\w+\-/]*\.){FILE_NAME})"
    rf"|(?P<han>{_HAN_FIRST}(?:{_HAN_COUNTED}|{_HAN_KNOWN}))"
    rf"|(?P<number>(?<![\w.\-+#]){NUMBER}(?![\w]|[.:/*×^]\d|,\d{{3}}(?!\d)|-[^\W\d]|%))"
    rf"|(?P<figure>(?<![\w.])[0-9]+(?:,[0-9]{{3}}(?![0-9])|[.:/×^*][0-9]+)*(?:-?[^\W\d_{_HAN}]+|%)*)"
    rf"|(?P<word>[^\W\d{_HAN}](?:[^\W{_HAN}]|(?:::~?|\.|->)(?=[A-Za-z_])|['’\-](?=[^\W\d_]))*(?:\(\))?)"
    rf"|(?P<kana>(?:(?!{_HAN_KNOWN})[ァ-ヺー])+)"
    rf"|(?P<other>[{_HAN}]|->|=>|→|[^\w\s])",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(
    r"[.!?](?:[\"')\]*]*)(?=\s|$)|[。！？]|[?!](?=\w{0,12} ?[぀-ヿ一-鿿])|\n[ \t]*\n"
    r"|\n(?=[ \t]*(?:[-*+•]|\(?\d{1,2}[.)])[ \t])|(?<=[:：])[ \t]*\n"
    r"|(?<=[^,\n])\n(?=(?:how|what|why)\s)|\n(?=[ \t]*(?:> |#\d))"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|ca|resp|approx|bzw|z\.B|p\.ej|т\.д|т\.е|Dr|Mr|No|Fig|Eq)|(?<![\w.])[A-Z])\Z", re.IGNORECASE
)
# "(max. 100 words)", "Fig. 3".
_BEFORE_NUMBER = re.compile(r"\b(?:max|min|fig|sec|tab|nr|art|vol)\Z", re.IGNORECASE)
_DIGIT = re.compile(r"\s*\d")
# Behind a full stop within quotes the sentence goes on.
_GOES_ON = re.compile(r"[ \t]+(?:[a-zäöüа-я]|[,;/])")
_NO_TAGS: frozenset[Tag] = frozenset()
_VERBS = frozenset({Tag.READ, Tag.CHANGE, Tag.TEST})
_TYPO_LENGTH = 6
_LONGEST_WORD = 40
_REMEMBERED = 50_000
# What goes on for longer is no sentence; its beginning tells what it asks.
_READ = 4000
_SHARED = 8000


@dataclass(slots=True, eq=False)
class Token:
    """A word, number, figure ("3D", "11.8"), quoted name or mark. ``text`` is in lower case unless it is quoted or a file's name.

    Not frozen, since there are hundreds in a request, and frozen ones take three times as long to make.
    """

    text: str
    start: int
    end: int
    tags: frozenset[Tag] = _NO_TAGS
    number: int | None = None
    quoted: bool = False
    is_file: bool = False

    def has(self, *tags: Tag) -> bool:
        """Whether it has one of them."""
        return not self.tags.isdisjoint(tags)

    @property
    def is_word(self) -> bool:
        return self.text[:1].isalnum() or self.quoted


_PLAIN = re.compile(r"[a-z]+")
_STEM = 4


def stems_of(text: str) -> frozenset[str]:
    """The first four letters of each word of a text in ASCII: a quick look before a long pattern."""
    return frozenset(word[:_STEM] for word in _PLAIN.findall(text.lower()))


class Tokens:
    """The tokens of some stretches of a prose, made once. Those of a long prose are not, for little of it is looked at."""

    def __init__(self, prose: str, stretches: Iterable[tuple[int, int]]) -> None:
        self._prose = prose
        self._stretches = stretches

    @cached_property
    def all(self) -> tuple[Token, ...]:
        """All of them."""
        return tuple(token for low, high in self._stretches for token in tokens_of(self._prose, low, high))

    @cached_property
    def _starts(self) -> list[int]:
        return [token.start for token in self.all]

    def between(self, start: int, end: int) -> tuple[Token, ...]:
        """Those from ``start`` to ``end``."""
        if len(self._prose) <= _SHARED:
            low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
            if (low == 0 or self.all[low - 1].end <= start) and (high == 0 or self.all[high - 1].end <= end):
                return self.all[low:high]
        return tuple(tokens_of(self._prose, start, end))


class Sentence:
    """A sentence of the prompt: characters ``start`` to ``end``. ``known``: the tokens of the prose, where they are at hand."""

    def __init__(self, prose: str, start: int, end: int, known: Tokens | None = None) -> None:
        self.start = start
        self.end = end
        self.text = prose[start : min(end, start + _READ)]
        self._prose = prose
        self._known = known
        # What functions of a sentence alone found; they are asked often.
        self.remembered: dict[str, object] = {}

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        end = min(self.end, self.start + _READ)
        if self._known is not None:
            return self._known.between(self.start, end)
        return tuple(tokens_of(self._prose, self.start, end))

    def within(self, start: int, end: int) -> tuple[Token, ...]:
        """The tokens between two offsets."""
        return tuple(token for token in self.tokens if start <= token.start and token.end <= end)

    @cached_property
    def stems(self) -> frozenset[str] | None:
        """The beginnings of its words; None where it is not in ASCII, so that they do not tell all."""
        return stems_of(self.text) if self.text.isascii() else None

    def has(self, *tags: Tag) -> bool:
        """Whether a token has one of them."""
        return not self._tags.isdisjoint(tags)

    @cached_property
    def _tags(self) -> frozenset[Tag]:
        return frozenset[Tag]().union(*(token.tags for token in self.tokens))

    @property
    def is_question(self) -> bool:
        return self.text.rstrip("\"')* ").endswith(("?", "？"))

    @property
    def announces(self) -> bool:
        """Whether it ends in a colon, so that what follows belongs to it."""
        return self.text.rstrip("*_ \t\n").endswith((":", "："))


_T = TypeVar("_T")


def once(function: Callable[[Sentence], _T]) -> Callable[[Sentence], _T]:
    """A function of a sentence that is worked out once for each."""
    name = function.__qualname__

    @wraps(function)
    def remembering(sentence: Sentence) -> _T:
        if name not in sentence.remembered:
            sentence.remembered[name] = function(sentence)
        return cast("_T", sentence.remembered[name])

    return remembering


def sentences_of(prose: str, start: int, end: int, known: Tokens | None = None) -> list[Sentence]:
    """The sentences between two offsets; blank ones are left out."""
    found, position = list[Sentence](), start
    for match in _SENTENCE_END.finditer(prose, start, end):
        if match[0].startswith(".") and _ABBREVIATION.search(prose, max(start, match.start() - 6), match.start()):
            continue
        if (
            match[0] == "."
            and _BEFORE_NUMBER.search(prose, max(start, match.start() - 4), match.start())
            and _DIGIT.match(prose, match.end())
        ):
            continue
        if match[0][-1:] in "\"')" and _GOES_ON.match(prose, match.end()):
            continue
        _append(found, prose, position, match.end(), known)
        position = match.end()
    _append(found, prose, position, end, known)
    return found


def _append(found: list[Sentence], prose: str, start: int, end: int, known: Tokens | None) -> None:
    text = prose[start:end]
    if text.strip():
        found.append(Sentence(prose, start + len(text) - len(text.lstrip()), start + len(text.rstrip()), known))


def tokens_of(prose: str, start: int, end: int) -> Iterator[Token]:
    """The tokens between two offsets."""
    for match in _TOKEN.finditer(prose, start, end):
        text, kind = match[0], match.lastgroup
        low, high = match.span()
        if kind == "word":
            word = text.lower().replace("’", "'")
            tags = tags_of(word.removesuffix("()")) if len(word) <= _LONGEST_WORD else _NO_TAGS
            yield Token(word, low, high, tags)
        elif kind == "other":
            yield Token(text, low, high, tags_of(text))
        elif kind == "quoted":
            yield Token(text.strip("`").strip(), low, high, quoted=True)
        elif kind == "file":
            yield Token(text, low, high, is_file=True)
        elif kind == "han":
            yield Token(text, low, high, frozenset(IDEOGRAPHIC.get(text, ())), value_of(text))
        elif kind == "number":
            yield Token(text.lower(), low, high, tags_of(text.lower()), value_of(text))
        else:
            yield Token(text, low, high, tags_of(text))


def may_ask(text: str) -> bool:
    """A quick look: False for a sentence that surely asks nothing and speaks of no piece, as most of a long text."""
    if not text.isascii() or not _SIGNS.isdisjoint(text):
        return True
    return not _signals().isdisjoint(word.strip(".,;:()!*'").lower() for word in text.split())


_SIGNS = frozenset('?`"0123456789_<>{}')


@cache
def _signals() -> frozenset[str]:
    """The words that a request cannot do without."""
    roles = {Tag.READ, Tag.CHANGE, Tag.TEST, Tag.WRITE, Tag.COMPARE, Tag.EACH, Tag.ALL, Tag.FUNCTION, Tag.KERNEL, Tag.SUBROUTINE}
    roles |= {Tag.METHOD, Tag.CLASS, Tag.STRUCT, Tag.LOOP, Tag.FILE, Tag.SNIPPET, Tag.TASK, Tag.EXCEPT, Tag.THEN}
    said = {
        "share",
        "shared",
        "total",
        "two",
        "only",
        "ignore",
        "leave",
        "different",
        "unique",
        "same",
        "please",
        "order",
        "altogether",
    }
    return frozenset(word for word, tags in EXACT.items() if tags & roles) | said


@cache
def _misspelt() -> dict[str, str]:
    """Every word of six letters or more with one letter left out, and the word."""
    found: dict[str, str] = {}
    for word in EXACT:
        if len(word) >= _TYPO_LENGTH - 1 and word.isascii() and word.isalpha():
            for index in range(1, len(word)):
                found.setdefault(word[:index] + word[index + 1 :], word)
    return found


@lru_cache(_REMEMBERED)
def tags_of(word: str) -> frozenset[Tag]:
    """What the lexicon says of a word in lower case."""
    if word in EXACT:
        return frozenset(EXACT[word])
    for length in range(len(word), 2, -1):
        if word[:length] in STEMS:
            return frozenset(STEMS[word[:length]])
    if "-" in word and (behind := EXACT.get(word.rsplit("-", 1)[1], set()) & _VERBS):
        # "MPI-parallelise", "unit-test"
        return frozenset(behind)
    if len(word) >= _TYPO_LENGTH - 1 and word.isascii() and word.isalpha():
        return _near(word)
    return _NO_TAGS


def _near(word: str) -> frozenset[Tag]:
    """The tags of a word that differs by one letter (or two swapped ones) and begins alike."""
    if word.endswith("er") and word[:-1] in EXACT:
        # "The analyser" is no slip of "analyse".
        return _NO_TAGS
    misspelt = _misspelt()
    plural = misspelt.get(word)
    if plural is not None and len(word) >= _TYPO_LENGTH and plural[-1] == word[-1]:
        return frozenset(EXACT[plural])
    for index in range(1, len(word)):
        shorter = word[:index] + word[index + 1 :]
        if shorter in EXACT and len(shorter) >= _TYPO_LENGTH - 1:
            return frozenset(EXACT[shorter])
        candidate = misspelt.get(shorter)
        if (
            candidate is not None
            and len(candidate) == len(word)
            and len(word) >= _TYPO_LENGTH - (sorted(candidate) == sorted(word))
        ):
            return frozenset(EXACT[candidate])
    candidate = misspelt.get(word)
    return frozenset(EXACT[candidate]) if candidate is not None and len(word) >= _TYPO_LENGTH else _NO_TAGS
