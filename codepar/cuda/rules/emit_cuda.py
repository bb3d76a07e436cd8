"""A plan as CUDA: kernels, and the host function that launches them.

Kernels are grid-stride loops of 256 threads a block (16 x 16 and 32 x 4 x 2 in two and three dimensions); the loop whose turns
lie side by side in memory is the one of neighbouring threads. Limits: launches follow each other in the default stream.
"""

from __future__ import annotations

from itertools import product

from codepar.cuda.rules import ir
from codepar.cuda.rules.build import Function
from codepar.cuda.rules.counted import read_symbols, written_symbols
from codepar.cuda.rules.dependence import Condition
from codepar.cuda.rules.emit_updates import Updates
from codepar.cuda.rules.ir import Body, Storage, Symbol, walk_all
from codepar.cuda.rules.plan import all_steps
from codepar.cuda.rules.plan_types import Allocate, Fill, HostBranch, HostCode, HostLoop, Kernel, Plan, Single, Spread, Step
from codepar.cuda.rules.poly import Atom
from codepar.cuda.rules.poly_text import condition_text
from codepar.cuda.rules.scalars import declared_in
from codepar.cuda.rules.write_c import Names, Writer, type_text
from codepar.cuda.translation import DevicePart

_BLOCKS = {1: (256, 1, 1), 2: (16, 16, 1), 3: (32, 4, 2)}
_AXES = ("x", "y", "z")
_PAD = "    "


