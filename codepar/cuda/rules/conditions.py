"""What the host tests before it spreads a loop, and whether such tests are any use.

Limits: usefulness is tried on some moderate values of the scalars, not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from codepar.cuda.rules.poly import Atom, Poly

_SAMPLES = 300
_SIZES = (5, 8, 16, 33, 100, 1000)


@dataclass(frozen=True, slots=True)
class Condition:
    """What the host tests: ``poly >= 0``, or ``poly != 0``. ``loop``: only needed where that loop has more than one turn."""

    poly: Poly
    is_nonzero: bool = False
    loop: int | None = None


def is_plausible(conditions: list[Condition]) -> bool:
    """Whether some scalars of moderate size, none below 5, meet them all: ``1 >= n`` is no use."""
    atoms = sorted({atom for one in conditions for atom in one.poly.all_atoms() if not atom.arguments}, key=lambda one: one.key)
    chooser = Random(1)
    for _ in range(_SAMPLES if atoms else 1):
        values = {atom: chooser.choice(_SIZES) for atom in atoms}
        if all(_holds(one, values) for one in conditions):
            return True
    return False


def _holds(condition: Condition, values: dict[Atom, int]) -> bool:
    number = _number(condition.poly, values)
    return number != 0 if condition.is_nonzero else number >= 0


def _number(poly: Poly, values: dict[Atom, int]) -> int:
    total = 0
    for mono, factor in poly.terms.items():
        term = factor
        for atom in mono:
            term *= values[atom] if atom in values else _operation(atom, values)
        total += term
    return total


def _operation(atom: Atom, values: dict[Atom, int]) -> int:
    left, right = (_number(one, values) for one in atom.arguments)
    if atom.kind in {"min", "max"}:
        return min(left, right) if atom.kind == "min" else max(left, right)
    if right == 0:
        return 0
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return quotient if atom.kind == "div" else left - quotient * right
