"""Instructions of which one is about a piece and another about what lies inside it: "make `f` a template, unroll the loop in it".

Limits: loops by their noun and methods by their name; which of several loops is meant is not worked out.
"""

from __future__ import annotations

import re

from codepar.prompts.acts import act_of
from codepar.prompts.code import Unit
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.tokens import Sentence

_LOOP = re.compile(
    r"\b(?:the|this|that|its|der|die|das|den|dem|el|la|su) (?:`?\w+`? ){0,3}?`?(?:loop|bucle|(?:\w+-?)?schleife)\b"
    r"|\bцикл[аеуо]?\w{0,2}\b|循环|循環|ループ",
    re.IGNORECASE,
)
_WORD = re.compile(r"~?\w+(?:::~?\w+)?")


def lies_inside(discourse: Discourse, reading: Reading) -> bool:
    """Whether what one instruction changes lies inside what another one changes."""
    if reading.kind is not Kind.WORDS or not discourse.request.sources:
        return False
    pieces = _pieces(discourse)
    changed = [one for one in reading.elements if _changes(discourse, one)]
    for inner in changed:
        for outer in changed:
            if inner is not outer and _is_inside(inner, outer, pieces):
                return True
    return False


def _pieces(discourse: Discourse) -> dict[str, Unit]:
    codes = [source.code for source in discourse.request.sources if source.code is not None]
    return {unit.name.lower(): unit for code in codes for unit in (*code.methods, *code.functions, *code.classes)}


def _changes(discourse: Discourse, element: Element) -> bool:
    sentence = Sentence(element.name, 0, len(element.name))
    return not element.name.rstrip().endswith(("?", "？")) and act_of(sentence) not in {Tag.READ, Tag.TEST}


def _is_inside(inner: Element, outer: Element, pieces: dict[str, Unit]) -> bool:
    within, around = _named(inner, pieces), _named(outer, pieces)
    if _LOOP.search(outer.name) or len(around) != 1:
        return False
    (piece,) = around
    if _LOOP.search(inner.name):
        return within <= around and (bool(within) or len({*pieces} - {"main"}) == 1)
    return any(pieces[name].owner is not None and str(pieces[name].owner).lower() == piece for name in within - around)


def _named(element: Element, pieces: dict[str, Unit]) -> set[str]:
    found = {match[0].lower().rsplit("::", 1)[-1] for match in _WORD.finditer(element.name)}
    return found & pieces.keys()
