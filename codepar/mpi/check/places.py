"""Where a replayed rank reads and writes: the places that lvalues name, and pointers that move.

Limits: what a pointer without a known block points to has no place; members of unions lie apart.
"""

from __future__ import annotations

import math
import re

from codepar.mpi.check.memory import Memory
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.values import Block, Callback, Constant, Place, Pointer, Unknown, Value, shortened


def key_of(value: Value) -> str:
    """A text that is equal for values known to be equal."""
    match value:
        case Unknown():
            return value.key
        case Pointer():
            return f"&{value.block.name}.{value.block.serial}+{key_of(value.offset)}"
        case Constant() | Callback():
            return value.name
        case int() | float() | str():
            return str(value)
    return f"object@{id(value):x}"


class Places(Memory):
    """Lvalues."""

    def evaluate(self, node: Node) -> Value:
        """The value of an expression."""
        raise NotImplementedError

    def type_allocation(self, block: Block, ctype: str) -> None:
        """A fresh allocation gets its element type from the pointer that first takes it."""
        target = ctype.strip().removesuffix("*").strip()
        if block.heap and not block.ctype and target and target != "void":
            block.ctype = target
            size = self.type_bytes(target)
            total = block.element_bytes and block.count
            if block.count is not None and size and block.element_bytes == 1 and total is not None:
                block.count = block.count // size
                block.element_bytes = None
            else:
                block.count, block.element_bytes = None, None

    def moved(self, pointer: Pointer, by: Value) -> Value:
        stride = pointer.stride
        if not isinstance(by, int) or not isinstance(pointer.offset, int) or stride is None:
            return Pointer(pointer.block, Unknown(shortened(f"({key_of(pointer.offset)} + {key_of(by)})"), True), pointer.dims)
        return Pointer(pointer.block, pointer.offset + by * stride, pointer.dims)

    def address(self, argument: Node) -> Value:
        if argument.type == "subscript_expression":
            base = self.subscripted(argument)
            if base is not None:
                return base
        place = self.place(argument)
        if place is not None:
            return Pointer(place.block, place.offset)
        return self.unknown(f"&{argument.text}@{self.unit.path}:{argument.start}", local=True)

    def subscripted(self, node: Node) -> Pointer | None:
        """The address of ``a[i]``."""
        base_node = node.fields.get("argument")
        index_node = node.fields.get("index") or node.fields.get("indices")
        if base_node is None or index_node is None:
            return None
        if index_node.type == "subscript_argument_list" and index_node.kids:
            index_node = index_node.kids[0]
        base, index = self.evaluate(base_node), self.evaluate(index_node)
        if not isinstance(base, Pointer):
            return None
        moved = self.moved(base, index)
        return moved if isinstance(moved, Pointer) else None

    def place(self, node: Node) -> Place | None:
        """Where an expression that can be assigned to lives; None where nothing tells."""
        while node.type == "parenthesized_expression" and node.kids:
            node = node.kids[0]
        match node.type:
            case "identifier":
                block = self.lookup(node.text)
                return Place(block, 0) if block is not None else None
            case "subscript_expression":
                address = self.subscripted(node)
                return Place(address.block, address.offset) if address is not None and not address.dims else None
            case "pointer_expression":
                value = self.evaluate(node.fields["argument"])
                return Place(value.block, value.offset) if isinstance(value, Pointer) and not value.dims else None
            case "field_expression":
                return self._member_place(node)
            case "cast_expression":
                return self.place(node.fields["value"]) if "value" in node.fields else None
        return None

    def _member_place(self, node: Node) -> Place | None:
        argument, name = node.fields.get("argument"), node.fields.get("field")
        if argument is None or name is None:
            return None
        base: Value
        if "->" in node.data[argument.end : name.start].decode(errors="replace"):
            base = self.evaluate(argument)
        else:
            place = self.place(argument)
            base = Pointer(place.block, place.offset) if place is not None else None
        member = self.member(base, name.text) if isinstance(base, Pointer) else None
        return Place(member, 0) if member is not None else None

    def assign(self, place: Place, value: Value, line: int) -> None:
        """Store with the conversion that the type of the place asks for."""
        ctype = place.block.ctype
        if isinstance(value, float) and ctype and not re.search(r"float|double|auto", ctype):
            value = int(value) if math.isfinite(value) else self.unknown(f"float@{line}", local=True)
        elif isinstance(value, int) and ctype in {"float", "double"}:
            value = float(value)
        if isinstance(value, Pointer) and ctype.endswith("*"):
            self.type_allocation(value.block, ctype)
        self.store(place, value, line)
