"""Buffers whose C type the datatype does not describe, and buffers that are pointers to pointers, or containers.

Stands on declarations, so it also holds for functions that no replay reaches. Limits: structs, unknown types and derived
datatypes are left out; of plain characters any kind passes for MPI_CHAR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codepar.mpi.calls import FoundCall, find_calls
from codepar.mpi.check.finding import Finding, Severity
from codepar.mpi.check.program import Unit
from codepar.mpi.check.values import plain_type, size_of
from codepar.mpi.datatypes import buffers_with_datatypes
from codepar.mpi.headers import Signatures
from codepar.syntax.variables import Variable

_VECTOR = re.compile(r"(?:std::)?(?:vector|array)<\s*([\w: ]+?)\s*(?:,[^<>]*)?>$")
_BUFFER = re.compile(
    r"(?P<address>&?)\s*(?P<name>[A-Za-z_]\w*)(?P<data>\.data\(\)|\.begin\(\))?(?P<index>(?:\s*\[[^\[\]]*(?:\[[^\[\]]*\])?[^\[\]]*\])*)"
    r"(?P<plus>\s*[+-][^,]*)?$"
)
_CONTAINER = re.compile(r"(?:std::)?(?:vector|deque)<.*>$|std::(?:basic_)?string\b")
_ADDRESS = re.compile(r"&\s*([A-Za-z_]\w*)$")
_CHARACTERS = frozenset({"char", "signed char", "unsigned char", "bool", "_Bool", "int8_t", "uint8_t"})
_NEUTRAL = frozenset({"MPI_BYTE", "MPI_PACKED", "MPI_DATATYPE_NULL"})
_FLOATS = frozenset({"float", "double", "long double"})


@dataclass(frozen=True, slots=True)
class _Described:
    """What a buffer argument points to: element type and pointers left over."""

    ctype: str
    pointers: int


def check_datatypes(unit: Unit, signatures: Signatures) -> Iterator[Finding]:
    """Findings about all calls of one file."""
    for call in find_calls(unit.tree).calls:
        signature = signatures.get(call.function.lstrip(":"))
        if signature is None or len(signature.parameters) != len(call.arguments) or call.in_macro:
            continue
        line = unit.tree.lexis.line_at(call.start)
        visible = {variable.name: variable for variable in unit.tree.variables_after(line)}
        for buffer, datatype in buffers_with_datatypes(signature):
            place = _Place(unit.path, line, call.arguments[buffer], call.arguments[datatype])
            yield from _container(unit, visible, call, place)
            described = _described(unit, visible, call.arguments[buffer])
            if described is not None:
                yield from _pair(signatures, call, place, described)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a buffer and a datatype are given."""

    file: str
    line: int
    buffer: str
    datatype: str


def _container(unit: Unit, visible: dict[str, Variable], call: FoundCall, place: _Place) -> Iterator[Finding]:
    """The address of a container is not that of its elements."""
    match = _ADDRESS.match(place.buffer.strip())
    variable = visible.get(match[1]) if match else None
    if variable is None or variable.dimensions or variable.pointer_depth or variable.name in unit.macros:
        return
    ctype = variable.type.replace("const ", "").replace("&", "").strip()
    if _CONTAINER.match(ctype):
        message = f"{call.function.lstrip(':')} is given {place.buffer}, the `{ctype}` itself and not its elements"
        yield _finding("buffer-of-object", place, message, Severity.ERROR, f"pass {variable.name}.data()")


def _pair(signatures: Signatures, call: FoundCall, place: _Place, described: _Described) -> Iterator[Finding]:
    name, buffer, datatype = call.function.lstrip(":"), place.buffer, place.datatype
    wanted = signatures.elements.get(datatype)
    if described.pointers > 0 and (wanted is not None or described.ctype in {"int", "double", "float", "char"}):
        message = (
            f"{name} is given {buffer}, a pointer to `{described.ctype} {'*' * described.pointers}`: addresses would be sent"
        )
        yield _finding("buffer-of-pointers", place, message, Severity.ERROR, "pass the address of the first element")
        return
    in_bytes = plain_type(wanted or "") in _CHARACTERS and any("sizeof" in argument for argument in call.arguments)
    if wanted is None or datatype in _NEUTRAL or described.pointers or in_bytes:
        return
    verdict = _compare(described.ctype, plain_type(wanted))
    if verdict is not None:
        message = f"{name} is given {datatype}, but {buffer} holds `{described.ctype}`"
        right = next((known for known, ctype in signatures.elements.items() if plain_type(ctype) == described.ctype), None)
        yield _finding("datatype-of-buffer", place, message, verdict, f"use {right}" if right else None)


def _finding(kind: str, place: _Place, message: str, severity: Severity, fix: str | None) -> Finding:
    return Finding(kind=kind, severity=severity, file=place.file, line=place.line, message=message, fix=fix)


def _compare(given: str, wanted: str) -> Severity | None:
    """How far two C types are apart; None where they are one, or not known."""
    if given == wanted or {given, wanted} <= _CHARACTERS:
        return None
    sizes = size_of(given), size_of(wanted)
    if None in sizes or wanted.startswith("struct") or "Complex" in wanted:
        return None
    floats = (given in _FLOATS) + (wanted in _FLOATS)
    if floats == 0 and sizes[0] == sizes[1]:
        unsigned = [_is_unsigned(one) for one in (given, wanted)]
        return Severity.WARNING if unsigned[0] != unsigned[1] else None
    return Severity.ERROR


def _is_unsigned(ctype: str) -> bool:
    return ctype.startswith(("unsigned", "uint", "size_t"))


def _described(unit: Unit, visible: dict[str, Variable], text: str) -> _Described | None:
    """The element type behind a buffer argument, None where the text is not a plain variable, its address or an element of it."""
    match = _BUFFER.match(text.strip())
    variable = visible.get(match["name"]) if match else None
    if match is None or variable is None or match["name"] in unit.macros or _shadowed(unit, variable):
        return None
    vector = _VECTOR.match(variable.type.replace("const ", ""))
    base = vector[1] if vector else variable.type
    ctype, stars = _resolved(unit, base.replace("&", ""))
    if ctype in {"void", "auto", "MPI_Aint"} or size_of(ctype) is None:
        return None
    # Each dimension and each star can be taken off once; a vector is one dimension more.
    levels = variable.pointer_depth + stars + (1 if vector else 0)
    arrays = len(variable.dimensions)
    indices = match["index"].count("[")
    if vector and not (match["data"] or indices):
        return None
    left = levels - max(0, indices - arrays)
    inner_arrays = max(0, arrays - indices)
    if left < 0:
        return None
    if match["address"]:
        return _Described(ctype, left)
    if inner_arrays:
        return _Described(ctype, left)
    return _Described(ctype, left - 1) if left >= 1 else None


def _shadowed(unit: Unit, variable: Variable) -> bool:
    return variable.type in {"T", "auto", ""} or variable.type.startswith(("template", "typename"))


def _resolved(unit: Unit, ctype: str) -> tuple[str, int]:
    """The type without typedefs and macros, and the stars that were in them."""
    stars = 0
    plain = plain_type(ctype)
    for _ in range(6):
        macro = unit.macros.get(plain)
        if macro is not None and macro.parameters is None and macro.body:
            plain = macro.body
        elif plain in unit.typedefs and unit.typedefs[plain] != plain:
            plain = unit.typedefs[plain]
        else:
            break
        stars += plain.count("*")
        plain = plain_type(plain.replace("*", ""))
    return plain, stars
