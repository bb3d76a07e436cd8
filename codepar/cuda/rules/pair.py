"""Two accesses in two iterations: which turns must be equal for both to touch one element.

The difference of their subscripts is written ``c * (t - t') + rest`` for the turns ``t`` and ``t'`` of a loop. Where
``|rest| < |c|`` can be shown, equal subscripts mean equal turns. Limits: subscripts that are linear in the turns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import gcd
from typing import Protocol

from codepar.cuda.rules.analysis_types import Access, Facts, LoopInfo
from codepar.cuda.rules.conditions import Condition
from codepar.cuda.rules.digits import Digits, digits_of
from codepar.cuda.rules.poly import Atom, Poly, simplest
from codepar.cuda.rules.prove import Budget, Prover


class Nest(Protocol):
    """What a pair asks of the nest that it is tested in."""

    budget: Budget

    def loops_of(self, write: Access, other: Access) -> list[LoopInfo]: ...

    def learn(self, digits: Digits) -> None: ...

    def second(self, poly: Poly) -> Poly: ...

    def is_invariant(self, poly: Poly) -> bool: ...

    def is_printable(self, poly: Poly) -> bool: ...

    def ranks(self) -> dict[Atom, int]: ...


class Pair:
    """Two accesses, the second in an iteration of its own."""

    def __init__(self, test: Nest, write: Access, other: Access) -> None:
        self._test = test
        self._is_self = write is other
        self._low, self._high = _slack(write, other)
        firsts, seconds = ([simplest(one) for one in side] for side in _subscripts(write, other))
        facts, other_facts = write.facts, other.facts
        self._digits: dict[Atom, Digits] = {}
        self._equal: set[Atom] = set()
        self._progress = False
        self.conditions: list[Condition] = []
        for info in test.loops_of(write, other):
            found = digits_of(info.turn, info.last, [*firsts, *seconds])
            if found is None:
                continue
            test.learn(found)
            self._digits[info.turn] = found
            firsts, seconds = ([found.replace(one) for one in side] for side in (firsts, seconds))
            facts, other_facts = (tuple(found.replace(one) for one in side) + found.facts for side in (facts, other_facts))
        self._differences = [a - test.second(b) for a, b in zip(firsts, seconds, strict=True)]
        self._facts: Facts = facts + tuple(test.second(one) for one in other_facts)
        self._prover = Prover(self._facts, test.ranks(), test.budget)
        self._need_positive(write.facts)

    def _need_positive(self, facts: Facts) -> None:
        """Divisors are not 0 where the original has a meaning; that they are not negative is shown or tested."""
        plain = Prover(facts, self._test.ranks(), self._test.budget)
        for digits in self._digits.values():
            for one in digits.positive:
                if not plain.holds(one - 1):
                    self.conditions.append(Condition(one - 1))

    @property
    def is_usable(self) -> bool:
        """Whether the host can test what the digits rest on."""
        return all(self._test.is_invariant(one.poly) and self._test.is_printable(one.poly) for one in self.conditions)

    def is_disjoint(self) -> bool:
        """The subscripts are never equal, or the two never happen in one call."""
        if self._prover.is_contradictory:
            return True
        if self._is_self:
            return False
        return any(
            _never_divides(one, self._low, self._high)
            or self._prover.holds(one - self._high - 1)
            or self._prover.holds(-one - self._low - 1)
            for one in self._differences
        )

    def align(self, nest: Iterable[LoopInfo]) -> set[int]:
        """The loops whose turns must be equal."""
        left, equal = list(nest), set[int]()
        moved = True
        while moved and left:
            moved = self._progress = False
            for info in left:
                if self._force_all(info):
                    equal.add(info.identity)
                    left.remove(info)
                    moved = True
                    break
            moved = moved or self._progress or self._match()
        return equal

    def _turns(self, info: LoopInfo) -> tuple[Atom, ...]:
        """The turn of a loop, or its digits."""
        return self._digits[info.turn].atoms if info.turn in self._digits else (info.turn,)

    def _force_all(self, info: LoopInfo) -> bool:
        """Whether the turns of a loop must be equal; digits that must be are made so on the way."""
        for turn in self._turns(info):
            if turn in self._equal:
                continue
            if any(self._forces(one, turn, _copy(turn)) for one in self._differences):
                self._replace(_copy(turn), turn)
                self._equal.add(turn)
                self._progress = True
        return all(turn in self._equal for turn in self._turns(info))

    def _match(self) -> bool:
        """Turns of two different loops that must be equal: one for the other from now on."""
        for difference in self._differences:
            firsts = [one for one in difference.atoms() if one.kind == "turn" and one.copy == 0]
            seconds = [one for one in difference.atoms() if one.kind == "turn" and one.copy == 1]
            for first in sorted(firsts, key=lambda one: one.key):
                for second in sorted(seconds, key=lambda one: one.key):
                    if self._forces(difference, first, second) and _copy(first) != second:
                        self._replace(second, first)
                        return True
        return False

    def _parts(self, difference: Poly, turn: Atom, twin: Atom) -> tuple[Poly, Poly] | None:
        """``(c, rest)`` of ``c * (t - t') + rest``."""
        first = difference.split(turn)
        if first is None or not first[0].terms:
            return None
        second = first[1].split(twin)
        if second is None or second[0] != -first[0]:
            return None
        return first[0], second[1]

    def _forces(self, difference: Poly, turn: Atom, twin: Atom) -> bool:
        """Whether equal subscripts mean equal turns."""
        parts = self._parts(difference, turn, twin)
        if parts is None:
            return False
        size, rest = parts
        for sign in (1, -1):
            scale = size * sign
            if self._prover.holds(scale - 1 - self._low - rest) and self._prover.holds(scale - 1 - self._high + rest):
                return True
        return False

    def _equate(self, info: LoopInfo) -> None:
        self._replace(_copy(info.turn), info.turn)

    def _replace(self, twin: Atom, turn: Atom) -> None:
        def change(atom: Atom) -> Poly | None:
            if atom == twin:
                return Poly.of(turn)
            if atom.arguments:
                return Poly.of(Atom(atom.kind, atom.name, tuple(one.replaced(change) for one in atom.arguments), atom.copy))
            return None

        self._differences = [one.replaced(change) for one in self._differences]
        self._facts = tuple(one.replaced(change) for one in self._facts)
        self._prover = Prover(self._facts, self._test.ranks(), self._test.budget)

    def align_at_run_time(self, missing: list[LoopInfo], helping: list[LoopInfo]) -> list[Condition] | None:
        """Conditions on scalars under which the turns of all the loops ``missing`` are equal; None where there are none.

        Loops ``helping`` with larger strides are made equal on the way.
        """
        conditions: list[Condition] = []
        least = min(self._weight(one) for one in missing)
        ordered = sorted([*missing, *(one for one in helping if self._weight(one) > least)], key=self._weight, reverse=True)
        for info in ordered:
            if info.turn in self._digits:
                return None
            made = next((one for difference in self._differences if (one := self._condition(difference, info)) is not None), None)
            if made is None:
                return None
            conditions += [replace(one, loop=info.identity) for one in made]
            self._equate(info)
        return conditions

    def _weight(self, info: LoopInfo) -> tuple[int, int]:
        """Loops with larger strides come first."""
        sizes = [parts[0] for one in self._differences if (parts := self._parts(one, info.turn, _copy(info.turn))) is not None]
        if not sizes:
            return (-1, 0)
        return max((max(len(mono) for mono in size.terms), max(abs(value) for value in size.terms.values())) for size in sizes)

    def _condition(self, difference: Poly, info: LoopInfo) -> list[Condition] | None:
        parts = self._parts(difference, info.turn, _copy(info.turn))
        if parts is None or not self._test.is_invariant(parts[0]) or not self._test.is_printable(parts[0]):
            return None
        size, rest = parts
        if not rest.terms and not self._low and not self._high:
            return [Condition(size, is_nonzero=True)] if size.constant is None else []
        made: list[Condition] = []
        for wanted in (size - 1 - self._low - rest, size - 1 - self._high + rest):
            if self._prover.holds(wanted):
                continue
            least = self._least(wanted, made, 12)
            if least is None:
                return None
            if least.constant is None:
                made.append(Condition(least))
            elif least.constant < 0:
                return None
        return list(dict.fromkeys(made))

    def _least(self, poly: Poly, made: list[Condition], budget: int) -> Poly | None:
        """A lower bound of ``poly`` without anything made inside the nest; signs that are not known become conditions."""
        inside = [atom for atom in poly.atoms() if not self._test.is_invariant(Poly.of(atom))]
        if not inside:
            return poly if self._test.is_printable(poly) else None
        if budget == 0 or not self._test.budget.take():
            return None
        ranks = self._test.ranks()
        atom = max(inside, key=lambda one: (ranks.get(one, 0), one.key))
        parts = poly.split(atom)
        if parts is None:
            return None
        factor, rest = parts
        sign = self._sign(factor, made)
        if sign == 0:
            return None
        for fact in self._facts:
            known = fact.split(atom)
            if known is None or known[0].constant not in {1, -1} or (known[0].constant or 0) * sign < 0:
                continue
            # sign > 0: the fact is atom + h >= 0, so factor * atom >= -factor * h; else -atom + h >= 0.
            bound = rest - factor * known[1] if sign > 0 else rest + factor * known[1]
            found = self._least(bound, made, budget - 1)
            if found is not None:
                return found
        return None

    def _sign(self, factor: Poly, made: list[Condition]) -> int:
        if self._prover.holds(factor):
            return 1
        if self._prover.holds(-factor):
            return -1
        if self._test.is_invariant(factor) and self._test.is_printable(factor):
            leading = max(factor.terms.items(), key=lambda term: len(term[0]))[1]
            made.append(Condition(factor if leading > 0 else -factor))
            return 1 if leading > 0 else -1
        return 0


def _copy(atom: Atom) -> Atom:
    return Atom(atom.kind, atom.name, atom.arguments, 1)


def _subscripts(write: Access, other: Access) -> tuple[tuple[Poly, ...], tuple[Poly, ...]]:
    if write.view is None and other.view is None:
        length = min(len(write.subscripts), len(other.subscripts))
        return write.subscripts[:length], other.subscripts[:length]
    return _bytes(write), _bytes(other)


def _bytes(access: Access) -> tuple[Poly, ...]:
    if access.view is not None:
        return access.subscripts
    return tuple(one * (access.symbol.type.bits // 8) for one in access.subscripts)


def _slack(write: Access, other: Access) -> tuple[int, int]:
    """How far apart, in units of the subscripts, two starts may lie and still overlap: the second ahead, the first ahead."""
    if write.view is None and other.view is None:
        return 0, 0
    first, second = ((one.view or one.symbol.type).bits // 8 for one in (write, other))
    return first - 1, second - 1


def _never_divides(difference: Poly, low: int, high: int) -> bool:
    """The greatest common divisor of the coefficients does not divide the constant."""
    common = 0
    for mono, value in difference.terms.items():
        if mono:
            common = gcd(common, value)
    if low or high or common == 0:
        return False
    return difference.terms.get((), 0) % common != 0
