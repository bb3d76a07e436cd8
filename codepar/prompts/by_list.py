"""Requests that list things by words in lines, in quotes, or by numbers within a sentence: each element may be an item.

What decides is the sentence that leads in and how the elements begin: a list of requirements, steps or data of one task is not
a list of tasks. Limits: one list is read, the first that holds tasks; elements that only the sense tells apart stay whole.
"""

from __future__ import annotations

import re
from itertools import takewhile

from codepar.prompts.acts import act_of
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.inline_lists import inline_list
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_model import weighed
from codepar.prompts.list_sense import Sense, begins_alike, sense_of
from codepar.prompts.list_wording import ASKING, DETAILS, QUERY, TASKS
from codepar.prompts.lists import Listing, trimmed
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.tokens import Sentence, sentences_of

_UNITS_OF_TEXT = frozenset("sentences words lines paragraphs points phrases".split())
_MOST = 0.6
_FIRST = 40
_LONG = 160
_QUOTES = "\"'“„«「‘>"
_LINES = re.compile(r"[^\n]*\S[^\n]*")
_TICKET = re.compile(r"(?:(?:#\d+|>)[ \t]+)?")


def read_lists(discourse: Discourse) -> Found:
    """The first list of tasks; where lists hold only details, why the request stays whole; None when there is no list."""
    whole: Whole | None = None
    for listing in discourse.lists:
        found = _read(discourse, listing, discourse.lead_of(listing))
        if isinstance(found, Reading):
            return found
        whole = whole or found
    inline = _read_inline(discourse)
    quoted = None if inline else _read_lines(discourse)
    return inline or quoted or whole


def _read(discourse: Discourse, listing: Listing, lead: Sentence | None) -> Found:
    if len(listing.elements) < 2:
        return None
    sense = weighed(discourse, listing, lead, sense_of(discourse, listing, lead))
    if sense is Sense.COMPARED:
        return Whole(Refusal.COMPARISON, "one answer over all of the list is asked for")
    if sense is not Sense.TASKS:
        return Whole(Refusal.ONE_TASK, "the list holds details of one task")
    number = stated(lead)
    if number is not None and number != len(listing.elements):
        return Whole(Refusal.CONTRADICTION, f"the request says {number}, and {len(listing.elements)} follow")
    return _reading(discourse, listing, lead)


def _reading(discourse: Discourse, listing: Listing, lead: Sentence | None) -> Reading:
    prompt = discourse.request.prompt
    elements = tuple(Element(discourse.request.place(start, end), prompt[start:end]) for start, end in listing.elements)
    instructions = begins_alike(discourse, listing, commands=True) >= 1 / 2
    act = (act_of(lead) if lead is not None and not instructions else None) or Tag.WRITE
    start, end = (listing.elements[0][0], listing.elements[-1][1]) if listing.is_table else (listing.start, listing.end)
    return Reading(Kind.WORDS, elements, act, start, end, instructions=instructions)


def stated(lead: Sentence | None) -> int | None:
    """The number of things that a lead says follow: "these 3 functions:", "four things"."""
    if lead is None:
        return None
    if re.search(r"\b(?:about|for|of|on|to|per) (?:each|every)\b", lead.text, re.IGNORECASE):
        return None
    for token, after, second in zip(lead.tokens, lead.tokens[1:], (*lead.tokens[2:], lead.tokens[-1]), strict=False):
        nouns = (Tag.TASK, Tag.FUNCTION, Tag.FILE, Tag.ALIKE, Tag.KERNEL, Tag.CLASS, Tag.LOOP)
        if (
            token.number is not None
            and token.number > 1
            and token.text != "couple"
            and (after.has(*nouns) or (not after.tags and second.has(*nouns)) or after.text in {"個", "个", "つ", "следующ"})
        ):
            bounds = {t.text for t in lead.tokens[max(0, lead.tokens.index(token) - 3) : lead.tokens.index(token)]}
            if after.text in _UNITS_OF_TEXT and bounds & {"in", "with", "most", "than", "or"}:
                continue
            in_measure = lead.tokens.index(token) > 0 and lead.tokens[lead.tokens.index(token) - 1].text in {
                "in",
                "with",
                "at",
                "of",
                "than",
                "most",
            }
            if not in_measure and not after.has(Tag.MEASURE):
                return token.number
    return None


def _read_inline(discourse: Discourse) -> Found:
    """Numbers within a paragraph."""
    for start, end in discourse.stretches:
        listing = inline_list(discourse.prose, start, end)
        if listing is None or discourse.is_quoted(listing.start):
            continue
        before = sentences_of(discourse.prose, start, listing.start)
        lead = before[-1] if before else next((s for s in reversed(discourse.sentences) if s.end <= start), None)
        if lead is not None and lead.end > listing.start:
            lead = discourse.sentence(lead.start, listing.start)
        found = _read(discourse, listing, lead) if lead is not None or _is_tasks(discourse, listing) else None
        if found is not None:
            return found
    return None


def _is_tasks(discourse: Discourse, listing: Listing) -> bool:
    return max(begins_alike(discourse, listing, commands=True), begins_alike(discourse, listing, commands=False)) >= _MOST


def _read_lines(discourse: Discourse) -> Found:
    """Lines without marks behind a sentence that speaks of each of them: quoted texts, sentences to translate."""
    spoken = set(discourse.spoken)
    for index, sentence in enumerate(discourse.sentences[:_FIRST]):
        if sentence not in spoken:
            continue
        distributes = sentence.has(Tag.EACH, Tag.THESE, Tag.ALL) or sentence.announces or stated(sentence) is not None
        asks = act_of(sentence) is not None or QUERY.search(sentence.text) is not None or sentence.has(Tag.EACH)
        if not distributes or not asks or compares(sentence, 0) or discourse.lists:
            continue
        end = next(high for low, high in discourse.stretches if low <= sentence.start < high)
        lines = list(_LINES.finditer(discourse.prose, sentence.end, end))
        if sum(line[0].lstrip()[:1] in _QUOTES for line in lines) > 1:
            lines = list(takewhile(lambda line: line[0].lstrip()[:1] in _QUOTES, lines))
        if len(lines) < 2 or "\n" not in discourse.prose[sentence.end : lines[0].end() - len(lines[0][0].lstrip())]:
            continue
        if _are_texts(sentence, [line[0].strip() for line in lines]) and _follow(discourse, index, lines[0].start()):
            elements = tuple(trimmed(discourse.prose, line.start(), line.end(), lead_in=False) for line in lines)
            elements = tuple((low + len(_TICKET.match(discourse.prose[low:high])[0]), high) for low, high in elements)  # type: ignore[index]
            return _read(discourse, Listing(lines[0].start(), lines[-1].end(), elements, numbered=False), sentence)
    return None


def _follow(discourse: Discourse, index: int, start: int) -> bool:
    """Whether nothing is said between a sentence and the lines."""
    behind = discourse.sentences[index + 1 : index + 2]
    return not behind or behind[0].start >= start


def _are_texts(sentence: Sentence, texts: list[str]) -> bool:
    """Whether lines are elements: all in quotes, all questions, or short ones behind a colon."""
    if all(text.startswith(("> ", "#")) for text in texts):
        return True
    if all(text[:1] in "\"'“„«「‘" for text in texts):
        return True
    if not (sentence.has(Tag.TASK, Tag.FUNCTION, Tag.ALIKE, Tag.FILE) or TASKS.search(sentence.text)):
        return False
    if all(text.endswith(("?", "？")) or ASKING.match(text) for text in texts):
        return True
    return sentence.announces and all(len(text) < _LONG for text in texts) and not DETAILS.search(sentence.text)
