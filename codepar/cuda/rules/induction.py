"""Variables that grow by the same amount each turn of a loop.

Limits: an increment must stand at the top level of the body, once, with no ``continue`` that skips it; or in one counted inner
loop at the top level that holds every mention of the variable and whose length nothing in the outer loop changes.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import leaves, read_symbols, written_symbols
from codepar.cuda.rules.ctypes import LONG_LONG
from codepar.cuda.rules.ir import Body, Symbol, walk_all


def increments(body: Body) -> dict[Symbol, ir.Expr]:
    """Each such variable with what one turn adds to it, as an expression of what the loop does not change."""
    if leaves(body, ir.Continue) or leaves(body, ir.Break) or any(isinstance(one, ir.Return) for one in walk_all(body)):
        return {}
    found: dict[Symbol, ir.Expr] = {}
    for at, one in enumerate(body):
        grown = own_increment(one) if isinstance(one, ir.Do) else _of_inner(one) if isinstance(one, ir.Loop) else {}
        others = body[:at] + body[at + 1 :]
        for symbol, step in grown.items():
            elsewhere = written_symbols(others) | (read_symbols(*others) if isinstance(one, ir.Loop) else set())
            if symbol not in elsewhere and not (read_symbols(step) & written_symbols(body)):
                found[symbol] = step
    return found


def own_increment(one: ir.Do) -> dict[Symbol, ir.Expr]:
    """What one statement adds to a variable, if it does nothing else; empty otherwise."""
    match one.expr:
        case ir.Step(op=op, target=ir.Ref(symbol=symbol)):
            number = 1 if op == "++" else -1
            return {symbol: ir.Literal(str(number), symbol.type, number)}
        case ir.Assign(op=op, target=ir.Ref(symbol=symbol), value=value) if op in {"+=", "-="} and _is_plain(value):
            return {symbol: value if op == "+=" else ir.Unary("-", value)}
        case ir.Assign(op="=", target=ir.Ref(symbol=symbol), value=ir.Binary(op="+", left=left, right=right)):
            if left == ir.Ref(symbol) and symbol not in read_symbols(right) and _is_plain(right):
                return {symbol: right}
            if right == ir.Ref(symbol) and symbol not in read_symbols(left) and _is_plain(left):
                return {symbol: left}
    return {}


def _is_plain(value: ir.Expr) -> bool:
    """No effect and no read of memory: it is worth the same each time."""
    return not any(isinstance(one, ir.Assign | ir.Step | ir.Element | ir.Call) for one in value.walk())


def _of_inner(one: ir.Loop) -> dict[Symbol, ir.Expr]:
    """What a whole inner loop adds; its length has to be at least 0 for this, which holds where the loop runs at all."""
    length = turns(one)
    if length is None:
        return {}
    return {symbol: ir.Binary("*", length, step) for symbol, step in increments(one.body).items()}


def turns(one: ir.Loop) -> ir.Expr | None:
    """How often a loop with step 1 or -1 runs, as an expression that is right where it runs at all."""
    if one.lower is None or abs(one.step) != 1 or not _is_plain(one.bound) or not _is_plain(one.lower):
        return None
    high, low = (one.bound, one.lower) if one.step > 0 else (one.lower, one.bound)
    span: ir.Expr = ir.Binary("-", ir.Cast(LONG_LONG, high), ir.Cast(LONG_LONG, low))
    if one.compare in {"<=", ">="}:
        span = ir.Binary("+", span, ir.Literal("1", LONG_LONG, 1))
    return span
