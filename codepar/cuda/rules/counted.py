"""Which loops are counted: one integer variable that moves by a constant towards a bound that stays.

Limits: the step is a constant (else see ``strided.py``); the bound may be any expression that nothing in the loop changes.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.ir import Body, Symbol, walk_all
from codepar.cuda.rules.typing import type_of

_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}


def counted(before: Body, test: ir.Expr | None, steps: Body, body: Body, *, line: int, declared: bool) -> Body | None:
    """The statements of a loop, the ``Loop`` after what must come first; None where it is not counted."""
    for variable, compare, bound in _readings(test):
        moved = _take_step(steps, body, variable)
        if moved is None:
            continue
        step, inner = moved
        if not _fits(variable, compare, step, bound) or not _stays(variable, bound, inner):
            continue
        first, lower = take_start(before, variable)
        return (*first, ir.Loop(line, variable, lower, compare, bound, step, inner, declared and lower is not None))
    return None


def repeated(before: Body, test: ir.Expr | None, steps: Body, body: Body, *, line: int) -> Body:
    """The statements of any other loop."""
    update: ir.Expr | None = None
    for one in steps:
        if isinstance(one, ir.Do):
            update = one.expr if update is None else ir.Binary(",", update, one.expr)
    return (*before, ir.Repeat(line, test, update, body))


def written_symbols(body: Body) -> set[Symbol]:
    """Every variable, element's buffer or struct that a statement of ``body`` may change."""
    found = set()
    for node in walk_all(body):
        if isinstance(node, ir.Assign | ir.Step):
            found.add(target_symbol(node.target))
        elif isinstance(node, ir.Declare | ir.Loop):
            found.add(node.symbol if isinstance(node, ir.Declare) else node.variable)
        elif isinstance(node, ir.Address):
            found.add(node.element.symbol)
    return {one for one in found if one is not None}


def target_symbol(target: ir.Expr) -> Symbol | None:
    """What an assignment to ``target`` changes."""
    while isinstance(target, ir.Field):
        target = target.target
    return target.symbol if isinstance(target, ir.Ref | ir.Element) else None


def read_symbols(*nodes: ir.Node) -> set[Symbol]:
    """Every variable and buffer that is named below."""
    found = set()
    for node in nodes:
        for one in node.walk():
            if isinstance(one, ir.Ref | ir.Element):
                found.add(one.symbol)
            elif isinstance(one, ir.Loop):
                found.add(one.variable)
    return found


def leaves(body: Body, kind: type[ir.Break] | type[ir.Continue]) -> bool:
    """Whether a ``break`` or ``continue`` in ``body`` means the loop whose body this is."""
    for one in body:
        if isinstance(one, kind):
            return True
        if isinstance(one, ir.If) and (leaves(one.then, kind) or leaves(one.otherwise, kind)):
            return True
    return False


def returns(body: Body) -> bool:
    """Whether a ``return`` stands anywhere in ``body``."""
    return any(isinstance(one, ir.Return) for one in walk_all(body))


def step_of(one: ir.Stmt, variable: Symbol | None = None) -> tuple[Symbol, int] | None:
    """The variable that a statement moves by a constant, and the constant."""
    if not isinstance(one, ir.Do):
        return None
    found: tuple[Symbol, int] | None = None
    match one.expr:
        case ir.Step(op=op, target=ir.Ref(symbol=symbol)):
            found = (symbol, 1 if op == "++" else -1)
        case ir.Assign(op=op, target=ir.Ref(symbol=symbol), value=ir.Literal(value=int(number))) if op in {"+=", "-="}:
            found = (symbol, number if op == "+=" else -number)
        case ir.Assign(op="=", target=ir.Ref(symbol=symbol), value=ir.Binary(op=op, left=left, right=right)) if op in {"+", "-"}:
            if left == ir.Ref(symbol) and isinstance(right, ir.Literal) and right.value is not None:
                found = (symbol, right.value if op == "+" else -right.value)
            elif right == ir.Ref(symbol) and isinstance(left, ir.Literal) and left.value is not None and op == "+":
                found = (symbol, left.value)
    if found is None or (variable is not None and found[0] is not variable):
        return None
    return found


