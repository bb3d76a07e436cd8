"""The Fortran binding beside the C one: order of arguments, the error code at the end, datatypes that only Fortran has.

Limits: procedures that the installed ``mpi.h`` does not have (those that MPI-3 removed) are not arranged.
"""

from __future__ import annotations

from codepar.mpi.check.nodes import Node
from codepar.mpi.check.written import At, number
from codepar.mpi.headers import Signature

EXTRA_ELEMENTS = {
    "MPI_INTEGER": "int", "MPI_REAL": "float", "MPI_DOUBLE_PRECISION": "double", "MPI_COMPLEX": "float _Complex",
    "MPI_DOUBLE_COMPLEX": "double _Complex", "MPI_LOGICAL": "logical", "MPI_CHARACTER": "char", "MPI_INTEGER1": "int8_t",
    "MPI_INTEGER2": "short", "MPI_INTEGER4": "int", "MPI_INTEGER8": "long", "MPI_REAL4": "float", "MPI_REAL8": "double",
    "MPI_REAL16": "long double", "MPI_COMPLEX8": "float _Complex", "MPI_COMPLEX16": "double _Complex",
}  # fmt: skip
"""C types of the datatypes that Fortran adds."""

_LEADING = {"MPI_Init": 2, "MPI_Init_thread": 2}
"""Parameters that only C has, the first ones."""


def expected(name: str, signature: Signature) -> int:
    """How many arguments the Fortran binding takes, the error code not counted."""
    return len(signature.parameters) - _LEADING.get(name, 0)


def in_c_order(name: str, signature: Signature, arguments: list[Node]) -> tuple[list[Node], Node | None]:
    """The arguments as the C binding has them, and the one that takes the error code."""
    wanted = signature.parameters[_LEADING.get(name, 0) :]
    plain = [argument for argument in arguments if argument.type != "fortran_keyword"]
    keywords = {one.fields["keyword"].text: one.fields["value"] for one in arguments if one.type == "fortran_keyword"}
    ierror = keywords.get("ierror", keywords.get("ierr"))
    if len(plain) == len(wanted) + 1:
        ierror = plain.pop()
    given = plain[: len(wanted)]
    for parameter in wanted[len(given) :]:
        if parameter.name not in keywords:
            break
        given.append(keywords[parameter.name])
    at = At(arguments[0].file, arguments[0].line, arguments[0].start) if arguments else At("", 0, 0)
    return [*[number(0, at)] * _LEADING.get(name, 0), *given], ierror
