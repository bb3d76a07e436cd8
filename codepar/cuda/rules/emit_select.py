"""Variables that keep the values of one winning turn, in CUDA: each thread its own winner, then a tree over blocks.

Turns are numbered in the original's order, and a thread meets its own in that order, so ties go as in the original. Limits: the
number of a turn is a ``long long``; -1 means that no turn has won.
"""

from __future__ import annotations

from collections.abc import Callable

from codepar.cuda.rules import ir
from codepar.cuda.rules.ir import Symbol
from codepar.cuda.rules.plan_types import Select
from codepar.cuda.rules.write_c import Writer, type_text

_PAD = "    "
Special = Callable[[ir.Stmt], str | None]


class SelectText:
    """The text around a kernel with such variables; ``place`` is the name of the turn's number in it."""

    def __init__(self, selects: tuple[Select, ...], unique: Callable[[str], str], place: str) -> None:
        self._all = selects
        self._place = place
        self._held = {symbol: unique(f"{symbol.name}_held") for one in selects for symbol in one.symbols}
        self._shared = {symbol: unique(f"{symbol.name}_cells") for symbol in self._held}
        self._partials = {symbol: unique(f"{symbol.name}_winners") for symbol in self._held}
        first = {id(one): one.symbols[0].name for one in selects}
        self._places = {id(one): unique(f"{first[id(one)]}_place") for one in selects}
        self._place_cells = {id(one): unique(f"{first[id(one)]}_place_cells") for one in selects}
        self._place_partials = {id(one): unique(f"{first[id(one)]}_places") for one in selects}

    @property
    def renamed(self) -> dict[Symbol, str]:
        """Variables with a key are the winner's own while the turns go on."""
        return {symbol: self._held[symbol] for one in self._all if one.key is not None for symbol in one.symbols}

    def special(self, writer: Callable[[], Writer]) -> Special:
        """Writes the statements that let a turn win."""

        def write(one: ir.Stmt) -> str | None:
            found = next((each for each in self._all if id(one) in each.statements), None)
            if found is None:
                return None
            plain = writer()
            won = f"{self._places[id(found)]} = {self._place};"
            if isinstance(one, ir.If):
                return "\n".join([f"if ({plain.expr(one.condition)}) {{", *plain.body(one.then, _PAD), f"{_PAD}{won}", "}"])
            assert isinstance(one, ir.Do)
            (symbol,) = found.symbols
            return "\n".join([f"{plain.expr(one.expr)};", f"{self._held[symbol]} = {symbol.name};", won])

        return write

    def formals(self) -> list[str]:
        kinds = [(symbol, type_text(symbol.type)) for symbol in self._held]
        values = [f"{kind} *__restrict__ {self._partials[symbol]}" for symbol, kind in kinds]
        return values + [f"long long *__restrict__ {self._place_partials[id(one)]}" for one in self._all]

    def actuals(self) -> list[str]:
        return [*self._partials.values(), *self._place_partials.values()]

    def starts(self, writer: Writer) -> list[str]:
        """Nothing has won yet; what is compared begins with what the variables hold."""
        lines = []
        for one in self._all:
            for symbol in one.symbols:
                start = f" = {writer.expr(ir.Ref(symbol))}" if one.key is not None else "{}"
                lines.append(f"{_PAD}{type_text(symbol.type)} {self._held[symbol]}{start};")
        return lines + [f"{_PAD}long long {place} = -1;" for place in self._places.values()]

    def ends(self, pad: str) -> list[str]:
        """The end of a turn, for variables that every turn sets."""
        lines = []
        for one in self._all:
            if not one.statements:
                lines += [f"{pad}{self._held[symbol]} = {symbol.name};" for symbol in one.symbols]
                lines.append(f"{pad}{self._places[id(one)]} = {self._place};")
        return lines

    def tree(self) -> list[str]:
        """All threads of a block into its first."""
        if not self._all:
            return []
        lines = [f"{_PAD}__shared__ {type_text(symbol.type)} {cells}[256];" for symbol, cells in self._shared.items()]
        lines += [f"{_PAD}__shared__ long long {cells}[256];" for cells in self._place_cells.values()]
        lines += [f"{_PAD}{cells}[threadIdx.x] = {self._held[symbol]};" for symbol, cells in self._shared.items()]
        lines += [f"{_PAD}{self._place_cells[id(one)]}[threadIdx.x] = {self._places[id(one)]};" for one in self._all]
        lines += [f"{_PAD}__syncthreads();", f"{_PAD}for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {{"]
        lines += [f"{_PAD}{_PAD}if (threadIdx.x < half) {{"]
        for one in self._all:
            here, there = "[threadIdx.x]", "[threadIdx.x + half]"
            lines.append(f"{_PAD * 3}if ({self._wins(one, self._shared, self._place_cells[id(one)], here, there)}) {{")
            names = [*(self._shared[symbol] for symbol in one.symbols), self._place_cells[id(one)]]
            lines += [f"{_PAD * 4}{name}{here} = {name}{there};" for name in names]
            lines.append(f"{_PAD * 3}}}")
        return [*lines, f"{_PAD}{_PAD}}}", f"{_PAD}{_PAD}__syncthreads();", f"{_PAD}}}"]

    def _wins(self, one: Select, cells: dict[Symbol, str], places: str, here: str, there: str) -> str:
        """Whether what lies ``there`` comes before what lies ``here``; a number that is none wins never."""
        later = f"{places}{there} {'>' if one.is_last else '<'} {places}{here}"
        if one.key is None:
            return later
        key = cells[one.key]
        return f"{key}{there} {one.test[0]} {key}{here} || ({key}{there} == {key}{here} && {later})"

    def stores(self) -> list[str]:
        """The block's winner into its place among the partial results."""
        lines = [f"{_PAD}{_PAD}{self._partials[symbol]}[blockIdx.x] = {cells}[0];" for symbol, cells in self._shared.items()]
        return lines + [
            f"{_PAD}{_PAD}{self._place_partials[id(one)]}[blockIdx.x] = {self._place_cells[id(one)]}[0];" for one in self._all
        ]

    def gathers(self) -> list[str]:
        """In the last kernel: one partial result into what a thread holds."""
        lines = []
        for one in self._all:
            key = one.key
            later = f"{self._place_partials[id(one)]}[at] {'>' if one.is_last else '<'} {self._places[id(one)]}"
            test = later
            if key is not None:
                theirs, mine = f"{self._partials[key]}[at]", self._held[key]
                test = f"{theirs} {one.test[0]} {mine} || ({theirs} == {mine} && {later})"
            lines.append(f"{_PAD}{_PAD}if ({test}) {{")
            lines += [f"{_PAD * 3}{self._held[symbol]} = {self._partials[symbol]}[at];" for symbol in one.symbols]
            lines += [f"{_PAD * 3}{self._places[id(one)]} = {self._place_partials[id(one)]}[at];", f"{_PAD}{_PAD}}}"]
        return lines

    def results(self, writer: Writer) -> list[str]:
        """In the last kernel: the winner into the variables, where there is one."""
        lines = []
        for one in self._all:
            lines.append(f"{_PAD}{_PAD}if ({self._place_cells[id(one)]}[0] >= 0) {{")
            lines += [f"{_PAD * 3}{writer.expr(ir.Ref(symbol))} = {self._shared[symbol]}[0];" for symbol in one.symbols]
            lines.append(f"{_PAD}{_PAD}}}")
        return lines

    def allocate(self, check: str) -> list[str]:
        lines = []
        for symbol, name in self._partials.items():
            kind = type_text(symbol.type)
            lines += [f"{kind} *{name} = nullptr;", f"{check}(cudaMalloc((void **)&{name}, blocks * sizeof({kind})));"]
        for name in self._place_partials.values():
            lines += [
                f"long long *{name} = nullptr;",
                f"{check}(cudaMalloc((void **)&{name}, blocks * sizeof(long long)));",
            ]
        return lines

    def release(self, check: str) -> list[str]:
        return [f"{check}(cudaFree({name}));" for name in self.actuals()]
