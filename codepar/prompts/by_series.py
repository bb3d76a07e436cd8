"""Requests that list things within a sentence by commas, semicolons or a conjunction: "explain a, b and c".

Limits: only where the sentence says that each is wanted by itself: behind a colon, behind a noun in the plural, for what is to be
explained, for languages and models to write in, and for things with an article of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codepar.prompts.acts import act_of, asks_for, is_statement, makes_one_thing, splits_into
from codepar.prompts.by_enumeration import read_enumeration
from codepar.prompts.by_list import stated
from codepar.prompts.by_quotes import read_quotes
from codepar.prompts.by_target import TARGETS, read_targets, read_values
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.list_sense import ON_TEXTS, is_command
from codepar.prompts.list_wording import DETAILS, TASKS
from codepar.prompts.lists import trimmed
from codepar.prompts.proposal_model import is_doubtful
from codepar.prompts.reading import Found, Reading, Whole
from codepar.prompts.series import LOOKED_AT, SHORT, SPAN, SPLIT, bare, elements_of, reading_of
from codepar.prompts.series_wording import (
    ARTICLE,
    ARTICLE_SPLIT,
    COLON,
    COMMANDS,
    DASH,
    DEALT,
    DETAIL,
    EACH_OF,
    HOLDS,
    IN_ONE,
    IT,
    MUST,
    OF_EARLIER,
    OF_ONE,
    PLEASE,
    PURPOSES,
    SLASH,
    TOLD,
    TOPIC,
    WANTED,
)
from codepar.prompts.tokens import Sentence, Token

_MAX_WORDS = 24


def _listed_commands(discourse: Discourse, sentence: Sentence) -> Found:
    """ "My list for today: write the abstract; draw a logo; translate X"."""
    mark = COLON.search(sentence.text)
    if mark is None or mark["dash"]:
        return None
    lead = discourse.sentence(sentence.start, sentence.start + mark.start())
    elements = elements_of(discourse.prose, sentence.start + mark.end(), sentence.end, COMMANDS)
    if len(elements) < 3 or not all(is_command(discourse, low, high) for low, high in elements):
        return None
    if not TASKS.search(lead.text) or DETAILS.search(lead.text) or makes_one_thing(lead, len(lead.tokens), distributes=False):
        return None
    return reading_of(discourse, lead, elements, instructions=True)


def read_series(discourse: Discourse) -> Found:
    """The series of the first sentence that holds one of separate wishes."""
    for found in _series_in(discourse):
        if isinstance(found, Whole) or not is_doubtful(discourse, found):
            return found
    return None


def proposed_series(discourse: Discourse) -> Iterator[Reading]:
    """What the rules alone take for series of wishes, sentence by sentence."""
    return (found for found in _series_in(discourse) if isinstance(found, Reading))


def _series_in(discourse: Discourse) -> Iterator[Reading | Whole]:
    for index, sentence in enumerate(discourse.spoken):
        found = _behind_question(discourse, index)
        if found is None and not is_statement(sentence):
            found = (
                read_quotes(discourse, sentence)
                or _before_verb(discourse, sentence)
                or read_targets(discourse, sentence)
                or _listed_commands(discourse, sentence)
                or _behind_colon(discourse, sentence)
                or _semicolons(discourse, sentence)
                or _articles(discourse, sentence)
                or _explained(discourse, sentence)
                or _purposes(discourse, sentence)
                or _named(discourse, sentence)
                or read_values(discourse, sentence)
                or _each_of(discourse, sentence)
            )
        found = found or read_enumeration(discourse, index)
        if found is not None:
            yield found


def _behind_colon(discourse: Discourse, sentence: Sentence) -> Found:
    """ "Explain these terms: a, b and c"; dashes around the series do as well."""
    mark = COLON.search(sentence.text)
    if mark is None:
        return None
    lead = discourse.sentence(sentence.start, sentence.start + mark.start())
    closing = DASH.search(sentence.text, mark.end()) if mark["dash"] else None
    end = sentence.start + closing.start() if closing else sentence.end
    separator = SLASH if " / " in sentence.text[mark.end() :] else SPLIT
    elements = elements_of(discourse.prose, sentence.start + mark.end(), end, separator)
    if len(elements) < 2 or _are_parts(discourse, lead, elements) or (act_of(lead) is None and not _asks_openly(lead)):
        return None
    if any(len(discourse.prose[a:b].split()) > _MAX_WORDS for a, b in elements):
        return None
    if not asks_for(lead) or any(IT.search(discourse.prose, low, high) for low, high in elements[1:]):
        return None
    if MUST.search(lead.text) or TOLD.search(lead.text) or (IN_ONE.search(lead.text) and not lead.has(Tag.EACH)):
        return None
    if compares(lead, 0) or (compares(sentence, 0) and sentence.is_question):
        return Whole(Refusal.COMPARISON, "one answer over all of the list is asked for")
    if any(token.text.removesuffix("()").lower() in discourse.symbols for token in lead.tokens):
        return None
    if (
        splits_into(lead)
        or (makes_one_thing(lead, len(lead.tokens), distributes=lead.has(Tag.EACH)) and not DEALT.search(lead.text))
        or (DETAIL.search(lead.text) and not lead.has(Tag.EACH))
    ):
        return None
    if not (_speaks_of_several(lead) or _is_bare_verb(lead)):
        return None
    return reading_of(discourse, discourse.sentence(sentence.start, sentence.start + mark.end()), elements)


def _are_parts(discourse: Discourse, lead: Sentence, elements: list[tuple[int, int]]) -> bool:
    """ "4 exercises: 3 easy, 1 hard": numerals that tell the parts of a sum."""
    parts = [re.match(r"\d+", discourse.prose[low:high]) for low, high in elements]
    return all(parts) and sum(int(part[0]) for part in parts if part) == stated(lead)


def _asks_openly(lead: Sentence) -> bool:
    """ "Factor these numbers:", "a few questions:"."""
    return lead.has(Tag.TASK) or (asks_for(lead) and (lead.has(Tag.THESE) or PLEASE.search(lead.text) is not None))


# "Explain: what is a compiler, why is it so picky?"
# "A function that gives the force for each of the following:".
# "The profile shows: pip 3 min, tests 8 min."


def _speaks_of_several(lead: Sentence) -> bool:
    """Whether what leads in has a plural, a number or "each" for what follows."""
    plural = any(t.has(Tag.PLURAL) or (t.has(Tag.TASK, Tag.ALIKE, Tag.FUNCTION) and not t.text.isascii()) for t in lead.tokens)
    ends_open = bool(lead.tokens) and lead.tokens[-1].has(Tag.FOR)
    if plural or ends_open or stated(lead) is not None or lead.has(Tag.EACH):
        return True
    article = any(
        t.quoted or t.has(Tag.A) or (t.has(Tag.THE) and not after.has(Tag.THESE))
        for t, after in zip(lead.tokens, (*lead.tokens[1:], lead.tokens[-1]), strict=True)
    )
    return any(t.has(Tag.THESE, Tag.ALL) and t.text != "this" for t in lead.tokens) and not article


def _behind_question(discourse: Discourse, index: int) -> Found:
    """ "What do these terms mean? SIMD, SIMT, MIMD." """
    sentence, behind = discourse.spoken[index], discourse.spoken[index + 1 : index + 2]
    if (
        not behind
        or not sentence.is_question
        or COLON.search(sentence.text)
        or not _speaks_of_several(sentence)
        or compares(sentence, 0)
        or COLON.search(behind[0].text)
    ):
        return None
    elements = elements_of(discourse.prose, behind[0].start, behind[0].end)
    if len(elements) < 2 or act_of(behind[0]) is not None or any(len(discourse.prose[a:b].split()) > 3 for a, b in elements):
        return None
    return reading_of(discourse, sentence, elements)


def _is_bare_verb(lead: Sentence) -> bool:
    """ "Explain briefly:", "Translate to French:": the series is the object of the verb."""
    words = [token for token in lead.tokens if token.is_word]
    if len(words) <= 3 and not any(t.quoted or t.has(Tag.THE, Tag.A) for t in words):
        if any(t.text in {"this", "that"} for t in words[:-1]):
            return False
        writes = any(t.has(Tag.WRITE) and not t.has(Tag.READ, Tag.CHANGE) for t in words)
        return not writes or not any(not t.tags and t.text not in TARGETS for t in words)
    acts = act_of(lead) is Tag.READ or ON_TEXTS.search(lead.text) is not None
    return acts and len(words) <= SHORT and not any(t.quoted or t.has(Tag.ARTIFACT, Tag.THE) or t.text == "this" for t in words)


def _semicolons(discourse: Discourse, sentence: Sentence) -> Found:
    """ "for saxpy: cuda; for dot: openmp; for the sort: ..."."""
    parts = elements_of(discourse.prose, sentence.start, sentence.end, re.compile(r"\s*[;；]\s*"))
    if len(parts) < 2:
        return None
    heads = [re.match(r"(?:for|für|para|для|in|to)\s[^:：]{1,40}[:：]", discourse.prose[a:b], re.IGNORECASE) for a, b in parts]
    return reading_of(discourse, sentence, parts, instructions=True) if all(heads) else None


def _articles(discourse: Discourse, sentence: Sentence) -> Found:
    """ "a function that ..., a class for ... and a test": things with an article of their own."""
    verb = next((t for t in sentence.tokens if t.has(Tag.WRITE)), None)
    if verb is None and WANTED.search(sentence.text) and ARTICLE.match(sentence.text):
        wanted = WANTED.search(sentence.text)
        elements = elements_of(discourse.prose, sentence.start, sentence.start + (wanted.start() if wanted else 0), ARTICLE_SPLIT)
        return reading_of(discourse, sentence, elements, instructions=True) if len(elements) > 1 else None
    if verb is None or compares(sentence, 0):
        return None
    match = re.compile(
        r"(?:\b(?:me|us|mir|uns|por favor|please)\b\s*)*(?=(?:an?|one|eine?[nmrs]?|un[ao]?)\s)|.{0,60}?[:—–-]\s*(?=(?:one"
        r"|an?)\s)",
        re.IGNORECASE,
    ).match(discourse.prose, verb.end + 1, sentence.end)
    if match is None:
        return None
    elements = elements_of(discourse.prose, match.end(), sentence.end, ARTICLE_SPLIT)
    if _takes(discourse, elements) or any(OF_EARLIER.search(discourse.prose, low, high) for low, high in elements[1:]):
        return None
    if any(discourse.sentence(a, b).has(Tag.THEN) for a, b in elements):
        return None
    if len(elements) < 2 or not all(ARTICLE.match(discourse.prose[a:b]) for a, b in elements):
        return None
    if len(elements) == 2 and not all(
        any(t.has(Tag.ARTIFACT) or t.text == "one" for t in discourse.sentence(a, b).tokens[:5]) for a, b in elements
    ):
        return None
    return reading_of(discourse, sentence, elements)


# "A function that parses a date, and a test for it".


def _before_verb(discourse: Discourse, sentence: Sentence) -> Found:
    """Japanese: "A、B、Cについてそれぞれ説明して"."""
    match = TOPIC.match(sentence.text[:400])
    if match is None or act_of(sentence) is None or compares(sentence, 0):
        return None
    elements = elements_of(discourse.prose, sentence.start, sentence.start + match.end(1))
    if len(elements) < 2 or (len(elements) == 2 and not sentence.has(Tag.EACH)) or any(b - a > _LONG for a, b in elements):
        return None
    return reading_of(discourse, sentence, elements)


_LONG = 24


def _takes(discourse: Discourse, elements: list[tuple[int, int]]) -> bool:
    """ "A function that takes a name, a mode and a size": the rest belongs to the clause of the first."""
    first, *rest = (discourse.sentence(a, b).tokens for a, b in elements)
    made = (Tag.ARTIFACT, Tag.ALIKE, Tag.TEST, Tag.READ)
    in_clause = any(token.has(Tag.THAT, Tag.WITH) or token.text in _COMPLEMENTS for token in first)
    own = (any(t.has(*made) or t.text in {"one", "another"} for t in tokens[:4]) or _has_complement(tokens) for tokens in rest)
    return in_clause and not all(own)


def _has_complement(tokens: tuple[Token, ...]) -> bool:
    return any(token.has(Tag.THAT, Tag.WITH) or token.text in _COMPLEMENTS for token in tokens[2:])


_COMPLEMENTS = frozenset({"for", "of", "to", "about", "showing", "over", "between", "from", "über", "sobre", "об", "про"})


def _explained(discourse: Discourse, sentence: Sentence) -> Found:
    """ "explain a, b and c", "what is a, b and c": three or more short things, none of which is a part of one."""
    tokens = sentence.tokens
    verb = next((i for i, t in enumerate(tokens) if t.has(Tag.READ)), None)
    asks = re.search(
        r"\b(?:what (?:is|are|do|does)|was (?:ist|sind|bedeuten)|qu[eé] (?:es|son|significan?)|что такое)\b|什么是|什麼是",
        sentence.text,
        re.IGNORECASE,
    )
    if (verb is None and asks is None) or compares(sentence, 0) or OF_ONE.search(sentence.text):
        return None
    if not asks and not all(token.has(Tag.POLITE, Tag.QUESTION, Tag.THAT, Tag.READ, Tag.WRITE) for token in tokens[:verb]):
        return None
    start = sentence.start + asks.end() if asks else tokens[verb or 0].end
    elements = elements_of(discourse.prose, start, sentence.end)
    held = [i for i, (low, high) in enumerate(elements[:-1]) if " of " in discourse.prose[low:high]]
    if elements and HOLDS.search(discourse.prose[slice(*elements[0])]):
        return None
    if (
        len(elements) < 3
        or held[:1] > [0]
        or re.search(r"\bin (?:a|one) (?:single )?(?:table|sentence|list)\b", sentence.text, re.IGNORECASE)
    ):
        return None
    elements = bare(discourse, elements)
    short = all(len(discourse.prose[a:b].split()) <= SHORT for a, b in elements)
    if not short or any(_is_clause(discourse, a, b) for a, b in elements[:LOOKED_AT]):
        return None
    return reading_of(discourse, sentence, elements)


# "A pipeline with build, test and deploy stages": the series belongs to one thing.


def _each_of(discourse: Discourse, sentence: Sentence) -> Found:
    """ "For each of bubble sort, heap sort and radix sort give the worst case"."""
    match = EACH_OF.search(sentence.text)
    if match is None:
        return None
    end = min(sentence.end, sentence.start + match.end() + SPAN)
    elements = elements_of(discourse.prose, sentence.start + match.end(), end)
    cut = next((i for i, (a, b) in enumerate(elements) if b - a > _LONG_NAME or i == len(elements) - 1), 0)
    verb = next((t for t in discourse.sentence(*elements[cut]).tokens if t.has(Tag.READ, Tag.WRITE, Tag.CHANGE)), None)
    if cut < 1 or verb is None:
        return None
    last = trimmed(discourse.prose, elements[cut][0], verb.start)
    return reading_of(discourse, sentence, [*elements[:cut], last]) if last[1] > last[0] else None


_LONG_NAME = 24


def _is_clause(discourse: Discourse, start: int, end: int) -> bool:
    tokens = discourse.sentence(start, end).tokens
    first = next((t for t in tokens if not t.has(Tag.POLITE, Tag.FOR)), None)
    code = (Tag.THESE, Tag.FUNCTION, Tag.LOOP, Tag.FILE, Tag.CLASS)
    if any(t.has(*code) or t.text in {"code", "this", "it", "are", "is", "were", "was", "if", "when"} for t in tokens):
        return True
    return (
        first is None
        or first.has(Tag.QUESTION, Tag.READ, Tag.CHANGE, Tag.WRITE, Tag.WITH, Tag.THAT, Tag.THEM)
        or first.text in {"in", "with", "so", "but", "etc"}
    )


def _purposes(discourse: Discourse, sentence: Sentence) -> Found:
    """ "Write functions to reverse a string, count vowels and check for palindromes"."""
    match = PURPOSES.search(sentence.text)
    if match is None or act_of(sentence) is None or compares(sentence, 0) or discourse.request.sources:
        return None
    elements = elements_of(discourse.prose, sentence.start + match.end(), sentence.end)
    words = [discourse.prose[low:high].split() for low, high in elements]
    if len(elements) < 3 or not all(2 <= len(word) <= SHORT for word in words):
        return None
    if any(discourse.sentence(*one).has(Tag.THEM, Tag.THEN) for one in elements):
        return None
    return reading_of(discourse, sentence, elements)


def _named(discourse: Discourse, sentence: Sentence) -> Found:
    """ "write functions add, sub and mul", "tests for push, pop and peek" where no such code is."""
    tokens = sentence.tokens
    if act_of(sentence) is None or compares(sentence, 0) or splits_into(sentence) or DETAIL.search(sentence.text):
        return None
    for index, token in enumerate(tokens[:LOOKED_AT]):
        if index + 1 == len(tokens):
            break
        leads = token.has(Tag.PLURAL) and token.has(Tag.FUNCTION, Tag.KERNEL, Tag.CLASS, Tag.STRUCT, Tag.METHOD, Tag.SUBROUTINE)
        tests = token.has(Tag.TEST) and tokens[index + 1].has(Tag.FOR)
        if not leads and not tests:
            continue
        start = (
            tokens[index + 1].end
            if tests or tokens[index + 1].text in {"called", "named", "for", "namens", "llamadas"}
            else token.end
        )
        elements = elements_of(discourse.prose, start, min(sentence.end, start + SPAN))
        if len(elements) < 2:
            continue
        elements = bare(discourse, elements)
        words = [discourse.prose[a:b].split() for a, b in elements]
        if (
            all(len(word) <= 2 for word in words[:-1])
            and len(words[-1]) <= 2
            and not any(_is_clause(discourse, a, b) for a, b in elements)
            and not makes_one_thing(sentence, index, distributes=False)
        ):
            return reading_of(discourse, sentence, elements)
    return None
