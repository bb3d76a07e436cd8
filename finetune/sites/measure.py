"""How well a scorer finds calls: strict precision, recall and F1 of (site, function), with and without the boilerplate calls.

Each call counts once, and a site is right or wrong: no tolerance. Limits: by sites of the outline; the same on the lines of a
benchmark is `evaluators`' work. The decoding is a plain bound; the product's own (`codepar.mpi.sites`) is a little better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

BOUNDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
BOILERPLATE = frozenset({"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"})


@dataclass(frozen=True)
class Score:
    """Calls proposed, calls missing, and how many of those were proposed at their site; ``bound`` is the probability asked."""

    bound: float
    proposed: int
    missing: int
    found: int

    @property
    def f1(self) -> float:
        return 2 * self.found / max(1, self.proposed + self.missing)

    @property
    def precision(self) -> float:
        return self.found / max(1, self.proposed)

    @property
    def recall(self) -> float:
        return self.found / max(1, self.missing)


Scored = tuple[Sequence[Counter[str]], Any]
"""The calls missing at the sites of one example, and the probabilities [sites, functions, repeats] given to them."""


def best_score(scored: Sequence[Scored], functions: Sequence[str], *, boilerplate: bool = True) -> Score:
    """The score at the best of ``BOUNDS``."""
    left_out = frozenset() if boilerplate else BOILERPLATE
    return max((_score(scored, functions, bound, left_out) for bound in BOUNDS), key=lambda score: score.f1)


def _score(scored: Iterable[Scored], functions: Sequence[str], bound: float, left_out: frozenset[str]) -> Score:
    proposed = missing = found = 0
    for wanted, probabilities in scored:
        for counted, row in zip(wanted, probabilities, strict=True):
            taken = {functions[index]: int((row[index] > bound).sum()) for index in (row[:, 0] > bound).nonzero()[0]}
            kept = {function: count for function, count in counted.items() if function not in left_out}
            mine = {function: count for function, count in taken.items() if function not in left_out}
            proposed += sum(mine.values())
            missing += sum(kept.values())
            found += sum((Counter(mine) & Counter(kept)).values())
    return Score(bound, proposed, missing, found)
