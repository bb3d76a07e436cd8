"""Variables that keep what one turn of a loop gave them: the last turn that sets them, or the one with an extreme.

``if (a[i] > best) { best = a[i]; at = i; }`` keeps the first of equal ones, ``>=`` the last. Limits: an extreme is compared and
set in one branch and nowhere else; the loops spread must come before those that stay in the thread, so that turns have an order.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import target_symbol
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.plan_types import Select
from codepar.cuda.rules.reductions import extreme_of
from codepar.cuda.rules.scalars import Exposure


def extremes_of(body: Body, candidates: set[Symbol]) -> tuple[Select, ...]:
    """Those of ``candidates`` that are compared and set with others in one branch, with these others."""
    found = []
    for top in body:
        for node in top.walk():
            if isinstance(node, ir.If) and (made := _extreme(node, body)) is not None and made.key in candidates:
                found.append(made)
    return tuple(found)


def _extreme(one: ir.If, body: Body) -> Select | None:
    sets = [each.expr for each in one.then if isinstance(each, ir.Do) and isinstance(each.expr, ir.Assign)]
    if one.otherwise or len(sets) != len(one.then) or len(sets) < 2:
        return None
    targets = [each.target.symbol for each in sets if each.op == "=" and isinstance(each.target, ir.Ref)]
    if len(targets) != len(sets) or len(set(targets)) != len(targets):
        return None
    for each in sets:
        update = extreme_of(one.condition, each.target, each.value)
        if update is None or not isinstance(update.target, ir.Ref):
            continue
        key = update.target.symbol
        followers = [symbol for symbol in targets if symbol is not key]
        if _mentions(one, key) == _mentions_in(body, key) == 2 and all(_mentions_in(body, symbol) == 1 for symbol in followers):
            return Select((key, *followers), key, update.test, frozenset({id(one)}))
    return None


def last_values_of(body: Body, candidates: set[Symbol]) -> tuple[Select, ...] | None:
    """Each of ``candidates`` as what the last turn that sets it leaves; None where one of them is not of that kind."""
    surely = Exposure(body).set_
    found = []
    for symbol in sorted(candidates, key=lambda one: one.name):
        if symbol in surely:
            found.append(Select((symbol,)))
            continue
        places = [
            node
            for top in body
            for node in top.walk()
            if isinstance(node, ir.Assign | ir.Step | ir.Loop) and _changed(node) is symbol
        ]
        statements = [
            node for top in body for node in top.walk() if isinstance(node, ir.Do) and any(node.expr is one for one in places)
        ]
        if not places or len(statements) != len(places) or not all(_is_plain(one, symbol) for one in statements):
            return None
        found.append(Select((symbol,), statements=frozenset(map(id, statements))))
    return tuple(found)


def _changed(node: ir.Node) -> Symbol | None:
    if isinstance(node, ir.Loop):
        return node.variable
    return target_symbol(node.target) if isinstance(node, ir.Assign | ir.Step) else None


def _is_plain(one: ir.Do, symbol: Symbol) -> bool:
    expr = one.expr
    return isinstance(expr, ir.Assign) and expr.op == "=" and expr.target == ir.Ref(symbol)


def _mentions(node: ir.Node, symbol: Symbol) -> int:
    return sum(
        1
        for one in node.walk()
        if (isinstance(one, ir.Ref) and one.symbol is symbol) or (_changed(one) is symbol and isinstance(one, ir.Loop))
    )


def _mentions_in(body: Body, symbol: Symbol) -> int:
    return sum(_mentions(one, symbol) for one in body)
