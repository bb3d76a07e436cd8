"""Polynomials with integer coefficients over symbols: sizes and subscripts as the analysis of extents computes with them.

A symbol may itself be a quotient, a remainder, a minimum or a maximum of polynomials. Limits: integers are mathematical ones, so
a subscript that wraps around in its C type is not modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

Monomial = tuple["Symbol", ...]


@dataclass(frozen=True)
class Symbol:
    """Something unknown. ``name`` is its C text where it stands for itself; ``order`` tells inner from outer, 0 for parameters.

    Compared by ``name`` and ``order``, which the maker keeps unique.
    """

    name: str
    order: int = 0

    @property
    def parts(self) -> tuple[Poly, ...]:
        """The polynomials inside."""
        return ()

    def rebuilt(self, parts: tuple[Poly, ...]) -> Poly:
        """The same with other parts."""
        del parts
        return Poly.of(self)


@dataclass(frozen=True)
class Variable(Symbol):
    """A quantity between ``low`` and ``high`` (polynomials over outer symbols), None where unknown.

    ``is_exact``: both ends are reached; ``starts_high``: at least the high one is. ``data`` names the buffers that hold it.
    """

    low: Poly | None = field(default=None, compare=False)
    high: Poly | None = field(default=None, compare=False)
    is_exact: bool = field(default=False, compare=False)
    starts_high: bool = field(default=False, compare=False)
    data: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Combined(Symbol):
    """``/``, ``%``, ``min`` or ``max`` (the ``name``) of two polynomials."""

    left: Poly = field(default_factory=lambda: Poly(()))
    right: Poly = field(default_factory=lambda: Poly(()))

    @property
    def parts(self) -> tuple[Poly, ...]:
        return (self.left, self.right)

    def rebuilt(self, parts: tuple[Poly, ...]) -> Poly:
        return combined(self.name, *parts)


@dataclass(frozen=True)
class Poly:
    """A sum of monomials, each with a coefficient other than 0; make them with ``number``, ``of`` and the operators."""

    terms: tuple[tuple[Monomial, int], ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Polynomials are keys all the time, and their symbols may hold polynomials in turn.
        return hash(self.terms)

    @staticmethod
    def number(value: int) -> Poly:
        return _made({(): value})

    @staticmethod
    def of(symbol: Symbol) -> Poly:
        return _made({(symbol,): 1})

    @cached_property
    def constant(self) -> int | None:
        """The value where there are no symbols."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and self.terms[0][0] == () else None

    def __add__(self, other: Poly | int) -> Poly:
        return _made(_sum(self.terms, _poly(other).terms))

    def __sub__(self, other: Poly | int) -> Poly:
        return self + _poly(other) * -1

    def __mul__(self, other: Poly | int) -> Poly:
        found: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in _poly(other).terms:
                key = tuple(sorted(left + right, key=_key))
                found[key] = found.get(key, 0) + a * b
        return _made(found)

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """The symbols of its monomials, without those inside of symbols."""
        return frozenset(symbol for monomial, _ in self.terms for symbol in monomial)

    @cached_property
    def all_symbols(self) -> frozenset[Symbol]:
        """Also the symbols inside of symbols."""
        inner = (part.all_symbols for symbol in self.symbols for part in symbol.parts)
        return self.symbols.union(*inner)

    def coefficient(self, symbol: Symbol) -> tuple[Poly, Poly] | None:
        """``(c, r)`` with ``self = c * symbol + r``, both free of it at this level; None where it is not linear."""
        with_it: dict[Monomial, int] = {}
        without: dict[Monomial, int] = {}
        for monomial, factor in self.terms:
            count = monomial.count(symbol)
            if count > 1:
                return None
            if count:
                with_it[tuple(one for one in monomial if one != symbol)] = factor
            else:
                without[monomial] = factor
        return _made(with_it), _made(without)

    def replaced(self, change: Callable[[Symbol], Poly | None]) -> Poly:
        """Every symbol for which ``change`` gives a polynomial replaced by it, also inside of symbols."""
        total = Poly.number(0)
        for monomial, factor in self.terms:
            product = Poly.number(factor)
            for symbol in monomial:
                product = product * _changed(symbol, change)
            total = total + product
        return total

    def substituted(self, values: Mapping[Symbol, Poly]) -> Poly:
        """Symbols replaced by polynomials."""
        if not values or not (self.all_symbols & values.keys()):
            return self
        return self.replaced(values.get)


def combined(kind: str, left: Poly, right: Poly) -> Poly:
    """The polynomial for ``left / right``, ``left % right``, their ``min`` or ``max``, simplified where it is simple."""
    simple = _simple(kind, left, right)
    if simple is not None:
        return simple
    order = max((symbol.order for part in (left, right) for symbol in part.all_symbols), default=0)
    return Poly.of(Combined(kind, order, left, right))


def _simple(kind: str, left: Poly, right: Poly) -> Poly | None:
    a, b = left.constant, right.constant
    if kind in {"min", "max"}:
        difference = (left - right).constant
        if difference is None:
            return None
        return left if (difference <= 0) == (kind == "min") else right
    if b == 1:
        return left if kind == "/" else Poly.number(0)
    if a is not None and b:
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return Poly.number(quotient if kind == "/" else a - quotient * b)
    if b and b > 0 and all(factor % b == 0 for _, factor in left.terms):
        return _made({monomial: factor // b for monomial, factor in left.terms}) if kind == "/" else Poly.number(0)
    return None


def recombined(poly: Poly) -> Poly:
    """``(x / n) * n + x % n`` put together to ``x`` again, with any common factor."""
    for symbol in sorted(poly.symbols, key=_key):
        if not isinstance(symbol, Combined) or symbol.name != "/":
            continue
        rest = Combined("%", symbol.order, symbol.left, symbol.right)
        of_rest, of_quotient = poly.coefficient(rest), poly.coefficient(symbol)
        if of_rest is None or of_quotient is None or not of_rest[0].terms:
            continue
        if of_quotient[0] == of_rest[0] * symbol.right:
            both = poly - of_quotient[0] * Poly.of(symbol) - of_rest[0] * Poly.of(rest)
            return recombined(both + of_rest[0] * symbol.left)
    return poly


def _changed(symbol: Symbol, change: Callable[[Symbol], Poly | None]) -> Poly:
    found = change(symbol)
    if found is not None:
        return found
    if not symbol.parts:
        return Poly.of(symbol)
    return symbol.rebuilt(tuple(part.replaced(change) for part in symbol.parts))


def _key(symbol: Symbol) -> tuple[int, str, str]:
    return symbol.order, symbol.name, repr(symbol.parts) if symbol.parts else ""


def _poly(value: Poly | int) -> Poly:
    return Poly.number(value) if isinstance(value, int) else value


def _sum(*parts: Iterable[tuple[Monomial, int]]) -> dict[Monomial, int]:
    found: dict[Monomial, int] = {}
    for part in parts:
        for monomial, factor in part:
            found[monomial] = found.get(monomial, 0) + factor
    return found


def _made(terms: Mapping[Monomial, int]) -> Poly:
    kept = ((monomial, factor) for monomial, factor in terms.items() if factor)
    return Poly(tuple(sorted(kept, key=lambda term: (-len(term[0]), [_key(one) for one in term[0]]))))


def outermost_first(symbols: Iterable[Symbol]) -> Iterator[Symbol]:
    """By the order in which they came into being."""
    return iter(sorted(symbols, key=_key))
