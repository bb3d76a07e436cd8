"""Pieces of code as the elements of a request. Limits: places alone; what is asked of them is read elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from codepar.prompts.code import Unit
from codepar.prompts.items import Refusal
from codepar.prompts.reading import Element, Whole
from codepar.prompts.request import Place, Source


def element_of(source: Source, unit: Unit, name: str | None = None) -> Element:
    """A function, class, loop or another unit of a source, by its own name unless another is given."""
    return Element(source.place(unit), name or unit.name, unit, source)


def file_element(source: Source) -> Element:
    """A whole attachment, or a block without the white space around it."""
    data = source.text.encode()
    if source.is_attached:
        return Element(Place(source.file, 0, len(data)), source.name or "", None, source)
    start = len(data) - len(data.lstrip())
    return Element(Place(None, source.offset + start, source.offset + len(data.rstrip())), source.name or "", None, source)


def in_order_of_mention(sources: Iterable[Source], prose: str) -> list[Source]:
    """Attachments as the prose names them, the others behind."""

    def mentioned(source: Source) -> int:
        place = prose.find(source.name) if source.name and source.is_attached else -1
        return place if place >= 0 else len(prose)

    return sorted(sources, key=mentioned)


def unique(elements: Iterable[Element]) -> list[Element]:
    """Each place once, in order."""
    return list({element.place: element for element in elements}.values())


def sources_of(elements: Iterable[Element]) -> list[Source]:
    """The sources that elements are pieces of, not those that are elements themselves."""
    return [one.source for one in elements if one.source is not None and one.unit is not None]


def broken_among(sources: Iterable[Source]) -> Whole | None:
    """Why the request stays whole, where one of the sources cannot be cut into pieces."""
    if any(source.code is not None and source.code.is_broken for source in sources):
        return Whole(Refusal.PARSE_ERROR, "the code has a bracket or an end missing, so that its pieces cannot be told apart")
    return None


def marked(elements: list[Element], number: int | None) -> list[Element]:
    """ "The two functions" beside a subroutine, "the two kernels" beside a device function: those of one mark, if so many."""
    if number is None or number == len(elements):
        return elements
    for mark in ("function", "__global__"):
        alike = [one for one in elements if one.unit is not None and mark in one.unit.marks]
        if len(alike) == number:
            return alike
    return elements
