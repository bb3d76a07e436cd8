"""Requests to write the functions whose prototypes they show: "implement these:" and declarations behind it.

Limits: declarations of C and C++ that end in a semicolon, each on lines of its own; in a block that also defines functions
prototypes are context.
"""

from __future__ import annotations

import re

from codepar.prompts.acts import act_of, asks_for
from codepar.prompts.comparing import compares
from codepar.prompts.discourse import Discourse
from codepar.prompts.lexicon import Tag
from codepar.prompts.reading import Element, Found, Kind, Reading
from codepar.prompts.tokens import Sentence

_PROTOTYPE = re.compile(
    r"^[ \t]*(?P<text>(?!(?:return|typedef|using|extern|else|case)\b)(?:[A-Za-z_][\w:<>,]*[ \t*&]+)+[A-Za-z_]\w*[ \t]*\([^;{}]*\)"
    r"(?:[ \t]*(?:const|noexcept))*)[ \t]*;",
    re.MULTILINE,
)
_WANTED = re.compile(
    r"\b(?:implement\w*|write|fill (?:in|out)|(?<!each )(?<!them )complete|define"
    r"|provide|bod(?:y|ies)|definitions?|implementier\w*"
    r"|schreib\w*|impl[eé]ment\w*"
    r"|escrib\w*|реализу\w*|напиш\w*)\b|实现|編写|实作|実装",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:prototypes?|signatures?|declarations?|stubs?|interface|header|api|functions?|these|following|all|each|every"
    r"|below|prototypen"
    r"|funktionen|prototipos|funciones|прототип\w*|функци\w*)\b|函数|原型|声明|関数|宣言",
    re.IGNORECASE,
)


def read_prototypes(discourse: Discourse) -> Found:
    """The declarations of a block without definitions, where the request wants them written."""
    sentence = next((s for s in discourse.spoken if _wants_them(s)), None)
    if sentence is None:
        return None
    for block in discourse.request.blocks:
        source = next(s for s in discourse.request.sources if s.block is block)
        if source.code is None or source.code.functions or source.code.methods:
            continue
        found = [match.span("text") for match in _PROTOTYPE.finditer(discourse.request.prompt, block.start, block.end)]
        if len(found) > 1:
            return _reading(discourse, found)
    return None


def _wants_them(sentence: Sentence) -> bool:
    wanted = _WANTED.search(sentence.text) is not None and _CALLED.search(sentence.text) is not None
    return wanted and asks_for(sentence) and act_of(sentence) is not Tag.READ and not compares(sentence, 0)


def _reading(discourse: Discourse, found: list[tuple[int, int]]) -> Reading:
    request = discourse.request
    elements = tuple(Element(request.place(low, high), request.prompt[low:high]) for low, high in found)
    return Reading(Kind.WORDS, elements, Tag.WRITE, found[0][0], found[-1][1])
