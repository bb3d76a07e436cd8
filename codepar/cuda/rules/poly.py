"""Polynomials with integer coefficients over the values of a program: subscripts, bounds, differences of subscripts.

An atom is a variable, or an operation that is not a polynomial (a quotient, a remainder, a load); two atoms are the same when
they are the same operation of the same polynomials. Limits: arithmetic is that of the integers: what overflows in C is not
modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Atom:
    """``kind`` is ``symbol``, ``div``, ``mod``, ``load`` or another operation; ``name`` tells those of a kind apart.

    ``copy`` is 0 for a value of the first of two iterations that are compared or of both, 1 for one of the second alone.
    """

    kind: str
    name: str
    arguments: tuple[Poly, ...] = ()
    copy: int = 0

    @property
    def key(self) -> tuple[str, str, str, int]:
        return (self.kind, self.name, repr(self.arguments) if self.arguments else "", self.copy)

    def __repr__(self) -> str:
        marks = "'" * self.copy
        if not self.arguments:
            return f"{self.name}{marks}"
        return f"{self.kind}:{self.name}({', '.join(map(repr, self.arguments))}){marks}"


Monomial = tuple[Atom, ...]


class Poly:
    """Immutable; ``terms`` maps a sorted tuple of atoms to its coefficient, never 0."""

    def __init__(self, terms: dict[Monomial, int] | None = None) -> None:
        self.terms: dict[Monomial, int] = {mono: value for mono, value in (terms or {}).items() if value}

    @staticmethod
    def of(value: int | Atom) -> Poly:
        """A constant or a single atom."""
        return Poly({(): value}) if isinstance(value, int) else Poly({(value,): 1})

    @cached_property
    def _ordered(self) -> tuple[tuple[Monomial, int], ...]:
        return tuple(sorted(self.terms.items(), key=lambda term: tuple(atom.key for atom in term[0])))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Poly) and self.terms == other.terms

    @cached_property
    def _hash(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return " + ".join("*".join([str(value), *map(repr, mono)]) for mono, value in self._ordered) or "0"

    def __add__(self, other: Poly | int) -> Poly:
        terms = dict(self.terms)
        for mono, value in as_poly(other).terms.items():
            terms[mono] = terms.get(mono, 0) + value
        return Poly(terms)

    def __neg__(self) -> Poly:
        return Poly({mono: -value for mono, value in self.terms.items()})

    def __sub__(self, other: Poly | int) -> Poly:
        return self + (-as_poly(other))

    def __mul__(self, other: Poly | int) -> Poly:
        terms: dict[Monomial, int] = {}
        for left, a in self.terms.items():
            for right, b in as_poly(other).terms.items():
                mono = tuple(sorted(left + right, key=lambda atom: atom.key))
                terms[mono] = terms.get(mono, 0) + a * b
        return Poly(terms)

    @property
    def constant(self) -> int | None:
        """Its value where it is a number."""
        if not self.terms:
            return 0
        return self.terms.get(()) if len(self.terms) == 1 else None

    @property
    def single(self) -> Atom | None:
        """The atom where it is just one."""
        if len(self.terms) == 1:
            ((mono, value),) = self.terms.items()
            if value == 1 and len(mono) == 1:
                return mono[0]
        return None

    def atoms(self) -> set[Atom]:
        """The atoms of its monomials, not what is inside them."""
        return {atom for mono in self.terms for atom in mono}

    def all_atoms(self) -> Iterator[Atom]:
        """Also the atoms inside atoms."""
        for atom in self.atoms():
            yield atom
            for inner in atom.arguments:
                yield from inner.all_atoms()

    def degree(self, atom: Atom) -> int:
        return max((mono.count(atom) for mono in self.terms), default=0)

    def split(self, atom: Atom) -> tuple[Poly, Poly] | None:
        """``(a, b)`` with ``self == a * atom + b`` and no ``atom`` in either; None where it is not linear in it."""
        factor: dict[Monomial, int] = {}
        rest: dict[Monomial, int] = {}
        for mono, value in self.terms.items():
            count = mono.count(atom)
            if count > 1:
                return None
            if count:
                at = mono.index(atom)
                factor[mono[:at] + mono[at + 1 :]] = value
            else:
                rest[mono] = value
        return Poly(factor), Poly(rest)

    def divided(self, by: Poly) -> Poly | None:
        """The exact quotient by a polynomial of one term, or by an equal or opposite one; None where it is not exact."""
        if not by.terms:
            return None
        if len(by.terms) > 1:
            return _long_division(self, by)
        ((divisor, number),) = by.terms.items()
        terms = {}
        for mono, value in self.terms.items():
            left = list(mono)
            for atom in divisor:
                if atom not in left:
                    return None
                left.remove(atom)
            if value % number:
                return None
            terms[tuple(left)] = value // number
        return Poly(terms)

    def replaced(self, change: Callable[[Atom], Poly | None]) -> Poly:
        """Each atom replaced by what ``change`` gives, where that is not None."""
        result = Poly()
        for mono, value in self.terms.items():
            product = Poly.of(value)
            for atom in mono:
                new = change(atom)
                product = product * (Poly.of(atom) if new is None else new)
            result = result + product
        return result


def _long_division(left: Poly, by: Poly) -> Poly | None:
    """Exact division by a polynomial of several terms, by its leading term."""
    lead, number = max(by.terms.items(), key=lambda term: (len(term[0]), [atom.key for atom in term[0]]))
    quotient, rest = Poly(), left
    for _ in range(16):
        if not rest.terms:
            return quotient
        mono, value = max(rest.terms.items(), key=lambda term: (len(term[0]), [atom.key for atom in term[0]]))
        piece = Poly({mono: value}).divided(Poly({lead: number}))
        if piece is None:
            return None
        quotient, rest = quotient + piece, rest - piece * by
    return None


def as_poly(value: Poly | int) -> Poly:
    """A number as a constant polynomial."""
    return Poly.of(value) if isinstance(value, int) else value


def quotient(left: Poly, right: Poly) -> Poly:
    """C's ``left / right``; ``(x / a) / b`` is ``x / (a * b)``, which holds for truncation too."""
    a, b = left.constant, right.constant
    if a is not None and b:
        return Poly.of(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))
    if b == 1:
        return left
    exact = left.divided(right) if right.terms else None
    if exact is not None:
        return exact
    inner = left.single
    if inner is not None and inner.kind == "div":
        return quotient(inner.arguments[0], inner.arguments[1] * right)
    return Poly.of(Atom("div", "/", (left, right)))


def remainder(left: Poly, right: Poly) -> Poly:
    """C's ``left % right``."""
    a, b = left.constant, right.constant
    if a is not None and b:
        return Poly.of(a) - quotient(left, right) * right
    if b in {1, -1} or (right.terms and left.divided(right) is not None):
        return Poly()
    return Poly.of(Atom("mod", "%", (left, right)))


def without_remainders(poly: Poly) -> Poly:
    """Each ``x % n`` written as ``x - n * (x / n)``, so that ``x / n * n + x % n`` becomes ``x``."""

    def expand(atom: Atom) -> Poly | None:
        if atom.kind != "mod":
            return None
        left, right = (without_remainders(one) for one in atom.arguments)
        return left - quotient(left, right) * right

    return poly.replaced(expand)


def simplest(poly: Poly) -> Poly:
    """The form with fewer operations: as it is, or without remainders."""
    if not any(atom.kind == "mod" for atom in poly.atoms()):
        return poly
    expanded = without_remainders(poly)

    def opaque(one: Poly) -> int:
        return sum(1 for atom in one.atoms() if atom.kind in {"mod", "div"})

    return expanded if opaque(expanded) < opaque(poly) else poly
