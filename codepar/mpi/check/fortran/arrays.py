"""Arrays of Fortran in the memory of the replay: bounds, elements, sections, dummies that lie in their caller's memory.

Limits: a section that is not contiguous is a copy of unknown content; what is assigned to one is forgotten.
"""

from __future__ import annotations

from codepar.mpi.check.fortran.declarations import UNTYPED, Bound, Entity, bytes_of, ctype_of
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.operations import Machine
from codepar.mpi.check.places import key_of
from codepar.mpi.check.values import Block, Constant, NamedInt, Place, Pointer, Unknown, Value, shortened

Shape = tuple[tuple[int, int | None], ...]
"""Lower bound and extent of each dimension."""
_ELEMENTWISE = 4_096
KINDS = {
    "MPI_ADDRESS_KIND": 8, "MPI_OFFSET_KIND": 8, "MPI_COUNT_KIND": 8, "MPI_INTEGER_KIND": 4, "real32": 4, "real64": 8,
    "real128": 16, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "c_int": 4, "c_double": 8, "c_float": 4, "c_long": 8,
    "c_size_t": 8,
    "c_int64_t": 8, "c_int32_t": 4, "c_short": 2, "c_long_long": 8, "c_char": 1, "c_bool": 1, "c_double_complex": 8,
    "c_float_complex": 4,
}  # fmt: skip


class Arrays(Machine):
    """Variables of Fortran."""

    shapes: dict[int, Shape]
    views: dict[int, Pointer]

    def variable(self, name: str) -> tuple[Block, int | Unknown, Shape | None] | None:
        """The memory that a name stands for, and its bounds where it is an array."""
        block = self.lookup(name)
        if block is None:
            return None
        shape = self.shapes.get(block.serial)
        view = self.views.get(block.serial)
        return (block, 0, shape) if view is None else (view.block, view.offset, shape)

    def new_entity(self, entity: Entity) -> Block:
        """A block for a declared variable."""
        shape = self.shape_of(entity.dims)
        length = entity.width if entity.base == "character" else None
        if entity.base == "character" and entity.length is not None:
            value = self.evaluate(entity.length) if entity.length.type != "fortran_unknown" else None
            length = value if isinstance(value, int) else None
        elif entity.base == "character" and length is None:
            length = 1
        count = _product(shape) if shape is not None else 1
        if entity.base == "character":
            count = count * length if count is not None and length is not None else None
        block = self.new_block(entity.name, self.entity_type(entity), count, entity.line)
        if shape is not None:
            self.shapes[block.serial] = shape
        return block

    def entity_type(self, entity: Entity) -> str:
        """The C type of an entity."""
        kind = self.evaluate(entity.kind) if entity.kind is not None else None
        plain = entity.kind is None and entity.width is None and entity.base in {"integer", "real", "complex", "double"}
        if plain and not getattr(self.unit, "has_default_kinds", True):
            return UNTYPED
        size = bytes_of(entity.base, entity.width, kind_bytes(kind, entity.kind), has_kind=entity.kind is not None)
        return ctype_of(entity.base, size)

    def shape_of(self, dims: tuple[Bound, ...] | None) -> Shape | None:
        if dims is None:
            return None
        return tuple(self._limits(bound) for bound in dims)

    def _limits(self, bound: Bound) -> tuple[int, int | None]:
        lower = self.evaluate(bound.lower) if bound.lower is not None else 1
        upper = self.evaluate(bound.upper) if bound.upper is not None else None
        known = isinstance(lower, int) and isinstance(upper, int)
        extent = max(0, upper - lower + 1) if known and isinstance(lower, int) and isinstance(upper, int) else None
        return (lower if isinstance(lower, int) else 1, extent)

    def element(self, block: Block, base: int | Unknown, shape: Shape, indices: list[Value]) -> Place | Block | None:
        """The place of an element; of ``status(MPI_SOURCE)`` the block of that component."""
        if len(indices) == 1 and isinstance(indices[0], Constant) and isinstance(base, int):
            return self.member(Pointer(block, base), indices[0].name)
        offset, stride = base, 1
        for index, (lower, extent) in zip(indices, shape, strict=False):
            if not isinstance(index, int) or stride < 0 or not isinstance(offset, int):
                keys = ",".join(key_of(one) for one in indices)
                return Place(block, Unknown(shortened(f"{key_of(base)}({keys})"), True))
            offset += (index - lower) * stride
            stride = stride * extent if extent is not None else -1
        outside = len(indices) != len(shape) or (isinstance(offset, int) and offset < 0)
        return Place(block, Unknown(f"outside#{self.steps}", True)) if outside else Place(block, offset)

    def section(self, node: Node, block: Block, base: int | Unknown, shape: Shape) -> Pointer:
        """Where a section begins; a copy where its elements do not follow each other."""
        ranges = node.fields["arguments"].kids
        starts = list[Value]()
        for argument, (lower, _) in zip(ranges, shape, strict=False):
            first = argument.fields.get("first") if argument.type == "fortran_range" else argument
            starts.append(lower if first is None else self.evaluate(first))
        if len(ranges) == len(shape) and _is_contiguous(ranges):
            found = self.element(block, base, shape, starts)
            if isinstance(found, Place):
                return Pointer(found.block, found.offset)
        block.forget()
        return Pointer(self.new_block(f"a section of {block.name}", block.ctype, None, node.line), 0)

    def assign_all(self, block: Block, base: int | Unknown, value: Value, line: int) -> None:
        """``array = value``: every element where their number and the value are known."""
        self.store(Place(block, base), value, line)
        scalar = isinstance(value, int | float | Constant) and not isinstance(value, Pointer)
        if scalar and block.count is not None and block.count <= _ELEMENTWISE and base == 0:
            block.cells.update(dict.fromkeys(range(block.count), value))
            return
        copied: dict[int, Value] = {}
        if isinstance(value, Pointer) and value.offset == 0 and base == 0 and value.block.count == block.count:
            copied = dict(value.block.cells)
        zeroed = value.block.zeroed if isinstance(value, Pointer) and copied else False
        block.forget()
        block.cells.update(copied)
        block.zeroed = zeroed


def kind_bytes(kind: Value, node: Node | None) -> int | None:
    """Bytes that a kind number means, as all common compilers number them."""
    if isinstance(kind, int) and not isinstance(kind, NamedInt) and kind in {1, 2, 4, 8, 16}:
        return int(kind)
    return KINDS.get(node.text) if node is not None else None


def _product(shape: Shape) -> int | None:
    count = 1
    for _, extent in shape:
        if extent is None:
            return None
        count *= extent
    return count


def _is_contiguous(ranges: list[Node]) -> bool:
    """Whether full dimensions come first, then at most one range, then single indices."""
    seen = False
    for argument in ranges:
        is_range = argument.type == "fortran_range"
        full = is_range and not argument.fields
        if is_range and argument.fields.get("step") is not None:
            return False
        if seen and is_range:
            return False
        seen = seen or not full
    return True
