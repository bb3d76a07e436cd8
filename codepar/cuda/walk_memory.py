"""Memory on the walk through a function: which element an expression names, and the touches that are noted down.

Limits: see ``walk.py``. What a buffer holds is one variable an element where the function never writes the buffer, else a new
one at each read.
"""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from codepar.cuda.conditions import Facts
from codepar.cuda.nodes import field, line_of, named, operator_of, unwrapped
from codepar.cuda.poly import Poly, Symbol, Variable
from codepar.cuda.prove import is_nonnegative
from codepar.cuda.values import Pointer, Unknown, Value, is_integer, is_unsigned, range_of
from codepar.cuda.walk_state import NOTHING_KNOWN, State, Subject, Touch
from codepar.syntax.variables import text_of

_ZERO = Poly.number(0)


class MemoryWalk:
    """Finds elements and notes touches."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.state = State()
        self.touches: list[Touch] = []
        self.order = 0
        self._elements: dict[object, Variable] = {}

    def value(self, node: Node) -> Value:
        """The value of an expression; its touches are noted."""
        raise NotImplementedError

    def fresh(
        self,
        name: str,
        low: Poly | None,
        high: Poly | None,
        *,
        is_exact: bool = False,
        starts_high: bool = False,
        data: frozenset[str] = frozenset(),
    ) -> Variable:
        """A new variable, inside of all there are."""
        self.order += 1
        return Variable(name, self.order, low, high, is_exact, starts_high, tuple(sorted(data)))

    def integer(self, node: Node) -> Poly | None:
        """The value where it is an integer that could be followed."""
        found = self.value(node)
        return found if isinstance(found, Poly) else None

    def _name(self, node: Node) -> Value:
        name = text_of(node)
        if name in self.state.values:
            return self.state.values[name]
        if name in self.subject.constants:
            return Poly.number(self.subject.constants[name])
        return NOTHING_KNOWN

    def is_nonnegative(self, poly: Poly) -> bool:
        """Whether what holds here proves ``poly >= 0``."""
        facts = [one for known in self.state.facts for one in known.nonnegative]
        facts += [loop.trips - 1 for loop in self.state.loops if loop.trips is not None]
        return is_nonnegative(poly, facts, frozenset(Symbol(name) for name in self.subject.unsigned))

    def address_of(self, node: Node) -> Value:
        """The address of what an expression names, without touching it."""
        node = unwrapped(node)
        if node.type == "subscript_expression":
            return self._stepped(node)
        if node.type == "pointer_expression" and operator_of(node) == "*":
            return self.value(field(node, "argument"))
        if node.type == "field_expression":
            inner = field(node, "argument")
            found = self.value(inner) if operator_of(node) == "->" else self.address_of(inner)
            return found if isinstance(found, Pointer) else Pointer(None, None, "")
        if node.type == "identifier" and isinstance(self._name(node), Pointer):
            return self._name(node)
        return Pointer(None, None, self.state.types.get(text_of(node), ""))

    def _stepped(self, node: Node) -> Value:
        """The pointer to the element that ``p[i]`` names."""
        argument = field(node, "argument")
        indices = [child for child in named(node) if child.start_byte != argument.start_byte]
        indices = [one for child in indices for one in (named(child) if child.type == "subscript_argument_list" else [child])]
        if argument.type == "field_expression":
            self.touch(argument, is_write=False)
            base: Value = NOTHING_KNOWN
        else:
            base = self.value(argument)
        steps = self.integer(indices[0]) if indices else None
        if not isinstance(base, Pointer):
            return Pointer(None, None, "")
        return base.moved(steps, self.subject.types.get(base.base or "", base.pointee))

    def touch(self, node: Node, *, is_write: bool) -> Value:
        """Note that the element an expression names is touched; its value when read."""
        node = unwrapped(node)
        if node.type == "identifier":
            if is_write:
                self.state.values[text_of(node)] = NOTHING_KNOWN
            return self._name(node)
        pointer = self.address_of(node)
        if not isinstance(pointer, Pointer):
            return NOTHING_KNOWN
        is_member = node.type == "field_expression"
        if pointer.dimensions and not is_member and node.type != "field_expression":
            return replace(pointer, dimensions=pointer.dimensions[1:])
        return self._touched(pointer, node, is_write, is_member)

    def _touched(self, pointer: Pointer, node: Node, is_write: bool, is_member: bool) -> Value:
        base = pointer.base
        if base is None or base not in self.subject.types:
            return self._of_table(node)
        kind = self.subject.types[base]
        whole = replace(pointer, pointee=kind) if is_member else pointer
        end = whole.end(kind)
        self.note(base, end - 1 if end is not None else None, end, is_write, line_of(node), is_whole=not is_member)
        for other in pointer.also:
            self.note(other, None, end, is_write, line_of(node), is_whole=False)
        if pointer.also:
            # Which of them it is depends on how often they were swapped.
            for touch in self.touches[-1 - len(pointer.also) :]:
                touch.is_exact = False
            return Unknown(frozenset({base, *pointer.also}))
        return Unknown(frozenset({base})) if is_member else self._read(base, end, pointer.pointee)

    def _of_table(self, node: Node) -> Value:
        """An element of a constant table of the file lies between its least and its largest number."""
        name = text_of(node.child_by_field_name("argument"))
        if name in self.state.values:
            return NOTHING_KNOWN
        limits = self.subject.source.tables.get(name)
        return Poly.of(self.fresh(name, Poly.number(limits[0]), Poly.number(limits[1]))) if limits else NOTHING_KNOWN

    def note(self, base: str, start: Poly | None, end: Poly | None, is_write: bool, line: int, *, is_whole: bool = True) -> None:
        """Write a touch down."""
        state = self.state
        facts = Facts()
        for one in state.facts:
            facts = facts.joined(one)
        is_exact = state.is_exact and facts.is_whole
        touch = Touch(base, start, end, tuple(state.loops), facts, is_write, is_exact, state.is_sure and is_whole, line)
        self.touches.append(touch)

    def _read(self, base: str, end: Poly | None, kind: str) -> Value:
        """What stands in an element: the same variable for the same element of a buffer that never changes."""
        kind = self._plain(kind)
        if not is_integer(kind):
            return Unknown(frozenset({base}))
        key = (base, end) if base not in self.subject.written and end is not None else None
        if key is not None and key in self._elements:
            return Poly.of(self._elements[key])
        limits = range_of(kind)
        low = Poly.number(limits[0]) if limits else _ZERO if is_unsigned(kind) else None
        high = Poly.number(limits[1]) if limits else None
        found = self.fresh(f"{base}_max", low, high, data=frozenset({base}))
        if key is not None:
            self._elements[key] = found
        return Poly.of(found)

    def _plain(self, kind: str) -> str:
        alias = self.subject.source.typedefs.get(kind)
        return alias.type if alias is not None and not alias.depth and not alias.dimensions else kind
