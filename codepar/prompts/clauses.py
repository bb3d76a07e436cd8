"""The clauses of a request where a wish may begin: sentences, and what follows commas, semicolons, dashes and conjunctions.

Quotes and parentheses are kept whole. Limits: a clause is told by marks and words, not by grammar; the first few hundred of a
long text are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codepar.prompts.discourse import Discourse
from codepar.prompts.heads import ASKING, Head, head_of, without_lead
from codepar.prompts.series import HIDDEN
from codepar.prompts.tokens import Sentence, Token

_CUT = re.compile(
    r"(?=[\s;；,，、:：和.])(?:\s*[;；]\s*(?:(?:and|und|y|и|plus)(?=\s))?\s*|\s*,(?=\s|[^\x00-\x7f])\s*(?:(?:and|und|y|e|и|plus"
    r"|sowie|&)(?=\s))?\s*|[，、]\s*"
    r"|\s+(?:and|plus|und|sowie|y|e|и|\+|&|as well as|а также)(?=\s)\s*|\s+[—–-]\s+|\s*\.\.\.\s*|:\s+|：\s*|和"
    r"|\s+(?=(?:number (?:two|three|2|3)|1st|2nd|3rd|4th|then|also (?:an?|some|how|what|the))\b))",
    re.IGNORECASE,
)
_PLAIN_LEAD = re.compile(r"\b(?:and|und|y|e|и|plus|or)\b", re.IGNORECASE)
_MIND = re.compile(r"\bmind\s*\Z", re.IGNORECASE)
_PLACE = 7
_MOST = 200


@dataclass(frozen=True, slots=True)
class Clause:
    """Characters ``low`` to ``high``; ``start`` is behind conjunctions and polite words (``lead``). ``cut``: the mark before
    it: ``S`` for a sentence, a mark, or ``and``. ``line``: the number of its sentence among those spoken."""

    low: int
    start: int
    high: int
    cut: str
    lead: str
    line: int
    sentence: Sentence
    text: str
    tokens: tuple[Token, ...]
    head: Head

    @property
    def is_first(self) -> bool:
        return self.cut == "S"


def clauses_of(discourse: Discourse) -> list[Clause]:
    """The clauses in which a wish may begin, in order; worked out once for each request."""
    if discourse.clauses is None:
        discourse.clauses = _clauses(discourse)
    return discourse.clauses


def _clauses(discourse: Discourse) -> list[Clause]:
    found = list[Clause]()
    for line, sentence in enumerate(discourse.spoken):
        needs = False
        for clause in _in_sentence(discourse.prose, sentence, line):
            if clause.is_first or _may_begin(clause) or (needs and not clause.text.isascii() and not clause.tokens[0].tags):
                found.append(clause)
                needs = clause.head is Head.NEED or needs
        if len(found) > _MOST:
            break
    return found


def _may_begin(clause: Clause) -> bool:
    if clause.head in ASKING or clause.cut == ";":
        return True
    return clause.cut != "and" and any(letter.isalpha() for letter in _PLAIN_LEAD.sub("", clause.lead))


def _in_sentence(prose: str, sentence: Sentence, line: int) -> Iterator[Clause]:
    hidden = HIDDEN.sub(lambda match: "x" * len(match[0]), sentence.text)
    cuts = [m for m in _CUT.finditer(hidden) if m.start() < m.end() < len(hidden)]
    begins = [(0, "S"), *((cut.end(), _kind(cut[0])) for cut in cuts)]
    ends = [*(cut.end() for cut in cuts), len(hidden)]
    tokens = sentence.tokens
    held: tuple[int, str] | None = None
    place: int | None = None
    minds = False
    for own, high in zip(begins, ends, strict=True):
        low, kind = held or own
        begin, end = sentence.start + low, sentence.start + high
        start = place if place is not None else without_lead(prose, begin, end)
        words = tuple(token for token in tokens if sentence.start + own[0] <= token.start < end and token.start >= start)
        # What is only a lead goes with the clause behind it.
        held = None if words else (low, kind)
        if not words:
            continue
        text = prose[words[0].start : end]
        head = head_of(text, words)
        minds = minds or _MIND.search(prose, begin, start) is not None
        head = Head.VERB if minds and head is Head.GERUND else head
        if place is None and _is_place(head, words, text) and high < len(hidden):
            # "In LAMMPS, what does ...": where, before what is asked; behind a colon it is no part of the wish.
            held, place = ((low, kind), start) if text.rstrip().endswith(",") else (None, None)
            continue
        place = None
        yield Clause(begin, start, end, kind, prose[begin:start].lower(), line, sentence, text, words, head)


def _is_place(head: Head, words: tuple[Token, ...], text: str) -> bool:
    return head is Head.PREPOSITION and len(words) <= _PLACE and text.rstrip().endswith((",", ":"))


def _kind(cut: str) -> str:
    mark = cut.strip()
    first = mark[:1]
    if first and first in ",，、":
        return "," if len(mark) == 1 else ",and"
    if first and first in ";；":
        return ";"
    if first and first in ":：":
        return ":"
    return "-" if first and first in "—–-." else "and"
