"""Polynomials and conditions as C text, in the order people write it: ``nz * nx + x``, ``n > 0 && m > 0``.

Limits: sizes of structs are spelled ``sizeof(struct cell)``, everything else are integers and names.
"""

from __future__ import annotations

from codepar.cuda.poly import Combined, Monomial, Poly, Symbol, combined


def c_of(poly: Poly) -> str:
    """The polynomial as an expression of C."""
    if not poly.terms:
        return "0"
    poly = _folded(poly)
    terms = sorted(poly.terms, key=lambda term: (term[1] < 0, -len(term[0])))
    text = ""
    for monomial, factor in terms:
        piece = _product(monomial, abs(factor))
        if not text:
            text = piece if factor > 0 else f"-{piece}"
        else:
            text += f" + {piece}" if factor > 0 else f" - {piece}"
    return text


def _folded(poly: Poly) -> Poly:
    """``min(a, b) + k`` as ``min(a + k, b + k)``."""
    choices = [symbol for symbol in poly.symbols if isinstance(symbol, Combined) and symbol.name in {"min", "max"}]
    if len(choices) != 1 or len(poly.terms) != 2:
        return poly
    split = poly.coefficient(choices[0])
    if split is None or split[0].constant != 1 or split[1].constant is None:
        return poly
    return combined(choices[0].name, choices[0].left + split[1], choices[0].right + split[1])


def condition(poly: Poly) -> str:
    """``poly >= 0`` as a comparison with positive terms on both sides."""
    left = Poly(tuple((monomial, factor) for monomial, factor in poly.terms if factor > 0 and monomial))
    right = Poly(tuple((monomial, -factor) for monomial, factor in poly.terms if factor < 0 and monomial))
    constant = next((factor for monomial, factor in poly.terms if not monomial), 0)
    if constant == -1 and left.terms:
        return f"{c_of(left)} > {c_of(right)}"
    if constant < 0 and left.terms:
        return f"{c_of(left)} >= {c_of(right - constant)}"
    return f"{c_of(left + constant)} >= {c_of(right)}"


def _product(monomial: Monomial, factor: int) -> str:
    pieces = [_symbol(symbol) for symbol in monomial]
    if factor != 1 or not pieces:
        pieces.insert(0, str(factor))
    return " * ".join(pieces)


def _symbol(symbol: Symbol) -> str:
    if not isinstance(symbol, Combined):
        return symbol.name
    left, right = c_of(symbol.left), c_of(symbol.right)
    if symbol.name == "min":
        return f"({left} < {right} ? {left} : {right})"
    if symbol.name == "max":
        return f"({left} > {right} ? {left} : {right})"
    return f"({_grouped(left)} {symbol.name} {_grouped(right)})"


def _grouped(text: str) -> str:
    return (
        text
        if text.replace("_", "").isalnum() or (text.startswith("(") and text.endswith(")") and text.count("(") == 1)
        else f"({text})"
    )
