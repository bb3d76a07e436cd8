"""Scalars of a piece of code: which it reads before it sets them, which it surely sets, whether what follows still needs them.

Limits: an assignment under a condition inside an expression counts as perhaps not done; a loop's body counts as perhaps not run.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import target_symbol
from codepar.cuda.rules.ir import Body, Symbol


class Exposure:
    """``exposed``: variables (and local arrays) read before they are surely set; ``set_`` those surely set at the end."""

    def __init__(self, body: Body, given: frozenset[Symbol] = frozenset()) -> None:
        self.exposed: set[Symbol] = set()
        self.set_ = self._body(body, set(given))

    def _body(self, body: Body, known: set[Symbol]) -> set[Symbol]:
        for one in body:
            known = self._statement(one, known)
            if isinstance(one, ir.Continue | ir.Break | ir.Return):
                break
        return known

    def _statement(self, one: ir.Stmt, known: set[Symbol]) -> set[Symbol]:  # noqa: C901 - one branch a form of statement
        match one:
            case ir.Declare(symbol=symbol, value=value):
                if value is not None:
                    self._reads(value, known)
                return known | {symbol}
            case ir.Do(expr=expr):
                return self._expr(expr, set(known))
            case ir.If(condition=condition, then=then, otherwise=otherwise):
                known = self._expr(condition, set(known))
                first, second = self._body(then, set(known)), self._body(otherwise, set(known))
                if _leaves(then):
                    return second
                return first if _leaves(otherwise) else first & second
            case ir.Loop():
                return self._loop(one, known)
            case ir.Repeat(condition=condition, update=update, body=body, is_do=is_do):
                if condition is not None and not is_do:
                    known = self._expr(condition, set(known))
                inside = self._body(body, set(known))
                if update is not None:
                    self._reads(update, inside if not _continues(body) else known)
                if condition is not None and is_do:
                    self._reads(condition, inside if not _continues(body) else known)
                return inside if is_do and not _continues(body) else known
            case ir.Return(value=value) if value is not None:
                self._reads(value, known)
        return known

    def _loop(self, one: ir.Loop, known: set[Symbol]) -> set[Symbol]:
        if one.lower is not None:
            self._reads(one.lower, known)
            known = known | {one.variable}
        elif one.variable not in known:
            self.exposed.add(one.variable)
        self._reads(one.bound, known)
        self._body(one.body, set(known))
        return known

    def _reads(self, expr: ir.Expr, known: set[Symbol]) -> None:
        self._expr(expr, set(known))

    def _expr(self, expr: ir.Expr, known: set[Symbol]) -> set[Symbol]:  # noqa: C901 - one branch a form of expression
        match expr:
            case ir.Ref(symbol=symbol):
                if symbol not in known:
                    self.exposed.add(symbol)
                return known
            case ir.Assign(op=op, target=target, value=value):
                known = self._expr(value, known)
                return self._set(target, known, reads=op != "=")
            case ir.Step(target=target):
                return self._set(target, known, reads=True)
            case ir.Ternary(condition=condition, yes=yes, no=no):
                known = self._expr(condition, known)
                return self._expr(yes, set(known)) & self._expr(no, set(known))
            case ir.Binary(op=op, left=left, right=right) if op in {"&&", "||"}:
                known = self._expr(left, known)
                self._expr(right, set(known))
                return known
            case ir.Element(symbol=symbol, indices=indices):
                for index in indices:
                    known = self._expr(index, known)
                if symbol not in known:
                    self.exposed.add(symbol)
                return known
            case ir.Address(element=element):
                return self._expr(element, known)
        for part in expr.parts():
            if isinstance(part, ir.Expr):
                known = self._expr(part, known)
        return known

    def _set(self, target: ir.Expr, known: set[Symbol], *, reads: bool) -> set[Symbol]:
        if isinstance(target, ir.Ref):
            if reads and target.symbol not in known:
                self.exposed.add(target.symbol)
            return known | {target.symbol}
        if isinstance(target, ir.Element):
            for index in target.indices:
                known = self._expr(index, known)
            if reads and target.symbol not in known:
                self.exposed.add(target.symbol)
            return known
        # A member of a struct: the rest of the struct stays as it was.
        symbol = target_symbol(target)
        if symbol is not None and not symbol.is_memory and symbol not in known:
            self.exposed.add(symbol)
        if isinstance(target, ir.Field):
            inner = target.target
            while isinstance(inner, ir.Field):
                inner = inner.target
            if isinstance(inner, ir.Element):
                return self._set(inner, known, reads=False)
        return known


def _leaves(body: Body) -> bool:
    return bool(body) and isinstance(body[-1], ir.Continue | ir.Break | ir.Return)


def _continues(body: Body) -> bool:
    return any(
        isinstance(one, ir.Continue) or (isinstance(one, ir.If) and (_continues(one.then) or _continues(one.otherwise)))
        for one in body
    )


def set_scalars(body: Body) -> set[Symbol]:
    """Scalars that ``body`` assigns, without those that it declares itself."""
    found, declared = set(), set()
    for statement in body:
        for node in statement.walk():
            if isinstance(node, ir.Assign | ir.Step):
                found.add(target_symbol(node.target))
            elif isinstance(node, ir.Loop):
                found.add(node.variable)
                if node.is_declared:
                    declared.add(node.variable)
            elif isinstance(node, ir.Declare):
                declared.add(node.symbol)
    return {one for one in found - declared if one is not None and not one.is_memory}


def declared_in(body: Body) -> set[Symbol]:
    """Variables and arrays whose declaration stands in ``body``."""
    found = set()
    for statement in body:
        for node in statement.walk():
            if isinstance(node, ir.Declare):
                found.add(node.symbol)
            elif isinstance(node, ir.Loop) and node.is_declared:
                found.add(node.variable)
    return found


@dataclass(frozen=True, slots=True)
class Later:
    """Code that may run afterwards; ``is_certain``: it does run, so what it surely sets is not needed."""

    body: Body
    is_certain: bool = True


def is_needed(symbol: Symbol, following: tuple[Later, ...]) -> bool:
    """Whether code that runs later may read what ``symbol`` holds now; ``following`` is in the order of execution."""
    for later in following:
        found = Exposure(later.body)
        if symbol in found.exposed:
            return True
        if later.is_certain and symbol in found.set_:
            return False
    return False
