"""Loops put into forms that the other rules know, on the function before anything is analysed.

A constant stored into one element by some turns becomes a flag that is tested after the loop; a variable that brings the value of
the turn before (``prev = i`` at the end) gets its closed form; one element that is all the loop touches of its array becomes a
variable. Limits: the value of the turn before follows from the loop's variable and from memory that the loop leaves alone.
"""

from __future__ import annotations

from dataclasses import replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.build import rebuilt
from codepar.cuda.rules.counted import leaves, read_symbols, returns, target_symbol, written_symbols
from codepar.cuda.rules.ctypes import INT
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.recurrence import without_array_recurrences
from codepar.cuda.rules.scalars import Exposure
from codepar.cuda.rules.scope import Scope
from codepar.cuda.rules.statements import exchanged, mapped


def rewritten(body: Body, scope: Scope) -> Body:
    """All rewrites, outer loops first."""
    return without_array_recurrences(_all(body, scope), scope.fresh_like)


def _all(body: Body, scope: Scope) -> Body:
    made: list[ir.Stmt] = []
    for one in body:
        match one:
            case ir.Loop():
                for each in _flagged(one, scope):
                    made += _inside(each, scope) if isinstance(each, ir.Loop) else (each,)
            case ir.Repeat(body=inner):
                made.append(replace(one, body=_all(inner, scope)))
            case ir.If(then=then, otherwise=otherwise):
                made.append(replace(one, then=_all(then, scope), otherwise=_all(otherwise, scope)))
            case _:
                made.append(one)
    return tuple(made)


def _inside(loop: ir.Loop, scope: Scope) -> Body:
    made: list[ir.Stmt] = []
    for one in (each for first in _promoted(loop, scope) for each in _compared(first, scope)):
        made += _closed(one, scope) if isinstance(one, ir.Loop) else (one,)
    return tuple(made)


# Extremes known by their place alone


def _compared(loop: ir.Stmt, scope: Scope) -> Body:
    """``if (a[i] > a[at]) at = i`` with a variable for ``a[at]``."""
    if not isinstance(loop, ir.Loop) or not _is_plain(loop.lower) or not _is_plain(loop.bound) or loop.lower is None:
        return (loop,)
    for one in loop.walk():
        found = _by_place(one, loop) if isinstance(one, ir.If) else None
        if found is None:
            continue
        old, new = found
        assert isinstance(one, ir.If)
        assert isinstance(one.condition, ir.Binary)
        best = scope.fresh_like(f"{old.symbol.name}_best", old.symbol)
        sides = [ir.Ref(best) if side == old else side for side in (one.condition.left, one.condition.right)]
        condition = ir.Binary(one.condition.op, sides[0], sides[1])
        keep = ir.Do(one.line, ir.Assign("=", ir.Ref(best), new))
        branch = replace(one, condition=condition, then=(keep, *one.then))
        test = ir.Binary(loop.compare, loop.lower, loop.bound)
        start = ir.If(loop.line, test, (ir.Do(loop.line, ir.Assign("=", ir.Ref(best), old)),))
        inner = tuple(exchanged(each, one, branch) for each in loop.body)
        return (ir.Declare(loop.line, best), start, replace(loop, body=inner))
    return (loop,)


def _by_place(one: ir.If, loop: ir.Loop) -> tuple[ir.Element, ir.Element] | None:
    """The elements at the kept place and at the turn's own, where the branch is all that has to do with the place."""
    match one:
        case ir.If(
            condition=ir.Binary(left=ir.Element() as left, right=ir.Element() as right),
            then=(ir.Do(expr=ir.Assign(op="=", target=ir.Ref(symbol=place), value=value)),),
            otherwise=(),
        ):
            old, new = (left, right) if left.indices == (ir.Ref(place),) else (right, left)
            mentions = sum(1 for node in loop.walk() if isinstance(node, ir.Ref) and node.symbol is place)
            is_own = old.indices == (ir.Ref(place),) and new.indices == (value,) and old.symbol is new.symbol
            if is_own and mentions == 2 and old.view is None and new.view is None and old.symbol not in written_symbols((loop,)):
                return old, new
    return None


