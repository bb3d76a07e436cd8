"""A plan as C or C++ with OpenMP: the same loops, ``parallel for`` where CUDA has kernels.

The text stays in the language of the original. Limits: loops whose ranges depend on each other are spread by the outer one;
extremes of shared elements are taken under ``critical``.
"""

from __future__ import annotations

from collections.abc import Callable

from codepar.cuda.function import SequentialFunction
from codepar.cuda.read import helper_node
from codepar.cuda.rules import ir
from codepar.cuda.rules.build import Function
from codepar.cuda.rules.emit_openmp_chunks import Chunks, Special
from codepar.cuda.rules.emit_updates import neutral_of
from codepar.cuda.rules.ir import Symbol
from codepar.cuda.rules.plan_types import (
    Allocate,
    Fill,
    HostBranch,
    HostCode,
    HostLoop,
    Kernel,
    Plan,
    Reduction,
    Single,
    Spread,
    Step,
)
from codepar.cuda.rules.poly import Atom
from codepar.cuda.rules.poly_text import condition_text
from codepar.cuda.rules.reductions import update_of
from codepar.cuda.rules.write_c import Names, Writer, type_text
from codepar.cuda.translation import Origin, Target, Translation
from codepar.syntax.language import Language
from codepar.syntax.variables import text_of

_PAD = "    "
_C_HEADERS = ("float.h", "limits.h", "math.h", "stdint.h", "stdlib.h", "string.h")
_CXX_HEADERS = ("cfloat", "climits", "cmath", "cstdint", "cstdlib", "cstring")


