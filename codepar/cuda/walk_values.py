"""Expressions on the walk through a function: their values, the touches they cause, what they tell as conditions.

Limits: see ``walk.py``. A call into a library gives an unknown value unless it is ``min``, ``max`` or ``abs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tree_sitter import Node

from codepar.cuda import conditions
from codepar.cuda.accesses import LIBRARY_POINTERS
from codepar.cuda.conditions import Facts, Test
from codepar.cuda.expression import evaluate
from codepar.cuda.nodes import arguments_of, cast_type, field, line_of, named, operator_of, squeezed, unwrapped, walk
from codepar.cuda.poly import Combined, Poly, Variable, combined, recombined
from codepar.cuda.prove import is_nonnegative
from codepar.cuda.values import Pointer, Unknown, Value, data_of, elements, is_integer, is_unsigned, range_of, size_of
from codepar.cuda.walk_memory import MemoryWalk
from codepar.cuda.walk_state import NOTHING_KNOWN
from codepar.errors import InvalidInput
from codepar.syntax.variables import text_of

_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})
_LEAST = frozenset({"min", "fmin", "fminf", "imin", "MIN", "std::min", "Min"})
_MOST = frozenset({"max", "fmax", "fmaxf", "imax", "MAX", "std::max", "Max"})
_MAX_SHIFT = 62
_ZERO = Poly.number(0)


class ExpressionWalk(MemoryWalk):
    """Evaluates expressions in the order of C, as far as buffers and integers go."""

    def helper(self, name: str, arguments: list[Value], node: Node) -> Value | None:
        """The value of a call of a function of the file; None where it is not one."""
        raise NotImplementedError

    def value(self, node: Node) -> Value:
        """The value of an expression; its touches are noted."""
        node = unwrapped(node)
        handler = _HANDLERS.get(node.type)
        if handler is not None:
            return handler(self, node)
        data = frozenset[str]()
        for child in named(node):
            data |= data_of(self.value(child))
        return Unknown(data)

    def _number(self, node: Node) -> Value:
        try:
            found = evaluate(text_of(node))
        except InvalidInput:
            return NOTHING_KNOWN
        return Poly.number(found) if isinstance(found, int) else NOTHING_KNOWN

    def _binary(self, node: Node) -> Value:
        operator, left_node, right_node = operator_of(node), field(node, "left"), field(node, "right")
        if operator in {"&&", "||"}:
            self.test(node)
            return self._truth(data=frozenset())
        left, right = self.value(left_node), self.value(right_node)
        data = data_of(left) | data_of(right)
        if operator in _COMPARISONS:
            return self._truth(data)
        if isinstance(left, Pointer) or isinstance(right, Pointer):
            return self._pointer_sum(operator, left, right)
        if not isinstance(left, Poly) or not isinstance(right, Poly):
            return self._half_known(operator, left, right, data)
        return self._arithmetic(operator, left, right, data)

    def _half_known(self, operator: str, left: Value, right: Value, data: frozenset[str]) -> Value:
        """``x % n`` and ``x & mask`` are bounded whatever ``x`` is, as long as it is not negative or the mask says so."""
        if operator == "&" and isinstance(right, Poly) and is_nonnegative(right):
            return Poly.of(self.fresh("masked", _ZERO, right, data=data))
        if operator == "&" and isinstance(left, Poly) and is_nonnegative(left):
            return Poly.of(self.fresh("masked", _ZERO, left, data=data))
        return Unknown(data)

    def _truth(self, data: frozenset[str]) -> Value:
        return Poly.of(self.fresh("truth", _ZERO, Poly.number(1), data=data))

    def _pointer_sum(self, operator: str, left: Value, right: Value) -> Value:
        if isinstance(left, Pointer) and isinstance(right, Pointer):
            return NOTHING_KNOWN
        pointer, steps = (left, right) if isinstance(left, Pointer) else (right, left)
        if not isinstance(pointer, Pointer) or operator not in {"+", "-"}:
            return NOTHING_KNOWN
        known = steps * (1 if operator == "+" else -1) if isinstance(steps, Poly) else None
        return pointer.moved(known, self.subject.types.get(pointer.base or "", pointer.pointee))

    def _arithmetic(self, operator: str, left: Poly, right: Poly, data: frozenset[str]) -> Value:
        if operator in {"+", "-", "*"}:
            return left + right if operator == "+" else left - right if operator == "-" else left * right
        if operator in {"/", "%"} and right.terms:
            return recombined(combined(operator, left, right))
        shift = right.constant
        if operator == "<<" and shift is not None and 0 <= shift <= _MAX_SHIFT:
            return left * (1 << shift)
        if operator == ">>" and shift is not None and 0 <= shift <= _MAX_SHIFT and self.is_nonnegative(left):
            return combined("/", left, Poly.number(1 << shift))
        a, b = left.constant, right.constant
        if a is not None and b is not None and operator in {"&", "|", "^"}:
            return Poly.number(a & b if operator == "&" else a | b if operator == "|" else a ^ b)
        return self._half_known(operator, left, right, data)

    def _unary(self, node: Node) -> Value:
        operator, inner = operator_of(node), self.value(field(node, "argument"))
        if operator == "-" and isinstance(inner, Poly):
            return inner * -1
        if operator == "+":
            return inner
        return self._truth(data_of(inner)) if operator == "!" else Unknown(data_of(inner))

    def _conditional(self, node: Node) -> Value:
        condition = unwrapped(field(node, "condition"))
        test = self.test(condition)
        one = self._under(test.holds, field(node, "consequence"))
        other = self._under(test.fails, field(node, "alternative"))
        if isinstance(one, Poly) and isinstance(other, Poly):
            return self._chosen(test, one, other)
        if isinstance(one, Pointer) and one == other:
            return one
        return Unknown(data_of(one) | data_of(other))

    def _under(self, facts: Facts, node: Node) -> Value:
        kept = self.state.is_sure
        self.state.facts.append(facts)
        self.state.is_sure = False
        found = self.value(node)
        self.state.facts.pop()
        self.state.is_sure = kept
        return found

    def _chosen(self, test: Test, one: Poly, other: Poly) -> Poly:
        """``a < b ? a : b`` is a minimum; else something between both."""
        if one == other:
            return one
        for fact in test.holds.nonnegative if test.holds.is_single or len(test.holds.nonnegative) == 1 else ():
            for slack, seen in ((slack, seen) for slack in (0, 1) for seen in _sides(other)):
                if seen - one - slack == fact:
                    return combined("min", one, other)
                if one - seen - slack == fact:
                    return combined("max", one, other)
        return self.between([(one, test.holds), (other, test.fails)], test.is_data)

    def between(self, choices: list[tuple[Poly, Facts]], is_data: bool = False) -> Poly:
        """A value that is one of several, each under its facts."""
        low = high = None
        for value, facts in choices:
            below, above = self._tightened(value, facts)
            low = below if low is None else combined("min", low, below)
            high = above if high is None else combined("max", high, above)
        data = frozenset(name for value, _ in choices for name in data_of(value))
        return Poly.of(self.fresh("chosen", low, high, is_exact=is_data, data=data))

    def _tightened(self, value: Poly, facts: Facts) -> tuple[Poly, Poly]:
        """Bounds of a value under facts: from ``value <= value + fact`` where that is simpler."""
        low = high = value
        for fact in facts.nonnegative:
            if len((value + fact).all_symbols) < len(value.all_symbols):
                high = combined("min", high, value + fact)
            if len((value - fact).all_symbols) < len(value.all_symbols):
                low = combined("max", low, value - fact)
        return low, high

    def _cast(self, node: Node) -> Value:
        kind = squeezed(field(node, "type"))
        return self.converted(self.value(field(node, "value")), kind)

    def converted(self, found: Value, kind: str) -> Value:
        """A value turned into a type."""
        words = [word for word in kind.replace("*", " * ").split() if word not in {"const", "volatile", "restrict", "register"}]
        stars, plain = words.count("*"), " ".join(word for word in words if word != "*")
        if isinstance(found, Pointer):
            return replace(found, pointee=plain, dimensions=()) if stars else Unknown()
        alias = self.subject.source.typedefs.get(plain)
        plain = alias.type if alias is not None and not alias.depth and not alias.dimensions else plain
        if stars or not is_integer(plain):
            return Unknown(data_of(found))
        limits = range_of(plain)
        if limits is None:
            return found if isinstance(found, Poly) else self._unsigned(found, plain)
        low, high = Poly.number(limits[0]), Poly.number(limits[1])
        if isinstance(found, Poly) and self._lies_between(found, low, high):
            return found
        return Poly.of(self.fresh("narrowed", low, high, data=data_of(found)))

    def _unsigned(self, found: Value, kind: str) -> Value:
        if is_unsigned(kind) and data_of(found):
            return Poly.of(self.fresh("unsigned", _ZERO, None, data=data_of(found)))
        return Unknown(data_of(found))

    def _lies_between(self, found: Poly, low: Poly, high: Poly) -> bool:
        inner = [symbol for symbol in found.symbols if isinstance(symbol, Variable)]
        if len(inner) == 1 and found == Poly.of(inner[0]) and inner[0].low is not None and inner[0].high is not None:
            return self.is_nonnegative(inner[0].low - low) and self.is_nonnegative(high - inner[0].high)
        return found.constant is not None and self.is_nonnegative(found - low) and self.is_nonnegative(high - found)

    def _assignment(self, node: Node) -> Value:
        left, operator = unwrapped(field(node, "left")), operator_of(node)
        found = self.value(field(node, "right"))
        if left.type == "identifier":
            name = text_of(left)
            if operator != "=":
                found = self._combined_with(self._name(left), operator[:-1], found)
            return self.assign(name, found)
        self.touch(left, is_write=True)
        return Unknown(data_of(found)) if not isinstance(found, Poly) else found

    def _combined_with(self, old: Value, operator: str, found: Value) -> Value:
        if isinstance(old, Pointer):
            return self._pointer_sum(operator, old, found)
        data = data_of(old) | data_of(found)
        if isinstance(old, Poly) and isinstance(found, Poly):
            return self._arithmetic(operator, old, found, data)
        return self._half_known(operator, old, found, data)

    def assign(self, name: str, found: Value) -> Value:
        """Note the new value of a variable, as its type holds it."""
        kind = self.state.types.get(name, "")
        if not isinstance(found, Pointer) and not kind.endswith("*") and kind != "auto":
            found = self.converted(found, kind)
        if name in self.subject.source.globals and name not in self.state.types:
            return found
        self.state.values[name] = found
        return found

    def _update(self, node: Node) -> Value:
        argument = unwrapped(field(node, "argument"))
        if argument.type != "identifier":
            self.touch(argument, is_write=True)
            return NOTHING_KNOWN
        old = self._name(argument)
        sign = "+" if operator_of(node) == "++" else "-"
        new = self.assign(text_of(argument), self._combined_with(old, sign, Poly.number(1)))
        return new if node.children[0].type in {"++", "--"} else old

    def _comma(self, node: Node) -> Value:
        last: Value = NOTHING_KNOWN
        for child in named(node):
            last = self.value(child)
        return last

    def _size(self, node: Node) -> Value:
        kind = node.child_by_field_name("type")
        if kind is not None:
            return size_of(squeezed(kind)) if "*" not in text_of(kind) else Poly.number(8)
        shown = unwrapped(field(node, "value"))
        if shown.type == "identifier" and text_of(shown) in self.state.types and text_of(shown) not in self.subject.types:
            return size_of(self.state.types[text_of(shown)])
        if shown.type == "identifier" and self.subject.source.typedefs.get(text_of(shown)) is not None:
            return size_of(text_of(shown))
        names = [text_of(one) for one in walk(shown) if one.type == "identifier"]
        if names and names[0] in self.subject.types and shown.type in {"pointer_expression", "subscript_expression"}:
            return size_of(self.subject.types[names[0]])
        return size_of(text_of(shown)) if shown.type == "identifier" and is_integer(text_of(shown)) else NOTHING_KNOWN

    def _address(self, node: Node) -> Value:
        """``*p`` and ``&x``."""
        argument = unwrapped(field(node, "argument"))
        if operator_of(node) == "&":
            return self.address_of(argument)
        return self.touch(node, is_write=False)

    def _element(self, node: Node) -> Value:
        return self.touch(node, is_write=False)

    def _call(self, node: Node) -> Value:
        name = text_of(node.child_by_field_name("function")).removeprefix("std::")
        arguments = arguments_of(node)
        if node.child_by_field_name("function") is not None and field(node, "function").type == "primitive_type":
            return self.converted(self.value(arguments[0]), name) if arguments else NOTHING_KNOWN
        cast = cast_type(node)
        if cast is not None and cast in self.subject.source.typedefs:
            return self.converted(self.value(arguments[0]), cast)
        if name.startswith(("static_cast<", "reinterpret_cast<")) and arguments:
            return self.converted(self.value(arguments[0]), name[name.index("<") + 1 : -1])
        if name in LIBRARY_POINTERS:
            return self._library(name, node, arguments)
        values = [self.value(one) for one in arguments]
        found = self.helper(name, values, node)
        if found is not None:
            return found
        return self._known(name, values)

    def _known(self, name: str, values: list[Value]) -> Value:
        numbers = [one for one in values if isinstance(one, Poly)]
        if len(numbers) == 2 == len(values) and name in _LEAST | _MOST:
            return combined("min" if name in _LEAST else "max", *numbers)
        if len(numbers) == 1 == len(values) and name in {"abs", "labs"}:
            return numbers[0] if self.is_nonnegative(numbers[0]) else combined("max", numbers[0], numbers[0] * -1)
        for one in values:
            if isinstance(one, Pointer) and one.base is not None:
                self.note(one.base, None, None, is_write=True, line=0, is_whole=False)
        return Unknown(frozenset(name for one in values for name in data_of(one)))

    def _library(self, name: str, node: Node, arguments: list[Node]) -> Value:
        values = [self.value(one) for one in arguments]
        size = values[2] if len(values) > 2 and name.startswith("mem") else None
        for value, letter in zip(values, LIBRARY_POINTERS[name], strict=False):
            if not isinstance(value, Pointer) or value.base is None:
                continue
            kind = self.subject.types.get(value.base, value.pointee)
            start = value.offset if not value.extra.terms else None
            end = _after(value, size, kind) if isinstance(size, Poly) else None
            self.note(value.base, start, end, letter == "w", line_of(node))
        return values[0] if values and name.startswith("mem") and name != "memcmp" else NOTHING_KNOWN

    def test(self, node: Node) -> Test:
        """What a condition tells; its touches are noted, those of ``b`` in ``a && b`` under ``a``."""
        node = unwrapped(node)
        operator = operator_of(node) if node.type in {"binary_expression", "unary_expression"} else ""
        if operator in {"&&", "||"}:
            left = self.test(field(node, "left"))
            right = self._test_under(left.holds if operator == "&&" else left.fails, field(node, "right"))
            return conditions.both(left, right) if operator == "&&" else conditions.either(left, right)
        if operator == "!":
            return self.test(field(node, "argument")).negated()
        if operator in _COMPARISONS:
            return self._comparison(node, operator)
        found = self.value(node)
        if isinstance(found, Poly) and found.constant is not None:
            return Test(Facts((found * found - 1,)), Facts((found * -1, found)))
        return self._worded(node, data_of(found))

    def _test_under(self, facts: Facts, node: Node) -> Test:
        kept = self.state.is_sure
        self.state.facts.append(facts)
        self.state.is_sure = False
        found = self.test(node)
        self.state.facts.pop()
        self.state.is_sure = kept
        return found

    def _comparison(self, node: Node, operator: str) -> Test:
        left, right = self.value(field(node, "left")), self.value(field(node, "right"))
        data = data_of(left) | data_of(right)
        if isinstance(left, Poly) and isinstance(right, Poly):
            return conditions.compared(operator, left, right, bool(data))
        return self._worded(node, data)

    def _worded(self, node: Node, data: frozenset[str]) -> Test:
        """A condition by its text, where it is made of scalars that never change."""
        if data:
            return Test(conditions.MAY, conditions.MAY, is_data=True)
        names = {text_of(one) for one in walk(node) if one.type == "identifier"}
        has_calls = any(one.type in {"call_expression", "subscript_expression", "pointer_expression"} for one in walk(node))
        if names and names <= self.subject.fixed and not has_calls:
            text = squeezed(node)
            return Test(Facts(texts=(f"({text})",)), Facts(texts=(f"!({text})",)))
        return Test(conditions.NOTHING, conditions.NOTHING)


def _sides(value: Poly) -> Iterator[Poly]:
    """The value, and what it is the minimum or maximum of: ``v < lo ? lo : min(v, hi)`` is a maximum, too, where ``lo <= hi``."""
    yield value
    symbol = next(iter(value.symbols), None)
    if isinstance(symbol, Combined) and symbol.name in {"min", "max"} and value == Poly.of(symbol):
        for part in symbol.parts:
            yield from _sides(part)


def _after(pointer: Pointer, size: Poly, kind: str) -> Poly | None:
    """One past the last element of ``size`` bytes from a pointer on."""
    if pointer.offset is None:
        return None
    element = size_of(kind)
    split = size.coefficient(next(iter(element.symbols))) if element.symbols else None
    if split is not None and not split[1].terms and not pointer.extra.terms:
        return pointer.offset + split[0]
    if element.symbols:
        return None
    return elements(pointer.offset * element + pointer.extra + size, kind)


_Handler = Callable[[ExpressionWalk, Node], Value]
_HANDLERS: dict[str, _Handler] = {
    "number_literal": ExpressionWalk._number,
    "char_literal": ExpressionWalk._number,
    "identifier": ExpressionWalk._name,
    "true": lambda *_: Poly.number(1),
    "false": lambda *_: Poly.number(0),
    "binary_expression": ExpressionWalk._binary,
    "unary_expression": ExpressionWalk._unary,
    "conditional_expression": ExpressionWalk._conditional,
    "cast_expression": ExpressionWalk._cast,
    "assignment_expression": ExpressionWalk._assignment,
    "update_expression": ExpressionWalk._update,
    "comma_expression": ExpressionWalk._comma,
    "sizeof_expression": ExpressionWalk._size,
    "pointer_expression": ExpressionWalk._address,
    "subscript_expression": ExpressionWalk._element,
    "field_expression": ExpressionWalk._element,
    "call_expression": ExpressionWalk._call,
}
