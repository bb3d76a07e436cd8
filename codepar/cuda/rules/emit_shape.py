"""How the turns of a kernel lie over blocks and threads, as text for the host and for the device.

The loop whose turns lie side by side in memory is the one of neighbouring threads. Limits: three dimensions of threads; further
loops share the last.
"""

from __future__ import annotations

from copy import copy
from itertools import product
from typing import Protocol

from codepar.cuda.rules import ir
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.plan_types import Kernel, Spread
from codepar.cuda.rules.write_c import Names, Writer, type_text

_BLOCKS = {1: (256, 1, 1), 2: (16, 16, 1), 3: (32, 4, 2)}
_AXES = ("x", "y", "z")
_PAD = "    "


class Naming(Protocol):
    """What a shape asks of the emitter."""

    @property
    def names(self) -> Names: ...

    @property
    def prefix(self) -> str: ...

    def unique(self, name: str) -> str: ...

    def free_of(self, body: Body, expressions: tuple[ir.Expr, ...]) -> list[Symbol]: ...


class Shape:
    """How the turns of a kernel lie over threads, as text for both sides."""

    def __init__(self, emitter: Naming, kernel: Kernel) -> None:
        self._emitter = emitter
        self._kernel = kernel
        spread = list(kernel.spread)
        self._order = sorted(range(len(spread)), key=lambda at: (-spread[at].unit_uses, -at))
        if len(spread) > 1:
            # Only the fastest axis is chosen; the others keep their order, innermost first.
            fastest = self._order[0]
            self._order = [fastest, *(at for at in range(len(spread) - 1, -1, -1) if at != fastest)]
        name = {one.loop.variable: one.loop.variable.name for one in spread}
        self.firsts = {symbol: emitter.unique(f"{text}_first") for symbol, text in name.items()}
        self.counts = {symbol: emitter.unique(f"{text}_count") for symbol, text in name.items()}
        self._turns = {one.loop.variable: emitter.unique(one.turn.name) for one in spread}
        self.place = emitter.unique("place") if kernel.selects else ""
        if kernel.selects:
            # A thread must meet its turns in the original's order.
            self._order = list(range(len(spread) - 1, -1, -1))
        self.pad = _PAD
        self._closing = 0

    def over(self, kernel: Kernel) -> Shape:
        """The same turns under the same names, around another body."""
        made = copy(self)
        made._kernel, made.pad, made._closing = kernel, _PAD, 0
        return made

    @property
    def turn(self) -> str:
        """The number of the turn of the outermost loop, in the kernel."""
        return self._turns[self._kernel.spread[0].loop.variable]

    @property
    def count(self) -> str:
        """How many turns the outermost loop has."""
        return self.counts[self._kernel.spread[0].loop.variable]

    def told(self) -> str:
        return ", ".join(f"`{one.loop.variable.name}`" for one in self._kernel.spread)

    # Host side

    def ranges(self) -> list[str]:
        """First value and number of turns of each loop."""
        lines: list[str] = []
        outer = ""
        for one in self._kernel.spread:
            lines += self._range(one, outer)
            outer = self.counts[one.loop.variable]
        return lines

    def _range(self, one: Spread, outer: str) -> list[str]:
        loop, variable = one.loop, one.loop.variable
        lower = loop.lower if loop.lower is not None else ir.Ref(variable)
        first, count = self.firsts[variable], self.counts[variable]
        if not one.corners:
            lows, highs = [self._text(lower, {})], [self._text(loop.bound, {})]
        else:
            maps = [dict(zip(one.corners, ends, strict=True)) for ends in product((False, True), repeat=len(one.corners))]
            lows, highs = [self._text(lower, ends) for ends in maps], [self._text(loop.bound, ends) for ends in maps]
        if outer and (_divides(lower) or _divides(loop.bound)):
            # The original does not divide where the loop around it does not turn.
            lows, highs = ([f"({outer} > 0 ? {text} : 0)" for text in texts] for texts in (lows, highs))
        up = loop.step > 0
        lines = [f"const long long {first} = {_extreme(lows, '<' if up else '>')};"]
        bound = _extreme(highs, ">" if up else "<")
        wide, narrow = (bound, first) if up else (first, bound)
        closed = "1" if loop.compare in {"<=", ">="} else "0"
        step = abs(loop.step)
        span = f"{wide} - {narrow}" + (f" + {closed}" if closed == "1" else "")
        whole = f"({span})" if step == 1 else f"({span} + {step - 1}) / {step}"
        guard = f"{wide} {'>=' if closed == '1' else '>'} {narrow}"
        return [*lines, f"const long long {count} = {guard} ? {whole} : 0;"]

    def _text(self, expr: ir.Expr, ends: dict[Symbol, bool]) -> str:
        """A bound as a 64-bit number, outer loops at their first or last turn."""
        renamed = dict(self._emitter.names.renamed)
        for symbol, at_end in ends.items():
            step = next(one.loop.step for one in self._kernel.spread if one.loop.variable is symbol)
            last = f"({self.firsts[symbol]} + ({self.counts[symbol]} - 1) * {step})"
            renamed[symbol] = last if at_end else self.firsts[symbol]
        names = self._emitter.names
        text = Writer(Names(names.language, names.pointed, names.flat, renamed)).expr(expr, 13)
        return f"(long long){text}"

    def geometry(self) -> list[str]:
        """Block and grid."""
        used = min(len(self._order), 3)
        sizes = _BLOCKS[used]
        lines = [f"const dim3 block({', '.join(str(size) for size in sizes[:used])});"]
        limits = ("2147483647LL", "65535", "65535")
        cells = []
        for axis in range(used):
            count = self._axis_count(axis, used)
            cells.append(f"{self._emitter.prefix}_blocks({count}, {sizes[axis]}, {limits[axis]})")
        return [*lines, f"const dim3 grid({', '.join(cells)});"]

    def _axis_count(self, axis: int, used: int) -> str:
        members = self._order[axis:] if axis == used - 1 else [self._order[axis]]
        return " * ".join(self.counts[self._kernel.spread[at].loop.variable] for at in members)

    # Device side

    def free(self, targets: tuple[ir.Expr, ...] = ()) -> list[Symbol]:
        """What the body needs from outside, without what the kernel makes itself."""
        kernel = self._kernel
        bounds = [part for one in kernel.spread if one.corners for part in (one.loop.lower, one.loop.bound) if part is not None]
        made = {one.loop.variable for one in kernel.spread} | {one.turn for one in kernel.spread} | set(kernel.privates)
        found = self._emitter.free_of(kernel.body, (*bounds, *targets))
        return [one for one in found if one not in made]

    def _pairs(self) -> list[tuple[Spread, str, str]]:
        return [(one, self.firsts[one.loop.variable], self.counts[one.loop.variable]) for one in self._kernel.spread]

    def formals(self) -> list[str]:
        texts = [f"{type_text(one.loop.variable.type)} {first}, long long {count}" for one, first, count in self._pairs()]
        return texts + [f"{type_text(one.type)} {one.name}_start" for one in self._kernel.carried]

    def actuals(self) -> list[str]:
        texts = [f"({type_text(one.loop.variable.type)}){first}, {count}" for one, first, count in self._pairs()]
        return texts + [self._emitter.names.of(one) for one in self._kernel.carried]

    def loops(self) -> list[str]:
        """Grid-stride loops, the slowest axis outermost."""
        used = min(len(self._order), 3)
        lines: list[str] = []
        for axis in range(used - 1, -1, -1):
            a = _AXES[axis]
            members = self._order[axis:] if axis == used - 1 else [self._order[axis]]
            turn = self._turns[self._kernel.spread[members[0]].loop.variable]
            turn = turn if len(members) == 1 else self._emitter.unique("place")
            start = f"blockIdx.{a} * (long long)blockDim.{a} + threadIdx.{a}"
            count = self._axis_count(axis, used)
            step = f"(long long)gridDim.{a} * blockDim.{a}"
            lines.append(f"{self.pad}for (long long {turn} = {start}; {turn} < {count}; {turn} += {step}) {{")
            self.pad += _PAD
            self._closing += 1
            if len(members) > 1:
                lines += self._decoded(turn, members)
        return lines

    def linear_loop(self) -> list[str]:
        """One grid-stride loop over all turns."""
        place = self.place or self._emitter.unique("place")
        total = " * ".join(self.counts.values())
        start = "blockIdx.x * (long long)blockDim.x + threadIdx.x"
        step = "(long long)gridDim.x * blockDim.x"
        lines = [f"{_PAD}for (long long {place} = {start}; {place} < {total}; {place} += {step}) {{"]
        self.pad += _PAD
        self._closing += 1
        return lines + self._decoded(place, self._order)

    def _decoded(self, place: str, members: list[int]) -> list[str]:
        lines, rest = [], place
        for at in members[:-1]:
            variable = self._kernel.spread[at].loop.variable
            lines.append(f"{self.pad}const long long {self._turns[variable]} = {rest} % {self.counts[variable]};")
            rest = f"{rest} / {self.counts[variable]}"
        variable = self._kernel.spread[members[-1]].loop.variable
        return [*lines, f"{self.pad}const long long {self._turns[variable]} = {rest};"]

    def variables(self, writer: Writer, kernel: Kernel) -> list[str]:
        """Loop variables, guards of ranges that depend on each other, and what each thread has for itself."""
        lines = []
        for one in kernel.spread:
            variable = one.loop.variable
            kind, turn = type_text(variable.type), self._turns[variable]
            move = f" + ({kind}){turn}" if one.loop.step == 1 else f" + ({kind})({turn} * {one.loop.step})"
            lines.append(f"{self.pad}const {kind} {variable.name} = {self.firsts[variable]}{move};")
        for one in kernel.spread:
            if one.corners:
                lines.append(f"{self.pad}if ({self._outside(one.loop, writer)}) {{")
                lines += [f"{self.pad}{_PAD}continue;", f"{self.pad}}}"]
        for one in kernel.spread:
            if one.inductions and self._turns[one.loop.variable] != one.turn.name:
                lines.append(f"{self.pad}const long long {one.turn.name} = {self._turns[one.loop.variable]};")
        for symbol in kernel.privates:
            start = f" = {symbol.name}_start" if symbol in kernel.carried else ""
            lines.append(f"{self.pad}{type_text(symbol.type)} {symbol.name}{start};")
        return lines

    def _outside(self, loop: ir.Loop, writer: Writer) -> str:
        lower = loop.lower if loop.lower is not None else ir.Ref(loop.variable)
        name = loop.variable.name
        before = f"{name} {'<' if loop.step > 0 else '>'} {writer.expr(lower, 10)}"
        return f"{before} || !({name} {loop.compare} {writer.expr(loop.bound, 10)})"

    def closing(self) -> list[str]:
        return [f"{_PAD * depth}}}" for depth in range(self._closing, 0, -1)]


def _divides(expr: ir.Expr) -> bool:
    return any(
        isinstance(one, ir.Binary) and one.op in {"/", "%"} and not isinstance(one.right, ir.Literal) for one in expr.walk()
    )


def _extreme(texts: list[str], test: str) -> str:
    """The least or greatest of some expressions, as nested choices."""
    kept = list(dict.fromkeys(texts))
    text = kept[0]
    for other in kept[1:]:
        text = f"({text} {test} {other} ? {text} : {other})"
    return text