class OpenmpEmitter:
    """Writes one plan."""

    def __init__(self, function: Function, plan: Plan, printable: dict[Atom, Symbol]) -> None:
        self._function = function
        self._plan = plan
        self._printable = printable
        self._names = self._with({}, lambda _one: None)
        self._writer = Writer(self._names)

    def _with(self, renamed: dict[Symbol, str], special: Callable[[ir.Stmt], str | None]) -> Names:
        references = frozenset(self._function.scope.references)
        # What C's lack of overloads would change is written out for CUDA; here the language is the original's own.
        return Names(Language.CXX, frozenset(), frozenset(), renamed, special, True, references)

    def translation(self) -> Translation:
        """The whole file."""
        source = self._function.source
        entry = f"{source.name}_openmp"
        text = "\n".join([*_above(source), *self._function_lines(entry)]) + "\n"
        return Translation(
            source=text, entry=entry, function=source.name, target=Target.OPENMP, origin=Origin.RULES, notes=self._plan.notes
        )

    def _function_lines(self, entry: str) -> list[str]:
        source, result = self._function.source, self._plan.result
        parameters = ", ".join(one.declaration for one in source.signature.parameters)
        empty = "void" if source.language is Language.C else ""
        lines = [f"{source.signature.return_type} {entry}({parameters or empty}) {{"]
        lines += [f"{_PAD}{type_text(one.type)} {one.name};" for one in self._plan.device_scalars]
        lines += self._steps(self._plan.steps, _PAD)
        lines += [f"{_PAD}return {result.name};"] if result is not None else []
        return [*lines, "}"]

    def _steps(self, steps: tuple[Step, ...], pad: str) -> list[str]:
        return [line for one in steps for line in self._step(one, pad)]

    def _step(self, one: Step, pad: str) -> list[str]:
        match one:
            case HostCode(body=body) | Single(body=body):
                return self._writer.body(body, pad)
            case HostBranch(condition=condition, then=then, otherwise=otherwise):
                lines = [f"{pad}if ({self._writer.expr(condition)}) {{", *self._steps(then, pad + _PAD)]
                if otherwise:
                    lines += [f"{pad}}} else {{", *self._steps(otherwise, pad + _PAD)]
                return [*lines, f"{pad}}}"]
            case HostLoop(loop=loop, body=body):
                return self._loop(loop, body, pad)
            case Allocate(symbol=symbol):
                sizes = "".join(f"[{self._writer.expr(size)}]" for size in symbol.dimensions)
                return [f"{pad}{type_text(symbol.type)} {symbol.name}{sizes};"]
            case Fill(symbol=symbol):
                return [f"{pad}memset({symbol.name}, 0, sizeof({symbol.name}));"]
            case Kernel():
                return self._kernel(one, pad)
        raise AssertionError(one)

    def _loop(self, loop: ir.Loop | ir.Repeat, body: tuple[Step, ...], pad: str) -> list[str]:
        inner = self._steps(body, pad + _PAD)
        if isinstance(loop, ir.Loop):
            return [f"{pad}{self._writer.loop_head(loop)} {{", *inner, f"{pad}}}"]
        condition = self._writer.expr(loop.condition) if loop.condition is not None else ""
        if loop.is_do:
            return [f"{pad}do {{", *inner, f"{pad}}} while ({condition});"]
        update = self._writer.expr(loop.update) if loop.update is not None else ""
        return [f"{pad}for (; {condition}; {update}) {{", *inner, f"{pad}}}"]

    # Parallel loops

    def _kernel(self, kernel: Kernel, pad: str) -> list[str]:
        elements = [one for one in kernel.reductions if one.symbol.is_memory]
        sums = {id(one): self._function.scope.unique(f"{one.symbol.name}_part") for one in elements}
        firsts = {one.loop.variable: self._function.scope.unique(f"{one.loop.variable.name}_first") for one in kernel.spread}
        starts = {one: self._function.scope.unique(f"{one.name}_start") for one in kernel.carried}
        inner = pad + _PAD
        lines = [f"{pad}{{"]
        for one in elements:
            lines.append(f"{inner}{type_text(one.symbol.type)} {sums[id(one)]} = {self._start(one)};")
        lines += self._before(kernel, firsts, starts, inner)
        if kernel.scans or kernel.selects:
            lines += self._in_chunks(kernel, firsts, starts, sums, inner)
        else:
            lines += [f"{inner}{self._pragma(kernel, sums)}", *self._nest(kernel, firsts, starts, sums, inner)]
        for one in elements:
            lines.append(f"{inner}{self._joined(one, sums[id(one)])}")
        lines += [f"{inner}{line}" for line in self._finals(kernel, firsts)]
        return [*lines, f"{pad}}}"]

    def _start(self, one: Reduction) -> str:
        return neutral_of(one) or self._writer.expr(one.target)

    def _joined(self, one: Reduction, held: str) -> str:
        target = self._writer.expr(one.target)
        if one.family not in {"max", "min"}:
            return f"{target} = {target} {one.family} {held};"
        return f"if ({held} {'>' if one.family == 'max' else '<'} {target}) {target} = {held};"

    def _before(self, kernel: Kernel, firsts: dict[Symbol, str], starts: dict[Symbol, str], pad: str) -> list[str]:
        lines = []
        for one in kernel.spread:
            variable, loop = one.loop.variable, one.loop
            if _needs_first(one, kernel) and not one.corners:
                lower = loop.lower if loop.lower is not None else ir.Ref(variable)
                lines.append(f"{pad}const {type_text(variable.type)} {firsts[variable]} = {self._writer.expr(lower, 1)};")
        lines += [f"{pad}const {type_text(one.type)} {name} = {one.name};" for one, name in starts.items()]
        return lines

    def _pragma(self, kernel: Kernel, sums: dict[int, str]) -> str:
        words = ["#pragma omp parallel for"]
        depth = next((at for at, one in enumerate(kernel.spread) if one.corners), len(kernel.spread))
        if depth > 1:
            words.append(f"collapse({depth})")
        words += self._reduction_words(kernel, sums)
        if kernel.conditions:
            words.append(f"if({self._conditions(kernel)})")
        return " ".join(words)

    def _reduction_words(self, kernel: Kernel, sums: dict[int, str]) -> list[str]:
        return [f"reduction({one.family}:{sums.get(id(one), one.symbol.name)})" for one in kernel.reductions]

    def _conditions(self, kernel: Kernel) -> str:
        texts = [condition_text(one.poly, self._printable, is_nonzero=one.is_nonzero) for one in kernel.conditions]
        return " && ".join(dict.fromkeys(texts))

    def _in_chunks(
        self, kernel: Kernel, firsts: dict[Symbol, str], starts: dict[Symbol, str], sums: dict[int, str], pad: str
    ) -> list[str]:
        """Turns in the original's order within each of some chunks; one thread runs the whole loop where turns may conflict."""
        first = kernel.spread[0]
        heads = [f"{self._head(one, kernel, firsts)} {{" for one in kernel.spread[1:]]
        chunks = Chunks(
            kernel,
            count=self._turns(first.loop, firsts[first.loop.variable]),
            first=firsts[first.loop.variable],
            heads=heads,
            starts=starts,
            words=" ".join(self._reduction_words(kernel, sums)),
            unique=self._function.scope.unique,
        )
        lines = chunks.lines(lambda special: self._body_writer(kernel, sums, special), Writer(self._names), pad)
        if not kernel.conditions:
            return lines
        inner = [f"{_PAD}{line}" for line in lines]
        serial = self._body_writer(kernel, sums).statement(kernel.nest, pad + _PAD)
        return [f"{pad}if ({self._conditions(kernel)}) {{", *inner, f"{pad}}} else {{", *serial, f"{pad}}}"]

    def _turns(self, loop: ir.Loop, start: str) -> str:
        """How often a loop turns, from the value ``start``."""
        wide, narrow = f"(long long){self._writer.expr(loop.bound, 13)}", f"(long long){start}"
        if loop.step < 0:
            wide, narrow = narrow, wide
        closed = " + 1" if loop.compare in {"<=", ">="} else ""
        span = f"({wide} - {narrow}{closed} + {abs(loop.step) - 1}) / {abs(loop.step)}"
        return f"({wide} {'>=' if closed else '>'} {narrow} ? {span} : 0)"

    def _nest(
        self, kernel: Kernel, firsts: dict[Symbol, str], starts: dict[Symbol, str], sums: dict[int, str], pad: str
    ) -> list[str]:
        lines, depth = [], pad
        for one in kernel.spread:
            lines.append(f"{depth}{self._head(one, kernel, firsts)} {{")
            depth += _PAD
        for one in kernel.spread:
            if one.inductions:
                variable = one.loop.variable
                turn = f"((long long){variable.name} - (long long){firsts[variable]}) / {one.loop.step}"
                lines.append(f"{depth}const long long {one.turn.name} = {turn};")
        for symbol in kernel.privates:
            start = f" = {starts[symbol]}" if symbol in starts else ""
            lines.append(f"{depth}{type_text(symbol.type)} {symbol.name}{start};")
        writer = self._body_writer(kernel, sums)
        lines += writer.body(kernel.body, depth)
        for _ in kernel.spread:
            depth = depth[: -len(_PAD)]
            lines.append(f"{depth}}}")
        return lines

    def _head(self, one: Spread, kernel: Kernel, firsts: dict[Symbol, str]) -> str:
        loop, name = one.loop, one.loop.variable.name
        kind = type_text(loop.variable.type)
        has_first = _needs_first(one, kernel) and not one.corners
        start = firsts[loop.variable] if has_first else self._writer.expr(loop.lower or ir.Ref(loop.variable), 1)
        compare = ("<" if loop.step > 0 else ">") if loop.compare == "!=" else loop.compare
        step = f"{name}++" if loop.step == 1 else f"{name}--" if loop.step == -1 else f"{name} += {loop.step}"
        return f"for ({kind} {name} = {start}; {name} {compare} {self._writer.expr(loop.bound, 10)}; {step})"

    def _body_writer(self, kernel: Kernel, sums: dict[int, str], more: Special = lambda _one: None) -> Writer:
        by_target = {one.target: one for one in kernel.reductions if one.symbol.is_memory}

        def special(one: ir.Stmt) -> str | None:
            if (text := more(one)) is not None:
                return text
            update = update_of(one) if by_target or kernel.atomics else None
            if update is None:
                return None
            plain = Writer(self._names)
            value = plain.expr(update.value, 12)
            if id(one) in kernel.atomics:
                if update.family in {"max", "min"}:
                    text = " ".join(line.strip() for line in plain.statement(one, ""))
                    return f"#pragma omp critical\n{text}"
                sign = "-" if update.negated else update.family
                return f"#pragma omp atomic\n{plain.expr(update.target)} {sign}= {value};"
            found = by_target.get(update.target)
            if found is None:
                return None
            held = sums[id(found)]
            if update.family in {"max", "min"}:
                return f"if ({value} {'>' if update.family == 'max' else '<'} {held}) {held} = {value};"
            return f"{held} = {held} {'-' if update.negated else update.family} {value};"

        return Writer(self._with({}, special))

    def _finals(self, kernel: Kernel, firsts: dict[Symbol, str]) -> list[str]:
        lines = []
        first = kernel.spread[0]
        loop = first.loop
        for symbol in kernel.finals:
            start = firsts[loop.variable]
            turns = self._turns(loop, start)
            if symbol is loop.variable:
                lines.append(f"{symbol.name} = {start} + {turns} * {loop.step};")
                continue
            step = next(step for one, step in first.inductions if one is symbol)
            lines.append(f"{symbol.name} += {turns} * ({self._writer.expr(step)});")
        return lines


def _needs_first(one: Spread, kernel: Kernel) -> bool:
    if (kernel.scans or kernel.selects) and one is kernel.spread[0]:
        return True
    return bool(one.inductions) or one.loop.lower is None or (bool(kernel.finals) and one is kernel.spread[0])


def _above(source: SequentialFunction) -> list[str]:
    """Headers, the declarations that the function needs, its helpers."""
    headers = _C_HEADERS if source.language is Language.C else _CXX_HEADERS
    lines = [f"#include <{name}>" for name in headers]
    lines += [source.slice(span).rstrip() for span in source.needs]
    for name in source.helpers:
        node = helper_node(source, name)
        lines += [text_of(node), ""] if node is not None else []
    return [*lines, ""]
