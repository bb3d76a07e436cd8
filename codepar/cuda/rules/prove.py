"""Whether a polynomial is never negative, given others that are not: a small search that subtracts multiples of what is known.

To show ``p >= 0`` it writes ``p = q * v + b`` for an atom ``v``, takes a known ``g = m * v + h >= 0`` with ``q = k * m`` and
``k >= 0``, and goes on with ``p - k * g``. Each step is an identity, so what it shows holds. Limits: it gives up after a number
of steps; *not shown* never means *false*.
"""

from __future__ import annotations

from dataclasses import dataclass

from codepar.cuda.rules.poly import Atom, Poly, as_poly

_STEPS = 400
_DEPTH = 16
_LOOSE = 7


@dataclass(slots=True)
class Budget:
    """Steps that all proofs about one function may take together; without any left nothing more is shown."""

    steps: int = 4_000

    def take(self) -> bool:
        """Whether there was one left."""
        self.steps -= 1
        return self.steps >= 0


class Prover:
    """Answers questions from one set of facts, each ``>= 0``. ``rank`` orders the atoms: those of inner loops go first."""

    def __init__(self, facts: tuple[Poly, ...], rank: dict[Atom, int] | None = None, budget: Budget | None = None) -> None:
        self._rank = rank or {}
        self._budget = budget or Budget()
        self._facts = _Facts(list(dict.fromkeys(fact for fact in facts if fact.constant is None)))
        self.is_contradictory = any((fact.constant or 0) < 0 for fact in facts if fact.constant is not None)
        self._known: dict[Poly, bool] = {}
        self._signs: dict[Poly, bool] = {}
        self._seen_atoms: set[Atom] = set()
        for fact in list(self._facts.polys):
            self._learn(fact)

    def holds(self, poly: Poly | int) -> bool:
        """Whether ``poly >= 0`` could be shown."""
        if self.is_contradictory:
            return True
        target = as_poly(poly)
        self._learn(target)
        if target not in self._known:
            self._known[target] = _Search(self._facts, self._rank, self._budget, self._signs).run(target, _DEPTH)
        return self._known[target]

    def _learn(self, poly: Poly) -> None:
        """What the operations inside ``poly`` bring with them: a remainder is below its divisor, and so on."""
        for atom in sorted(poly.atoms() - self._seen_atoms, key=lambda one: one.key):
            self._seen_atoms.add(atom)
            for inner in atom.arguments:
                self._learn(inner)
            for fact in self._facts_of(atom):
                self._facts.add(fact)
                self._learn(fact)

    def _facts_of(self, atom: Atom) -> list[Poly]:
        value = Poly.of(atom)
        if atom.name == "unsigned" or atom.kind == "unsigned":
            return [value]
        if atom.kind in {"div", "mod"}:
            left, right = atom.arguments
            search = _Search(self._facts, self._rank, self._budget)
            # A quotient by a number of at least 1 shows the sign of what is divided.
            is_number = (right.constant or 0) > 0 and atom.kind == "div" and search.run(value - 1, 5)
            if not (search.run(right - 1, 5) and (is_number or search.run(left, 5))):
                return []
            if atom.kind == "mod":
                return [value, right - 1 - value, left - value]
            return [value, left - right * value, right * value - left + right - 1]
        if atom.kind == "min":
            return [one - value for one in atom.arguments]
        if atom.kind == "max":
            return [value - one for one in atom.arguments]
        if atom.kind == "and":
            return [value, atom.arguments[0] - value]
        return []


class _Facts:
    """What is known, and for each atom the facts that are linear in it, split."""

    def __init__(self, polys: list[Poly]) -> None:
        self.polys = polys
        self._about: dict[Atom, list[tuple[Poly, tuple[Poly, Poly]]]] = {}

    def add(self, poly: Poly) -> None:
        """One more."""
        if poly not in self.polys:
            self.polys.append(poly)
            self._about.clear()

    def about(self, atom: Atom) -> list[tuple[Poly, tuple[Poly, Poly]]]:
        """The facts with ``atom``, each with ``(m, h)`` of ``m * atom + h``."""
        if atom not in self._about:
            split = [(fact, fact.split(atom)) for fact in self.polys]
            self._about[atom] = [(fact, parts) for fact, parts in split if parts is not None and parts[0].terms]
        return self._about[atom]


