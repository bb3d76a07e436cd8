"""A plan as CUDA: the host function that launches what ``emit_kernels.py`` writes, and what both need.

Kernels are grid-stride loops of 256 threads a block (16 x 16 and 32 x 4 x 2 in two and three dimensions). Limits: launches follow
each other in the default stream.
"""

from __future__ import annotations

from codepar.cuda.rules import ir
from codepar.cuda.rules.build import Function
from codepar.cuda.rules.counted import written_symbols
from codepar.cuda.rules.emit_kernels import KernelEmitter
from codepar.cuda.rules.ir import Body, Storage, Symbol
from codepar.cuda.rules.plan_types import Allocate, Fill, HostBranch, HostCode, HostLoop, Kernel, Plan, Single, Step
from codepar.cuda.rules.poly import Atom
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
        self._name = function.source.name
        self._device = frozenset(plan.device_scalars)
        self._arrays = frozenset(plan.device_arrays)
        renamed = {plan.result: "result"} if plan.result is not None else {}
        self._names = Names(function.source.language, self._device, self._arrays, renamed)
        self._writer = Writer(self._names)
        self._kernels = KernelEmitter(function, self._names, printable)

    def part(self) -> DevicePart:
        """The device part, launcher last."""
        launcher = f"{self._name}_launch"
        body = self._steps(self._plan.steps, _PAD)
        text = "\n".join(
            [*self._preamble(), *self._kernels.updates.helpers(), *self._kernels.kernels, *self._launcher(launcher, body)]
        )
        return DevicePart(text + "\n", launcher, self._plan.notes)

    def _preamble(self) -> list[str]:
        lines = [f"static inline unsigned {self._name}_blocks(long long count, long long threads, long long most) {{"]
        lines += [f"{_PAD}const long long blocks = (count + threads - 1) / threads;"]
        lines += [f"{_PAD}return (unsigned)(blocks < most ? blocks : most);", "}", ""]
        has_memory = any(one is not self._plan.result for one in self._device) or self._arrays or self._kernels.needs_memory
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
                return self._kernels.single(body, pad)
            case Allocate(symbol=symbol):
                name, kind = self._names.of(symbol), type_text(symbol.type)
                allocation = f"cudaMalloc((void **)&{name}, {self._cells(symbol)} * sizeof({kind}))"
                return [f"{pad}{self._name}_check(cudaFree({name}));", f"{pad}{self._name}_check({allocation});"]
            case Fill(symbol=symbol):
                size = f"{self._cells(symbol)} * sizeof({type_text(symbol.type)})"
                return [f"{pad}{self._name}_check(cudaMemset({self._names.of(symbol)}, 0, {size}));"]
            case Kernel():
                return self._kernels.launch(one, pad)
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
