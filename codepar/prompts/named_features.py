"""What the model of named pieces looks at: how a request speaks of the functions and files that it names, and what it is like.

A feature is a short text; ``names.json`` holds a weight for each that was seen. Limits: words and marks, no grammar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from codepar.prompts.acts import act_of, is_statement
from codepar.prompts.code_elements import element_of, file_element
from codepar.prompts.code_phrases import KEPT_OUT
from codepar.prompts.discourse import Discourse
from codepar.prompts.names import name_of
from codepar.prompts.piece_features import features_of as piece_features
from codepar.prompts.piece_features import pieces_of
from codepar.prompts.reading import Element
from codepar.prompts.tokens import Sentence

_SENTENCES, _NEAR, _BETWEEN = 12, 3, 4
_FEW, _MOST = 2, 24


@dataclass(frozen=True, slots=True)
class Named:
    """The pieces that a request names where it does not keep them out; ``places``: sentence and token of each first mention."""

    elements: tuple[Element, ...]
    places: tuple[tuple[Sentence, int], ...]
    kept_out: int


def named_in(discourse: Discourse) -> Named | None:
    """The functions, or else the files, that are named; None where they are fewer than two, or only some are functions."""
    known = _known(discourse)
    mentions: dict[str, tuple[Sentence, int]] = {}
    kept_out: set[str] = set()
    for sentence in discourse.spoken[:_SENTENCES]:
        for index, token in enumerate(sentence.tokens):
            name = name_of(token).lower()
            if name in known:
                mentions.setdefault(name, (sentence, index))
                if _is_kept_out(sentence, index):
                    kept_out.add(name)
    wanted = [name for name in mentions if name not in kept_out]
    elements = tuple(known[name] for name in wanted)
    if not _FEW <= len(elements) <= _MOST or len({element.unit is None for element in elements}) > 1:
        return None
    return Named(elements, tuple(mentions[name] for name in wanted), len(kept_out))


def _known(discourse: Discourse) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for source in discourse.request.sources:
        if source.code is None:
            continue
        if source.is_attached and source.name:
            found.setdefault(source.name.lower(), file_element(source))
        for unit in (*source.code.functions, *source.code.methods, *source.code.classes):
            found.setdefault(unit.name.lower(), element_of(source, unit))
    return found


def _is_kept_out(sentence: Sentence, index: int) -> bool:
    """Whether a word that keeps out stands in the clause before the name."""
    start = sentence.tokens[index].start - sentence.start
    clause = sentence.text[max(sentence.text.rfind(mark, 0, start) for mark in ",;:(") + 1 : start]
    behind = sentence.text[sentence.tokens[index].end - sentence.start :][:24].lower().lstrip("`() ")
    return KEPT_OUT.search(clause) is not None or behind.startswith(_LEFT)


_LEFT = ("is fine", "is ok", "can stay", "stays", "needn't", "alone", "will be dropped", "as is", "kann bleiben", "bleibt")


def features_of(discourse: Discourse, named: Named) -> set[str]:
    """The features of a request whose named pieces may all be meant."""
    found = {f"r,{one}" for one in piece_features(discourse, pieces_of(discourse))}
    found |= {"bias", f"n={min(5, len(named.elements))}", f"kept out={min(2, named.kept_out)}"}
    found.add("files" if named.elements[0].unit is None else "functions")
    sentences = list(dict.fromkeys(sentence for sentence, _ in named.places))
    found.add(f"over={min(3, len(sentences))}")
    for sentence in sentences:
        mark = "told" if is_statement(sentence) else "asked" if sentence.is_question else "wish"
        found |= {f"in={mark}", f"in={mark},{act_of(sentence)}", f"in,over={mark},{min(3, len(sentences))}"}
    for (one, low), (other, high) in pairwise(named.places):
        found.update(_between(one, low, other, high))
    sentence, first = named.places[0]
    found.update(_words("before", sentence, range(first - 1, max(-1, first - 1 - _NEAR), -1)))
    sentence, last = named.places[-1]
    found.update(_words("behind", sentence, range(last + 1, min(len(sentence.tokens), last + 1 + _NEAR))))
    return found


def _words(mark: str, sentence: Sentence, places: range) -> Iterator[str]:
    for number, place in enumerate(places):
        token = sentence.tokens[place]
        yield f"{mark}{number}={token.text}"
        yield from (f"{mark}{number}={tag}" for tag in token.tags)
    if not places:
        yield f"{mark}=none"


def _between(one: Sentence, low: int, other: Sentence, high: int) -> Iterator[str]:
    if one is not other:
        yield "apart"
        return
    tokens = one.tokens[low + 1 : high]
    yield f"gap={min(6, len(tokens))}"
    if len(tokens) < _BETWEEN:
        yield f"joint={' '.join(token.text for token in tokens)}"
    yield from (f"m={token.text}" for token in tokens[:8])
    yield from (f"m={tag}" for token in tokens[:8] for tag in token.tags)
