"""Loops whose step is a variable, or whose two ends move: counted by their turns instead.

``for (i = 0; i < n; i += s)`` turns ``(n - 0 + s - 1) / s`` times; ``i < j; i++, j--`` half as often. Limits: the step is an
integer that the loop leaves alone; where it is not positive (or not negative, downwards) the original does not end, so nothing
is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import leaves, read_symbols, returns, take_start, written_symbols
from codepar.cuda.rules.ctypes import INT, LONG_LONG, CType
from codepar.cuda.rules.induction import own_increment
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.typing import type_of

Fresh = Callable[[str, CType], Symbol]
_ONE = ir.Literal("1", LONG_LONG, 1)


@dataclass(frozen=True, slots=True)
class _Moving:
    """A variable that moves by ``step`` each turn, from ``start``."""

    symbol: Symbol
    step: ir.Expr
    start: ir.Expr


def strided(
    before: Body, test: ir.Expr | None, steps: Body, body: Body, fresh: Fresh, *, line: int, declared: bool
) -> Body | None:
    """The statements of such a loop; None where it is none."""
    if test is None or leaves(body, ir.Break) or returns(body):
        return None
    if not steps and not leaves(body, ir.Continue):
        body, steps = _at_end(body, read_symbols(test))
    counts_down = _counting_down(test, steps)
    if counts_down is not None:
        test, steps, first = counts_down
    else:
        first = 0
    moved = [own_increment(one) for one in steps if isinstance(one, ir.Do)]
    if not moved or len(moved) != len(steps) or not all(len(one) == 1 for one in moved):
        return None
    increments = {symbol: step for one in moved for symbol, step in one.items()}
    changed = written_symbols(body) | set(increments)
    if len(increments) != len(moved) or set(increments) & written_symbols(body):
        return None
    if any(read_symbols(step) & changed or not symbol.type.is_plain_integer for symbol, step in increments.items()):
        return None
    if any(_may_wrap(symbol, step) for symbol, step in increments.items()):
        return None
    made = _Maker(fresh, line, declared)
    found = made.started(before, increments)
    if found is None:
        return None
    count = _count(test, found, changed)
    return made.loop(found, count, body, first) if count is not None else None


def _may_wrap(symbol: Symbol, step: ir.Expr) -> bool:
    """A step that is a number of another kind than the variable's, or takes an unsigned one below zero."""
    if isinstance(step, ir.Literal):
        return False
    kind = type_of(step)
    return not kind.is_integer or kind.is_signed != symbol.type.is_signed or (isinstance(step, ir.Unary) and not kind.is_signed)


def _at_end(body: Body, tested: set[Symbol]) -> tuple[Body, Body]:
    """The body of a ``while``, and the steps of tested variables at its end."""
    at = len(body)
    while at > 0 and isinstance(one := body[at - 1], ir.Do) and set(own_increment(one)) & tested:
        at -= 1
    return body[:at], body[at:]


def _counting_down(test: ir.Expr, steps: Body) -> tuple[ir.Expr, Body, int] | None:
    """``i-- > 0`` without any other step: the variable moves before the body."""
    match test:
        case ir.Binary(op=">", left=ir.Step(op="--", is_prefix=False, target=ir.Ref() as target), right=bound) if not steps:
            step = ir.Do(0, ir.Step("--", True, target))
            return ir.Binary(">", target, bound), (step,), 1
    return None


def _count(test: ir.Expr, found: list[_Moving], changed: set[Symbol]) -> ir.Expr | None:
    """How often the test holds: the distance of both sides by what they come nearer each turn."""
    if not isinstance(test, ir.Binary) or test.op not in {"<", "<=", ">", ">="}:
        return None
    sides = [_side(test.left, found, changed), _side(test.right, found, changed)]
    kinds = [type_of(test.left), type_of(test.right)]
    literal = any(isinstance(one, ir.Literal) for one in (test.left, test.right))
    if None in sides or not all(kind.is_plain_integer for kind in kinds):
        return None
    if kinds[0].is_signed != kinds[1].is_signed and not literal:
        return None
    low, high = sides if test.op in {"<", "<="} else reversed(sides)
    assert low is not None
    assert high is not None
    closer = _difference(low.step, high.step)
    if closer is None:
        return None
    span = ir.Binary("-", ir.Cast(LONG_LONG, high.start), ir.Cast(LONG_LONG, low.start))
    rounded = ir.Binary("+", span, closer)
    if test.op in {"<", ">"}:
        rounded = ir.Binary("-", rounded, _ONE)
    whole = ir.Binary("/", rounded, closer)
    if isinstance(closer, ir.Literal):
        return whole if (closer.value or 0) > 0 else None
    zero = ir.Literal("0", LONG_LONG, 0)
    return ir.Ternary(ir.Binary(">", closer, zero), whole, zero)


