"""Which loops of a nest may be spread over threads: no two of their turns touch one element, one of them writing.

For two accesses the difference of their subscripts is written ``c * (t - t') + rest`` for the turns ``t`` and ``t'`` of a loop
in two iterations. Where ``|rest| < |c|`` can be shown, equal subscripts mean equal turns. What cannot be shown from the text
alone but depends on scalars only (``pitch >= 4 * width``) becomes a condition that the host tests before it launches.
Quotients and remainders of a turn are digits of it (``digits.py``). Limits: subscripts that are linear in the turns; two
buffers are taken to be distinct, as the caller promises.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codepar.cuda.rules.analysis import Access, Analysis, LoopInfo
from codepar.cuda.rules.conditions import Condition, is_plausible
from codepar.cuda.rules.digits import Digits
from codepar.cuda.rules.pair import Pair
from codepar.cuda.rules.poly import Atom, Poly

_CONDITIONS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Conflict:
    """Two accesses that may meet in different turns of ``loop``."""

    write: Access
    other: Access
    loop: int


@dataclass(slots=True)
class Alignment:
    """``free`` are the loops whose turns never conflict, under ``conditions``; ``conflicts`` say why others are not."""

    free: set[int]
    conditions: list[Condition] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    updates: list[Conflict] = field(default_factory=list)


class NestTest:
    """Tests the loops ``nest`` (outermost first) against all accesses inside the outermost."""

    def __init__(self, analysis: Analysis, nest: list[LoopInfo], accesses: list[Access]) -> None:
        self._analysis = analysis
        self._nest = nest
        self._inside = nest[0].identity
        self._accesses = accesses
        self._rank = analysis.rank()
        self.budget = analysis.budget

    def run(self, is_update_allowed: bool) -> Alignment:
        """Loops whose turns are independent; with ``is_update_allowed`` elements that are only added to do not count."""
        found = Alignment({one.identity for one in self._nest})
        for write, other in _pairs(self._accesses):
            if is_update_allowed and write.update and write.update == other.update:
                if self._aligned(write, other, Alignment(set()))[0] >= found.free:
                    continue
                found.updates.append(Conflict(write, other, self._inside))
                continue
            free, conditions = self._aligned(write, other, found)
            for missing in found.free - free:
                found.conflicts.append(Conflict(write, other, missing))
            found.free &= free
            found.conditions += [one for one in conditions if one not in found.conditions]
        if len(found.conditions) > _CONDITIONS or not is_plausible(found.conditions):
            found.free = set()
        return found

    def _aligned(self, write: Access, other: Access, found: Alignment) -> tuple[set[int], list[Condition]]:
        """The loops whose turns are equal where both accesses touch one element; all of them where they never do."""
        every = {one.identity for one in self._nest}
        if write.path and other.path and not _overlap(write.path, other.path):
            return every, []
        pair = Pair(self, write, other)
        if not pair.is_usable:
            return set(), []
        if pair.is_disjoint():
            return every, pair.conditions
        inner = self._common(write, other)
        equal = pair.align([*self._nest, *inner])
        missing = [one for one in self._nest if one.identity in found.free and one.identity not in equal]
        conditions: list[Condition] = list(pair.conditions)
        if missing:
            more = pair.align_at_run_time(missing, [one for one in inner if one.identity not in equal])
            if more is not None and is_plausible([*found.conditions, *more]):
                equal |= {one.identity for one in missing}
                conditions += more
        return equal, conditions

    def loops_of(self, write: Access, other: Access) -> list[LoopInfo]:
        """All loops inside the nest around one or the other."""
        around = dict.fromkeys((*write.loops, *other.loops))
        found = [self._analysis.loops[one] for one in around]
        return [one for one in found if one.identity == self._inside or self._inside in one.outer]

    def learn(self, digits: Digits) -> None:
        """Digits are made where their turn is."""
        for atom in digits.atoms:
            self._analysis.born[atom] = self._analysis.born[digits.turn]
        self._rank = self._analysis.rank()

    def _common(self, write: Access, other: Access) -> list[LoopInfo]:
        """Loops around both accesses that are not of the nest: equal turns of theirs can be a step of the proof."""
        ours = {one.identity for one in self._nest}
        inside = [one for one in write.loops if one in other.loops and one not in ours]
        found = [self._analysis.loops[one] for one in inside]
        return [one for one in found if self._inside in one.outer]

    def second(self, poly: Poly) -> Poly:
        """The same value in another iteration: what is made inside the nest gets a copy of its own."""

        def copy(atom: Atom) -> Poly | None:
            if atom.arguments:
                arguments = tuple(self.second(one) for one in atom.arguments)
                return Poly.of(Atom(atom.kind, atom.name, arguments, 0)) if arguments != atom.arguments else None
            if self._inside in self._analysis.born.get(atom, ()):
                return Poly.of(Atom(atom.kind, atom.name, (), 1))
            return None

        return poly.replaced(copy)

    def is_invariant(self, poly: Poly) -> bool:
        """Whether nothing in it is made inside the nest."""
        return all(atom.copy == 0 and self._inside not in self._analysis.born.get(atom, ()) for atom in poly.all_atoms())

    def is_printable(self, poly: Poly) -> bool:
        """Whether the host can compute it before the launch."""
        return self._analysis.is_printable(poly)

    def ranks(self) -> dict[Atom, int]:
        return {**self._rank, **{Atom(atom.kind, atom.name, atom.arguments, 1): value for atom, value in self._rank.items()}}


def _pairs(accesses: list[Access]) -> list[tuple[Access, Access]]:
    """Every write with every access of the same memory, itself included."""
    found = []
    for at, one in enumerate(accesses):
        if not one.is_write:
            continue
        found += [
            (one, other)
            for place, other in enumerate(accesses)
            if other.symbol is one.symbol and (not other.is_write or place >= at)
        ]
    return found


def _overlap(left: str, right: str) -> bool:
    """Whether one member lies in the other."""
    return left == right or left.startswith(f"{right}.") or right.startswith(f"{left}.")


__all__ = ["Alignment", "Condition", "Conflict", "NestTest"]
