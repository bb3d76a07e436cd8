"""Combining over threads in CUDA: atomic updates, and reductions by shared memory in two stages.

Partial results are combined in a fixed tree, so that two runs give the same bits. Limits: atomic extremes of floating numbers and
atomic products go through compare-and-swap; elements of 8 and 16 bits have no atomics.
"""

from __future__ import annotations

from collections.abc import Callable

from codepar.cuda.rules import ir
from codepar.cuda.rules.ctypes import CType
from codepar.cuda.rules.ir import Symbol
from codepar.cuda.rules.plan_types import Kernel, Reduction
from codepar.cuda.rules.reductions import Update, update_of
from codepar.cuda.rules.write_c import Names, Writer, type_text
from codepar.syntax.language import Language

_PAD = "    "
_ATOMIC = {"+": "atomicAdd", "max": "atomicMax", "min": "atomicMin", "&": "atomicAnd", "|": "atomicOr", "^": "atomicXor"}
Special = Callable[[ir.Stmt], str | None]


class Updates:
    """What the kernels of one function need besides themselves."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._helpers: dict[str, list[str]] = {}

    def helpers(self) -> list[str]:
        """Device functions that atomic updates call."""
        return [line for lines in self._helpers.values() for line in lines]

    def atomic(self, kernel: Kernel) -> Special:
        """Writes the statements of ``kernel.atomics``."""

        def special(one: ir.Stmt) -> str | None:
            update = update_of(one) if id(one) in kernel.atomics else None
            return self._atomic(update) if update is not None else None

        return special

    def _atomic(self, update: Update) -> str:
        writer = Writer(Names(Language.CXX))
        target = update.target
        assert isinstance(target, ir.Element)
        kind = target.view or target.symbol.type
        place = f"&{writer.element(target)}"
        value = f"({type_text(kind)})({writer.expr(update.value)})"
        if update.negated:
            value = f"({type_text(kind)})(-{value})"
        if kind.is_integer and update.family in _ATOMIC:
            return f"{_ATOMIC[update.family]}({_word(place, kind)}, {_word_value(value, kind, update.family)});"
        if kind.is_floating and update.family == "+":
            return f"atomicAdd({place}, {value});"
        return f"{self._swapped(update, kind)}({place}, {value});"

    def _swapped(self, update: Update, kind: CType) -> str:
        """A device function that combines by compare-and-swap."""
        words = {"*": "product", "max": "greatest", "min": "least"}
        name = f"{self._prefix}_{words[update.family]}_{'f' if kind.is_floating else 'i'}{kind.bits}"
        word = "unsigned int" if kind.bits == 32 else "unsigned long long"
        text = type_text(kind)
        new = {"*": "held * value", "max": "held < value ? value : held", "min": "value < held ? value : held"}[update.family]
        self._helpers[name] = [
            f"static __device__ inline void {name}({text} *place, {text} value) {{",
            f"{_PAD}{word} *word = ({word} *)place;",
            f"{_PAD}{word} seen = atomicCAS(word, ({word})0, ({word})0), expected;",
            f"{_PAD}do {{",
            f"{_PAD}{_PAD}expected = seen;",
            f"{_PAD}{_PAD}{text} held;",
            f"{_PAD}{_PAD}memcpy(&held, &expected, sizeof(held));",
            f"{_PAD}{_PAD}const {text} combined = {new};",
            f"{_PAD}{_PAD}{word} next;",
            f"{_PAD}{_PAD}memcpy(&next, &combined, sizeof(next));",
            f"{_PAD}{_PAD}seen = atomicCAS(word, expected, next);",
            f"{_PAD}}} while (seen != expected);",
            "}",
            "",
        ]
        return name

    def reduction(self, kernel: Kernel, unique: Callable[[str], str]) -> ReductionText:
        return ReductionText(kernel.reductions, unique)


def _word(place: str, kind: CType) -> str:
    """The address as a type that CUDA's atomics take."""
    if kind.bits == 64:
        signed = kind.is_signed
        return f"({'long long' if signed else 'unsigned long long'} *){place}" if signed else f"(unsigned long long *){place}"
    return f"({'int' if kind.is_signed else 'unsigned int'} *){place}"


def _word_value(value: str, kind: CType, family: str) -> str:
    if kind.bits == 64:
        return f"({'long long' if kind.is_signed else 'unsigned long long'}){value}"
    return value


