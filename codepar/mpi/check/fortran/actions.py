"""What statements of Fortran do in the replay: declarations, allocation, input, pointers; how procedures get their arguments.

Limits: ``allocate`` without known bounds gives an array of unknown size; a pointer assignment to a member is not followed.
"""

from __future__ import annotations

from collections.abc import Callable

from codepar.mpi.check.fortran.arrays import Arrays, Shape
from codepar.mpi.check.fortran.declarations import UNTYPED, Bound, Entity
from codepar.mpi.check.fortran.units import Procedure
from codepar.mpi.check.memory import Stop
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.program import Unit
from codepar.mpi.check.statements import Jump
from codepar.mpi.check.values import Block, Constant, NamedInt, Place, Pointer, Unknown, Value

_CHANGED = frozenset({"fortran_reads", "fortran_allocate", "fortran_deallocate"})


class Actions(Arrays):
    """Statements and arguments."""

    commons: dict[tuple[str, int], Block]
    frames: list[dict[str, Block]]

    def lookup(self, name: str) -> Block | None:
        found = super().lookup(name)
        if found is not None or not self.frames:
            return found
        # A procedure inside another sees the variables of its host, which has called it.
        return next((scope[name] for scope in reversed(self.scopes) if name in scope), None) if self._is_hosted else None

    @property
    def _is_hosted(self) -> bool:
        return bool(self.__dict__.get("_hosted"))

    @property
    def _own_scope(self) -> dict[str, Block]:
        """The scope that holds the dummies and the implicit variables of the current procedure."""
        return next((scope for scope in reversed(self.scopes) if "" in scope), self.scopes[0])

    def implicit(self, name: str, line: int) -> Block:
        """A variable that no declaration names."""
        # It may be an array, or of another type, in a module that is not here.
        block = self.new_block(name, UNTYPED, None, line)
        self._own_scope[name] = block
        return block

    def execute(self, node: Node) -> None:
        method = _EXECUTORS.get(node.type)
        if method is None:
            super().execute(node)
            return
        self.step()
        self.line = node.line
        method(self, node)

    def is_constant(self, name: str) -> bool:
        """Whether a name is one of MPI's own, declared in an old ``mpif.h`` or not."""
        if not name.startswith(("MPI_", "MPIX_")):
            return False
        return name in self.signatures.constants or name in self.elements or self.lookup(name) is None

    def declaration(self, node: Node) -> None:
        entities = node.cache.get("entities")
        for entity in entities if isinstance(entities, list) else ():
            if isinstance(entity, Entity):
                self._declare_entity(entity)

    def _declare_entity(self, entity: Entity) -> None:
        own = self._own_scope if self.scopes else {}
        known = own.get(entity.name)
        if known is not None and entity.line:
            self._describe_dummy(known, entity)
            return
        if "external" in entity.attributes or entity.base == "":
            return
        block = self.new_entity(entity)
        block.version = int(len(self.scopes) == 1)  # who sets a variable of a module is not always here
        self.declare(entity.name, block)
        if entity.initial is not None:
            value = self.evaluate(entity.initial)
            if block.serial in self.shapes:
                self.assign_all(block, 0, value, 0)
            else:
                self.assign(Place(block, 0), value, 0)
        elif entity.attributes & {"pointer", "allocatable"} and entity.dims is not None:
            block.count = None

    def _describe_dummy(self, known: Block, entity: Entity) -> None:
        """The declaration of a dummy or result: bounds of its own, memory of the caller."""
        shape = self.shape_of(entity.dims)
        before = self.shapes.get(known.serial)
        if shape is None:
            if known.serial in self.views or known.name == entity.name:
                self.shapes.pop(known.serial, None)
            if known.ctype == UNTYPED and known.serial not in self.views:
                known.ctype = self.entity_type(entity)
            return
        assumed = all(bound.upper is None for bound in entity.dims or ())
        if assumed and before is not None and len(before) == len(shape):
            shape = tuple((lower, extent) for (lower, _), (_, extent) in zip(shape, before, strict=True))
        self.shapes[known.serial] = shape

    def place(self, node: Node) -> Place | None:
        if node.type == "identifier":
            if self.is_constant(node.text):
                return None
            found = self.variable(node.text)
            if found is None:
                return Place(self.implicit(node.text, node.line), 0)
            return Place(found[0], found[1])
        if node.type == "fortran_reference":
            return self._element_place(node)
        if node.type == "fortran_member":
            base = self.place(node.fields["argument"])
            member = self.member(Pointer(base.block, base.offset), node.fields["field"].text) if base is not None else None
            if member is None:
                return None
            if not member.ctype:
                member.ctype, member.count = UNTYPED, None
            return Place(member, 0)
        return super().place(node)

    def array(self, node: Node) -> tuple[Block, int | Unknown, Shape] | None:
        """The whole array that a name or a member stands for; None for anything else."""
        if node.type == "identifier":
            found = self.variable(node.text)
            return (found[0], found[1], found[2]) if found is not None and found[2] is not None else None
        if node.type == "fortran_member":
            place = self.place(node)
            shape = self.shapes.get(place.block.serial) if place is not None else None
            return (place.block, place.offset, shape) if place is not None and shape is not None else None
        return None

    def _element_place(self, node: Node) -> Place | None:
        found = self.array(node.fields["base"])
        if found is None:
            return None
        indices = [self.evaluate(argument) for argument in node.fields["arguments"].kids]
        place = self.element(*found, indices)
        return Place(place, 0) if isinstance(place, Block) else place

    def reference(self, node: Node) -> Value:
        """What a dummy or an MPI call gets: where the argument lies, a constant of MPI as itself, else a copy."""
        while node.type == "fortran_keyword":
            node = node.fields["value"]
        if node.type == "fortran_reference":
            found = self.array(node.fields["base"])
            if found is not None and any(one.type == "fortran_range" for one in node.fields["arguments"].kids):
                return self.section(node, *found)
        place = self.place(node) if node.type in {"identifier", "fortran_reference", "fortran_member"} else None
        if place is not None:
            return Pointer(place.block, place.offset)
        value = self.evaluate(node)
        base = node.fields.get("base", node)
        somewhere = base.type == "fortran_member" or (base is not node and self.lookup(base.text) is not None)
        if (
            isinstance(value, Pointer | Constant)
            or (isinstance(value, Unknown) and somewhere)
            or (isinstance(value, NamedInt) and node.type == "identifier")
        ):
            return value
        copy = self.new_block(node.text, UNTYPED, 1 if isinstance(value, int | float) else None, node.line)
        copy.cells[0] = value
        return Pointer(copy, 0)

    def _argument_values(self, definition: Node, arguments: list[Node]) -> list[Value]:
        procedure = definition.cache.get("procedure")
        names = list(procedure.parameters) if isinstance(procedure, Procedure) else []
        values: list[Value] = [None] * max(len(names), len(arguments))
        for index, argument in enumerate(arguments):
            keyword = argument.fields["keyword"].text if argument.type == "fortran_keyword" else ""
            position = names.index(keyword) if keyword in names else index
            values[position] = self.reference(argument)
            array = self.array(argument)
            if array is not None:
                self.__dict__.setdefault("_passed", {})[position] = array[2]
        return values

    def bind_parameters(self, definition: Node, values: list[Value]) -> dict[str, Block]:
        passed: dict[int, Shape] = self.__dict__.pop("_passed", {})
        procedure = definition.cache.get("procedure")
        scope: dict[str, Block] = {"": Block("", "", None, 0)}
        for index, name in enumerate(procedure.parameters if isinstance(procedure, Procedure) else ()):
            value = values[index] if index < len(values) else None
            if value is None:
                continue
            scope[name] = self._dummy(name, value, passed.get(index), definition.line)
        if isinstance(procedure, Procedure) and procedure.result:
            scope[procedure.result] = self.new_block(procedure.result, UNTYPED, 1, definition.line)
        if self.frames:
            self.frames[-1] = scope
        return scope

    def _dummy(self, name: str, value: Value, shape: Shape | None, line: int) -> Block:
        if isinstance(value, Pointer):
            block = self.new_block(name, value.block.ctype, value.block.count, line)
            self.views[block.serial] = value
            self.shapes.update({block.serial: tuple((1, extent) for _, extent in shape)} if shape is not None else {})
            return block
        block = self.new_block(name, UNTYPED, 1, line)
        block.cells[0] = value
        return block

    def enter(self, name: str, unit: Unit, definition: Node, arguments: list[Node]) -> Value:
        procedure = definition.cache.get("procedure")
        self.frames.append({})
        hosted = self.__dict__.get("_hosted")
        self.__dict__["_hosted"] = isinstance(procedure, Procedure) and procedure.hosted
        try:
            super().enter(name, unit, definition, arguments)
            result = self.frames[-1].get(procedure.result) if isinstance(procedure, Procedure) and procedure.result else None
            return self.load(Place(result, 0), 0) if result is not None else None
        finally:
            self.frames.pop()
            self.__dict__["_hosted"] = hosted

    def forget_assigned(self, node: Node) -> None:
        super().forget_assigned(node)
        for kid in node.walk():
            listed = list[Node]()
            if kid.type in _CHANGED:
                listed = kid.kids
            elif kid.type in {"call_expression", "fortran_reference"} and "arguments" in kid.fields:
                listed = kid.fields["arguments"].kids if kid.fields.get("function", kid).text != "printf" else []
                listed = [] if self.array(kid.fields.get("base", kid)) is not None else listed
            for target in listed:
                if target.type in {"identifier", "fortran_reference", "fortran_member"}:
                    place = self.place(target)
                    if place is not None:
                        place.block.forget()

    def _reads(self, node: Node) -> None:
        """Input: what it gives is known on no rank."""
        for kid in node.kids:
            place = self.place(kid) if kid.type in {"identifier", "fortran_reference", "fortran_member"} else None
            if place is not None:
                self.store(place, None, node.line)
                place.block.forget()

    def _make_room(self, node: Node) -> None:
        for kid in node.kids:
            base = kid.fields.get("base") if kid.type == "fortran_reference" else None
            if base is None or base.type != "identifier":
                continue
            block = self.lookup(base.text)
            if block is None or block.serial in self.views:
                continue
            bounds = tuple(_bound(argument) for argument in kid.fields["arguments"].kids)
            shape = self.shape_of(bounds) or ()
            made = self.new_block(block.name, block.ctype, None, node.line)
            count: int | None = 1
            for _, extent in shape:
                count = None if count is None or extent is None else count * extent
            made.count = count
            self.shapes[made.serial] = shape
            self._replace(base.text, block, made)

    def _replace(self, name: str, old: Block, new: Block) -> None:
        for scope in (*self.scopes, *self.globals.values()):
            if scope.get(name) is old:
                scope[name] = new

    def _deallocate(self, node: Node) -> None:
        for kid in node.kids:
            found = self.lookup(kid.text) if kid.type == "identifier" else None
            if found is not None and found.serial not in self.views:
                found.freed = node.line

    def _leaves(self, node: Node) -> None:
        inner = node.fields["inner"]
        if not self.loops or self.loops[-1].node.cache.get("name") != inner.cache.get("loop"):
            raise Stop(f"line {node.line} leaves several loops")
        raise Jump("break" if node.operator == "break_statement" else "continue")

    def _alias(self, node: Node) -> None:
        value = self.reference(node.fields["value"])
        array = self.array(node.fields["value"])
        self.declare(
            node.fields["alias"].text, self._dummy(node.fields["alias"].text, value, array[2] if array else None, node.line)
        )

    def _points(self, node: Node) -> None:
        left = node.fields["left"]
        if left.type != "identifier":
            return
        old = self.lookup(left.text)
        made = self.new_block(left.text, old.ctype if old is not None else UNTYPED, None, node.line)
        if old is not None:
            self.shapes.update(
                {made.serial: tuple((1, None) for _ in self.shapes[old.serial])} if old.serial in self.shapes else {}
            )
            self._replace(left.text, old, made)

    def _forget(self, node: Node) -> None:
        if self.program.calls_mpi(node, self.unit):
            raise Stop(f"line {node.line} holds MPI calls in a construct that is not followed")
        self.forget_assigned(node)

    def _unread(self, node: Node) -> None:
        if "mpi_" in node.text.lower() or node.text.lower().startswith("call"):
            raise Stop(f"line {node.line} cannot be read")

    def _broken(self, node: Node) -> None:
        raise Stop(f"what begins in line {node.line} is not closed")

    def _dimensioned(self, node: Node) -> None:
        shapes = node.cache.get("shapes")
        for name, dims in shapes.items() if isinstance(shapes, dict) else ():
            block = self.lookup(name) or self.implicit(name, node.line)
            shape = self.shape_of(dims)
            if shape is not None:
                self.shapes[block.serial] = shape
                block.count = None

    def _common(self, node: Node) -> None:
        members = node.cache.get("members")
        for index, (key, name, dims) in enumerate(members if isinstance(members, list) else []):
            known = self.commons.get((key, index))
            if known is None:
                known = self.lookup(name) or self.implicit(name, node.line)
                shape = self.shape_of(dims)
                if shape is not None:
                    self.shapes[known.serial], known.count = shape, None
                self.commons[(key, index)] = known
            self.declare(name, known)

    def _nothing(self, node: Node) -> None:
        """A definition."""


def _bound(argument: Node) -> Bound:
    if argument.type == "fortran_range":
        return Bound(argument.fields.get("first"), argument.fields.get("last"))
    return Bound(None, argument)


_EXECUTORS: dict[str, Callable[[Actions, Node], None]] = {
    "declaration": Actions.declaration,
    "fortran_reads": Actions._reads,
    "fortran_allocate": Actions._make_room,
    "fortran_deallocate": Actions._deallocate,
    "fortran_leaves": Actions._leaves,
    "fortran_alias": Actions._alias,
    "fortran_points": Actions._points,
    "fortran_forget": Actions._forget,
    "fortran_unread": Actions._unread,
    "fortran_broken": Actions._broken,
    "fortran_dimension": Actions._dimensioned,
    "fortran_common": Actions._common,
    "fortran_type": Actions._nothing,
}