# One element as a variable


def _promoted(loop: ir.Loop, scope: Scope) -> Body:
    """``*total += a[i]; b[i] = *total`` with a variable for ``*total`` while the loop runs."""
    if loop.lower is None or not _is_plain(loop.lower) or not _is_plain(loop.bound) or returns(loop.body):
        return (loop,)
    if loop.variable in read_symbols(loop.lower):
        return (loop,)
    before: list[ir.Stmt] = []
    after: list[ir.Stmt] = []
    test = ir.Binary(loop.compare, loop.lower, loop.bound)
    changed = written_symbols((loop,))
    for element in _lonely_elements(loop):
        symbol = element.symbol
        is_declared = any(isinstance(one, ir.Declare) and one.symbol is symbol for one in loop.walk())
        if symbol not in changed or is_declared or read_symbols(*element.indices) & changed:
            continue
        held = scope.fresh_like(f"{symbol.name}_value", symbol)
        loop = replace(loop, body=_with_variable(loop.body, element, held))
        start, end = ir.Assign("=", ir.Ref(held), element), ir.Assign("=", element, ir.Ref(held))
        before += [ir.Declare(loop.line, held), ir.If(loop.line, test, (ir.Do(loop.line, start),))]
        after.append(ir.If(loop.line, test, (ir.Do(loop.line, end),)))
    return (*before, loop, *after)


def _lonely_elements(loop: ir.Loop) -> list[ir.Element]:
    """Elements of plain numbers that are all that the loop touches of their memory."""
    by_symbol: dict[Symbol, set[ir.Element]] = {}
    handed_on: set[Symbol] = set()
    for one in loop.walk():
        if isinstance(one, ir.Element):
            by_symbol.setdefault(one.symbol, set()).add(one)
        elif isinstance(one, ir.Address):
            handed_on.add(one.element.symbol)
    single = [next(iter(found)) for symbol, found in by_symbol.items() if len(found) == 1 and symbol not in handed_on]
    found = [one for one in single if one.view is None and one.symbol.type.bits]
    return [one for one in found if not any(isinstance(part, ir.Element) for index in one.indices for part in index.walk())]


def _with_variable(body: Body, element: ir.Element, held: Symbol) -> Body:
    def change(node: ir.Expr) -> ir.Expr:
        return ir.Ref(held) if node == element else rebuilt(node, change)

    return tuple(mapped(one, change) for one in body)


# Constants stored into one element


def _flagged(loop: ir.Loop, scope: Scope) -> Body:
    """``if (c) *f = 1`` as ``if (c) hit |= 1`` and ``if (hit) *f = 1`` after the loop."""
    before: list[ir.Stmt] = []
    after: list[ir.Stmt] = []
    changed = written_symbols((loop,))
    for store in _constant_stores(loop):
        target = store.target
        assert isinstance(target, ir.Element)
        if read_symbols(*target.indices) & changed or not _is_alone(loop, store):
            continue
        hit = scope.fresh("hit", INT)
        one = ir.Literal("1", INT, 1)
        loop = replace(loop, body=_replaced(loop.body, store, ir.Assign("|=", ir.Ref(hit), one)))
        before.append(ir.Declare(loop.line, hit, ir.Literal("0", INT, 0)))
        after.append(ir.If(loop.line, ir.Ref(hit), (ir.Do(loop.line, store),)))
    return (*before, loop, *after)


def _constant_stores(loop: ir.Loop) -> list[ir.Assign]:
    """Each once, though it may stand in several places."""
    found = [
        one.expr
        for one in loop.walk()
        if isinstance(one, ir.Do)
        and isinstance(one.expr, ir.Assign)
        and one.expr.op == "="
        and isinstance(one.expr.target, ir.Element)
        and one.expr.target.view is None
        and isinstance(one.expr.value, ir.Literal)
        and not any(isinstance(part, ir.Element) for index in one.expr.target.indices for part in index.walk())
    ]
    return list(dict.fromkeys(found))


