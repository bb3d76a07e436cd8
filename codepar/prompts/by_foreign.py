"""Requests about all functions of a block in a language without a grammar: "translate both functions to C++", "test each".

Limits: all functions of all such blocks, and only where nothing else is shown that could be meant; fewer than all are left to
``choice``.
"""

from __future__ import annotations

from codepar.prompts.acts import act_of, asks_for, is_statement
from codepar.prompts.code_phrases import blocked, is_means
from codepar.prompts.discourse import Discourse
from codepar.prompts.foreign_code import foreign_functions
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Element, Found, Kind, Reading
from codepar.prompts.references import Reference, references
from codepar.prompts.tokens import Sentence

_NOUNS = frozenset({Tag.FUNCTION, Tag.METHOD, Tag.SUBROUTINE})


def read_foreign(discourse: Discourse) -> Found:
    """The functions without a grammar, where a sentence wants something of all of them."""
    sources = discourse.request.sources
    functions = foreign_functions(discourse) if sources and all(source.code is None for source in sources) else []
    if len(functions) < 2:
        return None
    for sentence in discourse.spoken:
        for reference in references(sentence) if asks_for(sentence) and not is_statement(sentence) else ():
            if _is_of_all(sentence, reference, len(functions)) and not is_means(sentence, reference.first, each=reference.each):
                found = blocked(sentence, reference.first, distributes=reference.each)
                return found or _reading(sentence, functions)
    return None


def _is_of_all(sentence: Sentence, reference: Reference, count: int) -> bool:
    begin = sentence.tokens[reference.first]
    of_functions = not reference.nouns or not _NOUNS.isdisjoint(reference.nouns)
    definite = reference.is_definite or begin.has(Tag.THE, Tag.ALL)
    return of_functions and not reference.is_back and definite and reference.number in {None, count}


def _reading(sentence: Sentence, functions: list[Element]) -> Reading:
    return Reading(Kind.WORDS, tuple(functions), act_of(sentence) or Tag.READ, sentence.start, sentence.end, tier="medium")
