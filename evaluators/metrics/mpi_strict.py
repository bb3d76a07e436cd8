"""The strict metric of MPI completion: proposals and wanted calls are matched one to one; precision, recall and F1.

Four levels: the function; line and function; function and arguments; the whole call, that is line, function and arguments. A
call of one side is used once, so superfluous and repeated proposals cost precision. Limits: two ways to write the same call
count as different; the order of calls after one line does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from evaluators.calls import PlacedCall

BOILERPLATE = frozenset(
    {"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Finalize"} | {"Init", "Get_rank", "Get_size", "Finalize"}
)
"""The calls that every program has, in C and Fortran, and in Python; a rule that proposes nothing else scores hardly less than
published models."""

_KEYS: dict[str, Callable[[PlacedCall], Hashable]] = {
    "function": lambda call: call.function,
    "line_function": lambda call: (call.line, call.function),
    "function_arguments": lambda call: (call.function, call.arguments),
    "whole_call": lambda call: (call.line, call.function, call.arguments),
}
LEVELS = tuple(_KEYS)


@dataclass(frozen=True, slots=True)
class Matches:
    """Counts of one program: ``matched`` in the order of ``LEVELS``; calls proposed and calls wanted."""

    matched: tuple[int, ...]
    proposed: int
    wanted: int

    @property
    def totals(self) -> tuple[int, ...]:
        """As one vector, for adding up over programs."""
        return (*self.matched, self.proposed, self.wanted)


def match_calls(proposed: Iterable[PlacedCall], wanted: Iterable[PlacedCall], *, boilerplate: bool = True) -> Matches:
    """Match the calls of one program at each level; without ``boilerplate`` the four calls are left out on both sides."""
    given, right = _kept(proposed, boilerplate), _kept(wanted, boilerplate)
    matched = tuple((Counter(map(key, given)) & Counter(map(key, right))).total() for key in _KEYS.values())
    return Matches(matched, len(given), len(right))


def _kept(calls: Iterable[PlacedCall], boilerplate: bool) -> Sequence[PlacedCall]:
    return [call for call in calls if boilerplate or call.function not in BOILERPLATE]


def precision(matched: float, proposed: float, wanted: float) -> float | None:
    """Of what was proposed, the share that is right; None where nothing was proposed."""
    return matched / proposed if proposed else None


def recall(matched: float, proposed: float, wanted: float) -> float | None:
    """Of what was wanted, the share that was proposed; None where nothing was wanted."""
    return matched / wanted if wanted else None


def f1(matched: float, proposed: float, wanted: float) -> float | None:
    """Their harmonic mean: 0 where something was wanted and nothing is right; None where there was nothing to do."""
    return 2 * matched / (proposed + wanted) if proposed + wanted else None
