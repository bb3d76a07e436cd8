"""Loops that stand directly in each other, and what one thread does when some of them are spread.

Limits: between two loops of a chain stand only scalars that are set anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import leaves
from codepar.cuda.rules.ir import Body
from codepar.cuda.rules.plan_types import Spread


@dataclass(frozen=True, slots=True)
class Chain:
    """Loops that stand directly in each other, with the scalar statements between them that each turn repeats."""

    loops: tuple[ir.Loop, ...]
    prefixes: tuple[Body, ...]
    body: Body


def chain_of(loop: ir.Loop) -> Chain:
    """The longest chain from ``loop`` inwards."""
    loops: list[ir.Loop] = [loop]
    prefixes: list[Body] = [()]
    body = loop.body
    while body and isinstance(body[-1], ir.Loop) and all(_is_repeatable(one) for one in body[:-1]):
        inner = body[-1]
        if leaves(inner.body, ir.Break):
            break
        loops.append(inner)
        prefixes.append(body[:-1])
        body = inner.body
    return Chain(tuple(loops), tuple(prefixes), body)


def _is_repeatable(one: ir.Stmt) -> bool:
    """A scalar set from scalars or memory, by plain assignment: doing it once more in each thread changes nothing."""
    if isinstance(one, ir.Declare):
        return not one.symbol.is_memory and not _has_effect(one.value)
    if isinstance(one, ir.Do) and isinstance(one.expr, ir.Assign):
        assign = one.expr
        return assign.op == "=" and isinstance(assign.target, ir.Ref) and not _has_effect(assign.value)
    return False


def _has_effect(expr: ir.Expr | None) -> bool:
    return expr is not None and any(isinstance(one, ir.Assign | ir.Step | ir.Address) for one in expr.walk())


def thread_body(chain: Chain, spread: list[Spread]) -> Body:
    """The chain without the loops that are spread: prefixes, loops that stay, body; what grows is set where its loop stood."""
    places = {id(one.loop): one for one in spread}
    body = chain.body
    for at in range(len(chain.loops) - 1, -1, -1):
        loop = chain.loops[at]
        is_spread = id(loop) in places
        body = (*_grown(places[id(loop)]), *body) if is_spread else (replace(loop, body=body),)
        body = (*chain.prefixes[at], *body)
    return body


def _grown(one: Spread) -> Body:
    """``symbol += turn * step`` for each variable that grows."""
    return tuple(
        ir.Do(one.loop.line, ir.Assign("+=", ir.Ref(symbol), ir.Binary("*", ir.Ref(one.turn), step)))
        for symbol, step in one.inductions
    )