class ReductionText:
    """The text around a kernel that reduces; one accumulator a target."""

    def __init__(self, reductions: tuple[Reduction, ...], unique: Callable[[str], str]) -> None:
        self._all = reductions
        self._sums = {id(one): unique(f"{one.symbol.name}_part") for one in reductions}
        self._partials = {id(one): unique(f"{one.symbol.name}_partials") for one in reductions}
        self._shared = {id(one): unique(f"{one.symbol.name}_shared") for one in reductions}
        self.renamed: dict[Symbol, str] = {one.symbol: self._sums[id(one)] for one in reductions if not one.symbol.is_memory}

    def special(self, writer: Callable[[], Writer]) -> Special:
        """Writes updates of one fixed element as updates of the accumulator."""
        by_target = {one.target: one for one in self._all if one.symbol.is_memory}

        def write(one: ir.Stmt) -> str | None:
            update = update_of(one) if by_target else None
            reduction = by_target.get(update.target) if update is not None else None
            if update is None or reduction is None:
                return None
            value = writer().expr(update.value, 12)
            held = self._sums[id(reduction)]
            if update.family in {"max", "min"}:
                return f"{held} = {combined(reduction, held, value)};"
            return f"{held} = {held} {'-' if update.negated else update.family} {value};"

        return write

    def formals(self) -> list[str]:
        return [f"{type_text(one.symbol.type)} *__restrict__ {self._partials[id(one)]}" for one in self._all]

    def actuals(self) -> list[str]:
        return [self._partials[id(one)] for one in self._all]

    def starts(self, writer: Writer) -> list[str]:
        """Accumulators: nothing yet, or for what may be combined twice the value that the target has."""
        lines = []
        for one in self._all:
            start = neutral_of(one) or writer.expr(one.target)
            lines.append(f"{_PAD}{type_text(one.symbol.type)} {self._sums[id(one)]} = {start};")
        return lines

    def stores(self) -> list[str]:
        """What a block found into its place among the partial results."""
        return [f"{_PAD}{_PAD}{self._partials[id(one)]}[blockIdx.x] = {self._shared[id(one)]}[0];" for one in self._all]

    def tree(self) -> list[str]:
        """All threads of a block into its first."""
        if not self._all:
            return []
        lines = [f"{_PAD}__shared__ {type_text(one.symbol.type)} {self._shared[id(one)]}[256];" for one in self._all]
        lines += [f"{_PAD}{self._shared[id(one)]}[threadIdx.x] = {self._sums[id(one)]};" for one in self._all]
        lines += [f"{_PAD}__syncthreads();", f"{_PAD}for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {{"]
        lines += [f"{_PAD}{_PAD}if (threadIdx.x < half) {{"]
        for one in self._all:
            cells = self._shared[id(one)]
            lines.append(
                f"{_PAD * 3}{cells}[threadIdx.x] = {combined(one, f'{cells}[threadIdx.x]', f'{cells}[threadIdx.x + half]')};"
            )
        return [*lines, f"{_PAD}{_PAD}}}", f"{_PAD}{_PAD}__syncthreads();", f"{_PAD}}}"]

    def gathers(self) -> list[str]:
        """In the last kernel: one partial result into what a thread holds."""
        return [
            f"{_PAD}{_PAD}{self._sums[id(one)]} = {combined(one, self._sums[id(one)], f'{self._partials[id(one)]}[at]')};"
            for one in self._all
        ]

    def results(self, writer: Writer) -> list[str]:
        """In the last kernel: all of it into the targets."""
        lines = []
        for one in self._all:
            target = writer.expr(one.target)
            lines.append(f"{_PAD}{_PAD}{target} = {combined(one, target, f'{self._shared[id(one)]}[0]')};")
        return lines

    def allocate(self, check: str) -> list[str]:
        lines = []
        for one in self._all:
            kind, name = type_text(one.symbol.type), self._partials[id(one)]
            lines += [f"{kind} *{name} = nullptr;", f"{check}(cudaMalloc((void **)&{name}, blocks * sizeof({kind})));"]
        return lines

    def release(self, check: str) -> list[str]:
        return [f"{check}(cudaFree({self._partials[id(one)]}));" for one in self._all]


def neutral_of(one: Reduction) -> str | None:
    """The value that changes nothing; None for what may be combined twice, so that it can begin with what the target has."""
    return {"+": "0", "*": "1", "^": "0", "||": "0", "&&": "1"}.get(one.family)


def combined(one: Reduction, left: str, right: str) -> str:
    """Two values into one; a value that is not a number enters an extreme as it does in the original."""
    if one.family not in {"max", "min"}:
        return f"{left} {one.family} {right}"
    if one.test.startswith("f"):
        return f"{one.test}({left}, {right})"
    return f"{right} {'>' if one.family == 'max' else '<'} {left} ? {right} : {left}"