def _readings(test: ir.Expr | None) -> list[tuple[Symbol, str, ir.Expr]]:
    """The ways in which a test compares one variable with a bound."""
    if not isinstance(test, ir.Binary) or test.op not in _MIRRORED:
        return []
    found = []
    if isinstance(test.left, ir.Ref):
        found.append((test.left.symbol, test.op, test.right))
    if isinstance(test.right, ir.Ref):
        found.append((test.right.symbol, _MIRRORED[test.op], test.left))
    found += _shifted(test.op, test.left, test.right) + _shifted(_MIRRORED[test.op], test.right, test.left)
    return [one for one in found if one[0].type.is_plain_integer and not one[0].is_const]


def _shifted(op: str, side: ir.Expr, bound: ir.Expr) -> list[tuple[Symbol, str, ir.Expr]]:
    """``i + m < n`` as ``i < n - m``, where no unsigned type is about."""
    if not isinstance(side, ir.Binary) or side.op not in {"+", "-"}:
        return []
    kinds = [type_of(one) for one in (side.left, side.right, bound)]
    if not all(kind.is_integer and kind.is_signed for kind in kinds):
        return []
    found: list[tuple[Symbol, str, ir.Expr]] = []
    if isinstance(side.left, ir.Ref):
        found.append((side.left.symbol, op, ir.Binary("-" if side.op == "+" else "+", bound, side.right)))
    if isinstance(side.right, ir.Ref) and side.op == "+":
        found.append((side.right.symbol, op, ir.Binary("-", bound, side.left)))
    return found


def _take_step(steps: Body, body: Body, variable: Symbol) -> tuple[int, Body] | None:
    """The constant step of ``variable`` and the body without it; other updates come at the body's end."""
    here = [one for one in steps if step_of(one, variable)]
    if len(here) == 1:
        others = tuple(one for one in steps if one is not here[0])
        if others and leaves(body, ir.Continue):
            return None
        found = step_of(here[0], variable)
        return (found[1], (*body, *others)) if found and variable not in read_symbols(*others) else None
    if steps or leaves(body, ir.Continue):
        return None
    at = next((at for at, one in enumerate(body) if step_of(one, variable)), None)
    if at is None or variable in read_symbols(*body[at + 1 :]) or any(isinstance(one, ir.Break) for one in walk_all(body)):
        return None
    found = step_of(body[at], variable)
    return (found[1], (*body[:at], *body[at + 1 :])) if found else None


def _fits(variable: Symbol, compare: str, step: int, bound: ir.Expr) -> bool:
    if step == 0 or (compare == "!=" and abs(step) != 1):
        return False
    if compare != "!=" and (step > 0) != (compare in {"<", "<="}):
        return False
    falls_for_ever = compare == ">=" and not variable.type.is_signed and isinstance(bound, ir.Literal)
    return not falls_for_ever


def _stays(variable: Symbol, bound: ir.Expr, body: Body) -> bool:
    if any(isinstance(one, ir.Assign | ir.Step | ir.Call) for one in bound.walk()):
        return False
    changed = written_symbols(body)
    return variable not in changed and not (read_symbols(bound) & changed) and variable not in read_symbols(bound)


def take_start(before: Body, variable: Symbol) -> tuple[Body, ir.Expr | None]:
    """The value at which the variable starts, and the statements that stay before the loop."""
    for at in range(len(before) - 1, -1, -1):
        one = before[at]
        value: ir.Expr | None = None
        if isinstance(one, ir.Declare) and one.symbol is variable:
            value = one.value
        elif isinstance(one, ir.Do) and isinstance(one.expr, ir.Assign) and one.expr.target == ir.Ref(variable):
            value = one.expr.value if one.expr.op == "=" else None
        if value is None:
            continue
        rest = before[:at] + before[at + 1 :]
        has_effect = any(isinstance(item, ir.Assign | ir.Step) for item in value.walk())
        if has_effect or variable in read_symbols(*rest) or (written_symbols(rest) & read_symbols(value)):
            return before, None
        return rest, value
    return before, None
