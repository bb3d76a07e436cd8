"""How many independent iterations a call of the original could share out, as its own run counted them.

One call is one record, written to standard error when the program ends (``iteration_counters.py``). An iteration that touches no
memory has nothing to share. Limits: a loop that a macro makes is not seen; a clash (two iterations on one element, one of them
writing) is what this input showed, not a property of the function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codepar.cuda.iteration_counters import MARK, Counted, counted

_LINE = re.compile(rf"^{MARK} (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Iterations:
    """One call. ``levels`` are the average iterations an entry of the loops of the busiest nest, outermost first.

    Where any iteration touches memory only such iterations count, and loops all of whose work lies in one iteration are left
    out beside others. ``totals`` are all iterations of these loops in the whole call, ``spans`` all of them an entry, ``loops``
    their numbers, ``clashes`` how often two iterations of one met in an element. Without a loop all are empty.
    """

    levels: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()
    spans: tuple[int, ...] = ()
    loops: tuple[int, ...] = ()
    clashes: tuple[int, ...] = ()

    def begun(self, launches: int) -> int:
        """How many of the outermost loops the host steps through with a launch an iteration."""
        for at, total in enumerate(self.totals[:-1]):
            if total < 2 or launches < total:
                return at
        return max(len(self.totals) - 1, 0)

    def shared_out(self, launches: int) -> tuple[int, ...]:
        """The two outermost levels that are left when the host steps through a loop with a launch an iteration."""
        first = self.begun(launches)
        return self.levels[first : first + 2]

    def clashing(self, launches: int) -> dict[int, int]:
        """Those of the loops left whose iterations met in an element, each with its level."""
        first = self.begun(launches)
        kept = list(zip(self.loops, self.levels, self.clashes, strict=False))[first : first + 2]
        return {loop: level for loop, level, clashes in kept if clashes}

    def is_free(self, loop: int, level: int) -> bool:
        """Whether here a loop with at least as many iterations had none that met in an element."""
        found = zip(self.loops, self.levels, self.clashes, strict=False)
        return any(number == loop and count >= level and not clashes for number, count, clashes in found)

    @property
    def work(self) -> int:
        """Iterations of the innermost loop of the busiest nest."""
        return self.totals[-1] if self.totals else 0


@dataclass(frozen=True, slots=True)
class _Loop:
    """The counters of a loop: entries, iterations, those that touch memory, entries with such, clashes."""

    entries: int
    trips: int
    useful: int
    begun: int
    clashes: int

    @property
    def span(self) -> int:
        return -(-self.trips // max(self.entries, 1))

    @property
    def level(self) -> int:
        return -(-self.useful // max(self.begun, 1)) if self.useful else self.span


def read_iterations(stderr: str, parents: tuple[int | None, ...]) -> list[Iterations]:
    """One record a call, in order."""
    calls: dict[int, dict[int, _Loop]] = {}
    for match in _LINE.finditer(stderr):
        call, loop, *counts = map(int, match.groups())
        calls.setdefault(call, {})[loop] = _Loop(*counts)
    return [_busiest(calls[call], parents) for call in sorted(calls)]


def _busiest(loops: dict[int, _Loop], parents: tuple[int | None, ...]) -> Iterations:
    """The chain of loops to the one with most iterations that touch memory, or with most iterations where none does.

    Of equal ones the last counts: an inner loop stands after its outer one.
    """
    if not any(one.trips for one in loops.values()):
        return Iterations()
    chain: list[int] = []
    current: int | None = max(loops, key=lambda loop: (loops[loop].useful, loops[loop].trips, loop))
    while current is not None:
        chain.append(current)
        current = parents[current] if current < len(parents) else None
    chain.reverse()
    shared = [loop for loop in chain if loops[loop].level > 1 or loops[loop].span < 2]
    kept = shared if any(loops[loop].level > 1 for loop in shared) else chain
    found = [loops[loop] for loop in kept]
    return Iterations(
        tuple(one.level for one in found),
        tuple(one.trips for one in found),
        tuple(one.span for one in found),
        tuple(kept),
        tuple(one.clashes for one in found),
    )


__all__ = ["Counted", "Iterations", "counted", "read_iterations"]
