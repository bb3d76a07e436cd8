"""How long an answer will be, in tokens, before it is asked: from the words of the template and the size of the item.

The rule: a length that the request states ("in one sentence", "in 50 words", "briefly") is taken; else the kind of request
decides. Changing code or text gives back about what came in; reading code, answering a question and writing something new have a
usual length each. Limits: a guess for the order of requests and for the choice between serial and parallel, no bound; the figures
are for instruct models of small to middle size.
"""

from __future__ import annotations

import re
from enum import StrEnum

from codepar.prompts.acts import act_of
from codepar.prompts.ask import DATA, fill
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Decomposition
from codepar.prompts.lexicon import Tag
from codepar.prompts.numerals import value_of
from codepar.prompts.plan import Plan
from codepar.prompts.request import Request

_ASCII_A_TOKEN = 3.4
_OTHERS_A_TOKEN = 1.4
_LEAST = 8
_SHORT = 400
_READ_ONE_BY_ONE = 64
_STATED_WITHIN = 600
_TEXT_CATEGORIES = frozenset({"Translation", "Language Correction"})
_WORD_CATEGORIES = frozenset({"Sentiment Analysis", "Keyword Extraction", "Named Entity Recognition"})
_NUMBER = r"(?P<n>\w+)"
_ONE = frozenset({"one", "a", "single", "short"})
# What the request says of length, and how many tokens each of the counted has.
_STATED = tuple(
    (re.compile(pattern, re.IGNORECASE), tokens)
    for pattern, tokens in (
        (rf"\b(?:in|within|up to|at most|under|below|max(?:imum)?\.?|about|around|of)\s+{_NUMBER}\s+words?\b", 1.4),
        (rf"\b{_NUMBER}[ -](?:short )?sentences?\b", 28.0),
        (rf"\b{_NUMBER}[ -](?:short )?paragraphs?\b", 110.0),
        (rf"\b{_NUMBER}[ -]lines?\b(?! \d)(?=.{{0,12}}(?:each|per|summar|descr|expl|comment|answer|only|$))", 18.0),
        (r"\bone[ -]liners?\b|\bin a (?:single )?(?:line|sentence)\b|一句话|一文で", 28.0),
        (r"\bin einem Satz\b|\ben una frase\b|\bодним предложением\b", 28.0),
        (r"\byes (?:or|/) ?no\b|\bone[ -]word\b|\bjust the name\b", 8.0),
        (r"\b(?:briefly|in brief|short(?:ly)?|concise(?:ly)?|kurz|brevemente|кратко)\b|简短|简要|簡潔", 90.0),
    )
)


def tokens_of(text: str) -> int:
    """About how many tokens a text has: the tokenizers of today's models differ by a tenth from it on code and prose."""
    plain = sum(map(str.isascii, text)) if not text.isascii() else len(text)
    return round(plain / _ASCII_A_TOKEN + (len(text) - plain) / _OTHERS_A_TOKEN)


def answer_lengths(found: Decomposition, plan: Plan) -> dict[str, int]:
    """Predicted tokens of each item's answer."""
    template = found.template or DATA
    words = fill(template, "")
    told, kind = stated_length(words), _kind(found, words)
    context = tokens_of(found.context or words)
    lengths = {}
    for place, step in enumerate(plan.steps):
        own = tokens_of(step.own)
        # A template without a verb of its own leaves it to the items; reading each of thousands would take longer than it saves.
        kind_here = kind or (_act(step.own) if place < _READ_ONE_BY_ONE and own < _SHORT else None) or _Kind.WRITE
        lengths[step.item] = told or stated_length(step.own[:_STATED_WITHIN]) or _usual(kind_here, own, context)
    return lengths


def stated_length(words: str) -> int | None:
    """Tokens that the request itself allows an answer; None where it says nothing of it."""
    for pattern, tokens in _STATED:
        for match in pattern.finditer(words):
            count = _count(match.groupdict().get("n") or "one")
            if count is not None:
                return max(_LEAST, round(tokens * count))
    return None


def _count(word: str) -> int | None:
    return 1 if word.lower() in _ONE else value_of(word)


class _Kind(StrEnum):
    """What comes back."""

    CODE = "code"
    TEXT = "text"
    TESTS = "tests"
    READ = "read"
    WRITE = "write"
    WORDS = "words"
    VARIANT = "variant"
    IDEA = "idea"


_ACTS = ((Tag.TEST, _Kind.TESTS), (Tag.CHANGE, _Kind.WRITE), (Tag.READ, _Kind.READ))


def _usual(kind: _Kind, own: int, context: int) -> int:
    match kind:
        case _Kind.CODE:
            return round(1.2 * own) + 90
        case _Kind.VARIANT:
            return round(1.2 * context) + 90
        case _Kind.IDEA:
            return 120
        case _Kind.TEXT:
            return round(1.1 * own) + 10
        case _Kind.TESTS:
            return round(1.2 * own) + 220
        case _Kind.READ:
            return 200 + min(150, own // 2)
        case _Kind.WORDS:
            return 30
    return 260


def _kind(found: Decomposition, words: str) -> _Kind | None:
    """The kind by the category and by the verb of the template; None where it has none."""
    if found.category in _TEXT_CATEGORIES:
        return _Kind.TEXT
    if found.category in _WORD_CATEGORIES:
        return _Kind.WORDS
    act = _act(words)
    if found.category == "Code Generation":
        return _Kind.CODE if act is _Kind.WRITE else act
    if found.category == "Repeated Generation":
        return _Kind.VARIANT if found.context or "```" in words else _Kind.IDEA
    return act


def _act(words: str) -> _Kind | None:
    acts = [act_of(sentence) for sentence in Discourse(Request(words, {})).sentences]
    for tag, kind in _ACTS:
        if tag in acts:
            return kind
    return None
