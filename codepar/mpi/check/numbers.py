"""Numbers as C writes and computes them. Limits: integers do not overflow; what C leaves undefined gives an unknown."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from codepar.mpi.check.values import Unknown, Value

_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)([uUlLzZ]*)$")


def literal(text: str) -> int | float | None:
    """The number of a literal. The grammar takes the sign of ``-1`` for a part of it."""
    if text.startswith(("-", "+")):
        value = literal(text[1:].strip())
        return -value if value is not None and text[0] == "-" else value
    match = _NUMBER.match(text)
    try:
        if match:
            digits = match[1]
            return int(digits, 8) if re.fullmatch(r"0[0-7]+", digits) else int(digits, 0)
        return float(text.rstrip("fFlL"))
    except ValueError:
        return None


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def arithmetic(sign: str, left: float, right: float) -> Value:
    """One operator on two numbers; unknown where C does not define it."""
    if sign in _COMPARISONS:
        return int(_COMPARISONS[sign](left, right))
    try:
        match sign:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
        if isinstance(left, int) and isinstance(right, int):
            return _bits(sign, left, right)
        return left / right if sign == "/" else Unknown(f"({left} {sign} {right})")
    except (ArithmeticError, ValueError):
        return Unknown(f"({left} {sign} {right})")


def _bits(sign: str, left: int, right: int) -> Value:
    """What is defined for integers only; division truncates as in C."""
    match sign:
        case "/":
            return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        case "%":
            return abs(left) % abs(right) * (-1 if left < 0 else 1)
        case "&":
            return left & right
        case "|":
            return left | right
        case "^":
            return left ^ right
        case "<<" if 0 <= right < 64:
            return left << right
        case ">>" if 0 <= right < 64:
            return left >> right
    return Unknown(f"({left} {sign} {right})")
