"""What the variables of a Python program would be in C, told by what is assigned to them.

Limits: the first assignment that tells anything decides; what no assignment tells is a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from codepar.mpi.python.expressions import hole_type
from codepar.syntax.variables import text_of

_ARRAYS = re.compile(r"(?:np|numpy|cp|cupy)\.(?:\w+\.)?(\w+)$|^array\.array$")
_NOT_ARRAYS = frozenset(
    (
        *("sum", "mean", "max", "min", "dot", "sqrt", "floor", "ceil", "prod", "trapz", "std", "var", "linalg"),
        *("norm", "exp", "log", "sin", "cos", "pi", "float64", "int32", "int64", "float32", "abs", "int", "seed"),
        *("random", "argmax", "argmin", "savetxt"),
    )
)
_WHOLE = frozenset({"len", "int", "range", "ord", "id"})
_HOLES = {"int": "int", "float": "double", "str": "char", "bool": "int"}
_INTEGER_TYPE = re.compile(r"dtype\s*=\s*['\"]?(?:np\.|numpy\.)?(?:u?int|i\b|i[48])|['\"]i['\"]")


@dataclass(frozen=True, slots=True)
class Kind:
    """A C type of elements, and whether it is an array of numpy (``buffer``), a Python list, or one value (empty)."""

    type: str = "double"
    shape: str = ""
    extent: Node | None = None

    @property
    def is_buffer(self) -> bool:
        return self.shape == "buffer"


def kind_of(value: Node) -> Kind | None:
    """What an assigned value tells; None where it tells nothing."""
    hole = hole_type(value)
    if hole is not None:
        return Kind(_HOLES[hole]) if hole in _HOLES else Kind(shape="list") if hole == "list" else None
    if value.type in {
        "list",
        "list_comprehension",
        "dictionary",
        "tuple",
        "set",
        "dictionary_comprehension",
        "generator_expression",
    }:
        return Kind("int" if re.fullmatch(r"[\s\[\]\d,()-]*\d[\s\[\]\d,()-]*", text_of(value)) else "double", "list")
    if value.type in {"integer", "true", "false"}:
        return Kind("int")
    if value.type == "float":
        return Kind("double")
    if value.type in {"string", "concatenated_string"}:
        return Kind("char")
    if value.type == "call":
        return _of_call(value)
    if value.type in {"binary_operator", "parenthesized_expression", "unary_operator"}:
        kinds = [kind for child in value.named_children if (kind := kind_of(child)) is not None]
        arrays = [kind for kind in kinds if kind.shape]
        return next(iter(arrays or [kind for kind in kinds if kind.type == "double"] or kinds), None)
    return None


def _of_call(value: Node) -> Kind | None:
    function, arguments = text_of(value.child_by_field_name("function")), value.child_by_field_name("arguments")
    if function in _WHOLE:
        return Kind("int", "list" if function == "range" else "")
    if function in {"list", "dict", "sorted"}:
        return Kind("double", "list")
    if function.endswith(("time", "perf_counter", "float", "random")):
        return Kind("double")
    match = _ARRAYS.search(function)
    if match is None or match[1] in _NOT_ARRAYS:
        return Kind("double", "buffer") if function.endswith((".copy", ".reshape", ".flatten", ".astype")) else None
    extent = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    return Kind("int" if _INTEGER_TYPE.search(text_of(value)) or match[1] == "arange" else "double", "buffer", extent)
