"""What every integer expression is worth as a polynomial, which memory it touches, what follows from a condition.

Limits: integers narrower than ``int``, floating values that become integers, values that may wrap by a steep factor, and values
loaded from memory that the function writes are unknown (an atom of their own).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from codepar.cuda.rules import ir
from codepar.cuda.rules.analysis_types import Access, LoopInfo
from codepar.cuda.rules.counted import target_symbol, written_symbols
from codepar.cuda.rules.ctypes import CType, common
from codepar.cuda.rules.ir import Body, Symbol, walk_all
from codepar.cuda.rules.poly import Atom, Poly, quotient, remainder
from codepar.cuda.rules.prove import Budget, Prover
from codepar.cuda.rules.typing import type_of


class ExprAnalysis:
    """Values and accesses at one place of a walk. ``born`` maps an atom to the loops around the place where it was made.

    ``printable`` are the atoms that the host has a name for.
    """

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

    @contextmanager
    def _assuming(self, condition: ir.Expr, truth: bool) -> Iterator[None]:
        depth = len(self._facts)
        self._facts += self.assume(condition, truth)
        yield
        del self._facts[depth:]

    def _forget_changes(self, *perhaps: ir.Expr) -> None:
        """What an operand changes that may not be evaluated."""
        self._forget(written_symbols(tuple(ir.Do(self._line, one) for one in perhaps)))

    def _forget(self, changed: set[Symbol]) -> None:
        for symbol in changed:
            if not symbol.is_memory and symbol.type.is_integer:
                self._values[symbol] = self._unknown(symbol.name)


_PRINTABLE = frozenset({"div", "mod", "min", "max"})
_NEGATED = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


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
