"""Whether a polynomial is at least zero, given others that are: by eliminating symbols, one a fact.

Sound, not complete: ``is_nonnegative`` says True only where it is so. Limits: facts with no symbol of coefficient 1 or -1 are
not used, and of the orders of elimination only two are tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import gcd

from codepar.cuda.poly import Combined, Poly, Symbol, Variable

_MAX_SPLITS = 3
_MAX_FACTS = 12
_SLACK = -1


def is_nonnegative(poly: Poly, facts: Iterable[Poly] = (), assumed: frozenset[Symbol] = frozenset()) -> bool:
    """Whether ``poly >= 0`` follows from ``fact >= 0`` for all facts and from the symbols ``assumed`` not to be negative."""
    if poly.constant is not None:
        return poly.constant >= 0
    known = dict.fromkeys(_reduced(fact) for fact in facts if fact.constant is None)
    related = _related(poly, list(known))
    return _remembered(poly, tuple(related[:_MAX_FACTS]), assumed)


def _related(poly: Poly, facts: list[Poly]) -> list[Poly]:
    """The facts that share symbols with ``poly``, directly or by other facts; the others cannot help."""
    reached, found = poly.all_symbols, list[Poly]()
    rest = sorted(facts, key=lambda fact: (len(fact.all_symbols), len(fact.terms)))
    while near := [fact for fact in rest if fact.all_symbols & reached]:
        found += near
        rest = [fact for fact in rest if fact not in near]
        reached = reached.union(*(fact.all_symbols for fact in near))
    return found


@lru_cache(maxsize=8192)
def _remembered(poly: Poly, facts: tuple[Poly, ...], assumed: frozenset[Symbol]) -> bool:
    return _proved(poly, facts, assumed, _MAX_SPLITS)


def _reduced(fact: Poly) -> Poly:
    """``2 * n - 1 >= 0`` says ``n - 1 >= 0``, for integers."""
    common = gcd(*(abs(factor) for monomial, factor in fact.terms if monomial))
    return (
        Poly(tuple(term for monomial, factor in fact.terms if (term := (monomial, factor // common))[1])) if common > 1 else fact
    )


def _proved(poly: Poly, facts: Sequence[Poly], assumed: frozenset[Symbol], splits: int) -> bool:
    constant = poly.constant
    if constant is not None:
        return constant >= 0
    choice = next((one for one in poly.symbols if isinstance(one, Combined) and one.name in {"min", "max"}), None)
    if choice is not None:
        if not splits:
            return False
        cases = (_proved(poly.substituted({choice: part}), facts, assumed, splits - 1) for part in choice.parts)
        # Its value is one of the two, so both cases proved are a proof; of -min(a, b), which is at least -a and -b, one is.
        return any(cases) if _is_favourable(poly, choice) else all(cases)
    by_size = sorted(facts, key=lambda fact: (len(fact.all_symbols), len(fact.terms)))
    return any(_by_elimination(poly, order, assumed) for order in (by_size, by_size[::-1], list(facts)))


def _is_favourable(poly: Poly, choice: Combined) -> bool:
    """Whether replacing the minimum or maximum by either side can only make ``poly`` smaller."""
    split = poly.coefficient(choice)
    factor = split[0].constant if split is not None and choice not in split[1].all_symbols else None
    return factor is not None and factor != 0 and (factor < 0) == (choice.name == "min")


def _by_elimination(poly: Poly, facts: Sequence[Poly], assumed: frozenset[Symbol]) -> bool:
    values: dict[Symbol, Poly] = {}
    slack: set[Symbol] = set()
    for number, fact in enumerate(facts):
        current = fact.substituted(values)
        chosen = _eliminated(current, poly.substituted(values), slack)
        if chosen is None:
            continue
        symbol, factor, rest = chosen
        fresh = Symbol(f"slack{number}", _SLACK)
        slack.add(fresh)
        # fact = factor * symbol + rest = fresh >= 0, factor being 1 or -1
        value = (Poly.of(fresh) - rest) * factor
        values = {one: known.substituted({symbol: value}) for one, known in values.items()} | {symbol: value}
        if _all_nonnegative(poly.substituted(values), slack, assumed, facts):
            return True
    return _all_nonnegative(poly.substituted(values), slack, assumed, facts)


def _eliminated(fact: Poly, poly: Poly, slack: set[Symbol]) -> tuple[Symbol, int, Poly] | None:
    """The symbol of the fact to put away: one of coefficient 1 or -1, best one that ``poly`` holds."""
    found = []
    for symbol in fact.symbols - slack:
        split = fact.coefficient(symbol)
        if split is None or split[0].constant not in {1, -1} or symbol in split[1].all_symbols:
            continue
        found.append((symbol not in poly.symbols, split[0].constant != 1, symbol.name, symbol, split[0].constant, split[1]))
    if not found:
        return None
    best = min(found, key=lambda one: one[:3])
    return best[3], best[4] or 1, best[5]


def _all_nonnegative(poly: Poly, slack: set[Symbol], assumed: frozenset[Symbol], facts: Sequence[Poly]) -> bool:
    for monomial, factor in poly.terms:
        odd = [symbol for symbol in set(monomial) if monomial.count(symbol) % 2]
        if factor < 0 or not all(symbol in slack or _never_negative(symbol, assumed, facts) for symbol in odd):
            return False
    return True


def _never_negative(symbol: Symbol, assumed: frozenset[Symbol], facts: Sequence[Poly]) -> bool:
    if symbol in assumed or Poly.of(symbol) in facts:
        return True
    if isinstance(symbol, Variable) and symbol.low is not None:
        return _proved(symbol.low, [one for one in facts if symbol not in one.all_symbols], assumed, 1)
    if isinstance(symbol, Combined) and symbol.name == "/":
        return all(_proved(part, facts, assumed, 1) for part in symbol.parts)
    if isinstance(symbol, Combined) and symbol.name == "%":
        return _proved(symbol.left, facts, assumed, 1)
    return False
