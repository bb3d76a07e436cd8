"""Variables and elements that a loop only combines with new values: sums, products, extremes, bits.

``s += e``, ``s = s + e``, ``s++``, ``if (e > s) s = e``, ``s = s > e ? s : e``, ``s = fmax(s, e)``, ``s = s && e``. Limits: an
integer that takes in floating values is not one (each step truncates), nor is one that is read elsewhere in the loop. Sums of
floating numbers are taken in another order than the original's: they agree within rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import read_symbols
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.typing import type_of

_FAMILY = {"+=": "+", "-=": "+", "*=": "*", "&=": "&", "|=": "|", "^=": "^"}
LOGICAL = frozenset({"&&", "||"})
_EXTREMES = {"fmax": "max", "fmaxf": "max", "max": "max", "fmin": "min", "fminf": "min", "min": "min"}


@dataclass(frozen=True, slots=True)
class Update:
    """``target`` combined with ``value`` by ``family`` (``+ * & | ^ && || min max``); ``negated``: the value is subtracted.

    For extremes ``test`` is the operator of the comparison ``value test target`` that lets the value in.
    """

    target: ir.Expr
    family: str
    value: ir.Expr
    negated: bool = False
    test: str = ""


def update_of(one: ir.Stmt) -> Update | None:
    """The combination that a statement is, if it is one and nothing else."""
    if isinstance(one, ir.Do):
        return _of_expr(one.expr)
    if isinstance(one, ir.If) and not one.otherwise and len(one.then) == 1:
        return _of_branch(one.condition, one.then[0])
    return None


def _of_expr(expr: ir.Expr) -> Update | None:
    found: Update | None = None
    match expr:
        case ir.Step(op=op, target=target):
            found = Update(target, "+", ir.Literal("1", type_of(target), 1), op == "--")
        case ir.Assign(op=op, target=target, value=value) if op in _FAMILY:
            found = Update(target, _FAMILY[op], value, op == "-=")
        case ir.Assign(op="=", target=target, value=ir.Binary(op=op, left=left, right=right)):
            found = _of_binary(target, op, left, right)
        case ir.Assign(op="=", target=target, value=ir.Call(name=name, arguments=(left, right))) if name in _EXTREMES:
            other = right if left == target else left if right == target else None
            found = Update(target, _EXTREMES[name], other, test=name) if other is not None else None
        case ir.Assign(op="=", target=target, value=ir.Ternary(condition=condition, yes=yes, no=no)):
            if no == target:
                found = _of_test(condition, target, yes)
            elif yes == target:
                found = _of_test(condition, target, no, kept=True)
    return found if found is not None and _is_sound(found) else None


def _of_binary(target: ir.Expr, op: str, left: ir.Expr, right: ir.Expr) -> Update | None:
    if op in LOGICAL:
        return _of_logical(target, op, left, right)
    if op in {"+", "*", "&", "|", "^"}:
        if left == target:
            return Update(target, op, right)
        if right == target:
            return Update(target, op, left)
    if op == "-" and left == target:
        return Update(target, "+", right, True)
    # `s + a - b` is `(s + a) - b`.
    if op in {"+", "-"} and isinstance(left, ir.Binary) and left.op in {"+", "-"}:
        inner = _of_binary(target, left.op, left.left, left.right)
        if inner is not None and inner.family == "+":
            joined = ir.Binary("-" if (op == "-") != inner.negated else "+", inner.value, right)
            return Update(target, "+", joined, inner.negated)
    return None


def _of_logical(target: ir.Expr, op: str, left: ir.Expr, right: ir.Expr) -> Update | None:
    """``s && a && b``: the target stands first, so that what follows is one value."""
    if left == target:
        return Update(target, op, right)
    if isinstance(left, ir.Binary) and left.op == op:
        inner = _of_logical(target, op, left.left, left.right)
        return Update(target, op, ir.Binary(op, inner.value, right)) if inner is not None else None
    return Update(target, op, left) if right == target else None


def _of_branch(condition: ir.Expr, then: ir.Stmt) -> Update | None:
    """``if (e > s) s = e;``"""
    if not isinstance(then, ir.Do) or not isinstance(then.expr, ir.Assign) or then.expr.op != "=":
        return None
    found = _of_test(condition, then.expr.target, then.expr.value)
    return found if found is not None and _is_sound(found) else None


def extreme_of(condition: ir.Expr, target: ir.Expr, value: ir.Expr) -> Update | None:
    """The extreme that ``if (condition) target = value`` keeps, if it is one."""
    found = _of_test(condition, target, value)
    return found if found is not None and _is_sound(found) else None


def _of_test(condition: ir.Expr, target: ir.Expr, value: ir.Expr, *, kept: bool = False) -> Update | None:
    """``value op target`` (either way round) lets ``value`` in; ``kept``: it rather keeps the target."""
    if not isinstance(condition, ir.Binary) or condition.op not in {"<", "<=", ">", ">="}:
        return None
    op = condition.op
    if (condition.left, condition.right) == (target, value):
        op = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
    elif (condition.left, condition.right) != (value, target):
        return None
    if kept:
        op = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[op]
        if type_of(value).is_floating:
            # `s > e ? s : e` takes a value that is not a number, `e > s` would not.
            return None
    return Update(target, "max" if op in {">", ">="} else "min", value, test=op)


def _is_sound(update: Update) -> bool:
    """The value does not depend on the target, and taking values in in another order gives the same."""
    symbols = read_symbols(update.value)
    target = update.target
    if not isinstance(target, ir.Ref | ir.Element) or target.symbol in symbols:
        return False
    if isinstance(target, ir.Element) and any(target.symbol in read_symbols(index) for index in target.indices):
        return False
    if any(isinstance(one, ir.Assign | ir.Step) for one in update.value.walk()):
        return False
    kind, given = type_of(target), type_of(update.value)
    if update.family in LOGICAL:
        return kind.is_integer and (given.is_integer or given.is_floating)
    if kind.bits == 1:
        return given.is_integer and update.family in {"&", "|"}
    if kind.is_integer:
        fits = (given.bits < kind.bits and kind.is_signed) or (given.bits, given.is_signed) == (kind.bits, kind.is_signed)
        same = fits or update.family not in {"min", "max"}
        return given.is_integer and kind.bits >= 8 and same
    if update.family in {"min", "max"}:
        return kind.is_floating and (given.is_integer or (given.is_floating and given.bits <= kind.bits))
    return kind.is_floating and update.family in {"+", "*"} and (given.is_integer or given.is_floating)


def updates_in(body: Body) -> list[tuple[ir.Stmt, Update]]:
    """Every statement of ``body`` that is a combination."""
    found = []
    for top in body:
        for node in top.walk():
            if isinstance(node, ir.Stmt) and (update := update_of(node)) is not None:
                found.append((node, update))
    return found


def reduced_scalars(body: Body, candidates: set[Symbol]) -> dict[Symbol, str]:
    """Those of ``candidates`` that ``body`` only combines, all in one family; with the family."""
    mentions: dict[Symbol, int] = {}
    for top in body:
        for node in top.walk():
            if isinstance(node, ir.Ref):
                mentions[node.symbol] = mentions.get(node.symbol, 0) + 1
    found: dict[Symbol, str] = {}
    counted: dict[Symbol, int] = {}
    for statement, update in updates_in(body):
        if isinstance(update.target, ir.Ref) and update.target.symbol in candidates:
            symbol = update.target.symbol
            # A branch holds its assignment, which is not a combination by itself, so nothing is counted twice.
            counted[symbol] = counted.get(symbol, 0) + sum(
                1 for one in statement.walk() if isinstance(one, ir.Ref) and one.symbol is symbol
            )
            if found.setdefault(symbol, update.family) != update.family:
                counted[symbol] = -1
    return {symbol: family for symbol, family in found.items() if counted[symbol] == mentions.get(symbol)}
