"""The type of an expression, by C's rules of conversion.

Limits: members of structs that the file does not define are ``OTHER``.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.ctypes import BOOL, DOUBLE, FLOAT, INT, LONG, OTHER, CType, common, promoted
from codepar.cuda.rules.known import REAL, is_absolute, is_either, is_integral, is_single

_TESTS = frozenset({"<", ">", "<=", ">=", "==", "!=", "&&", "||"})


def type_of(expr: ir.Expr) -> CType:  # noqa: C901, PLR0912 - one branch a form of expression
    """The type after C's conversions; ``OTHER`` where it is not known."""
    match expr:
        case ir.Literal(type=kind):
            return kind
        case ir.Ref(symbol=symbol):
            return symbol.type
        case ir.Element(symbol=symbol, view=view):
            return view or symbol.type
        case ir.Cast(type=kind) | ir.Field(type=kind):
            return kind
        case ir.Unary(op="!"):
            return INT
        case ir.Unary(operand=operand):
            return promoted(type_of(operand))
        case ir.Binary(op=op) if op in _TESTS:
            return INT
        case ir.Binary(op=",", right=right):
            return type_of(right)
        case ir.Binary(op=op, left=left) if op in {"<<", ">>"}:
            return promoted(type_of(left))
        case ir.Binary(left=left, right=right):
            return common(type_of(left), type_of(right))
        case ir.Ternary(yes=yes, no=no):
            return common(type_of(yes), type_of(no))
        case ir.Assign(target=target) | ir.Step(target=target):
            return type_of(target)
        case ir.Call():
            return _of_call(expr)
    return OTHER


def _of_call(call: ir.Call) -> CType:
    if call.is_helper:
        return call.result
    kinds = [type_of(one) for one in call.arguments]
    if is_integral(call.name):
        return LONG if call.name.startswith("l") else BOOL
    if is_single(call.name):
        return FLOAT
    if call.name in REAL:
        return FLOAT if kinds and all(one == FLOAT or (one.bits == 32 and one.is_floating) for one in kinds) else DOUBLE
    if is_absolute(call.name):
        return promoted(kinds[0])
    if is_either(call.name) and len(kinds) == 2:
        return common(*kinds)
    return OTHER
