"""A function body as the rules see it: symbols with one meaning each, expressions, statements, counted loops.

Every declared variable is a ``Symbol`` of its own, so that shadowing is gone. A pointer is not a value here: each access names
its buffer, and a pointer that moves is an integer offset. Limits: what has no form here is refused when it is built
(``build.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum

from codepar.cuda.rules.ctypes import OTHER, CType


class Storage(StrEnum):
    """What a symbol names."""

    PARAMETER = "parameter"
    BUFFER = "buffer"
    LOCAL = "local"
    ARRAY = "array"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """A variable. Of buffers and arrays ``type`` is that of an element; ``dimensions`` are sizes, of a buffer without the first.

    ``name`` is unique in the function; ``value`` is the number that a constant of the file stands for.
    """

    name: str
    type: CType
    storage: Storage
    dimensions: tuple[Expr, ...] = ()
    is_const: bool = False
    value: int | None = None

    def __repr__(self) -> str:
        return self.name

    @property
    def is_memory(self) -> bool:
        return self.storage in {Storage.BUFFER, Storage.ARRAY}


@dataclass(frozen=True, slots=True)
class Node:
    """What expressions and statements have in common: children, found by field."""

    def parts(self) -> Iterator[Node]:
        """The nodes directly below, in the order of evaluation of C where it is defined."""
        for one in fields(self):
            held = getattr(self, one.name)
            for item in held if isinstance(held, tuple) else (held,):
                if isinstance(item, Node):
                    yield item

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for part in self.parts():
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class Expr(Node):
    """An expression."""


@dataclass(frozen=True, slots=True)
class Literal(Expr):
    """A number or character as written; ``value`` where it is an integer."""

    text: str
    type: CType
    value: int | None = None


@dataclass(frozen=True, slots=True)
class Ref(Expr):
    """The value of a scalar or struct variable."""

    symbol: Symbol


@dataclass(frozen=True, slots=True)
class Element(Expr):
    """``symbol[i][j]``. With ``view`` the one index counts bytes and an element of type ``view`` lies there."""

    symbol: Symbol
    indices: tuple[Expr, ...]
    view: CType | None = None


@dataclass(frozen=True, slots=True)
class Address(Expr):
    """A pointer to an element; only as an argument of a call."""

    element: Element


@dataclass(frozen=True, slots=True)
class Field(Expr):
    """``target.name``; ``type`` where the struct is known."""

    target: Expr
    name: str
    type: CType = OTHER


@dataclass(frozen=True, slots=True)
class Unary(Expr):
    """``op`` is one of ``- + ! ~``."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """An operation of two values, also ``&&``, ``||`` and the comma."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Ternary(Expr):
    """``condition ? yes : no``."""

    condition: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True)
class Cast(Expr):
    """``(type)operand``."""

    type: CType
    operand: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A call of a known function. ``is_helper``: one of the same file, which returns ``result``."""

    name: str
    arguments: tuple[Expr, ...]
    is_helper: bool = False
    result: CType = OTHER


@dataclass(frozen=True, slots=True)
class Assign(Expr):
    """``target op value``; ``op`` is ``=`` or ``+=`` and so on."""

    op: str
    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True)
class Step(Expr):
    """``++target`` and its kin."""

    op: str
    is_prefix: bool
    target: Expr


@dataclass(frozen=True, slots=True)
class Items(Expr):
    """``{a, b}`` as an initialiser."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Stmt(Node):
    """A statement; ``line`` is that of the original file, 1-based."""

    line: int = field(compare=False)


Body = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Declare(Stmt):
    """A declaration of one variable."""

    symbol: Symbol
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Do(Stmt):
    """An expression for its effect."""

    expr: Expr


@dataclass(frozen=True, slots=True)
class If(Stmt):
    """A branch; an absent ``else`` is empty."""

    condition: Expr
    then: Body
    otherwise: Body = ()


@dataclass(frozen=True, slots=True)
class Loop(Stmt):
    """A counted loop: ``for (variable = lower; variable compare bound; variable += step)``.

    ``lower`` None: from the value that the variable has. Nothing in ``body`` changes ``variable``, ``bound`` or ``step``: this is
    checked when it is built. ``is_declared``: the variable is the loop's own. ``step`` is an integer other than 0.
    """

    variable: Symbol
    lower: Expr | None
    compare: str
    bound: Expr
    step: int
    body: Body
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Repeat(Stmt):
    """Any other loop. ``update`` runs at the end of each turn, also after ``continue``; ``is_do``: the test comes last."""

    condition: Expr | None
    update: Expr | None
    body: Body
    is_do: bool = False


@dataclass(frozen=True, slots=True)
class Return(Stmt):
    """``return``."""

    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Break(Stmt):
    """``break`` of the innermost loop."""


@dataclass(frozen=True, slots=True)
class Continue(Stmt):
    """``continue`` of the innermost loop."""


def walk_all(body: Body) -> Iterator[Node]:
    """Every node of a body."""
    for one in body:
        yield from one.walk()
