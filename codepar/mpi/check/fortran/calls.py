"""Single calls of Fortran against their declarations: number of arguments, the error code, datatypes of buffers.

Stands on declarations, so it also holds for procedures that no replay reaches. Limits: buffers that are not plain variables or
elements of them, implicit types and kinds that the project does not define are left out; types of other modules by name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codepar.mpi.check.finding import Finding, Severity
from codepar.mpi.check.fortran.arrays import KINDS, kind_bytes
from codepar.mpi.check.fortran.binding import EXTRA_ELEMENTS, expected, in_c_order
from codepar.mpi.check.fortran.declarations import UNTYPED, Entity, bytes_of, ctype_of
from codepar.mpi.check.fortran.intrinsics import NUMERIC
from codepar.mpi.check.fortran.units import FortranUnit, Procedure
from codepar.mpi.check.nodes import Node
from codepar.mpi.datatypes import buffers_with_datatypes
from codepar.mpi.headers import Signature, Signatures

_NEUTRAL = frozenset({"MPI_BYTE", "MPI_PACKED", "MPI_DATATYPE_NULL", "MPI_AINT", "MPI_OFFSET", "MPI_COUNT"})
_MAX_STEPS = 8
_ERROR_CODE = re.compile(r"(?:mpi_?|i)?_?err\w*$|ierr|ie$|rc$|info$", re.IGNORECASE)
"""How people call the variable that takes the error code."""
_RIGHT = {
    "int": "MPI_INTEGER", "long": "MPI_INTEGER8", "float": "MPI_REAL", "double": "MPI_DOUBLE_PRECISION", "logical": "MPI_LOGICAL",
    "char": "MPI_CHARACTER", "float _Complex": "MPI_COMPLEX", "double _Complex": "MPI_DOUBLE_COMPLEX", "short": "MPI_INTEGER2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is declared where a call stands; ``units`` are all files."""

    unit: FortranUnit
    procedure: Procedure
    units: Sequence[FortranUnit]

    def entity(self, name: str) -> Entity | None:
        """The declaration of a name: of the procedure, its file, else the only one of the project's modules."""
        found = self.procedure.entities.get(name) or self.unit.module_entities.get(name)
        if found is not None:
            return found
        others = [unit.module_entities[name] for unit in self.units if name in unit.module_entities]
        return others[0] if len(others) == 1 else None


def check_calls(units: Sequence[FortranUnit], signatures: Signatures) -> Iterator[Finding]:
    """Findings about all calls of MPI in a project's Fortran files."""
    bindings = frozenset().union(*(unit.bindings for unit in units)) if units else frozenset[str]()
    own = {name for unit in units for name in unit.functions}
    for unit in units:
        needs_error = "mpi_f08" not in (unit.bindings or bindings) and bool(unit.bindings or bindings)
        for procedure in unit.procedures:
            scope = _Scope(unit, procedure, units)
            for call in _calls(procedure.body):
                name = call.fields["function"].text
                signature = signatures.get(name)
                if signature is None or name.upper() in own or signature.variadic:
                    continue
                yield from _arity(scope, call, signature, needs_error=needs_error)
                yield from _datatypes(scope, call, signature, signatures)


def _calls(body: Node | None) -> Iterator[Node]:
    for node in body.walk() if body is not None else ():
        if node.type == "call_expression" and node.fields["function"].text.startswith("MPI_"):
            yield node


def _arity(scope: _Scope, call: Node, signature: Signature, *, needs_error: bool) -> Iterator[Finding]:
    arguments = call.fields["arguments"].kids
    wanted, given = expected(signature.name, signature), len(arguments)
    has_keywords = any(one.type == "fortran_keyword" for one in arguments)
    if given == wanted + 1 or (given == wanted and not needs_error):
        return
    if given == wanted and not has_keywords and not _ERROR_CODE.match(arguments[-1].text if arguments else ""):
        message = f"{signature.name} has {given} argument{'' if given == 1 else 's'}; the error code is missing"
        fix = "give an integer as last argument, or use mpi_f08"
        yield _finding("ierror-missing", scope, call, message, fix)
    elif not has_keywords:
        at_end = "" if needs_error else " or without"
        message = (
            f"{signature.name} has {given} argument{'' if given == 1 else 's'}, not {wanted + 1} (with{at_end} the error code)"
        )
        names = ", ".join(one.name for one in signature.parameters[len(signature.parameters) - wanted :])
        yield _finding("argument-count", scope, call, message, f"the arguments are {names}{', ' if names else ''}ierror")


