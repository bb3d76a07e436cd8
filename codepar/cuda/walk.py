"""A walk through a function that notes which elements of its buffers it may touch, as polynomials of its scalar parameters.

Statements in their order, each branch with what its condition tells, each loop once for all its iterations, helpers at their
calls. Limits: C and the C-like core of C++; a loop is understood where one variable counts from a known value by a known step to
a bound that does not change; what changes otherwise is unknown, and so are subscripts made of it.
"""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from codepar.cuda.conditions import Facts, Test
from codepar.cuda.counting import changed_in, exits_of, leaves
from codepar.cuda.function import SequentialFunction
from codepar.cuda.nodes import declared_by, field, named, walk
from codepar.cuda.poly import Poly, Symbol
from codepar.cuda.read import node_of, parameters_of
from codepar.cuda.source import source_of
from codepar.cuda.values import Pointer, Unknown, Value, data_of, is_integer, is_unsigned
from codepar.cuda.walk_loops import LoopWalk
from codepar.cuda.walk_state import NOTHING_KNOWN, State, Subject, Touch

_MAX_CALLS = 4


def touches_of(function: SequentialFunction) -> list[Touch]:
    """All touches of the buffers of a function."""
    walker = FunctionWalk(_subject(function))
    walker.begin(function)
    walker.statement(walker.subject.body)
    return walker.finished()


def _subject(function: SequentialFunction) -> Subject:
    source, node = source_of(function.text, function.language), node_of(function)
    body = field(node, "body")
    changed = changed_in(node)
    parameters = function.signature.parameters
    fixed = {one.name for one in parameters if not one.is_buffer and one.name not in changed} | set(source.constants)
    return Subject(
        source=source,
        types={one.name: one.type for one in parameters if one.is_buffer},
        written=frozenset(one.name for one in parameters if one.role.is_written),
        fixed=frozenset(fixed),
        unsigned=unsigned_scalars(function),
        constants=source.constants,
        body=body,
    )


def unsigned_scalars(function: SequentialFunction) -> frozenset[str]:
    """The scalar parameters whose type holds no negative value."""
    typedefs = source_of(function.text, function.language).typedefs
    scalars = function.signature.scalars
    plain = {one.name: typedefs[one.type].type if one.type in typedefs else one.type for one in scalars}
    return frozenset(name for name, kind in plain.items() if is_integer(kind) and is_unsigned(kind))


