"""Declarations of Fortran: what a statement says of its entities.

Limits: ``implicit`` rules give no type; what ``equivalence`` joins is kept apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codepar.mpi.check.fortran.expressions import Parser, Unreadable
from codepar.mpi.check.nodes import Node

_TYPES = frozenset({"integer", "real", "complex", "logical", "character", "double", "doubleprecision", "type", "class"})
UNTYPED = "auto"
"""Stands for a type or kind that is not known."""
_BYTES = {"integer": 4, "real": 4, "complex": 8, "logical": 4, "character": 1, "double": 8}


@dataclass(frozen=True, slots=True)
class Bound:
    """One dimension: ``upper`` is None for ``:`` and ``*``."""

    lower: Node | None
    upper: Node | None


@dataclass(slots=True)
class Entity:
    """One declared name. ``base`` is a type's name; ``kind`` the expression of its kind, ``width`` the bytes of ``real*8``."""

    name: str
    base: str
    kind: Node | None
    width: int | None
    dims: tuple[Bound, ...] | None
    initial: Node | None
    line: int
    attributes: frozenset[str] = frozenset()
    length: Node | None = None


@dataclass(slots=True)
class _Specification:
    base: str
    kind: Node | None = None
    width: int | None = None
    length: Node | None = None
    dims: tuple[Bound, ...] | None = None
    attributes: set[str] = field(default_factory=set)


def starts_declaration(parser: Parser) -> bool:
    """Whether a statement declares variables of a type; ``type name`` opens a definition instead."""
    word = parser.peek()
    if word not in _TYPES:
        return False
    if word in {"type", "class"}:
        return parser.peek(1) == "("
    texts = [token.text for token in parser.tokens[:14]]
    return "function" not in texts and "subroutine" not in texts


def declared(parser: Parser, line: int) -> list[Entity]:
    """The entities of a declaration. Raises ``Unreadable``."""
    told = _specification(parser)
    while parser.accept(","):
        _attribute(parser, told)
    parser.accept("::")
    found = [_entity(parser, told, line)]
    while parser.accept(","):
        found.append(_entity(parser, told, line))
    return found


def _specification(parser: Parser) -> _Specification:
    word = parser.take()
    if word == "double":
        parser.take()
    base = "double" if word.startswith("double") else word
    told = _Specification(base)
    if parser.accept("*"):
        _width(parser, told)
    elif parser.peek() == "(":
        if word in {"type", "class"}:
            parser.take("(")
            told.base = "type:" + parser.take()
            if parser.peek() == "(":
                parser.arguments()
            parser.take(")")
        else:
            _kind(parser, told)
    return told


def _width(parser: Parser, told: _Specification) -> None:
    if parser.peek() == "(":
        told.length = (parser.arguments() or [None])[0]  # type: ignore[list-item]
        return
    text = parser.take()
    if not re.fullmatch(r"\d+", text):
        raise Unreadable(text)
    told.width = int(text)


def _kind(parser: Parser, told: _Specification) -> None:
    for index, argument in enumerate(parser.arguments()):
        keyword = argument.fields["keyword"].text if argument.type == "fortran_keyword" else ""
        value = argument.fields["value"] if keyword else argument
        if told.base == "character" and keyword != "kind":
            told.length = value if index == 0 or keyword == "len" else told.length
        else:
            told.kind = value


def _attribute(parser: Parser, told: _Specification) -> None:
    word = parser.take()
    told.attributes.add(word)
    if word == "dimension":
        told.dims = dimensions(parser)
    elif parser.peek() == "(":
        parser.arguments()


def dimensions(parser: Parser) -> tuple[Bound, ...]:
    """``(n, 0:m, *)``."""
    found = []
    for argument in parser.arguments():
        if argument.type == "fortran_range":
            found.append(Bound(argument.fields.get("first"), argument.fields.get("last")))
        elif argument.type == "fortran_unknown":
            found.append(Bound(None, None))
        else:
            found.append(Bound(None, argument))
    return tuple(found)


def _entity(parser: Parser, told: _Specification, line: int) -> Entity:
    if parser.kind() != "name":
        raise Unreadable(parser.peek())
    made = Entity(parser.take(), told.base, told.kind, told.width, told.dims, None, line, frozenset(told.attributes), told.length)
    if parser.peek() == "(":
        made.dims = dimensions(parser)
    if parser.accept("["):  # a coarray
        while not parser.accept("]"):
            parser.take()
    if parser.accept("*"):
        made.width = int(parser.take()) if parser.kind() == "integer" else None
        if parser.peek() == "(":
            parser.arguments()
    _initial(parser, made)
    return made


def _initial(parser: Parser, made: Entity) -> None:
    if parser.accept("="):
        made.initial = parser.expression()
    elif parser.accept("=>"):
        parser.expression()
    elif parser.accept("/"):  # an old-fashioned initial value
        while not parser.accept("/"):
            parser.take()


def bytes_of(base: str, width: int | None, kind: int | None, *, has_kind: bool) -> int | None:
    """Bytes of one element of an intrinsic type; None where its kind is not known."""
    if base.startswith("type:"):
        return None
    if base == "character":
        return 1
    if width is not None:
        return width
    if not has_kind:
        return _BYTES.get(base)
    return None if kind is None else 2 * kind if base == "complex" else kind


def ctype_of(base: str, size: int | None) -> str:
    """The C type that stands for an intrinsic type in the replay."""
    if base.startswith("type:"):
        return {"type:MPI_REQUEST": "MPI_Request"}.get(base, UNTYPED)
    if base == "character":
        return "char"
    if size is None:
        return UNTYPED
    if base == "logical":
        return "logical" if size == 4 else f"logical{size}"
    names = {"integer": {1: "int8_t", 2: "short", 4: "int", 8: "long"}, "real": {4: "float", 8: "double", 16: "long double"}}
    names["double"] = names["real"]
    names["complex"] = {8: "float _Complex", 16: "double _Complex"}
    return names.get(base, {}).get(size, UNTYPED)
