"""What the model of pieces looks at: how a request with code speaks of quantities and what it asks.

A feature is a short text; ``pieces.json`` holds a weight for each that was seen. Limits: words and marks, no grammar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from codepar.prompts.acts import act_of, asks_for, chains, is_statement
from codepar.prompts.clause_features import language_of
from codepar.prompts.code import makes_object
from codepar.prompts.code_elements import element_of
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.names import name_of
from codepar.prompts.reading import Element
from codepar.prompts.tokens import Sentence, Token

_SENTENCES = 12
_MOST = 24
_QUANTITIES = (Tag.EACH, Tag.ALL, Tag.THESE)
_PIECES = (Tag.FUNCTION, Tag.KERNEL, Tag.SUBROUTINE, Tag.METHOD)
_SINGULAR = frozenset("this it its that the my code program file script".split())
_FEW = 2


def pieces_of(discourse: Discourse) -> tuple[Element, ...]:
    """The functions that the request comes with, ``main`` left out; the methods of its classes where there are no functions."""
    sources = [source for source in discourse.request.sources if source.code is not None]
    functions = [element_of(s, unit) for s in sources if s.code for unit in s.code.functions if unit.name.lower() != "main"]
    methods = [element_of(s, unit) for s in sources if s.code for unit in s.code.methods if not makes_object(unit)]
    return tuple(functions or methods)


def features_of(discourse: Discourse, pieces: Sequence[Element]) -> set[str]:
    """The features of a request whose pieces may all be meant."""
    spoken = discourse.spoken[:_SENTENCES]
    names = {piece.name.lower() for piece in pieces}
    tokens = [token for sentence in spoken for token in sentence.tokens]
    named = {name_of(token).lower() for token in tokens} & names
    found = {"bias", f"pieces={min(5, len(pieces))}", f"sentences={min(4, len(spoken))}", f"named={min(3, len(named))}"}
    found.add(f"lang={language_of(discourse.prose)}")
    found.add("all named" if named == names else "not all named")
    found.add(f"words={min(6, len(tokens).bit_length())}")
    for sentence in spoken:
        found.update(_of_sentence(sentence, len(pieces), names))
    found.add(f"asks={min(3, sum(asks_for(s) and not is_statement(s) for s in spoken))}")
    if discourse.lists:
        found.add("lists")
    if discourse.request.files:
        found.add("files")
    if len(discourse.request.blocks) > 1:
        found.add("blocks")
    return found


def _of_sentence(sentence: Sentence, count: int, names: set[str]) -> Iterator[str]:
    tokens = sentence.tokens[:60]
    statement = is_statement(sentence)
    mark = "told" if statement else "asked" if sentence.is_question else "wish"
    yield mark
    act = act_of(sentence)
    yield f"{mark},act={act}"
    if compares(sentence, 0):
        yield "compares"
    if chains(sentence):
        yield "chains"
    found = False
    for token, after in pairwise((*tokens, Token("", sentence.end, sentence.end))):
        if token.is_word and not token.quoted and token.text not in names:
            yield f"w={token.text}"
        yield from (f"t={tag}" for tag in token.tags)
        if token.has(*_QUANTITIES) and token.text not in _SINGULAR:
            found = True
            yield f"quantity,{mark}"
            yield f"quantity,{mark},act={act}"
            yield f"q={token.text}"
            yield f"q,{token.text}>{after.text}"
            yield from (f"q>{tag}" for tag in after.tags)
            yield "q>end" if not after.is_word else "q>word"
        if token.text in _SINGULAR:
            yield f"one={token.text}>{'piece' if after.has(*_PIECES) else 'word'}"
        if token.has(Tag.PLURAL) and token.has(*_PIECES):
            found = True
            yield f"plural,{mark}"
        if token.number is not None and token.number > 1:
            yield "number fits" if token.number == count else "number differs"
            if token.number == count:
                yield f"number fits,{mark}"
    yield f"{mark},{'quantity' if found else 'none'}"


def is_possible(pieces: Sequence[Element]) -> bool:
    """Whether there are several pieces and not too many."""
    return _FEW <= len(pieces) <= _MOST
