"""Requests about functions of a block in a language without a grammar: "translate both functions to C++", "port pad and twice".

Limits: only where nothing else is shown that could be meant; of other choices among them `choice` decides.
"""

from __future__ import annotations

from codepar.prompts.acts import act_of, asks_for, is_statement, tells
from codepar.prompts.code_phrases import KEPT_OUT, blocked, is_means
from codepar.prompts.discourse import Discourse
from codepar.prompts.foreign_code import foreign_functions
from codepar.prompts.items import Refusal
from codepar.prompts.lexicon import Tag
from codepar.prompts.names import name_groups, name_of
from codepar.prompts.reading import Element, Found, Kind, Reading, Whole
from codepar.prompts.references import Reference, references
from codepar.prompts.tokens import Sentence

_NOUNS = frozenset({Tag.FUNCTION, Tag.METHOD, Tag.SUBROUTINE})


def read_foreign(discourse: Discourse) -> Found:
    """The functions without a grammar, where a sentence wants something of all of them, or of some by their names."""
    sources = discourse.request.sources
    functions = foreign_functions(discourse) if sources and all(source.code is None for source in sources) else []
    if len(functions) < 2:
        return None
    for sentence in discourse.spoken:
        if asks_for(sentence) and not is_statement(sentence):
            found = _by_quantity(discourse, sentence, functions) or _by_names(discourse, sentence, functions)
            if found is not None:
                return found
    return None


def _by_quantity(discourse: Discourse, sentence: Sentence, functions: list[Element]) -> Found:
    for reference in references(sentence):
        if _is_of_all(sentence, reference, len(functions)) and not is_means(sentence, reference.first, each=reference.each):
            return blocked(sentence, reference.first, distributes=reference.each) or _reading(discourse, sentence, functions)
    return None


def _by_names(discourse: Discourse, sentence: Sentence, functions: list[Element]) -> Found:
    known = {one.name.lower(): one for one in functions}
    for group in name_groups(sentence, known):
        kept_out = KEPT_OUT.search(sentence.text[: group.tokens[0].start - sentence.start]) is not None
        if kept_out or group.loose or is_means(sentence, group.first) or tells(sentence):
            continue
        if group.unknown:
            return Whole(Refusal.CONTRADICTION, f"`{name_of(group.unknown[0])}` is not in the code")
        chosen = {known[name_of(token).lower()].place for token in group.tokens if name_of(token).lower() in known}
        some = [one for one in functions if one.place in chosen]
        if len(some) > 1:
            return blocked(sentence, group.first, distributes=False) or _reading(discourse, sentence, some)
    return None


def _is_of_all(sentence: Sentence, reference: Reference, count: int) -> bool:
    begin = sentence.tokens[reference.first]
    of_functions = not reference.nouns or not _NOUNS.isdisjoint(reference.nouns)
    definite = reference.is_definite or begin.has(Tag.THE, Tag.ALL)
    return of_functions and not reference.is_back and definite and reference.number in {None, count}


def _reading(discourse: Discourse, sentence: Sentence, functions: list[Element]) -> Reading:
    data = discourse.request.prompt.encode()
    start, end = (len(data[:place].decode()) for place in (functions[0].place.start, functions[-1].place.end))
    return Reading(Kind.WORDS, tuple(functions), act_of(sentence) or Tag.READ, start, end, tier="medium")
