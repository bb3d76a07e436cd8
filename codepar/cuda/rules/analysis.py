"""One walk over a function: what every integer is worth as a polynomial, every access to memory, every loop's range.

Values are followed forwards through assignments and branches; what a loop changes is unknown inside it unless it grows by the
same amount each turn. Limits: integers narrower than ``int``, floating values that become integers, and values loaded from
memory that the function writes are unknown (an atom of their own).
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.analysis_expr import ExprAnalysis
from codepar.cuda.rules.analysis_types import Access, Facts, Induction, LoopInfo
from codepar.cuda.rules.counted import read_symbols, written_symbols
from codepar.cuda.rules.ctypes import common
from codepar.cuda.rules.induction import increments
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.poly import Atom, Poly, quotient
from codepar.cuda.rules.reductions import update_of
from codepar.cuda.rules.typing import type_of


class Analysis(ExprAnalysis):
    """The walk over a whole function; see the module."""

    def __init__(self, body: Body, parameters: tuple[Symbol, ...]) -> None:
        super().__init__(body, parameters)
        self._body(body)

    def info(self, loop: ir.Stmt) -> LoopInfo:
        """What is known of a loop of the body."""
        return self.loops[id(loop)]

    # Statements

    def _body(self, body: Body) -> None:
        """A block; what an early ``continue`` or ``return`` leaves behind is known below it."""
        depth = len(self._facts)
        for one in body:
            self._line = one.line
            self._statement(one)
            if isinstance(one, ir.If) and _ends(one.then):
                self._facts += self.assume(one.condition, False)
            elif isinstance(one, ir.If) and one.otherwise and _ends(one.otherwise):
                self._facts += self.assume(one.condition, True)
        del self._facts[depth:]

    def _statement(self, one: ir.Stmt) -> None:
        match one:
            case ir.Declare(symbol=symbol, value=value):
                self._declare(symbol, value)
            case ir.Do(expr=expr):
                if not self._combines(one):
                    self.value(expr)
            case ir.If():
                self._branch(one)
            case ir.Loop():
                self._loop(one)
            case ir.Repeat():
                self._repeat(one)
            case ir.Return(value=value) if value is not None:
                self.value(value)

    def _declare(self, symbol: Symbol, value: ir.Expr | None) -> None:
        if isinstance(value, ir.Items):
            for item in value.walk():
                if isinstance(item, ir.Expr) and not isinstance(item, ir.Items):
                    self.value(item)
            if symbol.is_memory:
                self.accesses.append(self._access(symbol, (), True))
        elif value is not None:
            self._assign(symbol, self.value(value), value)
        else:
            self._values.pop(symbol, None)

    def _branch(self, one: ir.If) -> None:
        if self._combines(one):
            return
        self.value(one.condition)
        start = dict(self._values)
        with self._assuming(one.condition, True):
            self._body(one.then)
        then, self._values = self._values, dict(start)
        with self._assuming(one.condition, False):
            self._body(one.otherwise)
        if _ends(one.then):
            return
        if one.otherwise and _ends(one.otherwise):
            self._values = then
            return
        self._line = one.line
        bounded = self._bounded(one, start)
        for symbol in set(then) | set(self._values):
            if then.get(symbol) != self._values.get(symbol):
                self._values[symbol] = bounded if bounded is not None else self._unknown(symbol.name)

    def _bounded(self, one: ir.If, start: dict[Symbol, Poly]) -> Poly | None:
        """What ``if (x < c) x = c;`` leaves in ``x``: the greater of both."""
        update = update_of(one)
        if update is None or not isinstance(update.target, ir.Ref) or not update.target.symbol.type.is_signed:
            return None
        old, new = start.get(update.target.symbol), self.value(update.value)
        if old is None or new is None or not type_of(update.value).is_signed:
            return None
        return self._made(Atom(update.family, update.family, tuple(sorted((old, new), key=repr))))

    def _combines(self, one: ir.Stmt) -> bool:
        """Whether a statement only combines one element with a value (``if (v > h[k]) h[k] = v``); its accesses say so."""
        update = update_of(one)
        if update is None or not isinstance(update.target, ir.Element):
            return False
        self.value(update.value)
        target = update.target
        subscripts = self._subscripts(target)
        for is_write in (False, True):
            self.accesses.append(self._access(target.symbol, subscripts, is_write, update=update.family, view=target.view))
        return True

    # Loops

    def _enter(self, node: ir.Loop | ir.Repeat) -> LoopInfo:
        identity = id(node)
        name = node.variable.name if isinstance(node, ir.Loop) else "turn"
        self._count += 1
        turn = Atom("turn", f"{name}#{self._count}")
        info = LoopInfo(node, identity, tuple(self._stack), turn)
        self.loops[identity] = info
        self._stack.append(identity)
        self.born[turn] = tuple(self._stack)
        return info

    def _leave(self, changed: set[Symbol]) -> None:
        self._stack.pop()
        for symbol in changed:
            if not symbol.is_memory and symbol.type.is_integer:
                self._values[symbol] = self._unknown(symbol.name)

    def _loop(self, node: ir.Loop) -> None:
        lower = self.value(node.lower) if node.lower is not None else self._values.get(node.variable)
        if lower is None:
            lower = self._unknown(node.variable.name)
        bound = self.value(node.bound)
        info = self._enter(node)
        turn = Poly.of(info.turn)
        info.value = lower + turn * node.step
        starts = dict(self._values)
        changed = written_symbols(node.body)
        self._forget(changed)
        self._values[node.variable] = info.value
        depth = len(self._facts)
        self._facts.append(turn)
        if bound is not None:
            self._bound(info, lower, bound)
        info.facts = tuple(self._facts[depth:])
        self._induce(info, starts)
        self._body(node.body)
        del self._facts[depth:]
        self._leave(changed | {node.variable})

    def _bound(self, info: LoopInfo, lower: Poly, bound: Poly) -> None:
        """What the test says of the variable, and the greatest turn."""
        node, value = info.node, info.value
        assert isinstance(node, ir.Loop)
        assert value is not None
        if not self._compares_as_numbers(type_of(node.bound), node.variable.type, bound, value):
            wanted = [one for one in (bound, lower) if not self.shows(one)]
            if not common(type_of(node.bound), node.variable.type).is_integer or not all(map(self.is_printable, wanted)):
                return
            info.assumed = tuple(wanted)
        slack = 0 if node.compare in {"<=", ">="} else 1
        room = bound - lower - slack if node.step > 0 else lower - bound - slack
        self._facts.append(bound - value - slack if node.step > 0 else value - bound - slack)
        self._facts.append(room)
        info.last = room if abs(node.step) == 1 else quotient(room, Poly.of(abs(node.step)))

    def _induce(self, info: LoopInfo, starts: dict[Symbol, Poly]) -> None:
        """Variables that grow by the same each turn have a closed form."""
        node = info.node
        assert isinstance(node, ir.Loop)
        for symbol, step in increments(node.body).items():
            if symbol not in starts or (read_symbols(step) & (written_symbols(node.body) | {node.variable})):
                continue
            if not symbol.type.is_plain_integer or not type_of(step).is_integer:
                continue
            silent, self.accesses = self.accesses, []
            grown = self.value(step)
            self.accesses = silent
            if grown is None:
                continue
            self._values[symbol] = starts[symbol] + Poly.of(info.turn) * grown
            info.inductions.append(Induction(symbol, step))

    def _repeat(self, node: ir.Repeat) -> None:
        self._enter(node)
        changed = written_symbols(node.body)
        if node.update is not None:
            changed |= written_symbols((ir.Do(node.line, node.update),))
        if node.condition is not None:
            changed |= written_symbols((ir.Do(node.line, node.condition),))
        self._forget(changed)
        depth = len(self._facts)
        if node.condition is not None:
            self.value(node.condition)
            has_effect = any(isinstance(one, ir.Assign | ir.Step) for one in node.condition.walk())
            if not node.is_do and not has_effect:
                self._facts += self.assume(node.condition, True)
        self._body(node.body)
        if node.update is not None:
            self.value(node.update)
        del self._facts[depth:]
        self._leave(changed)


def _ends(body: Body) -> bool:
    """Whether control never comes out at the end of ``body``."""
    return bool(body) and isinstance(body[-1], ir.Continue | ir.Return | ir.Break)


__all__ = ["Access", "Analysis", "Facts", "Induction", "LoopInfo"]