class CudaEmitter:
    """Writes one plan."""

    def __init__(self, function: Function, plan: Plan, printable: dict[Atom, Symbol]) -> None:
        self._function = function
        self._plan = plan
        self._printable = printable
        self._name = function.source.name
        self._device = frozenset(plan.device_scalars)
        self._arrays = frozenset(plan.device_arrays)
        self._kernels: list[str] = []
        self._count = 0
        self._updates = Updates(self._name)
        self._temporaries: list[tuple[Symbol, str, str]] = []
        renamed = {plan.result: "result"} if plan.result is not None else {}
        self._names = Names(function.source.language, self._device, self._arrays, renamed)
        self._writer = Writer(self._names)

    def part(self) -> DevicePart:
        """The device part, launcher last."""
        launcher = f"{self._name}_launch"
        body = self._steps(self._plan.steps, _PAD)
        text = "\n".join([*self._preamble(), *self._updates.helpers(), *self._kernels, *self._launcher(launcher, body)])
        return DevicePart(text + "\n", launcher, self._plan.notes)

    def _preamble(self) -> list[str]:
        lines = [f"static inline unsigned {self._name}_blocks(long long count, long long threads, long long most) {{"]
        lines += [f"{_PAD}const long long blocks = (count + threads - 1) / threads;"]
        lines += [f"{_PAD}return (unsigned)(blocks < most ? blocks : most);", "}", ""]
        has_memory = any(one is not self._plan.result for one in self._device) or self._arrays or self._updates_need_memory()
        if not has_memory:
            return lines
        return [
            "#include <cstdio>",
            "#include <cstdlib>",
            "",
            *lines,
            f"static inline void {self._name}_check(cudaError_t status) {{",
            f"{_PAD}if (status != cudaSuccess) {{",
            f'{_PAD}{_PAD}fprintf(stderr, "{self._name}: %s\\n", cudaGetErrorString(status));',
            f"{_PAD}{_PAD}abort();",
            f"{_PAD}}}",
            "}",
            "",
        ]

    def _updates_need_memory(self) -> bool:
        return any(isinstance(one, Kernel) and one.reductions for one in all_steps(self._plan.steps))

    # The launcher

    def _launcher(self, name: str, body: list[str]) -> list[str]:
        parameters = [self._parameter(symbol) for symbol in self._function.parameters]
        if self._plan.result is not None:
            parameters.append(f"{type_text(self._plan.result.type)} *result")
        lines = [f"void {name}({', '.join(parameters)}) {{"]
        own = [one for one in self._plan.device_scalars if one is not self._plan.result]
        for symbol in own:
            lines += self._allocated(symbol, "1")
        lines += [f"{_PAD}{type_text(one.type)} *{self._names.of(one)} = nullptr;" for one in self._plan.device_arrays]
        lines += body
        lines += [
            f"{_PAD}{self._name}_check(cudaFree({self._names.of(symbol)}));" for symbol in [*self._plan.device_arrays, *own]
        ]
        return [*lines, "}"]

    def _parameter(self, symbol: Symbol) -> str:
        if symbol.storage is Storage.BUFFER:
            written = symbol in written_symbols(self._all_code()) and not symbol.is_const
            const = "" if written else "const "
            return f"{const}{type_text(symbol.type)} *{self._names.of(symbol)}"
        return f"{type_text(symbol.type)} {self._names.of(symbol)}"

    def _all_code(self) -> Body:
        return self._function.body

    def _allocated(self, symbol: Symbol, count: str) -> list[str]:
        kind, name = type_text(symbol.type), self._names.of(symbol)
        allocation = f"{self._name}_check(cudaMalloc((void **)&{name}, ({count}) * sizeof({kind})));"
        return [f"{_PAD}{kind} *{name} = nullptr;", f"{_PAD}{allocation}"]

    def _steps(self, steps: tuple[Step, ...], pad: str) -> list[str]:
        return [line for one in steps for line in self._step(one, pad)]

    def _step(self, one: Step, pad: str) -> list[str]:
        match one:
            case HostCode(body=body):
                return self._writer.body(body, pad)
            case HostBranch(condition=condition, then=then, otherwise=otherwise):
                lines = [f"{pad}if ({self._writer.expr(condition)}) {{", *self._steps(then, pad + _PAD)]
                if otherwise:
                    lines += [f"{pad}}} else {{", *self._steps(otherwise, pad + _PAD)]
                return [*lines, f"{pad}}}"]
            case HostLoop(loop=loop, body=body):
                return self._host_loop(loop, body, pad)
            case Single(body=body):
                return self._single(body, pad)
            case Allocate(symbol=symbol):
                name, kind = self._names.of(symbol), type_text(symbol.type)
                allocation = f"cudaMalloc((void **)&{name}, {self._cells(symbol)} * sizeof({kind}))"
                return [f"{pad}{self._name}_check(cudaFree({name}));", f"{pad}{self._name}_check({allocation});"]
            case Fill(symbol=symbol):
                size = f"{self._cells(symbol)} * sizeof({type_text(symbol.type)})"
                return [f"{pad}{self._name}_check(cudaMemset({self._names.of(symbol)}, 0, {size}));"]
            case Kernel():
                return self._launch(one, pad)
        raise AssertionError(one)

    def _cells(self, symbol: Symbol) -> str:
        return " * ".join(f"(size_t)({self._writer.expr(size)})" for size in symbol.dimensions)

    def _host_loop(self, loop: ir.Loop | ir.Repeat, body: tuple[Step, ...], pad: str) -> list[str]:
        inner = self._steps(body, pad + _PAD)
        if isinstance(loop, ir.Loop):
            return [f"{pad}{self._writer.loop_head(loop)} {{", *inner, f"{pad}}}"]
        condition = self._writer.expr(loop.condition) if loop.condition is not None else ""
        if loop.is_do:
            return [f"{pad}do {{", *inner, f"{pad}}} while ({condition});"]
        update = self._writer.expr(loop.update) if loop.update is not None else ""
        return [f"{pad}for (; {condition}; {update}) {{", *inner, f"{pad}}}"]

    # Kernels

    def _next(self, suffix: str = "") -> str:
        if not suffix:
            self._count += 1
        return f"{self._name}_kernel_{self._count}{suffix}"

    def _free(self, body: Body, expressions: tuple[ir.Expr, ...] = ()) -> list[Symbol]:
        """Symbols that a kernel needs from outside, in the order of the parameters and then by name."""
        used = read_symbols(*body, *expressions) | written_symbols(body)
        used -= declared_in(body)
        order = {symbol: at for at, symbol in enumerate(self._function.parameters)}
        kept = [one for one in used if one.storage is not Storage.GLOBAL]
        dimensions = {inner for one in kept for size in one.dimensions for inner in read_symbols(size)}
        kept += [one for one in dimensions if one not in kept and one.storage is not Storage.GLOBAL]
        return sorted(kept, key=lambda one: (order.get(one, len(order)), one.name))

    def _formal(self, symbol: Symbol, written: set[Symbol]) -> str:
        name, kind = self._names.of(symbol), type_text(symbol.type)
        if symbol.is_memory or symbol in self._device:
            const = "const " if symbol.is_const or symbol not in written else ""
            return f"{const}{kind} *__restrict__ {name}"
        return f"{kind} {name}"

    def _single(self, body: Body, pad: str) -> list[str]:
        name = self._next()
        free = self._free(body)
        written = written_symbols(body)
        formal = ", ".join(self._formal(one, written) for one in free)
        self._kernels += [
            f"// Line {body[0].line}: one thread.",
            f"__global__ void {name}({formal}) {{",
            *self._writer.body(body, _PAD),
            "}",
            "",
        ]
        return [f"{pad}{name}<<<1, 1>>>({', '.join(self._names.of(one) for one in free)});"]

    def _launch(self, kernel: Kernel, pad: str) -> list[str]:
        name = self._next()
        shape = _Shape(self, kernel)
        inner = pad + _PAD
        lines = [f"{pad}{{", *(f"{inner}{line}" for line in shape.ranges())]
        test = " && ".join(f"{one} > 0" for one in shape.counts.values())
        launch = self._reduced_launch(kernel, name, shape) if kernel.reductions else self._plain_launch(kernel, name, shape)
        lines += [f"{inner}if ({test}) {{"]
        if kernel.conditions:
            conditions = " && ".join(dict.fromkeys(self._condition(one, kernel, shape) for one in kernel.conditions))
            lines += [f"{inner}{_PAD}if ({conditions}) {{", *(f"{inner}{_PAD}{_PAD}{line}" for line in launch)]
            lines += [f"{inner}{_PAD}}} else {{", f"{inner}{_PAD}{_PAD}{self._serial(kernel)}", f"{inner}{_PAD}}}"]
        else:
            lines += [f"{inner}{_PAD}{line}" for line in launch]
        lines += [f"{inner}}}"]
        lines += [f"{inner}{line}" for line in self._finals(kernel, shape)]
        return [*lines, f"{pad}}}"]

    def _condition(self, one: Condition, kernel: Kernel, shape: _Shape) -> str:
        """One turn alone meets no other."""
        text = condition_text(one.poly, self._printable, is_nonzero=one.is_nonzero)
        spread = next((each for each in kernel.spread if id(each.loop) == one.loop), None)
        return f"({shape.counts[spread.loop.variable]} < 2 || {text})" if spread is not None else text

    def _finals(self, kernel: Kernel, shape: _Shape) -> list[str]:
        lines = []
        first = kernel.spread[0]
        for symbol in kernel.finals:
            if symbol is first.loop.variable:
                lines.append(f"{self._names.of(symbol)} = {shape.firsts[symbol]} + {shape.counts[symbol]} * {first.loop.step};")
                continue
            step = next(step for one, step in first.inductions if one is symbol)
            lines.append(f"{self._names.of(symbol)} += {shape.counts[first.loop.variable]} * ({self._writer.expr(step)});")
        return lines

    def _serial(self, kernel: Kernel) -> str:
        """The original nest by one thread, for strides that are not wide enough."""
        name = self._next("_serial")
        start = kernel.nest.lower is None
        given = set(kernel.carried) | ({kernel.nest.variable} if start else set())
        own = sorted(_scalars_of(kernel) - given - {one.symbol for one in kernel.reductions}, key=lambda one: one.name)
        free = [one for one in self._free((kernel.nest,)) if one not in own]
        written = written_symbols((kernel.nest,))
        self._kernels += [
            f"// Line {kernel.line}: the loop in its own order, where its turns may touch the same elements.",
            f"__global__ void {name}({', '.join(self._formal(one, written) for one in free)}) {{",
            *(f"{_PAD}{type_text(one.type)} {self._names.of(one)};" for one in own),
            *self._writer.statement(kernel.nest, _PAD),
            "}",
            "",
        ]
        return f"{name}<<<1, 1>>>({', '.join(self._names.of(one) for one in free)});"

    def _plain_launch(self, kernel: Kernel, name: str, shape: _Shape) -> list[str]:
        atomic = self._updates.atomic(kernel)
        writer = Writer(Names(self._names.language, self._device, self._arrays, self._names.renamed, atomic))
        free = shape.free()
        written = written_symbols(kernel.body)
        formal = [*(self._formal(one, written) for one in free if one not in kernel.carried), *shape.formals()]
        self._kernels += [
            f"// Line {kernel.line}: a thread for each turn of {shape.told()}.",
            f"__global__ void {name}({', '.join(formal)}) {{",
            *shape.loops(),
            *shape.variables(writer, kernel),
            *writer.body(kernel.body, shape.pad),
            *shape.closing(),
            "}",
            "",
        ]
        actual = [*(self._names.of(one) for one in free if one not in kernel.carried), *shape.actuals()]
        return [*shape.geometry(), f"{name}<<<grid, block>>>({', '.join(actual)});"]

    def _reduced_launch(self, kernel: Kernel, name: str, shape: _Shape) -> list[str]:
        reduction = self._updates.reduction(kernel, self._function.scope.unique)
        renamed = self._names.renamed | reduction.renamed
        atomic = self._updates.atomic(kernel)
        special = reduction.special(lambda: writer)
        pointed = self._device - set(reduction.renamed)
        writer = Writer(Names(self._names.language, pointed, self._arrays, renamed, lambda one: special(one) or atomic(one)))
        outer = Writer(self._names)
        own = {one.symbol for one in kernel.reductions}
        targets = tuple(one.target for one in kernel.reductions)
        free = [one for one in shape.free(targets) if one not in kernel.carried]
        written = written_symbols(kernel.body) - own
        formal = [*(self._formal(one, written) for one in free), *shape.linear_formals(), *reduction.formals()]
        self._kernels += [
            *self._updates.reduction_helpers(),
            f"// Line {kernel.line}: each thread combines turns of {shape.told()}, each block its threads.",
            f"__global__ void {name}({', '.join(formal)}) {{",
            *reduction.starts(outer),
            *shape.linear_loop(),
            *shape.variables(writer, kernel),
            *writer.body(kernel.body, shape.pad),
            *shape.closing(),
            *reduction.block_stage(),
            "}",
            "",
            *reduction.final_kernel(f"{name}_final", outer, self._free((), targets), self._formal),
        ]
        actual = [*(self._names.of(one) for one in free), *shape.linear_actuals(), *reduction.actuals()]
        final_free = self._free((), targets)
        last = [*(self._names.of(one) for one in final_free), "blocks", *reduction.actuals()]
        lines = [f"const long long total = {' * '.join(shape.counts.values())};"]
        lines += [f"const unsigned blocks = {self._name}_blocks(total, 256, 1024);", *reduction.allocate(self._name)]
        lines += [f"{name}<<<blocks, 256>>>({', '.join(actual)});"]
        lines += [f"{name}_final<<<1, 256>>>({', '.join(last)});"]
        return [*lines, *reduction.release(self._name)]

    # What shapes need

    @property
    def writer(self) -> Writer:
        """With the names of the host."""
        return self._writer

    @property
    def names(self) -> Names:
        return self._names

    def unique(self, name: str) -> str:
        return self._function.scope.unique(name)

    def free_of(self, body: Body, expressions: tuple[ir.Expr, ...]) -> list[Symbol]:
        return self._free(body, expressions)

    @property
    def prefix(self) -> str:
        return self._name