def _is_alone(loop: ir.Loop, store: ir.Assign) -> bool:
    """Whether the element's memory is touched by nothing but this store, and every store runs as a statement."""
    target = store.target
    assert isinstance(target, ir.Element)
    elements = sum(1 for one in loop.walk() if isinstance(one, ir.Element) and one.symbol is target.symbol)
    stores = sum(1 for one in loop.walk() if isinstance(one, ir.Do) and one.expr == store)
    is_declared = any(isinstance(one, ir.Declare) and one.symbol is target.symbol for one in loop.walk())
    return elements == stores and not is_declared


def _replaced(body: Body, old: ir.Expr, new: ir.Expr) -> Body:
    made: list[ir.Stmt] = []
    for one in body:
        match one:
            case ir.Do(expr=expr) if expr == old:
                made.append(ir.Do(one.line, new))
            case ir.If(then=then, otherwise=otherwise):
                made.append(replace(one, then=_replaced(then, old, new), otherwise=_replaced(otherwise, old, new)))
            case ir.Loop(body=inner) | ir.Repeat(body=inner):
                made.append(replace(one, body=_replaced(inner, old, new)))
            case _:
                made.append(one)
    return tuple(made)


# Values of the turn before


def _closed(loop: ir.Loop, scope: Scope) -> Body:
    """``t = g(i)`` at the end of each turn, read at the start of the next: ``t`` is ``g(i - step)`` but in the first turn."""
    loop = replace(loop, body=_all(loop.body, scope))
    if leaves(loop.body, ir.Continue) or leaves(loop.body, ir.Break) or returns(loop.body) or not _is_plain(loop.lower):
        return (loop,)
    before: list[ir.Stmt] = []
    heads: list[ir.Stmt] = []
    exposed = Exposure(loop.body, frozenset({loop.variable})).exposed
    for one in loop.body:
        found = _brought(one, loop, exposed)
        if found is None or loop.lower is None:
            continue
        symbol, value = found
        start = scope.fresh_like(f"{symbol.name}_start", symbol)
        before.append(ir.Declare(loop.line, start, ir.Ref(symbol)))
        is_first = ir.Binary("==", ir.Ref(loop.variable), loop.lower)
        last = ir.Ternary(is_first, ir.Ref(start), _a_turn_before(value, loop))
        heads.append(ir.Do(loop.line, ir.Assign("=", ir.Ref(symbol), last)))
    return (*before, replace(loop, body=(*heads, *loop.body)))


def _brought(one: ir.Stmt, loop: ir.Loop, exposed: set[Symbol]) -> tuple[Symbol, ir.Expr] | None:
    """The variable that a statement of the body hands on to the next turn, and its value there."""
    if not isinstance(one, ir.Do) or not isinstance(one.expr, ir.Assign) or one.expr.op != "=":
        return None
    target, value = one.expr.target, one.expr.value
    if not isinstance(target, ir.Ref) or target.symbol not in exposed or _acts(value):
        return None
    changes = [
        node for node in loop.walk() if isinstance(node, ir.Assign | ir.Step) and target_symbol(node.target) is target.symbol
    ]
    known = read_symbols(value) - {loop.variable}
    lower = read_symbols(loop.lower) if loop.lower is not None else set()
    if len(changes) != 1 or (known | lower) & written_symbols(loop.body) or loop.variable in lower:
        return None
    return target.symbol, value


def _acts(value: ir.Expr) -> bool:
    return any(isinstance(one, ir.Assign | ir.Step | ir.Call | ir.Address) for one in value.walk())


def _is_plain(value: ir.Expr | None) -> bool:
    return value is not None and not any(
        isinstance(one, ir.Assign | ir.Step | ir.Element | ir.Call | ir.Field) for one in value.walk()
    )


def _a_turn_before(value: ir.Expr, loop: ir.Loop) -> ir.Expr:
    def change(node: ir.Expr) -> ir.Expr:
        if node == ir.Ref(loop.variable):
            step = ir.Literal(str(abs(loop.step)), INT, abs(loop.step))
            return ir.Binary("-" if loop.step > 0 else "+", node, step)
        return rebuilt(node, change)

    return change(value)
