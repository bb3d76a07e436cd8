"""Proposed calls in the C reading of a Fortran program as calls of Fortran: arguments, the error code, datatypes, letters.

A call that Fortran cannot say, or that names what the program does not have, is refused with the reason. Limits: buffers that are
computed (``a + n*m`` of a matrix), casts to other types and ``sizeof`` are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from tree_sitter import Node

from codepar.mpi.fortran.as_c import ReadAsC
from codepar.mpi.fortran.names import PROCEDURES
from codepar.mpi.fortran.units import Entity, Unit
from codepar.mpi.headers import Signature, Signatures
from codepar.mpi.proposal import Edit
from codepar.mpi.unsayable import Unsayable
from codepar.syntax.language import Language
from codepar.syntax.tree import parse
from codepar.syntax.variables import text_of

_DATATYPES = {
    "int": "MPI_INTEGER",
    "long": "MPI_INTEGER8",
    "float": "MPI_REAL",
    "double": "MPI_DOUBLE_PRECISION",
    "char": "MPI_CHARACTER",
    "float _Complex": "MPI_COMPLEX",
    "double _Complex": "MPI_DOUBLE_COMPLEX",
}
_OF_C = {
    "MPI_INT": "MPI_INTEGER",
    "MPI_LONG": "MPI_INTEGER8",
    "MPI_FLOAT": "MPI_REAL",
    "MPI_DOUBLE": "MPI_DOUBLE_PRECISION",
    "MPI_CHAR": "MPI_CHARACTER",
    "MPI_DOUBLE_INT": "MPI_2DOUBLE_PRECISION",
    "MPI_FLOAT_INT": "MPI_2REAL",
    "MPI_2INT": "MPI_2INTEGER",
}
_ONLY_C = re.compile(r"MPI_(?:U?INT\d+_T|UNSIGNED\w*|SHORT\w*|WCHAR|C_\w+|CXX_\w+|LONG_\w+|BOOL)$")
_OPERATORS = {"==": "==", "!=": "/=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "+": "+", "-": "-", "*": "*", "/": "/"}
_FUNCTIONS = frozenset({"min", "max", "abs", "mod", "size", "int", "len", "len_trim", "sum"})
_LOGICAL = frozenset({"reorder", "remain_dims", "periods", "high"})


class FromC:
    """Says the calls of one program."""

    def __init__(self, reading: ReadAsC, signatures: Signatures) -> None:
        self._reading = reading
        self._signatures = signatures
        self._names: dict[int, dict[str, Entity]] = {}

    @cached_property
    def _spelling(self) -> Mapping[str, str]:
        """How the program writes each name the first time."""
        found: dict[str, str] = {}
        for word in re.findall(r"[A-Za-z]\w*", self._reading.view.code.decode("latin-1")):
            found.setdefault(word.lower(), word)
        return found

    def edit(self, edit: Edit) -> Edit:
        """The edit as Fortran. Raises ``Unsayable``."""
        unit = self._reading.unit_at(edit.after_line)
        signature = self._signatures.get(edit.function)
        if unit is None or signature is None or not unit.is_executable:
            raise Unsayable("place: no statement can stand there")
        if edit.function.lower().removeprefix("mpi_") not in PROCEDURES:
            raise Unsayable(f"name: {edit.function} is no procedure of Fortran")
        arguments = self._arguments(edit, signature, unit)
        arguments = [self._status(unit) or text if text == "MPI_STATUS_IGNORE" else text for text in arguments]
        call = f"{edit.function}({', '.join(arguments)})"
        text = call if edit.inline else f"call {call}"
        return edit.model_copy(update={"text": text, "arguments": tuple(arguments)})

    def _arguments(self, edit: Edit, signature: Signature, unit: Unit) -> list[str]:
        if edit.inline:
            return []
        code = self._reading.error_code(unit)
        if edit.function in {"MPI_Init", "MPI_Init_thread"}:
            said = [self._argument(text, unit) for text in edit.arguments[2:]]
        else:
            kinds = [parameter.type for parameter in signature.parameters]
            names = [parameter.name for parameter in signature.parameters]
            said = [
                self._logical(text, unit) if name in _LOGICAL else self._handle(text, kind, unit) or self._argument(text, unit)
                for text, kind, name in zip(edit.arguments, kinds, names, strict=True)
            ]
            self._fit_datatypes(said, edit, signature, unit)
        if code is not None:
            return [*said, self._spelling.get(code, code)]
        if unit.speaks != "mpi_f08":
            raise Unsayable("scope: no integer of the program takes the error code")
        return said

    def _status(self, unit: Unit) -> str | None:
        """The status that the unit declares, where it is one: in Fortran it was declared for the calls."""
        found = [name for name, entity in unit.entities.items() if entity.type == "MPI_Status" and not entity.is_array]
        return self._spelling.get(found[0], found[0]) if len(found) == 1 else None

    def _fit_datatypes(self, said: list[str], edit: Edit, signature: Signature, unit: Unit) -> None:
        """Predefined datatypes as Fortran names them, by the buffer before them."""
        buffer = ""
        for index, (text, parameter) in enumerate(zip(edit.arguments, signature.parameters, strict=True)):
            kind = parameter.type.replace(" ", "")
            if kind in {"void*", "constvoid*"}:
                word = re.match(r"[&(]*([a-z]\w*)", text)
                buffer = word[1] if word else buffer
            elif kind == "MPI_Datatype" and text.startswith("MPI_"):
                said[index] = self._datatype(text, self._known(unit).get(buffer))

    @staticmethod
    def _datatype(text: str, buffer: Entity | None) -> str:
        if text in {"MPI_BYTE", "MPI_PACKED", "MPI_DATATYPE_NULL"} or text.startswith("MPI_2"):
            return _OF_C.get(text, text)
        if buffer is not None and text in _OF_C:
            if buffer.is_logical:
                return "MPI_LOGICAL"
            if buffer.type in _DATATYPES and not text.endswith("_INT"):
                return _DATATYPES[buffer.type]
        if text in _OF_C:
            return _OF_C[text]
        if _ONLY_C.match(text):
            raise Unsayable(f"datatype: {text} is none of Fortran")
        return text

    def _known(self, unit: Unit) -> dict[str, Entity]:
        return self._names.setdefault(unit.first, self._reading.names_of(unit))

    def _logical(self, text: str, unit: Unit) -> str:
        if text.strip() in {"0", "1"}:
            return ".true." if text.strip() == "1" else ".false."
        return self._argument(text, unit)

    def _handle(self, text: str, kind: str, unit: Unit) -> str | None:
        """A handle must be one: a constant, or an integer or handle of the program."""
        if kind not in {"MPI_Comm", "MPI_Datatype", "MPI_Op", "MPI_Win", "MPI_Group"} or text.startswith("MPI_"):
            return None
        entity = self._known(unit).get(text)
        if entity is None or entity.type not in {kind, "int"}:
            if kind == "MPI_Comm":
                return "MPI_COMM_WORLD"
            raise Unsayable(f"type: `{text}` is no {kind}")
        return None

    def _argument(self, text: str, unit: Unit) -> str:
        tree = parse(f"void f(void) {{ x = {text}; }}", Language.C)
        found = tree.capture("(assignment_expression) @it")
        if tree.errors or not found:
            raise Unsayable(f"argument: `{text}` cannot be read")
        value = found[0].child_by_field_name("right")
        assert value is not None
        return self._said(value, unit)

    def _said(self, node: Node, unit: Unit) -> str:
        kind = node.type
        if kind in {"identifier", "number_literal"}:
            return self._named(text_of(node), unit) if kind == "identifier" else text_of(node).rstrip("fFlLuU")
        if kind in {"pointer_expression", "cast_expression"}:
            inner = node.child_by_field_name("argument") or node.child_by_field_name("value")
            if inner is None or text_of(node).startswith("*"):
                raise Unsayable(f"argument: `{text_of(node)}` has no like in Fortran")
            return self._said(inner, unit)
        if kind == "parenthesized_expression":
            return f"({self._said(node.named_children[0], unit)})"
        if kind == "unary_expression" and text_of(node).startswith("-"):
            return f"-{self._said(node.named_children[0], unit)}"
        if kind == "binary_expression":
            return self._binary(node, unit)
        if kind == "subscript_expression":
            return self._element(node, unit)
        if kind == "field_expression":
            return f"{self._said(node.named_children[0], unit)}%{text_of(node.named_children[1])}"
        if kind == "call_expression":
            return self._function(node, unit)
        raise Unsayable(f"argument: `{text_of(node)}` has no like in Fortran")

    def _named(self, name: str, unit: Unit) -> str:
        if name.startswith("MPI_"):
            return name
        if name not in self._known(unit):
            raise Unsayable(f"scope: `{name}` is not in scope")
        return self._spelling.get(name, name)

    def _binary(self, node: Node, unit: Unit) -> str:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = text_of(node.child_by_field_name("operator"))
        assert left is not None
        assert right is not None
        entity = self._known(unit).get(text_of(left))
        if operator == "+" and entity is not None and entity.is_array:
            return f"{self._named(entity.name, unit)}({self._plus_lower(right, entity, 0, unit)})"
        if operator == "%":
            parts = [self._said(self._bare(part), unit) for part in (left, right)]
            return f"mod({parts[0]}, {parts[1]})"
        if operator not in _OPERATORS:
            raise Unsayable(f"argument: `{text_of(node)}` has no like in Fortran")
        return f"{self._said(left, unit)}{_OPERATORS[operator]}{self._said(right, unit)}"

    @staticmethod
    def _bare(node: Node) -> Node:
        return node.named_children[0] if node.type == "parenthesized_expression" else node

    def _element(self, node: Node, unit: Unit) -> str:
        indices, inner = list[Node](), node
        while inner.type == "subscript_expression":
            index, argument = inner.child_by_field_name("index"), inner.child_by_field_name("argument")
            assert index is not None
            assert argument is not None
            indices.insert(0, index)
            inner = argument
        entity = self._known(unit).get(text_of(inner))
        if entity is None or len(indices) > max(1, len(entity.extents)):
            raise Unsayable(f"scope: `{text_of(inner)}` is no array in scope")
        places = [self._plus_lower(index, entity, place, unit) for place, index in enumerate(indices)]
        places += [entity.extents[place][0] for place in range(len(places), len(entity.extents))]
        return f"{self._named(entity.name, unit)}({','.join([':'] * entity.is_packed + places)})"

    def _plus_lower(self, index: Node, entity: Entity, place: int, unit: Unit) -> str:
        """An index counted from zero as one counted from the array's lower bound."""
        lower = entity.extents[place][0] if place < len(entity.extents) else "1"
        said = self._said(index, unit)
        if lower == "0":
            return said
        if re.fullmatch(r"\d+", said) and re.fullmatch(r"-?\d+", lower):
            return str(int(said) + int(lower))
        less = re.fullmatch(rf"(.+?)[ ]*-[ ]*{re.escape(lower)}", said)
        return less[1] if less else f"{said}+{lower}"

    def _function(self, node: Node, unit: Unit) -> str:
        name, arguments = text_of(node.child_by_field_name("function")), node.child_by_field_name("arguments")
        if name not in _FUNCTIONS and name not in {other.name for other in self._reading.units}:
            raise Unsayable(f"argument: `{text_of(node)}` has no like in Fortran")
        inside = arguments.named_children if arguments is not None else []
        return f"{name}({', '.join(self._said(child, unit) for child in inside)})"
