"""The first turn of a loop taken off, where the others are independent without it: ``a[i] -= a[0]``.

Limits: outermost loops with a variable of their own, without arrays in their body; one turn, the first.
"""

from __future__ import annotations

from dataclasses import replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import leaves, read_symbols, returns
from codepar.cuda.rules.ctypes import INT
from codepar.cuda.rules.ir import Body
from codepar.cuda.rules.scalars import declared_in
from codepar.cuda.rules.scope import Scope
from codepar.cuda.rules.statements import renamed


def peeled(body: Body, scope: Scope) -> Body:
    """The body with the first turns of its outermost loops before them."""
    made: list[ir.Stmt] = []
    for one in body:
        if isinstance(one, ir.Loop) and (apart := _apart(one, scope)) is not None:
            made += apart
        elif isinstance(one, ir.If):
            made.append(replace(one, then=peeled(one.then, scope), otherwise=peeled(one.otherwise, scope)))
        else:
            made.append(one)
    return tuple(made)


def _apart(loop: ir.Loop, scope: Scope) -> Body | None:
    jumps = leaves(loop.body, ir.Continue) or leaves(loop.body, ir.Break) or returns(loop.body)
    if loop.lower is None or not loop.is_declared or jumps or loop.variable in read_symbols(loop.lower):
        return None
    if any(isinstance(one, ir.Assign | ir.Step | ir.Call | ir.Element) for one in loop.lower.walk()):
        return None
    own = {loop.variable, *declared_in(loop.body)}
    if any(one.is_memory for one in own):
        return None
    names = {one: scope.fresh(one.name, one.type) for one in own}
    first = (ir.Declare(loop.line, names[loop.variable], loop.lower), *renamed(loop.body, names))
    step = ir.Literal(str(abs(loop.step)), INT, abs(loop.step))
    second = ir.Binary("+" if loop.step > 0 else "-", loop.lower, step)
    test = ir.Binary(loop.compare, loop.lower, loop.bound)
    return (ir.If(loop.line, test, first), replace(loop, lower=second))
