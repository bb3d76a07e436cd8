"""Requests that say of each piece of code what is wanted of it: "scale in CUDA and total in OpenMP", "`f`: CUDA. `g`: OpenMP."

A clause is what stands between commas, full stops and conjunctions; each must speak of one piece by its name, no two of the same.
Limits: what a clause says is not understood, only that it says something.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codepar.prompts.acts import asks_for, is_statement
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_sense import is_command
from codepar.prompts.lists import trimmed
from codepar.prompts.names import name_of
from codepar.prompts.reading import Element, Found, Kind, Reading
from codepar.prompts.series import HIDDEN
from codepar.prompts.tokens import Sentence

_CUT = re.compile(
    r"\s*[,;.](?=\s|\Z)(?:\s*(?:and|while|but|plus|und|y|и|а)(?=\s))?\s*|\s+(?:and|while|und|y|и|а)(?=\s)\s*|[，；。]|\n+",
    re.IGNORECASE,
)
_KEPT_OUT = re.compile(
    r"\b(?:except|don'?t|do not|leave|ignore|skip|untouched|unchanged|as is|alone|stays?|is fine|then|after that"
    r"|afterwards|calls?"
    r"|results?|nicht anfassen|danach|luego|потом|затем|не трогай)\b|然后|その後",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?:the|die|das|la|el) (?P<word>first|second|third|fourth|last|1st|2nd|3rd|4th|erste|zweite|dritte|primera|segunda"
    r"|tercera)\b"
    r"(?! (?:argument|parameter|line|time|element|half|of|two|three|and|or)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Clause:
    """Characters of a clause, the name it speaks of, and whether that stands at its beginning."""

    start: int
    end: int
    name: str
    place: int


def read_clauses(discourse: Discourse) -> Found:
    """Clauses of one sentence, or short sentences in a row, each about another piece."""
    named = {s: len(_names(discourse, s)) for s in discourse.spoken}
    if sum(named.values()) < 2:
        return None
    wishes = [s for s in discourse.spoken if named[s] and not is_statement(s)]
    for sentence in wishes:
        if named[sentence] > 1 and (clauses := _clauses(discourse, [sentence])) is not None:
            return _reading(discourse, clauses)
    clauses = _clauses(discourse, wishes) if len(wishes) > 1 else None
    return _reading(discourse, clauses) if clauses else None


def _clauses(discourse: Discourse, sentences: Sequence[Sentence]) -> list[_Clause] | None:
    """The clauses of sentences; None unless each speaks of one piece and of another one than the rest."""
    found: list[_Clause] = []
    for sentence in sentences:
        if (
            (sentence.is_question and not is_command(discourse, sentence.start, sentence.end))
            or compares(sentence, 0)
            or not asks_for(sentence)
            or _KEPT_OUT.search(sentence.text)
        ):
            return None
        for low, high in _cuts(sentence):
            names = _names(discourse, discourse.sentence(low, high))
            if len(names) > 1 or (not names and not found):
                return None
            if names:
                ((name, place),) = names.items()
                found.append(_Clause(low, high, name, place))
            else:
                last = found.pop()
                found.append(_Clause(last.start, high, last.name, last.place))
    if len(found) < 2 or len({clause.name for clause in found}) < len(found):
        return None
    return found if all(_says_something(discourse, clause) for clause in found) and not _say_the_same(discourse, found) else None


def _cuts(sentence: Sentence) -> list[tuple[int, int]]:
    hidden = HIDDEN.sub(lambda match: match[0] if match[0][0] == "`" else "x" * len(match[0]), sentence.text)
    bounds = [0, *(place for cut in _CUT.finditer(hidden) for place in cut.span()), len(hidden)]
    parts = zip(bounds[::2], bounds[1::2], strict=True)
    return [(sentence.start + low, sentence.start + high) for low, high in parts if hidden[low:high].strip()]


def _names(discourse: Discourse, sentence: Sentence) -> dict[str, int]:
    """The pieces that a sentence names, with the place of the first mention."""
    found: dict[str, int] = {}
    for token in sentence.tokens:
        name = name_of(token).lower()
        if name in discourse.symbols or token.is_file:
            found.setdefault(name, token.start)
    if not found and discourse.request.sources:
        found = {match["word"].lower(): sentence.start + match.start("word") for match in _ORDINAL.finditer(sentence.text)}
    return found


def _says_something(discourse: Discourse, clause: _Clause) -> bool:
    """Whether a clause has a word of its own behind the name."""
    named = discourse.sentence(clause.place, clause.end).tokens
    end = named[0].end if named else clause.end
    behind = discourse.sentence(end, clause.end).tokens
    nothing = (Tag.POLITE, Tag.AND, Tag.THEM, Tag.EACH, Tag.ALL)
    return any(t.is_word and not t.has(*nothing) and t.text not in _TOO for t in behind)


def _say_the_same(discourse: Discourse, clauses: list[_Clause]) -> bool:
    texts = {discourse.prose[c.start : c.end].lower().replace(c.name, "", 1).strip(" `") for c in clauses}
    return len(texts) == 1


def _reading(discourse: Discourse, clauses: list[_Clause]) -> Reading:
    """The clauses as instructions; what is said once for all before the first name is left out."""
    prose = discourse.prose
    first, second = clauses[0], clauses[1]
    gap = prose[second.start : second.place].strip(" `").lower()
    begin = first.start
    if not gap and prose[first.start : first.place].strip(" `").lower() not in _PREPOSITIONS:
        begin = first.place - (prose[first.place - 1 : first.place] == "`")
    elif gap in _PREPOSITIONS:
        place = prose.lower().rfind(gap, first.start, first.place)
        begin = place if place >= 0 else begin
    bounds = [(begin, first.end), *((c.start, c.end) for c in clauses[1:])]
    elements = []
    for low, high in (trimmed(prose, *bound) for bound in bounds):
        elements.append(Element(discourse.request.place(low, high), discourse.request.prompt[low:high]))
    return Reading(Kind.WORDS, tuple(elements), Tag.CHANGE, begin, clauses[-1].end, instructions=True)


_TOO = frozenset({"too", "as", "well", "likewise", "auch", "también", "тоже"})
_PREPOSITIONS = frozenset({"for", "in", "für", "para", "для"})
