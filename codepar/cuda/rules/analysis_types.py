"""What the analysis of a function finds: accesses to memory, loops, variables that grow.

Limits: types alone; ``analysis.py`` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codepar.cuda.rules import ir
from codepar.cuda.rules.ctypes import CType
from codepar.cuda.rules.ir import Symbol
from codepar.cuda.rules.poly import Atom, Poly

Facts = tuple[Poly, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """A read or write of memory. ``subscripts`` has a polynomial each dimension (bytes from the start where ``view`` is set).

    ``update`` is the family (``+``) where the statement only combines the element with a value; ``path`` the member of the
    struct, if one. ``loops`` are those around it, outermost first; ``facts`` are known where it happens.
    """

    symbol: Symbol
    subscripts: tuple[Poly, ...]
    is_write: bool
    facts: Facts
    loops: tuple[int, ...]
    line: int
    path: str = ""
    view: CType | None = None
    update: str = ""


@dataclass(slots=True, eq=False)
class LoopInfo:
    """A loop. ``turn`` counts its turns from 0, ``value`` is its variable in terms of it; ``facts`` bound it.

    ``last`` is the greatest turn, where it has a polynomial (the loop may still be empty: then it is below 0). ``assumed`` must
    hold, each ``>= 0``, for the facts to be true: a signed bound compared with an unsigned variable.
    """

    node: ir.Loop | ir.Repeat
    identity: int
    outer: tuple[int, ...]
    turn: Atom
    value: Poly | None = None
    last: Poly | None = None
    facts: Facts = ()
    assumed: tuple[Poly, ...] = ()
    inductions: list[Induction] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Induction:
    """A variable that grows by ``step`` each turn of a loop."""

    symbol: Symbol
    step: ir.Expr
