"""The largest value of a polynomial over the iterations of loops, as polynomials of what does not change in a call.

Variables are put away from the innermost outwards, each by the end of its range that makes the polynomial largest. Limits: where
the sign of a factor is unknown both ends are kept as candidates; a bound may be too large where ``is_exact`` is False.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codepar.cuda.poly import Combined, Poly, Symbol, Variable, combined, recombined
from codepar.cuda.prove import is_nonnegative

_MAX_CANDIDATES = 6
_MAX_DEPTH = 24


@dataclass(slots=True)
class Range:
    """The ends of a variable, several where guards add some: above all ``lows``, below all ``highs``."""

    lows: list[Poly]
    highs: list[Poly]


@dataclass(slots=True)
class Space:
    """The iterations: ranges of the variables, what is known of them (``facts`` are at least 0), trips of the loops.

    ``assumed`` collects the parameters that were taken not to be negative, because their sign decides which end counts.
    """

    ranges: dict[Variable, Range] = field(default_factory=dict)
    facts: list[Poly] = field(default_factory=list)
    trips: list[Poly] = field(default_factory=list)
    assumed: set[Symbol] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Bound:
    """``most`` is the largest of these."""

    most: tuple[Poly, ...]
    is_exact: bool


class Bounder:
    """Finds upper bounds in one space."""

    def __init__(self, space: Space, *, checks_exactness: bool = True) -> None:
        self.space = space
        self._checks = checks_exactness

    def upper(self, poly: Poly, depth: int = 0) -> Bound | None:
        """An upper bound without variables; None where there is none to be found."""
        poly = recombined(poly)
        variable = self._innermost(poly)
        if variable is None:
            return Bound((poly,), True)
        if depth > _MAX_DEPTH:
            return None
        holder = next((symbol for symbol in poly.symbols if symbol.parts and variable in Poly.of(symbol).all_symbols), None)
        if isinstance(holder, Combined):
            return self._of_combined(poly, holder, variable, depth + 1)
        return self._of_linear(poly, variable, depth + 1)

    def lower(self, poly: Poly, depth: int = 0) -> Bound | None:
        """A lower bound: ``most`` holds the negated candidates, of which the largest counts."""
        return self.upper(poly * -1, depth)

    def _innermost(self, poly: Poly) -> Variable | None:
        found = [symbol for symbol in poly.all_symbols if isinstance(symbol, Variable) and symbol in self.space.ranges]
        return max(found, key=lambda one: one.order, default=None)

    def _of_linear(self, poly: Poly, variable: Variable, depth: int) -> Bound | None:
        split = poly.coefficient(variable)
        if split is None:
            return self._of_power(poly, variable, depth)
        factor, _ = split
        ends = self.space.ranges[variable]
        if self._is_nonnegative(factor, variable):
            return self._at(poly, variable, ends.highs, "min", depth)
        if self._is_nonnegative(factor * -1, variable):
            return self._at(poly, variable, ends.lows, "max", depth)
        return _either(self._at(poly, variable, ends.highs, "min", depth), self._at(poly, variable, ends.lows, "max", depth))

    def _of_power(self, poly: Poly, variable: Variable, depth: int) -> Bound | None:
        """``i * i`` grows where ``i`` is not negative and no factor is."""
        ends = self.space.ranges[variable]
        rest = Poly(tuple(term for term in poly.terms if variable in term[0]))
        if is_nonnegative(rest, self.space.facts) and all(is_nonnegative(low, self.space.facts) for low in ends.lows[:1]):
            return self._at(poly, variable, ends.highs, "min", depth)
        return None

    def _at(self, poly: Poly, variable: Variable, ends: Sequence[Poly], kind: str, depth: int) -> Bound | None:
        if not ends:
            return None
        end = self.best(ends, kind)
        found = self.upper(poly.substituted({variable: end}), depth)
        if found is None:
            return None
        is_reached = variable.is_exact or (kind == "min" and variable.starts_high and len(ends) == 1)
        is_reached = is_reached and self._keeps_loops(variable, end)
        return Bound(found.most, found.is_exact and is_reached)

    def best(self, ends: Sequence[Poly], kind: str) -> Poly:
        """The smallest (``min``) or largest (``max``) of several, by proof where that goes."""
        chosen = ends[0]
        for other in ends[1:]:
            first, second = (chosen, other) if kind == "min" else (other, chosen)
            if is_nonnegative(second - first, self.space.facts):
                continue
            chosen = other if is_nonnegative(first - second, self.space.facts) else combined(kind, chosen, other)
        return chosen

    def _keeps_loops(self, variable: Variable, end: Poly) -> bool:
        """Whether the loops whose length depends on the variable still run at this end of its range."""
        for trips in self.space.trips if self._checks else ():
            if variable not in trips.all_symbols:
                continue
            most = Bounder(self.space, checks_exactness=False).upper(trips)
            if most is None or len(most.most) != 1:
                return False
            if not is_nonnegative(trips.substituted({variable: end}) - 1, [*self.space.facts, most.most[0] - 1]):
                return False
        return True

    def _is_nonnegative(self, poly: Poly, variable: Variable) -> bool:
        facts = [fact for fact in self.space.facts if variable not in fact.all_symbols]
        if is_nonnegative(poly, facts) or is_nonnegative(poly, self.space.facts):
            return True
        plain = {symbol for symbol in poly.all_symbols if type(symbol) is Symbol}
        if plain and is_nonnegative(poly, facts, frozenset(plain)):
            self.space.assumed |= plain
            return True
        return False

    def _of_combined(self, poly: Poly, holder: Combined, variable: Variable, depth: int) -> Bound | None:
        split = poly.coefficient(holder)
        if split is None:
            return None
        factor, rest = split
        if holder.name in {"/", "%"} and (both := self._of_digits(poly, holder, variable, depth)) is not None:
            return both
        rises = self._is_nonnegative(factor, variable)
        if not rises and not self._is_nonnegative(factor * -1, variable):
            return None
        if holder.name in {"min", "max"}:
            return self._of_choice(holder, factor, rest, rises, depth)
        ends = self._quotient(holder, rises, depth) if holder.name == "/" else self._remainder(holder, rises, depth)
        if ends is None:
            return None
        is_alone = variable not in rest.all_symbols | factor.all_symbols
        found = [self.upper(factor * end + rest, depth) for end in ends.most]
        merged = _merged(found)
        return None if merged is None else Bound(merged.most, merged.is_exact and ends.is_exact and is_alone)

    def _of_digits(self, poly: Poly, holder: Combined, variable: Variable, depth: int) -> Bound | None:
        """``(i / n) * a + (i % n) * b`` with ``i`` from 0 to ``h``: largest at ``h`` or at the end of the block before."""
        quotient = Combined("/", holder.order, holder.left, holder.right)
        rest = Combined("%", holder.order, holder.left, holder.right)
        ends = self.space.ranges[variable]
        starts = [low.constant for low in ends.lows]
        of_quotient, of_rest = poly.coefficient(quotient), poly.coefficient(rest)
        if holder.left != Poly.of(variable) or starts != [0] or len(ends.highs) != 1 or of_quotient is None or of_rest is None:
            return None
        if not of_quotient[0].terms or not of_rest[0].terms or not variable.is_exact or not self._divides_positively(holder):
            return None
        others = poly - of_quotient[0] * Poly.of(quotient) - of_rest[0] * Poly.of(rest)
        if variable in others.all_symbols | of_quotient[0].all_symbols | of_rest[0].all_symbols:
            return None
        if not all(self._is_nonnegative(one[0], variable) for one in (of_quotient, of_rest)):
            return None
        high, size = ends.highs[0], holder.right
        last = combined("/", high, size)
        corners = [
            (last, combined("%", high, size)),
            (combined("max", last - 1, Poly.number(0)), combined("min", size - 1, high)),
        ]
        found = [self.upper(of_quotient[0] * q + of_rest[0] * r + others, depth) for q, r in corners]
        return _merged(found)

    def _of_choice(self, holder: Combined, factor: Poly, rest: Poly, rises: bool, depth: int) -> Bound | None:
        sides = [self.upper(factor * part + rest, depth) for part in holder.parts]
        if rises == (holder.name == "max"):
            return _merged(sides)
        known = [side for side in sides if side is not None]
        if not known:
            return None
        if len(known) == 2 and any(len(side.most) == 1 for side in known):
            single, several = sorted(known, key=lambda side: len(side.most))
            least = tuple(self.best([single.most[0], one], "min") for one in several.most)
            return Bound(tuple(dict.fromkeys(least)), all(side.is_exact for side in known))
        for one, other in (known, known[::-1]) if len(known) == 2 else ():
            if all(any(is_nonnegative(b - a, self.space.facts) for b in other.most) for a in one.most):
                return Bound(one.most, one.is_exact and other.is_exact)
        return Bound(known[0].most, False)

    def _quotient(self, holder: Combined, rises: bool, depth: int) -> Bound | None:
        """Bounds of ``left / right``: it grows with ``left`` where ``right`` is above zero."""
        if self._innermost(holder.right) is not None or not self._divides_positively(holder):
            return None
        inner = self.upper(holder.left, depth) if rises else self.lower(holder.left, depth)
        if inner is None:
            return None
        sign = 1 if rises else -1
        return Bound(tuple(combined("/", one * sign, holder.right) for one in inner.most), inner.is_exact)

    def _divides_positively(self, holder: Combined) -> bool:
        """A divisor of unknown sign is assumed to be positive where it is a product of parameters: sizes are."""
        if is_nonnegative(holder.right - 1, self.space.facts):
            return True
        plain = {symbol for symbol in holder.right.all_symbols if type(symbol) is Symbol}
        if len(holder.right.terms) == 1 and holder.right.terms[0][1] > 0 and plain == holder.right.all_symbols:
            self.space.assumed |= plain
            return True
        return False

    def _remainder(self, holder: Combined, rises: bool, depth: int) -> Bound | None:
        if not rises:
            return Bound((Poly.number(0),), False) if is_nonnegative(holder.left, self.space.facts) else None
        most_right = self.upper(holder.right, depth)
        most_left = self.upper(holder.left, depth)
        if most_right is None or len(most_right.most) != 1:
            return None
        limit = most_right.most[0] - 1
        if most_left is None or len(most_left.most) != 1:
            return Bound((limit,), False)
        least = self.lower(holder.left, depth)
        is_exact = most_left.is_exact and most_right.is_exact and least is not None and least.is_exact
        if least is not None and len(least.most) == 1:
            # Over as many neighbours as the divisor says every remainder comes up.
            spans_all = is_nonnegative(most_left.most[0] + least.most[0] - limit, self.space.facts)
            if is_exact and spans_all and is_nonnegative(least.most[0] * -1, self.space.facts):
                return Bound((limit,), True)
            is_exact = is_exact and least.most[0].constant == 0
        return Bound((self.best([limit, most_left.most[0]], "min"),), is_exact)


def _either(one: Bound | None, other: Bound | None) -> Bound | None:
    return _merged([one, other])


def _merged(found: Sequence[Bound | None]) -> Bound | None:
    known = [one for one in found if one is not None]
    if len(known) != len(found) or not known:
        return None
    most = tuple(dict.fromkeys(poly for one in known for poly in one.most))
    return Bound(most, all(one.is_exact for one in known)) if len(most) <= _MAX_CANDIDATES else None


def narrowed(space: Space, fact: Poly) -> bool:
    """Let ``fact >= 0`` cut the range of the innermost variable that it holds; False where it cannot."""
    inner = [symbol for symbol in fact.all_symbols if isinstance(symbol, Variable) and symbol in space.ranges]
    if not inner:
        return False
    variable = max(inner, key=lambda one: one.order)
    split = fact.coefficient(variable)
    if split is None or variable in split[1].all_symbols or not split[0].constant:
        return False
    factor, rest = split[0].constant, split[1]
    if abs(factor) != 1:
        if factor > 0:
            return False
        space.ranges[variable].highs.append(combined("/", rest, Poly.number(-factor)))
    elif factor > 0:
        space.ranges[variable].lows.append(rest * -1)
    else:
        space.ranges[variable].highs.append(rest)
    return True


def with_symbol(variable: Variable) -> Symbol:
    """The parameter that stands for the largest value of a variable which a buffer holds."""
    return Symbol(variable.name)
