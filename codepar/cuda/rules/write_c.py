"""Expressions and statements as C++ text.

Limits: layout only; where a name lives on the device (a pointer to one element) or in a flat array is told by ``Names``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from codepar.cuda.rules import ir
from codepar.cuda.rules.ctypes import CType
from codepar.cuda.rules.errors import CannotProve
from codepar.cuda.rules.ir import Body, Storage, Symbol
from codepar.cuda.rules.known import REAL, is_absolute, is_either
from codepar.cuda.rules.typing import type_of
from codepar.syntax.language import Language

_RANK = {
    ",": 0, "=": 1, "?": 2, "||": 3, "&&": 4, "|": 5, "^": 6, "&": 7, "==": 8, "!=": 8, "<": 9, ">": 9, "<=": 9, ">=": 9,
    "<<": 10, ">>": 10, "+": 11, "-": 11, "*": 12, "/": 12, "%": 12,
}  # fmt: skip
_UNARY, _POSTFIX = 13, 14
_CXX_TYPES = {"_Bool": "bool"}


@dataclass(slots=True)
class Names:
    """How symbols are written. ``pointed``: scalars behind a pointer; ``flat``: arrays whose elements lie in one row.

    ``special`` writes a statement in another way (an atomic update); it answers None for all others. ``own_shape``: parameters
    keep their dimensions, and the ``references`` of C++ their names, as in the original.
    """

    language: Language
    pointed: frozenset[Symbol] = frozenset()
    flat: frozenset[Symbol] = frozenset()
    renamed: dict[Symbol, str] = field(default_factory=dict)
    special: Callable[[ir.Stmt], str | None] = lambda _one: None
    own_shape: bool = False
    references: frozenset[Symbol] = frozenset()

    def of(self, symbol: Symbol) -> str:
        return self.renamed.get(symbol, symbol.name)


def type_text(kind: CType) -> str:
    """A type as C++ writes it."""
    return _CXX_TYPES.get(kind.text, kind.text)


class Writer:
    """Writes with one set of names."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def expr(self, expr: ir.Expr, above: int = 0) -> str:
        """The text; in parentheses where what is around it binds as tightly as ``above`` or tighter."""
        text, rank = self._ranked(expr)
        return f"({text})" if rank < above else text

    def _ranked(self, expr: ir.Expr) -> tuple[str, int]:  # noqa: C901, PLR0912 - one branch a form of expression
        match expr:
            case ir.Literal(text=text):
                return text, _UNARY if text.startswith("-") else _POSTFIX
            case ir.Ref(symbol=symbol):
                return (f"(*{self._names.of(symbol)})" if symbol in self._names.pointed else self._names.of(symbol)), _POSTFIX
            case ir.Element():
                return self.element(expr), _POSTFIX
            case ir.Field(target=target, name=name):
                return f"{self.expr(target, _POSTFIX)}.{name}", _POSTFIX
            case ir.Address(element=element):
                return f"&{self.element(element)}", _UNARY
            case ir.Unary(op=op, operand=operand):
                inner = self.expr(operand, _UNARY)
                return f"{op}{' ' if inner.startswith(op) else ''}{inner}", _UNARY
            case ir.Binary(op=op, left=left, right=right):
                rank = _RANK[op]
                return f"{self.expr(left, rank)} {op} {self.expr(right, rank + 1)}".replace(" , ", ", "), rank
            case ir.Ternary(condition=condition, yes=yes, no=no):
                return f"{self.expr(condition, 3)} ? {self.expr(yes, 2)} : {self.expr(no, 2)}", 2
            case ir.Cast(type=kind, operand=operand):
                return f"({type_text(kind)}){self.expr(operand, _UNARY)}", _UNARY
            case ir.Call():
                return self._call(expr), _POSTFIX
            case ir.Assign(op=op, target=target, value=value):
                return f"{self.expr(target, _UNARY)} {op} {self.expr(value, 1)}", 1
            case ir.Step(op=op, is_prefix=is_prefix, target=target):
                inner = self.expr(target, _UNARY)
                return (f"{op}{inner}" if is_prefix else f"{inner}{op}"), _UNARY
            case ir.Items(items=items):
                return "{" + ", ".join(self.expr(item, 1) for item in items) + "}", _POSTFIX
        raise CannotProve("expression", f"no text for {type(expr).__name__}")

    def element(self, expr: ir.Element) -> str:
        """``a[i]``, ``a[i * m + j]`` for a flat one, a cast of the bytes for a view."""
        name = self._names.of(expr.symbol)
        if expr.view is not None:
            const = "const " if expr.symbol.is_const else ""
            return f"(*({const}{type_text(expr.view)} *)(({const}char *){name} + {self.expr(expr.indices[0], 12)}))"
        if expr.symbol in self._names.references:
            return name
        is_flat = expr.symbol.storage is Storage.BUFFER and not self._names.own_shape
        if is_flat or expr.symbol in self._names.flat:
            return f"{name}[{self.expr(self._flat(expr))}]"
        return name + "".join(f"[{self.expr(index)}]" for index in expr.indices)

    def _flat(self, expr: ir.Element) -> ir.Expr:
        sizes = expr.symbol.dimensions if expr.symbol.storage is Storage.BUFFER else expr.symbol.dimensions[1:]
        row = expr.indices[0]
        for size, index in zip(sizes, expr.indices[1:], strict=True):
            row = ir.Binary("+", ir.Binary("*", row, size), index)
        return row

    def _call(self, call: ir.Call) -> str:
        arguments = [self.expr(one, 1) for one in call.arguments]
        if call.is_helper:
            return f"{call.name}({', '.join(arguments)})"
        kinds = [type_of(one) for one in call.arguments]
        if self._names.language is Language.C:
            # C has no overloads: `sqrt` of a float computes in double, `abs` of one truncates.
            if call.name in REAL and "ldexp" not in call.name:
                arguments = [
                    one if kind.bits == 64 and kind.is_floating else f"(double)({one})"
                    for one, kind in zip(arguments, kinds, strict=True)
                ]
            elif is_absolute(call.name) and not kinds[0].is_integer:
                arguments = [f"({'int' if call.name == 'abs' else 'long'})({arguments[0]})"]
        if is_either(call.name) and len(kinds) == 2 and kinds[0] != kinds[1]:
            kind = type_of(call)
            if kind.bits:
                arguments = [f"({type_text(kind)})({one})" for one in arguments]
        return f"{call.name}({', '.join(arguments)})"

    # Statements

    def body(self, body: Body, indent: str) -> list[str]:
        """The lines of a block's inside."""
        return [line for one in body for line in self.statement(one, indent)]

    def statement(self, one: ir.Stmt, indent: str) -> list[str]:
        """The lines of a statement."""
        special = self._names.special(one)
        if special is not None:
            return [f"{indent}{line}" for line in special.split("\n")]
        match one:
            case ir.Declare():
                return [f"{indent}{self.declaration(one)}"]
            case ir.Do(expr=expr):
                return [f"{indent}{self.expr(expr)};"]
            case ir.If(condition=condition, then=then, otherwise=otherwise):
                lines = [f"{indent}if ({self.expr(condition)}) {{", *self.body(then, indent + "    ")]
                if otherwise:
                    lines += [f"{indent}}} else {{", *self.body(otherwise, indent + "    ")]
                return [*lines, f"{indent}}}"]
            case ir.Loop():
                return [f"{indent}{self.loop_head(one)} {{", *self.body(one.body, indent + "    "), f"{indent}}}"]
            case ir.Repeat():
                return self._repeat(one, indent)
            case ir.Break():
                return [f"{indent}break;"]
            case ir.Continue():
                return [f"{indent}continue;"]
        raise CannotProve("statement", f"no text for {type(one).__name__}", one.line)

    def declaration(self, one: ir.Declare) -> str:
        """A variable or array with its start."""
        sizes = "".join(f"[{self.expr(size)}]" for size in one.symbol.dimensions) if one.symbol.storage is Storage.ARRAY else ""
        start = f" = {self.expr(one.value, 1)}" if one.value is not None else ""
        return f"{type_text(one.symbol.type)} {self._names.of(one.symbol)}{sizes}{start};"

    def loop_head(self, one: ir.Loop) -> str:
        """``for (...)`` of a counted loop."""
        name = self._names.of(one.variable)
        kind = f"{type_text(one.variable.type)} " if one.is_declared else ""
        start = f"{kind}{name} = {self.expr(one.lower, 1)}" if one.lower is not None else ""
        step = f"{name}++" if one.step == 1 else f"{name}--" if one.step == -1 else f"{name} += {one.step}"
        return f"for ({start}; {name} {one.compare} {self.expr(one.bound, 10)}; {step})"

    def _repeat(self, one: ir.Repeat, indent: str) -> list[str]:
        inner = self.body(one.body, indent + "    ")
        condition = self.expr(one.condition) if one.condition is not None else ""
        if one.is_do:
            return [f"{indent}do {{", *inner, f"{indent}}} while ({condition});"]
        if one.update is None and condition:
            return [f"{indent}while ({condition}) {{", *inner, f"{indent}}}"]
        update = self.expr(one.update) if one.update is not None else ""
        return [f"{indent}for (; {condition}; {update}) {{", *inner, f"{indent}}}"]
