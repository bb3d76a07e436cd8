"""State that several files, or several instructions about functions, touch: what keeps them from being changed side by side.

Limits: ``extern`` of C and its kin; functions are told by their name in an instruction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations

from codepar.prompts.code import Code
from codepar.prompts.code_elements import element_of
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Element, Reading
from codepar.prompts.tokens import Sentence

_EXTERN = re.compile(rb"\bextern\b(?!\s*\"C\")[^;(){}]*?\b(\w+)\s*(?:\[[^\]]*\]\s*)*;")
_WORD = re.compile(r"\w+")
_MOST = 60
_BEGINNING = 3


def shared_between_files(reading: Reading) -> str | None:
    """A variable that one file defines, another one knows by ``extern``, and one of them writes."""
    codes = [element.source.code for element in reading.elements[:_MOST] if element.source is not None and element.source.code]
    for owner, other in permutations(codes, 2):
        for match in _EXTERN.finditer(other.plain):
            name = match[1].decode()
            if name in owner.shared_names() and (_writes(owner, name) or _writes(other, name)):
                return name
    return None


def _writes(code: Code, name: str) -> bool:
    written = re.compile(rb"(?<![\w.])" + re.escape(name.encode()) + rb"\s*(?:\[[^\]]*\]\s*)*(?:\+\+|--|[-+*/|&^]?=(?!=))")
    before = re.compile(rb"(?:\+\+|--)\s*" + re.escape(name.encode()) + rb"\b")
    return written.search(code.plain) is not None or before.search(code.plain) is not None


def functions_of(discourse: Discourse, elements: Sequence[Element]) -> tuple[Element, ...]:
    """The functions that instructions change, where each of them names one of its own; else none."""
    known = {
        unit.name.lower(): element_of(source, unit)
        for source in discourse.request.sources
        if source.code is not None
        for unit in source.code.functions
    }
    found: dict[str, Element] = {}
    for element in elements[:_MOST] if known else ():
        named = {word.lower() for word in _WORD.findall(element.name)} & known.keys()
        sentence = Sentence(element.name, 0, len(element.name))
        if (
            len(named) != 1
            or sentence.is_question
            or any(token.has(Tag.READ, Tag.TEST) for token in sentence.tokens[:_BEGINNING])
        ):
            return ()
        name = named.pop()
        found[name] = known[name]
    return tuple(found.values())
