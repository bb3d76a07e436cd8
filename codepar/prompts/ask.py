"""The request for one item: a template with ``{data}`` and ``{context}`` in it, and what all items are given.

Braces of the request itself are doubled in the template; ``fill`` turns one item into the text that is asked. Limits: the
words of the request are kept as they are, so a plural ("these functions") stays a plural.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from codepar.prompts.reading import Element, Kind, Reading
from codepar.prompts.request import Request, Source

DATA = "{data}"
CONTEXT = "{context}"
_PLACE = re.compile(r"\{\{|\}\}|\{data\}|\{context\}")
_ALONE = "Answer this part of it alone: "
_SEPARATOR = re.compile(
    r"(?:[^\w]|\d{1,5}|\b[a-zA-Z]\b|\b[ivx]{1,4}\b|\b[a-zA-Z]\d{1,3}\b|\b(?:and|or|also|then|plus|finally"
    r"|lastly|please|und|oder|sowie|dann|y|e|o|luego|и|или|а|затем"
    r"|second|third|fourth|fifth|secondly|thirdly|fourthly|zweitens|drittens|viertens|segundo|tercero"
    r"|во|вторых|третьих)\b|[和と及以其次最后还有第一二三四五六七八九十])*",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True)
class Ask:
    """``template`` with its places, ``context`` what stands for ``{context}``; empty where the template has none."""

    template: str
    context: str


def ask_of(request: Request, reading: Reading) -> Ask:
    """The template of a reading. Code and files stand behind the words, the rest of the code before them as context."""
    if reading.kind in {Kind.CODE, Kind.FILE} and any(element.source is not None for element in reading.elements):
        context = _context(request, reading.elements)
        words = _BLANK_LINES.sub("\n\n", "\n\n".join(_prose(request, low, high) for low, high in request.stretches).strip())
        between = f"\n\n{CONTEXT}" if context else ""
        return Ask(f"{_escaped(words)}{between}\n\n{DATA}", context)
    if not is_series(request, reading.elements):
        return Ask(f"{_escaped(request.prompt.strip())}\n\n{_ALONE}{DATA}", "")
    start, end = reading.start, reading.end
    return Ask(_escaped(request.prompt[:start]) + DATA + _escaped(request.prompt[end:]), "")


def is_series(request: Request, elements: tuple[Element, ...]) -> bool:
    """Whether only separators and numbers stand between the elements, so that one place can stand for all of them."""
    places = sorted({(element.place.start, element.place.end) for element in elements if element.place.file is None})
    data = request.prompt.encode() if len(places) > 1 else b""
    return all(_SEPARATOR.fullmatch(data[a:b].decode()) for (_, a), (b, _) in pairwise(places))


def fill(template: str, data: str, context: str = "") -> str:
    """The request for one item."""
    values = {"{{": "{", "}}": "}", DATA: data, CONTEXT: context}
    return _PLACE.sub(lambda match: values[match[0]], template)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _prose(request: Request, low: int, high: int) -> str:
    return request.prompt[low:high].strip()


def _context(request: Request, elements: Iterable[Element]) -> str:
    """The code that came, without the items, each source under its name."""
    pieces = []
    for source in request.sources:
        rest = _without(source, [element for element in elements if element.source is source])
        if rest.strip():
            pieces.append(f"{source.name}:\n{rest}" if source.name else rest)
    return "\n\n".join(pieces)


def _without(source: Source, elements: list[Element]) -> str:
    if any(element.unit is None for element in elements):
        return ""
    data, position, kept = source.text.encode(), 0, []
    for start, end in sorted((e.place.start - source.offset, e.place.end - source.offset) for e in elements):
        kept.append(data[position:start])
        position = end
    return _BLANK_LINES.sub("\n\n", b"".join([*kept, data[position:]]).decode()).strip("\n")