class _Search:
    """One search. First atoms go strictly from inner to outer loops; then, if that fails, in any order."""

    def __init__(self, facts: _Facts, rank: dict[Atom, int], budget: Budget, signs: dict[Poly, bool] | None = None) -> None:
        self._budget = budget
        self._facts = facts
        self._rank = rank
        self._signs = signs if signs is not None else {}
        self._left = 0
        self._failed: dict[Poly, int] = {}
        self._is_strict = True

    def run(self, poly: Poly, depth: int) -> bool:
        """Whether ``poly >= 0`` follows."""
        for is_strict, steps in ((True, _STEPS), (False, _STEPS // 3)):
            self._is_strict, self._left, self._failed = is_strict, steps, {}
            if self._follows(poly, depth if is_strict else min(depth, _LOOSE)):
                return True
        return False

    def _follows(self, poly: Poly, depth: int) -> bool:
        constant = poly.constant
        if constant is not None:
            return constant >= 0
        if depth <= 0 or self._left <= 0 or self._failed.get(poly, 0) >= depth or not self._budget.take():
            return False
        self._left -= 1
        self._failed[poly] = depth
        return any(self._by(poly, atom, depth) for atom in self._order(poly))

    def _order(self, poly: Poly) -> list[Atom]:
        """The atoms to get rid of next: in the strict order one of the innermost loop."""
        ordered = sorted(poly.atoms(), key=lambda atom: (-self._rank.get(atom, 0), atom.key))
        is_inside = self._rank.get(ordered[0], 0) > 0
        return ordered[:1] if self._is_strict and is_inside else ordered

    def _by(self, poly: Poly, atom: Atom, depth: int) -> bool:
        factor, _rest = _pulled(poly, atom)
        rank = self._rank.get(atom, 0)
        for fact, parts in self._facts.about(atom):
            if self._is_strict and any(self._rank.get(one, 0) > rank for one in parts[1].atoms()):
                continue
            scale, multiple = _multiple(factor, parts[0])
            if multiple is None:
                continue
            left = poly * scale - multiple * fact
            if left != poly and self._is_positive(multiple) and self._follows(left, depth - 1):
                return True
        return False

    def _is_positive(self, multiple: Poly) -> bool:
        """Whether a multiplier is never negative: a question of its own, asked once."""
        if multiple.constant is not None:
            return multiple.constant >= 0
        if multiple not in self._signs:
            self._signs[multiple] = False
            inner = _Search(self._facts, self._rank, self._budget, self._signs)
            inner._left = allowed = min(_STEPS // 6, self._left)
            self._signs[multiple] = inner._follows(multiple, 5)
            self._left -= allowed - inner._left
        return self._signs[multiple]


def _pulled(poly: Poly, atom: Atom) -> tuple[Poly, Poly]:
    """``(q, b)`` with ``poly == q * atom + b``; ``q`` may hold the atom again."""
    factor, rest = {}, {}
    for mono, value in poly.terms.items():
        if atom in mono:
            at = mono.index(atom)
            factor[mono[:at] + mono[at + 1 :]] = value
        else:
            rest[mono] = value
    return Poly(factor), Poly(rest)


def _multiple(factor: Poly, by: Poly) -> tuple[int, Poly | None]:
    """``(s, k)`` with ``s * factor == k * by``, ``s >= 1``."""
    number = by.constant
    if number is not None:
        if number == 0:
            return 1, None
        scale = abs(number)
        exact = factor.divided(by)
        return (1, exact) if exact is not None else (scale, factor * (1 if number > 0 else -1))
    return 1, factor.divided(by)
