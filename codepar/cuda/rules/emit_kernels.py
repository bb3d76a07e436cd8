"""Kernels of a plan and the lines of the host that launch them.

Limits: launches follow each other in the default stream; a loop nest that may not be spread for some scalars has a second kernel
of one thread.
"""

from __future__ import annotations

from dataclasses import replace

from codepar.cuda.rules import ir
from codepar.cuda.rules.build import Function
from codepar.cuda.rules.counted import leaves, read_symbols, written_symbols
from codepar.cuda.rules.dependence import Condition
from codepar.cuda.rules.emit_scan import ScanText
from codepar.cuda.rules.emit_select import SelectText
from codepar.cuda.rules.emit_shape import Shape
from codepar.cuda.rules.emit_updates import ReductionText, Special, Updates
from codepar.cuda.rules.ir import Body, Storage, Symbol
from codepar.cuda.rules.plan_types import Kernel, Reduction
from codepar.cuda.rules.poly import Atom
from codepar.cuda.rules.poly_text import condition_text
from codepar.cuda.rules.scalars import declared_in
from codepar.cuda.rules.write_c import Names, Writer, type_text

_PAD = "    "


class KernelEmitter:
    """Collects the kernels of one function in ``kernels``; ``updates`` has the device functions that they call."""

    def __init__(self, function: Function, names: Names, printable: dict[Atom, Symbol]) -> None:
        self.kernels: list[str] = []
        self.names = names
        self.prefix = function.source.name
        self.updates = Updates(self.prefix)
        self.needs_memory = False
        self._function = function
        self._printable = printable
        self._writer = Writer(names)
        self._count = 0

    @property
    def _check(self) -> str:
        return f"{self.prefix}_check"

    def unique(self, name: str) -> str:
        """A name that nothing else of the function has."""
        return self._function.scope.unique(name)

    def free_of(self, body: Body, expressions: tuple[ir.Expr, ...] = ()) -> list[Symbol]:
        """Symbols that a kernel needs from outside, in the order of the parameters and then by name."""
        used = read_symbols(*body, *expressions) | written_symbols(body)
        used -= declared_in(body)
        order = {symbol: at for at, symbol in enumerate(self._function.parameters)}
        kept = [one for one in used if one.storage is not Storage.GLOBAL]
        dimensions = {inner for one in kept for size in one.dimensions for inner in read_symbols(size)}
        kept += [one for one in dimensions if one not in kept and one.storage is not Storage.GLOBAL]
        return sorted(kept, key=lambda one: (order.get(one, len(order)), one.name))

    def _next(self) -> str:
        self._count += 1
        return f"{self.prefix}_kernel_{self._count}"

    def _formal(self, symbol: Symbol, written: set[Symbol]) -> str:
        name, kind = self.names.of(symbol), type_text(symbol.type)
        if symbol.is_memory or symbol in self.names.pointed:
            const = "const " if symbol.is_const or symbol not in written else ""
            return f"{const}{kind} *__restrict__ {name}"
        return f"{kind} {name}"

    def _actual(self, one: Reduction) -> str:
        return self.names.of(one.symbol)

    def single(self, body: Body, pad: str) -> list[str]:
        """Statements for one thread."""
        name = self._next()
        free = self.free_of(body)
        written = written_symbols(body)
        formal = ", ".join(self._formal(one, written) for one in free)
        self.kernels += [
            f"// Line {body[0].line}: one thread.",
            f"__global__ void {name}({formal}) {{",
            *self._writer.body(body, _PAD),
            "}",
            "",
        ]
        return [f"{pad}{name}<<<1, 1>>>({', '.join(self.names.of(one) for one in free)});"]

    def launch(self, kernel: Kernel, pad: str) -> list[str]:
        """The ranges of the loops, the test whether they may be spread, the launches, the values of loop variables after it."""
        name = self._next()
        shape = Shape(self, kernel)
        inner = pad + _PAD
        lines = [f"{pad}{{", *(f"{inner}{line}" for line in shape.ranges())]
        test = " && ".join(f"{one} > 0" for one in shape.counts.values())
        launch = self._launches(kernel, name, shape)
        lines += [f"{inner}if ({test}) {{"]
        if kernel.conditions:
            conditions = " && ".join(dict.fromkeys(self._condition(one, kernel, shape) for one in kernel.conditions))
            lines += [f"{inner}{_PAD}if ({conditions}) {{", *(f"{inner}{_PAD}{_PAD}{line}" for line in launch)]
            lines += [
                f"{inner}{_PAD}}} else {{",
                f"{inner}{_PAD}{_PAD}{self._serial(kernel, f'{name}_serial')}",
                f"{inner}{_PAD}}}",
            ]
        else:
            lines += [f"{inner}{_PAD}{line}" for line in launch]
        lines += [f"{inner}}}"]
        lines += [f"{inner}{line}" for line in self._finals(kernel, shape)]
        return [*lines, f"{pad}}}"]

    def _condition(self, one: Condition, kernel: Kernel, shape: Shape) -> str:
        """One turn alone meets no other."""
        text = condition_text(one.poly, self._printable, is_nonzero=one.is_nonzero)
        spread = next((each for each in kernel.spread if id(each.loop) == one.loop), None)
        if spread is None:
            return text
        return f"({shape.counts[spread.loop.variable]} < 2 || {f'({text})' if ' && ' in text else text})"

    def _finals(self, kernel: Kernel, shape: Shape) -> list[str]:
        lines = []
        first = kernel.spread[0]
        for symbol in kernel.finals:
            if symbol is first.loop.variable:
                lines.append(f"{self.names.of(symbol)} = {shape.firsts[symbol]} + {shape.counts[symbol]} * {first.loop.step};")
                continue
            step = next(step for one, step in first.inductions if one is symbol)
            lines.append(f"{self.names.of(symbol)} += {shape.counts[first.loop.variable]} * ({self._writer.expr(step)});")
        return lines

    def _serial(self, kernel: Kernel, name: str) -> str:
        """The original nest by one thread, for strides that are not wide enough."""
        given = set(kernel.carried) | ({kernel.nest.variable} if kernel.nest.lower is None else set())
        own = sorted(_scalars_of(kernel) - given - self.names.pointed, key=lambda one: one.name)
        free = [one for one in self.free_of((kernel.nest,)) if one not in own]
        written = written_symbols((kernel.nest,))
        self.kernels += [
            f"// Line {kernel.line}: the loop in its own order, where its turns may touch the same elements.",
            f"__global__ void {name}({', '.join(self._formal(one, written) for one in free)}) {{",
            *(f"{_PAD}{type_text(one.type)} {self.names.of(one)};" for one in own),
            *self._writer.statement(kernel.nest, _PAD),
            "}",
            "",
        ]
        return f"{name}<<<1, 1>>>({', '.join(self.names.of(one) for one in free)});"

    # What is launched where the loops may be spread

    def _launches(self, kernel: Kernel, name: str, shape: Shape) -> list[str]:
        is_combined = bool(kernel.reductions or kernel.selects)
        if not kernel.scans:
            return (
                self._combined_launch(kernel, name, shape, None) if is_combined else self._plain_launch(kernel, name, shape, None)
            )
        self.needs_memory = True
        scan = ScanText(kernel.scans, name, self.unique)
        count = shape.count
        first = self._parts_launch(kernel, f"{name}_parts", scan, shape)
        lines = [f"const unsigned parts_blocks = (unsigned)(({count} + 255) / 256);"]
        lines += [*scan.allocate(self._check, count, "parts_blocks"), first]
        self.kernels += scan.kernels()
        lines += scan.launches(count, "parts_blocks", self._actual)
        lines += (
            self._combined_launch(kernel, name, shape, scan) if is_combined else self._plain_launch(kernel, name, shape, scan)
        )
        return [*lines, *scan.release(self._check)]

    def _parts_launch(self, kernel: Kernel, name: str, scan: ScanText, around: Shape) -> str:
        """What each turn adds to the running values."""
        used = read_symbols(*kernel.slice) | written_symbols(kernel.slice)
        own = {one.symbol for one in kernel.scans}
        privates = tuple(one for one in kernel.privates if one in used)
        part = replace(kernel, body=kernel.slice, privates=privates, scans=(), reductions=(), selects=())
        shape = around.over(part)
        writer = self._within(own)
        free = [one for one in shape.free() if one not in {*kernel.carried, *own}]
        formal = [*(self._formal(one, set()) for one in free), *shape.formals(), *scan.part_formals()]
        self.kernels += [
            f"// Line {kernel.line}: what each turn of {shape.told()} adds.",
            f"__global__ void {name}({', '.join(formal)}) {{",
            *shape.loops(),
            *shape.variables(writer, part),
            *scan.part_starts(shape.pad),
            *_whole_turn(part.body, writer, shape.pad),
            *scan.part_stores(shape.turn, shape.pad),
            *shape.closing(),
            "}",
            "",
        ]
        actual = [*(self.names.of(one) for one in free), *shape.actuals(), *scan.part_actuals(self._actual)]
        return f"{name}<<<parts_blocks, 256>>>({', '.join(actual)});"

    def _within(self, own: set[Symbol], special: Special = lambda _one: None, renamed: dict[Symbol, str] | None = None) -> Writer:
        """Writes the body of a kernel in which the scalars ``own`` are the thread's."""
        names = self.names
        return Writer(Names(names.language, names.pointed - own, names.flat, {**names.renamed, **(renamed or {})}, special))

    def _plain_launch(self, kernel: Kernel, name: str, shape: Shape, scan: ScanText | None) -> list[str]:
        own = {one.symbol for one in kernel.scans}
        writer = self._within(own, self.updates.atomic(kernel))
        free = [one for one in shape.free() if one not in {*kernel.carried, *own}]
        written = written_symbols(kernel.body)
        formal = [*(self._formal(one, written) for one in free), *shape.formals(), *(scan.formals() if scan else [])]
        self.kernels += [
            f"// Line {kernel.line}: a thread for each turn of {shape.told()}.",
            f"__global__ void {name}({', '.join(formal)}) {{",
            *shape.loops(),
            *shape.variables(writer, kernel),
            *(scan.starts(shape.turn, shape.pad) if scan else []),
            *writer.body(kernel.body, shape.pad),
            *shape.closing(),
            "}",
            "",
        ]
        actual = [*(self.names.of(one) for one in free), *shape.actuals(), *(scan.actuals() if scan else [])]
        return [*shape.geometry(), f"{name}<<<grid, block>>>({', '.join(actual)});"]

    def _combined_launch(self, kernel: Kernel, name: str, shape: Shape, scan: ScanText | None) -> list[str]:
        """Each thread combines its turns, each block its threads, one block the blocks."""
        self.needs_memory = True
        reduction = ReductionText(kernel.reductions, self.unique)
        select = SelectText(kernel.selects, self.unique, shape.place)
        specials = (reduction.special(lambda: writer), select.special(lambda: writer), self.updates.atomic(kernel))
        own = {one.symbol for one in (*kernel.reductions, *kernel.scans)} | _selected(kernel)
        writer = self._within(
            own,
            lambda one: next((text for each in specials if (text := each(one)) is not None), None),
            reduction.renamed | select.renamed,
        )
        targets = tuple(one.target for one in kernel.reductions)
        compared = tuple(ir.Ref(one) for each in kernel.selects if each.key is not None for one in each.symbols)
        made = {*kernel.carried, *(one.symbol for one in kernel.scans)}
        free = [one for one in shape.free((*targets, *compared)) if one not in made]
        targets += tuple(ir.Ref(one) for each in kernel.selects for one in each.symbols)
        written = written_symbols(kernel.body) - own
        scanned = scan.formals() if scan else []
        both = [*reduction.formals(), *select.formals()]
        formal = [*(self._formal(one, written) for one in free), *shape.formals(), *scanned, *both]
        is_set = any(not one.statements for one in kernel.selects)
        self.kernels += [
            f"// Line {kernel.line}: each thread combines turns of {shape.told()}, each block its threads.",
            f"__global__ void {name}({', '.join(formal)}) {{",
            *reduction.starts(self._writer),
            *select.starts(self._writer),
            *shape.linear_loop(),
            *shape.variables(writer, kernel),
            *(scan.starts(shape.turn, shape.pad) if scan else []),
            *(_whole_turn(kernel.body, writer, shape.pad) if is_set else writer.body(kernel.body, shape.pad)),
            *select.ends(shape.pad),
            *shape.closing(),
            *reduction.tree(),
            *select.tree(),
            f"{_PAD}if (threadIdx.x == 0) {{",
            *reduction.stores(),
            *select.stores(),
            f"{_PAD}}}",
            "}",
            "",
            *self._final_kernel(f"{name}_final", reduction, select, targets),
        ]
        actual = [*(self.names.of(one) for one in free), *shape.actuals(), *(scan.actuals() if scan else [])]
        partials = [*reduction.actuals(), *select.actuals()]
        last = [*(self.names.of(one) for one in self.free_of((), targets)), "blocks", *partials]
        return [
            f"const long long total = {' * '.join(shape.counts.values())};",
            f"const unsigned blocks = {self.prefix}_blocks(total, 256, 1024);",
            *reduction.allocate(self._check),
            *select.allocate(self._check),
            f"{name}<<<blocks, 256>>>({', '.join([*actual, *partials])});",
            f"{name}_final<<<1, 256>>>({', '.join(last)});",
            *reduction.release(self._check),
            *select.release(self._check),
        ]

    def _final_kernel(self, name: str, reduction: ReductionText, select: SelectText, targets: tuple[ir.Expr, ...]) -> list[str]:
        written = {one for target in targets for one in read_symbols(target)}
        formal = [self._formal(one, written) for one in self.free_of((), targets)]
        parameters = [*formal, "unsigned blocks", *(f"const {one}" for one in (*reduction.formals(), *select.formals()))]
        return [
            f"__global__ void {name}({', '.join(parameters)}) {{",
            *reduction.starts(self._writer),
            *select.starts(self._writer),
            f"{_PAD}for (unsigned at = threadIdx.x; at < blocks; at += blockDim.x) {{",
            *reduction.gathers(),
            *select.gathers(),
            f"{_PAD}}}",
            *reduction.tree(),
            *select.tree(),
            f"{_PAD}if (threadIdx.x == 0) {{",
            *reduction.results(self._writer),
            *select.results(self._writer),
            f"{_PAD}}}",
            "}",
            "",
        ]


def _whole_turn(body: Body, writer: Writer, pad: str) -> list[str]:
    """The body such that what follows it runs in each turn, also after ``continue``."""
    if not leaves(body, ir.Continue):
        return writer.body(body, pad)
    return [f"{pad}do {{", *writer.body(body, pad + _PAD), f"{pad}}} while (0);"]


def _selected(kernel: Kernel) -> set[Symbol]:
    return {one for each in kernel.selects for one in each.symbols}


def _scalars_of(kernel: Kernel) -> set[Symbol]:
    """Scalars that the nest sets and does not declare."""
    own = written_symbols((kernel.nest,)) - declared_in((kernel.nest,))
    return {one for one in own if not one.is_memory}
