"""Running values and winning turns in OpenMP: the turns of a loop in chunks, each run by one thread in the original's order.

Running values are found in two rounds: what each chunk adds, then the chunks from what stands before them. Limits: 64 chunks; of
a nest the outermost loop is shared out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from codepar.cuda.rules import ir
from codepar.cuda.rules.counted import leaves, read_symbols, written_symbols
from codepar.cuda.rules.emit_updates import combined, neutral_of
from codepar.cuda.rules.ir import Body, Symbol
from codepar.cuda.rules.plan_types import Kernel, Reduction, Select
from codepar.cuda.rules.write_c import Writer, type_text

_PAD = "    "
_CHUNKS = 64
Special = Callable[[ir.Stmt], str | None]


@dataclass(frozen=True)
class Chunks:
    """``count`` and ``first`` are texts for the outermost loop, ``heads`` open the inner ones; ``words`` end the pragma."""

    kernel: Kernel
    count: str
    first: str
    heads: list[str]
    starts: dict[Symbol, str]
    words: str
    unique: Callable[[str], str]

    def lines(self, writer: Callable[[Special], Writer], plain: Writer, pad: str) -> list[str]:
        """The loops over chunks. ``writer`` writes the body, with statements that are written in another way."""
        kernel = self.kernel
        turns, chunk, turn = self.unique("turns"), self.unique("chunk"), self.unique("turn")
        arrays = {symbol: self.unique(f"{symbol.name}_chunks") for symbol in self._symbols()}
        befores = {symbol: self.unique(f"{symbol.name}_before") for symbol in self._symbols()}
        won = {id(one): self.unique(f"{one.symbols[0].name}_won") for one in kernel.selects}
        wons = {id(one): self.unique(f"{one.symbols[0].name}_wins") for one in kernel.selects}
        helds = {one.symbols[0]: self.unique(f"{one.symbols[0].name}_held") for one in kernel.selects if one.key is None}
        lines = [f"const long long {turns} = {self.count};"]
        lines += [f"{type_text(symbol.type)} {name}[{_CHUNKS}];" for symbol, name in arrays.items()]
        lines += [f"int {name}[{_CHUNKS}];" for name in wons.values()]
        lines += [f"const {type_text(symbol.type)} {name} = {symbol.name};" for symbol, name in self._known(befores).items()]
        around = _Around(turns, chunk, turn)
        if kernel.scans:
            starts = [_declared(one.symbol, neutral_of(one) or befores[one.symbol]) for one in kernel.scans]
            ends = [f"{arrays[one.symbol]}[{chunk}] = {one.symbol.name};" for one in kernel.scans]
            lines += self._loop(around, _Run(kernel.slice, starts, ends), writer(lambda _one: None))
            lines += self._joined(kernel.scans, arrays, chunk)
        starts = [_declared(one.symbol, f"{arrays[one.symbol]}[{chunk}]") for one in kernel.scans]
        for one in kernel.selects:
            starts += [_declared(symbol, befores[symbol]) for symbol in one.symbols if one.key is not None]
            starts += [f"{type_text(one.symbols[0].type)} {helds[one.symbols[0]]} = {{0}};"] if one.key is None else []
            starts.append(f"int {won[id(one)]} = 0;")
        turn_ends = [line for one in kernel.selects if not one.statements for line in self._kept(one, helds, won)]
        ends = [f"{wons[id(one)]}[{chunk}] = {won[id(one)]};" for one in kernel.selects]
        ends += [f"{arrays[s]}[{chunk}] = {helds.get(s, s.name)};" for one in kernel.selects for s in one.symbols]
        writing = writer(self._special(plain, helds, won))
        lines += self._loop(around, _Run(kernel.body, starts, ends, turn_ends, self.heads, self.words), writing)
        for one in kernel.selects:
            lines += self._chosen(one, arrays, wons[id(one)], chunk)
        return [f"{pad}{line}" for line in lines]

    def _symbols(self) -> list[Symbol]:
        return [*(one.symbol for one in self.kernel.scans), *(symbol for one in self.kernel.selects for symbol in one.symbols)]

    def _known(self, befores: dict[Symbol, str]) -> dict[Symbol, str]:
        """Those whose value before the loop is needed in it."""
        scanned = [one.symbol for one in self.kernel.scans if neutral_of(one) is None]
        compared = [symbol for one in self.kernel.selects if one.key is not None for symbol in one.symbols]
        return {symbol: befores[symbol] for symbol in (*scanned, *compared)}

    def _loop(self, around: _Around, run: _Run, writer: Writer) -> list[str]:
        outer = self.kernel.spread[0]
        kind, name = type_text(outer.loop.variable.type), outer.loop.variable.name
        lines = [
            f"#pragma omp parallel for schedule(static) {run.words}".rstrip(),
            f"for (int {around.chunk} = 0; {around.chunk} < {_CHUNKS}; {around.chunk}++) {{",
            *(f"{_PAD}{line}" for line in run.starts),
            f"{_PAD}for (long long {around.turn} = {around.chunk} * {around.turns} / {_CHUNKS};"
            f" {around.turn} < ({around.chunk} + 1) * {around.turns} / {_CHUNKS}; {around.turn}++) {{",
            f"{_PAD * 2}const {kind} {name} = {self.first} + ({kind})({around.turn} * {outer.loop.step});",
        ]
        pad = _PAD * 2
        if outer.inductions:
            lines.append(f"{pad}const long long {outer.turn.name} = {around.turn};")
        for head in run.heads:
            lines.append(f"{pad}{head}")
            pad += _PAD
        used = read_symbols(*run.body) | written_symbols(run.body)
        own = {one.symbol for one in self.kernel.scans}
        for symbol in (one for one in self.kernel.privates if one in used and one not in own):
            start = f" = {self.starts[symbol]}" if symbol in self.starts else ""
            lines.append(f"{pad}{type_text(symbol.type)} {symbol.name}{start};")
        body = writer.body(run.body, pad)
        if run.turn_ends and leaves(run.body, ir.Continue):
            body = [f"{pad}do {{", *writer.body(run.body, pad + _PAD), f"{pad}}} while (0);"]
        lines += [*body, *(f"{pad}{line}" for line in run.turn_ends)]
        lines += [f"{_PAD * depth}}}" for depth in range(len(run.heads) + 1, 1, -1)]
        return [*lines, f"{_PAD}}}", *(f"{_PAD}{line}" for line in run.ends), "}"]

    def _joined(self, scans: tuple[Reduction, ...], arrays: dict[Symbol, str], chunk: str) -> list[str]:
        """What each chunk begins with, and the last value."""
        lines = [f"for (int {chunk} = 0; {chunk} < {_CHUNKS}; {chunk}++) {{"]
        for one in scans:
            name, cell, own = one.symbol.name, f"{arrays[one.symbol]}[{chunk}]", f"{one.symbol.name}_own"
            lines += [f"{_PAD}const {type_text(one.symbol.type)} {own} = {cell};", f"{_PAD}{cell} = {name};"]
            lines.append(f"{_PAD}{name} = {combined(one, name, own)};")
        return [*lines, "}"]

    def _special(self, plain: Writer, helds: dict[Symbol, str], won: dict[int, str]) -> Special:
        def write(one: ir.Stmt) -> str | None:
            found = next((each for each in self.kernel.selects if id(one) in each.statements), None)
            if found is None:
                return None
            if isinstance(one, ir.If):
                flag = f"{_PAD}{won[id(found)]} = 1;"
                return "\n".join([f"if ({plain.expr(one.condition)}) {{", *plain.body(one.then, _PAD), flag, "}"])
            assert isinstance(one, ir.Do)
            return "\n".join([f"{plain.expr(one.expr)};", *self._kept(found, helds, won)])

        return write

    def _kept(self, one: Select, helds: dict[Symbol, str], won: dict[int, str]) -> list[str]:
        (symbol,) = one.symbols
        return [f"{helds[symbol]} = {symbol.name};", f"{won[id(one)]} = 1;"]

    def _chosen(self, one: Select, arrays: dict[Symbol, str], wins: str, chunk: str) -> list[str]:
        """The winners of the chunks, in the original's order."""
        test = f" && {arrays[one.key]}[{chunk}] {one.test} {one.key.name}" if one.key is not None else ""
        lines = [f"for (int {chunk} = 0; {chunk} < {_CHUNKS}; {chunk}++) {{", f"{_PAD}if ({wins}[{chunk}]{test}) {{"]
        lines += [f"{_PAD * 2}{symbol.name} = {arrays[symbol]}[{chunk}];" for symbol in one.symbols]
        return [*lines, f"{_PAD}}}", "}"]


@dataclass(frozen=True)
class _Around:
    """Names of the number of turns, of the chunk and of the turn."""

    turns: str
    chunk: str
    turn: str


@dataclass(frozen=True)
class _Run:
    """One loop over chunks: what stands before, in and after the turns of each."""

    body: Body
    starts: list[str]
    ends: list[str]
    turn_ends: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    words: str = ""


def _declared(symbol: Symbol, value: str) -> str:
    return f"{type_text(symbol.type)} {symbol.name} = {value};"
