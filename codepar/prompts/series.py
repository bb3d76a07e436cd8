"""Series within a sentence, cut into their elements: "a, b and c", "a; b; c", with what is written once for all left out.

Limits: whether a series is one of separate wishes is decided by its readers (``by_series``, ``by_target``, ``by_enumeration``).
"""

from __future__ import annotations

import re

from codepar.prompts.acts import act_of
from codepar.prompts.by_list import stated
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import MAX_ITEMS, Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.lists import trimmed
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.tokens import Sentence

# Lookaheads to the first letter: most letters of a prose are told by it.
SPLIT = re.compile(
    r"(?=[\s,;，、；和以及とお])"
    r"\s{0,9}(?:[,;](?!\s*(?:что|чтобы|котор\w+|где|когда|если|dass|weil|wenn|damit|because|so that)\b)\s*(?:and|or|und"
    r"|oder|sowie|y|e|и)?(?=\s|[^\x00-\x7f])\s*|[，、；]\s*(?:或者|以及|还有|和|及)?\s*"
    r"|(?<=\s)(?:and|or|&|und|oder|sowie|y|e|и|или|а также)(?=\s)\s*|(?:和|以及|及|と|および)[ ]?(?=[^、，,;；。\s]))",
    re.IGNORECASE,
)
_SEMICOLON = re.compile(r"\s*[;；]\s*(?:(?:and|or|und|oder|sowie|y|e|и)\s+)?", re.IGNORECASE)
_TAIL = re.compile(
    r"\s(?:mean|stand|in|with|using|for|to|please|briefly|by|on|so|mit|für|en|con|para|на|для|с)(?:\s|\Z)", re.IGNORECASE
)
HIDDEN = re.compile(
    r"(?=[(（\"`“「<'])"
    r"(?:\([^()]*\)|（[^（）]*）|\"[^\"\n]*\"|`[^`\n]*`|“[^”]*”|「[^」]*」|<[\w, ]*>|(?<![^\s(:])'[^'\n]*'(?![^\W\d]))"
)
"""What commas and conjunctions do not cut: parentheses and quotes."""
_BLANKS = re.compile(r"\s{10,}")
LOOKED_AT = 200
SPAN = 2000
SHORT = 7


def hidden_in(prose: str, start: int, end: int) -> str:
    """A stretch of prose with what cannot be cut made letters, and long blanks (code that was left out) made short work of."""
    hidden = HIDDEN.sub(lambda match: "x" * len(match[0]), prose[start:end])
    return _BLANKS.sub(lambda match: "\n" + "x" * (len(match[0]) - 2) + "\n", hidden)


def elements_of(prose: str, start: int, end: int, separator: re.Pattern[str] = SPLIT) -> list[tuple[int, int]]:
    """The parts of a series, parentheses and quotes kept whole."""
    hidden = HIDDEN.sub(lambda match: "x" * len(match[0]), prose[start:end])
    if separator is SPLIT and hidden.count(";") + hidden.count("；") > 1:
        separator = _SEMICOLON
    found, position = [], 0
    for match in separator.finditer(hidden):
        if match.end() == match.start():
            continue
        found.append(trimmed(prose, start + position, start + match.start()))
        position = match.end()
        if len(found) > MAX_ITEMS:
            break
    found.append(trimmed(prose, start + position, end))
    found = [(low, high) for low, high in found if high > low]
    if found and prose[found[-1][1] - 1] in "?？!":
        # The mark ends the sentence, not its last element.
        found[-1] = trimmed(prose, found[-1][0], found[-1][1] - 1)
    return found


def reading_of(discourse: Discourse, sentence: Sentence, elements: list[tuple[int, int]], *, instructions: bool = False) -> Found:
    """The reading of a series, or that its number is not the one the request says."""
    number = stated(sentence)
    if number is not None and number != len(elements):
        elements = _by_ones(discourse.prose, elements)
    if number is not None and number != len(elements):
        return Whole(Refusal.CONTRADICTION, f"the request says {number}, and {len(elements)} follow")
    prompt = discourse.request.prompt
    figures = [prompt[low:high].isdecimal() for low, high in elements]
    if (any(figures) and not all(figures)) or any(low >= high for low, high in elements):
        # Numbers of a list that was cut at its own marks, or marks alone.
        return None
    found = tuple(Element(discourse.request.place(low, high), prompt[low:high]) for low, high in elements)
    act = act_of(sentence) or Tag.WRITE
    return Reading(Kind.WORDS, found, act, elements[0][0], elements[-1][1], tier="medium", instructions=instructions)


_ONE = re.compile(r"(?:one|eine?[rns]?|un[ao]?|один|одна|одну)\b", re.IGNORECASE)


def _by_ones(prose: str, elements: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """ "One that takes arrays and is parallel, one with ...": what does not begin with "one" goes on with the one before it."""
    begun = [_ONE.match(prose, low) is not None for low, _ in elements]
    if not begun[0] or all(begun):
        return elements
    joined = elements[:1]
    for begins, (low, high) in zip(begun[1:], elements[1:], strict=True):
        joined = [*joined, (low, high)] if begins else [*joined[:-1], (joined[-1][0], high)]
    return joined


def bare(discourse: Discourse, elements: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the words that are written once for all: "me the terms" before the first, "in simple words" behind the last."""
    prose, (first, *_), (last, end) = discourse.prose, elements, elements[-1]
    colon = prose.rfind(": ", *first)
    first = (colon + 2, first[1]) if colon >= 0 else first
    lead = Sentence(prose, *first).tokens
    for token in lead[:-1]:
        shared = token.has(Tag.TASK, Tag.THESE) or (
            token.has(Tag.POLITE, Tag.THE) and len(lead) > 2 and any(t.has(Tag.TASK, Tag.FUNCTION) for t in lead)
        )
        if not (
            shared
            or (token.has(Tag.FUNCTION) and token.has(Tag.PLURAL))
            or token.text in {"me", "us", "mir", "uns", "мне", "нам"}
        ):
            break
        first = (token.end + len(prose[token.end : first[1]]) - len(prose[token.end : first[1]].lstrip()), first[1])
    article = re.match(
        r"(?:\([^()]*\) *)?(?:(?:the|a) (?:[\w-]+ ){1,3}(?:of|for|behind) |\([^()]*\) *)", prose[first[0] : first[1]]
    )
    first = (first[0] + article.end(), first[1]) if article else first
    if article and all(prose[low:high].startswith("of ") for low, high in elements[1:]):
        elements = [elements[0], *((low + len("of "), high) for low, high in elements[1:])]
        last, end = elements[-1]
    spoken = re.match(r"一下", prose[first[0] : first[1]])
    first = (first[0] + spoken.end(), first[1]) if spoken else first
    longest = max(len(prose[low:high].split()) for low, high in elements[:-1])
    tail = _TAIL.search(prose, last, end)
    if tail and len(prose[last:end].split()) > longest:
        end = tail.start()
    found = [first, *elements[1:]]
    return [*found[:-1], (found[-1][0], end)]
