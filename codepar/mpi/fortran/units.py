"""The program units of a Fortran text and what each declares: names, types, extents, what is left to implicit typing.

Limits: declarations are read by their own words, not by a grammar; ``common``, ``equivalence`` and ``namelist`` declare nothing
here; a derived type's members are not read; names of an outer unit are seen by the units inside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codepar.mpi.fortran.pieces import closing, split_top

_TYPE = re.compile(
    r"(?P<type>integer|real|double[ ]*precision|double[ ]*complex|complex|logical|character|(?:type|class)[ ]*(?=\())"
    r"(?:[ ]*\*[ ]*(?P<star>\d+|\([^)]*\)))?[ ]*"
)
_START = re.compile(
    r"(?:(?:[\w()=*, ]+[ ])?(?P<kind>program|module|subroutine|function)[ ]+(?P<name>\w+)[ ]*(?P<rest>.*)"
    r"|(?P<block>block[ ]*data))"
)
_END = re.compile(r"end[ ]*(?:(?P<kind>program|module|subroutine|function)\b.*)?$")
_DOUBLE_KIND = re.compile(r"(?!4\b|sp\b|real32\b|single)\w+")
_KIND = re.compile(r"^[ ]*kind[ ]*=[ ]*")
_LONG_KIND = re.compile(r"(?:kind[ ]*=[ ]*)?(?:8|int64|\w*long\w*|mpi_(?:address|offset|count)_kind)\b")
_C_TYPES = {"integer": "int", "real": "float", "logical": "int", "complex": "float _Complex", "character": "char"}


@dataclass(frozen=True, slots=True)
class Entity:
    """A declared name: its type as C writes it, the extents (``lower``, ``upper``; empty where deferred), what it begins with.

    ``is_packed``: a status that is an array of integers, whose first extent is left out here.
    """

    name: str
    type: str
    extents: tuple[tuple[str, str], ...] = ()
    value: str = ""
    is_logical: bool = False
    is_constant: bool = False
    is_deferred: bool = False
    is_packed: bool = False
    length: str = ""

    @property
    def is_array(self) -> bool:
        return bool(self.extents)


@dataclass
class Unit:
    """A program, module, subroutine or function: statements ``first`` to ``last`` (by number), and its names in lower case."""

    kind: str
    name: str
    first: int
    last: int = -1
    parameters: tuple[str, ...] = ()
    entities: dict[str, Entity] = field(default_factory=dict)
    outer: Unit | None = None
    declares_all: bool = False
    binding: str = ""
    contains: bool = False

    @property
    def is_executable(self) -> bool:
        return self.kind != "module"

    @property
    def is_explicit(self) -> bool:
        """Whether ``implicit none`` holds."""
        return self.declares_all or (self.outer is not None and self.outer.is_explicit)

    @property
    def speaks(self) -> str:
        """The binding in use: ``mpi_f08``, ``mpi`` or ``mpif.h``; empty where none is named."""
        return self.binding or (self.outer.speaks if self.outer is not None else "")

    def visible(self, modules: dict[str, Entity]) -> dict[str, Entity]:
        """The names in scope: the unit's own, those of the units around it, those of the file's modules."""
        around = self.outer.visible({}) if self.outer is not None else {}
        return {**modules, **around, **self.entities}


def unit_started(text: str, number: int, outer: Unit | None) -> Unit | None:
    """The unit that a statement (in lower case) begins."""
    match = _START.fullmatch(text)
    if match is None or text.startswith(("end", "module procedure")) or "=" in text.split("(", maxsplit=1)[0]:
        return None
    if match["block"]:
        return Unit("module", "", number, outer=outer)
    names = re.match(r"\(([^)]*)\)", match["rest"])
    parameters = tuple(name.strip() for name in names[1].split(",") if name.strip()) if names else ()
    unit = Unit(match["kind"], match["name"], number, parameters=parameters, outer=outer)
    result = re.search(r"result[ ]*\([ ]*(\w+)", match["rest"])
    typed = _TYPE.match(text)
    if unit.kind == "function" and typed and typed.start() == 0:
        name = result[1] if result else unit.name
        unit.entities[name] = Entity(
            name, _c_type(typed["type"], typed["star"] or "", text[typed.end() :].split(")", maxsplit=1)[0])
        )
    return unit


def ends_unit(text: str) -> bool:
    """Whether a statement ends a unit: ``end``, ``end program x``."""
    return _END.fullmatch(text) is not None


def entities_of(text: str) -> list[Entity] | None:
    """The entities that a statement (in lower case) declares; None where it is no type declaration."""
    match = _TYPE.match(text)
    if match is None or re.match(r"[\w ]*function[ ]+\w+[ ]*\(", text[match.end() :]):
        return None
    position, kind = match.end(), ""
    if text[position : position + 1] == "(":
        end = closing(text, position)
        kind, position = text[position + 1 : end], end + 1
    left, double_colon, right = text[position:].partition("::")
    if not double_colon:
        left, right = "", text[position:]
        if not re.match(r"[ ]*[a-z]\w*[ ]*(?:[,(*]|$|/)", right):
            return None
    attributes = [part.strip() for part in split_top(left) if part.strip()]
    base = _c_type(match["type"], match["star"] or "", kind)
    length = _length(kind, match["star"] or "") if base == "char" else ""
    return [
        found
        for part in split_top(right)
        if (found := _entity(part, base, attributes, match["type"].strip() == "logical", length)) is not None
    ]


def _entity(part: str, base: str, attributes: list[str], is_logical: bool, length: str) -> Entity | None:
    match = re.match(r"[ ]*([a-z]\w*)[ ]*", part)
    if match is None:
        return None
    rest, extents = part[match.end() :], ""
    if rest.startswith("("):
        end = closing(rest, 0)
        extents, rest = rest[1:end], rest[end + 1 :]
    star = re.match(r"[ ]*\*[ ]*(\d+|\([^)]*\))", rest)
    shared = next((attribute for attribute in attributes if attribute.startswith("dimension")), "")
    extents = extents or (shared[shared.find("(") + 1 : shared.rfind(")")] if shared else "")
    value = rest.split("=", 1)[1].lstrip("> ") if "=" in rest else ""
    bounds = tuple(_bounds(extent) for extent in split_top(extents)) if extents else ()
    deferred = any(attribute in {"allocatable", "pointer"} for attribute in attributes)
    own_length = (star[1].strip("()") if star else "") or length
    name, type_, bounds = match[1], *_mpi_type(match[1], base, bounds)
    constant = "parameter" in attributes
    packed = type_ == "MPI_Status" and base == "int"
    return Entity(
        name, type_, bounds, value.strip(), is_logical, constant, deferred, packed, own_length if type_ == "char" else ""
    )


def _mpi_type(name: str, base: str, bounds: tuple[tuple[str, str], ...]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Handles are integers in the older bindings: a status is told by its extent, the others by their names."""
    if bounds and "mpi_status_size" in bounds[0][1]:
        return "MPI_Status", bounds[1:]
    if base == "int" and not re.search(r"size|rank|num|count|len|key|max|min|^n(?!ew)", name):
        for pattern, handle in _HANDLES:
            if re.search(pattern, name):
                return handle, bounds
    return base, bounds