def _datatypes(scope: _Scope, call: Node, signature: Signature, signatures: Signatures) -> Iterator[Finding]:
    arguments, _ = in_c_order(signature.name, signature, call.fields["arguments"].kids)
    if len(arguments) != len(signature.parameters):
        return
    for buffer, datatype in buffers_with_datatypes(signature):
        ctype = _buffer_type(scope, arguments[buffer])
        named = arguments[datatype].text
        wanted = {**signatures.elements, **EXTRA_ELEMENTS}.get(named)
        if ctype == UNTYPED or wanted is None or named in _NEUTRAL or wanted.startswith("struct"):
            continue
        if _differ(ctype, wanted):
            shown = _shown(scope, arguments[buffer])
            message = f"{signature.name} is given {named}, but {arguments[buffer].text} is {shown}"
            fix = f"use {_RIGHT[ctype]}" if ctype in _RIGHT else None
            yield _finding("datatype-of-buffer", scope, call, message, fix)


def _differ(ctype: str, wanted: str) -> bool:
    """Whether a declared type and that of a datatype lie apart; a complex number may be sent as two reals."""
    given, other = _plain(ctype), _plain(wanted)
    if given == other or ("logical" in (given + other) and {given, other} <= {"logical", "int"}):
        return False
    return given.removesuffix(" _Complex") != other.removesuffix(" _Complex")


def _plain(ctype: str) -> str:
    same = {
        "long long": "long",
        "long long int": "long",
        "int32_t": "int",
        "int64_t": "long",
        "signed char": "int8_t",
        "_Bool": "logical",
    }
    return same.get(ctype, ctype)


def _buffer_type(scope: _Scope, node: Node) -> str:
    entity = _declared(scope, node)
    if entity is None or entity.base.startswith("type:"):
        return UNTYPED
    plain = entity.kind is None and entity.width is None
    if plain and not scope.unit.has_default_kinds and entity.base != "character":
        return UNTYPED
    kind = _kind(scope, entity.kind, _MAX_STEPS)
    return ctype_of(entity.base, bytes_of(entity.base, entity.width, kind, has_kind=entity.kind is not None))


def _declared(scope: _Scope, node: Node) -> Entity | None:
    if node.type == "fortran_reference":
        entity = _declared(scope, node.fields["base"])
        return entity if entity is not None and (entity.dims is not None or entity.base == "character") else None
    if node.type != "identifier":
        return None
    entity = scope.entity(node.text)
    return None if entity is None or "external" in entity.attributes or "parameter" in entity.attributes else entity


def _kind(scope: _Scope, node: Node | None, steps: int) -> int | None:
    """Bytes of a kind: a number, a constant of the project, ``kind(1.d0)``, ``selected_real_kind(15)``."""
    if node is None or steps == 0:
        return None
    if node.type == "number_literal" and node.text.isdigit():
        return kind_bytes(int(node.text), None)
    if node.type == "parenthesized_expression" and node.kids:
        return _kind(scope, node.kids[0], steps - 1)
    if node.type == "identifier":
        entity = scope.entity(node.text)
        if entity is not None:
            return _kind(scope, entity.initial, steps - 1)
        return KINDS.get(node.text)
    if node.type != "fortran_reference":
        return None
    return _computed(node.fields["base"].text, node.fields["arguments"].kids)


def _computed(function: str, arguments: list[Node]) -> int | None:
    values = [one.fields["value"] if one.type == "fortran_keyword" else one for one in arguments]
    if function == "kind" and values and values[0].type == "number_literal":
        told = values[0].cache.get("kind")
        return 8 if told == "double" else None if told else 4
    if function in {"selected_real_kind", "selected_int_kind"} and values and all(one.text.isdigit() for one in values):
        keyword = arguments[0].fields["keyword"].text if arguments[0].type == "fortran_keyword" else ""
        return None if keyword == "r" else int(NUMERIC[function](*(int(one.text) for one in values)))
    return None


def _shown(scope: _Scope, node: Node) -> str:
    entity = _declared(scope, node)
    if entity is None:
        return ""
    base = "double precision" if entity.base == "double" else entity.base
    if entity.width is not None and base != "character":
        return f"{base}*{entity.width}"
    return f"{base}({entity.kind.text})" if entity.kind is not None else base


def _finding(kind: str, scope: _Scope, call: Node, message: str, fix: str | None) -> Finding:
    return Finding(kind=kind, severity=Severity.ERROR, file=scope.unit.path, line=call.line, message=message, fix=fix)