class FunctionWalk(LoopWalk):
    """Executes statements."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._calls: list[str] = []
        self._returned: list[tuple[Value, Facts]] = []
        self._spoiled_from: int | None = None

    def begin(self, function: SequentialFunction) -> None:
        """Bind the parameters."""
        state = self.state
        for one in function.signature.parameters:
            state.types[one.name] = one.type
            if not one.is_buffer:
                state.values[one.name] = Poly.of(Symbol(one.name)) if is_integer(self._plain(one.type)) else NOTHING_KNOWN
        for one in function.signature.buffers:
            sizes = tuple(self._dimension(text, function) for text in one.dimensions[1:])
            known = tuple(size for size in sizes if size is not None)
            offset = Poly.number(0) if len(known) == len(sizes) else None
            state.values[one.name] = Pointer(one.name, offset, one.type, known)
            state.types[one.name] = one.type + " *"

    def _dimension(self, text: str, function: SequentialFunction) -> Poly | None:
        source = source_of(f"int size_ = {text};", function.language)
        for node in walk(source.tree.root):
            if node.type == "init_declarator":
                return self.integer(field(node, "value"))
        return None

    def finished(self) -> list[Touch]:
        """The touches, those after a way out that was not followed being inexact."""
        if self._spoiled_from is not None:
            for touch in self.touches[self._spoiled_from :]:
                touch.is_exact = touch.is_sure = False
        return self.touches

    def statement(self, node: Node) -> None:
        """Execute one statement."""
        match node.type:
            case "compound_statement":
                self._block(node)
            case "declaration":
                self._declaration(node)
            case "expression_statement" | "case_statement" | "else_clause":
                for child in named(node):
                    self._child(child)
            case "if_statement":
                self._if(node)
            case "return_statement":
                self._return(node)
            case "for_statement" | "while_statement" | "do_statement" | "for_range_loop":
                self.loop(node)
            case "switch_statement":
                self._switch(node)
            case "labeled_statement" | "goto_statement":
                self._spoil(0)
            case _:
                pass

    def _child(self, node: Node) -> None:
        if node.type.endswith("statement") or node.type in {"declaration", "else_clause", "for_range_loop"}:
            self.statement(node)
        else:
            self.value(node)

    def _spoil(self, start: int) -> None:
        self._spoiled_from = start if self._spoiled_from is None else min(start, self._spoiled_from)

    def _block(self, node: Node) -> None:
        own = {one.name for child in named(node) if child.type == "declaration" for one in declared_by(child)}
        kept_values = {name: self.state.values[name] for name in own if name in self.state.values}
        kept_types = {name: self.state.types[name] for name in own if name in self.state.types}
        for child in named(node):
            self.statement(child)
        for name in own:
            self.state.values.pop(name, None)
            self.state.types.pop(name, None)
        self.state.values |= kept_values
        self.state.types |= kept_types

    def _declaration(self, node: Node) -> None:
        for declared in declared_by(node):
            value = declared.node.child_by_field_name("value")
            is_pointer = bool(declared.depth) and not declared.dimensions
            self.state.types[declared.name] = declared.type + (" *" if is_pointer else "")
            found: Value = self.value(value) if value is not None else NOTHING_KNOWN
            if declared.dimensions and not declared.is_pointer_to_array:
                self.state.values[declared.name] = Pointer(None, None, declared.type)
            elif declared.is_pointer_to_array and isinstance(found, Pointer):
                self.state.values[declared.name] = found
            else:
                self.assign(declared.name, found)

    def _return(self, node: Node) -> None:
        found: Value = NOTHING_KNOWN
        for child in named(node):
            found = self.value(child)
        facts = Facts()
        for one in self.state.facts:
            facts = facts.joined(one)
        self._returned.append((found, facts))

    def _if(self, node: Node) -> None:
        test = self.test(field(node, "condition"))
        one, other = field(node, "consequence"), node.child_by_field_name("alternative")
        before = dict(self.state.values)
        after_one = self._branch(test.holds, one)
        self.state.values = dict(before)
        after_other = self._branch(test.fails, other)
        gone = leaves(one), leaves(other)
        if gone[0] and not gone[1]:
            self.state.values = after_other
            self._left(test, test.fails, one)
        elif gone[1] and not gone[0]:
            self.state.values = after_one
            self._left(test, test.holds, other)
        else:
            self.state.values = self._merged(test, after_one, after_other)
            if _may_leave(one) or _may_leave(other):
                self._left(test, Facts(is_whole=test.is_data), one)

    def _branch(self, facts: Facts, node: Node | None) -> dict[str, Value]:
        kept, sure, spoiled = len(self.state.facts), self.state.is_sure, self._spoiled_from
        self.state.facts.append(facts)
        self.state.is_sure = False
        if node is not None:
            self.statement(node)
        del self.state.facts[kept:]
        self.state.is_sure = sure
        del spoiled
        return self.state.values

    def _left(self, test: Test, remaining: Facts, branch: Node | None) -> None:
        """What follows happens only where the branch did not leave."""
        self.state.facts.append(remaining)
        self.state.is_sure = False
        exits = exits_of(branch) if branch is not None else []
        is_break = bool(exits) or (branch is not None and any(one.type == "break_statement" for one in walk(branch)))
        if is_break and not test.is_data and self.state.loops:
            self.leaving_loop()

    def _merged(self, test: Test, one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
        merged: dict[str, Value] = {}
        for name in one.keys() | other.keys():
            a, b = one.get(name, NOTHING_KNOWN), other.get(name, NOTHING_KNOWN)
            if a == b:
                merged[name] = a
            elif isinstance(a, Poly) and isinstance(b, Poly):
                merged[name] = self._chosen(test, a, b)
            elif isinstance(a, Pointer) and isinstance(b, Pointer) and a.base == b.base:
                merged[name] = replace(a, offset=None)
            else:
                merged[name] = Unknown(data_of(a) | data_of(b))
        return merged

    def _switch(self, node: Node) -> None:
        changed = changed_in(node)
        self.value(field(node, "condition"))
        self.state.facts.append(Facts(is_whole=False))
        sure, self.state.is_sure = self.state.is_sure, False
        for child in named(field(node, "body")):
            self.statement(child)
        self.state.facts.pop()
        self.state.is_sure = sure
        self.state.values |= dict.fromkeys(changed & self.state.values.keys(), NOTHING_KNOWN)

    def helper(self, name: str, arguments: list[Value], node: Node) -> Value | None:
        nodes = self.subject.source.function_nodes.get(name)
        if not nodes or len(self._calls) >= _MAX_CALLS or name in self._calls:
            return None
        parameters = parameters_of(self.subject.source, nodes[0])
        if len(parameters) != len(arguments):
            return None
        state, returned, leaves_loop = self.state, self._returned, self._leaves
        self.state = State(facts=list(state.facts), loops=list(state.loops), is_exact=state.is_exact, is_sure=state.is_sure)
        self._returned = []
        for (declared, _), value in zip(parameters, arguments, strict=True):
            self.state.types[declared.name] = declared.type + (" *" if isinstance(value, Pointer) else "")
            self.state.values[declared.name] = value if isinstance(value, Pointer) else self.converted(value, declared.type)
        self._calls.append(name)
        self.statement(field(nodes[0], "body"))
        self._calls.pop()
        found = self._result()
        self.state, self._returned, self._leaves = state, returned, leaves_loop
        return found

    def _result(self) -> Value:
        """What a helper returns: the last value, or an earlier one where the condition before it held."""
        values = [value for value, _ in self._returned]
        if not values:
            return NOTHING_KNOWN
        numbers = [(value, facts) for value, facts in self._returned if isinstance(value, Poly)]
        if len(numbers) != len(values):
            return Unknown(frozenset(name for value in values for name in data_of(value)))
        found = numbers[-1][0]
        for value, facts in reversed(numbers[:-1]):
            own = Facts(facts.nonnegative[-1:])
            found = self._chosen(Test(own, Facts(is_whole=False)), value, found)
        return found


def _may_leave(node: Node | None) -> bool:
    return node is not None and any(
        one.type in {"return_statement", "break_statement", "continue_statement", "goto_statement"} for one in walk(node)
    )
