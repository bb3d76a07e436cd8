"""Several alike answers ("10 variants of this kernel", "3 valid inputs, 1 invalid"): what sets each apart, told beforehand.

Those who answer do not hear of each other, and a greedy engine says the same to the same words; so each is told its number and a
point of its own. Where the request names values ("tile sizes 8, 16, 32 and unroll 1, 2, 4") the points are a grid of these, where
it names ways ("(unrolled, blocked, with pointers)") those; else they are ways of writing code, or angles for prose
(``ways.py``). Limits: a grid is read from lists of numbers behind a name; what no list says is not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from codepar.prompts.items import Decomposition, Item, Span
from codepar.prompts.numerals import value_of
from codepar.prompts.request import Request
from codepar.prompts.ways import way_of, ways_for

_MOST_AXES = 6
_MOST_POINTS = 4_096
_SEEN = 20_000
_BEFORE = 60
_VALUE = r"\d+(?:[.x×]\d+)*(?: ?[KMG]i?B)?"
_BETWEEN = r"\s*(?:[,;、，/]|\b(?:and|or|und|oder|y|o|и|или)\b|[和或と及]|\s)+\s*"
_VALUES = re.compile(rf"(?<![A-Za-z0-9_.,-]){_VALUE}(?:{_BETWEEN}{_VALUE})+(?![A-Za-z0-9_%])")
_ONE_VALUE = re.compile(_VALUE)
_NAME = re.compile(r"(?:[^\W\d_][\w-]*[ \t]+){0,2}[^\W\d_][\w-]*(?=[ \t]*[:=]?[ \t]*\Z)")
_NO_NAME = frozenset(
    "a an and any are as at be both by each either for from in into is it like of on one or out over say such than that the then"
    " these this those to try use used using value values via vary with und oder mit von für aus als der die das ein eine y o con"
    " de para por los las el la и или с со для по из".split()
)
_AFTER_NAME = re.compile(r"[为是取用は]+\Z")
_LISTED = re.compile(r"[(（]([^()（）\n]{3,200})[)）]")
_LIST_MARK = re.compile(r"\s*[,;、，/]\s*|\s+(?:or|and|oder|und|o|y|или|и)\s+|[和或]")
_OPEN_END = re.compile(r"\.{2,}|…")
_MOST_WORDS = 5
_CLAUSE = re.compile(r"[,;.!?\n、，。；]|\s(?:and|und|y|и)\s(?=\w+\s)|[和]")


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter that the request names, with its values as written."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """Item number ``number`` of ``of`` alike. ``point`` are its values of the axes, ``way`` how else it differs; ``kind`` is what
    the request says of its sort where it asks for several sorts."""

    number: int
    of: int
    point: tuple[tuple[str, str], ...] = ()
    way: str = ""
    kind: str = ""

    @property
    def told(self) -> str:
        """What the one who answers is told, behind the request."""
        which = f"number {self.number} of {self.of}{' of these' if self.kind else ''}" if self.of > 1 else "the only one of these"
        sort = f'of "{self.kind}": ' if self.kind else ""
        said = [f"Give one alone, {sort}{which}. The others are given by somebody else."]
        if self.point:
            said.append(f"For this one take {_said(self.point)}.")
        if self.way:
            said.append(f"What sets this one apart: {self.way}.")
        return " ".join(said)

    @property
    def title(self) -> str:
        """A short name."""
        what = _said(self.point) if self.point else self.kind
        which = f"number {self.number} of {self.of}" if self.of > 1 else ""
        return ": ".join(part for part in (which, what) if part) or "the only one"


def _said(point: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in point)


def variants_of(found: Decomposition, request: Request) -> dict[str, Variant]:
    """The variants among the items, by id: those that have one place with others, and lone numerals beside them."""
    places = Counter(_place(item) for item in found.items)
    if len(places) == len(found.items):
        return {}
    alike = [item for item in found.items if places[_place(item)] > 1 or value_of(item.text) is not None]
    sorts = list(dict.fromkeys(_place(item) for item in alike))
    points = _points(axes_of(request, found.items), len(alike)) if len(sorts) == 1 else []
    named = () if points else _named_ways(request, alike[0])
    ways = (*named, *ways_for(request))
    seen: Counter[tuple[str | None, Span]] = Counter()
    variants = {}
    for place, item in enumerate(alike):
        sort = _place(item)
        seen[sort] += 1
        point = points[place % len(points)] if points else ()
        again = place // len(points) if points else place
        # The first round of a grid is told apart by its values alone.
        way = way_of(ways, again - bool(points)) if again >= bool(points) else ""
        kind = _kind(request, item) if len(sorts) > 1 else ""
        variants[item.id] = Variant(seen[sort], places[sort], point, way, kind)
    return variants


def _place(item: Item) -> tuple[str | None, Span]:
    return item.file, item.span


def axes_of(request: Request, items: Sequence[Item] = ()) -> tuple[Axis, ...]:
    """The parameters that the prose gives two values or more of."""
    taken = {item.span for item in items if item.file is None}
    axes: dict[str, Axis] = {}
    prose = request.prose[:_SEEN]
    for match in _VALUES.finditer(prose):
        name = _name_before(prose[max(0, match.start() - _BEFORE) : match.start()])
        values = tuple(dict.fromkeys(_ONE_VALUE.findall(match[0])))
        place = request.place(*match.span())
        is_item = any(place.start <= start < place.end for start, _ in taken)
        if name and len(values) > 1 and not is_item and len(axes) < _MOST_AXES:
            axes.setdefault(name.lower(), Axis(name, values))
    return tuple(axes.values())


def _name_before(text: str) -> str:
    """The words right before a list of values that name them: no more than three, none that only joins."""
    text = _AFTER_NAME.sub("", text.rstrip())
    match = _NAME.search(re.split(r"[.!?;\n，。、(]|,", text)[-1])
    if match is None:
        return ""
    kept: list[str] = []
    for word in reversed(match[0].split()):
        if word.lower() in _NO_NAME:
            break
        kept.insert(0, word)
    return " ".join(kept)


def _points(axes: Sequence[Axis], count: int) -> list[tuple[tuple[str, str], ...]]:
    """The points of the grid in its order; of more than are wanted those that show every value as evenly as can be."""
    grid: list[tuple[tuple[str, str], ...]] = []
    for values in product(*(axis.values for axis in axes)):
        if len(grid) == _MOST_POINTS:
            break
        grid.append(tuple(zip((axis.name for axis in axes), values, strict=True)))
    if not axes or len(grid) <= count:
        return grid if axes else []
    used: Counter[tuple[str, str]] = Counter()
    chosen = []
    for _ in range(count):
        best = min(grid, key=lambda point: sum(used[one] for one in point))
        grid.remove(best)
        used.update(best)
        chosen.append(best)
    return chosen


def _named_ways(request: Request, item: Item) -> tuple[str, ...]:
    """Ways that stand in brackets behind the numeral: "(tile sizes, unrolling, vector loads, ...)"."""
    if item.file is not None:
        return ()
    for match in _LISTED.finditer(request.prose[:_SEEN]):
        if request.byte(match.start()) < item.span[1]:
            continue
        parts = [part.strip(" .…") for part in _LIST_MARK.split(_OPEN_END.split(match[1])[0])]
        ways = tuple(part for part in parts if part and len(part.split()) <= _MOST_WORDS and not part.isdigit())
        if len(ways) > 1:
            return ways
    return ()


def _kind(request: Request, item: Item) -> str:
    """What stands behind a numeral up to the end of its clause, with the numeral: "3 valid"."""
    if item.file is not None:
        return ""
    rest = request.prompt.encode()[item.span[1] :].decode()[:_SEEN]
    return " ".join([item.text, *_CLAUSE.split(rest, maxsplit=1)[0].split()[: 2 * _MOST_WORDS]])
