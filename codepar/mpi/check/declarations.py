"""Declarations of one replayed rank: variables, arrays, vectors, initialisers, parameters.

Limits: structs are initialised as unknown; constructors other than those of ``std::vector`` are not run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.mpi.check.expressions import Expressions
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.values import Block, Place, Pointer, Value, size_of

_VECTOR = re.compile(r"(?:std::)?vector\s*<\s*(.+?)\s*>$")
_ARRAY = re.compile(r"(?:std::)?array\s*<\s*(.+?)\s*,\s*(\w+)\s*>$")


@dataclass(frozen=True, slots=True)
class Declared:
    """A declarator taken apart: name, pointers, nodes of the dimensions, whether a reference or a function."""

    name: str
    depth: int
    sizes: tuple[Node | None, ...]
    is_reference: bool
    is_function: bool


def read_declarator(node: Node) -> Declared | None:
    """Unwrap pointers, arrays and references down to the name."""
    depth, sizes, is_reference, is_function = 0, list[Node | None](), False, False
    current: Node | None = node
    while current is not None and current.type not in {"identifier", "field_identifier"}:
        if current.type == "pointer_declarator":
            depth += 1
        elif current.type == "array_declarator":
            sizes.insert(0, current.fields.get("size"))
        elif current.type == "reference_declarator":
            is_reference = True
        elif current.type == "function_declarator":
            is_function = True
        current = current.fields.get("declarator") or (
            current.kids[-1] if current.kids and current.type in {"reference_declarator", "parenthesized_declarator"} else None
        )
    return Declared(current.text, depth, tuple(sizes), is_reference, is_function) if current is not None else None


def type_text(node: Node) -> str:
    """The type of a declaration without storage classes, tags of structs kept."""
    kind = node.fields.get("type")
    if kind is None:
        return ""
    if kind.type in {"struct_specifier", "union_specifier", "class_specifier"}:
        name = kind.fields.get("name")
        return name.text if name is not None else f"struct@{kind.start}"
    if kind.type == "enum_specifier":
        return "int"
    return kind.text


class Declarations(Expressions):
    """Variables come to life."""

    def declaration(self, node: Node) -> None:
        ctype = type_text(node)
        for kid in node.kids:
            if kid is node.fields.get("type") or not (kid.type.endswith("declarator") or kid.type == "identifier"):
                continue
            value = kid.fields.get("value") if kid.type == "init_declarator" else None
            found = read_declarator(kid.fields.get("declarator", kid) if kid.type == "init_declarator" else kid)
            if found is not None and not (found.is_function and not _VECTOR.match(ctype)):
                self._declare(found, ctype, value, node, is_static="static" in node.text[:20])

    def _declare(self, found: Declared, ctype: str, value: Node | None, node: Node, *, is_static: bool) -> None:
        if found.is_reference and value is not None:
            place = self.place(value)
            if place is not None and place.offset == 0:
                self.declare(found.name, place.block)
                return
        dims = tuple(self._dimension(size) for size in found.sizes)
        container = self._container(ctype, value)
        if container is not None:
            self.declare(found.name, self.new_block(found.name, container[0], container[1], node.line, (container[1],)))
            return
        given = self._value(value, dims)
        if dims == (None,) and isinstance(given, list):
            dims = (len(given),)
        count: int | None = 1
        for size in dims:
            count = None if size is None or count is None else count * size
        block = self.new_block(found.name, self.resolve_type(ctype) + " *" * found.depth, count, node.line, dims)
        block.zeroed = is_static or len(self.scopes) == 1 or isinstance(given, list)
        if not found.depth and size_of(block.ctype) is not None:
            block.variable = (self.unit.path, found.name, node.line)
            block.is_unset = value is None and not block.zeroed
        self.declare(found.name, block)
        if isinstance(given, list):
            block.cells.update(enumerate(given))
        elif value is not None and not dims:
            self.assign(Place(block, 0), given, node.line)

    def _dimension(self, size: Node | None) -> int | None:
        value = self.evaluate(size) if size is not None else None
        return value if isinstance(value, int) and value >= 0 else None

    def _container(self, ctype: str, value: Node | None) -> tuple[str, int | None] | None:
        vector, array = _VECTOR.match(ctype), _ARRAY.match(ctype)
        if array is not None:
            return self.resolve_type(array[1]), self.extent(array[2])
        if vector is None:
            return None
        count: int | None = None
        if value is not None and value.type == "argument_list" and value.kids:
            size = self.evaluate(value.kids[0])
            count = size if isinstance(size, int) else None
        return self.resolve_type(vector[1]), count

    def _value(self, value: Node | None, dims: tuple[int | None, ...]) -> Value | list[Value]:
        if value is None:
            return None
        if value.type == "initializer_list":
            flat = self._flat(value)
            return flat if dims else flat[0] if flat else 0
        if value.type == "argument_list":
            return self.evaluate(value.kids[0]) if value.kids else None
        return self.evaluate(value)

    def _flat(self, node: Node) -> list[Value]:
        """The elements of an initialiser; designated ones are left unknown."""
        found: list[Value] = []
        for kid in node.kids:
            if kid.type == "initializer_list":
                found += self._flat(kid)
            elif kid.type == "initializer_pair":
                found.append(self.unknown(f"initialiser@{kid.start}", local=False))
            else:
                found.append(self.evaluate(kid))
        return found

    def bind_parameters(self, definition: Node, values: list[Value]) -> dict[str, Block]:
        """The scope of a function's parameters, K&R heads included."""
        head = definition.fields.get("declarator")
        while head is not None and head.type != "function_declarator":
            head = head.fields.get("declarator") or (head.kids[-1] if head.kids else None)
        scope: dict[str, Block] = {"": Block("", "", None, 0)}
        listed = head.fields.get("parameters") if head is not None else None
        late = {
            found.name: (type_text(kid), found)
            for kid in definition.kids
            if kid.type == "declaration"
            for below in kid.kids
            if (found := read_declarator(below)) is not None
        }
        for index, parameter in enumerate(listed.kids if listed is not None else ()):
            value = values[index] if index < len(values) else None
            if parameter.type == "identifier":
                ctype, found = late.get(parameter.text, ("int", Declared(parameter.text, 0, (), False, False)))
            else:
                declarator = parameter.fields.get("declarator")
                read = read_declarator(declarator) if declarator is not None else None
                if read is None:
                    continue
                ctype, found = type_text(parameter), read
            self._bind_one(scope, found, ctype, value, parameter.line)
        return scope

    def _bind_one(self, scope: dict[str, Block], found: Declared, ctype: str, value: Value, line: int) -> None:
        if found.is_reference and isinstance(value, Pointer) and value.offset == 0:
            scope[found.name] = value.block
            return
        stars = found.depth + len(found.sizes)
        block = self.new_block(found.name, self.resolve_type(ctype) + " *" * stars, 1, line)
        if value is not None:
            if isinstance(value, Pointer) and stars == 1:
                self.type_allocation(value.block, block.ctype)
            block.cells[0] = value
        scope[found.name] = block