def _side(expr: ir.Expr, found: list[_Moving], changed: set[Symbol]) -> _Moving | None:
    for one in found:
        if expr == ir.Ref(one.symbol):
            return one
    still = not any(isinstance(one, ir.Assign | ir.Step | ir.Call) for one in expr.walk()) and not read_symbols(expr) & changed
    nowhere = Symbol("", LONG_LONG, ir.Storage.LOCAL)
    return _Moving(nowhere, ir.Literal("0", INT, 0), expr) if still else None


def _difference(low: ir.Expr, high: ir.Expr) -> ir.Expr | None:
    """By how much the lower side comes nearer to the higher one each turn."""
    a = low.value if isinstance(low, ir.Literal) else None
    b = high.value if isinstance(high, ir.Literal) else None
    if a is not None and b is not None:
        return ir.Literal(str(a - b), LONG_LONG, a - b)
    if b == 0:
        return ir.Cast(LONG_LONG, low)
    if a == 0:
        inner = high.operand if isinstance(high, ir.Unary) and high.op == "-" else ir.Unary("-", high)
        return ir.Cast(LONG_LONG, inner)
    return None


class _Maker:
    def __init__(self, fresh: Fresh, line: int, declared: bool) -> None:
        self._fresh = fresh
        self._line = line
        self._declared = declared
        self._before: list[ir.Stmt] = []

    def started(self, before: Body, increments: dict[Symbol, ir.Expr]) -> list[_Moving] | None:
        """Each variable with its value at the start, which is kept where the loop changes it; None where it is not known."""
        found = []
        for symbol, step in increments.items():
            before, start = take_start(before, symbol)
            if start is None and self._declared:
                return None
            if start is None or not self._declared or any(isinstance(one, ir.Element) for one in start.walk()):
                held = self._fresh(f"{symbol.name}_start", symbol.type)
                self._before.append(ir.Declare(self._line, held, start if start is not None else ir.Ref(symbol)))
                start = ir.Ref(held)
            found.append(_Moving(symbol, step, start))
        self._before = [*before, *self._before]
        return found

    def loop(self, found: list[_Moving], count: ir.Expr, body: Body, first: int) -> Body:
        turn = self._fresh("turn", LONG_LONG)
        if isinstance(count, ir.Ternary):
            turns = self._fresh("turns", LONG_LONG)
            self._before.append(ir.Declare(self._line, turns, count))
            count = ir.Ref(turns)
        heads: list[ir.Stmt] = []
        after: list[ir.Stmt] = []
        zero = ir.Literal("0", LONG_LONG, 0)
        for one in found:
            number: ir.Expr = ir.Ref(turn)
            if first:
                number = ir.Binary("+", number, _ONE)
            value = self._value(one, number)
            if self._declared:
                heads.append(ir.Declare(self._line, one.symbol, value))
                continue
            heads.append(ir.Do(self._line, ir.Assign("=", ir.Ref(one.symbol), value)))
            turned = ir.Ternary(ir.Binary(">", count, zero), count, zero)
            last: ir.Expr = ir.Binary("+", turned, _ONE) if first else turned
            after.append(ir.Do(self._line, ir.Assign("=", ir.Ref(one.symbol), self._value(one, last))))
        made = ir.Loop(self._line, turn, zero, "<", count, 1, (*heads, *body), is_declared=True)
        return (*self._before, made, *after)

    def _value(self, one: _Moving, number: ir.Expr) -> ir.Expr:
        moved = ir.Binary("*", number, ir.Cast(LONG_LONG, one.step))
        return ir.Cast(one.symbol.type, ir.Binary("+", ir.Cast(LONG_LONG, one.start), moved))
