"""Whether the arguments of a call have the C types that the function takes, as far as plain variables tell.

What a compiler of C++ refuses and one of C warns of: the address of a status where a number is wanted, a whole array as a count,
a constant as the memory that is written. Limits: plain variables, their addresses and elements; a typedef or a struct is taken to
fit, and one that hides a ``const`` to be writable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from codepar.mpi.call_text import CallText
from codepar.mpi.headers import Signature
from codepar.syntax.variables import Variable

_FORM = re.compile(r"(?P<address>&\s*)?(?P<name>[A-Za-z_]\w*)\s*(?P<index>(?:\[[^\[\]]*\]\s*)*)")
_OBJECT = re.compile(r"&?\s*(?P<name>[A-Za-z_]\w*)(?:\s*\.\s*(?:data|c_str|begin))?(?:\(\))?")
_VECTOR = re.compile(r"(?:const\s+)?(?:std::)?(?:vector|array)\s*<")
_STRING = re.compile(r"(?:const\s+)?(?:std::)?string\s*&?$")
_CONSTANT = re.compile(r"\bconst(?:expr)?\b")
_QUALIFIERS = re.compile(r"\b(?:const|constexpr|static|volatile|register|extern|signed|unsigned)\b")
_NUMBERS = frozenset({"char", "short", "int", "long", "long long", "float", "double", "long double", "bool", "size_t"})
_COUNTS = frozenset({"int", "MPI_Aint", "MPI_Count", "MPI_Offset"})


@dataclass(frozen=True)
class _Given:
    """The type of an argument: its base, and how many pointers lead to it."""

    base: str
    depth: int


def as_buffer(argument: str, wanted: str, visible: Mapping[str, Variable]) -> str:
    """A vector or string of C++ where memory is wanted becomes its elements: the object itself is no buffer."""
    match = _OBJECT.fullmatch(argument.strip()) if wanted.replace("const ", "").replace(" ", "") == "void*" else None
    variable = visible.get(match["name"]) if match is not None else None
    if variable is None or variable.pointer_depth or variable.dimensions:
        return argument
    if _VECTOR.match(variable.type):
        return f"{variable.name}.data()"
    if _STRING.match(variable.type):
        return f"{variable.name}.c_str()" if "const" in wanted else f"&{variable.name}[0]"
    return argument


def misfit(call: CallText, signature: Signature, visible: Mapping[str, Variable]) -> str | None:
    """Which argument has another type than the function takes, and which; None where nothing is known against them."""
    for argument, parameter in zip(call.arguments, signature.parameters, strict=False):
        given = _given(argument, visible)
        if given is not None and not _fits(given, parameter.type):
            return f"`{argument}` is {given.base}{' ' + '*' * given.depth if given.depth else ''}, not {parameter.type}"
        if "*" in parameter.type and "const" not in parameter.type and _is_constant(argument, visible):
            return f"`{argument}` is constant, and {call.function} writes into it"
    return None


def _is_constant(argument: str, visible: Mapping[str, Variable]) -> bool:
    """Whether the memory that an argument points to may not be written: what is declared ``const``, or its elements."""
    form = _FORM.fullmatch(argument.strip()) or _OBJECT.fullmatch(argument.strip())
    variable = visible.get(form["name"]) if form else None
    if form is None or variable is None or not _CONSTANT.search(variable.type.split("<")[0]):
        return False
    itself = argument.lstrip().startswith("&") and "[" not in argument
    return variable.pointer_depth == 0 or (variable.pointer_depth == 1 and not variable.dimensions and not itself)


def _given(argument: str, visible: Mapping[str, Variable]) -> _Given | None:
    form = _FORM.fullmatch(argument.strip())
    variable = visible.get(form["name"]) if form else None
    if form is None or variable is None:
        return None
    depth = variable.pointer_depth + len(variable.dimensions) - form["index"].count("[") + bool(form["address"])
    return _Given(_base(variable.type), depth)


def _base(ctype: str) -> str:
    words = _QUALIFIERS.sub(" ", ctype).replace("*", " ").replace("[]", " ").split()
    if len(words) > 1 and words[-1] == "int":
        words = words[:-1]
    return " ".join(words) or "int"


def _fits(given: _Given, wanted: str) -> bool:
    base, depth = _base(wanted), wanted.count("*") + wanted.count("[")
    if base == "void" or (given.base not in _NUMBERS and not given.base.startswith("MPI_")):
        return True
    if not depth:
        return given.depth == 0 or base not in _COUNTS
    if base == "char":
        return True
    return given.base == base and given.depth == depth
