"""A number of things that a request says it shows, and another that it shows: "the three dishes below", and five follow.

Limits: the number stands behind a word that points ("these", "the", "following", "here are") and before a noun; what is counted
is not compared with what follows by its sense; elements of prose alone.
"""

from __future__ import annotations

from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Kind, Reading
from codepar.prompts.tokens import Sentence

_POINTING = frozenset("are sind son hier following folgende folgenden siguientes следующие следующих".split())
_ONE_OF = frozenset("of von de из".split())
_UNITS_OF_TEXT = frozenset(
    "sentence sentences word words line lines paragraph paragraphs times ways weeks days hours minutes".split()
)
_MOST = 20
_NEAR = 4


def counted_otherwise(discourse: Discourse, reading: Reading) -> tuple[int, int] | None:
    """The number that is said and the one that is shown, where they differ."""
    if reading.kind is not Kind.WORDS or reading.instructions:
        return None
    shown = len({element.place for element in reading.elements})
    lead = next((s for s in reversed(discourse.spoken) if s.start < reading.start), None)
    said = set(_numbers(lead)) if lead is not None else set()
    return (said.pop(), shown) if len(said) == 1 and shown not in said else None


def _numbers(sentence: Sentence) -> list[int]:
    tokens = sentence.tokens
    found = []
    for index, token in enumerate(tokens):
        if token.number is None or not 1 < token.number <= _MOST or token.has(Tag.ALL) or not index:
            continue
        before, behind = tokens[index - 1], tokens[index + 1 : index + 1 + _NEAR]
        points = before.has(Tag.THESE, Tag.THE) or before.text in _POINTING
        if not points or (behind and behind[0].text in _ONE_OF):
            continue
        if behind and behind[0].is_word and behind[0].number is None and not any(_is_measure(t.text, t.tags) for t in behind[:2]):
            found.append(token.number)
    return found


def _is_measure(text: str, tags: frozenset[Tag]) -> bool:
    return Tag.MEASURE in tags or text in _UNITS_OF_TEXT