_HANDLES = (
    (r"re?que?st?|^i?(?:send|recv)_?re?q|^(?:req|rq)\w{0,3}$", "MPI_Request"),
    (r"(?:^|_|new|my|sub|cart|grid|row|col|old)comm(?:$|_|\d)|^comm\w{0,6}$|communicator", "MPI_Comm"),
    (r"(?:new|my|row|col|mpi|vector|block|struct|data|column|sub)_?type\d?$|_type\d?$", "MPI_Datatype"),
    (r"(?:^|_)win(?:dow)?\d?$", "MPI_Win"),
    (r"(?:^|_|world|new)group\w{0,4}$", "MPI_Group"),
)


def _bounds(extent: str) -> tuple[str, str]:
    lower, colon, upper = extent.strip().partition(":")
    return (lower.strip() or "1", upper.strip()) if colon else ("1", "" if extent.strip() == "*" else extent.strip())


def _c_type(word: str, star: str, kind: str) -> str:
    word = " ".join(word.split())
    if word in {"type", "class"}:
        handle = re.fullmatch(r"[ ]*mpi_(\w+)[ ]*", kind)
        return f"MPI_{handle[1].capitalize()}" if handle else f"struct {kind.strip() or 'any'}"
    if word.startswith("double"):
        return "double" if "precision" in word else "double _Complex"
    if word == "real":
        return "double" if star == "8" or (kind and not star and _DOUBLE_KIND.match(_KIND.sub("", kind).strip())) else "float"
    if word == "integer":
        return "long" if star == "8" or (kind and _LONG_KIND.match(kind.strip())) else "int"
    return _C_TYPES[word]


def _length(kind: str, star: str) -> str:
    text = (star.strip("()") or kind.split(",", maxsplit=1)[0].rsplit("=", maxsplit=1)[-1]).strip()
    return "" if text in {"*", ":"} else text or "1"
