"""One walk over a function: what every integer is worth as a polynomial, every access to memory, every loop's range.

Values are followed forwards through assignments and branches; what a loop changes is unknown inside it unless it grows by the
same amount each turn. Limits: integers narrower than ``int``, floating values that become integers, and values loaded from
memory that the function writes are unknown (an atom of their own).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import leaves, read_symbols, target_symbol, written_symbols
from codepar.cuda.rules.ctypes import CType, common
from codepar.cuda.rules.induction import increments
from codepar.cuda.rules.ir import Body, Symbol, walk_all
from codepar.cuda.rules.poly import Atom, Poly, quotient, remainder
from codepar.cuda.rules.prove import Budget, Prover
from codepar.cuda.rules.reductions import update_of
from codepar.cuda.rules.typing import type_of

Facts = tuple[Poly, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """A read or write of memory. ``subscripts`` has a polynomial each dimension (bytes from the start where ``view`` is set).

    ``update`` is the family (``+``) where the statement only combines the element with a value; ``path`` the member of the
    struct, if one. ``loops`` are those around it, outermost first; ``facts`` are known where it happens.
    """

    symbol: Symbol
    subscripts: tuple[Poly, ...]
    is_write: bool
    facts: Facts
    loops: tuple[int, ...]
    line: int
    path: str = ""
    view: CType | None = None
    update: str = ""


@dataclass(slots=True, eq=False)
class LoopInfo:
    """A loop. ``turn`` counts its turns from 0, ``value`` is its variable in terms of it; ``facts`` bound it.

    ``last`` is the greatest turn, where it has a polynomial (the loop may still be empty: then it is below 0). ``assumed`` must
    hold, each ``>= 0``, for the facts to be true: a signed bound compared with an unsigned variable.
    """

    node: ir.Loop | ir.Repeat
    identity: int
    outer: tuple[int, ...]
    turn: Atom
    value: Poly | None = None
    last: Poly | None = None
    facts: Facts = ()
    assumed: tuple[Poly, ...] = ()
    inductions: list[Induction] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Induction:
    """A variable that grows by ``step`` each turn of a loop."""

    symbol: Symbol
    step: ir.Expr


class Analysis:
    """The result; see the module. ``born`` maps an atom to the loops around the place where its value was made."""

    def __init__(self, body: Body, parameters: tuple[Symbol, ...]) -> None:
        self.budget = Budget()
        self.accesses: list[Access] = []
        self.loops: dict[int, LoopInfo] = {}
        self.born: dict[Atom, tuple[int, ...]] = {}
        self.printable: dict[Atom, Symbol] = {}
        self._written_memory = {one for one in written_symbols(body) if one.is_memory}
        self._assignments = _assignment_counts(body)
        self._values: dict[Symbol, Poly] = {}
        self._facts: list[Poly] = []
        self._stack: list[int] = []
        self._count = 0
        self._line = 0
        for symbol in parameters:
            if not symbol.is_memory and symbol.type.is_plain_integer:
                self._values[symbol] = self._initial(symbol)
        self._body(body)

    def info(self, loop: ir.Stmt) -> LoopInfo:
        """What is known of a loop of the body."""
        return self.loops[id(loop)]

    def rank(self) -> dict[Atom, int]:
        """Atoms of inner loops are eliminated first."""
        return {atom: len(stack) for atom, stack in self.born.items()}

    def is_printable(self, poly: Poly) -> bool:
        """Whether the host can compute it where all its variables have their values."""
        return all(atom.kind in _PRINTABLE if atom.arguments else atom in self.printable for atom in poly.all_atoms())

    # Atoms

    def _initial(self, symbol: Symbol) -> Poly:
        atom = Atom("symbol" if symbol.type.is_signed else "unsigned", symbol.name)
        self.born.setdefault(atom, ())
        if self._assignments.get(symbol, 0) == 0:
            self.printable[atom] = symbol
        return Poly.of(atom)

    def _unknown(self, hint: str = "value") -> Poly:
        self._count += 1
        atom = Atom("value", f"{hint}#{self._count}")
        self.born[atom] = tuple(self._stack)
        return Poly.of(atom)

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

    @contextmanager
    def _assuming(self, condition: ir.Expr, truth: bool) -> Iterator[None]:
        depth = len(self._facts)
        self._facts += self.assume(condition, truth)
        yield
        del self._facts[depth:]

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

    def _forget_changes(self, *perhaps: ir.Expr) -> None:
        """What an operand changes that may not be evaluated."""
        self._forget(written_symbols(tuple(ir.Do(self._line, one) for one in perhaps)))

    def _forget(self, changed: set[Symbol]) -> None:
        for symbol in changed:
            if not symbol.is_memory and symbol.type.is_integer:
                self._values[symbol] = self._unknown(symbol.name)

    # Expressions

    def value(self, expr: ir.Expr) -> Poly | None:  # noqa: C901 - one branch a form of expression
        """The value as a polynomial where the expression is an integer; records the accesses inside."""
        match expr:
            case ir.Literal(value=number):
                return Poly.of(number) if number is not None else None
            case ir.Ref(symbol=symbol):
                return self._of_symbol(symbol)
            case ir.Element():
                return self._load(expr)
            case ir.Field():
                return self._member(expr)
            case ir.Cast(type=kind, operand=operand):
                inner = self.value(operand)
                same = kind.is_plain_integer and type_of(operand).is_integer
                return self._held(inner, kind, type_of(operand)) if same and inner is not None else self._integer(kind)
            case ir.Unary(op=op, operand=operand):
                inner = self.value(operand)
                return -inner if op == "-" and inner is not None else self._integer(type_of(expr))
            case ir.Binary():
                return self._binary(expr)
            case ir.Ternary():
                return self._ternary(expr)
            case ir.Call():
                return self._call(expr)
            case ir.Assign():
                return self._store(expr)
            case ir.Step(op=op, is_prefix=is_prefix, target=target):
                one = ir.Literal("1", type_of(target), 1)
                old = self.value(target) if isinstance(target, ir.Ref) else None
                new = self._store(ir.Assign("+=" if op == "++" else "-=", target, one))
                return new if is_prefix else old
        return self._integer(type_of(expr))

    def _integer(self, kind: CType) -> Poly | None:
        return self._unknown() if kind.is_integer else None

    def _of_symbol(self, symbol: Symbol) -> Poly | None:
        if symbol.value is not None:
            return Poly.of(symbol.value)
        if symbol.storage is ir.Storage.GLOBAL:
            return self._initial(symbol)
        if not symbol.type.is_integer:
            return None
        if symbol not in self._values:
            self._values[symbol] = self._initial(symbol) if self._assignments.get(symbol, 0) == 0 else self._unknown(symbol.name)
        return self._values[symbol]

    def _binary(self, expr: ir.Binary) -> Poly | None:
        if expr.op in {"&&", "||"}:
            self.value(expr.left)
            with self._assuming(expr.left, expr.op == "&&"):
                self.value(expr.right)
            self._forget_changes(expr.right)
            return self._unknown("test")
        left, right = self.value(expr.left), self.value(expr.right)
        kind = type_of(expr)
        if expr.op == ",":
            return right
        if left is None or right is None or not kind.is_integer or expr.op in {"<", ">", "<=", ">=", "==", "!="}:
            return self._integer(kind)
        return self._held(self._arithmetic(expr.op, left, right, kind), kind, kind)

    def _held(self, value: Poly, kind: CType, given: CType) -> Poly:
        """The value in a type that may wrap: a factor with many zeros at its end maps turns on each other (``i << 30``)."""
        wraps = not kind.is_signed or kind.bits < given.bits
        most = 1 << (16 if kind.bits == 32 else 48)
        is_steep = any(mono and number % most == 0 for mono, number in value.terms.items())
        return self._unknown("wrapped") if wraps and is_steep else value

    def _arithmetic(self, op: str, left: Poly, right: Poly, kind: CType) -> Poly:
        match op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "<<" if right.constant is not None and 0 <= right.constant < 31:
                return left * (1 << right.constant)
        is_number = kind.is_signed or (self.shows(left) and self.shows(right))
        if op in {"/", "%"} and is_number:
            return quotient(left, right) if op == "/" else remainder(left, right)
        if op == ">>" and right.constant is not None and 0 <= right.constant < 31 and self.shows(left):
            return quotient(left, Poly.of(1 << right.constant))
        mask = right.constant if right.constant is not None else left.constant
        if op == "&" and mask is not None and mask >= 0:
            other = left if right.constant is not None else right
            if mask & (mask + 1) == 0 and self.shows(other):
                return remainder(other, Poly.of(mask + 1))
            return self._made(Atom("and", "&", (Poly.of(mask), other)))
        return self._made(Atom("operation" if kind.is_signed else "unsigned", op, (left, right)))

    def _made(self, atom: Atom) -> Poly:
        """An operation; where it belongs follows from what is inside it."""
        stacks = [self.born.get(inner, ()) for argument in atom.arguments for inner in argument.atoms()]
        self.born[atom] = max(stacks, key=len, default=())
        return Poly.of(atom)

    def _ternary(self, expr: ir.Ternary) -> Poly | None:
        self.value(expr.condition)
        with self._assuming(expr.condition, True):
            yes = self.value(expr.yes)
        with self._assuming(expr.condition, False):
            no = self.value(expr.no)
        self._forget_changes(expr.yes, expr.no)
        if yes is not None and yes == no:
            return yes
        chosen = _min_or_max(expr)
        if chosen and yes is not None and no is not None and type_of(expr).is_signed:
            return self._made(Atom(chosen, chosen, tuple(sorted((yes, no), key=repr))))
        return self._integer(type_of(expr))

    def _call(self, expr: ir.Call) -> Poly | None:
        values = [self.value(one) for one in expr.arguments if not isinstance(one, ir.Address)]
        for one in expr.arguments:
            if isinstance(one, ir.Address):
                self._whole(one.element)
        kind = type_of(expr)
        if expr.name in {"min", "max"} and kind.is_integer and kind.is_signed and all(one is not None for one in values):
            return self._made(Atom(expr.name, expr.name, tuple(sorted((one for one in values if one is not None), key=repr))))
        return self._integer(kind)

    # Memory

    def _subscripts(self, element: ir.Element) -> tuple[Poly, ...]:
        values = []
        for index in element.indices:
            found = self.value(index)
            values.append(found if found is not None else self._unknown("index"))
        return tuple(values)

    def _access(self, symbol: Symbol, subscripts: tuple[Poly, ...], is_write: bool, **more: object) -> Access:
        return Access(symbol, subscripts, is_write, tuple(self._facts), tuple(self._stack), self._line, **more)  # type: ignore[arg-type]

    def _load(self, element: ir.Element, path: str = "") -> Poly | None:
        subscripts = self._subscripts(element)
        self.accesses.append(self._access(element.symbol, subscripts, False, path=path, view=element.view))
        if not type_of(element).is_integer or path:
            return None
        if element.symbol in self._written_memory or element.view is not None:
            return self._unknown(element.symbol.name)
        return self._made(Atom("load" if type_of(element).is_signed else "unsigned", element.symbol.name, subscripts))

    def _member(self, expr: ir.Field) -> Poly | None:
        names, target = [expr.name], expr.target
        while isinstance(target, ir.Field):
            names.insert(0, target.name)
            target = target.target
        if isinstance(target, ir.Element):
            self._load(target, ".".join(names))
        else:
            self.value(target)
        return self._unknown("member")

    def _whole(self, element: ir.Element) -> None:
        """A buffer handed to a helper: anything in it may be read or, unless it is known to be constant, written."""
        self._subscripts(element)
        anywhere = tuple(self._unknown("anywhere") for _ in element.indices)
        self.accesses.append(self._access(element.symbol, anywhere, False))
        if element.symbol in self._written_memory and not element.symbol.is_const:
            self.accesses.append(self._access(element.symbol, anywhere, True))

    def _store(self, expr: ir.Assign) -> Poly | None:
        target = expr.target
        if isinstance(target, ir.Ref):
            return self._store_scalar(expr, target.symbol)
        names: list[str] = []
        while isinstance(target, ir.Field):
            names.insert(0, target.name)
            target = target.target
        value = self.value(expr.value)
        if isinstance(target, ir.Element):
            subscripts = self._subscripts(target)
            more = {"path": ".".join(names), "view": target.view}
            if expr.op != "=":
                self.accesses.append(self._access(target.symbol, subscripts, False, **more))
            self.accesses.append(self._access(target.symbol, subscripts, True, **more))
        return value if expr.op == "=" and type_of(expr.target).is_plain_integer else self._integer(type_of(expr.target))

    def _store_scalar(self, expr: ir.Assign, symbol: Symbol) -> Poly | None:
        value = self.value(expr.value)
        if expr.op != "=":
            old = self._of_symbol(symbol)
            kind = common(symbol.type, type_of(expr.value))
            known = old is not None and value is not None and kind.is_integer
            value = (
                self._held(self._arithmetic(expr.op[:-1], old, value, kind), kind, kind)
                if known and old is not None and value is not None
                else None
            )
        return self._assign(symbol, value, expr.value)

    def _assign(self, symbol: Symbol, value: Poly | None, source: ir.Expr) -> Poly | None:
        if not symbol.type.is_integer:
            return None
        usable = value is not None and symbol.type.is_plain_integer and type_of(source).is_integer
        if not usable or value is None:
            value = self._own_value(symbol)
        value = self._held(value, symbol.type, type_of(source))
        self._values[symbol] = value
        return value

    def _own_value(self, symbol: Symbol) -> Poly:
        """A value that only the variable itself names; it can be printed where the variable is set once."""
        made = self._unknown(symbol.name)
        atom = made.single
        if atom is not None and self._assignments.get(symbol, 0) == 1:
            self.printable[atom] = symbol
        return made

    # Conditions

    def shows(self, poly: Poly) -> bool:
        """Whether ``poly >= 0`` follows from what is known at this place."""
        if poly.constant is not None:
            return poly.constant >= 0
        return Prover(tuple(self._facts), self.rank(), self.budget).holds(poly)

    def _compares_as_numbers(self, left: CType, right: CType, a: Poly, b: Poly) -> bool:
        """Whether a comparison is one of the numbers themselves: no negative number is converted to an unsigned type."""
        kind = common(left, right)
        if not kind.is_integer:
            return False
        return kind.is_signed or (self.shows(a) and self.shows(b))

    def assume(self, condition: ir.Expr, truth: bool) -> list[Poly]:
        """What follows from a condition being true or false, each polynomial ``>= 0``."""
        match condition:
            case ir.Unary(op="!", operand=operand):
                return self.assume(operand, not truth)
            case ir.Binary(op="&&", left=left, right=right) if truth:
                return self.assume(left, True) + self.assume(right, True)
            case ir.Binary(op="||", left=left, right=right) if not truth:
                return self.assume(left, False) + self.assume(right, False)
            case ir.Binary(op=op, left=left, right=right) if op in _NEGATED:
                return self._compared(op if truth else _NEGATED[op], left, right)
        return []

    def _compared(self, op: str, left: ir.Expr, right: ir.Expr) -> list[Poly]:
        if op == "!=" or not common(type_of(left), type_of(right)).is_integer:
            return []
        silent, self.accesses = self.accesses, []
        a, b = self.value(left), self.value(right)
        self.accesses = silent
        if a is None or b is None or not self._compares_as_numbers(type_of(left), type_of(right), a, b):
            return []
        return {"<": [b - a - 1], "<=": [b - a], ">": [a - b - 1], ">=": [a - b], "==": [a - b, b - a]}[op]


_PRINTABLE = frozenset({"div", "mod", "min", "max"})
_NEGATED = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def _ends(body: Body) -> bool:
    """Whether control never comes out at the end of ``body``."""
    return bool(body) and isinstance(body[-1], ir.Continue | ir.Return | ir.Break)


def _min_or_max(expr: ir.Ternary) -> str:
    test = expr.condition
    if not isinstance(test, ir.Binary) or test.op not in {"<", "<=", ">", ">="}:
        return ""
    smaller = test.op in {"<", "<="}
    if (test.left, test.right) == (expr.yes, expr.no):
        return "min" if smaller else "max"
    if (test.left, test.right) == (expr.no, expr.yes):
        return "max" if smaller else "min"
    return ""


def _assignment_counts(body: Body) -> dict[Symbol, int]:
    counts: dict[Symbol, int] = {}
    for node in walk_all(body):
        symbol: Symbol | None = None
        if isinstance(node, ir.Assign | ir.Step):
            symbol = target_symbol(node.target)
        elif isinstance(node, ir.Declare) and node.value is not None:
            symbol = node.symbol
        elif isinstance(node, ir.Loop):
            symbol = node.variable
            counts[symbol] = counts.get(symbol, 0) + 1
        if symbol is not None:
            counts[symbol] = counts.get(symbol, 0) + 1
    return counts


__all__ = ["Access", "Analysis", "Induction", "LoopInfo", "leaves"]
