"""Recurrences through an array as recurrences through a variable: ``b[i] = b[i - 1] + a[i]`` becomes ``s += a[i]; b[i] = s``.

Done on the function before anything is analysed, so that the rules for variables apply. Limits: the array is written once in the
loop, at its top, and read besides only one step behind; subscripts are sums and products of variables that the loop leaves alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.build import rebuilt
from codepar.cuda.rules.counted import leaves, returns, written_symbols
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.poly import Atom, Poly
from codepar.cuda.rules.reductions import update_of
from codepar.cuda.rules.typing import type_of

_EITHER_WAY = frozenset({"+=", "*=", "&=", "|=", "^="})
Fresh = Callable[[str, Symbol], Symbol]


def without_array_recurrences(body: Body, fresh: Fresh) -> Body:
    """The body with every such loop rewritten. ``fresh(name, like)`` makes a variable of the type of an element of ``like``."""
    made: list[ir.Stmt] = []
    for one in body:
        match one:
            case ir.Loop(body=inner):
                loop = replace(one, body=without_array_recurrences(inner, fresh))
                made += _rewritten(loop, fresh)
            case ir.Repeat(body=inner):
                made.append(replace(one, body=without_array_recurrences(inner, fresh)))
            case ir.If(then=then, otherwise=otherwise):
                ways = (without_array_recurrences(then, fresh), without_array_recurrences(otherwise, fresh))
                made.append(replace(one, then=ways[0], otherwise=ways[1]))
            case _:
                made.append(one)
    return tuple(made)


def _rewritten(loop: ir.Loop, fresh: Fresh) -> Body:
    if leaves(loop.body, ir.Continue) or leaves(loop.body, ir.Break) or returns(loop.body):
        return (loop,)
    for at, one in enumerate(loop.body):
        if not isinstance(one, ir.Do) or not isinstance(one.expr, ir.Assign) or not isinstance(one.expr.target, ir.Element):
            continue
        behind = _behind(loop, one.expr)
        if behind is None or loop.lower is None:
            continue
        target = one.expr.target
        running = fresh(f"{target.symbol.name}_running", target.symbol)
        update = ir.Do(one.line, ir.Assign("=", ir.Ref(running), _value(one.expr, behind, running)))
        if update_of(update) is None:
            continue
        store = ir.Do(one.line, ir.Assign("=", target, ir.Ref(running)))
        inner = (*loop.body[:at], update, store, *loop.body[at + 1 :])
        start = ir.Element(target.symbol, tuple(_at_start(index, loop) for index in behind.indices))
        test = ir.Binary(loop.compare, loop.lower, loop.bound)
        first = ir.If(loop.line, test, (ir.Do(loop.line, ir.Assign("=", ir.Ref(running), start)),))
        return (ir.Declare(loop.line, running), first, replace(loop, body=inner))
    return (loop,)


def _value(assign: ir.Assign, behind: ir.Element, running: Symbol) -> ir.Expr:
    """The value stored, with the running variable for the element one step behind."""

    def change(node: ir.Expr) -> ir.Expr:
        return ir.Ref(running) if node == behind else rebuilt(node, change)

    if assign.op in _EITHER_WAY and assign.value == behind:
        return ir.Binary(assign.op[:-1], ir.Ref(running), assign.target)
    return change(assign.value)


def _behind(loop: ir.Loop, assign: ir.Assign) -> ir.Element | None:
    """The one element of the written array that is read a step behind the write; None where anything else touches it."""
    target = assign.target
    assert isinstance(target, ir.Element)
    elements = [node for top in loop.body for node in top.walk() if isinstance(node, ir.Element) and node.symbol is target.symbol]
    others = [one for one in elements if one is not target]
    behind = list(dict.fromkeys(one for one in others if one != target))
    if len(behind) != 1 or target.view is not None or (assign.op != "=" and assign.op not in _EITHER_WAY):
        return None
    if assign.op != "=" and assign.value != behind[0]:
        return None
    inside = [node for node in assign.value.walk() if isinstance(node, ir.Element)]
    if any(one not in inside for one in others) or len(behind[0].indices) != len(target.indices):
        return None
    if any(isinstance(one, ir.Address) and one.element.symbol is target.symbol for top in loop.body for one in top.walk()):
        return None
    changed = written_symbols(loop.body)
    for here, there in zip(target.indices, behind[0].indices, strict=True):
        now, then = _affine(here, changed), _affine(there, changed)
        if now is None or then is None or now.replaced(lambda atom: _stepped(atom, loop)) != then:
            return None
    return behind[0]


def _stepped(atom: Atom, loop: ir.Loop) -> Poly | None:
    return Poly.of(atom) - loop.step if atom.name == loop.variable.name else None


def _affine(expr: ir.Expr, changed: set[Symbol]) -> Poly | None:
    """A subscript as a polynomial of variables that the loop leaves alone and its own."""
    match expr:
        case ir.Literal(value=int(number)):
            return Poly.of(number)
        case ir.Ref(symbol=symbol) if symbol not in changed and symbol.type.is_plain_integer:
            return Poly.of(symbol.value) if symbol.value is not None else Poly.of(Atom("symbol", symbol.name))
        case ir.Cast(type=kind, operand=operand) if kind.is_plain_integer and type_of(operand).is_integer:
            return _affine(operand, changed)
        case ir.Binary(op=op, left=left, right=right) if op in {"+", "-", "*"}:
            a, b = _affine(left, changed), _affine(right, changed)
            if a is None or b is None:
                return None
            return a + b if op == "+" else a - b if op == "-" else a * b
    return None


def _at_start(index: ir.Expr, loop: ir.Loop) -> ir.Expr:
    def change(node: ir.Expr) -> ir.Expr:
        if node == ir.Ref(loop.variable):
            assert loop.lower is not None
            return loop.lower
        return rebuilt(node, change)

    return change(index)
