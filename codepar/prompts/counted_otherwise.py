"""A number of things that a request says it shows, and another that it shows: "the three dishes below", and five follow.

Limits: the number stands behind a word that points ("these", "the", "following", "here are") and before a noun; what is counted
is not compared with what follows by its sense; elements of prose alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Kind, Reading
from codepar.prompts.tokens import Token

_BOTH = frozenset("both beide beiden ambas ambos оба обе".split())
_ARE = frozenset("are sind".split())
_COPULAS = frozenset("are sind son".split())
_SUBJECTS = frozenset("there these those they here attached anbei enclosed es das dies estos estas".split())
_ATTACHED = frozenset("attached anbei enclosed".split())
_WISHES = frozenset("exercises tasks problems todos requests aufgaben ejercicios".split())
_POINTING = frozenset("are sind son hier following folgende folgenden siguientes следующие следующих".split())
_ONE_OF = frozenset("of von de из".split())
_UNITS_OF_TEXT = frozenset(
    "sentence sentences word words line lines paragraph paragraphs times ways weeks days hours minutes".split()
)
_SHOWN = frozenset("sentences sentence words".split())
"""What may be shown as well as be a length."""
_QUESTIONS = frozenset("questions fragen preguntas вопроса вопросов".split())
_PIECES = (Tag.FUNCTION, Tag.KERNEL, Tag.SUBROUTINE, Tag.LOOP, Tag.FILE, Tag.METHOD, Tag.CLASS, Tag.STRUCT, Tag.SNIPPET)
_WITHIN = frozenset("in of from within inside across von aus de en из в".split())
_VAGUE = frozenset({"couple"})
_MOST = 20
_NEAR = 4


def counted_otherwise(discourse: Discourse, reading: Reading) -> tuple[int, int] | None:
    """The number that is said and the one that is shown, where they differ."""
    if reading.kind is Kind.COUNT:
        return _told_one_by_one(discourse, reading)
    if reading.kind is not Kind.WORDS:
        return _pieces(discourse, reading)
    shown = len({element.place for element in reading.elements})
    lead = next((s for s in reversed(discourse.spoken) if s.start < reading.start), None)
    if lead is None:
        return None
    asking = all(element.name.rstrip().endswith(("?", "？")) for element in reading.elements)
    tokens = tuple(token for token in lead.tokens if token.start < reading.start)
    said = set(_tasks(tokens, asking=asking) if reading.instructions or asking else _numbers(tokens))
    return (said.pop(), shown) if len(said) == 1 and shown not in said else None


def _pieces(discourse: Discourse, reading: Reading) -> tuple[int, int] | None:
    """ "There are two loops in this function", "fix all three": a number of pieces that is not theirs."""
    shown = len(reading.elements)
    of_files = reading.kind is Kind.FILE
    said = {token for sentence in discourse.spoken for token in _numbers_of_pieces(sentence.tokens, of_files=of_files)}
    kinds = Counter(element.unit.kind for element in reading.elements if element.unit is not None)
    return (min(said), shown) if len(said) == 1 and said.isdisjoint({shown, *kinds.values()}) else None


def _numbers_of_pieces(tokens: tuple[Token, ...], *, of_files: bool) -> Iterator[int]:
    for index, token in enumerate(tokens):
        if token.number is None or not 1 < token.number <= _MOST:
            continue
        before, after = tokens[index - 1] if index else None, tokens[index + 1] if index + 1 < len(tokens) else None
        of_pieces = after is not None and after.has(*_PIECES)
        if before is None:
            points = token.text in _BOTH and of_pieces
        else:
            points = before.has(Tag.ALL, Tag.THESE, Tag.THE) or _points(tokens, index, of_pieces=of_pieces)
            points = points or (of_pieces and (token.text in _BOTH or before.text == "be"))
        # "Every loop in these two": what holds the pieces is counted.
        outer = tokens[index - 1] if token.text in _BOTH and index else tokens[index - 2] if index > 1 else None
        holds = not of_files and outer is not None and outer.text in _WITHIN
        attached = of_files and index > 1 and before is not None and before.text in _ARE and tokens[index - 2].text in _ATTACHED
        if attached or (points and not holds and (after is None or not after.is_word or of_pieces)):
            yield token.number


def says_these(discourse: Discourse) -> bool:
    """ "These three kernels": all that are shown are meant, not three of them."""
    rows = (zip(s.tokens, s.tokens[1:], s.tokens[2:], strict=False) for s in discourse.spoken)
    return any(a.has(Tag.THESE) and b.number is not None and c.has(*_PIECES) for row in rows for a, b, c in row)


def _points(tokens: tuple[Token, ...], index: int, *, of_pieces: bool) -> bool:
    """ "There are 15", "the files are two", but not "my students are 15"."""
    if tokens[index - 1].text not in _POINTING or of_pieces or tokens[index - 1].text not in _COPULAS:
        return tokens[index - 1].text in _POINTING
    subject = tokens[index - 2] if index > 1 else None
    return subject is None or not subject.is_word or subject.text in _SUBJECTS or subject.has(*_PIECES)


def _tasks(words: tuple[Token, ...], *, asking: bool) -> list[int]:
    """ "Answer these five:", "I have two questions:" before questions: how many wishes are announced."""
    found = []
    tokens = (None, *words, None)
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token is None or after is None or token.number is None or not 1 < token.number <= _MOST:
            continue
        announced = before is not None and before.has(Tag.THESE, Tag.THE) and (after.text == ":" or after.text in _WISHES)
        if announced or (asking and after.text in _QUESTIONS):
            found.append(token.number)
    return found


def _told_one_by_one(discourse: Discourse, reading: Reading) -> tuple[int, int] | None:
    """ "Five versions: one with tasks, one with scan": each of them is described, and they are fewer or more."""
    begin = min(element.place.start for element in reading.elements)
    shown = sum(element.place.start == begin for element in reading.elements)
    for sentence in discourse.spoken:
        place = discourse.request.place(sentence.start, sentence.end)
        text = sentence.text
        if place.start <= begin < place.end and text.count(":") == 1:
            parts = _PART.split(text.split(":")[1].strip(" .\n"))
            if len(parts) > 1 and len(parts) != shown and all(_ONE.match(part) for part in parts):
                return shown, len(parts)
    return None


_PART = re.compile(r",\s*(?:and |und |y )?|\s+(?:and|und|y)\s+(?=(?:one|eine?|una?)\b)", re.IGNORECASE)
_ONE = re.compile(r"(?:one|eine?r?|una?)\b", re.IGNORECASE)


def _numbers(tokens: tuple[Token, ...]) -> list[int]:
    found = []
    for index, token in enumerate(tokens):
        if token.number is None or not 1 < token.number <= _MOST or token.has(Tag.ALL) or not index or token.text in _VAGUE:
            continue
        before, behind = tokens[index - 1], tokens[index + 1 : index + 1 + _NEAR]
        points = before.has(Tag.THESE, Tag.THE) or before.text in _POINTING
        if not points or (behind and behind[0].text in _ONE_OF):
            continue
        here = before.has(Tag.THESE) or (before.has(Tag.THE) and tokens[-1].text == ":")
        is_length = any(_is_measure(t.text, t.tags) and not (here and t.text in _SHOWN) for t in behind[:2])
        if behind and behind[0].is_word and behind[0].number is None and not is_length:
            found.append(token.number)
    return found


def _is_measure(text: str, tags: frozenset[Tag]) -> bool:
    return Tag.MEASURE in tags or text in _UNITS_OF_TEXT
