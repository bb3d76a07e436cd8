"""One rank of a replayed Fortran program.

It is the machine of the C side, with Fortran's names, arguments by reference, arrays, and calls of MPI in the order of the
Fortran binding. Limits: variables of modules are known by their name alone; a derived type's components have no bounds;
procedures of objects are not entered.
"""

from __future__ import annotations

from collections.abc import Callable

from codepar.mpi.check.fortran.actions import Actions
from codepar.mpi.check.fortran.arrays import KINDS
from codepar.mpi.check.fortran.binding import in_c_order
from codepar.mpi.check.fortran.declarations import UNTYPED
from codepar.mpi.check.fortran.intrinsics import NUMERIC, SHARED, SILENT, VARYING
from codepar.mpi.check.fortran.statements import c_name
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.places import key_of
from codepar.mpi.check.values import Callback, Constant, NamedInt, Place, Pointer, Unknown, Value
from codepar.mpi.headers import Signature, Signatures

_WAITS = frozenset({"MPI_Wait", "MPI_Waitall", "MPI_Waitany", "MPI_Waitsome", "MPI_Start", "MPI_Startall"})


class FortranMachine(Actions):
    """Expressions, references and calls."""

    def prepare(self, signatures: Signatures) -> None:
        super().prepare(signatures)
        self.elements = self.program.elements(signatures)
        self.shapes, self.views, self.commons, self.frames = {}, {}, {}, []

    def evaluate(self, node: Node) -> Value:
        method = _EVALUATORS.get(node.type)
        if method is None:
            return super().evaluate(node)
        self.step()
        return method(self, node)

    def name_value(self, name: str, node: Node) -> Value:
        found = None if self.is_constant(name) else self.variable(name)
        if found is not None:
            block, offset, shape = found
            return Pointer(block, offset) if shape is not None else self.load(Place(block, offset), node.line)
        if name.startswith(("MPI_", "MPIX_")):
            return super().name_value(name, node)
        if name in KINDS:
            return KINDS[name]
        if self.program.function(name, self.unit):
            return Callback(name)
        block = self.implicit(name, node.line)
        return self.load(Place(block, 0), 0)

    def _reference(self, node: Node) -> Value:
        """``name(...)`` as a value."""
        base = node.fields["base"]
        target = self.array(base)
        if target is not None:
            block, offset, shape = target
            if any(argument.type == "fortran_range" for argument in node.fields["arguments"].kids):
                return self.section(node, block, offset, shape)
            place = self.place(node)
            return self.load(place, node.line) if place is not None else self._unknown(node)
        if base.type == "identifier" and self.lookup(base.text) is None:
            return self._function(base.text, node)
        for argument in node.fields["arguments"].kids:
            self.evaluate(argument)
        return self._unknown(node)

    def _function(self, name: str, node: Node) -> Value:
        arguments = node.fields["arguments"].kids
        if name.startswith(("MPI_", "PMPI_")) and not self.program.function(name, self.unit):
            return super().mpi_call(c_name(name), node, arguments)
        target = self.program.function(name, self.unit)
        if target is not None:
            return self.enter(name, target[0], target[1], arguments)
        return self._intrinsic(name, node, arguments)

    def _intrinsic(self, name: str, node: Node, arguments: list[Node]) -> Value:
        if name == "present" and arguments:
            return int(self.lookup(arguments[0].text) is not None)
        if name == "size" and arguments:
            return self._size(arguments, node)
        values = [self.evaluate(argument) for argument in arguments]
        numbers = [value for value in values if isinstance(value, int | float)]
        if name in NUMERIC and len(numbers) == len(values) and values:
            return self._computed(name, node, numbers)
        local = name in VARYING or name not in SHARED | NUMERIC.keys()
        local = local or any(not isinstance(value, int | float | str) and not _is_shared(value) for value in values)
        where = f"@{node.start}#{self.steps}" if name in VARYING else ""
        return self.unknown(f"{name}({','.join(key_of(value) for value in values)}){where}", local=local)

    def _computed(self, name: str, node: Node, numbers: list[int | float]) -> Value:
        argument = node.fields["arguments"].kids[0]
        if name == "kind":
            told = argument.cache.get("kind")
            return 8 if told == "double" else 4 if not told else self._unknown(node)
        try:
            return NUMERIC[name](*numbers)
        except (ArithmeticError, ValueError, TypeError):
            return self._unknown(node)

    def _size(self, arguments: list[Node], node: Node) -> Value:
        found = self.array(arguments[0])
        shape = found[2] if found is not None else ()
        wanted = self.evaluate(arguments[1]) if len(arguments) > 1 else None
        extents = [extent for _, extent in shape]
        if isinstance(wanted, int) and 0 < wanted <= len(extents):
            extents = extents[wanted - 1 : wanted]
        count = 1
        for extent in extents:
            if extent is None:
                return self._unknown(node)
            count *= extent
        return count if extents else self._unknown(node)

    def _unknown(self, node: Node) -> Value:
        return self.unknown(f"{node.text}@{self.unit.path}:{node.start}#{self.steps}", local=True)

    def _power(self, node: Node) -> Value:
        left, right = self.evaluate(node.fields["left"]), self.evaluate(node.fields["right"])
        if isinstance(left, int | float) and isinstance(right, int | float) and abs(right) < 64 and abs(left) < 1e6:
            try:
                value = left**right
                return value if isinstance(value, int | float) else self._unknown(node)
            except ArithmeticError:
                return self._unknown(node)
        return self._joined("**", left, right)

    def _member(self, node: Node) -> Value:
        place = self.place(node)
        if place is None:
            return self._unknown(node)
        shape = self.shapes.get(place.block.serial)
        return Pointer(place.block, 0) if shape is not None else self.load(place, node.line)

    def _constructor(self, node: Node) -> Value:
        values = [self.evaluate(kid) for kid in node.kids]
        block = self.new_block("an array", UNTYPED, None, node.line)
        if not any(kid.type == "fortran_unknown" for kid in node.kids) and not any(isinstance(one, Pointer) for one in values):
            block.count = len(values)
            block.cells.update(enumerate(values))
        return Pointer(block, 0)

    def _keyword(self, node: Node) -> Value:
        return self.evaluate(node.fields["value"])

    def _assign(self, node: Node) -> Value:
        left, right = node.fields["left"], node.fields["right"]
        value = self.evaluate(right)
        array = self.array(left)
        if array is not None:
            self.assign_all(array[0], array[1], value, node.line)
            return value
        if left.type == "fortran_reference" and any(one.type == "fortran_range" for one in left.fields["arguments"].kids):
            self._assign_section(left, value, node.line)
            return value
        if isinstance(value, Pointer):
            value = self._unknown(right)
        place = self.place(left)
        if place is not None:
            self.assign(place, value, node.line)
        return value

    def _assign_section(self, left: Node, value: Value, line: int) -> None:
        found = self.array(left.fields["base"])
        if found is None:
            return
        block, offset, shape = found
        ranges = left.fields["arguments"].kids
        if all(one.type == "fortran_range" and not one.fields for one in ranges):
            self.assign_all(block, offset, value, line)
            return
        start = self.section(left, block, offset, shape)
        if isinstance(start.offset, int) and start.block is block:
            self.store(Place(block, start.offset), value, line)
        block.forget()

    def mpi_call(self, name: str, node: Node, arguments: list[Node]) -> Value:
        own = self.program.function(node.fields["function"].text.upper(), self.unit) if "function" in node.fields else None
        if own is not None:
            return self.enter(name, own[0], own[1], arguments)
        signature = self.signatures.get(name)
        if signature is None:
            for argument in arguments:
                self.forget_pointed(self.reference(argument))
            return None
        value = super().mpi_call(name, node, arguments)
        made = self.trace.ops[-1].resource if self.trace.ops else None
        if made is not None and name.startswith("MPI_Type_create_f90"):
            made.committed = made.escapes = True  # predefined, though a call gives it
        _, ierror = in_c_order(name, signature, arguments)
        place = self.place(ierror) if ierror is not None else None
        if place is not None:
            self.store(place, NamedInt(0, "MPI_SUCCESS"), 0)
        return value

    def arranged(self, name: str, arguments: list[Node]) -> list[Node]:
        signature = self.signatures.get(name)
        return in_c_order(name, signature, arguments)[0] if signature is not None else arguments

    def argument_values(self, signature: Signature | None, arguments: list[Node]) -> list[Value]:
        values = list[Value]()
        for parameter, argument in zip(signature.parameters if signature else (), arguments, strict=False):
            if not parameter.type.endswith(("*", "]")):
                value = self.evaluate(argument)
                values.append(self.load(Place(value.block, value.offset), argument.line) if isinstance(value, Pointer) else value)
                continue
            value = self.reference(argument)
            if signature is not None and signature.name in _WAITS and "request" in parameter.name and isinstance(value, Pointer):
                self._as_request(value)
            values.append(value)
        return values

    def _as_request(self, pointer: Pointer) -> None:
        """An integer that is waited for is a request, whether anything was stored in it or not."""
        if pointer.block.ctype == "int" and not pointer.block.version:
            pointer.block.ctype = "MPI_Request"

    def _library(self, name: str, node: Node, arguments: list[Node]) -> Value:
        if name in {"printf", "exit"}:
            return super()._library(name, node, arguments)
        if name.startswith(("MPI_", "PMPI_")):
            return self.mpi_call(c_name(name), node, arguments)
        for argument in arguments:
            self.forget_pointed(self.reference(argument))
        if name in {"abort"}:
            self._end()
        if name not in SILENT:
            self.trace.opaque = self.trace.opaque or name
        return None

    def _method(self, callee: Node, arguments: list[Node], node: Node) -> Value:
        return self._library("fortran_method", node, arguments)


def _is_shared(value: Value) -> bool:
    return (isinstance(value, Unknown) and not value.local) or isinstance(value, Constant)


_EVALUATORS: dict[str, Callable[[FortranMachine, Node], Value]] = {
    "fortran_reference": FortranMachine._reference,
    "fortran_power": FortranMachine._power,
    "fortran_member": FortranMachine._member,
    "fortran_array": FortranMachine._constructor,
    "fortran_keyword": FortranMachine._keyword,
    "fortran_range": FortranMachine._unknown,
    "fortran_unknown": FortranMachine._unknown,
    "fortran_complex": FortranMachine._unknown,
    "fortran_text": FortranMachine._unknown,
    "assignment_expression": FortranMachine._assign,
}
