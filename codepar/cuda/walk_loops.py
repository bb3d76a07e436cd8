"""Loops on the walk through a function: the counter, its bounds, what else steps along, what holds inside and afterwards.

Limits: see ``walk.py``; of several conditions joined by ``&&`` the first that bounds a counter makes it, the others are guards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tree_sitter import Node

from codepar.cuda.conditions import Facts
from codepar.cuda.counting import Step, changed_in, exits_of, factor_of, step_of, swapped_with
from codepar.cuda.nodes import field, named, operator_of, unwrapped, walk
from codepar.cuda.poly import Poly, Symbol, Variable, combined
from codepar.cuda.values import Pointer, Unknown, Value, data_of
from codepar.cuda.walk_state import NOTHING_KNOWN, Loop, Subject
from codepar.cuda.walk_values import ExpressionWalk
from codepar.syntax.variables import text_of

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}
_ONE = Poly.number(1)


@dataclass(frozen=True, slots=True)
class Counter:
    """``name`` goes from ``start`` by ``step`` while ``trips`` iterations last; ``index`` numbers them from 0."""

    name: str
    variable: Variable
    index: Poly
    value: Poly
    trips: Poly
    after: Poly
    guards: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class _Condition:
    name: str
    operator: str
    bound: Node | None
    is_stepped: bool = False


class LoopWalk(ExpressionWalk):
    """Executes loops, each once for all its iterations."""

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._leaves = False

    def statement(self, node: Node) -> None:
        """Execute one statement."""
        raise NotImplementedError

    def leaving_loop(self) -> None:
        """A way out of the loop that depends on scalars: what the loop touches is bounded, but not exactly."""
        self._leaves = True

    def loop(self, node: Node) -> None:
        """Execute a loop."""
        head = node.child_by_field_name("initializer")
        kept_values, kept_types = dict(self.state.values), dict(self.state.types)
        if head is not None:
            self.statement(head) if head.type == "declaration" else self.value(head)
        declared = set(self.state.types) - set(kept_types) if head is not None and head.type == "declaration" else set()
        self._repeat(node)
        for name in declared:
            self.state.values.pop(name, None)
            self.state.types.pop(name, None)
        if head is not None and head.type == "declaration":
            self._restore(head, kept_values, kept_types)

    def _restore(self, head: Node, values: dict[str, Value], types: dict[str, str]) -> None:
        names = {text_of(one) for one in walk(head) if one.type == "identifier"}
        for name in names & values.keys():
            if name in types and any(text_of(child.child_by_field_name("declarator")) == name for child in named(head)):
                self.state.values[name], self.state.types[name] = values[name], types[name]

    def _repeat(self, node: Node) -> None:
        changed = changed_in(node)
        steps = {name: step_of(name, node, changed) for name in changed}
        before = dict(self.state.values)
        counter = self._counter(node, changed, steps)
        first = len(self.touches)
        leaves_before, self._leaves = self._leaves, False
        facts, sure, exact = len(self.state.facts), self.state.is_sure, self.state.is_exact
        self._enter(node, counter, changed, steps)
        self.statement(field(node, "body"))
        update = node.child_by_field_name("update")
        if update is not None:
            self.value(update)
        self._leave(node, counter, changed, steps, before)
        del self.state.facts[facts:]
        self.state.is_sure, self.state.is_exact = sure and not exits_of(node), exact
        if self._leaves:
            for touch in self.touches[first:]:
                touch.is_exact = False
        self._leaves = leaves_before or (self._leaves and any(one.type == "return_statement" for one in exits_of(node)))

    def _enter(self, node: Node, counter: Counter | None, changed: set[str], steps: dict[str, Step | None]) -> None:
        state = self.state
        index: Poly
        if counter is None:
            variable = self.fresh("iteration", Poly.number(0), None)
            index = Poly.of(variable)
            state.loops.append(Loop(variable, None))
            state.is_sure = False
        else:
            index = counter.index
            state.loops.append(Loop(counter.variable, counter.trips))
        inside = {
            name: self._inside(name, state.values[name], steps[name], index, node) for name in changed & state.values.keys()
        }
        state.values |= inside
        if counter is not None:
            begun = state.values[counter.name]
            state.values[counter.name] = counter.value
            if isinstance(begun, Pointer):
                state.values[counter.name] = replace(begun, offset=counter.value)
        if exits_of(node):
            state.is_sure = False
        self._guards(node, counter)

    def _read_in(self, node: Node) -> frozenset[str]:
        """The buffers that a loop names: what it changes otherwise than by steps may depend on them."""
        return frozenset(text_of(one) for one in walk(node) if one.type == "identifier") & self.subject.types.keys()

    def _swapped(self, name: str, start: Pointer, node: Node) -> Value:
        """A pointer that takes over the values of others may point into each of their buffers, at the same place."""
        unknown = Pointer(start.base, None, start.pointee)
        others = [self.state.values.get(one) for one in sorted(swapped_with(name, node))]
        known = [one for one in others if isinstance(one, Pointer)]
        if not known or any(replace(one, base=start.base, also=()) != replace(start, also=()) for one in known):
            return unknown
        bases = {base for one in known for base in (one.base, *one.also) if base is not None}
        return replace(start, also=tuple(sorted(bases - {start.base})))

    def _inside(self, name: str, start: Value, step: Step | None, index: Poly, node: Node) -> Value:
        """The value at the begin of an iteration."""
        amount = self._amount(step)
        if step is None or amount is None:
            return self._swapped(name, start, node) if isinstance(start, Pointer) else Unknown(self._read_in(node))
        if step.is_sure:
            return self._advanced(start, amount * index)
        if not isinstance(start, Poly) or amount.constant is None:
            return NOTHING_KNOWN
        far = start + amount * index
        low, high = (start, far) if amount.constant > 0 else (far, start)
        return Poly.of(self.fresh(name, low, high, is_exact=True))

    def _advanced(self, start: Value, way: Poly) -> Value:
        if isinstance(start, Poly):
            return start + way
        if isinstance(start, Pointer):
            return start.moved(way, self.subject.types.get(start.base or "", start.pointee))
        return NOTHING_KNOWN

    def _amount(self, step: Step | None) -> Poly | None:
        if step is None:
            return None
        amount = _ONE if step.amount is None else self.integer(step.amount)
        return amount * step.sign if amount is not None else None

    def _guards(self, node: Node, counter: Counter | None) -> None:
        """The touches in the condition, and what it tells inside the body, beside the bound of the counter."""
        condition = node.child_by_field_name("condition")
        if condition is None:
            self.state.is_exact = False
            return
        for guard in counter.guards if counter is not None else (condition,):
            test = self.test(guard)
            if node.type != "do_statement":
                self.state.facts.append(test.holds)
            self.state.is_sure = False
            if counter is None:
                self.state.is_exact = self.state.is_exact and test.is_data
                self.state.loops[-1] = replace(self.state.loops[-1], is_data=test.is_data)
            if not test.is_data and not (counter is not None and _only_falls(test.holds, counter)):
                self._leaves = True

    def _leave(
        self, node: Node, counter: Counter | None, changed: set[str], steps: dict[str, Step | None], before: dict[str, Value]
    ) -> None:
        state = self.state
        state.loops.pop()
        data = frozenset(
            name for value in (state.values.get(one) for one in changed) if value is not None for name in data_of(value)
        )
        is_cut = bool(exits_of(node)) or (counter is not None and bool(counter.guards))
        own = counter.name if counter is not None else ""
        for name in changed & before.keys() | ({own} if own else set()):
            start, step = before.get(name, NOTHING_KNOWN), steps.get(name)
            state.values[name] = self._afterwards(start, step, counter, is_counter=name == own, is_cut=is_cut, data=data)

    def _afterwards(
        self, start: Value, step: Step | None, counter: Counter | None, *, is_counter: bool, is_cut: bool, data: frozenset[str]
    ) -> Value:
        if counter is None or step is None:
            return Pointer(start.base, None, start.pointee) if isinstance(start, Pointer) else Unknown(data)
        amount = self._amount(step)
        if amount is None:
            return Unknown(data)
        way = amount * combined("max", counter.trips, Poly.number(0))
        after: Value = counter.after if is_counter else self._advanced(start, way)
        if is_counter and isinstance(start, Pointer):
            after = replace(start, offset=counter.after)
        if step.is_sure and not is_cut:
            return after
        if isinstance(start, Poly) and isinstance(after, Poly) and amount.constant is not None:
            low, high = (start, after) if amount.constant > 0 else (after, start)
            return Poly.of(self.fresh("after", low, high, is_exact=True))
        return Unknown(data)

    def _counter(self, node: Node, changed: set[str], steps: dict[str, Step | None]) -> Counter | None:
        condition = node.child_by_field_name("condition")
        if condition is None or node.type == "for_range_loop":
            return None
        parts = _conjuncts(condition)
        for place, part in enumerate(parts):
            guards = tuple(one for at, one in enumerate(parts) if at != place)
            found = _condition(part, steps)
            counter = self._counted(node, found, changed, steps[found.name], guards) if found is not None else None
            counter = counter or self._linear(node, part, changed, steps, guards) or self._scaled(node, part, changed, guards)
            if counter is not None:
                return counter
        return None

    def _linear(
        self, node: Node, part: Node, changed: set[str], steps: dict[str, Step | None], guards: tuple[Node, ...]
    ) -> Counter | None:
        """``i + m <= n``: the condition solved for the counter."""
        if node.type == "do_statement":
            return None
        names = {text_of(one) for one in walk(part) if one.type == "identifier"} & changed
        step = steps.get(next(iter(names))) if len(names) == 1 else None
        name = next(iter(names), "")
        start, amount = self.state.values.get(name), self._amount(step)
        if step is None or not step.is_sure or amount is None or not isinstance(start, Poly) or amount.constant not in {1, -1}:
            return None
        if any(one.type in {"update_expression", "assignment_expression"} for one in walk(part)):
            return None
        probe, noted = Symbol("counter", self.order), len(self.touches)
        self.state.values[name] = Poly.of(probe)
        test = self.test(part)
        self.state.values[name] = start
        if len(test.holds.nonnegative) != 1 or probe in start.all_symbols:
            return None
        split = test.holds.nonnegative[0].coefficient(probe)
        if split is None or split[0].constant != -(amount.constant or 0) or probe in split[1].all_symbols:
            return None
        del self.touches[noted:]
        last = split[1] if amount.constant == 1 else split[1] * -1
        return self._by_one(_Condition(name, "<=", None), start, last, amount.constant, guards)

    def _scaled(self, node: Node, part: Node, changed: set[str], guards: tuple[Node, ...]) -> Counter | None:
        """``for (s = n / 2; s > 0; s /= 2)`` and ``for (s = 1; s < n; s *= 2)``."""
        if part.type != "binary_expression" or operator_of(part) not in {"<", "<=", ">", ">="} or node.type == "do_statement":
            return None
        left, operator = unwrapped(field(part, "left")), operator_of(part)
        way = factor_of(text_of(left), node) if left.type == "identifier" else None
        start = self.state.values.get(text_of(left))
        names = {text_of(one) for one in walk(field(part, "right")) if one.type == "identifier"}
        if way is None or not isinstance(start, Poly) or names & changed or (way == "grows") != (operator in {"<", "<="}):
            return None
        bound = self.integer(field(part, "right"))
        if bound is None or not self.is_nonnegative(start - 1 if way == "grows" else bound):
            return None
        low, high = (start, bound - (operator == "<")) if way == "grows" else (bound + (operator == ">"), start)
        variable = self.fresh(text_of(left), low, high, starts_high=way == "shrinks")
        index = Poly.of(self.fresh("iteration", Poly.number(0), None))
        after = Poly.of(self.fresh(text_of(left), Poly.number(0) if way == "shrinks" else bound, None))
        return Counter(text_of(left), variable, index, Poly.of(variable), high - low + 1, after, guards)

    def _counted(
        self, node: Node, found: _Condition, changed: set[str], step: Step | None, guards: tuple[Node, ...]
    ) -> Counter | None:
        start = self.state.values.get(found.name)
        amount = self._amount(step)
        if step is None or not step.is_sure or start is None or amount is None or amount.constant == 0:
            return None
        bound = self._bound(found, start, changed)
        if isinstance(start, Pointer):
            start = start.offset if start.offset is not None else NOTHING_KNOWN
        if bound is None or not isinstance(start, Poly):
            return None
        if node.type == "do_statement":
            return self._after_the_body(found, start, bound, amount, guards)
        return self._made(found, start, bound, amount, guards)

    def _bound(self, found: _Condition, start: Value, changed: set[str]) -> Poly | None:
        """What the counter is compared with; of pointers into one buffer the places there."""
        if found.bound is None:
            return Poly.number(0)
        if {text_of(one) for one in walk(found.bound) if one.type == "identifier"} & changed:
            return None
        bound = self.value(found.bound)
        if isinstance(start, Pointer) and isinstance(bound, Pointer):
            is_same = start.base == bound.base and start.base is not None and not start.dimensions and not start.extra.terms
            return bound.offset if is_same and not bound.extra.terms else None
        return bound if isinstance(bound, Poly) and isinstance(start, Poly) else None

    def _after_the_body(
        self, found: _Condition, start: Poly, bound: Poly, amount: Poly, guards: tuple[Node, ...]
    ) -> Counter | None:
        """``do ... while (i < n)`` with the step in the body: at least one iteration."""
        if guards or found.is_stepped or amount.constant != 1 or found.operator not in {"<", "<=", "!="}:
            return None
        last = bound if found.operator == "<=" else bound - 1
        high = combined("max", start, last)
        variable = self.fresh(found.name, start, high, is_exact=True)
        value = Poly.of(variable)
        return Counter(found.name, variable, value - start, value, high - start + 1, high + 1, guards)

    def _made(self, found: _Condition, start: Poly, bound: Poly, amount: Poly, guards: tuple[Node, ...]) -> Counter | None:
        operator, constant = found.operator, amount.constant
        if operator == "!=" and not found.is_stepped:
            if constant not in {1, -1}:
                return None
            operator = "<" if constant == 1 else ">"
        if found.is_stepped and constant is not None:
            return self._stepped_in_condition(found, start, bound, constant, guards)
        rises = operator in {"<", "<="}
        if constant is None and not rises:
            return None
        if constant is not None and (constant > 0) != rises:
            return None
        last = bound - 1 if operator == "<" else bound + 1 if operator == ">" else bound
        if constant in {1, -1}:
            return self._by_one(found, start, last, constant, guards)
        span = last - start if rises else start - last
        size = amount if constant is None or constant > 0 else amount * -1
        # An unknown step is taken to be positive: with another the loop would not end.
        high = combined("/", span, size)
        variable = self.fresh(found.name, Poly.number(0), high, is_exact=True)
        trips = combined("/", span + size, size)
        value = start + amount * Poly.of(variable)
        return Counter(
            found.name, variable, Poly.of(variable), value, trips, start + amount * combined("max", trips, Poly.number(0)), guards
        )

    def _stepped_in_condition(
        self, found: _Condition, start: Poly, bound: Poly, constant: int, guards: tuple[Node, ...]
    ) -> Counter | None:
        """``while (n-- > 0)``: the body sees the value after the step, and one step more is taken at the end."""
        if constant != -1 or found.operator not in {">", "!="}:
            return None
        trips = start - bound
        variable = self.fresh(found.name, bound, start - 1, is_exact=True)
        value = Poly.of(variable)
        after = combined("min", start, bound) - 1
        return Counter(found.name, variable, start - 1 - value, value, trips, after, guards)

    def _by_one(self, found: _Condition, start: Poly, last: Poly, constant: int | None, guards: tuple[Node, ...]) -> Counter:
        rises = constant == 1
        low, high = (start, last) if rises else (last, start)
        variable = self.fresh(found.name, low, high, is_exact=True)
        value = Poly.of(variable)
        index = value - start if rises else start - value
        after = combined("max", start, last + 1) if rises else combined("min", start, last - 1)
        return Counter(found.name, variable, index, value, high - low + 1, after, guards)


def _only_falls(facts: Facts, counter: Counter) -> bool:
    """Whether a further condition cuts the loop once for all, as a second bound of the counter would."""
    for fact in facts.nonnegative:
        split = fact.coefficient(counter.variable)
        slope = split[0].constant if split is not None else None
        rises = counter.index.coefficient(counter.variable)
        if slope is None or rises is None or slope * (rises[0].constant or 0) >= 0:
            return False
    return facts.is_whole and bool(facts.nonnegative)


def _conjuncts(node: Node) -> list[Node]:
    node = unwrapped(node)
    if node.type == "binary_expression" and operator_of(node) == "&&":
        return _conjuncts(field(node, "left")) + _conjuncts(field(node, "right"))
    return [node]


def _condition(node: Node, steps: dict[str, Step | None]) -> _Condition | None:
    """``i < n``, either way round, ``n-- > 0``, or ``n--`` alone."""
    if node.type == "update_expression" and node.children[0].type == "identifier" and steps.get(text_of(node.children[0])):
        return _Condition(text_of(node.children[0]), "!=", None, True)
    if node.type != "binary_expression" or operator_of(node) not in _MIRRORED:
        return None
    left, right = unwrapped(field(node, "left")), unwrapped(field(node, "right"))
    if left.type == "update_expression" and left.children[0].type == "identifier" and steps.get(text_of(left.children[0])):
        return _Condition(text_of(left.children[0]), operator_of(node), right, True)
    if left.type == "identifier" and steps.get(text_of(left)) is not None:
        return _Condition(text_of(left), operator_of(node), right)
    if right.type == "identifier" and steps.get(text_of(right)) is not None:
        return _Condition(text_of(right), _MIRRORED[operator_of(node)], left)
    return None
