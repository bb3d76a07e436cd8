"""Quotients and remainders of a counter as digits: ``t / n`` and ``t % n`` vary freely in their ranges and together give ``t``.

Limits: divisors that divide each other in a chain (``n``, ``n * m``); the counter starts at 0 and moves by 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.rules.poly import Atom, Poly


@dataclass(frozen=True, slots=True)
class Digits:
    """``turn == sum(atom * weight)``; ``weights`` grow, the first is 1. ``facts`` are their ranges, each ``>= 0``.

    ``positive`` are the divisors, which must be at least 1.
    """

    turn: Atom
    atoms: tuple[Atom, ...]
    weights: tuple[Poly, ...]
    facts: tuple[Poly, ...]
    positive: tuple[Poly, ...]

    def replace(self, poly: Poly) -> Poly:
        """The polynomial in digits instead of the turn."""
        return poly.replaced(self._change)

    def _change(self, atom: Atom) -> Poly | None:
        if atom == self.turn:
            return self._sum(0, len(self.atoms), Poly.of(1))
        if atom.kind in {"div", "mod"}:
            found = self._operation(atom)
            if found is not None:
                return found
        if atom.arguments:
            arguments = tuple(self.replace(one) for one in atom.arguments)
            return Poly.of(Atom(atom.kind, atom.name, arguments, atom.copy)) if arguments != atom.arguments else None
        return None

    def _operation(self, atom: Atom) -> Poly | None:
        left, right = atom.arguments
        if left == Poly.of(self.turn) and right in self.weights:
            place = self.weights.index(right)
            if atom.kind == "mod":
                return self._sum(0, place, Poly.of(1))
            return self._sum(place, len(self.atoms), right)
        inner = left.single
        if atom.kind == "mod" and inner is not None and inner.kind == "div" and inner.arguments[0] == Poly.of(self.turn):
            low, high = inner.arguments[1], inner.arguments[1] * right
            if low in self.weights and high in self.weights:
                return self._sum(self.weights.index(low), self.weights.index(high), low)
        return None

    def _sum(self, start: int, end: int, by: Poly) -> Poly:
        total = Poly()
        for atom, weight in zip(self.atoms[start:end], self.weights[start:end], strict=True):
            scaled = weight.divided(by)
            assert scaled is not None
            total = total + Poly.of(atom) * scaled
        return total


def digits_of(turn: Atom, last: Poly | None, polys: list[Poly]) -> Digits | None:
    """The digits that the operations on ``turn`` in ``polys`` ask for; None where there are none or they fit no chain."""
    radices: list[Poly] = []
    for poly in polys:
        for atom in poly.all_atoms():
            radices += [one for one in _radices(atom, turn) if one not in radices]
    if not radices:
        return None
    radices.sort(
        key=lambda one: (max(len(mono) for mono in one.terms), max(abs(value) for value in one.terms.values()), repr(one))
    )
    weights = [Poly.of(1)]
    for radix in radices:
        if radix.divided(weights[-1]) is None or (radix.constant is not None and radix.constant < 2):
            return None
        weights.append(radix)
    atoms = tuple(Atom("turn", f"{turn.name}.{place}", (), turn.copy) for place in range(len(weights)))
    return Digits(turn, atoms, tuple(weights), tuple(_facts(atoms, weights, last)), tuple(radices))


def _radices(atom: Atom, turn: Atom) -> list[Poly]:
    if atom.kind not in {"div", "mod"}:
        return []
    left, right = atom.arguments
    if left == Poly.of(turn):
        return [right]
    inner = left.single
    if atom.kind == "mod" and inner is not None and inner.kind == "div" and inner.arguments[0] == Poly.of(turn):
        return [inner.arguments[1], inner.arguments[1] * right]
    return []


def _facts(atoms: tuple[Atom, ...], weights: list[Poly], last: Poly | None) -> list[Poly]:
    facts = []
    for place, atom in enumerate(atoms):
        digit = Poly.of(atom)
        facts.append(digit)
        if place + 1 < len(weights):
            size = weights[place + 1].divided(weights[place])
            assert size is not None
            facts += [size - 1 - digit, size - 1]
    if last is not None:
        top = Poly.of(atoms[-1])
        whole = (last + 1).divided(weights[-1])
        facts.append(whole - 1 - top if whole is not None else last - weights[-1] * top)
    return facts
