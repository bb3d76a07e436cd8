"""Polynomials as C expressions of 64-bit integers, for conditions that the host tests.

Limits: atoms that the host has no name for have no text.
"""

from __future__ import annotations

from codepar.cuda.rules.ir import Symbol
from codepar.cuda.rules.poly import Atom, Poly


def poly_text(poly: Poly, names: dict[Atom, Symbol]) -> str:
    """The text; every variable is widened, so that products do not overflow where the original's do not."""
    positive: list[str] = []
    negative: list[str] = []
    for mono, value in sorted(poly.terms.items(), key=lambda term: (-len(term[0]), [atom.key for atom in term[0]])):
        factors = [_atom_text(atom, names) for atom in mono]
        if abs(value) != 1 or not factors:
            factors.insert(0, str(abs(value)))
        (positive if value > 0 else negative).append(" * ".join(factors))
    text = " + ".join(positive) or "0"
    return " - ".join([text, *negative])


def _atom_text(atom: Atom, names: dict[Atom, Symbol]) -> str:
    if atom.kind in {"div", "mod"}:
        left, right = (poly_text(one, names) for one in atom.arguments)
        return f"(({left}) {'/' if atom.kind == 'div' else '%'} ({right}))"
    if atom.kind in {"min", "max"}:
        left, right = (poly_text(one, names) for one in atom.arguments)
        return f"(({left}) {'<' if atom.kind == 'min' else '>'} ({right}) ? ({left}) : ({right}))"
    return f"(long long){names[atom].name}"


def condition_text(poly: Poly, names: dict[Atom, Symbol], *, is_nonzero: bool) -> str:
    """``left >= right``, with what is subtracted on the right; a divisor that is 0 is no quotient to test."""
    divisors = [atom.arguments[1] for atom in poly.all_atoms() if atom.kind in {"div", "mod"}]
    guards = [f"{poly_text(one, names)} != 0" for one in dict.fromkeys(divisors) if one.constant is None]
    return " && ".join([*guards, _test(poly, names, is_nonzero=is_nonzero)])


def _test(poly: Poly, names: dict[Atom, Symbol], *, is_nonzero: bool) -> str:
    if is_nonzero:
        return f"{poly_text(poly, names)} != 0"
    left = Poly({mono: value for mono, value in poly.terms.items() if value > 0})
    right = Poly({mono: -value for mono, value in poly.terms.items() if value < 0})
    return f"{poly_text(left, names)} >= {poly_text(right, names)}"
