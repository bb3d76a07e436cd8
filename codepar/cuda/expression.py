"""C expressions of numbers, evaluated in Python: the sizes that ``extents.py`` states, macro values, enumerators.

Integers are exact (no wrap-around), division and remainder round as in C, floats are doubles. Limits: no assignments, no
pointers, no calls besides the few functions of ``_FUNCTIONS``; what is not understood raises ``InvalidInput``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from codepar.errors import InvalidInput

Number = int | float

_TOKEN = re.compile(
    r"\s*(?:(?P<float>(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?[fFlL]?|\d+[eE][+-]?\d+[fFlL]?)"
    r"|(?P<int>(?:0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlLzZ]*)|(?P<char>'(?:\\.|[^'\\])')|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op><<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>!~&|^?:(),]))"
)
_TYPE_WORDS = frozenset({"unsigned", "signed", "char", "short", "int", "long", "float", "double", "const", "bool", "_Bool"})
_TYPE_WORDS |= {"size_t", "ssize_t", "ptrdiff_t", "uint"} | {f"{u}int{b}_t" for u in ("", "u") for b in (8, 16, 32, 64)}
_SIZES = {"char": 1, "bool": 1, "_Bool": 1, "short": 2, "int": 4, "unsigned": 4, "float": 4, "double": 8, "uint": 4}
_SIZES |= {"long": 8, "size_t": 8, "ssize_t": 8, "ptrdiff_t": 8}
_SIZES |= {f"{sign}int{bits}_t": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)}
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11}
_BINARY = (
    ("||",),
    ("&&",),
    ("|",),
    ("^",),
    ("&",),
    ("==", "!="),
    ("<", ">", "<=", ">="),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
)
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "min": min,
    "max": max,
    "fmin": min,
    "fmax": max,
    "abs": abs,
    "labs": abs,
    "fabs": abs,
    "floor": lambda x: float(math.floor(x)),
    "floorf": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "ceilf": lambda x: float(math.ceil(x)),
    "sqrt": math.sqrt,
    "sqrtf": math.sqrt,
}


def evaluate(text: str, values: Mapping[str, Number] | None = None) -> Number:
    """The value of a C expression; names are looked up in ``values``. Raises ``InvalidInput`` where it has none."""
    reader = _Reader(text, values or {})
    try:
        value = reader.conditional()
    except (ZeroDivisionError, OverflowError, ValueError, TypeError, RecursionError) as fault:
        raise InvalidInput(f"`{text}` has no value: {fault}") from fault
    reader.expect_end()
    return value


def divide(left: Number, right: Number) -> Number:
    """The quotient as C computes it: of integers rounded towards zero."""
    if isinstance(left, float) or isinstance(right, float):
        return left / right
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


class _Reader:
    """Recursive descent that evaluates on the way; of ``&&`` and ``?:`` the unused side is read, too, but not computed."""

    def __init__(self, text: str, values: Mapping[str, Number]) -> None:
        self.text = text
        self.values = values
        self.tokens = _tokens(text)
        self.at = 0
        self.muted = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *texts: str) -> bool:
        if self.peek() in texts and self.at < len(self.tokens):
            self.at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise InvalidInput(f"`{self.text}` is no expression of integers: `{text}` is missing")

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            raise InvalidInput(f"`{self.text}` is no expression of integers: `{self.peek()}` is not expected")

    def conditional(self) -> Number:
        condition = self.binary(0)
        if not self.take("?"):
            return condition
        chosen = self._quiet(self.conditional, condition != 0)
        self.need(":")
        other = self._quiet(self.conditional, condition == 0)
        return chosen if condition else other

    def _quiet(self, read: Callable[[], Number], is_used: bool) -> Number:
        self.muted += not is_used
        value = read()
        self.muted -= not is_used
        return value

    def binary(self, level: int) -> Number:
        if level == len(_BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in _BINARY[level] and self.at < len(self.tokens):
            operator = self.peek()
            self.at += 1
            used = not (operator == "&&" and not left) and not (operator == "||" and left)
            right = self._quiet(lambda: self.binary(level + 1), used)
            left = 0 if self.muted else _apply(operator, left, right)
        return left

    def unary(self) -> Number:
        if self.take("-"):
            return -self.unary()
        if self.take("+"):
            return self.unary()
        if self.take("!"):
            return int(not self.unary())
        if self.take("~"):
            return ~int(self.unary())
        return self.primary()

    def primary(self) -> Number:
        if self.at >= len(self.tokens):
            raise InvalidInput(f"`{self.text}` is no expression of integers: it ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "int":
            return _integer(text)
        if kind == "float":
            return float(text.rstrip("fFlL"))
        if kind == "char":
            return _ESCAPES.get(text[2:-1], 0) if text[1] == "\\" else ord(text[1])
        if kind == "name":
            return self._name(text)
        if text == "(":
            return self._parenthesis()
        raise InvalidInput(f"`{self.text}` is no expression of integers: `{text}` is not expected")

    def _parenthesis(self) -> Number:
        words = []
        while self.peek() in _TYPE_WORDS:
            words.append(self.peek())
            self.at += 1
        if words:
            self.need(")")
            value = self.unary()
            return float(value) if words[-1] in {"float", "double"} else int(value)
        value = self.conditional()
        self.need(")")
        return value

    def _name(self, name: str) -> Number:
        if name == "sizeof":
            return self._size()
        if name in _FUNCTIONS and self.take("("):
            arguments = [self.conditional()]
            while self.take(","):
                arguments.append(self.conditional())
            self.need(")")
            return 0 if self.muted else _FUNCTIONS[name](*arguments)
        if name in {"true", "false"}:
            return int(name == "true")
        if name not in self.values:
            raise InvalidInput(f"`{self.text}` has no value: `{name}` is not known")
        return self.values[name]

    def _size(self) -> int:
        self.need("(")
        words = []
        while self.peek() in _TYPE_WORDS:
            words.append(self.peek())
            self.at += 1
        self.need(")")
        named = [word for word in words if word in _SIZES and word not in {"unsigned", "const"}] or words
        if not named or named[-1] not in _SIZES:
            raise InvalidInput(f"`{self.text}` has no value: the size of that type is not known")
        return 8 if "long" in words else min(_SIZES[word] for word in named) if "short" in words else _SIZES[named[-1]]


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at, text = list[tuple[str, str]](), 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise InvalidInput(f"`{text}` is no expression of integers: `{text[at : at + 10]}` is not understood")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return tokens


def _integer(text: str) -> int:
    digits = text.rstrip("uUlLzZ")
    if digits[:2].lower() in {"0x", "0b"}:
        return int(digits, 0)
    return int(digits, 8) if digits.startswith("0") and len(digits) > 1 else int(digits)


def _apply(operator: str, left: Number, right: Number) -> Number:
    comparisons: dict[str, Callable[[Number, Number], bool]] = {
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        ">": lambda a, b: a > b,
        "<=": lambda a, b: a <= b,
        ">=": lambda a, b: a >= b,
        "&&": lambda a, b: bool(a and b),
        "||": lambda a, b: bool(a or b),
    }
    if operator in comparisons:
        return int(comparisons[operator](left, right))
    if operator in {"+", "-", "*"}:
        return left + right if operator == "+" else left - right if operator == "-" else left * right
    if operator == "/":
        return divide(left, right)
    if not isinstance(left, int) or not isinstance(right, int):
        raise TypeError(f"`{operator}` of a floating-point number")
    if operator == "%":
        return left - int(divide(left, right)) * right
    bits: dict[str, Callable[[int, int], int]] = {
        "<<": lambda a, b: a << b,
        ">>": lambda a, b: a >> b,
        "&": lambda a, b: a & b,
        "|": lambda a, b: a | b,
        "^": lambda a, b: a ^ b,
    }
    return bits[operator](left, right)
