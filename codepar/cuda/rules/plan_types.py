"""What the host does and what it launches: the plan of a translation, the same for CUDA and OpenMP.

Limits: types alone; ``plan.py`` makes them, ``emit_cuda.py`` and ``emit_openmp.py`` write them out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codepar.cuda.rules import ir
from codepar.cuda.rules.dependence import Condition
from codepar.cuda.rules.ir import Body, Symbol


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """A loop whose turns go to threads; ``turn`` counts them in the kernel. ``inductions``: variables that grow by some amount.

    ``corners``: outer spread loops on whose variables this one's bounds depend (it is then launched over its widest range and
    guarded).
    """

    loop: ir.Loop
    turn: Symbol
    inductions: tuple[tuple[Symbol, ir.Expr], ...] = ()
    corners: tuple[Symbol, ...] = ()
    unit_uses: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A scalar, or one element that no spread loop moves, combined over all threads. ``test``: see ``reductions.Update``."""

    target: ir.Expr
    family: str
    symbol: Symbol
    test: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Select:
    """Variables that keep what one turn gave them: the last that set them, or the one with the extreme ``key`` (one of them).

    ``statements`` are the branches that let a turn win. Without a key the variables are taken as they are at the end of a turn,
    or where ``statements`` (assignments) stand. ``test`` is that of ``value test key``; equal keys: see ``is_last``.
    """

    symbols: tuple[Symbol, ...]
    key: Symbol | None = None
    test: str = ""
    statements: frozenset[int] = frozenset()

    @property
    def is_last(self) -> bool:
        return self.key is None or self.test in {">=", "<="}


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something that the host does."""

    line: int


@dataclass(frozen=True, slots=True, eq=False)
class HostCode(Step):
    """Statements on host scalars."""

    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class HostBranch(Step):
    """A branch that the host takes."""

    condition: ir.Expr
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HostLoop(Step):
    """A loop that the host runs, launching in each turn."""

    loop: ir.Loop | ir.Repeat
    body: tuple[Step, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Single(Step):
    """Statements that one thread runs, because they touch device memory."""

    body: Body


@dataclass(frozen=True, slots=True, eq=False)
class Kernel(Step):
    """A loop nest spread over threads: ``body`` is what each thread does for its turn of ``spread``.

    ``nest`` is the original loop, which one thread runs where a condition does not hold. ``privates`` are scalars of the function
    that each thread has for itself; ``atomics`` are the statements whose update must be atomic. ``scans`` are variables whose
    running values the turns of the one spread loop read, ``slice`` is what decides on them.
    """

    nest: ir.Loop
    spread: tuple[Spread, ...]
    body: Body
    privates: tuple[Symbol, ...] = ()
    reductions: tuple[Reduction, ...] = ()
    atomics: frozenset[int] = frozenset()
    conditions: tuple[Condition, ...] = ()
    carried: tuple[Symbol, ...] = ()
    finals: tuple[Symbol, ...] = ()
    scans: tuple[Reduction, ...] = ()
    slice: Body = ()
    selects: tuple[Select, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Allocate(Step):
    """A local array of the function comes to be."""

    symbol: Symbol


@dataclass(frozen=True, slots=True, eq=False)
class Fill(Step):
    """A local array of the function set to zero."""

    symbol: Symbol


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """All steps. ``device_scalars`` live in device memory, ``device_arrays`` are local arrays that do; ``result`` is the one
    scalar whose memory is the caller's result."""

    steps: tuple[Step, ...]
    device_scalars: tuple[Symbol, ...] = ()
    device_arrays: tuple[Symbol, ...] = ()
    result: Symbol | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
