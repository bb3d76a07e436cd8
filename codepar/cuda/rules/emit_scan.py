"""Running values in CUDA: what each turn adds, scanned within blocks of 256, the totals of the blocks scanned by one block.

Limits: three launches and one number a turn of extra memory; the totals of the blocks are scanned 256 at a time.
"""

from __future__ import annotations

from collections.abc import Callable

from codepar.cuda.rules.emit_updates import combined, neutral_of
from codepar.cuda.rules.plan_types import Reduction
from codepar.cuda.rules.write_c import type_text

_PAD = "    "


class ScanText:
    """The text around a kernel whose turns need running values. ``prefix`` begins the names of what is made."""

    def __init__(self, scans: tuple[Reduction, ...], prefix: str, unique: Callable[[str], str]) -> None:
        self._all = scans
        self._prefix = prefix
        self._parts = {id(one): unique(f"{one.symbol.name}_parts") for one in scans}
        self._sums = {id(one): unique(f"{one.symbol.name}_sums") for one in scans}
        self._starts = {id(one): unique(f"{one.symbol.name}_before") for one in scans}

    # What each turn adds

    def part_formals(self) -> list[str]:
        """Where the additions go; families that have no neutral value begin with what the variable holds."""
        found = []
        for one in self._all:
            kind = type_text(one.symbol.type)
            found.append(f"{kind} *__restrict__ {self._parts[id(one)]}")
            if neutral_of(one) is None:
                found.append(f"const {kind} *__restrict__ {self._starts[id(one)]}")
        return found

    def part_actuals(self, name: Callable[[Reduction], str]) -> list[str]:
        found = []
        for one in self._all:
            found.append(self._parts[id(one)])
            if neutral_of(one) is None:
                found.append(name(one))
        return found

    def part_starts(self, pad: str) -> list[str]:
        return [
            f"{pad}{type_text(one.symbol.type)} {one.symbol.name} = {neutral_of(one) or f'*{self._starts[id(one)]}'};"
            for one in self._all
        ]

    def part_stores(self, turn: str, pad: str) -> list[str]:
        return [f"{pad}{self._parts[id(one)]}[{turn}] = {one.symbol.name};" for one in self._all]

    # What each turn begins with

    def formals(self) -> list[str]:
        kinds = [(type_text(one.symbol.type), one) for one in self._all]
        return [
            f"const {kind} *__restrict__ {name}" for kind, one in kinds for name in (self._parts[id(one)], self._sums[id(one)])
        ]

    def actuals(self) -> list[str]:
        return [name for one in self._all for name in (self._parts[id(one)], self._sums[id(one)])]

    def starts(self, turn: str, pad: str) -> list[str]:
        """What the blocks before add, and the turns before in the same block."""
        lines = []
        for one in self._all:
            name, sums = one.symbol.name, self._sums[id(one)]
            lines.append(f"{pad}{type_text(one.symbol.type)} {name} = {sums}[{turn} / 256];")
            lines.append(f"{pad}if ({turn} % 256 != 0) {{")
            lines += [f"{pad}{_PAD}{name} = {combined(one, name, f'{self._parts[id(one)]}[{turn} - 1]')};", f"{pad}}}"]
        return lines

    # Kernels

    def kernels(self) -> list[str]:
        return [line for one in self._all for line in (*self._blocks_kernel(one), *self._total_kernel(one))]

    def _name(self, one: Reduction, what: str) -> str:
        return f"{self._prefix}_{one.symbol.name}_{what}"

    def _ladder(self, one: Reduction, pad: str) -> list[str]:
        kind = type_text(one.symbol.type)
        return [
            f"{pad}__syncthreads();",
            f"{pad}for (unsigned by = 1; by < 256; by *= 2) {{",
            f"{pad}{_PAD}const {kind} own = cells[threadIdx.x];",
            f"{pad}{_PAD}const {kind} left = threadIdx.x >= by ? cells[threadIdx.x - by] : own;",
            f"{pad}{_PAD}__syncthreads();",
            f"{pad}{_PAD}if (threadIdx.x >= by) {{",
            f"{pad}{_PAD}{_PAD}cells[threadIdx.x] = {combined(one, 'left', 'own')};",
            f"{pad}{_PAD}}}",
            f"{pad}{_PAD}__syncthreads();",
            f"{pad}}}",
        ]

    def _blocks_kernel(self, one: Reduction) -> list[str]:
        kind = type_text(one.symbol.type)
        return [
            f"// Running values of `{one.symbol.name}` within each block, and the block's total.",
            f"__global__ void {self._name(one, 'blocks')}({kind} *parts, {kind} *sums, long long count) {{",
            f"{_PAD}__shared__ {kind} cells[256];",
            f"{_PAD}const long long at = blockIdx.x * 256LL + threadIdx.x;",
            f"{_PAD}cells[threadIdx.x] = parts[at < count ? at : count - 1];",
            *self._ladder(one, _PAD),
            f"{_PAD}if (at < count) {{",
            f"{_PAD}{_PAD}parts[at] = cells[threadIdx.x];",
            f"{_PAD}{_PAD}if (threadIdx.x == 255 || at == count - 1) {{",
            f"{_PAD * 3}sums[blockIdx.x] = cells[threadIdx.x];",
            f"{_PAD}{_PAD}}}",
            f"{_PAD}}}",
            "}",
            "",
        ]

    def _total_kernel(self, one: Reduction) -> list[str]:
        kind = type_text(one.symbol.type)
        return [
            f"// What stands before each block, and `{one.symbol.name}` at the end: one block.",
            f"__global__ void {self._name(one, 'total')}({kind} *sums, long long blocks, {kind} *value) {{",
            f"{_PAD}__shared__ {kind} cells[256];",
            f"{_PAD}__shared__ {kind} held;",
            f"{_PAD}if (threadIdx.x == 0) {{",
            f"{_PAD}{_PAD}held = *value;",
            f"{_PAD}}}",
            f"{_PAD}for (long long first = 0; first < blocks; first += 256) {{",
            f"{_PAD}{_PAD}const long long at = first + threadIdx.x;",
            f"{_PAD}{_PAD}cells[threadIdx.x] = sums[at < blocks ? at : blocks - 1];",
            *self._ladder(one, _PAD * 2),
            f"{_PAD}{_PAD}const {kind} start = held;",
            f"{_PAD}{_PAD}if (at < blocks) {{",
            f"{_PAD * 3}sums[at] = start;",
            f"{_PAD * 3}if (threadIdx.x > 0) {{",
            f"{_PAD * 4}sums[at] = {combined(one, 'start', 'cells[threadIdx.x - 1]')};",
            f"{_PAD * 3}}}",
            f"{_PAD}{_PAD}}}",
            f"{_PAD}{_PAD}__syncthreads();",
            f"{_PAD}{_PAD}if (threadIdx.x == 0) {{",
            f"{_PAD * 3}held = {combined(one, 'start', 'cells[blocks - first < 256 ? blocks - first - 1 : 255]')};",
            f"{_PAD}{_PAD}}}",
            f"{_PAD}{_PAD}__syncthreads();",
            f"{_PAD}}}",
            f"{_PAD}if (threadIdx.x == 0) {{",
            f"{_PAD}{_PAD}*value = held;",
            f"{_PAD}}}",
            "}",
            "",
        ]

    # Host

    def allocate(self, check: str, count: str, blocks: str) -> list[str]:
        lines = []
        for one in self._all:
            kind = type_text(one.symbol.type)
            for name, size in ((self._parts[id(one)], count), (self._sums[id(one)], blocks)):
                lines += [f"{kind} *{name} = nullptr;", f"{check}(cudaMalloc((void **)&{name}, {size} * sizeof({kind})));"]
        return lines

    def launches(self, count: str, blocks: str, name: Callable[[Reduction], str]) -> list[str]:
        lines = []
        for one in self._all:
            parts, sums = self._parts[id(one)], self._sums[id(one)]
            lines.append(f"{self._name(one, 'blocks')}<<<{blocks}, 256>>>({parts}, {sums}, {count});")
            lines.append(f"{self._name(one, 'total')}<<<1, 256>>>({sums}, {blocks}, {name(one)});")
        return lines

    def release(self, check: str) -> list[str]:
        return [f"{check}(cudaFree({name}));" for one in self._all for name in (self._parts[id(one)], self._sums[id(one)])]