def _scalars_of(kernel: Kernel) -> set[Symbol]:
    """Scalars that the nest sets and does not declare."""
    own = written_symbols((kernel.nest,)) - declared_in((kernel.nest,))
    return {one for one in own if not one.is_memory}


class _Shape:
    """How the turns of a kernel lie over threads, as text for both sides."""

    def __init__(self, emitter: CudaEmitter, kernel: Kernel) -> None:
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
        self.pad = _PAD
        self._closing = 0

    def told(self) -> str:
        return ", ".join(f"`{one.loop.variable.name}`" for one in self._kernel.spread)

    # Host side

    def ranges(self) -> list[str]:
        """First value and number of turns of each loop."""
        return [line for one in self._kernel.spread for line in self._range(one)]

    def _range(self, one: Spread) -> list[str]:
        loop, variable = one.loop, one.loop.variable
        lower = loop.lower if loop.lower is not None else ir.Ref(variable)
        first, count = self.firsts[variable], self.counts[variable]
        if not one.corners:
            lows, highs = [self._text(lower, {})], [self._text(loop.bound, {})]
        else:
            maps = [dict(zip(one.corners, ends, strict=True)) for ends in product((False, True), repeat=len(one.corners))]
            lows, highs = [self._text(lower, ends) for ends in maps], [self._text(loop.bound, ends) for ends in maps]
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

    linear_formals, linear_actuals = formals, actuals

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
        place = self._emitter.unique("place")
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


def _extreme(texts: list[str], test: str) -> str:
    """The least or greatest of some expressions, as nested choices."""
    kept = list(dict.fromkeys(texts))
    text = kept[0]
    for other in kept[1:]:
        text = f"({text} {test} {other} ? {text} : {other})"
    return text


def loops_in(body: Body) -> list[ir.Loop]:
    """Counted loops anywhere below."""
    return [one for one in walk_all(body) if isinstance(one, ir.Loop)]
