"""The prose of a request in order: its lists, and the sentences around and between their elements.

Limits: a sentence that runs on after a list without a blank line is the list's.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from codepar.prompts.acts import is_statement
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import Listing, line_lists
from codepar.prompts.reading import Found
from codepar.prompts.request import Request
from codepar.prompts.tokens import Sentence, Tokens, may_ask, sentences_of

if TYPE_CHECKING:
    from codepar.prompts.clause_model import Scored
    from codepar.prompts.clauses import Clause

# A wish is said at the beginning or at the end; what lies between in a text of thousands of sentences is data.
_FEW = 24
_NEAR = 4
_FIRST = 300
_LAST = 60
# A single quote opens before a word and closes behind one; between letters it is an apostrophe.
_OPENING = re.compile(r"(?:(?<=[\s:(])|\A)'(?=[^\W\d])")
_CLOSING = re.compile(r"(?<=[\w.!?])'(?!\w)")
_DOUBLE = re.compile('"')
_PAIRS = ((_OPENING, _CLOSING), (re.compile("“"), re.compile("”")), (re.compile("«"), re.compile("»")))


@dataclass(frozen=True, slots=True)
class _Quotes:
    """Where the quotes of a stretch of prose open and close, each kind by itself; ``double`` does both."""

    low: int
    high: int
    double: tuple[int, ...]
    pairs: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    @classmethod
    def of(cls, prose: str, low: int, high: int) -> _Quotes:
        text = prose[low:high]

        def places(pattern: re.Pattern[str]) -> tuple[int, ...]:
            return tuple(low + match.start() for match in pattern.finditer(text))

        pairs = tuple((places(opens), places(closes)) for opens, closes in _PAIRS)
        return cls(low, high, places(_DOUBLE), pairs)

    def are_open_at(self, offset: int) -> bool:
        unpaired = any(bisect_left(opens, offset) > bisect_left(closes, offset) for opens, closes in self.pairs)
        return unpaired or bisect_left(self.double, offset) % 2 == 1


class Discourse:
    """The prose of ``request``."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.prose = request.prose
        self.wishes: list[Found] = []
        """What the reader of wishes found, once it was asked."""
        self.clauses: list[Clause] | None = None
        """Its clauses, once they were asked for."""
        self.scored: list[Scored] | None = None
        """What the model of clauses says of them, once it was asked."""
        self.begun_alike: dict[tuple[int, bool], float] = {}
        """By a list's start: the share of its elements that begin with a command (True) or ask."""

    @cached_property
    def lists(self) -> tuple[Listing, ...]:
        return tuple(line_lists(self.request.prompt, self.prose, self.request.blocks, self.request.stretches))

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens outside the blocks of code."""
        return Tokens(self.prose, self.request.stretches)

    def sentence(self, start: int, end: int) -> Sentence:
        """Characters of the prose, read as a sentence."""
        return Sentence(self.prose, start, end, self.tokens)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences outside the lists."""
        return tuple(sentence for low, high in self.stretches for sentence in sentences_of(self.prose, low, high, self.tokens))

    @cached_property
    def spoken(self) -> tuple[Sentence, ...]:
        """The sentences that do not stand inside quotes: a text in quotes was given to be worked on."""
        sentences = self.sentences
        if len(sentences) > _FEW:
            sentences = tuple(sentence for sentence in sentences if may_ask(sentence.text))
        if len(sentences) > _FIRST + _LAST:
            sentences = sentences[:_FIRST] + sentences[-_LAST:]
        return tuple(sentence for sentence in sentences if not self.is_quoted(sentence.start))

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The names of the pieces of code, in lower case."""
        codes = [source.code for source in self.request.sources if source.code is not None]
        return frozenset(u.name.lower() for code in codes for u in (*code.functions, *code.methods, *code.classes))

    def _asked(self, before: list[Sentence]) -> Sentence:
        """The last sentence; where that only tells something and announces nothing, the one before it that asks for several."""
        last = before[-1]
        if last.announces or not is_statement(last):
            return last
        return next(
            (s for s in reversed(before[-_NEAR:-1]) if not is_statement(s) and s.has(Tag.THESE, Tag.EACH, Tag.THEM)), last
        )

    def is_quoted(self, offset: int) -> bool:
        """Whether quotes are open at ``offset``."""
        quotes = next((one for one in self._quotes if one.low <= offset < one.high), None)
        return quotes is not None and quotes.are_open_at(offset)

    @cached_property
    def _quotes(self) -> tuple[_Quotes, ...]:
        return tuple(_Quotes.of(self.prose, low, high) for low, high in self.stretches)

    @cached_property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """The characters of prose between blocks of code and lists."""
        found: list[tuple[int, int]] = []
        for low, high in self.request.stretches:
            start = low
            for listing in self.lists:
                if listing.start >= high or listing.end <= start:
                    continue
                found.append((start, max(start, listing.start)))
                start = min(high, listing.end)
            found.append((start, high))
        return tuple((low, high) for low, high in found if self.prose[low:high].strip())

    def lead_of(self, listing: Listing) -> Sentence | None:
        """The last sentence before a list, unless a block of code stands between."""
        before = [sentence for sentence in self.sentences if sentence.end <= listing.start]
        if not before:
            return None
        last = self._asked(before)
        parted = any(last.end <= block.outer_start < listing.start for block in self.request.blocks)
        return None if parted else last
